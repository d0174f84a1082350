"""Every sentence the bot can say has its Chinese, with the same blanks."""

import re
import string
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import bot
from bot.language import LOCALES, money_text, time_text, translator
from bot.skills.arriving import hear_place
from foundation.money import Money

KEYWORDS = dict.fromkeys(("_", "N_", "translate", "_say", "_tell"))
SOURCE = Path(bot.__file__).parent
SENTENCES = sorted(
    {str(found[2]) for found in extract_from_dir(SOURCE, method_map=[("**.py", "python")], keywords=KEYWORDS)}
)


def blanks(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_there_are_sentences() -> None:
    assert len(SENTENCES) > 100


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_has_its_chinese_with_the_same_blanks(sentence: str) -> None:
    chinese = translator("zh")(sentence)
    assert chinese != sentence, "no Chinese in bot/locales/zh/LC_MESSAGES/xiaoer.po"
    assert blanks(chinese) == blanks(sentence)


def test_the_chinese_catalogue_has_no_sentence_that_nobody_says() -> None:
    with (LOCALES / "zh" / "LC_MESSAGES" / "xiaoer.po").open("rb") as file:
        translated = {str(message.id) for message in read_po(file) if message.id}
    assert translated - set(SENTENCES) == set()


def test_an_unknown_language_or_sentence_stays_english() -> None:
    assert translator("fr")("Yes") == "Yes"
    assert translator("zh")("Abracadabra") == "Abracadabra"


def test_money_and_times_are_said_as_people_say_them() -> None:
    noon = datetime(2026, 11, 22, 4, 5, tzinfo=UTC)
    assert time_text(noon, "zh", "Asia/Shanghai") == "11月22日 12:05"
    assert time_text(noon, "en", "Europe/London") == "22 Nov, 04:05"
    assert money_text(Money(11800, "CNY"), "zh") == "¥118.00"
    assert money_text(Money(1180, "JPY"), "en") == "JP¥1,180"


async def test_chinese_sentences_follow_each_other_without_a_space() -> None:
    lines: list[str] = []
    turn: Any = SimpleNamespace(_=translator("zh"), args={"near": "杭州市"}, under_way=["hear_place"], say=lines.append)
    await hear_place(turn)
    assert lines == ["这个位置在杭州市附近。请把完整的收货地址写给我：姓名、电话，以及省市区、街道和门牌号。"]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_what_may_be_the_last_one_is_not_spoken_of_as_several(sentence: str) -> None:
    assert not re.search(r"\{(?:left|held)\} (?:pieces|tries|groups)|There are only|\{count\} groups", sentence)
