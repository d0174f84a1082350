"""Returns talked about: by words and by buttons, with second thoughts, a photo, refusals, and a person at the end."""

from datetime import timedelta

from sqlalchemy import select

from bot.announcements import tell_announcements
from commerce.orders.actions import mark_paid, mark_shipped
from commerce.orders.model import Order, OrderStatus
from commerce.returns.due import follow_up_returns
from commerce.returns.handling import ask_info, receive
from commerce.returns.inspecting import Finding, inspect
from commerce.returns.model import Kind, Return, ReturnLine, ReturnState, Why
from commerce.returns.offers import Terms
from tests.chat import Chat

ZHANG = "张三，13800138000，浙江省杭州市西湖区文三路90号"
ANN = "Ann Lee, +44 20 7946 0958, 12 High Street, Leeds LS1 4DY"
PHOTO = {"kind": "photo", "digest": "ab" * 32, "mime": "image/png", "width": 10, "height": 10}


async def arrived(chat: Chat, *, days_ago: int = 2) -> Order:
    """Everything ordered is paid and has arrived."""
    shop = chat.scratch.shop
    async with shop.database.begin() as session:
        placed = select(Order).where(Order.status == OrderStatus.PLACED, Order.delivered_at.is_(None))
        order = (await session.scalars(placed)).one()
        await mark_paid(session, order_id=order.id, proof="receipt 7", now=shop.now())
        await mark_shipped(session, order_id=order.id, tracking_number="SF1", carrier="顺丰", now=shop.now())
        order.delivered_at = shop.now() - timedelta(days=days_ago)
    await tell_announcements(shop)
    await chat.hears()
    return order


async def the_return(chat: Chat) -> Return:
    async with chat.scratch.shop.database.begin() as session:
        return (await session.scalars(select(Return).order_by(Return.id.desc()).limit(1))).one()


async def test_a_broken_cup_is_reported_with_a_photo_and_a_second_thought(chat: Chat) -> None:
    await chat.says("看看马克杯", "第一个要豆青绿加两件", "结账", ZHANG, "货到付款", "好")
    order = await arrived(chat)
    assert await chat.says("杯子碎了") == ["龙泉手作马克杯 350ml (豆青绿)要几件？您这里有 2 件。\n1. 1\n2. 2"]
    asked = await chat.says("1")
    assert asked[0].startswith("非常抱歉。您希望怎么处理？")
    answer = await chat.sends(dict(PHOTO))
    assert answer[0] == "照片收到，已经附上了。"
    offered = await chat.says("退款")
    assert "退给您: ¥79.00" in offered[0]
    assert "原因: 收到时破损" in offered[0]
    exchange = await chat.says("换一件")
    assert exchange[0].startswith("确认申请换货吗？")
    assert "差价: 无" in exchange[0]
    told = await chat.says("好")
    assert told[0].startswith(f"换货申请 {order.number}-R1 已通过。")
    returned = await the_return(chat)
    assert (returned.kind, returned.why, returned.state) == (Kind.EXCHANGE, Why.DAMAGED, ReturnState.AWAITING_GOODS)
    assert [photo["digest"] for photo in returned.photos] == ["ab" * 32]
    assert (await chat.says("运单号是SF1234567890"))[0].startswith("收到，谢谢！")
    assert (await the_return(chat)).tracking_number == "SF1234567890"
    late = await chat.says("我要退货", "不想要了")
    assert "确认申请退货吗？" in late[0]
    assert await chat.says("算了") == ["好的，退货先不弄了。"]
    assert (await the_return(chat)).number == returned.number


async def test_buttons_return_a_mug_and_a_no_days_later_gets_a_person(chat: Chat) -> None:
    await chat.says("show me mugs", "add a red one", "check out", ANN, "cash", "yes", language="en")
    order = await arrived(chat)
    shop = chat.scratch.shop
    await chat.says("I want to return the mug")
    await chat.presses("It does not fit")
    await chat.presses("Another way to refund it")
    shown = await chat.presses("your store credit")
    assert "The money goes to: your store credit" in shown[0]
    assert "You get back: CN¥89.00" in shown[0]
    await chat.presses("Yes, open it")
    assert "already" in (await chat.says(f"return {order.number}"))[0]
    returned = await the_return(chat)
    terms = Terms.of(shop.settings)
    async with shop.database.begin() as session:
        await receive(session, return_id=returned.id, now=shop.now())
        lines = await session.scalars(select(ReturnLine.id).where(ReturnLine.return_id == returned.id))
        findings = [Finding(lines.one(), 1, 1)]
        await inspect(session, return_id=returned.id, findings=findings, terms=terms, now=shop.now())
        assert await follow_up_returns(session, now=shop.now() + timedelta(days=3), limit=5) == 1
    await tell_announcements(shop)
    news = [message.text for message in await chat.hears()]
    assert any("we refund CN¥89.00 (your store credit)" in text for text in news)
    assert (await chat.presses("No, there is still something"))[0].startswith("I am sorry to hear that.")
    assert (await chat.conversation()).owner == "waiting"


async def test_too_late_is_refused_and_a_question_of_the_staff_is_answered_with_a_photo(chat: Chat) -> None:
    await chat.says("show me mugs", "add a red one", "check out", ANN, "cash", "yes", language="en")
    order = await arrived(chat, days_ago=9)
    refused = await chat.says("I want to return it", "it does not fit")
    assert "could come back until" in refused[0]
    async with chat.scratch.shop.database.begin() as session:
        assert (await session.scalars(select(Return))).all() == []
        (await session.get_one(Order, order.id)).delivered_at = chat.scratch.shop.now()
    await chat.says("something is missing in my parcel")
    await chat.presses("My money back")
    assert "a colleague looks at it first" in (await chat.presses("I have no photo"))[0]
    await chat.says("yes")
    returned = await the_return(chat)
    assert returned.state is ReturnState.REQUESTED
    shop = chat.scratch.shop
    async with shop.database.begin() as session:
        terms = Terms.of(shop.settings)
        await ask_info(session, return_id=returned.id, question="What is missing?", terms=terms, now=shop.now())
    await tell_announcements(shop)
    assert "What is missing?" in (await chat.hears())[0].text
    await chat.presses("Answer")
    await chat.sends(dict(PHOTO), "the lid")
    asked = await the_return(chat)
    assert (asked.state, len(asked.photos)) == (ReturnState.REQUESTED, 1)
    policy = await chat.says("what is your return policy")
    assert "within 7 days of delivery" in policy[0]
