"""Orders after they were made: changed by proposals, paid in parts, drafted by staff, completed; the money adds up."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import inspect, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.announcements import Announcement
from commerce.carts.actions import add_line
from commerce.carts.choices import set_choice
from commerce.carts.model import Choice
from commerce.catalog.model import Variant
from commerce.credit.actions import accounts_of, adjust_credit
from commerce.customers.actions import save_address
from commerce.customers.address import AddressText
from commerce.inventory.actions import receive_stock
from commerce.inventory.model import StockLevel
from commerce.orders.actions import (
    ask_for_part,
    cancel_items,
    cancel_order,
    change_order,
    clear_hold,
    complete_delivered_orders,
    confirm_change,
    decline_change,
    expire_changes,
    expire_unpaid_orders,
    make_draft,
    mark_paid,
    mark_shipped,
    open_change,
    order_view,
    place_order,
    preview_change,
    propose_change,
    quote,
    send_draft,
)
from commerce.orders.invariants import INVARIANTS
from commerce.orders.model import (
    ChangeKind,
    ChangeState,
    HoldReason,
    Order,
    OrderChange,
    OrderLine,
    OrderStatus,
    PaymentMethod,
    RefundAsk,
    RefundAskState,
)
from commerce.orders.policy import Policy, set_policy
from commerce.orders.queries import OrderView, order_shares
from commerce.orders.refund_asks import approve_refund, ask_refund, refuse_refund
from commerce.orders.settlement import settle, settle_refund_answer
from commerce.orders.steps import Add, CancelAll, PayBy, Remove, SendTo, Step, swap
from commerce.payments.model import Intent, IntentState, Refund
from commerce.payments.port import RefundOutcome, Session, SessionState
from commerce.points.actions import adjust_points, points_of
from commerce.promotions.coupons import give, usable_coupons
from foundation.database import Database
from foundation.errors import Refused
from foundation.money import Money
from tests.goods import ZHANG, a_customer, a_product, holds_of
from tests.test_coupons import a_batch

MINUTES, DAYS = timedelta(minutes=1), timedelta(days=1)
LI = AddressText("李四", "+8613900139000", "上海市浦东新区世纪大道100号")
_numbers = count(1)


@dataclass
class Desk:
    """A shopper with an address, a tea in two sizes (small 68.00, large 98.00) and a cup (20.00), ten of each."""

    session: AsyncSession
    now: datetime
    customer: int
    small: int
    large: int
    cup: int

    async def order(
        self, pieces: dict[int, int], method: PaymentMethod = PaymentMethod.COD, *, discount: int = 0
    ) -> Order:
        """An order as the shop would make it; `discount` is taken off its first line."""
        order = await make_draft(
            self.session,
            customer_id=self.customer,
            pieces=pieces,
            payment_method=method,
            language="zh",
            now=self.now,
        )
        if discount:
            line = (await self.lines(order))[0]
            line.discount_amount, line.total_amount = discount, line.total_amount - discount
            order.discount_amount, order.total_amount = discount, order.total_amount - discount
            await self.session.flush()
            await self.session.execute(
                text(
                    "INSERT INTO order_adjustment (order_id, line_id, kind, label, amount)"
                    " VALUES (:order, :line, 'promotion', '{}', :amount)"
                ),
                {"order": order.id, "line": line.id, "amount": discount},
            )
        return await send_draft(self.session, order_id=order.id, now=self.now, unpaid_for=15 * MINUTES)

    async def paid(self, pieces: dict[int, int], *, discount: int = 0) -> Order:
        """An order that was paid online."""
        order = await self.order(pieces, PaymentMethod.SIMULATOR, discount=discount)
        await self.pay(order)
        return order

    async def pay(self, order: Order) -> None:
        """The provider says that what can be paid was paid."""
        open_ones = (IntentState.CREATED, IntentState.REQUIRES_ACTION)
        found = select(Intent).where(Intent.order_id == order.id, Intent.state.in_(open_ones))
        intent = (await self.session.scalars(found)).one()
        answer = Session("ref", intent.reference, "", SessionState.PAID, intent.money)
        await settle(self.session, intent_id=intent.id, answer=answer, now=self.now)

    async def lines(self, order: Order) -> list[OrderLine]:
        found = select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.position)
        return list(await self.session.scalars(found.execution_options(populate_existing=True)))

    async def change(self, order: Order, *steps: Step, reason: str = "") -> OrderChange:
        return await change_order(
            self.session, order_id=order.id, customer_id=self.customer, steps=steps, now=self.now, reason=reason
        )

    async def view(self, order: Order) -> OrderView:
        await self.session.flush()
        return await order_view(self.session, order.id)

    async def reserved(self, variant: int) -> int:
        await self.session.flush()
        found = select(StockLevel.reserved).where(StockLevel.variant_id == variant)
        return (await self.session.scalars(found.execution_options(populate_existing=True))).one()

    async def to_pay(self, order: Order) -> list[tuple[str, int]]:
        """What can be paid now: (provider, amount)."""
        await self.session.flush()
        open_ones = (IntentState.CREATED, IntentState.REQUIRES_ACTION)
        found = select(Intent.provider, Intent.amount).where(Intent.order_id == order.id, Intent.state.in_(open_ones))
        return [(provider, amount) for provider, amount in await self.session.execute(found)]

    async def told(self) -> list[str]:
        await self.session.flush()
        return list(await self.session.scalars(select(Announcement.kind).order_by(Announcement.id)))

    async def receive(self, *variants: int) -> None:
        for variant in variants:
            await receive_stock(self.session, variant_id=variant, quantity=20, reference="more", now=self.now)

    async def refund(self, order: Order, amount: int) -> None:
        key = f"key-{next(_numbers)}"
        await ask_refund(
            self.session,
            order_id=order.id,
            key=key,
            amount=amount,
            reason="x",
            to_credit=False,
            staff_id=1,
            limit=None,
            now=self.now,
        )

    async def fresh(self) -> None:
        """Read again what a savepoint that was rolled back has made stale."""
        for one in list(self.session):
            if inspect(one).expired_attributes:
                await self.session.refresh(one)

    async def sound(self) -> None:
        """Every rule of the self-check holds."""
        await self.session.flush()
        for name, query in INVARIANTS.items():
            assert (await self.session.execute(text(query))).all() == [], name


@pytest.fixture
async def desk(session: AsyncSession, now: datetime) -> Desk:
    return await a_desk(session, now)


async def a_desk(session: AsyncSession, now: datetime) -> Desk:
    small = await a_product(session, now=now, price=6800)
    product = (await session.get_one(Variant, small)).product_id
    large = Variant(product_id=product, sku=f"LARGE-{next(_numbers)}", price_amount=9800, currency="CNY", position=1)
    session.add(large)
    await session.flush()
    await receive_stock(session, variant_id=large.id, quantity=10, reference="opening", now=now)
    cup = await a_product(session, now=now, title="青瓷杯", price=2000)
    customer = await a_customer(session, now=now)
    await save_address(session, customer_id=customer.id, parsed=ZHANG, now=now)
    return Desk(session, now, customer.id, small, large.id, cup)


async def refused(desk: Desk, code: str, act: object) -> Refused:
    """The act is refused with this code and leaves nothing behind."""
    savepoint = await desk.session.begin_nested()
    with pytest.raises(Refused) as refusal:
        await act  # type: ignore[misc]
    await savepoint.rollback()
    await desk.fresh()
    assert refusal.value.code == code
    return refusal.value


# Items


async def test_a_cash_order_is_changed_at_once_and_paid_at_the_door(desk: Desk) -> None:
    order = await desk.order({desk.small: 2, desk.cup: 1})
    tea, _cup = await desk.lines(order)
    drawn = await preview_change(desk.session, order_id=order.id, steps=swap(tea.id, desk.large, 1), now=desk.now)
    assert (drawn.preview.before, drawn.preview.after) == (15600, 18600)
    assert (drawn.preview.pay_now, drawn.preview.back) == (0, 0)
    change = await desk.change(order, *swap(tea.id, desk.large, 1))
    assert change.state is ChangeState.APPLIED
    view = await desk.view(order)
    assert [(line.variant_id, line.open, line.total.amount) for line in view.lines] == [
        (desk.small, 1, 13600),
        (desk.cup, 1, 2000),
        (desk.large, 1, 9800),
    ]
    assert view.total == Money(18600, "CNY")
    assert await desk.to_pay(order) == [("cod", 18600)]
    assert [await desk.reserved(one) for one in (desk.small, desk.large, desk.cup)] == [1, 1, 1]
    assert (await desk.told())[-1] == "order_changed"
    await desk.sound()
    await mark_shipped(desk.session, order_id=order.id, tracking_number="SF1", carrier="顺丰", now=desk.now)
    assert [await desk.reserved(one) for one in (desk.small, desk.large, desk.cup)] == [0, 0, 0]


async def test_a_paid_order_that_becomes_dearer_is_changed_when_the_difference_is_paid(desk: Desk) -> None:
    order = await desk.paid({desk.small: 2})
    (tea,) = await desk.lines(order)
    change = await desk.change(order, *swap(tea.id, desk.large, 2))
    assert change.state is ChangeState.AWAITING_PAYMENT
    assert await desk.to_pay(order) == [("simulator", 6000)]
    view = await desk.view(order)
    assert (view.total.amount, view.to_pay.amount, view.lines[0].open) == (13600, 6000, 2)
    assert (await desk.reserved(desk.small), await desk.reserved(desk.large)) == (2, 2)
    await refused(desk, "change.open", desk.change(order, Remove(tea.id, 1)))
    await desk.sound()
    await desk.pay(order)
    view = await desk.view(order)
    assert (change.state, view.total.amount, view.payment_state) == (ChangeState.APPLIED, 19600, "paid")
    assert (await desk.reserved(desk.small), await desk.reserved(desk.large)) == (0, 2)
    assert (await desk.told())[-2:] == ["change_awaiting_payment", "order_changed"]
    await desk.sound()


async def test_a_change_nobody_pays_for_in_time_is_given_up_and_late_money_goes_back(desk: Desk) -> None:
    order = await desk.paid({desk.small: 2})
    (tea,) = await desk.lines(order)
    await desk.change(order, *swap(tea.id, desk.large, 1))
    intent = (await desk.session.scalars(select(Intent).where(Intent.change_id.is_not(None)))).one()
    assert await expire_changes(desk.session, now=desk.now + 29 * MINUTES) == 0
    assert await expire_changes(desk.session, now=desk.now + 30 * MINUTES) == 1
    assert (await desk.reserved(desk.large), await desk.to_pay(order)) == (0, [])
    assert (await desk.told())[-1] == "change_expired"
    answer = Session("ref", intent.reference, "", SessionState.PAID, intent.money)
    await settle(desk.session, intent_id=intent.id, answer=answer, now=desk.now + 31 * MINUTES)
    (refund,) = await desk.session.scalars(select(Refund))
    assert (refund.amount, refund.reason) == (3000, "overpaid")
    assert (await desk.view(order)).total.amount == 13600
    await desk.sound()


async def test_a_change_paid_after_the_parcel_left_goes_back(desk: Desk) -> None:
    order = await desk.paid({desk.small: 2})
    (tea,) = await desk.lines(order)
    change = await desk.change(order, *swap(tea.id, desk.large, 1))
    await mark_shipped(desk.session, order_id=order.id, tracking_number="SF1", carrier="顺丰", now=desk.now)
    await desk.pay(order)
    (refund,) = await desk.session.scalars(select(Refund))
    assert (change.state, refund.amount, await desk.reserved(desk.large)) == (ChangeState.EXPIRED, 3000, 0)
    assert "change_failed" in await desk.told()
    await desk.sound()


async def test_what_a_cheaper_order_was_paid_too_much_goes_back_once(desk: Desk) -> None:
    order = await desk.paid({desk.small: 3, desk.cup: 1}, discount=100)
    tea, cup = await desk.lines(order)
    change = await desk.change(order, Remove(tea.id, 1), Remove(cup.id, 1))
    again = await confirm_change(desk.session, change_id=change.id, customer_id=desk.customer, now=desk.now)
    assert again.state is ChangeState.APPLIED
    (refund,) = await desk.session.scalars(select(Refund))
    assert refund.key.startswith(f"refund:change:{change.id}")
    assert refund.amount == 6800 - 33 + 2000
    view = await desk.view(order)
    assert (view.discount.amount, view.total.amount) == (67, 2 * 6800 - 67)
    assert (await desk.reserved(desk.small), await desk.reserved(desk.cup)) == (2, 0)
    await desk.sound()


async def test_cancelling_all_that_is_left_cancels_the_order(desk: Desk) -> None:
    order = await desk.paid({desk.small: 2})
    (tea,) = await desk.lines(order)
    change = await cancel_items(
        desk.session, order_id=order.id, customer_id=desk.customer, pieces={tea.id: 2}, reason="", now=desk.now
    )
    assert (change.kind, change.state) == (ChangeKind.CANCEL, ChangeState.APPLIED)
    assert (order.status, await desk.reserved(desk.small)) == (OrderStatus.CANCELLED, 0)
    assert [refund.amount for refund in await desk.session.scalars(select(Refund))] == [13600]
    await desk.sound()


async def test_a_change_that_cannot_be_is_refused_and_leaves_nothing(desk: Desk) -> None:
    order = await desk.order({desk.small: 2})
    (tea,) = await desk.lines(order)
    foreign = await desk.order({desk.cup: 1})
    (other,) = await desk.lines(foreign)
    await refused(desk, "change.other_product", desk.change(order, *swap(tea.id, desk.cup, 1)))
    await refused(desk, "change.nothing", desk.change(order, *swap(tea.id, desk.small, 1)))
    await refused(desk, "change.nothing", desk.change(order))
    await refused(desk, "change.no_such_line", desk.change(order, Remove(other.id, 1)))
    await refused(desk, "change.pieces", desk.change(order, Remove(tea.id, 3)))
    await refused(desk, "change.quantity", desk.change(order, Add(desk.cup, 100)))
    await refused(desk, "stock.short", desk.change(order, Add(desk.cup, 10)))
    await refused(desk, "change.unavailable", desk.change(order, Add(10**9, 1)))
    stranger = change_order(
        desk.session, order_id=order.id, customer_id=desk.customer + 1, steps=[Remove(tea.id, 1)], now=desk.now
    )
    await refused(desk, "order.unknown", stranger)
    await mark_shipped(desk.session, order_id=order.id, tracking_number="SF1", carrier="顺丰", now=desk.now)
    await refused(desk, "change.pieces", desk.change(order, Remove(tea.id, 1)))
    await refused(desk, "order.shipped", desk.change(order, CancelAll()))
    await cancel_order(desk.session, order_id=foreign.id, by="staff", reason="x", now=desk.now)
    await refused(desk, "change.not_now", desk.change(foreign, Remove(other.id, 1)))
    assert (await desk.session.scalars(select(OrderChange))).all() == []


# Proposals


async def test_a_proposal_of_the_staff_waits_for_the_shopper(desk: Desk) -> None:
    order = await desk.order({desk.small: 2})
    (tea,) = await desk.lines(order)

    async def propose() -> OrderChange:
        return await propose_change(
            desk.session, order_id=order.id, steps=[Remove(tea.id, 1)], by="staff", reason="broken", now=desk.now
        )

    first, second = await propose(), await propose()
    assert (first.state, second.state) == (ChangeState.DECLINED, ChangeState.PROPOSED)
    assert (await desk.told())[-1] == "change_proposed"
    stranger = confirm_change(desk.session, change_id=second.id, customer_id=desk.customer + 1, now=desk.now)
    await refused(desk, "change.unknown", stranger)
    late = confirm_change(desk.session, change_id=second.id, customer_id=desk.customer, now=desk.now + DAYS)
    await refused(desk, "change.over", late)
    await decline_change(desk.session, change_id=second.id, by="shopper", customer_id=desk.customer, now=desk.now)
    declined = confirm_change(desk.session, change_id=second.id, customer_id=desk.customer, now=desk.now)
    await refused(desk, "change.over", declined)
    third = await propose()
    await desk.session.execute(update(Order).where(Order.id == order.id).values(version=Order.version + 1))
    stale = confirm_change(desk.session, change_id=third.id, customer_id=desk.customer, now=desk.now)
    await refused(desk, "change.stale", stale)
    fourth = await propose()
    await confirm_change(desk.session, change_id=fourth.id, customer_id=desk.customer, now=desk.now)
    assert (await desk.view(order)).total.amount == 6800
    assert await open_change(desk.session, order.id) is None
    await desk.sound()


async def test_the_policy_says_what_may_be_changed_and_how_often(desk: Desk) -> None:
    rules = Policy(
        kinds=frozenset(ChangeKind) - {ChangeKind.ADDRESS},
        once=frozenset({ChangeKind.CANCEL_ITEMS}),
        final=frozenset({ChangeKind.ITEMS}),
        cancel_reasons=("no longer needed", "ordered by mistake"),
    )
    await set_policy(desk.session, rules)
    order = await desk.order({desk.small: 4})
    (tea,) = await desk.lines(order)
    await refused(desk, "change.not_allowed", desk.change(order, SendTo(order.address_id)))
    why = await refused(desk, "change.reason", desk.change(order, Remove(tea.id, 1), reason="bored"))
    assert why.facts["reasons"] == ["no longer needed", "ordered by mistake"]
    await desk.change(order, Remove(tea.id, 1), reason="no longer needed")
    await refused(desk, "change.once", desk.change(order, Remove(tea.id, 1), reason="no longer needed"))
    await desk.change(order, *swap(tea.id, desk.large, 1))
    await refused(desk, "change.final", desk.change(order, Add(desk.cup, 1)))
    cancelling = cancel_order(desk.session, order_id=order.id, by="shopper", reason="no longer needed", now=desk.now)
    await refused(desk, "change.final", cancelling)
    await cancel_order(desk.session, order_id=order.id, by="staff", reason="asked by phone", now=desk.now)
    await desk.sound()


# Address and payment


async def test_another_address_is_sealed_into_the_order_before_it_is_sent(desk: Desk) -> None:
    order = await desk.order({desk.small: 1})
    home = await save_address(desk.session, customer_id=desk.customer, parsed=LI, now=desk.now)
    await desk.change(order, SendTo(home.id))
    assert (await desk.view(order)).address_line == "李* 139****9000 上海市浦东新…"
    stranger = await a_customer(desk.session, now=desk.now)
    theirs = await save_address(desk.session, customer_id=stranger.id, parsed=LI, now=desk.now)
    await refused(desk, "address.unknown", desk.change(order, SendTo(theirs.id)))
    await mark_shipped(desk.session, order_id=order.id, tracking_number="SF1", carrier="顺丰", now=desk.now)
    await refused(desk, "change.shipped", desk.change(order, SendTo(home.id)))


async def test_cash_becomes_an_online_payment_when_that_is_paid(desk: Desk) -> None:
    order = await desk.order({desk.small: 1})
    await refused(desk, "change.same_payment", desk.change(order, PayBy(PaymentMethod.COD)))
    change = await desk.change(order, PayBy(PaymentMethod.SIMULATOR))
    assert (order.payment_method, await desk.to_pay(order)) == (PaymentMethod.COD, [("simulator", 6800)])
    await decline_change(desk.session, change_id=change.id, by="shopper", customer_id=desk.customer, now=desk.now)
    assert await desk.to_pay(order) == [("cod", 6800)]
    await desk.change(order, PayBy(PaymentMethod.SIMULATOR))
    await desk.pay(order)
    assert (order.payment_method, await desk.to_pay(order)) == (PaymentMethod.SIMULATOR, [])
    assert (await desk.view(order)).payment_state == "paid"
    await desk.sound()


async def test_a_paid_order_is_paid_by_store_credit_instead_and_the_card_gets_its_money_back(desk: Desk) -> None:
    order = await desk.paid({desk.small: 1})
    await adjust_credit(
        desk.session, customer_id=desk.customer, amount=6799, currency="CNY", reason="x", reference="1", now=desk.now
    )
    (account,) = await accounts_of(desk.session, desk.customer)
    by_credit = PayBy(PaymentMethod.CREDIT, account.account_id)
    await refused(desk, "credit.short", desk.change(order, by_credit))
    await adjust_credit(
        desk.session, customer_id=desk.customer, amount=1, currency="CNY", reason="x", reference="2", now=desk.now
    )
    await desk.change(order, by_credit)
    assert order.payment_method is PaymentMethod.CREDIT
    assert await accounts_of(desk.session, desk.customer) == []
    (refund,) = await desk.session.scalars(select(Refund))
    assert (refund.provider, refund.amount) == ("simulator", 6800)
    await settle_refund_answer(desk.session, refund_id=refund.id, outcome=RefundOutcome.SUCCEEDED, now=desk.now)
    assert (await desk.view(order)).payment_state == "paid"
    await desk.sound()
    await cancel_order(desk.session, order_id=order.id, by="shopper", reason="x", now=desk.now)
    assert [one.balance for one in await accounts_of(desk.session, desk.customer)] == [6800]
    await desk.sound()


async def test_an_unpaid_order_is_placed_when_cash_or_credit_takes_over(desk: Desk) -> None:
    order = await desk.order({desk.small: 1}, PaymentMethod.SIMULATOR)
    await desk.change(order, PayBy(PaymentMethod.COD))
    assert (order.status, await desk.to_pay(order)) == (OrderStatus.PLACED, [("cod", 6800)])
    await adjust_credit(
        desk.session, customer_id=desk.customer, amount=9000, currency="CNY", reason="x", reference="1", now=desk.now
    )
    (account,) = await accounts_of(desk.session, desk.customer)
    second = await desk.order({desk.small: 1}, PaymentMethod.SIMULATOR)
    await desk.change(second, PayBy(PaymentMethod.CREDIT, account.account_id))
    assert (second.status, await desk.to_pay(second)) == (OrderStatus.PLACED, [])
    await desk.sound()


# Parts of the money


async def test_an_order_paid_in_parts_is_placed_with_the_last_one_and_too_much_goes_back(desk: Desk) -> None:
    order = await desk.order({desk.small: 1}, PaymentMethod.SIMULATOR)
    await refused(
        desk, "order.payment_amount", ask_for_part(desk.session, order_id=order.id, amount=6800, now=desk.now)
    )
    await ask_for_part(desk.session, order_id=order.id, amount=2000, now=desk.now)
    assert await desk.to_pay(order) == [("simulator", 2000)]
    await desk.pay(order)
    assert (order.status, await desk.to_pay(order)) == (OrderStatus.PENDING, [("simulator", 4800)])
    await mark_paid(desk.session, order_id=order.id, proof="slip 1", amount=800, now=desk.now)
    view = await desk.view(order)
    assert (view.owed.amount, view.payment_state, await desk.to_pay(order)) == (
        4000,
        "part_paid",
        [("simulator", 4000)],
    )
    await mark_paid(desk.session, order_id=order.id, proof="slip 2", amount=4500, now=desk.now)
    (refund,) = await desk.session.scalars(select(Refund))
    assert (order.status, refund.amount, await desk.to_pay(order)) == (OrderStatus.PLACED, 500, [])
    await refused(desk, "order.already_paid", mark_paid(desk.session, order_id=order.id, proof="x", now=desk.now))
    await desk.sound()


async def test_the_staff_gives_back_up_to_its_limit_and_above_it_somebody_agrees(desk: Desk) -> None:
    order = await desk.paid({desk.small: 3})

    async def ask(key: str, amount: int) -> RefundAskState:
        asked = await ask_refund(
            desk.session,
            order_id=order.id,
            key=key,
            amount=amount,
            reason="scratched",
            to_credit=False,
            staff_id=1,
            limit=3000,
            now=desk.now,
        )
        return asked.state

    assert [await ask("a", 2000), await ask("a", 2000), await ask("b", 1001)] == ["given", "given", "waiting"]
    waiting = (await desk.session.scalars(select(RefundAsk.id).where(RefundAsk.state == RefundAskState.WAITING))).one()
    by_agent = approve_refund(desk.session, ask_id=waiting, staff_id=1, limit=3000, now=desk.now)
    await refused(desk, "refund.above_limit", by_agent)
    await approve_refund(desk.session, ask_id=waiting, staff_id=2, limit=None, now=desk.now)
    await approve_refund(desk.session, ask_id=waiting, staff_id=2, limit=None, now=desk.now)
    late = refuse_refund(desk.session, ask_id=waiting, staff_id=2, now=desk.now)
    await refused(desk, "refund.decided", late)
    await refused(desk, "refund.too_much", ask("c", 20400 - 3001 + 1))
    assert sorted(refund.amount for refund in await desk.session.scalars(select(Refund))) == [1001, 2000]
    assert (await desk.view(order)).going_back.amount == 3001
    await desk.sound()


# Drafts, holds, the good end


async def test_a_draft_holds_nothing_until_it_is_sent_and_then_waits_for_its_money(desk: Desk) -> None:
    order = await make_draft(
        desk.session,
        customer_id=desk.customer,
        pieces={desk.small: 1},
        payment_method=PaymentMethod.SIMULATOR,
        language="zh",
        now=desk.now,
    )
    assert (order.status, await desk.reserved(desk.small), await desk.to_pay(order)) == (OrderStatus.DRAFT, 0, [])
    for _ in range(2):
        await send_draft(desk.session, order_id=order.id, now=desk.now, unpaid_for=15 * MINUTES)
    assert (order.status, await desk.reserved(desk.small)) == (OrderStatus.PENDING, 1)
    assert (await desk.told(), await desk.to_pay(order)) == (["order_awaiting_payment"], [("simulator", 6800)])
    assert await expire_unpaid_orders(desk.session, now=desk.now + 15 * MINUTES) == 1
    assert (order.status, await desk.reserved(desk.small)) == (OrderStatus.EXPIRED, 0)
    await desk.sound()


async def test_a_large_cash_order_waits_for_a_call(desk: Desk) -> None:
    await set_policy(desk.session, Policy(cod_confirm_above=6800))
    small, large = await desk.order({desk.small: 1}), await desk.order({desk.small: 2})
    assert (small.hold_reason, large.hold_reason) == (None, HoldReason.COD_CONFIRM)
    sending = mark_shipped(desk.session, order_id=large.id, tracking_number="SF1", carrier="顺丰", now=desk.now)
    await refused(desk, "order.not_ready", sending)
    await clear_hold(desk.session, order_id=large.id, why="called", now=desk.now)
    await mark_shipped(desk.session, order_id=large.id, tracking_number="SF1", carrier="顺丰", now=desk.now)
    await refused(desk, "order.no_hold", clear_hold(desk.session, order_id=large.id, why="called", now=desk.now))


async def test_a_delivered_order_is_complete_when_its_return_window_is_over_and_it_is_paid(desk: Desk) -> None:
    paid, owing, moving = (
        await desk.paid({desk.small: 1}),
        await desk.order({desk.cup: 1}),
        await desk.paid({desk.cup: 1}),
    )
    for order in (paid, owing, moving):
        await mark_shipped(desk.session, order_id=order.id, tracking_number="SF1", carrier="顺丰", now=desk.now)
    for order in (paid, owing):
        order.delivered_at = desk.now
    await desk.session.flush()
    assert await complete_delivered_orders(desk.session, now=desk.now + 7 * DAYS - MINUTES) == 0
    assert await complete_delivered_orders(desk.session, now=desk.now + 7 * DAYS) == 1
    assert [order.status.value for order in (paid, owing, moving)] == ["completed", "placed", "placed"]
    await mark_paid(desk.session, order_id=owing.id, proof="cash", now=desk.now)
    assert await complete_delivered_orders(desk.session, now=desk.now + 7 * DAYS) == 1
    await desk.sound()


# What pays a part


async def test_a_coupon_points_and_credit_pay_their_part_and_come_back_when_it_is_cancelled(
    database: Database, now: datetime
) -> None:
    async with database.begin() as session:
        tea = await a_product(session, now=now, price=6800)
        customer = await a_customer(session, now=now)
        await add_line(session, customer_id=customer.id, variant_id=tea, quantity=2, now=now)
        address = await save_address(session, customer_id=customer.id, parsed=ZHANG, now=now)
        batch = await a_batch(session, now=now)
        await give(session, batch_id=batch.id, customer_id=customer.id, now=now)
        await adjust_points(session, customer_id=customer.id, points=600, reason="x", reference="1", now=now)
        await adjust_credit(
            session, customer_id=customer.id, amount=5000, currency="CNY", reason="x", reference="1", now=now
        )
        await set_choice(session, customer_id=customer.id, choice=Choice(points=600))
        offer = await quote(session, customer_id=customer.id, language="zh", now=now)
    assert (offer.total.amount, offer.due.amount) == (13600 - 1000 - 600, 13600 - 1000 - 600 - 5000)
    async with holds_of(database) as holds:
        await holds.hold(offer.hold_key, offer.holding, until=now + 15 * MINUTES, now=now)
    async with database.begin() as session:
        order = await place_order(
            session,
            customer_id=customer.id,
            cart_id=offer.cart_id,
            cart_version=offer.cart_version,
            priced=offer.priced,
            address_id=address.id,
            payment_method=PaymentMethod.SIMULATOR,
            hold_key=offer.hold_key,
            language="zh",
            now=now,
        )
        desk = Desk(session, now, customer.id, tea, tea, tea)
        shares = await order_shares(session, order_id=order.id)
        assert [(share.kind, share.amount.amount) for share in shares] == [("coupon", 1000), ("points", 600)]
        assert await desk.to_pay(order) == [("simulator", 7000)]
        assert (await points_of(session, customer.id)).available == 0
        assert (
            await accounts_of(session, customer.id),
            await usable_coupons(session, customer_id=customer.id, now=now),
        ) == ([], [])
        await desk.sound()
        await desk.pay(order)
        view = await desk.view(order)
        assert (view.status, view.payment_state, view.captured.amount) == ("placed", "paid", 12000)
        assert (await points_of(session, customer.id)).pending == order.points_earned == 120
        await desk.sound()
        await cancel_order(session, order_id=order.id, by="shopper", reason="x", now=now)
        assert [one.balance for one in await accounts_of(session, customer.id)] == [5000]
        balance = await points_of(session, customer.id)
        assert (balance.available, balance.pending) == (600, 0)
        assert len(await usable_coupons(session, customer_id=customer.id, now=now)) == 1
        await desk.sound()


# Whatever happens


async def test_random_events_never_leave_an_order_unsound(desk: Desk) -> None:
    """Everybody does anything in any order; what is refused changes nothing, and every rule holds after each event."""
    random = Random(20261122)
    done: Counter[str] = Counter()
    for method in (PaymentMethod.COD, PaymentMethod.SIMULATOR, PaymentMethod.TRANSFER):
        for discount in (0, 137):
            await desk.receive(desk.small, desk.large, desk.cup)
            order = await desk.order({desk.small: 3, desk.cup: 2}, method, discount=discount)
            for _ in range(14):
                name, act = random.choice(await events(desk, order, random))
                try:
                    async with desk.session.begin_nested():
                        await act()
                        await desk.session.flush()
                except Refused:
                    done["refused"] += 1
                else:
                    done[name] += 1
                await desk.fresh()
                desk.now += 3 * MINUTES
                await desk.sound()
    assert {"pay", "change", "cancel items", "ship", "hand"} <= set(done)


async def events(desk: Desk, order: Order, random: Random) -> Sequence[tuple[str, Callable[[], Awaitable[object]]]]:
    """What may be tried with an order now, sensible or not."""
    lines = await desk.lines(order)
    line = random.choice(lines)
    pieces = random.randint(1, 3)
    change = await open_change(desk.session, order.id)
    number = change.id if change else 0
    session, now, customer = desk.session, desk.now, desk.customer

    async def pay() -> None:
        if await desk.to_pay(order):
            await desk.pay(order)
        else:
            raise Refused("test.nothing_to_pay")

    return [
        ("pay", pay),
        ("hand", lambda: mark_paid(session, order_id=order.id, proof="x", amount=random.choice((None, 500)), now=now)),
        ("change", lambda: desk.change(order, *swap(line.id, desk.large, pieces))),
        ("add", lambda: desk.change(order, Add(desk.cup, pieces))),
        ("cancel items", lambda: desk.change(order, Remove(line.id, pieces))),
        ("method", lambda: desk.change(order, PayBy(random.choice(list(PaymentMethod)[:4])))),
        ("confirm", lambda: confirm_change(session, change_id=number, customer_id=customer, now=now)),
        ("decline", lambda: decline_change(session, change_id=number, by="staff", now=now)),
        ("expire changes", lambda: expire_changes(session, now=now + DAYS)),
        ("expire", lambda: expire_unpaid_orders(session, now=now)),
        ("ship", lambda: mark_shipped(session, order_id=order.id, tracking_number="SF1", carrier="顺丰", now=now)),
        ("refund", lambda: desk.refund(order, random.randint(1, 900))),
        ("cancel", lambda: cancel_order(session, order_id=order.id, by="shopper", reason="x", now=now)),
    ][: 13 if random.random() < 0.2 else 12]


# Rules alone


@given(st.integers(1, 99), st.integers(0, 10**6), st.data())
def test_the_pieces_of_a_line_carry_exactly_its_money_however_they_leave(
    quantity: int, unit: int, data: st.DataObject
) -> None:
    discount = data.draw(st.integers(0, unit * quantity))
    tax = data.draw(st.integers(0, unit))
    line = OrderLine(
        quantity=quantity,
        unit_amount=unit,
        discount_amount=discount,
        tax_amount=tax,
        tax_added=tax,
        cancelled=0,
        returned=0,
        shipped=0,
        total_amount=unit * quantity - discount + tax,
    )
    money = 0
    while line.cancelled < quantity:
        part = line.next_part(data.draw(st.integers(1, quantity - line.cancelled)))
        assert part.total >= 0
        money += part.total
        line.cancelled += part.goods // unit if unit else quantity
        if not unit:
            break
    assert not unit or money == line.total_amount
