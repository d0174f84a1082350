"""The page of one item of a flash sale: its clock by the shop's time, what is left, and the visitor's place in line.

The page itself is the same for everybody. Its script asks for the place in line (bot/web/flash.py), only after the
visitor has said that they want one.
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from bot.language import money_text, time_text
from bot.web.chat import shop_of
from bot.web.deal_words import DEAL_WORDS
from bot.web.deals import flash_ticket
from bot.web.flash import ItemId
from bot.web.flash_words import FLASH_WORDS
from bot.web.goods import goods_page
from bot.web.goods_views import Page, Place
from bot.web.group_views import bar, clock, live_head, milliseconds
from bot.web.groups import parts
from bot.web.kept import Kept
from bot.web.pages import Html, asset_url, fill, notice_page, page_language
from commerce.catalog.queries import ProductCard, product_cards
from commerce.flash_sales.queries import FlashItemView, Phase, SaleView, sale_of_item, sale_view
from commerce.promotions.rules import label_in
from foundation.errors import Refused

if TYPE_CHECKING:
    from bot.shop import Shop

router = APIRouter(prefix="/flash", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class SeenSale:
    """A sale with one of its items, and the products of all: {product id: card}."""

    sale: SaleView
    item: FlashItemView
    cards: dict[int, ProductCard]


@router.api_route("/{item_id}", methods=["GET", "HEAD"])
async def flash_page(request: Request, item_id: ItemId) -> Response:
    """One item: its price and clock, how many are left, the line, and what else the sale has."""
    shop, language = shop_of(request), page_language(request)
    seen = await _seen(request, item_id, language)
    if seen is None:
        return _gone(request)
    place = Place(shop.settings, language, f"/flash/{item_id}")
    title = _title(seen.item)
    card = seen.cards.get(seen.item.variant.product_id)
    share = place.absolute(f"/p/{quote(card.handle)}/share.jpg" if card else "/c/share.jpg", lang=language)
    facts = Page(f"{title} · {DEAL_WORDS[language].flash_one}", _name(seen.sale, language), share, "website", [])
    main = _page_html(shop, place, seen)
    head = Html(live_head() + fill("script.html", src=asset_url("line.js")))
    return goods_page(request, place, facts, main, head=head, headers={"Cache-Control": "no-store"})


@router.get("/{item_id}/live")
async def flash_live(request: Request, item_id: ItemId) -> Response:
    """What changes of the page for everybody."""
    shop, language = shop_of(request), page_language(request)
    seen = await _seen(request, item_id, language)
    if seen is None:
        return _gone(request)
    return parts(request, _now_html(Place(shop.settings, language, f"/flash/{item_id}"), seen), shop.now())


def _page_html(shop: "Shop", place: Place, seen: SeenSale) -> Html:
    language, sale, item = place.language, seen.sale, seen.item
    words = FLASH_WORDS[language]
    picture = Html("")
    if item.variant.picture is not None:
        src = f"/media/{item.variant.picture}"
        picture = fill("shot.html", src=src, alt=item.variant.title, loading="eager")
    others = [flash_ticket(place, other, sale.phase, seen.cards) for other in sale.items if other is not item]
    steps = (step.format(minutes=shop.settings.hold_minutes) for step in words.steps)
    remind = fill("pill.html", href=place.deal("remind", sale.sale_id), text=words.remind)
    return fill(
        "flash.html",
        live=place.link(f"/flash/{item.item_id}/live"),
        now=milliseconds(shop.now()),
        picture=picture,
        sale=f"{DEAL_WORDS[language].flash_one} · {_name(sale, language)}",
        title=_title(item),
        price=money_text(item.price, language),
        alone=money_text(item.variant.price, language),
        standing=_now_html(place, seen),
        item=str(item.item_id),
        words=json.dumps(words.line, ensure_ascii=False),
        join=words.line["join"],
        leave=words.line["leave"],
        remind=remind if sale.phase is Phase.COMING else Html(""),
        hidden="hidden" if sale.phase is Phase.OVER else "",
        chat=place.deal("flash", item.item_id),
        in_chat=words.in_chat,
        how=words.how,
        steps=Html("".join(fill("step.html", text=step) for step in steps)),
        also=words.also if others else "",
        others=Html("".join(others)),
    )


def _now_html(place: Place, seen: SeenSale) -> Html:
    """How the item stands for everybody."""
    language, sale, item = place.language, seen.sale, seen.item
    words, deal_words = FLASH_WORDS[language], DEAL_WORDS[language]
    most = deal_words.flash_most.format(most=item.max_per_customer)
    headline, its_clock, its_bar = words.over, Html(""), Html("")
    if sale.phase is Phase.COMING:
        headline = words.coming.format(time=time_text(sale.starts_at, language, place.settings.time_zone))
        text = f"{deal_words.flash_pieces.format(pieces=item.pieces)} · {most}"
        its_clock = clock(place, sale.starts_at, deal_words.begins_in)
    elif item.is_sold_out or sale.phase is Phase.OVER:
        headline = headline if sale.phase is Phase.OVER else deal_words.flash_gone
        text = deal_words.flash_pieces.format(pieces=item.pieces)
    else:
        headline = words.on
        left = words.pieces_left.format(left=item.left, pieces=item.pieces)
        text = f"{left if item.left else deal_words.flash_held.format(held=item.held)} · {most}"
        its_clock, its_bar = clock(place, sale.ends_at, deal_words.ends_in), bar(item.left, item.pieces)
    return fill("flash_now.html", headline=headline, text=text, bar=its_bar, clock=its_clock)


async def _seen(request: Request, item_id: int, language: str) -> SeenSale | None:
    shop = shop_of(request)

    async def read() -> SeenSale | None:
        async with shop.database.begin() as session:
            try:
                sale_id = await sale_of_item(session, item_id=item_id)
                sale = await sale_view(session, sale_id=sale_id, customer_id=None, language=language, now=shop.now())
            except Refused:
                return None
            item = next((one for one in sale.items if one.item_id == item_id), None)
            if item is None:
                return None
            products = {one.variant.product_id for one in sale.items}
            cards = await product_cards(session, sorted(products), language=language)
        return SeenSale(sale, item, {card.product_id: card for card in cards})

    kept: Kept[tuple[int, str], SeenSale | None] = request.app.state.flash_pages
    return await kept.of((item_id, language), read)


def _gone(request: Request) -> Response:
    language = page_language(request)
    words = DEAL_WORDS[language]
    button = (words.deals, f"/deals?lang={language}")
    return notice_page(request, title=FLASH_WORDS[language].over, text=words.nothing_text, status=404, button=button)


def _title(item: FlashItemView) -> str:
    return f"{item.variant.title} {item.variant.label}".strip()


def _name(sale: SaleView, language: str) -> str:
    return label_in(sale.name, language)
