"""Orders after they were placed: where they stand, the pay link again, cancelling."""

import re
from collections.abc import Callable

from bot.flow import Fact, Turn
from bot.language import gap
from bot.questions import Choice as Reasons
from bot.questions import Option, Pick
from bot.replies import Choice
from bot.skills.showing import can_cancel, is_payable, order_reply, pay_link, status_name
from commerce.orders.actions import cancel_order as cancel
from commerce.orders.model import PaymentState
from commerce.orders.policy import policy_of
from commerce.orders.queries import OrderView, order_views, their_order
from foundation.errors import Refused

LATEST = 5
_LATEST = re.compile(
    r"刚[才刚下买]|上一单|最[近新]那?[一个]?单|\b(?:just (?:placed|ordered|made|bought)|last|latest|most recent)\b",
    re.IGNORECASE,
)
_RETURN = re.compile(r"退货|换货|退换|售后|维修|返修|\b(return|exchange|repair|claim)\b", re.IGNORECASE)


async def order_status(turn: Turn) -> None:
    """Where an order stands: the one that is named, else the latest, with the others to press."""
    named = await _named_order(turn)
    if named is not None:
        turn.focus["order"] = named.number
        turn.say(order_reply(turn, named))
        return
    orders = await order_views(turn.session, customer_id=turn.customer_id, limit=LATEST)
    if not orders:
        raise Refused("orders.none")
    turn.focus["order"] = orders[0].number
    turn.say(order_reply(turn, orders[0]))
    if len(orders) > 1:
        others = tuple(turn.wish(_label(turn, order), "order_status", order=order.number) for order in orders[1:])
        turn.say(Choice(turn._("Your other orders:"), others))


async def pay_order(turn: Turn) -> None:
    """The pay link of an order that still waits for its payment; "how can I pay?" without one asks for the ways."""
    try:
        order = await which_order(
            turn, is_payable, question=turn._("Which order would you like to pay?"), none="orders.nothing_to_pay"
        )
    except Refused as refused:
        if refused.code != "orders.nothing_to_pay" or turn.words is None or turn.words.is_statement:
            raise
        turn.go_on_with("ask_payment_methods")
        return
    turn.focus["order"] = order.number
    if not is_payable(order):
        raise Refused("orders.not_payable", order=order.number, status=status_name(turn, order))
    turn.say(pay_link(turn, order))


async def cancel_order(turn: Turn) -> None:
    """Cancel an order that has not left yet, after a plain yes to what happens with the money."""
    _ = turn._
    if turn.words is not None and _RETURN.search(turn.words.heard.text):
        turn.pass_on("cancel_return")
        return
    order = await which_order(
        turn, can_cancel, question=_("Which order shall I cancel?"), none="orders.nothing_to_cancel"
    )
    if not can_cancel(order):
        raise Refused("orders.not_cancellable", order=order.number, status=status_name(turn, order))
    money = turn.money(order.captured)
    question = _("Shall I cancel order {order}?").format(order=order.number)
    if order.payment_state is PaymentState.PAID:
        question += gap(question) + _("You get {money} back.").format(money=money)
    facts = {"order": Fact([order.number, order.captured.amount], _("you get {money} back").format(money=money))}
    reason = await cancel_reason(turn)
    if await turn.confirm("ok", question, facts=facts, yes=_("Cancel the order"), no=_("Keep it")):
        await cancel(turn.session, order_id=order.order_id, by="shopper", reason=reason, now=turn.now)
    else:
        turn.say(_("Good, the order stays as it is."))


async def _named_order(turn: Turn) -> OrderView | None:
    """The order whose number was said or is on the button. Raises Refused("order.unknown")."""
    number = turn.args.get("order")
    if number is None:
        number = await turn.once("number", lambda: _read_number(turn))
    if not number:
        return None
    return await their_order(turn.session, number=number, customer_id=turn.customer_id)


async def _read_number(turn: Turn) -> str:
    return str(turn.words.take("order_number") or "") if turn.words is not None else ""


async def _means_latest(turn: Turn) -> bool:
    return turn.words is not None and _LATEST.search(turn.words.heard.text) is not None


async def which_order(
    turn: Turn, fits: Callable[[OrderView], bool], *, question: str, none: str, usual: str | None = None
) -> OrderView:
    """The order that was named, else one that fits: the latest if that is said, else the `usual` one (its number)."""
    named = await _named_order(turn)
    if named is not None:
        return named
    orders = await order_views(turn.session, customer_id=turn.customer_id, limit=20)
    options = [Option(o.number, _label(turn, o), o, ("order_number", o.number)) for o in orders if fits(o)]
    pick = Pick(question, options[:LATEST], none=none, named="")
    if await turn.once("latest", lambda: _means_latest(turn)):
        usual = options[0].key
    if usual in pick.options:
        pick.default = usual
    return await turn.ask("order", pick)


def _label(turn: Turn, order: OrderView) -> str:
    return f"{order.number}  {turn.money(order.total)}  {status_name(turn, order)}"


async def cancel_reason(turn: Turn) -> str:
    """Why something is cancelled, where the shop wants one of its reasons; else what is written down."""
    reasons = (await policy_of(turn.session)).cancel_reasons
    if not reasons:
        return "asked in the chat"
    options = [Option(str(number), turn._(reason), reason) for number, reason in enumerate(reasons)]
    return await turn.ask("reason", Reasons(turn._("May I ask why?"), options))
