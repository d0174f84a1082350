"""Public pages of the goods: what people, search engines and chats see of them, in both languages."""

import io
import json
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import httpx
import pytest
from PIL import Image
from sqlalchemy import delete, select, update

from commerce.catalog.model import Category, Picture, Product, ProductStatus, ProductText
from tests.web_door import a_visitor, app_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.shop import Shop

EVIL = '</script><img src=x onerror="alert(1)">&\'"'


@pytest.fixture
async def client(shop: "Shop") -> "AsyncIterator[httpx.AsyncClient]":
    transport = httpx.ASGITransport(app=app_of(shop))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
        yield client


def data_of(page: str) -> list[dict[str, object]]:
    """The structured data of a page."""
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    data: list[dict[str, object]] = json.loads(found[1])
    return data


async def test_a_product_has_a_page_in_both_languages_that_leads_into_the_chat(client: httpx.AsyncClient) -> None:
    zh = await client.get("/p/celadon-mug", headers={"Accept-Language": "zh-CN"})
    en = await client.get("/p/celadon-mug?lang=en")
    assert (zh.status_code, en.status_code) == (200, 200)
    assert '<html lang="zh-CN">' in zh.text
    assert "<h1>龙泉手作马克杯 350ml</h1>" in zh.text
    assert "<h1>Longquan Stoneware Mug 350 ml</h1>" in en.text
    assert 'href="/?lang=en&amp;p=celadon-mug"' in en.text
    assert "Celadon green" in en.text
    assert re.search(r'<link rel="canonical" href="[^"]+/p/celadon-mug\?lang=en">', en.text)
    assert re.findall(r'hreflang="([^"]+)" href="[^"]*/p/celadon-mug(\?lang=..)?">', en.text) == [
        ("zh", "?lang=zh"),
        ("en", "?lang=en"),
        ("x-default", ""),
    ]


async def test_search_engines_read_prices_stock_and_the_way_to_a_product(client: httpx.AsyncClient) -> None:
    product, crumbs = data_of((await client.get("/p/celadon-mug?lang=en")).text)
    assert (product["@type"], product["name"]) == ("Product", "Longquan Stoneware Mug 350 ml")
    offers = product["offers"]
    assert isinstance(offers, list)
    assert {(offer["price"], offer["priceCurrency"]) for offer in offers} == {("79.00", "CNY"), ("89.00", "CNY")}
    assert {offer["availability"] for offer in offers} <= {
        "https://schema.org/InStock",
        "https://schema.org/OutOfStock",
    }
    steps = crumbs["itemListElement"]
    assert isinstance(steps, list)
    assert [step["position"] for step in steps] == list(range(1, len(steps) + 1))
    assert steps[-1]["name"] == "Longquan Stoneware Mug 350 ml"


async def test_what_the_merchant_writes_never_becomes_markup(shop: "Shop", client: httpx.AsyncClient) -> None:
    async with shop.database.begin() as session:
        await session.execute(update(ProductText).values(title=EVIL, body=EVIL))
    for address in ("/p/celadon-mug", "/c/teaware", "/?p=celadon-mug"):
        page = (await client.get(address)).text
        assert "<img src=x" not in page
        assert "&lt;img src=x" in page
    assert data_of((await client.get("/p/celadon-mug")).text)[0]["name"] == EVIL


async def test_what_is_not_on_sale_has_no_page_and_is_nowhere_listed(shop: "Shop", client: httpx.AsyncClient) -> None:
    async with shop.database.begin() as session:
        gone = update(Product).where(Product.handle == "celadon-mug").values(status=ProductStatus.ARCHIVED)
        await session.execute(gone)
    for address in (
        "/p/celadon-mug",
        "/p/no-such-thing",
        "/c/no-such-shelf",
        "/c/teaware?page=99",
        "/p/%00",
        "/c/" + "x" * 300,
    ):
        assert (await client.get(address)).status_code == 404, address
    assert (await client.get("/p/celadon-mug/share.jpg")).status_code == 404
    assert "celadon-mug" not in (await client.get("/sitemaps/0.xml")).text
    assert "celadon-mug" not in (await client.get("/c/teaware")).text
    assert "已经下架" in (await client.get("/p/celadon-mug?lang=zh")).text


async def test_a_picture_is_public_once_its_product_has_been_on_sale(shop: "Shop", client: httpx.AsyncClient) -> None:
    mug = select(Product.id).where(Product.handle == "celadon-mug").scalar_subquery()
    async with shop.database.begin() as session:
        media_id = (await session.scalars(select(Picture.media_id).where(Picture.product_id == mug).limit(1))).one()
    for changed, status in (
        ({"status": ProductStatus.DRAFT, "published_at": None}, 404),
        ({"status": ProductStatus.PUBLISHED, "published_at": shop.now()}, 200),
        ({"status": ProductStatus.ARCHIVED}, 200),
    ):
        async with shop.database.begin() as session:
            await session.execute(update(Product).where(Product.handle == "celadon-mug").values(**changed))
        assert (await client.get(f"/media/{media_id}")).status_code == status, changed
    async with shop.database.begin() as session:
        await session.execute(delete(Picture).where(Picture.product_id == mug))
    assert (await client.get(f"/media/{media_id}")).status_code == 404


async def test_the_sitemap_lists_every_product_and_shelf_in_both_languages(client: httpx.AsyncClient) -> None:
    assert "/sitemap.xml" in (await client.get("/robots.txt")).text
    index = ElementTree.fromstring((await client.get("/sitemap.xml")).content)
    assert [part[0].text[-15:] for part in index if part[0].text] == ["/sitemaps/0.xml"]
    listed = ElementTree.fromstring((await client.get("/sitemaps/0.xml")).content)
    addresses = [entry[0].text or "" for entry in listed]
    assert len([address for address in addresses if "/p/" in address]) == 60
    assert len(addresses) == len(set(addresses))
    assert {len(list(entry)) for entry in listed if "/p/" in (entry[0].text or "")} == {4}
    assert len(ElementTree.fromstring((await client.get("/sitemaps/1.xml")).content)) == 0


async def test_the_sitemap_lists_shelves_however_deep_they_stand(shop: "Shop", client: httpx.AsyncClient) -> None:
    async with shop.database.begin() as session:
        outer = (await session.scalars(select(Product.category_id).where(Product.handle == "celadon-mug"))).one()
        inner = Category(handle="mugs-of-longquan", name={"en": "Mugs of Longquan"}, parent_id=outer)
        session.add(inner)
        await session.flush()
        await session.execute(update(Product).where(Product.handle == "celadon-mug").values(category_id=inner.id))
    assert "/c/mugs-of-longquan?lang=zh<" in (await client.get("/sitemaps/0.xml")).text


async def test_a_cache_between_keeps_the_languages_apart(client: httpx.AsyncClient) -> None:
    for address in ("/p/celadon-mug", "/c", "/p/celadon-mug/share.jpg"):
        assert "accept-language" in (await client.get(address)).headers["vary"].lower(), address


async def test_a_shelf_shows_what_stands_inside_it(client: httpx.AsyncClient) -> None:
    shelves = (await client.get("/c?lang=en")).text
    for address in set(re.findall(r'href="(/c/[^"]+)"', shelves)):
        page = await client.get(address.replace("&amp;", "&"))
        assert page.status_code == 200
        assert page.text.count('class="goods-card"') >= 1, address


async def test_the_share_picture_is_1200_by_630(client: httpx.AsyncClient) -> None:
    for address in ("/p/celadon-mug/share.jpg?lang=en", "/c/share.jpg?lang=zh"):
        answer = await client.get(address)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        with Image.open(io.BytesIO(answer.content)) as picture:
            assert picture.size == (1200, 630)


async def test_the_chat_opens_on_the_product_of_the_page(shop: "Shop", client: httpx.AsyncClient) -> None:
    page = (await client.get("/?lang=en&p=celadon-mug")).text
    assert 'product="celadon-mug" product-title="Longquan Stoneware Mug 350 ml"' in page
    visitor = await a_visitor(client)
    for handle, said in (("celadon-mug", "Longquan Stoneware Mug"), ("gone-thing", "We do not have this any more")):
        body = {"kind": "open", "product": handle, "label": "Mug"}
        sent = {"client_id": f"open-{handle}", "body": body, "language": "en"}
        assert (await client.post("/chat/messages", json=sent, headers=visitor.headers)).status_code == 202
        await shop.idle()
        last = (await visitor.history())["messages"][-1]
        assert said in last["text"]
