"""Links to a group: opaque, and signed, so that nobody can make one up or learn from one who sent it."""

import base64
import binascii
from dataclasses import dataclass

from foundation.encryption import Vault

_SIGNED_BYTES = 12


@dataclass(frozen=True, slots=True)
class Invitation:
    """Whose link to which group it is."""

    group_id: int
    inviter_id: int


def invitation_token(vault: Vault, *, group_id: int, inviter_id: int) -> str:
    """The token of a link, 38 characters of A-Z, a-z, 0-9, - and _: it fits into a deep link of any messenger.

    It does not expire: the group's state decides. The numbers are hidden by a mask that the signature determines.
    """
    numbers = group_id.to_bytes(8) + inviter_id.to_bytes(8)
    signature = vault.sign("invitation", numbers)[:_SIGNED_BYTES]
    return base64.urlsafe_b64encode(signature + _masked(vault, numbers, signature)).decode().rstrip("=")


def read_invitation(vault: Vault, token: str) -> Invitation | None:
    """Who invites to what; None for what is no token of ours."""
    try:
        read = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except (ValueError, binascii.Error):
        return None
    signature, masked = read[:_SIGNED_BYTES], read[_SIGNED_BYTES:]
    if len(masked) != 16:
        return None
    numbers = _masked(vault, masked, signature)
    if not vault.verify("invitation", numbers, signature):
        return None
    return Invitation(int.from_bytes(numbers[:8]), int.from_bytes(numbers[8:]))


def _masked(vault: Vault, numbers: bytes, signature: bytes) -> bytes:
    mask = vault.sign("invitation mask", signature)
    return bytes(one ^ other for one, other in zip(numbers, mask, strict=False))
