"""From the cart to an order: what is short, where to, how to pay, one plain yes."""

from datetime import timedelta

from bot.flow import Fact, Turn
from bot.questions import Choice, Option
from bot.replies import Receipt, Row
from bot.skills.addressing import ADDRESS, EXAMPLE, MORE, AddressQuestion, ask_address
from bot.skills.checkout_choices import (
    delivery_row,
    gift_line,
    nothing_is_sent,
    price_rows,
    priced_checkout,
    total_row,
)
from bot.skills.deal_checkout import deal_lines, deal_of, deal_ordered, deal_rows, not_ordered, say_missed, ways_at_once
from bot.skills.second_thoughts import ask_anew, spoken_of
from bot.skills.showing import goods, method_name, named, payment_options, ways_to_pay, where_to
from commerce.carts.actions import CartLineView, CartView, cart_view, set_quantity, view_of
from commerce.carts.deals import drop_deal
from commerce.customers.actions import last_address, nowhere, save_address
from commerce.customers.address import NOWHERE, AddressText, masked
from commerce.orders.actions import Quote, orders_of, place_order
from commerce.orders.destination import sent_to
from commerce.orders.model import PaymentMethod
from commerce.payments.methods import waits_for
from commerce.pricing.actions import terms_of
from foundation.errors import Json, Refused


async def checkout(turn: Turn) -> None:
    """All in the cart, or in that of a deal, becomes an order: address, way to pay, and a yes to what is shown."""
    _ = turn._
    before, topic = dict(turn.frame.answers), spoken_of(turn)
    cart_id = int(turn.args["cart"]) if "cart" in turn.args else None
    if cart_id is not None:
        await deal_of(turn, cart_id)
        view = await view_of(turn.session, cart_id, customer_id=turn.customer_id, language=turn.language)
    else:
        view = await _fit_to_stock(turn)
    if not view.lines:
        turn.say(_("Your cart is empty now."))
        return
    last = await last_address(turn.session, customer_id=turn.customer_id)
    known = last.text if last is not None else None
    how = await _how_to_pay(turn, view)
    ways = [option.label for option in how.options.values()]
    prompt = f"{_(ADDRESS)}\n{_(EXAMPLE)}"
    where = AddressQuestion(
        prompt, known=known, vault=turn.vault, more=_(MORE), not_in_it=ways, places=turn.shop.places
    )
    address = NOWHERE if await nothing_is_sent(turn, view) else await ask_address(turn, where)
    cart, choices = await priced_checkout(turn, view, sent_to(address))
    if not cart.priced.ships_there and cart.pickup_location_id is None:
        with turn.asks_again("address"):
            raise Refused("shipping.not_there")
    method = await turn.ask("method", how) if cart.due else PaymentMethod.CREDIT
    changes = choices if address == NOWHERE else {"address": _("Another address"), **choices}
    if cart.due:
        changes["method"] = _("Pay another way")
    if topic is not None and turn.frame.answers == before:
        ask_anew(turn, topic, changes, how, method)
    sure = await turn.confirm(
        "ok",
        await _summary(turn, cart, address, method),
        facts=_facts(turn, cart, address, method),
        yes=_("Place the order"),
        no=_("Not now"),
        changes=changes,
    )
    if not sure:
        if cart_id is not None:
            await drop_deal(turn.session, customer_id=turn.customer_id)
        turn.say(not_ordered(turn, is_deal=cart_id is not None))
        return
    with turn.asks_again():
        await _order(turn, cart, address, method, address_id=last.id if last is not None and address == known else None)


async def _order(
    turn: Turn, cart: Quote, address: AddressText, method: PaymentMethod, *, address_id: int | None
) -> None:
    settings = turn.shop.settings
    until = turn.now + timedelta(minutes=settings.hold_minutes)
    place = cart.pickup_location_id
    try:
        await turn.shop.holds.hold(
            cart.hold_key, cart.holding, until=until, now=turn.now, location_id=place, allotments=cart.allotments
        )
    except Refused as refused:
        if cart.deal is not None:
            await say_missed(turn, cart, refused)
            return
        title = next((named(line) for line in cart.lines if line.variant_id == refused.facts.get("variant")), "")
        raise Refused(refused.code, title=title, **refused.facts) from refused
    if address == NOWHERE:
        address_id = await nowhere(turn.session, customer_id=turn.customer_id, now=turn.now)
    elif address_id is None:
        saved = await save_address(turn.session, customer_id=turn.customer_id, parsed=address, now=turn.now)
        address_id = saved.id
    order = await place_order(
        turn.session,
        customer_id=turn.customer_id,
        cart_id=cart.cart_id,
        cart_version=cart.cart_version,
        priced=cart.priced,
        address_id=address_id,
        payment_method=method,
        hold_key=cart.hold_key,
        language=turn.language,
        now=turn.now,
        pickup_location_id=place,
        unpaid_for=waits_for(settings, method),
        terms=terms_of(settings),
    )
    turn.focus["order"] = order.number  # its announcement is the reply
    if cart.deal is not None:
        await deal_ordered(turn, cart.cart_id)


async def _fit_to_stock(turn: Turn) -> CartView:
    """What the shop has less of than is in the cart: take what is there, or leave it out. The cart as it is then.

    It may be empty when all of it was left out: that is done and no refusal, which would undo it.
    """
    view = await cart_view(turn.session, customer_id=turn.customer_id, language=turn.language)
    if not view.lines:
        raise Refused("cart.empty")
    short = [line for line in view.lines if line.available < line.quantity]
    for line in short:
        slot = f"short-{line.variant_id}-{line.available}"
        keep = await turn.ask(slot, _what_about(turn, line))
        await turn.once(f"{slot}-set", lambda line=line, keep=keep: _set(turn, line, keep))  # type: ignore[misc]
    if not short:
        return view
    return await cart_view(turn.session, customer_id=turn.customer_id, language=turn.language)


def _what_about(turn: Turn, line: CartLineView) -> Choice[int]:
    _ = turn._
    without = Option("0", _("Leave it out"), 0)
    if line.available == 0:
        return Choice(_("{title} is sold out.").format(title=named(line)), [without])
    question = _("We have only {left} of {title} at the moment.").format(left=line.available, title=named(line))
    label = _("Take {left}").format(left=line.available)
    take = Option(str(line.available), label, line.available, ("quantity", line.available))
    return Choice(question, [take, without])


async def _set(turn: Turn, line: CartLineView, quantity: int) -> Json:
    await set_quantity(
        turn.session, customer_id=turn.customer_id, variant_id=line.variant_id, quantity=quantity, now=turn.now
    )
    return quantity


async def _how_to_pay(turn: Turn, cart: CartView) -> Choice[PaymentMethod]:
    """The ways to pay; a shopper who has ordered before pays as last time unless they say otherwise."""
    last = await orders_of(turn.session, customer_id=turn.customer_id, limit=1)
    ways = [one.method for one in ways_to_pay(turn, cart.goods.values())]
    usual = last[0].payment_method if last and last[0].payment_method in ways else None
    default = str(ways[0]) if len(ways) == 1 else usual and str(usual)
    if cart.deal is not None:
        return ways_at_once(turn, turn._("How would you like to pay?"), ways, default=default)
    return Choice(turn._("How would you like to pay?"), payment_options(turn, ways), default=default)


async def _summary(turn: Turn, cart: Quote, address: AddressText, method: PaymentMethod) -> Receipt:
    _ = turn._
    how = await delivery_row(turn, cart)
    to = where_to(turn, masked(address))
    rows = [to, *how, Row(_("Payment"), method_name(turn, method))]
    gifts = [gift_line(turn, cart, line) for line in cart.priced.lines if line.is_gift]
    return Receipt(
        title=_("Shall I place this order?"),
        lines=(*goods(turn, deal_lines(cart)), *gifts),
        rows=(*price_rows(turn, cart.priced), *await deal_rows(turn, cart), *rows),
        total=total_row(turn, cart.priced),
    )


def _facts(turn: Turn, cart: Quote, address: AddressText, method: PaymentMethod) -> dict[str, Fact]:
    _ = turn._
    total, priced = turn.money(cart.due), cart.priced
    lines = [[line.variant_id, line.quantity, line.unit] for line in priced.lines]
    way = [priced.rate.rate_id if priced.rate else None, cart.pickup_location_id]
    return {
        "lines": Fact(lines, _("what is in the cart")),
        "total": Fact([priced.total, priced.due, priced.currency], _("the total is {total}").format(total=total)),
        "address": Fact(turn.vault.blind("shown", masked(address) + address.line).hex(), _("the address")),
        "way": Fact(way, _("how it is sent")),
        "method": Fact(str(method), _("the way to pay")),
    }
