"""Money in a message: amounts and price limits, in both languages, as decimal texts without a currency."""

import re
from collections.abc import Iterator

from nlu.numbers import CHINESE, ENGLISH, amount, whole_number

Found = tuple[str, str, int, int]  # kind, value, start, end

_CURRENCY = (
    r"(?:块钱|块|元|圆|蚊|刀|人民币|rmb|cny|yuan|usd|dollars?|bucks?|pounds?|quid|euros?|gbp|eur|¥|\$|£|€)(?![a-z])"
)
_SIGN = r"(?:¥|\$|£|€|rmb|usd|cny)\s?"
_NUMBER = (
    rf"(?:(?<![\d.])\d{{1,7}}(?:,\d{{3}}){{0,2}}(?:\.\d{{1,2}})?(?!\d|\.\d)"
    rf"|(?<!{CHINESE}){CHINESE}{{1,9}}(?!{CHINESE})|(?<![a-z]){ENGLISH}(?![a-z]))"
)
_TENTHS = r"\s?(?:块|元)[1-9一二三四五六七八九](?:毛|角)?(?![\d十百千])"
_AMOUNT = rf"(?:{_SIGN})?{_NUMBER}(?:{_TENTHS}|\s?{_CURRENCY})?"
_PIECES = (
    r"(?!\s?(?:[个件只盒包套罐把支瓶袋份条台对双杯壶斤箱本张打枚片副组款天年月号点分米寸度]|小时|星期|毫升|厘米"
    r"|days?|weeks?|months?|hours?|ml|cm|oz|inch|mah|pcs|pieces|of|%))"
)
_LIMIT = re.compile(
    rf"(?:between|from|介于|在)?\s?(?P<low>{_AMOUNT})\s?(?:到|至|-|~|–|—|to|and)\s?(?P<high>{_AMOUNT}){_PIECES}(?:之间)?"
    r"|(?:不超过|不要超过|别超过|不能超过"
    r"|低于|少于|小于|不高于|最多|至多|顶多|最高|预算(?:是|在|大概|只有)?"
    r"|<=?|less than|under|below|up to|at most|no more than|not more than|cheaper than"
    r"|max(?:imum)?(?: of)?|within|budget(?: is| of|:)?)\s?"
    rf"(?P<under>{_AMOUNT}){_PIECES}(?:以内|之内|以下|左右)?"
    rf"|(?P<most>{_AMOUNT})\s?(?:以内|之内|以下|之下|以里|内(?!容)|or less|or below|or under|max\b|tops)"
    r"|(?:高于|超过|大于|不低于|不少于|至少|最少|最低|>=?|over|above|more than|at least|from"
    r"|starting (?:at|from)|min(?:imum)?)\s?"
    rf"(?P<over>{_AMOUNT}){_PIECES}"
    rf"|(?P<least>{_AMOUNT})\s?(?:以上|往上|开外|起步|or more|and up|and above|or above|\+(?!\d))"
)
_NEAR = r"(?:(?:around|about|roughly|approximately|大概|大约|差不多)\s?)?"
_MONEY = re.compile(
    rf"{_NEAR}(?P<sum>{_SIGN}{_NUMBER}|{_NUMBER}(?:{_TENTHS}|\s?{_CURRENCY}))(?:左右|上下)?|(?P<about>{_NUMBER})(?:左右|上下)"
)
_BETWEEN = re.compile(
    r"(?P<low>[一二两三四五六七八])(?P<high>[二两三四五六七八九])(?P<unit>[十百千万])(?:块钱?|元)?(?:左右|之间)?"
)


def money_in(folded: str, *, pieces: bool, finding: bool) -> Iterator[Found]:
    """Yield ``money``, ``money_min`` and ``money_max``.

    ``pieces``: the cart is meant, so that bare numbers, and 块, count pieces. ``finding``: something is looked for, so
    that "100-200" without a currency is a price.
    """
    taken: list[tuple[int, int]] = []
    if not pieces:
        for match in _BETWEEN.finditer(folded):  # 两三百
            low, high = whole_number(match["low"] + match["unit"]), whole_number(match["high"] + match["unit"])
            if low and high and low < high:
                taken.append(match.span())
                yield "money_min", str(low), *match.span()
                yield "money_max", str(high), *match.span()
        for match in _LIMIT.finditer(folded):
            if not _overlaps(match.span(), taken):
                limits = list(_limits(match, finding=finding))
                taken += [match.span()] if limits else []
                yield from limits
    for match in _MONEY.finditer(folded):
        value = amount(match["sum"] or match["about"])
        if value is not None and not _overlaps(match.span(), taken) and not (pieces and match[0].endswith("块")):
            yield "money", value, *match.span()


def _limits(match: re.Match[str], *, finding: bool) -> Iterator[Found]:
    bounds = {name: amount(raw) for name, raw in match.groupdict().items() if raw}
    if "low" in bounds and not finding and not re.search(_CURRENCY, match[0]):
        return
    for name, value in bounds.items():
        if value is not None:
            yield "money_min" if name in ("low", "over", "least") else "money_max", value, *match.span()


def _overlaps(span: tuple[int, int], taken: list[tuple[int, int]]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in taken)
