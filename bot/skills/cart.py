"""The cart: put something in, change it, take it out, look at it."""

import re
from collections.abc import Sequence
from typing import cast

from bot.flow import Fact, Turn
from bot.questions import Number, Option, Pick
from bot.skills.just_added import LastAdded, last_added, take_back
from bot.skills.meant import meant_kinds
from bot.skills.promotions import cart_with_savings
from bot.skills.showing import named, say_sold_out
from bot.skills.variants import PickVariant, meant_variants, numbers_of_variants, searched_variant, variant_options
from bot.words import Words, simple
from commerce.carts.actions import CartLineView, CartView, add_line, cart_view, clear, set_quantity
from commerce.catalog.queries import VariantView, variant_view
from foundation.errors import Json, Refused

_EMPTY = re.compile(r"清空|全(部|都)?(删|不要|去掉)|都不要|都删|\b(empty|clear|everything|remove all)\b", re.IGNORECASE)
_REMOVE = re.compile(
    r"删|去掉|移除|拿掉|拿走|不要|取消|扔|\b(remove|delete|drop|take .*out|without|don'?t want|no more)\b",
    re.IGNORECASE,
)


async def add_to_cart(turn: Turn) -> None:
    """Put a product in the cart; the variant is asked for only where there are several.

    Right after something was put in, "no, the pink one" puts that in its place, "two, please" makes it two, and "one
    more" adds one of the same.
    """
    before = cast(LastAdded | None, await turn.once("before", lambda: last_added(turn)))
    chosen = await _meant_pieces(turn, before)
    if chosen is None:
        return
    variant, quantity = chosen
    is_changed = before is not None and before["how"] in ("instead", "pieces")
    if before is not None and is_changed:
        await take_back(turn, variant_id=before["variant"], quantity=before["quantity"])
    await add_line(
        turn.session, customer_id=turn.customer_id, variant_id=variant.variant_id, quantity=quantity, now=turn.now
    )
    turn.focus["product"], turn.focus["variant"] = variant.product_id, variant.variant_id
    so_far = int(before["quantity"]) if before is not None and before["how"] == "more" else 0
    turn.focus["added"] = {
        "product": variant.product_id,
        "variant": variant.variant_id,
        "quantity": so_far + quantity,
    }
    view = await cart_view(turn.session, customer_id=turn.customer_id, language=turn.language)
    text = turn._("Changed: {title} x{quantity}") if is_changed else turn._("In your cart: {title} x{quantity}")
    turn.say(await cart_with_savings(turn, view, text.format(title=named(variant), quantity=quantity)))
    _warn_if_short(turn, view, variant.variant_id)


async def _meant_pieces(turn: Turn, before: LastAdded | None) -> tuple[VariantView, int] | None:
    """The variant and how many; None when it is sold out, which has been said then."""
    if "variant" in turn.args or (before is not None and before["how"] in ("pieces", "more")):
        variant_id = int(turn.args.get("variant") or (before or {})["variant"])
        variant = await variant_view(turn.session, variant_id, language=turn.language)
        if variant is None:
            raise Refused("catalog.gone")
        return _unless_sold_out(turn, variant, int(before["pieces"]) if before is not None else 1)
    quantity = await turn.notice("quantity", Number(""))
    is_same = before is not None and before["is_same_product"]
    kinds = await meant_kinds(turn, [before["product"]] if before is not None and is_same else None)
    if turn.words is not None and quantity in numbers_of_variants(kinds, turn.words):
        turn.forget("quantity")  # "size 42" is no 42 pieces
        quantity = None
    if quantity is None and before is not None:
        quantity = int(before["quantity"])
    variant = await meant_variant(turn, kinds)
    return None if variant is None else (variant, quantity or 1)


def _unless_sold_out(turn: Turn, variant: VariantView, quantity: int) -> tuple[VariantView, int] | None:
    if variant.available > 0:
        return variant, quantity
    say_sold_out(turn, variant.product_id, named(variant), variant_id=variant.variant_id)
    return None


async def show_cart(turn: Turn) -> None:
    """What is in the cart."""
    view = await cart_view(turn.session, customer_id=turn.customer_id, language=turn.language)
    if not view.lines:
        raise Refused("cart.empty")
    turn.say(await cart_with_savings(turn, view, turn._("Your cart")))


async def change_cart(turn: Turn) -> None:
    """Another quantity, a line less, or an empty cart."""
    view = await cart_view(turn.session, customer_id=turn.customer_id, language=turn.language)
    before = await last_added(turn) if turn.reached else None
    if before is not None and before["how"] == "instead" and not _names_another_line(turn.words, view, before):
        turn.pass_on("add_to_cart")
        return
    if not view.lines and turn.reached and "order" in turn.focus:
        is_less = turn.words is not None and any(one.kind == "quantity_change" for one in turn.words.heard.entities)
        turn.pass_on("cancel_items" if is_less else "change_order")  # it is about the order just spoken of
        return
    if not view.lines:
        raise Refused("cart.empty")
    said = turn.words.heard.text if turn.words is not None else ""
    change = await turn.once("change", lambda: _read_change(turn))
    quantity = await turn.notice("quantity", Number("", least=0))
    wish = await turn.once("wish", lambda: _read_wish(turn, said, quantity or change))
    if wish == "empty":
        await _empty(turn, view)
    else:
        await _change_line(turn, view, wish, quantity, change)


def _names_another_line(words: Words | None, view: CartView, before: LastAdded) -> bool:
    """Whether so many are wanted of a line that is named first ("把豆青绿改成3个"), not of what was just added."""
    heard = words.heard.entities if words is not None else ()
    count = next((one.start for one in heard if one.kind == "quantity"), 0)
    if words is None or any(one.start > count for one in heard if one.kind in ("query", "colour")):
        return False
    meant = meant_variants([_as_variant(line) for line in view.lines], words)
    return [variant.variant_id != before["variant"] for variant in meant] == [True]


async def _change_line(turn: Turn, view: CartView, wish: str, quantity: int | None, change: int | None) -> None:
    line = await _meant_line(turn, view)
    if change is not None:
        quantity = max(line.quantity + change, 0)
    elif wish == "remove":
        quantity = 0
    elif quantity is None:
        quantity = await turn.ask("how_many", Number(turn._("How many would you like?"), least=0, options=(1, 2, 3)))
    await set_quantity(
        turn.session, customer_id=turn.customer_id, variant_id=line.variant_id, quantity=quantity, now=turn.now
    )
    view = await cart_view(turn.session, customer_id=turn.customer_id, language=turn.language)
    if not view.lines:
        turn.say(turn._("Your cart is empty now."))
        return
    title = turn._("Taken out: {title}") if quantity == 0 else turn._("Changed: {title} x{quantity}")
    turn.say(await cart_with_savings(turn, view, title.format(title=named(line), quantity=quantity)))
    _warn_if_short(turn, view, line.variant_id)


async def _read_change(turn: Turn) -> int | None:
    """Pieces more or less: "one less", "再加两个"."""
    change = turn.words.take("quantity_change") if turn.words is not None else None
    return None if change is None else int(change)


async def _read_wish(turn: Turn, said: str, quantity: int | None) -> str:
    if "empty" in turn.args or _EMPTY.search(said):
        return "empty"
    return "remove" if quantity is None and _REMOVE.search(said) else "change"


async def _empty(turn: Turn, view: CartView) -> None:
    question = turn._("Shall I take everything out of your cart?")
    facts = {"cart": Fact([[line.variant_id, line.quantity] for line in view.lines], turn._("what is in the cart"))}
    if await turn.confirm("empty", question, facts=facts, yes=turn._("Empty it"), no=turn._("Keep it")):
        await clear(turn.session, customer_id=turn.customer_id, now=turn.now)
        turn.say(turn._("Your cart is empty now."))
    else:
        turn.say(turn._("Good, everything stays in."))


async def _meant_line(turn: Turn, view: CartView) -> CartLineView:
    """The line that is meant: by place, by name, the one just added, the only one; else it is asked for."""
    lines = {line.variant_id: line for line in view.lines}
    meant = await turn.once("line", lambda: _read_line(turn, view))
    if meant in lines:
        return lines[meant]
    options = [Option(str(line.variant_id), named(line), line) for line in view.lines]
    return await turn.ask("which", Pick(turn._("Which one do you mean?"), options, none="cart.empty", named=""))


async def _read_line(turn: Turn, view: CartView) -> Json:
    words = turn.words
    if "variant" in turn.args:
        return int(turn.args["variant"])
    if words is not None:
        place = words.take("ordinal")
        if place is not None and (place == -1 or 0 < place <= len(view.lines)):
            return view.lines[place - 1 if place > 0 else -1].variant_id
        named_line = PickVariant(
            "", [Option(str(line.variant_id), "", _as_variant(line)) for line in view.lines], none=""
        )
        if (key := named_line.spot(words)) is not None:
            return int(key)
        titles = [line for line in view.lines if _names(words, line.title)]
        if len(titles) == 1:
            return titles[0].variant_id
        if titles:
            return None
    return turn.focus.get("variant")


def _names(words: Words, title: str) -> bool:
    """Whether a message names a product by its title, or by a word or two characters of it."""
    text = simple(words.rest)
    pairs = [title[place : place + 2] for place in range(len(title) - 1)] if not title.isascii() else title.split()
    return any(len(part) > 1 and simple(part) in text for part in pairs if simple(part))


def _as_variant(line: CartLineView) -> VariantView:
    return VariantView(line.variant_id, line.product_id, "", line.title, line.label, line.unit, line.available, None)


async def meant_variant(turn: Turn, kinds: Sequence[VariantView]) -> VariantView | None:
    """The kind: said now, or searched for before ("a black kettle", "add it"), or the only one; else asked for.

    None when what was meant is sold out, which has been said then.
    """
    on_sale = [variant for variant in kinds if variant.available > 0]
    sold_out = [variant for variant in kinds if variant.available <= 0]
    meant = meant_variants(kinds, turn.words) if turn.words is not None and turn.reached else []
    if not on_sale or (len(meant) == 1 and meant[0] in sold_out):
        gone = meant[0] if len(meant) == 1 else kinds[0] if len(kinds) == 1 else None
        say_sold_out(
            turn,
            kinds[0].product_id,
            named(gone) if gone is not None else kinds[0].title,
            variant_id=gone.variant_id if gone is not None else None,
            others=on_sale,
        )
        return None
    text = turn._("Which {title} would you like?").format(title=kinds[0].title)
    question = PickVariant(text, variant_options(turn, on_sale), none="stock.none", named="")
    question.sold_out = sold_out
    question.among = [str(variant.variant_id) for variant in meant]
    spoken_of = next((variant for variant in on_sale if variant.variant_id == turn.focus.get("variant")), None)
    searched = spoken_of or searched_variant(kinds, turn.focus.get("search") or {})
    if searched is not None and searched in on_sale and not meant:
        question.default = str(searched.variant_id)
    return await turn.ask("variant", question)


def _warn_if_short(turn: Turn, view: CartView, variant_id: int) -> None:
    for line in view.lines:
        if line.variant_id == variant_id and line.available < line.quantity:
            note = turn._("We have only {left} of {title} at the moment.")
            turn.say(note.format(left=line.available, title=named(line)))
