"""A person takes over: on wish, or offered when the bot does not understand."""

import re

from bot.flow import Turn
from bot.replies import Choice
from commerce.carts.actions import cart_view
from commerce.orders.queries import order_views
from foundation.errors import Json

UNCLEAR = "unclear"
_MACHINE = re.compile(  # goods that are called robots, not what the shopper is fed up with talking to
    r"(?:扫地|拖地|扫拖|擦窗|洗地|炒菜|玩具)机器人|机器人(?:吸尘器|玩具)"
    r"|\brobot(?:ic)? (?:vacuum|mop|cleaner|mower|toy|kit)s?\b",
    re.IGNORECASE,
)


async def ask_human(turn: Turn) -> None:
    """Pass the conversation to a colleague, with what is known. With the argument `offer` it asks first."""
    _ = turn._
    machine = _MACHINE.search(turn.words.heard.text) if turn.words is not None and not turn.args else None
    if machine is not None:
        turn.go_on_with("search_products", text=machine[0])
        return
    reason = turn.args.get("offer", "asked")
    if "offer" in turn.args:
        question = _("I am afraid I do not understand. Shall I get a colleague?")
        if not await turn.confirm("ok", question, facts={}, yes=_("Yes, please"), no=_("No, thanks")):
            turn.say(_("As you like. Try to say it in other words."))
            return
    turn.hand_over(reason, await _known(turn))
    text = _("I am getting a colleague. You can go on writing here; until then I can still tell you about your orders.")
    turn.say(Choice(text, (turn.wish(_("No colleague needed"), "stop"),)))


async def _known(turn: Turn) -> dict[str, Json]:
    """What a colleague should know: pieces in the cart, the last order, the last search. No personal data."""
    cart = await cart_view(turn.session, customer_id=turn.customer_id, language=turn.language)
    orders = await order_views(turn.session, customer_id=turn.customer_id, limit=1)
    known: dict[str, Json] = {"cart": cart.pieces}
    if turn.setting.note:  # what the last colleague promised goes on to the next one
        known["note"] = turn.setting.note
    if orders:
        known["order"] = orders[0].number
    if search := turn.focus.get("search"):
        known["search"] = str(search.get("text", ""))[:60]
    return known
