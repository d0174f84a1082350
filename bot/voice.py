"""How the shop speaks to one customer: in their language, with buttons that are theirs."""

from datetime import datetime
from typing import TYPE_CHECKING

from bot.buttons import wish_token
from bot.language import money_text, time_text, translator
from bot.replies import Button
from foundation.encryption import Vault
from foundation.money import Money

if TYPE_CHECKING:
    from bot.shop import Shop


class Voice:
    """Sentences, money, times and wish buttons for a customer. `_` translates; what has blanks is filled afterwards."""

    def __init__(self, shop: "Shop", vault: Vault, *, customer_id: int, language: str) -> None:
        self.shop = shop
        self.vault = vault
        self.customer_id = customer_id
        self.speak(language)

    def speak(self, language: str) -> None:
        """Go on in this language."""
        self.language = language
        self.translate = self._ = translator(language)

    def money(self, money: Money) -> str:
        """¥118.00"""
        return money_text(money, self.language)

    def time(self, moment: datetime) -> str:
        """A moment in the shop's time zone."""
        return time_text(moment, self.language, self.shop.settings.time_zone)

    def wish(self, label: str, skill: str, **args: str | int) -> Button:
        """A button that starts a skill, whenever it is pressed."""
        return Button(label, wish_token(self.vault, customer_id=self.customer_id, skill=skill, args=args))
