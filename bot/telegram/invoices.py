"""Invoices of Telegram: what stands on one, and the sums on it as Telegram counts them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.delivery import NotSent
from bot.language import translator
from bot.telegram.errors import Rejected
from commerce.orders.model import Order, OrderLine, PaymentMethod
from commerce.payments.actions import Till, intent_from, open_payment
from commerce.payments.model import Intent
from commerce.payments.port import UNSEEN, Notice, Payer, ProviderUnreachable, RefundOutcome, Session, SessionState
from foundation.errors import Refused
from foundation.money import Money

_TITLE, _DESCRIPTION = 32, 255
"""Characters that Telegram shows of an invoice."""
_IN_HUNDREDTHS = frozenset({"AFN", "ALL", "LBP", "RSD", "YER"})
"""Currencies without small change among people, which Telegram counts in hundredths all the same."""
_MOST_PARTS = 20
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


class InvoiceLinks(Protocol):
    """What makes an address of an invoice (bot.channels.telegram.Telegram)."""

    async def create_invoice_link(self, invoice: Invoice) -> str:
        """The address at which everybody may pay it."""
        ...


class TelegramInvoices:
    """Invoices of Telegram as a payment provider, paid through the card company behind the bot.

    Telegram asks us before a payment and tells us after it; it cannot be asked, and gives nothing back.
    """

    name = PaymentMethod.TELEGRAM.value

    def __init__(self, links: InvoiceLinks, *, shop_name: str, currency: str) -> None:
        self._links = links
        self._shop_name = shop_name
        self._currency = currency

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
        invoice = Invoice(
            title=number,
            description=self._shop_name[:_DESCRIPTION],
            payload=reference,
            currency=money.currency,
            parts=((number, as_counted(money)),),
        )
        try:
            url = await self._links.create_invoice_link(invoice)
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
            invoice = await _invoice(session, intent_id, language=language)
        if invoice is not None:
            await open_payment(till, token)
    except Refused:
        return None
    except ProviderUnreachable as error:
        raise NotSent(_TRY_AGAIN) from error
    return invoice


async def _invoice(session: AsyncSession, intent_id: int, *, language: str) -> Invoice | None:
    intent = await session.get_one(Intent, intent_id)
    if intent.provider != TelegramInvoices.name:
        return None
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
    if len(parts) > _MOST_PARTS or sum(amount for _name, amount in parts) != intent.amount:
        parts = [(title, intent.amount)]  # a part of it is paid already, or a change is
    counted = [(name, as_counted(Money(amount, intent.currency))) for name, amount in parts if amount]
    return Invoice(
        title=title[:_TITLE],
        description=", ".join(names)[:_DESCRIPTION],
        payload=intent.reference,
        currency=intent.currency,
        parts=tuple(counted),
    )
