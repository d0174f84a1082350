"""What the simulator remembers only because Stripe does: answers by idempotency key, and the small objects around."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import String, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from bot.web import simulator_books as books
from bot.web.simulator_model import STRIPE, SimulatorRefund, SimulatorSession, State
from commerce.payments.stripe_checkout import from_stripe
from foundation.database import Base, JsonMap
from foundation.errors import Json, Refused
from foundation.money import Money, exponent

SHORTEST, LONGEST = timedelta(minutes=30), timedelta(hours=24)
"""How long a Checkout Session may be open."""
LARGEST = 99_999_999
"""Stripe takes at most eight digits."""


class SimulatorKey(Base):
    """An answer that a repeated request with the same key gets again."""

    __tablename__ = "simulator_key"

    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    answer: Mapped[JsonMap | None]
    created_at: Mapped[datetime]


class SimulatorThing(Base):
    """A product, price or payment method: kept as it was sent."""

    __tablename__ = "simulator_thing"

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    body: Mapped[JsonMap]
    created_at: Mapped[datetime]


class StripeError(Exception):
    """What Stripe answers to a request it does not take."""

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None, status: int = 400) -> None:
        super().__init__(message)
        self.param, self.code, self.status = param, code, status
        self.type = "idempotency_error" if code == "idempotency_error" else "invalid_request_error"

    @property
    def body(self) -> Json:
        """The answer."""
        error: dict[str, Json] = {"type": self.type, "message": str(self)}
        if self.param:
            error["param"] = self.param
        if self.code and self.code != self.type:
            error["code"] = self.code
        return {"error": error}


async def earlier_answer(
    session: AsyncSession, key: str, path: str, params: Mapping[str, str], *, now: datetime
) -> tuple[SimulatorKey, bool]:
    """The key, locked, and whether its answer is there already. Other parameters under one key are a StripeError."""
    text = path + "".join(f"\n{name}={params[name]}" for name in sorted(params))
    fingerprint = hashlib.sha256(text.encode()).hexdigest()
    new = insert(SimulatorKey).values(key=key, fingerprint=fingerprint, created_at=now)
    await session.execute(new.on_conflict_do_nothing())
    found = (await session.scalars(select(SimulatorKey).filter_by(key=key).with_for_update())).one()
    if found.fingerprint != fingerprint:
        raise StripeError(
            "Keys for idempotent requests can only be used with the same parameters they were first used with.",
            code="idempotency_error",
        )
    return found, found.answer is not None


async def open_checkout(
    session: AsyncSession, params: Mapping[str, str], *, notify_url: str, faults: list[str], now: datetime
) -> SimulatorSession:
    """A new Checkout Session of these parameters."""
    if params.get("mode") != "payment":
        raise StripeError("This simulator knows mode=payment only.", param="mode")
    until = now + LONGEST
    if "expires_at" in params:
        until = _time(params["expires_at"])
        if not now + SHORTEST <= until <= now + LONGEST:
            raise StripeError(
                "`expires_at` must be between 30 minutes and 24 hours from Checkout Session creation.",
                param="expires_at",
            )
    money = await _basket(session, params)
    found = SimulatorSession(
        id=f"cs_test_{secrets.token_urlsafe(32)}",
        protocol=STRIPE,
        reference=params.get("client_reference_id", "")[:200],
        payment_ref=f"pi_{secrets.token_hex(12)}",
        amount=money.amount,
        currency=money.currency,
        state=State.OPEN,
        return_url=_needed(params, "success_url"),
        notify_url=notify_url,
        faults=faults,
        details=_metadata(params, "metadata"),
        created_at=now,
        expires_at=until,
    )
    session.add(found)
    await session.flush()
    return found


async def pay_directly(
    session: AsyncSession, params: Mapping[str, str], *, notify_url: str, faults: list[str], now: datetime
) -> SimulatorSession:
    """A payment intent without a page, paid at once where it is confirmed."""
    name = f"pi_{secrets.token_hex(12)}"
    money = from_stripe(_whole(_needed(params, "amount"), "amount"), _currency(params, "currency"))
    found = SimulatorSession(
        id=name,
        protocol=STRIPE,
        reference="",
        payment_ref=name,
        amount=money.amount,
        currency=money.currency,
        state=State.OPEN,
        return_url=params.get("return_url", ""),
        notify_url=notify_url,
        faults=faults,
        details=_metadata(params, "metadata"),
        created_at=now,
    )
    session.add(found)
    await session.flush()
    if params.get("confirm") == "true":
        await books.choose(session, session_id=name, pays=True, now=now)
    return found


async def intent_of(session: AsyncSession, payment_ref: str, *, now: datetime, lock: bool = False) -> SimulatorSession:
    """The session of a payment intent."""
    found = await session.scalar(select(SimulatorSession.id).filter_by(payment_ref=payment_ref, protocol=STRIPE))
    if found is None:
        raise StripeError(
            f"No such payment_intent: '{payment_ref[:80]}'", param="intent", code="resource_missing", status=404
        )
    return await books.session_of(session, found, now=now, lock=lock)


async def checkout_of(session: AsyncSession, session_id: str, *, now: datetime, lock: bool = False) -> SimulatorSession:
    """The Checkout Session of this id."""
    try:
        found = await books.session_of(session, session_id, now=now, lock=lock)
    except Refused:
        found = None
    if found is None or found.protocol != STRIPE:
        raise StripeError(
            f"No such checkout.session: '{session_id[:80]}'", param="session", code="resource_missing", status=404
        )
    return found


async def refund_stripe(session: AsyncSession, params: Mapping[str, str], *, now: datetime) -> SimulatorRefund:
    """Give money of a payment intent back; all that is left where no amount is said."""
    paid = await intent_of(session, _needed(params, "payment_intent"), now=now, lock=True)
    left = paid.amount - await books.given_back(session, paid.id)
    amount = left
    if "amount" in params:
        amount = from_stripe(_whole(params["amount"], "amount"), paid.currency).amount
    try:
        return await books.make_refund(
            session,
            paid,
            key=f"re_{secrets.token_hex(12)}",
            amount=amount,
            details=_metadata(params, "metadata"),
            now=now,
        )
    except Refused as refusal:
        if refusal.code == "simulator.not_paid":
            raise StripeError(
                "This PaymentIntent does not have a successful charge to refund.", param="payment_intent"
            ) from refusal
        code = "charge_already_refunded" if left == 0 else None
        raise StripeError(
            "Refund amount is greater than unrefunded amount on charge.", param="amount", code=code
        ) from refusal


async def refunds_of(
    session: AsyncSession, payment_ref: str, *, after: str | None, limit: int, now: datetime
) -> tuple[list[SimulatorRefund], SimulatorSession, bool]:
    """Refunds of a payment intent, newest first, its session, and whether there are more."""
    paid = await intent_of(session, payment_ref, now=now)
    waiting = await session.scalars(
        select(SimulatorRefund.key).where(SimulatorRefund.session_id == paid.id, SimulatorRefund.state == "pending")
    )
    for key in waiting.all():
        await books.refund_of(session, key, now=now)
    listed = select(SimulatorRefund).where(SimulatorRefund.session_id == paid.id)
    ordered = listed.order_by(SimulatorRefund.created_at.desc(), SimulatorRefund.key.desc())
    found = list((await session.scalars(ordered)).all())
    if after is not None:
        found = found[1 + next((place for place, one in enumerate(found) if one.key == after), -1) :]
    return found[:limit], paid, len(found) > limit


async def keep_thing(
    session: AsyncSession, kind: str, prefix: str, params: Mapping[str, str], *, now: datetime
) -> Json:
    """Remember a small object."""
    body: JsonMap = {"id": f"{prefix}_{secrets.token_hex(8)}", "object": kind, **params}
    session.add(SimulatorThing(id=str(body["id"]), body=body, created_at=now))
    return body


async def _basket(session: AsyncSession, params: Mapping[str, str]) -> Money:
    """The sum of the lines, each with a price of its own or one that was made before."""
    total, currency = 0, ""
    for place in range(100):
        line = f"line_items[{place}]"
        if not any(name.startswith(line) for name in params):
            break
        price = await session.get(SimulatorThing, params.get(f"{line}[price]", ""))
        if price is not None:
            unit, currency = _whole(str(price.body.get("unit_amount")), "price"), _currency(price.body, "currency")
        else:
            unit = _whole(_needed(params, f"{line}[price_data][unit_amount]"), "unit_amount")
            currency = _currency(params, f"{line}[price_data][currency]")
        total += unit * _whole(params.get(f"{line}[quantity]", "1"), "quantity")
    if not currency:
        raise StripeError("Missing required param: line_items.", param="line_items", code="parameter_missing")
    if not 0 < total <= LARGEST:
        raise StripeError("Amount must be no more than 8 digits.", param="line_items", code="amount_too_large")
    return from_stripe(total, currency)


def _needed(params: Mapping[str, str], name: str) -> str:
    if not params.get(name):
        raise StripeError(f"Missing required param: {name}.", param=name, code="parameter_missing")
    return params[name]


def _whole(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise StripeError(f"Invalid integer: {text[:40]}", param=name, code="parameter_invalid_integer")
    return int(text)


def _currency(params: Mapping[str, Json], name: str) -> str:
    currency = str(params.get(name) or "").upper()
    try:
        exponent(currency)
    except Refused as error:
        raise StripeError(f"Invalid currency: {currency[:8]}", param=name) from error
    return currency


def _time(text: str) -> datetime:
    return datetime.fromtimestamp(_whole(text, "expires_at"), tz=UTC)


def _metadata(params: Mapping[str, str], name: str) -> JsonMap:
    """{name: value} of metadata[name]=value."""
    return {key[len(name) + 1 : -1]: value for key, value in params.items() if key.startswith(f"{name}[")}
