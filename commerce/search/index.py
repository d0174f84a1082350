"""Keep the search index as the catalogue is: call `index_products` in the transaction that changes a product."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.attributes import ProductAttribute
from commerce.catalog.model import (
    Category,
    Option,
    OptionValue,
    Product,
    ProductStatus,
    ProductText,
    Variant,
    VariantValue,
)
from commerce.search.model import SearchOffer, SearchProduct, SearchWord
from commerce.search.terms import colour_term, colours_in, is_chinese, plain, terms_of, terms_of_code, tokens

_BATCH = 400
_MOST_BODY = 6_000
_SHORTEST_WORD = 4


@dataclass(frozen=True, slots=True)
class _Field:
    """How much one mention in a field says, and beyond which number of terms it says less (BM25F)."""

    weight: float
    usual_length: int
    length_matters: float


_TITLE = _Field(8.0, 16, 0.3)
_CATEGORY = _Field(6.0, 6, 0.0)
_CHOICE = _Field(3.0, 12, 0.0)
_CODE = _Field(8.0, 4, 0.0)
_BODY = _Field(0.6, 160, 0.5)
NAME_WEIGHT = 2.0
"""No description gives a term this much: it stands in a title, category, option or code."""


@dataclass(slots=True)
class _Words:
    """What the catalogue says about one product, by field."""

    titles: list[str] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    choices: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    colours: set[str] = field(default_factory=set)


async def index_products(session: AsyncSession, ids: Sequence[int]) -> None:
    """Index these products anew; those that are not published (any more) are taken out of the index."""
    shelves = await _shelf_names(session)
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), _BATCH):
        await _index_batch(session, wanted[start : start + _BATCH], shelves)


async def _index_batch(session: AsyncSession, ids: Sequence[int], shelves: dict[int, list[str]]) -> None:
    # Two at once wait for each other here; the second one then reads what the first one's transaction left.
    await session.execute(
        select(Product.id).where(Product.id.in_(ids)).order_by(Product.id).with_for_update(key_share=True)
    )
    published = select(Product.id, Product.category_id).where(
        Product.id.in_(ids), Product.status == ProductStatus.PUBLISHED
    )
    products: dict[int, _Words] = {}
    for product_id, category_id in await session.execute(published):
        products[product_id] = _Words(categories=shelves.get(category_id or 0, []))
    await _read_texts(session, products)
    offers = await _read_offers(session, products)

    await session.execute(delete(SearchOffer).where(SearchOffer.product_id.in_(ids)))
    await session.execute(delete(SearchProduct).where(SearchProduct.product_id.in_(ids)))
    rows = [{"product_id": product_id, **_weighed(words)} for product_id, words in products.items()]
    if rows:
        await session.execute(insert(SearchProduct), rows)
    if offers:
        await session.execute(insert(SearchOffer), offers)
    known = sorted({word for words in products.values() for word in _words_to_mend_with(words)})
    if known:
        await session.execute(insert(SearchWord).on_conflict_do_nothing(), [{"word": word} for word in known])


async def _shelf_names(session: AsyncSession) -> dict[int, list[str]]:
    """For each category its names in every language and those of the shelves it stands in."""
    shelves = {shelf.id: shelf for shelf in await session.scalars(select(Category))}
    names: dict[int, list[str]] = {}
    for shelf_id in shelves:
        seen: set[int] = set()
        place: int | None = shelf_id
        names[shelf_id] = []
        while place is not None and place not in seen:
            seen.add(place)
            names[shelf_id] += shelves[place].name.values()
            place = shelves[place].parent_id
    return names


async def _read_texts(session: AsyncSession, products: dict[int, _Words]) -> None:
    texts = select(ProductText).where(ProductText.product_id.in_(products))
    for text in await session.scalars(texts):
        products[text.product_id].titles.append(text.title)
        products[text.product_id].bodies.append(text.body[:_MOST_BODY])
    facts = select(ProductAttribute).where(ProductAttribute.product_id.in_(products))
    for fact in await session.scalars(facts):
        words = products[fact.product_id]
        words.choices += fact.value.values()
        if colours_in(" ".join(fact.value.values())) and _is_colour_name(fact.name.values()):
            words.colours |= colours_in(" ".join(fact.value.values()))


def _is_colour_name(names: Iterable[str]) -> bool:
    return any(name.lower() in ("color", "colour", "颜色") for name in names)


async def _read_offers(session: AsyncSession, products: dict[int, _Words]) -> list[dict[str, object]]:
    """The active variants; a variant without a colour of its own has those of its product."""
    choices: dict[int, list[str]] = defaultdict(list)
    chosen = (
        select(VariantValue.variant_id, OptionValue.name)
        .join(OptionValue, OptionValue.id == VariantValue.value_id)
        .join(Option, Option.id == OptionValue.option_id)
        .where(Option.product_id.in_(products))
    )
    for variant_id, name in await session.execute(chosen):
        choices[variant_id] += name.values()
    offers: list[dict[str, object]] = []
    variants = select(Variant).where(Variant.product_id.in_(products), Variant.active).order_by(Variant.id)
    for variant in await session.scalars(variants):
        words = products[variant.product_id]
        words.codes.append(variant.sku)
        words.choices += choices[variant.id]
        colours = set().union(*(colours_in(name) for name in choices[variant.id])) or words.colours
        offers.append(
            {
                "variant_id": variant.id,
                "product_id": variant.product_id,
                "price_amount": variant.price_amount,
                "currency": variant.currency,
                "colours": sorted(colours),
            }
        )
    for offer in offers:
        products[offer["product_id"]].colours |= set(offer["colours"])  # type: ignore[call-overload, index]  # ints and lists
    return offers


def _weighed(words: _Words) -> dict[str, list[str] | list[float]]:
    """Terms and weights of one product."""
    weights: dict[str, float] = {}
    for kind, texts in ((_TITLE, words.titles), (_CATEGORY, words.categories), (_BODY, words.bodies)):
        _weigh(weights, kind, [terms_of(text) for text in texts])
    _weigh(weights, _CHOICE, [terms_of(text) for text in dict.fromkeys(words.choices)])
    _weigh(weights, _CODE, [terms_of_code(code) for code in words.codes])
    _weigh(weights, _CHOICE, [[colour_term(colour)] for colour in words.colours])
    return {"terms": list(weights), "weights": list(weights.values())}


def _weigh(weights: dict[str, float], kind: _Field, texts: list[list[str]]) -> None:
    strongest: dict[str, float] = {}
    for terms in texts:
        length = max(1.0, 1 + kind.length_matters * (len(terms) / kind.usual_length - 1))
        for term, times in Counter(terms).items():
            # A second mention adds little: the same word in many variants or in both languages is still one word.
            said = kind.weight * (1 + 0.15 * min(times - 1, 4)) / length
            strongest[term] = max(strongest.get(term, 0), said)
    for term, said in strongest.items():
        weights[term] = weights.get(term, 0) + said


def _words_to_mend_with(words: _Words) -> Iterable[str]:
    for text in (*words.titles, *words.categories, *words.choices):
        for token in tokens(plain(text)):
            if len(token) >= _SHORTEST_WORD and not is_chinese(token) and token.isalpha() and len(token) <= 40:
                yield token
