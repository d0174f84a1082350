"""What stands in the editor of a product: taken from what was read, changed by typing, and told apart again."""

from typing import Any

from pydantic import BaseModel, ValidationError

from admin_api.product_forms import (
    EditForm,
    FactForm,
    OptionForm,
    TextForm,
    ValueForm,
    VariantForm,
    VariantsForm,
)
from admin_api.product_views import ProductSheet
from foundation.errors import Refused
from foundation.money import Money

LANGUAGES = ("zh", "en")
NO_SHELF = 0


class TextDraft(BaseModel):
    """Title and description in one language."""

    title: str = ""
    body: str = ""


class FactDraft(BaseModel):
    """A fact beside the options: name and value by language."""

    name: dict[str, str] = {}
    value: dict[str, str] = {}


class ValueDraft(BaseModel):
    """An answer to a choice; without an id it is a new one."""

    id: int | None = None
    name: dict[str, str] = {}


class OptionDraft(BaseModel):
    """A choice with its answers."""

    id: int | None = None
    name: dict[str, str] = {}
    values: list[ValueDraft] = []


class VariantDraft(BaseModel):
    """A variant. `values`: for each option the place of its answer; `price` as it was typed."""

    id: int | None = None
    sku: str = ""
    price: str = ""
    active: bool = True
    values: list[int | None] = []


class Draft(BaseModel):
    """Everything that is saved together. Numbers stay as they were typed until then."""

    handle: str
    category_id: int
    free_shipping: bool
    is_digital: bool
    dispatch_days: str
    texts: dict[str, TextDraft]
    facts: list[FactDraft]
    options: list[OptionDraft]
    variants: list[VariantDraft]


def draft_of(sheet: ProductSheet) -> Draft:
    """The draft as it stands when nobody has typed anything."""
    written = {lang: TextDraft(title=text.title, body=text.body) for lang, text in sheet.texts.items()}
    return Draft(
        handle=sheet.handle,
        category_id=sheet.category_id or NO_SHELF,
        free_shipping=sheet.free_shipping,
        is_digital=sheet.is_digital,
        dispatch_days=str(sheet.dispatch_days),
        texts={lang: TextDraft() for lang in LANGUAGES} | written,
        facts=[FactDraft(name=dict(fact.name), value=dict(fact.value)) for fact in sheet.facts],
        options=[
            OptionDraft(
                id=option.id,
                name=dict(option.name),
                values=[ValueDraft(id=value.id, name=dict(value.name)) for value in option.values],
            )
            for option in sheet.options
        ],
        variants=[
            VariantDraft(
                id=variant.id,
                sku=variant.sku,
                price=str(Money(variant.price.amount, variant.price.currency).decimal),
                active=variant.active,
                values=list(variant.values),
            )
            for variant in sheet.variants
        ],
    )


def merged(base: Draft, mine: Draft, theirs: Draft) -> Draft:
    """What others saved meanwhile, with what was typed here over it."""
    return Draft.model_validate(_merged(base.model_dump(), mine.model_dump(), theirs.model_dump()))


def _merged(base: Any, mine: Any, theirs: Any) -> Any:
    if mine == base:
        return theirs
    if isinstance(base, dict) and isinstance(mine, dict) and isinstance(theirs, dict):
        names = [name for name in theirs if name in mine or name not in base] + [
            name for name in mine if name not in theirs and mine[name] != base.get(name)
        ]
        return {name: _merged(base.get(name), mine.get(name, theirs.get(name)), theirs.get(name)) for name in names}
    if isinstance(base, list) and _are_the_same_rows(base, mine, theirs):
        return [_merged(*row) for row in zip(base, mine, theirs, strict=True)]
    return mine


def _are_the_same_rows(*lists: list[Any]) -> bool:
    """Whether only what stands in the rows differs, not which rows there are."""
    ids = [[row.get("id") if isinstance(row, dict) else None for row in rows] for rows in lists]
    return all(one == ids[0] for one in ids)


def edit_form(base: Draft, mine: Draft, *, version: int) -> EditForm | None:
    """Texts, handle, shelf, shipping and facts that were changed; None where nothing was.

    Refuses product.dispatch_days_invalid, request.invalid, and product.fact_half for a fact without name or value.
    """
    changed: dict[str, Any] = {}
    if mine.handle != base.handle:
        changed["handle"] = mine.handle.strip()
    if mine.category_id != base.category_id:
        changed["category_id"] = mine.category_id or None
    if mine.free_shipping != base.free_shipping:
        changed["free_shipping"] = mine.free_shipping
    if mine.is_digital != base.is_digital:
        changed["is_digital"] = mine.is_digital
    if mine.dispatch_days != base.dispatch_days:
        if not (mine.dispatch_days.strip().isdecimal() and int(mine.dispatch_days) <= 365):
            raise Refused("product.dispatch_days_invalid", most=365)
        changed["dispatch_days"] = int(mine.dispatch_days)
    texts = {lang: text for lang, text in mine.texts.items() if text != base.texts.get(lang, TextDraft())}
    try:
        if texts:
            changed["texts"] = {lang: TextForm(title=text.title, body=text.body) for lang, text in texts.items()}
        if mine.facts != base.facts:
            filled = [fact for fact in mine.facts if _written(fact.name) or _written(fact.value)]
            if any(not _written(fact.name) or not _written(fact.value) for fact in filled):
                raise Refused("product.fact_half")
            changed["facts"] = [FactForm(name=_written(fact.name), value=_written(fact.value)) for fact in filled]
        return EditForm(version=version, **changed) if changed else None
    except ValidationError as error:
        raise Refused("request.invalid") from error


def variants_form(base: Draft, mine: Draft, *, version: int, currency: str) -> VariantsForm | None:
    """All options and variants if any of them was changed. Refuses variant.price_invalid, variant.values_invalid."""
    if (mine.options, mine.variants) == (base.options, base.variants):
        return None
    try:
        options = [
            OptionForm(
                id=option.id,
                name=_written(option.name),
                values=[ValueForm(id=value.id, name=_written(value.name)) for value in option.values],
            )
            for option in mine.options
        ]
        rows = _variant_forms(mine, currency)
        return VariantsForm(version=version, options=options, variants=rows)
    except ValidationError as error:
        raise Refused("request.invalid") from error


def _variant_forms(mine: Draft, currency: str) -> list[VariantForm]:
    rows = []
    for variant in mine.variants:
        answers = [place for place in variant.values if place is not None]
        if len(answers) < len(mine.options):
            if variant.active or variant.id is None:
                raise Refused("variant.values_invalid")
            continue  # it lost an answer long ago and is not sold; what is left out stays as it is
        rows.append(
            VariantForm(
                id=variant.id,
                values=answers,
                price=price_of(variant.price, currency),
                sku=variant.sku.strip() or None,
                active=variant.active,
            )
        )
    return rows


def price_of(typed: str, currency: str) -> int:
    """Minor units of what was typed: "68", "68.00", "¥1,068". Refuses variant.price_invalid."""
    plain = typed.strip().lstrip("¥￥$€£").replace(",", "").replace("，", "").strip()
    try:
        amount = Money.parse(plain, currency).amount
    except Refused as refusal:
        raise Refused("variant.price_invalid") from refusal
    if amount < 0:
        raise Refused("variant.price_invalid")
    return amount


def missing_combinations(mine: Draft) -> list[list[int]]:
    """Answers that no variant has yet, in the order of the options."""
    every: list[list[int]] = [[]]
    for option in mine.options:
        every = [[*one, place] for one in every for place in range(len(option.values))]
    there = [variant.values for variant in mine.variants]
    return [one for one in every if one not in there]


def _written(names: dict[str, str]) -> dict[str, str]:
    return {lang: name.strip() for lang, name in names.items() if name.strip()}
