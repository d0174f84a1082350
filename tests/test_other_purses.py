"""Money of a change or an exchange that goes to another card or wallet of the shopper than what paid."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.credit.actions import pay_in
from commerce.credit.model import AccountKind, CreditAccount
from commerce.orders.actions import change_order, mark_refunded
from commerce.orders.model import ChangeState, Order, OrderChange, PaymentMethod
from commerce.orders.policy import DEFAULT, set_policy
from commerce.orders.steps import PayBy, swap
from commerce.payments.invariants import INVARIANTS
from commerce.payments.model import Instrument, Intent, Payment, Refund, RefundState
from commerce.payments.queries import refunds_of
from commerce.payments.review import open_refunds
from commerce.returns.model import Allowed, Kind, RefundTo, ReturnPolicy, ReturnState
from commerce.returns.offers import Asked, Wish
from tests.goods import a_customer, a_product
from tests.returning import Sold, a_delivered_order, lines_of_order
from tests.test_order_changes import Desk, desk, refused
from tests.test_returns import breaches, came, opened

__all__ = ["desk"]
ONLINE = PaymentMethod.SIMULATOR
TO_CHOSEN = replace(DEFAULT, back_as_chosen=True)


async def a_card(session: AsyncSession, customer_id: int, token: str, *, now: datetime) -> int:
    """A card that the provider of the order keeps for this customer."""
    card = Instrument(customer_id=customer_id, provider=ONLINE, token=token, label="Visa 4242", created_at=now)
    session.add(card)
    await session.flush()
    return card.id


async def a_gift_card(session: AsyncSession, customer_id: int, amount: int, *, now: datetime) -> int:
    card = CreditAccount(customer_id=customer_id, kind=AccountKind.GIFT_CARD, currency="CNY", balance=0, created_at=now)
    session.add(card)
    await session.flush()
    await pay_in(session, account_id=card.id, amount=amount, reason="opening", reference="opening", now=now)
    return card.id


async def paid_with(session: AsyncSession, order: Order, token: str) -> None:
    """The provider says with which card the order was paid."""
    for intent in await session.scalars(select(Intent).where(Intent.order_id == order.id)):
        intent.instrument = token
    await session.flush()


async def swapped(desk: Desk, order: Order, variant: int, way: PayBy) -> OrderChange:
    line = next(line for line in await desk.lines(order) if line.open)
    return await change_order(
        desk.session,
        order_id=order.id,
        customer_id=desk.customer,
        steps=swap(line.id, variant, 1),
        now=desk.now,
        pay_with=way,
    )


async def refunds(session: AsyncSession, order: Order) -> list[tuple[str, int, int | None]]:
    """(by whom, how much, to which other card) of all that goes back."""
    found = select(Refund).where(Refund.order_id == order.id).order_by(Refund.id)
    return [(refund.provider, refund.amount, refund.instrument_id) for refund in await session.scalars(found)]


async def test_a_lower_price_goes_to_the_chosen_card_by_hand_where_the_shop_lets_it(desk: Desk) -> None:
    session = desk.session
    paid, other = [await a_card(session, desk.customer, token, now=desk.now) for token in ("visa", "master")]
    strangers = await a_card(session, (await a_customer(session, now=desk.now)).id, "strangers", now=desk.now)
    order = await desk.paid({desk.large: 1})
    await paid_with(session, order, "visa")
    way = PayBy(ONLINE, instrument_id=other)
    await refused(
        desk, "payment.instrument_unknown", swapped(desk, order, desk.small, replace(way, instrument_id=strangers))
    )
    await swapped(desk, order, desk.small, way)
    assert await refunds(session, order) == [("simulator", 3000, None)]  # by its own rules, to what paid

    await set_policy(session, TO_CHOSEN)
    order = await desk.paid({desk.large: 1})
    await paid_with(session, order, "visa")
    await swapped(desk, order, desk.small, way)
    assert await refunds(session, order) == [("transfer", 3000, other)]
    (seen,) = [one for one in await open_refunds(session) if one.by_hand]
    (told, *_) = await refunds_of(session, customer_id=desk.customer, number=order.number)
    assert (seen.card, told.card) == ("Visa 4242", "Visa 4242")  # who sends it knows where to, and so does the shopper
    (refund,) = await session.scalars(select(Refund).where(Refund.order_id == order.id))
    assert await mark_refunded(session, refund_id=refund.id, proof="sent", now=desk.now) is RefundState.SUCCEEDED

    order = await desk.paid({desk.large: 1})
    await paid_with(session, order, "visa")
    await swapped(desk, order, desk.small, PayBy(ONLINE, instrument_id=paid))
    assert await refunds(session, order) == [("simulator", 3000, None)]  # what paid is no other card
    await desk.sound()
    for name, query in INVARIANTS.items():
        assert (await session.execute(text(query))).all() == [], name


async def test_another_card_at_the_same_provider_is_another_way_to_pay(desk: Desk) -> None:
    session = desk.session
    paid, other = [await a_card(session, desk.customer, token, now=desk.now) for token in ("visa", "master")]
    order = await desk.paid({desk.small: 1})
    await paid_with(session, order, "visa")
    held = (await session.scalars(select(Payment).where(Payment.order_id == order.id))).all()  # as a long turn does
    for same in (PayBy(ONLINE), PayBy(ONLINE, instrument_id=paid)):
        await refused(desk, "change.same_payment", desk.change(order, same))
    change = await desk.change(order, PayBy(ONLINE, instrument_id=other))
    assert (change.state, await desk.to_pay(order)) == (ChangeState.AWAITING_PAYMENT, [("simulator", 6800)])
    await desk.pay(order)
    assert await refunds(session, order) == [("simulator", 6800, None)]

    card = await a_gift_card(session, desk.customer, 9000, now=desk.now)
    gift = PayBy(PaymentMethod.CREDIT, card)
    await desk.change(order, gift)  # the money of one of the two only: that of the other went back before
    assert [payment.left for payment in held] == [0]
    await refused(desk, "change.same_payment", desk.change(order, gift))


async def test_an_item_is_changed_for_the_same_one_only_where_the_shop_lets_it(desk: Desk) -> None:
    order = await desk.paid({desk.small: 1})
    await refused(desk, "change.nothing", swapped(desk, order, desk.small, PayBy(ONLINE)))
    await set_policy(desk.session, replace(DEFAULT, same_again=True))
    change = await swapped(desk, order, desk.small, PayBy(ONLINE))
    assert (change.state, change.preview["difference"]) == (ChangeState.APPLIED, 0)
    assert [(line.quantity, line.cancelled) for line in await desk.lines(order)] == [(1, 1), (1, 0)]
    assert (await desk.reserved(desk.small), await refunds(desk.session, order)) == (1, [])
    await desk.sound()


async def test_an_exchange_is_settled_with_another_card_where_the_policy_says_anywhere(
    session: AsyncSession, now: datetime
) -> None:
    dear = await a_product(session, now=now, price=9000)
    cheap = await a_product(session, now=now, price=5000)
    order = await a_delivered_order(session, [Sold(dear, 1, 9000)], now=now)
    await paid_with(session, order, "visa")
    other = await a_card(session, order.customer_id, "master", now=now)
    (line,) = await lines_of_order(session, order)
    policy = ReturnPolicy(
        name={"en": "Exchanges"}, kinds=["exchange"], window_days=9, same_product_only=False, updated_at=now
    )
    session.add(policy)
    wanted = Wish(Kind.EXCHANGE, (Asked(line.id, 1, cheap),), refund_to=RefundTo.INSTRUMENT, instrument_id=other)
    session_desk = Desk(session, now, order.customer_id, dear, dear, cheap)
    await refused(session_desk, "returns.refund_to", opened(session, order, wanted, now=now))
    policy.refund_to = Allowed.ANYWHERE
    await session.flush()
    strange = replace(wanted, instrument_id=other + 1)
    await refused(session_desk, "payment.instrument_unknown", opened(session, order, strange, now=now))
    asked = await opened(session, order, wanted, now=now)
    await came(session, asked, now=now)
    assert (asked.state, asked.refunded) == (ReturnState.EXCHANGE, 4000)
    assert await refunds(session, order) == [("transfer", 4000, other)]
    assert await breaches(session) == []
