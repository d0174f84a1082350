"""What coupons, points and store credit share: saying a code, and what a choice does to the cart."""

import base64
import re
from collections.abc import Sequence

from bot.flow import Turn
from bot.language import gap
from bot.questions import Question
from bot.refusals import sentence
from bot.replies import Button, Choice
from bot.words import Words
from commerce.carts.actions import CartView, cart_view
from commerce.carts.choices import set_choice
from commerce.carts.model import Choice as Chosen
from commerce.credit.actions import AccountView, redeem_gift_card
from commerce.customers.code_tries import UNKNOWN, try_code
from commerce.pricing.actions import quote_cart, terms_of
from commerce.pricing.values import Choices, Priced
from commerce.promotions.coupons import CouponView, claim
from foundation.encryption import Vault
from foundation.errors import Json, Refused
from foundation.money import Money

_CODE = re.compile(r"(?<![\w-])[A-Za-z0-9]{2,}(?:-[A-Za-z0-9]{2,})*(?![\w-])", re.ASCII)
_SHORTEST = 5
MOST_GROUPS = 4


class Code(Question[str]):
    """The code of a coupon or a gift card. It is a secret: what is stored of it is sealed."""

    free_text = True

    def __init__(self, prompt: str, vault: Vault) -> None:
        super().__init__(prompt)
        self.vault = vault

    def exact(self, words: Words, shown: Sequence[str]) -> Json | None:  # noqa: ARG002 - no options are shown
        """Letters and digits together answer this question, whatever else they could be the number of."""
        return self.spot(words) if words.pressed is None else None

    def free(self, words: Words) -> Json | None:
        if not words.rest.isascii() or len(words.rest.split()) > MOST_GROUPS:
            return None
        return self._seal(words.take_everything()) if words.rest else None

    def spot(self, words: Words) -> Json | None:
        found = code_in(words.rest)
        said = words.take("coupon_code") or found
        if said is None:
            return None
        words.take_everything()
        return self._seal(str(found or said))

    def value(self, stored: Json) -> str:
        return self.vault.open(base64.b64decode(stored))

    def _seal(self, code: str) -> str:
        return base64.b64encode(self.vault.seal(code[:64])).decode()


def code_in(text: str) -> str | None:
    """What looks like a code in a text: letters and digits together, or capitals with a dash."""
    for word in _CODE.findall(text):
        has_both = any(letter.isdigit() for letter in word) and any(letter.isalpha() for letter in word)
        if len(word) >= _SHORTEST and (has_both or word.isupper()):
            return str(word)
    return None


async def say_code(turn: Turn, code: str, *, again: str) -> CouponView | AccountView | None:
    """What a code gives, whichever of the two it is of; its announcement tells it. A wrong one is counted, and the
    skill `again` asks for it once more: then None.
    """

    async def act() -> CouponView | AccountView:
        try:
            return await claim(turn.session, batch_code=code, customer_id=turn.customer_id, now=turn.now)
        except Refused as refused:
            if refused.code != UNKNOWN:
                raise
        return await redeem_gift_card(turn.session, code=code, customer_id=turn.customer_id, now=turn.now)

    outcome = await try_code(turn.session, customer_id=turn.customer_id, now=turn.now, act=act)
    if not isinstance(outcome, Refused):
        return outcome
    turn.say(sentence(outcome, turn.translate))
    if outcome.facts["left"]:
        turn.go_on_with(again, again=1)
    return None


async def chosen(turn: Turn) -> Chosen:
    """What the shopper chose for their cart so far."""
    return (await cart_view(turn.session, customer_id=turn.customer_id, language=turn.language)).choice


async def choose(turn: Turn, choice: Chosen) -> Priced | None:
    """Choose this for the cart, and the price of the cart then; none for an empty cart."""
    await set_choice(turn.session, customer_id=turn.customer_id, choice=choice)
    return await priced_cart(turn, choice)


async def priced_cart(turn: Turn, choice: Chosen | None = None, *, cart: CartView | None = None) -> Priced | None:
    """The price of the cart with a choice, else with what was chosen so far; none when nothing sold lies in it.

    `cart`: as it was just read.
    """
    cart = cart or await cart_view(turn.session, customer_id=turn.customer_id, language=turn.language)
    lines = [(line.variant_id, line.quantity) for line in cart.lines if line.on_sale]
    if not lines:
        return None
    choice = choice or cart.choice
    return await quote_cart(
        turn.session,
        customer_id=turn.customer_id,
        lines=lines,
        language=turn.language,
        now=turn.now,
        choices=Choices(coupon_ids=choice.coupon_ids, points=choice.points, use_credit=choice.use_credit),
        terms=terms_of(turn.shop.settings),
        goods=cart.goods,
    )


def say_price(turn: Turn, text: str, priced: Priced | None, buttons: Sequence[Button] = ()) -> None:
    """What was chosen, and what the cart costs with it."""
    _ = turn._
    if priced is None:
        around = turn.wish(_("Look around"), "browse_categories")
        turn.say(Choice(text + gap(text) + _("Your cart is still empty; I keep this in mind for it."), (around,)))
        return
    due = turn.money(Money(priced.due, priced.currency))
    text += gap(text) + _("Your cart now comes to {money}.").format(money=due)
    steps = (turn.wish(_("Check out"), "checkout"), turn.wish(_("Why this price?"), "explain_price"))
    turn.say(Choice(text, (*steps, *buttons)))
