"""Two customers turn out to be one person: the younger one's things become the elder's, in one transaction."""

from datetime import datetime

from sqlalchemy import delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.announcements import announce
from commerce.carts.model import MOST_LINES, MOST_PIECES, Cart, CartLine, CartStatus
from commerce.credit.joining import join_credit
from commerce.customers.events import note_event
from commerce.customers.model import Customer
from commerce.flash_sales.claims import join_claims
from commerce.group_buy.joining import join_seats
from commerce.points.joining import join_points
from commerce.points.model import PointsAccount
from commerce.promotions.coupons import join_coupons

JOIN_CUSTOMERS = "join_customers"
_GO_OVER = ("orders", "order_return", "transfer_report", "payment_instrument")
"""Tables whose rows only change hands, in the order in which rows are locked."""
_GO_OVER_LAST = (
    "promotion_use",
    "address",
    "channel_identity",
    "consent",
    "customer_event",
    "data_export",
    "announcement",
)
_ONE_OF_EACH = {
    "favourite": ("product_id", "created_at"),
    "stock_watch": ("variant_id", "created_at"),
    "flash_reminder": ("sale_id", "created_at"),
    "group_interest": ("group_id", "created_at"),
    "price_list_customer": ("price_list_id",),
    "keeper": ("staff_id", "linked_at"),
}
"""Tables that hold a thing once for each customer: what both have stays as the elder has it."""


async def living(session: AsyncSession, customer_id: int) -> int:
    """Whom a number stands for now: the customer themselves, or who they turned out to be."""
    found = await session.scalar(select(Customer.merged_into).where(Customer.id == customer_id))
    return customer_id if found is None else found


async def join_customers(session: AsyncSession, *, one_id: int, other_id: int, now: datetime) -> int | None:
    """Make one customer of two; the elder is kept. Returns the one who is gone, or None when there is nothing to do:
    they are one already, or one of them was erased.

    Their conversations are locked by the caller (conversations.erase.lock_talks), who moves them in this transaction.
    """
    both = select(Customer).where(Customer.id.in_((one_id, other_id))).order_by(Customer.id)
    locked = both.with_for_update(key_share=True).execution_options(populate_existing=True)
    customers = (await session.scalars(locked)).all()
    if len(customers) != 2 or any(one.merged_into is not None or one.erased_at is not None for one in customers):
        return None
    kept, gone = customers
    await _join_carts(session, from_id=gone.id, to_id=kept.id, now=now)
    for table in _GO_OVER:
        await _hand_over(session, table, gone.id, kept.id)
    await join_credit(session, from_id=gone.id, to_id=kept.id)
    await join_points(session, from_id=gone.id, to_id=kept.id)
    await session.execute(delete(PointsAccount).where(PointsAccount.customer_id == gone.id))
    await join_coupons(session, from_id=gone.id, to_id=kept.id)
    await join_seats(session, from_id=gone.id, to_id=kept.id)
    await join_claims(session, from_id=gone.id, to_id=kept.id)
    for table, columns in _ONE_OF_EACH.items():
        await _hand_over_one_of_each(session, table, columns, gone.id, kept.id)
    for table in _GO_OVER_LAST:  # announcements after what they are made of, which may be locked just now
        await _hand_over(session, table, gone.id, kept.id)
    await _join_counts(session, gone.id, kept.id)
    await _join_person(session, kept, gone, now)
    note_event(session, customer_id=kept.id, kind="joined", now=now, customer=gone.id)
    announce(session, "accounts_joined", customer_id=kept.id, now=now)
    await session.flush()
    return gone.id


async def _join_carts(session: AsyncSession, *, from_id: int, to_id: int, now: datetime) -> None:
    """What lies in both open carts lies in one; what would go beyond the limits of a cart is left out."""
    ordered = update(Cart).where(Cart.customer_id == from_id, Cart.status == CartStatus.ORDERED)
    is_open = Cart.status == CartStatus.OPEN
    await session.execute(delete(Cart).where(Cart.customer_id == from_id, is_open, Cart.deal.is_not(None)))
    open_ones = select(Cart).where(Cart.customer_id.in_((from_id, to_id)), is_open, Cart.deal.is_(None))
    locked = open_ones.order_by(Cart.id).with_for_update(key_share=True).execution_options(populate_existing=True)
    carts = {cart.customer_id: cart for cart in await session.scalars(locked)}
    await session.execute(
        ordered.values(customer_id=to_id)
    )  # also what was ordered while the open ones were waited for
    old, new = carts.get(from_id), carts.get(to_id)
    if old is None:
        return
    if new is None:
        old.customer_id = to_id
        await session.flush()
        return
    lines = select(CartLine).where(CartLine.cart_id.in_((old.id, new.id))).order_by(CartLine.id)
    found = (await session.scalars(lines.execution_options(populate_existing=True))).all()
    there = {line.variant_id: line for line in found if line.cart_id == new.id}
    for line in (line for line in found if line.cart_id == old.id):
        same = there.get(line.variant_id)
        if same is not None:
            same.quantity = min(same.quantity + line.quantity, MOST_PIECES)
        elif len(there) < MOST_LINES:
            line.cart_id = new.id
            there[line.variant_id] = line
    new.version += 1
    new.updated_at = now
    await session.flush()
    await session.execute(delete(Cart).where(Cart.id == old.id))


async def _hand_over(session: AsyncSession, table: str, from_id: int, to_id: int) -> None:
    moved = f'UPDATE "{table}" SET customer_id = :to_id WHERE customer_id = :from_id'
    await session.execute(text(moved), {"to_id": to_id, "from_id": from_id})


async def _hand_over_one_of_each(
    session: AsyncSession, table: str, columns: tuple[str, ...], from_id: int, to_id: int
) -> None:
    names = ", ".join(columns)
    ids = {"to_id": to_id, "from_id": from_id}
    copied = (
        f'INSERT INTO "{table}" (customer_id, {names}) SELECT :to_id, {names} FROM "{table}"'
        " WHERE customer_id = :from_id ON CONFLICT DO NOTHING"
    )
    await session.execute(text(copied), ids)
    await session.execute(text(f'DELETE FROM "{table}" WHERE customer_id = :from_id'), ids)


async def _join_counts(session: AsyncSession, from_id: int, to_id: int) -> None:
    """Limits are those of one person: uses of promotions and wrong codes are added up."""
    ids = {"to_id": to_id, "from_id": from_id}
    await session.execute(
        text(
            "INSERT INTO promotion_customer (promotion_id, customer_id, used, most)"
            " SELECT promotion_id, :to_id, used, most FROM promotion_customer WHERE customer_id = :from_id"
            " ON CONFLICT (promotion_id, customer_id) DO UPDATE SET"
            " used = promotion_customer.used + excluded.used,"
            " most = greatest(promotion_customer.most, excluded.most, promotion_customer.used + excluded.used)"
        ),
        ids,
    )
    await session.execute(text("DELETE FROM promotion_customer WHERE customer_id = :from_id"), ids)
    await session.execute(
        text(
            "INSERT INTO code_tries (customer_id, since, wrong)"
            " SELECT :to_id, since, wrong FROM code_tries WHERE customer_id = :from_id"
            " ON CONFLICT (customer_id) DO UPDATE SET"
            " since = greatest(code_tries.since, excluded.since), wrong = greatest(code_tries.wrong, excluded.wrong)"
        ),
        ids,
    )
    await session.execute(text("DELETE FROM code_tries WHERE customer_id = :from_id"), ids)
    # Codes go over though they are worth nothing any more: by them an erasure finds the mails.
    ended = "UPDATE email_code SET customer_id = :to_id, ended_at = coalesce(ended_at, created_at)"
    await session.execute(text(f"{ended} WHERE customer_id = :from_id"), ids)


async def _join_person(session: AsyncSession, kept: Customer, gone: Customer, now: datetime) -> None:
    name, email_sealed, index = gone.name_sealed, gone.email_sealed, gone.email_index
    gone.name_sealed = gone.email_sealed = gone.email_index = None
    gone.merged_into, gone.merged_at = kept.id, now
    await session.flush()  # the address is free before it is the elder's
    if kept.name_sealed is None:
        kept.name_sealed = name
    if kept.email_index is None:
        kept.email_sealed, kept.email_index = email_sealed, index
    earlier = update(Customer).where(Customer.merged_into == gone.id)
    await session.execute(earlier.values(merged_into=kept.id))
    await session.flush()
