"""The search rows of imported products: worked out before the publication, put in place within it."""

import asyncio
import json
import pickle
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.model import Names
from commerce.imports import statements
from commerce.imports.goods import NewCategory, NewProduct, NewText, Progress
from commerce.search.index import Entry, Offer, Words, colours_of_variant, entry_of, index_products, put_entries
from foundation.database import raw

_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class _Shelf:
    """A shelf as it stands in the shop, or will after the publication; `parent` is a handle."""

    name: Names
    parent: str | None


@dataclass(frozen=True, slots=True)
class Basis:
    """What the search rows were worked out from, beside the products themselves.

    `shelves` are those of the shop; of products that the shop has, `texts` in languages the source does not speak and
    `categories` where it names none; `skus` are the marked ones, by product key and the SKU the source says.
    """

    shelves: Mapping[str, _Shelf]
    texts: Mapping[str, Sequence[NewText]]
    categories: Mapping[str, str]
    skus: Mapping[tuple[str, str], str]


async def stage_entries(
    driver: asyncpg.Connection,
    *,
    source: str,
    categories: Sequence[NewCategory],
    products: Sequence[NewProduct],
    progress: Progress,
) -> Basis:
    """Work out the search rows of the staged products and lay them ready beside them."""
    taken = await driver.fetch(statements.SKUS_TAKEN, source)
    texts: dict[str, list[NewText]] = defaultdict(list)
    for row in await driver.fetch(statements.OLD_TEXTS):
        texts[row["key"]].append(NewText(row["lang"], row["title"], row["body"]))
    basis = Basis(
        shelves=await _shelves(driver, statements.SHELVES),
        texts=texts,
        categories={row["key"]: row["handle"] for row in await driver.fetch(statements.OLD_CATEGORIES)},
        skus={(row["key"], row["said"]): row["sku"] for row in taken},
    )
    standing = {shelf.handle: _Shelf(shelf.name, shelf.parent) for shelf in categories} | dict(basis.shelves)
    places = [row["place"] for row in await driver.fetch("SELECT place FROM staged_product ORDER BY place")]
    progress(0, len(places))
    for start in range(0, len(places), _BATCH):
        batch = {place: products[place] for place in places[start : start + _BATCH]}
        entries, colours = await asyncio.to_thread(_worked_out, batch, basis, standing)
        await driver.copy_records_to_table("staged_entry", records=entries)
        await driver.copy_records_to_table("staged_colours", records=colours)
        progress(start + len(batch), len(places))
    await driver.execute("ANALYZE staged_entry, staged_colours")
    return basis


async def shelves_stand(driver: asyncpg.Connection, basis: Basis) -> bool:
    """Whether the shop's shelves are still what the rows were worked out from; from here on they stay so."""
    return await _shelves(driver, statements.SHELVES_LOCKED) == basis.shelves


async def put_staged_entries(session: AsyncSession, *, stale: Sequence[str], all_stale: bool) -> None:
    """Put the search rows of the products just published in place.

    Those whose basis is gone are made anew from the shop: the keys in `stale`, and what somebody changed since.
    """
    driver = await raw(session)
    await driver.execute(statements.STALE, all_stale, stale)
    rows = await driver.fetch("SELECT place, product_id, stale FROM staged_product ORDER BY place")
    await index_products(session, [row["product_id"] for row in rows if row["stale"]])
    fresh = [(row["place"], row["product_id"]) for row in rows if not row["stale"]]
    for start in range(0, len(fresh), _BATCH):
        places, ids = zip(*fresh[start : start + _BATCH], strict=True)
        entries: dict[int, Entry] = {
            row["product_id"]: pickle.loads(row["entry"])  # our own, from a table nobody else sees
            for row in await driver.fetch(statements.ENTRIES, places)
        }
        offers = [
            Offer(row["variant_id"], row["product_id"], row["price"], row["currency"], frozenset(row["colours"]))
            for row in await driver.fetch(statements.OFFERS, places)
        ]
        await put_entries(session, entries, offers, ids=ids)


async def _shelves(driver: asyncpg.Connection, statement: str) -> dict[str, _Shelf]:
    return {row["handle"]: _Shelf(json.loads(row["name"]), row["parent"]) for row in await driver.fetch(statement)}


EntryRow = tuple[int, bytes]
ColoursRow = tuple[int, int, list[str]]


def _worked_out(
    products: Mapping[int, NewProduct], basis: Basis, standing: Mapping[str, _Shelf]
) -> tuple[list[EntryRow], list[ColoursRow]]:
    entries: list[EntryRow] = []
    colours: list[ColoursRow] = []
    for place, product in products.items():
        words = _words(product, basis, standing)
        entries.append((place, pickle.dumps(entry_of(words))))
        sold = [number for number, variant in enumerate(product.variants) if variant.active]
        colours += [
            (place, number, sorted(colours_of_variant(names, words)))
            for number, names in zip(sold, words.choices, strict=True)
        ]
    return entries, colours


def _words(product: NewProduct, basis: Basis, standing: Mapping[str, _Shelf]) -> Words:
    texts = (*product.texts, *basis.texts.get(product.key, ()))
    active = [variant for variant in product.variants if variant.active]
    return Words(
        titles=[text.title for text in texts],
        bodies=[text.body for text in texts],
        categories=list(_names_up(product.category or basis.categories.get(product.key), standing)),
        facts=list(product.attributes),
        choices=[
            [
                name
                for option, value in zip(product.options, variant.values, strict=True)
                for name in option.values[value].values()
            ]
            for variant in active
        ],
        codes=[basis.skus.get((product.key, variant.sku), variant.sku) for variant in active],
    )


def _names_up(handle: str | None, standing: Mapping[str, _Shelf]) -> Iterator[str]:
    """The names of a shelf and of those it stands in."""
    seen: set[str] = set()
    while handle is not None and handle in standing and handle not in seen:
        seen.add(handle)
        yield from standing[handle].name.values()
        handle = standing[handle].parent
