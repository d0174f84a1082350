"""Promotions in the chat: what is on, what a cart saves, and why something costs what it costs."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.promotion_terms import promotion_line, reason_text, rule_text
from bot.shop import Shop
from bot.voice import Voice
from commerce.catalog.model import ProductText, Variant
from commerce.pricing.values import Step
from commerce.promotions.actions import PromotionDraft, add_promotion
from commerce.promotions.rules import (
    WHOLE,
    AmountOff,
    FixedPrice,
    FreeShipping,
    Gift,
    NthOff,
    PercentOff,
    Promotion,
    Rule,
    Scope,
    Tier,
    Tiers,
)
from tests.chat import Chat

RULES: tuple[tuple[Rule, str, str], ...] = (
    (PercentOff(150_000), "打 8.5折", "15% off"),
    (PercentOff(200_000, min_quantity=2), "满2件8折", "20% off from 2 pieces on"),
    (AmountOff(1000), "每件减10元", "€10 off each"),
    (AmountOff(1000, min_quantity=3), "满3件，每件减10元", "€10 off each from 3 pieces on"),
    (FixedPrice(990), "特价9.9元", "only €9.90 each"),
    (FixedPrice(990, min_quantity=2), "满2件，每件9.9元", "€9.90 each from 2 pieces on"),
    (NthOff(2, 500_000), "第2件5折", "50% off one of every 2 pieces"),
    (NthOff(3, WHOLE), "第3件免费", "one of every 3 pieces is free"),
    (Tiers((Tier(10_000, amount=1000), Tier(20_000, ppm=120_000))), "满100元减10元、满200元打8.8折",
     "€10 off from €100, 12% off from €200"),
    (Tiers((Tier(10_000, amount=1000),), repeats=True, most=5000), "每满100元减10元，最多减50元",
     "€10 off every €100, at most €50"),
    (Gift(9900, 7, 2), "满99元送茶匙 x2", "茶匙 x2 as a gift from €99"),
    (FreeShipping(9900), "满99元包邮", "free shipping from €99"),
    (FreeShipping(), "包邮", "free shipping"),
)  # fmt: skip


@pytest.fixture
def chinese(shop: Shop) -> Voice:
    return Voice(shop, shop.vault, customer_id=1, language="zh")


def test_rules_and_reasons_are_said_as_a_shop_says_them(shop: Shop, chinese: Voice) -> None:
    english = Voice(shop, shop.vault, customer_id=1, language="en")
    for rule, zh, en in RULES:
        assert rule_text(chinese, rule, currency="CNY", titles={7: "茶匙"}) == zh
        assert rule_text(english, rule, currency="EUR", titles={7: "茶匙"}) == en
    ends = datetime(2026, 11, 30, 15, 59, tzinfo=UTC)
    sale = Promotion(1, {"zh": "满100减10"}, Tiers((Tier(10_000, amount=1000),)), ends_at=ends)
    assert promotion_line(chinese, sale, currency="CNY", titles={}) == "满100元减10元（11月30日 23:59 截止）"
    short = Step("coupon", 1, {}, 0, False, "below_amount", {"missing": 1270})
    assert reason_text(chinese, short, currency="CNY") == "还差 ¥12.70"
    assert reason_text(english, Step("coupon", 1, {}, 0, False, "not_chosen"), currency="CNY") == ""


async def test_a_shopper_sees_what_is_on_what_a_little_more_brings_and_how_the_price_came_about(
    chat: Chat, shop: Shop
) -> None:
    toys = "店里现在的活动：\n• 儿童玩具第二件半价：第2件5折\n"
    assert await chat.says("有什么优惠活动吗") == [f"{toys}1. 优惠券"]
    now = shop.now()
    async with shop.database.begin() as session:
        variants = select(Variant.id).join(ProductText, ProductText.product_id == Variant.product_id)
        oolong = await session.scalar(
            variants.where(ProductText.title == "安溪铁观音 清香型乌龙茶").order_by(Variant.position).limit(1)
        )
        assert oolong is not None
        tiers = Tiers((Tier(10_000, amount=1000), Tier(20_000, amount=3000)))
        for name, rule in (("周年满减", tiers), ("第二件半价", NthOff(2, 500_000))):
            await add_promotion(
                session, draft=PromotionDraft({"zh": name}, rule, Scope()), active=True, now=now - timedelta(days=1)
            )
    assert await chat.says("有什么优惠活动吗") == [
        f"{toys}• 周年满减：满100元减10元、满200元减30元\n• 第二件半价：第2件5折\n1. 优惠券"
    ]
    (cart,) = await chat.says("绿茶", "第一个", "加入购物车", "50克")
    assert cart.splitlines()[1:5] == [
        "- 明前龙井 西湖绿茶  (50 克)  x1  ¥168.00",
        "周年满减: −¥10.00",
        "再买 ¥32.00: 减 30元",
        "合计: ¥158.00",
    ]
    (why,) = await chat.presses("怎么算")
    assert why.splitlines()[:5] == [
        "购物车合计 ¥158.00，是这样算的：",
        "• 商品：¥168.00",
        "• 周年满减：−¥10.00",
        "没用上的优惠：",
        "• 第二件半价：参加活动的商品还差 1 件",
    ]
    (hint,) = await chat.presses("有什么活动")
    assert "再买 ¥32.00 就能享受：减 30元。" in hint
    await chat.says("再加一个")
    (english,) = await chat.says("English please", "why is it this price?")
    assert english.splitlines()[:4] == [
        "Your cart costs CN¥222.00. Here is how it adds up:",
        "• Goods: CN¥336.00",
        "• 第二件半价: −CN¥84.00",
        "• 周年满减: −CN¥30.00",
    ]
    await chat.says("check out", "Li Na, 13800138000, 90 Wensan Road, Hangzhou")
    await chat.presses("Cash on delivery")
    (placed,) = await chat.says("yes")
    number = re.search(r"[A-Z0-9]{4}-[A-Z0-9]{4}", placed)
    assert number is not None
    (told,) = await chat.says("why is it this price?")
    assert told.splitlines()[:4] == [
        f"Order {number[0]} costs CN¥222.00. Here is how it adds up:",
        "• Goods: CN¥336.00",
        "• 第二件半价: −CN¥84.00",
        "• 周年满减: −CN¥30.00",
    ]
    stranger = Chat(chat.scratch)
    (refused,) = await stranger.says(f"why does order {number[0]} cost that much?")
    assert "222" not in refused
