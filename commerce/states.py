"""How a life is written down: a StrEnum of states, a table of legal moves, one check that refuses every other move."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import Enum

from foundation.errors import Json, Refused

State = TypeVar("State", bound=StrEnum)


def state_type(states: type[StrEnum]) -> Enum:
    """The column type of a state: its value as text, with a CHECK that knows all of them."""
    return Enum(
        states,
        native_enum=False,
        create_constraint=True,
        length=24,
        name=states.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )


def check_move(moves: Mapping[State, frozenset[State]], *, of: str, before: State, after: State, **facts: Json) -> None:
    """Raise Refused("<of>.move_refused") unless `moves` lets `before` become `after`."""
    if after not in moves[before]:
        raise Refused(f"{of}.move_refused", before=before.value, after=after.value, **facts)
