"""Invoices of Telegram: what stands on one, and the sums on it as Telegram counts them."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.delivery import NotSent
from bot.language import translator
from bot.telegram.errors import Rejected
from bot.telegram.units import cut
from commerce.orders.model import Order, OrderLine, PaymentMethod
from commerce.payments.actions import Till, intent_from, open_payment
from commerce.payments.model import Intent, Payment, ProviderEvent
from commerce.payments.port import UNSEEN, Notice, Payer, ProviderUnreachable, RefundOutcome, Session, SessionState
from foundation.database import Database
from foundation.errors import Refused
from foundation.money import Money

_TITLE, _DESCRIPTION = 32, 255
"""Units that Telegram takes of an invoice."""
_IN_HUNDREDTHS = frozenset({"AFN", "ALL", "LBP", "RSD", "YER"})
"""Currencies without small change among people, which Telegram counts in hundredths all the same."""
_MOST_PARTS = 20
_LONGEST_ID = 120
STARS = "XTR"
_TRY_AGAIN = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Invoice:
    """What Telegram shows and takes money for. `payload` comes back with the payment, `parts` are (label, amount).

    Amounts are as Telegram counts them. A copy that is forwarded leads to the bot with `start`, and cannot be paid.
    """

    title: str
    description: str
    payload: str
    currency: str
    parts: tuple[tuple[str, int], ...]
    start: str = "pay"


class Bot(Protocol):
    """What a payment needs of Telegram (bot.channels.telegram.Telegram)."""

    async def create_invoice_link(self, invoice: Invoice) -> str:
        """The address at which everybody may pay it."""
        ...

    async def refund_stars(self, user_id: int, charge_id: str) -> None:
        """Give the Stars of a payment back; Rejected where that cannot be."""
        ...


class TelegramInvoices:
    """Invoices of Telegram as a payment provider, paid by card through the company behind the bot.

    Telegram asks us before a payment and tells us after it; it cannot be asked, and gives nothing back.
    """

    name = PaymentMethod.TELEGRAM.value

    def __init__(self, bot: Bot, *, shop_name: str, currency: str) -> None:
        self._bot = bot
        self._shop_name = shop_name
        self._currency = currency

    def asks(self, money: Money) -> tuple[str, int]:
        """The currency and the number that stand on an invoice over this sum."""
        return money.currency, as_counted(money)

    async def create(
        self,
        *,
        reference: str,
        money: Money,
        return_url: str,  # noqa: ARG002 - who paid stays in Telegram
        opened_at: datetime,  # noqa: ARG002 - it is open until we say no
        until: datetime | None = None,  # noqa: ARG002
        payer: Payer = UNSEEN,  # noqa: ARG002
    ) -> Session:
        """An address of the invoice, for who opens the pay link elsewhere; in the chat stands the invoice itself.

        Raises Refused("payment.amount_unfit") where Telegram takes no such sum.
        """
        number = reference.rpartition("-")[0]
        currency, amount = self.asks(money)
        invoice = Invoice(
            title=number,
            description=cut(self._shop_name, _DESCRIPTION),
            payload=reference,
            currency=currency,
            parts=((number, amount),),
        )
        try:
            url = await self._bot.create_invoice_link(invoice)
        except Rejected as error:
            raise Refused("payment.amount_unfit", amount=money.amount, currency=money.currency) from error
        except Exception as error:  # of the library too: nobody knows what Telegram did, so it is asked again
            raise ProviderUnreachable(f"telegram: {type(error).__name__}") from error
        return Session(reference, reference, url, SessionState.OPEN, money)

    async def query(self, ref: str) -> Session:
        """Open as far as Telegram goes: what was paid is told, and in the books by then."""
        return Session(ref, ref, "", SessionState.OPEN, Money(0, self._currency))

    async def close(self, ref: str) -> Session:
        """Closed: the question before a payment is answered with no from now on."""
        return Session(ref, ref, "", SessionState.CLOSED, Money(0, self._currency))

    async def refund(self, ref: str, *, key: str, money: Money) -> RefundOutcome:  # noqa: ARG002
        """Nothing goes back this way (commerce.payments.cash.REFUNDED_BY_HAND)."""
        return RefundOutcome.FAILED

    async def query_refund(self, ref: str, *, key: str) -> RefundOutcome:  # noqa: ARG002
        """Telegram never heard of any."""
        return RefundOutcome.UNKNOWN

    def verify(self, headers: Mapping[str, str], raw: bytes) -> list[Notice]:  # noqa: ARG002
        """Telegram tells the bot, not this address."""
        raise Refused("webhook.forged")


class TelegramStars(TelegramInvoices):
    """Invoices in Stars, for digital goods; `of_unit` Stars are worth one unit of the currency. They go back whole."""

    name = PaymentMethod.STARS.value

    def __init__(self, bot: Bot, database: Database, *, shop_name: str, currency: str, of_unit: int) -> None:
        super().__init__(bot, shop_name=shop_name, currency=currency)
        self._database = database
        self._of_unit = of_unit

    def asks(self, money: Money) -> tuple[str, int]:
        """So many Stars, in the shop's favour where they do not come out even."""
        return STARS, max(1, math.ceil(money.decimal * self._of_unit))

    async def refund(self, ref: str, *, key: str, money: Money) -> RefundOutcome:  # noqa: ARG002 - a charge is the key
        """Give all Stars of a payment back; again it is done already."""
        async with self._database.begin() as session:
            paid = select(Payment).join(Intent, Intent.id == Payment.intent_id)
            payment = await session.scalar(paid.where(Intent.provider == self.name, Intent.provider_ref == ref))
            event = None if payment is None else await charge_named(session, payment.proof or "", provider=self.name)
        if payment is None or event is None or payment.captured != money.amount:
            return RefundOutcome.FAILED
        try:
            await self._bot.refund_stars(int(event.payload["user"]), str(event.payload["charge"]))
        except Rejected as error:
            is_done = "already_refunded" in str(error).lower()
            return RefundOutcome.SUCCEEDED if is_done else RefundOutcome.FAILED
        except Exception as error:  # as above
            raise ProviderUnreachable(f"telegram: {type(error).__name__}") from error
        return RefundOutcome.SUCCEEDED


async def charge_named(session: AsyncSession, charge_id: str, *, provider: str) -> ProviderEvent | None:
    """What Telegram told about a charge."""
    told = select(ProviderEvent).where(ProviderEvent.event_id == event_id_of(charge_id))
    return await session.scalar(told.where(ProviderEvent.provider == provider))


def event_id_of(charge_id: str) -> str:
    """Under what a charge is kept: its own id, unless that is too long."""
    return charge_id if len(charge_id) <= _LONGEST_ID else hashlib.sha256(charge_id.encode()).hexdigest()


def as_counted(money: Money) -> int:
    """A sum as Telegram counts it."""
    return money.amount * 100 if money.currency in _IN_HUNDREDTHS else money.amount


def as_money(amount: int, currency: str) -> Money:
    """A sum that Telegram counted so. Raises Refused("payment.changed") for one that is none of ours."""
    if currency not in _IN_HUNDREDTHS:
        return Money(amount, currency)
    if amount % 100:
        raise Refused("payment.changed")
    return Money(amount // 100, currency)


async def invoice_for(till: Till, url: str, *, language: str) -> Invoice | None:
    """The invoice that takes the place of a pay link in the chat; None where the link itself is to be shown: the order
    is paid elsewhere, or not any more.

    Raises NotSent when Telegram does not answer.
    """
    try:
        token = url.rpartition("/")[2]
        intent_id = intent_from(till.vault, token)
        async with till.database.begin() as session:
            invoice = await _invoice(session, till, intent_id, language=language)
        if invoice is not None:
            await open_payment(till, token)
    except Refused:
        return None
    except ProviderUnreachable as error:
        raise NotSent(_TRY_AGAIN) from error
    return invoice


async def _invoice(session: AsyncSession, till: Till, intent_id: int, *, language: str) -> Invoice | None:
    intent = await session.get_one(Intent, intent_id)
    provider = till.providers.get(intent.provider)
    if not isinstance(provider, TelegramInvoices):
        return None
    currency, total = provider.asks(intent.money)
    order = await session.get_one(Order, intent.order_id)
    lines = select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.position)
    goods = (await session.scalars(lines)).all()
    names = [f"{line.title} ({line.label})" if line.label else line.title for line in goods]
    title = translator(language)("Order {order}").format(order=order.number)
    parts = [
        (f"{name} × {line.open}", line.next_part(line.open).total) for name, line in zip(names, goods, strict=True)
    ]
    if order.shipping_amount:
        parts.append((translator(language)("Shipping"), order.shipping_amount))
    counted = [(name, provider.asks(Money(amount, intent.currency))[1]) for name, amount in parts if amount]
    if len(counted) > _MOST_PARTS or sum(amount for _name, amount in counted) != total:
        counted = [(title, total)]  # a part of it is paid already, a change is, or Stars do not come out even
    return Invoice(
        title=cut(title, _TITLE),
        description=cut(", ".join(names), _DESCRIPTION),
        payload=intent.reference,
        currency=currency,
        parts=tuple(counted),
    )
