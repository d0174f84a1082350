"""Lists of products: shown a page at a time, turned in place, narrowed with a tap.

A list is known by its key. Its wish (what was asked for, as plain values) is kept in `focus["lists"]` while it is one
of the latest few, so that its buttons go on meaning this very list; `focus["search"]` is the wish of the newest.
"""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from bot.flow import Turn
from bot.language import N_
from bot.replies import Button, Cards, Choice
from bot.skills.deals_shown import list_with_deals
from bot.skills.showing import product_in_list
from commerce.catalog.queries import in_common, product_cards
from commerce.favourites.actions import favourites_of
from commerce.search.actions import Sort, Wanted, find, similar, suggest_popular
from commerce.search.facets import Facets, facets_of
from commerce.search.meaning import nearest
from foundation.errors import Json
from foundation.money import Money

PAGE = 5
MOST_LISTS = 6
MOST_FOUND = 200
"""So many of what was found are looked at for how they could be narrowed."""
MANY = 2 * PAGE
"""From more than so many on, ways to narrow them are offered."""
MOST_NARROWING = 3
MOST_LIKE_IT = 20
MOST_REASONS = 3

Wish = dict[str, Json]
"""text, colours, price_min, price_max (decimal strings), sort, category, free_shipping, in_stock; or `of`: a list of
another kind ("popular", "similar" to `product`, "liked"). `up` is the shelf above the one walked to, 0 for them all.

Once shown also: key, offset, total, and `narrower`: [label, what it adds to the wish] of each way to narrow it."""

COLOURS = {
    "black": N_("Black"),
    "white": N_("White"),
    "red": N_("Red"),
    "pink": N_("Pink"),
    "orange": N_("Orange"),
    "yellow": N_("Yellow"),
    "green": N_("Green"),
    "blue": N_("Blue"),
    "purple": N_("Purple"),
    "brown": N_("Brown"),
    "grey": N_("Grey"),
    "gold": N_("Gold"),
    "silver": N_("Silver"),
    "transparent": N_("Clear"),
}


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a wish: its products, how many there are in all, and all that were found (at most MOST_FOUND)."""

    product_ids: tuple[int, ...]
    total: int
    relaxed: bool = False
    mended: str | None = None
    found: tuple[int, ...] = ()


async def page_of(turn: Turn, wish: Mapping[str, Json], *, offset: int = 0) -> Page:
    """Look a page up."""
    of = wish.get("of")
    if of == "popular":
        ids: Sequence[int] = await suggest_popular(turn.session, limit=MOST_FOUND)
    elif of == "similar":
        ids = await similar(turn.session, int(wish["product"]), limit=MOST_LIKE_IT)
    elif of == "liked":
        ids = (await favourites_of(turn.session, customer_id=turn.customer_id)).product_ids
    else:
        return await _search(turn, wish, offset)
    return Page(tuple(ids[offset : offset + PAGE]), len(ids))


async def _search(turn: Turn, wish: Mapping[str, Json], offset: int) -> Page:
    asked = wanted(turn, wish)
    asked = replace(asked, offset=offset) if offset else replace(asked, limit=MOST_FOUND)
    found = await find(turn.session, asked)
    if not found.total and asked.text:
        near = tuple(await _near(turn, asked))
        return Page(near[offset : offset + PAGE], len(near), relaxed=True)
    return Page(found.product_ids[:PAGE], found.total, found.relaxed, found.mended, () if offset else found.product_ids)


async def _near(turn: Turn, asked: Wanted) -> Sequence[int]:
    """Where words find nothing, what is meant may: the products whose vectors are near that of the text."""
    understander = await turn.shop.mind.understander()
    vectors = await asyncio.to_thread(understander.encode, [asked.text])  # some 2 ms, beside the loop
    return await nearest(turn.session, [float(part) for part in vectors[0]], asked)


def wanted(turn: Turn, wish: Mapping[str, Json]) -> Wanted:
    """The wish as the search takes it."""
    return Wanted(
        text=str(wish.get("text", "")),
        language=turn.language,
        colours=tuple(wish.get("colours", ())),
        price_min=as_money(turn, wish.get("price_min")),
        price_max=as_money(turn, wish.get("price_max")),
        sort=cast(Sort | None, wish.get("sort")),
        limit=PAGE,
        category=wish.get("category"),
        free_shipping=bool(wish.get("free_shipping")),
        in_stock=bool(wish.get("in_stock")),
    )


def as_money(turn: Turn, value: Json) -> Money | None:
    """A price limit of a wish."""
    return None if value is None else Money.parse(str(value), turn.shop.settings.currency)


async def say_page(turn: Turn, wish: Wish, *, offset: int = 0, key: str = "", title: str = "") -> bool:
    """Look a page of a wish up and show it; False when nothing of it is on sale (any more)."""
    page = await page_of(turn, wish, offset=offset)
    return await say_list(turn, wish, page, title=title or _span(turn, page, offset), offset=offset, key=key)


async def say_list(
    turn: Turn, wish: Wish, page: Page, *, title: str, offset: int = 0, key: str = "", extra: Button | None = None
) -> bool:
    """Show a page of a wish; False when nothing of it is on sale. From now on "the second one" means one of these.

    `key` is that of the list it takes the place of; without one it is a new list.
    """
    cards = await product_cards(turn.session, page.product_ids, language=turn.language)
    if not cards:
        return False
    wish = {**wish, "offset": offset, "total": page.total, "key": key or secrets.token_hex(3)}
    if "narrower" not in wish and page.total > MANY and not offset:
        wish["narrower"] = await _narrower(turn, wish, page)
    _remember(turn, wish)
    turn.focus["results"] = [card.product_id for card in cards]
    for gone in ("product", "variant", "added"):
        turn.focus.pop(gone, None)
    notes = await _reasons(turn, wish, page.product_ids)
    plain = {card.product_id: product_in_list(turn, card, note=notes.get(card.product_id, "")) for card in cards}
    shown = await list_with_deals(turn, plain)
    buttons = _buttons(turn, wish, shown=len(cards))
    turn.say(Cards(title, shown, (extra, *buttons) if extra else buttons, replaces=f"list:{wish['key']}"))
    return True


def _buttons(turn: Turn, wish: Wish, *, shown: int) -> tuple[Button, ...]:
    _ = turn._
    key, offset = wish["key"], wish["offset"]
    buttons: list[Button] = []
    if offset:
        buttons.append(turn.wish(_("Back"), "turn_page", list=key, at=max(offset - PAGE, 0)))
    elif "up" in wish:
        buttons.append(turn.wish(_("Back"), "shelf", id=wish["up"], list=key))
    if offset + PAGE < wish["total"]:
        buttons.append(turn.wish(_("More"), "turn_page", list=key, at=offset + PAGE))
    for place, (label, _limits) in enumerate(wish.get("narrower", ()) if not offset else ()):
        buttons.append(turn.wish(label, "narrow", list=key, by=place))
    if shown > 1 and "of" not in wish and wish.get("sort") != "price_asc":
        buttons.append(turn.wish(_("Cheaper"), "refine_search", cheaper=1, list=key))
    if shown > 1:
        buttons.append(turn.wish(_("Compare"), "compare_products", list=key, at=offset))
    return tuple(buttons)


def list_of(turn: Turn, key: str) -> Wish | None:
    """The wish of a list that was shown; None when it was too long ago."""
    return next((dict(wish) for wish in turn.focus.get("lists", ()) if wish.get("key") == key), None)


def say_forgotten(turn: Turn) -> None:
    """A button of a list that was too long ago, or in a group somebody else's."""
    text = turn._("I do not have that list any more. Tell me once more what you are looking for.")
    turn.say(Choice(text, (turn.wish(turn._("Look around"), "browse_categories"),)))


def _remember(turn: Turn, wish: Wish) -> None:
    others = [known for known in turn.focus.get("lists", ()) if known.get("key") != wish["key"]]
    turn.focus["lists"] = [*others, wish][-MOST_LISTS:]
    turn.focus["search"] = wish


def _span(turn: Turn, page: Page, offset: int) -> str:
    """The title of a further page: which of how many."""
    text = turn._("{first} to {last} of {count}:")
    return text.format(first=offset + 1, last=offset + len(page.product_ids), count=page.total)


async def _reasons(turn: Turn, wish: Wish, ids: Sequence[int]) -> dict[int, str]:
    """Why each of these is like the product that the list is about: what they have in common."""
    if wish.get("of") != "similar":
        return {}
    common = await in_common(turn.session, int(wish["product"]), ids, language=turn.language)
    text = turn._("Also: {facts}")
    return {its: text.format(facts=turn._(", ").join(facts[:MOST_REASONS])) for its, facts in common.items() if facts}


async def _narrower(turn: Turn, wish: Wish, page: Page) -> list[tuple[str, Wish]]:
    """At most three ways to narrow what was found, each with what it adds to the wish: a shelf, a price, a colour."""
    if "of" in wish or not page.found:
        return []
    ways = await facets_of(turn.session, page.found, wanted(turn, wish), language=turn.language)
    return _ways(turn, wish, ways, len(page.found))[:MOST_NARROWING]


def _ways(turn: Turn, wish: Wish, ways: Facets, counted: int) -> list[tuple[str, Wish]]:
    most = counted * 0.8  # what nearly all of them are narrows nothing
    found: list[tuple[str, Wish]] = []
    shelf = next((each for each in ways.categories if PAGE <= each.count < most), None)
    if shelf is not None:
        found.append((shelf.name, {"category": shelf.category_id}))
    cheap = next((band for band in ways.prices if band.most is not None), None)
    if cheap is not None and cheap.below is not None and cheap.most is not None and "price_max" not in wish:
        label = turn._("Under {price}").format(price=turn.money(cheap.below))
        found.append((label, {"price_max": str(cheap.most.decimal)}))
    colour = next((each for each in ways.colours if each.colour in COLOURS and each.count < most), None)
    if colour is not None and "colours" not in wish:
        found.append((turn._(COLOURS[colour.colour]), {"colours": [colour.colour]}))
    return found
