"""What a message names: order numbers, coupon codes, phones, mail, money, quantities, ordinals, colours, languages,
sort, query, and that only what is in stock or sent for free is wanted.

Everything reads folded text, which is as long as the original, so places fit both. What one reader has read (an order
number, a phone), later ones leave alone.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from phonenumbers import PhoneNumberFormat, PhoneNumberMatcher, format_number

from nlu.asking import ASKING, ORDERED, around, is_scrap, wishes_in
from nlu.counts import bare_number, ordinals_in, quantities_in
from nlu.model import Entity, Language, Value
from nlu.money import money_in
from nlu.query import queries_of, query_of
from nlu.text import MEASURE, ORDER_NUMBER

_CART = frozenset({"add_to_cart", "change_cart"})
_SEARCHING = frozenset({"search_products", "refine_search", "similar_products"})
_FINDING = _SEARCHING | {"show_product"}
SHOPPING = _CART | _FINDING | ASKING | ORDERED
_COUNTING = _CART | ORDERED  # one is a count here, and the size goes with the piece
_WITH_CODE = frozenset({"use_coupon", "claim_coupon", "redeem_gift_card", "show_balance"})
_NO_MONEY = frozenset({"ask_stock", "ask_size", "ask_material"})  # "over 10 litres", "I'm about 70"
_NO_COUNT = frozenset({"ask_size", "ask_material", "notify_in_stock"})  # "I wear 38"

Found = tuple[str, Value, int, int]  # kind, value, start, end

_EMAIL = re.compile(r"(?<![\w.+-])[a-z0-9][\w.+-]{0,63}@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,24}(?![a-z])")
_ORDER = re.compile(ORDER_NUMBER)
_CODE = re.compile(  # of a coupon or a gift card: XIA10-ABCD, SAVE2024; not a measure, not a 10-dollar voucher
    rf"(?<![0-9a-z_@./:-])(?!{MEASURE})(?!\d+-[a-z]+(?![0-9a-z-]))(?=[0-9-]*[a-z])"
    r"[0-9a-z]+(?:-[0-9a-z]+){0,5}(?![0-9a-z_@/:-])"
)
_SHORTEST_CODE = 6
_CHINA_MOBILE = re.compile(r"(?<!\d)(?:\+?86[ -]?)?(1[3-9]\d)[ -]?(\d{4})[ -]?(\d{4})(?!\d)")
_SORTS = (
    (
        "price_desc",
        r"最贵的?|从高到低|由高到低|价格高的?(?:在前|排前面)?|降序|从贵到便宜"
        r"|most expensive|high(?:est)? to low(?:est)?|descending|priciest|highest price(?: first)?",
    ),
    (
        "price_asc",
        r"最便宜的?|最低价|从低到高|由低到高|从便宜到贵|升序|(?:再|更)?便宜(?:一?点|些)?的?|平[啲的]|价格低的?(?:在前|排前面)?|按?价格排序?"
        r"|\bcheap(?:er|est)?\b(?! than)(?: ones?\b| first\b)?|low(?:est)? to high(?:est)?|ascending|less expensive"
        r"|lowest price(?: first)?|sort by price",
    ),
    (
        "newest",
        r"最新的?|新款|新品|新到的?|上新|新的(?:在前|排前面)|newest(?: first)?|latest"
        r"|new arrivals?|most recent|what's new",
    ),
)
_SORT_PATTERNS = tuple((value, re.compile(pattern)) for value, pattern in _SORTS)
_CORRECTION = re.compile(
    r"^(?:啊|哦|噢|哎)?[，, ]?(?:不对|不是|错了|我?(?:说|打|写|选|弄|搞)错了|不不+|等等|等一下)"
    r"[，,。.! ]*(?=[^，,。.!\s哦啊吧呀的了])"
    r"|我(?:是说|的意思是|说的是|要的是)|应该是|不是.{1,12}[，, ]?(?:而是|是|要)"
    r"|^(?:no(?! longer| need)|nope|sorry|wait|actually|oops|hang on|hold on|correction|scratch that)\b[,.! ]+"
    r"(?:(?:no|actually|sorry)[, ]+)*(?=\w)"
    r"|\bi meant?\b|\binstead(?: of\b.*)?$|\brather than\b"
)
_NO_CORRECTION = frozenset({"deny", "thank", "goodbye", "affirm", "stop", "greet", "ask_human"})
# "wait, where is my order" asks something in between: it corrects nothing.
_ASIDES = ASKING | {
    "search_products",
    "show_product",
    "show_cart",
    "order_status",
    "cancel_order",
    "help",
    "show_favourites",
    "ask_payment_methods",
    "ask_pickup",
    "ask_promotions",
    "ask_return_policy",
    "ask_shipping_cost",
    "explain_price",
    "refund_status",
    "return_status",
    "show_balance",
    "show_coupons",
    "show_points",
    "track_parcel",
}
_LEAD_IN = re.compile(r"[，, ]*(?:等等|等一下|wait|actually|hang on|hold on)[，,。.! ]*")
_NO_COLOUR = re.compile(  # black tea is a kind of tea, a black tea cup is a black cup
    r"[红白绿黑黄青]茶(?![杯壶具盘碗罐盏])|[滇祁闽川宜宁]红|大红袍|[小网口分]红|红[包糖豆枣酒米利]|[明空表坦]白|白[糖酒菜天送条毫开]|蓝[牙芽光]|紫[砂泥]"
    r"|红心|[花面]粉|粉[丝末]|灰尘|黑名单|黄[金山瓜]|绿豆|黑枸杞"
    r"|\b(?:black|green|white|yellow|red|dark|purple) ?tea(?! ?(?:cups?|pots?|sets?|trays?|towels?|mugs?|ware))\b"
    r"|\b(?:hand|face|sun|ice|eye|night|shaving) ?cream\b|\bcream (?:for|against)\b"
    r"|\borange (?:juice|peel)|\bsilver needle|\bblue ?tooth|\bblack friday|\bpurple clay|\bcream tea"
    r"|\bclear(?! (?:glass|cup|mug|teapot|pot|bowl|vase))\b"
)


class Gazetteer:
    """Words with a known kind and value: the ``lookup``, ``synonym`` and ``regex`` entries of the training files."""

    def __init__(self, lookups: Mapping[str, Mapping[str, str]], regexes: Mapping[str, Iterable[str]]) -> None:
        self._values = lookups
        self._words = {kind: _any_of(values) for kind, values in lookups.items() if values}
        self._patterns = [(kind, re.compile(one, re.IGNORECASE)) for kind, all_ in regexes.items() for one in all_]

    def find(self, kind: str, folded: str) -> Iterator[Found]:
        """Yield the words of a kind in a folded text, the longest at each place."""
        if words := self._words.get(kind):
            for match in words.finditer(folded):
                yield kind, self._values[kind][match[0]], *match.span()

    def others(self, folded: str) -> Iterator[Found]:
        """Yield the words of all kinds but colour and language, which need care, and what the patterns find."""
        for kind in self._words.keys() - {"colour", "language"}:
            yield from self.find(kind, folded)
        for kind, pattern in self._patterns:
            for match in pattern.finditer(folded):
                if match[0]:
                    yield kind, match[0], *match.span()


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    """Match any of the words, the longest first; English ones between word borders."""
    ordered = sorted(words, key=len, reverse=True)
    return re.compile("|".join(rf"\b{re.escape(word)}\b" if word.isascii() else re.escape(word) for word in ordered))


def entities_of(text: str, folded: str, *, intent: str, language: Language, gazetteer: Gazetteer) -> tuple[Entity, ...]:
    """Return what a text names, in the order of the text. ``folded`` is ``fold(text)``."""
    found: list[Found] = []
    unread = list(folded)
    cart, finding = intent in _CART, intent in _FINDING

    def take(new: Iterable[Found]) -> str:
        """Keep what was found, and return the text with all that was read blanked out, places kept."""
        for one in new:
            found.append(one)
            unread[one[2] : one[3]] = "\0" * (one[3] - one[2])
        return "".join(unread)

    free = take(_mail(folded))
    if intent in _WITH_CODE:
        free = take(_codes(text, free))
    free = take(_orders(free))
    if _is_one_word(folded):
        take(one for one in _codes(text, folded) if one not in found)
    free = take(_phones(free, language))
    if intent not in _NO_MONEY:
        free = take(money_in(free, pieces=cart, finding=finding))
    free = take(ordinals_in(free, comparing=intent == "compare_products"))
    if intent not in _NO_COUNT and (intent in SHOPPING or len(folded) <= 20):
        take(quantities_in(free, changing=intent == "change_cart", verbs=cart, finding=finding or intent in ASKING))
    take(one for one in bare_number(folded) if one not in found)
    take(_colours(folded, gazetteer))
    take(_sort(folded))
    if intent == "change_language" or len(folded) <= 4:
        take(gazetteer.find("language", folded))
    take(gazetteer.others(folded))
    take(_correction(folded, intent))
    if intent in _SEARCHING or intent == "ask_delivery":
        take(wishes_in(folded, stock=intent in _SEARCHING))
    if intent in SHOPPING:
        read = [(start, end) for _kind, _value, start, end in found]
        take(_queries(folded, intent, [*read, *around(intent, folded)]))
    found.sort(key=lambda one: (one[2], -one[3]))
    return tuple(Entity(kind, value, start, end, text[start:end]) for kind, value, start, end in found)


def _queries(folded: str, intent: str, read: list[tuple[int, int]]) -> Iterator[Found]:
    """Yield what is asked for: one thing, or each of those that are compared."""
    if intent == "compare_products":
        yield from (("query", *each) for each in queries_of(folded, read) if not is_scrap(each[0]))
    elif (asked := query_of(folded, read, sizes=intent not in _COUNTING)) and not (
        intent in ASKING | ORDERED and is_scrap(asked[0])
    ):
        yield "query", *asked


def _mail(folded: str) -> Iterator[Found]:
    if "@" in folded:
        for match in _EMAIL.finditer(folded):
            yield "email", match[0], *match.span()


def _orders(folded: str) -> Iterator[Found]:
    for match in _ORDER.finditer(folded):
        number = match[0].replace("-", "").upper()
        if not number.isdigit():  # eight digits alone are a date or a phone
            yield "order_number", f"{number[:4]}-{number[4:]}", *match.span()


def _is_one_word(folded: str) -> bool:
    return 0 < len(folded.split()) < 2


def _codes(text: str, folded: str) -> Iterator[Found]:
    """Codes of coupons and gift cards: letters with a digit, or capitals with a dash. X7K2-94QD is an order's."""
    for match in _CODE.finditer(folded):
        written = text[match.start() : match.end()]
        letters = [character for character in match[0] if character.isalnum()]
        is_code = any(map(str.isdigit, letters)) or ("-" in written and written.isupper())
        is_order = "-" in match[0] and _ORDER.fullmatch(match[0])
        if is_code and len(letters) >= _SHORTEST_CODE and not is_order:
            yield "coupon_code", match[0].upper(), *match.span()


def _phones(folded: str, language: Language) -> Iterator[Found]:
    """Mobile numbers of China in either language; others with their country's +, in Chinese also landlines of China."""
    if sum(character.isdigit() for character in folded) < 7:
        return
    free = folded
    for match in _CHINA_MOBILE.finditer(folded):
        free = free[: match.start()] + "\0" * len(match[0]) + free[match.end() :]
        yield "phone", f"+86{match[1]}{match[2]}{match[3]}", *match.span()
    for phone in PhoneNumberMatcher(free, "CN" if language == "zh" else None):
        yield "phone", format_number(phone.number, PhoneNumberFormat.E164), phone.start, phone.end


def _colours(folded: str, gazetteer: Gazetteer) -> Iterator[Found]:
    other = [match.span() for match in _NO_COLOUR.finditer(folded)]
    for found in gazetteer.find("colour", folded):
        if not any(start < found[3] and found[2] < end for start, end in other):
            yield found


def _correction(folded: str, intent: str) -> Iterator[Found]:
    match = None if intent in _NO_CORRECTION else _CORRECTION.search(folded)
    if match and not (intent in _ASIDES and _LEAD_IN.fullmatch(match[0])):
        yield "correction", True, *match.span()


def _sort(folded: str) -> Iterator[Found]:
    for value, pattern in _SORT_PATTERNS:
        if match := pattern.search(folded):
            yield "sort", value, *match.span()
            return
