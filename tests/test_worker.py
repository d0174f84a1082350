"""What a worker makes good after a crash."""

import asyncio
import threading
from datetime import timedelta
from functools import partial

from structlog.testing import capture_logs

from bot.shop import Shop
from bot.turn import meet
from bot.worker import MUCH, finish_turns, repeat
from cli.scratch import Place, scratch_shop
from conversations.hear import Incoming, hear
from nlu.model import Context, Meaning
from nlu.understand import Understander
from tests.chat import Chat


async def test_while_a_worker_cannot_understand_yet_no_try_is_counted(
    place: Place, demo_shelves: str, understander: Understander
) -> None:
    has_loaded = threading.Event()

    def load() -> Understander:
        has_loaded.wait(60)
        return understander

    async with scratch_shop(place, template=demo_shelves, load=load) as scratch:
        chat = Chat(scratch)
        incoming = Incoming(chat.channel, chat.name, "1", {"kind": "text", "text": "hello"}, "hello")
        await meet(scratch.shop, incoming, "en")
        await hear(scratch.shop.database, incoming, now=scratch.clock())
        sweeps = set()
        for _ in range(4):
            scratch.clock.move(timedelta(minutes=1))
            sweeps.add(asyncio.create_task(finish_turns(scratch.shop)))
            await asyncio.wait(sweeps, timeout=0.05)
        assert (await chat.conversation()).attempts == 1
        has_loaded.set()
        await asyncio.gather(*sweeps)
        assert (await chat.hears())[0].text.startswith("Welcome")


class Stumbling(Understander):
    """Breaks at one message."""

    def understand(self, text: str, context: Context = Context()) -> Meaning:
        if text == "stumble":
            raise RuntimeError("stumbled")
        return super().understand(text, context)


async def test_a_message_that_breaks_the_understanding_is_given_up_and_a_person_gets_it(
    place: Place, demo_shelves: str, understander: Understander
) -> None:
    stumbling = Stumbling(understander.model, understander.encoder)
    async with scratch_shop(place, template=demo_shelves, load=lambda: stumbling) as scratch:
        chat = Chat(scratch)
        assert await chat.says("stumble", language="en") == []
        for _ in range(3):
            scratch.clock.move(timedelta(seconds=3))
            await finish_turns(scratch.shop)
        assert [message.text[:27] for message in await chat.hears()] == ["Sorry, something went wrong"]
        row = await chat.conversation()
        assert (row.owner, row.handled_seq, row.work_at) == ("waiting", row.heard_seq, None)


async def test_a_sweep_that_fails_is_logged_by_its_name_and_without_the_secrets_of_the_shop(shop: Shop) -> None:
    stop = asyncio.Event()

    async def failing(_shop: Shop) -> None:
        stop.set()
        raise RuntimeError("stumbled")

    with capture_logs() as logs:
        await repeat(partial(failing, shop), stop, every=0.01)
    assert [line["sweep"] for line in logs] == ["failing"]
    assert repr(shop.simulator_secret) not in repr(shop)


async def test_a_sweep_that_got_much_done_is_followed_by_the_next_one_at_once() -> None:
    stop, left = asyncio.Event(), [0, MUCH]

    async def sweep() -> int:
        done = left.pop()
        if not left:
            stop.set()
        return done

    async with asyncio.timeout(30):
        await repeat(sweep, stop, every=60)
