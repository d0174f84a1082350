"""Links that lead into the chat with the bot: t.me/<bot>?start=<payload>, at most 64 of A-Z, a-z, 0-9, - and _.

A payload is opaque and signed: nobody can make one up, or learn a number from one. That of a group is the token of its
invitation, as on the web; an unknown one means a plain start.
"""

import base64
import binascii
from dataclasses import dataclass
from enum import IntEnum

from commerce.group_buy.invitations import invitation_token, read_invitation
from foundation.encryption import Vault

NOBODY = 0
_SIGNED_BYTES = 12
_NUMBERS = 16


class Lead(IntEnum):
    """Where a link leads, with what its two numbers are."""

    PRODUCT = 1
    """To a product: its id, and the customer who shared it (or NOBODY)."""
    REFERRAL = 2
    """To the shop: the customer who brings somebody, and nothing."""
    CARRIED = 3
    """To what was said in a group, to be gone on with in private: the conversation there, and the place in it."""
    CHAT = 4
    """From the web chat: whose it is, and when the link was made (seconds since 1970)."""
    GROUP = 5
    """To a group-buy: its id, and the customer who invites. Its payload is the token of an invitation."""


@dataclass(frozen=True, slots=True)
class Payload:
    """What a link says."""

    lead: Lead
    first: int
    second: int


def deep_link(username: str, payload: str = "") -> str:
    """The address that opens the chat with this bot."""
    return f"https://t.me/{username}" + (f"?start={payload}" if payload else "")


def group_payload(vault: Vault, *, group_id: int, inviter_id: int) -> str:
    """Leads to a group: 38 characters."""
    return invitation_token(vault, group_id=group_id, inviter_id=inviter_id)


def product_payload(vault: Vault, *, product_id: int, sharer_id: int = NOBODY) -> str:
    """Leads to a product: 39 characters, as all the others have."""
    return _signed(vault, Lead.PRODUCT, product_id, sharer_id)


def referral_payload(vault: Vault, *, customer_id: int) -> str:
    """Leads to the shop, and says who brought the newcomer."""
    return _signed(vault, Lead.REFERRAL, customer_id, 0)


def carried_payload(vault: Vault, *, conversation_id: int, seq: int) -> str:
    """Leads to the private chat, where what was said in a group is heard once more."""
    return _signed(vault, Lead.CARRIED, conversation_id, seq)


def chat_payload(vault: Vault, *, customer_id: int, made_at: int) -> str:
    """Leads from the web chat of this customer to Telegram. `made_at` in seconds since 1970."""
    return _signed(vault, Lead.CHAT, customer_id, made_at)


def read_payload(vault: Vault, payload: str) -> Payload | None:
    """What a payload says; None for what is none of ours."""
    if (invitation := read_invitation(vault, payload)) is not None:
        return Payload(Lead.GROUP, invitation.group_id, invitation.inviter_id)
    try:
        read = base64.urlsafe_b64decode(payload.encode("ascii") + b"=" * (-len(payload) % 4))
    except (ValueError, binascii.Error):
        return None
    signature, masked = read[:_SIGNED_BYTES], read[_SIGNED_BYTES:]
    if len(masked) != 1 + _NUMBERS:
        return None
    said = _masked(vault, masked, signature)
    if not vault.verify("deep link", said, signature):
        return None
    return Payload(Lead(said[0]), int.from_bytes(said[1:9]), int.from_bytes(said[9:]))


def _signed(vault: Vault, lead: Lead, first: int, second: int) -> str:
    said = bytes((lead,)) + first.to_bytes(8) + second.to_bytes(8)
    signature = vault.sign("deep link", said)[:_SIGNED_BYTES]
    return base64.urlsafe_b64encode(signature + _masked(vault, said, signature)).decode().rstrip("=")


def _masked(vault: Vault, said: bytes, signature: bytes) -> bytes:
    """The numbers hidden by a mask that the signature determines; done twice, they are back."""
    mask = vault.sign("deep link mask", signature)
    return bytes(one ^ other for one, other in zip(said, mask, strict=False))
