"""Orders: from the cart to the parcel, and every way out."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from commerce.announcements import Announcement, announced
from commerce.carts.actions import add_line, cart_view
from commerce.catalog.model import Product, ProductStatus, Variant
from commerce.customers.actions import last_address, save_address
from commerce.customers.address import NOWHERE
from commerce.inventory.actions import expire_holds
from commerce.inventory.hold import Holds
from commerce.inventory.model import Hold, HoldState
from commerce.orders.actions import (
    cancel_order,
    expire_unpaid_orders,
    mark_paid,
    mark_refunded,
    mark_shipped,
    order_of,
    order_view,
    orders_of,
    place_order,
    quote,
)
from commerce.orders.model import (
    MOVES,
    FulfilmentState,
    Order,
    OrderEvent,
    OrderStatus,
    PaymentMethod,
    PaymentState,
    payment_state,
)
from commerce.orders.number import ALPHABET, draw_number, fresh_number, spelled
from commerce.orders.queries import order_address, their_order
from commerce.payments.model import Refund, RefundState
from foundation.database import Database
from foundation.errors import Refused
from foundation.money import Money
from tests.goods import ZHANG, Stock, a_customer, a_product, an_order, holds_of, stock_of

MINUTES = timedelta(minutes=1)


@pytest.fixture
async def holds(database: Database) -> AsyncIterator[Holds]:
    async with holds_of(database) as holds:
        yield holds


@pytest.fixture
async def tea(database: Database, now: datetime) -> int:
    async with database.begin() as session:
        return await a_product(session, now=now, title="龙井茶", price=6800, pieces=10)


@pytest.fixture
async def lesson(database: Database, now: datetime) -> int:
    """A variant of digital goods."""
    async with database.begin() as session:
        variant_id = await a_product(session, now=now, title="茶艺课", price=9900, pieces=10)
        variant = await session.get_one(Variant, variant_id)
        (await session.get_one(Product, variant.product_id)).is_digital = True
        return variant_id


async def told(database: Database) -> list[str]:
    """The kinds of everything announced, in order."""
    async with database.begin() as session:
        return list(await session.scalars(select(Announcement.kind).order_by(Announcement.id)))


# Placing


async def test_only_digital_goods_go_nowhere_and_are_with_the_shopper_when_they_are_handed_over(
    database: Database, holds: Holds, tea: int, lesson: int, now: datetime
) -> None:
    for lines in ({tea: 1}, {lesson: 1, tea: 1}):
        with pytest.raises(Refused, match=r"address\.unknown"):
            await an_order(database, holds, lines, now=now, to=NOWHERE)
    order = await an_order(database, holds, {lesson: 1}, now=now, to=NOWHERE)
    async with database.begin() as session:
        assert await last_address(session, customer_id=order.customer_id) is None
        assert (await order_view(session, order.number)).address_line == ""
        await mark_shipped(session, order_id=order.id, tracking_number="", carrier="", now=now)
        assert (await order_view(session, order.number)).fulfilment_state is FulfilmentState.DELIVERED
    assert (await told(database))[-1] == "parcel_delivered"


async def test_cash_on_delivery_is_placed_at_once_with_prices_texts_and_address_of_that_moment(
    database: Database, holds: Holds, tea: int, now: datetime
) -> None:
    order = await an_order(database, holds, {tea: 3}, now=now)
    async with database.begin() as session:
        variant = await session.get_one(Variant, tea)
        variant.price_amount = 9900
        await save_address(session, customer_id=order.customer_id, parsed=ZHANG, now=now)
    async with database.begin() as session:
        view = await order_view(session, order.number)
        address = await order_address(session, order_id=order.id)
    assert (view.status, view.payment_state, view.fulfilment_state) == ("placed", "unpaid", "none")
    assert [(line.title, line.quantity, line.unit, line.total) for line in view.lines] == [
        ("龙井茶", 3, Money(6800, "CNY"), Money(20400, "CNY"))
    ]
    assert view.total == Money(20400, "CNY")
    assert view.address_line == "张* 138****8000 浙江省杭州市…"
    assert address == ZHANG
    assert await stock_of(database, tea) == Stock(10, 3)
    assert await told(database) == ["order_placed"]


async def test_an_order_that_costs_nothing_waits_for_no_payment(
    database: Database, holds: Holds, now: datetime
) -> None:
    async with database.begin() as session:
        sample = await a_product(session, now=now, price=0)
    order = await an_order(database, holds, {sample: 1}, now=now, method=PaymentMethod.SIMULATOR)
    async with database.begin() as session:
        view = await order_view(session, order.id)
    assert (view.status, view.payment_state, view.intent_id) == ("placed", "paid", None)
    assert await stock_of(database, sample) == Stock(10, 1)


async def test_the_address_lies_sealed_in_the_order(database: Database, holds: Holds, tea: int, now: datetime) -> None:
    order = await an_order(database, holds, {tea: 1}, now=now)
    async with database.begin() as session:
        row = (await session.execute(text("SELECT orders::text FROM orders WHERE id = :id"), {"id": order.id})).one()
    for secret in ("张三", "13800138000", "文三路"):
        assert secret not in row[0]
        assert secret.encode() not in order.address_sealed


async def test_the_same_cart_confirmed_ten_times_at_once_is_one_order(
    database: Database, holds: Holds, tea: int, now: datetime
) -> None:
    async with database.begin() as session:
        customer = await a_customer(session, now=now)
        await add_line(session, customer_id=customer.id, variant_id=tea, quantity=2, now=now)
        address = await save_address(session, customer_id=customer.id, parsed=ZHANG, now=now)
        offer = await quote(session, customer_id=customer.id, language="zh", now=now)

    async def confirm() -> int:
        await holds.hold(offer.hold_key, offer.holding, until=now + 15 * MINUTES, now=now)
        async with database.begin() as session:
            order = await place_order(
                session,
                customer_id=customer.id,
                cart_id=offer.cart_id,
                cart_version=offer.cart_version,
                priced=offer.priced,
                address_id=address.id,
                payment_method=PaymentMethod.COD,
                hold_key=offer.hold_key,
                language="zh",
                now=now,
            )
            return order.id

    assert len(set(await asyncio.gather(*(confirm() for _ in range(10))))) == 1
    assert await stock_of(database, tea) == Stock(10, 2)
    assert await told(database) == ["order_placed"]
    async with database.begin() as session:
        assert (await cart_view(session, customer_id=customer.id, language="zh")).lines == ()


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("cart changed", "cart.changed"),
        ("price raised", "cart.changed"),
        ("cart of another", "cart.unknown"),
        ("address of another", "address.unknown"),
        ("product withdrawn", "cart.unavailable"),
        ("hold expired", "stock.hold_gone"),
    ],
)
async def test_an_order_that_cannot_be_placed_leaves_nothing_behind(
    database: Database, holds: Holds, tea: int, now: datetime, what: str, code: str
) -> None:
    async with database.begin() as session:
        customer, other = await a_customer(session, now=now), await a_customer(session, now=now)
        await add_line(session, customer_id=customer.id, variant_id=tea, quantity=2, now=now)
        address = await save_address(session, customer_id=customer.id, parsed=ZHANG, now=now)
        foreign = await save_address(session, customer_id=other.id, parsed=ZHANG, now=now)
        offer = await quote(session, customer_id=customer.id, language="zh", now=now)
    await holds.hold(offer.hold_key, offer.holding, until=now + 15 * MINUTES, now=now)
    async with database.begin() as session:
        if what == "cart changed":
            await add_line(session, customer_id=customer.id, variant_id=tea, quantity=1, now=now)
        if what == "price raised":
            await session.execute(text("UPDATE variant SET price_amount = price_amount + 1"))
        if what == "product withdrawn":
            await session.execute(text("UPDATE product SET status = :s"), {"s": ProductStatus.ARCHIVED.value})
        if what == "hold expired":
            await expire_holds(session, now=now + 15 * MINUTES)
    with pytest.raises(Refused) as refusal:
        async with database.begin() as session:
            await place_order(
                session,
                customer_id=other.id if what == "cart of another" else customer.id,
                cart_id=offer.cart_id,
                cart_version=offer.cart_version,
                priced=offer.priced,
                address_id=foreign.id if what == "address of another" else address.id,
                payment_method=PaymentMethod.COD,
                hold_key=offer.hold_key,
                language="zh",
                now=now,
            )
    assert refusal.value.code == code
    async with database.begin() as session:
        assert await session.scalar(select(func.count()).select_from(Order)) == 0
        assert [hold.order_id for hold in await session.scalars(select(Hold))] == [None]
        assert len((await cart_view(session, customer_id=customer.id, language="zh")).lines) == 1
    assert await told(database) == []


async def test_an_act_taken_back_with_its_savepoint_announces_nothing(
    database: Database, holds: Holds, tea: int, now: datetime
) -> None:
    order = await an_order(database, holds, {tea: 1}, now=now)
    async with database.begin() as session:
        savepoint = await session.begin_nested()
        await cancel_order(session, order_id=order.id, by="shopper", reason="changed my mind", now=now)
        await savepoint.rollback()
        assert await announced(session) == []
        await cancel_order(session, order_id=order.id, by="shopper", reason="changed my mind", now=now)
        assert [made.kind for made in await announced(session)] == ["order_cancelled"]


# Numbers


def test_a_number_is_sayable_and_read_however_it_is_typed() -> None:
    number = draw_number()
    assert len(number) == 9
    assert set(number.replace("-", "")) <= set(ALPHABET)
    assert spelled("x7k2 94qd") == spelled("X7K294QD") == "X7K2-94QD"
    assert spelled("xOk2-94ql") == "X0K2-94Q1"
    assert spelled("'; DROP TABLE \x00 orders \ud800") == "DR0PTAB1E0RDERS"
    assert spelled("") == ""


async def test_a_number_that_is_taken_is_drawn_again(database: Database, holds: Holds, tea: int, now: datetime) -> None:
    order = await an_order(database, holds, {tea: 1}, now=now)
    drawn = iter([order.number, order.number, "AAAA-0000"])
    async with database.begin() as session:
        assert await fresh_number(session, draw=lambda: next(drawn)) == "AAAA-0000"


async def test_an_order_of_another_is_as_unknown_as_one_that_does_not_exist(
    database: Database, holds: Holds, tea: int, now: datetime
) -> None:
    order = await an_order(database, holds, {tea: 1}, now=now)
    async with database.begin() as session:
        other = await a_customer(session, now=now)
        for number in (order.number, "ZZZZ-ZZZZ"):
            for look in (order_of, their_order):
                with pytest.raises(Refused) as refusal:
                    await look(session, number=number, customer_id=other.id)
                assert (refusal.value.code, refusal.value.facts) == ("order.unknown", {"number": number})
        typed = order.number.lower().replace("-", " ")
        assert (await order_of(session, number=typed, customer_id=order.customer_id)).id == order.id
        mine = await their_order(session, number=typed, customer_id=order.customer_id)
        assert mine == await order_view(session, order.id) == await order_view(session, typed)
        assert [one.id for one in await orders_of(session, customer_id=order.customer_id, limit=5)] == [order.id]


# What becomes of it


async def test_a_cancelled_order_gives_its_goods_back_once(
    database: Database, holds: Holds, tea: int, now: datetime
) -> None:
    order = await an_order(database, holds, {tea: 3}, now=now)
    for _ in range(2):
        async with database.begin() as session:
            cancelled = await cancel_order(session, order_id=order.id, by="shopper", reason="changed my mind", now=now)
            assert cancelled.status is OrderStatus.CANCELLED
    assert await stock_of(database, tea) == Stock(10, 0)
    assert await told(database) == ["order_placed", "order_cancelled"]


async def test_a_shipped_order_has_left_the_stock_and_cannot_be_cancelled(
    database: Database, holds: Holds, tea: int, now: datetime
) -> None:
    order = await an_order(database, holds, {tea: 3}, now=now)
    async with database.begin() as session:
        await mark_shipped(session, order_id=order.id, tracking_number="SF123", carrier="顺丰", now=now)
    assert await stock_of(database, tea) == Stock(7, 0)
    with pytest.raises(Refused, match=r"order\.shipped"):
        async with database.begin() as session:
            await cancel_order(session, order_id=order.id, by="shopper", reason="late", now=now)
    with pytest.raises(Refused, match=r"order\.shipped"):
        async with database.begin() as session:
            await mark_shipped(session, order_id=order.id, tracking_number="SF124", carrier="顺丰", now=now)
    async with database.begin() as session:
        view = await order_view(session, order.id)
    assert view.fulfilment_state is FulfilmentState.SHIPPED
    assert view.tracking is not None
    assert (view.tracking.carrier, view.tracking.number) == ("顺丰", "SF123")
    assert await told(database) == ["order_placed", "order_shipped"]


async def test_an_order_that_waits_for_its_money_is_not_shipped(
    database: Database, holds: Holds, tea: int, now: datetime
) -> None:
    order = await an_order(database, holds, {tea: 3}, now=now, method=PaymentMethod.SIMULATOR)
    with pytest.raises(Refused, match=r"order\.not_ready"):
        async with database.begin() as session:
            await mark_shipped(session, order_id=order.id, tracking_number="SF123", carrier="顺丰", now=now)
    assert await stock_of(database, tea) == Stock(10, 3)


async def test_cash_at_the_door_is_marked_once(database: Database, holds: Holds, tea: int, now: datetime) -> None:
    order = await an_order(database, holds, {tea: 1}, now=now)
    async with database.begin() as session:
        await mark_paid(session, order_id=order.id, proof="receipt 12", now=now)
    with pytest.raises(Refused, match=r"order\.already_paid"):
        async with database.begin() as session:
            await mark_paid(session, order_id=order.id, proof="receipt 12", now=now)
    async with database.begin() as session:
        view = await order_view(session, order.id)
    assert (view.payment_state, view.captured) == (PaymentState.PAID, Money(6800, "CNY"))
    assert await told(database) == ["order_placed", "payment_received"]


async def test_cash_of_a_cancelled_order_goes_back_by_hand(
    database: Database, holds: Holds, tea: int, now: datetime
) -> None:
    order = await an_order(database, holds, {tea: 1}, now=now)
    async with database.begin() as session:
        await mark_paid(session, order_id=order.id, proof="receipt 12", now=now)
        await cancel_order(session, order_id=order.id, by="staff", reason="damaged", now=now)
        (refund,) = (await session.scalars(select(Refund))).all()
        assert (refund.state, refund.amount) == (RefundState.REQUESTED, 6800)
        await mark_refunded(session, refund_id=refund.id, proof="signed by Zhang", now=now)
    async with database.begin() as session:
        assert (await order_view(session, order.id)).payment_state is PaymentState.REFUNDED
    assert await told(database) == ["order_placed", "payment_received", "order_cancelled", "refund_made"]


async def test_a_transfer_marked_by_staff_places_an_order_that_was_waiting(
    database: Database, holds: Holds, tea: int, now: datetime
) -> None:
    order = await an_order(database, holds, {tea: 1}, now=now, method=PaymentMethod.SIMULATOR)
    async with database.begin() as session:
        await mark_paid(session, order_id=order.id, proof="bank statement 4", now=now)
    async with database.begin() as session:
        view = await order_view(session, order.id)
        assert (view.status, view.payment_state, view.intent_id) == ("placed", "paid", None)
        assert [hold.state for hold in await session.scalars(select(Hold))] == [HoldState.COMMITTED]
        assert await expire_unpaid_orders(session, now=now + 60 * MINUTES) == 0


async def test_an_unpaid_order_nobody_opened_the_pay_page_of_expires_at_its_time(
    database: Database, holds: Holds, tea: int, now: datetime
) -> None:
    order = await an_order(database, holds, {tea: 3}, now=now, method=PaymentMethod.SIMULATOR)
    assert order.hold_until == now + 15 * MINUTES
    async with database.begin() as session:
        assert await expire_unpaid_orders(session, now=now + 15 * MINUTES - timedelta(seconds=1)) == 0
    assert await stock_of(database, tea) == Stock(10, 3)
    async with database.begin() as session:
        assert await expire_unpaid_orders(session, now=now + 15 * MINUTES) == 1
    assert await stock_of(database, tea) == Stock(10, 0)
    assert await told(database) == ["order_awaiting_payment", "order_expired"]


async def test_every_event_of_an_order_is_written_down(
    database: Database, holds: Holds, tea: int, now: datetime
) -> None:
    order = await an_order(database, holds, {tea: 1}, now=now)
    async with database.begin() as session:
        await mark_shipped(session, order_id=order.id, tracking_number="SF123", carrier="顺丰", now=now)
        await mark_paid(session, order_id=order.id, proof="receipt 12", now=now)
        events = (await session.scalars(select(OrderEvent).order_by(OrderEvent.id))).all()
    assert [(event.kind, event.by) for event in events] == [
        ("placed", "shopper"),
        ("parcel_made", "staff"),
        ("shipped", "staff"),
        ("paid", "staff"),
    ]


# Rules alone


@pytest.mark.parametrize(
    ("captured", "refunded", "state"),
    [
        (0, 0, "unpaid"),
        (400, 0, "part_paid"),
        (1000, 0, "paid"),
        (1300, 0, "overpaid"),
        (1000, 300, "part_refunded"),
        (1000, 1000, "refunded"),
        (2000, 1000, "paid"),
    ],
)
def test_the_payment_state_follows_from_the_ledger(captured: int, refunded: int, state: str) -> None:
    assert payment_state(total=1000, captured=captured, refunded=refunded) == state


def test_what_costs_nothing_is_paid() -> None:
    assert payment_state(total=0, captured=0, refunded=0) == "paid"


def test_an_order_comes_back_from_its_end_only_by_a_late_payment() -> None:
    assert MOVES[OrderStatus.CANCELLED] == MOVES[OrderStatus.COMPLETED] == frozenset()
    assert MOVES[OrderStatus.EXPIRED] == {OrderStatus.PLACED}
