"""What goes wrong is told to the logs by its kind and place: never in words that may be a shopper's."""

import asyncio
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

import pytest
import structlog
from sqlalchemy import text

from cli.logs import set_up_logging
from foundation.database import Database
from foundation.errors import Refused

SECRET = "张三 13800138000 文三路九十号"


@contextmanager
def served() -> Iterator[StringIO]:
    """What a serving process writes onto standard error; afterwards logging is as it was."""
    handlers, level = logging.root.handlers, logging.root.level
    of_server = logging.getLogger("uvicorn.error")  # a server of an earlier test may have left it quiet
    quiet = of_server.level
    of_server.setLevel(logging.NOTSET)
    of_all_servers, passes_on = logging.getLogger("uvicorn"), logging.getLogger("uvicorn").propagate
    of_all_servers.propagate = True
    set_up_logging(as_json=True)
    ours = logging.root.handlers[0]
    assert isinstance(ours, logging.StreamHandler)
    written = StringIO()
    ours.setStream(written)
    try:
        yield written
    finally:
        structlog.reset_defaults()
        logging.root.handlers = handlers
        logging.root.setLevel(level)
        of_server.setLevel(quiet)
        of_all_servers.propagate = passes_on


async def failing_statement(database: Database, statement: str, **values: object) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011 -- whatever the driver raises
        async with database.begin() as session:
            await session.execute(text(statement), values)
    return caught.value


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT CAST(:said AS text)::bigint",  # the server quotes what it cannot read
        "SELECT 1 WHERE CAST(:said AS bigint) = 1",  # the driver quotes what it cannot send
        "SELECT CAST(:said AS text) FROM no_such_table",
        "INSERT INTO channel_identity (channel, account, customer_id) VALUES ('web', :said, -1)",
    ],
)
async def test_failing_statement_leaves_no_word_of_a_shopper_in_the_logs(database: Database, statement: str) -> None:
    error = await failing_statement(database, statement, said=SECRET)
    with served() as written:
        structlog.get_logger("bot").error("turn failed", conversation=7, exc_info=error)
        logging.getLogger("uvicorn.error").error("Exception in ASGI application", exc_info=error)
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["turn failed", "Exception in ASGI application"]
    for line in lines:
        assert "asyncpg" in line["exception"]
        assert "test_logs.py" in line["exception"]
    for word in SECRET.split():
        assert word not in json.dumps(lines, ensure_ascii=False)


def test_error_that_quotes_a_shopper_is_told_without_its_words() -> None:
    def fail() -> None:
        try:
            int(SECRET)
        except ValueError as error:
            raise ExceptionGroup(SECRET, [KeyError(SECRET), Refused("stock.short", line=SECRET)]) from error

    with served() as written:
        try:
            fail()
        except ExceptionGroup:
            structlog.get_logger("bot").exception("failed")
    told = written.getvalue()
    assert all(word in told for word in ("ExceptionGroup", "ValueError", "KeyError", "Refused: stock.short"))
    assert not any(word in told for word in SECRET.split())


async def test_task_that_failed_unseen_is_told_without_its_words() -> None:
    async def fail() -> None:
        raise ValueError(SECRET)

    task = asyncio.create_task(fail())
    await asyncio.wait([task])
    about = {"message": "Task exception was never retrieved", "exception": task.exception(), "future": task}
    with served() as written:
        asyncio.get_running_loop().call_exception_handler(about)
    told = written.getvalue()
    assert "Task exception was never retrieved" in told
    assert not any(word in told for word in SECRET.split())
