"""Deals that a page of the shop sends a shopper into the chat for: "group-3", "flash-12", "remind-5"."""

import re
from collections.abc import Mapping
from typing import Final

DEALS: Final[Mapping[str, tuple[str, str]]] = {
    "group": ("start_group", "campaign"),
    "flash": ("buy_flash", "item"),
    "remind": ("remind_of_sale", "sale"),
}
"""{kind: (skill, its argument)}."""
DEAL = r"(?:group|flash|remind)-[0-9]{1,18}"


def deal_named(deal: str) -> tuple[str, int] | None:
    """Kind and number; None for what is no such name."""
    kind, _, number = deal.partition("-")
    return (kind, int(number)) if re.fullmatch(DEAL, deal, re.ASCII) else None


def deal_wish(deal: str) -> tuple[str, dict[str, str]]:
    """What a shopper wants who comes for this deal: a skill and its arguments."""
    kind, _, number = deal.partition("-")
    skill, argument = DEALS[kind]
    return skill, {argument: number}
