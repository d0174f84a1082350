"""What the pages under docs say of addresses and files is so."""

import re
from pathlib import Path

import pytest

from bot.web import chat, flash, my_data, photos, suggestions, telegram
from bot.web.simulator_model import Fault

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
WEB_CHAT = (ROOT / "docs/web_chat.md").read_text()
ROUTERS = (chat.router, photos.router, suggestions.router, flash.router, my_data.router, telegram.links)
ADDRESSES = {str(getattr(route, "path", "")) for router in ROUTERS for route in router.routes}


@pytest.mark.parametrize("address", sorted(one for one in ADDRESSES if one.startswith("/chat/")))
def test_every_address_of_the_chat_is_written_down(address: str) -> None:
    assert re.split(r"/\{", address)[0] in WEB_CHAT


def test_every_fault_of_the_practice_bank_is_written_down() -> None:
    assert [fault for fault in Fault if str(fault) not in WEB_CHAT] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_files_that_a_page_names_are_there(page: Path) -> None:
    named = set(re.findall(r"`((?:\w+/)+[\w*]+\.(?:py|md|sql|toml))`", page.read_text()))
    assert [name for name in sorted(named) if not any(ROOT.glob(name))] == []
