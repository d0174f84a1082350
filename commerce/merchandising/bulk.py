"""One change of many products at once: all of them, or none and the reason for each that cannot."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.model import Product, ProductStatus, Variant
from commerce.inventory.actions import count_many
from commerce.merchandising.actions import check_category
from commerce.merchandising.editing import lacking, lock_products, save_all
from foundation.errors import Json, Refused
from foundation.money import LARGEST

MOST_PRODUCTS = 1_000
MOST_PERCENT = 100_000
"""In hundredths of a percent: ten times the price more, at most."""
WHOLE = 10_000
_Problems = dict[int, list[dict[str, Json]]]


@dataclass(frozen=True, slots=True)
class PriceChange:
    """Prices times (100 + percent) % or plus `amount`, rounded half up to whole steps.

    `percent` in hundredths (-1250 is 12.5 % less); `amount` in minor units of `currency`; `step` in minor units, 1
    keeps every one.
    """

    percent: int | None = None
    amount: int | None = None
    currency: str | None = None
    step: int = 1

    def of(self, price: int) -> int:
        """The new price of one that costs this much, in minor units; exact until the one rounding."""
        changed = price * (WHOLE + (self.percent or 0)) + (self.amount or 0) * WHOLE
        unit = self.step * WHOLE
        return (2 * changed + unit) // (2 * unit) * self.step


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of each product; None leaves a thing as it is.

    `counted`: so many of every variant lie at the main location.
    `category_id`: NO_CATEGORY takes products off their shelf.
    """

    category_id: int | None = None
    price: PriceChange | None = None
    to: ProductStatus | None = None
    free_shipping: bool | None = None
    counted: int | None = None


async def change_many(
    session: AsyncSession,
    *,
    ids: Collection[int],
    change: Change,
    note: str,
    now: datetime,
    versions: Mapping[int, int] | None = None,
) -> Sequence[Product]:
    """Change up to 1,000 products, all or nothing; `note` goes with the movements of stock.

    `versions`: those the change was made from, by product; with them a change that is sent again changes nothing, and
    nothing is changed that was not seen. One that is already as asked is no problem.

    Refuses bulk.too_many, bulk.empty, price.change_invalid, category.unknown, and bulk.refused (`problems`:
    [{"product", "code", "facts"}], one for each product that cannot).
    """
    _refuse_impossible(ids, change)
    products = await lock_for(session, ids=ids, change=change)
    problems: _Problems = defaultdict(list)
    for missing in sorted(set(ids) - {product.id for product in products}):
        problems[missing].append({"code": "product.unknown", "facts": {}})
    for product in products:
        if product.version != (versions or {}).get(product.id, product.version):
            problems[product.id].append({"code": "product.changed", "facts": {"version": product.version}})
        _change_one(product, change, problems, now=now)
    if change.price is not None:
        await _change_prices(session, products, change.price, problems)
    await session.flush()
    if change.to is ProductStatus.PUBLISHED:
        await _find_unsellable(session, products, problems)
    if not problems:
        await save_all(session, products, now=now)
    if change.counted is not None:
        # Stock comes last: these rows are the ones that shoppers are waiting for.
        await _count(session, products, change.counted, problems, note=note, now=now)
    if problems:
        raise Refused(
            "bulk.refused",
            count=len(problems),
            problems=[{"product": of, **problem} for of, found in sorted(problems.items()) for problem in found[:1]],
        )
    return products


async def lock_for(session: AsyncSession, *, ids: Collection[int], change: Change) -> Sequence[Product]:
    """Take every lock that the change needs, in the order in which others take them; the products there are."""
    # A publication locks products in an order of its own: the two take turns. This is not the lock that an import holds
    # all along, or the merchant would wait until its last picture is read.
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtext("commerce.publication"))))
    await check_category(session, change.category_id)
    return await lock_products(session, ids)


def _refuse_impossible(ids: Collection[int], change: Change) -> None:
    if len(ids) > MOST_PRODUCTS:
        raise Refused("bulk.too_many", most=MOST_PRODUCTS)
    if not ids or change == Change():
        raise Refused("bulk.empty")
    price = change.price
    if price is None:
        return
    is_one = (price.percent is None) != (price.amount is None)
    is_sane = -WHOLE < (price.percent or 0) <= MOST_PERCENT and abs(price.amount or 0) <= LARGEST
    if not is_one or not is_sane or not 1 <= price.step <= LARGEST or (price.percent or price.amount or 0) == 0:
        raise Refused("price.change_invalid")


def _change_one(product: Product, change: Change, problems: _Problems, *, now: datetime) -> None:
    if change.category_id is not None:
        product.category_id = change.category_id or None
    if change.free_shipping is not None:
        product.free_shipping = change.free_shipping
    if change.to is not None and product.status is not change.to:
        try:
            product.move_to(change.to, now=now)
        except Refused as refusal:
            problems[product.id].append({"code": refusal.code, "facts": refusal.facts})


async def _change_prices(
    session: AsyncSession, products: Sequence[Product], price: PriceChange, problems: _Problems
) -> None:
    mine = select(Variant).where(Variant.product_id.in_([product.id for product in products]), Variant.active)
    for variant in await session.scalars(mine.order_by(Variant.id)):
        changed = price.of(variant.price_amount)
        facts: dict[str, Json] = {"sku": variant.sku, "amount": changed}
        if price.amount is not None and price.currency not in (None, variant.currency):
            problems[variant.product_id].append({"code": "variant.currency", "facts": {"currency": variant.currency}})
        elif not (1 <= changed <= LARGEST) and variant.price_amount:
            problems[variant.product_id].append({"code": "variant.price_invalid", "facts": facts})
        elif 0 <= changed <= LARGEST:
            variant.price_amount = changed


async def _find_unsellable(session: AsyncSession, products: Sequence[Product], problems: _Problems) -> None:
    sold = [product.id for product in products if product.status is ProductStatus.PUBLISHED]
    for product_id, missing in (await lacking(session, sold)).items():
        if missing:
            problems[product_id].append({"code": "product.incomplete", "facts": {"missing": missing}})


async def _count(
    session: AsyncSession, products: Sequence[Product], counted: int, problems: _Problems, *, note: str, now: datetime
) -> None:
    variants = select(Variant.id, Variant.product_id).where(Variant.active)
    found = await session.execute(variants.where(Variant.product_id.in_([product.id for product in products])))
    of: dict[int, int] = dict(found.all())
    try:
        await count_many(session, dict.fromkeys(of, counted), reference=note, now=now)
    except Refused as refusal:
        if refusal.code != "stock.promised":
            raise
        for variant, reserved in refusal.facts["promised"].items():
            facts: dict[str, Json] = {"variant": int(variant), "reserved": reserved}
            problems[of[int(variant)]].append({"code": refusal.code, "facts": facts})
