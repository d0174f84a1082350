"""Paying in Telegram: the questions before a payment, which wait ten seconds for an answer, and money that came."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.language import translator
from bot.refusals import sentence
from bot.telegram.invoices import STARS, TelegramInvoices, TelegramStars, as_money, event_id_of
from bot.telegram.people import first_language, person_of
from bot.telegram.values import Paid, PaymentAsked, ShippingAsked, User
from commerce.orders.model import Order
from commerce.payments.invoices import allow_payment, book_payment, payable_named
from commerce.payments.model import ProviderEvent
from foundation import jobs
from foundation.errors import Refused

if TYPE_CHECKING:
    from bot.shop import Shop

log = structlog.get_logger(__name__)

ANSWER_WITHIN = 7.0
"""Seconds; Telegram gives up after ten."""


async def answer_checkout(shop: "Shop", asked: PaymentAsked, *, within: float = ANSWER_WITHIN) -> None:
    """Say whether an invoice may be paid this moment; a yes keeps its goods while the money comes."""

    async def look(session: AsyncSession) -> None:
        provider = shop.till.providers.get(_name(asked.currency))
        if not isinstance(provider, TelegramInvoices):
            raise Refused("payment.unknown")
        await allow_payment(
            session,
            provider=provider.name,
            reference=asked.payload,
            fits=lambda owed: provider.asks(owed) == (asked.currency, asked.amount),
            now=shop.now(),
            digital_only=isinstance(provider, TelegramStars),
        )

    assert shop.telegram is not None
    await shop.telegram.answer_checkout(asked.query_id, await _problem(shop, asked.user, look, within=within))


async def answer_shipping(shop: "Shop", asked: ShippingAsked) -> None:
    """Say what sending costs: nothing more, for where to and how was agreed on before and is in the sum."""
    label = ""

    async def look(session: AsyncSession) -> None:
        nonlocal label
        intent = await payable_named(session, provider=TelegramInvoices.name, reference=asked.payload, now=shop.now())
        order = await session.get_one(Order, intent.order_id)
        label = str(order.shipping_label.get(order.language) or translator(order.language)("By parcel"))

    assert shop.telegram is not None
    problem = await _problem(shop, asked.user, look, within=ANSWER_WITHIN)
    await shop.telegram.answer_shipping(asked.query_id, label, problem)


async def take_payment(shop: "Shop", paid: Paid) -> None:
    """Keep that this was paid, then book it; committed when this returns. However often it is told, it counts once.

    Should the booking fail, Telegram tells it again; should it fail for ever, the staff see what is kept.
    """
    async with shop.database.begin() as session:
        await _kept(session, paid, now=shop.now())
    async with shop.database.begin() as session:
        await book_once(session, paid, now=shop.now())
    await jobs.wake(shop.database)


async def book_once(session: AsyncSession, paid: Paid, *, now: datetime) -> bool:
    """Book a charge unless that was done before. What must not be booked is kept with the reason, for the staff to see
    among what the banks told."""
    event = await _kept(session, paid, now=now)
    if event.handled_at is not None:
        return False
    event.handled_at, event.result = now, "booked"
    try:
        async with session.begin_nested():
            await book_payment(
                session,
                provider=event.provider,
                reference=paid.payload,
                money=None if paid.currency == STARS else as_money(paid.amount, paid.currency),
                proof=paid.charge_id if paid.currency == STARS else paid.provider_charge_id,
                now=now,
            )
    except Refused as refused:
        log.error("a payment in Telegram cannot be booked", told=event.event_id, code=refused.code)
        event.handled_at, event.result = now, f"not booked: {refused.code}"
    return True


async def _problem(shop: "Shop", user: User, look: Callable[[AsyncSession], Awaitable[None]], *, within: float) -> str:
    """Look at an invoice in time; why it cannot be paid, in the payer's language, or nothing."""
    language = first_language(user, default=shop.settings.default_language)
    try:
        async with asyncio.timeout(within), shop.database.begin() as session:
            language = (await person_of(session, user, default=language)).language
            await look(session)
    except Refused as refused:
        return sentence(refused, translator(language))
    except TimeoutError:
        log.warning("an invoice could not be looked at in time")
    except Exception:  # whatever it is: without an answer the shopper waits in vain
        log.exception("an invoice cannot be looked at")
    else:
        return ""
    _ = translator(language)
    return _("Something went wrong on our side. Nothing was charged; please try again in a minute.")


async def _kept(session: AsyncSession, paid: Paid, *, now: datetime) -> ProviderEvent:
    """What was told about this charge, once; locked."""
    provider, event_id = _name(paid.currency), event_id_of(paid.charge_id)
    told = insert(ProviderEvent).values(
        provider=provider,
        event_id=event_id,
        type="successful_payment",
        payload={
            "reference": paid.payload,
            "refund_key": None,
            "charge": paid.charge_id,
            "provider_charge": paid.provider_charge_id,
            "amount": paid.amount,
            "currency": paid.currency,
            **({"user": paid.user.id} if paid.currency == STARS else {}),
        },
        received_at=now,
    )
    await session.execute(told.on_conflict_do_nothing(index_elements=["provider", "event_id"]))
    kept = select(ProviderEvent).where(ProviderEvent.provider == provider, ProviderEvent.event_id == event_id)
    return (await session.scalars(kept.with_for_update(key_share=True))).one()


def _name(currency: str) -> str:
    """The provider of what is paid in this currency."""
    return TelegramStars.name if currency == STARS else TelegramInvoices.name
