"""What a scripted shopper does in the shop, step by step, in either language and with typing and buttons mixed."""

import re
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from bench.shoppers import ADDRESS, WORDS, Shopper, Shown, is_reply

NUMBER = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b")


@dataclass
class Errands:
    """The shopping of one shopper. `wanted`: orders they said yes to; `numbers`: those the shop confirmed."""

    shopper: Shopper
    wanted: int = 0
    cancelled: int = 0
    numbers: list[str] = field(default_factory=list)

    async def greet(self) -> Shown:
        """Say hello."""
        return await self._says("hello", "choice")

    async def search(self) -> Shown:
        """Look for tea."""
        return await self._says("search", "cards")

    async def fill_cart(self) -> Shown:
        """Search, look at one of what was found, and take one kind of it."""
        rng, found = self.shopper.rng, await self.search()
        details = rng.choice(found.body["cards"])["buttons"][0]
        card = await self.shopper.presses((details["label"], details["token"]), is_reply("card"))
        return await self.shopper.presses(rng.choice(into_cart(card.buttons)), is_reply("cart"))

    async def check_out(self, *, twice: bool = False) -> Shown:
        """From the cart to a confirmed order; the first time with address and way to pay. The confirmation."""
        asked = await self._says("checkout", "text", "receipt")
        if asked.body["kind"] == "text":
            await self.shopper.says(ADDRESS[self.shopper.language], is_reply("choice"))
            asked = await self._says(self.shopper.method, "receipt")
        self.wanted += 1
        confirmed = await self.shopper.presses(asked.buttons[0], self._is_of_a_new_order, twice=twice)
        self.numbers.append(order_number(confirmed))
        return confirmed

    def _is_of_a_new_order(self, shown: Shown) -> bool:
        """A fact about an order not told of before: the refund of an earlier one may arrive at any time."""
        return shown.kind == "fact" and order_number(shown) not in self.numbers

    async def pay(self, confirmed: Shown) -> None:
        """Pay what is to be paid, and wait until the shop says that the money has arrived."""
        if confirmed.body["kind"] == "pay_link":
            await self.shopper.pays(confirmed.body["url"])
            await self.shopper.until(
                lambda shown: shown.kind == "fact" and self.numbers[-1] in shown.text, after=confirmed.seq
            )

    async def cancel(self) -> None:
        """Cancel the last order, and wait until it is confirmed."""
        number = self.numbers[-1]
        words = f"{WORDS[self.shopper.language]['cancel']} {number}"
        asked = await self.shopper.says(words, is_reply("choice"))
        await self.shopper.presses(asked.buttons[0], lambda shown: shown.kind == "fact" and number in shown.text)
        self.cancelled += 1

    async def buy(self) -> None:
        """One whole errand: cart, order, payment; now and then a change of mind."""
        rng = self.shopper.rng
        if rng.random() < 0.3:
            await self.greet()
        await self.fill_cart()
        confirmed = await self.check_out(twice=rng.random() < 0.3)
        changes_mind = rng.random()
        if changes_mind < 0.1:
            await self.cancel()
            return
        await self.pay(confirmed)
        if changes_mind > 0.8:
            await self.cancel()

    async def mixed_turns(self) -> AsyncIterator[None]:
        """Ten turns again and again: three searches, three steps towards an order, one order, three others.

        One turn for each that is asked for, by a shopper whose address and way to pay are known.
        """
        while True:
            await self.greet()
            yield
            await self._says("search with a limit", "cards")
            yield
            await self.search()
            yield
            found = await self._says("search again", "cards")
            yield
            which = await self.shopper.presses(self.shopper.rng.choice(into_cart(found.buttons)), is_reply("choice"))
            yield
            await self.shopper.presses(self.shopper.rng.choice(which.buttons), is_reply("cart"))
            yield
            asked = await self._says("checkout", "receipt")
            yield
            confirmed = await self.shopper.presses(asked.buttons[0], lambda shown: shown.kind == "fact")
            self.numbers.append(order_number(confirmed))
            yield
            await self._says("status")
            yield
            await self._says("help")
            yield

    async def _says(self, words: str, *kinds: str) -> Shown:
        text = WORDS[self.shopper.language][words]
        twice = self.shopper.rng.random() < self.shopper.sends_twice
        return await self.shopper.says(text, is_reply(*kinds), twice=twice)


def into_cart(buttons: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of some buttons (label, token) those that put something into the cart."""
    return [(label, token) for label, token in buttons if b"add_to_cart" in urlsafe_b64decode(token + "==")]


def order_number(confirmed: Shown) -> str:
    """The number in a confirmation: eight characters with a dash in the middle."""
    found = NUMBER.search(confirmed.text)
    assert found is not None, confirmed.text
    return found.group()
