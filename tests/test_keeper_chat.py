"""The merchant sends a photo to the shop's own chat, and it becomes a product; a shopper's stays in the talk."""

import asyncio
import io
from datetime import datetime, timedelta

import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.model import Staff
from cli.scratch import ScratchShop
from commerce.catalog.media import MediaFolder
from commerce.catalog.model import Picture, Product, ProductStatus, ProductText, Variant
from commerce.customers.keepers import keeper_of, link_chat, new_code, unlink_chats
from commerce.inventory.model import StockLevel
from foundation.audit import AuditEntry
from foundation.errors import Json
from tests.admin import hire
from tests.chat import Chat
from tests.goods import a_customer

MERCHANT = 7


def photo(scratch: ScratchShop, caption: str = "", *, colour: str = "teal") -> dict[str, Json]:
    """What the web chat makes of a photo."""
    file = io.BytesIO()
    Image.new("RGB", (60, 60), colour).save(file, "JPEG")
    kept = MediaFolder.of(scratch.shop.settings.data_dir).keep(file.getvalue())
    facts = {"digest": kept.digest, "mime": kept.mime, "width": kept.width, "height": kept.height}
    return {"kind": "photo", "text": caption, **facts}


async def code(scratch: ScratchShop, staff_id: int = MERCHANT) -> str:
    async with scratch.shop.database.begin() as session:
        return await new_code(session, staff_id=staff_id, now=scratch.shop.now())


async def drafts(scratch: ScratchShop) -> list[tuple[str, int, str]]:
    """Title, price in minor units and status of what was made in the chat."""
    async with scratch.shop.database.begin() as session:
        made = (
            select(ProductText.title, Variant.price_amount, Product.status)
            .join(Product, Product.id == ProductText.product_id)
            .join(Variant, Variant.product_id == Product.id)
            .where(Product.source.is_(None))
            .order_by(Product.id)
        )
        return [(row.title, row.price_amount, row.status) for row in await session.execute(made)]


@pytest.fixture
async def merchant(scratch: ScratchShop, chat: Chat) -> Chat:
    """A chat that the console has been told is the merchant's."""
    assert await chat.says(f"绑定 {await code(scratch)}") == [
        "绑定成功。以后在这里发张照片，写上品名和价格，我就帮您建好商品草稿。"
    ]
    return chat


async def test_a_photo_and_a_caption_make_a_draft_which_one_button_puts_on_sale(
    scratch: ScratchShop, merchant: Chat
) -> None:
    caption = "手工柴烧花器，268元，库存3\n每一件釉色都不一样。"
    [card] = await merchant.sends(photo(scratch, caption), caption)
    assert "手工柴烧花器" in card
    assert "这是草稿，只有您看得到。图片 1 张，库存 3。" in card
    assert await drafts(scratch) == [("手工柴烧花器", 26800, ProductStatus.DRAFT)]
    stranger = Chat(scratch)
    assert "花器" not in "".join(await stranger.says("有柴烧花器吗"))

    assert "已经上架了" in (await merchant.presses("上架"))[0]
    assert "手工柴烧花器" in "".join(await stranger.says("有柴烧花器吗"))
    async with scratch.shop.database.begin() as session:
        entries = (await session.scalars(select(AuditEntry).order_by(AuditEntry.id))).all()
        [stock] = await session.scalars(
            select(StockLevel.on_hand)
            .join(Variant, Variant.id == StockLevel.variant_id)
            .join(Product)
            .where(Product.source.is_(None))
        )
    put_on_sale = {"before": {"status": "draft"}, "after": {"status": "published"}}
    assert [(entry.staff_id, entry.action, entry.facts) for entry in entries] == [
        (MERCHANT, "keeper.linked", {"via": "chat"}),
        (MERCHANT, "product.created", {"via": "chat"}),
        (MERCHANT, "product.published", {"via": "chat", **put_on_sale}),
    ]
    assert stock == 3


async def test_what_the_caption_leaves_out_is_asked_for(scratch: ScratchShop, merchant: Chat) -> None:
    assert await merchant.sends(photo(scratch)) == ["拍得不错。它叫什么，卖多少钱？"]
    assert await merchant.says("竹编果篮") == ["卖多少钱？直接说数字就行，比如 129。"]
    assert (await merchant.says("嘿嘿嘿"))[-1] == "卖多少钱？直接说数字就行，比如 129。"
    [card] = await merchant.says("59.9")
    assert "竹编果篮" in card
    assert "记得到后台填上库存" in card
    assert await drafts(scratch) == [("竹编果篮", 5990, ProductStatus.DRAFT)]


async def test_more_photos_without_words_are_pictures_of_the_same_thing(scratch: ScratchShop, merchant: Chat) -> None:
    await merchant.sends(photo(scratch, "Linen apron ¥168"), "Linen apron ¥168")
    [card] = await merchant.sends(photo(scratch, colour="red"))
    assert "Pictures: 2" in card or "图片 2 张" in card
    scratch.clock.move(timedelta(minutes=11))
    await merchant.sends(photo(scratch, colour="blue"))
    async with scratch.shop.database.begin() as session:
        made = select(Picture.product_id).join(Product).where(Product.source.is_(None)).order_by(Picture.id)
        first, second, third = await session.scalars(made)
    assert first == second != third


async def test_a_shoppers_photo_makes_nothing_and_its_caption_is_answered(scratch: ScratchShop, chat: Chat) -> None:
    said = await chat.sends(photo(scratch, "有这样的铁观音吗"), "有这样的铁观音吗", language="zh")
    assert said[0] == "图片内容我看不懂，不过同事能在这里看到。我先按您写的来："
    assert any("铁观音" in line for line in said[1:])
    assert await chat.sends(photo(scratch), language="zh") == [
        "图片收到了，内容我看不懂，不过同事能在这里看到。您打字说说是什么事？\n1. 找人工客服"
    ]
    assert await drafts(scratch) == []


async def test_a_code_links_one_chat_once_and_for_ten_minutes(scratch: ScratchShop, chat: Chat) -> None:
    refused = "这个绑定码用不了了，请到后台重新生成一个，十分钟内有效。"
    assert await chat.says("绑定 ABCD-EFGH", language="zh") == [refused]
    used, old = await code(scratch), await code(scratch, staff_id=8)
    async with asyncio.TaskGroup() as both:
        tries = [both.create_task(Chat(scratch).says(f"绑定 {used.lower()}", language="zh")) for _ in range(4)]
    assert sorted(task.result() == [refused] for task in tries) == [False, True, True, True]
    scratch.clock.move(timedelta(minutes=11))
    assert await chat.says(f"/link {old[:4]}-{old[4:]}") == [refused]


async def test_a_person_who_may_no_longer_do_it_loses_the_chat(scratch: ScratchShop, merchant: Chat) -> None:
    caption = "手工皂 29元"
    await merchant.sends(photo(scratch, caption), caption)
    async with scratch.shop.database.begin() as session:
        assert await unlink_chats(session, staff_id=MERCHANT) == 1
    assert await merchant.presses("上架") == ["这个只有店里的人能操作，请先在后台绑定这个聊天。"]
    assert await drafts(scratch) == [("手工皂", 2900, ProductStatus.DRAFT)]


async def test_who_left_the_shop_is_a_shopper_again(session: AsyncSession, now: datetime) -> None:
    staff_id = await hire(session, "wang", "merchant", now=now)
    customer_id = (await a_customer(session, now=now)).id
    await link_chat(session, customer_id=customer_id, code=await new_code(session, staff_id=staff_id, now=now), now=now)
    assert await keeper_of(session, customer_id=customer_id) == staff_id
    (await session.get_one(Staff, staff_id)).active = False
    assert await keeper_of(session, customer_id=customer_id) is None
