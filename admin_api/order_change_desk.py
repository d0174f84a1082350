"""What the staff does to the money and the content of an order: proposals, part payments, refunds, holds, drafts."""

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.desk import Desk
from admin_api.model import Role
from admin_api.order_change_views import (
    ChangePreview,
    LineChoices,
    OrderMoney,
    RefundAskPage,
    RefundAskRow,
    StepBody,
    ask_row,
    asked,
    money_of,
    preview_row,
    step_of,
)
from admin_api.order_desk import act, done, order_for
from admin_api.order_views import OrderRow
from admin_api.roles import Permission, StaffMember
from commerce.catalog.queries import product_details, variant_view
from commerce.orders import actions
from commerce.orders.changes import locked_change
from commerce.orders.model import HoldReason, PaymentMethod, RefundAskState
from commerce.orders.queries import order_view
from commerce.orders.refund_asks import approve_refund, ask_refund, refund_asks, refuse_refund
from commerce.payments.methods import waits_for
from commerce.pricing.actions import terms_of
from foundation.errors import Refused
from foundation.money import exponent
from foundation.settings import Settings


def refund_limit(settings: Settings, role: Role, currency: str) -> int | None:
    """The most a role may give back of one order by itself, in minor units; None: without end."""
    if role is Role.ADMINISTRATOR:
        return None
    whole = settings.refund_limit_agent if role is Role.AGENT else settings.refund_limit_supervisor
    return int(whole * 10 ** exponent(currency))


async def read_money(session: AsyncSession, staff: StaffMember, *, number: str) -> OrderMoney:
    """How the price of an order came about."""
    order = await order_for(session, staff, Permission.READ_ORDERS, number)
    return await money_of(session, order.id)


async def preview_change(
    desk: Desk, staff: StaffMember, *, number: str, steps: Sequence[StepBody], reason: str
) -> ChangePreview:
    """The money of a change, with nothing written. Refuses as the change itself would."""
    async with desk.database.begin() as session:
        order = await order_for(session, staff, Permission.CHANGE_ORDERS, number)
        drawn = await actions.preview_change(
            session,
            order_id=order.id,
            steps=[step_of(step) for step in steps],
            reason=reason,
            now=desk.now(),
            terms=terms_of(desk.settings),
        )
        return preview_row(drawn)


async def propose_change(
    desk: Desk, staff: StaffMember, *, number: str, steps: Sequence[StepBody], reason: str
) -> OrderRow:
    """Put a change before the shopper, who confirms or declines it in the chat."""
    async with act(desk, staff, Permission.CHANGE_ORDERS, number) as (session, order):
        await actions.propose_change(
            session,
            order_id=order.id,
            steps=[step_of(step) for step in steps],
            by="staff",
            reason=reason,
            now=desk.now(),
            terms=terms_of(desk.settings),
        )
        return await done(session, desk, staff, "order.change_proposed", order.id)


async def read_choices(session: AsyncSession, staff: StaffMember, *, number: str) -> list[LineChoices]:
    """What may be changed of an order: its lines with open pieces, and the other variants of each in stock."""
    order = await order_for(session, staff, Permission.CHANGE_ORDERS, number)
    lines = [line for line in order.lines if line.open and not line.is_gift and line.line_id is not None]
    found = []
    for line in lines:
        variant = await variant_view(session, line.variant_id, language=staff.language)
        product = await product_details(session, variant.product_id, language=staff.language) if variant else None
        others = [one for one in product.variants if one.available > 0] if product else []
        found.append(
            LineChoices(
                line_id=line.line_id or 0,
                variant_id=line.variant_id,
                title=line.title,
                label=line.label,
                open=line.open,
                others={one.variant_id: one.label or one.sku for one in others if one.variant_id != line.variant_id},
            )
        )
    return found


async def withdraw_change(desk: Desk, staff: StaffMember, *, number: str, change_id: int) -> OrderRow:
    """Take a proposal back, also while it waits for its money. Refuses change.unknown, change.over."""
    async with act(desk, staff, Permission.CHANGE_ORDERS, number) as (session, order):
        _order, change = await locked_change(session, change_id)
        if change.order_id != order.id:
            raise Refused("change.unknown", change=change_id)
        await actions.decline_change(session, change_id=change_id, by="staff", now=desk.now())
        return await done(session, desk, staff, "order.change_withdrawn", order.id)


async def refund(
    desk: Desk, staff: StaffMember, *, number: str, amount: int, reason: str, to_credit: bool, key: str
) -> RefundAskRow:
    """Give money back; above the limit of the role it waits for somebody who may. Refuses refund.too_much."""
    async with act(desk, staff, Permission.REFUND, number) as (session, order):
        ask = await ask_refund(
            session,
            order_id=order.id,
            key=key,
            amount=amount,
            reason=reason,
            to_credit=to_credit,
            staff_id=staff.id,
            limit=refund_limit(desk.settings, staff.role, order.total.currency),
            now=desk.now(),
        )
        verb = "order.refunded" if ask.state is RefundAskState.GIVEN else "order.refund_asked"
        await done(session, desk, staff, verb, order.id, amount=amount)
        return await asked(session, ask)


async def decide_refund(desk: Desk, staff: StaffMember, *, number: str, ask_id: int, approve: bool) -> RefundAskRow:
    """Agree to a refund that waits, or not. Refuses refund.unknown, refund.decided, refund.above_limit."""
    async with act(desk, staff, Permission.REFUND, number) as (session, order):
        if not any(view.ask_id == ask_id for view in await refund_asks(session, order_id=order.id)):
            raise Refused("refund.unknown", refund=ask_id)
        if approve:
            limit = refund_limit(desk.settings, staff.role, order.total.currency)
            ask = await approve_refund(session, ask_id=ask_id, staff_id=staff.id, limit=limit, now=desk.now())
        else:
            ask = await refuse_refund(session, ask_id=ask_id, staff_id=staff.id, now=desk.now())
        verb = "order.refund_approved" if approve else "order.refund_refused"
        await done(session, desk, staff, verb, order.id, amount=ask.amount)
        return await asked(session, ask)


async def waiting_refunds(session: AsyncSession, staff: StaffMember) -> RefundAskPage:
    """Refunds that wait for somebody who may, newest first."""
    staff.must(Permission.REFUND)
    return RefundAskPage(asks=[ask_row(view) for view in await refund_asks(session, waiting=True)])


async def ask_for_part(desk: Desk, staff: StaffMember, *, number: str, amount: int) -> OrderRow:
    """Let the shopper pay a part first. Refuses order.not_payable, order.payment_amount."""
    async with act(desk, staff, Permission.TAKE_MONEY, number) as (session, order):
        await actions.ask_for_part(session, order_id=order.id, amount=amount, now=desk.now())
        return await done(session, desk, staff, "order.part_asked", order.id, amount=amount)


async def hold_back(desk: Desk, staff: StaffMember, *, number: str, reason: HoldReason, why: str) -> OrderRow:
    """Let an order not be sent before somebody has looked. Refuses order.not_ready."""
    async with act(desk, staff, Permission.CHANGE_ORDERS, number) as (session, order):
        await actions.hold_back(session, order_id=order.id, reason=reason, why=why, now=desk.now())
        return await done(session, desk, staff, "order.held_back", order.id)


async def clear_hold(desk: Desk, staff: StaffMember, *, number: str, why: str) -> OrderRow:
    """Let an order be sent after all. Refuses order.no_hold."""
    async with act(desk, staff, Permission.CHANGE_ORDERS, number) as (session, order):
        await actions.clear_hold(session, order_id=order.id, why=why, now=desk.now())
        return await done(session, desk, staff, "order.hold_cleared", order.id)


async def make_draft(
    desk: Desk,
    staff: StaffMember,
    *,
    customer_id: int,
    pieces: Mapping[int, int],
    payment_method: PaymentMethod,
    language: str,
) -> OrderRow:
    """Put an order together for a customer, to their last address. Refuses cart.*, address.unknown."""
    staff.must(Permission.CHANGE_ORDERS)
    async with desk.database.begin() as session:
        order = await actions.make_draft(
            session,
            customer_id=customer_id,
            pieces=pieces,
            payment_method=payment_method,
            language=language,
            now=desk.now(),
            terms=terms_of(desk.settings),
        )
        return await done(session, desk, staff, "order.drafted", order.id)


async def send_draft(desk: Desk, staff: StaffMember, *, number: str) -> OrderRow:
    """Reserve the goods of a draft and ask the shopper for the money. Refuses stock.short, order.move_refused."""
    async with act(desk, staff, Permission.CHANGE_ORDERS, number) as (session, order):
        wait = waits_for(desk.settings, (await order_view(session, order.id)).payment_method)
        await actions.send_draft(session, order_id=order.id, now=desk.now(), unpaid_for=wait)
        return await done(session, desk, staff, "order.sent_to_shopper", order.id)
