"""The commands of the menu: the same wishes that shoppers say in words."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from bot.language import N_, translator

MENU: Final[Mapping[str, tuple[str, str]]] = {
    "search": ("search_products", N_("Find something: /search green tea")),
    "deals": ("show_group_buys", N_("Buy together for less")),
    "cart": ("show_cart", N_("See your cart")),
    "orders": ("order_status", N_("Your orders")),
    "account": ("show_account", N_("Your account")),
    "language": ("change_language", N_("Chinese or English")),
    "human": ("ask_human", N_("Ask a colleague")),
    "help": ("help", N_("What I can do")),
}
"""Command -> the skill it starts, and what the menu says about it."""
_UNLISTED: Final = {"start": "greet", "terms": "terms", "support": "pay_support", "paysupport": "pay_support"}
_SKILLS: Final = {name: skill for name, (skill, _) in MENU.items()} | _UNLISTED
_COMMAND = re.compile(r"/(\w{1,32})(?:@(\w+))?(?:\s+(.*))?", re.DOTALL)


def menus() -> dict[str, Sequence[tuple[str, str]]]:
    """(command, what it does) by the language of a shopper's app; the empty one is for everybody else."""
    return {
        told: [(name, translator(language)(words)) for name, (_, words) in MENU.items()]
        for told, language in (("", "en"), ("zh", "zh"))
    }


def commanded(text: str, username: str) -> tuple[str, str] | None:
    """The skill that a message commands and what is said after it; None for what is no command of this bot's."""
    found = _COMMAND.fullmatch(text.strip())
    if found is None or (found[2] or username).casefold() != username.casefold():
        return None
    skill, rest = _SKILLS.get(found[1].lower()), (found[3] or "").strip()
    if skill is None:
        return None
    return ("browse_categories", "") if skill == "search_products" and not rest else (skill, rest)
