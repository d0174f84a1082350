"""Public pages of the goods: for people who come from a search engine or a link, and for the engines themselves."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import FileResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bot.language import money_text
from bot.telegram.links import product_payload
from bot.web.chat import shop_of
from bot.web.deal_tags import deal_tags, deals_html
from bot.web.deal_words import DEAL_WORDS
from bot.web.goods_views import Page, Place, crumb_data, product_data, product_html, shelf_html, shelves_html
from bot.web.goods_words import GOODS_WORDS
from bot.web.group_views import live_head
from bot.web.pages import Html, asset_url, fill, notice_page, page, page_language, telegram_link
from bot.web.share import Share, shared_picture
from bot.web.words import WORDS
from commerce.catalog.media import MediaFolder
from commerce.catalog.model import Media
from commerce.catalog.pages import category_at, count_listed, listed, product_at
from commerce.catalog.queries import product_cards, product_details
from commerce.catalog.shelves import CategoryView, category_tree
from commerce.search.actions import Wanted, find
from foundation.errors import Json, Refused

if TYPE_CHECKING:
    from bot.shop import Shop

PER_PAGE = 24
PER_SITEMAP = 10_000
SHELVES_KEPT = 30.0
"""Seconds."""
_CACHE = {"Cache-Control": "public, max-age=60, stale-while-revalidate=600", "Vary": "Accept-Language"}
_OF_THIS_MOMENT = {"Cache-Control": "no-store"}
"""A page with a clock on it."""
_PICTURE_CACHE = {"Cache-Control": "public, max-age=86400", "Vary": "Accept-Language"}
_LOCALES = {"zh": "zh_CN", "en": "en_GB"}

router = APIRouter(include_in_schema=False)

Handle = Annotated[str, Path(max_length=200, pattern=r"^[^\x00-\x1f]+$")]


@router.api_route("/p/{handle}", methods=["GET", "HEAD"])
async def product_page(request: Request, handle: Handle) -> Response:
    """Everything about one product, with a way into the chat that opens on it."""
    shop, language = shop_of(request), page_language(request)
    async with shop.database.begin() as session:
        found = await product_at(session, handle)
        product = found and await product_details(session, found[0], language=language)
        if not found or not product:
            return _gone(request)
        shelves = await _shelves(request, session, language)
        place = Place(shop.settings, language, f"/p/{quote(product.handle)}")
        deals = await deals_html(session, place, product, shop.vault, shop.now())
    trail = place.trail(shelves, product.category_id)
    data = [product_data(place, product), crumb_data(place, trail, product.title)]
    share = place.absolute(f"/p/{quote(product.handle)}/share.jpg", v=found[1], lang=language)
    facts = Page(product.title, _summary(product.body), share, "product", data)
    payload = product_payload(shop.vault, product_id=product.product_id)
    in_telegram = telegram_link(shop, WORDS[language].telegram, payload)
    main = product_html(place, product, trail, deals, telegram=in_telegram)
    if not deals:
        return goods_page(request, place, facts, main)
    return goods_page(request, place, facts, main, head=live_head(), headers=_OF_THIS_MOMENT)


@router.api_route("/p/{handle}/share.jpg", methods=["GET", "HEAD"])
async def share_picture(request: Request, handle: Handle) -> Response:
    """What a chat or a social network shows of a product: its picture, name and price on 1200 by 630 pixels."""
    shop, language = shop_of(request), page_language(request)
    async with shop.database.begin() as session:
        found = await product_at(session, handle)
        product = found and await product_details(session, found[0], language=language)
        media = await session.get(Media, product.pictures[0]) if product and product.pictures else None
    if not found or not product:
        raise Refused("product.unknown")
    folder = MediaFolder.of(shop.settings.data_dir)
    prices = sorted((variant.price for variant in product.variants), key=lambda money: money.amount)
    price = money_text(prices[0], language)
    words = GOODS_WORDS[language]
    share = Share(
        title=product.title,
        price=price if prices[0] == prices[-1] else words.from_price.format(price=price),
        shop=shop.settings.shop_name(language),
        picture=folder.file(media.digest) if media else None,
    )
    file = await asyncio.to_thread(shared_picture, shop.settings.data_dir / "shares", share)
    return FileResponse(file, media_type="image/jpeg", headers=_PICTURE_CACHE)


@router.api_route("/c", methods=["GET", "HEAD"])
async def all_shelves(request: Request) -> Response:
    """The shelves of the shop with what stands inside them."""
    shop, language = shop_of(request), page_language(request)
    async with shop.database.begin() as session:
        shelves = await _shelves(request, session, language)
    place, words = Place(shop.settings, language, "/c"), GOODS_WORDS[language]
    facts = Page(words.all_goods, WORDS[language].about, place.absolute("/c/share.jpg", lang=language), "website", [])
    return goods_page(request, place, facts, shelves_html(place, shelves))


@router.get("/c/share.jpg")
async def shop_picture(request: Request) -> Response:
    """The share picture of the shop as a whole."""
    shop, language = shop_of(request), page_language(request)
    share = Share(title=WORDS[language].tagline, price="", shop=shop.settings.shop_name(language), picture=None)
    file = await asyncio.to_thread(shared_picture, shop.settings.data_dir / "shares", share)
    return FileResponse(file, media_type="image/jpeg", headers=_PICTURE_CACHE)


@router.api_route("/c/{handle}", methods=["GET", "HEAD"])
async def shelf_page(
    request: Request, handle: Handle, number: Annotated[int, Query(ge=1, le=10_000, alias="page")] = 1
) -> Response:
    """One shelf with all inside it, a page at a time."""
    shop, language = shop_of(request), page_language(request)
    async with shop.database.begin() as session:
        category_id = await category_at(session, handle)
        if category_id is None:
            return _gone(request)
        wanted = Wanted("", language, category=category_id, offset=(number - 1) * PER_PAGE, limit=PER_PAGE)
        found = await find(session, wanted)
        cards = await product_cards(session, found.product_ids, language=language)
        shelves = await _shelves(request, session, language)
        place = Place(shop.settings, language, f"/c/{quote(handle)}", {"page": number} if number > 1 else {})
        tags = await deal_tags(session, place, cards, shop.now())
    trail = place.trail(shelves, category_id)
    title = trail[-1].name if trail else GOODS_WORDS[language].shelves
    last = max(1, -(-found.total // PER_PAGE))
    if number > last:
        return _gone(request)
    facts = Page(
        title,
        WORDS[language].about,
        place.absolute("/c/share.jpg", lang=language),
        "website",
        [crumb_data(place, trail[:-1], title)],
    )
    body = shelf_html(place, trail, cards, tags, total=found.total, number=number, last=last)
    return goods_page(request, place, facts, body)


@router.get("/sitemap.xml")
async def sitemap(request: Request) -> Response:
    """The list of lists of all pages of goods."""
    shop = shop_of(request)
    async with shop.database.begin() as session:
        count = await count_listed(session)
    lists = range(max(1, -(-count // PER_SITEMAP)))
    entries = "".join(f"<sitemap><loc>{shop.settings.base_url}/sitemaps/{n}.xml</loc></sitemap>" for n in lists)
    return _xml(f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</sitemapindex>')


@router.get("/sitemaps/{number}.xml")
async def sitemap_part(request: Request, number: Annotated[int, Path(ge=0, le=10_000)]) -> Response:
    """Ten thousand pages of goods, each with its address in both languages; the first list begins with the shelves."""
    shop = shop_of(request)
    async with shop.database.begin() as session:
        products = await listed(session, offset=number * PER_SITEMAP, limit=PER_SITEMAP)
        shelves = await category_tree(session, language="en") if number == 0 else ()
    pages = ["/c", "/deals", *(f"/c/{quote(view.handle)}" for view in _all(shelves))] if number == 0 else []
    entries = [_listed(shop, path, "") for path in pages]
    entries += [_listed(shop, f"/p/{quote(one.handle)}", one.updated_at.date().isoformat()) for one in products]
    return _xml(
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">'
        f"{''.join(entries)}</urlset>"
    )


def _all(shelves: Sequence[CategoryView]) -> list[CategoryView]:
    return [each for one in shelves for each in (one, *_all(one.inside))]


async def _shelves(request: Request, session: AsyncSession, language: str) -> tuple[CategoryView, ...]:
    """The shelves with their counts, which take a look at every product: read anew twice a minute."""
    kept: dict[str, tuple[float, tuple[CategoryView, ...]]] = request.app.state.shelves
    until, shelves = kept.get(language, (0.0, ()))
    if until < time.monotonic():
        shelves = await category_tree(session, language=language)
        kept[language] = (time.monotonic() + SHELVES_KEPT, shelves)
    return shelves


def _listed(shop: "Shop", path: str, changed: str) -> str:
    base = shop.settings.base_url
    others = "".join(
        f'<xhtml:link rel="alternate" hreflang="{code}" href="{base}{path}?lang={code}"/>' for code in WORDS
    )
    when = f"<lastmod>{changed}</lastmod>" if changed else ""
    return f"<url><loc>{base}{path}?lang={shop.settings.default_language}</loc>{when}{others}</url>"


def _xml(content: str) -> Response:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n{content}'
    return Response(text, media_type="application/xml", headers={"Cache-Control": "public, max-age=3600"})


def _summary(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 160 else f"{line[:159].rstrip()}…"


def _gone(request: Request) -> Response:
    words = GOODS_WORDS[page_language(request)]
    return notice_page(request, title=words.gone_title, text=words.gone_text, status=404)


def goods_page(
    request: Request,
    place: Place,
    facts: Page,
    main: Html,
    *,
    head: Html | None = None,
    headers: Mapping[str, str] = _CACHE,
) -> Response:
    """A public page around `main`; `head` is what else stands in its head."""
    words = WORDS[place.language]
    shop_name = place.settings.shop_name(place.language)
    its_head = fill(
        "goods_head.html",
        description=facts.description,
        canonical=place.here(place.language),
        alternates=Html(
            "".join(
                fill("alternate.html", code=code, href=place.here(code if code != "x-default" else ""))
                for code in (*WORDS, "x-default")
            )
        ),
        kind=facts.kind,
        shop=shop_name,
        title=facts.title,
        locale=_LOCALES[place.language],
        image=facts.picture,
        css=asset_url("goods.css"),
        data=_as_data(facts.data),
    )
    body = fill(
        "goods.html",
        lang=place.language,
        shop=shop_name,
        seal=asset_url("seal.svg"),
        shelves=GOODS_WORDS[place.language].shelves,
        deals=DEAL_WORDS[place.language].deals,
        other_url=place.here(words.other_code, absolute=False),
        other_code=words.other_code,
        other_language=words.other_language,
        theme=words.theme,
        main=main,
    )
    return page(
        request, title=f"{facts.title} · {shop_name}", head=Html(its_head + (head or "")), body=body, headers=headers
    )


def _as_data(data: list[dict[str, Json]]) -> Html:
    """Data for search engines inside a script element: nothing in it can end the element."""
    return Html(json.dumps(data, ensure_ascii=False).replace("<", "\\u003c"))
