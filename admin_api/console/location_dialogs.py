"""Dialogs about locations: carry goods from one to another, make, rename and close them."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from admin_api import location_desk
from admin_api.console.dialogs import put_away
from admin_api.console.goods_fields import choice, mark_wrong, text_field, tick
from admin_api.console.looks import box, button, chip, icon_button, words
from admin_api.console.product_editing import in_words
from admin_api.console.visit import Visit
from admin_api.location_desk import (
    LocationForm,
    LocationRow,
    Locations,
    MarkForm,
    NewLocationForm,
    TransferForm,
)
from admin_api.roles import StaffMember
from admin_api.stock_desk import VariantStock
from admin_api.stock_views import PlaceStock, StockShape
from commerce.inventory.actions import MOST_PIECES
from foundation.errors import Json, Refused
from foundation.money import Money

MOST_MARK = 1_000_000
Act = Callable[[Callable[[StaffMember], Awaitable[Locations]]], Awaitable[bool]]


async def read_locations(visit: Visit) -> list[LocationRow]:
    """Every location, closed ones too; none when it was refused."""

    async def read(staff: StaffMember) -> Locations:
        async with visit.desk.database.begin() as session:
            return await location_desk.list_locations(session, staff)

    found = await visit.attempt(read)
    return found.locations if found is not None else []


def stock_at(stock: StockShape, location_id: int) -> PlaceStock:
    """What lies at one location."""
    nothing = PlaceStock(location_id=location_id, on_hand=0, reserved=0, free=0)
    return next((place for place in stock.places if place.location_id == location_id), nothing)


async def transfer_stock(visit: Visit, *, variant_id: int, name: str, stock: StockShape) -> bool:
    """Ask from where to where and how many, and carry them over; whether it was done."""
    t = visit.t
    places = [place for place in await read_locations(visit) if place.active]
    if len(places) < 2:
        ui.notify(t("There is only one location. Make another one first."), classes="notice", position="top")
        return False
    lying = {place.id: told(visit, place, stock) for place in places}
    fullest = max(places, key=lambda place: stock_at(stock, place.id).free).id
    with visit.client, ui.dialog() as dialog, box("dialog").props("role=dialog"):
        words(t("Transfer {name}", name=name), "dialog-title")
        source = choice(t("From"), lying, fullest)
        target = choice(t("To"), lying, next(place.id for place in places if place.id != fullest))
        pieces = text_field(t("Pieces"), "", longest=9, number=True).props("autofocus")
        note = text_field(t("A note for later (may be empty)"), "", longest=200)

        async def submit() -> None:
            typed = (pieces.value or "").strip()
            is_number = typed.isdecimal() and 0 < int(typed) <= MOST_PIECES
            mark_wrong(pieces, not is_number)
            if not is_number:
                return

            async def act(staff: StaffMember) -> VariantStock:
                form = TransferForm(
                    quantity=int(typed),
                    from_id=source.value,
                    to_id=target.value,
                    note=(note.value or "").strip().replace("\x00", ""),
                    was=stock_at(stock, source.value).on_hand,
                )
                return await location_desk.transfer(visit.desk, staff, variant_id=variant_id, form=form)

            if await visit.attempt(act) is not None:
                dialog.submit(True)

        pieces.on("keydown.enter", submit)
        with box("dialog-foot"):
            button(t("Cancel"), "plain").on("click", lambda: dialog.submit(False))
            button(t("Carry over"), "primary").on("click", submit)
    done = bool(await dialog)
    put_away(dialog)
    return done


async def change_mark(visit: Visit, *, variant_id: int, name: str, mark: int | None, usual: int) -> MarkForm | None:
    """Ask below how many pieces a variant is reported and keep it; None when nothing was changed."""
    t = visit.t
    with visit.client, ui.dialog() as dialog, box("dialog").props("role=dialog"):
        words(name, "dialog-title")
        words(t("Empty: the usual number, {count}", count=usual), "dialog-text")
        now = "" if mark is None else str(mark)
        field = text_field(t("Warn below so many pieces"), now, longest=7, number=True).props("autofocus")

        async def submit() -> None:
            typed = (field.value or "").strip()
            is_fine = not typed or (typed.isdecimal() and int(typed) <= MOST_MARK)
            mark_wrong(field, not is_fine)
            if not is_fine:
                return
            form = MarkForm(mark=int(typed) if typed else None)
            kept = await visit.attempt(
                lambda staff: location_desk.set_low_mark(visit.desk, staff, variant_id=variant_id, form=form)
            )
            if kept is not None:
                dialog.submit(form)

        field.on("keydown.enter", submit)
        with box("dialog-foot"):
            button(t("Cancel"), "plain").on("click", lambda: dialog.submit(None))
            button(t("Save"), "primary").on("click", submit)
    asked: MarkForm | None = await dialog
    put_away(dialog)
    return asked


async def show_locations(visit: Visit) -> None:
    """All locations, each with what may be done to it; comes back when the dialog is closed."""
    t = visit.t
    with visit.client, ui.dialog() as dialog, box("dialog broad").props("role=dialog"):
        words(t("Locations"), "dialog-title")
        rows = box("movements")
        with box("dialog-foot"):
            make = button(t("New location"), "primary", "add")
            button(t("Close this"), "plain").on("click", lambda: dialog.submit(None))

    def draw(places: list[LocationRow]) -> None:
        rows.clear()
        with rows:
            for place in places:
                _row(visit, place, act)

    async def act(do: Callable[[StaffMember], Awaitable[Locations]]) -> bool:
        changed = await visit.attempt(do)
        if changed is not None:
            with visit.client:
                draw(changed.locations)
        return changed is not None

    make.on("click", lambda: _edit(visit, None, act))
    draw(await read_locations(visit))
    await dialog
    put_away(dialog)


def _row(visit: Visit, place: LocationRow, act: Act) -> None:
    t, desk = visit.t, visit.desk

    async def flip(staff: StaffMember) -> Locations:
        flip = location_desk.close_location if place.active else location_desk.reopen_location
        return await flip(desk, staff, location_id=place.id)

    with box("location-row" + ("" if place.active else " off")).props(f"data-location={place.code}"):
        with box("product-name"):
            with box("location-name"):
                words(in_words(place.name, t.language), "product-title")
                for label, is_so in (
                    ("main", place.is_main),
                    ("pick-up", place.is_pickup),
                    ("switched off", not place.active),
                ):
                    if is_so:
                        chip(t(label), "quiet")
            address = in_words(place.address, t.language)
            words(" · ".join(part for part in (place.code, address) if part), "goods-label")
        words(t("{on_hand} here, {reserved} promised", on_hand=place.pieces, reserved=place.reserved), "goods-label")
        with box("row-buttons"):
            icon_button("edit", t("Edit"), "tiny").on("click", lambda: _edit(visit, place, act))
            if not place.is_main:
                icon, title = ("block", t("Switch off")) if place.active else ("restart_alt", t("Switch on again"))
                icon_button(icon, title, "tiny").on("click", lambda: act(flip))


class LocationFields:
    """The fields of a location, filled with what it is."""

    def __init__(self, visit: Visit, place: LocationRow | None) -> None:
        t, self.currency = visit.t, visit.desk.settings.currency
        name, address, region = (place.name, place.address, place.region) if place else ({}, {}, {})
        self.code = None if place else text_field(t("Code (letters and digits, stays)"), "", longest=40)
        self.names, self.addresses = (
            {
                language: text_field(t(f"{what} in {spoken}"), known.get(language, ""), longest=longest)
                for language, spoken in (("zh", "Chinese"), ("en", "English"))
            }
            for what, known, longest in (("Name", name, 100), ("Address", address, 300))
        )
        with box("pair"):
            self.province = text_field(t("Province"), region.get("province", ""), longest=60)
            self.city = text_field(t("City"), region.get("city", ""), longest=60)
        cost = Money(place.parcel_cost if place else 0, self.currency)
        with box("pair"):
            order = str(place.position if place else 0)
            self.position = text_field(t("Order (lowest first)"), order, number=True, longest=4)
            self.cost = text_field(t("Cost of a parcel from here"), str(cost.decimal), number=True, longest=12)
        self.pickup = tick(t("Shoppers may fetch goods here"), place.is_pickup if place else False)

    def facts(self) -> dict[str, Json] | None:
        """What was typed, as a form takes it; None when something cannot be used, which is marked then."""
        try:
            cost = Money.parse((self.cost.value or "").strip() or "0", self.currency).amount
        except Refused:
            cost = -1
        mark_wrong(self.cost, cost < 0)
        position = (self.position.value or "").strip() or "0"
        mark_wrong(self.position, not position.isdecimal())
        if cost < 0 or not position.isdecimal():
            return None
        province, city = ((field.value or "").strip() for field in (self.province, self.city))
        return {
            "name": {language: field.value or "" for language, field in self.names.items()},
            "address": {language: field.value or "" for language, field in self.addresses.items()},
            "region": {"country": "CN" if province else "", "province": province, "city": city},
            "is_pickup": bool(self.pickup.value),
            "position": int(position),
            "parcel_cost": cost,
        }


async def _edit(visit: Visit, place: LocationRow | None, act: Act) -> None:
    t, desk = visit.t, visit.desk
    with visit.client, ui.dialog() as dialog, box("dialog").props("role=dialog"):
        words(t("Change location") if place else t("New location"), "dialog-title")
        fields = LocationFields(visit, place)

        async def submit() -> None:
            facts = fields.facts()
            if facts is None:
                return

            async def save(staff: StaffMember) -> Locations:
                if place is not None:
                    form = LocationForm.model_validate(facts)
                    return await location_desk.change_location(desk, staff, location_id=place.id, form=form)
                code = (fields.code.value or "").strip() if fields.code else ""
                made = NewLocationForm.model_validate({**facts, "code": code})
                return await location_desk.add_location(desk, staff, form=made)

            if await act(save):
                dialog.submit(True)

        with box("dialog-foot"):
            button(t("Cancel"), "plain").on("click", lambda: dialog.submit(False))
            button(t("Save"), "primary").on("click", submit)
    await dialog
    put_away(dialog)


def told(visit: Visit, place: LocationRow, stock: StockShape) -> str:
    """A location with what lies there of a variant, to choose from."""
    here = stock_at(stock, place.id)
    name = in_words(place.name, visit.t.language)
    return visit.t("{name}: {on_hand} here, {free} free", name=name, on_hand=here.on_hand, free=here.free)
