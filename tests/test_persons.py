"""One person behind several customers, what they allow, what they may have and have erased."""

import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.carts.model import MOST_PIECES, Cart, CartLine
from commerce.checks import RULES
from commerce.credit.actions import accounts_of, pay_in, store_credit_of
from commerce.customers.actions import customer_for, save_address
from commerce.customers.address import NOWHERE
from commerce.customers.consents import consents_of, has_consent, set_consent
from commerce.customers.invariants import INVARIANTS, OWNED
from commerce.customers.linking import MOST_CODES, Proved, ask_code, letter_of, prove
from commerce.customers.model import Address, ChannelIdentity, Customer, CustomerEvent, EmailCode, Purpose
from commerce.orders.queries import order_address
from commerce.persons.erasure import erase_customer, forget_addresses
from commerce.persons.exports import (
    ask_export,
    export_token,
    fetch_export,
    forget_exports,
    keep_export,
    person_of,
)
from commerce.persons.joining import join_customers
from commerce.points.actions import points_of
from conversations.erase import erase_talks, lock_talks, move_talks, talks_of
from conversations.model import Conversation, Message
from foundation.database import Database
from foundation.encryption import Vault
from foundation.errors import Refused
from migrations.models import metadata
from tests.goods import ZHANG, a_product, an_order, holds_of

ANN = "ann@example.com"


async def somebody(session: AsyncSession, account: str, now: datetime) -> int:
    return (await customer_for(session, channel="web", account=account, language="en", now=now)).id


async def newest_code(session: AsyncSession, customer_id: int, now: datetime) -> str:
    codes = select(EmailCode.id).where(EmailCode.customer_id == customer_id).order_by(EmailCode.id.desc())
    code_id = await session.scalar(codes.limit(1))
    assert code_id is not None
    letter = await letter_of(session, code_id=code_id, now=now)
    assert letter is not None
    return letter.code


async def proves(session: AsyncSession, customer_id: int, now: datetime, email: str = ANN) -> Proved:
    await ask_code(session, customer_id=customer_id, email=email, language="en", now=now)
    proved = await prove(session, customer_id=customer_id, said=await newest_code(session, customer_id, now), now=now)
    assert isinstance(proved, Proved)
    return proved


async def a_talk(session: AsyncSession, customer_id: int, chat: str, now: datetime, said: str = "hello") -> int:
    talk = Conversation(
        channel="web",
        chat=chat,
        customer_id=customer_id,
        language="en",
        last_message_at=now,
        created_at=now,
        last_seq=1,
    )
    talk.heard_seq, talk.preview, talk.frames = 1, said, [{"flow": "checkout"}]
    session.add(talk)
    await session.flush()
    session.add(
        Message(
            conversation_id=talk.id,
            seq=1,
            rev=1,
            kind="shopper",
            status="received",
            body={"text": said},
            text=said,
            epoch=0,
            trace={"intent": "greet"},
            created_at=now,
        )
    )
    await session.flush()
    return talk.id


async def broken(session: AsyncSession) -> dict[str, list[object]]:
    found: dict[str, list[object]] = {}
    for rule, query in INVARIANTS.items():
        rows = (await session.execute(text(query))).all()
        if rows:
            found[rule] = list(rows)
    return found


async def test_code_proves_an_address_once_and_a_second_customer_learns_whose_it_is(
    session: AsyncSession, now: datetime
) -> None:
    first, second = await somebody(session, "a", now), await somebody(session, "b", now)
    assert await proves(session, first, now, " Ann@Example.COM ") == Proved(joins=None)
    assert await proves(session, first, now) == Proved(joins=None)
    customer = await session.get_one(Customer, first)
    assert customer.email_sealed is not None
    assert session.info["vault"].open(customer.email_sealed) == ANN
    assert await proves(session, second, now) == Proved(joins=first)
    used = await prove(session, customer_id=first, said="000000", now=now)
    assert isinstance(used, Refused)
    assert used.code == "link.code_over"


async def test_five_wrong_tries_or_fifteen_minutes_end_a_code(session: AsyncSession, now: datetime) -> None:
    who = await somebody(session, "a", now)
    await ask_code(session, customer_id=who, email=ANN, language="en", now=now)
    right = await newest_code(session, who, now)
    wrong = f"{(int(right) + 1) % 10**6:06}"
    answers = [await prove(session, customer_id=who, said=wrong, now=now) for _ in range(5)]
    told = [(one.code, one.facts.get("left")) for one in answers if isinstance(one, Refused)]
    assert told == [*(("link.code_wrong", left) for left in (4, 3, 2, 1)), ("link.code_over", None)]
    after = await prove(session, customer_id=who, said=right, now=now)
    assert isinstance(after, Refused), "the right code comes too late"

    await ask_code(session, customer_id=who, email=ANN, language="en", now=now)
    right = await newest_code(session, who, now)
    late = await prove(session, customer_id=who, said=right, now=now + timedelta(minutes=15))
    assert isinstance(late, Refused)
    assert late.code == "link.code_over"
    assert (await session.get_one(Customer, who)).email_index is None


async def test_codes_are_few_for_a_customer_and_for_an_address(session: AsyncSession, now: datetime) -> None:
    who = await somebody(session, "a", now)
    for _ in range(MOST_CODES):
        await ask_code(session, customer_id=who, email=ANN, language="en", now=now)
    with pytest.raises(Refused) as caught:
        await ask_code(session, customer_id=who, email="other@example.com", language="en", now=now)
    assert (caught.value.code, caught.value.facts) == ("link.too_many_codes", {"minutes": 60})
    other = await somebody(session, "b", now)
    with pytest.raises(Refused, match=r"link\.too_many_codes"):
        await ask_code(session, customer_id=other, email=ANN.upper(), language="en", now=now)
    await ask_code(session, customer_id=other, email=ANN, language="en", now=now + timedelta(hours=1))
    for broken_one in ("", "ann", "ann@", "a@b", "a b@c.de", f"{'a' * 300}@b.de", "ann@exa..mple.com"):
        with pytest.raises(Refused, match=r"link\.email_invalid"):
            await ask_code(session, customer_id=who, email=broken_one, language="en", now=now)


async def test_consents_are_a_ledger_whose_newest_word_counts(session: AsyncSession, now: datetime) -> None:
    who = await somebody(session, "a", now)
    assert not await has_consent(session, customer_id=who, purpose=Purpose.MARKETING)

    async def says(granted: bool, hour: int) -> bool:
        at = now + timedelta(hours=hour)
        return await set_consent(
            session, customer_id=who, purpose=Purpose.MARKETING, granted=granted, source="chat", now=at
        )

    assert [await says(True, 0), await says(True, 1), await says(False, 2)] == [True, False, True]
    assert not await has_consent(session, customer_id=who, purpose=Purpose.MARKETING)
    newest = await consents_of(session, customer_id=who)
    assert {purpose: (one.granted, one.at) for purpose, one in newest.items()} == {
        Purpose.MARKETING: (False, now + timedelta(hours=2))
    }
    assert await session.scalar(text("SELECT count(*) FROM consent")) == 2


async def test_younger_customers_things_become_the_elders(session: AsyncSession, now: datetime) -> None:
    variants = [await a_product(session, now=now, pieces=0) for _ in range(2)]
    elder, younger = await somebody(session, "a", now), await somebody(session, "b", now)
    await proves(session, elder, now)
    for who, quantities in ((elder, (60, None)), (younger, (60, 3))):
        cart = Cart(customer_id=who, version=1)
        session.add(cart)
        await session.flush()
        pieces = zip(variants, quantities, strict=True)
        session.add_all(CartLine(cart_id=cart.id, variant_id=v, quantity=n) for v, n in pieces if n)
        await session.flush()
    await save_address(session, customer_id=younger, parsed=ZHANG, now=now)
    for who, amount in ((elder, 500), (younger, 700)):
        account = await store_credit_of(session, who, "CNY", now=now)
        await pay_in(session, account_id=account.id, amount=amount, reason="sorry", reference=f"x{who}", now=now)
    await set_consent(session, customer_id=younger, purpose=Purpose.MARKETING, granted=True, source="chat", now=now)
    await a_talk(session, younger, "b", now)

    await lock_talks(session, customer_ids=[younger, elder])
    assert await join_customers(session, one_id=younger, other_id=elder, now=now) == younger
    await move_talks(session, from_id=younger, to_id=elder)

    rows = await session.execute(
        select(CartLine.variant_id, CartLine.quantity).join(Cart).where(Cart.customer_id == elder).order_by(CartLine.id)
    )
    assert dict(row for row in rows) == {variants[0]: MOST_PIECES, variants[1]: 3}
    assert (await customer_for(session, channel="web", account="b", language="zh", now=now)).id == elder
    assert {one.balance for one in await accounts_of(session, elder)} == {500, 700}
    assert await has_consent(session, customer_id=elder, purpose=Purpose.MARKETING)
    address = (await session.scalars(select(Address))).one()
    assert address.customer_id == elder
    opened = session.info["vault"].open((await session.get_one(Customer, elder)).name_sealed)
    assert opened == ZHANG.name
    assert (await points_of(session, elder)).available == 0
    told = await session.scalars(select(CustomerEvent.kind).where(CustomerEvent.customer_id == elder))
    assert sorted(told) == ["email_proved", "joined"]
    assert await broken(session) == {}
    assert await join_customers(session, one_id=younger, other_id=elder, now=now) is None, "again changes nothing"


async def test_erasing_keeps_the_order_with_its_sealed_address_and_nothing_else_of_the_person(
    database: Database, now: datetime
) -> None:
    async with database.begin() as session:
        tea = await a_product(session, now=now)
    async with holds_of(database) as holds:
        order, others = [await an_order(database, holds, {tea: 1}, now=now) for _ in range(2)]
    who = order.customer_id
    async with database.begin() as session:
        await a_talk(session, who, "chat", now, "I live in West Lake district")
        await save_address(session, customer_id=who, parsed=ZHANG, now=now)
        await proves(session, who, now)
        await ask_export(session, customer_id=who, now=now)
    async with database.begin() as session:
        with pytest.raises(Refused) as caught:
            await erase_customer(session, customer_id=who, by="shopper", now=now)
        assert (caught.value.code, caught.value.facts) == ("erase.orders_open", {"orders": [order.number]})
        await session.execute(text("UPDATE orders SET status = 'completed', ended_at = :now"), {"now": now})
    async with database.begin() as session:
        await lock_talks(session, customer_ids=[who])
        assert await erase_customer(session, customer_id=who, by="shopper", now=now)
        assert await erase_talks(session, customer_id=who) == []
        assert not await erase_customer(session, customer_id=who, by="shopper", now=now), "again changes nothing"
    async with database.begin() as session:
        assert await broken(session) == {}
        assert await session.scalar(text("SELECT count(*) FROM message")) == 0
        talk = (await session.scalars(select(Conversation))).one()
        assert (talk.chat, talk.preview, talk.frames) == (f"erased:{talk.id}", "", [])
        theirs = select(Address).where(Address.customer_id == who)
        assert [address.line_sealed for address in await session.scalars(theirs)] == [b""]
        goes_to = []
        for before in (now, now + timedelta(days=1)):
            await forget_addresses(session, before=before)
            session.expire_all()
            goes_to.append([await order_address(session, order_id=one.id) for one in (order, others)])
        assert goes_to == [[ZHANG, ZHANG], [NOWHERE, ZHANG]]
        customer = await session.get_one(Customer, who)
        assert (customer.name_sealed, customer.email_index, customer.erased_at) == (None, None, now)
        whose = select(ChannelIdentity.customer_id)
        assert (await session.scalars(whose)).all() == [others.customer_id]
    assert set(INVARIANTS) <= set(RULES)


async def test_export_is_for_its_own_customer_for_a_day(session: AsyncSession, now: datetime) -> None:
    who, other = await somebody(session, "a", now), await somebody(session, "b", now)
    await proves(session, who, now)
    await save_address(session, customer_id=who, parsed=ZHANG, now=now)
    await a_talk(session, who, "a", now, "hello there")
    await a_talk(session, other, "b", now, "somebody else's words")
    export = await ask_export(session, customer_id=who, now=now)
    with pytest.raises(Refused, match=r"export\.asked_already"):
        await ask_export(session, customer_id=who, now=now)
    content = await person_of(session, customer_id=who, talks=await talks_of(session, customer_id=who))
    await keep_export(session, export_id=export.id, content=content, now=now)

    vault: Vault = session.info["vault"]
    token = export_token(vault, export.id)
    told = json.loads(await fetch_export(session, token=token, customer_id=who, now=now))
    assert told["person"][0]["email"] == ANN
    assert told["addresses"][0]["line"] == ZHANG.line
    assert [message["text"] for message in told["messages"]] == ["hello there"]
    refused = ((token, other, now), (token, None, now), (token[:-2] + "AA", who, now), ("é", who, now))
    for asked, by, at in (*refused, (token, who, now + timedelta(hours=24))):
        with pytest.raises(Refused, match=r"export\.unknown"):
            await fetch_export(session, token=asked, customer_id=by, now=at)
    assert await forget_exports(session, now=now + timedelta(hours=24), limit=10) == 1
    assert await forget_exports(session, now=now + timedelta(hours=24), limit=10) == 0


def test_every_table_with_rows_of_a_customer_is_looked_at_when_two_are_joined() -> None:
    tables = {table.name for table in metadata().tables.values() if "customer_id" in table.columns}
    assert tables - set(OWNED) == {"points_entry"}, "it hangs on points_account"
    assert set(OWNED) <= tables
