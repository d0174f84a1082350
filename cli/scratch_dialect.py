"""One memory of compiled SQL for all scratch databases of a process: each has an engine of its own, for seconds."""

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects import registry
from sqlalchemy.util import LRUCache

from foundation.database import Dialect

_COMPILED: LRUCache[Any, Any] = LRUCache(10_000)


class ScratchDialect(Dialect):
    """Equal to that of every other scratch database, so that what was compiled for one is found by all."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ScratchDialect)

    def __hash__(self) -> int:
        return hash(ScratchDialect)

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        """Let a new engine use the common memory."""
        engine.update_execution_options(compiled_cache=_COMPILED)


def use_scratch_dialect() -> None:
    """From here on every engine of this process does."""
    registry.register("postgresql.asyncpg", __name__, ScratchDialect.__name__)
