"""How things are said in the shopper's language: sentences from the catalogues, money and dates by Babel.

English stands in the code; the other languages in bot/locales, read as they are (no compiled files to forget).
"""

from collections.abc import Callable
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.messages.pofile import read_po
from babel.numbers import format_currency

from foundation.money import Money

LOCALES = Path(__file__).parent / "locales"
_BABEL = {"zh": "zh_Hans_CN", "en": "en_GB"}


def N_(message: str) -> str:  # noqa: N802 - the customary name, which the extraction of sentences knows
    """Mark a sentence for translation where it is not said yet."""
    return message


@cache
def translator(language: str) -> Callable[[str], str]:
    """The function that says an English sentence in a language; what has no translation stays English."""
    path = LOCALES / language / "LC_MESSAGES" / "xiaoer.po"
    if not path.exists():
        return N_
    with path.open("rb") as file:
        catalog = read_po(file, locale=language)
    sentences = {str(message.id): str(message.string) for message in catalog if message.id and message.string}
    return lambda message: sentences.get(message, message)


@lru_cache(maxsize=20_000)  # Babel takes its time, and most amounts are prices of the shop
def money_text(money: Money, language: str) -> str:
    """¥118.00"""
    return format_currency(money.decimal, money.currency, locale=_BABEL.get(language, language))


def day_text(day: date, language: str) -> str:
    """A day as people say it: "22 Nov"."""
    pattern = "M月d日" if language == "zh" else "d MMM"
    return format_date(day, pattern, locale=_BABEL.get(language, language))


def gap(sentence: str) -> str:
    """What stands between this sentence and the next one: nothing where it ends as Chinese ones do."""
    return "" if sentence.endswith(("。", "！", "？", "；")) else " "


def time_text(moment: datetime, language: str, time_zone: str) -> str:
    """A moment as people in the shop's time zone say it: "22 Nov, 14:20"."""
    pattern = "M月d日 HH:mm" if language == "zh" else "d MMM, HH:mm"
    return format_datetime(moment, pattern, tzinfo=ZoneInfo(time_zone), locale=_BABEL.get(language, language))
