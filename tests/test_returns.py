"""Goods that come back: what may, what it is worth to the cent, and what becomes of it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.model import Variant
from commerce.credit.model import AccountKind, CreditAccount
from commerce.inventory.actions import receive_stock
from commerce.inventory.model import StockLevel
from commerce.orders.locks import Actor
from commerce.orders.model import Order, OrderStatus, PaymentMethod
from commerce.returns.actions import cancel_return, give_tracking, open_return, quote_return
from commerce.returns.due import close_returns, expire_returns, follow_up_returns, remind_of_returns
from commerce.returns.handling import approve, ask_info, receive, refuse_approval, reject
from commerce.returns.inspecting import Finding, inspect, settle_return
from commerce.returns.invariants import INVARIANTS
from commerce.returns.model import (
    Allowed,
    Disposition,
    Kind,
    RefundTo,
    Replace,
    Return,
    ReturnLine,
    ReturnPolicy,
    ReturnState,
    Why,
)
from commerce.returns.offers import Asked, Wish
from commerce.returns.policy import DEFAULTS
from foundation.errors import Refused
from tests.goods import a_customer, a_product
from tests.returning import TERMS, Sold, a_delivered_order, lines_of_order, money, refunded, states_of

DAY = timedelta(days=1)


async def wish(session: AsyncSession, order: Order, *pieces: int, kind: Kind = Kind.RETURN, **more: Any) -> Wish:
    """So many pieces of each line, none of those left out."""
    lines = await lines_of_order(session, order)
    asked = tuple(Asked(line.id, count) for line, count in zip(lines, pieces, strict=False) if count)
    return Wish(kind, asked, **more)


async def opened(session: AsyncSession, order: Order, wanted: Wish, *, now: datetime, by: Actor = "shopper") -> Return:
    return await open_return(
        session,
        order_id=order.id,
        customer_id=order.customer_id,
        wish=wanted,
        terms=TERMS,
        now=now,
        by=by,
    )


async def found(
    session: AsyncSession, asked: Return, *, accepted: int | None = None, sellable: int = 0
) -> list[Finding]:
    lines = await session.scalars(select(ReturnLine).where(ReturnLine.return_id == asked.id).order_by(ReturnLine.id))
    return [
        Finding(line.id, line.quantity if accepted is None else accepted, min(sellable, line.quantity))
        for line in lines
    ]


async def came(
    session: AsyncSession, asked: Return, *, now: datetime, accepted: int | None = None, sellable: int = 0
) -> None:
    """The parcel is there and looked into."""
    await receive(session, return_id=asked.id, now=now)
    findings = await found(session, asked, accepted=accepted, sellable=sellable)
    await inspect(session, return_id=asked.id, findings=findings, terms=TERMS, now=now)


async def breaches(session: AsyncSession) -> list[str]:
    await session.flush()
    return [name for name, query in INVARIANTS.items() if (await session.execute(text(query))).first() is not None]


async def test_a_return_inside_the_policy_is_approved_by_the_bot_and_paid_back_to_the_cent(
    session: AsyncSession, now: datetime
) -> None:
    tea = await a_product(session, now=now, pieces=10)
    order = await a_delivered_order(session, [Sold(tea, 3, 3333, discount=1000)], now=now)  # 89.99 for three
    wanted = await wish(session, order, 2)
    offer = await quote_return(
        session, order_id=order.id, customer_id=order.customer_id, wish=wanted, terms=TERMS, now=now
    )
    assert (offer.refund, offer.is_automatic, offer.freight) == (money(6000), True, "shopper")
    asked = await opened(session, order, wanted, now=now)
    assert (asked.state, asked.number) == (ReturnState.AWAITING_GOODS, f"{order.number}-R1")
    (line,) = await lines_of_order(session, order)
    assert (line.returning, line.returned) == (2, 0)
    await give_tracking(session, return_id=asked.id, customer_id=order.customer_id, tracking_number=" SF99 ", now=now)
    assert (asked.state, asked.tracking_number) == (ReturnState.IN_TRANSIT, "SF99")
    await came(session, asked, now=now, sellable=1)
    assert (asked.state, asked.refunded, await refunded(session, order)) == (ReturnState.REFUND, 6000, 6000)
    (line,) = await lines_of_order(session, order)
    assert (line.returning, line.returned) == (0, 2)
    level = (await session.scalars(select(StockLevel).where(StockLevel.variant_id == tea))).one()
    assert level.on_hand == 11  # of two that came back one can be sold again
    last = await opened(session, order, await wish(session, order, 1), now=now)
    await came(session, last, now=now)
    assert await refunded(session, order) == 8999
    assert await breaches(session) == []


ZONE = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("delivered", "asked", "is_inside"),
    [
        ("2026-11-14 23:59", "2026-11-21 23:59", True),
        ("2026-11-14 23:59", "2026-11-22 00:00", False),
        ("2026-11-15 00:01", "2026-11-22 23:59", True),
        ("2026-11-15 00:01", "2026-11-15 00:01", True),
    ],
)
def test_seven_days_end_at_midnight_in_the_shop(delivered: str, asked: str, is_inside: bool) -> None:
    at, today = (datetime.fromisoformat(day).replace(tzinfo=ZONE).astimezone(UTC) for day in (delivered, asked))
    assert (today.astimezone(ZONE).date() <= DEFAULTS[0].last_day(at, ZONE)) is is_inside


async def test_what_cannot_come_back_is_refused_with_the_reason(session: AsyncSession, now: datetime) -> None:
    tea, cup = await a_product(session, now=now), await a_product(session, now=now)
    fresh = await a_delivered_order(session, [Sold(tea, 2, 5000)], now=now)
    old = await a_delivered_order(session, [Sold(tea, 1, 5000)], now=now, delivered=9 * DAY)
    on_its_way = await a_delivered_order(session, [Sold(tea, 1, 5000)], now=now, delivered=None)
    policy = ReturnPolicy(name={"en": "No cups"}, kinds=["return"], window_days=7, updated_at=now)
    policy.excluded_product_ids = [(await session.get_one(Variant, cup)).product_id]
    session.add(policy)
    cups = await a_delivered_order(session, [Sold(cup, 1, 5000)], now=now)
    await session.flush()

    async def refusal(order: Order, *pieces: int, customer: int | None = None, kind: Kind = Kind.RETURN) -> str:
        wanted = await wish(session, order, *pieces, kind=kind)
        with pytest.raises(Refused) as refused:
            await open_return(
                session,
                order_id=order.id,
                customer_id=customer or order.customer_id,
                wish=wanted,
                terms=TERMS,
                now=now,
            )
        return refused.value.code

    assert await refusal(old, 1) == "returns.window_over"
    assert await refusal(on_its_way, 1) == "returns.not_delivered"
    assert await refusal(cups, 1) == "returns.excluded"
    assert await refusal(fresh, 3) == "returns.quantity"
    assert await refusal(fresh) == "returns.nothing"
    assert await refusal(fresh, 1, customer=old.customer_id) == "order.unknown"
    await opened(session, fresh, await wish(session, fresh, 2), now=now)
    assert await refusal(fresh, 1) == "returns.already_returned"
    assert len((await session.scalars(select(Return))).all()) == 1
    policy.once_per_order, policy.kinds = True, ["return", "exchange"]
    more = await a_delivered_order(session, [Sold(tea, 2, 5000)], now=now)
    await opened(session, more, await wish(session, more, 1), now=now)
    assert await refusal(more, 1) == "returns.once_per_order"


async def test_outside_the_policy_the_staff_decides_up_to_their_limit(session: AsyncSession, now: datetime) -> None:
    tea = await a_product(session, now=now)
    order = await a_delivered_order(session, [Sold(tea, 3, 30000)], now=now, delivered=20 * DAY)
    asked = await opened(session, order, await wish(session, order, 2), now=now, by="staff")
    assert asked.state == "requested"
    assert [check["code"] for check in asked.checks if not check["ok"]] == ["returns.window_over"]

    async def agent_says_yes() -> None:
        await approve(session, return_id=asked.id, staff_id=1, limit=20000, reason="regular", terms=TERMS, now=now)

    await agent_says_yes()
    await agent_says_yes()
    assert asked.state == "requested"
    with pytest.raises(Refused, match="above_limit"):
        await refuse_approval(session, return_id=asked.id, staff_id=1, limit=20000, reason="no", now=now)
    await refuse_approval(session, return_id=asked.id, staff_id=2, limit=200000, reason="first a photo", now=now)
    await ask_info(session, return_id=asked.id, question="A photo, please?", terms=TERMS, now=now)
    await agent_says_yes()
    await approve(session, return_id=asked.id, staff_id=2, limit=200000, reason="", terms=TERMS, now=now)
    assert asked.state is ReturnState.AWAITING_GOODS
    with pytest.raises(Refused, match=r"returns\.decided"):
        await reject(session, return_id=asked.id, staff_id=2, reason="late", now=now)
    assert await breaches(session) == []


async def test_what_is_not_sent_in_time_is_reminded_of_and_then_ends(session: AsyncSession, now: datetime) -> None:
    tea = await a_product(session, now=now)
    order = await a_delivered_order(session, [Sold(tea, 2, 5000)], now=now)
    asked = await opened(session, order, await wish(session, order, 1), now=now)
    assert asked.send_by is not None
    assert await remind_of_returns(session, now=now + 4 * DAY, limit=10) == 0
    assert await remind_of_returns(session, now=now + 6 * DAY, limit=10) == 1
    assert await remind_of_returns(session, now=now + 6 * DAY, limit=10) == 0
    assert await expire_returns(session, now=asked.send_by - timedelta(seconds=1), limit=10) == 0
    assert await expire_returns(session, now=asked.send_by, limit=10) == 1
    await session.refresh(asked)
    assert asked.state is ReturnState.EXPIRED
    (line,) = await lines_of_order(session, order)
    assert (line.returning, line.returned) == (0, 0)
    again = await opened(session, order, await wish(session, order, 2), now=now)
    await cancel_return(session, return_id=again.id, customer_id=order.customer_id, by="shopper", now=now)
    await cancel_return(session, return_id=again.id, customer_id=order.customer_id, by="shopper", now=now)
    assert await states_of(session, order) == [ReturnState.EXPIRED, ReturnState.CANCELLED]
    assert await breaches(session) == []


async def test_only_accepted_pieces_are_paid_for_and_the_shop_pays_for_its_own_fault(
    session: AsyncSession, now: datetime
) -> None:
    tea, cup = await a_product(session, now=now), await a_product(session, now=now)
    order = await a_delivered_order(session, [Sold(tea, 2, 5000), Sold(cup, 1, 9000)], now=now, shipping=800)
    wanted = await wish(session, order, 2, 1, kind=Kind.CLAIM, why=Why.DAMAGED, photos=1)
    offer = await quote_return(
        session, order_id=order.id, customer_id=order.customer_id, wish=wanted, terms=TERMS, now=now
    )
    assert (offer.refund, offer.shipping, offer.freight, offer.is_automatic) == (money(19800), 800, "seller", True)
    asked = await opened(session, order, wanted, now=now)
    await receive(session, return_id=asked.id, now=now)
    first, second = await found(session, asked)
    findings = [Finding(first.line_id, 1, 0, Disposition.SCRAP, "one is whole"), second]
    await inspect(session, return_id=asked.id, findings=findings, terms=TERMS, now=now)
    assert asked.state is ReturnState.INSPECTED
    with pytest.raises(Refused, match="above_limit"):
        await settle_return(session, return_id=asked.id, limit=10000, terms=TERMS, now=now)
    await settle_return(session, return_id=asked.id, limit=20000, terms=TERMS, now=now)
    assert (asked.refunded, await refunded(session, order)) == (14000, 14000)
    rest = await opened(session, order, await wish(session, order, 1, why=Why.DAMAGED, photos=1), now=now)
    await came(session, rest, now=now)
    assert await refunded(session, order) == order.total_amount
    assert await breaches(session) == []


async def test_a_missing_piece_is_paid_back_without_anything_coming_when_a_person_says_so(
    session: AsyncSession, now: datetime
) -> None:
    tea = await a_product(session, now=now)
    order = await a_delivered_order(session, [Sold(tea, 3, 5000)], now=now)
    wanted = await wish(session, order, 1, kind=Kind.CLAIM, why=Why.MISSING, photos=1, refund_to=RefundTo.CREDIT)
    asked = await opened(session, order, wanted, now=now)
    assert asked.state == "requested"
    await approve(session, return_id=asked.id, staff_id=1, limit=20000, reason="", terms=TERMS, now=now)
    assert asked.state is ReturnState.STORE_CREDIT
    credit = (await session.scalars(select(CreditAccount))).one()
    assert (credit.balance, credit.kind) == (5000, AccountKind.STORE_CREDIT)
    assert await follow_up_returns(session, now=now + 3 * DAY, limit=10) == 1
    assert await follow_up_returns(session, now=now + 3 * DAY, limit=10) == 0
    assert await close_returns(session, now=now, limit=10) == 1
    assert await states_of(session, order) == [ReturnState.CLOSED]
    assert await breaches(session) == []


async def a_sibling(session: AsyncSession, variant_id: int, *, price: int, pieces: int, now: datetime) -> int:
    """Another variant of the same product."""
    known = await session.get_one(Variant, variant_id)
    other = Variant(
        product_id=known.product_id, sku=f"{known.sku}-B{price}", price_amount=price, currency="CNY", position=1
    )
    session.add(other)
    await session.flush()
    await receive_stock(session, variant_id=other.id, quantity=pieces, reference="opening", now=now)
    return other.id


async def exchange(session: AsyncSession, order: Order, variant: int, pieces: int = 1, **more: Any) -> Wish:
    (line, *_) = await lines_of_order(session, order)
    return Wish(Kind.EXCHANGE, (Asked(line.id, pieces, variant),), **more)


async def test_an_exchange_keeps_the_new_goods_and_sends_them_when_the_old_ones_are_here(
    session: AsyncSession, now: datetime
) -> None:
    red = await a_product(session, now=now, price=5000)
    blue = await a_sibling(session, red, price=5000, pieces=2, now=now)
    dear = await a_sibling(session, red, price=7500, pieces=1, now=now)
    order = await a_delivered_order(session, [Sold(red, 2, 5000, discount=1000)], now=now)
    asked = await opened(session, order, await exchange(session, order, blue), now=now)
    level = (await session.scalars(select(StockLevel).where(StockLevel.variant_id == blue))).one()
    assert (level.on_hand, level.reserved) == (2, 1)
    await came(session, asked, now=now, sellable=1)
    assert asked.state is ReturnState.EXCHANGE
    new = await session.get_one(Order, asked.replacement_order_id)
    assert (new.status, new.total_amount, new.payment_method) == (OrderStatus.PLACED, 0, PaymentMethod.CREDIT)
    assert await refunded(session, order) == 0

    dearer = await opened(session, order, await exchange(session, order, dear), now=now)
    await came(session, dearer, now=now)
    other = await session.get_one(Order, dearer.replacement_order_id)
    assert (other.status, other.total_amount) == (OrderStatus.PENDING, 2500)
    (line,) = await lines_of_order(session, other)
    assert (line.unit_amount, line.discount_amount, line.total_amount) == (7500, 5000, 2500)

    new.delivered_at, new_line = now, (await lines_of_order(session, new))[0]
    new_line.shipped = 1
    back = await opened(session, new, await wish(session, new, 1), now=now)
    await came(session, back, now=now)
    assert (back.refunded, await refunded(session, order), await refunded(session, new)) == (4500, 4500, 0)

    other.move_to(OrderStatus.EXPIRED, now=now)  # nobody paid the difference
    assert await close_returns(session, now=now, limit=10) == 2
    assert (dearer.state, await refunded(session, order)) == (ReturnState.REFUND, 9000)
    assert await breaches(session) == []


async def test_a_gift_card_pays_the_difference_only_when_it_holds_enough(session: AsyncSession, now: datetime) -> None:
    red = await a_product(session, now=now, price=5000)
    dear = await a_sibling(session, red, price=7500, pieces=1, now=now)
    cheap = await a_sibling(session, red, price=4000, pieces=1, now=now)
    customer = await a_customer(session, now=now)
    card = CreditAccount(
        customer_id=customer.id, kind=AccountKind.GIFT_CARD, currency="CNY", balance=2499, created_at=now
    )
    session.add(card)
    session.add(
        ReturnPolicy(
            name={"en": "Once"},
            kinds=["return", "exchange"],
            window_days=3650,
            once_per_order=True,
            refund_to=Allowed.ORIGINAL_OR_GIFT_CARD,
            updated_at=now,
        )
    )
    await session.flush()
    order = await a_delivered_order(session, [Sold(red, 1, 5000)], now=now, customer=customer)
    by_card: dict[str, Any] = {"refund_to": RefundTo.ACCOUNT, "account_id": card.id}
    with pytest.raises(Refused) as refused:
        await opened(session, order, await exchange(session, order, dear, **by_card), now=now)
    assert (refused.value.code, refused.value.facts["due"]) == ("returns.credit_short", 2500)
    card.balance = 2500
    with pytest.raises(Refused, match=r"returns\.refund_to"):
        await opened(session, order, await exchange(session, order, dear, refund_to=RefundTo.CREDIT), now=now)
    other = await a_product(session, now=now)
    with pytest.raises(Refused, match=r"returns\.other_product"):
        await opened(session, order, await exchange(session, order, other, **by_card), now=now)
    with pytest.raises(Refused, match=r"returns\.same_thing"):
        await opened(session, order, await exchange(session, order, red, **by_card), now=now)
    asked = await opened(session, order, await exchange(session, order, dear, **by_card), now=now)
    assert card.balance == 2500
    await came(session, asked, now=now)
    await session.refresh(card)
    new = await session.get_one(Order, asked.replacement_order_id)
    assert (card.balance, new.status, new.total_amount) == (0, OrderStatus.PLACED, 2500)

    second = await a_delivered_order(session, [Sold(red, 1, 5000)], now=now, customer=customer)
    cheaper = await opened(session, second, await exchange(session, second, cheap, **by_card), now=now)
    await came(session, cheaper, now=now)
    await session.refresh(card)
    assert (card.balance, cheaper.refunded) == (1000, 1000)
    assert await breaches(session) == []


async def test_a_replacement_may_leave_at_once_and_comes_back_into_stock_when_the_shopper_thinks_better_of_it(
    session: AsyncSession, now: datetime
) -> None:
    red = await a_product(session, now=now, price=5000)
    blue = await a_sibling(session, red, price=4000, pieces=2, now=now)
    policy = ReturnPolicy(name={"en": "At once"}, kinds=["exchange"], window_days=7, updated_at=now)
    policy.replace = Replace.AT_ONCE
    session.add(policy)
    await session.flush()
    order = await a_delivered_order(session, [Sold(red, 2, 5000)], now=now)
    first = await opened(session, order, await exchange(session, order, blue), now=now)
    new = await session.get_one(Order, first.replacement_order_id)
    assert (new.status, new.total_amount, first.state) == (OrderStatus.PLACED, 0, ReturnState.AWAITING_GOODS)
    await came(session, first, now=now)
    assert (await states_of(session, order), first.refunded) == ([ReturnState.EXCHANGE], 1000)
    second = await opened(session, order, await exchange(session, order, blue), now=now)
    await cancel_return(session, return_id=second.id, customer_id=order.customer_id, by="shopper", now=now)
    assert (await session.get_one(Order, second.replacement_order_id)).status is OrderStatus.CANCELLED
    level = (await session.scalars(select(StockLevel).where(StockLevel.variant_id == blue))).one()
    assert (level.on_hand, level.reserved) == (2, 1)
    assert await refunded(session, order) == 1000
    assert await breaches(session) == []
