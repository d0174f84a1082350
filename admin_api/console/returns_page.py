"""Returns: what is to be decided, what waits, what lies here; one of them with all about it; the shop's rules."""

from nicegui import ui

from admin_api import return_desk
from admin_api.console.looks import box, button, chip, clock_time, icon_button, set_text, show, words
from admin_api.console.return_card import ReturnCard, return_state
from admin_api.console.return_rules import ReturnRules
from admin_api.console.visit import Changes, Visit
from admin_api.return_views import ReturnPage, ReturnRow, ReturnWithHistory
from admin_api.roles import StaffMember

SHELVES = {
    "to_decide": "To decide",
    "to_approve": "Above a limit",
    "waiting": "Under way",
    "here": "Here",
    "done": "Finished",
}
PAGE = 40


class ReturnsPage:
    """Two panes; on a narrow screen one at a time."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.shelf = "to_decide"
        self.next: str | None = None
        self.shown: int | None = None
        self.read: ReturnWithHistory | None = None
        t = visit.t
        with box("panes orders returns show-list") as self.root:
            with box("pane list-pane wide"):
                with box("pane-head"):
                    words(t("Returns"), "pane-title")
                    button(t("Rules"), "small", "gavel").on("click", self.show_rules)
                    self.live = words(t("live"), "live-chip").props(f'data-offline="{t("offline")}"')
                with box("tabs"):
                    self.tabs = {}
                    for shelf, name in SHELVES.items():
                        tab = ui.element("button").classes("tab").props("type=button")
                        tab.on("click", lambda shelf=shelf: self.show_shelf(shelf))
                        with tab:
                            words(t(name))
                        self.tabs[shelf] = tab
                with box("rows"):
                    self.box = box("rows-inner")
                    self.nothing = words(t("No returns here now"), "side-empty")
                    self.more = button(t("More"), "more")
                    self.more.on("click", self._load_more)
            with box("pane thread-pane"):
                with box("pane-head"):
                    icon_button("arrow_back", t("Back"), "narrow-only").on("click", lambda: self._show("list"))
                    self.title = words("", "pane-title")
                with box("nothing big") as self.choose:
                    ui.icon("assignment_return")
                    words(t("Choose a return"), "nothing-title")
                    words(t("What the shopper wants, what the rules say and what happened open here."), "nothing-text")
                self.detail = box("side detail")

    async def start(self, return_id: int | None = None) -> None:
        """Fill the list, and open a return if the address names one."""
        await self.show_shelf("to_decide")
        if return_id:
            await self.open(return_id)
        self.visit.follow(self._apply, self._tick)

    async def show_shelf(self, shelf: str) -> None:
        """The list of one kind."""
        self.shelf = shelf
        for known, tab in self.tabs.items():
            tab.classes(add="on" if known == shelf else "", remove="" if known == shelf else "on")
        await self._reload()

    async def open(self, return_id: int) -> None:
        """Show a return on the right."""
        found = await self.visit.attempt(lambda staff: self._read(staff, return_id))
        if found is None:
            return
        self.shown, self.read = return_id, found
        self._draw(found)
        self._show("thread")
        ui.run_javascript(f"history.replaceState(null, '', '?r={return_id}')")

    async def show_rules(self) -> None:
        """The shop's rules for returns on the right."""
        self.shown = self.read = None
        show(self.choose, False)
        set_text(self.title, self.visit.t("Rules for returns"))
        self.detail.clear()
        with self.detail:
            rules = ReturnRules(self.visit)
        await rules.start()
        self._show("thread")

    def _draw(self, found: ReturnWithHistory) -> None:
        show(self.choose, False)
        set_text(self.title, found.asked.number)
        self.detail.clear()
        with self.detail:
            ReturnCard(self.visit, found, self._after)

    async def _after(self, return_id: int) -> None:
        await self._reload()
        await self.open(return_id)

    async def _apply(self, _changes: Changes) -> None:
        await self._reload()
        if self.shown is not None:
            return_id = self.shown
            found = await self.visit.attempt(lambda staff: self._read(staff, return_id))
            if found is not None and found != self.read and self.shown == return_id:
                self.read = found
                self._draw(found)

    def _tick(self) -> None:
        behind = int(self.visit.desk.hub.seconds_behind)
        t = self.visit.t
        set_text(self.live, t("{seconds} s behind", seconds=behind) if behind else t("live"))

    async def _reload(self) -> None:
        page = await self.visit.attempt(lambda staff: self._page(staff, None))
        if page is not None:
            self.box.clear()
            self._add(page)
            show(self.nothing, not page.returns)

    def _add(self, page: ReturnPage) -> None:
        with self.box:
            for asked in page.returns:
                self._row(asked)
        self.next = page.next
        show(self.more, page.next is not None)

    def _row(self, asked: ReturnRow) -> None:
        t, desk = self.visit.t, self.visit.desk
        element = ui.element("button").classes("talk-row order-row").props(f"type=button data-return={asked.id}")
        element.on("click", lambda: self.open(asked.id))
        with element, box("talk-middle"):
            with box("talk-top"):
                words(asked.number, "order-number")
                words(clock_time(asked.state_at, desk.now(), desk.settings.zone, t), "talk-time")
            with box("talk-top"):
                comma = "、" if t.language == "zh" else ", "
                words(comma.join(f"{line.title} × {line.quantity}" for line in asked.lines), "talk-preview")
                if asked.offered.amount:
                    words(asked.offered.shown(t.language), "money")
            with box("talk-marks"):
                return_state(self.visit, asked)
                chip(t(f"why {asked.why}"), "quiet")
                if asked.photos:
                    chip(t("{count} photos", count=asked.photos), "quiet")

    def _show(self, pane: str) -> None:
        self.root.classes(replace=f"panes orders returns show-{pane}")

    async def _load_more(self) -> None:
        page = await self.visit.attempt(lambda staff: self._page(staff, self.next))
        if page is not None:
            self._add(page)

    async def _page(self, staff: StaffMember, cursor: str | None) -> ReturnPage:
        async with self.visit.desk.database.begin() as session:
            return await return_desk.list_returns(session, staff, shelf=self.shelf, cursor=cursor, limit=PAGE)

    async def _read(self, staff: StaffMember, return_id: int) -> ReturnWithHistory:
        async with self.visit.desk.database.begin() as session:
            return await return_desk.read_return(session, staff, return_id=return_id)
