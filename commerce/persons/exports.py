"""Everything the shop has of a person, as one JSON that only they can fetch, for a day."""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.announcements import announce
from commerce.customers.events import note_event
from commerce.customers.model import Customer, DataExport
from foundation.encryption import Vault
from foundation.errors import Json, Refused
from foundation.jobs import enqueue

MAKE_EXPORT = "make_data_export"
KEPT = timedelta(hours=24)
ASK_AGAIN_AFTER = timedelta(minutes=10)
_PURPOSE = "data export"
_SIGNED_BYTES = 16

HOLDINGS: Mapping[str, str] = {
    "person": "SELECT id, language, name_sealed, email_sealed, created_at FROM customer WHERE id = :customer",
    "channels": "SELECT channel, account, created_at FROM channel_identity WHERE customer_id = :customer",
    "addresses": (
        "SELECT name_sealed, phone_sealed, line_sealed, province, city, district, created_at FROM address"
        " WHERE customer_id = :customer ORDER BY id"
    ),
    "consents": "SELECT purpose, granted, source, at FROM consent WHERE customer_id = :customer ORDER BY id",
    "account_events": "SELECT kind, facts, at FROM customer_event WHERE customer_id = :customer ORDER BY id",
    "favourites": (
        "SELECT f.product_id, t.title, f.created_at FROM favourite f LEFT JOIN LATERAL (SELECT title FROM product_text"
        " WHERE product_id = f.product_id ORDER BY lang LIMIT 1) t ON true WHERE f.customer_id = :customer"
    ),
    "waiting_for": "SELECT variant_id, created_at FROM stock_watch WHERE customer_id = :customer",
    "sale_reminders": "SELECT sale_id, created_at FROM flash_reminder WHERE customer_id = :customer",
    "groups_looked_at": "SELECT group_id, created_at FROM group_interest WHERE customer_id = :customer",
    "flash_sale_pieces": "SELECT item_id, order_id FROM flash_claim WHERE customer_id = :customer ORDER BY id",
    "group_seats": (
        "SELECT group_id, campaign_id, order_id, quantity, amount, is_leader, state, created_at FROM group_member"
        " WHERE customer_id = :customer ORDER BY id"
    ),
    "cart": (
        "SELECT l.variant_id, l.quantity FROM cart c JOIN cart_line l ON l.cart_id = c.id"
        " WHERE c.customer_id = :customer AND c.status = 'open'"
    ),
    "orders": (
        "SELECT id, number, status, payment_method, goods_amount, discount_amount, shipping_amount, tax_amount,"
        " total_amount, currency, points_spent, points_earned, address_sealed, created_at, placed_at, delivered_at,"
        " ended_at FROM orders WHERE customer_id = :customer ORDER BY id"
    ),
    "order_lines": (
        "SELECT o.number, l.title, l.label, l.quantity, l.unit_amount, l.discount_amount, l.total_amount, l.cancelled,"
        " l.shipped, l.returned FROM order_line l JOIN orders o ON o.id = l.order_id"
        " WHERE o.customer_id = :customer ORDER BY l.id"
    ),
    "payments": (
        "SELECT o.number, p.provider, p.captured, p.refunded, p.currency, p.captured_at FROM payment p"
        " JOIN orders o ON o.id = p.order_id WHERE o.customer_id = :customer ORDER BY p.id"
    ),
    "payment_instruments": (
        "SELECT provider, label, created_at FROM payment_instrument WHERE customer_id = :customer ORDER BY id"
    ),
    "refunds": (
        "SELECT o.number, r.amount, r.currency, r.reason, r.state, r.created_at FROM refund r"
        " JOIN orders o ON o.id = r.order_id WHERE o.customer_id = :customer ORDER BY r.id"
    ),
    "transfer_reports": "SELECT note_sealed, created_at FROM transfer_report WHERE customer_id = :customer ORDER BY id",
    "parcels": (
        "SELECT o.number, s.carrier, s.tracking_number, s.state, s.shipped_at, s.delivered_at FROM shipment s"
        " JOIN orders o ON o.id = s.order_id WHERE o.customer_id = :customer ORDER BY s.id"
    ),
    "returns": (
        "SELECT number, kind, state, why, note, goods_amount, refunded, currency, created_at FROM order_return"
        " WHERE customer_id = :customer ORDER BY id"
    ),
    "coupons": "SELECT batch_id, state, claimed_at, expires_at, used_at FROM coupon WHERE customer_id = :customer",
    "points": "SELECT available, pending FROM points_account WHERE customer_id = :customer",
    "points_entries": (
        "SELECT kind, available, pending, created_at FROM points_entry WHERE customer_id = :customer ORDER BY id"
    ),
    "credit": "SELECT kind, balance, currency FROM credit_account WHERE customer_id = :customer ORDER BY id",
    "credit_movements": (
        "SELECT m.amount, m.reason, m.at FROM credit_movement m JOIN credit_account a ON a.id = m.account_id"
        " WHERE a.customer_id = :customer ORDER BY m.id"
    ),
}
"""{part of an export: the query that reads it}. What is said in conversations comes from that room, by the door."""


async def ask_export(session: AsyncSession, *, customer_id: int, now: datetime) -> DataExport:
    """Have an export made by a job. Raises Refused("export.asked_already", minutes) within ten minutes of the last."""
    await session.execute(select(Customer.id).where(Customer.id == customer_id).with_for_update(key_share=True))
    last = select(DataExport.asked_at).where(DataExport.customer_id == customer_id)
    asked = await session.scalar(last.order_by(DataExport.id.desc()).limit(1))
    if asked is not None and now - asked < ASK_AGAIN_AFTER:
        left = asked + ASK_AGAIN_AFTER - now
        raise Refused("export.asked_already", minutes=-(-int(left.total_seconds()) // 60))
    made = DataExport(customer_id=customer_id, asked_at=now)
    session.add(made)
    await session.flush()
    note_event(session, customer_id=customer_id, kind="export_asked", now=now, export=made.id)
    await enqueue(session, MAKE_EXPORT, {"export_id": made.id}, key=f"{MAKE_EXPORT}:{made.id}")
    return made


async def person_of(session: AsyncSession, *, customer_id: int, talks: Json) -> dict[str, Json]:
    """Everything of a person, opened; amounts are in minor units. `talks` is what the conversations have."""
    parts: dict[str, Json] = {}
    for name, query in HOLDINGS.items():
        rows = await session.execute(text(query), {"customer": customer_id})
        parts[name] = [_opened(session, dict(row)) for row in rows.mappings()]
    return {**parts, "messages": talks}


async def keep_export(session: AsyncSession, *, export_id: int, content: Mapping[str, Json], now: datetime) -> None:
    """The export is made: seal it, and tell the person where it is. Again changes nothing."""
    export = await session.get_one(DataExport, export_id, with_for_update=True)
    if export.made_at is not None:
        return
    vault: Vault = session.info["vault"]
    export.content_sealed = vault.seal(json.dumps(content, ensure_ascii=False, indent=1))
    export.made_at, export.until = now, now + KEPT
    announce(session, "data_export_ready", customer_id=export.customer_id, now=now, export_id=export.id)
    await session.flush()


def export_token(vault: Vault, export_id: int) -> str:
    """What the link of an export ends with."""
    number = export_id.to_bytes(8, "big")
    return base64.urlsafe_b64encode(number + vault.sign(_PURPOSE, number)[:_SIGNED_BYTES]).decode().rstrip("=")


async def fetch_export(session: AsyncSession, *, token: str, customer_id: int | None, now: datetime) -> str:
    """The JSON behind a link, for its own customer. Anybody else's, an old one, and no such give the same answer:
    Refused("export.unknown").
    """
    vault: Vault = session.info["vault"]
    export = await session.get(DataExport, _export_from(vault, token))
    if export is None or export.customer_id != customer_id or export.content_sealed is None:
        raise Refused("export.unknown")
    if export.until is None or export.until <= now:
        raise Refused("export.unknown")
    note_event(session, customer_id=export.customer_id, kind="export_fetched", now=now, export=export.id)
    return vault.open(export.content_sealed)


async def forget_exports(session: AsyncSession, *, now: datetime, limit: int) -> int:
    """Take away exports whose day is over. A sweep: returns how many there were."""
    due = select(DataExport.id).where(DataExport.until <= now, DataExport.content_sealed.is_not(None))
    due = due.order_by(DataExport.id).limit(limit).with_for_update(skip_locked=True)
    gone = update(DataExport).where(DataExport.id.in_(due.scalar_subquery())).values(content_sealed=None)
    return len((await session.execute(gone.returning(DataExport.id))).all())


def _export_from(vault: Vault, token: str) -> int:
    try:
        read = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise Refused("export.unknown") from error
    number, signature = read[:8], read[8:]
    if len(signature) != _SIGNED_BYTES or not vault.verify(_PURPOSE, number, signature):
        raise Refused("export.unknown")
    return int.from_bytes(number, "big")


def _opened(session: AsyncSession, row: dict[str, Json]) -> dict[str, Json]:
    vault: Vault = session.info["vault"]
    opened: dict[str, Json] = {}
    for name, value in row.items():
        if name.endswith("_sealed"):
            told = vault.open(value) if value else None
            opened[name.removesuffix("_sealed")] = json.loads(told) if told and told.startswith("{") else told
        else:
            opened[name] = _plain(value)
    return opened


def _plain(value: Json) -> Json:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal | UUID) else value
