"""The written conversations once more, held by a person in Telegram: the same is seen there."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cli.scratch import CATALOGUES
from cli.scratch_again import ScratchDatabases
from cli.script_file import read_script
from cli.script_run import play
from nlu.understand import Understander
from tests.telegram_server import Bot, FakeTelegram, telegram_server
from tests.telegram_shop import TOKEN, USERNAME
from tests.telegram_shopper import InTelegram, no_waiting
from tests.test_scripts import SCRIPTS
from tests.test_scripts import template as template


@pytest.fixture(scope="module")
async def fake() -> AsyncIterator[FakeTelegram]:
    async with telegram_server() as fake:
        yield fake


@pytest.fixture(scope="module")
def bot(fake: FakeTelegram) -> Bot:
    """The bot of every shop here."""
    return fake.add_bot(TOKEN, USERNAME)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
async def test_written_conversation_holds_in_telegram(
    path: Path,
    fake: FakeTelegram,
    bot: Bot,
    databases: ScratchDatabases,
    understander: Understander,
    template: str | None,
) -> None:
    script = read_script(path)
    if template is None:
        pytest.skip("needs the folder with real data beside the checkout (../shared/data)")
    currency = CATALOGUES[script.shop].currency if script.shop in CATALOGUES else "CNY"
    told = {"telegram_token": TOKEN, "telegram_url": fake.url, "telegram_webhook": True}
    async with databases.shop(template=template, load=lambda: understander, currency=currency, **told) as scratch:
        await no_waiting(scratch.shop)
        played = await play(script, scratch, shopper_at=lambda _shop: InTelegram(scratch, fake, bot))
    assert played.failures == [], "\n".join(f"{line.who}: {line.text}" for line in played.transcript)
