"""Stripe Checkout as a payment provider: a client of the few REST calls it takes, over httpx, and its webhooks.

Every POST carries an Idempotency-Key made of our own name of the fact, and the same parameters at every try, as Stripe
demands. A session ends by itself 45 minutes after it was opened (Stripe allows no less than 30; the rest is room for
tries); the shop closes it earlier by /expire.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import quote, urlencode

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from commerce.payments.port import UNSEEN, Notice, Payer, ProviderUnreachable, RefundOutcome, Session, SessionState
from commerce.payments.signatures import is_stripe_signed
from foundation.errors import Refused
from foundation.money import Money, exponent

OPEN_FOR = timedelta(minutes=45)
MOST_REFUNDS = 500
"""Refunds of one payment that are looked through for one of ours."""
_ZERO_DECIMAL = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"}
)
_THREE_DECIMAL = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
_EXPAND = ("payment_intent", "payment_intent.latest_charge")
Shape = TypeVar("Shape", bound=BaseModel)
_REFUNDS = {
    "pending": RefundOutcome.PENDING,
    "requires_action": RefundOutcome.PENDING,
    "succeeded": RefundOutcome.SUCCEEDED,
    "failed": RefundOutcome.FAILED,
    "canceled": RefundOutcome.FAILED,
}


def stripe_digits(currency: str) -> int:
    """Decimals of an amount at Stripe. ISK and UGX have none, but are written with two there."""
    if currency in _ZERO_DECIMAL:
        return 0
    return 3 if currency in _THREE_DECIMAL else 2


def exactly(money: Money) -> int | None:
    """The amount as Stripe counts it; None where it cannot take exactly that, such as 1.234 dinars or half a króna."""
    amount, rest = divmod(money.amount * 10 ** stripe_digits(money.currency), 10 ** exponent(money.currency))
    half = money.currency in ("ISK", "UGX") and amount % 100
    return None if rest or half or (money.currency in _THREE_DECIMAL and amount % 10) else amount


def from_stripe(amount: int, currency: str) -> Money:
    """An amount that Stripe wrote, as ours."""
    currency = currency.upper()
    return Money(amount * 10 ** exponent(currency) // 10 ** stripe_digits(currency), currency)


class _Loose(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Card(_Loose):
    last4: str | None = None


class _Method(_Loose):
    type: str = ""
    card: _Card | None = None


class _Charge(_Loose):
    payment_method_details: _Method | None = None


class _PaymentIntent(_Loose):
    id: str
    status: str
    latest_charge: _Charge | str | None = None


class StripeSession(_Loose):
    """What we read of a Checkout Session."""

    id: str
    status: str | None = None
    payment_status: str = "unpaid"
    client_reference_id: str | None = None
    amount_total: int | None = None
    currency: str | None = None
    url: str | None = None
    payment_intent: _PaymentIntent | str | None = None


class StripeRefund(_Loose):
    """What we read of a refund."""

    id: str
    status: str | None = None
    amount: int
    currency: str
    metadata: dict[str, str] | None = None

    @property
    def key(self) -> str | None:
        """Our name of it."""
        return (self.metadata or {}).get("refund_key")

    @property
    def outcome(self) -> RefundOutcome:
        """How it stands."""
        return _REFUNDS.get(self.status or "pending", RefundOutcome.PENDING)


class _Refunds(_Loose):
    data: list[StripeRefund]
    has_more: bool = False


class _Object(_Loose):
    id: str = Field(default="", max_length=255)
    object: str = ""
    status: str | None = None
    client_reference_id: str | None = None
    metadata: dict[str, str] | None = None


class _EventData(_Loose):
    object: _Object


class StripeEvent(_Loose):
    """What we read of an event: enough to know whom to ask about."""

    id: str = Field(min_length=1, max_length=120)
    type: str = Field(min_length=1, max_length=60)
    data: _EventData


class StripeCheckout:
    """Stripe as a payment provider. `webhook_secrets`: while one is rotated there are two."""

    name = "stripe"

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        base_url: str,
        secret_key: str,
        webhook_secrets: Sequence[bytes],
        now: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._base_url = base_url.rstrip("/")
        self._secret_key = secret_key
        self._webhook_secrets = tuple(webhook_secrets)
        self._now = now

    async def create(
        self,
        *,
        reference: str,
        money: Money,
        return_url: str,
        opened_at: datetime,
        until: datetime | None = None,  # noqa: ARG002 - for others, as is the next
        payer: Payer = UNSEEN,  # noqa: ARG002
    ) -> Session:
        """Make the session of this reference, or give the one there is. Raises Refused("payment.amount_unfit")."""
        amount = exactly(money)
        if amount is None:
            raise Refused("payment.amount_unfit", amount=money.amount, currency=money.currency)
        asked = {
            "mode": "payment",
            "client_reference_id": reference,
            "success_url": return_url,
            "cancel_url": return_url,
            "line_items[0][quantity]": "1",
            "line_items[0][price_data][currency]": money.currency.lower(),
            "line_items[0][price_data][unit_amount]": str(amount),
            "line_items[0][price_data][product_data][name]": reference.rpartition("-")[0],
            "metadata[reference]": reference,
            "payment_intent_data[metadata][reference]": reference,
        }
        ends = {"expires_at": str(int((opened_at + OPEN_FOR).timestamp()))}
        response = await self._post("/v1/checkout/sessions", asked | ends, key=f"create:{reference}")
        if _rejects(response, "expires_at"):  # so late that Stripe never had it: else it would have answered the same
            response = await self._post("/v1/checkout/sessions", asked, key=f"create:{reference}:late")
        return _session(response)

    async def query(self, ref: str) -> Session:
        """The session as it is now."""
        return _session(await self._get(_path(ref), [("expand[]", name) for name in _EXPAND]))

    async def close(self, ref: str) -> Session:
        """Let nobody pay it any more; the answer says PAID where that came too late."""
        await self._post(f"{_path(ref)}/expire", {}, key=None)  # 400 where it is not open: the query says what it is
        return await self.query(ref)

    async def refund(self, ref: str, *, key: str, money: Money) -> RefundOutcome:
        """Pay back once under this key. Only one that has failed there is followed by another try."""
        intent = await self._payment_intent(ref)
        amount = exactly(money)
        if intent is None or amount is None:
            return RefundOutcome.FAILED
        tries = await self._refunds(intent, key)
        for known in tries:
            if known.outcome is not RefundOutcome.FAILED:
                return known.outcome
        body = {"payment_intent": intent, "amount": str(amount), "metadata[refund_key]": key}
        response = await self._post("/v1/refunds", body, key=f"{key}:{len(tries)}")
        if response.status_code in (400, 402):
            return RefundOutcome.FAILED
        made = _read(StripeRefund, response)
        if response.headers.get("Idempotent-Replayed") == "true":  # that is how it stood when it was made
            made = _read(StripeRefund, await self._get(f"/v1/refunds/{quote(made.id, safe='')}"))
        return made.outcome

    async def query_refund(self, ref: str, *, key: str) -> RefundOutcome:
        """What became of the refund with this key; UNKNOWN when Stripe has none of it."""
        intent = await self._payment_intent(ref)
        tries = [] if intent is None else await self._refunds(intent, key)
        if not tries:
            return RefundOutcome.UNKNOWN
        alive = [known.outcome for known in tries if known.outcome is not RefundOutcome.FAILED]
        return alive[0] if alive else RefundOutcome.FAILED

    def verify(self, headers: Mapping[str, str], raw: bytes) -> list[Notice]:
        """Read a webhook. Raises Refused("webhook.forged") when the signature is not theirs or too old."""
        given = {name.lower(): value for name, value in headers.items()}.get("stripe-signature", "")
        if not is_stripe_signed(self._webhook_secrets, given, raw, now=self._now()):
            raise Refused("webhook.forged")
        return [read_event(raw)]

    async def _payment_intent(self, ref: str) -> str | None:
        found = _read(StripeSession, await self._get(_path(ref))).payment_intent
        return found.id if isinstance(found, _PaymentIntent) else found

    async def _refunds(self, intent: str, key: str) -> list[StripeRefund]:
        """Our tries of this refund, newest first."""
        found: list[StripeRefund] = []
        asked = [("payment_intent", intent), ("limit", "100")]
        for _ in range(MOST_REFUNDS // 100):
            page = _read(_Refunds, await self._get("/v1/refunds", asked))
            found += page.data
            if not page.has_more or not page.data:
                break
            asked = [*asked[:2], ("starting_after", page.data[-1].id)]
        return [refund for refund in found if refund.key == key]

    async def _get(self, path: str, query: Sequence[tuple[str, str]] = ()) -> httpx.Response:
        return await self._call("GET", path + (f"?{urlencode(query)}" if query else ""), None, {})

    async def _post(self, path: str, body: Mapping[str, str], *, key: str | None) -> httpx.Response:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return await self._call(
            "POST", path, urlencode(body).encode(), headers | ({"Idempotency-Key": key} if key else {})
        )

    async def _call(self, method: str, path: str, raw: bytes | None, headers: dict[str, str]) -> httpx.Response:
        headers["Authorization"] = f"Bearer {self._secret_key}"
        try:
            response = await self._client.request(method, self._base_url + path, content=raw, headers=headers)
        except httpx.HTTPError as error:
            raise ProviderUnreachable(f"stripe: {type(error).__name__}") from error
        if response.status_code not in (
            200,
            400,
            402,
        ):  # 409: the same key is under way; 429, 5xx: later; 401, 404: set up
            raise ProviderUnreachable(f"stripe: HTTP {response.status_code}")
        return response


def read_event(raw: bytes) -> Notice:
    """What a webhook is about, and no more of it: what it says of people stays with Stripe.

    Raises Refused("webhook.unreadable").
    """
    try:
        event = StripeEvent.model_validate_json(raw)
    except ValidationError as error:
        raise Refused("webhook.unreadable") from error
    about = event.data.object
    named = about.metadata or {}
    reference = about.client_reference_id or named.get("reference") or ""
    payload = {"object": about.object[:60], "id": about.id, "status": about.status}
    return Notice(event.id, event.type, reference[:120], named.get("refund_key"), payload)


def _path(ref: str) -> str:
    return f"/v1/checkout/sessions/{quote(ref, safe='')}"


def _rejects(response: httpx.Response, parameter: str) -> bool:
    if response.status_code != 400:
        return False
    try:
        return bool(response.json()["error"].get("param") == parameter)
    except (ValueError, KeyError, AttributeError, TypeError):
        return False


def _read(shape: type[Shape], response: httpx.Response) -> Shape:
    try:
        return shape.model_validate_json(response.content)
    except ValidationError as error:
        raise ProviderUnreachable(f"stripe: HTTP {response.status_code} without a {shape.__name__}") from error


def read_session(found: StripeSession) -> Session:
    """A Checkout Session as the port knows it. Raises ProviderUnreachable for one without amount or name."""
    if found.amount_total is None or found.currency is None:
        raise ProviderUnreachable("stripe: a session without an amount")
    intent = found.payment_intent if isinstance(found.payment_intent, _PaymentIntent) else None
    return Session(
        ref=found.id,
        reference=found.client_reference_id or "",
        url=found.url or "",
        state=_state(found, intent),
        money=from_stripe(found.amount_total, found.currency),
        instrument=_instrument(intent),
    )


def _session(response: httpx.Response) -> Session:
    return read_session(_read(StripeSession, response))


def _state(found: StripeSession, intent: _PaymentIntent | None) -> SessionState:
    if found.payment_status in ("paid", "no_payment_required"):
        return SessionState.PAID
    if found.status == "complete":  # a bank debit takes days, and may fail in the end
        failed = intent is not None and intent.status in ("requires_payment_method", "canceled")
        return SessionState.FAILED if failed else SessionState.PROCESSING
    return SessionState.CLOSED if found.status == "expired" else SessionState.OPEN


def _instrument(intent: _PaymentIntent | None) -> str | None:
    charge = intent.latest_charge if intent is not None else None
    method = charge.payment_method_details if isinstance(charge, _Charge) else None
    if method is None or not method.type:
        return None
    if method.card is not None and method.card.last4:
        return f"card ending {method.card.last4[:4]}"
    return method.type[:60]
