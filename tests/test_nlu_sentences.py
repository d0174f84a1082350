"""Whole sentences that were once misunderstood in a conversation: intent and everything named, exactly."""

import pytest

from nlu.model import Value
from nlu.understand import Understander


@pytest.mark.parametrize(
    ("text", "intent", "expected"),
    [
        ("two in size 42", "add_to_cart", {"quantity": 2}),
        ("three in size 40", "add_to_cart", {"quantity": 3}),
        ("ill take 2", "add_to_cart", {"quantity": 2}),
        ("buy 2 red mugs", "add_to_cart", {"quantity": 2, "colour": "red", "query": "mugs"}),
        ("2 of the white 10000mah", "add_to_cart", {"quantity": 2, "colour": "white", "query": "10000mah"}),
        ("100克的滇红", "search_products", {"query": "滇红"}),
        ("祁红有吗", "search_products", {"query": "祁红"}),
        ("再来一份100克的滇红", "add_to_cart", {"quantity": 1, "query": "滇红"}),
        ("老样子，再来一份100克的滇红", "add_to_cart", {"quantity": 1, "query": "滇红"}),
        (
            "买三个 20000 毫安黑色充电宝",
            "add_to_cart",
            {"quantity": 3, "colour": "black", "query": "20000 毫安 充电宝"},
        ),
        ("来五个红色马克杯", "add_to_cart", {"quantity": 5, "colour": "red", "query": "马克杯"}),
        ("要3盒西湖龙井", "add_to_cart", {"quantity": 3, "query": "西湖龙井"}),
        ("买六个白色茶杯", "add_to_cart", {"quantity": 6, "colour": "white", "query": "茶杯"}),
        ("我要两双42码的", "add_to_cart", {"quantity": 2}),
        ("我想买个红色的杯子", "search_products", {"colour": "red", "query": "杯子"}),
        ("i want to buy a teapot", "search_products", {"query": "teapot"}),
        ("加购物车", "add_to_cart", {}),
        ("帮我加购物车吧", "add_to_cart", {}),
        ("拿掉一个", "change_cart", {"quantity_change": -1}),
        ("不要了，拿掉一个", "change_cart", {"quantity_change": -1}),
        ("结账，还是老地址", "checkout", {}),
        ("下单，送到老地址", "checkout", {}),
        ("125 g", "refine_search", {}),
        ("250 g", "refine_search", {}),
        ("350毫升", "refine_search", {"query": "350毫升"}),
        ("紫泥150毫升", "refine_search", {"query": "紫泥150毫升"}),
        ("DROP TABLE order", "out_of_scope", {}),
        ("drop table orders;", "out_of_scope", {}),
        ("drop the order", "cancel_order", {}),
        ("绘本是什么语言", "show_product", {"query": "绘本是什么语言"}),
        ("换成英文", "change_language", {"language": "en"}),
        ("I like the wool scarf", "add_favourite", {"query": "wool scarf"}),
        ("I'd like the wool scarf", "add_to_cart", {"query": "wool scarf"}),
        ("anything like the yoga mat?", "similar_products", {"query": "yoga mat"}),
        ("有没有跟瑜伽垫差不多的", "similar_products", {"query": "瑜伽垫"}),
        ("有包吗", "search_products", {"query": "包"}),
        ("箱包", "search_products", {"query": "箱包"}),
        ("三脚架", "search_products", {"query": "三脚架"}),
    ],
)
def test_a_sentence_of_a_conversation(
    understander: Understander, text: str, intent: str, expected: dict[str, Value]
) -> None:
    meaning = understander.understand(text)
    assert (meaning.intent, {entity.kind: entity.value for entity in meaning.entities}) == (intent, expected)
    assert len(meaning.entities) == len(expected)


@pytest.mark.parametrize(
    ("text", "intent", "query"),
    [
        ("wait, do you also have a travel flask?", "search_products", "travel flask"),
        ("do you also have a travel flask?", "search_products", "travel flask"),
        ("and do you sell kettles too?", "search_products", "kettles"),
        ("oh and do you sell phone chargers?", "search_products", "phone chargers"),
        ("hold on, got any headphones?", "search_products", "headphones"),
        ("before that, do you have any mugs?", "search_products", "mugs"),
        ("btw is there a bigger one?", "refine_search", "bigger"),
        ("对了你们还有充电宝吗", "search_products", "充电宝"),
        ("顺便问下有没有茶盘", "search_products", "茶盘"),
        ("等下 你家有保温杯没", "search_products", "保温杯"),
        ("等一下，你们还有旅行杯吗", "search_products", "旅行杯"),
        ("哦对，还有充电宝吗", "search_products", "充电宝"),
        ("等等，购物车里有什么", "show_cart", None),
        ("wait, where is my order", "order_status", None),
        ("wait, where is my parcel", "track_parcel", None),
        ("等等，退款到账了吗", "refund_status", None),
        ("等下，我的订单到哪了", "order_status", None),
        ("by the way, how much is the second one", "ask_price", None),
        ("hold on, is the kettle in stock", "ask_stock", "kettle"),
        ("also, how long does delivery take", "ask_delivery", None),
        ("btw do you have towels", "search_products", "towels"),
        ("wait, tell me about the third one", "show_product", None),
        ("对了，那个水壶多少钱", "ask_price", "水壶"),
        ("顺便问一下多久能到货", "ask_delivery", None),
        ("话说黑色的有货吗", "ask_stock", None),
        ("等等，有没有毛毯", "search_products", "毛毯"),
        ("等一下，这个碗多大", "ask_size", "碗"),
        ("顺便问一下，包是什么材质的", "ask_material", "包"),
    ],
)
def test_a_question_in_between_is_understood_with_its_lead_in(
    understander: Understander, text: str, intent: str, query: str | None
) -> None:
    meaning = understander.understand(text)
    assert (meaning.intent, meaning.first("query")) == (intent, query)
    assert meaning.confidence >= 0.6
    assert meaning.first("correction") is None


@pytest.mark.parametrize("text", ["10000mah", "a 10000mAh power bank", "20000mah", "150000mg", "256000gb"])
def test_a_measure_is_no_order_number(understander: Understander, text: str) -> None:
    assert understander.understand(text).all("order_number") == ()
