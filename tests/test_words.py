"""How what was said is compared with what can be chosen, and how it is stored."""

import json

import pytest

from bot.questions import answer_of
from bot.words import Heard, Words, simple
from conversations.text import clean, clean_json, json_text
from tests.bad_strings import OURS

CONFIRM = {"yes": "Cancel the order", "no": "Keep it"}


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("125克", "125 克"),
        ("10000MAH", "10,000 mAh"),
        ("貨到付款", "货到付款"),
        (" 350 ML. ", "350ml"),
        ("３５０毫升", "350 毫升"),
    ],
)
def test_the_same_thing_written_differently_is_the_same(said: str, label: str) -> None:
    assert simple(said) == simple(label)


def test_a_number_keeps_its_distance_from_what_is_no_unit() -> None:
    assert simple("2 large mugs, 1,50") == "2 large mugs, 1,50"


@pytest.mark.parametrize("said", ["要50克的", "要 50 克 的", "要５０克的"])
def test_a_named_option_is_found_whatever_its_spaces_are(said: str) -> None:
    assert Words(Heard(said)).take_named({"small": ("50 克",), "large": ("250 克",)}) == "small"


@pytest.mark.parametrize(
    ("said", "intent", "answer"),
    [
        ("yes, cancel it", "cancel_order", "yes"),
        ("好，取消吧", "cancel_order", "yes"),
        ("yes, cancel it", "stop", "yes"),
        ("好，我再看看", "search_products", None),
        ("yes, but not now", "cancel_order", None),
        ("cancel it", "cancel_order", "yes"),
    ],
)
def test_a_yes_may_say_what_it_is_a_yes_to_and_nothing_else(said: str, intent: str, answer: str | None) -> None:
    assert answer_of(CONFIRM, Words(Heard(said, intent)), ["yes", "no"], wish="cancel_order") == answer


@pytest.mark.parametrize("said", [*OURS, r"\u0000 NaN"])
def test_what_people_write_is_stored_as_clean_json_whatever_it_is(said: str) -> None:
    body = {"text": said, "more": [{said: said}, (1, 2.5, None, True)], "wide": float("inf"), "odd": float("nan")}
    for value in (body, {"text": said}):
        text = json_text(value)
        assert json.loads(text, parse_constant=pytest.fail) == json.loads(json.dumps(clean_json(value)))
        assert clean(json.loads(text)["text"]) == json.loads(text)["text"] == clean(said)
