"""Two or three products side by side: price, stock, and every option and fact that one of them has."""

import re
from collections.abc import Sequence
from typing import cast

from bot.flow import Turn
from bot.questions import Option, Pick
from bot.replies import Button, Card, Choice, Compared, Comparison
from bot.skills.listing import PAGE, list_of, page_of
from bot.skills.product_page import arrival, days_text, facts, shipping
from bot.skills.showing import price
from bot.skills.variants import is_said, meant_variants
from bot.words import Words
from commerce.catalog.queries import ProductDetails, product_cards, product_details
from commerce.search.actions import Wanted, find, similar
from foundation.errors import Json, Refused

MOST = 3
_NUMBERS = re.compile(r"\d{1,2}(?:[\s,，、和跟与&+]+(?:and )?\d{1,2}){1,2}")
_FIRST_FEW = re.compile(r"(?:前|头)(?:([两二2])|[三3])[个款件种样]|\bfirst (?:(two|2)|three|3)\b", re.IGNORECASE)
NOTHING = "—"


class PickSome(Pick[list[int]]):
    """One of some products, or two or three of them at once: "1 and 3", "the first and the last"."""

    def exact(self, words: Words, shown: Sequence[str]) -> Json | None:
        places = _places(words)
        if len(places) > 1 and all(place and -len(shown) <= place <= len(shown) for place in places):
            words.take_everything()
            return list(dict.fromkeys(shown[place - 1 if place > 0 else place] for place in places))[:MOST]
        return super().exact(words, shown)

    def holds(self, stored: Json) -> bool:
        return all(key in self.options for key in _as_list(stored))

    def value(self, stored: Json) -> list[int]:
        return [its for key in _as_list(stored) for its in self.options[key].value]


def _as_list(stored: Json) -> list[str]:
    return stored if isinstance(stored, list) else [stored]


def _places(words: Words) -> list[int]:
    """The places named in a message of nothing but numbers ("1 和 3"), or by ordinals."""
    if _NUMBERS.fullmatch(words.whole):
        return [int(number) for number in re.findall(r"\d+", words.whole)]
    return [int(entity.value) for entity in words.heard.entities if entity.kind == "ordinal"]


async def compare_products(turn: Turn) -> None:
    """Lay two or three products side by side; asks which where it was not said."""
    if turn.frame.asking is None and await _kinds_differ(turn):
        return
    chosen = cast(list[int], await turn.once("said", lambda: _said(turn)))
    offered = cast(list[int], await turn.once("offered", lambda: _offered(turn, chosen)))
    cards = await product_cards(turn.session, [*chosen, *offered], language=turn.language)
    titles = {card.product_id: f"{card.title}  {price(turn, card.price_from, card.price_to)}" for card in cards}
    chosen = [its for its in chosen if its in titles]
    if len(titles) < 2:
        raise Refused("catalog.nothing_to_compare")
    is_more = "more" in turn.args
    for step, prompt in enumerate((turn._("Which one shall I compare?"), turn._("With which one?"))):
        if len(chosen) <= step or (step and is_more):
            options = [Option(str(its), title, [its]) for its, title in titles.items() if its not in chosen]
            chosen = chosen + await turn.ask(
                f"product:{step + 1}", PickSome(prompt, options, none="catalog.gone", named="")
            )
    chosen = chosen[:MOST]
    await _say_comparison(turn, chosen, more=[its for its in offered if its in titles and its not in chosen])


async def _kinds_differ(turn: Turn) -> bool:
    """Say how two kinds of the product that is looked at differ ("the black and the white"), if they are meant."""
    its = turn.focus.get("product") or next(iter(turn.focus.get("results", [])), None)
    product = await product_details(turn.session, int(its), language=turn.language) if its else None
    meant = meant_variants(product.variants, turn.words) if product is not None and turn.words is not None else []
    if product is None or turn.words is None or not 1 < len(meant) <= MOST:
        return False
    parts = zip(*(variant.label.split(" / ") for variant in meant), strict=False)
    differ = {
        option.name: values for option, values in zip(product.options, parts, strict=False) if len(set(values)) > 1
    }
    if not all(is_said(value, turn.words) for values in differ.values() for value in values):
        return False
    text = turn._("{title}: these differ in {what}, in nothing else.")
    lines = [f"{variant.label}  {turn.money(variant.price)}" for variant in meant]
    turn.focus["product"] = product.product_id
    buttons = tuple(turn.wish(variant.label, "add_to_cart", variant=variant.variant_id) for variant in meant)
    said = text.format(title=product.title, what=turn._(", ").join(differ))
    turn.say(Choice("\n".join([said, *lines]), buttons))
    return True


async def _say_comparison(turn: Turn, chosen: Sequence[int], *, more: Sequence[int]) -> None:
    found = [await product_details(turn.session, its, language=turn.language) for its in chosen]
    products = [product for product in found if product is not None]
    if len(products) < 2:
        raise Refused("catalog.gone")
    turn.focus["results"] = [product.product_id for product in products]
    for gone in ("product", "variant", "added"):
        turn.focus.pop(gone, None)
    buttons: list[Button] = []
    if len(products) < MOST and more:
        ids = {f"p{place}": product.product_id for place, product in enumerate(products)}
        buttons.append(turn.wish(turn._("Add another one"), "compare_products", more=1, **ids))
        turn.focus["beside"] = list(more)
    columns = tuple(_column(turn, product) for product in products)
    turn.say(Comparison(turn._("Side by side:"), columns, _rows(turn, products), tuple(buttons)))


async def _said(turn: Turn) -> list[int]:
    """The products that were meant: of a button, by place, by name, those just shown when there are two or three."""
    pressed = [int(turn.args[name]) for name in ("product", "p0", "p1", "p2") if name in turn.args]
    results: list[int] = turn.focus.get("results", [])
    words = turn.words
    if pressed or words is None:
        return pressed
    few = _FIRST_FEW.search(words.heard.text)
    if few is not None and len(results) >= (count := 2 if any(few.groups()) else 3):
        return results[:count]
    places = [int(place) for place in cast(list[int], words.take_all("ordinal"))]
    if places and results:
        if max(places) > len(results):
            raise Refused("catalog.no_such_place", count=len(results))
        return list(dict.fromkeys(results[place - 1 if place > 0 else -1] for place in places))[:MOST]
    named = []
    for query in words.take_all("query"):
        found = await find(turn.session, Wanted(str(query), turn.language))
        if found.product_ids and not found.relaxed:
            named.append(next((its for its in found.product_ids if its in results), found.product_ids[0]))
    if named:
        return list(dict.fromkeys(named))[:MOST]
    if "product" in turn.focus:
        return [int(turn.focus["product"])]
    return results if 2 <= len(results) <= MOST else []


async def _offered(turn: Turn, chosen: Sequence[int]) -> list[int]:
    """What to choose the others from: the list whose button was pressed, else what was shown, else what is alike."""
    if len(chosen) > 1 and "more" not in turn.args:
        return []
    wish = list_of(turn, turn.args.get("list", ""))
    if wish is not None:
        return list((await page_of(turn, wish, offset=int(turn.args.get("at", 0)))).product_ids)
    shown = [its for its in turn.focus.get("beside" if "more" in turn.args else "results", []) if its not in chosen]
    if chosen and not shown:
        shown = await similar(turn.session, chosen[0], limit=PAGE)
    return shown


def _column(turn: Turn, product: ProductDetails) -> Card:
    prices = sorted((variant.price for variant in product.variants), key=lambda money: money.amount)
    details = turn.wish(turn._("Details"), "show_product", product=product.product_id)
    add = turn.wish(turn._("Add to cart"), "add_to_cart", product=product.product_id)
    is_on_sale = any(variant.available > 0 for variant in product.variants)
    return Card(
        title=product.title,
        picture=next(iter(product.pictures), None) or product.variants[0].picture,
        price=price(turn, prices[0], prices[-1]),
        buttons=(details, add) if is_on_sale else (details,),
    )


def _rows(turn: Turn, products: Sequence[ProductDetails]) -> tuple[Compared, ...]:
    """Price, stock, delivery, then every option and fact; those that differ first."""
    _ = turn._
    known = [{row.label: row.value for row in facts(product)} for product in products]
    labels = dict.fromkeys(label for each in known for label in each)
    rows = [
        (_("Price"), [_prices(turn, product) for product in products]),
        (_("In stock"), [_stock(turn, product) for product in products]),
        (_("With you"), [days_text(turn, *arrival(turn, product.dispatch_days)) for product in products]),
        (_("Shipping"), [shipping(turn, product) for product in products]),
        *((label, [each.get(label, NOTHING) for each in known]) for label in labels),
    ]
    compared = [Compared(label, tuple(values), len(set(values)) > 1) for label, values in rows]
    return tuple(sorted(compared, key=lambda row: not row.differs))


def _prices(turn: Turn, product: ProductDetails) -> str:
    amounts = sorted((variant.price for variant in product.variants), key=lambda money: money.amount)
    low, high = turn.money(amounts[0]), turn.money(amounts[-1])
    return low if low == high else f"{low} – {high}"


def _stock(turn: Turn, product: ProductDetails) -> str:
    left = [variant.available > 0 for variant in product.variants]
    if not any(left):
        return turn._("sold out")
    return turn._("yes") if all(left) else turn._("partly")
