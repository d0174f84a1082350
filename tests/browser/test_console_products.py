"""The merchant's pages in a real browser: a product is made, sold, changed by two people, and changed with others."""

import asyncio
import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from sqlalchemy import select, update

from cli.scratch import Place
from commerce.catalog.model import Category, Product, ProductText, Variant
from commerce.search.actions import Wanted, find
from commerce.search.index import index_products
from commerce.search.log import log_search
from foundation.audit import AuditEntry
from foundation.database import Database
from foundation.encryption import Vault
from tests.admin import hire
from tests.browser.journey import console_process, sign_in
from tests.goods import a_product

pytest.importorskip("playwright.async_api", reason="needs playwright (the extra dev)")
from playwright.async_api import Dialog, Error, FilePayload, expect

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page, Route

NASTY = "<img src=x onerror=alert(1)> {{7*7}}"


@pytest.fixture
async def address(place: Place, database: Database, vault: Vault) -> AsyncIterator[str]:
    """Where a console process on this database answers; Mei (zh) and Tom (en) are merchants, Ann answers shoppers."""
    people = (("mei", "小梅", "merchant", "zh"), ("tom", "Tom", "merchant", "en"), ("ann", "Ann", "agent", "en"))
    async with database.begin() as session:
        for name, shown, role, language in people:
            await hire(session, name, role, shown=shown, language=language, now=datetime.now(UTC))
    keys = vault.to_json()
    async with console_process(
        DATABASE_URL=database.url, XIAOER_ENCRYPTION_KEYS=keys, XIAOER_DATA_DIR=str(place.data_dir)
    ) as url:
        yield url


@asynccontextmanager
async def at_desk(browser: "Browser", address: str, name: str, width: int = 1440) -> AsyncIterator["Page"]:
    """A person who has signed in. A script error or a breach of the content policy fails the test at its end.

    Whatever else fails is told with what the page showed.
    """
    context = await browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce")
    page = await context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if "Content Security Policy" in line.text else None)
    await sign_in(page, address, name)
    try:
        yield page
    except (AssertionError, Error) as error:
        typed = await page.evaluate("[...document.querySelectorAll('input')].map(field => field.value)")
        error.add_note(f"The page showed: {await page.inner_text('body')}\nIn its fields: {typed}")
        raise
    await context.close()
    assert wrong == []


async def look_at(page: "Page", address: str, path: str) -> None:
    await page.goto(f"{address}/console/{path}")
    await page.wait_for_function("window.did_handshake")


async def follow(page: "Page", link: str, path: str) -> None:
    """Go to another part by its link. What is typed before the page has its line may arrive after the next key."""
    await page.click(f".parts >> text={link}")
    await page.wait_for_url(f"**/console/{path}")
    await page.wait_for_function("window.did_handshake")


async def tea(database: Database, title: str = "龙井茶", price: int = 6800, pieces: int = 10) -> int:
    """A product on sale with one variant; its id."""
    async with database.begin() as session:
        variant = await a_product(session, now=datetime.now(UTC), title=title, price=price, pieces=pieces)
        product_id = (await session.get_one(Variant, variant)).product_id
        await index_products(session, [product_id])
        return product_id


async def prices(database: Database) -> list[int]:
    async with database.begin() as session:
        return list(await session.scalars(select(Variant.price_amount).order_by(Variant.id)))


async def titles(database: Database, product_id: int) -> dict[str, str]:
    async with database.begin() as session:
        found = await session.scalars(select(ProductText).where(ProductText.product_id == product_id))
        return {text.lang: text.title for text in found}


async def leave_and_stay(page: "Page") -> None:
    """Type, try to leave, stay; undo what was typed, and leave unasked."""
    asked: list[str] = []

    async def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.dismiss()

    page.on("dialog", stay)
    await page.locator("[data-lang=zh] input").press_sequentially("新")
    await page.wait_for_function("window.xiaoer.goods.isUnsaved")
    async with page.expect_event("dialog"):
        await page.locator(".nav-link.on").click(no_wait_after=True)
    await expect(page.locator(".unsaved")).to_be_visible()
    await page.click("[title=放弃修改]")
    await page.click(".dialog .btn.danger")
    await expect(page.locator(".unsaved")).to_be_hidden()
    await page.wait_for_function("!window.xiaoer.goods.isUnsaved")
    await page.locator(".nav-link.on").click()
    await expect(page.locator("[data-product]")).to_have_count(1)
    assert asked == ["beforeunload"]


async def on_a_slow_line(route: "Route") -> None:
    """A person who presses a button at once is faster than the picture."""
    await asyncio.sleep(0.4)
    await route.continue_()


def a_photo() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (300, 200), "#336655").save(file, "PNG")
    return file.getvalue()


async def test_a_merchant_makes_a_product_puts_it_on_sale_and_shoppers_find_it(
    browser: "Browser", address: str, database: Database
) -> None:
    async with at_desk(browser, address, "mei") as page:
        await look_at(page, address, "products")
        await page.click("text=新建商品")
        await page.fill("[aria-label=中文标题]", "手工陶杯")
        await page.fill("[aria-label=英文标题]", "Hand-thrown Mug")
        await page.click("text=创建草稿")
        await expect(page.locator(".lacking")).to_contain_text("在售款式的价格")
        await page.fill("[data-lang=zh] textarea", NASTY)
        await page.fill("[data-lang=en] textarea", "High-fired stoneware.")
        await expect(page.locator(".unsaved")).to_be_visible()
        await page.set_input_files(".drop input", FilePayload(name="mug.png", mimeType="image/png", buffer=a_photo()))
        await page.route(re.compile(r"/api/media/\d+$"), on_a_slow_line)
        await page.locator(".picture-card button[title=裁成正方形]").click()
        await page.locator(".crop-box").press("ArrowLeft")
        await page.click(".dialog >> text=裁剪 >> nth=-1")
        await expect(page.locator(".dialog")).to_have_count(0)
        await page.wait_for_function(
            "[...document.querySelectorAll('.picture-card img')].every(i => i.naturalWidth == 200)"
        )
        await expect(page.locator("[data-lang=en] textarea")).to_have_value("High-fired stoneware.")

        await page.click("text=添加规格")
        await page.fill(".option-card [aria-label='规格 (中文)']", "颜色")
        await page.fill(".option-card [aria-label='规格 (英文)']", "Colour")
        await page.click("text=添加选项")
        await expect(page.locator(".value-row")).to_have_count(2)
        for number, name in enumerate(("白色", "White", "青色", "Celadon")):
            await page.locator(".value-row input").nth(number).fill(name)
        await page.click("text=补齐所有组合")
        await expect(page.locator("input[aria-label=价格]")).to_have_count(2)
        await page.locator("input[aria-label=价格]").nth(0).fill("9x")
        await page.locator("input[aria-label=价格]").nth(1).fill("98")
        await page.click(".save")
        await expect(page.locator(".q-notification", has_text="价格不正确。")).to_be_visible()
        await page.locator("input[aria-label=价格]").nth(0).fill("88.5")
        await page.keyboard.press("Control+s")
        await expect(page.locator(".unsaved")).to_be_hidden()
        await page.click("[title=上架]")
        await expect(page.locator(".editor-head .chip")).to_have_text("在售")
        await expect(page.locator("text=查看页面")).to_be_visible()
    assert await prices(database) == [8850, 9800]
    async with database.begin() as session:
        made = (await session.scalars(select(Product))).one()
        for words, language in (("陶杯", "zh"), ("celadon mug", "en")):
            assert list((await find(session, Wanted(words, language))).product_ids) == [made.id]
        said = {text.lang: text.body for text in await session.scalars(select(ProductText))}
        acts = list(await session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
    assert said == {"zh": NASTY, "en": "High-fired stoneware."}
    assert [act for act in acts if act.startswith("product.")] == [
        "product.created",
        "product.pictures_added",
        "product.picture_cropped",
        "product.edited",
        "product.variants_set",
        "product.published",
    ]


async def test_what_was_typed_is_lost_neither_to_a_colleague_who_saves_first_nor_to_leaving(
    browser: "Browser", address: str, database: Database
) -> None:
    product_id = await tea(database)
    async with at_desk(browser, address, "mei") as meis, at_desk(browser, address, "tom") as toms:
        for page in (meis, toms):
            await look_at(page, address, f"products?p={product_id}")
        await meis.fill("[data-lang=zh] input", "明前龙井")
        await meis.click(".save")
        await expect(meis.locator(".unsaved")).to_be_hidden()
        await toms.fill("input[aria-label=Price]", "72")
        await toms.fill("[data-lang=en] input", "Longjing Tea")
        await toms.click(".save")
        await expect(toms.locator(".dialog")).to_contain_text("小梅: texts")
        assert await prices(database) == [6800]
        await toms.click("text=Load anew, keep what I typed")
        await expect(toms.locator("[data-lang=zh] input")).to_have_value("明前龙井")
        await expect(toms.locator("input[aria-label=Price]")).to_have_value("72")
        await toms.click(".save")
        await expect(toms.locator(".unsaved")).to_be_hidden()
        await leave_and_stay(meis)
    assert await prices(database) == [7200]
    assert await titles(database, product_id) == {"zh": "明前龙井", "en": "Longjing Tea"}


async def test_prices_of_many_change_by_percent_after_a_look_and_all_stay_when_one_cannot(
    browser: "Browser", address: str, database: Database
) -> None:
    for title, price in (("龙井茶", 6800), ("白茶", 9900)):
        await tea(database, title, price)
    async with at_desk(browser, address, "tom", width=390) as page:
        await look_at(page, address, "products")
        await page.click(".chosen-bar .q-checkbox")
        await page.click("text=Change these")
        await page.click(".bulk-fields [aria-label=Price]")
        await page.click(".q-menu >> text=By percent")
        await page.fill(".bulk-by input >> nth=0", "-10")
        await expect(page.locator(".becomes")).to_have_text(["CN¥89.10", "CN¥61.20"])
        assert await page.evaluate("document.documentElement.scrollWidth") == 390
        async with database.begin() as session:  # meanwhile one of them costs so little that no price would be left
            await session.execute(update(Variant).where(Variant.price_amount == 9900).values(price_amount=1))
        await page.fill(".bulk-by input >> nth=0", "-90")
        await page.click("text=Change them")
        await expect(page.locator(".preview-row.wrong")).to_contain_text("This is no price.")
        assert sorted(await prices(database)) == [1, 6800]
        await page.fill(".bulk-by input >> nth=0", "100")
        await page.click("text=Change them")
        await expect(page.locator(".dialog")).to_have_count(0)
        await expect(page.locator(".product-price").last).to_have_text("CN¥136.00")
    assert sorted(await prices(database)) == [2, 13600]


async def test_a_merchant_keeps_shelves_and_stock_and_an_agent_only_looks(
    browser: "Browser", address: str, database: Database
) -> None:
    product_id = await tea(database, pieces=2)
    now = datetime.now(UTC)
    async with database.begin() as session:
        for text, found in (("抹茶", 0), ("抹茶", 0), ("龙井", 1)):
            await log_search(
                session, text=text, language="zh", found=found, relaxed=False, now=now - timedelta(minutes=5)
            )
    async with at_desk(browser, address, "mei") as page:
        await look_at(page, address, "searches")
        await expect(page.locator("[data-search]")).to_have_count(1)
        await expect(page.locator("[data-search]")).to_contain_text("抹茶")
        await expect(page.locator(".big-number")).to_have_text(["3", "2"])
        await page.click("text=全部搜索")
        await expect(page.locator("[data-search]")).to_have_count(2)
        await follow(page, "库存", "stock")
        row = page.locator("[data-variant]")
        await row.locator("input").fill("30")
        await row.locator("input").press("Enter")
        await expect(row).to_contain_text("可售 30")
        await page.click("text=仓库管理")
        await page.click(".dialog .btn.primary")
        await page.fill("[aria-label*=编码]", "west-lake")
        await page.fill("[aria-label=中文名称]", "西湖门店")
        await page.locator(".dialog .btn.primary", has_text="保存").click()
        await expect(page.locator("[data-location]")).to_have_count(2)
        await page.locator(".dialog .btn", has_text="关闭").click()
        await page.locator("[aria-label=剩余件数]").click()
        await page.locator(".q-item", has_text="可售 50 件及以下").click()
        await row.locator("[title=调拨]").click()
        await page.fill(".dialog input[inputmode=decimal]", "12")
        await page.click(".dialog .btn.primary")
        await expect(row).to_contain_text("总仓 18 · 西湖门店 12")
        await follow(page, "分类", "shelves")
        for name in ("茶叶", "茶具"):
            await page.click("text=新建分类")
            await page.fill("[aria-label=中文名称]", name)
            await page.click(".dialog .btn.primary")
            await expect(page.locator("[data-shelf]", has_text=name)).to_be_visible()
        await page.locator("[data-shelf]").nth(1).locator("[title=上移]").click()
        await expect(page.locator("[data-shelf] .product-title")).to_have_text(["茶具", "茶叶"])
        await page.locator("[data-shelf]").nth(0).locator("[title=修改名称]").click()
        await page.fill("[aria-label=英文名称]", "Teaware")
        await page.click(".dialog .btn.primary")
        await expect(page.locator("[data-shelf]").nth(0)).to_contain_text("Teaware")
    async with database.begin() as session:
        shelves = await session.execute(select(Category.name).order_by(Category.position))
        assert list(shelves.scalars()) == [{"zh": "茶具", "en": "Teaware"}, {"zh": "茶叶"}]
    async with at_desk(browser, address, "ann") as page:
        await look_at(page, address, "products")
        await expect(page.locator("[data-product]")).to_have_count(1)
        for words in ("New product", "Link my chat", "Searches", "Choose all"):
            await expect(page.locator(f"text={words}")).to_be_hidden()
        await expect(page.locator(".product-row .q-checkbox")).to_be_hidden()
        await page.click(f"[data-product='{product_id}'] a")
        await expect(page.locator("[data-lang=zh] input")).to_have_value("龙井茶")
        await expect(page.locator("[data-lang=zh] input")).not_to_be_editable()
        await expect(page.locator("input[aria-label=Price]")).not_to_be_editable()
        for hidden in (".save", ".drop", "[title='Take off sale']", "[title='Count or adjust']", "[title=Remove]"):
            await expect(page.locator(hidden)).to_be_hidden()
        await look_at(page, address, "searches")
        await expect(page).not_to_have_url(f"{address}/console/searches")
