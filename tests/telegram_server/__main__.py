"""The shop beside a fake Telegram with a chat page on it: python3 dev.py up --fake-telegram [options of up]."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Sequence

from aiohttp import web

from tests.telegram_server.looks import Page
from tests.telegram_server.people import Person
from tests.telegram_server.server import FakeTelegram, telegram_server

PORT = 8002
SHOP_TOKEN, STAFF_TOKEN = "1000001:fake-shop", "1000002:fake-staff"


def cast(fake: FakeTelegram, page: Page) -> None:
    """The bots, four shoppers of two languages, two of the staff, and their groups. Ids stay from start to start."""
    shop = fake.add_bot(SHOP_TOKEN, "xiaoer_bot", name="店小二 Xiaoer")
    staff = fake.add_bot(STAFF_TOKEN, "xiaoer_staff_bot", name="店小二 · 客服台 Staff desk")
    names = (("林小满", "zh-hans"), ("Anna", "en"), ("陈默", "zh-hans"), ("Ben", "en"))
    shoppers = [
        fake.person(name, language_code=language, user_id=710_000_001 + number)
        for number, (name, language) in enumerate(names)
    ]
    staff_people: list[Person] = [
        fake.person("周店长 (staff)", language_code="zh-hans", user_id=720_000_001),
        fake.person("Sue (staff)", language_code="en", user_id=720_000_002),
    ]
    page.add(*shoppers, *staff_people)
    fake.group("茶友群 Tea friends", shoppers, shop, chat_id=-710_000_101)
    fake.group("周末 Weekend", shoppers[:3], chat_id=-710_000_102)
    fake.group("客服台 Desk", staff_people, staff, forum=True, admins=[staff], chat_id=-1_001_000_000_103)
    for one in shoppers:
        for other in shoppers:
            if one.id < other.id:
                one.open(other)


async def main(options: Sequence[str]) -> int:
    """Run both until the shop ends; returns its exit code."""
    page: Page

    def routes(fake: FakeTelegram) -> Sequence[web.RouteDef]:
        nonlocal page
        page = Page(fake)
        return page.routes()

    async with telegram_server(_free_port(), start=int(time.time()), page=routes) as fake:
        cast(fake, page)
        environment = {
            **os.environ,
            "XIAOER_TELEGRAM_URL": fake.url,
            "XIAOER_TELEGRAM_TOKEN": SHOP_TOKEN,
            "XIAOER_TELEGRAM_STAFF_TOKEN": STAFF_TOKEN,
            "XIAOER_TELEGRAM_PAYMENT_TOKEN": "fake:provider",
        }
        print(f"The chat page of the fake Telegram: {fake.url}/", flush=True)  # noqa: T201 - who started it looks here
        # A session of its own: Ctrl-C of the terminal reaches only this process, which passes it on once.
        command = (sys.executable, "-m", "cli.main", "up", *options)
        shop = await asyncio.create_subprocess_exec(*command, env=environment, start_new_session=True)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, _pass_on, shop, number)
        return await shop.wait()


def _free_port() -> int:
    """Ours, or any when somebody has it."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", PORT))
        except OSError:
            return 0
    return PORT


def _pass_on(shop: asyncio.subprocess.Process, number: signal.Signals) -> None:
    """Whoever stops us stops the shop."""
    if shop.returncode is None:
        shop.send_signal(number)


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
