"""What the staff does with shipping zones and tax rates."""

from typing import Annotated

from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.desk import Desk
from admin_api.product_desk import note_down
from admin_api.product_forms import Amount, Id, Name, Sku, Version
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import Words
from admin_api.variant_names import variants_of
from commerce.pricing import measures, places
from commerce.pricing.model import TaxRate
from commerce.pricing.places import RateDraft, TaxDraft, ZoneDraft, ZoneView
from commerce.pricing.zones import RateKind
from commerce.promotions.rules import WHOLE
from foundation.errors import Json

Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166, such as CN.")]
Place = Annotated[Words, Field(min_length=1, max_length=80)]
Grams = Annotated[int, Field(ge=0, le=10**9)]
Days = Annotated[int, Field(ge=0, le=365)]
Places = Annotated[list[Place], Field(max_length=places.MOST_PLACES)]


class RateForm(BaseModel):
    """A way to send. weight: `amount` up to `first_grams`, `step_amount` for each begun `step_grams` more."""

    id: Id | None = None
    name: Name
    kind: RateKind
    amount: Amount
    first_grams: Grams = 0
    step_grams: Grams = 0
    step_amount: Amount = 0
    free_from: Amount | None = None
    days_min: Days | None = None
    days_max: Days | None = None

    def draft(self) -> RateDraft:
        """As commerce takes it."""
        return RateDraft(**{**self.model_dump(), "name": dict(self.name)})


class ZoneForm(BaseModel):
    """A zone with all its rates. No countries: the whole world; no provinces: all of the countries."""

    name: Name
    countries: Annotated[list[Country], Field(max_length=250)] = []
    provinces: Places = []
    cities: Places = []
    position: Annotated[int, Field(ge=0, le=10_000)] = 0
    active: bool = True
    rates: Annotated[list[RateForm], Field(min_length=1, max_length=places.MOST_RATES)]

    def draft(self) -> ZoneDraft:
        """As commerce takes it."""
        return ZoneDraft(
            name=dict(self.name),
            rates=[rate.draft() for rate in self.rates],
            countries=self.countries,
            provinces=self.provinces,
            cities=self.cities,
            position=self.position,
            active=self.active,
        )


class EditZoneForm(ZoneForm):
    """The whole zone anew; rates without their id are new, those not named go."""

    version: Version


class ZoneRow(ZoneForm):
    """A zone as it stands."""

    id: int
    version: int


class Zones(BaseModel):
    """Every zone in the shop's order."""

    zones: list[ZoneRow]


class TaxForm(BaseModel):
    """A tax rate in parts per million for goods of a class in a place; an empty field means any."""

    name: Name
    ppm: Annotated[int, Field(ge=0, le=WHOLE, description="130000 is 13 %.")]
    tax_class: Annotated[Words, Field(max_length=40)] = ""
    country: Annotated[str, Field(pattern=r"^([A-Z]{2})?$")] = ""
    province: Annotated[Words, Field(max_length=80)] = ""
    active: bool = True

    def draft(self) -> TaxDraft:
        """As commerce takes it."""
        return TaxDraft(dict(self.name), self.ppm, self.tax_class, self.country, self.province, self.active)


class EditTaxForm(TaxForm):
    """The whole rate anew."""

    version: Version


class TaxRow(TaxForm):
    """A tax rate as it stands."""

    id: int
    version: int


class WeighForm(BaseModel):
    """What one piece of each variant weighs, {SKU: grams}; null forgets it."""

    weights: Annotated[
        dict[Sku, Annotated[int, Field(ge=0, le=measures.HEAVIEST)] | None], Field(max_length=measures.MOST_AT_ONCE)
    ]


class ClassForm(BaseModel):
    """The products of these SKUs come into a tax class; an empty one is the usual."""

    skus: Annotated[list[Sku], Field(min_length=1, max_length=measures.MOST_AT_ONCE)]
    tax_class: Annotated[Words, Field(max_length=measures.LONGEST_CLASS)]


class Measured(BaseModel):
    """`unweighed`: variants on sale that do not ship free and were never weighed."""

    unweighed: int


class Taxes(BaseModel):
    """Every tax rate. `included`: prices of this shop include it (a setting)."""

    taxes: list[TaxRow]
    included: bool


async def list_zones(session: AsyncSession, staff: StaffMember) -> Zones:
    """Every zone."""
    staff.must(Permission.READ_PROMOTIONS)
    return Zones(zones=[_zone(view) for view in await places.list_zones(session)])


async def add_zone(desk: Desk, staff: StaffMember, *, form: ZoneForm) -> Zones:
    """A new one. Refuses name.invalid, zone.places_invalid, zone.rates_invalid, zone.too_many."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with desk.database.begin() as session:
        made = await places.add_zone(session, draft=form.draft())
        note_down(session, desk, staff, "zone.added", f"zone:{made.row.id}", after=_zone_facts(made))
        return await list_zones(session, staff)


async def edit_zone(desk: Desk, staff: StaffMember, *, zone_id: int, form: EditZoneForm) -> Zones:
    """The whole zone anew. Refuses zone.unknown, zone.changed, and as a new one."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with desk.database.begin() as session:
        before = next((_zone_facts(one) for one in await places.list_zones(session) if one.row.id == zone_id), None)
        after = await places.edit_zone(session, zone_id=zone_id, draft=form.draft(), version=form.version)
        facts = {"before": before, "after": _zone_facts(after)}
        note_down(session, desk, staff, "zone.edited", f"zone:{zone_id}", **facts)
        return await list_zones(session, staff)


async def list_taxes(desk: Desk, session: AsyncSession, staff: StaffMember) -> Taxes:
    """Every tax rate."""
    staff.must(Permission.READ_PROMOTIONS)
    rows = [_tax(row) for row in await places.list_taxes(session)]
    return Taxes(taxes=rows, included=desk.settings.prices_include_tax)


async def add_tax(desk: Desk, staff: StaffMember, *, form: TaxForm) -> Taxes:
    """A new one. Refuses name.invalid, tax.invalid, tax.too_many."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with desk.database.begin() as session:
        made = await places.add_tax(session, draft=form.draft())
        note_down(session, desk, staff, "tax.added", f"tax:{made.id}", after=_tax_facts(made))
        return await list_taxes(desk, session, staff)


async def edit_tax(desk: Desk, staff: StaffMember, *, tax_id: int, form: EditTaxForm) -> Taxes:
    """The whole rate anew; orders keep theirs. Refuses tax.unknown, tax.changed, and as a new one."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with desk.database.begin() as session:
        before = next((_tax_facts(row) for row in await places.list_taxes(session) if row.id == tax_id), None)
        after = await places.edit_tax(session, tax_id=tax_id, draft=form.draft(), version=form.version)
        facts = {"before": before, "after": _tax_facts(after)}
        note_down(session, desk, staff, "tax.edited", f"tax:{tax_id}", **facts)
        return await list_taxes(desk, session, staff)


async def count_unweighed(session: AsyncSession, staff: StaffMember) -> Measured:
    """How many variants still want to be weighed."""
    staff.must(Permission.READ_PROMOTIONS)
    return Measured(unweighed=await measures.unweighed(session))


async def weigh(desk: Desk, staff: StaffMember, *, form: WeighForm) -> Measured:
    """Write down weights. Refuses variant.sku_unknown."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with desk.database.begin() as session:
        ids = await variants_of(session, staff, skus=list(form.weights))
        await measures.weigh(session, weights={ids[sku]: grams for sku, grams in form.weights.items()})
        note_down(session, desk, staff, "variants.weighed", "variants", weights=dict(form.weights))
        return await count_unweighed(session, staff)


async def classify(desk: Desk, staff: StaffMember, *, form: ClassForm) -> Measured:
    """Put products into a tax class. Refuses variant.sku_unknown."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with desk.database.begin() as session:
        ids = await variants_of(session, staff, skus=form.skus)
        await measures.classify(session, variant_ids=ids.values(), tax_class=form.tax_class)
        facts = {"skus": list(form.skus), "tax_class": form.tax_class}
        note_down(session, desk, staff, "products.classified", "products", **facts)
        return await count_unweighed(session, staff)


def _zone(view: ZoneView) -> ZoneRow:
    row = view.row
    rates = [
        RateForm(
            id=rate.id,
            name=rate.name,
            kind="weight" if rate.kind == "weight" else "flat",
            amount=rate.amount,
            first_grams=rate.first_grams,
            step_grams=rate.step_grams,
            step_amount=rate.step_amount,
            free_from=rate.free_from,
            days_min=rate.days_min,
            days_max=rate.days_max,
        )
        for rate in view.rates
    ]
    return ZoneRow(
        id=row.id,
        name=row.name,
        countries=row.countries,
        provinces=row.provinces,
        cities=row.cities,
        position=row.position,
        active=row.active,
        rates=rates,
        version=row.version,
    )


def _zone_facts(view: ZoneView) -> dict[str, Json]:
    return _zone(view).model_dump(mode="json", exclude={"id", "version"})


def _tax(row: TaxRate) -> TaxRow:
    return TaxRow(
        id=row.id,
        name=row.name,
        ppm=row.ppm,
        tax_class=row.tax_class,
        country=row.country,
        province=row.province,
        active=row.active,
        version=row.version,
    )


def _tax_facts(row: TaxRate) -> dict[str, Json]:
    return _tax(row).model_dump(mode="json", exclude={"id", "version"})
