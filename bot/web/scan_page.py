"""The pay page of a payment that a wallet opens from a QR code: the code, how much, and a look whether it was paid."""

from typing import TYPE_CHECKING

from fastapi import Request
from fastapi.responses import Response

from bot.language import money_text, time_text
from bot.web.pages import Html, fill, page, page_language
from bot.web.qr import qr_picture
from bot.web.simulator_wechat import NATIVE_URL
from bot.web.words import WORDS
from commerce.orders.model import Order
from commerce.payments.model import Intent
from commerce.payments.setup import has_practice_wallets

if TYPE_CHECKING:
    from bot.shop import Shop


def scan_page(request: Request, order: Order, intent: Intent, code: str) -> Response:
    """What the shopper scans. The simulator's code leads to its own page, which any camera opens, or a button."""
    shop: Shop = request.app.state.shop
    language = page_language(request)
    words = WORDS[language]
    practise = None
    if has_practice_wallets(shop.settings) and code.startswith(NATIVE_URL):
        practise = f"{shop.settings.base_url}/simulator/pay/{code.removeprefix(NATIVE_URL)}?lang={language}"
    rows = [(words.order, order.number)]
    if order.hold_until is not None:
        rows.append((words.scan_until, time_text(order.hold_until, language, shop.settings.time_zone)))
    body = fill(
        "scan.html",
        shop=shop.settings.shop_name(language),
        title=words.scan_title,
        amount=money_text(intent.money, language),
        qr=fill("qr.html", src=qr_picture(practise or code), alt=words.scan_code),
        rows=Html("".join(fill("row.html", name=name, value=value) for name, value in rows)),
        text=words.scan_text,
        button=fill("aside.html", label=words.scan_practise, href=practise) if practise else Html(""),
        back=words.back_to_chat,
        home=f"/?lang={language}",
    )
    return page(request, title=words.scan_title, body=body)
