"""The payment simulator in Stripe's protocol: Checkout Sessions, refunds, what lies around them, and its errors.

Requests are forms, answers JSON. A POST with an Idempotency-Key is done once: the same key gives the same answer
(Idempotent-Replayed: true), other parameters under it are refused, and what was refused is not remembered.
"""

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bot.web import simulator_books as books
from bot.web import simulator_stripe_model as stripe_books
from bot.web.simulator_bank import Bank, bank_of
from bot.web.simulator_model import Fault, SimulatorSession, State
from bot.web.simulator_shapes import stripe_intent, stripe_refund, stripe_session
from bot.web.simulator_stripe_model import StripeError
from commerce.payments.setup import STRIPE_AT_HOME
from foundation.errors import Json, Refused

Params = dict[str, str]
Work = Callable[[AsyncSession, Params], Awaitable[tuple[Json, bool]]]
"""What a POST does: the answer, and whether it gets lost on its way."""


async def keyed_bank(request: Request) -> Bank:
    """The bank, for a request with the shop's secret key."""
    bank = bank_of(request)
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            given = base64.b64decode(given).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            given = ""
    if not hmac.compare_digest(given.encode(), bank.stripe_key.encode()):
        raise Refused("simulator.signature")
    return bank


KeyedBank = Annotated[Bank, Depends(keyed_bank)]
router = APIRouter(prefix=f"{STRIPE_AT_HOME}/v1", tags=["payment simulator"])


@router.post("/checkout/sessions")
async def open_checkout(request: Request, bank: KeyedBank) -> Response:
    """Make a Checkout Session."""

    async def work(session: AsyncSession, params: Params) -> tuple[Json, bool]:
        asked = [fault for fault in params.get("metadata[faults]", "").split(",") if fault]
        found = await stripe_books.open_checkout(
            session, params, notify_url=_notify_url(bank), faults=[], now=bank.now()
        )
        found.faults = bank.faults_of(found.amount, asked)
        bank.faults.clear()
        return stripe_session(found, url=_url(bank, found)), found.goes_wrong(Fault.TIME_OUT_AFTER_SUCCESS)

    return await _post(request, bank, work)


@router.get("/checkout/sessions/{session_id}")
async def read_checkout(request: Request, bank: KeyedBank, session_id: str) -> Response:
    """The session as it is now; expand[]=payment_intent shows that whole."""

    async def ask(session: AsyncSession) -> Json:
        found = await stripe_books.checkout_of(session, session_id, now=bank.now())
        return stripe_session(found, url=_url(bank, found), expanded=_expands_intent(request))

    return await _get(bank, ask)


@router.post("/checkout/sessions/{session_id}/expire")
async def expire_checkout(request: Request, bank: KeyedBank, session_id: str) -> Response:
    """Let nobody pay it any more; refused for one that is not open."""

    async def work(session: AsyncSession, _: Params) -> tuple[Json, bool]:
        found = await stripe_books.checkout_of(session, session_id, now=bank.now(), lock=True)
        if found.goes_wrong(Fault.REFUSE_CLOSE):
            return {}, True
        was_open = found.state == State.OPEN
        await books.close_session(session, session_id=session_id, now=bank.now())
        lost = found.goes_wrong(Fault.TIME_OUT_AFTER_SUCCESS)
        if lost or (was_open and found.state == State.CLOSED):
            return stripe_session(found, url=None), lost
        return _NOT_OPEN.body, False

    return await _post(request, bank, work)


_NOT_OPEN = StripeError('Only Checkout Sessions with a status in ["open"] can be expired.', code="not_open")


@router.post("/refunds")
async def make_refund(request: Request, bank: KeyedBank) -> Response:
    """Give money back."""

    async def work(session: AsyncSession, params: Params) -> tuple[Json, bool]:
        refund = await stripe_books.refund_stripe(session, params, now=bank.now())
        paid = await books.session_of(session, refund.session_id, now=bank.now(), lock=True)
        return stripe_refund(refund, paid), paid.goes_wrong(Fault.TIME_OUT_AFTER_SUCCESS)

    return await _post(request, bank, work)


@router.get("/refunds")
async def list_refunds(
    bank: KeyedBank, payment_intent: str, limit: int = 10, starting_after: str | None = None
) -> Response:
    """Refunds of a payment intent, newest first."""

    async def ask(session: AsyncSession) -> Json:
        found, paid, more = await stripe_books.refunds_of(
            session, payment_intent, after=starting_after, limit=min(max(limit, 1), 100), now=bank.now()
        )
        rows: list[Json] = [stripe_refund(refund, paid) for refund in found]
        return {"object": "list", "url": "/v1/refunds", "data": rows, "has_more": more}

    return await _get(bank, ask)


@router.get("/refunds/{refund_id}")
async def read_refund(bank: KeyedBank, refund_id: str) -> Response:
    """The refund as it is now."""

    async def ask(session: AsyncSession) -> Json:
        try:
            refund = await books.refund_of(session, refund_id, now=bank.now())
        except Refused as error:
            raise StripeError(f"No such refund: '{refund_id[:80]}'", code="resource_missing", status=404) from error
        return stripe_refund(refund, await books.session_of(session, refund.session_id, now=bank.now()))

    return await _get(bank, ask)


@router.post("/payment_intents")
async def pay_directly(request: Request, bank: KeyedBank) -> Response:
    """A payment without a page."""

    async def work(session: AsyncSession, params: Params) -> tuple[Json, bool]:
        found = await stripe_books.pay_directly(
            session, params, notify_url=_notify_url(bank), faults=[], now=bank.now()
        )
        return stripe_intent(found), False

    return await _post(request, bank, work)


@router.get("/payment_intents/{payment_ref}")
async def read_intent(bank: KeyedBank, payment_ref: str) -> Response:
    """A payment intent as it is now."""

    async def ask(session: AsyncSession) -> Json:
        return stripe_intent(await stripe_books.intent_of(session, payment_ref, now=bank.now()))

    return await _get(bank, ask)


@router.get("/payment_pages/{session_id}")
async def read_page(bank: KeyedBank, session_id: str) -> Response:
    """What Stripe's own page asks first."""

    async def ask(session: AsyncSession) -> Json:
        found = await stripe_books.checkout_of(session, session_id, now=bank.now())
        return {"id": found.id, "object": "payment_page", "state": found.state}

    return await _get(bank, ask)


@router.post("/payment_pages/{session_id}/confirm")
async def confirm_page(request: Request, bank: KeyedBank, session_id: str) -> Response:
    """What Stripe's own page does when the shopper presses Pay."""

    async def work(session: AsyncSession, _: Params) -> tuple[Json, bool]:
        await stripe_books.checkout_of(session, session_id, now=bank.now(), lock=True)
        found = await books.choose(session, session_id=session_id, pays=True, now=bank.now())
        return stripe_session(found, url=None), False

    return await _post(request, bank, work)


@router.post("/{kind}")
async def keep_thing(request: Request, bank: KeyedBank, kind: str) -> Response:
    """A product, a price or a payment method."""
    known = {"products": ("product", "prod"), "prices": ("price", "price"), "payment_methods": ("payment_method", "pm")}
    if kind not in known:
        return JSONResponse(StripeError(f"Unrecognized request URL (POST: /v1/{kind[:40]}).").body, 404)

    async def work(session: AsyncSession, params: Params) -> tuple[Json, bool]:
        return await stripe_books.keep_thing(session, *known[kind], params, now=bank.now()), False

    return await _post(request, bank, work)


async def _post(request: Request, bank: Bank, work: Work) -> Response:
    """Do it once under the request's Idempotency-Key."""
    params = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
    key = request.headers.get("idempotency-key", "")[:255]
    try:
        async with bank.database.begin() as session:
            if key:
                kept, known = await stripe_books.earlier_answer(session, key, request.url.path, params, now=bank.now())
                if known:
                    return JSONResponse(kept.answer, headers={"Idempotent-Replayed": "true"})
            answer, lost = await work(session, params)
            if key and not _is_error(answer):
                kept.answer = dict(answer) if isinstance(answer, dict) else {}
    except StripeError as error:
        return JSONResponse(error.body, error.status)
    bank.rung.set()
    if lost:
        return JSONResponse({"error": {"type": "api_error", "message": "A practised failure."}}, 504)
    return JSONResponse(answer, 400 if _is_error(answer) else 200)


async def _get(bank: Bank, ask: Callable[[AsyncSession], Awaitable[Json]]) -> Response:
    try:
        async with bank.database.begin() as session:
            answer = await ask(session)
    except StripeError as error:
        return JSONResponse(error.body, error.status)
    bank.rung.set()
    return JSONResponse(answer)


def _is_error(answer: Json) -> bool:
    return isinstance(answer, dict) and "error" in answer


def _expands_intent(request: Request) -> bool:
    return any(
        value == "payment_intent" or value.startswith("payment_intent.")
        for key, value in request.query_params.multi_items()
        if key.startswith("expand")
    )


def _notify_url(bank: Bank) -> str:
    return f"{bank.base_url}/webhooks/payments/stripe"


def _url(bank: Bank, found: SimulatorSession) -> str:
    return f"{bank.base_url}/simulator/pay/{found.id}"
