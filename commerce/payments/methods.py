"""Which ways to pay a shop offers: what its settings name, in the order in which shoppers see them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from commerce.orders.model import PaymentMethod
from commerce.payments.port import Provider
from foundation.settings import Settings

LONGEST_PAGE = timedelta(minutes=30)
"""A pay page of Stripe is open for no less; who begins there gets that long."""


@dataclass(frozen=True, slots=True)
class OfferedMethod:
    """One way to pay; `unpaid_for` is how long an order waits for its money, None where it does not wait."""

    method: PaymentMethod
    unpaid_for: timedelta | None


def offered_methods(
    settings: Settings, providers: Mapping[str, Provider], *, in_telegram: bool = False, digital: bool = False
) -> tuple[OfferedMethod, ...]:
    """The ways to pay of this shop, never none: without any other it is cash on delivery.

    Invoices of Telegram are offered only to who talks with the shop there (`in_telegram`). By Telegram's rules goods
    that are `digital` are paid in Stars there, and in nothing else, and other goods never. What is digital nobody
    brings, so it is not paid in cash while there is any other way.
    Store credit is no method here: it pays a part of the price, and an order it covers has nothing to pay.
    """
    hold = timedelta(minutes=settings.hold_minutes)
    offered = [OfferedMethod(PaymentMethod.COD, None)] if settings.cash_on_delivery and not digital else []
    if in_telegram and digital and PaymentMethod.STARS in providers:
        return (OfferedMethod(PaymentMethod.STARS, hold),)
    if in_telegram and not digital and PaymentMethod.TELEGRAM in providers:
        offered.append(OfferedMethod(PaymentMethod.TELEGRAM, hold))
    paged = (PaymentMethod.WECHAT, PaymentMethod.ALIPAY, PaymentMethod.SIMULATOR)
    offered += [OfferedMethod(method, hold) for method in paged if method in providers]
    if PaymentMethod.STRIPE in providers:
        offered.append(OfferedMethod(PaymentMethod.STRIPE, max(hold, LONGEST_PAGE)))
    if settings.transfer_account:
        offered.append(OfferedMethod(PaymentMethod.TRANSFER, timedelta(hours=settings.transfer_hours)))
    return tuple(offered) or (OfferedMethod(PaymentMethod.COD, None),)


def waits_for(settings: Settings, method: PaymentMethod) -> timedelta:
    """How long an order that is to be paid this way waits for its money."""
    if method is PaymentMethod.TRANSFER:
        return timedelta(hours=settings.transfer_hours)
    hold = timedelta(minutes=settings.hold_minutes)
    return max(hold, LONGEST_PAGE) if method is PaymentMethod.STRIPE else hold
