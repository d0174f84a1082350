"""Coupons, points, gift cards and store credit in the chat, by words and by buttons, in both languages."""

import json

from sqlalchemy import select, text

from commerce.carts.actions import add_line, cart_view
from commerce.carts.model import Choice
from commerce.catalog.model import Product, ProductStatus, Variant
from commerce.credit.actions import accounts_of, make_cards
from commerce.points.actions import adjust_points, points_of
from commerce.promotions.coupon_model import Coupon, CouponBatch, CouponState, Way
from tests.chat import Chat
from tests.test_coupons import a_batch

SHARED = "XIA10-ABCD"


async def shopper_with_something_in_the_cart(chat: Chat, hello: str) -> int:
    """For less than 100 yuan, so that a coupon from 100 on takes nothing off yet."""
    await chat.says(hello)
    customer = (await chat.conversation()).customer_id
    shop = chat.scratch.shop
    async with shop.database.begin() as session:
        cheap = select(Variant).join(Product, Product.id == Variant.product_id)
        cheap = cheap.where(Product.status == ProductStatus.PUBLISHED, Variant.price_amount == 4800)
        variant = (await session.scalars(cheap.order_by(Variant.id).limit(1))).one()
        await add_line(session, customer_id=customer, variant_id=variant.id, quantity=1, now=shop.now())
    return customer


async def chosen(chat: Chat, customer: int) -> Choice:
    async with chat.scratch.shop.database.begin() as session:
        return (await cart_view(session, customer_id=customer, language="zh")).choice


async def wealth(chat: Chat, customer: int) -> tuple[dict[str, CouponState], int]:
    """The states of the customer's coupons, and the points they can spend."""
    async with chat.scratch.shop.database.begin() as session:
        found = select(CouponBatch.title, Coupon.state).join(CouponBatch, CouponBatch.id == Coupon.batch_id)
        rows = await session.execute(found.where(Coupon.customer_id == customer))
        states = {row.title["zh"]: row.state for row in rows}
        return states, (await points_of(session, customer)).available


async def test_a_chinese_shopper_takes_coupons_and_pays_with_points_and_a_card(chat: Chat) -> None:
    shop = chat.scratch.shop
    async with shop.database.begin() as session:
        await a_batch(session, now=shop.now(), days=7)
        shared = await a_batch(session, now=shop.now(), way=Way.SHARED_CODE, code=SHARED)
        shared.title, shared.threshold = {"zh": "立减10元"}, 0
    me = await shopper_with_something_in_the_cart(chat, "你好")

    assert "• 满100减10（减 ¥10.00 · 满 ¥100.00 可用）" in (await chat.says("我有什么优惠券"))[0]
    [taken] = await chat.presses("领取“满100减10”")
    assert taken.startswith("您有一张新优惠券：满100减10（减 ¥10.00 · 满 ¥100.00 可用 · ")
    [short] = await chat.presses("现在就用")
    assert short.startswith("再买 ¥52.00 就能用上“满100减10”了，已经给您记着。现在购物车应付 ¥48.00。")
    [used] = await chat.says(f"用优惠券 {SHARED.lower()}")
    assert used.startswith("“立减10元”用上了。现在购物车应付 ¥38.00。")
    async with shop.database.begin() as session:
        of_shared = select(Coupon.id).join(CouponBatch).where(CouponBatch.id == shared.id)
        assert await chosen(chat, me) == Choice(coupon_ids=((await session.scalars(of_shared)).one(),))
    [without] = await chat.says("不用优惠券")
    assert without.startswith("好的，那这单不用券。现在购物车应付 ¥48.00。")
    await chat.says("用优惠券")
    assert (await chat.says("第一张"))[0].startswith("再买 ¥52.00")
    assert (await chat.presses("最划算"))[0].startswith("好的，给您用最划算的券。现在购物车应付 ¥38.00。")
    assert (await chosen(chat, me)).coupon_ids is None

    async with shop.database.begin() as session:
        await adjust_points(session, customer_id=me, points=500, reason="x", reference="r", now=shop.now())
    assert (await chat.says("我有多少积分"))[0].startswith("您有 500 积分，可抵 ¥5.00。")
    assert (await chat.presses("用积分抵扣"))[0].startswith("用 500 积分抵扣 ¥5.00。现在购物车应付 ¥33.00。")
    assert (await chat.says("不用积分了"))[0].startswith("好的，积分先给您留着。现在购物车应付 ¥38.00。")
    assert (await chat.says("用200积分"))[0].startswith("用 200 积分抵扣 ¥2.00。现在购物车应付 ¥36.00。")
    assert (await chosen(chat, me)).points == 200

    [offer] = await chat.says("结账", "王小明 13900001234 上海市徐汇区漕溪北路 18 号 6 楼", "货到付款")
    assert "立减10元: -¥10.00\n积分: -¥2.00\n" in offer
    await chat.says("好的")
    used, issued = CouponState.USED, CouponState.ISSUED
    assert await wealth(chat, me) == ({"满100减10": issued, "立减10元": used}, 300)
    await chat.says("取消订单", "好的")
    assert await wealth(chat, me) == ({"满100减10": issued, "立减10元": CouponState.RETURNED}, 500)


async def test_an_english_shopper_redeems_a_gift_card_and_no_code_is_left_lying_about(chat: Chat) -> None:
    shop = chat.scratch.shop
    me = await shopper_with_something_in_the_cart(chat, "hello")
    async with shop.database.begin() as session:
        _batch, [code] = await make_cards(
            session, title="x", count=1, amount=2000, currency="CNY", expires_at=None, now=shop.now()
        )
    assert (await chat.says("what is my balance"))[0].startswith("You have no store credit and no gift card yet.")
    [asks] = await chat.presses("Redeem a gift card")
    assert asks == "What is the code on the card? It has four groups of four letters and digits."
    wrong, again = await chat.says("7KQM-2XNP-7KQM-2XNP")
    assert wrong == "I do not know this code. Please check it and send it once more. Tries left: 9."
    assert again == asks
    async with shop.database.begin() as session:
        frames = json.dumps((await session.execute(text("SELECT frames FROM conversation"))).scalars().all())
    assert "redeem_gift_card" in frames
    assert "7KQM" not in frames
    [redeemed] = await chat.says(code)
    assert redeemed.startswith(
        "Your gift card is redeemed: CN¥20.00 is now in your balance, which is used first when you check out."
    )
    [balance] = await chat.presses("My balance")
    assert balance.startswith("• Gift card: CN¥20.00\nTogether CN¥20.00\nIt is used first when you check out.")
    assert (await chat.presses("Not for this order"))[0].endswith("¥48.00.\n1. Check out\n2. Why this price?")
    assert not (await chosen(chat, me)).use_credit
    assert (await chat.says("my balance"))[0].splitlines()[2] == "You asked me not to use it for this order."
    assert "CN¥28.00" in (await chat.presses("Use it after all"))[0]
    async with shop.database.begin() as session:
        assert [account.balance for account in await accounts_of(session, me)] == [2000]

    for left in range(8, -1, -1):
        [said, *_more] = await chat.says(f"redeem gift card 9XYZ-{left}ABC-QQQQ-2222")
        assert f"Tries left: {left}." in said
    [locked] = await chat.says(f"redeem gift card {code}")
    assert locked == "That were too many wrong codes. Please try again in 60 minutes."
