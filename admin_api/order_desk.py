"""What the staff does with orders, for the HTTP interface and the console alike.

Each act is one transaction: who may, the act itself, its line in the audit log, an event for other
screens; then the bells.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.bells import ring_after
from admin_api.desk import Desk
from admin_api.order_views import (
    OpenedAddress,
    OrderPage,
    OrderRow,
    OrderWithHistory,
    Shopping,
    history_of,
    order_row,
    shopping_of,
)
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import read_cursor
from admin_api.talk_views import talk_row
from commerce.orders import actions
from commerce.orders.model import OrderStatus
from commerce.orders.queries import order_address, order_view, recent_orders
from conversations.events import tell_staff
from foundation.audit import write_audit
from foundation.errors import Json


async def list_orders(
    session: AsyncSession, staff: StaffMember, *, status: OrderStatus | None, cursor: str | None, limit: int
) -> OrderPage:
    """Orders, newest first. Refuses cursor.invalid."""
    staff.must(Permission.READ_ORDERS)
    found = await recent_orders(session, before_id=read_cursor(cursor), status=status, limit=limit + 1)
    page = [order_row(view) for view in found[:limit]]
    return OrderPage(orders=page, next=str(page[-1].id) if len(found) > limit else None)


async def read_order(session: AsyncSession, staff: StaffMember, *, number: str) -> OrderWithHistory:
    """One order, however its number is typed. Refuses order.unknown."""
    staff.must(Permission.READ_ORDERS)
    view = await order_view(session, number)
    return OrderWithHistory(order=order_row(view), history=await history_of(session, view.order_id))


async def shopping(session: AsyncSession, staff: StaffMember, *, conversation_id: int) -> Shopping:
    """Cart and orders of the shopper of a conversation that this person may see."""
    staff.must(Permission.READ_ORDERS)
    row = await talk_row(session, staff=staff, conversation_id=conversation_id)
    return await shopping_of(session, customer_id=row.customer_id, language=staff.language)


async def open_address(desk: Desk, staff: StaffMember, *, number: str) -> OpenedAddress:
    """The address of an order in the open; that it was opened, and by whom, is written down first."""
    async with desk.database.begin() as session:
        order = await order_for(session, staff, Permission.OPEN_ADDRESSES, number)
        _note_down(session, desk, staff, "order.address_opened", order.id)
        address = await order_address(session, order_id=order.id)
    return OpenedAddress(name=address.name, phone=address.phone, line=address.whole)


async def cancel(desk: Desk, staff: StaffMember, *, number: str, reason: str) -> OrderRow:
    """Cancel an order before it is shipped; what was paid goes back. Refuses order.shipped, order.move_refused."""
    async with act(desk, staff, Permission.CANCEL_ORDERS, number) as (session, order):
        await actions.cancel_order(session, order_id=order.id, by="staff", reason=reason, now=desk.now())
        return await done(session, desk, staff, "order.cancelled", order.id)


async def ship(desk: Desk, staff: StaffMember, *, number: str, carrier: str, tracking_number: str) -> OrderRow:
    """The parcel is on its way. Refuses order.not_ready, order.shipped, shipment.number_empty."""
    async with act(desk, staff, Permission.SHIP_ORDERS, number) as (session, order):
        await actions.mark_shipped(
            session, order_id=order.id, tracking_number=tracking_number, carrier=carrier, now=desk.now()
        )
        return await done(session, desk, staff, "order.shipped", order.id)


async def mark_paid(desk: Desk, staff: StaffMember, *, number: str, proof: str, amount: int | None = None) -> OrderRow:
    """Money was received, as `proof` says: all that is owed, or a part. Refuses order.already_paid, .payment_amount."""
    async with act(desk, staff, Permission.TAKE_MONEY, number) as (session, order):
        await actions.mark_paid(session, order_id=order.id, proof=proof, amount=amount, now=desk.now())
        return await done(session, desk, staff, "order.marked_paid", order.id)


@asynccontextmanager
async def act(
    desk: Desk, staff: StaffMember, permission: Permission, number: str
) -> AsyncIterator[tuple[AsyncSession, OrderRow]]:
    """One act on an order by who may: its transaction, and the bells after it."""
    async with ring_after(desk.database, desk.doorbell, with_jobs=True), desk.database.begin() as session:
        yield session, await order_for(session, staff, permission, number)


async def order_for(session: AsyncSession, staff: StaffMember, permission: Permission, number: str) -> OrderRow:
    """The order of this number, for who holds the permission. Refuses order.unknown, staff.forbidden."""
    staff.must(permission)
    return order_row(await order_view(session, number))


async def done(
    session: AsyncSession, desk: Desk, staff: StaffMember, action: str, order_id: int, **facts: Json
) -> OrderRow:
    """Write an act down, tell the other screens, and give the order as it is now."""
    _note_down(session, desk, staff, action, order_id, **facts)
    await tell_staff(session, "order", order_id)
    return order_row(await order_view(session, order_id))


def _note_down(
    session: AsyncSession, desk: Desk, staff: StaffMember, action: str, order_id: int, **facts: Json
) -> None:
    write_audit(session, staff_id=staff.id, action=action, subject=f"order:{order_id}", now=desk.now(), **facts)
