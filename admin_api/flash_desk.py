"""What the staff does with flash sales, for the HTTP interface and the console alike: each act one transaction, written
down in the audit log."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.desk import Desk
from admin_api.order_views import Price
from admin_api.parcel_views import place_names
from admin_api.product_desk import note_down
from admin_api.product_forms import Amount, Id, Name, Version
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import Done
from commerce.flash_sales import sales
from commerce.flash_sales.model import MOST_EACH, SaleState
from commerce.flash_sales.queries import Phase, StaffItem, StaffSale, list_sales, staff_sale
from commerce.flash_sales.sales import MOST_ITEMS, MOST_PIECES, ItemDraft, SaleDraft
from foundation.errors import Json

Pieces = Annotated[int, Field(ge=1, le=MOST_PIECES)]


class ItemForm(BaseModel):
    """So many pieces of a variant at a price. Without a location: the first one that has them all."""

    variant_id: Id
    amount: Amount
    pieces: Pieces
    max_per_customer: Annotated[int, Field(ge=1, le=MOST_EACH)] = 1
    location_id: Id | None = None


class SaleForm(BaseModel):
    """A flash sale. Times need a zone."""

    name: Name
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    items: Annotated[list[ItemForm], Field(min_length=1, max_length=MOST_ITEMS)]

    def draft(self) -> SaleDraft:
        """As commerce takes it."""
        items = tuple(ItemDraft(**item.model_dump()) for item in self.items)
        return SaleDraft(dict(self.name), self.starts_at, self.ends_at, items)


class EditSaleForm(SaleForm):
    """The whole draft anew."""

    version: Version


class SaleVersion(BaseModel):
    """What was seen when it was asked for."""

    version: Version


class LaterForm(SaleVersion):
    """Another end."""

    ends_at: AwareDatetime


class PiecesForm(SaleVersion):
    """Another number of pieces; `version` is that of the sale."""

    pieces: Pieces


class ItemShape(BaseModel):
    """What is sold, for `usual` otherwise. `left`, `held` (in somebody's checkout) and `sold` are of `pieces`.

    They are 0 before the sale is scheduled. `location`: where the pieces are set aside; null before that: at the first
    one that has them all. `buyers`: customers who have bought; `waiting`: people in line now, told of one sale only.
    """

    id: int
    variant_id: int
    sku: str
    title: str
    label: str
    picture: int | None
    amount: int
    usual: int
    pieces: int
    max_per_customer: int
    location_id: int | None
    location: str | None
    left: int
    held: int
    sold: int
    buyers: int
    waiting: int = 0
    taken: Price

    @property
    def is_dear(self) -> bool:
        """Whether the usual price has fallen to that of the sale, or below."""
        return self.usual <= self.amount


class SaleRow(BaseModel):
    """A flash sale live. `phase` is what the clock says; `reminders`: shoppers who will be told before it begins."""

    id: int
    name: dict[str, str]
    state: SaleState
    phase: Phase
    starts_at: datetime
    ends_at: datetime
    items: list[ItemShape]
    reminders: int
    taken: Price
    version: int


class Sales(BaseModel):
    """Flash sales, that begins last first."""

    sales: list[SaleRow]


async def list_flash_sales(desk: Desk, session: AsyncSession, staff: StaffMember) -> Sales:
    """The newest hundred."""
    staff.must(Permission.READ_PROMOTIONS)
    found = await list_sales(session, language=staff.language, now=desk.now())
    places = await place_names(session, language=staff.language)
    return Sales(sales=[_sale(desk, sale, places) for sale in found])


async def read_sale(desk: Desk, session: AsyncSession, staff: StaffMember, *, sale_id: int) -> SaleRow:
    """One flash sale, but for its line. Refuses flash.unknown."""
    staff.must(Permission.READ_PROMOTIONS)
    found = await staff_sale(session, sale_id=sale_id, language=staff.language, now=desk.now())
    return _sale(desk, found, await place_names(session, language=staff.language))


async def with_line(desk: Desk, sale: SaleRow) -> SaleRow:
    """The same with who stands in line now, which Redis is asked for."""
    waiting = await desk.line.waiting([item.id for item in sale.items])
    items = [item.model_copy(update={"waiting": waiting.get(item.id, 0)}) for item in sale.items]
    return sale.model_copy(update={"items": items})


async def add_sale(desk: Desk, staff: StaffMember, *, form: SaleForm) -> SaleRow:
    """A draft. Refuses name.invalid, flash.window_invalid, flash.items_invalid, flash.item_invalid,
    flash.price_invalid."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with desk.database.begin() as session:
        made = await sales.add_sale(session, draft=form.draft(), now=desk.now())
        return await _done(desk, session, staff, "added", made.id, after=_facts(form))


async def edit_sale(desk: Desk, staff: StaffMember, *, sale_id: int, form: EditSaleForm) -> SaleRow:
    """Refuses flash.unknown, flash.changed, flash.not_a_draft, and as a new one."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with desk.database.begin() as session:
        before = await read_sale(desk, session, staff, sale_id=sale_id)
        await sales.edit_sale(session, sale_id=sale_id, draft=form.draft(), version=form.version, now=desk.now())
        known = SaleForm.model_validate(before, from_attributes=True)
        return await _done(desk, session, staff, "edited", sale_id, before=_facts(known), after=_facts(form))


async def delete_sale(desk: Desk, staff: StaffMember, *, sale_id: int, form: SaleVersion) -> Done:
    """Throw a draft away. Refuses flash.unknown, flash.changed, flash.not_a_draft."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with desk.database.begin() as session:
        await sales.delete_sale(session, sale_id=sale_id, version=form.version)
        note_down(session, desk, staff, "flash_sale.deleted", f"flash_sale:{sale_id}")
        return Done()


async def schedule_sale(desk: Desk, staff: StaffMember, *, sale_id: int, form: SaleVersion) -> SaleRow:
    """Refuses flash.unknown, flash.changed, flash.move_refused, flash.window_over, stock.short, and as a new one."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with desk.database.begin() as session:
        await sales.schedule_sale(session, sale_id=sale_id, version=form.version, now=desk.now())
        return await _done(desk, session, staff, "scheduled", sale_id)


async def unschedule_sale(desk: Desk, staff: StaffMember, *, sale_id: int, form: SaleVersion) -> SaleRow:
    """Refuses flash.unknown, flash.changed, flash.begun, flash.move_refused."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with desk.database.begin() as session:
        await sales.unschedule_sale(session, sale_id=sale_id, version=form.version, now=desk.now())
        return await _done(desk, session, staff, "unscheduled", sale_id)


async def extend_sale(desk: Desk, staff: StaffMember, *, sale_id: int, form: LaterForm) -> SaleRow:
    """Refuses flash.unknown, flash.changed, flash.not_planned, flash.window_invalid."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with desk.database.begin() as session:
        await sales.extend_sale(session, sale_id=sale_id, ends_at=form.ends_at, version=form.version, now=desk.now())
        return await _done(desk, session, staff, "extended", sale_id, ends_at=form.ends_at.isoformat())


async def change_pieces(desk: Desk, staff: StaffMember, *, item_id: int, form: PiecesForm) -> SaleRow:
    """Refuses flash.unknown, flash.changed, flash.not_planned, stock.short, allotment.in_use."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with desk.database.begin() as session:
        sale = await sales.change_pieces(
            session, item_id=item_id, pieces=form.pieces, version=form.version, now=desk.now()
        )
        return await _done(desk, session, staff, "pieces_changed", sale.id, item=item_id, pieces=form.pieces)


async def end_sale(desk: Desk, staff: StaffMember, *, sale_id: int, form: SaleVersion) -> SaleRow:
    """Refuses flash.unknown, flash.changed, flash.not_planned, flash.not_begun."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with desk.database.begin() as session:
        await sales.end_sale(session, sale_id=sale_id, version=form.version, now=desk.now())
        return await _done(desk, session, staff, "ended", sale_id)


async def _done(
    desk: Desk, session: AsyncSession, staff: StaffMember, act: str, sale_id: int, **facts: Json
) -> SaleRow:
    note_down(session, desk, staff, f"flash_sale.{act}", f"flash_sale:{sale_id}", **facts)
    return await read_sale(desk, session, staff, sale_id=sale_id)


def _sale(desk: Desk, view: StaffSale, places: Mapping[int, str]) -> SaleRow:
    sale, items = view.sale, [_item(one, view, places) for one in view.items]
    currency = items[0].taken.currency if items else desk.settings.currency
    return SaleRow(
        id=sale.id,
        name=sale.name,
        state=sale.state,
        phase=view.phase,
        starts_at=sale.starts_at,
        ends_at=sale.ends_at,
        items=items,
        reminders=view.reminders,
        taken=Price(amount=sum(item.taken.amount for item in items), currency=currency),
        version=sale.version,
    )


def _item(one: StaffItem, view: StaffSale, places: Mapping[int, str]) -> ItemShape:
    item, goods, stand = one.item, view.variants[one.item.variant_id], one.places
    return ItemShape(
        id=item.id,
        variant_id=item.variant_id,
        sku=goods.sku,
        title=goods.title,
        label=goods.label,
        picture=goods.picture,
        amount=item.amount,
        usual=goods.price.amount,
        pieces=item.pieces,
        max_per_customer=item.max_per_customer,
        location_id=one.location_id,
        location=None if one.location_id is None else places[one.location_id],
        left=stand.left if stand is not None and stand.is_open else 0,
        held=stand.held if stand is not None else 0,
        sold=stand.used if stand is not None else 0,
        buyers=one.buyers,
        taken=Price(amount=one.taken.amount, currency=one.taken.currency),
    )


def _facts(form: SaleForm) -> dict[str, Json]:
    return {field: value for field, value in form.model_dump(mode="json").items() if field != "version"}
