"""An order with all that its view is made of, in one question: see `commerce.orders.queries`."""

from typing import Final

from sqlalchemy import case, func, or_, select, true
from sqlalchemy.dialects.postgresql import JSON, aggregate_order_by

from commerce.orders.covering import forgiven
from commerce.orders.model import ChangeState, Order, OrderChange, OrderLine, PaymentMethod
from commerce.payments.model import Intent, Payment
from commerce.shipping.model import LEFT, Shipment

_OPEN = (ChangeState.PROPOSED, ChangeState.AWAITING_PAYMENT)
_SUMS = (
    select(
        func.coalesce(func.sum(Payment.captured), 0).label("captured"),
        func.coalesce(func.sum(Payment.refunded), 0).label("refunded"),
        func.coalesce(func.sum(Payment.refund_pending), 0).label("going_back"),
    )
    .where(Payment.order_id == Order.id)
    .lateral("sums")
)
_MAY_BE_FORGIVEN = or_(Order.payment_method == PaymentMethod.COD, _SUMS.c.refunded + _SUMS.c.going_back > 0)
_PARCEL = (
    select(Shipment.carrier, Shipment.tracking_number, Shipment.shipped_at)
    .where(Shipment.order_id == Order.id, Shipment.state.in_(LEFT), Shipment.tracking_number != "")
    .order_by(Shipment.id.desc())
    .limit(1)
    .lateral("parcel")
)
_LINES = (
    select(
        func.json_agg(
            aggregate_order_by(
                func.json_build_array(
                    OrderLine.id,
                    OrderLine.variant_id,
                    OrderLine.title,
                    OrderLine.label,
                    OrderLine.quantity,
                    OrderLine.unit_amount,
                    OrderLine.discount_amount,
                    OrderLine.total_amount,
                    OrderLine.picture,
                    OrderLine.is_gift,
                    OrderLine.cancelled,
                    OrderLine.shipped,
                    OrderLine.returned,
                ),
                OrderLine.position,
            ),
            type_=JSON,
        )
    )
    .where(OrderLine.order_id == Order.id)
    .scalar_subquery()
)
ROWS: Final = (
    select(
        Order.id,
        Order.number,
        Order.customer_id,
        Order.status,
        Order.hold_reason,
        Order.payment_method,
        Order.currency,
        Order.goods_amount,
        Order.discount_amount,
        Order.shipping_amount,
        Order.tax_amount,
        Order.tax_added,
        Order.total_amount,
        Order.delivery_method,
        Order.address_sealed,
        Order.created_at,
        Order.placed_at,
        Order.hold_until,
        Order.delivered_at,
        Order.version,
        _LINES.label("lines"),
        *_SUMS.c,
        case((_MAY_BE_FORGIVEN, forgiven(Order.id)), else_=0).label("forgiven"),
        *_PARCEL.c,
        Intent.id.label("intent_id"),
        Intent.provider,
        Intent.amount.label("to_pay"),
        Intent.change_id.label("pays_for"),
        OrderChange.id.label("change_id"),
        OrderChange.kind,
        OrderChange.state,
        OrderChange.proposed_by,
        OrderChange.reason,
        OrderChange.actions,
        OrderChange.preview,
        OrderChange.expires_at,
    )
    .select_from(Order)
    .join(_SUMS, true())
    .outerjoin(_PARCEL, true())
    .outerjoin(Intent, (Intent.order_id == Order.id) & Intent.can_be_paid())
    .outerjoin(OrderChange, (OrderChange.order_id == Order.id) & OrderChange.state.in_(_OPEN))
    .order_by(Order.id.desc())
)
"""Newest first. An order has one open change and one intent that can be paid at most; `lines` are lists
of values in the order of `OrderLineView`, money in minor units."""
