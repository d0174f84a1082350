"""Paying through a provider: reserve in one transaction, call the provider, settle in another."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from commerce.payments.port import Provider
from foundation.database import Database
from foundation.encryption import Vault


@dataclass(frozen=True, slots=True)
class Till:
    """What jobs and doors need to talk to providers."""

    database: Database
    providers: Mapping[str, Provider]
    base_url: str
    now: Callable[[], datetime]


def pay_token(vault: Vault, intent_id: int) -> str:
    """The opaque part of a pay link, /pay/<token>. It does not expire: the order's state decides."""
    raise NotImplementedError


def intent_from(vault: Vault, token: str) -> int:
    """The intent of a pay link. Raises Refused("payment.unknown") for any other string."""
    raise NotImplementedError


async def open_payment(till: Till, token: str) -> str:
    """Where the shopper pays: makes the provider's session at the first call, later calls give the same address.

    Raises Refused("payment.unknown"), ("payment.closed"), ("payment.done"), and ProviderUnreachable.
    """
    raise NotImplementedError


async def receive_webhook(till: Till, provider: str, headers: Mapping[str, str], raw: bytes) -> int:
    """Store what a provider says, once, and enqueue the look; returns how many events were new.

    Raises Refused("webhook.forged") or ("webhook.unknown_provider").
    """
    raise NotImplementedError


async def reconcile(till: Till, *, limit: int = 50) -> int:
    """Ask the providers about intents and refunds that are due for a question; returns how many were asked."""
    raise NotImplementedError
