"""What a refusal says to the shopper: what does not work, and the next step. The rooms only know codes and facts."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

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
        "There is no refund for you at the moment. When there is one, the money goes back the way you paid, at once on "
        "our side; banks can take a few days. If you think money is missing, a colleague can help: just ask."
    ),
    "payments.no_refund_of": N_(
        "Nothing of order {order} was refunded. If you think money is missing, a colleague can help: just ask."
    ),
    "payment.closed": N_("This order is not to be paid any more. Ask me for “my orders” to see how it stands."),
    "payment.unknown": N_("I do not know this invoice. Ask me for “my orders” to see what is to be paid."),
    "payment.not_digital": N_("Only digital goods are paid in Stars. Choose another way to pay for this order."),
    "payment.changed": N_("What is to be paid has changed since. Ask me for “my orders” and pay the new invoice."),
    "payment.done": N_("Order {number} is paid already. Ask me for “my orders” to see how it goes on."),
    "payment.amount_unfit": N_(
        "This amount cannot be paid that way. Choose another way to pay, or ask for a colleague."
    ),
    "shipping.not_there": N_("We cannot send anything there. Tell me another address, or ask for a colleague."),
    "promotion.used_up": N_("A promotion in your price is used up meanwhile. Please check out once more."),
    "change.none": N_("You have no order that can still be changed. A colleague can help: just ask."),
    "change.too_late": N_("I cannot change order {order} any more: it is {status}. A colleague can help: just ask."),
    "change.shipped": N_(
        "Order {number} is on its way already, so I cannot change that. A colleague can help: just ask."
    ),
    "change.not_now": N_("This order cannot be changed as it stands. A colleague can help: just ask."),
    "change.open": N_("A change of this order still waits for its payment. Pay it first, or ask for a colleague."),
    "change.over": N_(
        "This proposal is not open any more; the order stays as it is. Ask me for “my orders” to see it."
    ),
    "change.stale": N_("The order has moved on meanwhile. Please look at it once more."),
    "change.unknown": N_("I find no such proposal of yours. Ask me for “my orders” to see them."),
    "change.nothing": N_("That would change nothing. Tell me what shall be different."),
    "change.pieces": N_("Only {left} of {title} can still be changed; the rest has left already."),
    "change.no_such_line": N_("That is not in this order. Ask me for “my orders” to see what is."),
    "change.other_product": N_("I can only change it for another kind of the same thing. Order the other thing anew."),
    "change.no_others": N_("There is no other kind of it in stock. I can change the quantity, or take it out."),
    "change.unavailable": N_("We do not have {title} any more. Choose something else, or leave the order as it is."),
    "change.quantity": N_("I can take 1 to {most} of one thing. For more, just ask for a colleague."),
    "change.currency": N_("This is sold in another currency than your order. Please order it anew."),
    "change.no_address": N_("Nothing of this order is sent, so it has no address. Please order “{title}” by itself."),
    "change.nothing_sent": N_(
        "Nothing of order {number} is sent, so it needs no address: you get it here in the chat."
    ),
    "change.not_allowed": N_("This shop does not change that once an order is placed. A colleague can help: just ask."),
    "change.once": N_("This was changed once already, and that is all I may do. A colleague can help: just ask."),
    "change.exchanged": N_(
        "Order {number} came of an exchange: it can be cancelled as a whole, or pieces sent back once they are here."
    ),
    "change.final": N_("After the last change nothing more can be changed. A colleague can help: just ask."),
    "change.reason": N_("I need one of these reasons: {reasons}."),
    "change.same_payment": N_("The order is paid like this already. Choose another way to pay."),
    "change.no_other_payment": N_("There is no other way to pay for it. A colleague can help: just ask."),
    "change.how_to_pay": N_("Tell me how you would like to pay the difference, or ask for a colleague."),
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
    "codes.unknown": N_("I do not know this code. Please check it and send it once more. Tries left: {left}."),
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
    "stock.busy": N_("Many shoppers want this right now. Nothing was ordered yet: please try again in a moment."),
    "stock.short": N_("We have only {left} of {title} left."),
    "stock.none": N_("This is sold out at the moment. Tell me what else you would like."),
    "stock.hold_gone": N_("That took a moment too long, and the goods were given back. Please check out once more."),
    "address.incomplete": N_("I am still missing {missing}. Just add that."),
    "address.which_city": N_("There are many places called {name}. Please add the province and the city."),
    "link.email_invalid": N_("This does not look like an e-mail address. Please check it and send it once more."),
    "link.too_many_codes": N_("I have sent enough codes for now. Please try again in {minutes} minutes."),
    "link.code_wrong": N_("This is not the code. Please check it and send it once more. Tries left: {left}."),
    "link.code_over": N_("This code is not good any more. Say “link account” and I send you a new one."),
    "export.asked_already": N_("You have just asked for your data. You can ask again in {minutes} minutes."),
    "erase.orders_open": N_(
        "I cannot erase your data yet: order {orders} is still open. Wait until it has arrived and cannot come back "
        "any more, or cancel it first."
    ),
    "erase.returns_open": N_(
        "I cannot erase your data yet: return {returns} is still open. Ask me again once it is settled."
    ),
    "erase.money_due": N_(
        "I cannot erase your data yet: money for order {orders} is still on its way to you. Ask me again then."
    ),
    "address.unknown": N_("I do not have this address any more. Please send it once more."),
    "keeper.code": N_("This code is not good any more. Ask the console for a new one; it lasts ten minutes."),
    "keeper.none": N_("Only the people of this shop can do that. Link your chat in the console first."),
    "product.unknown": N_("This product is no draft any more. You find it in the console."),
    "product.changed": N_("Somebody else has just changed this product. Please look at it again in the console."),
    "product.incomplete": N_("It cannot be sold yet: it still needs a name and a price."),
    "picture.too_many": N_("A product may have at most {most} pictures."),
    "returns.none": N_("Nothing of yours has arrived that could come back. A colleague can help: just ask."),
    "returns.none_yet": N_("You have no return yet. Say “return” to open one."),
    "returns.nothing": N_("This item is not in that order. Ask me for “my orders” to see what is."),
    "returns.not_delivered": N_(
        "{title} has not arrived yet, so it cannot come back. You can cancel what has not left, or ask for a colleague."
    ),
    "returns.already_returned": N_("{title} is back already, or on its way. Say “my returns” to see where it stands."),
    "returns.quantity": N_("Of {title} only {left} can still come back."),
    "returns.window_over": N_(
        "{title} could come back until {last_day}, {days} days after delivery; that is over. "
        "A colleague can look at it: just ask."
    ),
    "returns.excluded": N_("{title} cannot come back; it is an exception to our rule. A colleague can help: just ask."),
    "returns.once_per_order": N_(
        "Order {order} has had its one return or exchange already. A colleague can help: just ask."
    ),
    "returns.kind_not_offered": N_("We do not do that with {title}. A colleague can help: just ask."),
    "returns.same_thing": N_("That is the very thing you have. Which other one would you like?"),
    "returns.other_product": N_(
        "{title} can only be exchanged for another kind of the same product. You can return it and order anew."
    ),
    "returns.replacement_gone": N_("There is no {title} left to send you instead. You can return it for the money."),
    "returns.nothing_instead": N_(
        "There is nothing to exchange it for at the moment. You can return it for the money."
    ),
    "returns.refund_to": N_("The money cannot go there. It goes back the way you paid."),
    "payment.instrument_unknown": N_("I know no such card of yours."),
    "returns.account_unknown": N_("I find no such gift card of yours. Say “my balance” to see what you have."),
    "returns.credit_short": N_(
        "There is not enough on it to pay the difference. Choose another way to pay, or another replacement."
    ),
    "returns.pay_otherwise": N_("The difference must be paid in another way. A colleague can help: just ask."),
    "returns.photos": N_("At most {most} pictures, please."),
    "returns.tracking": N_("I cannot read a parcel number in that. It has digits, such as SF1234567890."),
    "returns.unknown": N_("I find no such return of yours. Say “my returns” to see them all."),
    "returns.move_refused": N_(
        "That cannot be done with this return any more. Say “my returns” to see where it stands."
    ),
    "returns.stands_elsewhere": N_("That cannot be done with {number} any more: it is {state}."),
    "returns.nothing_to_send": N_("No return of yours waits for a parcel. Say “my returns” to see them."),
    "returns.nothing_to_cancel": N_("You have no return that can still be cancelled. A colleague can help: just ask."),
    "returns.nothing_to_answer": N_("Nothing waits for your answer. Say “my returns” to see them."),
    "group.none": N_("You are in no group that is still open. Ask me what is bought together at the moment."),
    "group.nothing_on": N_("Nothing is bought in groups at the moment. Ask me what else is on."),
    "flash.none": N_("There is no flash sale at the moment, and none soon. Ask me what else is on."),
    "group.unknown": N_("I do not find this group. Ask me what is on at the moment to see the open ones."),
    "group.not_offered": N_("This cannot be bought in a group. Ask me what is on at the moment."),
    "group.not_started": N_("This group-buy has not begun yet. Ask me what is on at the moment."),
    "group.ended": N_("This group-buy is over. Ask me what is on at the moment."),
    "group.not_for_you": N_("This group-buy is for other customers, sorry. Ask me what is on at the moment."),
    "group.pieces": N_("At most {most} of it for each seat in the group."),
    "group.limit": N_("You have been in on this as often as one may be: {most}."),
    "group.over": N_("This group takes nobody any more. You can join another one, or start your own."),
    "group.full": N_("The last seat of this group has just been taken. You can join another one, or start your own."),
    "group.already_in": N_("You are in this group already. Ask me how your group is going."),
    "group.not_in": N_("You are not in this group."),
    "group.complete": N_(
        "Your group was complete before you left it. Order {number} can be cancelled as any other until it is sent."
    ),
    "group.order_fixed": N_(
        "Order {number} waits for its group, so only its address can change. You can leave the group, though."
    ),
    "flash.unknown": N_("I do not find this flash sale. Ask me what is on at the moment."),
    "flash.not_yet": N_("This flash sale has not begun yet. Ask me what is on at the moment to see when it does."),
    "flash.over": N_("This flash sale is over. Ask me what is on at the moment."),
    "flash.limit": N_("Each customer may have {most} of it at this price; you can have {left} more."),
    "flash.begun": N_("This flash sale has begun already, so there is nothing to remind you of."),
    "flash.reminders_enough": N_("I am to remind you of {most} sales already, and that is as many as I keep."),
    "flash.wait": N_("It is not your turn yet: your place in line is {place}."),
    "deal.no_way_to_pay": N_("A price like this must be paid online at once, which this shop cannot take yet."),
    "cart.unknown": N_("This offer is not open any more. Ask me what is on at the moment."),
    "deal.pay_online": N_("A price like this must be paid at once. Choose a way to pay online."),
    "allotment.full": N_("Somebody was faster: everything is taken at the moment."),
    "allotment.closed": N_("That is over: it cannot be had any more."),
    "money.unreadable": N_("I cannot read this price. Say it in figures, such as “under 200”."),
}
_PARTS: Final[Mapping[str, str]] = {
    "name": N_("the name"),
    "phone": N_("the phone number"),
    "line": N_("the street and town"),
}


_Way: TypeAlias = tuple[str, str, str]
"""Label, skill, and the fact of the refusal that is its argument ("" for none)."""
_LOOK_AROUND = (N_("Look around"), "browse_categories", "")
_OTHER_GROUPS = (
    (N_("Join another group"), "join_group", "campaign"),
    (N_("Start my own group"), "start_group", "campaign"),
)
_WAYS_ON: Final[Mapping[str, tuple[_Way, ...]]] = {
    "cart.empty": (_LOOK_AROUND,),
    "orders.none": (_LOOK_AROUND,),
    "returns.none": ((N_("I have received it"), "confirm_receipt", ""),),
    "group.full": _OTHER_GROUPS,
    "group.over": _OTHER_GROUPS,
}
_SPOKEN_OF: Final = (
    ("“my orders”", (N_("My orders"), "order_status", "")),
    ("just ask.", (N_("Ask a colleague"), "ask_human", "")),
)


def ways_on(refused: Refused) -> Iterator[tuple[str, str, dict[str, str]]]:
    """(label, skill, its arguments) of each next step: what this refusal has, then what its sentence speaks of."""
    spoken_of = (way for words, way in _SPOKEN_OF if words in SENTENCES.get(refused.code, ""))
    for label, skill, fact in (*_WAYS_ON.get(refused.code, ()), *spoken_of):
        yield label, skill, {fact: str(refused.facts[fact])} if fact in refused.facts else {}


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
