"""Paying: which ways there are, a transfer that was sent, money that comes back."""

from datetime import timedelta
from typing import Final

from bot.flow import Turn
from bot.language import N_
from bot.questions import Choice, Option, Pick
from bot.replies import Button, Text
from bot.replies import Choice as Steps
from bot.skills.returning import awaits_parcel
from bot.skills.showing import is_payable, pay_link, ways_to_pay
from bot.words import Words
from commerce.orders.actions import order_of
from commerce.orders.model import PaymentMethod
from commerce.orders.queries import OrderView, order_view, order_views
from commerce.payments.methods import OfferedMethod
from commerce.payments.model import RefundState
from commerce.payments.queries import RefundView, refunds_of
from commerce.payments.transfers import report_transfer as report
from conversations.photos import recent_photos
from foundation.errors import Json, Refused

LATEST = 5
SAME_TALK = timedelta(hours=2)
"""A photo sent so long ago may be the slip of the transfer that is told of now."""

METHODS: Final = {
    PaymentMethod.COD: N_("Cash on delivery: pay when the parcel is at your door."),
    PaymentMethod.SIMULATOR: N_("Online: you pay on our pay page, within {time}."),
    PaymentMethod.STRIPE: N_("By card or wallet online: you pay on a page of Stripe, within {time}."),
    PaymentMethod.WECHAT: N_("WeChat Pay: scan a code, or pay in WeChat on your phone, within {time}."),
    PaymentMethod.ALIPAY: N_("Alipay: you pay on its page or in its app, within {time}."),
    PaymentMethod.TELEGRAM: N_("In Telegram, by card: I send you an invoice here, you pay it within {time}."),
    PaymentMethod.STARS: N_("Telegram Stars, for digital goods: I send you an invoice here, you pay it within {time}."),
    PaymentMethod.TRANSFER: N_("Bank transfer or QR code: we show you the account; send it within {time}."),
}
STATES: Final = {
    RefundState.REQUESTED: N_("being paid back"),
    RefundState.SUBMITTED: N_("being paid back"),
    RefundState.FAILED: N_("delayed; we keep trying"),
    RefundState.SUCCEEDED: N_("paid back"),
    RefundState.CANCELLED: N_("called off"),
}


class Slip(Choice[str]):
    """What is known of a transfer: any words, or the button for none. The bank's number of it is nobody's secret."""

    free_text = True

    def __init__(self, prompt: str, none: str) -> None:
        super().__init__(prompt, [Option("none", none, "")])

    def free(self, words: Words) -> Json | None:
        if words.heard.intent in ("deny", "stop"):
            words.take_everything()
            return "none"
        return words.take_everything()[:200] or None

    def holds(self, stored: Json) -> bool:
        return isinstance(stored, str)

    def value(self, stored: Json) -> str:
        return "" if stored == "none" else str(stored)


async def ask_payment_methods(turn: Turn) -> None:
    """How one can pay here."""
    _ = turn._
    offered = ways_to_pay(turn)
    lines = [
        _("You can pay like this:"),
        *(f"· {_(METHODS[one.method]).format(time=_time(turn, one))}" for one in offered),
    ]
    lines.append(_("Gift cards and store credit pay first, if you have any. You choose when you check out."))
    turn.say(Steps("\n".join(lines), (turn.wish(_("My cart"), "show_cart"), turn.wish(_("Check out"), "checkout"))))


async def pay_support(turn: Turn) -> None:
    """Something about a payment is wrong: where to look, and who helps. Telegram wants every bot to say this."""
    _ = turn._
    text = _(
        "Is something wrong with a payment? Look how your order or your refund stands, or ask for a colleague: they see"
        " every payment and can give money back. We answer for it, not Telegram."
    )
    buttons = (
        turn.wish(_("My orders"), "order_status"),
        turn.wish(_("My refunds"), "refund_status"),
        turn.wish(_("Talk to a person"), "ask_human"),
    )
    turn.say(Steps(text, buttons))


async def terms(turn: Turn) -> None:
    """On which terms one buys here. Telegram wants every bot that takes payments to say this too."""
    _, settings = turn._, turn.shop.settings
    text = _("You buy from {shop}. For the goods, the delivery and the payment we answer, not Telegram.")
    text = text.format(shop=settings.shop_name(turn.language))
    if settings.terms_url:
        text += "\n" + _("Our terms: {url}").format(url=settings.terms_url)
    buttons = (
        turn.wish(_("What can I send back?"), "ask_return_policy"),
        turn.wish(_("What does sending cost?"), "ask_shipping_cost"),
        turn.wish(_("Talk to a person"), "ask_human"),
    )
    turn.say(Steps(text, buttons))


async def report_transfer(turn: Turn) -> None:
    """The shopper has sent the money: written down at once for a colleague, then what they know of it is added."""
    _ = turn._
    try:
        order = await _waiting(turn)
    except Refused:
        if not await awaits_parcel(turn):
            raise
        turn.pass_on("send_return")  # no money is awaited: what was sent are goods that come back
        return
    turn.focus["order"] = order.number
    if turn.reached and turn.words is not None and not turn.words.is_statement:
        turn.go_on_with("order_status", order=order.number)  # "is my transfer there?"
        return
    if order.payment_method is not PaymentMethod.TRANSFER:
        turn.say(_("Order {order} is paid on its pay page, not by transfer.").format(order=order.number))
        turn.say(pay_link(turn, order))
        return
    await turn.once("told", lambda: _tell(turn, order, ""))
    question = _(
        "Thank you! Do you have the bank's reference number, or its last digits? A photo of the slip is fine too."
    )
    said = await turn.ask("slip", Slip(question, _("I have none at hand")))
    await _tell(turn, order, said)
    text = _("Noted. A colleague looks for {money} for order {order}, and I tell you here as soon as it is found.")
    turn.say(
        Steps(
            text.format(money=turn.money(order.total), order=order.number),
            (turn.wish(_("Where my order stands"), "order_status", order=order.number),),
        )
    )


async def refund_status(turn: Turn) -> None:
    """Where the shopper's money is that goes back."""
    _ = turn._
    number = await _named(turn)
    refunds = await refunds_of(turn.session, customer_id=turn.customer_id, number=number, limit=LATEST)
    if not refunds:
        raise Refused("payments.no_refund" if number is None else "payments.no_refund_of", order=number)
    turn.focus["order"] = refunds[0].number
    numbers = list(dict.fromkeys(refund.number for refund in refunds))
    buttons: tuple[Button, ...] = tuple(
        turn.wish(_("Order {order}").format(order=one), "order_status", order=one) for one in numbers[:LATEST]
    )
    turn.say(Steps("\n".join(_refund_line(turn, refund) for refund in refunds), buttons))
    if any(refund.state in (RefundState.REQUESTED, RefundState.SUBMITTED) for refund in refunds):
        turn.say(Text(_("Banks can take a few days. I tell you here as soon as we know that it went through.")))


def _refund_line(turn: Turn, refund: RefundView) -> str:
    _ = turn._
    ways = {
        "credit": _("to your gift card or store credit"),
        "cod": _("by hand"),
        "transfer": _("by bank transfer"),
    }
    way = _("to {card}").format(card=refund.card) if refund.card else ways.get(refund.provider, _("the way you paid"))
    when = turn.time(refund.settled_at or refund.created_at)
    line = _("Order {order}: {money} {way}, {state} ({time}).")
    return line.format(
        order=refund.number, money=turn.money(refund.money), way=way, state=_(STATES[refund.state]), time=when
    )


async def _tell(turn: Turn, order: OrderView, words: str) -> Json:
    photos = await recent_photos(turn.session, customer_id=turn.customer_id, since=turn.now - SAME_TALK)
    told = await report(
        turn.session,
        order_id=order.order_id,
        customer_id=turn.customer_id,
        words=words,
        photos=photos,
        now=turn.now,
    )
    return told.id


async def _waiting(turn: Turn) -> OrderView:
    """The order whose money was sent: the one named, else the one that waits for a transfer."""
    number = await _named(turn)
    if number is not None:
        order = await order_view(turn.session, number)
        if not is_payable(order):
            raise Refused("payments.no_transfer")
        return order
    orders = await order_views(turn.session, customer_id=turn.customer_id, limit=20)
    waiting = [order for order in orders if is_payable(order)]
    by_transfer = [order for order in waiting if order.payment_method is PaymentMethod.TRANSFER] or waiting
    options = [
        Option(order.number, f"{order.number}  {turn.money(order.total)}", order, ("order_number", order.number))
        for order in by_transfer
    ]
    question = turn._("For which order have you sent the money?")
    return await turn.ask("order", Pick(question, options[:LATEST], none="payments.no_transfer", named=""))


async def _named(turn: Turn) -> str | None:
    """The number of an order of theirs that was said or is on the button. Raises Refused("order.unknown")."""
    number = turn.args.get("order")
    if number is None:
        number = await turn.once("number", lambda: _read_number(turn))
    if not number:
        return None
    return (await order_of(turn.session, number=number, customer_id=turn.customer_id)).number


async def _read_number(turn: Turn) -> str:
    return str(turn.words.take("order_number") or "") if turn.words is not None else ""


def _time(turn: Turn, offered: OfferedMethod) -> str:
    if offered.unpaid_for is None:
        return ""
    minutes = int(offered.unpaid_for.total_seconds() // 60)
    if minutes < 120:
        return turn._("{count} minutes").format(count=minutes)
    return turn._("{count} hours").format(count=minutes // 60)
