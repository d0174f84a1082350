"""Finding goods: search, refine what was found, look at one product."""

import re
from dataclasses import replace
from typing import cast

from bot.flow import Turn
from bot.questions import Option, Pick
from bot.replies import Choice
from bot.skills.showing import price, product_list, product_page
from bot.skills.variants import meant_variants
from bot.words import simple
from commerce.catalog.queries import ProductDetails, product_cards, product_details
from commerce.search.actions import Sort, Wanted, find, suggest_popular
from foundation.errors import Json, Refused
from foundation.money import Money

PAGE = 5
MOST_WORDS = 100
"""Characters of a message that are searched for as they are."""
_MORE = re.compile(r"更多|还有|其他|其它|别的|换一|下一|再来|继续|\b(more|others?|else|next|another)\b", re.IGNORECASE)
_MEASURE = re.compile(r"\d[\d.]* ?[a-z\u4e00-\u9fff]{1,4}")
_COLOURS = re.compile(r"颜色|\bcolou?rs?\b", re.IGNORECASE)
_CHEAPER = re.compile(
    r"便宜|太贵|低一点|实惠|划算|\b(cheap(er|est)?|less expensive|budget|too (expensive|much))\b", re.IGNORECASE
)


async def search_products(turn: Turn) -> None:
    """Find what the shopper describes, with price limits and colours. "Three black power banks" go into the cart."""
    pieces = turn.words.take("quantity") if turn.words is not None and turn.words.is_statement else None
    wanted: dict[str, Json] = {"text": _words_of_search(turn), **_limits(turn), "offset": 0}
    if not wanted["text"] and len(wanted) == 2:
        await _suggest(turn)
    elif pieces is None or not await _buys(turn, wanted):
        await _show(turn, wanted)


async def _buys(turn: Turn, wanted: dict[str, Json]) -> bool:
    """Whether so many of a thing were asked for that there is only one product they can be."""
    colours = tuple(wanted.get("colours", ()))
    found = await find(turn.session, Wanted(text=wanted["text"], language=turn.language, colours=colours))
    if found.total != 1 or found.relaxed:
        return False
    turn.pass_on("add_to_cart", product=found.product_ids[0])
    return True


async def refine_search(turn: Turn) -> None:
    """Cheaper, another colour, sorted, more: of what was searched last."""
    last: dict[str, Json] = turn.focus.get("search") or {}
    said = turn.words.heard.text if turn.words is not None else ""
    limits = _limits(turn)
    wants_cheaper = "cheaper" in turn.args or (bool(_CHEAPER.search(said)) and "price_max" not in limits)
    if "any_price" in turn.args:
        failed: dict[str, Json] = turn.focus.get("failed") or {"text": "", "offset": 0}
        await _show(turn, {name: value for name, value in failed.items() if name not in ("price_min", "price_max")})
    elif (product := await _in_that_colour(turn, limits)) is not None:
        _show_page(turn, product)
    elif _COLOURS.search(said) and "colours" not in limits and "product" in turn.focus:
        await show_product(turn)
    elif not last:
        await (_show(turn, {"text": _words_of_search(turn), **limits, "offset": 0}) if limits else _suggest(turn))
    elif "more" in turn.args or (not limits and not wants_cheaper and _MORE.search(said)):
        await _next_page(turn, last)
    else:
        text = "" if wants_cheaper else _words_of_search(turn)
        limits |= await _cheaper(turn) if wants_cheaper else {}
        kept = {"text": text} if text else last  # other goods are a search of their own
        await _show(turn, {**kept, **limits, "offset": 0})


async def _in_that_colour(turn: Turn, limits: dict[str, Json]) -> ProductDetails | None:
    """The product looked at, when only a colour was asked for and there is a variant of it."""
    if set(limits) != {"colours"} or "product" not in turn.focus or turn.words is None:
        return None
    product = await product_details(turn.session, int(turn.focus["product"]), language=turn.language)
    return product if product is not None and meant_variants(product.variants, turn.words) else None


async def _next_page(turn: Turn, last: dict[str, Json]) -> None:
    offset = last["offset"] + PAGE
    if offset < last["total"]:
        await _show(turn, {**last, "offset": offset})
        return
    browse = turn.wish(turn._("What others like"), "search_products")
    turn.say(Choice(turn._("That was everything we have of it."), (browse,)))


async def show_product(turn: Turn) -> None:
    """One product with its variants and prices."""
    _show_page(turn, await meant_product(turn))


def _show_page(turn: Turn, product: ProductDetails) -> None:
    """The page of a product; when some of its variants were named, with just these."""
    turn.focus["product"] = product.product_id
    meant = meant_variants(product.variants, turn.words) if turn.words is not None else []
    turn.say(product_page(turn, replace(product, variants=tuple(meant)) if meant else product))


async def meant_product(turn: Turn) -> ProductDetails:
    """The product that is meant: by button, "the second one", by name, the one last looked at. Asks if unclear."""
    if "product" in turn.args:
        candidates = [int(turn.args["product"])]
    else:
        candidates = cast(list[int], await turn.once("candidates", lambda: _candidates(turn)))
    cards = await product_cards(turn.session, candidates, language=turn.language)
    options = [
        Option(str(card.product_id), f"{card.title}  {price(turn, card.price_from, card.price_to)}", card.product_id)
        for card in cards
    ]
    product_id = await turn.ask(
        "product", Pick(turn._("Which one do you mean?"), options, none="catalog.gone", named="")
    )
    product = await product_details(turn.session, product_id, language=turn.language)
    if product is None:
        raise Refused("catalog.gone")
    return product


async def _candidates(turn: Turn) -> list[int]:
    results: list[int] = turn.focus.get("results", [])
    words = turn.words
    if words is not None:
        place = words.take("ordinal")
        if place is not None and results:
            if place > len(results):
                raise Refused("catalog.no_such_place", count=len(results))
            return [results[place - 1 if place > 0 else -1]]
        query, colours = words.take("query"), words.take_all("colour")
        if query and results and _MEASURE.fullmatch(simple(str(query))):
            query = None  # "350 ml" says which kind, not which product
        if query or colours:
            found = await find(turn.session, Wanted(str(query or ""), turn.language, colours=tuple(map(str, colours))))
            seen = [product_id for product_id in found.product_ids if product_id in results]
            if query and found.product_ids and not found.relaxed:
                return seen if found.product_ids[0] in seen else list(found.product_ids)
            if len(seen) == 1:
                return seen
    if "product" in turn.focus:
        return [int(turn.focus["product"])]
    if not results and words is not None:
        found = await find(turn.session, Wanted(words.rest[:MOST_WORDS], turn.language))
        results = [] if found.relaxed else list(found.product_ids)
    if not results:
        raise Refused("catalog.which")
    return results


def _words_of_search(turn: Turn) -> str:
    """What to look for: the query nlu has found, else the text of the button, else the whole message."""
    if turn.words is None:
        return turn.args.get("text", "")
    queries = [str(query) for query in turn.words.take_all("query")]
    return " ".join(queries)


def _limits(turn: Turn) -> dict[str, Json]:
    """Colours, price limits (decimal strings) and sorting that were said."""
    words = turn.words
    if words is None:
        return {}
    limits: dict[str, Json] = {}
    if colours := words.take_all("colour"):
        limits["colours"] = colours
    for kind in ("price_min", "price_max"):
        if (value := words.take(kind.replace("price", "money"))) is not None:
            limits[kind] = value
    if (sort := words.take("sort")) is not None:
        limits["sort"] = sort
    return limits


async def _cheaper(turn: Turn) -> dict[str, Json]:
    """Cheaper than the product looked at; of a list, the cheapest first."""
    if "product" not in turn.focus:
        return {"sort": "price_asc"}
    product = await product_details(turn.session, int(turn.focus["product"]), language=turn.language)
    if product is None:
        return {"sort": "price_asc"}
    lowest = min((variant.price for variant in product.variants), key=lambda money: money.amount)
    limit = Money(max(lowest.amount - 1, 0), lowest.currency)
    return {"sort": "price_asc", "price_max": str(limit.decimal)}


async def _show(turn: Turn, wanted: dict[str, Json]) -> None:
    low, high = _limit(turn, wanted.get("price_min")), _limit(turn, wanted.get("price_max"))
    found = await find(
        turn.session,
        Wanted(
            text=wanted["text"],
            language=turn.language,
            colours=tuple(wanted.get("colours", ())),
            price_min=low,
            price_max=high,
            sort=cast(Sort | None, wanted.get("sort")),
            offset=wanted["offset"],
            limit=PAGE,
        ),
    )
    cards = await product_cards(turn.session, found.product_ids, language=turn.language)
    if not cards:
        turn.focus["failed"] = wanted
        _nothing(turn, high)
        return
    turn.focus["search"] = {**wanted, "total": found.total}
    is_more = found.total > wanted["offset"] + len(cards)
    title = _title(turn, wanted, found.total, relaxed=found.relaxed)
    turn.say(product_list(turn, title, cards, more=is_more, cheaper=wanted.get("sort") != "price_asc"))


def _limit(turn: Turn, value: Json) -> Money | None:
    return None if value is None else Money.parse(str(value), turn.shop.settings.currency)


def _title(turn: Turn, wanted: dict[str, Json], total: int, *, relaxed: bool) -> str:
    _ = turn._
    if relaxed:
        return _("I have nothing exactly like that. These come close:")
    if wanted["offset"]:
        return _("Some more:")
    if wanted.get("sort") == "price_asc":
        return _("The cheapest first:")
    if total == 1:
        return _("I have found this:")
    return _("I have found {count}:").format(count=total)


def _nothing(turn: Turn, price_max: Money | None) -> None:
    _ = turn._
    if price_max is not None:
        text = _("I have found nothing up to {price}.").format(price=turn.money(price_max))
        first = turn.wish(_("At any price"), "refine_search", any_price=1)
    else:
        text = _("I have found nothing like that. Try other words, or look at what others like.")
        first = turn.wish(_("What others like"), "search_products")
    turn.say(Choice(text, (first, turn.wish(_("Ask a colleague"), "ask_human"))))


async def _suggest(turn: Turn) -> None:
    popular = await suggest_popular(turn.session, limit=PAGE)
    cards = await product_cards(turn.session, popular, language=turn.language)
    if not cards:
        turn.say(turn._("The shelves are still empty. Please come back soon."))
        return
    turn.focus["search"] = {"text": "", "offset": 0, "total": len(cards)}
    turn.say(product_list(turn, turn._("Have a look at these:"), cards, more=False, cheaper=False))
