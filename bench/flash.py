"""A flash sale: 5,000 shoppers come within one second for 100 pieces, over HTTP, at one real `xiaoer web`,
beside its `xiaoer worker`.

`--shoppers 5000 --pieces 100 --seconds 1`. Each shopper is a connection of its own that is opened when they come; they
ask for their place in line, ask again after the seconds they are told, and who is let in buys by one press and pays on
the page of the payment simulator. An answer's time runs from the moment in which the shopper meant to ask. Before that,
in the same run and at the same pace, as many ask a bare FastAPI endpoint that answers always the same, and for a place
in line of a sale that has not begun: `cpu_ratio` and `p99_ratio` are the second by the first.

The last line is the result. Ends with 1 unless all pieces and no more are sold, everybody is answered within two
seconds, no place has grown, nothing failed, and the books hold.
"""

import argparse
import asyncio
import contextlib
import json
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import uvloop
from rich.console import Console
from sqlalchemy import select, text

from bench.processes import Process, Scene, cpu_seconds, free_ports, log_lines, postgres_pids, scene
from bench.rush import Page, Times
from bench.shoppers_ready import HOME, goods_for
from bot.web.visitors import new_visitor, visitor_id
from cli.scratch import EMPTY, Place, scratch_place
from commerce.checks import find_breaches
from commerce.customers.actions import customer_for, save_address
from commerce.flash_sales.model import FlashItem
from commerce.flash_sales.queries import Quota, quota_of
from commerce.flash_sales.sales import ItemDraft, SaleDraft, add_sale, schedule_sale
from foundation.database import Database
from foundation.errors import Json

ANSWERED_WITHIN = 2.0
"""Seconds."""
LONGEST = 120
"""Seconds until everybody has bought or heard that all is sold."""
WARM_UP = 200
WARM_SALES = 5
PAY = b'{"method": "simulator"}'
_CROWD = """
WITH one AS (SELECT * FROM customer WHERE id = :customer),
     people AS (
        INSERT INTO customer (language, name_sealed, created_at)
        SELECT language, name_sealed, created_at FROM one, unnest(CAST(:accounts AS text[])) RETURNING id),
     numbered AS (SELECT id, row_number() OVER (ORDER BY id) AS place FROM people),
     known AS (
        INSERT INTO channel_identity (channel, account, customer_id, created_at)
        SELECT 'web', account, numbered.id, one.created_at
        FROM one, numbered JOIN unnest(CAST(:accounts AS text[])) WITH ORDINALITY AS who (account, place) USING (place))
INSERT INTO address (customer_id, name_sealed, phone_sealed, line_sealed, street_sealed, phone_index,
                     phone_last4_index, created_at)
SELECT numbered.id, a.name_sealed, a.phone_sealed, a.line_sealed, a.street_sealed, a.phone_index,
       a.phone_last4_index, a.created_at
FROM numbered, address a WHERE a.customer_id = :customer
"""


@dataclass(slots=True)
class Tally:
    """What happened to all `shoppers`."""

    shoppers: int
    all_answered: asyncio.Event = field(default_factory=asyncio.Event)
    first: Times = field(default_factory=Times)
    later: Times = field(default_factory=Times)
    bought: Times = field(default_factory=Times)
    ends: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    grew: int = 0
    in_vain: int = 0
    longest_line: int = 0


@dataclass(slots=True)
class Shopper:
    """One page of one shopper."""

    port: int
    token: str
    item_id: int
    tally: Tally
    place: int | None = None

    async def shops(self, at: float) -> None:
        """Come at `at`, and stay until they have a piece or there is none left."""
        page = None
        try:
            page = await self._comes(at)
            end = await self._stays(page, at)
        except Exception as error:  # whatever it was, the shopper was not served
            end = "error"
            self.tally.errors[repr(error)[:80]] += 1
        finally:
            if page is not None:
                page.close()
        self.tally.ends[end] += 1

    async def _comes(self, at: float) -> Page:
        await asyncio.sleep(at - time.perf_counter())
        return await Page.open(self.port)

    async def _stays(self, page: Page, at: float) -> str:
        times, end = self.tally.first, at + LONGEST
        while time.perf_counter() < end:
            told = await self._posts(page, "line")
            times.add(at)
            if len(self.tally.first.took) == self.tally.shoppers:
                self.tally.all_answered.set()
            self._look_at(told)
            if told["state"] in ("sold_out", "over"):
                return "sold out"
            if told["state"] in ("inside", "no_line") and await self._buys(page):
                return "bought"
            await asyncio.sleep(told["again"] if told["place"] else 1)
            at, times = time.perf_counter(), self.tally.later
        return "still waiting"

    async def _posts(self, page: Page, what: str, *, good: Sequence[int] = (200,)) -> dict[str, Json]:
        answer = await page.ask(
            "POST", f"/chat/flash/{self.item_id}/{what}", token=self.token, body=PAY if what == "buy" else b"{}"
        )
        if answer.status not in good:
            raise RuntimeError(f"{what}: {answer.status} {answer.body[:60]!r}")
        return answer.told

    def _look_at(self, told: dict[str, Json]) -> None:
        place = told["place"]
        if place is not None and self.place is not None and place > self.place:
            self.tally.grew += 1
        if place is not None and place > told["waiting"]:
            self.tally.errors["a place behind everybody who waits"] += 1
        self.place = place
        self.tally.longest_line = max(self.tally.longest_line, told["waiting"])

    async def _buys(self, page: Page) -> bool:
        begun = time.perf_counter()
        order = await self._posts(page, "buy", good=(201, 409))
        if "order" not in order:  # the last piece went to somebody else who was let in
            self.tally.in_vain += 1
            return False
        opened = await page.ask("GET", _path(order["pay"]))
        while opened.status == 503:  # the bank does not answer at once; the page has a button to try again
            await asyncio.sleep(1)
            opened = await page.ask("GET", _path(order["pay"]))
        paid = await page.ask("POST", _path(opened.location), body=b"choice=pay", form=True)
        if (opened.status, paid.status) != (303, 303):
            raise RuntimeError(f"pay: {opened.status} {paid.status}")
        self.tally.bought.add(begun)
        return True


async def bench(place: Place, *, shoppers: int, pieces: int, seconds: float) -> dict[str, Json]:
    """One run; its result."""
    console, ports = Console(stderr=True), free_ports(2)
    async with scene(place, template=EMPTY) as here:
        tokens = await _crowd(here.database, shoppers + WARM_SALES)
        kept, hot, warm = await _sales(here.database, pieces)
        bare = here.process("bench.echo", port=ports[1])
        web = here.process("cli.main", "web", port=ports[0])
        worker = here.process("cli.main", "worker", public_port=ports[0])
        try:
            for process in (bare, web, worker):
                process.start()
            await asyncio.gather(*(process.until_ready() for process in (bare, web, worker)))
            console.print(f"{shoppers} ask a bare endpoint", style="dim")
            plain = await _rush(bare, "/bare", tokens[:shoppers], seconds)
            console.print(f"{shoppers} ask for a place in line", style="dim")
            line = await _rush(web, f"/chat/flash/{kept}/line", tokens[:shoppers], seconds)
            console.print(f"{shoppers} come for {pieces} pieces", style="dim")
            await _sale(here, web, warm, tokens[shoppers:], 1)
            result = await _sale(here, web, hot, tokens[:shoppers], seconds)
        finally:
            for process in (bare, web, worker):
                process.kill()
        result["failures_logged"] = len(log_lines(here.logs, level="error"))
        async with here.database.session() as session:
            result["broken"] = [str(breach) for breach in await find_breaches(session)]
    ratios = {f"{name}_ratio": round(line[f"{name}_ms"] / plain[f"{name}_ms"], 1) for name in ("cpu", "p99")}
    return {"shoppers": shoppers, "pieces": pieces, **result, "line": line, "bare": plain, **ratios}


async def _crowd(database: Database, count: int) -> list[str]:
    """So many customers of the web chat with an address; the tokens of their pages."""
    assert database.vault is not None
    tokens = [new_visitor(database.vault) for _ in range(count)]
    now = datetime.now(UTC)
    async with database.begin() as session:
        first = await customer_for(session, channel="web", account="first", language="zh", now=now)
        await save_address(session, customer_id=first.id, parsed=HOME, now=now)
        accounts = [visitor_id(database.vault, token) for token in tokens]
        await session.execute(text(_CROWD), {"customer": first.id, "accounts": accounts})
    return tokens


async def _sales(database: Database, pieces: int) -> list[int]:
    """Items of a sale that begins tomorrow, of one that has just begun, and of a small one to get warm."""
    kept, hot, warm = await goods_for(database, count=3, pieces=2 * pieces)
    now = datetime.now(UTC)
    items = []
    async with database.begin() as session:
        for variant, starts_at, quota in (
            (kept, now + timedelta(days=1), pieces),
            (hot, now, pieces),
            (warm, now, WARM_SALES),
        ):
            sold = (ItemDraft(variant, 4800, quota),)
            draft = SaleDraft({"zh": "抢购"}, starts_at, starts_at + timedelta(hours=1), sold)
            sale = await add_sale(session, draft=draft, now=now)
            await schedule_sale(session, sale_id=sale.id, version=1, now=now)
            items.append((await session.scalars(select(FlashItem.id).where(FlashItem.sale_id == sale.id))).one())
    return items


async def _rush(process: Process, path: str, tokens: Sequence[str], seconds: float) -> dict[str, float]:
    """Everybody asks once within `seconds`: how long it took, and what it cost the process."""
    times = Times()

    async def one(token: str, at: float) -> None:
        await asyncio.sleep(at - time.perf_counter())
        page = await Page.open(process.port or 0)
        answer = await page.ask("POST", path, token=token, body=b"{}")
        times.add(at)
        page.close()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {answer.body[:60]!r}")

    await _spread(tokens[:WARM_UP], 1, one)
    times.took.clear()
    before = cpu_seconds([process.pid])
    await _spread(tokens, seconds, one)
    cpu = (cpu_seconds([process.pid]) - before) * 1000 / len(tokens)
    return {**times.facts(), "cpu_ms": round(cpu, 3)}


async def _sale(here: Scene, web: Process, item_id: int, tokens: Sequence[str], seconds: float) -> dict[str, Json]:
    """Everybody comes; how it ended for them, and what the shop sold."""
    tally = Tally(len(tokens))

    async def one(token: str, at: float) -> None:
        await Shopper(web.port or 0, token, item_id, tally).shops(at)

    begun, before = time.perf_counter(), _cpu(here, web)
    answering = asyncio.create_task(_all_answered(here, web, tally))
    selling = asyncio.create_task(_sold_out(here.database, item_id))
    await _spread(tokens, seconds, one)
    quota, sold_at = await selling
    answered = _used(before, await answering)
    first = tally.first.took
    return {
        "sold": quota.sold,
        "left": quota.left + quota.held,
        "ends": dict(tally.ends),
        "errors": dict(tally.errors),
        "answered_late": sum(took > ANSWERED_WITHIN for took in first) + len(tokens) - len(first),
        "places_grew": tally.grew,
        "let_in_in_vain": tally.in_vain,
        "longest_line": tally.longest_line,
        "sold_after_s": round(sold_at - begun, 1),
        "first_answer": tally.first.facts(),
        "later_answers": {"count": len(tally.later.took), **tally.later.facts()},
        "purchase": tally.bought.facts(),
        "cpu_s": _used(before, _cpu(here, web)),
        "cpu_s_until_all_answered": answered,
    }


async def _all_answered(here: Scene, web: Process, tally: Tally) -> dict[str, float]:
    """CPU used when everybody has had their first answer: what it takes on a machine that has nothing else to do."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(tally.all_answered.wait(), LONGEST)
    return _cpu(here, web)


def _used(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    return {name: round(seconds - before[name], 2) for name, seconds in after.items()}


def _cpu(here: Scene, web: Process) -> dict[str, float]:
    """Seconds of CPU so far: of the web process, of PostgreSQL, and of this one, which is all the shoppers."""
    database = cpu_seconds(postgres_pids(here.place.data_dir))
    return {"web": cpu_seconds([web.pid]), "database": database, "shoppers": time.process_time()}


async def _sold_out(database: Database, item_id: int) -> tuple[Quota, float]:
    """How the item stands when nothing is left or held any more, and when that was."""
    end = time.perf_counter() + LONGEST
    while True:
        async with database.begin() as session:
            quota = await quota_of(session, item_id=item_id)
        if quota.left + quota.held == 0 or time.perf_counter() > end:
            return quota, time.perf_counter()
        await asyncio.sleep(0.2)


async def _spread(
    tokens: Sequence[str], seconds: float, act: Callable[[str, float], Coroutine[None, None, None]]
) -> None:
    """Everybody acts at a moment of their own within `seconds`, at random."""
    begun = time.perf_counter() + 0.5  # until all of them are ready
    chance = random.Random(7)
    async with asyncio.TaskGroup() as group:
        for token in tokens:
            group.create_task(act(token, begun + chance.uniform(0, seconds)))


def _path(url: str) -> str:
    return "/" + url.partition("//")[2].partition("/")[2]


def is_good(result: dict[str, Json]) -> bool:
    """Whether it went as it must."""
    wrong = ("errors", "answered_late", "places_grew", "failures_logged", "broken", "left")
    return result["sold"] == result["pieces"] and not any(result[name] for name in wrong)


def main() -> None:
    """Run it and print the result as JSON."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--shoppers", type=int, default=5000)
    asked.add_argument("--pieces", type=int, default=100)
    asked.add_argument("--seconds", type=float, default=1, help="in which all of them come")
    options = asked.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with scratch_place() as place:
        result = uvloop.run(bench(place, **vars(options)))
    print(json.dumps(result))
    sys.exit(0 if is_good(result) else 1)


if __name__ == "__main__":
    main()
