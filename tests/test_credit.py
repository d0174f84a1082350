"""Gift cards and store credit: whose money it is, that it is spent once, and that codes stay secret."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.credit.actions import (
    AccountView,
    accounts_of,
    adjust_credit,
    draw,
    make_cards,
    pay_in,
    redeem_gift_card,
    store_credit_of,
    void_cards,
)
from commerce.credit.model import AccountKind, CreditAccount, CreditMovement, GiftCard
from commerce.customers.code_tries import MOST_WRONG, try_code
from foundation.codes import plain_code
from foundation.errors import Json, Refused
from tests.goods import a_customer


async def balances(session: AsyncSession, customer: int) -> list[int]:
    """What the customer's accounts hold, in the order they are drawn; each account's movements must add up to it."""
    moved = select(CreditAccount.balance, func.coalesce(func.sum(CreditMovement.amount), 0))
    moved = moved.outerjoin(CreditMovement, CreditMovement.account_id == CreditAccount.id).group_by(CreditAccount.id)
    assert all(balance == total for balance, total in await session.execute(moved))
    return [account.balance for account in await accounts_of(session, customer)]


async def test_a_gift_card_is_redeemed_once_by_one_customer(session: AsyncSession, now: datetime) -> None:
    me, other = (await a_customer(session, now=now)).id, (await a_customer(session, now=now)).id
    batch, codes = await make_cards(
        session, title="Spring", count=3, amount=10000, currency="CNY", expires_at=now + timedelta(days=9), now=now
    )
    assert len({plain_code(code) for code in codes}) == 3
    assert {len(code) for code in codes} == {19}
    stored = (await session.scalars(select(GiftCard))).all()
    assert not any(plain_code(code).encode() in card.code_sealed + card.code_index for card in stored for code in codes)

    mine = await redeem_gift_card(session, code=codes[0].lower().replace("-", " "), customer_id=me, now=now)
    assert mine == AccountView(mine.account_id, AccountKind.GIFT_CARD, 10000, "CNY")
    for who, code, says in (
        (me, codes[0], "gift_cards.yours_already"),
        (other, codes[0], "codes.unknown"),
        (other, "", "codes.unknown"),
        (other, "X" * 10_000, "codes.unknown"),
    ):
        with pytest.raises(Refused, match=says):
            await redeem_gift_card(session, code=code, customer_id=who, now=now)
    with pytest.raises(Refused, match=r"codes\.unknown"):
        await redeem_gift_card(session, code=codes[1], customer_id=me, now=now + timedelta(days=9))
    assert await void_cards(session, batch_id=batch.id) == 2
    with pytest.raises(Refused, match=r"codes\.unknown"):
        await redeem_gift_card(session, code=codes[1], customer_id=me, now=now)
    assert (await balances(session, me), await balances(session, other)) == ([10000], [])


async def test_money_is_drawn_from_ones_own_account_and_never_more_than_is_there(
    session: AsyncSession, now: datetime
) -> None:
    me, other = (await a_customer(session, now=now)).id, (await a_customer(session, now=now)).id
    credit = await store_credit_of(session, me, "CNY", now=now)
    assert (await store_credit_of(session, me, "CNY", now=now)).id == credit.id
    refund: dict[str, Json] = {
        "account_id": credit.id,
        "amount": 500,
        "reason": "refund",
        "reference": "refund:1",
        "now": now,
    }
    assert [await pay_in(session, **refund) for _ in range(2)] == [True, False]
    for who, amount, code in ((me, 501, "credit.short"), (other, 1, "credit.short"), (me, 0, "credit.invalid")):
        with pytest.raises(Refused, match=code):
            await draw(session, account_id=credit.id, customer_id=who, amount=amount, reference="order:1", now=now)
    bought: dict[str, Json] = {
        "account_id": credit.id,
        "customer_id": me,
        "amount": 300,
        "reference": "order:1",
        "now": now,
    }
    assert [await draw(session, **bought) for _ in range(2)] == [True, False]
    assert await balances(session, me) == [200]
    given: dict[str, Json] = {"customer_id": me, "currency": "CNY", "reason": "late parcel", "now": now}
    assert await adjust_credit(session, amount=100, reference="a:1", **given)
    assert not await adjust_credit(session, amount=100, reference="a:1", **given)
    with pytest.raises(Refused, match=r"credit\.short"):
        await adjust_credit(session, amount=-301, reference="a:2", **given)
    await adjust_credit(session, amount=-300, reference="a:3", **given)
    assert await balances(session, me) == []


async def test_ten_wrong_codes_within_an_hour_are_enough_even_for_the_right_one(
    session: AsyncSession, now: datetime
) -> None:
    me = (await a_customer(session, now=now)).id
    _batch, [code] = await make_cards(session, title="One", count=1, amount=1, currency="CNY", expires_at=None, now=now)

    async def redeem(said: str, at: datetime) -> AccountView | Refused:
        return await try_code(
            session,
            customer_id=me,
            now=at,
            act=lambda: redeem_gift_card(session, code=said, customer_id=me, now=at),
        )

    for left in reversed(range(MOST_WRONG)):
        wrong = await redeem("7KQM-2XNP-7KQM-2XNP", now)
        assert isinstance(wrong, Refused)
        assert (wrong.code, wrong.facts) == ("codes.unknown", {"left": left})
    with pytest.raises(Refused, match=r"codes.too_many \(minutes=60\)"):
        await redeem(code, now + timedelta(seconds=1))
    assert await balances(session, me) == []
    redeemed = await redeem(code, now + timedelta(hours=1))
    assert isinstance(redeemed, AccountView)
    assert await balances(session, me) == [1]
