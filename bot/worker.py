"""What goes on without a shopper: deadlines, jobs to the outside, announcements, and what a crash left behind."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial

import structlog

from bot.announcements import tell_announcements
from bot.flash_calls import call_in_line
from bot.live_cards import edit_live_cards
from bot.person_jobs import person_jobs
from bot.shop import Shop
from bot.telegram.photos import fetch_missed
from bot.telegram.shared_cards import edit_shared_cards
from bot.turn import take_turns
from commerce.checks import begin_hour, end_hour, find_breaches
from commerce.group_buy.deadlines import orders_to_settle
from commerce.merchandising.pictures import forget_media
from commerce.orders.groups import settle_group_order
from commerce.payments.actions import Till, reconcile
from commerce.payments.jobs import JOBS
from commerce.persons.erasure import forget_addresses, forget_photos_soon
from commerce.search.log import forget_searches
from commerce.search.meaning import gists_due, keep_meanings
from commerce.search.starts import learn_popular
from commerce.shipping.mailroom import JOBS as PARCEL_JOBS
from commerce.shipping.mailroom import Mailroom
from commerce.sweeps import SWEEPS, Sweep
from conversations.events import forget_events
from conversations.sweeps import due_work
from foundation.errors import Json
from foundation.jobs import Handler, forget_jobs, run_due_jobs, run_jobs

log = structlog.get_logger(__name__)

EVERY = 1.0
"""Seconds between two sweeps of one kind."""
SOON = 0.05
"""Seconds before the next sweep when there was much to do: there is more."""
MUCH = 20
AT_ONCE = 50
TURNS_AT_ONCE = 4
"""Turns that are taken up beside each other: when this process is killed, no other has lost one of its tries."""
SETTLED_BESIDE = 4
"""Orders of groups that are settled beside each other, so that one works while another waits for the database."""
MEANINGS_AT_ONCE = 32
FETCH_EVERY = 5.0
FORGET_EVERY = 3600.0
LOOK_FOR_HOUR = 60.0
"""Seconds between two looks whether the check of this hour is still to be made."""
EVENTS_KEPT = timedelta(days=7)
"""So long a screen of the staff may have been away and still go on where it was."""
SEARCHES_KEPT = timedelta(days=90)
JOBS_KEPT = timedelta(days=30)
MEDIA_AT_ONCE = 1000
MEDIA_KEPT = timedelta(days=1)
"""So long the file of a picture that nothing shows any more stays, for who is about to use or to back it up."""
ADDRESSES_KEPT = timedelta(days=3653)
"""So long an order of an erased person keeps its address: trade law in China wants three years, tax law up to ten."""
POPULAR_OVER = timedelta(days=30)


async def work(shop: Shop, *, stop: asyncio.Event) -> None:
    """Run every sweep and every job until `stop` is set; any number of workers may run beside each other."""
    sweeps: list[Callable[[], Awaitable[object]]] = [
        partial(finish_turns, shop),
        partial(tell_announcements, shop),
        partial(edit_live_cards, shop),
        partial(edit_shared_cards, shop),
        partial(reconcile, shop.till),
        partial(learn_meanings, shop),
        partial(settle_groups, shop),
        partial(call_in_line, shop),
        *(partial(_sweep, shop, due) for due in SWEEPS),
    ]
    await asyncio.gather(
        shop.delivery.run(stop),
        run_jobs(shop.database, handlers(shop), stop=stop),
        *(repeat(sweep, stop, every=EVERY) for sweep in sweeps),
        repeat(partial(fetch_missed, shop), stop, every=FETCH_EVERY),
        repeat(partial(_forget, shop), stop, every=FORGET_EVERY),
        repeat(partial(check_books, shop), stop, every=LOOK_FOR_HOUR),
    )


async def finish_turns(shop: Shop) -> int:
    """Take the turns that a crash or a failure left behind. Returns how many conversations there were.

    Each counts as a try from here on, so a process that cannot understand yet must leave them alone.
    """
    await shop.mind.understander()
    finished, is_more = 0, True
    while is_more:
        async with shop.database.begin() as session:
            due = await due_work(session, now=shop.now(), limit=TURNS_AT_ONCE)
        await asyncio.gather(*(_finish(shop, conversation_id) for conversation_id in due))
        finished, is_more = finished + len(due), len(due) == TURNS_AT_ONCE
    return finished


async def learn_meanings(shop: Shop) -> int:
    """Encode what new and changed products mean, a few at a time: turns need the processor more."""
    understander = await shop.mind.understander()
    async with shop.database.begin() as session:
        gists = await gists_due(session, limit=MEANINGS_AT_ONCE)
    if gists:
        vectors = await asyncio.to_thread(understander.encode, [gist.text for gist in gists])
        async with shop.database.begin() as session:
            await keep_meanings(session, gists, vectors)
    return len(gists)


async def settle_groups(shop: Shop) -> int:
    """Free or refund the orders of groups that have been decided, each in a transaction of its own.

    A worker that is killed leaves the rest to the next one; what one order meets holds up no other. Returns how many
    were settled.
    """
    async with shop.database.begin() as session:
        due = await orders_to_settle(session, limit=AT_ONCE)
    ways = [due[place::SETTLED_BESIDE] for place in range(SETTLED_BESIDE)]
    return sum(await asyncio.gather(*(_settle_orders(shop, way) for way in ways)))


async def _settle_orders(shop: Shop, orders: Sequence[int]) -> int:
    settled = 0
    for order_id in orders:
        try:
            async with shop.database.begin() as session:
                await settle_group_order(session, order_id=order_id, now=shop.now())
            settled += 1
        except Exception:  # the next round tries again
            log.exception("a group's order could not be settled", order=order_id)
    return settled


async def check_books(shop: Shop) -> None:
    """Hold the whole database against every rule, once an hour whatever the number of workers, and write down what
    breaks one."""
    async with shop.database.begin() as session:
        hour = await begin_hour(session, now=shop.now())
    if hour is None:
        return
    async with shop.database.session() as session:
        breaches = await find_breaches(session)
    async with shop.database.begin() as session:
        await end_hour(session, hour=hour, breaches=breaches, now=shop.now())
    for breach in breaches:
        log.error("a rule of the shop is broken", rule=breach.rule, row=dict(breach.row))


async def catch_up(shop: Shop) -> None:
    """Everything that is due by the shop's clock, in this process; for tests and scripts that move the clock."""
    await shop.idle()
    for _round in range(5):
        done = await finish_turns(shop)
        async with shop.database.begin() as session:
            for due in SWEEPS:
                done += await due(session, now=shop.now(), limit=AT_ONCE)
        done += await reconcile(shop.till)
        done += await settle_groups(shop) + await call_in_line(shop)
        done += await settle(shop)
        if not done:
            return


async def settle(shop: Shop) -> int:
    """Do what the acts before left to do, whatever the time: jobs, announcements, deliveries. Returns how many."""
    done = await run_due_jobs(shop.database, handlers(shop))
    done += await tell_announcements(shop)
    done += await edit_live_cards(shop) + await edit_shared_cards(shop)
    await shop.delivery.sweep(fresh=True)
    await shop.delivery.finish()
    await shop.idle()
    return done


def handlers(shop: Shop) -> Mapping[str, Handler]:
    """What to do about each kind of job."""

    def bound(handler: Callable[..., Awaitable[None]], room: Till | Mailroom) -> Handler:
        async def run(payload: dict[str, Json]) -> None:
            await handler(room, payload)

        return run

    paying = {name: bound(handler, shop.till) for name, handler in JOBS.items()}
    parcels = {name: bound(handler, shop.mailroom) for name, handler in PARCEL_JOBS.items()}
    return paying | parcels | person_jobs(shop)


async def _sweep(shop: Shop, due: Sweep) -> int:
    async with shop.database.begin() as session:
        return await due(session, now=shop.now(), limit=AT_ONCE)


async def _finish(shop: Shop, conversation_id: int) -> None:
    try:
        await take_turns(shop, conversation_id)
    except Exception:  # it stays due, and after its last try a person gets it
        log.exception("turn failed", conversation=conversation_id)


async def _forget(shop: Shop) -> None:
    async with shop.database.begin() as session:
        await forget_events(session, before=shop.now() - EVENTS_KEPT)
        await forget_searches(session, before=shop.now() - SEARCHES_KEPT)
        await forget_jobs(session, before=shop.now() - JOBS_KEPT)
        await forget_addresses(session, before=shop.now() - ADDRESSES_KEPT)
        await forget_photos_soon(session, await forget_media(session, limit=MEDIA_AT_ONCE), after=MEDIA_KEPT)
        await learn_popular(session, since=shop.now() - POPULAR_OVER)


def _named(sweep: Callable[..., object]) -> str:
    """The names of the functions alone: what they are bound to holds the shop's secrets."""
    parts = (sweep.func, *sweep.args) if isinstance(sweep, partial) else (sweep,)
    return " ".join(part.__name__ for part in parts if hasattr(part, "__name__"))


async def repeat(sweep: Callable[[], Awaitable[object]], stop: asyncio.Event, *, every: float) -> None:
    """Sweep every so many seconds until `stop` is set, at once again while a sweep gets much done."""
    while not stop.is_set():
        done: object = 0
        try:
            done = await sweep()
        except Exception:  # the next round tries again
            log.exception("sweep failed", sweep=_named(sweep))
        try:
            is_more = isinstance(done, int) and done >= MUCH
            async with asyncio.timeout(SOON if is_more else every):
                await stop.wait()
        except TimeoutError:
            continue
