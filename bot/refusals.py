"""What a refusal says to the shopper: what does not work, and the next step. The rooms only know codes and facts."""

from collections.abc import Callable, Mapping
from typing import Final

from bot.language import N_
from foundation.errors import Json, Refused

SENTENCES: Final[Mapping[str, str]] = {
    "flow.gone": N_("What you chose is not available any more."),
    "flow.narrower": N_("{count} of them fit."),
    "flow.too_many": N_("That is more than I can keep apart: at most {most} at a time."),
    "orders.none": N_("You have no order yet. Tell me what you are looking for, and I will find it."),
    "orders.nothing_to_pay": N_("You have no order that waits for a payment."),
    "orders.not_payable": N_("There is nothing to pay for order {order}: it is {status}."),
    "orders.nothing_to_cancel": N_("You have no order that can still be cancelled. A colleague can help: just ask."),
    "orders.not_cancellable": N_(
        "I cannot cancel order {order} any more: it is {status}. A colleague can help: just ask."
    ),
    "order.unknown": N_("I find no order of yours with this number. Ask me for “my orders” to see them all."),
    "order.shipped": N_("This order is already on its way, so I cannot cancel it. A colleague can help: just ask."),
    "order.being_packed": N_(
        "Order {number} is being packed right now, so I cannot change that any more. A colleague can help: just ask."
    ),
    "shipping.nothing_on_its_way": N_("None of your orders is on its way. Ask me for “my orders” to see them all."),
    "shipping.not_on_its_way": N_("Nothing of order {order} is on its way: it is {status}."),
    "shipping.no_pickup": N_("Our goods cannot be fetched; we send them to you. Ask me what sending costs."),
    "shipment.nothing_sent": N_("Nothing of order {number} has left yet. I tell you here as soon as it does."),
    "pickup.not_ready": N_("Order {number} is not ready for pick-up. I tell you here as soon as it is."),
    "order.move_refused": N_("That cannot be done with this order any more. A colleague can help: just ask."),
    "payments.no_transfer": N_("You have no order that waits for its money. Ask me for “my orders” to see them all."),
    "payments.no_refund": N_(
        "There is no refund for you at the moment. If you miss money, a colleague can help: just ask."
    ),
    "payments.no_refund_of": N_(
        "Nothing of order {order} was refunded. If you miss money, a colleague can help: just ask."
    ),
    "payment.done": N_("Order {number} is paid already. Ask me for “my orders” to see how it goes on."),
    "payment.amount_unfit": N_(
        "This amount cannot be paid that way. Choose another way to pay, or ask for a colleague."
    ),
    "cart.empty": N_("Your cart is empty. Tell me what you are looking for, and I will find it."),
    "cart.quantity": N_("I can take 1 to 99 of one thing. For more, just ask for a colleague."),
    "cart.full": N_("Your cart holds {most} different things, and it is full. Check out, or take something out first."),
    "cart.unavailable": N_(
        "We do not have this any more. Tell me what you are looking for, and I will find something."
    ),
    "cart.no_such_line": N_("That is not in your cart. Say “my cart” to see what is."),
    "cart.changed": N_("Your cart has changed meanwhile. Please look at it once more."),
    "catalog.gone": N_("We do not have this any more. Tell me what you are looking for, and I will find something."),
    "catalog.which": N_("Which product do you mean? Tell me its name, or what you are looking for."),
    "catalog.no_such_place": N_("I have shown you only {count}. Which one do you mean?"),
    "catalog.nothing_to_compare": N_("I need two things to compare. Tell me what you are looking for first."),
    "favourites.full": N_("You have {most} favourites, and that is all I can keep. Take one off first."),
    "favourites.watching_enough": N_("I am watching {most} things for you already. Wait until one of them is back."),
    "cart.choice_invalid": N_("I can use at most {most} coupons at a time."),
    "codes.unknown": N_("I do not know this code. Please check it and send it once more; {left} tries are left."),
    "codes.too_many": N_("That were too many wrong codes. Please try again in {minutes} minutes."),
    "coupons.none": N_("You have no coupon that can be used now. Ask me for “coupons” to see what you can take."),
    "coupons.yours_already": N_("You have taken this coupon already. Ask me for “my coupons” to see yours."),
    "coupons.all_gone": N_("These coupons are all gone. Ask me for “coupons” to see what there is."),
    "coupons.not_yet": N_("This coupon cannot be taken yet. Please come back a little later."),
    "coupons.gone": N_("This coupon is not given out any more. Ask me for “coupons” to see what there is."),
    "coupons.not_usable": N_("This coupon cannot be used any more. Ask me for “my coupons” to see yours."),
    "coupon.move_refused": N_("This coupon cannot be used any more. Ask me for “my coupons” to see yours."),
    "points.none": N_("You have no points to pay with yet. They come when your orders are completed."),
    "points.short": N_("You do not have that many points any more: there are {available}. Please check out once more."),
    "gift_cards.yours_already": N_("You have redeemed this card already. Ask me for “my balance” to see what is left."),
    "credit.short": N_("There is less in your account than before. Please check out once more."),
    "stock.none_of_this": N_("{title} is sold out at the moment."),
    "stock.short": N_("There are only {left} of {title} left."),
    "stock.none": N_("This is sold out at the moment. Tell me what else you would like."),
    "stock.hold_gone": N_("That took a moment too long, and the goods were given back. Please check out once more."),
    "address.incomplete": N_("I am still missing {missing}. Just add that."),
    "address.unknown": N_("I do not have this address any more. Please send it once more."),
    "keeper.code": N_("This code is not good any more. Ask the console for a new one; it lasts ten minutes."),
    "keeper.none": N_("Only the people of this shop can do that. Link your chat in the console first."),
    "product.unknown": N_("This product is no draft any more. You find it in the console."),
    "product.changed": N_("Somebody else has just changed this product. Please look at it again in the console."),
    "product.incomplete": N_("It cannot be sold yet: it still needs a name and a price."),
    "picture.too_many": N_("A product may have at most {most} pictures."),
    "money.unreadable": N_("I cannot read this price. Say it in figures, such as “under 200”."),
}
_PARTS: Final[Mapping[str, str]] = {
    "name": N_("the name"),
    "phone": N_("the phone number"),
    "line": N_("the street and town"),
}


def sentence(refused: Refused, translate: Callable[[str], str]) -> str:
    """The sentence for a refusal; for one that has none yet, that nothing was done and who can help."""
    message = SENTENCES.get(refused.code)
    if message is None:
        return translate(N_("That did not work, and nothing was changed. Try again, or ask for a colleague."))
    facts = {name: _in_words(value, translate) for name, value in refused.facts.items()}
    return translate(message).format_map(_Known(facts))


class _Known(dict[str, str]):
    """Facts to fill a sentence with; one that the refusal does not have leaves a gap, never an error."""

    def __missing__(self, name: str) -> str:
        return "…"


def _in_words(value: Json, translate: Callable[[str], str]) -> str:
    if isinstance(value, list):
        return translate(N_(", ")).join(translate(_PARTS.get(str(part), str(part))) for part in value)
    return str(value)
