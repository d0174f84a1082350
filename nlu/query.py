"""The thing a shopper asks for: a message minus its request words, limits, colours, counts and courtesies."""

import re
from collections.abc import Iterable

from nlu.text import HAN

# Taken off the front and the back again and again until nothing changes. What is longer stands first.
_FRONT_ZH = re.compile(
    r"(?:你好|您好|老板娘?|掌柜的?|店家|小二|亲|哈喽|嗨|在吗|那个|请问一?下?|麻烦|劳驾|请|不好意思|嗯|好的?|那就?|还|也|就|再|先|都|又"
    r"|我们?|俺|咱们?|你们?家?|您|贵?店里?|这里|这儿|这边|家里|想要|想买|想找|想搵|想看|想入手|想整|想喝|想吃|想了解|想|要买|需要|需|要|打算|准备|急需|求购?"
    r"|有没有|有木有|有冇|有无|有没|有什么|有哪些|有啥|有几种|有|卖不卖|卖|能不能|可不可以|可以|能|帮我|帮忙|帮|替我|给我|给|俾我"
    r"|(?:给|送|为)(?:爸爸|妈妈|老爸|老妈|爸妈|父母|爷爷|奶奶|女朋友|男朋友|老婆|老公|孩子|朋友|同事|客户|长辈|领导|老师|自己|我爸|我妈|别人)的?"
    r"|送礼|送人|找到?一?下?|找个|搜索?一?下?|搵|查一?下?|查找|寻找|看一?看|看一?下|睇下|瞧瞧|浏览|逛逛|推荐|介绍|说说|说一?下|讲讲|了解|买|购买|购|入手|来|整|拿|搞|弄|选|挑|换成?|把|将|加购?|放"
    r"|一?[点些](?!心)|一下|几[个款种件只把套]|[两二三四五六七八九十]?[种款](?=[^式])|个|只要|只看|只|哪些|哪款|哪个|哪种|什么样?的?|啥|多少|怎么样?的?|好一点的?|好的"
    r"|它|这[个款件种些只]?|那[个款件种些只]|第|价格?|预算|大概|大约|左右|用的|的|地|吧|呢|啊|呀|和|跟|或者?|与|不要|别的|其他|其它)+"
)
_BACK_ZH = re.compile(
    r"(?:有没有|有木有|有冇|有无|有没|有吗|有么|有不|有嘛|有卖的?吗?|有货吗?|有现货[吗不]?|卖吗|卖不|卖|可以吗|好吗|行吗|怎么样|怎样|怎么卖|多少钱一?[个盒斤套只件]?|几多钱|几钱|什么价格?|价格|啥价|贵不贵"
    r"|看看|看一下|看下|瞧瞧|推荐一?下?|推荐|介绍一?下?|详细|详情|的?图片|给我|来|可选|之类|什么的?|有哪些|哪些|哪个好|好|吗|么|嘛|吧|呢|啊|呀|呗|哦|喔|噢|咯|啦|了|没有?|不|谢谢|多谢|谢啦|的|和|跟|或|但|都行|都可以|也行|就行|就好|最好|一点|点|些"
    r"|(?:用来)?送(?:给)?(?:礼|人|爸爸|妈妈|老爸|老妈|爸妈|父母|爷爷|奶奶|女朋友|男朋友|老婆|老公|朋友|同事|客户|长辈|领导|老师|我爸|我妈)的?"
    r"|(?:加|放|丢|扔)(?:入|到|进)?(?:去)?(?:购物车)?(?:里|里面)?|(?:从|到|进)?购物车(?:里|里面)?(?:删掉|去掉|拿掉|移除|删除|删了)?|删[掉除了]?|去掉|拿掉|移除|改成|改为|换成|变成|数量|不要|我要|要|买|我|个|吧|是)+$"
)
_FRONT_EN = re.compile(
    r"(?:(?:hi+|hello|hey|yo|ok(?:ay)?|yes|yeah|sure|well|so|um+|excuse me|sorry|good (?:morning|afternoon|evening)|there|please|pls|plz|kindly|actually|then|and|but|or|also|maybe|perhaps|just|only|too"
    r"|can|could|would|will|may|do|does|did|are|is|am|was|have|has|had|got|get|gets|you|u|ya|guys|i|we|me|us|i'm|im|i'd|i'll|i've|we're|we'd|let's|let|lemme|my|your|its|it's|it|he|she|they|this|that|that's|these|those"
    r"|want(?:ed)?|wanna|need(?:ed)?|like|love|prefer|look(?:ing)?|lookin|search(?:ing)?|serch|find|show|see|view|check|open|give|gimme|buy|buying|purchase|order|shop(?:ping)?|browse|browsing|recommend|suggest|sell|carry|stock|offer|bring|take|put|add|grab|pick|choose|select|after|interested|thinking"
    r"|tell|about|more|info|information|details?|description|price|cost|how|what|what's|whats|which|where|when|who|much|many|kinds?|types?|sorts?|of|on|for|to|in|at|up|out|into|with|from|under|over|than|as|by|any|anything|some|something|somethin|a|an|the|one|ones|another|other|all|every|each|few|couple|new|nice|good|great|cool|decent|different|else"
    r"|ideas?|help|remove|delete|drop|change|set|update|replace|swap|no|not|cheap|cheaper|cheapest|possible|possibly)\b[\s']*)+"
)
_BACK_EN = re.compile(
    r"(?:[\s']*\b(?:please|pls|plz|thanks|thank you|thx|for sale|in stock|available|do you have|do you sell|have you got|you have|you've got|you got|for me|now|today|here|too|also|instead|again|or so|or something|something like that"
    r"|that(?:'s| is| are)|which (?:is|are)|priced?|costing|costs?|is|are|it|in|on|at|of|with|and|or|but|for|to|by|from|under|over|the|a|an|ones?|options?|colou?rs?|if possible|if you have (?:it|one|any)|to (?:buy|see)|made of|have|looks? like|from|into|out"
    r"|(?:to|in|into|from|in to|off|out of)? ?(?:my|the|your) (?:cart|basket|bag|shopping cart|crat|kart|list|shop|store|catalog)|to (?:cart|basket|bag)|cart|basket"
    r"|(?:as a gift )?for (?:my|a|an|the|our|his|her) [\w' ]+|dollars?|bucks|quid|pounds?|euros?|yuan|rmb))+\s*$"
)
_PIECES = re.compile(r"[\s\0,，。.!！?？;；:：、~～…/|()（）\"“”]+")
_HAN = re.compile(f"[{HAN}]")
_EMOJI = re.compile(r"[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f]")


def query_of(folded: str, intent: str, read: Iterable[tuple[int, int]]) -> tuple[str, int, int] | None:
    """Return what is asked for with its place in the text, or None when nothing is left.

    ``read`` are the places that other entities have taken. ``intent`` is one of the shopping intents.
    """
    rest = folded
    for start, end in read:
        rest = rest[:start] + "\0" * (end - start) + rest[end:]
    rest = _EMOJI.sub(lambda match: "\0" * len(match[0]), rest)
    pieces = [piece for start, end in _segments(rest) if (piece := _stripped(rest, start, end))]
    if not pieces:
        return None
    joined = " ".join(rest[start:end] for start, end in pieces)
    return joined, pieces[0][0], pieces[-1][1]


def _segments(rest: str) -> list[tuple[int, int]]:
    """Cut at punctuation and at what has been read; English words of one clause stay together."""
    cut = re.compile(r"[\0,，。.!！?？;；:：、~～…/|()（）\"“”\n]+|(?<=[\u3400-\u9fff])\s+|\s+(?=[\u3400-\u9fff])")
    segments, start = [], 0
    for match in cut.finditer(rest):
        segments.append((start, match.start()))
        start = match.end()
    segments.append((start, len(rest)))
    return [(start, end) for start, end in segments if rest[start:end].strip()]


def _stripped(rest: str, start: int, end: int) -> tuple[int, int] | None:
    """Take request words off both ends of a clause; None when nothing is left."""
    front, back = (_FRONT_ZH, _BACK_ZH) if _HAN.search(rest[start:end]) else (_FRONT_EN, _BACK_EN)
    while True:
        before = (start, end)
        while start < end and rest[start] in " \t'-+&*":
            start += 1
        while end > start and rest[end - 1] in " \t'-+&*":
            end -= 1
        if match := front.match(rest, start, end):
            start = match.end()
        if match := back.search(rest, start, end):
            end = match.start()
        if start >= end:
            return None
        if before == (start, end):
            return start, end
