"""What the bot does where others read along: what it shows to anybody; all else goes on in the shopper's own chat."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bot.flow import Flow, Turn
from bot.replies import PayLink
from bot.skills.table import SKILLS

PUBLIC: Final = frozenset(
    (
        *("greet", "thank", "goodbye", "help", "affirm", "deny", "stop", "go_back", "out_of_scope", "change_language"),
        *("search_products", "refine_search", "open_product", "show_product", "similar_products", "compare_products"),
        *("browse_categories", "shelf", "turn_page", "narrow"),
        *("ask_product", "ask_price", "ask_stock", "ask_size", "ask_material", "ask_fact"),
        *("ask_promotions", "ask_payment_methods", "ask_return_policy", "ask_pickup"),
        *("show_group_buys", "open_group", "ask_group_rules", "group_status", "show_flash_sales"),
    )
)
"""Skills that tell nothing of who asks. The progress of a group is news for all of them."""


async def between_us(turn: Turn) -> None:
    """Lead to the private chat, which begins with what was just said."""
    _ = turn._
    turn.say(PayLink(_("Let us do that between the two of us."), _("Go on in private"), turn.setting.private_link, ""))


IN_GROUPS: Final[Mapping[str, Flow]] = {
    intent: flow if intent in PUBLIC else replace(flow, run=between_us, takes_photos=False)
    for intent, flow in SKILLS.items()
}
