"""Product pages as markup and as data for search engines (schema.org), from the same values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from bot.language import money_text
from bot.web.goods_words import GOODS_WORDS
from bot.web.pages import Html, fill
from commerce.catalog.queries import ProductCard, ProductDetails, VariantView
from commerce.catalog.shelves import CategoryView
from foundation.errors import Json
from foundation.money import Money
from foundation.settings import Settings

FEW = 5
"""So many pieces or fewer are told as a number."""
_BRANDS = frozenset({"brand", "品牌"})


@dataclass(frozen=True, slots=True)
class Page:
    """What the head of a page says. `picture` is an absolute address; `data` is for search engines."""

    title: str
    description: str
    picture: str
    kind: str
    data: list[dict[str, Json]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page is: its path (escaped) and what it is asked with, in one language."""

    settings: Settings
    language: str
    path: str
    asked: Mapping[str, int] = field(default_factory=dict)

    def here(self, language: str, *, absolute: bool = True) -> str:
        """This page in a language; with "" as each browser prefers it."""
        asked = {**({"lang": language} if language else {}), **self.asked}
        query = f"?{urlencode(asked)}" if asked else ""
        return f"{self.settings.base_url if absolute else ''}{self.path}{query}"

    def absolute(self, path: str, **asked: object) -> str:
        """Another address of the shop, in full."""
        return f"{self.settings.base_url}{path}?{urlencode(asked)}" if asked else f"{self.settings.base_url}{path}"

    def link(self, path: str) -> str:
        """Another page of the shop in this language."""
        return f"{path}?lang={self.language}"

    def deal(self, kind: str, number: int) -> str:
        """The chat, opened on a deal; `kind` is one of bot.deal_openings.DEALS."""
        return f"{self.link('/')}&d={kind}-{number}"

    def trail(self, shelves: Sequence[CategoryView], category_id: int | None) -> list[CategoryView]:
        """The shelves from the outermost to this one; empty when it holds nothing."""
        for shelf in shelves:
            if shelf.category_id == category_id:
                return [shelf]
            if inside := self.trail(shelf.inside, category_id):
                return [shelf, *inside]
        return []


def price_text(prices: Sequence[Money], language: str) -> str:
    """A price, or from the lowest of several."""
    lowest, highest = min(prices, key=lambda one: one.amount), max(prices, key=lambda one: one.amount)
    text = money_text(lowest, language)
    return text if lowest == highest else GOODS_WORDS[language].from_price.format(price=text)


def stock_text(available: int, language: str) -> str:
    """In stock, how many when few are left, or sold out."""
    words = GOODS_WORDS[language]
    if available <= 0:
        return words.sold_out
    return words.few_left.format(count=available) if available <= FEW else words.in_stock


def product_html(
    place: Place, product: ProductDetails, trail: Sequence[CategoryView], deals: Html, *, telegram: Html
) -> Html:
    """The page of one product; `deals` are those it is in, `telegram` is the way to it there."""
    words, language = GOODS_WORDS[place.language], place.language
    total = sum(variant.available for variant in product.variants)
    settings = place.settings
    marks = [stock_text(total, language)]
    if total > 0:
        least = product.dispatch_days + settings.delivery_days_min
        most = product.dispatch_days + max(settings.delivery_days_min, settings.delivery_days_max)
        marks.append(words.arrives.format(least=least, most=most))
    if product.free_shipping:
        marks.append(words.free_shipping)
    pictures = [
        fill(
            "shot.html",
            src=f"/media/{media_id}",
            alt=product.title if number == 1 else words.picture.format(number=number, title=product.title),
            loading="eager" if number == 1 else "lazy",
        )
        for number, media_id in enumerate(product.pictures, 1)
    ]
    return fill(
        "product.html",
        shelves=words.shelves,
        crumbs=_crumbs(place, trail),
        pictures=Html("".join(pictures)),
        title=product.title,
        price=price_text([variant.price for variant in product.variants], language),
        marks=Html("".join(fill("mark.html", text=mark) for mark in marks)),
        deals=deals,
        chat=f"/?lang={language}&p={quote(product.handle)}",
        ask=words.ask,
        ask_note=words.ask_note,
        telegram=telegram,
        choices=_choices(place, product.variants) if len(product.variants) > 1 else Html(""),
        body=_paragraphs(product.body),
        facts=_facts(place, product),
    )


def shelf_html(
    place: Place,
    trail: Sequence[CategoryView],
    cards: Sequence[ProductCard],
    tags: Mapping[int, str],
    *,
    total: int,
    number: int,
    last: int,
) -> Html:
    """One page of a shelf: the shelves inside it, its products, the way to the next page.

    `tags`: {product id: the deal it is in, in a few words}.
    """
    words = GOODS_WORDS[place.language]
    shelf = trail[-1] if trail else None
    inside = shelf.inside if shelf else ()
    around = [
        (words.earlier, number - 1) if number > 1 else None,
        (words.later, number + 1) if number < last else None,
    ]
    return fill(
        "shelf.html",
        crumbs=_crumbs(place, trail[:-1]),
        shelves=words.shelves,
        title=shelf.name if shelf else words.shelves,
        count=words.one_product if total == 1 else words.products.format(count=total),
        inside=Html("".join(_shelf_link(place, one) for one in inside)),
        cards=Html("".join(_card(place, card, tags.get(card.product_id, "")) for card in cards)),
        empty="" if cards else words.empty,
        page=words.page.format(number=number, last=last) if last > 1 else "",
        around=Html(
            "".join(
                fill("link.html", href=f"{place.link(place.path)}&page={to}", text=text)
                for text, to in filter(None, around)
            )
        ),
    )


def shelves_html(place: Place, shelves: Sequence[CategoryView]) -> Html:
    """All shelves, each with those inside it."""
    words = GOODS_WORDS[place.language]
    groups = [
        fill(
            "shelf_group.html",
            href=place.link(f"/c/{quote(top.handle)}"),
            name=top.name,
            count=words.one_product if top.products == 1 else words.products.format(count=top.products),
            inside=Html("".join(_shelf_link(place, one) for one in top.inside)),
        )
        for top in shelves
    ]
    return fill(
        "shelves.html", title=words.all_goods, groups=Html("".join(groups)), empty="" if groups else words.nothing
    )


def product_data(place: Place, product: ProductDetails) -> dict[str, Json]:
    """The product as schema.org/Product, with an offer for each variant."""
    brand = next((value for name, value in product.attributes if name.lower() in _BRANDS), None)
    data: dict[str, Json] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": product.title,
        "description": product.body,
        "url": place.here(place.language),
        "image": [place.absolute(f"/media/{media_id}") for media_id in product.pictures],
        "additionalProperty": [
            {"@type": "PropertyValue", "name": name, "value": value} for name, value in product.attributes
        ],
        "offers": [_offer(place, variant) for variant in product.variants],
    }
    if len(product.variants) == 1:
        data["sku"] = product.variants[0].sku
    if brand:
        data["brand"] = {"@type": "Brand", "name": brand}
    return data


def crumb_data(place: Place, trail: Sequence[CategoryView], title: str) -> dict[str, Json]:
    """The way to a page as schema.org/BreadcrumbList."""
    steps = [(shelf.name, place.absolute(f"/c/{quote(shelf.handle)}", lang=place.language)) for shelf in trail]
    steps.append((title, place.here(place.language)))
    return {
        "@context": "https://schema.org",
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": number, "name": name, "item": address}
            for number, (name, address) in enumerate(steps, 1)
        ],
    }


def _offer(place: Place, variant: VariantView) -> dict[str, Json]:
    there = "InStock" if variant.available > 0 else "OutOfStock"
    return {
        "@type": "Offer",
        "sku": variant.sku,
        "name": variant.label or variant.title,
        "price": str(variant.price.decimal),
        "priceCurrency": variant.price.currency,
        "availability": f"https://schema.org/{there}",
        "url": place.here(place.language),
    }


def _choices(place: Place, variants: Sequence[VariantView]) -> Html:
    words = GOODS_WORDS[place.language]
    rows = [
        fill(
            "choice.html",
            label=variant.label or variant.title,
            price=money_text(variant.price, place.language),
            stock=stock_text(variant.available, place.language),
            look="" if variant.available > 0 else "out",
        )
        for variant in variants
    ]
    return fill("choices.html", title=words.choices, rows=Html("".join(rows)))


def _facts(place: Place, product: ProductDetails) -> Html:
    rows = [fill("row.html", name=name, value=value) for name, value in product.attributes]
    if not rows:
        return Html("")
    return fill("facts.html", title=GOODS_WORDS[place.language].facts, rows=Html("".join(rows)))


def _paragraphs(text: str) -> Html:
    return Html("".join(fill("paragraph.html", text=part.strip()) for part in text.split("\n\n") if part.strip()))


def _crumbs(place: Place, trail: Sequence[CategoryView]) -> Html:
    steps = [("/c", GOODS_WORDS[place.language].shelves), *((f"/c/{quote(one.handle)}", one.name) for one in trail)]
    return Html("".join(fill("link.html", href=place.link(path), text=name) for path, name in steps))


def _shelf_link(place: Place, shelf: CategoryView) -> Html:
    return fill("link.html", href=place.link(f"/c/{quote(shelf.handle)}"), text=f"{shelf.name} {shelf.products}")


def _card(place: Place, card: ProductCard, tag: str) -> Html:
    return fill(
        "goods_card.html",
        href=place.link(f"/p/{quote(card.handle)}"),
        picture=fill("shot.html", src=f"/media/{card.picture}?size=400", alt="", loading="lazy")
        if card.picture is not None
        else Html(""),
        title=card.title,
        price=price_text([card.price_from, card.price_to], place.language),
        tag=tag,
        stock="" if card.in_stock else GOODS_WORDS[place.language].sold_out,
    )
