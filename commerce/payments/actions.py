"""Paying through a provider: reserve in one transaction, call the provider without one, settle in another."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import structlog
from sqlalchemy import ColumnElement, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.orders.locks import locked_order
from commerce.orders.model import ChangeState, Order, OrderChange, OrderStatus
from commerce.orders.settlement import settle, settle_refund_answer
from commerce.payments.ledger import locked_intent
from commerce.payments.model import (
    PAYABLE,
    Intent,
    IntentState,
    Payment,
    ProviderEvent,
    Refund,
    RefundState,
    next_check,
)
from commerce.payments.port import UNSEEN, Payer, Provider, ProviderUnreachable, RefundOutcome, Session
from foundation.database import Database
from foundation.encryption import Vault
from foundation.errors import Refused
from foundation.jobs import enqueue, wake
from foundation.money import Money

log = structlog.get_logger(__name__)

LOOK_AT_EVENT = "payments.look_at_event"
_SIGNED_BYTES = 12
Watched = TypeVar("Watched", Intent, Refund)


@dataclass(frozen=True, slots=True)
class Till:
    """What jobs and doors need to talk to providers. `base_url` is where shoppers reach the shop."""

    database: Database
    providers: Mapping[str, Provider]
    base_url: str
    now: Callable[[], datetime]

    @property
    def vault(self) -> Vault:
        """The keys that sign pay links."""
        assert self.database.vault is not None, "a till needs a database with its vault"
        return self.database.vault


def pay_token(vault: Vault, intent_id: int) -> str:
    """The opaque part of a pay link, /pay/<token>. It does not expire: the order's state decides."""
    number = intent_id.to_bytes(8)
    return base64.urlsafe_b64encode(number + vault.sign("pay", number)[:_SIGNED_BYTES]).decode().rstrip("=")


def intent_from(vault: Vault, token: str) -> int:
    """The intent of a pay link. Raises Refused("payment.unknown") for any other string."""
    try:
        read = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except (ValueError, binascii.Error) as error:
        raise Refused("payment.unknown") from error
    number, signature = read[:8], read[8:]
    if len(signature) != _SIGNED_BYTES or not vault.verify("pay", number, signature):
        raise Refused("payment.unknown")
    return int.from_bytes(number)


async def open_payment(till: Till, token: str, payer: Payer = UNSEEN) -> str:
    """Where the shopper pays: makes the provider's session at the first call, later calls give the same address.

    It is a web page, or what a QR code shows to a wallet (weixin://...).
    Raises Refused("payment.unknown"), ("payment.closed"), ("payment.done"), and ProviderUnreachable.
    """
    intent_id = intent_from(till.vault, token)
    async with till.database.begin() as session:
        intent = await payable_intent(session, intent_id, now=till.now())
        if intent.redirect_url:
            return intent.redirect_url
        provider = _provider(till, intent.provider)
        intent.opened_at = intent.opened_at or till.now()  # a second try after a lost answer asks the same question
        intent.checks, intent.next_check_at = 0, next_check(0, now=till.now())
        until = await _ends_at(session, intent)
    made = await _create(till, provider, intent, until=until, payer=payer)
    async with till.database.begin() as session:
        intent = await _opened(session, intent_id, made)
    if intent.state not in PAYABLE:  # it was closed while we asked; the closing job finds the session by its reference
        raise Refused("payment.closed")
    if not intent.redirect_url:
        raise ProviderUnreachable(f"{intent.provider}: it is there, but nobody got its address")
    return intent.redirect_url


async def receive_webhook(till: Till, provider: str, headers: Mapping[str, str], raw: bytes) -> int:
    """Store what a provider says, once, and enqueue a look at the truth; returns how many events were new.

    Raises Refused("webhook.unknown_provider"), ("webhook.forged") or ("webhook.unreadable").
    """
    if provider not in till.providers:
        raise Refused("webhook.unknown_provider")
    notices = till.providers[provider].verify(headers, raw)
    new = 0
    async with till.database.begin() as session:
        for notice in notices:
            stored = await session.scalar(
                insert(ProviderEvent)
                .values(
                    provider=provider,
                    event_id=notice.event_id,
                    type=notice.type,
                    payload={"reference": notice.reference, "refund_key": notice.refund_key, **notice.payload},
                    received_at=till.now(),
                )
                .on_conflict_do_nothing(index_elements=["provider", "event_id"])
                .returning(ProviderEvent.id)
            )
            if stored is not None:
                await enqueue(session, LOOK_AT_EVENT, {"event_id": stored}, key=f"{LOOK_AT_EVENT}:{stored}")
                new += 1
    if new:
        await wake(till.database)
    return new


async def look_at_intent(till: Till, intent_id: int) -> IntentState:
    """Ask the provider how an intent stands, or close it where it is to be closed, and settle by the answer.

    May be called at any time, any number of times. Raises ProviderUnreachable.
    """
    async with till.database.begin() as session:
        intent = await session.get_one(Intent, intent_id)
        until = await _ends_at(session, intent) if intent.provider_ref is None else None
    if intent.opened_at is None or intent.state is IntentState.SUCCEEDED:
        return intent.state
    provider = _provider(till, intent.provider)
    if intent.provider_ref is None:  # the same reference gives the session that we never heard of
        made = await _create(till, provider, intent, until=until)
        async with till.database.begin() as session:
            intent = await _opened(session, intent_id, made)
    ref = intent.provider_ref or ""
    answer = await (provider.close(ref) if intent.state is IntentState.CLOSING else provider.query(ref))
    async with till.database.begin() as session:
        state = await settle(session, intent_id=intent_id, answer=answer, now=till.now())
        if answer.instrument is not None:
            (await session.get_one(Intent, intent_id)).instrument = answer.instrument
        return state


async def look_at_refund(till: Till, refund_id: int) -> RefundState:
    """Send a refund, or ask what became of it, always with the same key, and settle by the answer.

    A refund without an answer stays submitted. May be called at any time. Raises ProviderUnreachable.
    """
    async with till.database.begin() as session:
        refund = await session.get_one(Refund, refund_id, with_for_update={"key_share": True})
        if refund.state in (RefundState.SUCCEEDED, RefundState.CANCELLED):
            return refund.state
        was_sent = refund.state is RefundState.SUBMITTED
        if not was_sent:
            refund.move_to(RefundState.SUBMITTED)
        payment = await session.get_one(Payment, refund.payment_id)
        intent = await session.get_one(Intent, payment.intent_id)
        provider, ref = _provider(till, refund.provider), intent.provider_ref or ""
    outcome = await provider.query_refund(ref, key=refund.key) if was_sent else RefundOutcome.UNKNOWN
    if outcome is RefundOutcome.UNKNOWN:
        money = Money(refund.amount, refund.currency)
        outcome = await provider.refund(ref, key=refund.key, money=money)
    async with till.database.begin() as session:
        return await settle_refund_answer(session, refund_id=refund_id, outcome=outcome, now=till.now())


async def look_at_event(till: Till, event_id: int) -> None:
    """Follow a stored webhook: it is a hint, the provider's own answer is the truth. Again: nothing more happens."""
    async with till.database.begin() as session:
        event = await session.get_one(ProviderEvent, event_id)
        if event.handled_at is not None:
            return
        reference, refund_key = event.payload["reference"], event.payload["refund_key"]
        intent_id = await session.scalar(
            select(Intent.id).where(Intent.reference == reference, Intent.provider == event.provider)
        )
        refund_id = await session.scalar(select(Refund.id).where(Refund.key == refund_key)) if refund_key else None
    if refund_id is not None:
        result = f"refund {await look_at_refund(till, refund_id)}"
    elif intent_id is not None:
        result = f"intent {await look_at_intent(till, intent_id)}"
    else:
        result = "not ours"
    async with till.database.begin() as session:
        event = await session.get_one(ProviderEvent, event_id)
        event.handled_at, event.result = till.now(), result


async def reconcile(till: Till, *, limit: int = 50) -> int:
    """Ask the providers about intents and refunds that are due for a question; returns how many were asked.

    Each question moves its row on to the next time (1, 5, 30 minutes, 6 and 24 hours) before it is asked, so that of
    many workers one asks, and a provider that does not answer is not asked without end.
    """
    async with till.database.begin() as session:
        intents = await _due(session, Intent, _WATCHED_INTENTS, now=till.now(), limit=limit)
        refunds = await _due(session, Refund, _WATCHED_REFUNDS, now=till.now(), limit=limit)
    failed: list[Exception] = []
    for look, ids in ((look_at_intent, intents), (look_at_refund, refunds)):
        for row_id in ids:
            try:
                await look(till, row_id)
            except ProviderUnreachable as error:
                log.warning("provider unreachable", look=look.__name__, id=row_id, error=str(error))
            except Exception as error:  # the others have been moved on already: ask for them first
                failed.append(error)
    if failed:
        raise ExceptionGroup("what the provider said could not be settled", failed)
    return len(intents) + len(refunds)


_WATCHED_INTENTS = Intent.state.in_((*PAYABLE, IntentState.CLOSING))
_WATCHED_REFUNDS = Refund.state.in_((RefundState.REQUESTED, RefundState.SUBMITTED, RefundState.FAILED))


async def _due(
    session: AsyncSession, table: type[Watched], watched: ColumnElement[bool], *, now: datetime, limit: int
) -> list[int]:
    """Rows whose next question is due, each moved on to the one after it."""
    found = (
        select(table)
        .where(watched, table.next_check_at <= now)
        .order_by(table.next_check_at)
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
    )
    rows = (await session.scalars(found)).all()
    for row in rows:
        row.checks += 1
        row.next_check_at = next_check(row.checks, now=now)
    return [row.id for row in rows]


async def payable_intent(session: AsyncSession, intent_id: int, *, now: datetime) -> Intent:
    """The intent, locked with its order, if that still waits for money.

    Raises Refused("payment.unknown"), ("payment.closed") or ("payment.done").
    """
    order_id = await session.scalar(select(Intent.order_id).where(Intent.id == intent_id))
    if order_id is None:
        raise Refused("payment.unknown")
    order = await locked_order(session, order_id)
    intent = await locked_intent(session, intent_id)
    if intent.state is IntentState.SUCCEEDED:
        raise Refused("payment.done", number=order.number)
    if intent.change_id is None:
        waits = order.status is OrderStatus.PENDING and (order.hold_until is None or order.hold_until > now)
    else:
        change = await session.get_one(OrderChange, intent.change_id)
        waits = change.state is ChangeState.AWAITING_PAYMENT and change.expires_at > now
    if not waits or intent.state not in PAYABLE:
        raise Refused("payment.closed", number=order.number)
    return intent


async def _ends_at(session: AsyncSession, intent: Intent) -> datetime | None:
    """When the order or the change that an intent pays for stops waiting for its money."""
    if intent.change_id is not None:
        return (await session.get_one(OrderChange, intent.change_id)).expires_at
    return (await session.get_one(Order, intent.order_id)).hold_until


async def _create(
    till: Till, provider: Provider, intent: Intent, *, until: datetime | None, payer: Payer = UNSEEN
) -> Session:
    return_url = f"{till.base_url}/pay/{pay_token(till.vault, intent.id)}/done"
    opened_at = intent.opened_at or till.now()
    return await provider.create(
        reference=intent.reference,
        money=intent.money,
        return_url=return_url,
        opened_at=opened_at,
        until=until,
        payer=payer,
    )


async def _opened(session: AsyncSession, intent_id: int, made: Session) -> Intent:
    """Remember the provider's session of an intent; of two that were made at once, the first: nobody gets the other."""
    intent = await locked_intent(session, intent_id)
    if not intent.redirect_url:
        intent.provider_ref, intent.redirect_url = made.ref, made.url
    if intent.state is IntentState.CREATED:
        intent.move_to(IntentState.REQUIRES_ACTION)
    return intent


def _provider(till: Till, name: str) -> Provider:
    if name not in till.providers:
        raise ProviderUnreachable(f"no provider {name} is set up")
    return till.providers[name]
