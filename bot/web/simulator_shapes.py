"""What the payment simulator writes on the wire: sessions, refunds, webhooks, in its own protocol and in Stripe's."""

import json
from datetime import datetime

from bot.web.simulator_model import SimulatorRefund, SimulatorSession
from commerce.payments.stripe_checkout import exactly
from foundation.errors import Json
from foundation.money import Money

API_VERSION = "2025-07-30.basil"
_OWN_KINDS = {"payment.succeeded_late": "payment.succeeded"}
_SILENT_OWN = frozenset({"payment.processing"})
_STRIPE_KINDS = {
    "payment.succeeded": "checkout.session.completed",
    "payment.processing": "checkout.session.completed",
    "payment.succeeded_late": "checkout.session.async_payment_succeeded",
    "payment.failed": "payment_intent.payment_failed",
    "session.closed": "checkout.session.expired",
    "refund.succeeded": "refund.updated",
    "refund.failed": "refund.failed",
}
_STATUS = {"open": "open", "processing": "complete", "paid": "complete", "closed": "expired"}
_INTENT_STATUS = {
    "open": "requires_payment_method",
    "processing": "processing",
    "paid": "succeeded",
    "closed": "canceled",
}


def own_event(
    event_id: str,
    kind: str,
    about: SimulatorSession,
    refund: SimulatorRefund | None,
    now: datetime,  # noqa: ARG001 - for others
) -> dict[str, Json] | None:
    """A webhook in our own protocol; None for what it does not tell of."""
    if kind in _SILENT_OWN:
        return None
    payload: dict[str, Json] = {
        "event_id": event_id,
        "type": _OWN_KINDS.get(kind, kind),
        "session": about.id,
        "reference": about.reference,
        "amount": about.amount if refund is None else refund.amount,
        "currency": about.currency,
    }
    return payload if refund is None else payload | {"refund_key": refund.key}


def stripe_event(
    event_id: str, kind: str, about: SimulatorSession, refund: SimulatorRefund | None, now: datetime
) -> dict[str, Json]:
    """A webhook as Stripe sends it: an event around the object as it is now."""
    if refund is not None:
        thing = stripe_refund(refund, about)
    elif kind == "payment.failed":
        thing = stripe_intent(about)
    else:
        thing = stripe_session(about, url=None)
    return {
        "id": event_id,
        "object": "event",
        "api_version": API_VERSION,
        "created": _seconds(now),
        "data": {"object": thing},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": _STRIPE_KINDS[kind],
    }


def stripe_session(about: SimulatorSession, *, url: str | None, expanded: bool = False) -> dict[str, Json]:
    """A Checkout Session; `expanded` shows its payment intent whole."""
    has_intent = about.state in ("processing", "paid")
    intent: Json = stripe_intent(about) if expanded else about.payment_ref
    return {
        "id": about.id,
        "object": "checkout.session",
        "amount_subtotal": _amount(about.money),
        "amount_total": _amount(about.money),
        "cancel_url": about.return_url,
        "client_reference_id": about.reference or None,
        "created": _seconds(about.created_at),
        "currency": about.currency.lower(),
        "expires_at": _seconds(about.expires_at) if about.expires_at else None,
        "livemode": False,
        "metadata": _metadata(about.details),
        "mode": "payment",
        "payment_intent": intent if has_intent else None,
        "payment_method_types": ["card"],
        "payment_status": "paid" if about.state == "paid" else "unpaid",
        "status": _STATUS[about.state],
        "success_url": about.return_url,
        "url": url if about.state == "open" else None,
    }


def stripe_intent(about: SimulatorSession) -> dict[str, Json]:
    """The payment intent of a session, with its charge when it was paid."""
    charge: dict[str, Json] = {
        "id": f"ch_{(about.payment_ref or '')[3:]}",
        "object": "charge",
        "amount": _amount(about.money),
        "currency": about.currency.lower(),
        "paid": True,
        "status": "succeeded",
        "payment_method_details": {"type": "card", "card": {"brand": "visa", "last4": "4242"}},
    }
    return {
        "id": about.payment_ref,
        "object": "payment_intent",
        "amount": _amount(about.money),
        "amount_received": _amount(about.money) if about.state == "paid" else 0,
        "created": _seconds(about.created_at),
        "currency": about.currency.lower(),
        "latest_charge": charge if about.state == "paid" else None,
        "livemode": False,
        "metadata": _metadata(about.details),
        "status": _INTENT_STATUS[about.state],
    }


def stripe_refund(refund: SimulatorRefund, about: SimulatorSession) -> dict[str, Json]:
    """A refund."""
    return {
        "id": refund.key,
        "object": "refund",
        "amount": _amount(Money(refund.amount, refund.currency)),
        "charge": f"ch_{(about.payment_ref or '')[3:]}",
        "created": _seconds(refund.created_at),
        "currency": refund.currency.lower(),
        "metadata": _metadata(refund.details),
        "payment_intent": about.payment_ref,
        "reason": None,
        "status": refund.state,
    }


def wire(payload: dict[str, Json]) -> bytes:
    """The bytes of a webhook."""
    return json.dumps(payload, ensure_ascii=False).encode()


def _metadata(details: dict[str, Json]) -> dict[str, Json]:
    return {name: str(value) for name, value in details.items()}


def _amount(money: Money) -> int:
    amount = exactly(money)
    return money.amount if amount is None else amount


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
