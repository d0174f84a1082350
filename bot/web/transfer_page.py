"""The pay page of a bank transfer: the account or the shop's QR code, how much, and the code to write with it."""

from html import escape
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from bot.language import money_text, time_text
from bot.web.pages import Html, fill, page, page_language
from bot.web.words import WORDS
from commerce.orders.model import Order
from commerce.payments.model import Intent
from foundation.errors import Refused

if TYPE_CHECKING:
    from bot.shop import Shop

router = APIRouter(tags=["payments"])
QR = "/pay/our-code"


@router.get(QR, include_in_schema=False)
async def our_code(request: Request) -> Response:
    """The picture of the shop's static QR code."""
    shop: Shop = request.app.state.shop
    path = shop.settings.transfer_qr
    if path is None or not path.is_file():
        raise Refused("media.unknown")
    return FileResponse(path, headers={"Cache-Control": "private, max-age=300"})


def transfer_page(request: Request, order: Order, intent: Intent) -> Response:
    """Where to send the money, how much, and until when."""
    shop: Shop = request.app.state.shop
    language = page_language(request)
    words = WORDS[language]
    settings = shop.settings
    rows = [(words.transfer_code, order.number), (words.transfer_account, settings.transfer_account or "")]
    if order.hold_until is not None:
        rows.append((words.transfer_until, time_text(order.hold_until, language, settings.time_zone)))
    has_qr = settings.transfer_qr is not None and settings.transfer_qr.is_file()
    body = fill(
        "transfer.html",
        shop=settings.shop_name(language),
        title=words.transfer_title,
        amount=money_text(intent.money, language),
        qr=fill("qr.html", src=QR, alt=words.transfer_qr) if has_qr else Html(""),
        rows=Html("".join(fill("row.html", name=name, value=value) for name, value in rows)),
        text=Html(escape(words.transfer_text).format(code=f"<b>{escape(order.number)}</b>")),
        done=f"/?lang={language}",
        label=words.transfer_done,
    )
    return page(request, title=words.transfer_title, body=body)
