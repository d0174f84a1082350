"""Random payments with faults through the real use cases: does the money at the banks equal the ledger, to the cent?

Each payment is an order that some shopper pays, declines, leaves or pays too late, with the practice bank, Stripe,
WeChat Pay or Alipay (all played by our simulator, over ASGI) or by bank transfer, while the bank duplicates, reorders,
delays, drops and corrupts webhooks, loses answers, is slow, refuses to close and fails refunds; some orders are given
back in parts or cancelled. The same run without faults is the comparison. Real PostgreSQL; the clock is moved, nothing
waits.
"""

import argparse
import asyncio
import json
import logging
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from rich.console import Console
from rich.progress import Progress
from sqlalchemy import func, select, text

from bench.pay_house import MINUTE, PAGED, SOUND, PayHouse, pay_house
from bot.web.simulator_model import FAULT_OF_AMOUNT, Fault
from cli.scratch import Place, scratch_place
from commerce.orders.actions import cancel_order
from commerce.orders.model import Order, OrderStatus, PaymentMethod
from commerce.payments.invariants import INVARIANTS
from commerce.payments.ledger import refund_amount
from commerce.payments.model import PAYABLE, Intent, IntentState, Payment, Refund, RefundState
from commerce.payments.transfers import TransferEntry, enter_transfer
from foundation.errors import Refused
from foundation.money import Money

AT_ONCE = 12
BATCH = 250
ROUNDS = 40
"""So often at most the clock is moved at the end until everything is final."""
METHODS = (*PAGED, PaymentMethod.TRANSFER)
SHARES = (20, 25, 25, 20, 10)


@dataclass
class Tally:
    """What was done, for the report."""

    did: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)


async def one_payment(house: PayHouse, dice: random.Random, tally: Tally, *, with_faults: bool) -> None:
    """An order, and what its shopper does about paying it."""
    method = dice.choices(METHODS, SHARES)[0]
    price = dice.choice([SOUND, *FAULT_OF_AMOUNT]) if with_faults else SOUND
    order = await house.order(method, price=price, pieces=1 if price != SOUND else dice.randint(1, 5))
    tally.did[f"{method} orders"] += 1
    if method is PaymentMethod.TRANSFER:
        await send_transfer(house, order, dice, tally)
        return
    if price != SOUND:
        tally.faults[FAULT_OF_AMOUNT[price]] += 1
    told = dice.sample(list(Fault), dice.randint(0, 3)) if with_faults else []
    tally.faults.update(told)
    intent = await house.open(order)
    if intent.provider_ref is None:  # the bank never answered: the shopper gives up, the reconciler finds the session
        tally.did["left"] += 1
        return
    if told:
        await house.tell(intent, told)
    does = dice.choices(("pays", "declines, then pays", "leaves"), (80, 10, 10))[0]
    tally.did[does] += 1
    if does.startswith("declines"):
        await house.press(intent, "decline")
    if does != "leaves":
        await house.press(intent)


async def send_transfer(house: PayHouse, order: Order, dice: random.Random, tally: Tally) -> None:
    """A transfer arrives: right, too little, too much or twice; or none does."""
    does = dice.choices(("right", "twice", "too little", "too much", "none"), (70, 8, 8, 8, 6))[0]
    tally.did[f"transfer {does}"] += 1
    amount = {"too little": order.total_amount - 100, "too much": order.total_amount + 100}.get(
        does, order.total_amount
    )
    today = house.scratch.clock().date()
    for number in range({"none": 0, "twice": 2}.get(does, 1)):
        entry = TransferEntry(f"{order.number}/{number}", Money(amount, order.currency), today, memo=order.number)
        async with house.till.database.begin() as session:
            await enter_transfer(session, entry=entry, staff_id=1, now=house.scratch.clock())


async def give_back(house: PayHouse, dice: random.Random, tally: Tally, *, since: int) -> None:
    """Some of the orders that were paid are cancelled, some refunded in parts, each part asked for twice."""
    async with house.till.database.begin() as session:
        paid = select(Order.id, func.sum(Payment.captured)).join(Payment, Payment.order_id == Order.id)
        placed = paid.where(Order.status == OrderStatus.PLACED, Order.id > since).group_by(Order.id).order_by(Order.id)
        orders = [(int(order_id), int(captured)) for order_id, captured in await session.execute(placed)]
    for order_id, captured in orders:
        does = dice.choices(("kept", "cancelled", "refunded in parts"), (70, 10, 20))[0]
        tally.did[does] += 1
        if does == "cancelled":
            async with house.till.database.begin() as session:
                await cancel_order(session, order_id=order_id, by="staff", reason="bench", now=house.scratch.clock())
        elif does == "refunded in parts":
            for part in range(dice.randint(1, 3)):
                amount = dice.randint(1, captured)
                for _ in range(2):
                    await _refund(house, order_id, amount, f"refund:return:{order_id}/{part}", tally)


async def _refund(house: PayHouse, order_id: int, amount: int, key: str, tally: Tally) -> None:
    try:
        async with house.till.database.begin() as session:
            await refund_amount(
                session, order_id=order_id, amount=amount, reason="return", key=key, now=house.scratch.clock()
            )
    except Refused:
        tally.did["refunds refused"] += 1


async def settle_down(house: PayHouse) -> int:
    """Move the clock until nothing is open any more; returns how many rounds that took."""
    for number in range(1, ROUNDS + 1):
        while await house.hear():
            pass
        await house.work()
        await house.expire(limit=10_000)
        await house.work()
        async with house.till.database.begin() as session:
            intents = await session.scalar(
                select(func.count())
                .select_from(Intent)
                .where(Intent.state.in_((*PAYABLE, IntentState.CLOSING)), Intent.opened_at.is_not(None))
            )
            refunds = await session.scalar(
                select(func.count())
                .select_from(Refund)
                .where(
                    Refund.state.in_((RefundState.REQUESTED, RefundState.SUBMITTED, RefundState.FAILED)),
                    Refund.next_check_at.is_not(None),
                )
            )
            events = await session.scalar(text("SELECT count(*) FROM simulator_event WHERE next_at IS NOT NULL"))
        if not intents and not refunds and not events:
            return number
        house.later(MINUTE if number < 10 else timedelta(hours=6))
        await house.reconcile(limit=20_000)
    return ROUNDS


async def run(place: Place, *, payments: int, seed: int, with_faults: bool, progress: Progress) -> dict[str, object]:
    """So many payments; the books afterwards."""
    dice, tally = random.Random(seed), Tally()
    task = progress.add_task("with faults" if with_faults else "without", total=payments)
    async with pay_house(place, hold_minutes=30) as house:
        began, since, done = time.monotonic(), 0, 0
        while done < payments:
            size = min(BATCH, payments - done)
            gate = asyncio.Semaphore(AT_ONCE)

            async def gated(own: random.Random, gate: asyncio.Semaphore = gate) -> None:
                async with gate:
                    await one_payment(house, own, tally, with_faults=with_faults)

            await asyncio.gather(*(gated(random.Random(dice.random())) for _ in range(size)))
            await house.hear()
            await house.work()
            house.later(MINUTE)
            await house.reconcile(limit=BATCH)
            await give_back(house, dice, tally, since=since)
            async with house.till.database.begin() as session:
                since = await session.scalar(select(func.max(Order.id))) or 0
            done += size
            progress.update(task, completed=done)
        house.later(timedelta(minutes=31))
        rounds = await settle_down(house)
        seconds = time.monotonic() - began
        books = await house.books()
        async with house.till.database.begin() as session:
            broken = [rule for rule, query in INVARIANTS.items() if (await session.execute(text(query))).first()]
    equal = all(
        book["bank_taken"] == book["ledger_captured"] and book["bank_given_back"] == book["ledger_refunded"]
        for book in books.values()
    )
    return {
        "payments": payments,
        "seconds": round(seconds, 1),
        "payments_per_second": round(payments / seconds, 1),
        "books": books,
        "equal_to_the_cent": equal,
        "broken_invariants": broken,
        "rounds_to_settle": rounds,
        "did": dict(sorted(tally.did.items())),
        "faults": dict(sorted(tally.faults.items())),
    }


def main() -> int:
    """Run both, write the result as JSON; 1 where the books differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--payments", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--compare", type=int, default=1_000, help="payments of the run without faults; 0: none")
    asked = parser.parse_args()
    payments = min(max(asked.payments, 1), 100_000)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR)
    )  # refused webhooks are meant
    with scratch_place() as place, Progress(console=Console(stderr=True)) as progress:
        faulty = asyncio.run(run(place, payments=payments, seed=asked.seed, with_faults=True, progress=progress))
        compare = min(max(asked.compare, 0), payments)
        sound = (
            asyncio.run(run(place, payments=compare, seed=asked.seed, with_faults=False, progress=progress))
            if compare
            else None
        )
    ratio = None
    if sound is not None:
        ratio = round(float(str(sound["payments_per_second"])) / float(str(faulty["payments_per_second"])), 2)
    good = all(result["equal_to_the_cent"] and not result["broken_invariants"] for result in (faulty, sound) if result)
    print(json.dumps({"with_faults": faulty, "without_faults": sound, "cost_of_faults": ratio, "good": good}))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
