"""A group of 1,000 fails: does everybody get their money, once, within a minute, also when the worker is killed?

`--members 1000 --kills 1`. A real web process (it is the bank too) and a real worker on a scratch shop. One member
orders and pays as shoppers do, the others are copies of it. The deadline passes; after a third of the refunds the
worker is killed (kill -9) and another one started, as often as told. The last line is the result: seconds from the
deadline until all refunds were `submitted` to the bank and `settled` by it, the CPU time of the worker for a member
where it lived on, and what went wrong: members refunded or told otherwise than once, and rules of the shop that are
broken. Ends with 1 if anything did, or if submitting took more than 60 seconds.
"""

import argparse
import asyncio
import json
import sys
import time
from datetime import UTC, datetime

import uvloop
from sqlalchemy import select, text

from bench.group_orders import Groups
from bench.processes import Process, Scene, cpu_seconds, free_ports, scene, scratch_servers_with_goods
from cli.scratch import Place
from commerce.catalog.model import Variant
from commerce.checks import find_breaches
from commerce.group_buy.campaigns import MOST_MEMBERS
from commerce.group_buy.model import GroupMember
from commerce.inventory.hold import Holds
from commerce.orders.model import Order
from commerce.orders.settlement import settle
from commerce.payments.model import Intent
from commerce.payments.port import Session, SessionState
from foundation.database import Database
from foundation.errors import Json
from foundation.money import Money

IN_TIME = 60.0
LONGEST = 300.0
LOOK_EVERY = 3.0
APART = 1_000_000
"""What the ids of a copy are away from those it was copied from."""
_COPIES = {
    "customer": ("id = :customer", {}),
    "points_account": ("customer_id = :customer", {"customer_id": "customer_id + {ids}"}),
    "cart": ("customer_id = :customer", {"customer_id": "customer_id + {ids}"}),
    "orders": (
        "id = :order",
        {"customer_id": "customer_id + {ids}", "cart_id": "cart_id + {ids}", "number": "lpad(n::text, 9, '0')"},
    ),
    "order_line": ("order_id = :order", {"order_id": "order_id + {ids}"}),
    "hold": ("order_id = :order", {"order_id": "order_id + {ids}", "key": "key || '-' || n"}),
    "payment_intent": (
        "order_id = :order",
        {
            "order_id": "order_id + {ids}",
            "reference": "reference || '-' || n",
            "provider_ref": "provider_ref || '-' || n",
        },
    ),
    "payment": ("order_id = :order", {"order_id": "order_id + {ids}", "intent_id": "intent_id + {ids}"}),
    "points_entry": (
        "order_id = :order",
        {"order_id": "order_id + {ids}", "customer_id": "customer_id + {ids}", "reference": "reference || '-' || n"},
    ),
    "simulator_session": ("true", {"id": "id || '-' || n", "reference": "reference || '-' || n"}),
    "group_member": (
        "order_id = :order",
        {"order_id": "order_id + {ids}", "customer_id": "customer_id + {ids}", "is_leader": "false"},
    ),
}
_WITHOUT_ID = ("points_account", "simulator_session")
_GROWN = (
    "UPDATE allotment SET capacity = :members + 1, used = :members WHERE id = (SELECT seats_id FROM buying_group)",
    "UPDATE buying_group SET size = :members + 1, capacity = :members + 1",
    "UPDATE group_campaign SET size = :members + 1",
    """UPDATE stock_level l SET reserved = coalesce((
        SELECT sum(p.value::bigint) FROM hold h, jsonb_each_text(h.levels) p WHERE p.key = l.id::text), 0)""",
)


async def a_member(database: Database, holds: Holds, now: datetime, bank: str) -> Order:
    """Who starts a group and pays; the bank knows of it."""
    async with database.begin() as session:
        first = select(Variant.id).where(Variant.active).order_by(Variant.id).limit(1)
        variant_id = (await session.scalars(first)).one()
    groups = await Groups.of(database, holds, variant_id, size=MOST_MEMBERS)
    (leader,) = await groups.ready([None])
    order = await groups.order(leader)
    await _pay(database, order, now, bank)
    return order


async def _pay(database: Database, order: Order, now: datetime, bank: str) -> None:
    async with database.begin() as session:
        intent = (await session.scalars(select(Intent).where(Intent.order_id == order.id))).one()
        intent.provider_ref, intent.opened_at = "bench", now
        facts = {"reference": intent.reference, "amount": intent.amount, "currency": intent.currency, "now": now}
        asked = (
            "INSERT INTO simulator_session (id, reference, amount, currency, state, return_url, notify_url, faults,"
            " created_at) VALUES ('bench', :reference, :amount, :currency, 'paid', '', :notify, '[]', :now)"
        )
        await session.execute(text(asked), {**facts, "notify": f"{bank}/webhooks/simulator"})
        money = Money(intent.amount, intent.currency)
        paid = Session("bench", intent.reference, "", SessionState.PAID, money)
        await settle(session, intent_id=intent.id, answer=paid, now=now)


async def multiply(database: Database, order: Order, members: int) -> None:
    """Copies of the one member, so that there are so many."""
    facts = {"order": order.id, "customer": order.customer_id, "more": members - 1}
    async with database.begin() as session:
        for table, (where, changes) in _COPIES.items():
            changed = dict(changes) if table in _WITHOUT_ID else {"id": "id + {ids}", **changes}
            pairs = ", ".join(f"'{name}', {value}" for name, value in changed.items()).format(ids=f"n * {APART}")
            copy = f"jsonb_populate_record(NULL::{table}, to_jsonb({table}) || jsonb_build_object({pairs}))"
            copied = f"INSERT INTO {table} SELECT ({copy}).* FROM {table}, generate_series(1, :more) n WHERE {where}"
            await session.execute(text(copied), facts)
        for statement in _GROWN:
            await session.execute(text(statement), {"members": members})


async def refunds(database: Database) -> tuple[int, int]:
    """How many refunds have been sent to the bank, and how many it has made."""
    counted = (
        "SELECT count(*) FILTER (WHERE state <> 'requested'), count(*) FILTER (WHERE state = 'succeeded') FROM refund"
    )
    async with database.begin() as session:
        sent, made = (await session.execute(text(counted))).one()
        return int(sent), int(made)


async def watch(database: Database, worker: Process, *, members: int, kills: int) -> dict[str, float]:
    """Let the deadline pass and the worker die; the seconds until every refund was sent, and made."""
    async with database.begin() as session:
        now = datetime.now(UTC)
        await session.execute(text("UPDATE buying_group SET deadline = :now"), {"now": now})
    begun = time.monotonic()
    seconds: dict[str, float] = {}
    killed = 0
    while "settled" not in seconds and time.monotonic() - begun < LONGEST:
        sent, made = await refunds(database)
        if killed < kills and sent >= members * (killed + 1) // (kills + 2):
            worker.kill()
            worker.start()
            killed += 1
        for name, count in (("submitted", sent), ("settled", made)):
            if count >= members:
                seconds.setdefault(name, round(time.monotonic() - begun, 1))
        await asyncio.sleep(0.1)
    return seconds


async def wrongs(database: Database) -> dict[str, int]:
    """Members who were refunded or told otherwise than once, at the bank and by us; broken rules."""
    once = {
        "refunded_otherwise": "SELECT count(*) FROM group_member m WHERE m.state <> 'refunded'"
        " OR (SELECT count(*) FROM refund r WHERE r.order_id = m.order_id) <> 1",
        "bank_otherwise": "SELECT count(*) FROM simulator_session s"
        " WHERE s.amount <> (SELECT coalesce(sum(amount), 0) FROM simulator_refund r WHERE r.session_id = s.id)",
        "told_otherwise": "SELECT count(*) FROM group_member m WHERE (SELECT count(*) FROM announcement a"
        " WHERE a.customer_id = m.customer_id AND a.kind = 'group_failed') <> 1",
    }
    async with database.begin() as session:
        found = {name: int(await session.scalar(text(query)) or 0) for name, query in once.items()}
    async with database.session() as session:
        breaches = await find_breaches(session)
    for breach in breaches[:10]:
        print(breach, file=sys.stderr)
    return {**found, "rules_broken": len(breaches)}


async def fail(place: Place, *, members: int, kills: int) -> dict[str, Json]:
    """One run; its result."""
    async with scene(place) as here:
        await _ready(here, members)
        (port,) = free_ports(1)
        web = here.process("cli.main", "web", port=port)
        worker = here.process("cli.main", "worker", public_port=port)
        try:
            for process in (web, worker):
                process.start()
            for process in (web, worker):
                await process.until_ready()
            await _calm(worker)
            before = cpu_seconds([worker.pid])
            seconds = await watch(here.database, worker, members=members, kills=kills)
            used = round((cpu_seconds([worker.pid]) - before) * 1000 / members, 1)
            found = await wrongs(here.database)
        finally:
            for process in (web, worker):
                process.kill()
        return {
            "members": members,
            "kills": kills,
            "seconds": seconds,
            "worker_cpu_ms_each": None if kills else used,
            **found,
        }


async def _calm(worker: Process) -> None:
    """Wait until it has loaded what it needs to understand shoppers: it does so once, at its start."""
    used = -1.0
    while cpu_seconds([worker.pid]) - used > 0.2 * LOOK_EVERY:
        used = cpu_seconds([worker.pid])
        await asyncio.sleep(LOOK_EVERY)


async def _ready(here: Scene, members: int) -> None:
    now = datetime.now(UTC)
    async with Holds.open(here.database.url) as holds:
        order = await a_member(here.database, holds, now, "")
    await multiply(here.database, order, members)
    async with here.database.begin() as session:
        assert len((await session.scalars(select(GroupMember.id))).all()) == members


def main() -> None:
    """Run the bench and print its result."""
    parser = argparse.ArgumentParser(prog="bench group_refunds", description=__doc__)
    parser.add_argument("--members", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=1)
    options = parser.parse_args()
    with scratch_servers_with_goods() as place:
        result = uvloop.run(fail(place, **vars(options)))
    print(json.dumps(result))
    seconds, wrong = result["seconds"], [result[name] for name in result if name.endswith(("otherwise", "broken"))]
    sys.exit(1 if any(wrong) or seconds.get("submitted", LONGEST) > IN_TIME else 0)


if __name__ == "__main__":
    main()
