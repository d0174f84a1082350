"""How goods look in replies: cards, the cart, an order. Shared by the skills that show them."""

from collections.abc import Sequence

from bot.flow import Turn
from bot.replies import Button, Card, Cards, Cart, Line, OrderStatus, PayLink, Row
from bot.voice import Voice
from commerce.carts.actions import CartLineView, CartView
from commerce.catalog.queries import ProductCard, ProductDetails, VariantView
from commerce.orders.model import FulfilmentState, PaymentMethod, PaymentState
from commerce.orders.model import OrderStatus as Status
from commerce.orders.queries import OrderLineView, OrderView
from commerce.payments.actions import pay_token
from foundation.money import Money

MOST_BODY = 400
MOST_BUTTONS = 8
CART = "cart"


def price(voice: Voice, low: Money, high: Money | None = None) -> str:
    """A price, or "from" the lowest of several."""
    text = voice.money(low)
    return text if high is None or high == low else voice.translate("from {price}").format(price=text)


def product_in_list(voice: Voice, product: ProductCard) -> Card:
    """A product in a list of results."""
    buttons = [voice.wish(voice.translate("Details"), "show_product", product=product.product_id)]
    if product.in_stock:
        buttons.append(voice.wish(voice.translate("Add to cart"), "add_to_cart", product=product.product_id))
    return Card(
        title=product.title,
        body="" if product.in_stock else voice.translate("Sold out at the moment"),
        picture=product.picture,
        price=price(voice, product.price_from, product.price_to),
        buttons=tuple(buttons),
    )


def product_list(turn: Turn, title: str, products: Sequence[ProductCard], *, more: bool, cheaper: bool) -> Cards:
    """Results; the shopper may from now on say "the second one". `more`, `cheaper`: whether to offer that."""
    turn.focus["results"] = [product.product_id for product in products]
    turn.focus.pop("product", None)
    buttons = [turn.wish(turn._("More"), "refine_search", more=1)] if more else []
    if cheaper and len(products) > 1:
        buttons.append(turn.wish(turn._("Cheaper"), "refine_search", cheaper=1))
    return Cards(title, tuple(product_in_list(turn, product) for product in products), tuple(buttons))


def product_page(voice: Voice, product: ProductDetails) -> Card:
    """Everything about a product; each variant that can be had is a button that puts it in the cart."""
    prices = sorted((variant.price for variant in product.variants), key=lambda money: money.amount)
    on_sale = [variant for variant in product.variants if variant.available > 0]
    body = product.body if len(product.body) <= MOST_BODY else product.body[:MOST_BODY].rstrip() + "…"
    if not on_sale:
        body = f"{body}\n{voice.translate('Sold out at the moment')}".strip()
    return Card(
        title=product.title,
        body=body,
        picture=product.variants[0].picture if len(product.variants) == 1 else next(iter(product.pictures), None),
        price=price(voice, prices[0], prices[-1]),
        buttons=tuple(_variant_button(voice, variant, prices) for variant in on_sale[:MOST_BUTTONS]),
    )


def _variant_button(voice: Voice, variant: VariantView, prices: Sequence[Money]) -> Button:
    if not variant.label:
        return voice.wish(voice.translate("Add to cart"), "add_to_cart", variant=variant.variant_id)
    differs = prices[0] != prices[-1]
    label = f"{variant.label}  {voice.money(variant.price)}" if differs else variant.label
    return voice.wish(label, "add_to_cart", variant=variant.variant_id)


def goods(voice: Voice, lines: Sequence[CartLineView | OrderLineView]) -> tuple[Line, ...]:
    """The lines of a cart or an order."""
    return tuple(
        Line(
            title=line.title,
            label=line.label,
            quantity=line.quantity,
            unit=voice.money(line.unit),
            total=voice.money(line.total),
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


def method_name(voice: Voice, method: PaymentMethod) -> str:
    """How an order is paid, in words."""
    return voice.translate("Cash on delivery") if method is PaymentMethod.COD else voice.translate("Pay online")


def status_name(voice: Voice, order: OrderView) -> str:
    """Where an order stands, in a few words."""
    _ = voice.translate
    if order.status is Status.PLACED and order.fulfilment_state is not FulfilmentState.NONE:
        delivered = order.fulfilment_state is FulfilmentState.DELIVERED
        return _("delivered") if delivered else _("on its way")
    names = {
        Status.DRAFT: _("being made"),
        Status.PENDING: _("waiting for your payment"),
        Status.PLACED: _("being packed"),
        Status.COMPLETED: _("completed"),
        Status.CANCELLED: _("cancelled"),
        Status.EXPIRED: _("expired, as it was not paid in time"),
    }
    return names[order.status]


def can_cancel(order: OrderView) -> bool:
    """Whether the shopper may still cancel it in the chat."""
    return order.status in (Status.PENDING, Status.PLACED) and order.fulfilment_state is FulfilmentState.NONE


def order_reply(voice: Voice, order: OrderView, *, buttons: bool = True) -> OrderStatus:
    """One order: where it stands, what is in it, what can be done."""
    _ = voice.translate
    rows = [
        Row(_("Ordered"), voice.time(order.created_at)),
        Row(_("Payment"), _payment(voice, order)),
        Row(_("Ship to"), order.address_line),
    ]
    if order.tracking is not None:
        rows.append(Row(_("Parcel"), f"{order.tracking.carrier} {order.tracking.number}"))
    rows.append(Row(_("Total"), voice.money(order.total)))
    made: list[Button] = []
    if buttons and is_payable(order):
        made.append(voice.wish(_("Pay now"), "pay_order", order=order.number))
    if buttons and can_cancel(order):
        made.append(voice.wish(_("Cancel the order"), "cancel_order", order=order.number))
    return OrderStatus(order.number, status_name(voice, order), tuple(rows), goods(voice, order.lines), tuple(made))


def pay_link(voice: Voice, order: OrderView) -> PayLink:
    """An invitation to pay this order."""
    assert order.intent_id is not None
    return PayLink(
        prompt=voice.translate("Please pay order {order}:").format(order=order.number),
        label=voice.translate("Pay now"),
        url=f"{voice.shop.settings.base_url}/pay/{pay_token(voice.vault, order.intent_id)}",
        amount=voice.money(order.total),
    )


def is_payable(order: OrderView) -> bool:
    """Whether the shopper can pay it now, on our pay page."""
    return order.intent_id is not None and order.payment_method is not PaymentMethod.COD


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
