"""The pay page of WeChat Pay: a code to scan or, on a phone, the way into WeChat; and a look whether it was paid."""

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


def wallet_page(request: Request, order: Order, intent: Intent, url: str) -> Response:
    """What the shopper scans, or follows: WeChat lets a phone in only from a page of the shop's own address.

    The simulator's code leads to its own page, which any camera opens, or a button.
    """
    shop: Shop = request.app.state.shop
    language = page_language(request)
    words = WORDS[language]
    qr, text, button = Html(""), words.wallet_go_text, Html("")
    if url.startswith(("https://", "http://")):
        button = fill("go.html", label=words.wallet_go, href=url)
    else:
        practise = None
        if has_practice_wallets(shop.settings) and url.startswith(NATIVE_URL):
            practise = f"{shop.settings.base_url}/simulator/pay/{url.removeprefix(NATIVE_URL)}?lang={language}"
            button = fill("aside.html", label=words.scan_practise, href=practise)
        qr, text = fill("qr.html", src=qr_picture(practise or url), alt=words.scan_code), words.scan_text
    rows = [(words.order, order.number)]
    if order.hold_until is not None:
        rows.append((words.scan_until, time_text(order.hold_until, language, shop.settings.time_zone)))
    body = fill(
        "wallet.html",
        shop=shop.settings.shop_name(language),
        title=words.scan_title,
        amount=money_text(intent.money, language),
        qr=qr,
        rows=Html("".join(fill("row.html", name=name, value=value) for name, value in rows)),
        text=text,
        button=button,
        back=words.back_to_chat,
        home=f"/?lang={language}",
    )
    return page(request, title=words.scan_title, body=body)
