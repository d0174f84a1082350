"""Who is woken after a change by the staff: the shopper's stream, the bot's delivery, other consoles, the job worker.

A bell only makes things quick; everybody looks by themselves too.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from conversations.bells import DELIVERY, STAFF, conversation_bell
from foundation import jobs
from foundation.database import Database
from foundation.redis import Doorbell


@asynccontextmanager
async def ring_after(
    database: Database, doorbell: Doorbell, *, conversation_id: int | None = None, with_jobs: bool = False
) -> AsyncIterator[None]:
    """Ring once the block, and with it its transaction, has ended well. `with_jobs`: it may have left a job."""
    yield
    if conversation_id is not None:
        await doorbell.ring(conversation_bell(conversation_id))
    await doorbell.ring(DELIVERY)
    await doorbell.ring(STAFF)
    if with_jobs:
        await jobs.wake(database)
