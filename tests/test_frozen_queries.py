"""300 frozen queries of shoppers, asked in the chat: the right product is among the first three nearly always."""

from pathlib import Path

import pytest
from sqlalchemy import select

from cli.scratch import ScratchShop
from commerce.catalog.model import Product
from tests.chat import Chat

QUERIES = Path(__file__).parent / "search_queries"
HIT_AT_3 = 0.95


def frozen(language: str) -> list[tuple[str, set[str]]]:
    """Each query with the handles of the products that answer it."""
    lines = (QUERIES / f"{language}.txt").read_text(encoding="utf-8").splitlines()
    asked = (line.split(" | ") for line in lines if not line.startswith("#"))
    return [(query, set(handles.split())) for query, handles in asked]


async def shown(scratch: ScratchShop, query: str, language: str) -> list[str]:
    """The handles of the products a new shopper sees who says this, in order."""
    chat = Chat(scratch)
    await chat.says(query, language=language)
    focus = (await chat.conversation()).focus
    ids = [int(focus["product"])] if "product" in focus else [int(one) for one in focus.get("results", [])]
    async with scratch.shop.database.begin() as session:
        rows = await session.execute(select(Product.id, Product.handle).where(Product.id.in_(ids)))
        handles = {row.id: row.handle for row in rows}
    return [handles[one] for one in ids]


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_shoppers_see_what_they_ask_for_among_the_first_three(scratch: ScratchShop, language: str) -> None:
    queries = frozen(language)
    assert len(queries) == 150
    missed = []
    for query, wanted in queries:
        seen = await shown(scratch, query, language)
        if not wanted.intersection(seen[:3]):
            missed.append(f"{query}: {', '.join(seen[:3]) or 'nothing'}")
    hits = 1 - len(missed) / len(queries)
    assert hits >= HIT_AT_3, f"hit@3 {hits:.3f}; missed: " + "; ".join(missed)
