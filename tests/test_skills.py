"""What the bot can do, through its own door: the demo shop, the real understanding, the real database."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from commerce.carts.actions import cart_view
from commerce.catalog.model import Variant
from commerce.inventory.model import StockLevel
from commerce.orders.model import Order
from commerce.orders.queries import OrderView, order_views
from conversations.model import Agent, Owner
from conversations.ownership import release, take
from tests.chat import Chat

ZHANG = "张三 13800138000 浙江省杭州市西湖区文三路 90 号 2 单元 501"
ANN = "Ann Lee, +44 20 7946 0958, 12 High Street, Leeds LS1 4DY"


async def orders_of(chat: Chat) -> list[OrderView]:
    customer_id = (await chat.conversation()).customer_id
    async with chat.scratch.shop.database.begin() as session:
        return await order_views(session, customer_id=customer_id)


async def cart_of(chat: Chat) -> dict[str, int]:
    """{sku: pieces}"""
    customer_id = (await chat.conversation()).customer_id
    async with chat.scratch.shop.database.begin() as session:
        view = await cart_view(session, customer_id=customer_id, language="en")
        return {(await session.get_one(Variant, line.variant_id)).sku: line.quantity for line in view.lines}


async def leave(chat: Chat, sku: str, pieces: int) -> None:
    """Somebody else takes all but this many."""
    async with chat.scratch.shop.database.begin() as session:
        variant_id = await session.scalar(select(Variant.id).where(Variant.sku == sku))
        level = (await session.scalars(select(StockLevel).where(StockLevel.variant_id == variant_id))).one()
        level.reserved = level.on_hand - pieces


async def the_red_mug(chat: Chat, pieces: int = 1) -> str:
    await chat.says("show me mugs", f"add {pieces} red ones", language="en")
    (sku,) = await cart_of(chat)
    return sku


async def test_a_chinese_shopper_buys_from_hello_to_the_order(chat: Chat) -> None:
    assert (await chat.says("你好"))[0].startswith("欢迎光临")
    await chat.says("有什么茶", "第二个", "加两个", "1")
    assert list((await cart_of(chat)).values()) == [2]
    assert "×3" in (await chat.says("改成三个"))[0]
    assert "手机号" in (await chat.says("结账"))[0]
    assert "怎么付款" in (await chat.says(ZHANG))[0]
    (asked,) = await chat.says("货到付款")
    assert "张* 138****8000" in asked
    assert "文三路" not in asked
    assert "下单成功" in (await chat.says("好的"))[0]
    (order,) = await orders_of(chat)
    assert (order.status, order.payment_method, order.lines[0].quantity) == ("placed", "cod", 3)
    assert (await chat.says("我的订单到哪了"))[0].startswith(f"{order.number}  待发货")


async def test_an_english_shopper_pays_online_and_gets_the_link_again(chat: Chat) -> None:
    await the_red_mug(chat, 2)
    await chat.says("check out", ANN, "pay online")
    (link,) = await chat.says("yes")
    assert "/pay/" in link
    (order,) = await orders_of(chat)
    assert (order.status, order.payment_method) == ("pending", "simulator")
    assert "/pay/" in (await chat.says("pay my order"))[0]


async def test_a_known_customer_is_from_product_to_order_in_three_taps(chat: Chat) -> None:
    await the_red_mug(chat)
    await chat.says("check out", ANN, "cash", "yes", "show me mugs")
    await chat.presses("Details")
    await chat.presses("Ink black")
    assert "Shall I place this order?" in (await chat.presses("Check out"))[0]
    assert "is placed" in (await chat.presses("Place the order"))[0]
    assert len(await orders_of(chat)) == 2


async def test_another_address_is_asked_for_and_the_way_to_pay_kept(chat: Chat) -> None:
    await the_red_mug(chat)
    await chat.says("check out", ANN, "cash", "yes")
    await the_red_mug(chat)
    await chat.says("check out")
    assert "Where shall it go?" in (await chat.presses("Another address"))[0]
    (asked,) = await chat.says("Bob Ray, +44 20 7946 0999, 1 Mill Lane, York YO1 7HU")
    assert "York YO1 7HU" in asked
    assert "Cash on delivery" in asked


async def test_an_address_may_come_in_pieces(chat: Chat) -> None:
    await the_red_mug(chat)
    await chat.says("check out")
    assert "missing the phone number" in (await chat.says("Ann Lee, 12 High Street, Leeds LS1 4DY"))[0]
    assert "How would you like to pay?" in (await chat.says("+44 20 7946 0958"))[0]


async def test_no_personal_data_is_kept_in_the_frames(chat: Chat) -> None:
    await the_red_mug(chat)
    await chat.says("check out", "Ann Lee, 12 High Street, Leeds LS1 4DY", "+44 20 7946 0958")
    kept = str((await chat.conversation()).frames)
    assert "address" in kept
    assert not any(secret in kept for secret in ("Ann", "Leeds", "7946"))


async def test_a_cheaper_one_and_the_second_one_mean_what_was_shown(chat: Chat) -> None:
    (shown,) = await chat.says("有什么茶")
    (cheaper,) = await chat.says("便宜一点的")
    assert sorted(shown.splitlines()[1:]) != cheaper.splitlines()[1:]
    second = cheaper.splitlines()[2].removeprefix("2. ").split("  ")[0]
    assert (await chat.says("第二个多少钱"))[0].startswith(second)


async def test_a_place_that_was_not_shown_is_not_guessed(chat: Chat) -> None:
    await chat.says("有什么茶")
    assert await chat.says("第九个") == ["刚才一共只有 5 款，您说的是哪一款？"]


async def test_nothing_up_to_a_price_is_said_openly(chat: Chat) -> None:
    (answer,) = await chat.says("mugs under 5", language="en")
    assert answer.startswith("I have found nothing up to CN¥5.00.")
    assert "Mug" in (await chat.presses("At any price"))[0]


async def test_a_colour_asked_for_while_looking_at_a_product_is_answered_for_it(chat: Chat) -> None:
    await chat.says("show me mugs", language="en")
    await chat.presses("Details")
    (card,) = await chat.says("do you have it in red?")
    assert card.startswith("Longquan Stoneware Mug")
    assert "Coral red" in card
    assert "Ink black" not in card


async def test_what_was_searched_for_is_what_is_added(chat: Chat) -> None:
    await chat.says("I want the black kettle", language="en")
    (added,) = await chat.says("ok, add it to my cart")
    assert "Obsidian black" in added


async def test_so_many_of_a_thing_there_is_one_of_go_into_the_cart(chat: Chat) -> None:
    await chat.says("买三个 20000 毫安黑色充电宝")
    assert list((await cart_of(chat)).values()) == [3]


async def test_how_many_is_kept_while_it_is_asked_which(chat: Chat) -> None:
    assert (await chat.says("来两个杯子"))[0].startswith("您说的是哪一款")
    await chat.says("1", "1")
    assert list((await cart_of(chat)).values()) == [2]


async def test_the_way_to_pay_may_stand_behind_the_address(chat: Chat) -> None:
    await the_red_mug(chat)
    await chat.says("check out")
    (asked,) = await chat.says(f"{ANN}, cash on delivery")
    assert "Shall I place this order?" in asked
    assert "Cash on delivery" in asked


async def test_two_wishes_in_one_message_are_done_in_order(chat: Chat) -> None:
    await chat.says("show me mugs", language="en")
    await chat.presses("Details")
    answers = await chat.says("add the red one and check out")
    assert answers[0].startswith("In your cart:")
    assert answers[-1].startswith("Where shall it go?")


async def test_a_digression_returns_to_the_order_with_what_is_true_then(chat: Chat) -> None:
    await the_red_mug(chat, 1)
    await chat.says("check out", ANN, "cash")
    answers = await chat.says("make it three")
    assert answers[0].startswith("Changed:")
    assert answers[1] == "Back to this: your order."
    assert "x3" in answers[2]
    await chat.says("yes")
    (order,) = await orders_of(chat)
    assert order.lines[0].quantity == 3


async def test_a_price_that_changed_is_said_before_the_yes_counts(chat: Chat) -> None:
    sku = await the_red_mug(chat)
    await chat.says("check out", ANN, "cash")
    async with chat.scratch.shop.database.begin() as session:
        variant = (await session.scalars(select(Variant).where(Variant.sku == sku))).one()
        variant.price_amount += 100
    changed = await chat.says("yes")
    assert changed[0].startswith("This has changed meanwhile:")
    assert await orders_of(chat) == []
    await chat.says("yes")
    assert len(await orders_of(chat)) == 1


async def test_goods_that_ran_short_are_named_and_the_rest_is_offered(chat: Chat) -> None:
    sku = await the_red_mug(chat, 3)
    await chat.says("check out", ANN, "cash")
    await leave(chat, sku, 2)
    short = await chat.says("yes")
    assert "We have only 2 of Longquan Stoneware Mug" in " ".join(short)
    assert await orders_of(chat) == []
    await chat.presses("Take 2")
    await chat.says("yes")
    (order,) = await orders_of(chat)
    assert order.lines[0].quantity == 2


async def test_goods_that_sold_out_are_left_out(chat: Chat) -> None:
    sku = await the_red_mug(chat)
    await chat.says("add the white one")
    await leave(chat, sku, 0)
    assert "is sold out" in (await chat.says("check out"))[0]
    assert "Where shall it go?" in (await chat.presses("Leave it out"))[0]
    assert sku not in await cart_of(chat)


async def test_an_order_is_cancelled_after_a_yes_and_not_after_a_no(chat: Chat) -> None:
    await the_red_mug(chat)
    await chat.says("check out", ANN, "cash", "yes")
    assert "Shall I cancel order" in (await chat.says("cancel my order"))[0]
    assert await chat.says("no") == ["Good, the order stays as it is."]
    await chat.says("cancel my order")
    assert "is cancelled" in (await chat.says("yes"))[0]
    (order,) = await orders_of(chat)
    assert order.status == "cancelled"


async def test_somebody_elses_order_is_unknown(chat: Chat, scratch: object) -> None:
    await the_red_mug(chat)
    await chat.says("check out", ANN, "cash", "yes")
    (order,) = await orders_of(chat)
    other = Chat(chat.scratch)
    assert (await other.says(f"where is order {order.number}", language="en"))[0].startswith("I find no order of yours")


async def test_the_cart_is_emptied_after_a_yes(chat: Chat) -> None:
    await the_red_mug(chat)
    await chat.says("empty my cart")
    await chat.says("no")
    assert len(await cart_of(chat)) == 1
    await chat.says("empty my cart", "yes")
    assert await cart_of(chat) == {}


async def test_unclear_twice_offers_a_person_and_a_yes_gets_one(chat: Chat) -> None:
    assert (await chat.says("zxcv qwer asdf"))[0].startswith("Sorry, I did not get that.")
    assert (await chat.says("asdf ghjk qwer"))[0].startswith("I am afraid I do not understand.")
    await chat.says("好的")
    assert (await chat.conversation()).owner == Owner.WAITING


async def test_unclear_now_and_then_offers_no_person(chat: Chat) -> None:
    for _ in range(2):
        assert (await chat.says("zxcv qwer asdf", language="en"))[0].startswith("Sorry, I did not get that.")
        await chat.says("show me mugs")


async def test_while_a_person_is_awaited_orders_are_still_told_and_never_mind_gives_up(chat: Chat) -> None:
    await chat.says("I want to talk to a person", language="en")
    assert (await chat.conversation()).owner == Owner.WAITING
    assert await chat.says("hello? anybody there?") == []
    assert (await chat.says("where is my order"))[0].startswith("You have no order yet")
    await chat.says("never mind")
    assert (await chat.conversation()).owner == Owner.BOT


async def test_the_language_follows_and_a_wish_for_one_stays(chat: Chat) -> None:
    await chat.says("你好")
    assert (await chat.says("show me some tea please"))[0].startswith("I have found")
    await chat.says("说中文")
    assert (await chat.says("show me some mugs please"))[0].startswith("找到")


@pytest.mark.parametrize("body", [{"kind": kind} for kind in ("sticker", "voice", "file", "location")])
async def test_what_cannot_be_read_gets_a_kind_answer(chat: Chat, body: dict[str, str]) -> None:
    (answer,) = await chat.sends(body)
    assert answer.startswith("我暂时只看得懂文字")


async def test_nothing_is_ordered_twice_by_pressing_twice(chat: Chat) -> None:
    await the_red_mug(chat)
    await chat.says("check out", ANN, "cash")
    await chat.presses("Place the order")
    assert "settled already" in (await chat.presses("Place the order"))[0]
    async with chat.scratch.shop.database.begin() as session:
        assert await session.scalar(select(func.count()).select_from(Order)) == 1


async def test_a_shop_without_online_payment_offers_cash_only(chat: Chat) -> None:
    chat.scratch.shop.till = replace(chat.scratch.shop.till, providers={})
    summary = await chat.says("来一个素白盖碗", "结账", "张三 13800138000 浙江省杭州市西湖区文三路90号")
    assert "货到付款" in "".join(summary)
    assert "在线支付" not in "".join(summary)


async def test_what_a_colleague_noted_for_the_bot_reaches_the_next_colleague(chat: Chat) -> None:
    await chat.says("转人工")
    conversation_id = (await chat.conversation()).id
    agent = Agent(1, "小林")
    async with chat.scratch.shop.database.begin() as session:
        await take(session, conversation_id=conversation_id, agent=agent, now=chat.scratch.clock())
    async with chat.scratch.shop.database.begin() as session:
        now = chat.scratch.clock()
        await release(session, conversation_id=conversation_id, agent=agent, to="bot", note="答应明天回电", now=now)
    await chat.says("转人工")
    handoff = (await chat.conversation()).handoff
    assert handoff is not None
    assert handoff["note"] == "答应明天回电"


@pytest.mark.parametrize(
    "said",
    ["compare the Yixing teapot and the flumgrobl", "compare the flumgrobl and the wexquit", "compare the last two"],
)
async def test_comparing_with_what_nobody_has_asks_for_things_to_compare(chat: Chat, said: str) -> None:
    answers = await chat.says(said, language="en")
    assert answers[0].startswith(("I need two things", "With which one?", "Which one shall I compare?", "I have shown"))
    assert (await chat.conversation()).owner == Owner.BOT
