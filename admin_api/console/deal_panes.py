"""What the pages of group-buys and flash sales share: how they are reached from each other, clocks, and keeping up."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from nicegui import ui
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.console.looks import box, button, words
from admin_api.console.two_panes import Listed, TwoPanes
from admin_api.console.visit import Changes, Visit
from admin_api.roles import Permission, StaffMember

DEALS = {
    "group-buys": ("Group-buys", Permission.READ_PROMOTIONS),
    "flash-sales": ("Flash sales", Permission.READ_PROMOTIONS),
    "calendar": ("Sales calendar", Permission.READ_PROMOTIONS),
}
LOOK_EVERY = 3.0
"""Seconds. Orders tell of themselves at once; what colleagues do with a campaign, and the line, is looked up."""
RowT = TypeVar("RowT", bound=Listed)
FoundT = TypeVar("FoundT")


@dataclass
class Rows(Generic[RowT]):
    """Some of a list."""

    rows: Sequence[RowT]
    next: str | None = None


class DealPanes(TwoPanes[Rows[RowT], RowT, FoundT]):
    """A list of campaigns and one of them live. `new`: the word on the button for another one."""

    def __init__(
        self, visit: Visit, kind: str, param: str, *, here: str, new: str, none: str, choose: tuple[str, str, str],
        shelves: Mapping[str, str],
    ) -> None:  # fmt: skip
        self.here, self.new, self.may_manage = here, new, visit.staff.may(Permission.MANAGE_PROMOTIONS)
        title = visit.t(DEALS[here][0])
        super().__init__(visit, kind, param, title=title, none=none, choose=choose, shelves=shelves)

    def beside_title(self) -> None:
        if self.may_manage:
            button(self.new, "primary small deal-new", "add").on("click", self.make)

    def above_tabs(self) -> None:
        deal_links(self.visit, self.here)

    @abstractmethod
    async def read_all(self, session: AsyncSession, staff: StaffMember) -> list[RowT]:
        """The whole list that is chosen."""

    async def read_list(self, session: AsyncSession, staff: StaffMember, cursor: str | None, limit: int) -> Rows[RowT]:
        rows, start = await self.read_all(session, staff), int(cursor or 0)
        return Rows(rows[start : start + limit], str(start + limit) if len(rows) > start + limit else None)

    def rows_of(self, part: Rows[RowT]) -> Sequence[RowT]:
        return part.rows

    async def start(self, asked: str = "") -> None:
        await super().start(asked)
        ui.timer(LOOK_EVERY, self.look_again)

    async def look_again(self) -> None:
        """Show what has changed since."""
        await self._apply(Changes())

    @abstractmethod
    async def make(self) -> None:
        """Write another one."""


def deal_links(visit: Visit, here: str) -> None:
    """The pages of campaigns, this one marked."""
    with ui.element("nav").classes("tabs deal-links"):
        for part, (name, _) in DEALS.items():
            link = ui.element("a").classes("tab" + (" on" if part == here else ""))
            link.props["href"] = f"/console/{part}"
            with link:
                words(visit.t(name))


def span(visit: Visit, starts_at: datetime, ends_at: datetime, *, days_only: bool = False) -> str:
    """From when to when, in the shop's zone; what ends on the same day names it once."""
    t, zone = visit.t, visit.desk.settings.zone
    first, last = starts_at.astimezone(zone), ends_at.astimezone(zone)
    if first.date() == last.date():
        return f"{t.moment(first)} – {last:%H:%M}"
    told = t.date if days_only else t.moment
    return f"{told(first)} – {told(last)}"


def clock(until: datetime, classes: str = "") -> None:
    """A clock that counts down in the browser."""
    words("", f"countdown {classes}").props(f"data-until={int(until.timestamp() * 1000)}")


def number(name: str, value: str, beside: str = "", tone: str = "") -> None:
    """A large number with its name, and perhaps what it is made of."""
    with box(f"deal-number {tone}"):
        words(value, "big-number")
        words(name, "goods-label")
        if beside:
            words(beside, "deal-beside")
