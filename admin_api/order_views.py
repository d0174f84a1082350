"""Orders and carts as the staff sees them: shapes, and the queries that give them."""

from datetime import datetime

from babel.numbers import format_currency
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.order_change_views import ChangeRow, change_row
from commerce.carts.actions import CartLineView, cart_view
from commerce.orders.model import FulfilmentState, HoldReason, OrderStatus, PaymentMethod, PaymentState
from commerce.orders.queries import OrderLineView, OrderView, order_events, order_views
from foundation.errors import Json
from foundation.money import Money


class Price(BaseModel):
    """An amount in minor units of an ISO 4217 currency."""

    amount: int
    currency: str

    def shown(self, language: str) -> str:
        """The amount as people of this language read it."""
        return format_currency(Money(self.amount, self.currency).decimal, self.currency, locale=language)


class GoodsLine(BaseModel):
    """Goods in a cart or an order. `label` names the variant; `picture` is a media id.

    Of an order: its `line_id`, what was taken off, and how many pieces were cancelled, shipped and returned.
    """

    variant_id: int
    title: str
    label: str
    quantity: int
    unit: Price
    total: Price
    picture: int | None
    line_id: int | None = None
    discount: Price | None = None
    cancelled: int = 0
    shipped: int = 0
    returned: int = 0
    is_gift: bool = False

    @property
    def open(self) -> int:
        """Pieces still to be sent."""
        return self.quantity - self.cancelled - self.shipped


class Tracking(BaseModel):
    """Who carries the parcel, and its number there."""

    carrier: str
    number: str
    shipped_at: datetime


class OrderRow(BaseModel):
    """An order. Payment and fulfilment are derived from the ledger and the parcel; `address` is masked.

    total = goods - discount + shipping + tax_added; `owed` of it has still to be paid, `to_pay` can be paid now.
    `change` is a proposal that waits.
    """

    id: int
    number: str
    customer_id: int
    status: OrderStatus
    hold_reason: HoldReason | None
    payment_method: PaymentMethod
    payment_state: PaymentState
    fulfilment_state: FulfilmentState
    goods: Price
    discount: Price
    shipping: Price
    tax: Price
    tax_added: Price
    total: Price
    captured: Price
    refunded: Price
    going_back: Price
    owed: Price
    to_pay: Price
    change: ChangeRow | None
    lines: list[GoodsLine]
    tracking: Tracking | None
    address: str
    created_at: datetime
    placed_at: datetime | None
    hold_until: datetime | None


class OrderHappening(BaseModel):
    """What happened to an order, and who did it (shopper, staff, system)."""

    kind: str
    by: str
    facts: dict[str, Json]
    at: datetime


class OrderWithHistory(BaseModel):
    """An order and what happened to it, oldest first."""

    order: OrderRow
    history: list[OrderHappening]


class OrderPage(BaseModel):
    """A page of orders, newest first; `next` is the cursor of the following page, null at the end."""

    orders: list[OrderRow]
    next: str | None


class OpenedAddress(BaseModel):
    """Where an order goes, in the open. Reading it is written into the audit log."""

    name: str
    phone: str
    line: str


class Shopping(BaseModel):
    """What lies in a customer's cart, and their latest orders."""

    customer_id: int
    cart: list[GoodsLine]
    cart_total: Price | None
    orders: list[OrderRow]


def order_row(view: OrderView) -> OrderRow:
    """An order as the staff sees it."""
    tracking = view.tracking
    return OrderRow(
        id=view.order_id,
        number=view.number,
        customer_id=view.customer_id,
        status=view.status,
        hold_reason=view.hold_reason,
        payment_method=view.payment_method,
        payment_state=view.payment_state,
        fulfilment_state=view.fulfilment_state,
        goods=_price(view.goods),
        discount=_price(view.discount),
        shipping=_price(view.shipping),
        tax=_price(view.tax),
        tax_added=_price(view.tax_added),
        total=_price(view.total),
        captured=_price(view.captured),
        refunded=_price(view.refunded),
        going_back=_price(view.going_back),
        owed=_price(view.owed),
        to_pay=_price(view.to_pay),
        change=change_row(view.change) if view.change else None,
        lines=[_ordered(line) for line in view.lines],
        tracking=tracking
        and Tracking(carrier=tracking.carrier, number=tracking.number, shipped_at=tracking.shipped_at),
        address=view.address_line,
        created_at=view.created_at,
        placed_at=view.placed_at,
        hold_until=view.hold_until,
    )


async def history_of(session: AsyncSession, order_id: int) -> list[OrderHappening]:
    """What happened to an order, oldest first."""
    happened = await order_events(session, order_id=order_id)
    return [OrderHappening(kind=one.kind, by=one.by, facts=dict(one.facts), at=one.at) for one in happened]


async def shopping_of(session: AsyncSession, *, customer_id: int, language: str) -> Shopping:
    """The cart (titles in `language`) and the latest orders of a customer."""
    cart = await cart_view(session, customer_id=customer_id, language=language)
    orders = await order_views(session, customer_id=customer_id, limit=10)
    return Shopping(
        customer_id=customer_id,
        cart=[_goods(line) for line in cart.lines],
        cart_total=_price(cart.total) if cart.lines else None,
        orders=[order_row(view) for view in orders],
    )


def _goods(line: CartLineView | OrderLineView) -> GoodsLine:
    return GoodsLine(
        variant_id=line.variant_id,
        title=line.title,
        label=line.label,
        quantity=line.quantity,
        unit=_price(line.unit),
        total=_price(line.total),
        picture=line.picture,
    )


def _ordered(line: OrderLineView) -> GoodsLine:
    return _goods(line).model_copy(
        update={
            "line_id": line.line_id,
            "discount": _price(line.discount),
            "cancelled": line.cancelled,
            "shipped": line.shipped,
            "returned": line.returned,
            "is_gift": line.is_gift,
        }
    )


def _price(money: Money) -> Price:
    return Price(amount=money.amount, currency=money.currency)
