"""Which settings and which servers a command works with."""

import asyncio
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import ValidationError

from cli.sentences import of_settings
from foundation import embedded
from foundation.errors import Json, Refused
from foundation.settings import Settings

SCHEMES = ("postgres", "postgresql", "postgresql+asyncpg")
REACH_SECONDS = 5


def read_settings(**chosen: Json) -> Settings:
    """The settings of the environment, overridden by the options given on the command line (None: not given)."""
    try:
        settings = Settings(**{name: value for name, value in chosen.items() if value is not None})
    except ValidationError as error:
        raise of_settings(error) from error
    changes: dict[str, Json] = {"data_dir": Path(os.path.realpath(settings.data_dir))}
    if settings.database_url:
        scheme, _, rest = settings.database_url.partition("://")
        if scheme not in SCHEMES or not rest:
            raise Refused("database.address")
        changes["database_url"] = f"postgresql+asyncpg://{rest}"
    return settings.model_copy(update=changes)


@contextlib.contextmanager
def own_servers(settings: Settings) -> Iterator[tuple[Settings, embedded.Servers | None]]:
    """Start the embedded servers unless both addresses are given. Yields the settings with both filled in."""
    if settings.database_url and settings.redis_url:
        check_servers(settings)
        yield settings, None
        return
    with embedded.start(settings.data_dir) as servers:
        settings = _filled(settings, servers.database_url, servers.redis_url)
        check_servers(settings)
        yield settings, servers


@contextlib.contextmanager
def any_servers(settings: Settings) -> Iterator[Settings]:
    """For a short command: the given servers, else those of the shop that runs here, else started for the moment."""
    if settings.database_url or embedded.running(settings.data_dir):
        yield running_servers(settings)
    else:
        with own_servers(settings) as (filled, _):
            yield filled


def running_servers(settings: Settings) -> Settings:
    """The given servers, else those of the shop that runs here. Raises Refused servers.none."""
    found = embedded.running(settings.data_dir)
    if found:
        settings = _filled(settings, found.database_url, found.redis_url)
    if not settings.database_url:
        raise Refused("servers.none", path=str(settings.data_dir))
    check_servers(settings)
    return settings


def check_servers(settings: Settings) -> None:
    """Reach both servers once, so that a wrong address is told at once and in one sentence."""
    asyncio.run(_reach_database(settings.database_url or ""))
    if settings.redis_url:
        asyncio.run(_reach_redis(settings.redis_url))


def _filled(settings: Settings, database_url: str, redis_url: str) -> Settings:
    return settings.model_copy(
        update={
            "database_url": settings.database_url or database_url,
            "redis_url": settings.redis_url or redis_url,
        }
    )


async def _reach_database(url: str) -> None:
    import asyncpg

    try:
        connection = await asyncpg.connect(url.replace("+asyncpg", "", 1), timeout=REACH_SECONDS)
    except (OSError, ValueError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise Refused("database.unreachable", address=_without_secrets(url), reason=_reason(error)) from error
    await connection.close()


async def _reach_redis(url: str) -> None:
    """One plain connection, nothing said: importing redis-py would cost more than everything else here."""
    parts = urlsplit(url)
    if parts.scheme not in ("redis", "rediss", "unix", "valkey", "valkeys"):
        raise Refused("redis.address")
    try:
        async with asyncio.timeout(REACH_SECONDS):
            if parts.scheme == "unix":
                _, writer = await asyncio.open_unix_connection(parts.path)
            else:
                _, writer = await asyncio.open_connection(parts.hostname or "localhost", parts.port or 6379)
    except (OSError, ValueError, TimeoutError) as error:
        raise Refused("redis.unreachable", address=_without_secrets(url), reason=_reason(error)) from error
    writer.close()


def _without_secrets(url: str) -> str:
    parts = urlsplit(url)
    return (parts.hostname or "") + parts.path if parts.hostname else parts.path


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {REACH_SECONDS} seconds"
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error).splitlines()[0] if str(error) else type(error).__name__
