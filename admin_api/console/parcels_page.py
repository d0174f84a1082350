"""Parcels: what is to be sent from where, what is on its way, what went wrong; and one of them with its timeline."""

from nicegui import ui

from admin_api import parcel_desk
from admin_api.console.goods_fields import choice
from admin_api.console.looks import box, button, chip, clock_time, icon_button, set_text, show, words
from admin_api.console.parcel_card import ParcelCard, parcel_state
from admin_api.console.visit import Changes, Visit
from admin_api.parcel_views import ParcelPage, ParcelRow, ParcelWithTracking, place_names
from admin_api.roles import StaffMember

SHELVES = {"to_send": "To send", "on_the_way": "On the way", "trouble": "Trouble", "done": "Done"}
PAGE = 40
EVERYWHERE = 0


class ParcelsPage:
    """Two panes; on a narrow screen one at a time."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.shelf, self.location = "to_send", EVERYWHERE
        self.next: str | None = None
        self.shown: int | None = None
        self.read: ParcelWithTracking | None = None
        t = visit.t
        with box("panes orders parcels show-list") as self.root:
            with box("pane list-pane wide"):
                with box("pane-head"):
                    words(t("Parcels"), "pane-title")
                    self.live = words(t("live"), "live-chip").props(f'data-offline="{t("offline")}"')
                with box("tabs"):
                    self.tabs = {}
                    for shelf, name in SHELVES.items():
                        tab = ui.element("button").classes("tab").props("type=button")
                        tab.on("click", lambda shelf=shelf: self.show_shelf(shelf))
                        with tab:
                            words(t(name))
                        self.tabs[shelf] = tab
                self.where = box("parcel-where")
                with box("rows"):
                    self.box = box("rows-inner")
                    self.nothing = words(t("Nothing here now"), "side-empty")
                    self.more = button(t("More"), "more")
                    self.more.on("click", self._load_more)
            with box("pane thread-pane"):
                with box("pane-head"):
                    icon_button("arrow_back", t("Back"), "narrow-only").on("click", lambda: self._show("list"))
                    self.title = words("", "pane-title")
                with box("nothing big") as self.choose:
                    ui.icon("local_shipping")
                    words(t("Choose a parcel"), "nothing-title")
                    words(t("What is in it, where it goes and what was said about it open here."), "nothing-text")
                self.detail = box("side detail")

    async def start(self, parcel_id: int | None = None) -> None:
        """Fill the list, and open a parcel if the address names one."""
        await self.visit.attempt(self._offer_places)
        await self.show_shelf("to_send")
        if parcel_id:
            await self.open(parcel_id)
        self.visit.follow(self._apply, self._tick)

    async def show_shelf(self, shelf: str) -> None:
        """The list of one kind."""
        self.shelf = shelf
        for known, tab in self.tabs.items():
            tab.classes(add="on" if known == shelf else "", remove="" if known == shelf else "on")
        await self._reload()

    async def open(self, parcel_id: int) -> None:
        """Show a parcel on the right."""
        found = await self.visit.attempt(lambda staff: self._read(staff, parcel_id))
        if found is None:
            return
        self.shown, self.read = parcel_id, found
        self._draw(found)
        self._show("thread")
        ui.run_javascript(f"history.replaceState(null, '', '?p={parcel_id}')")

    def _draw(self, found: ParcelWithTracking) -> None:
        show(self.choose, False)
        set_text(self.title, f"{found.parcel.order_number} · {found.parcel.id}")
        self.detail.clear()
        with self.detail:
            ParcelCard(self.visit, found, self._after)

    async def _after(self, parcel_id: int) -> None:
        await self._reload()
        await self.open(parcel_id)

    async def _apply(self, _changes: Changes) -> None:
        await self._reload()
        if self.shown is not None:
            parcel_id = self.shown
            found = await self.visit.attempt(lambda staff: self._read(staff, parcel_id))
            if found is not None and found != self.read and self.shown == parcel_id:
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
            show(self.nothing, not page.parcels)

    def _add(self, page: ParcelPage) -> None:
        with self.box:
            for parcel in page.parcels:
                self._row(parcel)
        self.next = page.next
        show(self.more, page.next is not None)

    def _row(self, parcel: ParcelRow) -> None:
        t, desk = self.visit.t, self.visit.desk
        element = ui.element("button").classes("talk-row order-row").props(f"type=button data-parcel={parcel.id}")
        element.on("click", lambda: self.open(parcel.id))
        with element, box("talk-middle"):
            with box("talk-top"):
                words(parcel.order_number, "order-number")
                words(clock_time(parcel.state_at, desk.now(), desk.settings.zone, t), "talk-time")
            comma = "、" if t.language == "zh" else ", "
            words(comma.join(f"{line.title} × {line.quantity}" for line in parcel.lines), "talk-preview")
            with box("talk-marks"):
                parcel_state(self.visit, parcel)
                if parcel.location:
                    chip(parcel.location, "quiet")
                if parcel.tracking_number:
                    chip(parcel.tracking_number, "quiet")

    async def _offer_places(self, _staff: StaffMember) -> None:
        async with self.visit.desk.database.begin() as session:
            names = await place_names(session, language=self.visit.t.language)
        if len(names) > 1:
            t = self.visit.t
            with self.where:
                places = {EVERYWHERE: t("All locations"), **names}
                choice(t("Location"), places, EVERYWHERE, self._set_place, is_named=False)

    def _set_place(self, location: int) -> None:
        self.location = location
        ui.timer(0, self._reload, once=True)

    def _show(self, pane: str) -> None:
        self.root.classes(replace=f"panes orders parcels show-{pane}")

    async def _load_more(self) -> None:
        page = await self.visit.attempt(lambda staff: self._page(staff, self.next))
        if page is not None:
            self._add(page)

    async def _page(self, staff: StaffMember, cursor: str | None) -> ParcelPage:
        async with self.visit.desk.database.begin() as session:
            return await parcel_desk.list_parcels(
                session,
                staff,
                shelf=self.shelf,
                location_id=None if self.location == EVERYWHERE else self.location,
                cursor=cursor,
                limit=PAGE,
            )

    async def _read(self, staff: StaffMember, parcel_id: int) -> ParcelWithTracking:
        async with self.visit.desk.database.begin() as session:
            return await parcel_desk.read_parcel(session, staff, parcel_id=parcel_id)
