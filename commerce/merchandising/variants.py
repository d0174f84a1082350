"""Options and variants of a product, and what they cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.carts.model import CartLine
from commerce.catalog.model import (
    Names,
    Option,
    OptionValue,
    Product,
    Variant,
    VariantPrice,
    VariantValue,
)
from commerce.flash_sales.model import FlashItem
from commerce.group_buy.model import GroupOffer
from commerce.inventory.model import StockLevel, StockMovement
from commerce.merchandising.actions import check_price, checked_sku, free_sku
from commerce.merchandising.editing import flush, keep_sellable, names, product_to_edit, save
from commerce.orders.model import OrderLine
from foundation.errors import Refused
from foundation.money import exponent

MOST_OPTIONS = 5
MOST_VALUES = 100
MOST_VARIANTS = 250


@dataclass(frozen=True, slots=True)
class ValueDraft:
    """An answer to a choice; `id` of the one it was, None for a new one."""

    name: Names
    id: int | None = None


@dataclass(frozen=True, slots=True)
class OptionDraft:
    """A choice and its answers in the order shown; `id` of the one it was, None for a new one."""

    name: Names
    values: Sequence[ValueDraft]
    id: int | None = None


@dataclass(frozen=True, slots=True)
class VariantDraft:
    """A variant as it should be; `id` of the one it was, None for a new one.

    `values`: for each option the place of its answer, from 0. `price` in minor units of its currency. Without a SKU a
    new variant is given one and an old one keeps its own.
    """

    values: Sequence[int]
    price: int
    sku: str | None = None
    active: bool = True
    id: int | None = None


@dataclass(frozen=True, slots=True)
class NewPrice:
    """What a variant costs, in minor units: where it is sold, or in another `currency` (there, None takes it away)."""

    variant_id: int
    amount: int | None
    currency: str | None = None


async def set_options_and_variants(
    session: AsyncSession,
    *,
    product_id: int,
    version: int,
    options: Sequence[OptionDraft],
    variants: Sequence[VariantDraft],
    currency: str,
    now: datetime,
) -> Product:
    """Bring choices, answers and variants to what is given, in this order; what is not named is taken away.

    A variant that was ever ordered, lies in a cart, has had stock or is sold in a deal is made inactive, not deleted.
    New variants are sold in the currency of the others, the first one in `currency`. Refuses option.unknown,
    option.too_many, name.invalid, variant.unknown, variant.too_many, variant.values_invalid, variant.alike (two active
    ones with the same answers), variant.sku_invalid, variant.sku_taken, variant.price_invalid, product.incomplete.
    """
    product = await product_to_edit(session, product_id, version=version)
    _refuse_impossible(options, variants)
    places = await _write_options(session, product, options)
    known = {one.id: one for one in await session.scalars(select(Variant).where(Variant.product_id == product.id))}
    if {draft.id for draft in variants} - {None} - set(known):
        raise Refused("variant.unknown")
    sold_in = next((variant.currency for variant in known.values()), currency)
    gone = await _take_away(session, [known[old] for old in known if old not in {draft.id for draft in variants}])
    await _step_aside(session, product, [one for one in known.values() if one.id not in gone], variants)
    written = []
    for place, draft in enumerate(variants):
        variant = known[draft.id] if draft.id is not None else Variant(product_id=product.id, currency=sold_in)
        if draft.id is None:
            variant.sku = await free_sku(session, draft.sku, product_id=product.id)
            session.add(variant)
        elif draft.sku is not None:
            variant.sku = checked_sku(draft.sku)
        variant.price_amount, variant.active, variant.position = draft.price, draft.active, place
        written.append(variant)
        if draft.id is None:
            await flush(session)  # before another query does, which could not say what is taken
    await flush(session)
    answers = {variant.id: draft.values for variant, draft in zip(written, variants, strict=True)}
    await _write_answers(session, answers, places)
    await keep_sellable(session, product, "variant", "price")
    return await save(session, product, now=now)


async def set_prices(
    session: AsyncSession, *, product_id: int, version: int, prices: Sequence[NewPrice], now: datetime
) -> Product:
    """Change what variants of a product cost. Carts show it at once; orders keep what was agreed.

    Refuses variant.unknown, variant.price_invalid, money.currency_unknown, product.incomplete (a price of zero on
    sale).
    """
    product = await product_to_edit(session, product_id, version=version)
    mine = {one.id: one for one in await session.scalars(select(Variant).where(Variant.product_id == product.id))}
    for price in prices:
        variant = mine.get(price.variant_id)
        if variant is None:
            raise Refused("variant.unknown")
        if price.amount is not None:
            check_price(price.amount)
        if price.currency is not None and price.currency != variant.currency:
            await _price_elsewhere(session, variant, price.currency, price.amount)
        elif price.amount is None:
            raise Refused("variant.price_invalid", amount=None)
        else:
            variant.price_amount = price.amount
    await keep_sellable(session, product, "price")
    return await save(session, product, now=now)


async def _price_elsewhere(session: AsyncSession, variant: Variant, currency: str, amount: int | None) -> None:
    exponent(currency)
    if amount is None:
        key = (VariantPrice.variant_id == variant.id, VariantPrice.currency == currency)
        await session.execute(delete(VariantPrice).where(*key))
        return
    said = insert(VariantPrice).values(variant_id=variant.id, currency=currency, amount=amount)
    key_columns = [VariantPrice.variant_id, VariantPrice.currency]
    await session.execute(said.on_conflict_do_update(index_elements=key_columns, set_={"amount": amount}))


def _refuse_impossible(options: Sequence[OptionDraft], variants: Sequence[VariantDraft]) -> None:
    if len(options) > MOST_OPTIONS or any(len(option.values) > MOST_VALUES for option in options):
        raise Refused("option.too_many", options=MOST_OPTIONS, values=MOST_VALUES)
    if len(variants) > MOST_VARIANTS:
        raise Refused("variant.too_many", most=MOST_VARIANTS)
    known = [draft.id for draft in variants if draft.id is not None]
    if len(known) != len(set(known)):
        raise Refused("variant.unknown")
    for draft in variants:
        check_price(draft.price)
        chosen = zip(options, draft.values, strict=False)
        if len(draft.values) != len(options) or not all(0 <= v < len(option.values) for option, v in chosen):
            raise Refused("variant.values_invalid", sku=draft.sku)
    answers = [tuple(draft.values) for draft in variants if draft.active]
    if len(answers) != len(set(answers)):
        raise Refused("variant.alike")
    skus = [checked_sku(draft.sku) for draft in variants if draft.sku is not None]
    if len(skus) != len(set(skus)):
        raise Refused("variant.sku_taken", sku=next(sku for sku in skus if skus.count(sku) > 1))


async def _write_options(session: AsyncSession, product: Product, drafts: Sequence[OptionDraft]) -> list[list[int]]:
    """Bring the options to the drafts; for each option the ids of its values, in their order."""
    known = {one.id: one for one in await session.scalars(select(Option).where(Option.product_id == product.id))}
    answers = select(OptionValue).where(OptionValue.option_id.in_(known))
    values = {one.id: one for one in await session.scalars(answers)}
    named = [draft.id for draft in drafts if draft.id is not None]
    answered = [value.id for draft in drafts for value in draft.values if value.id is not None]
    if set(named) - set(known) or set(answered) - set(values) or len({*named}) < len(named):
        raise Refused("option.unknown")
    if len({*answered}) < len(answered):
        raise Refused("option.unknown")
    places = []
    for place, draft in enumerate(drafts):
        option = known[draft.id] if draft.id is not None else Option(product_id=product.id)
        option.name, option.position = names(draft.name), place
        session.add(option)
        await session.flush()
        given = [_answer(option, number, one, values) for number, one in enumerate(draft.values)]
        session.add_all(given)
        await session.flush()
        places.append([value.id for value in given])
    await session.execute(delete(OptionValue).where(OptionValue.id.in_(set(values) - set(answered))))
    await session.execute(delete(Option).where(Option.id.in_(set(known) - set(named))))
    return places


def _answer(option: Option, place: int, draft: ValueDraft, known: Mapping[int, OptionValue]) -> OptionValue:
    value = known[draft.id] if draft.id is not None else OptionValue(option_id=option.id)
    if value.option_id != option.id:
        raise Refused("option.unknown")
    value.name, value.position = names(draft.name), place
    return value


async def _step_aside(
    session: AsyncSession, product: Product, known: Sequence[Variant], drafts: Sequence[VariantDraft]
) -> None:
    """Refuse SKUs of other products; let variants of this one exchange theirs, which must never be equal in between."""
    wanted = {checked_sku(draft.sku): draft.id for draft in drafts if draft.sku is not None}
    elsewhere = select(Variant.sku).where(Variant.sku.in_(wanted), Variant.product_id != product.id)
    taken = await session.scalar(elsewhere.limit(1))
    if taken is not None:
        raise Refused("variant.sku_taken", sku=taken)
    for variant in known:
        if variant.sku in wanted and wanted[variant.sku] != variant.id:
            if variant.id not in wanted.values():  # it keeps its own: another one cannot have it too
                raise Refused("variant.sku_taken", sku=variant.sku)
            variant.sku = f"~{variant.id}"
    await session.flush()


async def _take_away(session: AsyncSession, variants: Sequence[Variant]) -> set[int]:
    """Make these inactive; delete those that never left a trace, and return their ids.

    The lock keeps them from coming into a cart or an order meanwhile.
    """
    ids = [variant.id for variant in variants]
    await session.execute(select(Variant.id).where(Variant.id.in_(ids)).order_by(Variant.id).with_for_update())
    traces = or_(
        exists().where(OrderLine.variant_id == Variant.id),
        exists().where(CartLine.variant_id == Variant.id),
        exists().where(FlashItem.variant_id == Variant.id),
        exists().where(GroupOffer.variant_id == Variant.id),
        exists().where(StockMovement.stock_level_id == StockLevel.id, StockLevel.variant_id == Variant.id),
    )
    gone = set(await session.scalars(select(Variant.id).where(Variant.id.in_(ids), ~traces)))
    for variant in variants:
        variant.active = False
        if variant.id in gone:
            await session.delete(variant)
    await session.flush()
    return gone


async def _write_answers(
    session: AsyncSession, answers: Mapping[int, Sequence[int]], places: Sequence[Sequence[int]]
) -> None:
    """The answers of each variant (places); `places` has the ids of the values of each option."""
    await session.execute(delete(VariantValue).where(VariantValue.variant_id.in_(answers)))
    rows = [
        {"variant_id": variant_id, "value_id": places[number][answer]}
        for variant_id, given in answers.items()
        for number, answer in enumerate(given)
    ]
    if rows:
        await session.execute(insert(VariantValue), rows)
