"""Which product is meant: by button, "the second one", by name or colour, the one last looked at. Asks if unclear."""

import re
from collections.abc import Sequence
from typing import cast

from bot.flow import Turn
from bot.questions import Option
from bot.skills.showing import price
from bot.skills.variants import Narrowing, meant_variants
from bot.words import SURE, Words, simple
from commerce.catalog.queries import ProductDetails, VariantView, product_cards, product_details, variants_of
from commerce.search.actions import Wanted, find
from commerce.search.terms import colours_in, terms_of
from foundation.errors import Refused

MOST_WORDS = 100
"""Characters of a message that are searched for as they are."""
MOST_FITTING = 200
_NO_THING = (
    r"\b(?:ones?|in|an?|the|of|size|colou?r|please|is|are|there|do|you|have|it|any|got)\b"
    r"|[码号款色的个件要有没吗呢还来]"
)
"""What may stand around the name of a kind."""
_DESCRIBING = ("search_products", "refine_search", "show_product", "out_of_scope")
_MEASURE = re.compile(r"\d[\d.]* ?[a-z\u4e00-\u9fff]{1,4}")


class PickProduct(Narrowing[int]):
    """Which of these products. `fit` are the keys of those the words of this message describe ("the red one")."""

    fit: Sequence[str] = ()

    def fitting(self, words: Words) -> Sequence[str]:  # noqa: ARG002 - the search has read them
        return self.fit


async def shown_kind(turn: Turn, words: Words, said: str) -> ProductDetails | None:
    """The product looked at, or the only one shown, when `said` names nothing but a kind of it: "navy in L"."""
    results = turn.focus.get("results", ())
    its = turn.focus.get("product") or (results[0] if len(results) == 1 else None)
    if its is None or not said:
        return None
    kinds = await variants_of(turn.session, int(its), language=turn.language)
    meant = meant_variants(kinds, words)
    colours = {str(entity.value) for entity in words.heard.entities if entity.kind == "colour"}
    if not meant or (colours and not any(colours & colours_in(kind.label) for kind in meant)):
        return None
    labels = [value for kind in kinds for value in kind.label.split(" / ") if value]
    values = "|".join(re.escape(simple(part)) for value in labels for part in (value, *value.split()))
    left = re.sub(rf"(?<![a-z0-9])(?:{values})(?![a-z0-9])|{_NO_THING}", "", _without_colours(words, said))
    if any(character.isalnum() for character in left):
        return None
    return await product_details(turn.session, int(its), language=turn.language)


def _without_colours(words: Words, said: str) -> str:
    """What was said without the colours that were understood: 黑色的有吗 is 的有吗."""
    if said != words.heard.text:
        return simple(said)
    for entity in sorted(words.heard.entities, key=lambda entity: -entity.start):
        if entity.kind == "colour":
            said = f"{said[: entity.start]} {said[entity.end :]}"
    return simple(said)


def is_measure(query: str) -> bool:
    """Whether a query only says how much or how big: "350 ml", "16GB"."""
    return _MEASURE.fullmatch(simple(query)) is not None


async def meant_product(turn: Turn, *, thing: str | None = None) -> ProductDetails:
    """The product that is meant; pauses to ask when it can be several. Refuses with a next step when there is none.

    `thing`: what the message calls it ("" when it names none), where that is known better than from its queries.
    """
    product_id = await _one_of(turn, await _candidates(turn, thing))
    product = await product_details(turn.session, product_id, language=turn.language)
    if product is None:
        raise Refused("catalog.gone")
    return product


async def meant_kinds(turn: Turn, products: Sequence[int] | None = None) -> Sequence[VariantView]:
    """What there is of the product that is meant, as `meant_product` finds it; `products`: of these."""
    candidates = await _candidates(turn, None) if products is None else products
    product_id = await _one_of(turn, candidates)
    kinds = await variants_of(turn.session, product_id, language=turn.language)
    if not kinds:
        raise Refused("catalog.gone")
    return kinds


async def _one_of(turn: Turn, candidates: Sequence[int]) -> int:
    return candidates[0] if len(candidates) == 1 else await _chosen(turn, candidates)


async def _candidates(turn: Turn, thing: str | None) -> list[int]:
    if "product" in turn.args:
        return [int(turn.args["product"])]
    return cast(list[int], await turn.once("candidates", lambda: _read_candidates(turn, thing)))


async def _chosen(turn: Turn, candidates: Sequence[int]) -> int:
    cards = await product_cards(turn.session, candidates, language=turn.language)
    options = [
        Option(str(card.product_id), f"{card.title}  {price(turn, card.price_from, card.price_to)}", card.product_id)
        for card in cards
    ]
    question = PickProduct(turn._("Which one do you mean?"), options, none="catalog.gone", named="")
    if turn.frame.asking is not None and turn.words is not None and _may_answer(turn, turn.words):
        question.fit = [str(product_id) for product_id in await _described(turn, turn.words, candidates)]
    return await turn.ask("product", question)


def _may_answer(turn: Turn, words: Words) -> bool:
    """Whether a message that describes something may answer which one is meant, and is not clearly another wish."""
    return words.heard.intent in (turn.frame.flow, *_DESCRIBING) or words.heard.confidence < SURE


async def _described(turn: Turn, words: Words, candidates: Sequence[int]) -> list[int]:
    """Those of the candidates that a message describes, none when it describes something else."""
    if not words.whole or words.ordinal() is not None or not words.is_statement:
        return []
    colours = tuple(str(entity.value) for entity in words.heard.entities if entity.kind == "colour")
    queries = [str(entity.value) for entity in words.heard.entities if entity.kind == "query"]
    text = " ".join(queries) if queries or colours else words.rest[:MOST_WORDS]
    found = await find(turn.session, Wanted(text, turn.language, colours=colours, limit=MOST_FITTING))
    is_a_thing = bool(text) and not is_measure(text)
    if found.relaxed or (is_a_thing and (not found.product_ids or found.product_ids[0] not in candidates)):
        return []
    return [product_id for product_id in candidates if product_id in found.product_ids]


async def _called(turn: Turn, query: str, product_ids: Sequence[int]) -> list[int]:
    """Those of the products whose titles have the most words of the message."""
    said = set(terms_of(query if turn.words is None else turn.words.heard.text))
    cards = await product_cards(turn.session, product_ids, language=turn.language)
    shared = {card.product_id: len(said & set(terms_of(card.title))) for card in cards}
    most = max(shared.values(), default=0)
    called = [its for its, words in shared.items() if words == most > 0]
    looked_at = [its for its in called if its == turn.focus.get("product")]
    return looked_at or called


async def _described_first(turn: Turn, query: str, colours: tuple[str, ...]) -> list[int]:
    """The products that a first message describes: those shown before others, and by name rather than what is near."""
    if not query and not colours:
        return []
    results: list[int] = turn.focus.get("results", [])
    found = await find(turn.session, Wanted(query, turn.language, colours=colours))
    seen = [product_id for product_id in found.product_ids if product_id in results]
    if query and found.product_ids and not found.relaxed:
        meant = seen if found.product_ids[0] in seen else list(found.product_ids)
        called = await _called(turn, query, meant) if len(meant) > 1 else meant
        return called if len(called) == 1 else meant
    if len(seen) == 1:
        return seen
    return await _called(turn, query, found.product_ids) if query else []


async def described_products(turn: Turn, thing: str | None = None) -> list[int]:
    """The products that this message describes: by their place, as a kind of what is shown, by name; none if it names
    none. `thing` as in `meant_product`.
    """
    words, results = turn.words, cast(list[int], turn.focus.get("results", []))
    if words is None:
        return []
    place = words.take("ordinal")
    if place is not None and results:
        if place > len(results):
            raise Refused("catalog.no_such_place", count=len(results))
        return [results[place - 1 if place > 0 else -1]]
    queries = [str(entity.value) for entity in words.heard.entities if entity.kind == "query"]
    if (shown := await shown_kind(turn, words, " ".join(queries))) is not None:
        return [shown.product_id]
    query, colours = words.take("query"), words.take_all("colour")
    query = query if thing is None else thing
    if query and results and is_measure(str(query)):
        query = None  # "350 ml" says which kind, not which product
    return await _described_first(turn, str(query or ""), tuple(map(str, colours)))


async def _read_candidates(turn: Turn, thing: str | None) -> list[int]:
    if described := await described_products(turn, thing):
        return described
    if "product" in turn.focus:
        return [int(turn.focus["product"])]
    results: list[int] = turn.focus.get("results", [])
    if not results and turn.words is not None:
        found = await find(turn.session, Wanted(turn.words.rest[:MOST_WORDS], turn.language))
        results = [] if found.relaxed else list(found.product_ids)
    if not results:
        raise Refused("catalog.which")
    return results
