"""Paying in Telegram: the questions before a payment, which wait ten seconds for an answer, and money that came."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.language import translator
from bot.refusals import sentence
from bot.telegram.invoices import TelegramInvoices, as_money
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
_LONGEST_ID = 120


async def answer_checkout(shop: "Shop", asked: PaymentAsked) -> None:
    """Say whether an invoice may be paid this moment; a yes keeps its goods while the money comes."""

    async def look(session: AsyncSession) -> None:
        money = as_money(asked.amount, asked.currency)
        name = TelegramInvoices.name
        await allow_payment(session, provider=name, reference=asked.payload, money=money, now=shop.now())

    assert shop.telegram is not None
    await shop.telegram.answer_checkout(asked.query_id, await _problem(shop, asked.user, look))


async def answer_shipping(shop: "Shop", asked: ShippingAsked) -> None:
    """Say what sending costs: nothing more, for where to and how was agreed on before and is in the sum."""
    label = ""

    async def look(session: AsyncSession) -> None:
        nonlocal label
        intent = await payable_named(session, provider=TelegramInvoices.name, reference=asked.payload, now=shop.now())
        order = await session.get_one(Order, intent.order_id)
        label = str(order.shipping_label.get(order.language) or translator(order.language)("By parcel"))

    assert shop.telegram is not None
    problem = await _problem(shop, asked.user, look)
    await shop.telegram.answer_shipping(asked.query_id, (("agreed", label, 0),), problem)


async def take_payment(shop: "Shop", paid: Paid) -> None:
    """Book what was paid; committed when this returns. However often Telegram tells it, it counts once."""
    async with shop.database.begin() as session:
        await book_once(session, paid, now=shop.now())
    await jobs.wake(shop.database)


async def book_once(session: AsyncSession, paid: Paid, *, now: datetime) -> bool:
    """Book a charge unless that was done before. What cannot be booked is kept with the reason, for the staff to see
    among what the banks told."""
    event_id = await _told_first(session, paid, now=now)
    if event_id is None:
        return False
    result = "booked"
    try:
        async with session.begin_nested():
            await book_payment(
                session,
                provider=TelegramInvoices.name,
                reference=paid.payload,
                money=as_money(paid.amount, paid.currency),
                proof=paid.provider_charge_id or paid.charge_id,
                now=now,
            )
    except Refused as refused:
        log.error("a payment in Telegram cannot be booked", told=event_id, code=refused.code)
        result = f"not booked: {refused.code}"
    event = await session.get_one(ProviderEvent, event_id)
    event.handled_at, event.result = now, result
    return True


async def _problem(shop: "Shop", user: User, look: Callable[[AsyncSession], Awaitable[None]]) -> str:
    """Look at an invoice in time; why it cannot be paid, in the payer's language, or nothing."""
    language = first_language(user, default=shop.settings.default_language)
    try:
        async with asyncio.timeout(ANSWER_WITHIN), shop.database.begin() as session:
            language = (await person_of(session, user, default=language)).language
            await look(session)
    except Refused as refused:
        return sentence(refused, translator(language))
    except Exception:  # whatever it is: without an answer the shopper waits in vain
        log.exception("an invoice cannot be looked at")
        _ = translator(language)
        return _("Something went wrong on our side. Nothing was charged; please try again in a minute.")
    return ""


async def _told_first(session: AsyncSession, paid: Paid, *, now: datetime) -> int | None:
    """Keep that this was paid; None when it was told before."""
    charge = paid.charge_id
    stored: int | None = await session.scalar(
        insert(ProviderEvent)
        .values(
            provider=TelegramInvoices.name,
            event_id=charge if len(charge) <= _LONGEST_ID else hashlib.sha256(charge.encode()).hexdigest(),
            type="successful_payment",
            payload={
                "reference": paid.payload,
                "refund_key": None,
                "charge": charge,
                "provider_charge": paid.provider_charge_id,
                "amount": paid.amount,
                "currency": paid.currency,
            },
            received_at=now,
        )
        .on_conflict_do_nothing(index_elements=["provider", "event_id"])
        .returning(ProviderEvent.id)
    )
    return stored
