"""Redis as a doorbell, a rate budget and presence. Losing it costs speed, never truth: listeners also look."""

import asyncio
import contextlib
import secrets
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline, PubSub
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeout

log = structlog.get_logger(__name__)

_PREFIX = "xiaoer:"
LOOK_EVERY = 2.0
LEFT_ALONE = 2.0
"""Seconds in which nobody asks a Redis that has just let somebody wait in vain."""


class Doorbell:
    """Rings across processes after a commit. A ring says only "look again", so a lost one does no harm.

    Without Redis it rings inside this process only.
    """

    def __init__(self, redis: Redis | None) -> None:
        self._redis = redis
        self._name = secrets.token_bytes(8)
        self._listeners: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._reader: asyncio.Task[None] | None = None

    async def ring(self, channel: str) -> None:
        """Wake every listener of `channel`, here at once and in other processes through Redis."""
        self._wake(channel)
        if self._redis is not None:
            with contextlib.suppress(RedisError, OSError):
                await self._redis.publish(_PREFIX + channel, self._name)

    @contextmanager
    def listening(self, channel: str) -> Iterator[asyncio.Event]:
        """An event that is set at each ring; the listener clears it before it looks."""
        self._start_reader()
        event = asyncio.Event()
        self._listeners[channel].add(event)
        try:
            yield event
        finally:
            self._listeners[channel].discard(event)
            if not self._listeners[channel]:
                del self._listeners[channel]

    async def listen(self, channel: str, *, every: float) -> AsyncIterator[bool]:
        """Yield at once, then at each ring, and at the latest after `every` seconds. True when it rang."""
        with self.listening(channel) as event:
            yield False
            while True:
                try:
                    async with asyncio.timeout(every):  # wait_for forgets to be cancelled when it rings that moment
                        await event.wait()
                    rang = True
                except TimeoutError:
                    rang = False
                event.clear()
                yield rang

    async def answers(self) -> bool:
        """Whether Redis is there. Without one configured, this process is all there is, and that is fine."""
        if self._redis is None:
            return True
        try:
            await self._redis.ping()
        except (RedisError, OSError):
            return False
        return True

    async def close(self) -> None:
        """Stop reading from Redis and close the connection."""
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader
        if self._redis is not None:
            await self._redis.aclose()

    def _wake(self, channel: str) -> None:
        for event in self._listeners.get(channel, ()):
            event.set()

    def _start_reader(self) -> None:
        if self._redis is not None and self._reader is None:
            self._reader = asyncio.create_task(self._read(self._redis))

    async def _read(self, redis: Redis) -> None:
        """One subscription a process to all our channels; after a break it subscribes again."""
        while True:
            subscription: PubSub = redis.pubsub(ignore_subscribe_messages=True)
            try:
                await subscription.psubscribe(_PREFIX + "*")
                async for message in subscription.listen():
                    if message["data"] == self._name:
                        continue  # our own ring, which woke everybody here already
                    name = message["channel"]
                    self._wake((name.decode() if isinstance(name, bytes) else name)[len(_PREFIX) :])
            except (RedisError, OSError):
                log.warning("redis is away; streams look for themselves until it is back")
            finally:
                with contextlib.suppress(RedisError, OSError):
                    await subscription.aclose()  # type: ignore[no-untyped-call]
            await asyncio.sleep(1)


class RateBudget:
    """At most `limit` in a sliding window, counted in Redis for all processes, or in this one while Redis is away."""

    def __init__(self, redis: Redis | None) -> None:
        self._redis = redis
        self._local: dict[str, tuple[float, int]] = {}
        """By name: until when it is kept, and how often it was used."""

    async def spend(self, key: str, *, limit: int, seconds: int, at: float | None = None) -> int:
        """Count one use of `key` in the window of `seconds` it belongs to. Returns how many over `limit` it is.

        `at`: when it was done (Unix seconds), for what may reach us late; else now. 0 over the limit: allowed.
        """
        name = _window(key, seconds, at)
        if self._redis is not None:
            try:
                async with self._redis.pipeline(transaction=False) as pipe:
                    pipe.incr(name)
                    pipe.expire(name, seconds * 2)
                    used = int((await pipe.execute())[0])
                return max(0, used - limit)
            except (RedisError, OSError):
                log.warning("redis is away; limits are counted in this process only")
        return max(0, self._count_here(name, 1, seconds) - limit)

    async def give_back(self, key: str, *, seconds: int, at: float | None = None) -> None:
        """What was just counted came to nothing, or had been counted before."""
        name = _window(key, seconds, at)
        if self._redis is not None:
            with contextlib.suppress(RedisError, OSError):
                async with self._redis.pipeline(transaction=False) as pipe:
                    pipe.decr(name)
                    pipe.expire(name, seconds * 2)
                    await pipe.execute()
                    return
        self._count_here(name, -1, seconds)

    def _count_here(self, name: str, change: int, seconds: int) -> int:
        now = time.time()
        if len(self._local) > 10_000:
            self._local = {name: kept for name, kept in self._local.items() if kept[0] > now}
        used = max(0, self._local.get(name, (0.0, 0))[1] + change)
        self._local[name] = (now + 2 * seconds, used)
        return used


def _window(key: str, seconds: int, at: float | None) -> str:
    return f"{_PREFIX}budget:{key}:{int((time.time() if at is None else at) // seconds)}"


class Presence:
    """Who is here now, by what their screens told us in the last seconds. Without Redis: in this process only."""

    def __init__(self, redis: Redis | None) -> None:
        self._redis = redis
        self._here: dict[str, dict[int, float]] = defaultdict(dict)
        self._read: dict[str, tuple[float, frozenset[int]]] = {}

    async def seen(self, group: str, person: int, *, seconds: float = 60) -> None:
        """This person of a group is here for the next `seconds`."""
        until = time.time() + seconds
        self._here[group][person] = until
        if self._redis is not None:
            with contextlib.suppress(RedisError, OSError):
                await self._redis.zadd(f"{_PREFIX}presence:{group}", {str(person): until})

    async def gone(self, group: str, person: int) -> None:
        """This person has left."""
        self._here[group].pop(person, None)
        if self._redis is not None:
            with contextlib.suppress(RedisError, OSError):
                await self._redis.zrem(f"{_PREFIX}presence:{group}", str(person))

    async def who(self, group: str) -> frozenset[int]:
        """Everybody of a group who is here, as of at most LOOK_EVERY seconds ago."""
        now = time.time()
        read_at, here = self._read.get(group, (0.0, frozenset()))
        if self._redis is None or now - read_at > LOOK_EVERY:
            here = await self._who(group, now)
            self._read[group] = (now, here)
        return here

    async def _who(self, group: str, now: float) -> frozenset[int]:
        if self._redis is not None:
            with contextlib.suppress(RedisError, OSError):
                here = await self._redis.zrangebyscore(f"{_PREFIX}presence:{group}", now, "+inf")
                return frozenset(int(str(person, "ascii")) for person in here if isinstance(person, bytes))
        return frozenset(person for person, until in self._here[group].items() if until > now)


def connect(url: str | None) -> Redis | None:
    """A client for `url` (redis:// or unix://), or None without one. It connects at its first command."""
    if url is None:
        return None
    client: Redis = _Redis.from_url(url, socket_connect_timeout=2)
    return client


class _Redis(Redis):
    """One that hangs is away for a moment: a message asks it many times, and must not wait for each in vain."""

    _away_until = 0.0

    async def execute_command(self, *command: Any, **options: Any) -> Any:
        """One command. Raises RedisTimeout at once while Redis is left alone."""
        self._check()
        try:
            return await super().execute_command(*command, **options)  # type: ignore[no-untyped-call]
        except RedisTimeout:
            self._away_until = time.monotonic() + LEFT_ALONE
            raise

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        """Several commands. Raises RedisTimeout at once while Redis is left alone."""
        self._check()
        return super().pipeline(transaction, shard_hint)

    def _check(self) -> None:
        if time.monotonic() < self._away_until:
            raise RedisTimeout("redis did not answer a moment ago")
