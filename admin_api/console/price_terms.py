"""What promotions, rates and lists say, in a line each."""

from datetime import datetime

from admin_api.console.visit import Visit
from admin_api.order_views import Price
from admin_api.promotion_desk import PriceListRow, PromotionRow
from admin_api.shipping_desk import RateForm, TaxRow, ZoneRow
from commerce.promotions.rules import (
    AmountOff,
    FixedPrice,
    FreeShipping,
    Gift,
    NthOff,
    PercentOff,
    Rule,
    Scope,
    Tier,
    Tiers,
)

_PPM_OF_PERCENT = 10_000
_SOME = 3


def percent_text(ppm: int) -> str:
    """8.5%"""
    return f"{ppm / _PPM_OF_PERCENT:.6g}%"


def money_of(visit: Visit, amount: int) -> str:
    """An amount of the shop's currency, as people read it."""
    return Price(amount=amount, currency=visit.desk.settings.currency).shown(visit.t.language).removesuffix(".00")


def rule_line(visit: Visit, rule: Rule, *, gift: str = "") -> str:
    """What a promotion gives; `gift` names what is given."""
    t = visit.t
    comma = t(", ")

    def money(amount: int) -> str:
        return money_of(visit, amount)

    match rule:
        case PercentOff(ppm=ppm, min_quantity=least):
            text = t("{part} off", part=percent_text(ppm))
            return text if least < 2 else comma.join([text, t("from {count} pieces on", count=least)])
        case AmountOff(amount=amount, min_quantity=least):
            text = t("{money} off each", money=money(amount))
            return text if least < 2 else comma.join([text, t("from {count} pieces on", count=least)])
        case FixedPrice(amount=amount, min_quantity=least):
            text = t("{money} each", money=money(amount))
            return text if least < 2 else comma.join([text, t("from {count} pieces on", count=least)])
        case NthOff(every=every, ppm=ppm):
            return t("{part} off piece number {every}", part=percent_text(ppm), every=every)
        case Tiers(tiers=tiers, repeats=repeats, most=most):
            told = [_tier_line(visit, tier, repeats) for tier in tiers]
            told += [t("at most {money}", money=money(most))] if most is not None else []
            return comma.join(told)
        case Gift(from_amount=amount, quantity=quantity):
            return t("{gift} as a gift from {money}", gift=f"{gift} ×{quantity}", money=money(amount))
        case FreeShipping(from_amount=amount):
            return t("free shipping from {money}", money=money(amount)) if amount else t("Free shipping")


def _tier_line(visit: Visit, tier: Tier, repeats: bool) -> str:
    off = percent_text(tier.ppm) if tier.ppm else money_of(visit, tier.amount)
    return visit.t(
        "{off} off every {money}" if repeats else "{off} off from {money}",
        off=off,
        money=money_of(visit, tier.from_amount),
    )


def scope_line(visit: Visit, scope: Scope, shelves: dict[int, str]) -> str:
    """Which goods it is about."""
    t = visit.t
    named = [shelves.get(shelf, "?") for shelf in scope.category_ids[:_SOME]]
    goods = len(scope.product_ids) + len(scope.variant_ids)
    more = len(scope.category_ids) - len(named)
    told = named + ([t("{count} more shelves", count=more)] if more > 0 else [])
    told += [t("{count} chosen goods", count=goods)] if goods else []
    told = told or [t("All goods")]
    told += [t("but for {count}", count=len(scope.except_product_ids))] if scope.except_product_ids else []
    return t(", ").join(told)


def when_line(visit: Visit, starts_at: datetime | None, ends_at: datetime | None) -> str:
    """From when until when; empty for always."""
    t, zone = visit.t, visit.desk.settings.zone
    told = []
    if starts_at is not None:
        told.append(t("from {time}", time=t.moment(starts_at.astimezone(zone))))
    if ends_at is not None:
        told.append(t("until {time}", time=t.moment(ends_at.astimezone(zone))))
    return " ".join(told)


def promotion_state(row: PromotionRow | PriceListRow, now: datetime) -> str:
    """on, off, planned or over."""
    if not row.active:
        return "off"
    if row.starts_at is not None and now < row.starts_at:
        return "planned"
    return "over" if row.ends_at is not None and now >= row.ends_at else "on"


def rate_line(visit: Visit, rate: RateForm) -> str:
    """快递: ¥8 for the first kilogram, ¥2 for each half one more, free from ¥99"""
    t = visit.t
    name = in_language(visit, dict(rate.name))
    if rate.kind == "flat":
        told = money_of(visit, rate.amount)
    else:
        told = t(
            "{money} up to {first} g, {more} for each {step} g more",
            money=money_of(visit, rate.amount),
            first=rate.first_grams,
            more=money_of(visit, rate.step_amount),
            step=rate.step_grams,
        )
    if rate.free_from is not None:
        told += t(", ") + t("free from {money}", money=money_of(visit, rate.free_from))
    if rate.days_min is not None and rate.days_max is not None:
        told += t(", ") + t("{least} to {most} days", least=rate.days_min, most=rate.days_max)
    return t("{name}: {text}", name=name, text=told)


def places_line(visit: Visit, zone: ZoneRow) -> str:
    """Where a zone is."""
    places = zone.cities or zone.provinces or zone.countries
    if not places:
        return visit.t("Everywhere")
    more = len(places) - 6
    told = visit.t(", ").join(places[:6])
    return f"{told} {visit.t('and {count} more', count=more)}" if more > 0 else told


def tax_line(visit: Visit, tax: TaxRow) -> str:
    """Which goods in which place."""
    t = visit.t
    goods = t("Goods of class {name}", name=tax.tax_class) if tax.tax_class else t("All goods")
    return " · ".join([goods, tax.province or tax.country or t("Everywhere")])


def in_language(visit: Visit, name: dict[str, str]) -> str:
    """A name as this person reads it."""
    return name.get(visit.t.language) or next(iter(name.values()), "")
