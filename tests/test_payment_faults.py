"""Every fault of a bank, in every protocol it speaks: the right state within one round of the reconciler."""

import asyncio
import itertools
from collections.abc import AsyncIterator

import pytest
from rich.progress import Progress
from sqlalchemy import select

from bench.pay_house import MINUTE, PAGED, SOUND, PayHouse, pay_house
from bench.payments import run
from bot.web.simulator_model import FAULT_OF_AMOUNT, Fault, SimulatorSession
from cli.scratch import Place
from commerce.orders.actions import cancel_order, order_view
from commerce.orders.model import Order, PaymentMethod
from commerce.payments.model import IntentState

PRICES = {fault: price for price, fault in FAULT_OF_AMOUNT.items()}


@pytest.fixture
async def house(place: Place) -> AsyncIterator[PayHouse]:
    async with pay_house(place) as house:
        yield house


async def state_of(house: PayHouse, order: Order) -> tuple[str, str]:
    async with house.till.database.begin() as session:
        view = await order_view(session, order.id)
    return view.status, view.payment_state


async def cancel(house: PayHouse, order: Order) -> None:
    async with house.till.database.begin() as session:
        await cancel_order(
            session, order_id=order.id, by="shopper", reason="changed my mind", now=house.scratch.clock()
        )


async def faults_left(house: PayHouse) -> set[str]:
    async with house.till.database.begin() as session:
        return {fault for left in await session.scalars(select(SimulatorSession.faults)) for fault in left}


async def round_of_questions(house: PayHouse) -> None:
    """What the worker does within a minute: webhooks, jobs, one round of the reconciler."""
    await house.hear()
    await house.work()
    house.later(MINUTE)
    await house.reconcile()
    await house.work()


async def test_whatever_goes_wrong_at_the_bank_a_paid_order_is_placed_and_a_cancelled_one_refunded(
    house: PayHouse,
) -> None:
    orders = {(method, fault): await house.order(method, price=PRICES[fault]) for method in PAGED for fault in Fault}
    for order in orders.values():
        await house.press(await house.open(order))
    await round_of_questions(house)
    assert {which: await state_of(house, order) for which, order in orders.items()} == dict.fromkeys(
        orders, ("placed", "paid")
    )
    for order in orders.values():
        await cancel(house, order)
    await house.work()
    await round_of_questions(house)
    assert {which: await state_of(house, order) for which, order in orders.items()} == dict.fromkeys(
        orders, ("cancelled", "refunded")
    )
    assert await faults_left(house) == {Fault.REFUSE_CLOSE, Fault.PAID_AT_CLOSE}  # all others have happened
    for books in (await house.books()).values():
        assert set(books.values()) == {sum(PRICES.values())}


async def test_whatever_goes_wrong_when_a_payment_is_closed_nobody_pays_for_nothing(house: PayHouse) -> None:
    began, orders = house.scratch.clock(), {}
    for which in itertools.product(PAGED, Fault):
        orders[which] = await house.order(which[0])
    house.later(12 * MINUTE)  # a page is open for five minutes at least, so until after the order waits for it
    for which, order in orders.items():
        await house.open(order, faults=[which[1]])
    for ends in (16, 31):  # Stripe's page is open for longer than the others, and so its orders wait longer
        house.later(began + ends * MINUTE - house.scratch.clock())
        assert await house.expire() > 0
        await house.work()
        await round_of_questions(house)
    after = {which: await state_of(house, order) for which, order in orders.items()}
    assert after == {
        which: ("placed", "paid") if which[1] is Fault.PAID_AT_CLOSE else ("expired", "unpaid") for which in orders
    }
    for order in orders.values():
        assert (await house.intent(order)).state in (IntentState.CLOSED, IntentState.SUCCEEDED)


async def test_a_webhook_three_times_pays_once_and_a_corrupt_one_changes_nothing(house: PayHouse) -> None:
    orders = [await house.order(method) for method in PAGED]
    for order in orders:
        await house.press(await house.open(order, faults=[Fault.DUPLICATE, Fault.CORRUPT]))
    assert await house.hear() == 0  # both copies carry a wrong signature
    await house.work()
    assert {await state_of(house, order) for order in orders} == {("pending", "unpaid")}
    house.later(MINUTE)
    assert await house.hear() == 2 * len(orders)
    await house.work()
    assert {await state_of(house, order) for order in orders} == {("placed", "paid")}
    assert {books["ledger_captured"] for books in (await house.books()).values()} == {SOUND}


async def test_stripe_says_with_what_it_was_paid(house: PayHouse) -> None:
    order = await house.order(PaymentMethod.STRIPE)
    await house.press(await house.open(order))
    await round_of_questions(house)
    assert (await house.intent(order)).instrument == "card ending 4242"


def test_a_small_bench_of_random_payments_ends_with_equal_books(place: Place) -> None:
    with Progress(disable=True) as progress:
        result = asyncio.run(run(place, payments=8, seed=4, with_faults=True, progress=progress))
    assert (result["equal_to_the_cent"], result["broken_invariants"]) == (True, [])
    books = result["books"]
    assert isinstance(books, dict)
    assert sum(book["bank_taken"] for book in books.values()) > 0
