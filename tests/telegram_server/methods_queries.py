"""Methods that answer what people ask: pressed buttons, inline mode, invoices and payments."""

import re
from collections.abc import Mapping
from typing import Any

from tests.telegram_server.errors import Obj, bad
from tests.telegram_server.limits import CALLBACK_ANSWER, INLINE_RESULTS, fits, is_address
from tests.telegram_server.methods_messages import box_of, caption_of, keyboard_of, put, text_of
from tests.telegram_server.params import Params
from tests.telegram_server.world import Bot, World

STARS = "XTR"
ASKED = ("need_name", "need_phone_number", "need_email", "need_shipping_address")
START = re.compile(r"[A-Za-z0-9_-]{0,64}")
AMOUNTS = {"USD": (100, 1_000_000), "EUR": (90, 900_000), "CNY": (720, 7_200_000)}
"""Least and most of an invoice: what is worth 1 and 10,000 dollars, of some currencies, about."""


def answer_callback_query(world: World, bot: Bot, params: Params) -> bool:
    fits(params.text("text"), CALLBACK_ANSWER, "MESSAGE_TOO_LONG")
    url = params.text("url")
    if url and not url.startswith(
        (f"https://t.me/{bot.username}?", f"t.me/{bot.username}?", f"tg://resolve?domain={bot.username}")
    ):
        raise bad("URL_INVALID")
    world.answer(bot, "callback", params.text("callback_query_id"), params)
    return True


def answer_inline_query(world: World, bot: Bot, params: Params) -> bool:
    results = params.json("results")
    if not isinstance(results, list):
        raise bad("can't parse results JSON object" if results is None else "results must be an array")
    if len(results) > INLINE_RESULTS:
        raise bad("RESULTS_TOO_MUCH")
    ids = [str(result.get("id", "")) for result in results]
    if len(set(ids)) != len(ids):
        raise bad("RESULT_ID_DUPLICATE")
    if any(not 1 <= len(result_id.encode()) <= 64 for result_id in ids):
        raise bad("RESULT_ID_INVALID")
    if len(params.text("next_offset").encode()) > 64:
        raise bad("NEXT_OFFSET_INVALID")
    for result in results:
        _check_result(result)
    world.answer(bot, "inline", params.text("inline_query_id"), params)
    return True


def _check_result(result: Obj) -> None:
    from_message = Params((result.get("input_message_content") or {}) | {"reply_markup": result.get("reply_markup")})
    result_content(result, from_message)
    if result.get("type") == "article" and not result.get("title"):
        raise bad("can't parse inline query result: Can't find field \"title\"")
    if not is_address(result.get("thumbnail_url") or "https://t.me"):
        raise bad("WEBDOCUMENT_URL_INVALID")


def result_content(result: Obj, given: Params | None = None) -> Obj:
    """What a chosen result posts; checks its text and its buttons as if it were sent."""
    content = result.get("input_message_content") or {}
    sent = given or Params(content | {"reply_markup": result.get("reply_markup")})
    keyboard = keyboard_of(sent)
    if "message_text" in content:
        body = text_of(Params({**content, "text": content["message_text"]}))
    elif result.get("type") == "photo":
        body = {"photo": photo_by_url(result.get("photo_url") or result.get("photo_file_id"))}
        body |= caption_of(Params(result))
    else:
        raise bad("can't parse inline query result: Message content must be specified")
    return body | ({"reply_markup": keyboard} if keyboard else {})


def photo_by_url(url: Any) -> list[Obj]:
    """A photo that lies at an address: inline results are shown by the shopper's own app."""
    if not url:
        raise bad("PHOTO_CONTENT_URL_EMPTY")
    return [{"file_id": f"url:{url}", "file_unique_id": "u", "width": 320, "height": 320}]


# -- payments


def invoice_of(params: Params) -> Obj:
    """The invoice a call describes, checked."""
    for name in ("title", "description", "payload", "currency", "prices"):
        if name not in params:
            raise bad(f'parameter "{name}" is required')
    title, description, payload = (params.text(name) for name in ("title", "description", "payload"))
    fits(title, 32, "INVOICE_TITLE_INVALID")
    fits(description, 255, "INVOICE_DESCRIPTION_INVALID")
    if len(payload.encode()) > 128:
        raise bad("INVOICE_PAYLOAD_INVALID")
    if not START.fullmatch(params.text("start_parameter")):
        raise bad("START_PARAM_INVALID")
    prices, currency = params.json("prices"), params.text("currency")
    if not prices or not all(isinstance(one.get("amount"), int) and one.get("label") for one in prices):
        raise bad("PRICES_INVALID")
    total = sum(one["amount"] for one in prices)
    least, most = AMOUNTS.get(currency, (1, 999_999_999_999))
    if not least <= total <= most:
        raise bad("CURRENCY_TOTAL_AMOUNT_INVALID")
    _check_currency(params, currency, prices)
    return {
        "title": title,
        "description": description,
        "payload": payload,
        "currency": currency,
        "total": total,
        "prices": prices,
        "start_parameter": params.text("start_parameter"),
        **{name: params.flag(name) for name in (*ASKED, "is_flexible")},
    }


def _check_currency(params: Params, currency: str, prices: list[Obj]) -> None:
    """Stars are for what nobody has to send, at one price; everything else goes through a provider."""
    if currency == STARS:
        asks = any(params.flag(name) for name in (*ASKED, "is_flexible"))
        if len(prices) != 1 or params.text("provider_token") or asks:
            raise bad("STARS_INVOICE_INVALID")
    elif len(currency) != 3 or not currency.isupper():
        raise bad("CURRENCY_INVALID")
    elif not params.text("provider_token"):
        raise bad("PAYMENT_PROVIDER_INVALID")


def send_invoice(world: World, bot: Bot, params: Params) -> Obj:
    box_of(world, bot, params)
    invoice = invoice_of(params)
    keyboard = keyboard_of(params)
    if keyboard and not keyboard["inline_keyboard"][0][0].get("pay"):
        raise bad("BUTTON_TYPE_INVALID")
    shown = {
        "title": invoice["title"],
        "description": invoice["description"],
        "start_parameter": invoice["start_parameter"],
        "currency": invoice["currency"],
        "total_amount": invoice["total"],
    }
    return put(world, bot, params, {"invoice": shown}, invoice=invoice)[0].body


def create_invoice_link(world: World, bot: Bot, params: Params) -> str:
    link = f"https://t.me/$inv{world.number()}"
    world.invoice_links[link] = (bot, invoice_of(params))
    return link


def answer_shipping_query(world: World, bot: Bot, params: Params) -> bool:
    if params.flag("ok"):
        options = params.json("shipping_options") or []
        if not options or not all(one.get("id") and one.get("title") and one.get("prices") for one in options):
            raise bad("SHIPPING_OPTIONS_INVALID")
    elif not params.text("error_message"):
        raise bad("ERROR_MESSAGE_EMPTY")
    world.answer(bot, "payment", params.text("shipping_query_id"), params)
    return True


def answer_pre_checkout_query(world: World, bot: Bot, params: Params) -> bool:
    if not params.flag("ok") and not params.text("error_message"):
        raise bad("ERROR_MESSAGE_EMPTY")
    world.answer(bot, "payment", params.text("pre_checkout_query_id"), params)
    return True


def refund_star_payment(world: World, bot: Bot, params: Params) -> bool:
    charge = world.charges.get(params.text("telegram_payment_charge_id"))
    if charge is None or charge["user"] != params.whole("user_id") or charge["bot"] != bot.id:
        raise bad("CHARGE_NOT_FOUND")
    if charge["paid"]["currency"] != STARS:
        raise bad("CHARGE_NOT_FOUND")
    if charge.get("refunded"):
        raise bad("CHARGE_ALREADY_REFUNDED")
    charge["refunded"] = True
    account = world.accounts[charge["user"]]
    box = world.private(account, bot.account)
    refunded = {key: value for key, value in charge["paid"].items() if key != "order_info"}
    world.tell(box, world.post(box, account, {"refunded_payment": refunded}))
    return True


METHODS: Mapping[str, Any] = {
    "answerCallbackQuery": answer_callback_query,
    "answerInlineQuery": answer_inline_query,
    "sendInvoice": send_invoice,
    "createInvoiceLink": create_invoice_link,
    "answerShippingQuery": answer_shipping_query,
    "answerPreCheckoutQuery": answer_pre_checkout_query,
    "refundStarPayment": refund_star_payment,
}
