"""What happens to parcels, in words: one message a stage, each with the next step."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from bot.language import N_
from bot.replies import Button, Choice, Line, OrderStatus, PayLink, Reply, Row, Text
from bot.skills.showing import order_reply
from bot.voice import Voice
from commerce.announcements import Announcement
from commerce.inventory.model import Location
from commerce.orders.model import DeliveryMethod, FulfilmentState
from commerce.orders.queries import OrderView, order_view
from commerce.shipping.model import BEFORE_LEAVING, ShipmentState
from commerce.shipping.pickup import pickup_code, pickup_token
from commerce.shipping.queries import ParcelView, TrackingView, parcel_view, parcels_of, tracking_of
from commerce.shipping.simulated import SIMULATED
from foundation.errors import Refused
from foundation.money import Money

LATEST = 5
_SIMULATED_SAYS = {
    "collected": N_("The carrier has collected the parcel."),
    "sorted": N_("The parcel has left the sorting centre."),
    "arrived_in_town": N_("The parcel has arrived in your town."),
    "out_for_delivery": N_("The courier is on the way to you."),
    "delivered": N_("The parcel was handed over."),
}
_STATES = {
    ShipmentState.PENDING: N_("waiting to be packed"),
    ShipmentState.PICKED: N_("being packed"),
    ShipmentState.PACKED: N_("packed"),
    ShipmentState.SHIPPED: N_("on its way"),
    ShipmentState.IN_TRANSIT: N_("on its way"),
    ShipmentState.OUT_FOR_DELIVERY: N_("out for delivery"),
    ShipmentState.DELIVERED: N_("delivered"),
    ShipmentState.CANCELLED: N_("cancelled"),
    ShipmentState.EXCEPTION: N_("held up"),
    ShipmentState.LOST: N_("lost"),
    ShipmentState.RETURNED_TO_SENDER: N_("back at the shop"),
}


def state_name(voice: Voice, parcel: ParcelView) -> str:
    """Where a parcel stands, in a few words."""
    if parcel.method is DeliveryMethod.PICKUP:
        names = {
            ShipmentState.PACKED: voice.translate("ready for pick-up"),
            ShipmentState.DELIVERED: voice.translate("picked up"),
        }
        if parcel.state in names:
            return names[parcel.state]
    return voice.translate(_STATES[parcel.state])


def carrier_name(voice: Voice, carrier: str) -> str:
    """Who carries it, as people call them."""
    return voice.translate("Xiaoer Express") if carrier == SIMULATED else carrier


def said_text(voice: Voice, said: TrackingView) -> str:
    """One saying about a parcel: the carrier's own words, else what the state means."""
    if said.source == SIMULATED and said.text in _SIMULATED_SAYS:
        return voice.translate(_SIMULATED_SAYS[said.text])
    if said.text:
        return said.text
    return voice.translate(_STATES[said.state]) if said.state is not None else ""


async def timeline(voice: Voice, session: AsyncSession, order: OrderView, parcel: ParcelView) -> OrderStatus:
    """A parcel: where it stands, its number, what was said about it last, what is in it."""
    _ = voice.translate
    rows: list[Row] = []
    if parcel.tracking_number:
        rows.append(Row(_("Parcel"), f"{carrier_name(voice, parcel.carrier)} {parcel.tracking_number}"))
    if parcel.tracking_url:
        rows.append(Row(_("Follow it here"), parcel.tracking_url))
    told = [(said.at, said_text(voice, said)) for said in (await tracking_of(session, parcel.shipment_id))[:LATEST]]
    rows += [Row(voice.time(at), text) for at, text in told if text]
    if parcel.shipped_at is not None and len(rows) <= LATEST:
        rows.append(Row(voice.time(parcel.shipped_at), _("It has left our shop.")))
    buttons: list[Button] = []
    if parcel.state not in (*BEFORE_LEAVING, ShipmentState.DELIVERED, ShipmentState.CANCELLED):
        buttons.append(voice.wish(_("I have received it"), "confirm_receipt", order=order.number))
    return OrderStatus(order.number, state_name(voice, parcel), tuple(rows), contents(parcel), tuple(buttons))


def contents(parcel: ParcelView) -> tuple[Line, ...]:
    """What is in a parcel, as lines without prices."""
    return tuple(Line(one.title, one.label, one.quantity, "", "", one.picture) for one in parcel.lines)


async def pickup_reply(voice: Voice, session: AsyncSession, order: OrderView, parcel: ParcelView) -> Reply:
    """Where goods can be fetched, and the code to say there; that the goods went meanwhile, if they did."""
    _ = voice.translate
    try:
        code = await pickup_code(session, shipment_id=parcel.shipment_id, customer_id=order.customer_id)
    except Refused:
        return Text(_("You have picked up order {order}. Enjoy!").format(order=order.number))
    text = _("Order {order} is ready for pick-up. Your code is {code}; say it at the counter.")
    lines = [text.format(order=order.number, code=f"{code[:3]} {code[3:]}")]
    place = await session.get(Location, parcel.location_id) if parcel.location_id is not None else None
    if place is not None:
        lines.append(_("You find it here: {place}").format(place=place_text(place, voice.language)))
    url = f"{voice.shop.settings.base_url}/pickup/{pickup_token(voice.vault, parcel.shipment_id)}"
    return PayLink("\n".join(lines), _("Show the QR code"), f"{url}?lang={voice.language}", "")


def place_text(place: Location, language: str) -> str:
    """The name and the address of a place, in the language if it has them."""
    parts = (named.get(language) or next(iter(named.values()), "") for named in (place.name, place.address))
    return " · ".join(part for part in parts if part)


async def parcel_said(voice: Voice, session: AsyncSession, announcement: Announcement) -> list[Reply]:
    """An announcement about a parcel in the shopper's words."""
    facts = announcement.facts
    order = await order_view(session, int(facts["order_id"]))
    if "shipment_id" not in facts:
        text = voice.translate("Thank you! I have noted that order {order} has reached you.")
        return [Text(text.format(order=order.number))]
    parcel = await parcel_view(session, int(facts["shipment_id"]))
    if announcement.kind == "parcel_refunded":
        money = Money(int(facts["amount"]), str(facts["currency"]))
        text = voice.translate("We give you {money} back for the parcel of order {order} that did not reach you.")
        return [Text(text.format(money=voice.money(money), order=order.number))]
    return await _SAYINGS[announcement.kind](voice, session, order, parcel)


async def _picked(voice: Voice, _session: AsyncSession, order: OrderView, _parcel: ParcelView) -> list[Reply]:
    return [Text(voice.translate("We are packing order {order} for you now.").format(order=order.number))]


async def _shipped(voice: Voice, session: AsyncSession, order: OrderView, parcel: ParcelView) -> list[Reply]:
    _ = voice.translate
    others = [one for one in (await parcels_of(session, [order.order_id]))[order.order_id] if one.shipped_at]
    if order.fulfilment_state is FulfilmentState.PARTIAL:
        text = _("A part of order {order} is on its way to you; the rest follows.")
    elif len(others) > 1:
        text = _("Another parcel of order {order} is on its way to you.")
    else:
        text = _("Good news: order {order} is on its way to you.")
        shown = order_reply(voice, order, buttons=False)
        return [Text(text.format(order=order.number)), replace(shown, buttons=(_track(voice, order),), replaces="")]
    shown = await timeline(voice, session, order, parcel)
    return [Text(text.format(order=order.number)), replace(shown, buttons=(_track(voice, order),), replaces="")]


async def _out_for_delivery(voice: Voice, _session: AsyncSession, order: OrderView, _: ParcelView) -> list[Reply]:
    text = voice.translate("The courier is bringing your parcel of order {order} now.").format(order=order.number)
    return [Choice(text, (_track(voice, order),))]


async def _delivered(voice: Voice, _session: AsyncSession, order: OrderView, _parcel: ParcelView) -> list[Reply]:
    _ = voice.translate
    text = _("Your parcel of order {order} was delivered. Is everything as it should be?")
    if not order.address_line:
        text = _("You have got all of order {order} here in the chat. Is everything as it should be?")
    return [
        Choice(
            text.format(order=order.number),
            (
                voice.wish(_("I have received it"), "confirm_receipt", order=order.number),
                voice.wish(_("Something is wrong"), "report_problem", order=order.number),
            ),
        )
    ]


async def _exception(voice: Voice, session: AsyncSession, order: OrderView, parcel: ParcelView) -> list[Reply]:
    _ = voice.translate
    text = _("Your parcel of order {order} is held up. We are looking after it.").format(order=order.number)
    said = next((one for one in await tracking_of(session, parcel.shipment_id) if one.applied), None)
    if said is not None and said.text:
        text += "\n" + _("The carrier says: {text}").format(text=said.text)
    return [Choice(text, (_track(voice, order), voice.wish(_("Talk to a person"), "ask_human")))]


async def _lost(voice: Voice, _session: AsyncSession, order: OrderView, _: ParcelView) -> list[Reply]:
    text = voice.translate(
        "We are sorry: your parcel of order {order} is lost. We will send the goods again or give your money back, "
        "and tell you here which."
    )
    return [Choice(text.format(order=order.number), (voice.wish(voice.translate("Talk to a person"), "ask_human"),))]


async def _returned(voice: Voice, _session: AsyncSession, order: OrderView, _: ParcelView) -> list[Reply]:
    text = voice.translate(
        "Your parcel of order {order} could not be delivered and came back to us. We can send it again or give your "
        "money back: just tell a colleague."
    )
    return [Choice(text.format(order=order.number), (voice.wish(voice.translate("Talk to a person"), "ask_human"),))]


async def _again(voice: Voice, _session: AsyncSession, order: OrderView, _parcel: ParcelView) -> list[Reply]:
    text = voice.translate("We are sending the goods of order {order} that did not reach you once more.")
    return [Text(text.format(order=order.number))]


async def _pickup_ready(voice: Voice, session: AsyncSession, order: OrderView, parcel: ParcelView) -> list[Reply]:
    return [await pickup_reply(voice, session, order, parcel)]


async def _picked_up(voice: Voice, _session: AsyncSession, order: OrderView, _parcel: ParcelView) -> list[Reply]:
    return [Text(voice.translate("You have picked up order {order}. Enjoy!").format(order=order.number))]


def _track(voice: Voice, order: OrderView) -> Button:
    return voice.wish(voice.translate("Follow the parcel"), "track_parcel", order=order.number)


_SAYINGS: dict[str, Callable[[Voice, AsyncSession, OrderView, ParcelView], Awaitable[list[Reply]]]] = {
    "parcel_picked": _picked,
    "order_shipped": _shipped,
    "parcel_out_for_delivery": _out_for_delivery,
    "parcel_delivered": _delivered,
    "parcel_exception": _exception,
    "parcel_lost": _lost,
    "parcel_returned": _returned,
    "parcel_sent_again": _again,
    "pickup_ready": _pickup_ready,
    "picked_up": _picked_up,
}
PARCEL_KINDS = frozenset({*_SAYINGS, "parcel_refunded", "receipt_confirmed"})
"""The announcements that are about parcels."""
