"""The outside judge: our use cases end where tau-bench retail says, and the comparison sees it when they do not."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from bench.tau_data import Data
from bench.tau_retail import Judge, differences, open_judge, plain
from bench.tau_shop import Counter, clean_books
from foundation.database import Database
from foundation.errors import Refused

Task = dict[str, Any]
ITEMS, RETURN, CANCEL = "modify_pending_order_items", "return_delivered_order_items", "cancel_pending_order"


@pytest.fixture
def folder(shared: Path) -> Path:
    return shared / "dialogue/tau-retail"


@pytest.fixture
def tasks(folder: Path) -> list[Task]:
    tasks: list[Task] = json.loads((folder / "tasks_dev.json").read_text())
    return tasks


async def judge_of(database: Database, folder: Path, tasks: list[Task]) -> Judge:
    """The shop with the users of these tasks alone."""
    return await open_judge(database, Data.read(folder).only({task["user_id"] for task in tasks}))


def a_task_with(tasks: list[Task], name: str) -> tuple[Task, Task]:
    """The first task with a call of this name, and the call."""
    return next((task, call) for task in tasks for call in task["actions"] if call["name"] == name)


async def test_every_task_given_for_development_ends_as_expected(
    database: Database, folder: Path, tasks: list[Task]
) -> None:
    judge = await judge_of(database, folder, tasks)
    assert {
        task["task_id"]: said
        for task in tasks
        if (said := await judge.disagreements(task, with_rules=task["n_writes"] > 1))
    } == {}
    assert {call["name"] for task in tasks for call in task["actions"]} == {
        CANCEL,
        ITEMS,
        RETURN,
        "modify_pending_order_address",
        "modify_pending_order_payment",
        "exchange_delivered_order_items",
    }


async def test_the_judge_sees_what_went_otherwise(database: Database, folder: Path, tasks: list[Task]) -> None:
    (task, _), (returned, _) = a_task_with(tasks, CANCEL), a_task_with(tasks, RETURN)
    judge = await judge_of(database, folder, [task, returned])
    other_reason, nothing_done, unknown_error = deepcopy(task), deepcopy(task), deepcopy(task)
    cancelled = next(call for call in other_reason["actions"] if call["name"] == CANCEL)
    number, reason = cancelled["arguments"]["order_id"], cancelled["arguments"]["reason"]
    cancelled["arguments"]["reason"] = ({"no longer needed", "ordered by mistake"} - {reason}).pop()
    (said,) = await judge.disagreements(other_reason)
    assert said.startswith(f"/orders/{number}/cancel_reason: expected")

    cancelled["arguments"]["reason"] = "just so"  # no reason of that shop: refused, and nothing happens
    said_of = await judge.disagreements(other_reason)
    assert said_of[0] == f'refused: expected [], got [["{CANCEL}", "change.reason"]]'
    assert {line.partition(":")[0].rpartition("/")[2] for line in said_of[1:]} == {
        "cancel_reason",
        "payment_history",
        "status",
    }

    nothing_done["actions"] = []
    assert len(await judge.disagreements(nothing_done)) >= 3
    unknown_error["replay_errors"] = [[CANCEL, "Error: the moon is full"]]
    assert await judge.disagreements(unknown_error) == [f'refused: expected [["{CANCEL}", "the moon is full"]], got []']

    theirs = deepcopy(task)  # done for one user, expected of another
    theirs["user_id"], theirs["expected_changes"] = returned["user_id"], {"orders": {}, "users": {}}
    assert f"order {number} of somebody else was changed" in await judge.disagreements(theirs)
    assert await judge.disagreements(task) == []  # and what was tried before left no trace


async def test_the_rules_of_that_shop_are_refusals_of_ours(database: Database, folder: Path, tasks: list[Task]) -> None:
    (changed, items), orders = a_task_with(tasks, ITEMS), Data.read(folder).orders
    returned, back, rest = next(
        (task, call, rest)
        for task in tasks
        for call in task["actions"]
        if call["name"] == RETURN and (rest := _left_of(orders[call["arguments"]["order_id"]], call["arguments"]))
    )
    judge = await judge_of(database, folder, [changed, returned])

    async def refusals(*calls: tuple[str, Task]) -> list[str]:
        codes = []
        async with clean_books(judge.database) as book:
            counter = Counter.open(book, judge.books, judge.wires)
            for name, arguments in calls:
                try:
                    await counter.call(name, arguments)
                except Refused as refusal:
                    codes.append(refusal.code)
        return codes

    order, sent = items["arguments"]["order_id"], back["arguments"]["order_id"]
    change = (ITEMS, items["arguments"])
    cancel = (CANCEL, {"order_id": order, "reason": "no longer needed"})
    paid = judge.data.orders[order]["payment_history"][0]["payment_method_id"]
    same_way = ("modify_pending_order_payment", {"order_id": order, "payment_method_id": paid})
    assert await refusals(cancel) == []
    assert await refusals(change, cancel) == ["change.final"]
    assert await refusals(change, same_way) == ["change.final"]
    assert await refusals(same_way) == ["change.same_payment"]
    assert await refusals((CANCEL, {"order_id": sent, "reason": "no longer needed"})) == ["order.shipped"]
    strange = {**items["arguments"], "item_ids": items["arguments"]["item_ids"][:1]}
    old_product = _product_of(judge.data, strange["item_ids"][0])
    for other, code in (("available", "change.other_product"), ("gone", "stock.short")):
        strange["new_item_ids"] = [_item(judge.data, old_product, other)]
        assert await refusals((ITEMS, strange)) == [code]
    assert await refusals((RETURN, back["arguments"]), (RETURN, {**back["arguments"], "item_ids": rest[:1]})) == [
        "returns.once_per_order"
    ]
    unsent = {"order_id": order, "item_ids": items["arguments"]["item_ids"][:1], "payment_method_id": paid}
    assert await refusals((RETURN, unsent)) == ["returns.not_delivered"]


def _left_of(order: Task, arguments: Task) -> list[str]:
    """The items of an order that a return leaves with the shopper."""
    return [item["item_id"] for item in order["items"] if item["item_id"] not in arguments["item_ids"]]


def _product_of(data: Data, item: str) -> str:
    return next(key for key, product in data.products.items() if item in product["variants"])


def _item(data: Data, product: str, which: str) -> str:
    """One that is available of another product, or one of this that is gone."""
    return next(
        item
        for key, other in data.products.items()
        for item, variant in other["variants"].items()
        if variant["available"] is (which == "available") and (key == product) is (which == "gone")
    )


def test_states_are_compared_to_the_cent_and_bags_in_any_order() -> None:
    expected = plain({"items": [{"price": 52.03}, {"price": 1.1}], "history": [1, 2]}, in_units=True)
    assert differences("", expected, plain({"items": [{"price": 110}, {"price": 5203}], "history": [1, 2]})) == []
    assert differences("", expected, plain({"items": [{"price": 110}, {"price": 5202}], "history": [2, 1]})) == [
        "/history: expected [1, 2], got [2, 1]",
        '/items: expected [{"price": 110}, {"price": 5203}], got [{"price": 110}, {"price": 5202}]',
    ]
