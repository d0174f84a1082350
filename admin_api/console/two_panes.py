"""What orders, parcels, returns and customers share: a list on the left, one of its things on the right."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from nicegui import ui
from nicegui.element import Element
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.console.looks import box, button, icon_button, set_text, show, words
from admin_api.console.visit import Changes, Visit
from admin_api.roles import StaffMember

PAGE, MOST_FOLLOWED = 40, 400
Key = int | str


class Part(Protocol):
    """A part of a long list; `next` is the cursor of the following one."""

    next: str | None


class Listed(Protocol):
    """One thing in a list."""

    id: int


PartT = TypeVar("PartT", bound=Part)
RowT = TypeVar("RowT", bound=Listed)
FoundT = TypeVar("FoundT")


class TwoPanes(ABC, Generic[PartT, RowT, FoundT]):
    """On a narrow screen one pane at a time. `kind`: "parcel" is a class of the pane and marks its rows, `param` names
    the open one in the address; `choose`: icon, title and text while none is open; `shelves`: the lists by key."""

    def __init__(
        self,
        visit: Visit,
        kind: str,
        param: str,
        *,
        title: str,
        none: str,
        choose: tuple[str, str, str],
        shelves: Mapping[Any, str],
        is_live: bool = True,
    ) -> None:
        self.visit, self.kind, self.param, self.is_live = visit, kind, param, is_live
        self.shelf: Any = next(iter(shelves), None)
        self.next: str | None = None
        self.opened: tuple[Key, FoundT] | None = None
        self.rows: dict[int, tuple[RowT, Element]] = {}
        t = visit.t
        with box(f"panes orders {kind}s show-list") as self.root:
            with box("pane list-pane wide"):
                with box("pane-head"):
                    words(title, "pane-title")
                    self.beside_title()
                    if is_live:
                        self.live = words(t("live"), "live-chip").props(f'data-offline="{t("offline")}"')
                self.above_tabs()
                self.tabs = self._tabs(shelves)
                self.above_rows()
                with box("rows"):
                    self.box = box("rows-inner")
                    self.nothing = words(none, "side-empty")
                    self.more = button(t("More"), "more")
                    self.more.on("click", self._load_more)
            with box("pane thread-pane"):
                with box("pane-head"):
                    icon_button("arrow_back", t("Back"), "narrow-only").on("click", lambda: self._show("list"))
                    self.title = words("", "pane-title")
                with box("nothing big") as self.choose:
                    ui.icon(choose[0])
                    words(choose[1], "nothing-title")
                    words(choose[2], "nothing-text")
                self.detail = box("side detail")

    def beside_title(self) -> None:
        """Draw what stands beside the title."""

    def above_tabs(self) -> None:
        """Draw what stands above the names of the lists."""

    def above_rows(self) -> None:
        """Draw what stands right above the list."""

    @abstractmethod
    async def read_list(self, session: AsyncSession, staff: StaffMember, cursor: str | None, limit: int) -> PartT:
        """A part of the list that is chosen."""

    @abstractmethod
    def rows_of(self, part: PartT) -> Sequence[RowT]:
        """What stands in a part of a list."""

    @abstractmethod
    def draw_row(self, row: RowT) -> None:
        """One thing as the list shows it."""

    @abstractmethod
    def key_of(self, row: RowT) -> Key:
        """What names it in the address."""

    @abstractmethod
    async def read(self, session: AsyncSession, staff: StaffMember, key: Key) -> FoundT:
        """One thing with all about it."""

    @abstractmethod
    def heading(self, found: FoundT) -> tuple[Key, str]:
        """What names it in the address, and its title."""

    @abstractmethod
    def draw(self, found: FoundT) -> None:
        """Show it on the right."""

    def key_from(self, asked: str) -> Key | None:
        """What the address names; None for what is no number."""
        return int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 19 else None

    async def start(self, asked: str = "") -> None:
        """Fill the list, and open what the address names."""
        await self.show_shelf(self.shelf)
        key = self.key_from(asked)
        if key:
            await self.open(key)
        if self.is_live:
            self.visit.follow(self._apply, self._tick)

    async def show_shelf(self, shelf: Any) -> None:
        """Another list."""
        self.shelf = shelf
        for known, tab in self.tabs.items():
            tab.classes(add="on" if known == shelf else "", remove="" if known == shelf else "on")
        await self.reload(anew=True)

    async def open(self, key: Key) -> None:
        """Show one thing on the right."""
        found = await self.visit.attempt(lambda staff: self._found(staff, key))
        if found is not None:
            self.put(found)

    def put(self, found: FoundT) -> None:
        """Show what was read on the right. What stands there so already is left alone: somebody may be pressing it."""
        key, title = self.heading(found)
        if self.opened == (key, found):
            self._show("thread")
            return
        with self.visit.client:  # the button that was pressed may be gone already
            with self.blank(title):
                self.draw(found)
            self.opened = key, found
            self._mark()
            ui.run_javascript(f"history.replaceState(null, '', '?{self.param}={key}')")

    def blank(self, title: str) -> Element:
        """The right side under another title, to be drawn upon."""
        self.opened = None
        self._mark()
        show(self.choose, False)
        set_text(self.title, title)
        self.detail.clear()
        self._show("thread")
        return self.detail

    async def reload(self, *, anew: bool = False) -> None:
        """Read the list again, as far as it is shown; `anew`: its beginning."""
        limit = PAGE if anew else min(max(PAGE, len(self.rows)), MOST_FOLLOWED)
        part = await self.visit.attempt(lambda staff: self._part(staff, None, limit))
        if part is None:
            return
        rows = {row.id: row for row in self.rows_of(part)}
        with self.visit.client:
            for gone in self.rows.keys() - rows.keys():
                self.rows.pop(gone)[1].delete()
            for index, row in enumerate(rows.values()):
                self._put(row, index)
            self._end(part)

    async def again(self) -> None:
        """Read everything again that is shown."""
        await self.reload()
        if self.opened is not None:
            await self.open(self.opened[0])

    async def _load_more(self) -> None:
        part = await self.visit.attempt(lambda staff: self._part(staff, self.next, PAGE))
        if part is not None:
            for row in self.rows_of(part):
                self._put(row, len(self.rows))
            self._end(part)

    async def _apply(self, _changes: Changes) -> None:
        await self.reload()
        if self.opened is None:
            return
        key, before = self.opened
        found = await self.visit.attempt(lambda staff: self._found(staff, key))
        if found is not None and found != before and self.opened == (key, before):
            self.opened = key, found
            self.detail.clear()
            with self.detail:
                self.draw(found)

    def _tick(self) -> None:
        behind = int(self.visit.desk.hub.seconds_behind)
        t = self.visit.t
        set_text(self.live, t("{seconds} s behind", seconds=behind) if behind else t("live"))

    def _tabs(self, shelves: Mapping[Any, str]) -> dict[Any, Element]:
        tabs: dict[Any, Element] = {}
        if shelves:
            with box("tabs"):
                for shelf, name in shelves.items():
                    tabs[shelf] = tab = ui.element("button").classes("tab").props("type=button")
                    tab.on("click", lambda shelf=shelf: self.show_shelf(shelf))
                    with tab:
                        words(name)
        return tabs

    def _put(self, row: RowT, index: int) -> None:
        """A row that is new, has changed or has moved; others are left alone."""
        known = self.rows.get(row.id)
        if known is None:
            with self.box:
                element = ui.element("button").classes("talk-row order-row")
            element.props(f"type=button data-{self.kind}={row.id}")
            element.on("click", lambda: self.open(self.key_of(row)))
        else:
            element = known[1]
        if self.box.default_slot.children[index] is not element:
            element.move(target_index=index)
        if known is None or known[0] != row:
            element.clear()
            self.rows[row.id] = row, element
            with element, box("talk-middle"):
                self.draw_row(row)

    def _mark(self) -> None:
        """The row of what is open stands out."""
        for row, element in self.rows.values():
            is_open = self.opened is not None and self.opened[0] == self.key_of(row)
            element.classes(add="chosen" if is_open else "", remove="" if is_open else "chosen")

    def _end(self, part: PartT) -> None:
        self.next = part.next
        self._mark()
        show(self.more, part.next is not None)
        show(self.nothing, not self.rows)

    def _show(self, pane: str) -> None:
        self.root.classes(add=f"show-{pane}", remove="show-thread" if pane == "list" else "show-list")

    async def _part(self, staff: StaffMember, cursor: str | None, limit: int) -> PartT:
        async with self.visit.desk.database.begin() as session:
            return await self.read_list(session, staff, cursor, limit)

    async def _found(self, staff: StaffMember, key: Key) -> FoundT:
        async with self.visit.desk.database.begin() as session:
            return await self.read(session, staff, key)
