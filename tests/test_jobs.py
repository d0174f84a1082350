"""Jobs: what is kept of those that are done."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.jobs import enqueue, forget_jobs


async def test_what_was_written_about_old_jobs_is_forgotten_and_no_job_with_it(session: AsyncSession) -> None:
    async def count(table: str) -> int:
        return int(await session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)

    await enqueue(session, "send_code", {"code_id": 1})
    for before, kept in ((timedelta(days=-1), 1), (timedelta(days=1), 0)):
        await forget_jobs(session, before=datetime.now(UTC) + before)
        assert (await count("pgqueuer_log"), await count("pgqueuer")) == (kept, 1)
