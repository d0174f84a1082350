"""The page of a pick-up code: its digits, and the same as a QR code for the scanner at the counter."""

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import Response

from bot.sayings_shipping import place_text
from bot.web.pages import Html, fill, notice_page, page, page_language
from bot.web.qr import qr_picture
from bot.web.words import WORDS
from commerce.inventory.model import Location
from commerce.shipping.pickup import shown_code

if TYPE_CHECKING:
    from bot.shop import Shop

router = APIRouter(prefix="/pickup", include_in_schema=False)
_PRIVATE = {"X-Robots-Tag": "noindex"}


@router.get("/{token}")
async def pickup_page(request: Request, token: str) -> Response:
    """The code as long as the goods wait; that they do not any more, for any other link too."""
    shop: Shop = request.app.state.shop
    language = page_language(request)
    words = WORDS[language]
    async with shop.database.begin() as session:
        shown = await shown_code(session, token=token)
        location_id = shown.location_id if shown is not None else None
        place = await session.get(Location, location_id) if location_id is not None else None
        where = place_text(place, language) if place is not None else ""
    if shown is None:
        return notice_page(request, title=words.pickup_gone, text=words.pickup_gone_text, status=404, headers=_PRIVATE)
    rows = [(words.pickup_order, shown.number), *([(words.pickup_place, where)] if where else [])]
    body = fill(
        "transfer.html",
        shop=shop.settings.shop_name(language),
        title=words.pickup_title,
        amount=f"{shown.code[:3]} {shown.code[3:]}",
        qr=fill("qr.html", src=qr_picture(shown.code), alt=words.pickup_qr),
        rows=Html("".join(fill("row.html", name=name, value=value) for name, value in rows)),
        text=words.pickup_text,
        done=f"/?lang={language}",
        label=words.back_to_chat,
    )
    return page(request, title=words.pickup_title, body=body, headers=_PRIVATE)
