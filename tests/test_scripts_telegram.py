"""The written conversations once more, held by a person in Telegram: the same is seen there."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from cli.scratch import CATALOGUES, Place
from cli.scratch_again import ScratchShops
from cli.script_file import read_script
from cli.script_run import play
from nlu.understand import Understander
from tests.telegram_server import Bot, FakeTelegram, telegram_server
from tests.telegram_shop import TOKEN, USERNAME
from tests.telegram_shopper import InTelegram, no_waiting
from tests.test_scripts import SCRIPTS
from tests.test_scripts import template as template


@dataclass(frozen=True, slots=True)
class World:
    """Telegram, the bot of every shop in it, and the shops."""

    shops: ScratchShops
    fake: FakeTelegram
    bot: Bot


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(place: Place, understander: Understander) -> AsyncIterator[World]:
    async with telegram_server() as fake, ScratchShops(place, load=lambda: understander) as shops:
        yield World(shops, fake, fake.add_bot(TOKEN, USERNAME))


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
async def test_written_conversation_holds_in_telegram(path: Path, world: World, template: str | None) -> None:
    script = read_script(path)
    if template is None:
        pytest.skip("needs the folder with real data beside the checkout (../shared/data)")
    currency = CATALOGUES[script.shop].currency if script.shop in CATALOGUES else "CNY"
    told = {"telegram_token": TOKEN, "telegram_url": world.fake.url, "telegram_webhook": True}
    async with world.shops.shop(template=template, currency=currency, **told) as scratch:
        await no_waiting(scratch.shop)
        played = await play(script, scratch, shopper_at=lambda _shop: InTelegram(scratch, world.fake, world.bot))
    assert played.failures == [], "\n".join(f"{line.who}: {line.text}" for line in played.transcript)
