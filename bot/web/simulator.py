"""The payment simulator over HTTP: our stand-in for a bank, with a real page the shopper opens and signed webhooks.

Its own protocol is written down where the shop speaks it, in commerce/payments/simulator.py; it speaks Stripe's as well
(simulator_stripe.py). It knows the shop only by its notify_url, keeps books of its own
(simulator_books.py), and sends a webhook from those books until the shop has taken it, never inside a transaction.
"""

import asyncio
from datetime import timedelta
from typing import Annotated

import httpx
import structlog
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field

from bot.language import money_text
from bot.web import simulator_books as books
from bot.web.pages import Html, fill, notice_page, page, page_language
from bot.web.simulator_bank import Bank, bank_of
from bot.web.simulator_events import is_taken, letter
from bot.web.simulator_model import ALIPAY, WECHAT, Fault, SimulatorEvent, SimulatorRefund, SimulatorSession, State
from bot.web.wire import read_body
from bot.web.words import WORDS
from commerce.payments.simulator import is_signed
from foundation.errors import Json, Refused
from foundation.money import Money

log = structlog.get_logger(__name__)

_LEASE = timedelta(seconds=30)
_MOST_TRIES = 12
_LOOK_EVERY = 5.0


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SessionAsked(_Strict):
    """A shop wants to be paid."""

    reference: str = Field(min_length=1, max_length=120)
    amount: int = Field(gt=0, lt=10**15)
    currency: str = Field(pattern="^[A-Z]{3}$")
    return_url: AnyHttpUrl
    notify_url: AnyHttpUrl


class RefundAsked(_Strict):
    """A shop gives money back."""

    session: str = Field(max_length=40)
    key: str = Field(min_length=1, max_length=120)
    amount: int = Field(gt=0, lt=10**15)


class FaultsAsked(_Strict):
    """What shall go wrong: with one session, or with those opened from now on."""

    faults: list[Fault] = Field(max_length=20)
    reference: str | None = Field(default=None, max_length=120)


async def signed_bank(request: Request) -> Bank:
    """The bank, for a request that the shop signed. Raises Refused("simulator.signature")."""
    bank = bank_of(request)
    if not is_signed(bank.secret, request.headers, await request.body(), now=bank.now()):
        raise Refused("simulator.signature")
    return bank


ABank = Annotated[Bank, Depends(bank_of)]
SignedBank = Annotated[Bank, Depends(signed_bank)]
router = APIRouter(prefix="/simulator", tags=["payment simulator"])


@router.post("/v1/sessions", status_code=201)
async def open_session(request: Request, bank: SignedBank) -> Response:
    """Make a payment session, or give the one of this reference."""
    asked = await read_body(request, SessionAsked)
    async with bank.database.begin() as session:
        found, is_new = await books.open_session(
            session,
            reference=asked.reference,
            money=Money(asked.amount, asked.currency),
            return_url=str(asked.return_url),
            notify_url=str(asked.notify_url),
            faults=bank.faults_of(asked.amount),
            now=bank.now(),
        )
        lost = found.goes_wrong(Fault.TIME_OUT_AFTER_SUCCESS)
    if is_new:
        bank.faults.clear()
    return no_answer() if lost else JSONResponse(_session_json(bank, found), status_code=201 if is_new else 200)


@router.get("/v1/sessions/{session_id}")
async def read_session(bank: SignedBank, session_id: str) -> Response:
    """The session as it is now."""
    async with bank.database.begin() as session:
        return JSONResponse(_session_json(bank, await books.session_of(session, session_id, now=bank.now())))


@router.post("/v1/sessions/{session_id}/close")
async def close_session(bank: SignedBank, session_id: str) -> Response:
    """Let nobody pay it any more."""
    async with bank.database.begin() as session:
        found = await books.session_of(session, session_id, lock=True, now=bank.now())
        lost = found.goes_wrong(Fault.REFUSE_CLOSE)
        if not lost:
            found = await books.close_session(session, session_id=session_id, now=bank.now())
            lost = found.goes_wrong(Fault.TIME_OUT_AFTER_SUCCESS)
    bank.rung.set()
    return no_answer() if lost else JSONResponse(_session_json(bank, found))


@router.post("/v1/refunds")
async def give_back(request: Request, bank: SignedBank) -> Response:
    """Pay back once under the shop's key."""
    asked = await read_body(request, RefundAsked)
    async with bank.database.begin() as session:
        refund = await books.give_back(
            session, session_id=asked.session, key=asked.key, amount=asked.amount, now=bank.now()
        )
        paid = await books.session_of(session, asked.session, lock=True, now=bank.now())
        lost = paid.goes_wrong(Fault.TIME_OUT_AFTER_SUCCESS)
    bank.rung.set()
    return no_answer() if lost else JSONResponse(_refund_json(refund))


@router.get("/v1/refunds/{key:path}")
async def read_refund(bank: SignedBank, key: str) -> Response:
    """The refund as it is now."""
    async with bank.database.begin() as session:
        refund = await books.refund_of(session, key, now=bank.now())
    bank.rung.set()
    return JSONResponse(_refund_json(refund))


@router.post("/v1/faults")
async def set_faults(request: Request, bank: SignedBank) -> Response:
    """Let things go wrong, where the settings allow it: for tests of the shop."""
    if not bank.may_go_wrong:
        raise Refused("simulator.faults_unknown")
    asked = await read_body(request, FaultsAsked)
    if asked.reference is None:
        bank.faults[:] = asked.faults
        return JSONResponse({"faults": asked.faults})
    async with bank.database.begin() as session:
        found = await books.session_by_reference(session, asked.reference)
        found.faults = [str(fault) for fault in asked.faults]
    return JSONResponse({"faults": asked.faults})


@router.get("/pay/{session_id}", include_in_schema=False)
async def pay_page(request: Request, bank: ABank, session_id: str, declined: bool = False) -> Response:
    """What the shopper sees: whom, how much, Pay or Decline; afterwards the way back."""
    async with bank.database.begin() as session:
        found = await books.session_of(session, session_id, now=bank.now())
    language = page_language(request)
    words = WORDS[language]
    after = {
        State.PROCESSING: (words.sim_slow_title, words.sim_slow_text, "wait"),
        State.PAID: (words.sim_paid_title, words.sim_paid_text, "good"),
        State.CLOSED: (words.sim_closed_title, words.sim_closed_text, "bad"),
        State.OPEN: (words.sim_declined_title, words.sim_declined_text, "bad"),
    }[State(found.state)]
    if found.state != State.OPEN or declined:
        title, text, mark = after
        if not found.return_url:  # opened from a code: the shop's page is somewhere else
            return notice_page(request, title=title, text=words.sim_scanned_text, mark=mark)
        back = {} if found.state == State.CLOSED else {"Refresh": f"2; url={found.return_url}"}
        return notice_page(
            request, title=title, text=text, mark=mark, button=(words.sim_return, found.return_url), headers=back
        )
    amount = money_text(found.money, language)
    name = {WECHAT: words.sim_wechat, ALIPAY: words.sim_alipay}.get(found.protocol, words.sim_name)
    body = fill(
        "bank.html",
        look=found.protocol,
        bank=name,
        to=words.sim_to,
        shop=request.app.state.shop.settings.shop_name(language),
        amount=amount,
        rows=Html(fill("row.html", name=words.sim_reference, value=found.reference)),
        action=f"/simulator/pay/{found.id}?lang={language}",
        pay=words.sim_pay.format(amount=amount),
        decline=words.sim_decline,
        note=words.sim_note,
    )
    return page(request, title=name, body=body)


@router.post("/pay/{session_id}", include_in_schema=False)
async def pay_or_decline(request: Request, bank: ABank, session_id: str, choice: Annotated[str, Form()]) -> Response:
    """The shopper pressed Pay or Decline."""
    if choice not in ("pay", "decline"):
        raise Refused("body.invalid")
    async with bank.database.begin() as session:
        await books.choose(session, session_id=session_id, pays=choice == "pay", now=bank.now())
    bank.rung.set()
    declined = "&declined=1" if choice == "decline" else ""
    return RedirectResponse(f"/simulator/pay/{session_id}?lang={page_language(request)}{declined}", status_code=303)


async def send_webhooks(bank: Bank, client: httpx.AsyncClient) -> int:
    """Send every webhook that is due, once; returns how many the shop took. What it did not take is due again later."""
    async with bank.database.begin() as session:
        due = await books.claim_webhooks(session, now=bank.now(), lease=_LEASE)
    taken = 0
    for event in due:
        raw, headers = letter(bank, event)
        try:
            ok = is_taken(event, await client.post(event.notify_url, content=raw, headers=headers))
        except httpx.HTTPError as error:
            log.warning("webhook did not arrive", error=type(error).__name__, tries=event.tries)
            ok = False
        taken += ok
        again = bank.now() + timedelta(seconds=min(600, 2**event.tries))
        async with bank.database.begin() as session:
            stored = await session.get_one(SimulatorEvent, event.id)
            stored.next_at = None if ok or event.tries >= _MOST_TRIES else again
            stored.answered_at = bank.now() if ok else None
            stored.corrupt = False
    return taken


async def keep_sending(bank: Bank, client: httpx.AsyncClient) -> None:
    """Send webhooks for as long as the process lives: at once when something happened, else every few seconds."""
    while True:
        bank.rung.clear()
        try:
            await send_webhooks(bank, client)
        except Exception as error:  # the database may be away for a moment; the books keep what is to be sent
            log.warning("webhooks wait", error=type(error).__name__)
        try:
            async with asyncio.timeout(_LOOK_EVERY):
                await bank.rung.wait()
        except TimeoutError:
            continue


def _session_json(bank: Bank, found: SimulatorSession) -> dict[str, Json]:
    return {
        "id": found.id,
        "reference": found.reference,
        "amount": found.amount,
        "currency": found.currency,
        "state": found.state,
        "url": f"{bank.base_url}/simulator/pay/{found.id}",
    }


def _refund_json(refund: SimulatorRefund) -> dict[str, Json]:
    return {
        "key": refund.key,
        "session": refund.session_id,
        "amount": refund.amount,
        "currency": refund.currency,
        "state": refund.state,
    }


def no_answer() -> Response:
    return JSONResponse({"code": "simulator.no_answer", "message": "A practised failure.", "facts": {}}, 504)
