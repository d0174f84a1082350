"""How many, and which one: quantities and ordinals in both languages."""

import re
from collections.abc import Iterator

from nlu.numbers import CHINESE, ENGLISH, whole_number
from nlu.text import HAN

Found = tuple[str, int, int, int]  # kind, value, start, end

_RANKS = {
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
}
_RANK = "|".join([*_RANKS, "tenth"])
_THING = r"(?:one|item|product|option|result|choice|picture|line|thing|mug|cup|pot|teapot|tea|set|speaker|lamp)"
_UNITS = (
    "days?|weeks?|months?|years?|hours?|minutes?|mins?|am|pm|ml|cl|cm|mm|oz|inch|inches|gb|mah|watts?|w|kg|g|percent"
    "|o'clock|people|persons?|street|road|avenue|st|th|nd|rd"
)
_ORDINAL_ZH = re.compile(
    rf"(?P<back>倒数)?第\s?(?P<n>\d{{1,2}}|{CHINESE}{{1,3}})(?!\s?[天次步方])[个款件项种样条只套台把盒号页]?"
    r"|(?P<m>(?<!\d)\d{1,2})号(?![楼线院])"
    r"|(?P<head>头一?[个款件])"
    r"|(?P<last>最后(?:那|这|面那)?一?[个款件项种只])"
)
_ORDINAL_EN = re.compile(
    rf"\b(?:the )?(?P<second_last>second[- ]to[- ]last|last but one|second last)\b(?: {_THING}\b)?"
    rf"|\bthe (?P<rank>{_RANK})\b(?! (?:time|thing in|place|of all|question|step))(?: {_THING}\b)?"
    rf"|\b(?P<rank2>{_RANK}) {_THING}\b"
    rf"|(?:#|\bnumber |\bno\.? ?|\bnr\.? ?|\bitem |\boption )(?P<n>\d{{1,2}}|{ENGLISH})(?![\w-])"
    rf"|\b(?P<last>(?:the )?(?:very )?last {_THING}\b|the last(?=[?.!]?$))"
    rf"|^(?P<alone>{_RANK})[.!?]?$|^(?P<last_alone>last)[.!?]?$"
    r"|\b(?P<digits>\d{1,2})(?:st|nd|rd|th)\b(?: one\b)?"
)
_FIRST_FEW = re.compile(  # as many as are compared
    r"[前头](?P<zh>[两俩二三四2-4])[个款件项种双只条]?|\b(?:the )?(?:first|top) (?P<en>two|three|four|[2-4])\b"
)
_COMPARED = re.compile(
    rf"(?<![a-z0-9.¥$£€])(?<!the )(?<!these )(?<!those )(?<!of )#?(?P<n>\d{{1,2}})号?(?![\d.%a-z])(?!\s?(?:{_UNITS})\b)"
    r"(?!\s?[个件只双条款种块元码克寸斤升毫])"
    rf"|\b(?P<rank>{_RANK})\b"
    r"|(?P<zh>[一二三四五六七八九十])号?(?=\s?[和跟与同、])|(?<=[和跟与同、])(?P<zh2>[一二三四五六七八九十])(?!\w*[种样])"
    rf"(?![{HAN}](?<![号哪比有差谁怎的区对相]))"  # 三脚架 is no third
)
_QUANTITY_ZH = re.compile(
    rf"(?<![第\d.])(?<!{CHINESE})(?P<n>\d{{1,4}}|{CHINESE}{{1,5}}|半)\s?(?P<measure>件(?!套)|[个只盒包套罐把支瓶袋份条台对双杯壶斤箱本张打块枚片副组款部饼提桶听粒串])"
    r"(?!月|小时|星期|礼拜|人|客服|问题|订单|电话|颜色|钟|字)"
    r"|(?<=[来要买拿加])(?P<pair>[俩仨])"
)
_QUANTITY_VERB = re.compile(
    r"(?:改成|改为|改到|变成|换成|加到|减到|数量|[x×*]|(?<![需不])要|来|加|买|改)\s?(?:是|为|到|成)?\s?"
    rf"(?P<n>\d{{1,3}}|{CHINESE}{{1,3}})(?![\d.{HAN}])"
)
_QUANTITY_EN = re.compile(
    r"(?<![\w.#$£€¥,-])(?<!size )(?<!sizes )(?<!\ba )"
    rf"(?:(?:[x×*] ?)?(?P<n>\d{{1,4}}|{ENGLISH})(?: ?[x×](?![a-z]))?|(?P<half>half a dozen|a half dozen)(?: of)?"
    r"|(?P<dozen>a dozen)(?: of)?|(?P<two>a couple of|a couple|a pair of|a pair|both))"
    rf"(?![%.,]?\d)(?! ?(?:%|(?:{_UNITS})\b))(?![\w'])"
)
_NO_COUNT = re.compile(  # the red one, this one, another one
    r"\b(?:the|this|that|which|another|other|each|every|no|any|a|last|next|first|second|third|cheaper|bigger|smaller|better"
    r"|nice|good|new|old|different|similar|same|[a-z]*est|red|blue|white|black|green|yellow|pink|purple|gr[ea]y|brown"
    r"|orange|gold|silver|beige|clear)(?: [a-z]+)?\s?$"
)
_LESS_BEFORE = re.compile(
    r"(?:少|减|去|删|拿)[要来买拿掉去少]*$|\b(?:remove|delete|drop|take (?:out|off|away)|minus) $"
)
_MORE_BEFORE = re.compile(r"(?:再|多|加)[要来买拿加多]*$")
_LESS_AFTER = re.compile(r" (?:less|fewer)\b")
_MORE_AFTER = re.compile(r" more\b")


def ordinals_in(folded: str, *, comparing: bool = False) -> Iterator[Found]:
    """Yield ``ordinal``: 1 is the first, -1 the last, -2 the last but one; one for each of "the first two".

    ``comparing``: "1 and 3", "first vs third" and 一和三 are places too.
    """
    for found in _first_few(folded):
        yield found
        folded = folded[: found[2]] + "\0" * (found[3] - found[2]) + folded[found[3] :]
    for found in _ordinals(folded):
        yield found
        folded = folded[: found[2]] + "\0" * (found[3] - found[2]) + folded[found[3] :]
    for match in _COMPARED.finditer(folded) if comparing else ():
        rank = (
            _RANKS.get(match["rank"], 10) if match["rank"] else whole_number(match["n"] or match["zh"] or match["zh2"])
        )
        if rank:
            yield "ordinal", rank, *match.span()


def _first_few(folded: str) -> Iterator[Found]:
    """Each of the first few has a place of its own in the text, since a word is read once."""
    for match in _FIRST_FEW.finditer(folded):
        count = whole_number((match["zh"] or match["en"]).replace("俩", "两")) or 0
        start, end = match.span()
        borders = [start + (end - start) * place // count for place in range(count)] + [end]
        yield from (
            ("ordinal", place + 1, borders[place], borders[place + 1])
            for place in range(count)
            if borders[place] < borders[place + 1]
        )


def _ordinals(folded: str) -> Iterator[Found]:
    for match in _ORDINAL_ZH.finditer(folded):
        rank = -1 if match["last"] else 1 if match["head"] else whole_number(match["n"] or match["m"])
        if rank:
            yield "ordinal", -rank if match["back"] else rank, *match.span()
    for match in _ORDINAL_EN.finditer(folded):
        rank = _english_rank(match)
        if rank:
            yield "ordinal", rank, *match.span()


def _english_rank(match: re.Match[str]) -> int | None:
    if match["last"] or match["last_alone"]:
        return -1
    if match["second_last"]:
        return -2
    if number := match["n"] or match["digits"]:
        return whole_number(number)
    return _RANKS.get(match["rank"] or match["rank2"] or match["alone"], 10)


def quantities_in(folded: str, *, changing: bool, verbs: bool, finding: bool) -> Iterator[Found]:
    """Yield ``quantity``, and while ``changing`` a cart ``quantity_change`` with a sign: "one more", 少一个.

    ``verbs``: a bare number after a word of buying counts (改成3). ``finding``: "one" and 一个 are articles.
    """
    taken: set[int] = set()
    for count, start, end in (*_chinese(folded, verbs=verbs), *_english(folded)):
        if taken.intersection(range(start, end)) or (finding and count == 1):
            continue
        taken.update(range(start, end))
        before, after = folded[:start], folded[end:]
        sign = 0
        if changing:
            less = _LESS_BEFORE.search(before) or _LESS_AFTER.match(after)
            sign = -1 if less else 1 if _MORE_BEFORE.search(before) or _MORE_AFTER.match(after) else 0
        yield ("quantity_change", sign * count, start, end) if sign else ("quantity", count, start, end)


def _chinese(folded: str, *, verbs: bool) -> Iterator[tuple[int, int, int]]:
    for match in _QUANTITY_ZH.finditer(folded):
        dozen = match["measure"] == "打"
        count = 6 if dozen and match["n"] == "半" else whole_number(match["pair"] or match["n"])
        if count:
            yield count * 12 if dozen and match["n"] != "半" else count, *match.span()
    for match in _QUANTITY_VERB.finditer(folded) if verbs else ():
        if count := whole_number(match["n"]):
            yield count, match.start() if match[0][0] in "x×*" else match.start("n"), match.end()


def _english(folded: str) -> Iterator[tuple[int, int, int]]:
    for match in _QUANTITY_EN.finditer(folded):
        if match["n"] == "one" and _NO_COUNT.search(folded[: match.start()]):
            continue
        count = whole_number(match["n"]) if match["n"] else 2 if match["two"] else 6 if match["half"] else 12
        if count:
            yield count, *match.span()


def bare_number(folded: str) -> Iterator[Found]:
    """A message that is only a small number may be a choice or a count: yield both."""
    match = re.fullmatch(rf"[\s.,。，!！]*(\d{{1,2}}|{CHINESE}{{1,3}}|{ENGLISH})[\s.,。，!！]*", folded)
    if match and (number := whole_number(match[1])):
        yield "quantity", number, *match.span(1)
        yield "ordinal", number, *match.span(1)
