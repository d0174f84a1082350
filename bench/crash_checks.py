"""What must be true after a run of `bench/crash.py`, read from the books and from what the shoppers saw.

Each check gives reasons, empty when all is well: `lost`, `doubled`, and `unsold` (stock that does not add up).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg

from bench.errands import Errands
from foundation.database import Database

_UNDER_WAY = """
SELECT 'turns to take' AS what, count(*) AS many FROM conversation WHERE work_at IS NOT NULL
UNION ALL SELECT 'messages to deliver', count(*) FROM message WHERE status IN ('queued', 'sending')
UNION ALL SELECT 'announcements to tell', count(*) FROM announcement WHERE told_at IS NULL
UNION ALL SELECT 'jobs to do', count(*) FROM pgqueuer
UNION ALL SELECT 'webhooks to send', count(*) FROM simulator_event WHERE next_at IS NOT NULL
UNION ALL SELECT 'events to look at', count(*) FROM provider_event WHERE handled_at IS NULL
UNION ALL SELECT 'refunds to make', count(*) FROM refund WHERE state NOT IN ('succeeded', 'cancelled')
UNION ALL SELECT 'sessions to close', count(*) FROM payment_intent WHERE state = 'closing'
"""
_VISIBLE = """
SELECT m.seq, m.kind, m.text, m.status, m.external_id, m.answers, m.created_at
  FROM message m JOIN conversation c ON c.id = m.conversation_id
 WHERE c.id = (SELECT conversation_id FROM message WHERE external_id = $1 AND kind = 'shopper')
   AND m.kind IN ('shopper', 'answer', 'fact')
 ORDER BY m.seq
"""
_ORDERS = """
SELECT o.number, o.status, o.payment_method, o.total_amount,
       (SELECT count(*) FROM payment p WHERE p.order_id = o.id) AS payments,
       (SELECT coalesce(sum(captured), 0) FROM payment p WHERE p.order_id = o.id) AS captured,
       (SELECT coalesce(sum(amount), 0) FROM refund r WHERE r.order_id = o.id AND r.state = 'succeeded') AS refunded,
       (SELECT coalesce(sum(b.amount), 0) FROM simulator_refund b JOIN simulator_session s ON s.id = b.session_id
         WHERE s.reference LIKE o.number || '-%' AND b.state = 'succeeded') AS bank_gave,
       (SELECT coalesce(sum(s.amount), 0) FROM simulator_session s
         WHERE s.reference LIKE o.number || '-%' AND s.state = 'paid') AS bank_took,
       (SELECT jsonb_agg(a.kind) FROM announcement a WHERE (a.facts ->> 'order_id')::bigint = o.id) AS announced
  FROM orders o WHERE o.customer_id = (
       SELECT customer_id FROM conversation WHERE id = (
       SELECT conversation_id FROM message WHERE external_id = $1 AND kind = 'shopper'))
"""
_STOCK = """
SELECT l.variant_id, l.on_hand, l.reserved,
       (SELECT coalesce(sum(delta), 0) FROM stock_movement m WHERE m.stock_level_id = l.id) AS moved,
       (SELECT coalesce(sum((h.levels ->> l.id::text)::bigint), 0) FROM hold h
         WHERE h.state IN ('held', 'committed') AND h.levels ? l.id::text)
       + (SELECT coalesce(sum(a.capacity - a.held - a.used), 0) FROM allotment a
           WHERE a.is_open AND a.stock_level_id = l.id) AS held,
       (SELECT coalesce(sum((h.lines ->> l.variant_id::text)::bigint), 0) FROM hold h
         WHERE h.state = 'committed' AND h.lines ? l.variant_id::text) AS sold,
       (SELECT coalesce(sum(ol.quantity - ol.cancelled - ol.shipped), 0)
          FROM order_line ol JOIN orders o ON o.id = ol.order_id
         WHERE ol.variant_id = l.variant_id AND o.status = 'placed') AS ordered
  FROM stock_level l
"""


@dataclass(slots=True)
class Findings:
    """Reasons, by what they are a case of."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unsold: list[str] = field(default_factory=list)


async def under_way(database: Database) -> dict[str, int]:
    """What the shop still has to do by itself; empty when it has come to rest."""
    async with database.raw() as driver:
        return {row["what"]: row["many"] for row in await driver.fetch(_UNDER_WAY) if row["many"]}


async def newest_rev(database: Database, client_id: str) -> int:
    """How far the page of the shopper who sent this message should have come."""
    async with database.raw() as driver:
        return await driver.fetchval(
            "SELECT max(rev) FROM message WHERE kind IN ('shopper', 'answer', 'fact') AND status <> 'suppressed' AND"
            " conversation_id = (SELECT conversation_id FROM message WHERE external_id = $1 AND kind = 'shopper')",
            client_id,
        )


async def check(database: Database, everybody: Sequence[Errands]) -> Findings:
    """Hold the books against what every shopper did and saw."""
    findings = Findings()
    async with database.raw() as driver:
        for what, many in (await under_way(database)).items():
            findings.lost.append(f"still {many} {what}")
        for errands in everybody:
            if errands.shopper.sent:
                await _check_messages(driver, errands, findings)
                await _check_orders(driver, errands, findings)
        for row in await driver.fetch(_STOCK):
            if row["on_hand"] != row["moved"] or row["reserved"] != row["held"] or row["sold"] != row["ordered"]:
                findings.unsold.append(str(dict(row)))
    return findings


async def _check_messages(driver: asyncpg.Connection, errands: Errands, findings: Findings) -> None:
    """Every message kept once and answered once; the page shows what the books have, and nothing else."""
    shopper = errands.shopper
    rows = await driver.fetch(_VISIBLE, next(iter(shopper.sent)))
    kept = Counter(row["external_id"] for row in rows if row["kind"] == "shopper")
    turns: dict[int, set[object]] = {}
    for row in rows:
        if row["answers"] is not None:
            turns.setdefault(row["answers"], set()).add(row["created_at"])
    for client_id, seq in shopper.sent.items():
        if not kept[client_id]:
            findings.lost.append(f"{client_id} was acknowledged and is not kept")
        if kept[client_id] > 1:
            findings.doubled.append(f"{client_id} is kept {kept[client_id]} times")
        if not turns.get(seq):
            findings.lost.append(f"{client_id} ({seq}) has no answer")
        if len(turns.get(seq, ())) > 1:
            findings.doubled.append(f"{client_id} ({seq}) was answered by {len(turns[seq])} turns")
    findings.doubled += shopper.twice
    findings.doubled += [f"{shopper.name}: a message nobody sent: {extra}" for extra in kept.keys() - shopper.sent]
    should_see = {row["seq"]: row for row in rows if row["kind"] == "shopper" or row["status"] == "sent"}
    for seq, row in should_see.items():
        shown = shopper.seen.get(seq)
        if shown is None or shown.text != row["text"]:
            findings.lost.append(f"{shopper.name} was not shown {row['kind']} {seq}")
    findings.lost += [
        f"{shopper.name}: {row['kind']} {row['seq']} is {row['status']}"
        for row in rows
        if row["kind"] != "shopper" and row["status"] != "sent"
    ]
    findings.doubled += [
        f"{shopper.name} was shown {seq}, which is not there" for seq in shopper.seen - should_see.keys()
    ]


async def _check_orders(driver: asyncpg.Connection, errands: Errands, findings: Findings) -> None:
    """As many orders as were wanted, each told of once for each thing that happened, each paid and refunded once."""
    shopper = errands.shopper
    orders = {row["number"]: row for row in await driver.fetch(_ORDERS, next(iter(shopper.sent)))}
    findings.lost += [
        f"{shopper.name}: order {number} was confirmed and is not there"
        for number in errands.numbers
        if number not in orders
    ]
    if len(orders) < errands.wanted:
        findings.lost.append(f"{shopper.name} wanted {errands.wanted} orders and has {len(orders)}")
    if len(orders) > errands.wanted:
        findings.doubled.append(f"{shopper.name} wanted {errands.wanted} orders and has {len(orders)}")
    facts = [shown.text for shown in shopper.seen.values() if shown.kind == "fact"]
    for number, order in orders.items():
        announced = Counter(order["announced"] or [])
        told, happened = sum(number in fact for fact in facts), announced.total()
        if told < happened:
            findings.lost.append(f"{number}: {happened} facts, {told} told: {dict(announced)}")
        if told > happened or max(announced.values(), default=0) > 1:
            findings.doubled.append(f"{number}: {happened} facts, {told} told: {dict(announced)}")
        if (
            order["payments"] > 1
            or order["captured"] > order["total_amount"]
            or order["bank_gave"] > order["bank_took"]
        ):
            findings.doubled.append(f"{number}: paid or refunded twice: {dict(order)}")
        if order["captured"] != order["bank_took"] or order["refunded"] != order["bank_gave"]:
            findings.lost.append(f"{number}: the bank's books and ours differ: {dict(order)}")
        if order["status"] == "cancelled" and order["refunded"] != order["captured"]:
            findings.lost.append(f"{number}: cancelled and not paid back: {dict(order)}")
