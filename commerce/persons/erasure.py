"""A person's data is erased. What trade law demands stays: orders with their sealed address, money, consents given."""

from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.media import MediaFolder
from commerce.catalog.model import Media
from commerce.customers.address import NOWHERE
from commerce.customers.events import note_event
from commerce.customers.model import Customer
from commerce.orders.snapshot import seal_address
from foundation.errors import Refused
from foundation.jobs import enqueue

ERASE_CUSTOMER = "erase_customer"
FORGET_PHOTOS = "forget_photos"

_OPEN_ORDERS = "SELECT number FROM orders WHERE customer_id = :customer AND status IN ('draft', 'pending', 'placed')"
_OPEN_RETURNS = """
SELECT number FROM order_return WHERE customer_id = :customer
   AND state NOT IN ('closed', 'rejected', 'cancelled', 'expired')"""
_MONEY_DUE = """
SELECT DISTINCT o.number FROM orders o
  LEFT JOIN refund r ON r.order_id = o.id AND r.state IN ('requested', 'submitted', 'failed')
  LEFT JOIN refund_ask a ON a.order_id = o.id AND a.state = 'waiting'
 WHERE o.customer_id = :customer AND (r.id IS NOT NULL OR a.id IS NOT NULL)"""

_ERASE = (
    "DELETE FROM demo_mail WHERE key IN (SELECT 'email_code:' || id FROM email_code WHERE customer_id = :customer)",
    *(
        f'DELETE FROM "{table}" WHERE customer_id = :customer'
        for table in (
            *("email_code", "data_export", "code_tries", "keeper", "favourite", "stock_watch", "price_list_customer"),
            *("channel_identity", "flash_reminder", "group_interest"),
        )
    ),
    "DELETE FROM cart WHERE customer_id = :customer AND status = 'open'",
    "DELETE FROM address WHERE customer_id = :customer"
    " AND NOT EXISTS (SELECT 1 FROM orders WHERE orders.address_id = address.id)",
    "UPDATE address SET name_sealed = '', phone_sealed = '', line_sealed = '', street_sealed = NULL, phone_index = '',"
    " phone_last4_index = '', district = '' WHERE customer_id = :customer",
    "UPDATE payment_instrument SET label = '', token = 'erased:' || id WHERE customer_id = :customer",
    "UPDATE transfer_report SET note_sealed = NULL, photos = '[]' WHERE customer_id = :customer",
    "UPDATE order_return SET note = '', photos = '[]' WHERE customer_id = :customer",
    "UPDATE announcement SET told_at = created_at WHERE customer_id = :customer AND told_at IS NULL",
)
"""What erases. An address that an order points at is emptied: the order keeps its own sealed copy."""
_LONG_AGO = """
SELECT o.id FROM orders o JOIN customer c ON c.id = o.customer_id
 WHERE c.erased_at IS NOT NULL AND o.ended_at < :before AND o.phone_last4_index <> ''"""
_FORGET_WHO_TOOK_IT = f"""
DELETE FROM delivery_proof USING shipment s WHERE s.id = shipment_id AND s.order_id IN ({_LONG_AGO})"""
_FORGET_WHERE_TO = f"UPDATE orders SET address_sealed = :nowhere, phone_last4_index = '' WHERE id IN ({_LONG_AGO})"


async def refuse_erasure(session: AsyncSession, *, customer_id: int) -> None:
    """Raises Refused("erase.orders_open", orders), ("erase.returns_open", returns) or ("erase.money_due", orders)."""
    customer = {"customer": customer_id}
    for code, fact, query in (
        ("erase.orders_open", "orders", _OPEN_ORDERS),
        ("erase.returns_open", "returns", _OPEN_RETURNS),
        ("erase.money_due", "orders", _MONEY_DUE),
    ):
        numbers = list(await session.scalars(text(query), customer))
        if numbers:
            raise Refused(code, **{fact: sorted(numbers)[:10]})


async def erase_customer(session: AsyncSession, *, customer_id: int, by: str, now: datetime) -> bool:
    """Erase a person. False when that was done before. Raises what `refuse_erasure` raises, and
    Refused("customer.unknown").

    Their conversations are locked by the caller (conversations.erase.lock_talks), who erases them in this transaction.
    """
    locked = select(Customer).where(Customer.id == customer_id, Customer.merged_into.is_(None))
    locked = locked.with_for_update(key_share=True).execution_options(populate_existing=True)
    customer = await session.scalar(locked)
    if customer is None:
        raise Refused("customer.unknown", customer=customer_id)
    if customer.erased_at is not None:
        return False
    await refuse_erasure(session, customer_id=customer_id)
    for statement in _ERASE:
        await session.execute(text(statement), {"customer": customer_id})
    customer.name_sealed = customer.email_sealed = customer.email_index = None
    customer.erased_at = now
    note_event(session, customer_id=customer_id, kind="erased", now=now, by=by)
    await session.flush()
    return True


async def forget_addresses(session: AsyncSession, *, before: datetime) -> None:
    """Orders of erased people that ended before then forget where they went, and who took the parcel."""
    await session.execute(text(_FORGET_WHO_TOOK_IT), {"before": before})
    await session.execute(text(_FORGET_WHERE_TO), {"before": before, "nowhere": seal_address(session, NOWHERE)})


async def forget_photos_soon(
    session: AsyncSession, digests: Collection[str], *, after: timedelta | None = None
) -> None:
    """Leave a job in the transaction of an erasure: files do not come back, so they go once it is committed."""
    if digests:
        await enqueue(session, FORGET_PHOTOS, {"digests": sorted(digests)}, after=after)


async def forget_photos(session: AsyncSession, digests: Collection[str], *, data_dir: Path) -> None:
    """Delete the files of photos that no conversation shows any more, but for those that a product shows."""
    folder = MediaFolder.of(data_dir)
    shown = set(await session.scalars(select(Media.digest).where(Media.digest.in_(digests))))
    for digest in set(digests) - shown:
        folder.file(digest).unlink(missing_ok=True)
        folder.thumbnail(digest).unlink(missing_ok=True)
