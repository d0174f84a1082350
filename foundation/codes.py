"""Codes that a person copies from a letter or a screen: random, without letters that look alike, read generously."""

import secrets
import unicodedata

LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 of them, 5 bits each; no 0, 1, I and O."""
GROUP = 4


def new_code(groups: int) -> str:
    """A random code of groups of four, as in `7KQM-2XNP`: 20 bits a group, with a digit and a letter in it."""
    while True:
        code = "-".join("".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _ in range(groups))
        if any(letter.isdigit() for letter in code) and any(letter.isalpha() for letter in code):
            return code


def plain_code(text: str) -> str:
    """A code as it is compared: capitals and digits only, whatever width, dashes and spaces it was written with."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).upper() if letter.isalnum())[:64]
