"""What the merchant writes under a photo of something to sell: a name, a price, how many there are, some words."""

import re
from dataclasses import dataclass

from foundation.errors import Refused
from foundation.money import Money

LONGEST_TITLE = 120
LONGEST_BODY = 2_000
_CURRENCIES = {
    "¥": ("CNY", "JPY"),
    "￥": ("CNY", "JPY"),
    "元": ("CNY", "TWD", "HKD"),
    "块": ("CNY", "TWD", "HKD"),
    "块钱": ("CNY", "TWD", "HKD"),
    "yuan": ("CNY",),
    "rmb": ("CNY",),
    "$": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN"),
    "dollars": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD"),
    "€": ("EUR",),
    "£": ("GBP",),
}
_SIGN = r"[¥￥$€£]|(?:RMB|[A-Z]{3})(?![a-zA-Z])"
_UNIT = r"元|块钱|块|yuan|rmb|dollars|[¥￥$€£]|(?:CNY|USD|EUR|GBP|JPY|HKD|TWD)(?![a-zA-Z])"
_FIGURE = r"\d{1,3}(?:,\d{3})+(?:\.\d{1,3})?|\d{1,9}(?:\.\d{1,3})?"
_PRICE = re.compile(
    rf"(?:售价|价格|定价|单价|price)\s*[:：]?\s*(?P<sign1>{_SIGN})?\s*(?P<price1>{_FIGURE})\s*(?P<unit1>{_UNIT})?"
    rf"|(?P<sign2>{_SIGN})\s*(?P<price2>{_FIGURE})"
    rf"|(?P<price3>{_FIGURE})\s*(?P<unit3>{_UNIT})(?!装)",
    re.IGNORECASE,
)
_STOCK = re.compile(
    r"(?:库存|存货|现货|数量|stock|qty|quantity)\s*[:：]?\s*(\d{1,6})\s*(?:件|个|pcs|pieces)?(?!\d)"
    r"|(?<!\d)(\d{1,6})\s*(?:pcs|pieces|in stock|left)\b",
    re.IGNORECASE,
)
_COUNT = re.compile(r"(?:共|有|还有|just|only)?\s*(\d{1,6})\s*[件个只把套盒包瓶本双条台张罐]")
_BETWEEN = re.compile(r"[,，;；|｜]")
_EDGES = " \t-–—·.。:：,，;；|｜"
_HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Caption:
    """A caption as it was read; what it does not say is empty or None. `language`: zh or en."""

    title: str
    body: str
    price: Money | None
    stock: int | None
    language: str


def read_caption(text: str, *, currency: str) -> Caption:
    """Read a caption such as "手冲壶，129元，库存20" or "Pour-over kettle $49, 12 in stock" and the lines under it.

    The first piece that is neither price nor stock is the title, what stands below the first line the description. A
    price in a currency that is not the shop's counts as none.
    """
    price: Money | None = None
    stock: int | None = None
    lines: list[str] = []
    for line in text.strip().splitlines():
        if price is None:
            line, price = _taken_price(line, currency)  # what is left of the line
        if stock is None:
            line, stock = _taken_stock(line)
        lines.append(line)
    pieces = [piece.strip(_EDGES) for piece in _BETWEEN.split(lines[0])] if lines else []
    title, *more = [piece for piece in pieces if piece] or [""]
    body = "\n".join(filter(None, [*more, *(line.strip(", ") for line in lines[1:])]))
    return Caption(title[:LONGEST_TITLE], body[:LONGEST_BODY], price, stock, "zh" if _HAN.search(text) else "en")


def read_price(text: str, *, currency: str) -> Money | None:
    """A price that is all the text says: "129", "¥129", "129 元"."""
    found = _PRICE.fullmatch(text.strip()) or re.fullmatch(rf"(?P<price1>{_FIGURE})", text.strip())
    return _price_of(found, currency) if found else None


def _taken_price(text: str, currency: str) -> tuple[str, Money | None]:
    """The text without its price, and the price."""
    for found in _PRICE.finditer(text):
        price = _price_of(found, currency)
        if price is not None:
            return f"{text[: found.start()]},{text[found.end() :]}", price
    return text, None


def _price_of(found: re.Match[str], currency: str) -> Money | None:
    said = found.groupdict()
    figures = [said.get(name) for name in ("price1", "price2", "price3")]
    signs = [said.get(name) for name in ("sign1", "unit1", "sign2", "unit3")]
    for sign in filter(None, signs):
        if currency not in _CURRENCIES.get(sign.lower(), (sign.upper(),)):
            return None
    try:
        return Money.parse(next(filter(None, figures), "").replace(",", ""), currency)
    except Refused:
        return None


def _taken_stock(text: str) -> tuple[str, int | None]:
    """The text without its number of pieces, and the number: "库存20" anywhere, "20个" as a piece of its own."""
    found = _STOCK.search(text)
    if found:
        return f"{text[: found.start()]},{text[found.end() :]}", int(found[1] or found[2])
    pieces = _BETWEEN.split(text)
    for place, piece in enumerate(pieces):
        if counted := _COUNT.fullmatch(piece.strip()):
            return ",".join(pieces[:place] + pieces[place + 1 :]), int(counted[1])
    return text, None
