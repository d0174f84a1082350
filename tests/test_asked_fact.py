"""Which facts a message asks for, and which thing it names beside them."""

import pytest

from bot.skills.asked_fact import kinds_asked, labels_of, named_labels, thing_in
from nlu.language import language_of
from nlu.text import fold


@pytest.mark.parametrize(
    ("text", "kind", "thing"),
    [
        ("卫衣怎么洗", "care", "卫衣"),
        ("这个怎么保养", "care", ""),
        ("how do I wash the hoodie", "care", "hoodie"),
        ("can I put it in the dishwasher?", "care", ""),
        ("龙井产地是哪里", "origin", "龙井"),
        ("where does the longjing come from", "origin", "longjing"),
        ("保质期多久", "best_before", ""),
        ("耳机续航多长时间", "battery", "耳机"),
        ("what's the battery life of the earbuds", "battery", "earbuds"),
        ("键盘保修多久", "warranty", "键盘"),
        ("is the speaker waterproof?", "water", "speaker"),
        ("积木适合几岁的孩子", "age", "积木"),
        ("多少瓦", "power", ""),
        ("which room size is the air purifier tower for?", "room", "air purifier tower"),
    ],
)
def test_a_question_asks_for_a_fact_of_a_thing(text: str, kind: str, thing: str) -> None:
    kinds = kinds_asked(text)
    assert kind in kinds
    assert thing_in(text, kinds) == thing


@pytest.mark.parametrize(
    "text", ["卫衣多少钱", "add the second one", "有红色的吗", "a quiet mouse", "帆布鞋", "check out"]
)
def test_what_asks_for_no_fact_is_left_alone(text: str) -> None:
    assert kinds_asked(text) == []


@pytest.mark.parametrize("label", ["洗涤", "保养", "Washing", "Care"])
def test_facts_are_known_under_the_names_shops_give_them(label: str) -> None:
    assert labels_of(["care"]).search(label)
    assert not labels_of(["origin"]).search(label)


def test_a_name_of_the_shops_own_is_found_in_a_question() -> None:
    labels = ["硬度", "重量", "Weave", "For"]
    assert named_labels("菜刀硬度是多少", labels) == ["硬度"]
    assert named_labels("what is the weave for a bed?", labels) == ["Weave"]
    assert named_labels("菜刀，硬度高的", labels) == []


@pytest.mark.parametrize(
    ("text", "language"),
    [("Dash Force 多少钱", "zh"), ("50块以内的 camera", "zh"), ("t恤", "zh"), ("show me the 紫砂壶 please", "en")],
)
def test_the_name_of_a_thing_does_not_change_the_language(text: str, language: str) -> None:
    assert language_of(fold(text)) == language
