"""What a message names: order numbers, quantities, ordinals, money, phones, mail, colours, language, sort, corrections.

Everything reads folded text, which is as long as the original, so positions fit both. The order of the readers
matters: what one has read (an order number, a phone), later ones leave alone.
"""

import re
from collections.abc import Iterator, Mapping

from phonenumbers import PhoneNumberFormat, PhoneNumberMatcher, format_number

from nlu.model import Entity, Language, Value
from nlu.numbers import CHINESE, ENGLISH, amount, whole_number
from nlu.query import query_of
from nlu.text import HAN, ORDER_NUMBER

SHOPPING = frozenset({"search_products", "refine_search", "show_product", "add_to_cart", "change_cart"})
_CART = frozenset({"add_to_cart", "change_cart"})
_FINDING = frozenset({"search_products", "refine_search", "show_product"})

Found = tuple[str, Value, int, int]  # kind, value, start, end

_EMAIL = re.compile(r"(?<![\w.+-])[a-z0-9][\w.+-]{0,63}@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,24}(?![a-z])")
_ORDER = re.compile(ORDER_NUMBER)
_CHINA_MOBILE = re.compile(r"(?<!\d)(?:\+?86[ -]?)?(1[3-9]\d)[ -]?(\d{4})[ -]?(\d{4})(?!\d)")

_NUM = rf"(?:\d+(?:,\d{{3}})*(?:\.\d{{1,2}})?(?![\d.]*\d)|{CHINESE}+|(?<![a-z]){ENGLISH}(?![a-z]))"
_SIGN = r"(?:¥|\$|£|€|rmb|usd|cny)"
_NAME = r"(?:块钱|块|元|圆|蚊|刀|人民币|rmb|cny|yuan|usd|dollars?|bucks?|pounds?|quid|euros?|gbp|eur|¥|\$|£|€)"
_AMOUNT = rf"(?:{_SIGN}\s?)?{_NUM}(?:\s?(?:块|元)[1-9一二三四五六七八九](?:毛|角)?(?![\d十百千])|\s?{_NAME}(?![a-z]))?"
_MEASURE = "个件只盒包套罐把支瓶袋份条台对双杯壶斤箱本张打枚片副组款部饼提桶听粒串"
_NO_MONEY = rf"(?!\s?(?:[{_MEASURE}天年月号点分米寸度]|小时|星期|毫升|厘米|days?|weeks?|hours?|ml|cm|oz|inch|mah|pcs|pieces|of|%))"
_LIMIT = re.compile(
    rf"(?:between|from|介于|在)?\s?(?P<low>{_AMOUNT})\s?(?:到|至|-|~|–|—|to|and)\s?(?P<high>{_AMOUNT}){_NO_MONEY}(?:之间)?"
    rf"|(?:不超过|不要超过|别超过|不能超过|低于|少于|小于|不高于|最多|至多|顶多|最高|预算(?:是|在|大概|只有)?|<=?|less than|under|below|up to"
    rf"|at most|no more than|not more than|cheaper than|max(?:imum)?(?: of)?|within|budget(?: is| of|:)?)\s?(?P<under>{_AMOUNT}){_NO_MONEY}(?:以内|之内|以下|左右)?"
    rf"|(?P<most>{_AMOUNT})\s?(?:以内|之内|以下|之下|以里|内(?!容)|or less|or below|or under|max\b|tops)"
    rf"|(?:高于|超过|大于|不低于|不少于|至少|最少|最低|>=?|over|above|more than|at least|from|starting (?:at|from)|min(?:imum)?)\s?(?P<over>{_AMOUNT}){_NO_MONEY}"
    rf"|(?P<least>{_AMOUNT})\s?(?:以上|往上|开外|起步|or more|and up|and above|or above|\+(?!\d))"
)
_MONEY = re.compile(
    rf"{_SIGN}\s?{_NUM}|{_NUM}\s?(?:(?:块|元)[1-9一二三四五六七八九](?:毛|角)?|{_NAME}(?![a-z]))(?:左右|上下)?|{_NUM}(?:左右|上下)"
)

_RANKS = {
    word: rank
    for rank, words in enumerate(
        (
            "first 1st",
            "second 2nd",
            "third 3rd",
            "fourth 4th",
            "fifth 5th",
            "sixth 6th",
            "seventh 7th",
            "eighth 8th",
            "ninth 9th",
            "tenth 10th",
        ),
        start=1,
    )
    for word in words.split()
}
_RANK = "|".join(_RANKS)
_THING = r"one|item|product|option|result|choice|picture|line|thing|mug|cup|pot|teapot|tea|set|speaker|lamp"
_ORDINAL_ZH = re.compile(
    rf"(?P<back>倒数)?第\s?(?P<n>\d{{1,2}}|{CHINESE}+)(?!\s?[天次步])[个款件项种样条只套台把盒号页]?|(?P<m>\d{{1,2}})号(?![楼线院])|头一?[个款件]|(?P<last>最后(?:那|这|面那)?(?:一)?[个款件项种只])"
)
_ORDINAL_EN = re.compile(
    rf"\b(?:the )?(?P<second_last>second[- ]to[- ]last|last but one|second last)\b(?: (?:{_THING}))?"
    rf"|\bthe (?P<rank>{_RANK})\b(?! (?:time|thing in|place|of all|question|step))(?: (?:{_THING}))?"
    rf"|\b(?P<rank2>{_RANK}) (?:{_THING})\b"
    rf"|(?:#|\bnumber |\bno\.? ?|\bnr\.? ?|\bitem |\boption )(?P<n>\d{{1,2}}|{ENGLISH})(?![\w-])"
    rf"|\b(?P<last>(?:the )?(?:very )?last (?:{_THING})|the last(?=[?.!]?$))"
    rf"|^(?P<alone>{_RANK}|last)[.!?]?$|\b(?P<digits>\d{{1,2}})(?:st|nd|rd|th)\b"
)

_QUANTITY_ZH = re.compile(
    rf"(?<![第\d.])(?P<n>\d{{1,4}}|{CHINESE}+|半)\s?(?P<m>[{_MEASURE}])(?!月|小时|星期|礼拜|人|客服|问题|订单|电话|颜色|钟|字)|(?<=[来要买拿加])(?P<pair>[俩仨])"
)
_QUANTITY_VERB = re.compile(
    rf"(?:改成|改为|改到|变成|换成|加到|减到|数量|[xX×*]|(?<![需不])要|来|加|买|改)\s?(?:是|为|到|成)?\s?(?P<n>\d{{1,3}}|{CHINESE}{{1,3}})(?![\d.{HAN}])"
)
_QUANTITY_EN = re.compile(
    rf"(?<![\w.#$£€¥,-])(?:(?P<times>[x×*] ?)?(?P<n>\d{{1,4}}|{ENGLISH})(?: ?[x×](?![a-z]))?|(?P<couple>a couple)(?: of)?|(?P<dozen>(?:half )?a dozen|half a dozen)(?: of)?|(?P<pair>a pair)(?: of)?|(?P<both>both))"
    r"(?![\w%.,]*\d)(?! ?(?:days?|weeks?|months?|years?|hours?|minutes?|mins?|am|pm|ml|cl|cm|mm|oz|inch|inches|gb|mah|watts?|w|kg|g|percent|%|o'clock|people|persons?|street|road|avenue|st|th|nd|rd)\b)(?![\w'])"
)
_NOT_A_COUNT = re.compile(
    r"\b(?:the|this|that|which|another|other|each|every|no|any|a|last|next|first|second|third|cheaper|cheapest|bigger|smaller|better|best|nice|good|new|old|different|similar|same|[a-z]*est|red|blue|white|black|green|yellow|pink|purple|gr[ea]y|brown|orange|gold|silver|beige|clear)(?: [a-z]+)?\s?$"
)
_LESS_ZH = re.compile(r"(?:少|减|去|删|拿)[要来买拿掉去少]*$")
_MORE_ZH = re.compile(r"(?:再|多|加)[要来买拿加多]*$")
_LESS_EN = re.compile(r"^ (?:less|fewer)\b")
_MORE_EN = re.compile(r"^ more\b")
_TAKE_AWAY = re.compile(r"\b(?:remove|delete|drop|take (?:out|off|away)|minus) $")

_SORTS = (
    (
        "price_desc",
        re.compile(
            r"最贵的?|从高到低|价格高的?(?:在前|排前面)?|降序|由高到低|从贵到便宜|most expensive|high(?:est)? to low(?:est)?|descending|priciest|highest price(?: first)?"
        ),
    ),
    (
        "price_asc",
        re.compile(
            r"最便宜的?|最低价|从低到高|由低到高|从便宜到贵|升序|(?:再|更)?便宜(?:一?点|些)?的?|平[啲的]|价格低的?(?:在前|排前面)?|cheap(?:er|est)?\b(?: ones?\b| first\b)?|low(?:est)? to high(?:est)?|ascending|less expensive|lowest price(?: first)?|sort by price|按价格排序?|价格排序"
        ),
    ),
    (
        "newest",
        re.compile(
            r"最新的?|新款|新品|新到的?|上新|新的(?:在前|排前面)|newest(?: first)?|latest|new arrivals?|most recent|what's new"
        ),
    ),
)
_CORRECTION = re.compile(
    r"^(?:(?:啊|哦|噢|哎)?[，, ]?(?:不对|不是|错了|(?:我)?(?:说|打|写|选|弄)错了|不不+|等等|等一下|搞错了)[，,。.! ]*(?=[^，,。.!\s哦啊吧呀的了]))"
    r"|我(?:是说|的意思是|说的是|要的是)|应该是|不是.{1,12}[，, ]?(?:而是|是|要)"
    r"|^(?:no|nope|sorry|wait|actually|oops|hang on|hold on|correction|scratch that)\b[,.! ]+(?:no[, ]+|actually[, ]+|sorry[, ]+)*(?=\w)|\bi mean[t]?\b|\binstead(?: of\b.*)?$|\brather than\b"
)
_NO_CORRECTION = frozenset({"deny", "thank", "goodbye", "affirm", "stop", "greet", "ask_human"})
_NO_COLOUR = re.compile(
    r"[红白绿黑黄青](?=茶(?![杯壶具盘碗罐盏]))茶|大红袍|[小网口分]红|红[包糖豆枣酒米利]|[明空表坦]白|白[糖酒菜天送条毫开]|蓝牙|蓝芽|蓝光|紫砂|[花面]粉|粉[丝末]|灰尘|黑名单|黄[金山瓜]|绿豆|黑枸杞"
    r"|\b(?:black|green|white|yellow|red|dark|purple) ?tea(?! ?(?:cups?|pots?|sets?|trays?|towels?|mugs?|ware))\b|\borange (?:juice|peel)|\bsilver needle|\bblue ?tooth|\bblack friday|\bpurple clay|\bclear(?! (?:glass|cup|mug|teapot|pot|bowl|vase))\b|\bcream tea"
)


class Gazetteer:
    """Words with a known kind and value, from the ``lookup``, ``synonym`` and ``regex`` entries of the training files."""

    def __init__(self, lookups: Mapping[str, Mapping[str, str]], regexes: Mapping[str, tuple[str, ...]]) -> None:
        self._values = lookups
        self._words = {kind: _any_of(values) for kind, values in lookups.items() if values}
        self._patterns = [
            (kind, re.compile(pattern, re.IGNORECASE)) for kind, all_ in regexes.items() for pattern in all_
        ]

    def kinds(self) -> tuple[str, ...]:
        """Return the kinds that have a list of words."""
        return tuple(self._words)

    def find(self, kind: str, folded: str) -> Iterator[Found]:
        """Yield the words of a kind in a folded text, the longest at each place."""
        if words := self._words.get(kind):
            for match in words.finditer(folded):
                yield kind, self._values[kind][match[0]], match.start(), match.end()

    def patterns(self, folded: str) -> Iterator[Found]:
        """Yield what the patterns find."""
        for kind, pattern in self._patterns:
            for match in pattern.finditer(folded):
                if match[0]:
                    yield kind, match[0], match.start(), match.end()


def _any_of(words: Mapping[str, str]) -> re.Pattern[str]:
    """Match any of the words: English ones between word borders, the longest first."""
    ordered = sorted(words, key=len, reverse=True)
    return re.compile("|".join(rf"\b{re.escape(w)}\b" if w.isascii() else re.escape(w) for w in ordered))


def entities_of(text: str, folded: str, *, intent: str, language: Language, gazetteer: Gazetteer) -> tuple[Entity, ...]:
    """Return what a text names, in the order of the text. ``folded`` is ``fold(text)``."""
    found: list[Found] = []
    free = folded  # what has been read is blanked out, with positions kept
    for reader in (_mail, _orders, _phones):
        free = _keep(found, reader(free, language), free)
    free = _keep(found, _limits(free, intent), free)
    free = _keep(found, _ordinals(free), free)
    free = _keep(found, _quantities(free, intent), free)
    found += [one for one in _bare_number(folded) if one not in found]
    found += _colours(folded, gazetteer)
    found += [("sort", value, *match.span()) for value, pattern in _SORTS for match in pattern.finditer(folded)][:1]
    if intent == "change_language" or len(folded) <= 8:
        found += gazetteer.find("language", folded)
    for kind in gazetteer.kinds():
        if kind not in ("colour", "language"):
            found += gazetteer.find(kind, folded)
    found += gazetteer.patterns(folded)
    if intent not in _NO_CORRECTION and (match := _CORRECTION.search(folded)):
        found.append(("correction", True, *match.span()))
    if intent in SHOPPING and (asked := query_of(folded, intent, [(start, end) for _k, _v, start, end in found])):
        found.append(("query", *asked))
    found.sort(key=lambda one: (one[2], -one[3]))
    return tuple(Entity(kind, value, start, end, text[start:end]) for kind, value, start, end in found)


def _keep(found: list[Found], new: Iterator[Found], free: str) -> str:
    for one in list(new):
        found.append(one)
        free = free[: one[2]] + "\0" * (one[3] - one[2]) + free[one[3] :]
    return free


def _mail(folded: str, _language: Language) -> Iterator[Found]:
    if "@" in folded:
        for match in _EMAIL.finditer(folded):
            yield "email", match[0], match.start(), match.end()


def _orders(folded: str, _language: Language) -> Iterator[Found]:
    for match in _ORDER.finditer(folded):
        number = match[0].replace("-", "").upper()
        if not number.isdigit() or "-" in match[0]:
            yield "order_number", f"{number[:4]}-{number[4:]}", match.start(), match.end()


def _phones(folded: str, language: Language) -> Iterator[Found]:
    """Numbers of China in either language, others with their country's +; in Chinese also Chinese landlines."""
    if sum(character.isdigit() for character in folded) < 7:
        return
    taken = folded
    for match in _CHINA_MOBILE.finditer(folded):
        taken = taken[: match.start()] + "\0" * (match.end() - match.start()) + taken[match.end() :]
        yield "phone", f"+86{match[1]}{match[2]}{match[3]}", match.start(), match.end()
    for phone in PhoneNumberMatcher(taken, "CN" if language == "zh" else None):
        yield "phone", format_number(phone.number, PhoneNumberFormat.E164), phone.start, phone.end


def _limits(folded: str, intent: str) -> Iterator[Found]:
    """Price limits and amounts. While the cart is meant, bare numbers are pieces, and 块 counts pieces too."""
    pattern = _LIMIT if intent not in _CART else None
    spans: list[tuple[int, int]] = []
    for match in pattern.finditer(folded) if pattern else ():
        bounds = {name: amount(raw) for name, raw in match.groupdict().items() if raw}
        if None in bounds.values() or ("low" in bounds and intent not in _FINDING and not re.search(_NAME, match[0])):
            continue
        spans.append(match.span())
        for name, value in bounds.items():
            kind = "money_min" if name in ("low", "over", "least") else "money_max"
            yield kind, value or "", match.start(), match.end()
    for match in _MONEY.finditer(folded):
        inside = any(start < match.end() and match.start() < end for start, end in spans)
        value = amount(re.sub("左右|上下", "", match[0]))
        if not inside and value is not None and not (intent in _CART and re.search(r"块$", match[0])):
            yield "money", value, match.start(), match.end()


def _ordinals(folded: str) -> Iterator[Found]:
    for match in _ORDINAL_ZH.finditer(folded):
        rank = whole_number(match["n"] or match["m"] or "一")
        if match["last"]:
            rank = -1
        if rank:
            yield "ordinal", -rank if match["back"] else rank, match.start(), match.end()
    for match in _ORDINAL_EN.finditer(folded):
        word = match["rank"] or match["rank2"] or match["alone"]
        rank = _RANKS.get(word) if word and word != "last" else None
        if number := match["n"] or match["digits"]:
            rank = whole_number(number)
        if match["last"] or match["alone"] == "last":
            rank = -1
        if match["second_last"]:
            rank = -2
        if rank:
            yield "ordinal", rank, match.start(), match.end()


def _quantities(folded: str, intent: str) -> Iterator[Found]:
    """How many. In ``change_cart`` "one more" and "少一个" are a ``quantity_change``, with a sign, not a quantity."""
    for match in _QUANTITY_ZH.finditer(folded):
        count = _chinese_count(match)
        if count is None or (intent in _FINDING and count == 1):  # 有没有一个红色的: an article, no count
            continue
        before = folded[: match.start()]
        sign = -1 if _LESS_ZH.search(before) else 1 if _MORE_ZH.search(before) else 0
        yield _counted(count, sign if intent == "change_cart" else 0, match.start(), match.end())
    if intent in _CART:
        for match in _QUANTITY_VERB.finditer(folded):
            if count := whole_number(match["n"]):
                yield "quantity", count, match.start("n"), match.end("n")
    if intent in SHOPPING or len(folded) <= 20:
        yield from _english_quantities(folded, intent)


def _chinese_count(match: re.Match[str]) -> int | None:
    if match["pair"]:
        return whole_number(match["pair"])
    if match["n"] == "半":
        return 6 if match["m"] == "打" else None
    count = whole_number(match["n"])
    return count * 12 if count and match["m"] == "打" else count


def _english_quantities(folded: str, intent: str) -> Iterator[Found]:
    for match in _QUANTITY_EN.finditer(folded):
        before, after = folded[: match.start()], folded[match.end() :]
        if match["n"]:
            count = whole_number(match["n"])
            if match["n"] == "one" and (_NOT_A_COUNT.search(before) or intent in _FINDING):
                continue
        else:
            count = 2 if match["couple"] or match["pair"] or match["both"] else 6 if "half" in match[0] else 12
        if not count:
            continue
        sign = -1 if _LESS_EN.search(after) or _TAKE_AWAY.search(before) else 1 if _MORE_EN.search(after) else 0
        yield _counted(count, sign if intent == "change_cart" else 0, match.start(), match.end())


def _counted(count: int, sign: int, start: int, end: int) -> Found:
    return ("quantity_change", sign * count, start, end) if sign else ("quantity", count, start, end)


def _bare_number(folded: str) -> list[Found]:
    """A message that is only a small number may be a choice or a count: it is both."""
    match = re.fullmatch(rf"[\s.,。，!！]*(\d{{1,2}}|{CHINESE}{{1,3}}|{ENGLISH})[\s.,。，!！]*", folded)
    count = whole_number(match[1]) if match else None
    if match is None or not count:
        return []
    return [(kind, count, match.start(1), match.end(1)) for kind in ("quantity", "ordinal")]


def _colours(folded: str, gazetteer: Gazetteer) -> Iterator[Found]:
    other = [match.span() for match in _NO_COLOUR.finditer(folded)]
    for found in gazetteer.find("colour", folded):
        if not any(start < found[3] and found[2] < end for start, end in other):
            yield found
