"""Promotions in the chat: what is on, what is missing to the next one, and why something costs what it costs."""

from collections.abc import Sequence

from bot.flow import Turn
from bot.promotion_terms import name_of, next_text, promotion_line, reason_text
from bot.replies import Button, Cart, Choice, Row
from bot.skills.choosing import priced_cart
from bot.skills.showing import cart_reply, named
from commerce.carts.actions import CartView, cart_view
from commerce.catalog.queries import variant_views
from commerce.flash_sales.queries import sales_for
from commerce.group_buy.queries import campaigns_now
from commerce.orders.actions import order_of
from commerce.orders.model import Order
from commerce.orders.queries import OrderView, order_view, order_views
from commerce.pricing.actions import promotions_now
from commerce.pricing.values import Priced, Step
from commerce.promotions.rules import Gift, Promotion
from foundation.errors import Refused
from foundation.money import Money

MOST_SHOWN = 8
MOST_HINTS = 2
_OF_A_PIECE = ("group_price", "flash_price", "price_list", "member_price")
_TAKES_OFF = (*_OF_A_PIECE, "promotion", "coupon", "points", "free_shipping")


async def ask_promotions(turn: Turn) -> None:
    """What is on for this shopper, and what is missing to the next of it."""
    _ = turn._
    found = (await promotions_now(turn.session, customer_id=turn.customer_id, now=turn.now))[:MOST_SHOWN]
    coupons = turn.wish(_("Coupons"), "show_coupons")
    deals = await _deals(turn)
    if not found and not deals:
        around = turn.wish(_("Look around"), "browse_categories")
        turn.say(Choice(_("No promotion is on at the moment. You may have a coupon, though."), (coupons, around)))
        return
    titles = await _gift_titles(turn, found)
    currency = turn.shop.settings.currency
    lines = [promotion_line(turn, one, currency=currency, titles=titles) for one in found]
    lines += [line for line, _button in deals]
    text = "\n".join([_("This is on at the moment:"), *(f"• {line}" for line in lines)])
    view = await cart_view(turn.session, customer_id=turn.customer_id, language=turn.language)
    buttons = [*(button for _line, button in deals), coupons]
    if view.lines:
        priced = await priced_cart(turn)
        hints = [_hint(turn, step, view.total.currency) for step in within_reach(priced)] if priced else []
        text += "".join(f"\n{hint}" for hint in hints)
        buttons.insert(0, turn.wish(_("Show the cart"), "show_cart"))
    turn.say(Choice(text, tuple(buttons)))


async def _deals(turn: Turn) -> list[tuple[str, Button]]:
    """Buying together and flash sales, each in a line with the button that shows it."""
    _ = turn._
    made = []
    if groups := await campaigns_now(turn.session, now=turn.now, limit=MOST_SHOWN):
        names = _(", ").join(name_of(turn, campaign.name) for campaign in groups)
        made.append((_("Cheaper together: {names}").format(names=names), turn.wish(_("Group-buys"), "show_group_buys")))
    sales = await sales_for(turn.session, customer_id=turn.customer_id, language=turn.language, now=turn.now)
    if sales:
        names = _(", ").join(name_of(turn, sale.name) for sale in sales[:MOST_SHOWN])
        made.append((_("Flash sales: {names}").format(names=names), turn.wish(_("Flash sales"), "show_flash_sales")))
    return made


async def explain_price(turn: Turn) -> None:
    """How a price came about, rule by rule: of the order that is named, else of the cart, else of the latest order."""
    order = await _named_order(turn)
    if order is None:
        priced = await priced_cart(turn)
        if priced is not None:
            _explain_cart(turn, priced)
            return
        mine = await order_views(turn.session, customer_id=turn.customer_id, limit=1)
        if not mine:
            raise Refused("cart.empty")
        order = await order_of(turn.session, number=mine[0].number, customer_id=turn.customer_id)
    turn.focus["order"] = order.number
    _explain_order(turn, order, await order_view(turn.session, order.id))


async def cart_with_savings(turn: Turn, view: CartView, title: str) -> Cart:
    """The cart as it is shown, with what is taken off it and what a little more would bring."""
    reply = cart_reply(turn, view, title)
    if not view.lines or not all(line.on_sale for line in view.lines):
        return reply
    priced = await priced_cart(turn, cart=view)
    if priced is None:
        return reply
    currency = priced.currency
    rows = [_row(turn, step, currency) for step in priced.trace if step.applied and _is_told(step)]
    rows += [
        Row(turn._("{money} more").format(money=turn.money(Money(int(step.facts["missing"]), currency))),
            next_text(turn, step, currency=currency))
        for step in within_reach(priced)
    ]  # fmt: skip
    if not rows:
        return reply
    why = turn.wish(turn._("Why this price?"), "explain_price")
    total = Row(reply.total.label, turn.money(Money(priced.total, currency)))
    return Cart(reply.title, reply.lines, total, (*reply.buttons, why), reply.replaces, tuple(rows))


def within_reach(priced: Priced) -> list[Step]:
    """The promotions that would give something, or more, for a little more: what is missing least first."""
    open_ones = [
        step
        for step in priced.trace
        if step.rule in ("promotion", "gift", "free_shipping")
        and "missing" in step.facts
        and "from_amount" in step.facts
    ]
    return sorted(open_ones, key=lambda step: int(step.facts["missing"]))[:MOST_HINTS]


def _explain_cart(turn: Turn, priced: Priced) -> None:
    _ = turn._
    bought = sum(line.unit * line.quantity for line in priced.lines if not line.is_gift)
    lines = _story(turn, priced.trace, Money(bought, priced.currency))
    total = turn.money(Money(priced.total, priced.currency))
    lines += _tenders(turn, priced.trace, Money(priced.due, priced.currency))
    lines += _not_counted(turn, priced.trace, priced.currency)
    if not priced.shipping_known:
        lines.append(_("What sending costs I can say once I know the address."))
    head = _("Your cart costs {money}. Here is how it adds up:").format(money=total)
    steps = (turn.wish(_("Check out"), "checkout"), turn.wish(_("What is on?"), "ask_promotions"))
    turn.say(Choice("\n".join([head, *lines]), steps))


def _explain_order(turn: Turn, order: Order, view: OrderView) -> None:
    """By its stored lines and trace; what was changed or cancelled later is a line of its own, so that it adds up."""
    _ = turn._
    currency = order.currency
    trace = [Step.from_json(step) for step in order.trace]
    bought = sum(line.unit.amount * line.quantity for line in view.lines if not line.is_gift)
    lines = _story(turn, trace, Money(bought, currency))
    added = sum(step.amount for step in trace if step.rule in ("shipping", "tax") and step.why != "included")
    taken = sum(step.amount for step in trace if step.applied and step.rule in _TAKES_OFF and not _is_list(step))
    later = order.total_amount - (bought + added - taken)
    if later:
        lines.append(_signed(turn, _("Changed or cancelled later"), Money(later, currency)))
    total = turn.money(order.total)
    lines += _not_counted(turn, trace, currency)
    head = _("Order {order} costs {money}. Here is how it adds up:").format(order=order.number, money=total)
    turn.say(Choice("\n".join([head, *lines]), (turn.wish(_("Show the order"), "order_status", order=order.number),)))


def _story(turn: Turn, trace: Sequence[Step], bought: Money) -> list[str]:
    """From what the goods cost by themselves, each rule that counted."""
    _ = turn._
    currency = bought.currency
    listed = sum(step.amount for step in trace if step.applied and _is_list(step))
    lines = [_point(turn, _("Goods"), turn.money(Money(bought.amount + listed, currency)))]
    for step in trace:
        if not step.applied:
            continue
        if step.rule in _TAKES_OFF:
            lines.append(_signed(turn, _step_name(turn, step), Money(-step.amount, currency)))
        elif step.rule == "gift":
            lines.append(_point(turn, _step_name(turn, step), _("a gift for you")))
        elif step.rule == "shipping":
            lines.append(_signed(turn, _shipping_name(turn, step), Money(step.amount, currency)))
        elif step.rule == "tax" and step.amount:
            percent = f"{int(step.facts['ppm']) / 10_000:g}%"
            if step.why == "included":
                tax = turn.money(Money(step.amount, currency))
                lines.append("• " + _("{money} of it is tax ({percent})").format(money=tax, percent=percent))
            else:
                name = _("Tax ({percent})").format(percent=percent)
                lines.append(_signed(turn, name, Money(step.amount, currency)))
    return lines


def _tenders(turn: Turn, trace: Sequence[Step], due: Money) -> list[str]:
    _ = turn._
    names = {"gift_card": _("Your gift card pays"), "store_credit": _("Your store credit pays")}
    paid = [step for step in trace if step.rule == "tender"]
    if not paid:
        return []
    lines = [f"• {names[step.why]} {turn.money(Money(step.amount, due.currency))}" for step in paid]
    return [*lines, _("What is left to pay is {money}.").format(money=turn.money(due))]


def _not_counted(turn: Turn, trace: Sequence[Step], currency: str) -> list[str]:
    """The rules that did not count, each with its reason."""
    rules = ("promotion", "gift", "coupon", "points", "free_shipping", "price_list", "member_price")
    told = [
        _point(turn, _step_name(turn, step), reason)
        for step in trace
        if not step.applied and step.rule in rules and (reason := reason_text(turn, step, currency=currency))
    ]
    return [turn._("Not counted:"), *told[:MOST_SHOWN]] if told else []


def _signed(turn: Turn, name: str, money: Money) -> str:
    sign = "−" if money.amount < 0 else "+"
    return _point(turn, name, sign + turn.money(Money(abs(money.amount), money.currency)))


def _point(turn: Turn, name: str, text: str) -> str:
    return "• " + turn._("{name}: {terms}").format(name=name, terms=text)


def _row(turn: Turn, step: Step, currency: str) -> Row:
    if step.rule == "gift":
        return Row(_step_name(turn, step), turn._("a gift for you"))
    sign = "−" if step.amount >= 0 else "+"
    return Row(_step_name(turn, step), f"{sign}{turn.money(Money(abs(step.amount), currency))}")


def _hint(turn: Turn, step: Step, currency: str) -> str:
    missing = turn.money(Money(int(step.facts["missing"]), currency))
    gain = next_text(turn, step, currency=currency)
    return turn._("With {money} more in your cart you get: {gain}.").format(money=missing, gain=gain)


def _step_name(turn: Turn, step: Step) -> str:
    _ = turn._
    names = {
        "group_price": _("Group price"),
        "flash_price": _("Flash sale price"),
        "price_list": _("Special price"),
        "member_price": _("Member price"),
        "coupon": _("Coupon"),
        "points": _("Points"),
        "gift": _("Gift"),
        "free_shipping": _("Free shipping"),
    }
    name = name_of(turn, step.label)
    if step.rule == "coupon" and name:
        return _("Coupon “{coupon}”").format(coupon=name)
    if step.rule == "points" and "spent" in step.facts:
        return _("{points} points").format(points=step.facts["spent"])
    if step.rule in ("group_price", "flash_price") and name:
        return _("{kind} “{name}”").format(kind=names[step.rule], name=name)
    return name or names.get(step.rule, _("Promotion"))


def _shipping_name(turn: Turn, step: Step) -> str:
    _ = turn._
    if step.why == "pickup":
        return _("You fetch it yourself")
    if step.why in ("free_goods", "free_from"):
        return _("Shipping is free")
    name = name_of(turn, step.label)
    return _("Shipping ({name})").format(name=name) if name else _("Shipping")


def _is_list(step: Step) -> bool:
    """Whether it is already in the price of one piece, as a list or a deal says it."""
    return step.rule in _OF_A_PIECE


def _is_told(step: Step) -> bool:
    return step.rule in (*_OF_A_PIECE, "promotion", "gift", "coupon", "points")


async def _gift_titles(turn: Turn, promotions: Sequence[Promotion]) -> dict[int, str]:
    gifts = [rule.variant_id for one in promotions if isinstance(rule := one.rule, Gift)]
    if not gifts:
        return {}
    views = await variant_views(turn.session, gifts, language=turn.language, also_unavailable=True)
    return {variant_id: named(view) for variant_id, view in views.items()}


async def _named_order(turn: Turn) -> Order | None:
    """The order whose number was said or is on the button. Raises Refused("order.unknown")."""
    number = turn.args.get("order")
    if number is None:
        number = await turn.once("number", lambda: _read_number(turn))
    return await order_of(turn.session, number=number, customer_id=turn.customer_id) if number else None


async def _read_number(turn: Turn) -> str:
    return str(turn.words.take("order_number") or "") if turn.words is not None else ""
