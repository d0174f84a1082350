"""Shipping zones with their rates, and tax rates, as the staff writes them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.pricing.model import ShippingRate, ShippingZone, TaxRate
from commerce.pricing.zones import RateKind
from commerce.promotions.rules import WHOLE, Label
from foundation.errors import Refused

MOST_ZONES = 100
MOST_RATES = 10
MOST_TAXES = 200
MOST_PLACES = 400
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class RateDraft:
    """A way to send to a zone; `id` of one that is there already. The numbers are those of zones.Rate."""

    name: Label
    kind: RateKind
    amount: int
    id: int | None = None
    first_grams: int = 0
    step_grams: int = 0
    step_amount: int = 0
    free_from: int | None = None
    days_min: int | None = None
    days_max: int | None = None


@dataclass(frozen=True, slots=True)
class ZoneDraft:
    """A zone with all its rates, in order; see zones.Zone for what the places mean."""

    name: Label
    rates: Sequence[RateDraft]
    countries: Sequence[str] = ()
    provinces: Sequence[str] = ()
    cities: Sequence[str] = ()
    position: int = 0
    active: bool = True


@dataclass(frozen=True, slots=True)
class TaxDraft:
    """A tax rate; see zones.TaxRule."""

    name: Label
    ppm: int
    tax_class: str = ""
    country: str = ""
    province: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True)
class ZoneView:
    """A zone with its rates in order."""

    row: ShippingZone
    rates: tuple[ShippingRate, ...]


async def list_zones(session: AsyncSession) -> list[ZoneView]:
    """Every zone in the shop's order."""
    rows = await session.scalars(select(ShippingZone).order_by(ShippingZone.position, ShippingZone.id))
    rates: dict[int, list[ShippingRate]] = {}
    for rate in await session.scalars(select(ShippingRate).order_by(ShippingRate.position, ShippingRate.id)):
        rates.setdefault(rate.zone_id, []).append(rate)
    return [ZoneView(row, tuple(rates.get(row.id, ()))) for row in rows]


async def add_zone(session: AsyncSession, *, draft: ZoneDraft) -> ZoneView:
    """A new zone. From the first active one on the shop charges for shipping, and sends only to places in a zone.

    Raises Refused("name.invalid"), ("zone.places_invalid"), ("zone.rates_invalid") or ("zone.too_many").
    """
    _check_zone(draft)
    if (await session.scalar(select(func.count()).select_from(ShippingZone)) or 0) >= MOST_ZONES:
        raise Refused("zone.too_many", most=MOST_ZONES)
    row = ShippingZone(version=1)
    _write_zone(row, draft)
    session.add(row)
    await session.flush()
    return await _write_rates(session, row, draft)


async def edit_zone(session: AsyncSession, *, zone_id: int, draft: ZoneDraft, version: int) -> ZoneView:
    """The whole zone anew; rates that are not named any more go. Raises as for a new one, Refused("zone.unknown")
    or ("zone.changed").
    """
    mine = select(ShippingZone).where(ShippingZone.id == zone_id).with_for_update(key_share=True)
    row = await session.scalar(mine.execution_options(populate_existing=True))
    if row is None:
        raise Refused("zone.unknown", zone=zone_id)
    if row.version != version:
        raise Refused("zone.changed", version=row.version)
    _check_zone(draft)
    _write_zone(row, draft)
    row.version += 1
    return await _write_rates(session, row, draft)


async def list_taxes(session: AsyncSession) -> list[TaxRate]:
    """Every tax rate, those that are on first."""
    rows = await session.scalars(select(TaxRate).order_by(TaxRate.active.desc(), TaxRate.id))
    return list(rows)


async def add_tax(session: AsyncSession, *, draft: TaxDraft) -> TaxRate:
    """A new tax rate. Raises Refused("name.invalid"), ("tax.invalid") or ("tax.too_many")."""
    _check_tax(draft)
    if (await session.scalar(select(func.count()).select_from(TaxRate)) or 0) >= MOST_TAXES:
        raise Refused("tax.too_many", most=MOST_TAXES)
    row = TaxRate(version=1)
    _write_tax(row, draft)
    session.add(row)
    await session.flush()
    return row


async def edit_tax(session: AsyncSession, *, tax_id: int, draft: TaxDraft, version: int) -> TaxRate:
    """Another rate; orders keep theirs. Raises as for a new one, Refused("tax.unknown") or ("tax.changed")."""
    mine = select(TaxRate).where(TaxRate.id == tax_id).with_for_update()
    row = await session.scalar(mine.execution_options(populate_existing=True))
    if row is None:
        raise Refused("tax.unknown", tax=tax_id)
    if row.version != version:
        raise Refused("tax.changed", version=row.version)
    _check_tax(draft)
    _write_tax(row, draft)
    row.version += 1
    await session.flush()
    return row


def _check_name(name: Label) -> None:
    names = [one.strip() for one in name.values()]
    if not any(names) or max(map(len, names)) > LONGEST_NAME:
        raise Refused("name.invalid", longest=LONGEST_NAME)


def _check_zone(draft: ZoneDraft) -> None:
    _check_name(draft.name)
    places = [*draft.provinces, *draft.cities]
    if len(places) > MOST_PLACES or not all(0 < len(place.strip()) <= 80 for place in places):
        raise Refused("zone.places_invalid")
    if not all(_is_country(country) for country in draft.countries):
        raise Refused("zone.places_invalid")
    if (draft.provinces or draft.cities) and not draft.countries:
        raise Refused("zone.places_invalid")
    if not 1 <= len(draft.rates) <= MOST_RATES:
        raise Refused("zone.rates_invalid")
    for rate in draft.rates:
        _check_name(rate.name)
        numbers = (rate.amount, rate.first_grams, rate.step_grams, rate.step_amount)
        days = (rate.days_min, rate.days_max)
        is_in_order = days == (None, None) or (None not in days and 0 <= (rate.days_min or 0) <= (rate.days_max or 0))
        if min(numbers) < 0 or (rate.free_from or 0) < 0 or not is_in_order:
            raise Refused("zone.rates_invalid")
        if rate.kind == "weight" and rate.step_grams < 1:
            raise Refused("zone.rates_invalid")


def _is_country(country: str) -> bool:
    return len(country) == 2 and country.isascii() and country.isalpha() and country.isupper()


def _write_zone(row: ShippingZone, draft: ZoneDraft) -> None:
    row.name = {language: name.strip() for language, name in draft.name.items() if name.strip()}
    row.countries = list(dict.fromkeys(draft.countries))
    row.provinces = list(dict.fromkeys(place.strip() for place in draft.provinces))
    row.cities = list(dict.fromkeys(place.strip() for place in draft.cities))
    row.position = draft.position
    row.active = draft.active


async def _write_rates(session: AsyncSession, zone: ShippingZone, draft: ZoneDraft) -> ZoneView:
    found = await session.scalars(select(ShippingRate).where(ShippingRate.zone_id == zone.id))
    before = {rate.id: rate for rate in found}
    rates = []
    for position, wanted in enumerate(draft.rates):
        rate = before.pop(wanted.id, None) if wanted.id is not None else ShippingRate(zone_id=zone.id)
        if rate is None:
            raise Refused("zone.rates_invalid")
        rate.name = {language: name.strip() for language, name in wanted.name.items() if name.strip()}
        rate.kind, rate.amount, rate.free_from = wanted.kind, wanted.amount, wanted.free_from
        rate.first_grams, rate.step_grams, rate.step_amount = wanted.first_grams, wanted.step_grams, wanted.step_amount
        rate.days_min, rate.days_max, rate.position = wanted.days_min, wanted.days_max, position
        session.add(rate)
        rates.append(rate)
    for gone in before.values():
        await session.delete(gone)
    await session.flush()
    return ZoneView(zone, tuple(rates))


def _check_tax(draft: TaxDraft) -> None:
    _check_name(draft.name)
    is_placed = draft.country == "" or _is_country(draft.country)
    if not 0 <= draft.ppm <= WHOLE or not is_placed or (draft.province.strip() and not draft.country):
        raise Refused("tax.invalid")


def _write_tax(row: TaxRate, draft: TaxDraft) -> None:
    row.name = {language: name.strip() for language, name in draft.name.items() if name.strip()}
    row.ppm, row.tax_class, row.country = draft.ppm, draft.tax_class.strip(), draft.country
    row.province, row.active = draft.province.strip(), draft.active
