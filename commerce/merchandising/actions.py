"""What the merchant does with a product: make it, write its texts, put it on sale, take it off, put it away.

Every change names the version of the product it was made from; of two at the same moment one is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.attributes import ProductAttribute
from commerce.catalog.handles import handle_of
from commerce.catalog.model import Category, Names, Product, ProductStatus, ProductText, Variant
from commerce.merchandising.editing import (
    LANGUAGES_AT_MOST,
    LONGEST_LANGUAGE,
    flush,
    keep_sellable,
    names,
    product_to_edit,
    save,
)
from foundation.errors import Refused
from foundation.money import LARGEST, exponent

LONGEST_TITLE = 300
LONGEST_BODY = 20_000
LONGEST_HANDLE = 100
MOST_ATTRIBUTES = 60
MOST_DISPATCH_DAYS = 365
NO_CATEGORY = 0


@dataclass(frozen=True, slots=True)
class Text:
    """Title and description (plain text) in one language."""

    title: str
    body: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact beside the options, its name and value in each language."""

    name: Names
    value: Names


@dataclass(frozen=True, slots=True)
class Edit:
    """What changes of a product; None leaves a thing as it is.

    `texts`: those of the languages named, the others stay; an empty title takes a language away. `attributes`: all of
    them, in their order. `category_id`: NO_CATEGORY takes it off its shelf. `dispatch_days`: days.
    """

    texts: Mapping[str, Text] | None = None
    handle: str | None = None
    category_id: int | None = None
    free_shipping: bool | None = None
    is_digital: bool | None = None
    dispatch_days: int | None = None
    attributes: Sequence[Fact] | None = None


async def create_product(
    session: AsyncSession,
    *,
    texts: Mapping[str, Text],
    currency: str,
    now: datetime,
    price: int = 0,
    sku: str | None = None,
    edit: Edit | None = None,
) -> Product:
    """A draft with one variant. `price` in minor units, 0 when it is not known yet; without a SKU it is given one.

    `edit` is the rest of what is known. Refuses what `edit_product` refuses, and variant.price_invalid,
    variant.sku_invalid, variant.sku_taken.
    """
    edit = edit or Edit()
    exponent(currency)
    check_price(price)
    titles = [texts[lang].title for lang in ("en", "zh") if lang in texts] + [text.title for text in texts.values()]
    handle = edit.handle or await _free_handle(session, next((title for title in titles if handle_of(title)), ""))
    await check_category(session, edit.category_id)
    product = Product(handle=_checked_handle(handle), status=ProductStatus.DRAFT, created_at=now, updated_at=now)
    session.add(product)
    await flush(session)
    code = await free_sku(session, sku, product_id=product.id)
    session.add(Variant(product_id=product.id, sku=code, price_amount=price, currency=currency, position=0))
    await _write(session, product, edit, texts=texts)
    await flush(session)
    return product


async def edit_product(session: AsyncSession, *, product_id: int, version: int, edit: Edit, now: datetime) -> Product:
    """Change what `edit` names.

    Refuses product.unknown, product.changed, product.handle_invalid, product.handle_taken, product.title_invalid,
    product.body_too_long, product.dispatch_days_invalid, product.too_many_facts, category.unknown, and
    product.incomplete where a published product would lose its last title.
    """
    await check_category(session, edit.category_id)  # before the product: the order in which a shelf is taken away
    product = await product_to_edit(session, product_id, version=version)
    if edit.handle is not None and edit.handle != product.handle:
        product.handle = _checked_handle(edit.handle)
        await _refuse_taken_handle(session, product)
        await flush(session)
    await _write(session, product, edit, texts=edit.texts or {})
    await keep_sellable(session, product, "title")
    return await save(session, product, now=now)


async def move_product(
    session: AsyncSession, *, product_id: int, version: int, to: ProductStatus, now: datetime
) -> Product:
    """Put a product on sale (PUBLISHED), take it off to work on it or bring it back (DRAFT), or put it away (ARCHIVED).

    What is not on sale stays in the carts it lies in and cannot be bought. Refuses product.move_refused, and
    product.incomplete (`missing`: title, variant, price) for a product that cannot be sold.
    """
    product = await product_to_edit(session, product_id, version=version)
    product.move_to(to, now=now)
    await keep_sellable(session, product, "title", "variant", "price")
    return await save(session, product, now=now)


def check_price(amount: int) -> None:
    """Refuses variant.price_invalid for what is no price in minor units."""
    if not 0 <= amount <= LARGEST:
        raise Refused("variant.price_invalid", amount=amount)


async def free_sku(session: AsyncSession, wanted: str | None, *, product_id: int) -> str:
    """The SKU, if no other variant has it; one of our own where none is wanted."""
    if wanted is not None:
        sku = checked_sku(wanted)
        if await session.scalar(select(Variant.id).where(Variant.sku == sku)):
            raise Refused("variant.sku_taken", sku=sku)
        return sku
    number, taken = 1, set(await session.scalars(select(Variant.sku).where(Variant.sku.like(f"P{product_id}-%"))))
    while f"P{product_id}-{number}" in taken:
        number += 1
    return f"P{product_id}-{number}"


def checked_sku(wanted: str) -> str:
    """A SKU without the spaces around it. Refuses variant.sku_invalid."""
    sku = wanted.strip()
    if not sku or len(sku) > 100 or not sku.isprintable():
        raise Refused("variant.sku_invalid", sku=sku[:100])
    return sku


async def _write(session: AsyncSession, product: Product, edit: Edit, *, texts: Mapping[str, Text]) -> None:
    if edit.category_id is not None:
        product.category_id = edit.category_id or None
    if edit.free_shipping is not None:
        product.free_shipping = edit.free_shipping
    if edit.is_digital is not None:
        product.is_digital = edit.is_digital
    if edit.dispatch_days is not None:
        if not 0 <= edit.dispatch_days <= MOST_DISPATCH_DAYS:
            raise Refused("product.dispatch_days_invalid", most=MOST_DISPATCH_DAYS)
        product.dispatch_days = edit.dispatch_days
    await _write_texts(session, product, texts)
    if edit.attributes is not None:
        await _write_facts(session, product, edit.attributes)


async def check_category(session: AsyncSession, category_id: int | None) -> None:
    """Refuses category.unknown. The shelf cannot be taken away before this transaction ends."""
    if category_id is not None and category_id != NO_CATEGORY:
        shelf = select(Category.id).where(Category.id == category_id).with_for_update(read=True, key_share=True)
        if await session.scalar(shelf) is None:
            raise Refused("category.unknown")


async def _write_texts(session: AsyncSession, product: Product, texts: Mapping[str, Text]) -> None:
    for lang, text in texts.items():
        title, body = " ".join(text.title.split()), text.body.strip()
        if not lang or len(lang) > LONGEST_LANGUAGE or len(texts) > LANGUAGES_AT_MOST:
            raise Refused("product.language_invalid", language=lang[:20])
        if len(title) > LONGEST_TITLE or (body and not title):
            raise Refused("product.title_invalid", language=lang, longest=LONGEST_TITLE)
        if len(body) > LONGEST_BODY:
            raise Refused("product.body_too_long", language=lang, longest=LONGEST_BODY)
        if not title:
            gone = delete(ProductText).where(ProductText.product_id == product.id, ProductText.lang == lang)
            await session.execute(gone)
            continue
        said = insert(ProductText).values(product_id=product.id, lang=lang, title=title, body=body)
        await session.execute(
            said.on_conflict_do_update(
                index_elements=[ProductText.product_id, ProductText.lang], set_={"title": title, "body": body}
            )
        )


async def _write_facts(session: AsyncSession, product: Product, facts: Sequence[Fact]) -> None:
    if len(facts) > MOST_ATTRIBUTES:
        raise Refused("product.too_many_facts", most=MOST_ATTRIBUTES)
    await session.execute(delete(ProductAttribute).where(ProductAttribute.product_id == product.id))
    rows = [
        {"product_id": product.id, "position": place, "name": names(fact.name), "value": names(fact.value)}
        for place, fact in enumerate(facts)
    ]
    if rows:
        await session.execute(insert(ProductAttribute), rows)


def _checked_handle(wanted: str) -> str:
    if not wanted or len(wanted) > LONGEST_HANDLE or handle_of(wanted) != wanted:
        raise Refused("product.handle_invalid", handle=wanted[:LONGEST_HANDLE], longest=LONGEST_HANDLE)
    return wanted


async def _refuse_taken_handle(session: AsyncSession, product: Product) -> None:
    with session.no_autoflush:
        other = select(Product.id).where(Product.handle == product.handle, Product.id != product.id)
        if await session.scalar(other):
            raise Refused("product.handle_taken", handle=product.handle)


async def _free_handle(session: AsyncSession, title: str) -> str:
    """A handle from a title that no product has yet: mug, mug-2, mug-3."""
    base = handle_of(title, longest=LONGEST_HANDLE - 8) or "product"
    alike = select(Product.handle).where(Product.handle.startswith(base, autoescape=True))
    taken, number = set(await session.scalars(alike)), 2
    if base not in taken:
        return base
    while f"{base}-{number}" in taken:
        number += 1
    return f"{base}-{number}"
