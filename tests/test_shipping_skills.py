"""Parcels in the chat: each stage told once, followed, confirmed, fetched with a code; in both languages."""

import re
from datetime import timedelta

from sqlalchemy import select

from commerce.customers.address import AddressText
from commerce.inventory.actions import receive_stock
from commerce.inventory.locations import LocationDraft, add_location
from commerce.orders.destination import destination_of
from commerce.orders.model import DeliveryMethod, Order
from commerce.orders.queries import OrderView, order_views
from commerce.pricing.model import ShippingRate, ShippingZone
from commerce.pricing.zones import Region
from commerce.shipping.actions import make_shipment, pack_shipment, pick_shipment, ship_shipment
from commerce.shipping.model import Shipment, ShipmentState
from commerce.shipping.pickup import hand_over
from commerce.shipping.tracking import say
from tests.chat import Chat

ZHANG = "张三 13800138000 浙江省杭州市西湖区文三路 90 号 2 单元 501"
ANN = "Ann Lee, +44 20 7946 0958, 12 High Street, Leeds LS1 4DY"


def test_a_chinese_address_written_in_english_lies_in_its_province() -> None:
    lines = {
        "90 Wensan Road, Xihu, Hangzhou, Zhejiang": Region(province="浙江"),
        "12 Fujian Road, Huangpu, Shanghai, China": Region(province="上海", city="上海市"),
        "7 Sichuan North Road": Region(),
    }
    assert {line: destination_of(AddressText("Ann", "13800138000", line)) for line in lines} == lines
    leeds = AddressText("Ann", "+442079460958", "12 Zhejiang House, Leeds")
    assert destination_of(leeds) == Region(country="GB")


async def the_order(chat: Chat) -> OrderView:
    customer_id = (await chat.conversation()).customer_id
    async with chat.scratch.shop.database.begin() as session:
        return (await order_views(session, customer_id=customer_id))[0]


async def packed(chat: Chat, order: OrderView, *, pieces: int | None = None) -> int:
    """The staff packs this many pieces, or all; gives the parcel."""
    shop = chat.scratch.shop
    async with shop.database.begin() as session:
        lines = None if pieces is None else {order.lines[0].line_id: pieces}
        made = await make_shipment(session, order_id=order.order_id, lines=lines, now=shop.now())
        await pick_shipment(session, shipment_id=made.id, now=shop.now())
        await pack_shipment(session, shipment_id=made.id, now=shop.now())
    return made.id


async def sent(chat: Chat, parcel: int, carrier: str = "simulator") -> None:
    shop = chat.scratch.shop
    async with shop.database.begin() as session:
        await ship_shipment(
            session, shipment_id=parcel, carrier=carrier, tracking_number="XE0000000001", now=shop.now()
        )


async def told(chat: Chat, minutes: int = 0) -> list[str]:
    """What the shopper hears when so much time has passed and everything due was done."""
    chat.scratch.clock.move(timedelta(minutes=minutes))
    await chat.scratch.catch_up()
    return [message.text for message in await chat.hears()]


async def test_a_chinese_shopper_follows_two_parcels_and_confirms_them(chat: Chat) -> None:
    assert "没有在路上的订单" in (await chat.says("确认收货"))[0]
    assert "还没有" in (await chat.says("我的快递到哪了"))[0]
    await chat.says("有什么茶", "第二个", "加两个", "1", "结账", ZHANG, "货到付款", "好的")
    order = await the_order(chat)
    assert "还没有发货" in (await chat.says("我的快递到哪了"))[-1]
    first = await packed(chat, order, pieces=1)
    assert await told(chat) == [f"订单 {order.number} 正在为您打包。"]
    assert "正在打包" in (await chat.says("取消订单", "好的"))[0]
    await sent(chat, first)
    heard = await told(chat)
    assert heard[0] == f"订单 {order.number} 的一部分商品已发出，其余的随后发。"
    assert "小二速递 XE0000000001" in heard[1]
    assert await told(chat, 11) == []  # on the road between two towns nothing is said
    followed = await chat.says("快递到哪了")
    assert "包裹已离开分拨中心。" in followed[0]
    assert await told(chat, 35) == [f"订单 {order.number} 的包裹正在派送，请留意快递员电话。\n1. 查看物流"]
    assert "快递员正在派送。" in (await chat.presses("查看物流"))[0]
    second = await packed(chat, order)
    await sent(chat, second)
    heard = await told(chat, 20)
    assert [text.splitlines()[0] for text in heard if "送达" in text] == [
        f"订单 {order.number} 的包裹已送达，东西都没问题吧？"
    ]
    assert "都收到了吗" in (await chat.says("收到货了"))[0]
    assert "那先不确认" in (await chat.says("还没有"))[0]
    await chat.presses("确认收货")
    assert (await chat.says("都收到了"))[0] == f"好的，订单 {order.number} 已确认收货，谢谢您！"
    assert (await the_order(chat)).fulfilment_state == "delivered"


async def test_an_english_shopper_fetches_an_order_with_a_code_and_asks_what_sending_costs(chat: Chat) -> None:
    shop = chat.scratch.shop
    assert "cannot be fetched" in (await chat.says("can I pick up my order?", language="en"))[0]
    assert (await chat.says("how much is shipping?"))[0].startswith("Which province")
    assert await chat.says("Beijing") == ["Sending is free."]
    await chat.says("show me mugs", "add 1 red ones", "check out", ANN, "cash", "yes")
    order = await the_order(chat)
    async with shop.database.begin() as session:
        draft = LocationDraft(
            name={"zh": "西湖店", "en": "West Lake shop"}, address={"en": "90 Wensan Road"}, region={}, is_pickup=True
        )
        place = (await add_location(session, code="west", draft=draft)).id
        zone = ShippingZone(name={"en": "North"}, countries=["CN"], provinces=["北京"], cities=[])
        session.add(zone)
        await session.flush()
        flat = {"kind": "flat", "amount": 1200, "free_from": 9900, "days_min": 2, "days_max": 3}
        session.add(ShippingRate(zone_id=zone.id, name={"en": "Parcel"}, **flat))
        heavy = {"kind": "weight", "amount": 1000, "first_grams": 1000, "step_grams": 500, "step_amount": 200}
        session.add(ShippingRate(zone_id=zone.id, name={"en": "Post"}, position=1, **heavy))
    (cost,) = await chat.says("what is shipping to Beijing?")
    assert cost == (
        "Sending to Beijing:\nParcel: CN¥12.00, free from CN¥99.00 on, 2 to 3 days\n"
        "Post: CN¥10.00 up to 1 kg, CN¥2.00 for each 0.5 kg more"
    )
    assert "West Lake shop · 90 Wensan Road" in (await chat.says("can I pick up my order?"))[0]
    async with shop.database.begin() as session:
        mine = await session.get_one(Order, order.order_id)
        mine.delivery_method, mine.pickup_location_id = DeliveryMethod.PICKUP, None
    parcel = await packed(chat, order)
    async with shop.database.begin() as session:
        (await session.get_one(Shipment, parcel)).location_id = place
        variant = order.lines[0].variant_id
        await receive_stock(
            session, variant_id=variant, quantity=1, reference="for the counter", now=shop.now(), location_id=place
        )
    (ready,) = await told(chat)
    assert "90 Wensan Road" in ready
    (code,) = re.findall(r"\d{3} \d{3}", ready)
    assert code in (await chat.says("what was my pick-up code?"))[0]
    assert code in (await chat.says("where is my parcel?"))[0]
    async with shop.database.begin() as session:
        assert (await hand_over(session, shipment_id=parcel, code=code, now=shop.now())).done
    assert await told(chat) == [f"You have picked up order {order.number}. Enjoy!"]


async def test_what_goes_wrong_is_told_with_a_person_to_turn_to(chat: Chat) -> None:
    shop = chat.scratch.shop
    await chat.says("show me mugs", "add 1 red ones", "check out", ANN, "cash", "yes", language="en")
    order = await the_order(chat)
    parcel = await packed(chat, order)
    await sent(chat, parcel, "顺丰")
    await told(chat)
    for state, text in (
        (ShipmentState.EXCEPTION, "The courier found nobody at home."),
        (ShipmentState.IN_TRANSIT, ""),
        (ShipmentState.LOST, ""),
    ):
        async with shop.database.begin() as session:
            await say(session, shipment_id=parcel, state=state, text=text, now=shop.now())
    held, lost = await told(chat)
    assert held.startswith(f"Your parcel of order {order.number} is held up.")
    assert "is lost" in lost
    assert "Talk to a person" in lost
    async with shop.database.begin() as session:
        assert (await session.scalars(select(Shipment.told))).one() == [
            *("parcel_picked", "order_shipped", "parcel_exception", "parcel_lost")
        ]
