"""Who writes in the web chat: a random, signed visitor token that the page keeps and sends as the header X-Visitor."""

import base64
import binascii
import secrets

from fastapi import Request

from foundation.encryption import Vault
from foundation.errors import Refused

HEADER = "X-Visitor"
_ID_BYTES = 16
_SIGNATURE_BYTES = 16
_PURPOSE = "web visitor"


def new_visitor(vault: Vault) -> str:
    """A token for a browser that has none: 16 random bytes and their signature, 43 characters safe in a header."""
    chosen = secrets.token_bytes(_ID_BYTES)
    signed = chosen + vault.sign(_PURPOSE, chosen)[:_SIGNATURE_BYTES]
    return base64.urlsafe_b64encode(signed).decode().rstrip("=")


def visitor_id(vault: Vault, token: str) -> str:
    """The visitor a token names (32 hex digits): the chat and the account of the web channel.

    Raises Refused("visitor.unknown") for a token that this shop did not sign.
    """
    try:
        signed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("visitor.unknown") from error
    chosen, signature = signed[:_ID_BYTES], signed[_ID_BYTES:]
    if len(signed) != _ID_BYTES + _SIGNATURE_BYTES or not vault.verify(_PURPOSE, chosen, signature):
        raise Refused("visitor.unknown")
    return chosen.hex()


def visitor_of(request: Request, vault: Vault) -> str:
    """The visitor of this request, by its header. Raises Refused("visitor.unknown")."""
    return visitor_id(vault, request.headers.get(HEADER, "")[:200])


def is_visitor(request: Request, vault: Vault) -> bool:
    """Whether this request carries a token that this shop signed."""
    try:
        visitor_of(request, vault)
    except Refused:
        return False
    return True
