"""Read the catalogue of a Saleor shop out of a fixture (populatedb_data.json, or dumpdata of the shop's tables)."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeVar

from commerce.catalog.model import Names, ProductStatus
from commerce.imports import saleor_file as file
from commerce.imports.cells import MOST_STOCK, price_of
from commerce.imports.goods import UNLIMITED, NewProduct, NewText, NewVariant
from commerce.imports.saleor_traits import Named, Traits, prose
from commerce.imports.shelf import LONGEST_TITLE, Photo, Reading, Shelf, Unreadable
from commerce.imports.texts import language_code, language_of, one_line, plain_text

_LEFT_OUT = ("product.collection", "discount.sale", "discount.voucher", "giftcard.giftcard")
_HASH = re.compile(r"_[0-9a-f]{8}(?=\.\w+$)")
_SIDES = {"1": "front", "2": "back"}
_DEMO_NAMES = {
    "ascii-shirt": "ascii-shirt",
    "dash-shirt": "dash-tee",
    "polo-shirt": "polo-shirt",
    "blue-shirt": "blue-polygon-tee",
    "dark-shirt": "dark-polygon-tee",
    "monotype-white": "monospace-white-tee",
}
"""Where the pictures that come with Saleor's demo data have other names than the data says; these have two sides."""
_OTHER_DEMO_NAMES = {
    "paul-balance-420-1": "pauls-blanace-420-1",
    "paul-blanace-420-2": "pauls-blanace-420-2",
    "s-mask": "neck-warmer",
    "cushion": "cushion-blue",
    "white_cubics_tee": "white-cubes-tee-front",
    "white_cubics_tee_back": "white-cubes-tee-back",
}
Kind = TypeVar("Kind", bound=file.Record)
Ordered = TypeVar("Ordered", file.Variant, file.Media)


@dataclass(frozen=True, slots=True)
class _Shop:
    """What belongs to each product and variant, by their keys."""

    categories: Mapping[file.Key, str | None]
    listings: Mapping[file.Key, Sequence[file.ProductListing]]
    types: Mapping[file.Key, file.ProductType]
    variants: Mapping[file.Key, Sequence[file.Variant]]
    prices: Mapping[file.Key, Sequence[file.VariantListing]]
    stock: Mapping[file.Key, int]
    traits: Traits
    photos: Mapping[file.Key, Sequence[file.Media]]
    photographed: Mapping[file.Key, Sequence[file.Key]]
    named: Named
    pictures: frozenset[str]


def read_saleor(path: Path, *, currency: str) -> Shelf:
    """A Saleor fixture: products with their variants, prices of every channel, attributes, stock of all warehouses.

    A product is published where the channels of the shop's currency say so, or any channel when none has it. Of several
    channels with one currency the first counts. Attributes that make variants are options, the others facts.
    """
    reading = Reading(currency)
    fixture = file.Fixture(path, reading)
    shop = _shop(fixture, frozenset(picture.name for picture in (path.parent / "images").glob("*")), reading)
    for product in fixture.table("product.product", file.Product).values():
        try:
            _read_product(product, shop, reading)
        except Unreadable as problem:
            reading.refuse(product.line, problem.column, problem.reason)
    for table in _LEFT_OUT:
        if fixture.count(table):
            reading.warn(0, table, f"{fixture.count(table)} records are not taken over: the shop has nothing like them")
    return reading.shelf()


def _shop(fixture: file.Fixture, pictures: frozenset[str], reading: Reading) -> _Shop:
    channels = fixture.table("channel.channel", file.Channel)
    named = Named.of(fixture)
    media = fixture.table("product.productmedia", file.Media)
    stock: dict[file.Key, int] = defaultdict(int)
    for level in fixture.table("warehouse.stock", file.Stock).values():
        stock[level.product_variant] += max(0, level.quantity - level.quantity_allocated)
    photographed: dict[file.Key, list[file.Key]] = defaultdict(list)
    for link in fixture.table("product.variantmedia", file.VariantMedia).values():
        photographed[link.media].append(link.variant)
    listings = fixture.table("product.productchannellisting", file.ProductListing).values()
    prices = fixture.table("product.productvariantchannellisting", file.VariantListing).values()
    every: tuple[file.Listing, ...] = (*listings, *prices)
    for listing in every:
        if listing.channel in channels and not listing.currency:
            listing.currency = channels[listing.channel].currency_code
    return _Shop(
        categories=_categories(fixture.table("product.category", file.Category), named, reading),
        listings=_by(listings, lambda listing: listing.product),
        types=fixture.table("product.producttype", file.ProductType),
        variants=_by(_sorted(fixture.table("product.productvariant", file.Variant).values()), lambda one: one.product),
        prices=_by(prices, lambda price: price.variant),
        stock=stock,
        traits=Traits.of(fixture, named),
        photos=_by(_sorted(media.values()), lambda one: one.product),
        photographed=photographed,
        named=named,
        pictures=pictures,
    )


def _read_product(product: file.Product, shop: _Shop, reading: Reading) -> None:
    title = reading.title(one_line(product.name), column="name")
    handle = reading.own_handle(product.slug or title)
    sold = shop.variants.get(product.pk, ())
    if not sold:
        raise Unreadable("product.productvariant", "the product has no variants")
    choices = shop.traits.choices(sold)
    variants: dict[file.Key, NewVariant] = {}
    for place, one in enumerate(sold):
        try:
            variants[one.pk] = _variant(one, handle, choices.values[place], shop, reading)
        except Unreadable as problem:
            reading.refuse(one.line, problem.column, problem.reason)
    kind = shop.types.get(product.product_type) if product.product_type is not None else None
    new = NewProduct(
        key=str(product.pk),
        handle=handle,
        category=shop.categories.get(product.category) if product.category is not None else None,
        texts=_texts(product, title, shop.named),
        variants=tuple(variants.values()),
        options=choices.options,
        attributes=(*shop.traits.facts(product.pk), *_weight(product)),
        status=_status(shop.listings.get(product.pk, ()), reading.currency),
        free_shipping=None if kind is None or kind.is_shipping_required else True,
    )
    skus = {key: variant.sku for key, variant in variants.items()}
    reading.add(product.line, new, list(_photos(shop.photos.get(product.pk, ()), skus, shop, reading)))


def _variant(one: file.Variant, handle: str, values: tuple[int, ...], shop: _Shop, reading: Reading) -> NewVariant:
    prices: dict[str, int] = {}
    for listing in shop.prices.get(one.pk, ()):
        if listing.price_amount and listing.currency not in prices:
            prices[listing.currency] = price_of(listing.price_amount, listing.currency, column="price_amount")
    stock = shop.stock.get(one.pk, 0)
    if stock > MOST_STOCK:
        raise Unreadable("quantity", f"{stock} pieces are too many")
    sku = reading.own_sku(one.line, one_line(one.sku) or f"{handle[:80]}-{one.pk}")
    beyond = 0 if one.track_inventory else UNLIMITED
    return reading.variant(one.line, sku=sku, prices=prices, stock=stock, backorder=beyond, values=values)


def _status(listings: Sequence[file.ProductListing], currency: str) -> ProductStatus:
    own = [listing for listing in listings if listing.currency == currency] or listings
    return ProductStatus.PUBLISHED if any(listing.is_published for listing in own) else ProductStatus.DRAFT


def _texts(product: file.Product, title: str, named: Named) -> tuple[NewText, ...]:
    body = prose(product.description) or plain_text(product.description_plaintext)
    texts = {language_of(title): NewText(language_of(title), title, body)}
    for translation in named.translations("product", product.pk):
        language, name = language_code(translation.language_code), one_line(translation.name)
        if language and 0 < len(name) <= LONGEST_TITLE and language not in texts:
            texts[language] = NewText(language, name, prose(translation.description))
    return tuple(texts.values())


def _weight(product: file.Product) -> Iterator[tuple[Names, Names]]:
    amount, _, unit = product.weight.partition(":")
    if amount.strip("0."):
        yield {"en": "Weight", "zh": "重量"}, {"en": f"{amount} {unit}"}


def _categories(known: Mapping[file.Key, file.Category], named: Named, reading: Reading) -> dict[file.Key, str | None]:
    """The handle of every category; one whose parents go round in a circle begins where the circle closes."""
    handles: dict[file.Key, str | None] = {}
    for key in known:
        path: list[file.Key] = []
        step: file.Key | None = key
        while step is not None and step in known and step not in path:
            path.append(step)
            step = known[step].parent
        handles[key] = reading.category([named.of_record("category", at, known[at].name) for at in reversed(path)])
    return handles


def _photos(
    media: Sequence[file.Media], skus: Mapping[file.Key, str], shop: _Shop, reading: Reading
) -> Iterator[Photo]:
    for one in media:
        if one.type.upper() != "IMAGE" or not (one.image or one.external_url):
            reading.warn(one.line, "type", "only pictures are taken over, no videos")
            continue
        of = tuple(skus[key] for key in shop.photographed.get(one.pk, ()) if key in skus)
        name = _lying(PurePosixPath(one.image).name, shop.pictures) if one.image else one.external_url
        yield Photo(name, one.line, of)


def _lying(name: str, pictures: frozenset[str]) -> str:
    """The file in the folder of pictures: Saleor puts a hash behind the name, its demo data comes without."""
    plain = _HASH.sub("", name)
    stem, dot, ending = plain.rpartition(".")
    shirt, _, side = stem.rpartition("-")
    demo = f"{_DEMO_NAMES[shirt]}-{_SIDES[side]}" if shirt in _DEMO_NAMES and side in _SIDES else stem
    demo = f"saleor-{_OTHER_DEMO_NAMES.get(demo, demo)}{dot}{ending}"
    return next((known for known in (name, plain, demo) if known in pictures), name)


def _by(records: Iterable[Kind], key: Callable[[Kind], file.Key | None]) -> dict[file.Key, list[Kind]]:
    found: dict[file.Key, list[Kind]] = defaultdict(list)
    for record in records:
        of = key(record)
        if of is not None:
            found[of].append(record)
    return found


def _sorted(records: Iterable[Ordered]) -> list[Ordered]:
    """In the order the shop shows them; those without a place come last."""
    return sorted(records, key=lambda record: (record.sort_order is None, record.sort_order or 0, record.line))
