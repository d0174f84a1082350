"""Order numbers: short, sayable and not guessable. Eight characters of Crockford's base 32, shown as X7K2-94QD."""

import secrets
from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncSession

from foundation.database import raw

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 8


def draw_number() -> str:
    """A random number, one of about a million million.

    It has a digit and a letter: what is all letters reads like words in a message, what is all digits like a phone.
    """
    while True:
        drawn = "".join(ALPHABET[byte % len(ALPHABET)] for byte in secrets.token_bytes(LENGTH))
        if not drawn.isalpha() and not drawn.isdecimal():
            return f"{drawn[:4]}-{drawn[4:]}"


async def fresh_number(session: AsyncSession, draw: Callable[[], str] = draw_number) -> str:
    """A number no order has."""
    driver = await raw(session)
    while True:
        number = draw()
        if not await driver.fetchval("SELECT EXISTS (SELECT FROM orders WHERE number = $1)", number):
            return number


def spelled(number: str) -> str:
    """An order number as we write it, however it was typed: upper case, one dash, O and I and L read as digits.

    What can be no part of a number is left out, so any text is safe to look for; too few characters find nothing.
    """
    read = number[:60].upper().translate(str.maketrans("OIL", "011"))
    typed = "".join(character for character in read if character in ALPHABET)
    return f"{typed[:4]}-{typed[4:]}" if len(typed) == LENGTH else typed
