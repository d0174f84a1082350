"""Something more for an order that was placed: by words, or by the button on a page or in a list."""

import re
from collections.abc import Sequence

from bot.flow import Turn
from bot.questions import Number, Question
from bot.skills.cart import meant_variant
from bot.skills.meant import described_products, meant_kinds
from bot.skills.order_changes import make_change, order_to_change
from bot.skills.showing import can_change, named
from bot.skills.variants import meant_variants
from bot.words import Words
from commerce.catalog.queries import VariantView, product_details, variant_view
from commerce.orders.queries import OrderView
from commerce.orders.steps import Add
from foundation.errors import Json, Refused

_UNNAMED = re.compile(
    r"东西|商品|[别其]的|其他|其它"
    r"|\b(?:something|anything|an?(?:other)? (?:item|product|thing)|things|items|products)\b",
    re.IGNORECASE,
)


class Thing(Question[Sequence[int]]):
    """What shall be added; `found` are the products that this message describes."""

    found: Sequence[int] = ()

    def exact(self, words: Words, shown: Sequence[str]) -> Json | None:  # noqa: ARG002 - no options are shown
        return list(self.found) if words.is_statement and self.found else None

    def value(self, stored: Json) -> Sequence[int]:
        return list(stored)


async def add_to_order(turn: Turn) -> None:
    """Put something more into an order that has not left yet, with the money of it and a plain yes."""
    products = await turn.once("named", lambda: _named(turn))
    is_more = await turn.once("more", lambda: _means_more_of_it(turn))
    how_many = Number(turn._("How many shall it be?"))
    how_many.default = 1
    pieces = await turn.ask("pieces", how_many)
    usual = turn.focus.get("order") if "product" in turn.args else None
    order = await order_to_change(turn, can_change, turn._("Which order shall it go into?"), usual=usual)
    variant = await _the_only_one(turn, order) if is_more and not products else None
    variant = variant or await _meant_variant(turn, products)
    if variant is None:
        return
    with turn.asks_again("pieces"):
        if pieces > variant.available:
            raise Refused("stock.short", title=named(variant), left=variant.available)
    await make_change(turn, order, [Add(variant.variant_id, pieces)], what="pieces")


async def _meant_variant(turn: Turn, products: Sequence[int]) -> VariantView | None:
    """The kind that is pressed or named, else asked for; None when it is sold out, which has been said then."""
    if "product" in turn.args:
        products = [int(turn.args["product"])]
    if not products:
        question = Thing(turn._("What shall I add? Tell me its name, or look around and press “Add to order” there."))
        if turn.frame.asking is not None and turn.frame.asking.slot == "thing":
            question.found = await described_products(turn)
        products = await turn.ask("thing", question)
    return await meant_variant(turn, await meant_kinds(turn, products))


async def _named(turn: Turn) -> list[int]:
    if turn.words is None or _UNNAMED.search(turn.words.heard.text):
        return []
    return await described_products(turn)


async def _means_more_of_it(turn: Turn) -> bool:
    """Whether a message names nothing: "one more" is more of what is in the order."""
    return turn.words is not None and turn.words.rest != "" and not _UNNAMED.search(turn.words.heard.text)


async def _the_only_one(turn: Turn, order: OrderView) -> VariantView | None:
    variants = {line.variant_id for line in order.lines if line.open and not line.is_gift}
    if len(variants) != 1:
        return None
    ordered = await variant_view(turn.session, variants.pop(), language=turn.language)
    return ordered and await _of_the_kind_said(turn, ordered)


async def _of_the_kind_said(turn: Turn, ordered: VariantView) -> VariantView:
    """The kind of the same goods that was said ("a white one"), else the one that is ordered."""
    product = await product_details(turn.session, ordered.product_id, language=turn.language)
    kinds = product.variants if product else ()

    async def said() -> Json:
        meant = meant_variants(kinds, turn.words) if turn.words is not None else []
        return meant[0].variant_id if len(meant) == 1 else 0

    kind = await turn.once("kind", said)
    return next((one for one in kinds if one.variant_id == kind), ordered)
