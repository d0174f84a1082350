"""The index is as current as the shop: in every process, during an import, after an upgrade; so are the vectors."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.model import Product, ProductText
from commerce.imports.goods import NewProduct, NewText, NewVariant
from commerce.imports.publish import publish
from commerce.search.actions import Found, Wanted, find, index_products, similar
from commerce.search.index import SCHEME, renew_index
from commerce.search.meaning import gists_due, keep_meanings, nearest
from commerce.search.model import SearchMeaning, SearchProduct
from foundation.database import Database
from foundation.encryption import Vault

MANY = 60


def shelf(word: str) -> list[NewProduct]:
    return [
        NewProduct(
            key=str(number),
            handle=f"thing-{number}",
            category=None,
            texts=(NewText("en", f"{word} {number}", ""),),
            variants=(NewVariant(f"T-{number}", 1000, 5),),
        )
        for number in range(MANY)
    ]


async def put(database: Database, products: Sequence[NewProduct], now: datetime) -> None:
    async with database.begin() as session:
        await publish(session, source="test", currency="CNY", categories=(), products=products, now=now)


@pytest.mark.parametrize("torn", [False, True], ids=["one transaction", "the twin with two"])
async def test_a_search_during_an_import_sees_the_old_shelf_or_the_new_one(
    database: Database, now: datetime, torn: bool
) -> None:
    old, new = (MANY, 0), (0, MANY)
    await put(database, shelf("lamp"), now)
    looks = list[tuple[int, int]]()
    shoppers = [asyncio.create_task(halves(database, looks)) for _ in range(3)]
    await until(lambda: old in looks)
    if torn:
        await put(database, shelf("lantern")[: MANY // 2], now)
        before = len(looks)
        await until(lambda: len(looks) > before + len(shoppers))
    await put(database, shelf("lantern"), now)
    await until(lambda: new in looks)
    for shopper in shoppers:
        shopper.cancel()
    assert (set(looks) != {old, new}) is torn


async def halves(database: Database, looks: list[tuple[int, int]]) -> None:
    """How many lamps and how many lanterns one snapshot of the shop finds, again and again."""
    while True:
        async with database.session() as session:
            await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            lamps, lanterns = [(await find(session, Wanted(word, "en"))).total for word in ("lamp", "lantern")]
        looks.append((lamps, lanterns))


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - a look rings no bell
            await asyncio.sleep(0.01)


@pytest.fixture
async def elsewhere(database: Database, vault: Vault) -> AsyncIterator[Database]:
    """The same database as another process has it."""
    other = Database(database.url, vault)
    yield other
    await other.close()


async def test_a_change_is_found_by_every_process_at_once(
    database: Database, elsewhere: Database, now: datetime
) -> None:
    await put(database, shelf("lamp")[:3], now)
    async with elsewhere.session() as session:
        assert (await find(session, Wanted("lamp", "en", limit=1))).total == 3
    async with database.begin() as session:
        first = (await session.scalars(select(SearchProduct.product_id).order_by(SearchProduct.product_id))).first()
        assert first is not None
        await session.execute(update(ProductText).where(ProductText.product_id == first).values(title="samovar"))
        await index_products(session, [first])
    async with elsewhere.session() as session:
        assert await find(session, Wanted("samovar", "en")) == Found((first,), 1, relaxed=False)
        assert (await find(session, Wanted("lamp", "en"))).total == 2


async def test_rows_of_an_older_version_are_made_anew(session: AsyncSession, now: datetime) -> None:
    await publish(session, source="test", currency="CNY", categories=(), products=shelf("lamp")[:3], now=now)
    await session.execute(update(SearchProduct).values(scheme=SCHEME - 1, terms=["old"], weights=[1.0]))
    assert (await find(session, Wanted("lamp", "en"))).total == 0
    assert [await renew_index(session, now=now, limit=2) for _ in range(3)] == [2, 1, 0]
    assert (await find(session, Wanted("lamp", "en"))).total == 3


async def test_the_sweep_passes_by_what_a_merchant_is_saving(
    database: Database, elsewhere: Database, now: datetime
) -> None:
    """It would wait with rows of the index locked that the merchant's transaction is about to change: a deadlock."""
    await put(database, shelf("lamp")[:2], now)
    async with database.begin() as session:
        await session.execute(update(SearchProduct).values(scheme=SCHEME - 1))
    async with database.begin() as merchant:
        saved = select(Product.id).order_by(Product.id).limit(1).with_for_update(key_share=True)
        product_id = (await merchant.scalars(saved)).one()
        async with elsewhere.begin() as sweep:
            assert await asyncio.wait_for(renew_index(sweep, now=now, limit=10), timeout=60) == 1
        await index_products(merchant, [product_id])
    async with database.begin() as session:
        assert await renew_index(session, now=now, limit=10) == 0


LIGHT, REST = [1.0, *[0.0] * 511], [0.0, 1.0, *[0.0] * 510]


def meaning_of(texts: Sequence[str]) -> list[list[float]]:
    """An encoder that knows two things: what gives light, and the rest."""
    return [LIGHT if "la" in said or "bright" in said else REST for said in texts]


async def make_meanings(
    database: Database, encode: Callable[[Sequence[str]], Sequence[Sequence[float]]], *, limit: int
) -> int:
    """As a worker does it."""
    async with database.begin() as session:
        gists = await gists_due(session, limit=limit)
    made = await asyncio.to_thread(encode, [gist.text for gist in gists])
    async with database.begin() as session:
        await keep_meanings(session, gists, made)
    return len(gists)


async def vectors(database: Database) -> list[tuple[str | None, list[float] | None, bool]]:
    async with database.session() as session:
        rows = await session.scalars(select(SearchMeaning).order_by(SearchMeaning.product_id))
        return [(row.gist, row.vector, row.due) for row in rows]


async def test_vectors_follow_the_titles_and_are_made_once(database: Database, now: datetime) -> None:
    await put(database, [*shelf("lamp")[:1], *shelf("cup")[1:2]], now)
    assert await vectors(database) == [(None, None, True), (None, None, True)]
    assert [await make_meanings(database, meaning_of, limit=1) for _ in range(3)] == [1, 1, 0]
    assert await vectors(database) == [("lamp 0", LIGHT, False), ("cup 1", REST, False)]
    ids = [1, 2]
    async with database.begin() as session:
        ids = list(await session.scalars(select(SearchProduct.product_id).order_by(SearchProduct.product_id)))
        await session.execute(update(ProductText).where(ProductText.product_id == ids[1]).values(title="bright cup"))
        await index_products(session, ids)
    asked: list[str] = []

    def encode(texts: Sequence[str]) -> list[list[float]]:
        asked.extend(texts)
        return meaning_of(texts)

    assert await make_meanings(database, encode, limit=10) == 1
    assert asked == ["bright cup"]
    assert await vectors(database) == [("lamp 0", LIGHT, False), ("bright cup", LIGHT, False)]


async def test_a_title_changed_while_it_is_encoded_is_encoded_again(database: Database, now: datetime) -> None:
    await put(database, shelf("cup")[:1], now)

    async def rename() -> None:
        async with database.begin() as session:
            await session.execute(text("UPDATE product_text SET title = 'lamp'"))
            await index_products(session, list(await session.scalars(select(SearchProduct.product_id))))

    def encode(texts: Sequence[str]) -> list[list[float]]:
        asyncio.run_coroutine_threadsafe(rename(), loop).result(20)
        return meaning_of(texts)

    loop = asyncio.get_running_loop()
    assert await make_meanings(database, encode, limit=10) == 1
    assert await vectors(database) == [("cup 0", REST, True)]
    assert await make_meanings(database, meaning_of, limit=10) == 1
    assert await vectors(database) == [("lamp", LIGHT, False)]


async def test_meaning_finds_what_no_word_does(database: Database, now: datetime) -> None:
    await put(database, [*shelf("lamp")[:2], *shelf("cup")[2:4]], now)
    await make_meanings(database, meaning_of, limit=10)
    async with database.session() as session:
        lamps = sorted((await find(session, Wanted("lamp", "en"))).product_ids)
        wish = Wanted("Beleuchtung", "en")
        assert await find(session, wish) == Found((), 0, relaxed=False)
        assert await nearest(session, LIGHT, wish) == lamps
        assert await nearest(session, [-number for number in LIGHT], wish) == []
        assert await similar(session, lamps[0], limit=1) == [lamps[1]]
