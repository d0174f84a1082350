"""Calls to the outside as jobs in PostgreSQL (pgqueuer): enqueued in the transaction of their reason, retried, kept.

A job repeats until its handler returns; handlers are idempotent by a business key in their payload.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

import asyncpg
import structlog
from pgqueuer import PgQueuer
from pgqueuer.core.executors import (
    AbstractEntrypointExecutor,
    DatabaseRetryEntrypointExecutor,
    EntrypointExecutorParameters,
)
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base, Database, JsonMap, raw

log = structlog.get_logger(__name__)

Handler = Callable[[JsonMap], Awaitable[None]]
MOST_RUNS = 8
"""A job that was begun this often and never ended is held: it may be killing its worker."""
AT_ONCE = 12
"""Jobs a worker does beside each other. Without a limit a thousand of them wait for connections until they time out,
and everything else in the process with them."""
TAKEN_OVER_AFTER = timedelta(seconds=15)
"""Jobs of a worker that gives no sign of life so long are another's: money that is due within a minute waits for it."""
_WAKE = (
    "SELECT pg_notify('ch_pgqueuer', json_build_object('channel', 'ch_pgqueuer', 'operation', 'insert',"
    " 'sent_at', now(), 'table', 'pgqueuer', 'type', 'table_changed_event')::text)"
)


class JobRun(Base):
    """How often a job was begun. pgqueuer's own count stays at 0 when a job kills its worker."""

    __tablename__ = "job_run"

    job_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    runs: Mapped[int]


async def enqueue(
    session: AsyncSession, name: str, payload: JsonMap, *, key: str | None = None, after: timedelta | None = None
) -> None:
    """Put a job into this session's transaction: it exists when, and only when, the transaction commits.

    `key`: while a job with this key is waiting or running, another is not added. `after`: not before then.
    """
    queries = Queries(AsyncpgDriver(await raw(session)))
    await queries.enqueue(name, json.dumps(payload).encode(), execute_after=after, dedupe_key=key, on_conflict="skip")


async def wake(database: Database) -> None:
    """Tell the workers, after the commit, that there is a new job; without it they look every two seconds."""
    async with database.raw() as driver:
        await driver.execute(_WAKE)


async def run_jobs(database: Database, handlers: Mapping[str, Handler], *, stop: asyncio.Event) -> None:
    """Work on jobs until `stop` is set, then finish those under way."""
    dsn = database.url.replace("postgresql+asyncpg://", "postgresql://")
    async with asyncpg.create_pool(dsn, min_size=2, max_size=6) as pool:
        queue = PgQueuer.from_asyncpg_pool(pool)
        for name, handler in handlers.items():
            queue.entrypoint(name, on_failure="hold", executor_factory=_retrying)(_counted(database, name, handler))

        async def stop_when_told() -> None:
            await stop.wait()
            queue.shutdown.set()

        stopper = asyncio.create_task(stop_when_told())
        try:
            await queue.run(
                dequeue_timeout=timedelta(seconds=2),
                batch_size=AT_ONCE // 2,
                max_concurrent_tasks=AT_ONCE,
                heartbeat_timeout=TAKEN_OVER_AFTER,
            )
        finally:
            stopper.cancel()


async def run_due_jobs(database: Database, handlers: Mapping[str, Handler]) -> int:
    """Run every job that is due, one after another, in this process; for tests and scripts that move the clock.

    A handler that fails raises here, and its job stays. Returns how many ran.
    """
    ran = 0
    while True:
        async with database.begin() as session:
            driver = await raw(session)
            row = await driver.fetchrow(
                "SELECT id, entrypoint, payload FROM pgqueuer WHERE status = 'queued' AND entrypoint = ANY($1)"
                " ORDER BY priority DESC, id LIMIT 1 FOR UPDATE SKIP LOCKED",
                list(handlers),
            )
            if row is None:
                return ran
            await handlers[row["entrypoint"]](json.loads(row["payload"]))
            await driver.execute("DELETE FROM pgqueuer WHERE id = $1", row["id"])
        ran += 1


async def forget_jobs(session: AsyncSession, *, before: datetime) -> None:
    """Sweep: drop the lines that pgqueuer wrote about every step of a job; what waits or is held is no line."""
    await (await raw(session)).execute("DELETE FROM pgqueuer_log WHERE created < $1", before)


def _retrying(parameters: EntrypointExecutorParameters) -> AbstractEntrypointExecutor:
    return DatabaseRetryEntrypointExecutor(
        parameters=parameters, max_attempts=6, initial_delay=timedelta(seconds=1), max_delay=timedelta(minutes=10)
    )


def _counted(database: Database, name: str, handler: Handler) -> Callable[[Job], Awaitable[None]]:
    async def run(job: Job) -> None:
        async with database.raw() as driver:
            runs = await driver.fetchval(
                "INSERT INTO job_run (job_id, name, runs) VALUES ($1, $2, 1)"
                " ON CONFLICT (job_id) DO UPDATE SET runs = job_run.runs + 1 RETURNING runs",
                job.id,
                name,
            )
        if runs > MOST_RUNS:
            raise RuntimeError(f"job {job.id} ({name}) was begun {runs - 1} times and never ended")
        log.info("job", job=name, id=str(job.id), run=runs)
        await handler(json.loads(job.payload or b"{}"))
        async with database.raw() as driver:
            await driver.execute("DELETE FROM job_run WHERE job_id = $1", job.id)

    return run


__all__ = ["Handler", "JobRun", "enqueue", "forget_jobs", "run_due_jobs", "run_jobs", "wake"]
