"""The parcels of an order on its page: how far each is, what is in none, and a new one."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from admin_api import parcel_desk
from admin_api.console.looks import box, button, words
from admin_api.console.parcel_card import parcel_state
from admin_api.console.parcel_dialogs import make_parcel
from admin_api.console.visit import Visit
from admin_api.parcel_views import OrderParcels, ParcelRow
from admin_api.roles import Permission, StaffMember


class OrderParcelsCard:
    """Loads by itself; `refresh` is called when a parcel was put together."""

    def __init__(self, visit: Visit, number: str, refresh: Callable[[], Awaitable[None]]) -> None:
        self.visit, self.number, self.refresh = visit, number, refresh
        self.box = box()
        ui.timer(0, self._load, once=True)

    async def _load(self) -> None:
        found = await self.visit.attempt(self._read)
        if found is None or not (found.parcels or (found.loose and found.may_pack)):
            return
        t = self.visit.t
        with self.box, box("order-card").props("data-parcels"):
            is_digital = bool(found.parcels) and all(parcel.is_digital for parcel in found.parcels)
            words(t("Digital goods" if is_digital else "Parcels"), "side-title")
            for parcel in found.parcels:
                self._parcel(parcel)
            if found.loose and found.may_pack:
                pieces = sum(line.quantity for line in found.loose)
                with box("fact"):
                    words(t("In no parcel yet"), "fact-name")
                    words(t("{count} pieces", count=pieces))
                if self.visit.staff.may(Permission.SHIP_ORDERS):
                    with box("actions"):
                        make = button(t("Put a parcel together"), "small", "inventory_2")
                        make.on("click", lambda: self._make(found))

    def _parcel(self, parcel: ParcelRow) -> None:
        with ui.element("a").classes("parcel-line").props(f"href=/console/parcels?p={parcel.id}"):
            with box("goods-middle"):
                names = "、" if self.visit.t.language == "zh" else ", "
                words(names.join(f"{line.title} × {line.quantity}" for line in parcel.lines), "goods-title")
                told = " · ".join(filter(None, (parcel.carrier, parcel.tracking_number, parcel.location)))
                if told:
                    words(told, "goods-label")
            with box("chips"):
                parcel_state(self.visit, parcel)

    async def _make(self, found: OrderParcels) -> None:
        if await make_parcel(self.visit, self.number, found.loose) is not None:
            with self.visit.client:
                await self.refresh()

    async def _read(self, staff: StaffMember) -> OrderParcels:
        async with self.visit.desk.database.begin() as session:
            return await parcel_desk.parcels_of_order(session, staff, number=self.number)
