"""What may be chosen at the checkout beside address and payment: how it is sent, and which coupon pays a part of it.

Each has a good answer by itself, which is taken without asking; a button of the summary asks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from bot.coupon_terms import coupon_name
from bot.flow import Turn
from bot.language import N_
from bot.questions import Choice, Option
from bot.replies import Line, Row
from bot.voice import Voice
from commerce.carts.actions import CartView
from commerce.inventory.locations import locations_that_can_fill
from commerce.inventory.model import Location
from commerce.orders.quoting import Quote, choices_of, is_all_digital, quote
from commerce.pricing.actions import terms_of
from commerce.pricing.values import Choices, Priced, PricedLine, RateView
from commerce.pricing.zones import Region
from commerce.promotions.coupons import usable_coupons
from foundation.errors import Json
from foundation.money import Money

MOST_COUPONS = 6
KINDS: Final[Mapping[str, str]] = {
    "promotion": N_("Promotion"),
    "gift": N_("Gift"),
    "coupon": N_("Coupon"),
    "points": N_("Points"),
    "shipping": N_("Shipping"),
}
"""What takes something off, where it has no name of its own."""
TENDERS: Final[Mapping[str, str]] = {"gift_card": N_("Gift card"), "store_credit": N_("Store credit")}


@dataclass(frozen=True, slots=True)
class Way:
    """One way to get the goods: sent at a rate, or fetched at a location."""

    rate_id: int | None = None
    location_id: int | None = None


async def priced_checkout(turn: Turn, view: CartView, where: Region | None) -> tuple[Quote, dict[str, str]]:
    """The cart as it is ordered now, with what was chosen; and the buttons for what could be chosen otherwise.

    Asks only when the shopper presses one of those buttons. A deal is sent, and takes no coupon. `where` None: nothing
    is sent.
    """
    choices = choices_of(view)
    coupon_ids, may_change_coupon = ((), False) if view.deal is not None else await _coupons(turn, choices)
    choices = replace(choices, coupon_ids=coupon_ids)
    cart = await _quote(turn, view, where, choices)
    way, may_change_way = (Way(), False) if where is None else await _delivery(turn, cart)
    if way != Way():
        choices = replace(choices, rate_id=way.rate_id, pickup_location_id=way.location_id)
        cart = await _quote(turn, view, where, choices)
    buttons = {}
    if may_change_way:
        buttons["delivery"] = turn._("Get it another way")
    if may_change_coupon:
        buttons["coupon"] = turn._("Another coupon")
    return cart, buttons


async def nothing_is_sent(turn: Turn, view: CartView) -> bool:
    """Whether the order needs no address: digital goods, and no gift that is sent beside them."""
    if not view.is_digital:
        return False
    return is_all_digital(view, (await _quote(turn, view, None, choices_of(view))).priced)


def price_rows(voice: Voice, priced: Priced) -> list[Row]:
    """What stands between the goods and the total, without what is nothing: so most often no row at all."""
    _ = voice.translate

    def row(label: str, amount: int) -> Row:
        return Row(label, voice.money(Money(amount, priced.currency)))

    off: dict[str, int] = {}
    for line in priced.lines:
        for share in line.shares:
            name = name_of(voice, share.label) or _(KINDS[share.kind])
            off[name] = off.get(name, 0) + share.amount
    rows = [row(_("Goods"), priced.goods)] if priced.discount or priced.shipping or priced.tax_added else []
    rows += [row(name, -amount) for name, amount in off.items() if amount]
    if priced.shipping:
        label = name_of(voice, dict(priced.rate.label)) if priced.rate else ""
        rows.append(row(f"{_('Shipping')} ({label})" if label else _("Shipping"), priced.shipping))
    if priced.tax_added:
        rows.append(row(_("Tax"), priced.tax_added))
    if priced.tenders:
        rows.append(row(_("Total"), priced.total))
        rows += [row(_(TENDERS[tender.kind]), -tender.amount) for tender in priced.tenders]
    return rows


def total_row(voice: Voice, priced: Priced) -> Row:
    """What is to be paid in the end."""
    label = voice.translate("To pay") if priced.tenders else voice.translate("Total")
    return Row(label, voice.money(Money(priced.due, priced.currency)))


async def delivery_row(turn: Turn, cart: Quote) -> list[Row]:
    """How it comes, where that is not simply a free parcel."""
    if cart.pickup_location_id is not None:
        place = await turn.session.get_one(Location, cart.pickup_location_id)
        label = turn._("Pick up at {place}").format(place=name_of(turn, place.name))
        return [Row(turn._("Delivery"), label)]
    rate = cart.priced.rate
    return [Row(turn._("Delivery"), _rate_text(turn, rate, cart.priced.currency))] if rate else []


def gift_line(voice: Voice, cart: Quote, line: PricedLine) -> Line:
    """What comes as a gift."""
    gift = cart.gifts[line.variant_id]
    free = voice.money(Money(line.total, cart.priced.currency))
    return Line(gift.title, gift.label, line.quantity, free, free, gift.picture)


def name_of(voice: Voice, label: Json) -> str:
    """A label in the shopper's language, else in the other one."""
    return str(label.get(voice.language) or label.get("zh") or label.get("en") or "") if label else ""


async def _quote(turn: Turn, view: CartView, where: Region | None, choices: Choices) -> Quote:
    return await quote(
        turn.session,
        customer_id=turn.customer_id,
        language=turn.language,
        now=turn.now,
        destination=where,
        choices=choices,
        terms=terms_of(turn.shop.settings),
        view=view,
    )


async def _coupons(turn: Turn, choices: Choices) -> tuple[tuple[int, ...] | None, bool]:
    """The coupons for this cart, and whether there are any to choose from."""
    held = await usable_coupons(turn.session, customer_id=turn.customer_id, now=turn.now)
    if not held:
        return choices.coupon_ids, False
    _ = turn._
    options: list[Option[tuple[int, ...] | None]] = [
        Option("best", _("The best for me"), None, also=("最划算", "最优惠", "the best"))
    ]
    options += [Option(str(one.coupon_id), coupon_name(turn, one), (one.coupon_id,)) for one in held[:MOST_COUPONS]]
    options.append(Option("none", _("No coupon"), (), also=("不用券", "不用优惠券", "without a coupon")))
    so_far = next((option.key for option in options if option.value == choices.coupon_ids), None)
    if so_far is None:  # several at once were chosen for the cart
        options.insert(0, Option("chosen", _("As it is"), choices.coupon_ids))
    asked = Choice(_("Which coupon shall I use?"), options, default=so_far or "chosen")
    return await turn.ask("coupon", asked), True


async def _delivery(turn: Turn, cart: Quote) -> tuple[Way, bool]:
    """How it comes: by default the cheapest parcel."""
    _ = turn._
    currency = cart.priced.currency
    options = [
        Option(
            f"rate-{rate.rate_id}",
            _rate_text(turn, rate, currency),
            Way(rate.rate_id),
            also=tuple(filter(None, (name_of(turn, dict(rate.label)),))),
        )
        for rate in cart.priced.rates
    ]
    if not options and cart.priced.ships_there:
        options = [Option("parcel", _("By parcel"), Way(), also=("快递", "寄", "parcel", "send"))]
    for place in [] if cart.deal else await locations_that_can_fill(turn.session, cart.holding, pickup=True):
        label = _("Pick up at {place}").format(place=name_of(turn, dict(place.name)))
        way = Way(location_id=place.location_id)
        also = (name_of(turn, dict(place.name)), "自提", "自取", "pick up")
        options.append(Option(f"pickup-{place.location_id}", label, way, also=also))
    if len(options) < 2:
        return Way(), False
    usual = f"rate-{cart.priced.rate.rate_id}" if cart.priced.rate else options[0].key
    way = await turn.ask("delivery", Choice(_("How would you like to get it?"), options, default=usual))
    return (Way() if cart.priced.rate and way == Way(cart.priced.rate.rate_id) else way), True


def _rate_text(voice: Voice, rate: RateView, currency: str) -> str:
    """Express · ¥12.00 · 1–2 days"""
    _ = voice.translate
    cost = voice.money(Money(rate.amount, currency)) if rate.amount else _("free")
    parts = [name_of(voice, dict(rate.label)) or _("By parcel"), cost]
    if rate.days_min is not None and rate.days_max is not None:
        parts.append(_("{least} to {most} days").format(least=rate.days_min, most=rate.days_max))
    return " · ".join(parts)
