"""Refusals as JSON: {"error": {"code", "message", "facts"}}. One table says which status a code has."""

import re
import traceback
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import asyncpg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from admin_api.deal_errors import DEAL_SENTENCES
from admin_api.order_errors import ORDER_SENTENCES
from admin_api.parcel_errors import PARCEL_SENTENCES
from admin_api.payment_errors import PAYMENT_SENTENCES
from admin_api.return_errors import RETURN_SENTENCES
from admin_api.telegram_errors import TELEGRAM_SENTENCES
from foundation.errors import Json, Refused

log = structlog.get_logger(__name__)

LARGEST_BODY = 256 * 1024
"""In bytes. The largest honest body is a product with all its texts."""
LARGEST_UPLOAD = 100 * 1024 * 1024
"""In bytes: several pictures together."""
_TAKES_FILES = re.compile(r"/api/(?:products/[0-9]+/pictures|parcels/[0-9]+/proof/photo|payments/transfers/statement)")

STATUS = {
    "request.invalid": 422,
    "request.unreadable": 400,
    "request.too_large": 413,
    "staff.session": 401,
    "staff.sign_in": 401,
    "staff.csrf": 403,
    "staff.forbidden": 403,
    "staff.locked": 429,
    "shop.busy": 503,
    "media.too_large": 413,
    "media.unreadable": 422,
    "media.too_many_pixels": 422,
    "media.missing": 404,
    "picture.box": 422,
    "picture.too_many_at_once": 422,
    "money.currency_unknown": 422,
}
"""Codes whose status is not the one of their ending."""

STATUS_BY_ENDING = {"unknown": 404, "none": 404, "invalid": 422, "empty": 422, "too_long": 422, "incomplete": 422}
STATUS_OTHERWISE = 409
"""A rule of the shop said no: as things stand, this cannot be done."""

SENTENCES = {
    **PARCEL_SENTENCES,
    **RETURN_SENTENCES,
    **TELEGRAM_SENTENCES,
    "request.invalid": "Some values are not usable; see facts.fields.",
    "request.unreadable": "The request could not be read.",
    "request.too_large": "The body is larger than {largest} bytes.",
    "request.unknown": "There is nothing at this address.",
    "request.method": "This address does not take that method.",
    "staff.session": "Sign in first.",
    "staff.sign_in": "The name or the password is wrong.",
    "staff.csrf": "The request does not come from our own page, or its token is missing.",
    "staff.forbidden": "Your role may not do this ({permission}).",
    "staff.locked": "Too many wrong sign-ins. Try again in {seconds} seconds.",
    "conversation.held": "{holder} already holds this conversation.",
    "conversation.unknown": "There is no such conversation, or a colleague has it.",
    "conversation.move": "As the conversation stands ({owner}), it cannot become {to}.",
    "photo.unknown": "There is no photo at this place.",
    "draft.unknown": "There is no unsent answer of the bot at place {seq}.",
    "message.empty": "A message needs some text.",
    "order.unknown": "There is no such order.",
    **PAYMENT_SENTENCES,
    "cursor.invalid": "This page cannot be found. Start again from the first one.",
    "product.unknown": "There is no such product.",
    "product.changed": "Somebody else has saved this product. Load it again and repeat your change.",
    "product.move_refused": "A product that is {before} cannot become {after}.",
    "product.incomplete": "To be sold, the product still needs: {missing}.",
    "product.handle_invalid": "A handle has letters and digits in lower case with hyphens between, {longest} at most.",
    "product.handle_taken": "Another product has this handle.",
    "product.language_invalid": "This is no language code such as zh or en.",
    "product.title_invalid": "A title has 1 to {longest} characters.",
    "product.body_too_long": "A description has {longest} characters at most.",
    "product.dispatch_days_invalid": "Days until dispatch: 0 to {most}.",
    "product.too_many_facts": "A product has {most} facts at most.",
    "name.invalid": "A name is needed in at least one language, {longest} characters at most.",
    "option.unknown": "An option or one of its values is no longer there. Load the product again.",
    "option.too_many": "A product has {options} options at most, each with {values} values at most.",
    "variant.weight_invalid": "A piece weighs 0 to {most} grams.",
    "variant.too_many_at_once": "{most} variants at a time at most.",
    "tax.class_invalid": "A tax class has {longest} characters at most.",
    "variant.sku_unknown": "There are no variants with these SKUs: {skus}.",
    "variant.unknown": "There is no such variant.",
    "variant.too_many": "A product has {most} variants at most.",
    "variant.values_invalid": "Each variant needs one value of every option.",
    "variant.alike": "Two variants on sale have the same values.",
    "variant.sku_invalid": "A SKU has 1 to 100 printable characters.",
    "variant.sku_taken": "Another variant has this SKU.",
    "variant.price_invalid": "This is no price.",
    "variant.currency": "This product is sold in {currency}.",
    "price.change_invalid": "Change prices either by a percentage (less than 100 % down) or by an amount.",
    "money.currency_unknown": "There is no such currency.",
    "media.unknown": "There is no such picture.",
    "media.missing": "The file of this picture is gone.",
    "media.empty": "No picture was sent.",
    "media.too_large": "A picture may have 20 MB at most.",
    "media.too_many_pixels": "A picture may have 40 million pixels at most.",
    "media.unreadable": "This file is no picture that can be read (JPEG, PNG, WebP, GIF).",
    "picture.unknown": "The product does not have this picture.",
    "picture.too_many": "A product has {most} pictures at most.",
    "picture.too_many_at_once": "Send {most} pictures at a time at most.",
    "picture.box": "The square must lie inside the picture ({width} x {height}) and be at least {least} pixels wide.",
    "category.unknown": "There is no such category.",
    "category.handle_invalid": "A handle has letters and digits in lower case with hyphens between.",
    "category.handle_taken": "Another category has this handle.",
    "category.too_many": "There are {most} categories at most.",
    "category.too_deep": "Categories may stand in each other {most} deep.",
    "category.cycle": "A category cannot stand in itself.",
    "category.filled": "The category is not empty. Say where its products and categories go.",
    "bulk.empty": "Choose products and what to change.",
    "bulk.too_many": "{most} products at a time at most.",
    "bulk.refused": "Nothing was changed: {count} products cannot be changed like this.",
    "stock.quantity": "This is no number of pieces.",
    "stock.short": "Only {left} pieces lie there.",
    "stock.promised": "{reserved} pieces are promised to orders.",
    "stock.changed": "Meanwhile the stock is {on_hand}. Look again and repeat.",
    "location.unknown": "There is no such location.",
    "location.closed": "This location is closed. Open it again, or choose another.",
    "location.code_taken": "Another location has the code {location}.",
    "location.too_many": "There are {most} locations at most.",
    "location.nameless": "A location needs a name.",
    "location.main": "The main location cannot be closed.",
    "location.filled": "{pieces} pieces lie there and {reserved} are promised. Transfer them first.",
    "location.same": "Choose another location to transfer to.",
    "customer.unknown": "There is no such customer.",
    "erase.word_invalid": "Type the word {word} to erase a person's data.",
    "erase.orders_open": "Orders of this customer are still open: {orders}. Their data can be erased after that.",
    "erase.returns_open": "Returns of this customer are still open: {returns}. Their data can be erased after that.",
    "erase.money_due": "Money for {orders} is still on its way to this customer. Their data can be erased after that.",
    "coupon.unknown": "There is no such coupon.",
    "coupon.move_refused": "A coupon that is {before} cannot become {after}.",
    "coupon_batch.unknown": "There are no such coupons.",
    "coupon_batch.move_refused": "Coupons that are {before} cannot become {after}.",
    "coupon_batch.terms_invalid": "The terms do not fit together; look at {field}.",
    "coupon_batch.code_taken": "This code is in use already.",
    "coupon_batch.has_codes": "These coupons have codes of their own: send the customer one of them.",
    "coupons.yours_already": "The customer has had these coupons already.",
    "coupons.all_gone": "All of these coupons have been given out.",
    "coupons.not_yet": "These coupons are not given out yet.",
    "coupons.gone": "These coupons are not given out: start them first, or see whether their time is over.",
    "points.short": "The customer has only {available} points.",
    "points.invalid": "Give or take 1 to {most} points.",
    "points.reason_empty": "A reason is needed.",
    "points.days_invalid": "Points last 1 to 36500 days, or for ever.",
    "credit.invalid": "This is no amount that can be given or taken.",
    "credit.reason_empty": "A reason is needed.",
    "gift_cards.count_invalid": "1 to {most} cards can be made at a time.",
    "gift_cards.amount_invalid": "This is no amount for a card.",
    "gift_cards.expires_invalid": "The cards would have ended already.",
    "gift_card_batch.unknown": "There are no such gift cards.",
    "promotion.unknown": "There is no such promotion.",
    "promotion.changed": "Somebody else has saved this promotion. Load it again and repeat your change.",
    "promotion.rule_invalid": "What the promotion gives does not fit together; see facts.fields.",
    "promotion.scope_invalid": "The goods of the promotion cannot be read; see facts.fields.",
    "promotion.window_invalid": "It must end after it begins.",
    "promotion.audience_invalid": "A promotion is for everyone, for new customers or for those who ordered before.",
    "promotion.priority_invalid": "A priority is a number from 0 to {most}.",
    "promotion.cap_invalid": "A limit of uses is 1 or more; leave it out for none.",
    "promotion.used_up": "A promotion in this price is used up meanwhile. Cancel the draft and make it anew.",
    "promotion.below_uses": "It has been used {used} times already; the limit cannot be lower.",
    "promotion.too_many": "At most {most} promotions can be on at once. Switch one off first.",
    "price_list.unknown": "There is no such price list.",
    "price_list.changed": "Somebody else has saved this price list. Load it again and repeat your change.",
    "price_list.prices_invalid": "Each variant has one price for each number of pieces, and none is below zero.",
    "price_list.too_long": "A price list has {most} prices and customers at most.",
    "price_list.too_many": "There are {most} price lists at most.",
    "zone.unknown": "There is no such shipping zone.",
    "zone.changed": "Somebody else has saved this zone. Load it again and repeat your change.",
    "zone.places_invalid": "Name countries by two letters (CN); provinces and cities need a country.",
    "zone.rates_invalid": "A zone needs 1 to 10 rates; one by weight needs a step, and days come in order.",
    "zone.too_many": "There are {most} shipping zones at most.",
    "tax.unknown": "There is no such tax rate.",
    "tax.changed": "Somebody else has saved this tax rate. Load it again and repeat your change.",
    "tax.invalid": "A tax rate is 0 to 100 %; a province needs its country by two letters (CN).",
    "tax.too_many": "There are {most} tax rates at most.",
    **DEAL_SENTENCES,
    **ORDER_SENTENCES,
    "shop.failed": "Something went wrong on our side. Nothing was changed.",
    "checks.running": "The self-check is running already. Look again in a minute.",
    "shop.busy": "The shop is busy. Try again in a moment.",
}


class Problem(BaseModel):
    """What went wrong: a stable code, a sentence in English, and the facts that fill sentences in other languages."""

    code: str
    message: str
    facts: dict[str, Json] = {}


class ErrorBody(BaseModel):
    """The body of every answer that is not a success."""

    error: Problem


def status_of(code: str) -> int:
    """The HTTP status of a refusal."""
    by_ending = (status for ending, status in STATUS_BY_ENDING.items() if code.endswith((f".{ending}", f"_{ending}")))
    return STATUS.get(code) or next(by_ending, STATUS_OTHERWISE)


def sentence_of(code: str, facts: dict[str, Json]) -> str:
    """The English sentence of a refusal; a code without one is told as words."""
    try:
        return SENTENCES[code].format(**{name: listed(fact) for name, fact in facts.items()})
    except (KeyError, IndexError):
        return code.replace(".", ": ").replace("_", " ")


def listed(fact: Json) -> Json:
    """Several words as one text; anything else as it is."""
    return ", ".join(map(str, fact)) if isinstance(fact, list) else fact


def problem(code: str, facts: dict[str, Json], status: int | None = None) -> JSONResponse:
    """An answer in the one shape; the status is the code's unless another is given."""
    body = ErrorBody(error=Problem(code=code, message=sentence_of(code, facts), facts=facts))
    headers = {"Retry-After": str(facts["seconds"])} if "seconds" in facts else None
    return JSONResponse(body.model_dump(mode="json"), status or status_of(code), headers)


def errors(*statuses: int) -> dict[int | str, dict[str, object]]:
    """The `responses` of a route in OpenAPI: these, and those that any route may give."""
    return {status: {"model": ErrorBody} for status in sorted({401, 403, 422, 500, *statuses})}


def errors_beside(*statuses: int) -> dict[int | str, dict[str, object]]:
    """Like `errors`, for a route whose success is no JSON."""
    shape = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": shape} for status in statuses}


def answer_errors(app: FastAPI) -> None:
    """Teach an application to answer every refusal and every failure in the one shape."""

    async def refused(_: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        return problem(error.code, error.facts)

    async def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        unreadable = any(found["type"] == "json_invalid" for found in error.errors())
        fields = [{"at": ".".join(map(str, found["loc"])), "why": found["msg"]} for found in error.errors()]
        return problem("request.unreadable" if unreadable else "request.invalid", {"fields": fields[:20]})

    async def http(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code = {404: "request.unknown", 405: "request.method"}.get(error.status_code, "request.unreadable")
        answer = problem(code, {}, error.status_code)
        answer.headers.update(error.headers or {})
        return answer

    async def busy(_: Request, error: Exception) -> Response:
        log.warning("the database does not answer", error=type(error).__name__)
        return problem("shop.busy", {"seconds": 5})

    async def database_refused(request: Request, error: Exception) -> Response:
        cause = getattr(getattr(error, "orig", None), "__cause__", None)
        waited_in_a_ring = isinstance(cause, asyncpg.DeadlockDetectedError)
        return await (busy if waited_in_a_ring else failed)(request, error)

    async def failed(request: Request, error: Exception) -> Response:
        route = getattr(request.scope.get("route"), "path", "other")
        where = "".join(traceback.format_tb(error.__traceback__)[-4:])
        # Only the kind of the error and its place: its words and the values around it may be a shopper's.
        log.error("a request failed", route=route, error=type(error).__name__, where=where)
        return problem("shop.failed", {}, 500)

    handlers: list[tuple[type[Exception], Callable[[Request, Exception], Awaitable[Response]]]] = [
        (Refused, refused),
        (RequestValidationError, invalid),
        (HTTPException, http),
        (OperationalError, busy),
        (InterfaceError, busy),
        (PoolTimeout, busy),
        (asyncpg.DeadlockDetectedError, busy),
        (DBAPIError, database_refused),
        (OSError, busy),
        (Exception, failed),
    ]
    for kind, handler in handlers:
        app.add_exception_handler(kind, handler)


class BodyLimit:
    """Refuses bodies above LARGEST_BODY under /api, whether they tell their length or not.

    Where pictures are uploaded the limit is LARGEST_UPLOAD; such a body is counted as it comes and not gathered here.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/api/"):
            return await self.app(scope, receive, send)
        takes_files = _TAKES_FILES.fullmatch(scope["path"]) is not None
        largest = LARGEST_UPLOAD if takes_files else LARGEST_BODY
        told = dict(scope["headers"]).get(b"content-length", b"0")
        if not told.isdigit() or int(told) > largest:
            return await problem("request.too_large", {"largest": largest})(scope, receive, send)
        if takes_files:
            return await self.app(scope, _counted(receive, largest), send)
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body, more = body + message.get("body", b""), message.get("more_body", False)
            if len(body) > LARGEST_BODY:
                return await problem("request.too_large", {"largest": LARGEST_BODY})(scope, receive, send)
        given = False

        async def whole() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        return await self.app(scope, whole, send)


def _counted(receive: Receive, largest: int) -> Receive:
    """The same messages, until their bodies are too large together: then whoever reads them is refused."""
    so_far = 0

    async def counted() -> Message:
        nonlocal so_far
        message = await receive()
        so_far += len(message.get("body", b""))
        if so_far > largest:
            raise Refused("request.too_large", largest=largest)
        return message

    return counted
