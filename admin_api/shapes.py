"""Small shapes that several routes share."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel

from foundation.errors import Refused

LARGEST_ID = 2**63 - 1


def keepable(text: str) -> str:
    """Refuses what PostgreSQL cannot keep: the NUL character, and halves of characters that are no Unicode text."""
    if "\x00" in text:
        raise ValueError("the NUL character cannot be kept")
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("half a character (a lone surrogate) cannot be kept")
    return text


Words = Annotated[str, AfterValidator(keepable)]
"""Text as a person writes it."""

RowId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
"""An id in an address."""

Cursor = Annotated[
    Annotated[str, AfterValidator(keepable)] | None,
    Query(max_length=100, description="`next` of the page before; absent for the first page."),
]
Limit = Annotated[int, Query(ge=1, le=100, description="How many at most.")]


def read_cursor(cursor: str | None) -> int | None:
    """The number a page goes on from. Refuses cursor.invalid."""
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 19):
        raise Refused("cursor.invalid")
    return int(cursor)


class Done(BaseModel):
    """It is done; there is nothing more to tell."""

    done: bool = True
