"""What a button carries: a short opaque token, signed by us, naming the customer it was made for.

An *answer* is valid while the question it belongs to stands; a *wish* (a skill and its arguments) is valid for ever.
The token holds everything itself, so no button needs a row, and it fits the 64 bytes the narrowest channel allows.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2s

from sqlalchemy.ext.asyncio import AsyncSession

from commerce.persons.joining import living
from foundation.encryption import Vault

LARGEST_TOKEN = 64
_PURPOSE = "button"
_SIGNATURE_BYTES = 8
_MARK_BYTES = 6
_ANSWER, _WISH = b"a", b"w"


@dataclass(frozen=True, slots=True)
class Answer:
    """An option of the question with this `mark`; `option` is the fingerprint of the option's key."""

    customer_id: int
    mark: bytes
    option: bytes


@dataclass(frozen=True, slots=True)
class Wish:
    """A skill to start, with small arguments."""

    customer_id: int
    skill: str
    args: Mapping[str, str]


async def may_press(session: AsyncSession, pressed: Answer | Wish, customer_id: int, *, is_shared: bool) -> bool:
    """Whether a button was made for this customer, also under a number they had before their accounts were joined.

    A wish that stands in a group (`is_shared`) is anybody's: it says what to show or do, and is theirs who press it.
    """
    if is_shared and isinstance(pressed, Wish):
        return True
    return pressed.customer_id == customer_id or await living(session, pressed.customer_id) == customer_id


def fingerprint(*parts: str) -> bytes:
    """Six bytes that stand for these texts: a question (frame, slot, facts shown) or the key of an option."""
    return blake2s("\x00".join(parts).encode(), digest_size=_MARK_BYTES).digest()


def answer_token(vault: Vault, *, customer_id: int, mark: bytes, key: str) -> str:
    """The token of an option of a question."""
    return _signed(vault, _ANSWER + customer_id.to_bytes(8, "big") + mark + fingerprint(key))


def wish_token(vault: Vault, *, customer_id: int, skill: str, args: Mapping[str, str | int]) -> str:
    """The token of a wish. Arguments are ids and short codes: a ValueError says when they do not fit."""
    text = "&".join([skill, *(f"{name}={value}" for name, value in args.items())])
    if text.count("&") != len(args) or text.count("=") != len(args):
        raise ValueError(f"a wish holds ids and short codes only: {text!r}")
    # the customer comes last and as text: ids are small for years, and every byte saved is one for the arguments
    return _signed(vault, _WISH + f"{text}@{customer_id:x}".encode())


def read_token(vault: Vault, token: str) -> Answer | Wish | None:
    """What a pressed button means; None when the token is broken or not ours."""
    try:
        whole = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        return None
    data, signature = whole[:-_SIGNATURE_BYTES], whole[-_SIGNATURE_BYTES:]
    if len(token) > LARGEST_TOKEN or not data or not vault.verify(_PURPOSE, data, signature):
        return None
    if data[:1] == _ANSWER:
        return Answer(int.from_bytes(data[1:9], "big"), data[9 : 9 + _MARK_BYTES], data[9 + _MARK_BYTES :])
    text, _, customer = data[1:].decode().rpartition("@")
    skill, *args = text.split("&")
    return Wish(int(customer, 16), skill, dict(arg.split("=") for arg in args))


def _signed(vault: Vault, data: bytes) -> str:
    token = base64.urlsafe_b64encode(data + vault.sign(_PURPOSE, data)[:_SIGNATURE_BYTES]).decode().rstrip("=")
    if len(token) > LARGEST_TOKEN:
        raise ValueError(f"a button's token has at most {LARGEST_TOKEN} bytes: {data!r}")
    return token
