"""Money, points and stock of an order after several things happened to it, one after another or at once."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.checks import RULES
from commerce.customers.actions import save_address
from commerce.orders.actions import (
    cancel_items,
    cancel_order,
    complete_delivered_orders,
    confirm_change,
    expire_unpaid_orders,
    mark_paid,
    mark_shipped,
    propose_change,
    send_draft,
)
from commerce.orders.covering import owed
from commerce.orders.model import (
    ChangeKind,
    ChangeState,
    HoldReason,
    Order,
    OrderAdjustment,
    OrderStatus,
    PaymentMethod,
)
from commerce.orders.policy import Policy, set_policy
from commerce.orders.settlement import money_arrived, settle
from commerce.orders.steps import PayBy, Remove, SendTo, swap
from commerce.payments.ledger import capture, capture_unasked, new_intent
from commerce.payments.model import Intent, Refund
from commerce.payments.port import Session, SessionState
from commerce.points import actions as points
from commerce.returns.actions import cancel_return, open_return
from commerce.returns.handling import receive
from commerce.returns.inspecting import Finding, inspect
from commerce.returns.model import Kind, Return, ReturnLine
from commerce.returns.offers import Asked, Wish
from commerce.shipping.actions import cancel_shipment, make_shipment, pack_shipment, pick_shipment, ship_shipment
from commerce.shipping.mending import refund_parcel, reship
from commerce.shipping.model import Shipment, ShipmentState
from commerce.shipping.tracking import say
from foundation.money import Money
from tests.returning import TERMS
from tests.test_order_caps import drafted
from tests.test_order_changes import DAYS, LI, MINUTES, Desk, a_desk, refused


@pytest.fixture
async def desk(session: AsyncSession, now: datetime) -> Desk:
    return await a_desk(session, now)


async def arrive(desk: Desk, order: Order, *, late: timedelta = 0 * MINUTES, amount: int | None = None) -> None:
    """The provider says that its last session of the order was paid."""
    found = select(Intent).where(Intent.order_id == order.id).order_by(Intent.id.desc()).limit(1)
    intent = (await desk.session.scalars(found)).one()
    money = Money(intent.amount if amount is None else amount, "CNY")
    answer = Session("ref", intent.reference, "", SessionState.PAID, money)
    await settle(desk.session, intent_id=intent.id, answer=answer, now=desk.now + late)


async def refunds(desk: Desk, order: Order) -> list[tuple[str, int]]:
    await desk.session.flush()
    found = select(Refund.reason, Refund.amount).where(Refund.order_id == order.id).order_by(Refund.id)
    return [(reason, amount) for reason, amount in await desk.session.execute(found)]


async def sound(desk: Desk) -> None:
    """Every rule of the self-check holds."""
    await desk.session.flush()
    for name, query in RULES.items():
        assert (await desk.session.execute(text(query))).all() == [], name


async def delivered(desk: Desk, order: Order) -> None:
    await mark_shipped(desk.session, order_id=order.id, tracking_number="SF1", carrier="顺丰", now=desk.now)
    order.delivered_at = desk.now
    await desk.session.flush()


async def asks_back(desk: Desk, order: Order, line_id: int, pieces: int) -> Return:
    wish = Wish(Kind.RETURN, (Asked(line_id, pieces),))
    return await open_return(
        desk.session, order_id=order.id, customer_id=desk.customer, wish=wish, terms=TERMS, now=desk.now
    )


async def comes_back(desk: Desk, asked: Return) -> None:
    await receive(desk.session, return_id=asked.id, now=desk.now)
    lines = (await desk.session.scalars(select(ReturnLine).where(ReturnLine.return_id == asked.id))).all()
    findings = [Finding(line.id, line.quantity, line.quantity) for line in lines]
    await inspect(desk.session, return_id=asked.id, findings=findings, terms=TERMS, now=desk.now)


# Points


async def test_points_spent_again_by_a_late_payment_come_back_once_more(desk: Desk) -> None:
    session, now = desk.session, desk.now
    order = await desk.order({desk.small: 2}, PaymentMethod.SIMULATOR)
    await points.adjust_points(session, customer_id=desk.customer, points=101, reason="x", reference="1", now=now)
    await points.spend(session, customer_id=desk.customer, points=100, order_id=order.id, now=now)
    order.points_spent = 100
    (tea,) = await desk.lines(order)
    await cancel_items(session, order_id=order.id, customer_id=desk.customer, pieces={tea.id: 1}, reason="x", now=now)
    assert (await points.points_of(session, desk.customer)).available == 51
    await expire_unpaid_orders(session, now=now + 15 * MINUTES)
    assert order.status.value == "expired"
    assert (await points.points_of(session, desk.customer)).available == 101
    await arrive(desk, order, late=16 * MINUTES)
    assert order.status.value == "placed"
    assert (await points.points_of(session, desk.customer)).available == 51  # for the piece that is left
    for _ in range(2):
        await cancel_order(session, order_id=order.id, by="staff", reason="x", now=now)
        assert (await points.points_of(session, desk.customer)).available == 101
    await sound(desk)


async def test_each_lost_parcel_takes_its_own_points_along(desk: Desk) -> None:
    session, now = desk.session, desk.now
    order = await desk.paid({desk.small: 2})
    await points.earn(session, customer_id=desk.customer, order_id=order.id, points=100, now=now)
    earned = (await points.points_of(session, desk.customer)).pending
    (tea,) = await desk.lines(order)
    left = []
    for _ in range(2):
        parcel = await sent(desk, order, {tea.id: 1})
        await say(session, shipment_id=parcel.id, state=ShipmentState.LOST, text="", now=now + MINUTES)
        assert await refund_parcel(session, shipment_id=parcel.id, now=now) == 6800
        left.append((await points.points_of(session, desk.customer)).pending)
    assert left == [earned - earned // 2, 0]


async def sent(desk: Desk, order: Order, pieces: dict[int, int]) -> Shipment:
    parcel = await make_shipment(desk.session, order_id=order.id, lines=pieces, now=desk.now)
    await pick_shipment(desk.session, shipment_id=parcel.id, now=desk.now)
    await pack_shipment(desk.session, shipment_id=parcel.id, now=desk.now)
    return await ship_shipment(desk.session, shipment_id=parcel.id, carrier="顺丰", tracking_number="SF1", now=desk.now)


# Cash


async def test_cash_for_goods_that_came_back_is_not_owed_again(desk: Desk) -> None:
    order = await desk.order({desk.small: 2, desk.cup: 1})
    await mark_paid(desk.session, order_id=order.id, proof="cash", now=desk.now)
    tea, cup = await desk.lines(order)
    parcel = await sent(desk, order, {tea.id: 2})
    await say(desk.session, shipment_id=parcel.id, state=ShipmentState.DELIVERED, text="", now=desk.now)
    await comes_back(desk, await asks_back(desk, order, tea.id, 1))
    assert (await owed(desk.session, order), (await desk.view(order)).to_pay.amount) == (0, 0)
    await refused(desk, "order.already_paid", mark_paid(desk.session, order_id=order.id, proof="x", now=desk.now))
    await desk.change(order, Remove(cup.id, 1))
    assert await refunds(desk, order) == [("return", 6800), ("changed", 2000)]
    assert (await desk.to_pay(order), await owed(desk.session, order)) == ([], 0)
    assert await complete_delivered_orders(desk.session, now=desk.now + 7 * DAYS) == 1
    await sound(desk)


async def test_a_cash_order_that_is_refused_at_the_door_ends_and_owes_nothing(desk: Desk) -> None:
    session, now = desk.session, desk.now
    order = await desk.order({desk.small: 2})
    await points.adjust_points(session, customer_id=desk.customer, points=100, reason="x", reference="1", now=now)
    await points.spend(session, customer_id=desk.customer, points=100, order_id=order.id, now=now)
    (tea,) = await desk.lines(order)
    for nth in (1, 2):
        parcel = await sent(desk, order, {tea.id: 1})
        await say(session, shipment_id=parcel.id, state=ShipmentState.RETURNED_TO_SENDER, text="", now=now + MINUTES)
        assert await refund_parcel(session, shipment_id=parcel.id, now=now) == 0
        assert (order.status.value, len(await desk.to_pay(order))) == (("placed", 1) if nth == 1 else ("cancelled", 0))
    balance = await points.points_of(session, desk.customer)
    assert (balance.available, balance.pending) == (100, 0)
    await refused(desk, "order.not_payable", mark_paid(session, order_id=order.id, proof="x", now=now))
    await sound(desk)


async def test_orders_that_owe_cash_keep_no_other_from_being_completed(desk: Desk) -> None:
    owing = [await desk.order({desk.cup: 1}) for _ in range(2)]
    paid = await desk.paid({desk.cup: 1})
    for order in (*owing, paid):
        await delivered(desk, order)
    paid.delivered_at = desk.now + MINUTES
    await desk.session.flush()
    assert await complete_delivered_orders(desk.session, now=desk.now + 8 * DAYS, limit=2) == 1
    assert [order.status.value for order in (*owing, paid)] == ["placed", "placed", "completed"]


async def test_what_was_offered_before_the_cash_came_is_not_made_after_it(desk: Desk) -> None:
    order = await desk.order({desk.small: 2})
    (tea,) = await desk.lines(order)
    change = await propose_change(desk.session, order_id=order.id, steps=[Remove(tea.id, 1)], by="staff", now=desk.now)
    assert change.preview["back"] == 0
    await mark_paid(desk.session, order_id=order.id, proof="cash", now=desk.now)
    yes = confirm_change(desk.session, change_id=change.id, customer_id=desk.customer, now=desk.now)
    await refused(desk, "change.stale", yes)
    await desk.change(order, Remove(tea.id, 1))
    assert await refunds(desk, order) == [("changed", 6800)]


async def test_a_gift_of_the_staff_is_not_taken_back_by_a_cheaper_cash_order(desk: Desk) -> None:
    order = await desk.order({desk.small: 2})
    await mark_paid(desk.session, order_id=order.id, proof="cash", now=desk.now)
    await desk.refund(order, 500)
    (tea,) = await desk.lines(order)
    await desk.change(order, Remove(tea.id, 1))
    assert await refunds(desk, order) == [("goodwill", 500), ("changed", 6800)]
    assert await owed(desk.session, order) == 0


async def test_money_that_comes_twice_goes_back_whole_also_after_a_return_and_a_gift(desk: Desk) -> None:
    order = await desk.paid({desk.small: 1, desk.cup: 1})
    await delivered(desk, order)
    tea, _cup = await desk.lines(order)
    await comes_back(desk, await asks_back(desk, order, tea.id, 1))
    await desk.refund(order, 500)
    intent = await new_intent(
        desk.session, order_id=order.id, number=order.number, provider="cod", money=Money(8800, "CNY"), now=desk.now
    )
    again = await capture(desk.session, intent, amount=8800, proof="twice", now=desk.now)
    await money_arrived(desk.session, order, again, now=desk.now)
    assert await refunds(desk, order) == [("return", 6800), ("goodwill", 500), ("overpaid", 8800)]


async def test_a_gift_on_an_order_paid_in_parts_does_not_keep_it_from_being_placed(desk: Desk) -> None:
    order = await desk.order({desk.small: 1}, PaymentMethod.SIMULATOR)
    await mark_paid(desk.session, order_id=order.id, proof="x", amount=3000, now=desk.now)
    await desk.refund(order, 500)
    await arrive(desk, order)
    assert (order.status, await owed(desk.session, order)) == (OrderStatus.PLACED, 0)
    draft = await drafted(desk, PaymentMethod.TRANSFER)
    early = await capture_unasked(
        desk.session,
        order_id=draft.id,
        number=draft.number,
        provider="transfer",
        money=Money(6800, "CNY"),
        instrument=None,
        now=desk.now,
    )
    await money_arrived(desk.session, draft, early, now=desk.now)
    await send_draft(desk.session, order_id=draft.id, now=desk.now, unpaid_for=15 * MINUTES)
    assert (draft.status, await desk.to_pay(draft)) == (OrderStatus.PLACED, [])
    await sound(desk)


async def test_cash_for_a_parcel_that_was_refused_at_the_door_is_asked_for_no_more(desk: Desk) -> None:
    order = await desk.order({desk.small: 2})
    (tea,) = await desk.lines(order)
    for state in (ShipmentState.DELIVERED, ShipmentState.RETURNED_TO_SENDER):
        parcel = await sent(desk, order, {tea.id: 1})
        await say(desk.session, shipment_id=parcel.id, state=state, text="", now=desk.now + MINUTES)
    assert await refund_parcel(desk.session, shipment_id=parcel.id, now=desk.now) == 0
    assert await desk.to_pay(order) == [("cod", 6800)]
    await mark_paid(desk.session, order_id=order.id, proof="cash", now=desk.now)
    assert ((await desk.view(order)).payment_state, await refunds(desk, order)) == ("paid", [])
    assert await complete_delivered_orders(desk.session, now=desk.now + 8 * DAYS) == 1
    await sound(desk)


async def test_an_order_that_becomes_a_large_cash_order_waits_for_a_call(desk: Desk) -> None:
    await set_policy(desk.session, Policy(cod_confirm_above=6799))
    order = await desk.paid({desk.small: 1})
    await desk.change(order, PayBy(PaymentMethod.COD))
    assert (order.hold_reason, await desk.to_pay(order)) == (HoldReason.COD_CONFIRM, [("cod", 6800)])


# Money for a change


async def test_too_little_money_makes_no_change_and_too_much_goes_back(desk: Desk) -> None:
    order = await desk.paid({desk.small: 1})
    (tea,) = await desk.lines(order)
    change = await desk.change(order, *swap(tea.id, desk.large, 1))
    await arrive(desk, order, amount=2999)
    assert (change.state, order.total_amount) == (ChangeState.EXPIRED, 6800)
    assert (await refunds(desk, order), await desk.reserved(desk.large)) == ([("overpaid", 2999)], 0)
    change = await desk.change(order, *swap(tea.id, desk.large, 1))
    await arrive(desk, order, amount=3001)
    assert (change.state, order.total_amount) == (ChangeState.APPLIED, 9800)
    assert await refunds(desk, order) == [("overpaid", 2999), ("overpaid", 1)]
    await sound(desk)


async def test_a_replacement_that_nobody_paid_in_time_does_not_live_again(desk: Desk) -> None:
    """What it had taken over goes back, so the late difference alone does not pay for it."""
    order = await desk.order({desk.small: 1}, PaymentMethod.SIMULATOR)
    (tea,) = await desk.lines(order)
    tea.discount_amount, tea.total_amount = 6000, 800
    order.discount_amount, order.total_amount = 6000, 800
    desk.session.add(OrderAdjustment(order_id=order.id, line_id=tea.id, kind="exchange", label={}, amount=6000))
    await desk.session.execute(update(Intent).where(Intent.order_id == order.id).values(amount=800))
    await expire_unpaid_orders(desk.session, now=desk.now + 15 * MINUTES)
    await arrive(desk, order, late=16 * MINUTES, amount=800)
    assert (order.status, await refunds(desk, order)) == (OrderStatus.EXPIRED, [("late_payment", 800)])
    assert await desk.reserved(desk.small) == 0


async def test_a_change_that_is_paid_by_bank_transfer_waits_two_days_for_it(desk: Desk) -> None:
    order = await desk.order({desk.small: 1}, PaymentMethod.TRANSFER)
    await mark_paid(desk.session, order_id=order.id, proof="line 1", now=desk.now)
    (tea,) = await desk.lines(order)
    change = await desk.change(order, *swap(tea.id, desk.large, 1))
    assert (change.state.value, change.expires_at) == ("awaiting_payment", desk.now + 2 * DAYS)


# Parcels and returns


async def test_an_order_is_delivered_when_what_was_not_sent_is_cancelled(desk: Desk) -> None:
    order = await desk.paid({desk.small: 2})
    (tea,) = await desk.lines(order)
    parcel = await sent(desk, order, {tea.id: 1})
    await say(desk.session, shipment_id=parcel.id, state=ShipmentState.DELIVERED, text="", now=desk.now)
    assert order.delivered_at is None
    await desk.change(order, Remove(tea.id, 1))
    assert order.delivered_at == desk.now
    assert await complete_delivered_orders(desk.session, now=desk.now + 7 * DAYS) == 1


async def test_a_lost_replacement_is_not_paid_back_with_its_own_money_alone(desk: Desk) -> None:
    order = await desk.paid({desk.small: 1}, discount=6000)
    await desk.session.execute(update(OrderAdjustment).values(kind="exchange"))
    (tea,) = await desk.lines(order)
    parcel = await sent(desk, order, {tea.id: 1})
    await say(desk.session, shipment_id=parcel.id, state=ShipmentState.LOST, text="", now=desk.now + MINUTES)
    await refused(desk, "shipment.exchanged", refund_parcel(desk.session, shipment_id=parcel.id, now=desk.now))


async def test_pieces_of_a_replacement_are_not_cancelled_one_by_one_for_their_difference(desk: Desk) -> None:
    order = await desk.paid({desk.small: 2}, discount=12000)
    await desk.session.execute(update(OrderAdjustment).values(kind="exchange"))
    (tea,) = await desk.lines(order)
    for steps in ([Remove(tea.id, 1)], swap(tea.id, desk.large, 1)):
        await refused(desk, "change.exchanged", desk.change(order, *steps))
    assert (await desk.change(order, Remove(tea.id, 2))).kind is ChangeKind.CANCEL
    assert (order.status, await refunds(desk, order)) == (OrderStatus.CANCELLED, [("cancelled", 1600)])


async def test_the_way_there_is_paid_back_only_when_nothing_of_the_order_stays(desk: Desk) -> None:
    order = await desk.paid({desk.small: 1, desk.cup: 1})
    await delivered(desk, order)
    tea, cup = await desk.lines(order)
    first, second = await asks_back(desk, order, tea.id, 1), await asks_back(desk, order, cup.id, 1)
    second.shipping_amount = 1000  # as it was promised when all of the order was to come back
    await cancel_return(desk.session, return_id=first.id, customer_id=desk.customer, by="shopper", now=desk.now)
    await comes_back(desk, second)
    assert await refunds(desk, order) == [("return", 2000)]


async def test_an_order_in_a_packed_parcel_goes_to_no_other_address(desk: Desk) -> None:
    order = await desk.paid({desk.small: 1})
    home = await save_address(desk.session, customer_id=desk.customer, parsed=LI, now=desk.now)
    parcel = await make_shipment(desk.session, order_id=order.id, now=desk.now)
    await pick_shipment(desk.session, shipment_id=parcel.id, now=desk.now)
    await refused(desk, "order.being_packed", desk.change(order, SendTo(home.id)))
    await cancel_shipment(desk.session, shipment_id=parcel.id, now=desk.now)
    assert (await desk.change(order, SendTo(home.id))).state is ChangeState.APPLIED


async def test_stock_of_a_parcel_that_goes_out_again_is_given_back_with_it_and_not_before(desk: Desk) -> None:
    order = await desk.paid({desk.small: 2})
    (tea,) = await desk.lines(order)
    lost = await sent(desk, order, {tea.id: 1})
    await say(desk.session, shipment_id=lost.id, state=ShipmentState.LOST, text="", now=desk.now + MINUTES)
    again = await reship(desk.session, shipment_id=lost.id, now=desk.now)
    await desk.change(order, Remove(tea.id, 1))
    assert await desk.reserved(desk.small) == 1
    await cancel_shipment(desk.session, shipment_id=again.id, now=desk.now)
    assert await desk.reserved(desk.small) == 0
