"""Searching the whole demo shop: Chinese words, pinyin, slips of the finger; and how a ranking is measured."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from typer.testing import CliRunner

from cli.scratch import Place, scratch_database
from cli.search import app
from commerce.catalog.model import Product, ProductText
from commerce.imports.icecat import read_icecat
from commerce.search.actions import Wanted, find
from commerce.search.index import Words, entry_of
from commerce.search.judgments import first_relevant, ndcg, percentile, read_judgments, with_a_typo
from commerce.search.pinyin import sound_terms
from commerce.search.terms import STOP_CHARACTERS
from foundation.database import Database
from foundation.errors import Refused


@pytest.fixture
async def stocked(place: Place, demo_shelves: str) -> AsyncIterator[Database]:
    """The shop with its sixty goods."""
    async with scratch_database(place, template=demo_shelves) as database:
        yield database


async def search(session: AsyncSession, text: str, *, limit: int = 5) -> list[str]:
    found = await find(session, Wanted(text, "zh", limit=limit))
    rows = (await session.execute(select(Product.id, Product.handle).where(Product.id.in_(found.product_ids)))).all()
    handles = {row.id: row.handle for row in rows}
    return [handles[product_id] for product_id in found.product_ids]


async def test_every_two_characters_of_a_title_find_their_product(stocked: Database) -> None:
    lost = []
    async with stocked.session() as session:
        titles = await session.execute(
            select(Product.handle, ProductText.title)
            .join(ProductText, ProductText.product_id == Product.id)
            .where(ProductText.lang == "zh")
        )
        for row in titles:
            for run in re.findall(r"[\u4e00-\u9fff]{2,}", row.title):
                for word in {run[at : at + 2] for at in range(len(run) - 1)}:
                    meant = not STOP_CHARACTERS.issuperset(word)
                    if meant and row.handle not in await search(session, word, limit=60):
                        lost.append((word, row.title))
    assert lost == []


async def test_pinyin_finds_what_it_sounds_like(stocked: Database) -> None:
    meant = {
        "tieguanyin": "anxi-tieguanyin",
        "tie guan yin": "anxi-tieguanyin",
        "Tieguanyin cha": "anxi-tieguanyin",
        "tgy": "anxi-tieguanyin",
        "longjing": "west-lake-longjing",
        "lvcha": "west-lake-longjing",
        "lǜchá": "west-lake-longjing",
        "cha bei": "celadon-mug",
        "chabei": "celadon-mug",
        "makebei": "celadon-mug",
        "zishahu": "yixing-teapot",
        "zi sha hu": "yixing-teapot",
        "gaiwan": "sancai-gaiwan",
        "baowenbei": "travel-flask",
        "bao wen bei": "travel-flask",
        "taideng": "desk-lamp",
        "erji": "wireless-earbuds",
        "lanya erji": "wireless-earbuds",
        "chongdianbao": "power-bank",
        "cdb": "power-bank",
    }
    async with stocked.session() as session:
        found = {typed: await search(session, typed) for typed in meant}
    assert {typed: handles for typed, handles in found.items() if meant[typed] not in handles[:3]} == {}


async def test_traditional_characters_find_the_same(stocked: Database) -> None:
    same = {"鐵觀音": "铁观音", "紫砂壺": "紫砂壶", "藍牙耳機": "蓝牙耳机", "充電寶": "充电宝", "檯燈": "台灯"}
    async with stocked.session() as session:
        for typed, simplified in same.items():
            found = await search(session, simplified)
            assert found, simplified
            assert await search(session, typed) == found, typed


async def test_a_mended_word_is_told(stocked: Database) -> None:
    async with stocked.session() as session:
        found = await find(session, Wanted("Wireles earbuds!", "en"))
        assert (found.mended, found.relaxed) == ("wireless earbuds!", False)
        assert (await find(session, Wanted("powerbank", "en"))).product_ids
        missed = await find(session, Wanted("titanium teapot", "en"))
        assert (missed.missed, missed.relaxed) == (("titanium",), True)


def test_a_run_of_characters_is_found_by_its_words_its_characters_and_its_initials() -> None:
    assert list(sound_terms("铁观音")) == [
        "p1:tie",
        "py:tieguan",
        "py:tieguanyin",
        "pi:tgy",
        "p1:guan",
        "py:guanyin",
        "p1:yin",
    ]
    assert {"py:lvcha", "py:lucha"} <= set(sound_terms("绿茶"))


def test_a_short_description_names_a_product_and_a_long_one_only_mentions() -> None:
    short = entry_of(Words(titles=["HP 4100"], bodies=["Laser printer for offices"]))
    long = entry_of(Words(titles=["HP 4100"], bodies=["Laser printer " + " ".join(f"word{n}" for n in range(60))]))
    weights = [dict(zip(entry.terms, entry.weights, strict=True))["laser"] for entry in (short, long)]
    assert weights[0] > 8
    assert weights[1] < 0.5


def test_gain_is_discounted_by_place_and_measured_against_the_best_order() -> None:
    judged = {"a": 3.0, "b": 1.0, "c": 0.0}
    assert ndcg(["a", "b"], judged) == 1.0
    assert ndcg(["x", "a"], judged) == pytest.approx((3 / 1.5849625) / (3 + 1 / 1.5849625))
    assert ndcg([], judged) == 0.0
    assert ndcg(["c"], {"c": 0.0}) is None
    assert first_relevant(["c", "b"], judged) == 2
    assert first_relevant(["c"], judged) is None
    assert [percentile([4.0, 1.0, 3.0, 2.0], share) for share in (0.5, 0.95)] == [2.0, 4.0]


def test_a_query_gets_one_slip_and_always_the_same_one() -> None:
    for query in ("laptop bag", "usb", "d battery"):
        slip = with_a_typo(query)
        assert slip != query
        assert slip == with_a_typo(query)
        assert slip[0] == query[0]
    assert with_a_typo("aa") == "aa"


PRODUCTS = (
    {"id": "1", "name": "N-1", "title": "Acme N-1 notebook", "supplier": "Acme", "price": 99900, "ean": ["1"]},
    {"id": "2", "name": "B-1", "title": "Acme notebook bag", "supplier": "Acme", "price": 1990, "attr_b_x": True},
    {"id": "3", "name": "N-1", "title": "Other notebook", "supplier": "Other", "price": 100, "attr_n_weight": 2.0},
    {"id": "4", "name": "M-1", "title": "Acme mouse", "supplier": "Acme", "price": "dear"},
    {"id": "1", "name": "N-9", "title": "Acme notebook again", "supplier": "Acme", "price": 1},
)


def catalogue(folder: Path) -> Path:
    path = folder / "products.jsonl"
    path.write_text("".join(json.dumps(product) + "\n" for product in PRODUCTS) + "{broken\n\n[]\n")
    return path


def test_icecat_products_are_read_and_broken_ones_refused(tmp_path: Path) -> None:
    shelf = read_icecat(catalogue(tmp_path), currency="USD")
    assert [draft.product.key for draft in shelf.products] == ["1", "2", "3"]
    assert [draft.product.variants[0].sku for draft in shelf.products] == ["N-1", "B-1", "N-1 3"]
    assert shelf.products[0].product.variants[0].price == 99900
    assert shelf.products[2].product.attributes == (({"en": "Brand"}, {"en": "Other"}), ({"en": "Weight"}, {"en": "2"}))
    assert [(problem.line, problem.column) for problem in shelf.refused] == [(4, "price"), (5, "id"), (6, ""), (8, "")]


@pytest.mark.parametrize(("content", "code"), [(b"", "import.empty"), (b"\x1f\x8bno gzip", "import.binary")])
def test_a_file_that_is_no_icecat_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "products.jsonl.gz"
    path.write_bytes(content)
    with pytest.raises(Refused) as refused:
        read_icecat(path, currency="USD")
    assert refused.value.code == code


@pytest.mark.parametrize("table", ["", "query,docid\na,b\n", "query,docid,rating\na,1,much\n", "query,docid,rating\n"])
def test_broken_judgments_are_refused(tmp_path: Path, table: str) -> None:
    path = tmp_path / "judgments.csv"
    path.write_text(table)
    with pytest.raises(Refused) as refused:
        read_judgments(path)
    assert refused.value.code == "search.judgments"


@pytest.mark.parametrize("engine", ["ours", "plain"])
def test_the_search_is_measured_from_the_command_line(tmp_path: Path, engine: str) -> None:
    judgments = tmp_path / "judgments.csv"
    judgments.write_text("query,docid,rating\nmouse pad,7,0\nnotebook bag,2,3\nacme,1,2\nacme,2,2\n")
    options = ["--catalogue", str(catalogue(tmp_path)), "--judgments", str(judgments), "--engine", engine, "--json"]
    result = CliRunner().invoke(app, ["evaluate", *options])
    assert result.exit_code == 0, result.output
    measures = json.loads(result.stdout)
    assert {name: measures[name] for name in ("queries", "queries_with_an_answer", "ndcg@10", "hit@1", "mrr")} == {
        "queries": 3,
        "queries_with_an_answer": 2,
        "ndcg@10": 1.0,
        "hit@1": 1.0,
        "mrr": 1.0,
    }
    assert 0 < measures["p50_ms"] <= measures["p95_ms"]
