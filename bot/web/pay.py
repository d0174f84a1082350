"""The pay link, the page a shopper comes back to, and what payment providers tell us."""

import contextlib
from typing import TYPE_CHECKING

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from bot.language import money_text
from bot.web.errors import status_of
from bot.web.pages import notice_page, page_language
from bot.web.transfer_page import transfer_page
from bot.web.wallet_page import wallet_page
from bot.web.words import WORDS, Words
from commerce.customers.model import Customer
from commerce.orders.model import Order, OrderStatus, PaymentMethod
from commerce.payments.actions import Till, intent_from, look_at_intent, open_payment, receive_webhook
from commerce.payments.model import PAYABLE, Intent, IntentState
from commerce.payments.port import Payer, ProviderUnreachable
from commerce.payments.transfers import TRANSFER
from foundation import jobs
from foundation.errors import Refused

if TYPE_CHECKING:
    from bot.shop import Shop

log = structlog.get_logger(__name__)
router = APIRouter(tags=["payments"])

_LOOK_EVERY = 5
"""Seconds between two questions to the provider about one payment, however often its page is looked at."""


@router.get("/pay/{token}", include_in_schema=False)
async def pay(request: Request, token: str) -> Response:
    """Open the payment and go to the provider's page; an order that is not to be paid any more shows how it stands."""
    try:
        order, intent = await _asked(request, token)
        if intent.provider == TRANSFER:
            return transfer_page(request, order, intent)
        url = await open_payment(till_of(request), token, _payer(request))
        if intent.provider != PaymentMethod.WECHAT:
            return RedirectResponse(url, status_code=303)
        await _ask_provider(request, token)
        order, intent = await _asked(request, token)
        return wallet_page(request, order, intent, url)
    except ProviderUnreachable as error:
        log.warning("the pay page does not open", error=str(error))
        words = WORDS[page_language(request)]
        return notice_page(
            request,
            title=words.pay_busy_title,
            text=words.pay_busy_text,
            mark="wait",
            status=503,
            button=(words.pay_again, f"/pay/{token}"),
        )
    except Refused as refusal:
        if refusal.code == "payment.unknown":
            return _unknown(request)
        return await _standing(request, token)


@router.get("/pay/{token}/done", include_in_schema=False)
async def done(request: Request, token: str) -> Response:
    """Where the provider sends the shopper back to: how the payment stands, looked at again until it is known."""
    await _ask_provider(request, token)
    return await _standing(request, token)


@router.post("/webhooks/payments/{provider}")
async def payment_webhook(request: Request, provider: str) -> Response:
    """A provider tells us something. 2xx only when it is stored; 404 for a provider we do not have, 401 unsigned.

    WeChat and Alipay want to hear it in their own words, or they tell again.
    """
    raw = await request.body()
    try:
        new = await receive_webhook(till_of(request), provider, dict(request.headers), raw)
    except Refused as refusal:
        log.warning("webhook refused", provider=provider[:24], code=refusal.code)
        if provider == PaymentMethod.ALIPAY:
            return PlainTextResponse("fail", status_code=status_of(refusal))
        if provider == PaymentMethod.WECHAT:
            return JSONResponse({"code": "FAIL", "message": refusal.code}, status_code=status_of(refusal))
        raise
    if new:
        await jobs.wake(request.app.state.shop.database)
    if provider == PaymentMethod.ALIPAY:
        return PlainTextResponse("success")
    if provider == PaymentMethod.WECHAT:
        return JSONResponse({"code": "SUCCESS", "message": "成功"})
    return JSONResponse({"stored": new})


def till_of(request: Request) -> Till:
    """What paying needs of this shop."""
    till: Till = request.app.state.shop.till
    return till


def _payer(request: Request) -> Payer:
    """Who opens the page: phones have the wallet in them and cannot scan themselves."""
    agent = request.headers.get("user-agent", "")
    ip = request.client.host if request.client is not None else Payer().ip
    return Payer(ip=ip, on_phone=any(word in agent for word in ("Mobile", "Android", "iPhone")))


async def _asked(request: Request, token: str) -> tuple[Order, Intent]:
    """What a link is about, if it may still be paid.

    Raises Refused("payment.unknown"), ("payment.closed") or ("payment.done").
    """
    shop: Shop = request.app.state.shop
    async with shop.database.begin() as session:
        intent = await session.get(Intent, intent_from(shop.vault, token))
        if intent is None:
            raise Refused("payment.unknown")
        order = await session.get_one(Order, intent.order_id)
        request.state.language = (await session.get_one(Customer, order.customer_id)).language
    if intent.state not in PAYABLE:
        raise Refused("payment.done" if intent.state is IntentState.SUCCEEDED else "payment.closed")
    if intent.change_id is None and order.hold_until is not None and order.hold_until <= shop.now():
        raise Refused("payment.closed", number=order.number)
    return order, intent


async def _ask_provider(request: Request, token: str) -> None:
    """Ask how it stands now, as a webhook may be late or lost; not more often than every few seconds."""
    shop: Shop = request.app.state.shop
    with contextlib.suppress(Refused, ProviderUnreachable):
        intent_id = intent_from(shop.vault, token)
        if not await shop.budget.spend(f"look at intent:{intent_id}", limit=1, seconds=_LOOK_EVERY):
            await look_at_intent(shop.till, intent_id)


async def _standing(request: Request, token: str) -> Response:
    shop: Shop = request.app.state.shop
    try:
        intent_id = intent_from(shop.vault, token)
    except Refused:
        return _unknown(request)
    async with shop.database.begin() as session:
        intent = await session.get(Intent, intent_id)
        if intent is None:
            return _unknown(request)
        order = await session.get_one(Order, intent.order_id)
        customer = await session.get_one(Customer, order.customer_id)
    request.state.language = customer.language
    words = WORDS[page_language(request)]
    is_late = order.hold_until is not None and order.hold_until <= shop.now()
    mark, title, text = _how_it_stands(words, order.status, intent.state, is_late=is_late)
    return notice_page(
        request,
        title=title,
        text=text,
        mark=mark,
        rows=(
            (words.order, order.number),
            (words.amount, money_text(intent.money, page_language(request))),
        ),
        button=(words.pay_again, f"/pay/{token}") if mark == "wait" else None,
        refresh=mark == "wait",
    )


def _how_it_stands(words: Words, order: str, intent: str, *, is_late: bool) -> tuple[str, str, str]:
    """Mark, title and sentence. An order that is over counts before the payment: its money goes back.

    `is_late`: the time to pay has run out, though the sweep that ends the order may not have come by yet.
    """
    if order == OrderStatus.EXPIRED or (order == OrderStatus.PENDING and intent != IntentState.SUCCEEDED and is_late):
        return "bad", words.pay_expired_title, words.pay_expired_text
    if order == OrderStatus.CANCELLED:
        return "bad", words.pay_cancelled_title, words.pay_cancelled_text
    if intent == IntentState.SUCCEEDED or order != OrderStatus.PENDING:
        return "good", words.pay_paid_title, words.pay_paid_text
    if intent in (IntentState.FAILED, IntentState.CLOSED, IntentState.CLOSING):
        return "bad", words.pay_failed_title, words.pay_failed_text
    return "wait", words.pay_pending_title, words.pay_pending_text


def _unknown(request: Request) -> Response:
    words = WORDS[page_language(request)]
    return notice_page(request, title=words.pay_unknown_title, text=words.pay_unknown_text, status=404)
