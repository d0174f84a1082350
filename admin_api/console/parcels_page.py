"""Parcels: what is to be sent from where, what is on its way, what went wrong; and one of them with its timeline."""

from collections.abc import Sequence

from nicegui import ui
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api import parcel_desk
from admin_api.console.goods_fields import choice
from admin_api.console.looks import box, chip, clock_time, words
from admin_api.console.parcel_card import ParcelCard, parcel_state
from admin_api.console.two_panes import Key, TwoPanes
from admin_api.console.visit import Visit
from admin_api.parcel_views import ParcelPage, ParcelRow, ParcelWithTracking, place_names
from admin_api.roles import StaffMember

SHELVES = {"to_send": "To send", "on_the_way": "On the way", "trouble": "Trouble", "done": "Done"}
EVERYWHERE = 0


class ParcelsPage(TwoPanes[ParcelPage, ParcelRow, ParcelWithTracking]):
    """The parcels of all locations, or of one."""

    def __init__(self, visit: Visit) -> None:
        t = visit.t
        self.location = EVERYWHERE
        choose = t("Choose a parcel"), t("What is in it, where it goes and what was said about it open here.")
        super().__init__(
            visit,
            "parcel",
            "p",
            title=t("Parcels"),
            none=t("Nothing here now"),
            choose=("local_shipping", *choose),
            shelves={shelf: t(name) for shelf, name in SHELVES.items()},
        )

    def above_rows(self) -> None:
        self.where = box("parcel-where")

    async def start(self, asked: str = "") -> None:
        await self.visit.attempt(self._offer_places)
        await super().start(asked)

    async def read_list(self, session: AsyncSession, staff: StaffMember, cursor: str | None, limit: int) -> ParcelPage:
        where = None if self.location == EVERYWHERE else self.location
        return await parcel_desk.list_parcels(
            session, staff, shelf=self.shelf, location_id=where, cursor=cursor, limit=limit
        )

    def rows_of(self, part: ParcelPage) -> Sequence[ParcelRow]:
        return part.parcels

    def key_of(self, row: ParcelRow) -> Key:
        return row.id

    def draw_row(self, row: ParcelRow) -> None:
        t, desk = self.visit.t, self.visit.desk
        with box("talk-top"):
            words(row.order_number, "order-number")
            words(clock_time(row.state_at, desk.now(), desk.settings.zone, t), "talk-time")
        comma = "、" if t.language == "zh" else ", "
        words(comma.join(f"{line.title} × {line.quantity}" for line in row.lines), "talk-preview")
        with box("talk-marks"):
            parcel_state(self.visit, row)
            if row.location:
                chip(row.location, "quiet")
            if row.tracking_number:
                chip(row.tracking_number, "quiet")

    async def read(self, session: AsyncSession, staff: StaffMember, key: Key) -> ParcelWithTracking:
        return await parcel_desk.read_parcel(session, staff, parcel_id=int(key))

    def heading(self, found: ParcelWithTracking) -> tuple[Key, str]:
        return found.parcel.id, f"{found.parcel.order_number} · {found.parcel.id}"

    def draw(self, found: ParcelWithTracking) -> None:
        ParcelCard(self.visit, found, self._after)

    async def _after(self, parcel_id: int) -> None:
        await self.reload()
        await self.open(parcel_id)

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
        ui.timer(0, lambda: self.reload(anew=True), once=True)
