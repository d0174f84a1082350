"""The rules of the house that no linter knows: sizes, who reads the clock, who opens transactions."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HOUSE = ("admin_api", "bench", "bot", "cli", "commerce", "conversations", "foundation", "nlu")
ROOMS = ("commerce", "conversations", "nlu")
LONGEST_FILE = 400
LONGEST_FUNCTION = 50
CLOCKS = ("now", "utcnow", "today", "time")
OPENS_TRANSACTIONS = {
    "commerce/demo/load.py": "fills a shop from the command line",
    "commerce/imports/actions.py": "stages and publishes a file from the command line",
    "commerce/payments/actions.py": "reserves, calls the provider without a transaction, settles",
    "commerce/shipping/mailroom.py": "reads a parcel, calls its carrier without a transaction, writes what it said",
}
"""Rooms are handed a session; these few cannot be, and say why."""


def sources(*packages: str) -> Iterator[tuple[str, str]]:
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield str(path.relative_to(ROOT)), path.read_text()


def functions(source: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function below its signature and docstring: what has to be followed in reading."""
    first = function.body[1:2] if ast.get_docstring(function) else function.body[:1]
    return (function.end_lineno or 0) - first[0].lineno + 1 if first else 0


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    assert {name: n for name, text in sources(*HOUSE) if (n := text.count("\n")) > LONGEST_FILE} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    assert {
        f"{name} {function.name}": body_lines(function)
        for name, text in sources(*HOUSE)
        for function in functions(text)
        if body_lines(function) > LONGEST_FUNCTION
    } == {}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_told_the_time_and_never_looks(room: str) -> None:
    looked = [
        f"{name}:{node.lineno}"
        for name, text in sources(room)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in CLOCKS
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in ("datetime", "date", "time")
    ]
    assert looked == []


def test_rooms_are_handed_their_transaction() -> None:
    opened = {
        name
        for name, text in sources(*ROOMS)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute) and node.attr == "begin"
    }
    assert opened == set(OPENS_TRANSACTIONS)
