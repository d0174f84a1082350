"""Updates of Telegram in a storm: doubled, out of order, calls failing, flood limits on, and kill -9 in the middle.

`--updates 2000 --people 40 --kills 20 --seed 7`. Two processes that fetch updates (one works at a time) and a worker
serve one demo shop in the fake Telegram; people write and press buttons whose answers are known from a calm minute
before. When all was said and killed, the shop comes to rest, and what was said, what is stored and what everybody sees
on their phone are held against each other. The last line is the result: updates `lost` and `doubled`; answers that are
`unanswered`, `out_of_order` or there twice (`repeated`) though no process was killed while it sent them (`resent`
counts those: Telegram has no key by which a send could be told from its repetition). All but `resent` must be 0.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import uvloop
from sqlalchemy import text

from bench.processes import Scene, scene, scratch_servers_with_goods
from bench.telegram_lives import Life, Role
from cli.scratch import Place
from conversations.model import Message
from foundation.database import Database
from foundation.errors import Json
from tests.telegram_server import Bot, Chat, FakeTelegram, telegram_server

TOKEN = "123456:STORM-token-of-the-tea-shop-0000000"
SAID: Final = ("/start", "/help", "/cart", "/orders", "/deals", "thanks")
"""What has always the same answer, another one each."""
PRESSED: Final = "What can you do?"
"""A button of the answer to /start."""
REST_SECONDS = 240.0
"""The shop comes to rest within this: a send that was killed is taken up after a minute."""
_LONGEST_LIFE = 3.0
"""Seconds between two kills at most."""
_UNDER_WAY = """
SELECT (SELECT count(*) FROM conversation WHERE heard_seq > handled_seq)
     + (SELECT count(*) FROM message WHERE status IN ('queued', 'sending'))
"""


@dataclass
class Talker:
    """Somebody who writes, and what they did: message ids, and presses."""

    chat: Chat
    said: list[int] = field(default_factory=list)
    presses: int = 0


@dataclass
class Found:
    """What went wrong, and the first reasons."""

    counts: Counter[str] = field(default_factory=Counter)
    reasons: list[str] = field(default_factory=list)

    def note(self, kind: str, reason: str, number: int = 1) -> None:
        """Count something that went wrong."""
        if number:
            self.counts[kind] += number
            self.reasons.append(f"{kind}: {reason}")


async def storm(
    place: Place, *, updates: int, people: int, kills: int, seed: int, all_at_once: bool = False
) -> dict[str, Json]:
    """One run; its result. With `all_at_once` every kill hits all processes, and a minute passes before they start."""
    begun, rng = time.monotonic(), random.Random(seed)
    async with telegram_server() as fake, scene(place) as here:
        bot = fake.add_bot(TOKEN, "storm_tea_bot")
        lives = _lives(here, fake.url)
        try:
            for life in lives:
                life.start()
            answers = await _learn(fake, bot)
            fake.faults.duplicates, fake.faults.reordered, fake.faults.failing = 0.3, 0.3, 0.05
            fake.faults.lot.seed(seed)
            fake.flood_limits(True)
            talkers = [Talker(fake.person(f"Talker {number}").open(bot)) for number in range(people)]
            killing = asyncio.create_task(_kill(here, lives, kills, rng, all_at_once=all_at_once))
            share = updates // people
            pause = _LONGEST_LIFE * kills / share
            talking = (_talk(talker, share, pause, random.Random(rng.random())) for talker in talkers)
            await asyncio.gather(*talking)
            await killing
            rested = await _come_to_rest(here.database, bot)
            found = await _check(here.database, talkers, answers)
        finally:
            for life in lives:
                life.kill()
    found.note("unanswered", "the shop did not come to rest", 0 if rested else 1)
    return {
        "updates": sum(len(talker.said) + talker.presses for talker in talkers),
        "kills": kills,
        **{
            kind: found.counts[kind] for kind in ("lost", "doubled", "unanswered", "out_of_order", "repeated", "resent")
        },
        "seed": seed,
        "seconds": round(time.monotonic() - begun, 1),
        "reasons": found.reasons[:20],
    }


def is_flawless(result: Mapping[str, Json]) -> bool:
    """Whether nothing was lost, doubled or out of order."""
    return not any(result[kind] for kind in ("lost", "doubled", "unanswered", "out_of_order", "repeated"))


def _lives(here: Scene, url: str) -> list[Life]:
    settings = {
        "database_url": here.database.url,
        "redis_url": here.place.servers.redis_url,
        "data_dir": str(here.place.data_dir),
        "messages_a_minute": 1_000_000,
        "telegram_token": TOKEN,
        "telegram_url": url,
    }
    roles: tuple[Role, ...] = ("telegram", "telegram", "worker")
    return [Life(role, settings, here.logs / f"{role}-{number}.log") for number, role in enumerate(roles)]


async def _learn(fake: FakeTelegram, bot: Bot) -> dict[str, str]:
    """The answer to each thing that is said, by the answer's text; pressing asks the same as /help."""
    calm = fake.person("Calm").open(bot)
    answers: dict[str, str] = {}
    for words in SAID:
        await calm.say(words)
        seen = await calm.hears(timeout=60)
        answers[seen.text] = words
    assert len(answers) == len(SAID), "two things have one answer"
    return answers


async def _talk(talker: Talker, share: int, pause: float, rng: random.Random) -> None:
    """Say this many things, `pause` seconds apart at most; now and then press a button that is there."""
    before = ""
    for _ in range(share):
        buttons = [name for seen in talker.chat.messages for name in seen.buttons]
        if before != "/help" and PRESSED in buttons and rng.random() < 0.2:
            await talker.chat.press(PRESSED)
            talker.presses, before = talker.presses + 1, "/help"
        else:
            before = rng.choice([words for words in SAID if words != before])
            talker.said.append((await talker.chat.say(before)).id)
        await asyncio.sleep(rng.uniform(0, pause))


async def _kill(here: Scene, lives: Sequence[Life], kills: int, rng: random.Random, *, all_at_once: bool) -> None:
    """Kill one process after another, or all of them, at any moment, and start them anew."""
    for number in range(kills):
        await asyncio.sleep(rng.uniform(0.3, _LONGEST_LIFE))
        hit = list(lives) if all_at_once else [lives[number % len(lives)]]
        for life in hit:
            assert life.is_running, f"{life.role} has ended by itself: {life.log.read_text(errors='replace')[-2000:]}"
            await asyncio.to_thread(life.kill)
        if all_at_once:
            async with here.database.begin() as session:
                await session.execute(text("UPDATE message SET lease_until = now() WHERE status = 'sending'"))
        for life in hit:
            life.start()


async def _come_to_rest(database: Database, bot: Bot) -> bool:
    deadline = time.monotonic() + REST_SECONDS
    while time.monotonic() < deadline:
        async with database.begin() as session:
            if not bot.updates.waiting and not await session.scalar(text(_UNDER_WAY)):
                return True
        await asyncio.sleep(0.5)
    return False


async def _check(database: Database, talkers: Sequence[Talker], answers: Mapping[str, str]) -> Found:
    found = Found()
    for talker in talkers:
        async with database.begin() as session:
            rows = await session.execute(
                text(
                    "SELECT m.kind, m.body, m.text, m.tries FROM message m JOIN conversation c"
                    " ON c.id = m.conversation_id WHERE c.channel = 'telegram' AND c.chat = :chat ORDER BY m.seq"
                ),
                {"chat": str(talker.chat.person.id)},
            )
            messages = [Message(kind=row.kind, body=row.body, text=row.text, tries=row.tries) for row in rows]
        _check_stored(found, talker, [message for message in messages if message.kind == "shopper"])
        _check_seen(found, talker, messages, answers)
    return found


def _check_stored(found: Found, talker: Talker, heard: Sequence[Message]) -> None:
    """Everything that was said and pressed is stored once."""
    name = talker.chat.person.name
    stored = Counter(int(one.body["message_id"]) for one in heard if one.body["kind"] != "press")
    found.note("lost", f"{name} said more than is stored", len(set(talker.said) - set(stored)))
    found.note("doubled", f"{name} is stored twice", sum(times - 1 for times in stored.values()))
    presses = sum(one.body["kind"] == "press" for one in heard)
    found.note("lost", f"{name} pressed more than is stored", max(0, talker.presses - presses))
    found.note("doubled", f"{name} is stored to have pressed more", max(0, presses - talker.presses))


def _check_seen(found: Found, talker: Talker, messages: Sequence[Message], answers: Mapping[str, str]) -> None:
    """What stands in the chat answers what was heard, one after the other; only a killed send may be there again."""
    name = talker.chat.person.name
    heard = [_asked(one) for one in messages if one.kind == "shopper"]
    seen = [answers.get(one.text, one.text[:60]) for one in talker.chat.messages if one.is_from_bot]
    sent_again = sum(one.tries > 1 for one in messages)
    place = again = 0
    for at, answer in enumerate(seen):
        if place < len(heard) and answer == heard[place]:
            place += 1
        elif at and answer == seen[at - 1]:
            again += 1
        else:
            found.note("out_of_order", f"{name} sees {answer!r} for {heard[place:][:1]}")
            return
    found.note("unanswered", f"{name} was not told {heard[place:][:3]}", len(heard) - place)
    found.note("repeated", f"{name} sees the same again", max(0, again - sent_again))
    found.counts["resent"] += min(again, sent_again)


def _asked(message: Message) -> str:
    return "/help" if message.body["kind"] == "press" else message.text


def main() -> None:
    """Run the bench and print its result."""
    parser = argparse.ArgumentParser(prog="bench telegram_storm", description=__doc__)
    parser.add_argument("--updates", type=int, default=2000)
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    with scratch_servers_with_goods() as place:
        result = uvloop.run(storm(place, **vars(options)))
    print(json.dumps(result, ensure_ascii=False))
    sys.exit(0 if is_flawless(result) else 1)


if __name__ == "__main__":
    main()
