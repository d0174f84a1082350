"""What products mean, as vectors: a worker encodes outside any transaction, a search asks where no word is known."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT, REAL
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.search.wish import LIMITS, OFFER_FITS, PRODUCT_FITS, SHELVES, Wanted, limits_of

_LONGEST_GIST = 150
_NEAR_ENOUGH = 0.4
"""The cosine between a wish and a product from which on the product is worth showing."""
_MOST_NEAR = 20
_CANDIDATES = 100
"""So many nearest products are looked at; those outside the limits of the wish are then left out."""


@dataclass(frozen=True, slots=True)
class Gist:
    """What is to be encoded about a product."""

    product_id: int
    text: str


async def nearest(session: AsyncSession, meaning: Sequence[float], wanted: Wanted) -> list[int]:
    """The products within the limits whose meaning is nearest to this vector, at most 20, none that is far from it."""
    await session.execute(select(func.set_config("hnsw.ef_search", str(_CANDIDATES), True)))
    asked = {"meaning": list(meaning), "near": _NEAR_ENOUGH, "limit": _MOST_NEAR, **limits_of(wanted)}
    return list((await session.execute(_NEAREST, asked)).scalars())


async def gists_due(session: AsyncSession, *, limit: int) -> list[Gist]:
    """What is to be encoded, at most so much; a product whose words did not change after all is done with here."""
    due = (await session.execute(_DUE, {"limit": limit})).all()
    same = [row.product_id for row in due if row.vector_stands]
    if same:
        await session.execute(_DONE, {"ids": same})
    return [Gist(row.product_id, row.gist) for row in due if not row.vector_stands]


async def keep_meanings(session: AsyncSession, gists: Sequence[Gist], vectors: Iterable[Iterable[float]]) -> None:
    """Put these vectors (of length 1) in place. A product whose words were changed meanwhile stays due."""
    # First the locks: who waits here for a change of the product sees the changed words in the next statement.
    await session.execute(_LOCK, {"ids": [gist.product_id for gist in gists]})
    for gist, vector in zip(gists, vectors, strict=True):
        numbers = [float(number) for number in vector]
        await session.execute(_KEEP, {"id": gist.product_id, "gist": gist.text, "vector": numbers})


_GIST = f"""left(coalesce((
    SELECT string_agg(t.title, ' ' ORDER BY t.lang) FROM product_text t WHERE t.product_id = m.product_id), ''),
    {_LONGEST_GIST})"""
_IDS = bindparam("ids", type_=ARRAY(BIGINT))
_DUE = text(f"""
SELECT product_id, gist, gist IS NOT DISTINCT FROM said AND vector IS NOT NULL AS vector_stands FROM (
    SELECT m.product_id, m.gist AS said, m.vector, {_GIST} AS gist FROM search_meaning m
    WHERE m.due ORDER BY m.product_id LIMIT :limit FOR UPDATE OF m SKIP LOCKED) AS due""")
_DONE = text("UPDATE search_meaning SET due = false WHERE product_id = ANY(:ids)").bindparams(_IDS)
_LOCK = text("SELECT 1 FROM search_meaning WHERE product_id = ANY(:ids) ORDER BY product_id FOR UPDATE").bindparams(
    _IDS
)
_KEEP = text(f"""
UPDATE search_meaning m SET gist = CAST(:gist AS text), vector = :vector, due = ({_GIST} <> CAST(:gist AS text))
WHERE m.product_id = :id
""").bindparams(bindparam("vector", type_=ARRAY(REAL)))
_NEAREST = text(f"""
WITH RECURSIVE {SHELVES}, near AS MATERIALIZED (
    SELECT product_id, 1 - (vector::vector(512) <=> CAST(:meaning AS real[])::vector(512)) AS likeness
    FROM search_meaning
    ORDER BY vector::vector(512) <=> CAST(:meaning AS real[])::vector(512) LIMIT {_CANDIDATES})
SELECT product_id FROM near JOIN search_product USING (product_id)
WHERE likeness >= :near AND {PRODUCT_FITS}
  AND EXISTS (SELECT 1 FROM search_offer WHERE search_offer.product_id = near.product_id AND {OFFER_FITS})
ORDER BY likeness DESC, product_id LIMIT :limit
""").bindparams(bindparam("meaning", type_=ARRAY(REAL)), *LIMITS)
