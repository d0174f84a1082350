"""Paying in the chat: which ways there are, a transfer that was sent, where a refund is; the pay page of a transfer."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from cli.scratch import Place, ScratchShop, scratch_shop
from commerce.catalog.model import Variant
from commerce.orders.actions import cancel_order
from commerce.orders.model import Order, PaymentMethod
from commerce.payments.actions import pay_token
from commerce.payments.model import Intent
from commerce.payments.transfer_model import TransferReport
from nlu.understand import Understander
from tests.chat import Chat
from tests.goods import an_order

ACCOUNT = "小店 · 中国银行 · 6217 0000 0000 0000"


@pytest.fixture
async def counter(
    place: Place, demo_shelves: str, understander: Understander, tmp_path: Path
) -> AsyncIterator[ScratchShop]:
    """A shop that takes transfers, with a picture of its QR code."""
    picture = tmp_path / "qr.png"
    picture.write_bytes(b"\x89PNG a picture")
    async with scratch_shop(
        place,
        template=demo_shelves,
        load=lambda: understander,
        transfer_account=ACCOUNT,
        transfer_qr=str(picture),
        stripe_secret_key="sk_test_x",
    ) as scratch:
        yield scratch


async def ordered(counter: ScratchShop, chat: Chat, method: PaymentMethod) -> Order:
    """An order of the shopper of this chat."""
    customer_id = (await chat.conversation()).customer_id
    async with counter.shop.database.begin() as session:
        variant = (
            await session.scalars(select(Variant.id).where(Variant.price_amount > 0).order_by(Variant.id))
        ).first()
    assert variant is not None
    return await an_order(
        counter.shop.database,
        counter.shop.holds,
        {variant: 1},
        now=counter.clock(),
        method=method,
        customer_id=customer_id,
    )


async def test_the_shop_says_how_one_can_pay(counter: ScratchShop) -> None:
    chat = Chat(counter)
    (zh,) = await chat.says("有哪些付款方式？")
    assert zh.splitlines()[:8] == [
        "本店支持这些付款方式：",
        "· 货到付款：快递送到时再付钱。",
        "· 微信支付：扫码或在手机微信里付款，15 分钟内有效。",
        "· 支付宝：在支付宝页面或 App 里付款，15 分钟内有效。",
        "· 在线支付：在支付页面付款，15 分钟内有效。",
        "· 银行卡或电子钱包：在 Stripe 页面付款，30 分钟内有效。",
        "· 银行转账或扫码：下单后给您收款账户，48 小时内付款有效。",
        "有礼品卡或店铺余额的话会先抵扣，结账时可以选择付款方式。",
    ]


async def test_a_transfer_that_was_sent_is_taken_note_of_at_once_and_with_what_is_known(counter: ScratchShop) -> None:
    chat = Chat(counter)
    await chat.says("你好")
    assert await chat.says("我已经转账了") == ["您没有等待付款的订单。说“我的订单”可以查看全部订单。\n1. 我的订单"]
    order = await ordered(counter, chat, PaymentMethod.TRANSFER)
    asked = await chat.says("我已经转账了")
    assert asked[-1].startswith("收到，谢谢！方便的话，请发一下转账流水号")
    async with counter.shop.database.begin() as session:
        (report,) = (await session.scalars(select(TransferReport))).all()
        assert (report.order_id, report.note_sealed) == (order.id, None)
    (done,) = await chat.says("20261122-8812")
    assert done.startswith(f"已登记。同事会核对订单 {order.number} 的")
    async with counter.shop.database.begin() as session:
        (report,) = (await session.scalars(select(TransferReport))).all()
        assert session.info["vault"].open(report.note_sealed) == "20261122-8812"
    await chat.says("我已经转账了")
    assert (await chat.presses("暂时没有"))[-1].startswith("已登记。")


async def test_who_pays_on_a_page_is_led_there_and_hears_of_no_refund_before_there_is_one(counter: ScratchShop) -> None:
    chat = Chat(counter)
    await chat.says("hello", language="en")
    order = await ordered(counter, chat, PaymentMethod.SIMULATOR)
    said = await chat.says("I have already sent the bank transfer")
    assert any(f"Order {order.number} is paid on its pay page, not by transfer." in line for line in said)
    assert (await chat.says("where is my refund?"))[0].startswith("There is no refund for you at the moment.")


async def test_the_pay_page_of_a_transfer_shows_account_amount_code_and_picture(counter: ScratchShop) -> None:
    chat = Chat(counter)
    await chat.says("你好")
    order = await ordered(counter, chat, PaymentMethod.TRANSFER)
    async with counter.shop.database.begin() as session:
        intent = (await session.scalars(select(Intent))).one()
    token = pay_token(counter.shop.vault, intent.id)
    page = await counter.client.get(f"/pay/{token}")
    assert page.status_code == 200
    for shown in (ACCOUNT, order.number, "/pay/our-code", "银行转账付款", f"填写 <b>{order.number}</b>"):
        assert shown in page.text
    assert (await counter.client.get("/pay/our-code")).content == b"\x89PNG a picture"
    async with counter.shop.database.begin() as session:
        await cancel_order(session, order_id=order.id, by="shopper", reason="no", now=counter.clock())
    assert "订单已取消" in (await counter.client.get(f"/pay/{token}")).text
