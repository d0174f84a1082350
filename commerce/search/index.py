"""Keep the search index as the catalogue is: call `index_products` in the transaction that changes a product."""

import asyncio
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

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
from commerce.search.pinyin import sound_terms
from commerce.search.starts import Starts, put_starts, starts_of
from commerce.search.terms import colour_term, colours_in, is_chinese, kind_term, plain, terms_of, terms_of_code, tokens
from foundation.database import raw

SCHEME = 5
"""How rows are made; whoever changes that adds one here, and a sweep then makes the older rows anew."""
_BATCH = 400
_MOST_BODY = 6_000
_SHORTEST_WORD = 3


@dataclass(frozen=True, slots=True)
class _Field:
    """How much one mention in a field says; `length_matters` (0 to 1) says how much more so in a short text than in one
    of the `usual_length` in words (BM25F: Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009).

    With `fades` a text beyond its usual length says less than in proportion: it becomes a story.
    """

    weight: float
    usual_length: int = 1
    length_matters: float = 0.0
    fades: bool = False


# Measured on judged queries, see docs/decisions. A short description is as good as a second title; a long one says
# of each of its words little; a row of technical facts says hardly anything of each.
_TITLE = _Field(8.0, 10, 0.5)
_BODY = _Field(8.0, 10, 0.75, fades=True)
_CATEGORY = _Field(6.0)
_BRAND = _Field(8.0)
_KIND = _Field(5.0)
_CHOICE = _Field(3.0)
_CODE = _Field(8.0)
_FACTS = _Field(0.4, 32, 1.0)
_SHORTEST = 0.15
"""No text counts for shorter than this part of its usual length."""
NAME_WEIGHT = 2.0
"""What says at least this much about a product stands in its name: a title, category, choice, code or subtitle."""
_BRAND_NAMES = frozenset(["brand", "supplier", "vendor", "manufacturer", "maker", "品牌", "厂商", "制造商"])
_SAYS_NOTHING = re.compile(r"[\d.,\s]*|yes|no|是|否", re.IGNORECASE)
"""Facts of which nobody searches the bare value."""
_KIND_NAMES = frozenset(["product type", "type", "kind", "category", "产品类型", "类型", "种类", "品类"])


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
    starts: Starts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Offer:
    """A row of search_offer: an active variant of a published product; colours are canonical English words."""

    variant_id: int
    product_id: int
    price_amount: int
    currency: str
    colours: frozenset[str]


def _split(entry: Entry) -> tuple[list[str], list[float], list[str]]:
    """The terms of its name with their weights, and those it only mentions."""
    both = list(zip(entry.terms, entry.weights, strict=True))
    named = [(term, weight) for term, weight in both if weight >= NAME_WEIGHT]
    return [t for t, _ in named], [w for _, w in named], [term for term, weight in both if weight < NAME_WEIGHT]


_ENTRY_COLUMNS = ("product_id", "terms", "weights", "more", "scheme")
_OFFER_COLUMNS = ("variant_id", "product_id", "price_amount", "currency", "colours")
# Also where it is due already: the lock keeps a worker from taking the words of before for the new ones.
_MEANING_DUE = """
INSERT INTO search_meaning (product_id, due) SELECT unnest($1::bigint[]), true
ON CONFLICT (product_id) DO UPDATE SET due = true"""
_KNOWN = "INSERT INTO search_word (word) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING"


async def index_products(session: AsyncSession, ids: Sequence[int]) -> None:
    """Index these products anew; those that are not published (any more) are taken out of the index."""
    wanted = sorted(set(ids))
    if not wanted:
        return
    shelves = await _shelf_names(session)
    # Two at once wait for each other here; the second one then reads what the first one's transaction left.
    await session.execute(
        select(Product.id).where(Product.id.in_(wanted)).order_by(Product.id).with_for_update(key_share=True)
    )
    entries: dict[int, Entry] = {}
    offers: list[Offer] = []
    for start in range(0, len(wanted), _BATCH):
        products, sold = await _read(session, wanted[start : start + _BATCH], shelves)
        # Beside the event loop: a thousand products take a second, and others are served here.
        entries |= await asyncio.to_thread(_entries, products)
        offers += sold
    # All at once: whoever puts in words batch by batch could wait for somebody who waits for them.
    await put_entries(session, entries, offers, ids=wanted)


def _entries(products: Mapping[int, Words]) -> dict[int, Entry]:
    return {product_id: entry_of(words) for product_id, words in products.items()}


async def renew_index(session: AsyncSession, *, now: datetime, limit: int) -> int:  # noqa: ARG001  # a sweep gets it
    """A sweep: index those products anew whose rows an older version of the shop made."""
    # The lock is the product's, as of whoever saves one: locking the rows of the index first could deadlock with that.
    old = select(Product.id).join(SearchProduct).where(SearchProduct.scheme < SCHEME).order_by(Product.id).limit(limit)
    taken = old.with_for_update(of=Product, key_share=True, skip_locked=True)
    ids = (await session.scalars(taken)).all()
    if ids:
        await index_products(session, ids)
    return len(ids)


async def _read(
    session: AsyncSession, ids: Sequence[int], shelves: Mapping[int, list[str]]
) -> tuple[dict[int, Words], list[Offer]]:
    """What the catalogue says about the published ones of these products, and their offers."""
    published = select(Product.id, Product.category_id).where(
        Product.id.in_(ids), Product.status == ProductStatus.PUBLISHED
    )
    products: dict[int, Words] = {}
    for product_id, category_id in await session.execute(published):
        products[product_id] = Words(categories=shelves.get(category_id or 0, []))
    await _read_texts(session, products)
    return products, await _read_offers(session, products)


async def put_entries(
    session: AsyncSession, entries: Mapping[int, Entry], offers: Sequence[Offer], *, ids: Sequence[int]
) -> None:
    """Put these rows where those of the products `ids` were; products without an entry are out of the index."""
    await session.execute(delete(SearchOffer).where(SearchOffer.product_id.in_(ids)))
    await session.execute(delete(SearchProduct).where(SearchProduct.product_id.in_(ids)))
    driver = await raw(session)
    rows = [(product_id, *_split(entry), SCHEME) for product_id, entry in entries.items()]
    await driver.copy_records_to_table("search_product", records=rows, columns=_ENTRY_COLUMNS)
    await driver.execute(_MEANING_DUE, sorted(entries))  # in the order in which whoever keeps vectors locks them
    places = [(o.variant_id, o.product_id, o.price_amount, o.currency, sorted(o.colours)) for o in offers]
    await driver.copy_records_to_table("search_offer", records=places, columns=_OFFER_COLUMNS)
    known = sorted({word for entry in entries.values() for word in entry.known})
    await driver.execute(_KNOWN, known)
    await put_starts(session, {product_id: entry.starts for product_id, entry in entries.items()}, ids=ids)


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
    return any(name.lower().split()[-1:] in (["color"], ["colour"], ["颜色"]) for name in names)


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
    brands, kinds, facts = _sorted_facts(words.facts)
    choices = dict.fromkeys(text for names in words.choices for text in names)
    _weigh(weights, _TITLE, [terms_of(text) for text in words.titles])
    _weigh(weights, _BODY, [terms_of(text[:_MOST_BODY]) for text in words.bodies])
    _weigh(weights, _CATEGORY, [terms_of(text) for text in words.categories])
    _weigh(weights, _BRAND, [terms_of(text) for text in brands])
    _weigh(weights, _KIND, [terms_of(text) for text in kinds])
    _weigh(weights, _FACTS, [terms_of(text[:_MOST_BODY]) for text in facts])
    _weigh(weights, _CHOICE, [terms_of(text) for text in choices])
    _weigh(weights, _CODE, [terms_of_code(code) for code in words.codes])
    colours = set(words.own_colours).union(*(colours_of_variant(names, words) for names in words.choices))
    weights |= {colour_term(colour): _CHOICE.weight for colour in sorted(colours)}
    weights |= {kind_term(kind): _TITLE.weight for kind in kinds if kind_term(kind)}
    named = (*words.titles, *words.categories, *brands, *kinds, *choices)
    for run in dict.fromkeys(token for text in named for token in tokens(plain(text)) if is_chinese(token)):
        weights |= dict.fromkeys(sound_terms(run), _TITLE.weight)
    known = dict.fromkeys(_words_to_mend_with(named))
    terms = sorted(weights)
    return Entry(terms, [weights[term] for term in terms], tuple(known), starts_of(words.titles))


def _sorted_facts(facts: Iterable[tuple[Names, Names]]) -> tuple[list[str], list[str], list[str]]:
    """Brands, kinds of product, and one text for each language of all other facts."""
    brands: list[str] = []
    kinds: list[str] = []
    others: dict[str, list[str]] = defaultdict(list)
    for name, value in facts:
        names = {text.lower() for text in name.values()}
        if names & _BRAND_NAMES:
            brands += value.values()
        elif names & _KIND_NAMES:
            kinds += value.values()
        else:
            for language, text in value.items():
                if not _SAYS_NOTHING.fullmatch(text):
                    others[language].append(text)
    return brands, kinds, [" ".join(dict.fromkeys(texts)) for texts in others.values()]


def colours_of_variant(names: Iterable[str], words: Words) -> set[str]:
    """The canonical colours of a variant with option values of these names, for its row of search_offer."""
    return set().union(*(colours_in(name) for name in names)) or words.own_colours


def _weigh(weights: dict[str, float], kind: _Field, texts: list[list[str]]) -> None:
    strongest: dict[str, float] = {}
    for terms in texts:
        # A Chinese word is a little less than two characters, and each of them makes about two terms.
        words = sum(0.3 if is_chinese(term) else 1.0 for term in terms)
        share = words / kind.usual_length
        length = max(_SHORTEST, 1 + kind.length_matters * (share - 1)) * (max(1.0, share) if kind.fades else 1.0)
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
