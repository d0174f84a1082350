"""Questions about a product are answered from what the shop has at this moment; what it does not know, it says."""

import pytest
from sqlalchemy import select, text

from bot.replies import Card, Choice
from commerce.catalog.model import Product, Variant
from commerce.inventory.model import StockLevel
from tests.chat import Chat
from tests.test_browsing import in_cart


async def leave(chat: Chat, sku: str, pieces: int) -> None:
    """Somebody else takes all but this many."""
    async with chat.scratch.shop.database.begin() as session:
        variant_id = await session.scalar(select(Variant.id).where(Variant.sku == sku))
        level = (await session.scalars(select(StockLevel).where(StockLevel.variant_id == variant_id))).one()
        level.reserved = level.on_hand - pieces


async def look_at(chat: Chat, wish: str, language: str = "zh") -> None:
    await chat.says(wish, language=language)
    await chat.presses("Details" if language == "en" else "看看详情")


def labels(chat: Chat) -> list[str]:
    answer = chat.shown[-1]
    assert isinstance(answer, Choice | Card)
    return [button.label for button in (answer.options if isinstance(answer, Choice) else answer.buttons)]


async def test_the_page_of_a_product_shows_all_there_is_to_know(chat: Chat) -> None:
    await look_at(chat, "mugs", "en")
    page = chat.shown[-1]
    assert isinstance(page, Card)
    assert (page.title, page.price) == ("Longquan Stoneware Mug 350 ml", "from CN¥79.00")
    assert len(page.pictures) == 4
    rows = {row.label: row.value for row in page.rows}
    assert rows["Colour"] == "Celadon green / Moon white / Ink black / Coral red"
    assert rows["Material"] == "stoneware, food-safe glaze"
    assert rows["With you"] == "25 Nov – 28 Nov"
    assert rows["Shipping"] == "free"
    assert labels(chat)[-4:] == ["Like", "Similar", "Compare", "Ask about it"]
    await chat.presses("Ask about it")
    assert (await chat.presses("Made of what?"))[0].splitlines()[1] == "Material: stoneware, food-safe glaze"


# price


async def test_the_price_of_each_kind_is_told_and_which_is_the_cheapest(chat: Chat) -> None:
    (answer,) = await chat.says("铁观音多少钱")
    assert answer.splitlines()[:5] == [
        "安溪铁观音 清香型乌龙茶：",
        "50 克  ¥48.00",
        "125 克  ¥98.00",
        "250 克  ¥178.00",
        "最便宜的是50 克，¥48.00。",
    ]
    assert (await chat.says("125克的多少钱"))[0].startswith("安溪铁观音 清香型乌龙茶 (125 克)，¥98.00。")


async def test_the_price_is_the_one_of_this_moment(chat: Chat) -> None:
    await look_at(chat, "desk lamp", "en")
    assert (await chat.says("how much is it?"))[0].startswith("Warm Light Desk Lamp costs CN¥159.00.")
    async with chat.scratch.shop.database.begin() as session:
        await session.execute(text("UPDATE variant SET price_amount = 14900 WHERE sku LIKE 'DL-%'"))
    assert (await chat.says("how much is it?"))[0].startswith("Warm Light Desk Lamp costs CN¥149.00.")


# stock


async def test_what_is_asked_of_one_colour_is_answered_of_it(chat: Chat) -> None:
    (answer,) = await chat.says("is the red mug in stock?", language="en")
    assert answer.startswith("Longquan Stoneware Mug 350 ml (Coral red): in stock")
    await chat.presses("Add to cart")
    assert await in_cart(chat) == {"MUG-RED": 1}


async def test_what_was_asked_about_is_what_is_added(chat: Chat) -> None:
    await chat.says("is the red mug in stock?", "add it", language="en")
    assert await in_cart(chat) == {"MUG-RED": 1}


async def test_a_kind_is_looked_for_in_the_product_shown_first(chat: Chat) -> None:
    await look_at(chat, "卫衣")
    await chat.says("加一件燕麦色的 L 码")
    assert await in_cart(chat) == {"HOD-OAT-L": 1}


async def test_few_are_counted_and_what_is_gone_is_told_with_an_offer(chat: Chat) -> None:
    await look_at(chat, "马克杯")
    assert (await chat.says("还有货吗"))[0].startswith("龙泉手作马克杯 350ml各款都有货。")
    await leave(chat, "MUG-RED", 0)
    await leave(chat, "MUG-BLK", 2)
    (answer,) = await chat.says("还有货吗")
    assert {"墨黑：只剩 2 件", "珊瑚红：售罄", "月白：有货"} <= set(answer.splitlines())
    (answer,) = await chat.says("红色的有货吗")
    assert answer.startswith("龙泉手作马克杯 350ml (珊瑚红)：售罄")
    assert labels(chat) == ["到货提醒我", "看类似的", "看看详情"]


# size, material


async def test_size_and_material_come_from_its_facts(chat: Chat) -> None:
    assert (await chat.says("盖碗是什么材质的"))[0].splitlines()[0] == "三才盖碗 120ml："
    (answer,) = await chat.says("马克杯多大容量")
    assert answer.splitlines()[:2] == ["龙泉手作马克杯 350ml：", "容量：350 毫升"]
    (answer,) = await chat.says("what is it made of?")
    assert answer.splitlines()[1] == "Material: stoneware, food-safe glaze"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("Thrown from river clay by hand. Holds 300 ml.", "The description says: “Thrown from river clay by hand.”"),
        ("Looks its best beside a glass of water.", "I do not know that about Odd Thing, and I will not guess."),
        ("", "I do not know that about Odd Thing, and I will not guess."),
    ],
)
async def test_what_only_the_description_says_is_quoted_and_nothing_is_guessed(
    chat: Chat, body: str, said: str
) -> None:
    product_id = await _odd_thing(chat, body)
    await look_at(chat, "desk lamp", "en")
    await _focus_on(chat, product_id)
    (answer,) = await chat.says("what is it made of?")
    assert answer.startswith(said)
    assert ("Ask a colleague" in labels(chat)) == ("guess" in said)


# delivery


async def test_the_days_of_delivery_follow_the_product_and_the_shop(chat: Chat) -> None:
    (answer,) = await chat.says("粗陶花瓶多久能到")
    assert answer.splitlines()[:2] == ["手捏粗陶花瓶：现在下单，7 天内发货，预计 12月1日 – 12月4日 送到。", "包邮。"]
    (answer,) = await chat.says("how long does delivery of the camping tent take?")
    assert answer.startswith(
        "Ordered now, Rainproof Camping Tent leaves us within a day and is with you 25 Nov – 28 Nov"
    )
    assert answer.splitlines()[1] == "Shipping is not included in the price."


async def test_what_is_called_so_is_meant_before_what_is_only_alike(chat: Chat) -> None:
    (answer,) = await chat.says("how much is the crossbody bag?", language="en")
    assert answer.startswith("Leather Crossbody Bag costs CN¥329.00.")
    assert (await chat.says("how long does delivery take?"))[0].startswith("Ordered now, Leather Crossbody")


async def test_delivery_of_nothing_in_particular_is_told_in_days(chat: Chat) -> None:
    (answer,) = await chat.says("how long does delivery take?", language="en")
    assert answer == ("A parcel is 2 to 5 days on its way. Tell me what you would like, and I can name the days.")


async def test_what_is_sold_out_is_promised_for_no_day(chat: Chat) -> None:
    for sku in ("DL-WHT", "DL-GRN"):
        await leave(chat, sku, 0)
    (answer,) = await chat.says("台灯多久能到")
    assert answer.startswith("暖光护眼台灯暂时售罄。")
    assert "预计" not in answer


async def test_a_question_in_the_middle_of_an_order_is_answered_and_the_order_goes_on(chat: Chat) -> None:
    await chat.says("add a red mug", "check out", language="en")
    answers = await chat.says("how long does delivery of the mug take?")
    assert answers[0].startswith("Ordered now, Longquan Stoneware Mug 350 ml")
    assert answers[1:] == ["Back to this: your order.", answers[-1]]
    assert answers[-1].startswith("Where shall it go?")


async def test_a_product_that_is_not_sold_any_more_is_not_talked_about(chat: Chat) -> None:
    await look_at(chat, "desk lamp", "en")
    async with chat.scratch.shop.database.begin() as session:
        await session.execute(text("UPDATE product SET status = 'archived' WHERE handle = 'desk-lamp'"))
    assert (await chat.says("is it in stock?"))[0].startswith("We do not have this any more.")


async def _odd_thing(chat: Chat, body: str) -> int:
    """A product with a description and nothing else."""
    now = chat.scratch.clock()
    async with chat.scratch.shop.database.begin() as session:
        product = Product(handle="odd", status="published", created_at=now, updated_at=now)
        session.add(product)
        await session.flush()
        session.add(
            Variant(product_id=product.id, sku="ODD", price_amount=100, currency="CNY", position=0, active=True)
        )
        await session.execute(
            text("INSERT INTO product_text (product_id, lang, title, body) VALUES (:its, 'en', 'Odd Thing', :body)"),
            {"its": product.id, "body": body},
        )
        return product.id


async def _focus_on(chat: Chat, product_id: int) -> None:
    """As if it had just been looked at."""
    conversation = await chat.conversation()
    async with chat.scratch.shop.database.begin() as session:
        await session.execute(
            text("UPDATE conversation SET focus = jsonb_build_object('product', CAST(:it AS int)) WHERE id = :its"),
            {"it": product_id, "its": conversation.id},
        )
