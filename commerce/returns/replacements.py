"""The other half of an exchange: the replacement is an order of its own, so that it is paid and sent like any other.

It takes over what the goods that came back were worth: its lines cost that much less, and `Return.carried` remembers
whose money it is. The order the goods came from stays as it is.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from commerce.carts.model import Cart, CartStatus
from commerce.catalog.queries import VariantView, variant_views
from commerce.credit.actions import store_credit_of
from commerce.inventory.actions import add_pieces, release_holds
from commerce.orders.actions import cancel_order
from commerce.orders.benefits import pay_with_account
from commerce.orders.covering import ask_for_rest
from commerce.orders.locks import lock_wallets, locked_order
from commerce.orders.locks import note as note_order
from commerce.orders.locks import tell as tell_of_order
from commerce.orders.model import Order, OrderAdjustment, OrderLine, OrderStatus, PaymentMethod
from commerce.orders.number import fresh_number
from commerce.payments.model import Instrument
from commerce.returns.model import Return, ReturnLine
from foundation.errors import Refused

PAY_WITHIN = timedelta(hours=48)
"""So long a replacement that costs more is kept for its payment."""
_LABEL = {"zh": "换货抵扣", "en": "Exchange"}


async def reserve_replacement(
    session: AsyncSession, order: Order, asked: Return, lines: Sequence[tuple[ReturnLine, OrderLine]], *, now: datetime
) -> None:
    """Keep the goods wanted instead, for an order that is only a draft until the old ones are here.

    Raises Refused("stock.short", variant, left) when they are gone.
    """
    await lock_wallets(session, [order.customer_id])
    cart = Cart(customer_id=order.customer_id, status=CartStatus.ORDERED, updated_at=now)
    session.add(cart)
    await session.flush()
    draft = Order(
        number=await fresh_number(session),
        customer_id=order.customer_id,
        cart_id=cart.id,
        status=OrderStatus.DRAFT,
        payment_method=order.payment_method,
        language=order.language,
        delivery_method=order.delivery_method,
        pickup_location_id=order.pickup_location_id,
        total_amount=0,
        currency=order.currency,
        address_id=order.address_id,
        address_sealed=order.address_sealed,
        phone_last4_index=order.phone_last4_index,
        created_at=now,
        version=1,
    )
    session.add(draft)
    await session.flush()
    asked.replacement_order_id = draft.id
    pieces = _pieces([(line, line.quantity) for line, _ in lines])
    place = order.pickup_location_id
    await add_pieces(session, order_id=draft.id, pieces=pieces, key=f"exchange:{asked.id}", now=now, location_id=place)


async def drop_replacement(session: AsyncSession, asked: Return, *, now: datetime) -> None:
    """The exchange does not take place: what was kept for it is free again.

    Raises Refused("order.shipped") when the replacement has left already.
    """
    if asked.replacement_order_id is None:
        return
    draft = await locked_order(session, asked.replacement_order_id)
    if draft.status is not OrderStatus.DRAFT:
        await cancel_order(session, order_id=draft.id, by="system", reason=asked.number, now=now)
        return
    await release_holds(session, order_id=draft.id)
    draft.move_to(OrderStatus.CANCELLED, now=now)
    asked.replacement_order_id = None


async def place_replacement(
    session: AsyncSession,
    order: Order,
    asked: Return,
    taken: Sequence[tuple[ReturnLine, OrderLine, int]],
    worth: Sequence[tuple[int, int]],
    of_line: Mapping[int, int],
    *,
    now: datetime,
) -> None:
    """Make the draft an order of the pieces `taken`, which costs only what it costs more than they are worth.

    `worth`: whose money the goods that came back carry, what is kept of it taken off; `of_line`: what the pieces of
    each line carry. Raises Refused("credit.short") when the difference is not there where it is to be paid from.
    """
    assert asked.replacement_order_id is not None
    draft = await locked_order(session, asked.replacement_order_id)
    if any(count < line.quantity for line, _, count in taken):
        await release_holds(session, order_id=draft.id)
        pieces = _pieces([(line, count) for line, _, count in taken])
        key, place = f"exchange:{asked.id}:taken", draft.pickup_location_id
        await add_pieces(session, order_id=draft.id, pieces=pieces, key=key, now=now, location_id=place)
    views = await variant_views(
        session,
        [line.replacement_id for line, _, _ in taken if line.replacement_id is not None],
        language=order.language,
        also_unavailable=True,
    )
    left = [list(part) for part in worth]
    carried: list[list[int]] = []
    position = 0
    for line, ordered, count in taken:
        view = views.get(line.replacement_id or 0)
        if count == 0 or view is None:
            continue
        position += 1
        is_worth = max(of_line[line.id] + (view.price.amount - ordered.unit_amount) * count, 0)
        over = _take(left, is_worth, position, carried)
        await _add_line(session, draft, asked, view, position, count, costs=over)
    asked.carried = carried
    await session.flush()
    await _ask(session, draft, asked, now=now)


def _take(left: list[list[int]], wanted: int, position: int, carried: list[list[int]]) -> int:
    """Take money over to a line, whoever's comes first; returns what there is too little of."""
    for part in left:
        amount = min(part[1], wanted)
        if amount:
            part[1] -= amount
            wanted -= amount
            carried.append([position, part[0], amount])
    return wanted


async def _add_line(
    session: AsyncSession, draft: Order, asked: Return, view: VariantView, position: int, count: int, *, costs: int
) -> None:
    goods = max(view.price.amount * count, costs)
    unit = view.price.amount if goods == view.price.amount * count else -(-costs // count)
    goods = unit * count
    line = OrderLine(
        order_id=draft.id,
        position=position,
        variant_id=view.variant_id,
        title=view.title,
        label=view.label,
        picture=view.picture,
        quantity=count,
        unit_amount=unit,
        discount_amount=goods - costs,
        tax_amount=0,
        total_amount=costs,
    )
    session.add(line)
    await session.flush()
    if goods > costs:
        session.add(
            OrderAdjustment(
                order_id=draft.id,
                line_id=line.id,
                kind="exchange",
                source_id=asked.id,
                label=_LABEL,
                amount=goods - costs,
            )
        )
    draft.goods_amount += goods
    draft.discount_amount += goods - costs
    draft.total_amount += costs


async def _ask(session: AsyncSession, draft: Order, asked: Return, *, now: datetime) -> None:
    """Place the replacement, or let the shopper pay first what it costs more."""
    if asked.instrument_id is not None:
        instrument = await session.get_one(Instrument, asked.instrument_id)
        draft.payment_method = PaymentMethod(instrument.provider)
    if draft.total_amount and asked.is_to_credit:
        account_id = asked.account_id
        if account_id is None:
            account_id = (await store_credit_of(session, draft.customer_id, draft.currency, now=now)).id
        await pay_with_account(session, draft, account_id, draft.total_amount, reference="", now=now)
        draft.payment_method = PaymentMethod.CREDIT
    elif not draft.total_amount or draft.payment_method is PaymentMethod.CREDIT:
        if draft.total_amount:
            raise Refused("returns.pay_otherwise", due=draft.total_amount, currency=draft.currency)
        draft.payment_method = PaymentMethod.CREDIT
    waits = draft.total_amount > 0 and draft.payment_method not in (PaymentMethod.COD, PaymentMethod.CREDIT)
    draft.move_to(OrderStatus.PENDING if waits else OrderStatus.PLACED, now=now)
    draft.hold_until = now + PAY_WITHIN if waits else None
    await session.flush()
    intent = await ask_for_rest(session, draft, now=now)
    happened = "awaiting_payment" if waits else "placed"
    note_order(session, draft, happened, by="system", now=now, exchange=asked.number)
    facts = {"amount": draft.total_amount, "intent_id": intent.id if intent else None, "exchange": asked.number}
    tell_of_order(session, draft, f"order_{happened}", now=now, **facts)


def _pieces(lines: Sequence[tuple[ReturnLine, int]]) -> dict[int, int]:
    pieces: Counter[int] = Counter()
    for line, count in lines:
        if line.replacement_id is not None and count:
            pieces[line.replacement_id] += count
    return dict(pieces)
