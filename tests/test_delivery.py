"""How messages leave: the stored channels, a wire, what goes wrong on it, and what a crash leaves."""

import asyncio
import contextlib
from datetime import datetime, timedelta

import asyncpg
import pytest

from bot.delivery import Channel, Delivery, NotSent, StoredChannel, Undeliverable
from conversations.delivery import (
    LEASE,
    MOST_SENDS,
    Outgoing,
    claim,
    deliver_stored,
    mark_failed,
    mark_lost,
    mark_sent,
    try_later,
)
from conversations.edits import Changed, claim_edits, mark_edited
from conversations.model import Kind
from conversations.ownership import release
from conversations.read import conversation_by_id, messages_after
from conversations.say import say_fact
from conversations.sweeps import expire_leases, undelivered
from foundation.database import Database
from foundation.redis import Doorbell
from tests.talks import LI, Talk, begin_talk


class FakeWire:
    """A platform. `mishaps`: what happens to the next sends. It answers once `opens_at` messages are on their way."""

    in_database = False

    def __init__(self, *mishaps: Exception, opens_at: int = 1) -> None:
        self.mishaps = list(mishaps)
        self.arrived: list[str] = []
        self.edited: list[str] = []
        self.at_once: dict[int, int] = {}
        self.most_at_once = 0
        self.most_of_one = 0
        self.opens_at = opens_at
        self.gate = asyncio.Event()

    async def send(self, message: Outgoing) -> str | None:
        self.at_once[message.conversation_id] = self.at_once.get(message.conversation_id, 0) + 1
        self.most_of_one = max(self.most_of_one, *self.at_once.values())
        self.most_at_once = max(self.most_at_once, sum(self.at_once.values()))
        if sum(self.at_once.values()) >= self.opens_at:
            self.gate.set()
        await self.gate.wait()
        self.at_once[message.conversation_id] -= 1
        if self.mishaps:
            raise self.mishaps.pop(0)
        self.arrived.append(message.text)
        return f"platform-{message.seq}"

    async def edit(self, message: Changed) -> None:
        if self.mishaps:
            raise self.mishaps.pop(0)
        self.edited.append(str(message.body["text"]))


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
async def talk(database: Database, now: datetime) -> Talk:
    """The shopper on a wire asked for tea; the bot's answers are queued."""
    talk = await begin_talk(database, now, channel="wire")
    await talk.shopper("tea")
    await talk.bot("green", "black")
    return talk


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


def courier(talk: Talk, wire: FakeWire, clock: Clock, *, at_once: int = 16) -> Delivery:
    channels: dict[str, Channel] = {"wire": wire, "web": StoredChannel()}
    return Delivery(talk.database, channels, Doorbell(None), clock=clock, at_once=at_once)


# Channels whose shoppers read the database


async def test_stored_answers_get_a_rev_that_a_stream_at_the_end_sees(database: Database, now: datetime) -> None:
    talk = await begin_talk(database, now)
    await talk.shopper("tea")
    await talk.bot("green", "black")
    await talk.shopper("hello?")  # seq 4, so the stream stands behind the answers' places
    assert await deliver_stored(database, talk.id, now=now) == 2
    assert await deliver_stored(database, talk.id, now=now) == 0
    async with database.session() as session:
        news = await messages_after(session, conversation_id=talk.id, rev=4, limit=50, for_staff=False)
        seen = await messages_after(session, conversation_id=talk.id, rev=0, limit=50, for_staff=False)
    assert [(message.seq, message.rev, message.text) for message in news] == [(2, 5, "green"), (3, 6, "black")]
    assert [message.seq for message in seen] == [1, 4, 2, 3]
    assert news[0].sent_at == now


async def test_stored_answers_of_a_conversation_that_a_person_has_never_leave(
    database: Database, now: datetime
) -> None:
    talk = await begin_talk(database, now)
    await talk.shopper("tea")
    await talk.bot("green")
    async with database.raw() as driver:  # as if the suppression had been forgotten
        await driver.execute("UPDATE conversation SET owner = 'human', assignee_id = 7, epoch = 1")
    assert await deliver_stored(database, talk.id, now=now) == 0
    assert await talk.statuses() == [("tea", "received"), ("green", "suppressed")]


async def test_stored_delivery_at_once_by_two_processes_sends_each_message_once(
    database: Database, now: datetime
) -> None:
    talk = await begin_talk(database, now)
    await talk.shopper("tea")
    await talk.bot(*(f"a{n}" for n in range(10)))
    assert sum(await asyncio.gather(*(deliver_stored(database, talk.id, now=now) for _ in range(4)))) == 10
    async with database.session() as session:
        seen = await messages_after(session, conversation_id=talk.id, rev=1, limit=50, for_staff=False)
    assert [message.text for message in seen] == [f"a{n}" for n in range(10)]


# Claims


async def test_one_message_at_a_time_leaves_in_order(talk: Talk, now: datetime) -> None:
    first = await claim(talk.database, talk.id, now=now)
    assert first is not None
    assert (first.text, first.channel, first.chat, first.kind) == ("green", "wire", "visitor-1", Kind.ANSWER)
    assert await claim(talk.database, talk.id, now=now) is None
    assert await mark_sent(talk.database, first, external_id="p1", now=now)
    second = await claim(talk.database, talk.id, now=now)
    assert second is not None
    assert second.text == "black"


async def test_what_is_queued_while_a_send_ends_is_not_left_behind(database: Database, now: datetime) -> None:
    talk = await begin_talk(database, now, channel="wire")
    await talk.shopper("tea")
    await talk.bot("green")
    green = await claim(database, talk.id, now=now)
    assert green is not None
    async with database.begin() as session:
        await say_fact(session, conversation_id=talk.id, key="k", body={}, text="paid", now=now)
        sent = asyncio.create_task(mark_sent(database, green, external_id="p1", now=now))
        async with database.raw() as driver:  # it waits for the conversation now, and looked before
            while not await driver.fetchval("SELECT count(*), pg_sleep(0.01) FROM pg_locks WHERE NOT granted"):
                pass
    assert await sent is True
    paid = await claim(database, talk.id, now=now)
    assert paid is not None
    assert await mark_sent(database, paid, external_id="p2", now=now) is False


async def test_many_claims_at_once_give_one_message_to_one_of_them(talk: Talk, now: datetime) -> None:
    claims = await asyncio.gather(*(claim(talk.database, talk.id, now=now) for _ in range(8)))
    assert [one.text for one in claims if one is not None] == ["green"]


async def test_an_answer_is_not_claimed_after_a_take_over_even_were_it_queued(talk: Talk, now: datetime) -> None:
    await talk.agent("a person here")
    async with talk.database.raw() as driver:
        await driver.execute("UPDATE message SET status = 'queued' WHERE status = 'suppressed'")
    message = await claim(talk.database, talk.id, now=now)
    assert message is not None
    assert message.text == "a person here"
    assert ("green", "suppressed") in await talk.statuses()


async def test_an_answer_under_way_at_the_take_over_counts_as_said_and_the_person_queues_behind_it(
    talk: Talk, now: datetime
) -> None:
    green = await claim(talk.database, talk.id, now=now)
    assert green is not None
    await talk.agent("a person here")
    assert await claim(talk.database, talk.id, now=now) is None
    assert await mark_sent(talk.database, green, external_id="p1", now=now)
    assert await talk.statuses() == [
        ("tea", "received"),
        ("green", "sent"),
        ("black", "suppressed"),
        ("a person here", "queued"),
    ]


@pytest.mark.parametrize(
    ("kind", "taken", "after"),
    [
        (Kind.ANSWER, False, "queued"),
        (Kind.ANSWER, True, "unknown"),
        (Kind.FACT, False, "unknown"),
        (Kind.FACT, True, "unknown"),
    ],
)
async def test_a_claim_whose_process_died(
    database: Database, now: datetime, kind: Kind, taken: bool, after: str
) -> None:
    talk = await begin_talk(database, now, channel="wire")
    await talk.shopper("tea")
    await talk.bot("green", kind=kind)
    message = await claim(database, talk.id, now=now)
    assert message is not None
    if taken:
        await talk.agent("a person here")
    assert await expire_leases(database, now=now + LEASE - timedelta(seconds=1), limit=10) == 0
    assert await expire_leases(database, now=now + LEASE, limit=10) == 1
    assert dict(await talk.statuses())["green"] == after
    if after == "unknown":  # the process was only slow: now we know
        assert await mark_sent(database, message, external_id="p1", now=now) is not None
        assert dict(await talk.statuses())["green"] == "sent"


async def test_a_slow_process_cannot_settle_the_claim_of_the_next(talk: Talk, now: datetime) -> None:
    slow = await claim(talk.database, talk.id, now=now)
    assert slow is not None
    later = now + LEASE
    await expire_leases(talk.database, now=later, limit=10)
    again = await claim(talk.database, talk.id, now=later)
    assert again is not None
    assert (again.id, again.tries) == (slow.id, 2)
    assert not await mark_failed(talk.database, slow)
    assert not await mark_sent(talk.database, slow, external_id="p1", now=later)
    assert await mark_sent(talk.database, again, external_id="p2", now=later)
    assert not await mark_lost(talk.database, again, at=later)
    assert dict(await talk.statuses())["green"] == "sent"


async def test_a_message_is_tried_five_times_and_keeps_its_place(talk: Talk, now: datetime) -> None:
    for n in range(MOST_SENDS):
        message = await claim(talk.database, talk.id, now=now)
        assert message is not None
        assert (message.text, message.tries) == ("green", n + 1)
        now += timedelta(seconds=10)
        assert await try_later(talk.database, message, at=now)
        assert await claim(talk.database, talk.id, now=now - timedelta(seconds=1)) is None or n == MOST_SENDS - 1
    assert await talk.statuses() == [("tea", "received"), ("green", "failed"), ("black", "sending")]


async def test_an_answer_that_waits_for_a_later_try_is_stopped_by_a_take_over(talk: Talk, now: datetime) -> None:
    message = await claim(talk.database, talk.id, now=now)
    assert message is not None
    await talk.agent("a person here")
    assert await try_later(talk.database, message, at=now + timedelta(seconds=10))
    assert dict(await talk.statuses())["green"] == "suppressed"


async def test_a_fact_leaves_while_a_person_has_the_conversation(talk: Talk, now: datetime) -> None:
    await talk.agent("a person here")
    async with talk.database.begin() as session:
        await say_fact(session, conversation_id=talk.id, key="paid:1", body={}, text="paid", now=now)
        await release(session, conversation_id=talk.id, agent=LI, to="bot", note="", now=now)
    wire = FakeWire()
    await courier(talk, wire, Clock(now)).deliver(talk.id, "wire")
    assert wire.arrived == ["a person here", "paid"]


# The loop


async def test_the_courier_sends_in_order_and_never_two_of_one_conversation_at_once(
    talk: Talk, clock: Clock, now: datetime
) -> None:
    other = await begin_talk(talk.database, now, channel="wire", chat="visitor-2")
    await other.shopper("cup")
    await other.bot("a cup")
    wire = FakeWire(opens_at=2)
    delivery = courier(talk, wire, clock)
    await asyncio.gather(*(delivery.deliver(one.id, "wire") for one in (talk, other) for _ in range(5)))
    assert sorted(wire.arrived) == ["a cup", "black", "green"]
    assert wire.arrived.index("green") < wire.arrived.index("black")
    assert (wire.most_of_one, wire.most_at_once) == (1, 2)


async def test_the_courier_sends_to_at_most_so_many_conversations_at_once(
    talk: Talk, clock: Clock, now: datetime
) -> None:
    for n in range(5):
        other = await begin_talk(talk.database, now, channel="wire", chat=f"other-{n}")
        await other.shopper("cup")
        await other.bot("a cup")
    wire = FakeWire(opens_at=2)
    delivery = courier(talk, wire, clock, at_once=2)
    await delivery.sweep(fresh=True)
    await delivery.finish()
    assert len(wire.arrived) == 7
    assert wire.most_at_once == 2


@pytest.mark.parametrize(
    ("mishap", "status", "arrived"),
    [
        (Undeliverable(), "failed", ["black"]),
        (NotSent(timedelta(seconds=30)), "queued", []),
        (ConnectionResetError(), "queued", []),
    ],
)
async def test_what_goes_wrong_on_the_wire(
    talk: Talk, clock: Clock, mishap: Exception, status: str, arrived: list[str]
) -> None:
    wire = FakeWire(mishap)
    delivery = courier(talk, wire, clock)
    await delivery.deliver(talk.id, "wire")
    assert wire.arrived == arrived
    assert dict(await talk.statuses())["green"] == status
    clock.now += timedelta(seconds=30)
    await delivery.sweep()
    await delivery.finish()
    assert wire.arrived == (["black"] if status == "failed" else ["green", "black"])


async def test_a_fact_that_meets_a_block_is_told_where_its_customer_can_be_reached(
    database: Database, clock: Clock
) -> None:
    web = await begin_talk(database, clock.now - timedelta(days=2))
    await web.shopper("hi")
    group = await begin_talk(database, clock.now, channel="wire", chat="-5:7")
    async with database.raw() as driver:
        await driver.execute("UPDATE conversation SET in_group = true WHERE id = $1", group.id)
    talks = [await begin_talk(database, clock.now - timedelta(hours=n), channel="wire", chat=str(n)) for n in (1, 2)]
    for talk in talks:
        await talk.shopper("tea")
    await talks[0].bot("green")
    async with database.begin() as session:
        await say_fact(session, conversation_id=talks[0].id, key="paid:1", body={"n": 1}, text="paid", now=clock.now)
    delivery = courier(talks[0], FakeWire(*[Undeliverable("blocked")] * 3), clock)
    await delivery.deliver(talks[0].id, "wire")
    await delivery.finish()
    assert await talks[0].statuses() == [("tea", "received"), ("green", "failed"), ("paid", "failed")]
    assert await talks[1].statuses() == [("tea", "received"), ("paid", "failed")]
    assert await web.statuses() == [("hi", "received"), ("paid", "sent")]
    assert await group.statuses() == []


async def test_a_process_that_dies_while_it_notes_a_block_has_told_the_fact_elsewhere(
    database: Database, clock: Clock
) -> None:
    talk, web = await begin_talk(database, clock.now, channel="wire"), await begin_talk(database, clock.now)
    async with talk.database.begin() as session:
        await say_fact(session, conversation_id=talk.id, key="paid:1", body={}, text="paid", now=clock.now)
    wire = FakeWire(Undeliverable("blocked"), opens_at=2)
    dying = asyncio.create_task(courier(talk, wire, clock).deliver(talk.id, "wire"))
    await asyncio.wait([dying], timeout=0.5)
    async with talk.database.raw() as driver, driver.transaction():
        await driver.execute("SELECT FROM conversation WHERE id = $1 FOR UPDATE", talk.id)  # the note has to wait
        wire.gate.set()
        await asyncio.wait([dying], timeout=1)
        dying.cancel()
        await asyncio.wait([dying])
    assert await web.statuses() == [("paid", "queued")]


async def test_a_fact_that_is_refused_itself_or_has_no_other_way_is_told_nowhere_else(talk: Talk, clock: Clock) -> None:
    web = await begin_talk(talk.database, clock.now)
    delivery = courier(talk, FakeWire(*[Undeliverable()] * 3, Undeliverable("gone")), clock)
    for text, web_unreachable_at in (("paid", None), ("sent", clock.now)):
        async with talk.database.begin() as session:
            await say_fact(session, conversation_id=talk.id, key=text, body={}, text=text, now=clock.now)
            (await conversation_by_id(session, web.id)).unreachable_at = web_unreachable_at
        await delivery.deliver(talk.id, "wire")
        await delivery.finish()
    assert [status for _, status in await talk.statuses()] == ["received"] + ["failed"] * 4
    assert await web.statuses() == []


async def test_an_answer_that_may_have_arrived_is_sent_again_after_growing_pauses(talk: Talk, clock: Clock) -> None:
    wire = FakeWire(*[ConnectionResetError()] * (MOST_SENDS - 1))
    delivery = courier(talk, wire, clock)
    await delivery.deliver(talk.id, "wire")
    for pause in (1, 5, 25, 125):
        to_come = list(wire.mishaps)
        for seconds in (pause - 1, 1):
            assert (wire.mishaps, wire.arrived) == (to_come, [])
            clock.now += timedelta(seconds=seconds)
            await delivery.sweep(fresh=True)
            await delivery.finish()
    assert wire.arrived == ["green", "black"]


async def test_a_persons_message_that_may_have_arrived_is_shown_so_and_not_sent_again(talk: Talk, clock: Clock) -> None:
    await talk.agent("a person here")
    wire = FakeWire(ConnectionResetError())
    delivery = courier(talk, wire, clock)
    await delivery.deliver(talk.id, "wire")
    clock.now += timedelta(seconds=30)
    await delivery.sweep()
    await delivery.finish()
    assert wire.arrived == []
    assert dict(await talk.statuses())["a person here"] == "unknown"


async def test_a_sweep_sends_what_a_crash_left_and_leaves_fresh_work_alone(talk: Talk, clock: Clock) -> None:
    web = await begin_talk(talk.database, clock.now)
    await web.shopper("hi")
    await web.bot("hello")
    wire = FakeWire()
    delivery = courier(talk, wire, clock)
    await delivery.sweep()
    await delivery.finish()
    assert wire.arrived == []
    clock.now += timedelta(seconds=2)
    await delivery.sweep()
    await delivery.finish()
    assert wire.arrived == ["green", "black"]
    assert await web.statuses() == [("hi", "received"), ("hello", "sent")]


async def test_a_slow_send_stops_nobody_else_and_is_finished_before_the_end(talk: Talk, clock: Clock) -> None:
    wire = FakeWire(opens_at=2)  # so it holds the first message until the gate is opened
    doorbell = Doorbell(None)
    delivery = Delivery(talk.database, {"wire": wire, "web": StoredChannel()}, doorbell, clock=clock)
    stop = asyncio.Event()
    running = asyncio.create_task(delivery.run(stop))
    with doorbell.listening("staff") as rung:
        await doorbell.ring("delivery")
        web = await begin_talk(talk.database, clock.now)
        await web.shopper("hi")
        await web.bot("hello")
        await doorbell.ring("delivery")
        await asyncio.wait_for(rung.wait(), 60)
        assert await web.statuses() == [("hi", "received"), ("hello", "sent")]
    assert wire.arrived == []
    stop.set()
    wire.gate.set()
    await asyncio.wait_for(running, 60)
    assert wire.arrived == ["green", "black"]


async def test_the_sweep_passes_over_a_conversation_whose_message_is_under_way_or_waits(
    talk: Talk, now: datetime
) -> None:
    async def waiting(at: datetime) -> list[tuple[int, str]]:
        async with talk.database.begin() as session:
            return await undelivered(session, now=at, before=at, limit=10)

    assert await waiting(now) == [(talk.id, "wire")]
    message = await claim(talk.database, talk.id, now=now)
    assert message is not None
    assert await waiting(now) == []
    await try_later(talk.database, message, at=now + timedelta(seconds=30))
    assert await waiting(now + timedelta(seconds=29)) == []
    assert await waiting(now + timedelta(seconds=30)) == [(talk.id, "wire")]


async def test_deliveries_go_on_after_the_database_has_dropped_every_connection(talk: Talk, clock: Clock) -> None:
    wire = FakeWire()
    doorbell = Doorbell(None)
    stop = asyncio.Event()
    running = asyncio.create_task(Delivery(talk.database, {"wire": wire}, doorbell, clock=clock).run(stop))
    await asyncio.sleep(0)
    async with talk.database.raw() as driver:
        await driver.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        with contextlib.suppress(asyncpg.PostgresError):
            await driver.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    with doorbell.listening("staff") as rung:
        await doorbell.ring("delivery")
        await asyncio.wait_for(rung.wait(), 60)
    stop.set()
    await asyncio.wait_for(running, 60)
    assert wire.arrived == ["green", "black"]


# What has changed after it left


async def test_a_change_is_claimed_by_one_only_and_due_again_when_that_one_dies(talk: Talk, now: datetime) -> None:
    wire = FakeWire()
    await courier(talk, wire, Clock(now)).deliver(talk.id, "wire")
    async with talk.database.raw() as driver:
        await driver.execute("UPDATE message SET edit_due_at = $1 WHERE kind = 'answer'", now)

    async def claims(at: datetime, *channels: str) -> list[Changed]:
        return await claim_edits(talk.database, channels=channels, now=at, limit=10)

    assert await claims(now, "web") == []
    both = await asyncio.gather(*(claims(now, "wire") for _ in range(4)))
    assert sorted(changed.external_id for one in both for changed in one) == ["platform-2", "platform-3"]
    assert await claims(now + LEASE - timedelta(seconds=1), "wire") == []
    again = await claims(now + LEASE, "wire")
    assert len(again) == 2
    async with talk.database.raw() as driver:  # one of them changes while it is edited
        await driver.execute("UPDATE message SET rev = rev + 100 WHERE id = $1", again[0].id)
    for changed in again:
        await mark_edited(talk.database, changed, now=now)
    assert [changed.id for changed in await claims(now, "wire")] == [again[0].id]


@pytest.mark.parametrize(("mishap", "edited_after"), [(ConnectionResetError(), 10), (NotSent(timedelta(seconds=3)), 3)])
async def test_an_edit_that_fails_is_made_later(talk: Talk, clock: Clock, mishap: Exception, edited_after: int) -> None:
    wire = FakeWire()
    delivery = courier(talk, wire, clock)
    await delivery.deliver(talk.id, "wire")
    async with talk.database.raw() as driver:
        await driver.execute("UPDATE message SET edit_due_at = $1 WHERE text = 'green'", clock.now)
    wire.mishaps.append(mishap)
    for seconds, edited in ((0, []), (edited_after - 1, []), (1, ["green"]), (100, ["green"])):
        clock.now += timedelta(seconds=seconds)
        await delivery.sweep()
        await delivery.finish()
        assert wire.edited == edited


async def test_an_edit_that_never_works_is_tried_ever_less_and_let_go_and_the_next_change_is_tried_again(
    talk: Talk, clock: Clock
) -> None:
    wire = FakeWire()
    delivery = courier(talk, wire, clock)
    await delivery.deliver(talk.id, "wire")

    async def pauses(driver: asyncpg.Connection) -> list[int]:
        await driver.execute("UPDATE message SET edit_due_at = $1, rev = rev + 100 WHERE text = 'green'", clock.now)
        found = list[int]()
        while True:
            await delivery.sweep()
            await delivery.finish()
            due: datetime | None = await driver.fetchval("SELECT edit_due_at FROM message WHERE text = 'green'")
            if due is None:
                return found
            found.append(round((due - clock.now).total_seconds()))
            clock.now = due

    async with talk.database.raw() as driver:
        wire.mishaps = [ConnectionResetError()] * 10
        assert await pauses(driver) == [10, 10, 20, 40, 80, 160, 320, 640, 1280]
        assert wire.mishaps == []
        wire.mishaps = [
            NotSent(timedelta(seconds=1)),
            ConnectionResetError(),
            NotSent(timedelta(seconds=30), is_try=False),
        ]
        assert await pauses(driver) == [1, 10, 30]
    assert wire.edited == ["green"]
