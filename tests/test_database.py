"""The way down to the driver keeps to the session's transaction."""

from sqlalchemy.ext.asyncio import AsyncSession

from foundation.database import raw


async def test_what_the_driver_writes_inside_a_savepoint_goes_with_it(session: AsyncSession) -> None:
    await (await raw(session)).execute("CREATE TEMPORARY TABLE said (word text) ON COMMIT DROP")
    for word in ("first", "again"):
        savepoint = await session.begin_nested()
        await (await raw(session)).execute("INSERT INTO said VALUES ($1)", word)
        await savepoint.rollback()
    await (await raw(session)).execute("INSERT INTO said VALUES ('kept')")
    assert await (await raw(session)).fetchval("SELECT string_agg(word, ' ') FROM said") == "kept"
