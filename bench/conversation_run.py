"""One conversation with everybody at it at once, on real connections, and a judge of what came of it."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from conversations.delivery import CLAIM, DELIVER_STORED, LEASE, MAY_LEAVE, Outgoing, claim, deliver_stored, mark_sent
from conversations.hear import Incoming, hear, open_conversation
from conversations.model import BOT_MAY_ANSWER, OUTGOING, Agent, Conversation, Kind, Message, Owner, Status
from conversations.ownership import agent_says, ask_for_person, close, release, shopper_gives_up, take
from conversations.read import conversation_by_id, messages_after
from conversations.say import say_fact
from conversations.turns import Reply, close_turn, lock_for_turn
from foundation.database import Database
from foundation.errors import Refused

AGENTS = (Agent(1, "Li Lei"), Agent(2, "Han Meimei"))


class Road:
    """How messages leave and how a person takes over: the shop's own way."""

    async def deliver_stored(self, database: Database, conversation_id: int) -> None:
        """Everything queued becomes sent."""
        await deliver_stored(database, conversation_id, now=_now())

    async def claim(self, database: Database, conversation_id: int) -> Outgoing | None:
        """The next message is ours to send."""
        return await claim(database, conversation_id, now=_now())

    async def before_take_over_commits(self, session: AsyncSession, conversation_id: int, *, after: int) -> None:
        """Nothing more belongs to a take-over."""


class UnguardedRoad(Road):
    """The twin: a take-over leaves the bot's answers queued, and no claim looks at owner and epoch."""

    async def deliver_stored(self, database: Database, conversation_id: int) -> None:
        """Everything queued becomes sent, whoever has the conversation."""
        async with database.raw() as driver:
            await driver.fetchval(DELIVER_STORED.replace(MAY_LEAVE, "true"), conversation_id, _now())

    async def claim(self, database: Database, conversation_id: int) -> Outgoing | None:
        """The next message is ours to send, whoever has the conversation."""
        async with database.raw() as driver:
            row = await driver.fetchrow(CLAIM.replace(MAY_LEAVE, "true"), conversation_id, _now(), _now() + LEASE)
        return None if row is None else Outgoing(**{name: row[name] for name in Outgoing.__slots__})

    async def before_take_over_commits(self, session: AsyncSession, conversation_id: int, *, after: int) -> None:
        """Queue again what the take-over has just suppressed: that has a `rev` above `after`."""
        undo = (
            "UPDATE message SET status = 'queued' WHERE conversation_id = :id AND status = 'suppressed' AND rev > :rev"
        )
        await session.execute(text(undo), {"id": conversation_id, "rev": after})


@dataclass(frozen=True, slots=True)
class Shown:
    """A message of ours as it came to the shopper."""

    id: int
    seq: int
    kind: str
    epoch: int


class BrokenSkill(Exception):
    """A turn that fails half way."""


class Run:
    """One conversation with everybody at it at once; `wrong` says what went wrong."""

    def __init__(self, database: Database, road: Road, *, number: int, seed: int) -> None:
        self.database, self.road, self.number = database, road, number
        self.dice = random.Random(f"{seed}/{number}")
        self.is_stored = self.dice.random() < 0.5
        self.channel = "web" if self.is_stored else "wire"
        self.id = 0
        self.tasks: list[asyncio.Task[None]] = []
        self.handled: list[int] = []
        self.facts = self.persons = self.suppressed = self.in_flight = 0
        self.taken: list[int] = []
        """Epochs of the take-overs whose commit was acknowledged, in that order."""
        self.shown: list[Shown] = []
        self.has_answered = asyncio.Event()
        self.is_quiet = asyncio.Event()
        self.wrong: dict[str, list[str]] = {"leaked": [], "lost": [], "doubled": [], "disordered": []}

    async def play(self) -> None:
        """Let everybody act, wait until nothing moves any more, and look at what came of it."""
        async with self.database.begin() as session:
            self.id = await open_conversation(
                session, channel=self.channel, chat=f"{self.number}", customer_id=1, language="en", now=_now()
            )
        reading = asyncio.create_task(self._read_along())
        await asyncio.gather(self._shopper(), self._shop(), *(self._agent(agent) for agent in AGENTS))
        while self.tasks:
            await self.tasks.pop()
        await self._come_to_rest()
        self.is_quiet.set()
        await reading
        await self._judge()

    # Who acts

    async def _shopper(self) -> None:
        for n in range(self.dice.randint(1, 4)):
            await asyncio.sleep(self.dice.random() * 0.03)
            said = Incoming(self.channel, f"{self.number}", f"{n}", {"kind": "text", "text": f"{n}"}, f"{n}")
            times = 2 if self.dice.random() < 0.15 else 1
            heard = await asyncio.gather(*(hear(self.database, said, now=_now()) for _ in range(times)))
            if [one is not None and not one.repeated for one in heard].count(True) != 1:
                self.wrong["doubled"].append(f"{n} was heard as {heard}")
            self._start(self._answer)
            if self.dice.random() < 0.15:
                self._start(self._give_up)

    async def _answer(self) -> None:
        await self._nap()
        await self._turns(break_at=0.1)
        await asyncio.sleep(self.dice.random() * 0.04)  # long enough for an agent to come in between
        await self._deliver()

    async def _turns(self, *, break_at: float) -> None:
        more = True
        while more:
            try:
                more = await self._turn(breaks=self.dice.random() < break_at)
            except BrokenSkill:
                continue

    async def _turn(self, *, breaks: bool) -> bool:
        online = [agent.id for agent in AGENTS if self.dice.random() < 0.5]
        async with self.database.begin() as session:
            locked = await lock_for_turn(session, self.id, now=_now(), online=online)
            if locked is None:
                return False
            await self._nap()
            if self.dice.random() < 0.15:
                await ask_for_person(
                    session, conversation_id=self.id, reason="asked", summary={}, actor="shopper", now=_now()
                )
            if breaks:
                raise BrokenSkill
            seqs = [said.seq for said in locked.messages]
            replies = [Reply(Kind.ANSWER, {"to": seq}, f"{seq}") for seq in seqs]
            if self.dice.random() < 0.2:
                replies.append(Reply(Kind.FACT, {"receipt": seqs[-1]}, "receipt"))
            more = await close_turn(
                session,
                locked,
                replies=replies,
                frames=[],
                focus={},
                language="en",
                handled_seq=locked.last_read,
                now=_now(),
            )
        self.has_answered.set()
        self.handled += seqs
        self.facts += len(replies) - len(seqs)
        return more

    async def _agent(self, agent: Agent) -> None:
        for n in range(self.dice.choice((0, 0, 1, 1, 2))):
            await self._until_the_agent_looks()
            says = "hello" if self.dice.random() < 0.5 else None
            if not await self._takes(agent, says and f"{agent.id}.{n}.{says}"):
                continue
            for m in range(self.dice.randint(0, 2)):
                await self._nap()
                await self._takes(agent, f"{agent.id}.{n}.{m}")
            await asyncio.sleep(self.dice.random() * 0.004)
            await self._leaves(agent)

    async def _until_the_agent_looks(self) -> None:
        """Any moment, or just when an answer is queued: there the bot and the agent meet."""
        if self.dice.random() < 0.5:
            await asyncio.sleep(self.dice.random() * 0.15)
            return
        self.has_answered.clear()
        try:
            await asyncio.wait_for(self.has_answered.wait(), 0.5)
        except TimeoutError:
            return

    async def _takes(self, agent: Agent, says: str | None) -> bool:
        """Take the conversation, by saying something or without a word. False when that is refused."""
        try:
            async with self.database.begin() as session:
                held = await session.get_one(Conversation, self.id, with_for_update=True)
                epoch, last_seq = held.epoch, held.last_seq
                if says is None:
                    await take(session, conversation_id=self.id, agent=agent, now=_now())
                else:
                    await agent_says(
                        session,
                        conversation_id=self.id,
                        agent=agent,
                        body={"kind": "text", "text": says},
                        text=says,
                        client_msg_id=says,
                        now=_now(),
                    )
                if held.epoch != epoch:
                    await self.road.before_take_over_commits(session, self.id, after=last_seq)
        except Refused:
            return False
        self.persons += says is not None
        if held.epoch != epoch:
            self.taken.append(held.epoch)
        self._start(self._deliver)
        return True

    async def _leaves(self, agent: Agent) -> None:
        to: Literal["bot", "queue"] = "bot" if self.dice.random() < 0.7 else "queue"
        try:
            async with self.database.begin() as session:
                if self.dice.random() < 0.25:
                    await close(session, conversation_id=self.id, agent=agent, now=_now())
                else:
                    await release(session, conversation_id=self.id, agent=agent, to=to, note="", now=_now())
        except Refused:
            return

    async def _give_up(self) -> None:
        await self._nap()
        async with self.database.begin() as session:
            await shopper_gives_up(session, conversation_id=self.id, now=_now())

    async def _shop(self) -> None:
        for n in range(self.dice.randint(0, 2)):
            await asyncio.sleep(self.dice.random() * 0.02)
            async with self.database.begin() as session:
                await say_fact(session, conversation_id=self.id, key=f"{n}", body={"paid": n}, text="paid", now=_now())
            self.facts += 1
            self._start(self._deliver)

    async def _deliver(self) -> None:
        if self.is_stored:
            await self.road.deliver_stored(self.database, self.id)
            return
        while True:
            taken_before = self.taken.copy()
            message = await self.road.claim(self.database, self.id)
            if message is None:
                return
            if message.kind == Kind.ANSWER and any(epoch > message.epoch for epoch in taken_before):
                self.wrong["leaked"].append(f"answer {message.seq} was claimed after a take-over")
            self.in_flight += 1
            if self.in_flight > 1:
                self.wrong["disordered"].append(f"{message.seq} left while another was on its way")
            await self._nap()
            self.shown.append(Shown(message.id, message.seq, message.kind, message.epoch))
            self.in_flight -= 1
            if await mark_sent(self.database, message, external_id=f"{message.id}", now=_now()) is None:
                self.wrong["lost"].append(f"{message.seq} was sent and is not marked so")

    async def _read_along(self) -> None:
        """The page of a shopper whose channel reads the database: what the stream brings, once and in order."""
        cursor = 0
        while self.is_stored:
            is_last = self.is_quiet.is_set()
            async with self.database.begin() as session:
                page = await messages_after(session, conversation_id=self.id, rev=cursor, limit=50, for_staff=False)
                ours = [message.id for message in page if message.kind in OUTGOING]
                epochs = dict(
                    (await session.execute(select(Message.id, Message.epoch).where(Message.id.in_(ours)))).all()
                )
            self.shown += [
                Shown(message.id, message.seq, message.kind, epochs[message.id])
                for message in page
                if message.kind in OUTGOING
            ]
            cursor = max([cursor, *(message.rev for message in page)])
            if is_last:
                return
            await asyncio.sleep(0.004)

    # What came of it

    async def _come_to_rest(self) -> None:
        """What a sweep would do: turns where work is due, then delivery."""
        for _ in range(20):
            async with self.database.begin() as session:
                conversation = await conversation_by_id(session, self.id)
            if conversation.work_at is None:
                break
            await self._turns(break_at=0)
        await self._deliver()

    async def _judge(self) -> None:
        async with self.database.begin() as session:
            conversation = await conversation_by_id(session, self.id)
            messages = (await session.scalars(select(Message).filter_by(conversation_id=self.id))).all()
        lost, doubled = self.wrong["lost"], self.wrong["doubled"]
        heard = [message for message in messages if message.kind == Kind.SHOPPER]
        unhandled = [message.seq for message in heard if message.seq > conversation.handled_seq]
        if unhandled and conversation.owner in (*BOT_MAY_ANSWER, Owner.CLOSED):
            lost.append(f"{unhandled} were never dealt with")
        if len(set(self.handled)) != len(self.handled):
            doubled.append(f"dealt with {self.handled}")
        if len({message.text for message in heard}) != len(heard):
            doubled.append("kept twice")
        ours = [message for message in messages if message.kind in OUTGOING]
        sent = {message.id for message in ours if message.status == Status.SENT}
        self.suppressed = len([message for message in ours if message.status == Status.SUPPRESSED])
        kinds = [(Kind.FACT, self.facts), (Kind.PERSON, self.persons), (Kind.ANSWER, len(self.handled))]
        for kind, expected in kinds:
            settled = [message for message in ours if message.kind == kind and message.status == Status.SENT]
            if kind == Kind.ANSWER:
                settled += [message for message in ours if message.status == Status.SUPPRESSED]
            if len(settled) != expected:
                lost.append(f"{len(settled)} of {expected} messages of kind {kind} were settled")
        if sent - {one.id for one in self.shown}:
            lost.append("sent and never shown")
        if len({one.id for one in self.shown}) != len(self.shown):
            doubled.append("shown twice")
        if [one.seq for one in self.shown] != sorted(one.seq for one in self.shown):
            self.wrong["disordered"].append(f"shown in the order {[one.seq for one in self.shown]}")
        self._judge_leaks(messages)

    def _judge_leaks(self, messages: Sequence[Message]) -> None:
        person = 0
        for one in self.shown:
            if one.kind == Kind.PERSON:
                person = max(person, one.epoch)
            elif one.kind == Kind.ANSWER and one.epoch < person:
                self.wrong["leaked"].append(f"answer {one.seq} was shown after a person's message")
        if not self.is_stored:
            return
        # Where the database is the channel, `rev` tells exactly which came first: the sending or the take-over.
        taken = [
            (line.seq, line.epoch) for line in messages if line.kind == Kind.ACTIVITY and line.body["to"] == "human"
        ]
        for message in messages:
            late = [seq for seq, epoch in taken if message.rev > seq and message.epoch < epoch]
            if late and message.kind == Kind.ANSWER and message.status == Status.SENT:
                self.wrong["leaked"].append(f"answer {message.seq} was sent after the take-over at {late[0]}")

    async def _nap(self) -> None:
        await asyncio.sleep(self.dice.choice((0, 0, 0.0005, 0.001, 0.003)))

    def _start(self, act: Callable[[], Coroutine[None, None, None]]) -> None:
        self.tasks.append(asyncio.create_task(act()))


def _now() -> datetime:
    return datetime.now(UTC)
