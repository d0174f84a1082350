"""What a refusal says to the shopper: what does not work, and the next step. The rooms only know codes and facts."""

from collections.abc import Callable, Mapping
from typing import Final

from bot.language import N_
from foundation.errors import Refused

SENTENCES: Final[Mapping[str, str]] = {
    "flow.gone": N_("What you chose is not available any more."),
    "flow.too_many": N_("That is more than I can keep apart: at most {most} at a time."),
    "orders.none": N_("You have no order yet. Tell me what you are looking for, and I will find it."),
    "orders.unknown": N_("I find no order of yours with this number. Ask me for “my orders” to see them all."),
    "orders.too_late": N_(
        "This order is already on its way, so I cannot cancel it here. A colleague can help: just ask."
    ),
    "cart.empty": N_("Your cart is empty. Tell me what you are looking for, and I will find it."),
    "cart.quantity": N_("I can take 1 to 99 of one thing. For more, ask for a colleague."),
    "stock.short": N_("There are only {left} left."),
    "stock.none": N_("This is sold out at the moment."),
    "catalog.gone": N_(
        "We do not have this any more. Tell me what you are looking for, and I will find something like it."
    ),
    "address.incomplete": N_("For the address I need a name, a phone number and the street, all in one line."),
}


def sentence(refused: Refused, translate: Callable[[str], str]) -> str:
    """The sentence for a refusal; for one that has none yet, that nothing was done and who can help."""
    message = SENTENCES.get(refused.code)
    if message is None:
        return translate(N_("That did not work, and nothing was changed. Try again, or ask for a colleague."))
    try:
        return translate(message).format(**refused.facts)
    except KeyError:
        return translate(message).split("{")[0].strip()
