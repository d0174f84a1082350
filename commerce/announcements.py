"""What happened in the shop and a customer should hear. Commerce never talks to a chat: it leaves a row, doors tell it.

Kinds: order_placed, order_awaiting_payment, payment_received, order_cancelled, order_expired, order_shipped,
refund_made, refund_to_credit, late_payment_accepted, late_payment_refunded, back_in_stock; of parcels parcel_picked,
pickup_ready, parcel_out_for_delivery, parcel_delivered, parcel_exception, parcel_lost, parcel_returned,
parcel_sent_again, parcel_refunded, picked_up, receipt_confirmed; of a person accounts_joined, data_export_ready,
erasure_refused; of a group group_opened, group_leader, group_nudge, group_succeeded, group_failed, group_cancelled,
group_seat_lost, and to others group_offer; of a flash sale flash_sale_soon, flash_turn.
Facts are ids, numbers and amounts, never personal data.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm.attributes import set_committed_value

from foundation.database import Base, Id, JsonMap, insert_row, raw
from foundation.errors import Json


class Announcement(Base):
    """One event for one customer; `told_at` is set when it became a message."""

    __tablename__ = "announcement"
    __table_args__ = (Index("ix_announcement_untold", "id", postgresql_where=text("told_at IS NULL")),)

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(40))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    facts: Mapped[JsonMap]
    created_at: Mapped[datetime]
    told_at: Mapped[datetime | None]


def announce(session: AsyncSession, kind: str, *, customer_id: int, now: datetime, **facts: Json) -> Announcement:
    """Leave an announcement in this transaction; it also joins `session.info["announcements"]`."""
    announcement = Announcement(kind=kind, customer_id=customer_id, facts=facts, created_at=now)
    session.add(announcement)
    session.info.setdefault("announcements", []).append(announcement)
    return announcement


async def announce_at_once(session: AsyncSession, kind: str, *, customer_id: int, now: datetime, **facts: Json) -> None:
    """As `announce`, written at once with a fraction of the CPU: for what every order says."""
    announcement = Announcement(kind=kind, customer_id=customer_id, facts=facts, created_at=now)
    await insert_row(session, announcement)
    session.info.setdefault("announcements", []).append(announcement)


async def mark_told(session: AsyncSession, announcement: Announcement, *, now: datetime) -> None:
    """It became a message."""
    await (await raw(session)).execute("UPDATE announcement SET told_at = $2 WHERE id = $1", announcement.id, now)
    set_committed_value(announcement, "told_at", now)


async def announced(session: AsyncSession) -> list[Announcement]:
    """The announcements of this transaction so far, in order, without those of a savepoint that was rolled back."""
    made: list[Announcement] = session.info.get("announcements", [])
    if made:
        await session.flush()
    return [announcement for announcement in made if announcement in session]


async def untold(session: AsyncSession, *, limit: int, without: Collection[int] = ()) -> Sequence[Announcement]:
    """The oldest announcements that no message told yet, locked for this transaction; others skip them.

    `without`: ids to leave for another time.
    """
    waiting = select(Announcement).where(Announcement.told_at.is_(None), Announcement.id.not_in(without))
    oldest = waiting.order_by(Announcement.id).limit(limit)
    return (await session.scalars(oldest.with_for_update(skip_locked=True))).all()
