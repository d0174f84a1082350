"""One open page of one person: who it is, what language, and how its acts are tried."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import structlog
from nicegui import Client, background_tasks, ui
from pydantic import ValidationError

from admin_api.auth import SignedIn, signed_in
from admin_api.console.words import Words
from admin_api.desk import Desk
from admin_api.hub import DATABASE_AWAY
from admin_api.live import visible_changes
from admin_api.roles import StaffMember
from conversations.bells import STAFF
from conversations.events import Batch
from foundation.errors import Refused

log = structlog.get_logger(__name__)

GATHER = 0.25
"""Changes are shown at most four times a second."""
TICK = 1.0
PRESENT_EVERY = 20
"""Ticks between two signs that this person is here."""
Result = TypeVar("Result")


class Changes:
    """What changed since the page was last brought up to date. `everything`: too much was missed to tell."""

    def __init__(self) -> None:
        self.conversations: set[int] = set()
        self.gone: set[int] = set()
        self.orders: set[int] = set()
        self.everything = False

    def __bool__(self) -> bool:
        return self.everything or bool(self.conversations or self.gone or self.orders)


class Visit:
    """A page while it is open. The session is asked for again at every act, since it may have ended meanwhile."""

    def __init__(self, desk: Desk, token: str, asking: SignedIn, client: Client) -> None:
        self.desk, self.token, self.asking, self.client = desk, token, asking, client
        self.t = Words(asking.staff.language)

    @property
    def staff(self) -> StaffMember:
        """The person, as the session knew them last."""
        return self.asking.staff

    async def attempt(self, act: Callable[[StaffMember], Awaitable[Result]]) -> Result | None:
        """Do what the person asked for; a refusal is shown and gives None."""
        try:
            async with self.desk.database.begin() as session:
                self.asking = await signed_in(session, token=self.token, now=self.desk.now())
            return await act(self.staff)
        except Refused as refusal:
            with self.client:
                if refusal.code == "staff.session":
                    ui.navigate.to("/sign-in")
                else:
                    ui.notify(self.t.refusal(refusal.code, refusal.facts), classes="notice", position="top")
        except ValidationError:  # of a form: what was typed is too long, or cannot be kept
            with self.client:
                ui.notify(self.t.refusal("request.invalid", {}), classes="notice", position="top")
        except DATABASE_AWAY as error:
            log.error("an act of the console failed", error=type(error).__name__)
            with self.client:
                ui.notify(self.t("Something went wrong. Nothing was changed."), classes="notice", position="top")
        return None

    def follow(self, apply: Callable[[Changes], Awaitable[None]], tick: Callable[[], None]) -> None:
        """For as long as the page is open: hand it what changed, gathered, and tick once a second."""
        task = background_tasks.create(self._follow(apply, tick), name="console page")
        self.client.on_delete(task.cancel)

    async def _follow(self, apply: Callable[[Changes], Awaitable[None]], tick: Callable[[], None]) -> None:
        ticks, missed = 0, False
        with self.desk.hub.watch() as queue:
            while not self.client.is_deleted:
                if ticks % PRESENT_EVERY == 0:
                    await self.desk.presence.seen(STAFF, self.staff.id)
                ticks += 1
                batches: list[Batch] = []
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(TICK):
                        batches.append(await queue.get())
                if batches:
                    await asyncio.sleep(GATHER)
                    while not queue.empty():
                        batches.append(queue.get_nowait())
                if batches or missed:
                    missed = not await self._keep_up(apply, batches, missed)
                with self.client:
                    tick()

    async def _keep_up(self, apply: Callable[[Changes], Awaitable[None]], batches: list[Batch], missed: bool) -> bool:
        """Whether the page shows all there is; after a fault the next round reads everything again."""
        try:
            return await self.attempt(partial(self._bring_up_to_date, apply, batches, missed)) is True
        except Exception as error:  # a page that stopped following would go on saying that it is live
            log.error("a console page fell behind", error=type(error).__name__)
            return False

    async def _bring_up_to_date(
        self, apply: Callable[[Changes], Awaitable[None]], batches: list[Batch], missed: bool, staff: StaffMember
    ) -> bool:
        changes = await self._changes(batches, staff)
        changes.everything |= missed
        if changes:
            with self.client:
                await apply(changes)
        return True

    async def _changes(self, batches: list[Batch], staff: StaffMember) -> Changes:
        changes = Changes()
        changes.everything = any(batch.resync for batch in batches)
        async with self.desk.database.begin() as session:
            happened = [event for batch in batches for event in batch.events]
            for change in await visible_changes(session, staff, happened):
                if change["kind"] == "order":
                    changes.orders.add(change["ref"])
                else:
                    (changes.gone if change["gone"] else changes.conversations).add(change["ref"])
        return changes
