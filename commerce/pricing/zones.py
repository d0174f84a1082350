"""Where a parcel goes, and which shipping zone and tax rate that means. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

RateKind: TypeAlias = Literal["flat", "weight"]


@dataclass(frozen=True, slots=True)
class Region:
    """A destination: ISO 3166 country, province and city as addresses name them ("浙江省", "杭州市")."""

    country: str = "CN"
    province: str = ""
    city: str = ""


@dataclass(frozen=True, slots=True)
class Zone:
    """Places that cost the same. No countries: the whole world; no provinces: all of the countries."""

    id: int
    label: dict[str, str]
    countries: tuple[str, ...] = ()
    provinces: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rate:
    """What a parcel costs in a zone.

    flat: `amount`. weight: `amount` up to `first_grams`, and `step_amount` for each begun `step_grams` more.
    Nothing from `free_from` (minor units of goods after discounts) on. `days` until it is there, if known.
    """

    id: int
    label: dict[str, str]
    kind: RateKind
    amount: int
    first_grams: int = 0
    step_grams: int = 0
    step_amount: int = 0
    free_from: int | None = None
    days_min: int | None = None
    days_max: int | None = None


@dataclass(frozen=True, slots=True)
class TaxRule:
    """The tax on goods of a class in a place; an empty field means any."""

    ppm: int
    tax_class: str = ""
    country: str = ""
    province: str = ""


def cost_of(rate: Rate, *, grams: int) -> int:
    """What the rate charges for a parcel of this weight, in minor units."""
    if rate.kind == "flat" or grams <= rate.first_grams or rate.step_grams == 0:
        return rate.amount
    steps = -(-(grams - rate.first_grams) // rate.step_grams)
    return rate.amount + steps * rate.step_amount


def zone_for(zones: Iterable[Zone], region: Region) -> Zone | None:
    """The zone that names this place most exactly; the first of those that do alike. None: nothing is sent there."""
    best: tuple[int, Zone] | None = None
    for zone in zones:
        exactness = _exactness(zone, region)
        if exactness is not None and (best is None or exactness > best[0]):
            best = (exactness, zone)
    return best[1] if best else None


def tax_for(rules: Iterable[TaxRule], region: Region | None, tax_class: str) -> int:
    """The rate in parts per million of the rule that names place and class most exactly; 0 without one."""
    best, ppm = -1, 0
    for rule in rules:
        if rule.tax_class not in ("", tax_class):
            continue
        if region is None:
            if rule.country or rule.province:
                continue
        elif rule.country not in ("", region.country) or not _is_same_place(rule.province, region.province):
            continue
        exactness = 4 * bool(rule.province) + 2 * bool(rule.country) + bool(rule.tax_class)
        if exactness > best:
            best, ppm = exactness, rule.ppm
    return ppm


def _exactness(zone: Zone, region: Region) -> int | None:
    if zone.countries and region.country not in zone.countries:
        return None
    if zone.provinces and not any(_is_same_place(one, region.province) for one in zone.provinces if one):
        return None
    if zone.cities and not any(_is_same_place(one, region.city) for one in zone.cities if one):
        return None
    return 4 * bool(zone.cities) + 2 * bool(zone.provinces) + bool(zone.countries)


def _is_same_place(named: str, place: str) -> bool:
    """Whether two names mean one place: "浙江" is "浙江省"; an empty name means any."""
    return not named or _plain(named) == _plain(place)


_ENDINGS = ("壮族自治区", "回族自治区", "维吾尔自治区", "自治区", "特别行政区", "省", "市")


def _plain(name: str) -> str:
    folded = name.strip().casefold()
    for ending in _ENDINGS:
        if folded.endswith(ending) and len(folded) > len(ending) + 1:
            return folded.removesuffix(ending)
    return folded
