"""Sends what is queued: at once after a turn, and what a crash left behind by a sweep."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from typing import Protocol, cast

import structlog

from conversations.bells import DELIVERY, STAFF, conversation_bell
from conversations.delivery import (
    Outgoing,
    claim,
    deliver_stored,
    mark_failed,
    mark_lost,
    mark_sent,
    try_later,
)
from conversations.edits import Changed, claim_edits, edit_failed, edit_later, mark_edited
from conversations.model import Kind
from conversations.reach import say_elsewhere, set_reachable
from conversations.sweeps import expire_leases, undelivered
from foundation.database import Database
from foundation.redis import Doorbell

log = structlog.get_logger(__name__)

SEND_WITHIN = 30.0
"""Seconds for one send; well inside the lease of a claim."""
SWEEP_EVERY = 1.0
LEFT_ALONE = timedelta(seconds=2)
"""A sweep leaves messages younger than this to the process that queued them."""
SWEPT_AT_ONCE = 100
PAUSE_GROWS = 5
"""So many times longer is the pause after each further try: a message outlasts a fault of some minutes."""
LOST_AGAIN = timedelta(seconds=1)
"""After an answer that may have arrived."""
EDIT_AGAIN = timedelta(seconds=10)
"""After an edit that failed for no known reason."""


class Undeliverable(Exception):
    """The platform refused the message for good.

    `reason`: "blocked" or "gone" (nothing reaches this chat any more), "refused" (this message alone).
    """

    def __init__(self, reason: str = "refused") -> None:
        super().__init__(reason)
        self.reason = reason


class NotSent(Exception):
    """The message certainly did not leave, and may be tried again after `after`: rate limit, no connection.

    `is_try`: it counts as one of the few tries that a message has. Waiting for one's turn does not.
    """

    def __init__(self, after: timedelta, *, is_try: bool = True) -> None:
        super().__init__(f"try again after {after}")
        self.after = after
        self.is_try = is_try


class Channel(Protocol):
    """Where messages go."""

    @property
    def in_database(self) -> bool:
        """Whether shoppers of this channel read the database (web, terminal); else the channel is a Wire."""
        ...


class Wire(Channel, Protocol):
    """A channel with a network in between."""

    async def send(self, message: Outgoing) -> str | None:
        """Send one message; returns the platform's id of it.

        Raises Undeliverable or NotSent; any other exception means that the message may have arrived.
        """
        ...

    async def edit(self, message: Changed) -> None:
        """Show a message that has changed as it is now; it may say so already. Raises what `send` raises."""
        ...


class StoredChannel:
    """A channel whose shoppers read the database: there is nothing to send."""

    in_database = True


class Delivery:
    """Delivers through the channels of this process; `channels` by the name a conversation has.

    Never two messages of one conversation at once (the claim sees to that across processes), at most `at_once`
    conversations on a wire at a time. `clock` gives the time.
    """

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, Channel],
        doorbell: Doorbell,
        *,
        clock: Callable[[], datetime],
        at_once: int = 64,
    ) -> None:
        self._database = database
        self._channels = channels
        self._doorbell = doorbell
        self._clock = clock
        self._places = asyncio.Semaphore(at_once)
        self._look_again: dict[int, bool] = {}
        self._under_way: set[asyncio.Task[None]] = set()

    async def deliver(self, conversation_id: int, channel: str) -> None:
        """Send everything that is queued in this conversation. Called after each commit that queued something.

        While another task of this process is at it, that task is told to look once more, and this returns at once. What
        this process has no channel for (yet), it leaves to the sweeps.
        """
        if channel not in self._channels:
            return
        if conversation_id in self._look_again:
            self._look_again[conversation_id] = True
            return
        self._look_again[conversation_id] = True
        try:
            while self._look_again[conversation_id]:
                self._look_again[conversation_id] = False
                await self._deliver(conversation_id, self._channels[channel])
        finally:
            del self._look_again[conversation_id]

    def deliver_soon(self, conversation_id: int, channel: str) -> None:
        """`deliver` in a task of its own: for those who must not wait for a network."""
        self._soon(self.deliver(conversation_id, channel))

    async def run(self, stop: asyncio.Event) -> None:
        """Sweep at each ring and every second until `stop` is set; then finish the sends under way."""
        missed = False
        async for rang in self._doorbell.listen(DELIVERY, every=SWEEP_EVERY):
            if stop.is_set():
                break
            try:
                await self.sweep(fresh=rang or missed)
                missed = False
            except Exception:  # the driver's own errors too; the next round tries again, as if it had been rung for
                missed = True
                log.exception("delivery sweep failed")
        await self.finish()

    async def sweep(self, *, fresh: bool = False) -> None:
        """Start what a process that died left behind and what waited for a later try.

        `fresh`: also what was queued a moment ago, because somebody rang for it.
        """
        now = self._clock()
        await expire_leases(self._database, now=now, limit=SWEPT_AT_ONCE)
        before = now if fresh else now - LEFT_ALONE
        async with self._database.begin() as session:
            waiting = await undelivered(session, now=now, before=before, limit=SWEPT_AT_ONCE)
        for conversation_id, channel in waiting:
            if conversation_id not in self._look_again:
                self.deliver_soon(conversation_id, channel)
        wires = [name for name, channel in self._channels.items() if not channel.in_database]
        if wires:
            for changed in await claim_edits(self._database, channels=wires, now=now, limit=SWEPT_AT_ONCE):
                self._soon(self._edit(changed))

    async def finish(self) -> None:
        """Wait for the deliveries that `deliver_soon` and `sweep` started."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def _deliver(self, conversation_id: int, channel: Channel) -> None:
        if channel.in_database:
            if await deliver_stored(self._database, conversation_id, now=self._clock()):
                await self._doorbell.ring(conversation_bell(conversation_id))
                await self._doorbell.ring(STAFF)
            return
        async with self._places:
            while (message := await claim(self._database, conversation_id, now=self._clock())) is not None:
                is_more = await self._send(cast(Wire, channel), message)
                await self._doorbell.ring(STAFF)
                if not is_more:
                    return

    async def _send(self, channel: Wire, message: Outgoing) -> bool:
        """One send and what came of it. Whether there may be more to send now; what waits is left to a later sweep."""
        try:
            async with asyncio.timeout(SEND_WITHIN):
                external_id = await channel.send(message)
        except Undeliverable as error:
            log.warning("undeliverable", conversation=message.conversation_id, seq=message.seq, reason=error.reason)
            await self._unreachable(message, error)
            return await mark_failed(self._database, message)
        except NotSent as error:
            pause = _grown(error.after, message) if error.is_try else error.after
            await try_later(self._database, message, at=self._clock() + pause, is_try=error.is_try)
            return False
        except Exception:
            log.exception("send failed", conversation=message.conversation_id, seq=message.seq)
            await mark_lost(self._database, message, at=self._clock() + _grown(LOST_AGAIN, message))
            return False
        return bool(await mark_sent(self._database, message, external_id=external_id, now=self._clock()))

    async def _edit(self, message: Changed) -> None:
        """One edit. What cannot be shown any more is let go; what went wrong otherwise is tried again for a while."""
        channel = cast(Wire, self._channels[message.channel])
        try:
            async with self._places, asyncio.timeout(SEND_WITHIN):
                await channel.edit(message)
        except NotSent as error:
            if error.is_try:
                await self._edit_failed(message, error.after)
            else:
                await edit_later(self._database, message, at=self._clock() + error.after)
            return
        except Undeliverable as error:
            await self._unreachable(message, error)
        except Exception:  # an edit that was made already may be made again
            log.exception("edit failed", conversation=message.conversation_id)
            await self._edit_failed(message, EDIT_AGAIN)
            return
        await mark_edited(self._database, message, now=self._clock())

    async def _edit_failed(self, message: Changed, pause: timedelta) -> None:
        if not await edit_failed(self._database, message, now=self._clock(), pause=pause):
            log.error("an edit is let go", conversation=message.conversation_id)

    async def _unreachable(self, message: Outgoing | Changed, error: Undeliverable) -> None:
        """Nothing reaches this chat any more: what happened in the shop is told to its customer where they can be.

        First of all, for a fact is not sent twice: a process that dies after this has told it.
        """
        if error.reason not in ("blocked", "gone"):
            return
        at, place = self._clock(), None
        if isinstance(message, Outgoing) and message.kind is Kind.FACT:
            async with self._database.begin() as session:
                place = await say_elsewhere(session, message, now=at)
        await set_reachable(self._database, channel=message.channel, chat=message.chat, reachable=False, now=at)
        if place is not None:
            self.deliver_soon(place.id, place.channel)

    def _soon(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("delivery failed; a sweep takes it up", exc_info=error)


def _grown(pause: timedelta, message: Outgoing) -> timedelta:
    growth: int = PAUSE_GROWS ** (message.tries - 1)
    return pause * growth
