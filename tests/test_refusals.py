"""Whatever the shelf refuses is said to the merchant in both languages."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from admin_api.console.words import REFUSALS_ZH, Words
from admin_api.errors import SENTENCES, sentence_of

ROOT = Path(__file__).resolve().parents[1]
SOURCES = (
    *sorted((ROOT / "commerce/merchandising").glob("*.py")),
    *(ROOT / "commerce/catalog" / name for name in ("media.py", "crop.py")),
    *sorted((ROOT / "admin_api").glob("*_desk.py")),
    *(ROOT / "admin_api" / name for name in ("pictures.py", "shapes.py", "product_views.py")),
)


def refused(source: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Each code that is raised here, with the names of its facts."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refused":
            code = node.args[0]
            if isinstance(code, ast.Constant):
                yield str(code.value), frozenset(word.arg for word in node.keywords if word.arg)


CODES = sorted({code for path in SOURCES for code, _ in refused(path.read_text())})


def test_the_shelf_refuses_many_things() -> None:
    assert len(CODES) >= 35


@pytest.mark.parametrize("code", CODES)
def test_every_refusal_has_a_sentence_in_both_languages(code: str) -> None:
    assert code in SENTENCES
    assert code in REFUSALS_ZH


def test_the_sentences_are_filled_with_the_facts() -> None:
    missing = {"missing": ["title", "price"]}
    assert sentence_of("product.incomplete", missing) == "To be sold, the product still needs: title, price."
    assert Words("zh").refusal("product.incomplete", missing) == "资料不全，还不能上架，缺：标题、价格。"
    assert Words("en").refusal("product.incomplete", missing) == "To be sold, the product still needs: title, price."
    assert Words("zh").refusal("stock.promised", {"variant": 5, "reserved": 4}).startswith("有 4 件已被订单占用")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_sentence_waits_for_a_fact_that_its_refusal_does_not_have(language: str) -> None:
    words = Words(language)
    fallback = words("Something went wrong. Nothing was changed.")
    for path in SOURCES:
        for code, facts in refused(path.read_text()):
            if code not in ("media.too_many_pixels", "variant.sku_taken"):
                assert words.refusal(code, dict.fromkeys(facts, 7)) != fallback, (path.name, code)
