"""Reading what was typed into the forms of prices: amounts, parts, numbers, moments. What cannot be is marked."""

from datetime import datetime
from decimal import Decimal, InvalidOperation

from nicegui import ui

from admin_api.console.goods_fields import mark_wrong, text_field
from admin_api.console.looks import words
from admin_api.console.visit import Visit
from commerce.promotions.rules import WHOLE
from foundation.errors import Refused
from foundation.money import Money

Typed = ui.input | ui.textarea
PPM_OF_PERCENT = WHOLE // 100


class Wrong(Exception):
    """A field that cannot be used has been marked."""


def typed_in(field: Typed) -> str:
    """What stands in a field."""
    return (field.value or "").strip()


def refuse_field(field: Typed) -> Wrong:
    """Mark a field; raise what this gives."""
    mark_wrong(field, True)
    return Wrong()


def read_amount(field: Typed, currency: str) -> int | None:
    """An amount in minor units; None for an empty field. Raises Wrong."""
    mark_wrong(field, False)
    if not typed_in(field):
        return None
    try:
        amount = Money.parse(typed_in(field), currency).amount
    except Refused:
        raise refuse_field(field) from None
    if amount < 0:
        raise refuse_field(field)
    return amount


def must_amount(field: Typed, currency: str) -> int:
    """An amount in minor units. Raises Wrong, also for an empty field."""
    amount = read_amount(field, currency)
    if amount is None:
        raise refuse_field(field)
    return amount


def read_part(text: str) -> int | None:
    """Parts per million of a percentage such as "8.5" or "8.5%"; None for what is none from above 0 to 100."""
    try:
        ppm = Decimal(text.strip().removesuffix("%").strip()) * PPM_OF_PERCENT
    except InvalidOperation:
        return None
    return int(ppm) if ppm.is_finite() and 0 < ppm <= WHOLE and ppm == int(ppm) else None


def must_part(field: Typed) -> int:
    """A percentage as parts per million. Raises Wrong."""
    ppm = read_part(typed_in(field))
    mark_wrong(field, ppm is None)
    if ppm is None:
        raise Wrong
    return ppm


def read_number(field: Typed, *, least: int = 0, most: int = 10**9) -> int | None:
    """A whole number; None for an empty field. Raises Wrong."""
    text = typed_in(field)
    mark_wrong(field, False)
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 12 and least <= int(text) <= most):
        raise refuse_field(field)
    return int(text)


def moment_field(visit: Visit, label: str, moment: datetime | None) -> Typed:
    """A field for a day and a time in the shop's zone."""
    zone = visit.desk.settings.zone
    value = moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M") if moment is not None else ""
    return text_field(label, value).props("type=datetime-local")


def read_moment(visit: Visit, field: Typed) -> datetime | None:
    """A moment of the shop's zone; None for an empty field. Raises Wrong."""
    mark_wrong(field, False)
    if not typed_in(field):
        return None
    try:
        return datetime.fromisoformat(typed_in(field)).replace(tzinfo=visit.desk.settings.zone)
    except ValueError:
        raise refuse_field(field) from None


def name_fields(visit: Visit, name: dict[str, str]) -> dict[str, Typed]:
    """Fields for a name in both languages."""
    t = visit.t
    return {
        "zh": text_field(t("Name in Chinese"), name.get("zh", ""), longest=200),
        "en": text_field(t("Name in English"), name.get("en", ""), longest=200),
    }


def read_name(fields: dict[str, Typed]) -> dict[str, str]:
    """The name in the languages it has. Raises Wrong where it has none."""
    given = {language: typed_in(field) for language, field in fields.items() if typed_in(field)}
    for field in fields.values():
        mark_wrong(field, not given)
    if not given:
        raise Wrong
    return given


def many_of(label: str, options: dict[int, str], chosen: list[int]) -> ui.select:
    """Any number of several things; their keys are the value."""
    with ui.element("label").classes("field"):
        words(label, "field-label")
        made = ui.select(options, multiple=True, value=chosen)
    made.props("outlined dense options-dense use-chips")
    made.props["aria-label"] = label
    return made


def money_text(amount: int | None, currency: str) -> str:
    """An amount as it is typed: "12.50"; nothing for None."""
    return "" if amount is None else str(Money(amount, currency).decimal)
