"""The thing a shopper asks for: a message minus its request words, limits, colours, counts and courtesies.

"我想买个红色的杯子，两百以内" asks for 杯子, "I'm looking for a red mug under 20" for mug. Words are taken off the
front and the back of each clause, again and again, until nothing changes; what stands between stays as it was said.
"""

import re
from collections.abc import Iterable

from nlu.text import HAN


def any_of(words: str) -> str:
    """Return a pattern for any of the words, the longest first; an underscore stands for a space."""
    listed = {word.replace("_", " ") for word in words.split()}
    return "|".join(sorted(listed, key=lambda word: (-len(word), word)))


# Which pack of a thing is wanted says nothing about what it is.
_MEASURED_ZH = r"\d+\s?(?:公斤|千克|克|斤|(?:kg|g)(?![a-z]))(?:装|的)*"
_MEASURED_EN = r"|\d+ ?(?:kg|g|grams?)(?: of)?"
# Which of its sizes goes into the cart neither; in a search the size stays with the thing.
_SIZE = re.compile(r"\d+\s?码(?:的)*|\bsizes? \d+")
_PERSON_ZH = (
    "(?:(?:我|他|她)(?:的|家)?)?(?:爸妈?|妈|父母|爷爷|奶奶|老?爸爸?|老?妈妈?|女朋友|男朋友|闺蜜|老婆|老公|孩子|小朋友|朋友|同事|客户"
    "|长辈|领导|老师|老人|自己|别人|人|礼)"
)
_FRONT_ZH = re.compile(
    "(?:[这那呢𠮶][几一两]?[个款件种只双条把套盒包瓶本张台顶副支罐袋对]|"
    + any_of(
        """
        你好 您好 老板 老板娘 掌柜 掌柜的 店家 小二 亲 哈喽 嗨 在吗 那个 请问 请问下 请问一下 麻烦 劳驾 请
        不好意思 嗯 好 好的 那 那就 还 也 就 再 先 都 又 我 我们 咱 咱们 你 你们 你家 你们家 您 店里 店 这里 这儿
        这边 家里 其实 实际上 急需 求 求购 打算 准备 需要 需 要买 要 想要 想买 想找 想看 想搵 想入手 想整 想喝
        想吃 想了解 想 有没有 有木有 有冇 有无 有没 有什么 有哪些 有啥 有几种 有 卖不卖 卖 能不能 可不可以 可以 能
        帮我 帮忙 帮 替我 给我 给 俾我 找 找到 找一下 找下 找个 搜 搜索 搜一下 搜下 搵 查 查一下 查下 查找 寻找 看
        看看 看一看 看一下 看下 睇下 瞧瞧 浏览 逛逛 推荐 介绍 详细 说说 说一下 说下 讲讲 了解 买 购买 购 入手 来 整 拿
        拿掉 去掉 搞 弄 选 挑 换 换成 把 将 加购 加购物车 加到购物车 加入购物车 放 一点 一些 点 些 一下 个 只要
        只看 哪些 哪款 哪个 哪种 什么 啥 多少 怎么样的 好一点的 好的 它 这 这个 这款 这件 这种 这些 这只 那个 那款
        那件 那种 那些 那只 价格 价 预算 大概 大约 左右 用的 的 地 嘅 吧 呢 啊 呀 和 跟 或 或者 与 不要 别的 其他 其它
        少 减少 减 去 多 至少 最多 顶多 改 成 改成 共 总共 一共 老样子 照旧 跟上次一样
        对了 哦 哦对 噢 另外 啊对 等等 等下 等一下 先等等 稍等 顺便 顺便问 顺便问下 顺便问一下 顺便看看 话说
        """
    )
    + "|加(?![湿热厚绒长大])"  # 加湿器 is a thing
    + f"|(?:给|送|为|帮){_PERSON_ZH}(?:的|用的|喝的)?|[一几两][个款种件只把套盒包对双份台支瓶条]|{_MEASURED_ZH}"
    + ")+"
)
_BACK_ZH = re.compile(
    "(?:"
    + any_of(
        """
        有没有 有木有 有冇 有无 有没 有吗 有么 有不 有嘛 有卖 有卖的 有卖吗 有货 有货吗 有现货 有现货吗 有现货不
        卖吗 卖不 卖 可以吗 好吗 行吗 怎么样 怎样 怎么卖 多少钱 多少钱一个 多少钱一盒 多少钱一斤 多少钱一套
        多少钱一只 多少钱一件 几多钱 几钱 什么价 什么价格 价格 啥价 贵不贵 看看 看一下 看下 瞧瞧 推荐 推荐一下
        推荐下 介绍 介绍一下 介绍下 详细 详情 图片 给我 来 可选 之类 之类的 什么的 有 有哪些 哪些 哪个好 好 吗 么
        嘛 吧 呢 啊 呀 呗 哦 喔 噢 咯 啦 了 没 没有 不 谢谢 多谢 谢啦 的 嘅 和 跟 或 但 都行 都可以 也行 就行 就好
        最好 一点 点 些 删 删掉 删除 删了 去掉 排前面 在前面 在前 拿掉 移除 改 改成 改为 换成 变成
        数量 不要 我要 要 买 我 个 吧 是
        是什么材质 是什么材质的 什么材质 有多大 多大 加到 加入 放到 放进 放入 购物车 购物车里 从购物车 到购物车
        进购物车 少 多 共 一共
        """
    )
    + f"|(?:用来|拿来)?送(?:给)?{_PERSON_ZH}(?:的)?"
    + ")+$"
)
_FRONT_EN = re.compile(
    r"(?:(?:"
    + any_of(
        """
        hi hello hey yo ok okay yes yeah sure well so um umm excuse_me sorry good_morning good_afternoon
        good_evening there please pls plz kindly actually then and but or also maybe perhaps just only too can
        could would will may do does did are is am was have has had got get gets you u ya guys i we me us i'm im
        i'd i'll i've ill id ive im we're
        we'd we'll let's let lemme my your its it's it they this that that's these those each
        want wanted wanna need needed like love prefer look looking lookin search searching serch find show see
        view check open give gimme buy buying purchase order shop shopping browse browsing recommend suggest sell
        carry stock offer bring take put add grab pick choose select after interested thinking mean meant make
        instead tell about around more less fewer least most info information details detail description price
        cost how what what's whats which where when who much many kind kinds type types sort sorts of on for to in
        at up out off into with from under over than as by any anything some something a an the one ones another
        other all every few couple new nice good great cool decent different else idea ideas help remove delete
        drop change set update replace swap no not cheap cheaper cheapest expensive possible quantity qty both
        half oh ah wait hang_on hold_on by_the_way btw before_that still
        quick_question before_i_forget one_more_thing
        """
    )
    + _MEASURED_EN
    + r")(?![\w'])[\s']*)+"
)
_BACK_EN = re.compile(
    r"(?:[\s']*(?<!\w)(?:"
    + any_of(
        """
        please pls plz thanks thank_you thx for_sale in_stock available do_you_have do_you_sell have_you_got
        you_have you've_got you_got for_me now today here too also instead again or_so or_something
        something_like_that that's that_is that_are which_is which_are price priced cost costing costs is are it
        in on at of with and or but for to by from under over around about the a an one ones option options color
        colors colour colours if_possible if_you_have_it if_you_have_one if_you_have_any made_of have look_like
        looks_like into out off dollar dollars bucks each quid pound pounds euro euros yuan rmb cart basket
        to_cart to_basket first as_well less fewer more not only total altogether
        """
    )
    + r"|(?:(?:to|in|into|from|out of|off) )?(?:my|the|your) (?:shopping )?"
    + r"(?:cart|basket|bag|crat|kart|list|shop|store|catalog)"
    + r"|(?:as a gift |as a present )?for (?:my|our|his|her|a|an|the) [\w' ]+"
    + r"))+\s*$"
)
# Alone they name nothing that could be looked for.
_GENERAL = re.compile(
    any_of(
        """
        颜色 款式 样式 牌子 品牌 尺寸 大小 产品 商品 东西 货 货品 好货 好东西 好 价格 新品 新货 礼盒装 其他颜色 钱
        color colors colour colours product products stuff thing things item items goods everything them version size
        result results piece pieces pcs page catalog catalogue photo picture pictures shop store last next
        """
    )
)
_CLAUSE = re.compile(
    rf"[\0,，。.!！?？;；:：、~～…/|()（）\"“”\n]+(?![0-9])|(?<=[{HAN}])\s+|\s+(?=[{HAN}])|\0+"
    r"|[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f]+"
)
_HAN = re.compile(f"[{HAN}]")
_TRIM = " \t'-+&*"


def query_of(folded: str, read: Iterable[tuple[int, int]], *, sizes: bool = True) -> tuple[str, int, int] | None:
    """Return what is asked for, with its place in the text, or None when nothing is left.

    ``read`` are the places that other entities have taken. ``sizes``: "size 42" belongs to what is asked for.
    """
    named = queries_of(folded, [*read, *(() if sizes else (match.span() for match in _SIZE.finditer(folded)))])
    if not named:
        return None
    return " ".join(text for text, _start, _end in named), named[0][1], named[-1][2]


def queries_of(folded: str, read: Iterable[tuple[int, int]]) -> list[tuple[str, int, int]]:
    """Return each thing that is named, with its place; ``read`` is as for ``query_of``."""
    rest = folded
    for start, end in read:
        rest = rest[:start] + "\0" * (end - start) + rest[end:]
    pieces = [piece for start, end in _clauses(rest) if (piece := _stripped(rest, start, end))]
    return [(rest[start:end], start, end) for start, end in pieces if not _GENERAL.fullmatch(rest, start, end)]


def _clauses(rest: str) -> list[tuple[int, int]]:
    """Cut at punctuation, at what has been read, and between Chinese and anything else after a space."""
    clauses, start = [], 0
    for match in _CLAUSE.finditer(rest):
        clauses.append((start, match.start()))
        start = match.end()
    clauses.append((start, len(rest)))
    return clauses


def _stripped(rest: str, start: int, end: int) -> tuple[int, int] | None:
    """Take request words off both ends of a clause; None when nothing is left."""
    front, back = (_FRONT_ZH, _BACK_ZH) if _HAN.search(rest, start, end) else (_FRONT_EN, _BACK_EN)
    before = None
    while before != (start, end):
        before = (start, end)
        while start < end and rest[start] in _TRIM:
            start += 1
        while end > start and rest[end - 1] in _TRIM:
            end -= 1
        if match := front.match(rest, start, end):
            start = match.end()
        if match := back.search(rest, start, end):
            end = match.start()
        if start >= end:
            return None
    return start, end
