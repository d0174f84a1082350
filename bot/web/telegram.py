"""Where Telegram brings updates when it is told to (XIAOER_TELEGRAM_WEBHOOK)."""

import asyncio
import base64
import hmac
import json
from typing import TYPE_CHECKING

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from bot.telegram.commands import menus
from bot.telegram.links import chat_payload, deep_link
from bot.telegram.updates import hear_update, is_hopeless
from bot.web.chat import CHANNEL, AVisitor
from commerce.customers.actions import customer_of
from foundation.encryption import Vault
from foundation.errors import Refused

if TYPE_CHECKING:
    from bot.shop import Shop

log = structlog.get_logger(__name__)

PATH = "/webhooks/telegram"
SECRET = "X-Telegram-Bot-Api-Secret-Token"
LARGEST_UPDATE = 256 * 1024
"""In bytes: a message carries the one it answers, with the keyboard under it."""
AGAIN = 10.0
"""Seconds before Telegram is asked again to bring updates here."""

router = APIRouter(tags=["telegram"])
links = APIRouter(tags=["telegram"])


def webhook_secret(vault: Vault) -> str:
    """What Telegram shows us with every update, so that nobody else can bring any."""
    return base64.urlsafe_b64encode(vault.sign("telegram webhook", b"secret")).decode().rstrip("=")


@router.post(PATH)
async def webhook(request: Request) -> Response:
    """Take an update in: 200 once it is stored. 401 for what does not come from Telegram, 503 until the bot is there.

    Whatever else goes wrong is answered with 500: Telegram brings it again, and what is behind it waits. What can never
    be stored is acknowledged in the end.
    """
    shop: Shop = request.app.state.shop
    if not hmac.compare_digest(request.headers.get(SECRET, "").encode(), webhook_secret(shop.vault).encode()):
        raise Refused("webhook.forged")
    if shop.telegram is None:
        return Response(status_code=503, headers={"Retry-After": "1"})
    try:
        update = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise Refused("webhook.unreadable") from None
    value = shop.telegram.read(update) if isinstance(update, dict) else None
    if value is not None:
        try:
            await hear_update(shop, value)
        except Exception:
            if not await is_hopeless(shop, value):
                raise
    return Response()


@links.post("/chat/telegram")
async def continue_in_telegram(request: Request, visitor: AVisitor) -> Response:
    """The address at which this visitor goes on in Telegram: good once, for ten minutes. 503 until the bot is there."""
    shop: Shop = request.app.state.shop
    if shop.telegram is None:
        return Response(status_code=503, headers={"Retry-After": "1"})
    async with shop.database.begin() as session:
        customer_id = await customer_of(session, channel=CHANNEL, account=visitor)
    now = int(shop.now().timestamp())
    payload = "" if customer_id is None else chat_payload(shop.vault, customer_id=customer_id, made_at=now)
    return JSONResponse({"url": deep_link(shop.telegram.username, payload)})


async def bring_updates(shop: "Shop") -> None:
    """Tell Telegram to bring updates here and what the bot's menu offers; again until it has heard it."""
    assert shop.joining is not None
    telegram = await asyncio.shield(shop.joining)
    while True:
        try:
            await telegram.set_webhook(shop.settings.base_url + PATH, webhook_secret(shop.vault))
            await telegram.set_commands(menus())
            return
        except Exception:  # whatever it is: without this the shop hears nobody
            log.exception("Telegram does not take our address", path=PATH)
            await asyncio.sleep(AGAIN)
