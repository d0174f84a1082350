"""Walking through the shop: shelf, shelf inside it, list, product; turning and narrowing lists; what is alike."""

import secrets
from collections.abc import Sequence

from bot.flow import Turn
from bot.replies import Button, Choice
from bot.skills.catalog import say_found, say_no_more, say_popular
from bot.skills.listing import list_of, page_of, say_forgotten, say_list, say_page
from bot.skills.meant import meant_product
from commerce.catalog.shelves import CategoryView, category_tree

MOST_SHELVES = 10
"""Shelves shown at a time."""


async def browse_categories(turn: Turn) -> None:
    """The shelves of the shop; one that was named is opened."""
    tree = _first_choice(await category_tree(turn.session, language=turn.language))
    every = {str(shelf.category_id): (shelf.name, shelf.handle) for shelf in _all(tree)}
    named = turn.words.take_named(every) if turn.words is not None else None
    if not tree:
        await say_popular(turn)
    else:
        await _open(turn, tree, int(named or 0), key="")


async def shelf(turn: Turn) -> None:
    """A shelf whose button was pressed (`id`, 0 for the shop itself), in the place of the one before."""
    tree = _first_choice(await category_tree(turn.session, language=turn.language))
    key = turn.args.get("list", "") if turn.is_press else ""
    if "all" in turn.args:
        await _say_goods(turn, tree, int(turn.args["id"]), key=key)
    else:
        await _open(turn, tree, int(turn.args["id"]), key=key, at=int(turn.args.get("at", 0)))


async def turn_page(turn: Turn) -> None:
    """Another page of a list, in its place when a button of it was pressed."""
    wish = list_of(turn, turn.args["list"])
    if wish is None:
        say_forgotten(turn)
        return
    key = turn.args["list"] if turn.is_press else ""
    if not await say_page(turn, wish, offset=int(turn.args["at"]), key=key):
        say_no_more(turn)


async def narrow(turn: Turn) -> None:
    """Only those of a list that are on a shelf, below a price, of a colour."""
    wish = list_of(turn, turn.args["list"])
    ways = wish.get("narrower", ()) if wish is not None else ()
    place = int(turn.args["by"])
    if wish is None or place >= len(ways):
        say_forgotten(turn)
        return
    asked = {name: value for name, value in wish.items() if name not in ("narrower", "key", "offset", "total", "up")}
    await say_found(turn, {**asked, **ways[place][1]}, is_asked=False)


async def similar_products(turn: Turn) -> None:
    """What is most like a product, and why."""
    product = await meant_product(turn)
    wish = {"of": "similar", "product": product.product_id}
    page = await page_of(turn, wish)
    title = turn._("Like {title}:").format(title=product.title)
    if not await say_list(turn, wish, page, title=title):
        around = turn.wish(turn._("Look around"), "browse_categories")
        turn.say(Choice(turn._("We have nothing else like {title}.").format(title=product.title), (around,)))
        turn.focus["product"] = product.product_id


async def _open(turn: Turn, tree: Sequence[CategoryView], category_id: int, *, key: str, at: int = 0) -> None:
    """The shelves inside a shelf to choose from; where there are none, what stands on it."""
    _ = turn._
    opened = _find(tree, category_id)
    shelves = _inside(opened) if opened is not None else tree
    if not shelves:
        await _say_goods(turn, tree, category_id, key=key)
        return
    key = key or secrets.token_hex(3)
    title = _("What would you like to see?") if opened is None else _("What of {shelf}?").format(shelf=opened.name)
    page = shelves[at : at + MOST_SHELVES]
    buttons = [turn.wish(f"{one.name} ({one.products})", "shelf", id=one.category_id, list=key) for one in page]
    turn.say(
        Choice(title, (*buttons, *_ways_on(turn, tree, opened, key=key, at=at, count=len(shelves))), f"list:{key}")
    )


def _ways_on(
    turn: Turn, tree: Sequence[CategoryView], opened: CategoryView | None, *, key: str, at: int, count: int
) -> list[Button]:
    """Everything of the shelf, further shelves, and the way back."""
    _ = turn._
    here = opened.category_id if opened is not None else 0
    ways = []
    if opened is not None and not at:
        label = _("Everything ({count})").format(count=opened.products)
        ways.append(turn.wish(label, "shelf", id=here, all=1, list=key))
    if at + MOST_SHELVES < count:
        ways.append(turn.wish(_("More"), "shelf", id=here, at=at + MOST_SHELVES, list=key))
    if at:
        ways.append(turn.wish(_("Back"), "shelf", id=here, at=at - MOST_SHELVES, list=key))
    elif opened is not None:
        ways.append(turn.wish(_("Back"), "shelf", id=_above(tree, here), list=key))
    else:
        ways.append(turn.wish(_("What others like"), "search_products"))
    return ways


async def _say_goods(turn: Turn, tree: Sequence[CategoryView], category_id: int, *, key: str) -> None:
    opened = _find(tree, category_id)
    if opened is None:
        await say_popular(turn)
        return
    up = category_id if _inside(opened) else _above(tree, category_id)
    wish = {"text": "", "category": category_id, "up": up}
    page = await page_of(turn, wish)
    title = turn._("{shelf}, {count} in all:").format(shelf=opened.name, count=page.total)
    if not await say_list(turn, wish, page, title=title, key=key):
        say_no_more(turn)


def _first_choice(tree: tuple[CategoryView, ...]) -> tuple[CategoryView, ...]:
    """The shelves to begin with: a single one that holds all others is no choice."""
    while len(tree) == 1 and tree[0].inside:
        tree = tree[0].inside
    return tree


def _inside(shelf: CategoryView) -> tuple[CategoryView, ...]:
    """The shelves inside one to choose from; a single one with everything on it is no choice either."""
    inside = shelf.inside
    while len(inside) == 1 and inside[0].products == shelf.products:
        inside = inside[0].inside
    return inside


def _all(tree: Sequence[CategoryView]) -> list[CategoryView]:
    return [each for one in tree for each in (one, *_all(one.inside))]


def _find(tree: Sequence[CategoryView], category_id: int) -> CategoryView | None:
    return next((one for one in _all(tree) if one.category_id == category_id), None)


def _above(tree: Sequence[CategoryView], category_id: int) -> int:
    """The shelf around a shelf, 0 when it stands by itself."""
    parents = (one.category_id for one in _all(tree) if any(each.category_id == category_id for each in one.inside))
    return next(parents, 0)
