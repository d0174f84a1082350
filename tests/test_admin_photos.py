"""Photos of shoppers on the staff's side: who may read the conversation sees them, and nobody else."""

import io
from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from fastapi import FastAPI
from PIL import Image

from commerce.catalog.media import MediaFolder
from conversations.hear import Incoming, hear
from foundation.database import Database
from foundation.encryption import Vault
from tests.admin import Console, open_console, refusal, shopper_chat


@pytest.fixture
async def console(database: Database, vault: Vault, now: datetime) -> AsyncIterator[Console]:
    async with open_console(database, vault, now) as console:
        yield console


async def photographed(console: Console, chat: str, colour: str) -> int:
    """A conversation that is nothing but a photo."""
    file = io.BytesIO()
    Image.new("RGB", (500, 300), colour).save(file, "PNG")
    assert isinstance(console.app, FastAPI)
    kept = MediaFolder.of(console.app.state.desk.settings.data_dir).keep(file.getvalue())
    conversation_id = await shopper_chat(console, chat=chat)
    body = {"kind": "photo", "text": "", "digest": kept.digest, "mime": kept.mime, "width": 500, "height": 300}
    assert await hear(console.database, Incoming("web", chat, "photo-1", body, ""), now=console.clock())
    return conversation_id


async def test_the_staff_sees_a_photo_where_it_may_read_the_conversation(console: Console) -> None:
    ann, ben = await console.at_work("ann"), await console.at_work("ben")
    mine, other = await photographed(console, "visitor-1", "teal"), await photographed(console, "visitor-2", "red")
    assert (await ben.post(f"/api/conversations/{other}/take")).status_code == 200

    seen = await ann.get(f"/api/conversations/{mine}/photos/1")
    with Image.open(io.BytesIO(seen.content)) as image:
        assert (seen.headers["content-type"], image.size) == ("image/png", (500, 300))
    small = await ann.get(f"/api/conversations/{mine}/photos/1", small="true")
    assert (small.status_code, small.headers["content-type"]) == (200, "image/webp")
    assert refusal(await ann.get(f"/api/conversations/{other}/photos/1")) == (404, "conversation.unknown")
    assert refusal(await ann.get(f"/api/conversations/{mine}/photos/2")) == (404, "photo.unknown")
    assert (await console.browser().get(f"/api/conversations/{mine}/photos/1")).status_code == 401


async def test_a_merchant_gets_a_code_for_the_chat_and_an_agent_does_not(console: Console) -> None:
    merchant, agent = await console.at_work("mei", "merchant"), await console.at_work("ann")
    answer = (await merchant.post("/api/me/chats/code")).json()
    assert answer["say"].startswith("绑定 ")
    assert len(answer["say"]) == len("绑定 ABCD-EFGH")
    assert refusal(await agent.post("/api/me/chats/code")) == (403, "staff.forbidden")
    assert (await merchant.post("/api/me/chats/unlink")).json() == {"chats": 0}
