"""What a message names, in both languages, with places in the original text."""

from itertools import pairwise

import pytest

from nlu.model import Context, Meaning, Value
from nlu.numbers import amount, chinese_number, english_number
from nlu.text import fold
from nlu.understand import Understander

Named = dict[str, Value | list[Value]]


def named(meaning: Meaning) -> Named:
    """Return all entities by kind: a value, or several in the order of the text."""
    kinds = dict.fromkeys(entity.kind for entity in meaning.entities)
    return {kind: all_[0] if len(all_ := list(meaning.all(kind))) == 1 else all_ for kind in kinds}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("两", 2),
        ("三", 3),
        ("十", 10),
        ("十五", 15),
        ("二十", 20),
        ("九十九", 99),
        ("一百", 100),
        ("一百零五", 105),
        ("一百五", 150),
        ("一百五十", 150),
        ("两百", 200),
        ("三百二十一", 321),
        ("两千三", 2300),
        ("两千零三", 2003),
        ("一万", 10_000),
        ("一万二", 12_000),
        ("十万", 100_000),
        ("三五", None),
        ("茶", None),
        ("", None),
    ],
)
def test_chinese_numbers(text: str, number: int | None) -> None:
    assert chinese_number(text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("one", 1),
        ("twelve", 12),
        ("twenty", 20),
        ("twenty one", 21),
        ("twenty-five", 25),
        ("a hundred", 100),
        ("one hundred and fifty", 150),
        ("two hundred", 200),
        ("a hundred and twenty three", 123),
        ("mug", None),
    ],
)
def test_english_numbers(text: str, number: int | None) -> None:
    assert english_number(text) == number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("45块9", "45.90"),
        ("45块9毛", "45.90"),
        ("45.9", "45.90"),
        ("45元", "45"),
        ("¥45", "45"),
        ("$45.90", "45.90"),
        ("1,299", "1299"),
        ("三百", "300"),
        ("三百块", "300"),
        ("四十五块五", "45.50"),
        ("20 bucks", "20"),
        ("fifty", "50"),
        ("two hundred dollars", "200"),
        ("mug", None),
    ],
)
def test_amounts_of_money(text: str, value: str | None) -> None:
    assert amount(text) == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("红色的 200 以内的茶杯", {"colour": "red", "money_max": "200", "query": "茶杯"}),
        ("我想买个红色的杯子，两百以内", {"colour": "red", "money_max": "200", "query": "杯子"}),
        ("紅色的茶壺有沒有", {"colour": "red", "query": "茶壶"}),
        ("有没有龙井", {"query": "龙井"}),
        ("想买点龙井送长辈", {"query": "龙井"}),
        ("帮忙找个蓝牙音箱", {"query": "蓝牙音箱"}),
        ("蓝牙音箱有没有黑色的", {"query": "蓝牙音箱", "colour": "black"}),
        ("红茶", {"query": "红茶"}),
        ("大红袍有吗", {"query": "大红袍"}),
        ("一百五以内的茶壶", {"money_max": "150", "query": "茶壶"}),
        ("100到200的茶叶有吗", {"money_min": "100", "money_max": "200", "query": "茶叶"}),
        ("50-100元的杯子", {"money_min": "50", "money_max": "100", "query": "杯子"}),
        ("找一个两三百的茶具", {"money_min": "200", "money_max": "300", "query": "茶具"}),
        ("５００以上的茶具", {"money_min": "500", "query": "茶具"}),
        ("1,299以下的耳机", {"money_max": "1299", "query": "耳机"}),
        ("500ml的保温杯", {"query": "500ml的保温杯"}),
        ("最便宜的绿茶", {"sort": "price_asc", "query": "绿茶"}),
        ("不超过三百", {"money_max": "300"}),
        ("预算300", {"money_max": "300"}),
        ("便宜一点的", {"sort": "price_asc"}),
        ("价格从高到低", {"sort": "price_desc"}),
        ("最新的排前面", {"sort": "newest"}),
        ("还有别的颜色吗", {}),
        ("换成黑色的看看", {"colour": "black"}),
    ],
)
def test_chinese_search(understander: Understander, text: str, expected: Named) -> None:
    assert named(understander.understand(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a red mug under 20", {"colour": "red", "money_max": "20", "query": "mug"}),
        ("show me teapots under $30", {"money_max": "30", "query": "teapots"}),
        ("I'm looking for a blue travel mug", {"colour": "blue", "query": "travel mug"}),
        ("do you have any green tea?", {"query": "green tea"}),
        ("a green tea set, around 50 dollars", {"colour": "green", "query": "tea set", "money": "50"}),
        ("a black teapot", {"colour": "black", "query": "teapot"}),
        ("headphones between 30 and 80 dollars", {"money_min": "30", "money_max": "80", "query": "headphones"}),
        ("show me speakers for less than £45.50", {"money_max": "45.50", "query": "speakers"}),
        ("I'm looking for a birthday gift for my mom", {"query": "birthday gift"}),
        ("what kind of tea do you have", {"query": "tea"}),
        ("cheapest tea please", {"sort": "price_asc", "query": "tea"}),
        ("sort by newest", {"sort": "newest"}),
        ("price high to low", {"sort": "price_desc"}),
        ("do you have it in blue", {"colour": "blue"}),
        ("a 500ml thermos", {"query": "500ml thermos"}),
        ("show me all products", {}),
        ("over 50", {"money_min": "50"}),
    ],
)
def test_english_search(understander: Understander, text: str, expected: Named) -> None:
    assert named(understander.understand(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("来两个", {"quantity": 2}),
        ("给我拿３件", {"quantity": 3}),
        ("来一打", {"quantity": 12}),
        ("第二个来两个红色的", {"ordinal": 2, "quantity": 2, "colour": "red"}),
        ("加两个马克杯到购物车", {"quantity": 2, "query": "马克杯"}),
        ("数量改成3", {"quantity": 3}),
        ("不对，改成三个", {"correction": True, "quantity": 3}),
        ("第三个改成5个", {"ordinal": 3, "quantity": 5}),
        ("少一个", {"quantity_change": -1}),
        ("把茶杯删掉", {"query": "茶杯"}),
        ("x2", {"quantity": 2}),
        ("add 2 blue mugs to my cart", {"quantity": 2, "colour": "blue", "query": "mugs"}),
        ("i'll take two of them", {"quantity": 2}),
        ("half a dozen please", {"quantity": 6}),
        ("no, make it three", {"correction": True, "quantity": 3}),
        ("sorry, i meant two", {"correction": True, "quantity": 2}),
        ("change the first one to 3", {"ordinal": 1, "quantity": 3}),
        ("one less", {"quantity_change": -1}),
        ("remove the red one", {"colour": "red"}),
        ("remove the mug from my cart", {"query": "mug"}),
    ],
)
def test_cart(understander: Understander, text: str, expected: Named) -> None:
    assert named(understander.understand(text)) == expected


@pytest.mark.parametrize(
    ("text", "ordinal"),
    [
        ("第一个", 1),
        ("第二款多少钱", 2),
        ("第３个", 3),
        ("最后一个", -1),
        ("看看最后那个", -1),
        ("倒数第二个", -2),
        ("头一个", 1),
        ("第十个", 10),
        ("the second one", 2),
        ("2nd one", 2),
        ("number 3", 3),
        ("the last one", -1),
        ("#2", 2),
        ("first", 1),
        ("tell me about the third", 3),
        ("option two", 2),
    ],
)
def test_ordinals(understander: Understander, text: str, ordinal: int) -> None:
    assert understander.understand(text).all("ordinal") == (ordinal,)


@pytest.mark.parametrize(
    "text", ["my last order", "等了三个月", "just a second", "one moment", "有一个问题", "第三次了"]
)
def test_what_only_looks_like_a_count(understander: Understander, text: str) -> None:
    meaning = understander.understand(text)
    assert meaning.all("ordinal") == ()
    assert text == "one moment" or meaning.all("quantity") == ()


@pytest.mark.parametrize(
    ("text", "ordinals"),
    [
        ("compare the first and the third", (1, 3)),
        ("compare the second and third", (2, 3)),
        ("first vs third", (1, 3)),
        ("compare 1 and 3", (1, 3)),
        ("compare 1, 2 and 3", (1, 2, 3)),
        ("compare the first two", (1, 2)),
        ("how do the top three compare", (1, 2, 3)),
        ("is the last one better than the first", (-1, 1)),
        ("which of the two is better", ()),
        ("compare the 350ml one and the 500ml one", ()),
        ("第一个和第三个", (1, 3)),
        ("第一和第三比一下", (1, 3)),
        ("1和3", (1, 3)),
        ("1和2有什么区别", (1, 2)),
        ("对比1号和2号", (1, 2)),
        ("前两个对比一下", (1, 2)),
        ("比较前三款", (1, 2, 3)),
        ("这两个哪个好", ()),
        ("对比一和三", (1, 3)),
        ("自拍杆和三脚架哪个好", ()),
    ],
)
def test_places_of_what_is_compared(understander: Understander, text: str, ordinals: tuple[int, ...]) -> None:
    meaning = understander.understand(text)
    assert (meaning.intent, meaning.all("ordinal")) == ("compare_products", ordinals)
    places = [(entity.start, entity.end) for entity in meaning.entities]
    assert all(first[1] <= second[0] for first, second in pairwise(places)), "a word is read once"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "红色的 200 以内包邮的杯子",
            {"colour": "red", "money_max": "200", "free_shipping": True, "query": "杯子"},
        ),
        ("五十以内包邮的", {"money_max": "50", "free_shipping": True}),
        ("只看有货的", {"in_stock": True}),
        ("免运费的零食有哪些", {"free_shipping": True, "query": "零食"}),
        ("有现货的42码登山鞋", {"in_stock": True, "query": "42码登山鞋"}),
        ("没货的不要显示", {"in_stock": True}),
        ("under 50 with free shipping", {"money_max": "50", "free_shipping": True}),
        ("mugs with free delivery under 20", {"query": "mugs", "free_shipping": True, "money_max": "20"}),
        ("show me backpacks available now", {"query": "backpacks", "in_stock": True}),
        ("only what's in stock", {"in_stock": True}),
        ("running shoes size 9 in stock", {"query": "running shoes size 9", "in_stock": True}),
        ("two in size 42", {"quantity": 2}),
    ],
)
def test_what_is_sent_for_free_or_in_stock(understander: Understander, text: str, expected: Named) -> None:
    assert named(understander.understand(text)) == expected


@pytest.mark.parametrize(
    ("text", "intent", "expected"),
    [
        ("how much is the red teapot", "ask_price", {"colour": "red", "query": "teapot"}),
        ("btw how much is the second one", "ask_price", {"ordinal": 2}),
        ("龙井多少钱一斤", "ask_price", {"query": "龙井"}),
        ("这双鞋多少钱", "ask_price", {"query": "鞋"}),
        ("is the black hoodie in stock", "ask_stock", {"colour": "black", "query": "hoodie"}),
        ("等等，蓝色的还有货吗", "ask_stock", {"colour": "blue"}),
        ("do you have 15 pieces of it", "ask_stock", {"quantity": 15}),
        ("do the shoes run small", "ask_size", {"query": "shoes"}),
        ("i'm 175 cm and 70 kg which size", "ask_size", {}),
        ("这款有42码吗", "ask_size", {"query": "42码"}),
        ("书包多大", "ask_size", {"query": "书包"}),
        ("is the mug ceramic", "ask_material", {"query": "mug"}),
        ("这件外套是什么面料的", "ask_material", {"query": "外套"}),
        ("do you ship to germany", "ask_delivery", {}),
        ("is delivery free", "ask_delivery", {"free_shipping": True}),
        ("寄到上海要几天", "ask_delivery", {}),
        ("compare longjing with tieguanyin", "compare_products", {"query": ["longjing", "tieguanyin"]}),
        ("盖碗和茶壶哪个好用", "compare_products", {"query": ["盖碗", "茶壶"]}),
        ("similar shoes under 60", "similar_products", {"query": "shoes", "money_max": "60"}),
        ("跟这条围巾类似的还有吗", "similar_products", {"query": "围巾"}),
        ("add the dog bed to my favourites", "add_favourite", {"query": "dog bed"}),
        ("把第二个从收藏里删掉", "remove_favourite", {"ordinal": 2}),
        ("取消红心", "remove_favourite", {}),
        ("tell me when the red tent is back in stock", "notify_in_stock", {"colour": "red", "query": "tent"}),
        ("42码到货了告诉我", "notify_in_stock", {"query": "42码"}),
        ("返回分类", "browse_categories", {}),
    ],
)
def test_the_bare_thing_of_a_question(understander: Understander, text: str, intent: str, expected: Named) -> None:
    meaning = understander.understand(text)
    assert (meaning.intent, named(meaning)) == (intent, expected)


def test_a_bare_number_is_a_count_and_a_choice(understander: Understander) -> None:
    for text, number in (("2", 2), ("三", 3), ("three", 3), ("１２", 12)):
        assert named(understander.understand(text)) == {"quantity": number, "ordinal": number}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("X7K2-94QD", "X7K2-94QD"),
        ("x7k2-94qd", "X7K2-94QD"),
        ("订单号x7k294qd到哪了", "X7K2-94QD"),
        ("Ｘ７Ｋ２－９４ＱＤ", "X7K2-94QD"),
        ("where is X7K294QD?", "X7K2-94QD"),
        ("cancel order X7K2-94QD please", "X7K2-94QD"),
    ],
)
def test_order_numbers(understander: Understander, text: str, number: str) -> None:
    assert understander.understand(text).all("order_number") == (number,)


@pytest.mark.parametrize(
    "text", ["20261122", "13800138000", "checkout", "products", "X7K2-94QDE", "U7K2-94LI", "12345678"]
)
def test_what_is_no_order_number(understander: Understander, text: str) -> None:
    assert understander.understand(text).all("order_number") == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("优惠码是 XIA10-ABCD", {"coupon_code": "XIA10-ABCD"}),
        ("用优惠码save2024", {"coupon_code": "SAVE2024"}),
        ("apply FREE-SHIP please, it's a promo code", {"coupon_code": "FREE-SHIP"}),
        ("XIA10-ABCD", {"coupon_code": "XIA10-ABCD"}),
        ("7kqm-2xnp-wd4h-88yz", {"coupon_code": "7KQM-2XNP-WD4H-88YZ"}),
        ("兑换礼品卡 7KQM-2XNP-WD4H-88YZ", {"coupon_code": "7KQM-2XNP-WD4H-88YZ"}),
        ("use my coupon on order X7K2-94QD", {"order_number": "X7K2-94QD"}),
        ("apply WINTER-15 to X7K2-94QD", {"coupon_code": "WINTER-15", "order_number": "X7K2-94QD"}),
        ("use the 10-dollar voucher", {}),
        ("use my coupon for the follow-up order", {}),
    ],
)
def test_codes_of_coupons_and_gift_cards(understander: Understander, text: str, expected: Named) -> None:
    assert named(understander.understand(text)) == expected


def test_a_code_alone_that_could_be_an_order_number_is_both(understander: Understander) -> None:
    meaning = understander.understand("SAVE2024")
    assert named(meaning) == {"order_number": "SAVE-2024", "coupon_code": "SAVE2024"}
    assert named(understander.understand("X7K2-94QD")) == {"order_number": "X7K2-94QD"}


@pytest.mark.parametrize(
    ("text", "intent", "expected"),
    [
        ("订单里的杯子改成两个红色的", "change_order", {"query": "杯子", "quantity": 2, "colour": "red"}),
        ("add one more towel to my order", "change_order", {"query": "towel", "quantity": 1}),
        ("订单里的加湿器不要了，其他照发", "cancel_items", {"query": "加湿器"}),
        ("cancel the socks in my order", "cancel_items", {"query": "socks"}),
        ("退一个杯子", "return_items", {"quantity": 1, "query": "杯子"}),
        (
            "i want to return two of the mugs from X7K2-94QD",
            "return_items",
            {"quantity": 2, "query": "mugs", "order_number": "X7K2-94QD"},
        ),
        ("return the wool scarf", "return_items", {"query": "wool scarf"}),
        ("exchange the running shoes for a 43", "exchange_items", {"query": "running shoes"}),
        ("台灯不亮了", "repair_items", {"query": "台灯"}),
        ("漏斗碎了", "report_problem", {"query": "漏斗"}),
        ("the teapot arrived broken", "report_problem", {"query": "teapot"}),
        ("绑定邮箱 Wang@example.com", "link_account", {"email": "wang@example.com"}),
    ],
)
def test_the_bare_thing_of_an_order(understander: Understander, text: str, intent: str, expected: Named) -> None:
    meaning = understander.understand(text)
    assert (meaning.intent, named(meaning)) == (intent, expected)


@pytest.mark.parametrize(
    ("text", "language", "phone"),
    [
        ("我的手机13800138000", "zh", "+8613800138000"),
        ("１３８００１３８０００", "zh", "+8613800138000"),
        ("138 0013 8000", "zh", "+8613800138000"),
        ("13800138000", "en", "+8613800138000"),
        ("+86 138-0013-8000", "en", "+8613800138000"),
        ("0571-88888888", "zh", "+8657188888888"),
        ("+44 20 7946 0958", "en", "+442079460958"),
        ("call me: +1 415 555 2671", "en", "+14155552671"),
    ],
)
def test_phones(understander: Understander, text: str, language: str, phone: str) -> None:
    meaning = understander.understand(text, Context("zh" if language == "zh" else "en"))
    assert named(meaning) == {"phone": phone}


def test_mail(understander: Understander) -> None:
    meaning = understander.understand("mail me at Ann.Lee+shop@Example.com please")
    assert meaning.all("email") == ("ann.lee+shop@example.com",)
    assert understander.understand("a@b and @home").all("email") == ()


@pytest.mark.parametrize(
    ("text", "language"),
    [("说英文", "en"), ("换成中文", "zh"), ("english please", "en"), ("can you speak Chinese", "zh"), ("中文", "zh")],
)
def test_languages(understander: Understander, text: str, language: str) -> None:
    assert understander.understand(text).all("language") == (language,)


def test_chinese_tea_is_no_language(understander: Understander) -> None:
    assert understander.understand("do you have Chinese tea").all("language") == ()


@pytest.mark.parametrize("text", ["no", "no thanks", "不对", "不是", "no no no"])
def test_a_plain_no_corrects_nothing(understander: Understander, text: str) -> None:
    assert understander.understand(text).first("correction") is None


@pytest.mark.parametrize(
    "text",
    [
        "紅色的 ２００ 以內的茶壺，來兩個",
        "👋 Hi! I'm looking for a RED mug under $20 — or X7K2-94QD?",
        "İstanbul ß ŉ red mug 2 pcs",
        "打给 １３８００１３８０００ 或 Ann@Example.COM",
    ],
)
def test_places_are_in_the_original_text(understander: Understander, text: str) -> None:
    assert len(fold(text)) == len(text)
    meaning = understander.understand(text)
    assert meaning.entities
    for entity in meaning.entities:
        assert text[entity.start : entity.end] == entity.text != ""
