"""Numbers as people write them: 3, 1,200, 两, 一百五, 45块9, three, a hundred and twenty, a dozen."""

import re
from decimal import Decimal, InvalidOperation

_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {
    "〇": 0,
    "两": 2,
    "俩": 2,
    "仨": 3,
}
_UNITS = {"十": 10, "百": 100, "千": 1_000, "万": 10_000}

CHINESE = "[零〇一二两三四五六七八九十百千万]"
_SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_WORDS = {word: value for value, word in enumerate(_SMALL)} | _TENS
_NUMBER_WORD = "(?:" + "|".join(sorted(_WORDS, key=len, reverse=True)) + ")"
ENGLISH = (
    rf"(?:(?:{_NUMBER_WORD}|a|an)[ -]hundred(?:(?: and)?[ -]{_NUMBER_WORD})?(?:[ -]{_NUMBER_WORD})?"
    rf"|{_NUMBER_WORD}(?:[ -]{_NUMBER_WORD})?)"
)
_MONEY_PARTS = re.compile(
    rf"(?P<whole>[\d.,]{{1,15}}|{CHINESE}{{1,9}})\s?(?:块|元|圆|蚊)(?P<tenths>[1-9一二三四五六七八九])(?:毛|角)?$"
)
_CURRENCY = re.compile(
    r"¥|\$|£|€|块钱|块|元|圆|蚊|刀|人民币|rmb|cny|yuan|usd|dollars?|bucks?|pounds?|quid|euros?|gbp|eur"
)


def chinese_number(text: str) -> int | None:
    """Read a Chinese whole number (一百五 is 150, 两千零三 is 2003); None when it is none."""
    total = section = digit = 0
    unit = 0  # the last unit said: 五 after 百 means fifty
    for character in text:
        if character in _DIGITS:
            if digit:
                return None  # 三五 is no number
            digit = _DIGITS[character]
            if character in "零〇":
                unit = 0
        elif character == "万":
            total, section, digit, unit = (section + digit) * 10_000, 0, 0, 10_000
        elif character in _UNITS:
            unit = _UNITS[character]
            section += (digit or 1) * unit
            digit = 0
        else:
            return None
    if digit and unit > 10:
        digit *= unit // 10
    return total + section + digit if text else None


def english_number(text: str) -> int | None:
    """Read an English whole number below a thousand in words; None when it is none."""
    total = 0
    last = ""
    for word in re.split(r"[ -]+", text):
        if word == "hundred":
            total = max(total, 1) * 100
        elif word in _WORDS and (
            last in ("", "a", "an", "and", "hundred") or (last in _TENS and 0 < _WORDS[word] < 10)
        ):
            total += _WORDS[word]
        elif word not in ("a", "an", "and"):
            return None
        last = word
    return total or (0 if text == "zero" else None)


def whole_number(text: str) -> int | None:
    """Read a folded whole number in digits or in words of either language; None when it is none."""
    text = text.strip()
    if re.fullmatch(r"[0-9]{1,9}|[0-9]{1,3}(,[0-9]{3}){1,2}", text):
        return int(text.replace(",", ""))
    return chinese_number(text) if re.fullmatch(f"{CHINESE}+|俩|仨", text) else english_number(text)


def amount(text: str) -> str | None:
    """Read an amount of money as a decimal text without its currency: 45块9 is "45.90", $20 is "20"; None if none."""
    text = text.strip()
    tenths = 0
    if parts := _MONEY_PARTS.search(text):
        text, tenths = parts["whole"], whole_number(parts["tenths"]) or 0
    text = _CURRENCY.sub("", text).strip()
    whole = whole_number(text)
    try:
        value = Decimal(text.replace(",", "")) if whole is None else Decimal(whole)
    except InvalidOperation:
        return None
    value += Decimal(tenths) / 10
    return str(int(value)) if value == int(value) else f"{value:.2f}"
