"""What was put in the cart just now, and how the next words may put it right.

It counts until the shopper looks at something else: then "two" and "the pink one" mean what they look at.
"""

import re

from bot.flow import Turn
from bot.skills.variants import meant_variants
from commerce.carts.actions import cart_view, set_quantity
from commerce.catalog.queries import variants_of
from foundation.errors import Json

LastAdded = dict[str, Json]
"""product, variant, quantity of what was added; `how` it is meant now: "instead" (something else in its place),
"pieces" (so many of it in all), "more" (so many more of it); `is_same_product`: only the kind is another; `pieces`."""

_INSTEAD = re.compile(
    r"^(no|nope|not|sorry|oops|wait)\b|\b(instead|rather|i meant?|change (it|that)|swap)\b"
    r"|^(不|别|错|换|改)|换成|改成|搞错|^(还是|要不).{1,12}[吧好]",
    re.IGNORECASE,
)
_ONE_MORE = re.compile(
    r"(one more|another( one)?|the same again|再(来|要|加|买)?(一[个件份盒只套]|个|份))([ ,，]*(please|吧|谢谢))?",
    re.IGNORECASE,
)
_MORE = re.compile(r"再|又|还要|多来|另|\b(more|another|again|extra|additional)\b", re.IGNORECASE)


async def last_added(turn: Turn) -> Json:
    """What was just added, when the message is about it; else None."""
    added: LastAdded | None = turn.focus.get("added")
    words = turn.words
    if added is None or words is None or not words.whole or turn.args:
        return None
    kinds = {entity.kind: entity.value for entity in words.heard.entities}
    if _ONE_MORE.fullmatch(words.whole):
        return {**added, "how": "more", "is_same_product": True, "pieces": 1}
    is_instead = words.heard.is_correction or _INSTEAD.search(words.whole) is not None
    names_a_thing = bool({"query", "ordinal"} & kinds.keys())
    if is_instead and names_a_thing and words.heard.intent == "add_to_cart":
        return {**added, "how": "instead", "is_same_product": False}
    variants = await variants_of(turn.session, int(added["product"]), language=turn.language)
    meant = meant_variants(variants, words)
    if is_instead and (any(variant.variant_id != added["variant"] for variant in meant) or "colour" in kinds):
        return {**added, "how": "instead", "is_same_product": bool(meant)}
    if meant or names_a_thing or "colour" in kinds or "quantity" not in kinds or words.heard.intent != "add_to_cart":
        return None
    how = "more" if _MORE.search(words.heard.text) else "pieces"
    return {**added, "how": how, "is_same_product": True, "pieces": kinds["quantity"]}


async def take_back(turn: Turn, *, variant_id: int, quantity: int) -> None:
    """Take what was just added out again."""
    view = await cart_view(turn.session, customer_id=turn.customer_id, language=turn.language)
    line = next((line for line in view.lines if line.variant_id == variant_id), None)
    if line is not None:
        await set_quantity(
            turn.session,
            customer_id=turn.customer_id,
            variant_id=variant_id,
            quantity=max(line.quantity - quantity, 0),
            now=turn.now,
        )
