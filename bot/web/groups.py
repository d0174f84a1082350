"""The page of a group: for anybody with its link, also who has no account. It shows how the group stands by itself."""

import asyncio
import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import Response

from bot.language import time_text
from bot.web.chat import shop_of
from bot.web.deal_words import DEAL_WORDS
from bot.web.goods import goods_page
from bot.web.goods_views import Page, Place
from bot.web.group_link import SeenGroup, group_in, seen_group
from bot.web.group_views import group_page_html, live_head, milliseconds, others_html, prices, standing, standing_html
from bot.web.invitation_card import InvitationCard, card_picture
from bot.web.kept import Kept
from bot.web.pages import notice_page, page_language, telegram_link
from bot.web.words import WORDS
from commerce.catalog.media import MediaFolder
from commerce.catalog.queries import VariantView, variant_views
from commerce.group_buy.model import GroupState

if TYPE_CHECKING:
    from bot.shop import Shop

SEEN_KEPT = 1.0
"""Seconds: a group is read so often, however many look at its page."""
CARD_KEPT = 30.0
_NOT_LISTED = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
"""A link is for those it was given to."""

router = APIRouter(prefix="/g", include_in_schema=False)


class Windows:
    """What this process shows of groups to all who look."""

    def __init__(self) -> None:
        self.groups: Kept[int, SeenGroup | None] = Kept(SEEN_KEPT)
        self.cards: Kept[tuple[str, str], bytes] = Kept(CARD_KEPT)


@router.api_route("/{token}", methods=["GET", "HEAD"])
async def group_page(request: Request, token: str) -> Response:
    """A group with its product, its price, who is in it, its clock, and the way to join in the chat."""
    shop, language = shop_of(request), page_language(request)
    seen = await _seen(request, token)
    if seen is None:
        return _gone(request)
    now = shop.now()
    place = Place(shop.settings, language, f"/g/{token}")
    card, stands = _card(shop, seen, token, language), standing(place, seen)
    facts = Page(
        title=f"{seen.title(language)} · {card.state}",
        description=f"{stands.headline} · {stands.text}",
        picture=place.absolute(f"/g/{token}/card.png", v=card.mark, lang=language),
        kind="website",
        data=[],
    )
    variants = await _variants(shop, seen, language)
    in_telegram = telegram_link(shop, WORDS[language].telegram, token)
    main = group_page_html(place, seen, variants, token, shop.vault, now, telegram=in_telegram)
    return goods_page(request, place, facts, main, head=live_head(), headers=_NOT_LISTED)


@router.get("/{token}/live")
async def live(request: Request, token: str) -> Response:
    """What changes of the page. 304 while it is the same as If-None-Match; X-Shop-Time is the shop's clock."""
    shop = shop_of(request)
    seen = await _seen(request, token)
    if seen is None:
        return _gone(request)
    now = shop.now()
    place = Place(shop.settings, page_language(request), f"/g/{token}")
    return parts(request, standing_html(place, seen, token, now) + others_html(place, seen, shop.vault), now)


@router.get("/{token}/card.png")
async def card(request: Request, token: str) -> Response:
    """The card that invites into the group, as the group stands now."""
    shop, language = shop_of(request), page_language(request)
    seen = await _seen(request, token)
    if seen is None:
        return _gone(request)
    drawing = _card(shop, seen, token, language)
    windows: Windows = request.app.state.windows
    folder = shop.settings.data_dir / "cards"
    png = await windows.cards.of((token, drawing.mark), lambda: asyncio.to_thread(card_picture, folder, drawing))
    headers = {"Cache-Control": "public, max-age=30", "Vary": "Accept-Language", "X-Robots-Tag": "noindex"}
    return Response(png, media_type="image/png", headers=headers)


def parts(request: Request, html: str, now: datetime) -> Response:
    """Parts of a page that is open somewhere, when they have changed since it asked last."""
    etag = f'"{hashlib.sha256(html.encode()).hexdigest()[:16]}"'
    headers = {"ETag": etag, "X-Shop-Time": milliseconds(now), **_NOT_LISTED}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(html, media_type="text/html", headers=headers)


def _card(shop: "Shop", seen: SeenGroup, token: str, language: str) -> InvitationCard:
    words, group = DEAL_WORDS[language], seen.group
    is_over = not seen.is_joinable
    price, alone = prices(seen.campaign, language)
    until = time_text(group.deadline, language, shop.settings.time_zone) if group.deadline else ""
    return InvitationCard(
        title=seen.title(language),
        shop=shop.settings.shop_name(language),
        price=price,
        alone=alone,
        state=_line(seen, language),
        until="" if is_over else words.card_ends.format(time=until),
        scan=words.card_scan_over if is_over else words.card_scan,
        link=f"{shop.settings.base_url}/g/{token}",
        language=language,
        picture=MediaFolder.of(shop.settings.data_dir).file(seen.digest) if seen.digest else None,
    )


def _line(seen: SeenGroup, language: str) -> str:
    """How the group stands, in a line."""
    words, group = DEAL_WORDS[language], seen.group
    if group.state is GroupState.OPEN and seen.is_joinable:
        return words.card_open.format(size=group.size, missing=group.missing)
    if group.state in (GroupState.SUCCEEDED, GroupState.SETTLED):
        return words.grown if seen.is_joinable else words.succeeded
    return words.full if group.state is GroupState.OPEN else words.card_over.format(size=group.size)


async def _variants(shop: "Shop", seen: SeenGroup, language: str) -> dict[int, VariantView]:
    """What there is to choose from; one variant is no choice."""
    offers = seen.campaign.offers
    if len(offers) < 2:
        return {}
    async with shop.database.begin() as session:
        return await variant_views(session, [one.offer.variant_id for one in offers], language=language)


async def _seen(request: Request, token: str) -> SeenGroup | None:
    shop = shop_of(request)
    group_id = group_in(shop.vault, token)
    if group_id is None:
        return None

    async def read() -> SeenGroup | None:
        async with shop.database.begin() as session:
            return await seen_group(session, group_id=group_id, now=shop.now())

    windows: Windows = request.app.state.windows
    return await windows.groups.of(group_id, read)


def _gone(request: Request) -> Response:
    language = page_language(request)
    words = DEAL_WORDS[language]
    button = (words.deals, f"/deals?lang={language}")
    return notice_page(request, title=words.gone_title, text=words.gone_text, status=404, button=button)
