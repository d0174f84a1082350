"""The checkout of a deal: a group's or a flash sale's goods, bought by themselves, at their price, paid at once."""

from collections.abc import Sequence
from dataclasses import replace

from bot.flow import Turn
from bot.group_terms import lasting
from bot.questions import Choice
from bot.replies import Choice as Steps
from bot.replies import Row
from bot.skills.flash_sales import leave_line
from bot.skills.showing import payment_options
from bot.voice import Voice
from bot.words import Words
from commerce.carts.actions import CartLineView
from commerce.carts.deals import FlashDeal, GroupDeal, read_deal
from commerce.carts.model import Cart
from commerce.group_buy.model import BelowSize
from commerce.group_buy.queries import campaign_view, group_view
from commerce.orders.model import PaymentMethod
from commerce.orders.quoting import Quote
from commerce.payments.cash import BY_HAND
from foundation.errors import Json, Refused
from foundation.money import Money

_TAKEN = ("allotment.full", "allotment.closed", "stock.short")


class AtOnce(Choice[PaymentMethod]):
    """The ways to pay at once; to another one it says why it will not do."""

    not_now: Choice[PaymentMethod]

    def exact(self, words: Words, shown: Sequence[str]) -> Json | None:
        read = super().exact(words, shown)
        if read is None and self.not_now.spot(words) is not None:
            raise Refused("deal.pay_online")
        return read


def ways_at_once(turn: Turn, prompt: str, ways: Sequence[PaymentMethod], *, default: str | None) -> AtOnce:
    """The question how to pay a deal. Raises Refused("deal.no_way_to_pay")."""
    online = [method for method in ways if method not in BY_HAND]
    if not online:
        raise Refused("deal.no_way_to_pay")
    usual = str(online[0]) if len(online) == 1 else default
    asked = AtOnce(prompt, payment_options(turn, online), default=usual)
    asked.not_now = Choice("", payment_options(turn, [PaymentMethod.COD, PaymentMethod.TRANSFER]))
    return asked


async def deal_of(turn: Turn, cart_id: int) -> GroupDeal | FlashDeal:
    """What this cart is about. Raises Refused("cart.unknown") for one that is gone or ordered."""
    cart = await turn.session.get(Cart, cart_id, populate_existing=True)
    if cart is None or cart.customer_id != turn.customer_id or cart.deal is None:
        raise Refused("cart.unknown", cart=cart_id)
    return read_deal(cart.deal)


def deal_lines(cart: Quote) -> tuple[CartLineView, ...]:
    """The lines of a deal at the price of the deal."""
    if cart.deal is None:
        return cart.lines
    units = {line.variant_id: Money(line.unit, cart.priced.currency) for line in cart.priced.lines}
    return tuple(
        replace(line, unit=units[line.variant_id], total=units[line.variant_id] * line.quantity) for line in cart.lines
    )


async def deal_rows(turn: Turn, cart: Quote) -> list[Row]:
    """What a yes to a deal agrees to beside its price: what it costs otherwise, and what becomes of the money."""
    if cart.deal is None:
        return []
    _ = turn._
    unit = turn.money(cart.lines[0].unit)
    match await deal_of(turn, cart.cart_id):
        case GroupDeal(campaign_id=campaign_id, group_id=group_id):
            campaign = await campaign_view(turn.session, campaign_id=campaign_id, now=turn.now)
            if group_id is None:
                text = _("{size} people within {time}").format(
                    size=campaign.size, time=lasting(turn, campaign.window_minutes)
                )
            else:
                group = await group_view(turn.session, group_id=group_id, now=turn.now, customer_id=turn.customer_id)
                text = _("{missing} more to go until {time}").format(
                    missing=group.missing, time=turn.time(group.deadline) if group.deadline else ""
                )
            fails = (
                _("sent all the same") if campaign.below_size is BelowSize.KEEP else _("all of your money goes back")
            )
            return [Row(_("By yourself"), unit), Row(_("Group"), text), Row(_("If it is not full"), fails)]
        case FlashDeal():
            return [Row(_("Otherwise"), unit), Row(_("To be paid within"), lasting(turn, cart.deal.minutes))]


async def say_missed(turn: Turn, cart: Quote, refused: Refused) -> None:
    """Somebody was faster: say so, with what there is instead. Raises again what is no such thing."""
    if refused.code not in _TAKEN:
        raise refused
    _ = turn._
    deal = await deal_of(turn, cart.cart_id)
    alone = turn.wish(_("Buy it by yourself"), "add_to_cart", variant=cart.lines[0].variant_id)
    nothing = _("Somebody was faster: everything is taken at the moment. Nothing was ordered.")
    if isinstance(deal, FlashDeal):
        again = turn.wish(_("Look again"), "buy_flash", item=deal.item_id)
        turn.say(Steps(nothing, (again, alone)))
        return
    others = turn.wish(_("Other groups"), "join_group", campaign=deal.campaign_id)
    start = turn.wish(_("Start my own group"), "start_group", campaign=deal.campaign_id)
    turn.say(Steps(nothing, (others, start, alone)))


async def deal_ordered(turn: Turn, cart_id: int) -> None:
    """It is ordered: whoever stands in line for it behind this shopper moves up."""
    deal = await deal_of(turn, cart_id)
    if isinstance(deal, FlashDeal):
        await leave_line(turn, deal.item_id)


def not_ordered(voice: Voice, *, is_deal: bool) -> str:
    """What a no at the end leaves."""
    if is_deal:
        return voice.translate("Nothing was ordered, and nothing is kept for you.")
    return voice.translate("Nothing was ordered. Your cart stays as it is.")
