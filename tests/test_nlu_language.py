"""Which language a shopper writes."""

import pytest

from nlu.language import language_of
from nlu.model import Language
from nlu.text import fold


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("你好", "zh"),
        ("有没有红色的茶杯", "zh"),
        ("請問有賣烏龍茶嗎", "zh"),
        ("有冇平啲嘅", "zh"),
        ("hello", "en"),
        ("do you have a red mug?", "en"),
        ("我要买 mug", "zh"),
        ("这个mug多少钱", "zh"),
        ("add 到购物车吧谢谢", "zh"),
        ("do you have 龙井 tea?", "en"),
        ("show me the 紫砂壶 please", "en"),
        ("Ｈｅｌｌｏ　ｓｈｏｐ", "en"),
        ("我的邮箱是 ann.lee@example.com", "zh"),
        ("订单 X7K2-94QD 到哪了", "zh"),
    ],
)
def test_language_of_words(text: str, language: Language) -> None:
    assert language_of(fold(text)) == language


@pytest.mark.parametrize(
    "text",
    ["", "  ", "123", "13800138000", "👍", "😀😀", "?!", "X7K2-94QD", "ann@example.com", "https://example.com", "ok"],
)
@pytest.mark.parametrize("earlier", ["zh", "en"])
def test_what_says_nothing_keeps_the_language_of_the_conversation(text: str, earlier: Language) -> None:
    assert language_of(fold(text), earlier) == earlier


def test_a_conversation_switches_when_the_shopper_does() -> None:
    assert language_of(fold("where is my order"), "zh") == "en"
    assert language_of(fold("我的订单呢"), "en") == "zh"


def test_without_any_sign_it_is_chinese() -> None:
    assert language_of("42") == "zh"
