"""What a question about a thing says besides the thing: "how much is", 有货吗, "add to my favourites".

`query_of` takes away what every request has around it; here is what is taken away for one intent only. "How long" names
nothing when a size is asked for, but in a search for long sleeves it does. The lists are of patterns, an underscore
stands for a space.
"""

import re
from collections.abc import Iterator

from nlu.query import any_of

# Said in any question.
_TALK_ZH = r"""
    是?(?:什么|甚么|啥|咩)样?的? 到底 刚[刚才]? 现在 昨天 今天 明天 想?知道 问一?下 问了 半天 来着
    怎么(?:显示|选|算|样)? 每个 一样 不同 发一?[个下]? 一?[张下]?图 麻烦 一般 默认 一起 写清楚 看不出来 跟我说
    别又 拍下 着急 急用 孩子 敏感 皮肤 都 系 㗎 几[大多] 我要 吗 还 时候 时间 一声 全部 所有 已经 哪天 来得及
    """
_TALK_EN = r"""
    (?:do|did|does|is|are|was|were|have|has|wo|ca)n't hoped? know asks? says? said tells? whether if why used
    them be really now again already yesterday today tried wrote written anywhere feels? same
    all_(?:sizes|colou?rs) per pieces? unit usual(?:ly)?
    (?:should|can|could|must|do)_i(?:_(?:get|order|buy|take|send))? hurry fast use send wats? wich iz dollars
    """


def _words(chinese: str, english: str) -> re.Pattern[str]:
    return re.compile(rf"{any_of(chinese + _TALK_ZH)}|\b(?:{any_of(english + _TALK_EN)})\b")


_PATTERNS = {
    "browse_categories": _words(
        r"""
        商品(?:列表|目录)? 分类 类目 品类 类别 目录 种类 大类 列表 浏览 逛+ 随便 打开 按 返回 回到? 哪几?大?类
        [分类]+ 没想好 在你这 这?家?店铺? 所有 能?买到? 主要 都 卖 产品 宝贝 除了.{1,8}?(?=还|你)
        """,
        r"""
        categor(?:y|ies) catalogu?e departments? sections? shelves range besides_.* browse browsing sell back full
        go menu bit yet having_a_look organi[sz]ed only do_you you other_things? list
        """,
    ),
    "compare_products": _words(
        r"""
        对比 比较 比一?比 比一?下 有?(?:什么|啥|咩)?(?:区别|不同|不一样|差别|分别)(?:大吗)? 差在?哪里?
        哪[个款种双件只条][^,，。;；]* 边个[^,，。]* [差贵]价?(?!在) 差这么多 咩?唔同 比 们 性价比 纠结 参谋 放在?一起
        选 买 好(?=还是) (?<!\d)[和跟与同](?![田款类]) 还是 、 pk 好用?吗?(?=$|[,，])
        """,
        r"""
        compar(?:e[ds]?|ing|ison(?:_of)?) difference differs? different side_by_side vs versus and or with to than
        between torn decide can't better best worth pros cons lasts?_longer
        which(?:_(?:one|of_(?:these|those|the))(?:_two)?)?(?:'s|_is|_are|_would|_should)?(?:_you|_i)?(?:_(?:better|best|more_[a-z]+|[a-z]+er|pick|get|take|buy|recommend|go_for))?
        """,
    ),
    "similar_products": _words(
        r"""
        [跟和与同](?=.{1,12}(?:类似|相似|差不多|差唔多|相近)) 类似(?:于|款|商品)? 相似(?:款|商品)? 差不多 差唔多
        同(?:类型?|风格|款) [这那]类 [没缺]货了?的?话?那? 卖完了?啊? 喜欢 有没有 相近 替代品? 代替 像 那?这?样的?
        风格 款式 推荐
        """,
        r"""
        similar(?:_to)? like alternatives?(?:_to)? same style comparable(?:_to)? sold_out out_of_stock gone too_bad
        so what_else others? it's closest(?:_to)? kind along lines
        """,
    ),
    "ask_price": _words(
        r"""
        几?多少?钱 几多 几钱 (?:什么|啥)?(?:价格|价位|价钱|价) 售价 报个价 [怎咋]么?卖的? 贵不贵 打折 优惠 活动
        一(?:斤|件|双|个|袋|套|盒|箱|只|条|包|瓶) [单整]个 优惠价 多少(?:钱|米|前|銭)? 贵
        """,
        r"""
        how_much prices? costs? charg(?:e|ing) more_expensive_than_.* (?:big|small|large)_one discount on_sale sale
        set_me_back sell for_sale
        """,
    ),
    "ask_stock": _words(
        r"""
        [有是没缺断]?不?(?:现货|库存|存货|缺货|断货|没货|有货|预售) 卖[完光] 还?剩.* 够不够.* 有这么多 够.?吗?
        还?能买到? 下单 仲有冇 还有没有 还有
        """,
        r"""
        (?:in|out_of)_stock sold_out stock stil+ available availability left right_now pre-?order pieces enough
        restocked gone order
        """,
    ),
    "ask_size": _words(
        r"""
        (?:有)?多[大重高长宽厚深] [长宽高]+各?(?:是)?多少 尺[寸码]表? 容量 净?重量?(?:多少)? 直径
        [多几]少?(?:毫升|升|厘米|公分|斤重?|克|寸|米长|码|号|个码) [什哪有][么些]?[码号] 最[大小] 偏[大小码] 码数
        标准 准吗 能?[装放][多下进得].* 穿.* 身高.* 体重.* 脚长.* 平时.* 一米.* 能睡.* 两个人.*
        """,
        r"""
        how_(?:big|large|small|long|wide|tall|high|thick|deep|heavy|many) dimensions? measurements? weigh[st]?
        weight capacity volume diameter (?:size|sizing)_(?:chart|guide) (?<!in_)sizes?(?!_(?:\d|x*[sml]\b)) runs?
        true_to_size small big tight (?:will_)?(?:it_)?fits?\b.* (?<!size_)\d{1,3}(?!\w|_?(?:m?l|l|g|kg|oz)\b) chart
        guide a_small too water how_much holds?\b.* i_(?:usually_|normally_)?wear_.* i'?m_\d.* my_(?:foot|feet)_.*
        come when_folded litres? ml enough_.* biggest smallest
        """,
    ),
    "ask_material": _words(
        r"""
        (?:是|系|係)(?!什么|啥|咩).* (?:含|有没有|有无|会不会).* [什啥用由咩是]么?(?:材质|材料|料子?|面料|做)的?
        材质 材料 面料 料子 成分 配料表? 填充 做的 里面 内[胆衬] 鞋[底面] 表带
        """,
        r"""
        made(?:_out)?(?:_of|_from)? materials? fabric composition ingredients? lining sole filling strap inside 100%?
        bpa_free or contains?\b.* there_any_.* allergic_.* cotton wool woollen leather suede silk linen ceramic
        porcelain glass plastic bamboo wood wooden stainless steel iron alumini?um polyester acrylic nylon silicone
        rubber metal latex synthetic vegan real genuine pure solid cast clay stone down feathers?
        """,
    ),
    "ask_delivery": _words(
        r"""
        北京 上海 天津 重庆 广州 深圳 杭州 成都 武汉 南京 西安 新疆 西藏 内蒙古? 海南 云南 东北 香港 澳门 台湾
        港澳台 国外 海外 [寄发送运]?[到往去][\u4e00-\u9fff]{2,6}?(?=要|多|几|大概|得|需)
        (?:大概|一般|要|得|最快)?(?:多久|几天|几耐|几多日|几时)[^,，。]* (?:什么|啥)时候.* 今天 明天 现在 周末
        [^,，。]{0,4}前(?:能|送|到).* 下单后? 拍下 拍了 付款 发货(?:地|快(?:不快)?|时间)? 送货(?:时间)?
        (?:当天)?送[达到货]? 当天 时间 [发走用]?[什啥咩]?么?快递费? 顺丰 物流 运费 邮费 包不?唔?[邮郵] 配送 上门
        次日达 加急 满多?少? 偏远地区 农村 乡镇 到货 能?[到寄发送] 收到 可以 指定 从?哪里?
        """,
        r"""
        how_(?:long|fast|quickly|soon|many) deliver(?:y|ed|s)? shipping ship(?:s|ped)? postage dispatch couriers?
        carrier fees? arrive express days? times? international(?:ly)? abroad same_day next_day free policy country
        countries estimated charge included come weeks? orders? (?:to|by|before|on|until|if|from|with|when|who|where)_.*
        """,
    ),
    "add_favourite": _words(
        r"""
        (?:取消|加入?到?|放进?到?|丢进?|添加到?|移[出除]|从|清空?)?(?:我的|我)?(?:收藏夹?|心愿单|愿望清单|心水清单|喜欢的?|红心)(?:夹?里面?的?|中|列表|清单|度)?
        移[出除] 取消 删[除掉了]? 清空? 标记 存[一着起]?下?来? 记[一住]?下?来? 留[着意] 收[着好] 码住 种草 mark save
        挺 加[个落进]?[到入]? 放 点个 等.*再[买说]? 不用 误点 点错 (?:收藏)?错 改主意 谁让你 帮我 从 喺 储低
        wishlist 藏 点赞 以后 下次 回头 好看 不错 先 不想 起来
        """,
        r"""
        sav(?:e[ds]?|ing) favou?rit(?:e|es|ed) un\w+ wish_?-?list(?:ed)? bookmark(?:ed)? hearts? like[ds]? love
        for_(?:now|later) later remember keep think bought wipe changed_my_mind wishlist kick scratch un-? pin star
        mark from off out_of my list items? clear empty saved get_rid_of no_longer anymore any_more don't
        """,
    ),
    "notify_in_stock": _words(
        r"""
        [到补来有没缺]货了?[后时]?(?:的时候)? 重新 上架了? 再有 等 什么时候 啥时候 通知[我一]?下? 提醒[我一]?下?
        告诉[我一]?声? 话[我声]知? 跟我说 说一声 [叫喊踢][我一]*声? 联系我 登记 订阅 留意 着 赶紧 老 返货 聲 聽 咗
         设[个置]? 开启 打开 发(?:个)?消息 留言 盯着 记得 麻烦 卖完了? 能不能 可以
        """,
        r"""
        notif(?:y|ied|ication) tell let know alerts? messages? text e?mail ping drop send write give remind inform
        keep waiting wait_?list (?:in|out_of)_stock re-?stock(?:ed)? back again available when(?:ever)? once
        as_soon_as if comes? arrives? have line heads_up shout set_up set join posted reminder list in updated sold_out
        there(?:'s|_is|_are)? more be to
        """,
    ),
}
_PATTERNS["remove_favourite"] = _PATTERNS["add_favourite"]
ASKING = frozenset(_PATTERNS)

# Said of a thing that was ordered: what to do with it, what is wrong with it, and which order it is in.
_ORDERED = _words(
    r"""
    (?:我|你们?)?的?(?:订?单子?|包裹|快递|盒子)(?:里面?|中|上|号)?的? [这那]一?单[的里]? [昨今前]天的? 刚[刚才]?下?的?
    上次 之前 下单的?时候 已经?(?:下单|付款|收到)了? (?:只|单独|部分)?取消 退[掉款货回]* 换[掉货成]* 改[成为到]?
    修[改理]? 更换 调换 [维返报保]修 寄回去? 拿掉 去掉 删掉? 加上 加(?=[一两二三]) 再加 添加 申请 办理
    (?:其[他它余]|别的|剩下)的?[^,，。]* 除了 不是全部 别发了?[^,，。]* 先?不(?:要|发|想要?|需要)了? 还没发货? 照常?发
    [到往](?=刚|我的|那|这|上一?单|之前|订单)
    留着 照旧 其中的? 一部分 收到的?(?:时候)?是? 买[的了错多小大]* (?<!沙)发[来的了错]+ [少漏缺][了发寄]*了
    [少漏][发寄] [寄拍选]错了? 错了 [坏碎裂破烂脏漏旧][了的掉]+ 破损 (?:质量)?有?(?:问题|瑕疵) 质量太?差了? 质量 不行
    裂[痕缝] 有?划痕 有?缺口 掉漆 漏水 不(?:亮|转|走|响|工作|加热|好用|合适|合脚|喜欢|满意|能用|对)了?
    (?:没声音|开不了|充不进|打不开).* [太偏]?[大小](?:了|[一半两]?[码号点]) 颜色 尺[码寸] 规格 款式 数量 新的
    能?修[吗不好]+ 保修期.* 用了?.{1,4}(?:天|周|月|年) 里面 同一 给我 怎么[办弄理]? 流程 成色? 其 掉 里 帮
    """,
    r"""
    (?:return|exchange?|cancel|repair|replace?|remove?|delete?|swap|switch|modif)(?:s|l?ed|l?ing|ped|y|ied)?
    (?:change?|fix|refund|add|order|arrive?|receive?)(?:s|ed|ing)?
    sen[dt] give take (?:the_)?(?:rest|others?)\b[^,.;]* keep\b[^,.;]* whole everything not_the\b[^,.;]* but\b[^,.;]*
    only except instead back off out one_of items? things? products? orders? bought purchased? part_of partial(?:ly)?
    some_of last latest got wrong broken broke damaged cracked chipped defective faulty leak(?:s|ing)? dirty scratched
    torn opened empty pieces smashed shattered missing problem any_?more because too_\w+ (?:do|does|is|was|wo)n't
    no_longer fits? works?(?:_properly)? stopped turn(?:ing)?_on size colou?r quantity bigger smaller larger different
    new same money with under_warranty warranty came come here photo how_do another again (?:after|before)\b[^,.;]*
    ship(?:ped)? you from first place i_(?:just_)?(?:placed|made)
    (?:in|to|from|of|on|off)_(?:my|the|that|this|an)(?:_(?:last|latest|recent))?_orders?
    """,
)
ORDERED = frozenset(
    ("change_order", "cancel_items", "return_items", "exchange_items", "repair_items", "report_problem")
)
_PATTERNS |= dict.fromkeys(ORDERED, _ORDERED)

_ONE_CHARACTER = frozenset(
    "茶鞋碗伞包杯壶锅灯帽裙裤衣表笔书床椅桌被枕毯刀盘勺筷梳镜袜绳球车花米面油酒糖酱盐枣布扇帘lms"
)
_FREE_SHIPPING = re.compile(
    r"(?<![不没唔])(?:包邮费?|免邮费?|免运费?|免快递费|免配送费|不[要收用](?:运费|邮费))的?"
    r"|\bfree (?:shipping|delivery|postage|p&p)\b|\bship(?:s|ping|ped)?(?: is| for)? free\b"
    r"|\b(?:delivery|postage)(?: is)? free\b"
    r"|\bno (?:shipping|delivery) (?:fees?|costs?|charges?)\b"
)
_IN_STOCK = re.compile(
    r"(?<![没無无])(?:有现货|现货|有货|有库存)的?|[没缺断]货的?(?:就)?(?:不要|别|不用|不看)(?:显示|出现|看)?"
    r"|(?<!not )(?<!n't )\bin[ -]stock\b|\bavailable (?:(?:right )?now|today|immediately|ones|only|items|products)\b"
    r"|\b(?:only|just|still|currently) available\b(?: ones\b)?|\bready to ship\b"
    r"|\b(?:hide|without|no) sold[ -]out(?: ones| items)?\b"
)


def is_scrap(query: str) -> bool:
    """Whether what is left of a question is too little to be a thing: one character, other than 茶 or 碗."""
    return len(query) == 1 and query not in _ONE_CHARACTER


def around(intent: str, folded: str) -> Iterator[tuple[int, int]]:
    """Yield the places of words that belong to the question of an intent and not to the name of a thing."""
    if pattern := _PATTERNS.get(intent):
        yield from (match.span() for match in pattern.finditer(folded) if match[0])


def wishes_in(folded: str, *, stock: bool) -> Iterator[tuple[str, bool, int, int]]:
    """Yield ``free_shipping`` and, where it limits a search, ``in_stock``."""
    yield from (("free_shipping", True, *match.span()) for match in _FREE_SHIPPING.finditer(folded))
    if stock:
        yield from (("in_stock", True, *match.span()) for match in _IN_STOCK.finditer(folded))


def names_terms(text: str) -> bool:
    """Whether a message names terms of buying, free shipping or stock: about the shop it is then, not the world."""
    return bool(_FREE_SHIPPING.search(text) or _IN_STOCK.search(text))
