"""tau-bench retail as an outside judge: its reference actions as calls of our use cases, its final states as the truth.

Every task begins on clean books, in one transaction that is undone. What its shop must refuse, ours must refuse by
itself, from the same rules as data. The whole customer is compared, also what should not have changed.
"""

import argparse
import asyncio
import json
import sys
import time
from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from bench.tau_books import load
from bench.tau_data import Books, Data, Things, cents
from bench.tau_goods import Goods, goods_of
from bench.tau_shop import Counter, Wire, clean_books, past_wires
from bench.tau_state import state_of
from cli.scratch import SHARED, scratch_database, scratch_place
from commerce.checks import RULES, find_breaches
from commerce.orders.model import Order
from foundation.database import Database
from foundation.errors import Refused

FOLDER = SHARED / "data/dialogue/tau-retail"
NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
MEANS = {
    "insufficient gift card balance to pay for the order": "credit.short",
    "insufficient gift card balance to pay for the new item": "credit.short",
    "insufficient gift card balance to pay for the price difference": "returns.credit_short",
}
"""Their errors, by our refusals."""
_MONEY = ("amount", "price", "balance", "exchange_price_difference")
_BAGS = ("items", "item_ids", "orders", "exchange_items", "exchange_new_items", "return_items")


@dataclass(frozen=True, slots=True)
class Judge:
    """A shop with its books loaded, and what they said before."""

    database: Database
    data: Data
    books: Books
    goods: Mapping[int, Goods]
    wires: Mapping[str, Wire]

    async def disagreements(self, task: Things, *, with_rules: bool = False) -> list[str]:
        """What is otherwise than expected after the reference actions of a task.

        `with_rules`: also which of the shop's own invariants do not hold then.
        """
        user_id = task["user_id"]
        refused: list[tuple[str, str]] = []
        async with clean_books(self.database) as book:
            counter = Counter.open(book, self.books, self.wires)
            for action in task["actions"]:
                try:
                    await counter.call(action["name"], action["arguments"])
                except Refused as refusal:
                    refused.append((action["name"], refusal.code))
            async with book.begin() as session:
                state = await state_of(session, user_id, self.books, self.goods)
                others = select(Order.number).where(
                    Order.version > 1, Order.customer_id != self.books.customers[user_id]
                )
                touched = list(await session.scalars(others))
                broken = await broken_rules(session) if with_rules else []
        expected = expected_state(self.data, task)
        return [
            *(f"order {number} of somebody else was changed" for number in touched),
            *(f"the rule {rule} is broken" for rule in broken),
            *differences("refused", expected_refusals(task), [list(pair) for pair in refused]),
            *differences("", expected, plain(state)),
        ]


async def broken_rules(session: AsyncSession) -> list[str]:
    """The invariants of the shop that do not hold now."""
    return [name for name, query in RULES.items() if (await session.execute(text(query))).first() is not None]


def expected_refusals(task: Things) -> list[list[str]]:
    """[action, our code] of what their shop refused; an error nobody knows stands for itself."""
    errors = [(name, error.removeprefix("Error: ")) for name, error in task.get("replay_errors") or ()]
    return [[name, MEANS.get(error, error)] for name, error in errors]


def expected_state(data: Data, task: Things) -> Things:
    """The customer of a task and all of their orders at the end, with the expected changes laid over the beginning."""
    user_id, changes = task["user_id"], task["expected_changes"]
    user = deepcopy(changes["users"].get(user_id, data.users[user_id]))
    orders = {number: order for number, order in data.orders.items() if order["user_id"] == user_id}
    orders |= changes["orders"]
    return plain({"user": user, "orders": orders}, in_units=True)


def plain(thing: Things, *, in_units: bool = False) -> Things:
    """With money in minor units, and what is a bag in one order. `in_units`: the money is in whole units."""

    def walk(key: str, value: object) -> object:
        if isinstance(value, Mapping):
            return {name: walk(name, one) for name, one in value.items()}
        if isinstance(value, list):
            made = [walk("", one) for one in value]
            return sorted(made, key=lambda one: json.dumps(one, sort_keys=True)) if key in _BAGS else made
        if key in _MONEY and in_units and isinstance(value, int | float):
            return cents(value)
        return value

    return {key: walk(key, value) for key, value in thing.items()}


def differences(where: str, expected: object, got: object) -> list[str]:
    """Each place where two states differ, with both."""
    if isinstance(expected, Mapping) and isinstance(got, Mapping):
        return [
            line
            for key in sorted({*expected, *got})
            for line in differences(f"{where}/{key}", expected.get(key), got.get(key))
        ]
    return [] if expected == got else [f"{where}: expected {json.dumps(expected)}, got {json.dumps(got)}"]


async def open_judge(database: Database, data: Data) -> Judge:
    """Load the books, hold every invariant of the shop over them, and open."""
    async with database.begin() as session:
        books = await load(session, data, now=NOW)
    async with database.session() as session:
        breaches = await find_breaches(session)
    if breaches:
        raise ValueError(f"the books were loaded wrong: {breaches[0]}, and {len(breaches) - 1} more")
    async with database.begin() as session:
        return Judge(database, data, books, await goods_of(session), await past_wires(session))


async def judge(
    database: Database, data: Data, tasks: Sequence[Things], progress: Progress, *, with_rules: bool
) -> Things:
    """Run all of the tasks; the result as it is reported."""
    began = time.perf_counter()
    judging = await open_judge(database, data)
    loaded = time.perf_counter()
    found: list[Things] = []
    bar = progress.add_task("tasks", total=len(tasks))
    for task in tasks:
        differing = await judging.disagreements(task, with_rules=with_rules)
        if differing:
            found.append({"task": task["task_id"], "differences": differing})
        progress.update(bar, advance=1, description=f"tasks ({len(found)} disagree)")
    return {
        "tasks": len(tasks),
        "agree": len(tasks) - len(found),
        "disagreements": found,
        "actions": Tally(action["name"] for task in tasks for action in task["actions"]),
        "refused": sum(len(expected_refusals(task)) for task in tasks),
        "users": len(data.users),
        "orders": len(data.orders),
        "load_seconds": round(loaded - began, 1),
        "seconds": round(time.perf_counter() - began, 1),
    }


def main() -> int:
    """Read the arguments, judge, print; 1 when a task disagrees."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=FOLDER, help="folder with users.json, products.json, orders.json")
    parser.add_argument("--tasks", type=Path, nargs="+", help="files with tasks (default: all in the folder)")
    parser.add_argument("--rules", action="store_true", help="hold every invariant of the shop after each task too")
    parser.add_argument("--json", action="store_true", help="for scripts; the result is JSON in any case")
    given = parser.parse_args()
    files = given.tasks or sorted(given.data.glob("tasks_*.json"))
    tasks = [task for file in files for task in json.loads(file.read_text())]
    console = Console(stderr=True)

    with scratch_place() as place, Progress(console=console) as progress:

        async def run() -> Things:
            async with scratch_database(place) as database:
                return await judge(database, Data.read(given.data), tasks, progress, with_rules=given.rules)

        result = asyncio.run(run())
    if not given.json:
        console.print(f"{result['agree']} of {result['tasks']} tasks agree, in {result['seconds']} s")
        for one in result["disagreements"]:
            console.print(one["task"], *one["differences"], sep="\n  ", markup=False)
    print(json.dumps(result))
    return 1 if result["disagreements"] else 0


if __name__ == "__main__":
    sys.exit(main())
