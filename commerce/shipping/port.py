"""The one port through which the shop hears of its parcels. What a carrier says is a value; `tracking` believes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from commerce.shipping.tracking import Saying


class CarrierUnreachable(Exception):
    """No answer, or none we can read: the same question is asked again later."""


@dataclass(frozen=True, slots=True)
class Followed:
    """A parcel to follow. `company` is its carrier's code; `phone_last4` is empty where nobody asks for it."""

    company: str
    tracking_number: str
    phone_last4: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a push says: about which number, what was said; `ended` is why nobody watches it any more, else empty.

    `again`: watching may be asked for once more, for the carrier only had nothing to say yet.
    """

    tracking_number: str
    sayings: tuple[Saying, ...]
    ended: str = ""
    again: bool = False


class Carrier(Protocol):
    """Somebody who tells about parcels. Every method may raise CarrierUnreachable and may be repeated."""

    name: str

    async def follow(self, parcel: Followed) -> None:
        """Ask to be told of a parcel from now on."""
        ...

    async def query(self, parcel: Followed) -> list[Saying]:
        """Everything known about a parcel now; nothing where it is not known there yet."""
        ...

    def read(self, form: Mapping[str, str]) -> Heard:
        """Read a push. Raises Refused("webhook.forged") when the signature is not theirs, ("webhook.unreadable")."""
        ...
