"""Finding goods: search, refine what was found, look at one product."""

import re

from bot.flow import Turn
from bot.replies import Choice
from bot.skills.asked_fact import asks_for_facts, named_labels, names_only_its_facts
from bot.skills.just_added import last_added
from bot.skills.listing import Page, Wish, as_money, list_of, page_of, say_forgotten, say_list, say_page, wanted
from bot.skills.meant import is_measure, meant_product, shown_kind
from bot.skills.product_page import facts
from bot.skills.product_page import say_page as say_product
from bot.skills.product_questions import say_facts
from bot.skills.variants import meant_variants
from commerce.catalog.pages import product_at
from commerce.catalog.queries import ProductDetails, product_details, variants_of
from commerce.search.actions import find
from commerce.search.log import log_search
from foundation.errors import Refused
from foundation.money import Money

_MORE = re.compile(r"更多|还有|其他|其它|别的|换一|下一|再来|继续|\b(more|others?|else|next|another)\b", re.IGNORECASE)
_BEFORE = re.compile(r"上一页|前一页|\b(previous|prior|last) page\b", re.IGNORECASE)
_COLOURS = re.compile(r"颜色|\bcolou?rs?\b", re.IGNORECASE)
_CHEAPER = re.compile(
    r"便宜|太贵|低一点|实惠|划算|\b(cheap(er|est)?|less expensive|budget|too (expensive|much))\b", re.IGNORECASE
)
_SEARCHED = ("text", "colours", "price_min", "price_max", "sort", "category", "free_shipping", "in_stock")
PAGE_OF_POPULAR: Wish = {"of": "popular"}


async def search_products(turn: Turn) -> None:
    """Find what the shopper describes, with price limits and colours. "Three black power banks" go into the cart."""
    if await names_only_its_facts(turn):
        turn.pass_on("ask_fact")
        return
    if turn.words is not None and (kind := await shown_kind(turn, turn.words, turn.words.heard.text)) is not None:
        await say_product(turn, kind)
        return
    pieces = turn.words.take("quantity") if turn.words is not None and turn.words.is_statement else None
    text, limits = _words_of_search(turn), _limits(turn)
    if not text and not limits:
        await say_popular(turn)
    elif pieces is None or not await _buys(turn, {"text": text, **limits}):
        await say_found(turn, {"text": text, **limits})


async def _buys(turn: Turn, wish: Wish) -> bool:
    """Whether so many of a thing were asked for that there is only one product they can be."""
    found = await find(turn.session, wanted(turn, {"text": wish["text"], "colours": wish.get("colours", ())}))
    if found.total != 1 or found.relaxed:
        return False
    turn.pass_on("add_to_cart", product=found.product_ids[0])
    return True


async def refine_search(turn: Turn) -> None:
    """Cheaper, another colour, sorted, more: of what was searched last, or of the list whose button was pressed."""
    if (await last_added(turn) or {}).get("how") in ("instead", "more"):
        turn.pass_on("add_to_cart")
        return
    its = list_of(turn, turn.args["list"]) if "list" in turn.args else None
    if "list" in turn.args and its is None:
        say_forgotten(turn)
        return
    last: Wish = its or turn.focus.get("search") or {}
    said = turn.words.heard.text if turn.words is not None else ""
    limits = _limits(turn)
    wants_cheaper = "cheaper" in turn.args or (bool(_CHEAPER.search(said)) and "price_max" not in limits)
    if "any_price" in turn.args:
        failed: Wish = turn.focus.get("failed") or {"text": ""}
        await say_found(turn, {name: value for name, value in failed.items() if name not in ("price_min", "price_max")})
    elif (product := await _of_that_kind(turn, limits)) is not None:
        await say_product(turn, product)
    elif _COLOURS.search(said) and "colours" not in limits and "product" in turn.focus:
        await (_pass_to_stock(turn) if "in_stock" in limits else show_product(turn))
    elif not last:
        await (say_found(turn, {"text": _words_of_search(turn), **limits}) if limits else say_popular(turn))
    elif not limits and not wants_cheaper and (_MORE.search(said) or _BEFORE.search(said)):
        await _another_page(turn, last, back=bool(_BEFORE.search(said)))
    else:
        text = "" if wants_cheaper else _words_of_search(turn)
        limits |= await _cheaper(turn) if wants_cheaper else {}
        kept = {"text": text} if text else {name: last[name] for name in _SEARCHED if name in last}
        await say_found(turn, {"text": "", **kept, **limits}, is_asked=bool(text))


async def _pass_to_stock(turn: Turn) -> None:
    turn.pass_on("ask_stock")


async def _of_that_kind(turn: Turn, limits: Wish) -> ProductDetails | None:
    """The product looked at, or the only one shown, when just a colour or a measure was said that a variant has."""
    words, results = turn.words, turn.focus.get("results", ())
    its = turn.focus.get("product") or (results[0] if len(results) == 1 else None)
    if words is None or its is None or not set(limits) <= {"colours"}:
        return None
    if (kind := await shown_kind(turn, words, words.heard.text)) is not None:
        return kind
    queries = [str(entity.value) for entity in words.heard.entities if entity.kind == "query"]
    if not all(map(is_measure, queries)) or not (queries or limits):
        return None
    product = await product_details(turn.session, int(its), language=turn.language)
    return product if product is not None and meant_variants(product.variants, words) else None


async def _another_page(turn: Turn, last: Wish, *, back: bool) -> None:
    step = -len(turn.focus.get("results", ())) if back else len(turn.focus.get("results", ()))
    offset = max(int(last.get("offset", 0)) + step, 0)
    if offset < last.get("total", 0) and await say_page(turn, last, offset=offset):
        return
    say_no_more(turn)


def say_no_more(turn: Turn) -> None:
    """A list is at its end."""
    shelves = turn.wish(turn._("Look around"), "browse_categories")
    popular = turn.wish(turn._("What others like"), "search_products")
    turn.say(Choice(turn._("That was everything we have of it."), (shelves, popular)))


async def show_product(turn: Turn) -> None:
    """One product with its variants and prices; only the fact that was asked for, where it was one."""
    if asks_for_facts(turn):
        turn.pass_on("ask_fact")
        return
    said = turn.words.heard.text if turn.words is not None else ""
    product = await meant_product(turn)
    if labels := named_labels(said, [row.label for row in facts(product)]):
        say_facts(turn, product, labels)
    else:
        await say_product(turn, product)


def _words_of_search(turn: Turn) -> str:
    """What to look for: the query nlu has found, else the text of the button, else the whole message."""
    if turn.words is None:
        return turn.args.get("text", "")
    queries = [str(query) for query in turn.words.take_all("query")]
    return " ".join(queries)


def _limits(turn: Turn) -> Wish:
    """Colours, price limits (decimal strings), sorting, stock and shipping that were said."""
    words = turn.words
    if words is None:
        return {}
    limits: Wish = {}
    if colours := words.take_all("colour"):
        limits["colours"] = colours
    for kind in ("price_min", "price_max"):
        if (value := words.take(kind.replace("price", "money"))) is not None:
            limits[kind] = value
    if (sort := words.take("sort")) is not None:
        limits["sort"] = sort
    for kind in ("free_shipping", "in_stock"):
        if words.take(kind):
            limits[kind] = True
    return limits


async def _cheaper(turn: Turn) -> Wish:
    """Cheaper than the product looked at; of a list, the cheapest first."""
    if "product" not in turn.focus:
        return {"sort": "price_asc"}
    kinds = await variants_of(turn.session, int(turn.focus["product"]), language=turn.language)
    if not kinds:
        return {"sort": "price_asc"}
    lowest = min((kind.price for kind in kinds), key=lambda money: money.amount)
    limit = Money(max(lowest.amount - 1, 0), lowest.currency)
    return {"sort": "price_asc", "price_max": str(limit.decimal)}


async def say_found(turn: Turn, wish: Wish, *, is_asked: bool = True) -> None:
    """Search and show what there is. `is_asked`: in the shopper's own words, so the merchant sees it in the log."""
    page = await page_of(turn, wish)
    if is_asked and wish["text"]:
        await log_search(
            turn.session,
            text=str(wish["text"]),
            language=turn.language,
            found=page.total,
            relaxed=page.relaxed,
            now=turn.now,
        )
    if not await say_list(turn, wish, page, title=_title(turn, wish, page)):
        turn.focus["failed"] = wish
        await _say_nothing(turn, wish)


def _title(turn: Turn, wish: Wish, page: Page) -> str:
    _ = turn._
    if page.relaxed:
        return _("I have nothing exactly like that. These come close:")
    if page.mended:
        return _("Showing results for “{text}”:").format(text=page.mended)
    if wish.get("sort") == "price_asc":
        return _("The cheapest first:")
    if page.total == 1:
        return _("I have found this:")
    return _("I have found {count}:").format(count=page.total)


async def _say_nothing(turn: Turn, wish: Wish) -> None:
    """Nothing was found: say so, and what to do next; with something to look at unless a price was the limit."""
    _ = turn._
    person = turn.wish(_("Ask a colleague"), "ask_human")
    price_max = as_money(turn, wish.get("price_max"))
    if price_max is not None:
        text = _("I have found nothing up to {price}.").format(price=turn.money(price_max))
        turn.say(Choice(text, (turn.wish(_("At any price"), "refine_search", any_price=1), person)))
        return
    title = _("I have found nothing like that. This is what others like:")
    popular = await page_of(turn, PAGE_OF_POPULAR)
    if not await say_list(turn, PAGE_OF_POPULAR, popular, title=title, extra=person):
        turn.say(Choice(_("I have found nothing like that."), (person,)))


async def say_popular(turn: Turn) -> None:
    """A few things for someone who does not know what to ask for."""
    if not await say_page(turn, PAGE_OF_POPULAR, title=turn._("Have a look at these:")):
        turn.say(turn._("The shelves are still empty. Please come back soon."))


async def open_product(turn: Turn) -> None:
    """The product whose public page the shopper came from."""
    found = await product_at(turn.session, turn.args["handle"])
    product = found and await product_details(turn.session, found[0], language=turn.language)
    if not product:
        raise Refused("catalog.gone")
    await say_product(turn, product)
