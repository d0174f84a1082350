"""What the staff does with the places where goods lie: make, change, close them; carry goods from one to another."""

from typing import Annotated

from pydantic import BaseModel, Field
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.desk import Desk
from admin_api.product_desk import note_down
from admin_api.product_forms import Amount, Id, Name
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import Words
from admin_api.stock_desk import Note, VariantStock, Was, stock_now
from commerce.catalog.model import Names
from commerce.inventory import locations as places
from commerce.inventory.actions import MOST_PIECES
from commerce.inventory.locations import MAIN, LocationDraft
from commerce.inventory.model import Location, StockLevel
from commerce.merchandising import stock

Part = Annotated[Words, Field(max_length=60)]


class RegionForm(BaseModel):
    """Where it is, as far as it is known; the nearest of equally cheap locations sends the parcel."""

    country: Part = ""
    province: Part = ""
    city: Part = ""


class LocationForm(BaseModel):
    """A place where goods lie, all of it as it should be. The address is what shoppers are told who fetch goods."""

    name: Name
    address: dict[Annotated[Words, Field(max_length=8)], Annotated[Words, Field(max_length=300)]] = {}
    region: RegionForm = RegionForm()
    is_pickup: bool = False
    position: Annotated[int, Field(ge=0, le=10_000, description="Of equally cheap ones the lowest is asked first.")] = 0
    parcel_cost: Amount = 0

    def draft(self) -> LocationDraft:
        """As commerce takes it."""
        name = {language: text.strip() for language, text in self.name.items() if text.strip()}
        address = {language: text.strip() for language, text in self.address.items() if text.strip()}
        region = {part: text for part, text in self.region.model_dump().items() if text}
        return LocationDraft(name, address, region, self.is_pickup, self.position, self.parcel_cost)


class NewLocationForm(LocationForm):
    """A new place; its code is what imports and exports call it."""

    code: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]


class TransferForm(BaseModel):
    """Pieces nobody was promised go from one place to another; `was` is what lay at the first one as it was shown."""

    quantity: Annotated[int, Field(ge=1, le=MOST_PIECES)]
    from_id: Id
    to_id: Id
    note: Note = ""
    was: Was = None


class MarkForm(BaseModel):
    """Pieces below which the variant is reported as running low; null: the shop's usual number."""

    mark: Annotated[int, Field(ge=0, le=1_000_000)] | None


class LocationRow(BaseModel):
    """A place where goods lie, with how many pieces lie and are promised there. `is_main` never closes."""

    id: int
    code: str
    name: Names
    address: Names
    region: Names
    position: int
    parcel_cost: int
    active: bool
    is_pickup: bool
    is_main: bool
    pieces: int
    reserved: int


class Locations(BaseModel):
    """All of them, closed ones too, in the order in which they are asked."""

    locations: list[LocationRow]


async def list_locations(session: AsyncSession, staff: StaffMember) -> Locations:
    """Every place where goods lie or lay."""
    staff.must(Permission.READ_PRODUCTS)
    found = await places.locations(session, also_closed=True)
    sums = select(StockLevel.location_id, func.sum(StockLevel.on_hand), func.sum(StockLevel.reserved))
    there = {
        place: (int(on_hand), int(kept))
        for place, on_hand, kept in await session.execute(sums.group_by(StockLevel.location_id))
    }
    return Locations(locations=[_row(place, *there.get(place.id, (0, 0))) for place in found])


async def add_location(desk: Desk, staff: StaffMember, *, form: NewLocationForm) -> Locations:
    """A new place for goods. Refuses location.code_taken, location.too_many, location.nameless."""
    staff.must(Permission.MANAGE_STOCK)
    async with desk.database.begin() as session:
        made = await places.add_location(session, code=form.code, draft=form.draft())
        note_down(session, desk, staff, "location.made", f"location:{made.id}", after=_facts(made))
        return await list_locations(session, staff)


async def change_location(desk: Desk, staff: StaffMember, *, location_id: int, form: LocationForm) -> Locations:
    """Rename it, or say where it is and what it is for. Refuses location.unknown, location.nameless."""
    staff.must(Permission.MANAGE_STOCK)
    async with desk.database.begin() as session:
        known = await session.get(Location, location_id, with_for_update={"key_share": True})
        before = _facts(known) if known is not None else {}
        changed = await places.change_location(session, location_id=location_id, draft=form.draft())
        after = _facts(changed)
        differing = {name for name in after if after[name] != before.get(name)}
        note_down(
            session,
            desk,
            staff,
            "location.changed",
            f"location:{location_id}",
            before={name: before.get(name) for name in sorted(differing)},
            after={name: after[name] for name in sorted(differing)},
        )
        return await list_locations(session, staff)


async def close_location(desk: Desk, staff: StaffMember, *, location_id: int) -> Locations:
    """Nothing may come here any more. Refuses location.unknown, location.main, location.filled."""
    staff.must(Permission.MANAGE_STOCK)
    async with desk.database.begin() as session:
        await places.close_location(session, location_id=location_id)
        note_down(session, desk, staff, "location.closed", f"location:{location_id}")
        return await list_locations(session, staff)


async def reopen_location(desk: Desk, staff: StaffMember, *, location_id: int) -> Locations:
    """Goods may come here again. Refuses location.unknown."""
    staff.must(Permission.MANAGE_STOCK)
    async with desk.database.begin() as session:
        await places.reopen_location(session, location_id=location_id)
        note_down(session, desk, staff, "location.opened", f"location:{location_id}")
        return await list_locations(session, staff)


async def transfer(desk: Desk, staff: StaffMember, *, variant_id: int, form: TransferForm) -> VariantStock:
    """Carry pieces to another place.

    Refuses variant.unknown, stock.short, stock.promised, stock.changed, location.same, location.unknown,
    location.closed.
    """
    staff.must(Permission.MANAGE_STOCK)
    async with desk.database.begin() as session:
        await stock.transfer_variant(
            session,
            variant_id=variant_id,
            quantity=form.quantity,
            from_id=form.from_id,
            to_id=form.to_id,
            note=form.note,
            now=desk.now(),
            was=form.was,
        )
        facts = {"quantity": form.quantity, "from": form.from_id, "to": form.to_id}
        note_down(session, desk, staff, "stock.transferred", f"variant:{variant_id}", **facts)
        return await stock_now(session, variant_id)


async def set_low_mark(desk: Desk, staff: StaffMember, *, variant_id: int, form: MarkForm) -> VariantStock:
    """From when a variant is reported as running low. Refuses variant.unknown."""
    staff.must(Permission.MANAGE_STOCK)
    async with desk.database.begin() as session:
        before = await stock.set_low_mark(session, variant_id=variant_id, mark=form.mark)
        subject = f"variant:{variant_id}"
        note_down(session, desk, staff, "stock.low_mark", subject, before={"mark": before}, after={"mark": form.mark})
        return await stock_now(session, variant_id)


def _facts(place: Location) -> dict[str, object]:
    names = ("name", "address", "region", "position", "parcel_cost", "is_pickup")
    return {name: getattr(place, name) for name in names}


def _row(place: Location, pieces: int, reserved: int) -> LocationRow:
    return LocationRow(
        id=place.id,
        code=place.code,
        name=place.name,
        address=place.address,
        region=place.region,
        position=place.position,
        parcel_cost=place.parcel_cost,
        active=place.active,
        is_pickup=place.is_pickup,
        is_main=place.code == MAIN,
        pieces=pieces,
        reserved=reserved,
    )
