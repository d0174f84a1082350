"""The one port through which the shop is paid. What a provider says is a value; the ledger decides what it means."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from foundation.errors import Json
from foundation.money import Money


class ProviderUnreachable(Exception):
    """No answer, or none we can read: the truth is unknown, and the same question is asked again later."""


@dataclass(frozen=True, slots=True)
class Payer:
    """Who opens a pay page: from which address, and whether on a phone, where a wallet is at hand."""

    ip: str = "127.0.0.1"
    on_phone: bool = False


SHORTEST_PAGE = timedelta(minutes=5)
"""A page that was opened is open for so long at least."""
UNSEEN = Payer()
"""Nobody who is looking: the shop itself asks once more."""


class SessionState(StrEnum):
    """What a provider's payment session can be. A declined attempt leaves it open: the shopper may try again."""

    OPEN = "open"
    PROCESSING = "processing"
    PAID = "paid"
    CLOSED = "closed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Session:
    """A payment session at the provider; `url` is where the shopper pays, `instrument` with what they did.

    An address that is no web page (weixin://) is shown as a QR code.
    """

    ref: str
    reference: str
    url: str
    state: SessionState
    money: Money
    instrument: str | None = None


class RefundOutcome(StrEnum):
    """What a provider says about a refund."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Notice:
    """One verified event of a webhook: `reference` is our name of the intent, or the refund's key in `refund_key`."""

    event_id: str
    type: str
    reference: str
    refund_key: str | None
    payload: Mapping[str, Json]


def order_title(shop_name: str, reference: str) -> str:
    """What a shopper reads beside the sum on the page of a provider: the shop and the number of the order."""
    return f"{shop_name} {reference.rpartition('-')[0]}"


class Provider(Protocol):
    """A payment provider. Every method may raise ProviderUnreachable; every one may be repeated with the same keys."""

    name: str

    async def create(
        self,
        *,
        reference: str,
        money: Money,
        return_url: str,
        opened_at: datetime,
        until: datetime | None = None,
        payer: Payer = UNSEEN,
    ) -> Session:
        """Make the session of this reference, or give the one there is. `opened_at` is the same at every try.

        After `until` nobody needs to pay any more; the session may end by itself then, or a little later.
        Raises Refused("payment.amount_unfit") where it cannot take this sum.
        """
        ...

    async def query(self, ref: str) -> Session:
        """The session as it is now."""
        ...

    async def close(self, ref: str) -> Session:
        """Let nobody pay it any more; the answer says PAID where that came too late."""
        ...

    async def refund(self, ref: str, *, key: str, money: Money) -> RefundOutcome:
        """Pay back once under this key."""
        ...

    async def query_refund(self, ref: str, *, key: str) -> RefundOutcome:
        """What became of the refund of this session with this key; UNKNOWN when the provider never heard of it."""
        ...

    def verify(self, headers: Mapping[str, str], raw: bytes) -> list[Notice]:
        """Read a webhook. Raises Refused("webhook.forged") when the signature is not theirs or too old."""
        ...
