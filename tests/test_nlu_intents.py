"""What a shopper wants: sentences that training has not seen, hostile input, and the shape of what comes out."""

import json
import threading
import time
from pathlib import Path

import pytest

from bench.harness import SHARED
from nlu.model import OUT_OF_SCOPE, Context, Meaning
from nlu.phrases import OUR_PHRASES, read_phrases
from nlu.text import bare, readable
from nlu.understand import Understander

INTENTS = frozenset(
    [
        "greet",
        "thank",
        "goodbye",
        "help",
        "search_products",
        "refine_search",
        "show_product",
        "add_to_cart",
        "show_cart",
        "change_cart",
        "checkout",
        "pay_order",
        "order_status",
        "cancel_order",
        "ask_human",
        "change_language",
        "affirm",
        "deny",
        "stop",
        "go_back",
        "browse_categories",
        "compare_products",
        "similar_products",
        "ask_price",
        "ask_stock",
        "ask_size",
        "ask_material",
        "ask_delivery",
        "add_favourite",
        "show_favourites",
        "remove_favourite",
        "notify_in_stock",
        "ask_promotions",
        "show_group_buys",
        "start_group",
        "join_group",
        "group_status",
        "invite_friends",
        "leave_group",
        "ask_group_rules",
        "show_flash_sales",
        "remind_of_sale",
        "buy_flash",
        "flash_line",
        "explain_price",
        "show_coupons",
        "claim_coupon",
        "use_coupon",
        "show_points",
        "redeem_gift_card",
        "show_balance",
        "change_order",
        "cancel_items",
        "change_address",
        "change_payment",
        "ask_payment_methods",
        "report_transfer",
        "refund_status",
        "track_parcel",
        "confirm_receipt",
        "ask_shipping_cost",
        "ask_pickup",
        "return_items",
        "exchange_items",
        "repair_items",
        "report_problem",
        "return_status",
        "ask_return_policy",
        "link_account",
        "show_account",
        "export_data",
        "erase_data",
        "change_consent",
    ]
)
FROZEN = [
    json.loads(line) for line in (Path(__file__).parent / "nlu_frozen.jsonl").read_text(encoding="utf-8").splitlines()
]
NAUGHTY = SHARED / "data" / "badinput" / "blns" / "blns.json"


def test_frozen_sentences_are_none_of_the_training_phrases() -> None:
    trained = {bare(readable(phrase.text)) for phrase in read_phrases(OUR_PHRASES).examples}
    assert [row["text"] for row in FROZEN if bare(readable(row["text"])) in trained] == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_frozen_sentences_are_understood(understander: Understander, language: str) -> None:
    rows = [row for row in FROZEN if row["language"] == language]
    wrong = [
        (row["text"], row["intent"], said)
        for row in rows
        if (said := understander.understand(row["text"]).intent) != row["intent"]
    ]
    assert len(rows) >= 120
    assert len(wrong) / len(rows) <= 0.10, wrong


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_intent_has_at_least_40_phrases_in_each_language(language: str) -> None:
    examples = read_phrases(OUR_PHRASES / language).examples
    counts = {intent: sum(phrase.intent == intent for phrase in examples) for intent in INTENTS | {OUT_OF_SCOPE}}
    assert {phrase.intent for phrase in examples} == INTENTS | {OUT_OF_SCOPE}
    assert {intent: count for intent, count in counts.items() if count < 40} == {}


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("hi", "greet"),
        ("HI!!", "greet"),
        ("你好", "greet"),
        ("你好。", "greet"),
        ("好", "affirm"),
        ("好的！", "affirm"),
        ("yes", "affirm"),
        ("OK", "affirm"),
        ("嗯嗯", "affirm"),
        ("no", "deny"),
        ("不要", "deny"),
        ("取消", "stop"),
        ("算了", "stop"),
        ("cancel", "stop"),
        ("back", "go_back"),
        ("返回", "go_back"),
        ("转人工", "ask_human"),
        ("人工", "ask_human"),
        ("購物車", "show_cart"),
        ("cart", "show_cart"),
        ("结账", "checkout"),
        ("checkout", "checkout"),
        ("X7K2-94QD", "order_status"),
        ("謝謝", "thank"),
        ("thx", "thank"),
        ("拜拜", "goodbye"),
        ("help", "help"),
        ("?", "help"),
        ("便宜一点的", "refine_search"),
        ("the second one", "show_product"),
        ("第二个多少钱", "ask_price"),
        ("what do you sell", "browse_categories"),
        ("有货吗", "ask_stock"),
        ("包邮吗", "ask_delivery"),
        ("收藏", "add_favourite"),
        ("my wishlist", "show_favourites"),
        ("取消收藏", "remove_favourite"),
        ("到货通知我", "notify_in_stock"),
        ("龙井", "search_products"),
        ("english", "change_language"),
        ("我要退货", "return_items"),
        ("refund", "return_items"),
        ("可以退货吗", "ask_return_policy"),
        ("退款到哪了", "refund_status"),
        ("快递到哪了", "track_parcel"),
        ("订单到哪了", "order_status"),
        ("确认收货", "confirm_receipt"),
        ("收到", "affirm"),
        ("运费多少", "ask_shipping_cost"),
        ("领券", "claim_coupon"),
        ("我的优惠券", "show_coupons"),
        ("用券", "use_coupon"),
        ("积分", "show_points"),
        ("余额", "show_balance"),
        ("改地址", "change_address"),
        ("换货", "exchange_items"),
        ("注销账号", "erase_data"),
    ],
)
def test_short_messages_are_certain(understander: Understander, text: str, intent: str) -> None:
    meaning = understander.understand(text)
    assert (meaning.intent, meaning.confidence) == (intent, 1.0)


def test_any_order_number_is_understood_like_the_one_in_the_phrases(understander: Understander) -> None:
    assert understander.understand("cancel ABCD-1234").intent == "cancel_order"
    assert understander.understand("W3RT-77ZX 到哪了").intent == "order_status"


@pytest.mark.parametrize("text", ["1", "2", "12"])
def test_a_bare_number_is_only_a_guess(understander: Understander, text: str) -> None:
    meaning = understander.understand(text)
    assert (meaning.intent, meaning.confidence) == ("show_product", 0.5)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("cancle my ordre pleese", "cancel_order"),
        ("wher is my pakcage", "track_parcel"),
        ("shwo me teh cart", "show_cart"),
        ("i wnat to chekcout", "checkout"),
        ("do you hvae teapotts", "search_products"),
        ("取消丁单", "cancel_order"),
        ("查一下我的定单", "order_status"),
        ("加入够物车", "add_to_cart"),
        ("转人公", "ask_human"),
    ],
)
def test_slips_of_the_keyboard(understander: Understander, text: str, intent: str) -> None:
    assert understander.understand(text).intent == intent


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n\t",
        "\x00",
        "\x00\x01\x02\x7f",
        "\u200b\u200d\ufeff",
        "😀",
        "👨‍👩‍👧‍👦🏳️‍🌈",
        "....",
        "!!!",
        "﷽",
        "\ud83d",
        "()[]{}\\",
        "a" * 10_000,
        "茶" * 10_000,
        "1" * 10_000,
        " " * 10_000,
        "1-" * 5_000,
        "a@" * 5_000,
        "两百" * 5_000,
        "third " * 2_000,
        "给我" * 5_000,
        "show me " * 1_500,
        "\0" * 10_000,
        "между",
        "こんにちは",
        "مرحبا",
        "<script>alert(1)</script>",
        "'; DROP TABLE x; --",
    ],
)
def test_every_text_has_a_meaning_in_bounded_time(understander: Understander, text: str) -> None:
    for context in (Context(), Context("zh"), Context("en")):
        begun = time.process_time()
        meaning = understander.understand(text, context)
        assert time.process_time() - begun < 1.0
        assert_whole(meaning, text)


def assert_whole(meaning: Meaning, text: str) -> None:
    assert meaning.text == text
    assert meaning.intent in INTENTS | {OUT_OF_SCOPE}
    assert 0 <= meaning.confidence <= 1
    assert all(0 <= chance <= 1 for _intent, chance in meaning.alternatives)
    for entity in meaning.entities:
        assert text[entity.start : entity.end] == entity.text


@pytest.mark.skipif(not NAUGHTY.exists(), reason="the shared data is not here")
def test_naughty_strings_have_a_meaning(understander: Understander) -> None:
    for text in json.loads(NAUGHTY.read_text(encoding="utf-8")):
        assert_whole(understander.understand(text), text)


@pytest.mark.parametrize("text", ["😀", "....", "\x00", "🤷🤷"])
def test_without_words_it_is_out_of_scope(understander: Understander, text: str) -> None:
    assert understander.understand(text).intent == OUT_OF_SCOPE


@pytest.mark.parametrize(
    "text",
    [
        "张伟 13912345678 广东省深圳市南山区科技园路 8 号",
        "浙江省杭州市西湖区文三路 90 号 2 单元 501 张三 13800138000",
        "Ann Lee, +44 20 7946 0958, 12 High Street, Leeds LS1 4DY",
        "13800138000",
        "ann@example.com",
    ],
)
def test_an_address_is_no_wish(understander: Understander, text: str) -> None:
    assert understander.understand(text).intent == OUT_OF_SCOPE


def test_understanding_is_pure_and_thread_safe(understander: Understander) -> None:
    texts = [row["text"] for row in FROZEN[::8]]
    alone = [understander.understand(text) for text in texts]
    answers: list[list[Meaning]] = []

    def listen() -> None:
        answers.append([understander.understand(text) for text in texts])

    threads = [threading.Thread(target=listen) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [[said.intent for said in one] for one in answers] == [[said.intent for said in alone]] * 4
    assert [[said.entities for said in one] for one in answers] == [[said.entities for said in alone]] * 4


def test_encoded_texts_lie_close_when_they_mean_the_same_in_either_language(understander: Understander) -> None:
    english, chinese, other = understander.encode(["a red mug", "红色马克杯", "running shoes"])
    assert english @ chinese > 0.6 > 0.3 > english @ other
    assert english @ english == pytest.approx(1.0, abs=1e-5)
    assert understander.encode([]).shape == (0, 512)
    assert understander.encode(["", "茶" * 10_000]).shape == (2, 512)
