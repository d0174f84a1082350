"""The console's words and colours: everything has Chinese, everything can be read."""

import ast
import asyncio
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from nicegui import Client, core, ui
from nicegui.page import page

from admin_api import errors
from admin_api.console import words as console_words
from admin_api.console.two_panes import TwoPanes
from admin_api.console.wish_words import WISH_EN, WISH_ZH
from admin_api.console.words import EN, ZH, Words
from bot.skills.table import SKILLS
from commerce.checks import RULES
from commerce.orders.model import ChangeKind

CONSOLE = Path(__file__).parents[1] / "admin_api" / "console"
CSS = (CONSOLE / "static" / "desk.css").read_text()
ON_GROUNDS = {
    "ink": ("ground", "pane", "raised", "shopper", "bot", "person", "note"),
    "soft": ("ground", "pane", "raised", "note"),
    "accent-text": ("accent-soft", "pane", "ground"),
    "accent-ink": ("accent",),
    "bot-text": ("bot", "ground", "pane"),
    "warn-text": ("warn-soft", "pane", "note"),
    "bad": ("bad-soft", "pane"),
    "good-text": ("good-soft",),
}


def words_in_pages() -> set[str]:
    """Every text that a page asks words for: t("...") and the titles and labels of dialogs."""
    found = set()
    for file in CONSOLE.glob("*.py"):
        for call in ast.walk(ast.parse(file.read_text())):
            if isinstance(call, ast.Call):
                name = ast.unparse(call.func)
                if name in ("t", "visit.t", "self.visit.t", "self.t", "Field"):
                    given = call.args
                elif name == "ask":
                    given = [*call.args[1:], *(word.value for word in call.keywords if word.arg in ("text", "keep"))]
                else:
                    continue
                found |= {arg.value for arg in given if isinstance(arg, ast.Constant) and isinstance(arg.value, str)}
    return found - {""}


def test_every_word_of_the_pages_has_chinese() -> None:
    asked = words_in_pages()
    assert len(asked) > 60
    assert asked - set(ZH) - {"Telegram"} == set()


def words_of_tables(module: ModuleType) -> Iterator[tuple[str, str]]:
    """(table, word) of every table that is made of others with `**`, each as often as it is written."""
    assert module.__file__ is not None
    for node in ast.parse(Path(module.__file__).read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict) and None in node.value.keys:
            for key, value in zip(node.value.keys, node.value.values, strict=True):
                table = getattr(module, ast.unparse(value)) if key is None else (ast.literal_eval(key),)
                yield from ((ast.unparse(node.targets[0]), word) for word in table)


def test_no_word_stands_in_two_tables_where_one_would_silently_win() -> None:
    written = Counter([*words_of_tables(console_words), *words_of_tables(errors)])
    assert {table for table, _ in written} == {"ZH", "EN", "HAPPENED_ZH", "REFUSALS_ZH", "REFUSALS_EN", "SENTENCES"}
    assert [word for word, times in written.items() if times > 1] == []


def test_every_rule_of_the_self_check_can_be_named_in_both_languages() -> None:
    assert [rule for rule in RULES if f"holds {rule}" not in ZH] == []
    assert {f"change {kind.value}" for kind in ChangeKind} <= set(ZH) & set(EN)


def test_every_skill_has_a_name_for_the_staff_in_both_languages() -> None:
    asked = {f"wish {skill}" for skill in SKILLS}
    assert (asked ^ set(WISH_ZH), asked ^ set(WISH_EN)) == (set(), set())


def test_both_languages_fill_in_the_same_facts() -> None:
    def facts(text: str) -> set[str]:
        return set(re.findall(r"\{(\w+)\}", text))

    assert [english for english, chinese in ZH.items() if facts(EN.get(english, english)) != facts(chinese)] == []
    assert set(EN) <= set(ZH)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_refusal_nobody_foresaw_is_still_a_sentence(language: str) -> None:
    assert Words(language).refusal("some.new_rule", {}) == Words(language)("Something went wrong. Nothing was changed.")
    assert "3" in Words(language).refusal("staff.locked", {"seconds": 130})


@pytest.mark.parametrize("theme", ["body", "body.body--dark"])
def test_every_text_stands_out_from_its_ground_by_at_least_four_and_a_half_to_one(theme: str) -> None:
    block = re.search(rf"^{re.escape(theme)} \{{(.*?)\}}", CSS, re.S | re.M)
    assert block
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block[1]))
    low = {
        (text, ground): round(contrast(colours[text], colours[ground]), 2)
        for text, grounds in ON_GROUNDS.items()
        for ground in grounds
        if contrast(colours[text], colours[ground]) < 4.5
    }
    assert low == {}


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2, from 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour such as #0f766e."""
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (red, green, blue)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


class Notes(TwoPanes[Any, Any, str]):
    """Panes that show a text on the right."""

    async def read_list(self, *_: object) -> None: ...

    def rows_of(self, _part: object) -> list[object]:
        return []

    def draw_row(self, row: object) -> None: ...

    def key_of(self, _row: object) -> int:
        return 1

    async def read(self, *_: object) -> str:
        return ""

    def heading(self, found: str) -> tuple[int, str]:
        return 1, found

    def draw(self, found: str) -> None:
        ui.label(found)


async def test_what_is_shown_already_is_not_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the button that somebody is pressing just then would be another one by the time they let go."""
    monkeypatch.setattr(core, "loop", asyncio.get_running_loop())  # else set by the server
    client = Client(page("/"), request=None)
    visit: Any = SimpleNamespace(t=lambda words, **_: words, client=client)
    with client:
        notes = Notes(visit, "note", "note", title="", none="", choose=("a", "", ""), shelves={}, is_live=False)
    shown = []
    for found in ("old", "old", "new"):
        notes.put(found)
        shown.append(notes.detail.default_slot.children[0])
    client.delete()
    assert shown[0] is shown[1]
    assert [getattr(element, "text", "") for element in shown] == ["old", "old", "new"]
