"""Which facts of a product a message asks for: how it is washed, where it is from, how long its battery lasts.

A kind of fact has words that ask for it, and the names under which shops keep it, in both languages. What a shop calls
by a name of its own is found by that name.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.flow import Turn
from bot.skills.product_page import facts
from bot.words import simple
from commerce.catalog.queries import product_details


@dataclass(frozen=True, slots=True)
class _Kind:
    asked: re.Pattern[str]
    labels: re.Pattern[str]


def _kind(asked_zh: str, asked_en: str, labels_zh: str, labels_en: str) -> _Kind:
    return _Kind(
        re.compile(rf"{asked_zh}|\b(?:{asked_en})\b", re.IGNORECASE),
        re.compile(rf"{labels_zh}|\b(?:{labels_en})\b", re.IGNORECASE),
    )


_KINDS = {
    "care": _kind(
        "(?:怎么|怎样|如何|咋|能不能|可以|能用|能|好|不)洗|洗涤|清洗|清洁|[机手水干]洗|洗衣机|洗碗机|保养|养护|护理|打理"
        "|熨|烘干|缩水|掉色",
        r"wash(?:ed|ing|able)?|launder|clean(?:ed|ing)?|dishwasher|iron(?:ed|ing)?|tumble[- ]dr(?:y|ied)"
        r"|dry[- ]clean(?:ed)?|care (?:for|instructions)|look after|maintain|shrink",
        "洗|保养|养护|护理|清洁",
        "wash(?:ing)?|care|cleaning|maintenance",
    ),
    "origin": _kind(
        "产地|原产|[哪边](?:里|儿|度)?(?:出?产|做|来)的?|哪国|哪个国家|哪个?地方的|什么地方产",
        r"origin|where .*\b(?:made|from|grown|harvested|produced)|made in|which country|what country",
        "产地|原产",
        "origin|country|made in",
    ),
    "best_before": _kind(
        "保质期|(?:能|可以)?(?:放|存|保存)(?:得|到)?(?:多久|多长|几[天个年])|过期|到期|赏味|新鲜多久",
        r"best before|shelf life|expir(?:es?|y|ation)|how long .*\b(?:keep|stay fresh|last)|go (?:off|bad|stale)",
        "保质期|有效期",
        "best before|shelf life|expiry",
    ),
    "battery": _kind(
        "续航|电池|待机|(?:能|可以)用(?:多久|多长|几个?小时)|(?:充|一次)电.{0,6}(?:多久|多长|几个?小时)",
        r"battery|run ?time|how long .*\b(?:last|play|run|charge)|charging time|per charge",
        "续航|电池|待机|充电",
        "battery(?: life)?|run ?time|play ?time|charging(?: time)?",
    ),
    "burning": _kind(
        "(?:能|可以)?[点烧](?:得)?(?:多久|多长|几个?小时)|燃烧", r"how long .*\b(?:burn|last)", "燃烧", "burning"
    ),
    "ingredients": _kind(
        "配料|成分|原料|添加剂|含糖|加糖|无糖|有糖",
        r"ingredients?|additives?|added sugar|sugar[- ]free|what(?:'s| is) in (?:it|the)|contains? sugar",
        "配料|成分|原料",
        "ingredients?|composition",
    ),
    "allergens": _kind(
        "含?(?:有|什么)?过敏原?", r"allerg\w*|nut[- ]free|gluten[- ]?(?:free)?|contains? nuts", "过敏", "allergens?"
    ),
    "brewing": _kind(
        "怎么泡|如何泡|冲泡|怎么冲|泡法|水温|几度的?水|多少度的?水",
        r"brew(?:ed|ing)?|steep(?:ed|ing)?|water temperature|how hot",
        "冲泡|泡法",
        "brewing|preparation",
    ),
    "power": _kind(
        "功率|多少瓦|几瓦|多少w|费电|耗电",
        r"watt(?:s|age)?|how powerful|power consumption",
        "功率",
        "power|watt(?:s|age)?",
    ),
    "voltage": _kind("电压|多少伏|几伏|220 ?v|110 ?v", r"volt(?:s|age)?|220 ?v|110 ?v", "电压", "voltage"),
    "warranty": _kind("保修|质保|包修|保用", r"warrant(?:y|ies)|guarantee[ds]?", "质保|保修", "warranty|guarantee"),
    "water": _kind(
        "防水|防雨|防泼|沾水|进水|淋雨",
        r"water[- ]?proof|water[- ]?(?:resistan(?:t|ce)|repellent)|splash[- ]?proof|rain[- ]?proof|in the rain|get wet",
        "防水",
        "water(?:proof| resistance)",
    ),
    "connection": _kind(
        "怎么连|连接|蓝牙几|什么接口|有线还是无线|type-?c",
        r"connect(?:s|ed|ion|ivity)?|bluetooth|usb-?c|wi-?fi|pair(?:ed|ing)?",
        "连接|接口",
        "connect(?:ion|ivity)",
    ),
    "fits": _kind(
        "适用|能用吗|兼容|支持.{0,6}(?:系统|手机|电脑|苹果|安卓)|能用在|电磁炉|适合什么|多重的[狗猫]",
        r"compatib\w+|works? (?:with|on)|suitable for|induction|which (?:phones|systems)",
        "适用|适合|兼容",
        "works (?:with|on)|fits|for|compatibility",
    ),
    "age": _kind(
        "(?:适合)?(?:几岁|多大)的?(?:孩子|宝宝|小孩|小朋友|娃)[玩用看]?|几岁|适合年龄|年龄",
        r"what age|how old|which age|ages?|year[- ]olds?",
        "年龄",
        "age",
    ),
    "noise": _kind("噪音|噪声|分贝|吵不吵|吵吗|声音大", r"nois[ey]|loud|decibels?", "噪音|噪声", "noise(?: level)?"),
    "room": _kind(
        "适用面积|多大的?(?:房间|屋子|面积)|几平|多少平",
        r"room (?:size|coverage)|(?:size|big) (?:of )?(?:a )?room|square met(?:er|re)s|coverage",
        "面积",
        "(?:room )?coverage|room size",
    ),
    "light": _kind(
        "色温|暖光|冷光", r"colou?r temperature|colou?r of (?:the )?light", "色温", "colou?r (?:of light|temperature)"
    ),
    "year": _kind(
        "年份|哪年的|哪一年|什么时候采", r"what year|which year|vintage|harvest(?:ed)?", "年份", "harvest|year"
    ),
    "roast": _kind("烘焙度|烘焙|深烘|中烘|浅烘", r"roast(?:ed)?", "烘焙", "roast"),
    "included": _kind(
        "包含什么|包括什么|盒子?里有|送什么|配件|附带|带不带",
        r"in the box|included|come with|comes with|accessories",
        "包含|配件|清单",
        "in the box|included|includes",
    ),
    "language": _kind(
        "什么语言|中文还是英文|英文的?吗|中文的?吗|双语",
        r"what language|which language|in (?:english|chinese)|bilingual",
        "语言",
        "language",
    ),
    "skin": _kind("肤质|敏感肌|干皮|油皮|皮肤", r"skin", "肤质", "skin(?: type)?"),
    "brand": _kind("什么牌子|哪个牌子|品牌|啥牌子", r"brand|who makes|manufacturer", "品牌|牌子", "brand|manufacturer"),
}
_ASKS = re.compile(
    r"[?？吗呢么]|怎|如何|咋|什么|啥|哪|多[久长大少]|几|能不能|可不可以|是不是|有没有|^(?:能|可以|有)"
    r"|^(?:(?:how|what)(?! about\b)|which|where|when|who|is|are|does|do|did|can|could|will|would|should|has|have)\b"
    r"|'s\b",
    re.IGNORECASE,
)
_AROUND = re.compile(
    r"请问|问一?下|我?想知道|告诉我|[这那]一?[个款件种只双条瓶把本台]|它们?|是?(?:在|从|来自)?哪[里儿个些]?|怎么样?|怎样"
    r"|如何|多久|多长时间|多长|多少|什么|需?要?几|能不能|可不可以|可以|有没有|是不是|[吗呢么啊呀吧的]$|^[的些]"
    r"|的(?= |$)|^[有能会是]|[有能会是用](?= |$)"
    r"|\b(?:how|what|which|where|when|who|is|are|was|does|do|did|can|could|will|would|should|i|we|you|me|my|its?|this"
    r"|that|these|those|they|them|the|an?|one|of|on|in|at|for|from|with|to|by|and|have|has|had|gets?|put|there|any|tell"
    r"|about|long|much|many|comes?|made|be|please|know|want|need|whats?|s|life|level|give|use)\b",
    re.IGNORECASE,
)
_OTHER_NAME = 2
"""Characters that a name of the shop's own has at least, to be looked for in a question."""


def kinds_asked(text: str) -> list[str]:
    """The kinds of facts that a text speaks of."""
    return [name for name, kind in _KINDS.items() if kind.asked.search(text)]


def labels_of(kinds: Sequence[str]) -> re.Pattern[str]:
    """What such facts may be called."""
    return re.compile("|".join(_KINDS[name].labels.pattern for name in kinds), re.IGNORECASE)


def speaking_of(kinds: Sequence[str]) -> re.Pattern[str]:
    """What a sentence says that speaks of such facts."""
    return re.compile("|".join(p.pattern for name in kinds for p in (_KINDS[name].asked, _KINDS[name].labels)), re.I)


def thing_in(text: str, kinds: Sequence[str]) -> str:
    """What a question names beside the facts it asks for: "hoodie" of "how do I wash the hoodie?"; "" for nothing."""
    left = simple(text)
    for name in kinds:
        left = _KINDS[name].asked.sub(lambda found: _named_within(found[0]), left)
    before = ""
    while left != before:
        before, left = left, " ".join(_AROUND.sub(" ", left).split())
    return simple(left) if any(character.isalnum() for character in left) else ""


def _named_within(found: str) -> str:
    """What a pattern has swallowed between its words: "the longjing" of "where does the longjing come from"."""
    words = found.split()
    return f" {' '.join(words[1:-1])} " if len(words) > 2 and found.isascii() else " "


def asks_for_facts(turn: Turn, *, unless: re.Pattern[str] | None = None) -> bool:
    """Whether a message, read for the first time, asks for facts of a product; not when it says `unless`."""
    if turn.words is None or turn.args or turn.is_press or turn.frame.asking is not None:
        return False
    text = simple(turn.words.heard.text)
    if unless is not None and unless.search(text):
        return False
    kinds = kinds_asked(text)
    return bool(kinds) and (_ASKS.search(turn.words.heard.text.strip()) is not None or not thing_in(text, kinds))


def names_a_thing(turn: Turn) -> bool:
    """Whether there is a product that a question for facts can be about: one it names, or one looked at."""
    if turn.words is None:
        return False
    text = turn.words.heard.text
    return "product" in turn.focus or bool(thing_in(text, kinds_asked(simple(text))))


async def names_only_its_facts(turn: Turn) -> bool:
    """Whether a message is nothing but the name of facts ("battery life") that the product looked at has."""
    if turn.words is None or turn.args or turn.frame.asking is not None or "product" not in turn.focus:
        return False
    kinds = kinds_asked(simple(turn.words.heard.text))
    if not kinds or thing_in(turn.words.heard.text, kinds):
        return False
    product = await product_details(turn.session, int(turn.focus["product"]), language=turn.language)
    names = labels_of(kinds)
    return product is not None and any(names.search(row.label) for row in facts(product))


def named_labels(text: str, labels: Sequence[str]) -> list[str]:
    """Those of a product's own names of facts that a question says: 硬度, "weave"."""
    if _ASKS.search(text.strip()) is None:
        return []
    said = simple(text)
    return [label for label in labels if len(label) >= _OTHER_NAME and _is_said(simple(label), said)]


def _is_said(label: str, said: str) -> bool:
    if not label.isascii():
        return label in said
    return len(label) > _OTHER_NAME + 1 and re.search(rf"\b{re.escape(label)}\b", said) is not None
