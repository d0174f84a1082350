"""Keep the search index as the catalogue is: call `index_products` in the transaction that changes a product."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.attributes import ProductAttribute
from commerce.catalog.model import (
    Category,
    Names,
    Option,
    OptionValue,
    Product,
    ProductStatus,
    ProductText,
    Variant,
    VariantValue,
)
from commerce.search.model import SearchOffer, SearchProduct
from commerce.search.terms import colour_term, colours_in, is_chinese, plain, terms_of, terms_of_code, tokens
from foundation.database import raw

SCHEME = 2
"""How rows are made; whoever changes that adds one here, and a sweep then makes the older rows anew."""
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
class Words:
    """What the catalogue says about one product, by field. The order within a field does not matter.

    `titles` and `bodies` are its texts in every language, `categories` the names (every language) of its shelf and of
    those this one stands in, `facts` its attributes (name and value by language), `choices` for each active variant
    the names of its option values in every language, `codes` the SKUs of the active variants.
    """

    titles: list[str] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    facts: list[tuple[Names, Names]] = field(default_factory=list)
    choices: list[list[str]] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)

    @property
    def own_colours(self) -> set[str]:
        """The colours its facts speak of; a variant without a colour of its own has these."""
        return {
            colour
            for name, value in self.facts
            if _is_colour_name(name.values())
            for colour in colours_in(" ".join(value.values()))
        }


@dataclass(frozen=True, slots=True)
class Entry:
    """A product in the index: a row of search_product, and the words (for search_word) that typing errors mend to."""

    terms: list[str]
    weights: list[float]
    known: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """A row of search_offer: an active variant of a published product; colours are canonical English words."""

    variant_id: int
    product_id: int
    price_amount: int
    currency: str
    colours: frozenset[str]


_ENTRY_COLUMNS = ("product_id", "terms", "weights", "scheme")
_OFFER_COLUMNS = ("variant_id", "product_id", "price_amount", "currency", "colours")
_KNOWN = "INSERT INTO search_word (word) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING"


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
    products: dict[int, Words] = {}
    for product_id, category_id in await session.execute(published):
        products[product_id] = Words(categories=shelves.get(category_id or 0, []))
    await _read_texts(session, products)
    offers = await _read_offers(session, products)

    await put_entries(session, {of: entry_of(words) for of, words in products.items()}, offers, ids=ids)


async def put_entries(
    session: AsyncSession, entries: Mapping[int, Entry], offers: Sequence[Offer], *, ids: Sequence[int]
) -> None:
    """Put these rows where those of the products `ids` were; products without an entry are out of the index."""
    await session.execute(delete(SearchOffer).where(SearchOffer.product_id.in_(ids)))
    await session.execute(delete(SearchProduct).where(SearchProduct.product_id.in_(ids)))
    driver = await raw(session)
    rows = [(product_id, entry.terms, entry.weights, SCHEME) for product_id, entry in entries.items()]
    await driver.copy_records_to_table("search_product", records=rows, columns=_ENTRY_COLUMNS)
    places = [(o.variant_id, o.product_id, o.price_amount, o.currency, sorted(o.colours)) for o in offers]
    await driver.copy_records_to_table("search_offer", records=places, columns=_OFFER_COLUMNS)
    known = sorted({word for entry in entries.values() for word in entry.known})
    await driver.execute(_KNOWN, known)


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


async def _read_texts(session: AsyncSession, products: dict[int, Words]) -> None:
    texts = select(ProductText).where(ProductText.product_id.in_(products))
    for text in await session.scalars(texts):
        products[text.product_id].titles.append(text.title)
        products[text.product_id].bodies.append(text.body)
    facts = select(ProductAttribute).where(ProductAttribute.product_id.in_(products))
    for fact in await session.scalars(facts):
        products[fact.product_id].facts.append((fact.name, fact.value))


def _is_colour_name(names: Iterable[str]) -> bool:
    return any(name.lower() in ("color", "colour", "颜色") for name in names)


async def _read_offers(session: AsyncSession, products: dict[int, Words]) -> list[Offer]:
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
    offers: list[Offer] = []
    variants = select(Variant).where(Variant.product_id.in_(products), Variant.active).order_by(Variant.id)
    for variant in await session.scalars(variants):
        words = products[variant.product_id]
        words.codes.append(variant.sku)
        words.choices.append(choices[variant.id])
        colours = colours_of_variant(choices[variant.id], words)
        offers.append(Offer(variant.id, variant.product_id, variant.price_amount, variant.currency, frozenset(colours)))
    return offers


def entry_of(words: Words) -> Entry:
    """The index row of one product: pure, so an import may work it out before its transaction."""
    weights: dict[str, float] = {}
    for kind, texts in ((_TITLE, words.titles), (_CATEGORY, words.categories), (_BODY, words.bodies)):
        _weigh(weights, kind, [terms_of(text[:_MOST_BODY]) for text in texts])
    values = [text for _name, value in words.facts for text in value.values()]
    choices = [text for names in words.choices for text in names]
    _weigh(weights, _CHOICE, [terms_of(text) for text in dict.fromkeys((*values, *choices))])
    _weigh(weights, _CODE, [terms_of_code(code) for code in words.codes])
    colours = set(words.own_colours).union(*(colours_of_variant(names, words) for names in words.choices))
    _weigh(weights, _CHOICE, [[colour_term(colour)] for colour in sorted(colours)])
    known = dict.fromkeys(_words_to_mend_with((*words.titles, *words.categories, *values, *choices)))
    return Entry(list(weights), list(weights.values()), tuple(known))


def colours_of_variant(names: Iterable[str], words: Words) -> set[str]:
    """The canonical colours of a variant with option values of these names, for its row of search_offer."""
    return set().union(*(colours_in(name) for name in names)) or words.own_colours


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


def _words_to_mend_with(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        for token in tokens(plain(text)):
            if len(token) >= _SHORTEST_WORD and not is_chinese(token) and token.isalpha() and len(token) <= 40:
                yield token
