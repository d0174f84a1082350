"""The door of a flash sale: a place in line for everybody at once, and one press that buys for who is let in.

A shopper asks for their place with the token of their page, and asks again after the seconds they are told. That is
one look at Redis for all who ask in the same moment; how many pieces are left is read from the database twice a second.
"""

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.web.chat import CHANNEL, AVisitor, shop_of, spend_messages
from bot.web.errors import refusal_json
from bot.web.kept import Kept
from bot.web.visitors import visitor_of
from bot.web.wire import read_body
from commerce.carts.actions import view_of
from commerce.carts.deals import FlashDeal, deal_cart
from commerce.customers.actions import customer_of, last_address, nowhere
from commerce.customers.model import Customer
from commerce.flash_sales.claims import flash_price, orders_with
from commerce.flash_sales.queries import Quota, quota_of
from commerce.flash_sales.queue import Stand, Ticket
from commerce.orders.actions import Quote, place_order, quote
from commerce.orders.destination import destination_of
from commerce.orders.model import OrderStatus, PaymentMethod
from commerce.orders.queries import OrderView, order_view
from commerce.orders.quoting import is_all_digital
from commerce.payments.actions import pay_token
from commerce.payments.cash import BY_HAND
from commerce.payments.methods import offered_methods, waits_for
from commerce.pricing.actions import terms_of
from foundation.errors import Json, Refused

if TYPE_CHECKING:
    from bot.shop import Shop

QUOTA_KEPT = 0.5
"""Seconds."""
BUYING_AT_ONCE = 2
"""Purchases a process works on at the same time, so that it goes on answering everybody else."""
_LINE = re.compile(r"/chat/flash/([0-9]{1,18})/line")
_LINE_ROUTE = Route("/chat/flash/{item_id}/line", lambda _: None)
"""Its name among the routes that are measured."""

ItemId = Annotated[int, Path(ge=1, lt=2**62)]
router = APIRouter(prefix="/chat/flash", tags=["web chat"])


class Press(BaseModel):
    """The one press: so many pieces, to the address known from before, to be paid online.

    `method` is one of the shop's ways to do that, else it is the first of them.
    """

    model_config = ConfigDict(extra="forbid")
    pieces: int = Field(default=1, ge=1, le=99)
    method: PaymentMethod | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """A shopper with everything ready but the order."""

    customer_id: int
    address_id: int
    language: str
    offer: Quote


def new_quotas() -> Kept[int, Quota]:
    """How items stand, read anew twice a second however many ask; who asks meanwhile is told what was known before."""
    return Kept(QUOTA_KEPT, stale=9 * QUOTA_KEPT)


async def _read(shop: "Shop", item_id: int) -> Quota:
    async with shop.database.begin() as session:
        return await quota_of(session, item_id=item_id)


class Crowd:
    """Answers POST /chat/flash/{item_id}/line, before all else of the app: thousands ask in the same second.

    It says where this visitor stands, who joins the line by asking: see `_told`.
    """

    def __init__(self, app: ASGIApp, *, shop: "Shop", quotas: Kept[int, Quota]) -> None:
        self.app, self.shop, self.quotas = app, shop, quotas

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        asked = _LINE.fullmatch(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if asked is None:
            await self.app(scope, receive, send)
            return
        scope["route"] = _LINE_ROUTE
        try:
            visitor = visitor_of(Request(scope), self.shop.vault)
            item_id = int(asked[1])
            quota, now = await self.quotas.of(item_id, partial(_read, self.shop, item_id)), self.shop.now()
            told = _told(quota, await _look(self.shop, quota, visitor, now), now)
            answer: Response = JSONResponse(told)
        except Refused as refusal:
            answer = refusal_json(refusal)
        await answer(scope, receive, send)


@router.post("/{item_id}/leave")
async def leave(request: Request, item_id: ItemId, visitor: AVisitor) -> Response:
    """This visitor wants to no longer: the next one is let in sooner."""
    shop = shop_of(request)
    await _leave(shop, await _quota(request, item_id), visitor, shop.now())
    return JSONResponse({"state": "left"})


@router.post("/{item_id}/buy", status_code=201)
async def buy(request: Request, item_id: ItemId, visitor: AVisitor) -> Response:
    """Buy by one press: the order, kept for some minutes, and the link that pays for it.

    201; 200 with the order of before while that is not paid. Raises Refused("flash.wait", place=...) out of turn,
    ("address.none") for who has never told the chat where to send what is sent, and as `flash_price`, `hold`,
    `place_order`.
    """
    shop = shop_of(request)
    press = await read_body(request, Press)
    method = _way_to_pay(shop, press.method)
    await spend_messages(request, visitor)
    async with shop.database.begin() as session:
        customer_id = await customer_of(session, channel=CHANNEL, account=visitor)
        if customer_id is None:
            raise Refused("address.none")
        waiting = await _waiting_order(session, item_id, customer_id)
    if waiting is not None:
        return JSONResponse(_order_told(shop, waiting))
    quota, now = await _quota(request, item_id), shop.now()
    if now < quota.starts_at:
        raise Refused("flash.not_yet", item=item_id, starts=quota.starts_at.isoformat())
    ticket = await _look(shop, quota, visitor, now)
    if ticket is not None and not ticket.may_buy:
        raise Refused("flash.wait", item=item_id, place=ticket.place)
    buying: asyncio.Semaphore = request.app.state.buying
    async with buying:
        async with shop.database.begin() as session:
            ready = await _ready(session, shop, item_id, customer_id, press.pieces, now)
        until = now + timedelta(minutes=shop.settings.hold_minutes)
        offer = ready.offer
        await shop.holds.hold(offer.hold_key, offer.holding, until=until, now=now, allotments=offer.allotments)
        async with shop.database.begin() as session:
            order = await _ordered(session, shop, ready, method, now)
    await _leave(shop, await _quotas(request).again(item_id, partial(_read, shop, item_id)), visitor, now)
    return JSONResponse(_order_told(shop, order), status_code=201)


async def _waiting_order(session: AsyncSession, item_id: int, customer_id: int) -> OrderView | None:
    """The order of this item that a customer has still to pay."""
    for order_id in await orders_with(session, item_id=item_id, customer_id=customer_id):
        order = await order_view(session, order_id)
        if order.status is OrderStatus.PENDING:
            return order
    return None


async def _ready(
    session: AsyncSession, shop: "Shop", item_id: int, customer_id: int, pieces: int, now: datetime
) -> Ready:
    """What is about to be ordered, in the deal cart of the customer; of what is digital nothing is sent."""
    price = await flash_price(session, item_id=item_id, customer_id=customer_id, quantity=pieces, now=now)
    lines = {price.variant_id: pieces}
    cart = await deal_cart(session, customer_id=customer_id, deal=FlashDeal(item_id), lines=lines, now=now)
    language = (await session.get_one(Customer, customer_id)).language
    view = await view_of(session, cart.id, customer_id=customer_id, language=language)
    terms = terms_of(shop.settings)
    asked = partial(quote, session, customer_id=customer_id, language=language, now=now, terms=terms, view=view)
    if view.is_digital:
        offer = await asked()
        if is_all_digital(view, offer.priced):
            nothing_sent = await nowhere(session, customer_id=customer_id, now=now)
            return Ready(customer_id, nothing_sent, language, offer)
    address = await last_address(session, customer_id=customer_id)
    if address is None:
        raise Refused("address.none")
    return Ready(customer_id, address.id, language, await asked(destination=destination_of(address.text)))


async def _ordered(
    session: AsyncSession, shop: "Shop", ready: Ready, method: PaymentMethod, now: datetime
) -> OrderView:
    order = await place_order(
        session,
        customer_id=ready.customer_id,
        cart_id=ready.offer.cart_id,
        cart_version=ready.offer.cart_version,
        priced=ready.offer.priced,
        address_id=ready.address_id,
        payment_method=method,
        hold_key=ready.offer.hold_key,
        language=ready.language,
        now=now,
        unpaid_for=waits_for(shop.settings, method),
        terms=terms_of(shop.settings),
    )
    return await order_view(session, order.id)


def _way_to_pay(shop: "Shop", wanted: PaymentMethod | None) -> PaymentMethod:
    """Online, for goods that others wait for are paid at once. Raises Refused("deal.pay_online")."""
    offered = [one.method for one in offered_methods(shop.settings, shop.till.providers) if one.method not in BY_HAND]
    if not offered or (wanted is not None and wanted not in offered):
        raise Refused("deal.pay_online")
    return wanted or offered[0]


async def _quota(request: Request, item_id: int) -> Quota:
    return await _quotas(request).of(item_id, partial(_read, shop_of(request), item_id))


def _quotas(request: Request) -> Kept[int, Quota]:
    quotas: Kept[int, Quota] = request.app.state.quotas
    return quotas


async def _look(shop: "Shop", quota: Quota, visitor: str, now: datetime) -> Ticket | None:
    """None where nobody has to stand in line any more: nothing is left, or the sale is over."""
    if now >= quota.ends_at or quota.left + quota.held == 0:
        return None
    return await shop.line.look(quota.item_id, _member(visitor), opens_at=quota.starts_at, left=quota.left, now=now)


async def _leave(shop: "Shop", quota: Quota, visitor: str, now: datetime) -> None:
    await shop.line.leave(quota.item_id, _member(visitor), opens_at=quota.starts_at, left=quota.left, now=now)


def _member(visitor: str) -> str:
    return f"{CHANNEL}:{visitor}"


def _told(quota: Quota, ticket: Ticket | None, now: datetime) -> dict[str, Json]:
    """`state`: early, waiting, inside, no_line (everybody may try), sold_out or over.

    `place` counts from 1 and never grows. `seconds` until it begins or ends, by the shop's clock. `again`: seconds
    after which the page asks again.
    """
    if ticket is None:
        state = "over" if now >= quota.ends_at else "sold_out"
        ticket = Ticket(Stand.NO_LINE)
    else:
        state = "early" if now < quota.starts_at else ticket.stand.value
    clock = quota.starts_at if now < quota.starts_at else quota.ends_at
    return {
        "state": state,
        "place": ticket.place,
        "waiting": ticket.waiting,
        "left": quota.left,
        "held": quota.held,
        "sold": quota.sold,
        "seconds": max(0, round((clock - now).total_seconds())),
        "inside_for": round((ticket.until - now).total_seconds()) if ticket.until is not None else None,
        "again": round(ticket.pause, 1),
    }


def _order_told(shop: "Shop", order: OrderView) -> dict[str, Json]:
    pay = f"{shop.settings.base_url}/pay/{pay_token(shop.vault, order.intent_id)}" if order.intent_id else None
    return {
        "order": order.number,
        "amount": order.to_pay.amount,
        "currency": order.to_pay.currency,
        "pay": pay,
        "until": order.hold_until.isoformat() if order.hold_until else None,
    }
