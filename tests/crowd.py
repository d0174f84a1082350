"""Sixty-four connections at once, and as many orders for them to meet at."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.checks import RULES
from commerce.orders.model import Order
from foundation.database import Database
from foundation.errors import Refused

CONNECTIONS = 64
Act = Callable[[AsyncSession], Awaitable[object]]
"""What one of them does, in a transaction of its own."""


@asynccontextmanager
async def wide(database: Database) -> AsyncIterator[Database]:
    """The same database through as many connections."""
    through = Database(database.url, database.vault, pool_size=CONNECTIONS)
    try:
        yield through
    finally:
        await through.close()


async def at_once(database: Database, acts: Sequence[Act]) -> list[str]:
    """Do all of them when each has its connection; how each ended: "done" or the code of its refusal."""
    everybody_is_there = asyncio.Barrier(len(acts))

    async def one(act: Act) -> None:
        async with database.begin() as session:
            await session.connection()
            await everybody_is_there.wait()
            await act(session)

    return await outcomes([one(act) for act in acts])


async def outcomes(acts: Sequence[Awaitable[object]]) -> list[str]:
    """How each ended: "done" or the code of its refusal; anything else is raised."""
    ended = await asyncio.gather(*acts, return_exceptions=True)
    for end in ended:
        if isinstance(end, BaseException) and not isinstance(end, Refused):
            raise end
    return [end.code if isinstance(end, Refused) else "done" for end in ended]


async def broken(database: Database) -> list[str]:
    """The rules of the self-check that a row breaks."""
    async with database.begin() as session:
        return [rule for rule, query in RULES.items() if (await session.execute(text(f"{query} LIMIT 1"))).first()]


_APART = 1000  # what a copy's ids are away from those it was copied from
_COPIED = {
    "cart": ("id = (SELECT cart_id FROM orders WHERE id = :order)", {}),
    "orders": ("id = :order", {"cart_id": "cart_id + {ids}", "number": "lpad(n::text, 9, '0')"}),
    "order_line": ("order_id = :order", {"order_id": "order_id + {ids}"}),
    "hold": ("order_id = :order", {"order_id": "order_id + {ids}", "key": "key || '-' || n"}),
    "payment_intent": (
        "order_id = :order",
        {
            "order_id": "order_id + {ids}",
            "reference": "reference || '-' || n",
            "provider_ref": "provider_ref || '-' || n",
        },
    ),
}


async def copied(database: Database, order: Order, count: int) -> list[Order]:
    """The order and copies of it, `count` in all: each with its lines, its goods in stock and its intent.

    To have them all ordered as shoppers do costs many times that. The database goes on counting ids from the first.
    """
    async with database.begin() as session:
        for table, (where, changes) in _COPIED.items():
            changed = {"id": "id + {ids}", **changes}
            pairs = ", ".join(f"'{name}', {value}" for name, value in changed.items()).format(ids=f"n * {_APART}")
            copy = f"jsonb_populate_record(NULL::{table}, to_jsonb({table}) || jsonb_build_object({pairs}))"
            await session.execute(
                text(f"INSERT INTO {table} SELECT ({copy}).* FROM {table}, generate_series(1, :more) n WHERE {where}"),
                {"order": order.id, "more": count - 1},
            )
        await session.execute(text("UPDATE stock_level SET reserved = reserved * :count"), {"count": count})
        ids = [order.id + n * _APART for n in range(count)]
        return list(await session.scalars(select(Order).where(Order.id.in_(ids)).order_by(Order.id)))
