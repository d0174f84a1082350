"""Parcels: where they are, that they arrived, what sending costs, fetching goods at a counter."""

from collections.abc import Callable, Sequence

from bot.flow import Fact, Turn
from bot.questions import Option, Pick, Text
from bot.replies import Choice, Row
from bot.replies import Text as Words
from bot.sayings_shipping import pickup_reply, place_text, timeline
from bot.skills.returning import awaits_parcel
from bot.skills.showing import order_reply, status_name
from bot.words import Words as Said
from commerce.customers.actions import last_address
from commerce.customers.address import AddressText
from commerce.inventory.locations import locations
from commerce.orders.destination import PROVINCES, destination_of
from commerce.orders.model import DeliveryMethod, FulfilmentState, OrderStatus
from commerce.orders.queries import OrderView, order_views, their_order
from commerce.pricing.actions import rates_for
from commerce.pricing.places import list_zones
from commerce.pricing.zones import Rate, Region
from commerce.shipping.queries import ParcelView, parcels_of
from commerce.shipping.receipt import confirm_receipt as confirm
from commerce.shipping.tracking import want_to_know
from foundation.errors import Json, Refused
from foundation.money import Money

LATEST = 5
_BRINGS_BACK = frozenset(("return_items", "exchange_items", "repair_items", "report_problem"))


class _Town(Text):
    """A place that is asked for; one that names a province is an answer, whatever else it could mean."""

    def exact(self, words: Said, shown: Sequence[str]) -> Json | None:  # noqa: ARG002 - a town has no options
        return self.free(words) if _place_said(words.heard.text) else None


async def track_parcel(turn: Turn) -> None:
    """Where a parcel is: of the order that is named, else of the latest one that has any."""
    if await awaits_parcel(turn):
        turn.pass_on("send_return")
        return
    order = await _named(turn)
    if order is None:
        orders = await order_views(turn.session, customer_id=turn.customer_id, limit=20)
        if not orders:
            raise Refused("orders.none")
        order = next((one for one in orders if one.fulfilment_state is not FulfilmentState.NONE), orders[0])
    turn.focus["order"] = order.number
    parcels = await _parcels(turn, order)
    if not parcels:
        turn.say(order_reply(turn, order))
        if order.status is OrderStatus.PLACED:
            turn.say(Words(turn._("Nothing of it has left yet. I tell you here as soon as it does.")))
        return
    for parcel in parcels[-LATEST:]:
        if turn.shop.mailroom.carriers:
            await want_to_know(turn.session, shipment_id=parcel.shipment_id, now=turn.now)
        if parcel.has_code:
            turn.say(await pickup_reply(turn, turn.session, order, parcel))
        else:
            turn.say(await timeline(turn, turn.session, order, parcel))


async def confirm_receipt(turn: Turn) -> None:
    """The shopper has the goods: asked once more, for it ends what the shop owes."""
    _ = turn._
    waiting = await _not_confirmed(turn)
    order = await _which(
        turn, lambda one: one.order_id in waiting, _("Which order has arrived?"), none="shipping.nothing_on_its_way"
    )
    turn.focus["order"] = order.number
    if order.order_id not in waiting:
        raise Refused("shipping.not_on_its_way", order=order.number, status=status_name(turn, order))
    question = _("Has everything that we sent of order {order} reached you?").format(order=order.number)
    facts = {"order": Fact([order.number, order.fulfilment_state.value], state_facts(turn, order))}
    if await turn.confirm("ok", question, facts=facts, yes=_("Yes, I have it"), no=_("Not yet")):
        await confirm(turn.session, order_id=order.order_id, customer_id=turn.customer_id, now=turn.now)
    else:
        again = turn.wish(_("Follow the parcel"), "track_parcel", order=order.number)
        turn.say(Choice(_("Good, then I leave it open. Tell me when it is there."), (again,)))


def state_facts(turn: Turn, order: OrderView) -> str:
    """What changed when the state of an order is not what it was."""
    return turn._("order {order} is {status} now").format(order=order.number, status=status_name(turn, order))


async def ask_shipping_cost(turn: Turn) -> None:
    """What sending costs to the place that is named, else to the last address, else to a city that is asked for.

    Amid a return it is about sending that back, which its rules tell.
    """
    _ = turn._
    if _BRINGS_BACK.intersection(turn.under_way):
        turn.pass_on("ask_return_policy")
        return
    region = _place_in(await turn.once("place", lambda: _read_place(turn))) or await _known_region(turn)
    if region is None:
        said = await turn.ask("city", _Town(_("Which province and city shall it go to?"), longest=60))
        region = _place_in(_place_said(said)) or destination_of(AddressText("", "", said))
    rates = await rates_for(turn.session, region)
    place = _spoken(turn, region) or _("your address")
    if not rates:
        turn.say(Words(await _without_rates(turn, place)))
        return
    rows = tuple(Row(_label(turn, rate), _cost(turn, rate)) for rate in rates)
    lines = [_("Sending to {place}:").format(place=place), *(f"{row.label}: {row.value}" for row in rows)]
    turn.say(Words("\n".join(lines)))


async def ask_pickup(turn: Turn) -> None:
    """What can be fetched now, with its code; else where goods can be fetched at all."""
    _ = turn._
    orders = await order_views(turn.session, customer_id=turn.customer_id, limit=20)
    found = await parcels_of(turn.session, [order.order_id for order in orders])
    ready = [(order, one) for order in orders for one in found[order.order_id] if one.has_code]
    for order, parcel in ready[:LATEST]:
        turn.focus["order"] = order.number
        turn.say(await pickup_reply(turn, turn.session, order, parcel))
    if ready:
        return
    if await _is_being_got_ready(turn, orders):
        return
    places = [place for place in await locations(turn.session) if place.is_pickup]
    if not places:
        raise Refused("shipping.no_pickup")
    lines = [_("You can fetch your order here; choose it when you check out:")]
    turn.say(Words("\n".join([*lines, *(f"- {place_text(place, turn.language)}" for place in places)])))


async def _is_being_got_ready(turn: Turn, orders: Sequence[OrderView]) -> bool:
    """Say so of an order that will be fetched but is not packed yet."""
    waits = (OrderStatus.PLACED, FulfilmentState.NONE)
    for one in orders:
        if (one.status, one.fulfilment_state) == waits and one.delivery_method is DeliveryMethod.PICKUP:
            turn.focus["order"] = one.number
            text = turn._("Order {order} is not ready yet. I send you its code here as soon as you can fetch it.")
            turn.say(Words(text.format(order=one.number)))
            return True
    return False


async def _named(turn: Turn) -> OrderView | None:
    number = turn.args.get("order")
    if number is None:
        number = await turn.once("number", lambda: _read_number(turn))
    if not number:
        return None
    return await their_order(turn.session, number=number, customer_id=turn.customer_id)


async def _read_number(turn: Turn) -> str:
    return str(turn.words.take("order_number") or "") if turn.words is not None else ""


async def _which(turn: Turn, fits: Callable[[OrderView], bool], question: str, *, none: str) -> OrderView:
    named = await _named(turn)
    if named is not None:
        return named
    orders = await order_views(turn.session, customer_id=turn.customer_id, limit=20)
    options = [
        Option(
            one.number,
            f"{one.number}  {turn.money(one.total)}  {status_name(turn, one)}",
            one,
            ("order_number", one.number),
        )
        for one in orders
        if fits(one)
    ]
    return await turn.ask("order", Pick(question, options[:LATEST], none=none, named=""))


async def _parcels(turn: Turn, order: OrderView) -> list[ParcelView]:
    found = (await parcels_of(turn.session, [order.order_id]))[order.order_id]
    return [one for one in found if one.has_code or one.shipped_at is not None]


async def _not_confirmed(turn: Turn) -> set[int]:
    """The orders of which something left that the shopper has not said is there."""
    orders = await order_views(turn.session, customer_id=turn.customer_id, limit=20)
    found = await parcels_of(turn.session, [order.order_id for order in orders if order.status is OrderStatus.PLACED])
    return {
        order_id
        for order_id, parcels in found.items()
        if any(one.shipped_at is not None and not one.is_confirmed and one.resolution is None for one in parcels)
    }


async def _read_place(turn: Turn) -> str:
    return _place_said(turn.words.heard.text) if turn.words is not None else ""


def _place_said(text: str) -> str:
    """What a sentence says from its first province on, at most a town's worth; empty where it names none."""
    found = min(((text.find(name), name) for name in PROVINCES if name in text), default=None)
    if found is not None:
        return text[found[0] :][:30]
    return next((name for name, said in PROVINCES.items() if said in text.casefold()), "")


def _spoken(turn: Turn, region: Region) -> str:
    """A place in the shopper's language, as far as it has a name there."""
    place = region.city or region.province
    if turn.language == "zh":
        return place
    return next((name.title() for chinese, name in PROVINCES.items() if region.province.startswith(chinese)), place)


def _place_in(said: str) -> Region | None:
    return destination_of(AddressText("", "", said)) if said else None


async def _known_region(turn: Turn) -> Region | None:
    address = await last_address(turn.session, customer_id=turn.customer_id)
    if address is None:
        return None
    region = destination_of(address.text)
    return region if region.province or region.country != "CN" else None


async def _without_rates(turn: Turn, place: str) -> str:
    """What is said where the shop has no rate for a place: free everywhere, or not sent there."""
    has_any = any(zone.row.active for zone in await list_zones(turn.session))
    if has_any:
        return turn._("We do not send to {place} yet. A colleague can help: just ask.").format(place=place)
    return turn._("Sending is free.")


def _label(turn: Turn, rate: Rate) -> str:
    return rate.label.get(turn.language) or next(iter(rate.label.values()), turn._("Parcel"))


def _cost(turn: Turn, rate: Rate) -> str:
    _ = turn._
    currency = turn.shop.settings.currency
    if rate.amount == 0 and not rate.step_amount:
        text = _("free")
    elif rate.kind == "flat" or not rate.step_grams:
        text = turn.money(Money(rate.amount, currency))
    else:
        text = _("{first} up to {kilos} kg, {step} for each {more} kg more").format(
            first=turn.money(Money(rate.amount, currency)),
            kilos=f"{rate.first_grams / 1000:g}",
            step=turn.money(Money(rate.step_amount, currency)),
            more=f"{rate.step_grams / 1000:g}",
        )
    if rate.free_from is not None:
        text += _(", free from {amount} on").format(amount=turn.money(Money(rate.free_from, currency)))
    if rate.days_min is not None and rate.days_max is not None:
        text += _(", {least} to {most} days").format(least=rate.days_min, most=rate.days_max)
    return text
