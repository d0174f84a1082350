"""How goods look in replies: cards, the cart, an order. Shared by the skills that show them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from bot.flow import Turn
from bot.language import N_
from bot.questions import Option
from bot.replies import Button, Card, Cart, Choice, Line, OrderStatus, PayLink, Row
from bot.voice import Voice
from commerce.carts.actions import CartLineView, CartView
from commerce.catalog.queries import ProductCard, VariantView
from commerce.orders.model import ChangeState, DeliveryMethod, FulfilmentState, HoldReason, PaymentMethod, PaymentState
from commerce.orders.model import OrderStatus as Status
from commerce.orders.queries import OrderLineView, OrderView
from commerce.payments.actions import pay_token
from commerce.payments.methods import OfferedMethod, offered_methods
from foundation.money import Money, part_of

ARRIVED = (FulfilmentState.DELIVERED, FulfilmentState.PART_RETURNED)
CART = "cart"
MOST_OTHERS = 4


def price(voice: Voice, low: Money, high: Money | None = None) -> str:
    """A price, or "from" the lowest of several."""
    text = voice.money(low)
    return text if high is None or high == low else voice.translate("from {price}").format(price=text)


def named(thing: VariantView | CartLineView) -> str:
    """Title and variant of something in one phrase."""
    return f"{thing.title} ({thing.label})" if thing.label else thing.title


def product_in_list(turn: Turn, product: ProductCard, *, note: str = "") -> Card:
    """A product in a list of results. `note` says why it is there."""
    _, its = turn._, product.product_id
    can_be_had = (turn.wish(_("Add to cart"), "add_to_cart", product=its), *to_order(turn, its))
    sold_out = (turn.wish(_("Tell me when it is back"), "notify_in_stock", product=its),)
    return Card(
        title=product.title,
        body="\n".join(filter(None, (note, "" if product.in_stock else _("Sold out at the moment")))),
        picture=product.picture,
        price=price(turn, product.price_from, product.price_to),
        buttons=(
            turn.wish(_("Details"), "show_product", product=its),
            *(can_be_had if product.in_stock else sold_out),
        ),
    )


def to_order(turn: Turn, product_id: int) -> tuple[Button, ...]:
    """While something is looked for that goes into an order: the button that puts this product into it."""
    if "add_to_order" not in turn.under_way or "order" not in turn.focus:
        return ()
    label = turn._("Add to order {order}").format(order=turn.focus["order"])
    return (turn.wish(label, "add_to_order", product=product_id),)


def say_sold_out(
    turn: Turn, product_id: int, title: str, *, variant_id: int | None = None, others: Sequence[VariantView] = ()
) -> None:
    """Something cannot be had now: offer to tell when it is back, the other kinds of it, and what is like it."""
    _ = turn._
    which = {"product": product_id} if variant_id is None else {"variant": variant_id}
    buttons = [turn.wish(_("Tell me when it is back"), "notify_in_stock", **which)]
    buttons += [turn.wish(one.label, "add_to_cart", variant=one.variant_id) for one in others[:MOST_OTHERS]]
    buttons.append(turn.wish(_("Similar"), "similar_products", product=product_id))
    turn.focus["product"] = product_id
    turn.say(Choice(_("{title} is sold out at the moment.").format(title=title), tuple(buttons)))


def goods(voice: Voice, lines: Sequence[CartLineView | OrderLineView]) -> tuple[Line, ...]:
    """The lines of a cart or an order before what is taken off, which has rows of its own; a gift as it is."""
    return tuple(
        Line(
            title=line.title,
            label=line.label,
            quantity=line.quantity,
            unit=voice.money(line.unit),
            total=voice.money(line.total if getattr(line, "is_gift", False) else line.unit * line.quantity),
            picture=line.picture,
        )
        for line in lines
    )


def cart_reply(voice: Voice, view: CartView, title: str) -> Cart:
    """The cart with its next steps."""
    buttons = (
        voice.wish(voice.translate("Check out"), "checkout"),
        voice.wish(voice.translate("Keep looking"), "search_products"),
        voice.wish(voice.translate("Empty the cart"), "change_cart", empty=1),
    )
    total = Row(voice.translate("Total"), voice.money(view.total))
    return Cart(title, goods(voice, view.lines), total, buttons, replaces=CART)


METHODS: Final[Mapping[PaymentMethod, str]] = {
    PaymentMethod.COD: N_("Cash on delivery"),
    PaymentMethod.SIMULATOR: N_("Pay online"),
    PaymentMethod.STRIPE: N_("Pay by card online"),
    PaymentMethod.WECHAT: N_("WeChat Pay"),
    PaymentMethod.ALIPAY: N_("Alipay"),
    PaymentMethod.TELEGRAM: N_("Pay here in Telegram"),
    PaymentMethod.STARS: N_("Telegram Stars"),
    PaymentMethod.TRANSFER: N_("Bank transfer"),
    PaymentMethod.CREDIT: N_("Store credit"),
}
_METHOD_WORDS: Final[Mapping[PaymentMethod, tuple[str, ...]]] = {
    PaymentMethod.COD: ("cash", "cod", "现金", "货到"),
    PaymentMethod.SIMULATOR: ("online", "card", "在线", "网上", "微信", "支付宝", "刷卡"),
    PaymentMethod.STRIPE: ("stripe", "card", "刷卡", "信用卡"),
    PaymentMethod.WECHAT: ("微信", "wechat", "weixin"),
    PaymentMethod.ALIPAY: ("支付宝", "alipay"),
    PaymentMethod.TELEGRAM: ("telegram", "card", "电报", "刷卡"),
    PaymentMethod.STARS: ("stars", "telegram", "星星"),
    PaymentMethod.TRANSFER: ("transfer", "转账", "汇款"),
    PaymentMethod.CREDIT: ("credit", "余额"),
}


def method_name(voice: Voice, method: PaymentMethod) -> str:
    """How an order is paid, in words."""
    return voice.translate(METHODS[method])


def ways_to_pay(turn: Turn, goods: Collection[VariantView] = ()) -> tuple[OfferedMethod, ...]:
    """The ways to pay that the shop offers where the shopper is, for these goods."""
    return offered_methods(
        turn.shop.settings,
        turn.shop.till.providers,
        in_telegram=turn.setting.channel == PaymentMethod.TELEGRAM,
        digital=bool(goods) and all(one.is_digital for one in goods),
    )


def payment_options(voice: Voice, ways: Sequence[PaymentMethod]) -> list[Option[PaymentMethod]]:
    """The ways to pay as options of a question, each by the words people say for it; a wallet's name is its own."""
    wallets = {way for way in ways if way in (PaymentMethod.WECHAT, PaymentMethod.ALIPAY)}
    names = {word for way in wallets for word in _METHOD_WORDS[way]}
    return [
        Option(str(way), method_name(voice, way), way, also=tuple(w for w in words if way in wallets or w not in names))
        for way, words in ((way, _METHOD_WORDS[way]) for way in ways)
    ]


def amount_rows(voice: Voice, order: OrderView) -> list[Row]:
    """What stands between the goods of an order and its total, without what is nothing."""
    _ = voice.translate
    if not (order.discount or order.shipping or order.tax_added):
        return []
    rows = [Row(_("Goods"), voice.money(order.goods))]
    if order.discount:
        rows.append(Row(_("Discount"), voice.money(Money(-order.discount.amount, order.discount.currency))))
    if order.shipping:
        rows.append(Row(_("Shipping"), voice.money(order.shipping)))
    if order.tax_added:
        rows.append(Row(_("Tax"), voice.money(order.tax_added)))
    return rows


def status_name(voice: Voice, order: OrderView) -> str:
    """Where an order stands, in a few words."""
    _ = voice.translate
    if order.status is Status.PLACED and order.hold_reason is HoldReason.GROUP_OPEN:
        return _("waiting for its group")
    if order.status is Status.PLACED and order.fulfilment_state is not FulfilmentState.NONE:
        delivered = order.fulfilment_state is FulfilmentState.DELIVERED
        return _("delivered") if delivered else _("on its way")
    if order.status is Status.PLACED and not order.address_line:
        return _("being prepared: a colleague sends it to you here")
    names = {
        Status.DRAFT: _("being made"),
        Status.PENDING: _("waiting for your payment"),
        Status.PLACED: _("being packed"),
        Status.COMPLETED: _("completed"),
        Status.CANCELLED: _("cancelled"),
        Status.EXPIRED: _("expired, as it was not paid in time"),
    }
    return names[order.status]


def can_change(order: OrderView) -> bool:
    """Whether the shopper may still change what is in it in the chat."""
    is_alive = order.status in (Status.PENDING, Status.PLACED)
    return is_alive and any(line.open and not line.is_gift for line in order.lines)


def can_cancel(order: OrderView) -> bool:
    """Whether the shopper may still cancel it in the chat."""
    return order.status in (Status.PENDING, Status.PLACED) and order.fulfilment_state is FulfilmentState.NONE


def order_reply(voice: Voice, order: OrderView, *, buttons: bool = True) -> OrderStatus:
    """One order: where it stands, what is in it, what can be done."""
    _ = voice.translate
    rows = [
        Row(_("Ordered"), voice.time(order.created_at)),
        Row(_("Payment"), _payment(voice, order)),
        delivery_row(voice, order),
    ]
    if order.tracking is not None:
        rows.append(Row(_("Parcel"), f"{order.tracking.carrier} {order.tracking.number}"))
    rows += amount_rows(voice, order)
    rows.append(Row(_("Total"), voice.money(order.total)))
    if order.refunded or order.going_back:
        rows.append(Row(_("Refunded"), voice.money(order.refunded + order.going_back)))
    if order.status is Status.PENDING and order.captured and order.owed:
        rows.append(Row(_("Still to pay"), voice.money(order.owed)))
    made: list[Button] = []
    if buttons and is_payable(order):
        made.append(voice.wish(_("Pay now"), "pay_order", order=order.number))
    if buttons and order.change is not None and order.change.state is ChangeState.PROPOSED:
        made.append(voice.wish(_("Look at the proposal"), "answer_change", change=order.change.change_id))
    if buttons and can_cancel(order):
        made.append(voice.wish(_("Cancel the order"), "cancel_order", order=order.number))
        made.append(voice.wish(_("Change the order"), "change_order", order=order.number))
    if buttons and any(line.shipped > line.returned for line in order.lines) and order.fulfilment_state in ARRIVED:
        made.append(voice.wish(_("Return or exchange"), "return_items", order=order.number))
    still = [line for line in order.lines if line.quantity > line.cancelled] or order.lines
    lines = goods(voice, _together([_as_it_is(line) for line in still]))
    return OrderStatus(order.number, status_name(voice, order), tuple(rows), lines, tuple(made))


def delivery_row(voice: Voice, order: OrderView) -> Row:
    """Where it goes, or that it is fetched."""
    _ = voice.translate
    if order.delivery_method is DeliveryMethod.PICKUP:
        return Row(_("Delivery"), _("you pick it up; your code comes here when it is ready"))
    return where_to(voice, order.address_line)


def where_to(voice: Voice, address: str) -> Row:
    """The row of a masked address; of none, that nothing is sent."""
    _ = voice.translate
    if not address:
        return Row(_("Delivery"), _("digital: you get it here in the chat"))
    return Row(_("Ship to"), address)


def _together(lines: Sequence[OrderLineView]) -> list[OrderLineView]:
    """Pieces of one variant at one price in one line, however they came into the order."""
    found: dict[tuple[int, int, bool], OrderLineView] = {}
    for line in lines:
        key = (line.variant_id, line.unit.amount, line.is_gift)
        known = found.get(key)
        quantity, total = line.quantity, line.total
        found[key] = (
            line if known is None else replace(known, quantity=known.quantity + quantity, total=known.total + total)
        )
    return list(found.values())


def _as_it_is(line: OrderLineView) -> OrderLineView:
    """A line without the pieces that were cancelled, as long as any is left."""
    if not 0 < line.cancelled < line.quantity:
        return line
    whole = line.unit.amount * line.quantity
    parts = (-line.discount.amount, line.total.amount - whole + line.discount.amount)
    gone = line.unit.amount * line.cancelled
    gone += sum(
        part_of(abs(one), line.quantity, before=0, count=line.cancelled) * (-1 if one < 0 else 1) for one in parts
    )
    left = Money(line.total.amount - gone, line.total.currency)
    return replace(line, quantity=line.quantity - line.cancelled, total=left)


def pay_link(voice: Voice, order: OrderView) -> PayLink:
    """An invitation to pay this order."""
    assert order.intent_id is not None
    return PayLink(
        prompt=voice.translate("Please pay order {order}:").format(order=order.number),
        label=voice.translate("Pay now"),
        url=f"{voice.shop.settings.base_url}/pay/{pay_token(voice.vault, order.intent_id)}",
        amount=voice.money(order.to_pay),
    )


def is_payable(order: OrderView) -> bool:
    """Whether the shopper can pay it now, on our pay page."""
    return order.intent_id is not None and order.pay_provider != PaymentMethod.COD


def _payment(voice: Voice, order: OrderView) -> str:
    _ = voice.translate
    names = {
        PaymentState.UNPAID: _("not paid yet"),
        PaymentState.PART_PAID: _("partly paid"),
        PaymentState.PAID: _("paid"),
        PaymentState.OVERPAID: _("paid"),
        PaymentState.PART_REFUNDED: _("partly refunded"),
        PaymentState.REFUNDED: _("refunded"),
    }
    if order.status is Status.PLACED and order.payment_state is PaymentState.UNPAID:
        return method_name(voice, order.payment_method)
    return names[order.payment_state]
