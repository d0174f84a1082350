"""What a change would do to an order and its money, worked out from its rows; nothing is written here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.carts.model import MOST_PIECES
from commerce.catalog.queries import variant_views
from commerce.credit.actions import accounts_of
from commerce.credit.model import CreditAccount
from commerce.customers.actions import address_of
from commerce.customers.address import NOWHERE
from commerce.orders.applying import amounts_of
from commerce.orders.benefits import is_replacement
from commerce.orders.covering import forgiven_of
from commerce.orders.deals import is_of_deal
from commerce.orders.model import (
    ChangeKind,
    ChangeState,
    HoldReason,
    Order,
    OrderChange,
    OrderLine,
    OrderStatus,
    PaymentMethod,
)
from commerce.orders.offers import part_of_line, shipping_difference, todays_lines
from commerce.orders.policy import Policy, policy_of, refuse_by_policy
from commerce.orders.snapshot import open_address
from commerce.orders.steps import (
    Add,
    Amounts,
    CancelAll,
    PayBy,
    Preview,
    SendTo,
    Step,
    added,
    as_json,
    kind_of,
    preview_of,
    removed,
)
from commerce.payments.cash import BY_HAND
from commerce.payments.instruments import instrument_of, known_instrument
from commerce.payments.ledger import balance
from commerce.payments.model import Intent, Payment
from commerce.pricing.values import Terms
from commerce.shipping.model import BEING_PACKED, Shipment
from foundation.database import JsonMap
from foundation.errors import Refused


@dataclass(frozen=True, slots=True)
class Drawn:
    """A change worked out: its kind, its steps with the lines they add, the money, and further facts of the preview."""

    kind: ChangeKind
    actions: tuple[JsonMap, ...]
    preview: Preview
    facts: JsonMap


async def draw_up(
    session: AsyncSession,
    order: Order,
    steps: Sequence[Step],
    *,
    reason: str,
    pay_with: PayBy | None,
    now: datetime,
    terms: Terms,
) -> Drawn:
    """Work a change out, or refuse it; see `changes.propose_change` for the refusals. The order is locked."""
    if order.status not in (OrderStatus.PENDING, OrderStatus.PLACED):
        raise Refused("change.not_now", number=order.number, status=order.status.value)
    found = select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.position)
    lines = list(await session.scalars(found.execution_options(populate_existing=True)))
    if not steps:
        raise Refused("change.nothing", number=order.number)
    if _takes_all(lines, steps):
        steps = (CancelAll(),)
    kind = kind_of(steps)
    if order.hold_reason is HoldReason.GROUP_OPEN and kind not in (ChangeKind.ADDRESS, ChangeKind.CANCEL):
        raise Refused("group.order_fixed", number=order.number)
    policy = await policy_of(session)
    refuse_by_policy(policy, kind, done=await _kinds_done(session, order.id), reason=reason, number=order.number)
    _refuse_sent(order, lines, kind, policy)
    if pay_with is not None:
        await _refuse_strange_purse(session, order, pay_with)
    if kind in (ChangeKind.ITEMS, ChangeKind.CANCEL_ITEMS):
        drawn = await _items(session, order, lines, steps, policy=policy, now=now, terms=terms)
    elif kind is ChangeKind.ADDRESS:
        drawn = await _address(session, order, lines, steps, now=now, terms=terms)
    elif kind is ChangeKind.PAYMENT:
        drawn = await _payment(session, order, steps)
    else:
        drawn = await _cancel(session, order, steps)
    if pay_with is not None:
        drawn.facts["pay_with"] = as_json(pay_with)
        drawn.facts["back_as_chosen"] = policy.back_as_chosen
    elif drawn.preview.pay_now and kind is not ChangeKind.PAYMENT and order.payment_method is PaymentMethod.CREDIT:
        raise Refused("change.how_to_pay", number=order.number, amount=drawn.preview.pay_now, currency=order.currency)
    return drawn


def _takes_all(lines: Sequence[OrderLine], steps: Sequence[Step]) -> bool:
    """Whether what is taken away is all there is, but for gifts: then the order is cancelled as a whole."""
    gone = removed(steps)
    if not gone or added(steps) or any(line.shipped for line in lines):
        return False
    return all(line.is_gift or gone.get(line.id, 0) == line.open for line in lines)


async def _kinds_done(session: AsyncSession, order_id: int) -> set[ChangeKind]:
    done = select(OrderChange.kind).where(OrderChange.order_id == order_id, OrderChange.state == ChangeState.APPLIED)
    return set(await session.scalars(done))


def _refuse_sent(order: Order, lines: Sequence[OrderLine], kind: ChangeKind, policy: Policy) -> None:
    is_sent = any(line.shipped for line in lines)
    by_pieces = kind in (ChangeKind.ITEMS, ChangeKind.CANCEL_ITEMS) and not policy.only_unsent
    if is_sent and not by_pieces:
        code = "order.shipped" if kind is ChangeKind.CANCEL else "change.shipped"
        raise Refused(code, number=order.number)


async def _items(
    session: AsyncSession,
    order: Order,
    lines: Sequence[OrderLine],
    steps: Sequence[Step],
    *,
    policy: Policy,
    now: datetime,
    terms: Terms,
) -> Drawn:
    by_id = {line.id: line for line in lines}
    amounts = amounts_of(order)
    gone = removed(steps)
    if gone and await is_replacement(session, order):  # its pieces carry money of the order that was exchanged
        raise Refused("change.exchanged", number=order.number)
    for line_id, count in gone.items():
        line = by_id.get(line_id)
        if line is None:
            raise Refused("change.no_such_line", number=order.number)
        if not 1 <= count <= line.open:
            raise Refused("change.pieces", title=line.title, left=line.open)
        amounts = amounts.without(line.next_part(count))
    pieces = added(steps)
    if any(not 1 <= count <= MOST_PIECES for count in pieces.values()):
        raise Refused("change.quantity", most=MOST_PIECES)
    if pieces:
        await _refuse_other_products(session, order, by_id, steps, same_again=policy.same_again)
    address = open_address(session, order)
    made = await todays_lines(session, order, pieces, address=address, now=now, terms=terms) if pieces else {}
    actions, written = [], set()
    for step in steps:
        if not isinstance(step, Add):
            actions.append(as_json(step))
        elif step.variant_id not in written:  # one line for all the pieces of a variant that come
            written.add(step.variant_id)
            line_data = made[step.variant_id]
            amounts = amounts.plus(part_of_line(line_data))
            whole = Add(step.variant_id, pieces[step.variant_id], step.instead_of)
            actions.append({**as_json(whole), "line": line_data})
    preview = await _preview(session, order, amounts)
    return Drawn(kind_of(steps), tuple(actions), preview, {})


async def _refuse_strange_purse(session: AsyncSession, order: Order, pay_with: PayBy) -> None:
    """Money is taken from, and goes back to, what is the customer's own."""
    if pay_with.instrument_id is not None:
        await known_instrument(session, instrument_id=pay_with.instrument_id, customer_id=order.customer_id)
    if pay_with.account_id is not None:
        account = await session.get(CreditAccount, pay_with.account_id)
        if account is None or account.customer_id != order.customer_id or account.currency != order.currency:
            raise Refused("credit.unknown", account=pay_with.account_id)


async def _refuse_other_products(
    session: AsyncSession, order: Order, by_id: dict[int, OrderLine], steps: Sequence[Step], *, same_again: bool
) -> None:
    """What replaces a piece is another kind of the same product."""
    pairs = [
        (by_id[step.instead_of].variant_id, step.variant_id)
        for step in steps
        if isinstance(step, Add) and step.instead_of is not None
    ]
    if not pairs:
        return
    both = {variant for pair in pairs for variant in pair}
    goods = await variant_views(session, both, language=order.language, also_unavailable=True)
    for old, new in pairs:
        if old == new and not same_again:
            raise Refused("change.nothing", number=order.number)
        if new not in goods or old not in goods or goods[old].product_id != goods[new].product_id:
            raise Refused("change.other_product", number=order.number)


async def _address(
    session: AsyncSession,
    order: Order,
    lines: Sequence[OrderLine],
    steps: Sequence[Step],
    *,
    now: datetime,
    terms: Terms,
) -> Drawn:
    (step,) = [step for step in steps if isinstance(step, SendTo)]
    address = await address_of(session, address_id=step.address_id, customer_id=order.customer_id)
    if address is None:
        raise Refused("address.unknown", address=step.address_id)
    packed = select(Shipment.id).where(Shipment.order_id == order.id, Shipment.state.in_(BEING_PACKED)).limit(1)
    if await session.scalar(packed) is not None:  # the old address stands on its slip
        raise Refused("order.being_packed", number=order.number)
    before, after = open_address(session, order), address.text
    if before == NOWHERE:
        raise Refused("change.nothing_sent", number=order.number)
    more = await shipping_difference(session, order, lines, before=before, after=after, now=now, terms=terms)
    old = amounts_of(order)
    amounts = Amounts(old.goods, old.discount, max(old.shipping + more, 0), old.tax, old.tax_added)
    return Drawn(ChangeKind.ADDRESS, (as_json(step),), await _preview(session, order, amounts), {})


async def _payment(session: AsyncSession, order: Order, steps: Sequence[Step]) -> Drawn:
    """Another way to pay. What was paid goes back in the old way once the new one has paid as much."""
    (step,) = [step for step in steps if isinstance(step, PayBy)]
    if (step.method is PaymentMethod.CREDIT) != (step.account_id is not None):
        raise Refused("change.same_payment", number=order.number)
    paid = select(Payment).where(Payment.order_id == order.id).order_by(Payment.id)
    payments = (await session.scalars(paid.execution_options(populate_existing=True))).all()
    left = {payment.id: payment.left for payment in payments if payment.left > 0}
    kept = sum(left.values())
    rest = max(order.total_amount - kept, 0)
    swaps = order.status is OrderStatus.PLACED and kept > 0
    to_pay = kept if swaps else rest
    if await _is_same_way(session, order, step):
        raise Refused("change.same_payment", number=order.number)
    if step.method in BY_HAND and await is_of_deal(session, order):
        raise Refused("deal.pay_online")
    if step.account_id is not None:
        accounts = await accounts_of(session, order.customer_id)
        account = next((one for one in accounts if one.account_id == step.account_id), None)
        if account is None or account.balance < to_pay or account.currency != order.currency:
            raise Refused("credit.short")
    waits = order.status is OrderStatus.PLACED and step.method is not PaymentMethod.COD
    preview = Preview(
        before=order.total_amount,
        after=order.total_amount,
        pay_now=to_pay if waits else 0,
        back=kept if swaps else 0,
        currency=order.currency,
        amounts=amounts_of(order),
    )
    return Drawn(ChangeKind.PAYMENT, (as_json(step),), preview, {"old_payments": sorted(left) if swaps else []})


async def _is_same_way(session: AsyncSession, order: Order, step: PayBy) -> bool:
    """Whether an order is paid so already: with this account or card, or by this method where none is named."""
    if step.account_id is None and step.method is not order.payment_method:
        return False
    used = select(Intent.instrument).join(Payment, Payment.intent_id == Intent.id)
    used = used.where(Payment.order_id == order.id, Payment.captured > Payment.refunded + Payment.refund_pending)
    paid_with = set(await session.scalars(used))
    if step.account_id is not None:
        return paid_with == {instrument_of(step.account_id)}
    if step.instrument_id is None or not paid_with:
        return True
    chosen = await known_instrument(session, instrument_id=step.instrument_id, customer_id=order.customer_id)
    return paid_with == {chosen.token}


async def _cancel(session: AsyncSession, order: Order, steps: Sequence[Step]) -> Drawn:
    kept = (await balance(session, order.id)).kept
    nothing = Amounts(0, 0, 0, 0, 0)
    preview = Preview(order.total_amount, 0, 0, kept, order.currency, nothing)
    return Drawn(ChangeKind.CANCEL, tuple(map(as_json, steps)), preview, {})


async def _preview(session: AsyncSession, order: Order, amounts: Amounts) -> Preview:
    kept = (await balance(session, order.id)).kept
    return preview_of(
        amounts_of(order),
        amounts,
        currency=order.currency,
        kept=kept,
        pays_later=order.payment_method is PaymentMethod.COD,
        is_placed=order.status is OrderStatus.PLACED,
        forgiven=await forgiven_of(session, order.id),
    )
