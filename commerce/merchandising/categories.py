"""The shelves of the shop: make, rename, move and take away. All of them are locked for each change: they are few."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, any_, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.handles import handle_of
from commerce.catalog.model import Category, Product
from commerce.merchandising.editing import flush, names
from commerce.search.index import index_products
from commerce.search.model import SearchProduct
from foundation.errors import Refused

MOST_CATEGORIES = 2_000
DEEPEST = 6
MOST_INDEXED = 500
"""So many products take about a second; the transaction must not be open for longer."""


async def add_category(
    session: AsyncSession, *, name: Mapping[str, str], parent_id: int | None = None, handle: str | None = None
) -> Category:
    """A new shelf, the last one in its parent. Refuses name.invalid, category.unknown, category.handle_taken."""
    shelves = await _locked(session)
    named = names(name)
    if parent_id is not None and parent_id not in shelves:
        raise Refused("category.unknown")
    if len(shelves) >= MOST_CATEGORIES:
        raise Refused("category.too_many", most=MOST_CATEGORIES)
    handles = {shelf.handle for shelf in shelves.values()}
    if handle is not None and (not handle or len(handle) > 100 or handle_of(handle) != handle):
        raise Refused("category.handle_invalid", handle=handle[:100])
    if handle in handles:
        raise Refused("category.handle_taken", handle=handle)
    beside = [shelf for shelf in shelves.values() if shelf.parent_id == parent_id]
    shelf = Category(
        handle=handle or _free_handle(named, handles),
        name=named,
        parent_id=parent_id,
        position=max((one.position for one in beside), default=-1) + 1,
    )
    session.add(shelf)
    await flush(session)
    _refuse_too_deep({**shelves, shelf.id: shelf})
    return shelf


async def rename_category(session: AsyncSession, *, category_id: int, name: Mapping[str, str]) -> Category:
    """Give a shelf another name; the languages named change, an empty name takes one away. Its address stays."""
    shelves = await _locked(session)
    shelf = _of(shelves, category_id)
    shelf.name = names({**shelf.name, **name})
    await flush(session)
    await _index(session, await _products_in(session, _inside(shelves, category_id)))
    return shelf


async def move_category(
    session: AsyncSession, *, category_id: int, parent_id: int | None, place: int | None = None
) -> Category:
    """Put a shelf into another one (None: none), at this place among those there (from 0; None: last).

    Refuses category.unknown, and category.cycle where a shelf would stand in itself.
    """
    shelves = await _locked(session)
    shelf = _of(shelves, category_id)
    within = _inside(shelves, category_id)
    if parent_id is not None:
        _of(shelves, parent_id)
        if parent_id in within:
            raise Refused("category.cycle")
    beside = sorted(
        (one for one in shelves.values() if one.parent_id == parent_id and one is not shelf),
        key=lambda one: (one.position, one.id),
    )
    beside.insert(len(beside) if place is None else place, shelf)
    is_elsewhere, shelf.parent_id = shelf.parent_id != parent_id, parent_id
    for number, one in enumerate(beside):
        one.position = number
    _refuse_too_deep(shelves)
    await flush(session)
    if is_elsewhere:
        await _index(session, await _products_in(session, within))
    return shelf


async def remove_category(session: AsyncSession, *, category_id: int, into: int | None, now: datetime) -> None:
    """Take a shelf away; what is on and in it goes `into` another one.

    Refuses category.unknown, category.filled when it is not empty and no other one is named, and category.cycle when
    the other one stands in it.
    """
    shelves = await _locked(session)
    shelf = _of(shelves, category_id)
    within = _inside(shelves, category_id)
    if into is not None:
        _of(shelves, into)
        if into in within:
            raise Refused("category.cycle")
    # Whoever is about to put a product on it ends first, and is then among those found.
    await session.execute(select(Category.id).where(Category.id == category_id).with_for_update())
    on_it = select(Product.id).where(Product.category_id == category_id).order_by(Product.id)
    moved = (await session.scalars(on_it.with_for_update(key_share=True))).all()
    children = [one for one in shelves.values() if one.parent_id == category_id]
    if into is None and (moved or children):
        raise Refused("category.filled", products=len(moved), shelves=len(children))
    changed = {"category_id": into, "version": Product.version + 1, "updated_at": now}
    await session.execute(update(Product).where(Product.category_id == category_id).values(**changed))
    last = max((one.position for one in shelves.values() if one.parent_id == into), default=-1)
    for number, child in enumerate(sorted(children, key=lambda one: (one.position, one.id)), start=1):
        child.parent_id, child.position = into, last + number
    await session.flush()
    await session.delete(shelf)
    await session.flush()
    del shelves[category_id]
    _refuse_too_deep(shelves)
    await _index(session, [*moved, *await _products_in(session, within - {category_id})])


async def take_turns(session: AsyncSession) -> None:
    """Let nobody else change shelves before this transaction ends: rows made meanwhile could not be locked."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtext("commerce.categories"))))


async def _locked(session: AsyncSession) -> dict[int, Category]:
    """All shelves, locked: of two moves at once the second one sees what the first one did."""
    await take_turns(session)
    found = select(Category).order_by(Category.id).with_for_update(key_share=True)
    return {shelf.id: shelf for shelf in await session.scalars(found.execution_options(populate_existing=True))}


def _of(shelves: Mapping[int, Category], category_id: int) -> Category:
    if category_id not in shelves:
        raise Refused("category.unknown")
    return shelves[category_id]


def _inside(shelves: Mapping[int, Category], category_id: int) -> set[int]:
    """This shelf and all that stand in it."""
    found, more = {category_id}, {category_id}
    while more:
        more = {one.id for one in shelves.values() if one.parent_id in more} - found
        found |= more
    return found


def _refuse_too_deep(shelves: Mapping[int, Category]) -> None:
    level = [one for one in shelves.values() if one.parent_id is None]
    for _ in range(DEEPEST):
        above = {one.id for one in level}
        level = [one for one in shelves.values() if one.parent_id in above]
    if level:
        raise Refused("category.too_deep", most=DEEPEST)


async def _products_in(session: AsyncSession, category_ids: set[int]) -> list[int]:
    found = select(Product.id).where(Product.category_id.in_(category_ids)).order_by(Product.id)
    return list(await session.scalars(found))


async def _index(session: AsyncSession, ids: Sequence[int]) -> None:
    """Index what a moment is enough for; of a large shelf the worker's sweep does the rest."""
    await index_products(session, ids[:MOST_INDEXED])
    later = any_(literal(list(ids[MOST_INDEXED:]), ARRAY(BigInteger)))
    await session.execute(update(SearchProduct).where(SearchProduct.product_id == later).values(scheme=0))


def _free_handle(name: Mapping[str, str], taken: set[str]) -> str:
    base = next((made for lang in ("en", *name) if (made := handle_of(name.get(lang, ""), longest=90))), "shelf")
    number, handle = 2, base
    while handle in taken:
        number, handle = number + 1, f"{base}-{number}"
    return handle
