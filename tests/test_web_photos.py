"""Photos in the web chat: kept small, without where they were taken, and shown to their own conversation only."""

import asyncio
import io
from typing import TYPE_CHECKING

import httpx
import pytest
from PIL import Image
from sqlalchemy import select

from conversations.model import Message
from tests.web_door import Visitor, a_visitor, app_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.shop import Shop


@pytest.fixture
async def client(shop: "Shop") -> "AsyncIterator[httpx.AsyncClient]":
    transport = httpx.ASGITransport(app=app_of(shop))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
        yield client


def jpeg(width: int = 300, height: int = 200, *, colour: str = "teal", turned: bool = False) -> bytes:
    """A photo as a phone makes it: with the place where it was taken, and perhaps lying on its side."""
    image = Image.new("RGB", (width, height), colour)
    exif = image.getexif()
    exif[0x9286] = "taken at home"
    exif.get_ifd(0x8825)[2] = (30.0, 15.0, 10.0)
    if turned:
        exif[0x0112] = 6
    file = io.BytesIO()
    image.save(file, "JPEG", exif=exif)
    return file.getvalue()


async def sends(visitor: Visitor, content: bytes, caption: str = "", client_id: str = "photo-0001") -> httpx.Response:
    return await visitor.client.post(
        "/chat/photos",
        files={"photo": ("../../etc/passwd", content, "image/jpeg")},
        data={"client_id": client_id, "caption": caption, "language": "en"},
        headers=visitor.headers,
    )


async def test_a_photo_is_kept_upright_and_without_where_it_was_taken(shop: "Shop", client: httpx.AsyncClient) -> None:
    visitor = await a_visitor(client)
    answer = await sends(visitor, jpeg(3000, 2000, turned=True), "is this yours?")
    assert (answer.status_code, answer.json()) == (202, {"seq": 1, "repeated": False})
    [message] = (await visitor.history())["messages"][:1]
    assert (message["body"]["kind"], message["text"]) == ("photo", "is this yours?")
    assert (message["body"]["width"], message["body"]["height"]) == (1333, 2000)
    seen = await client.get("/chat/photos/1", headers=visitor.headers)
    assert (seen.status_code, seen.headers["content-type"], seen.headers["cache-control"]) == (
        200,
        "image/jpeg",
        "private, max-age=86400",
    )
    with Image.open(io.BytesIO(seen.content)) as image:
        assert (image.size, dict(image.getexif())) == ((1333, 2000), {})
    small = await client.get("/chat/photos/1?size=200", headers=visitor.headers)
    assert small.headers["content-type"] == "image/webp"


async def test_nobody_else_sees_a_photo(shop: "Shop", client: httpx.AsyncClient) -> None:
    visitor, stranger = await a_visitor(client), await a_visitor(client)
    await sends(visitor, jpeg())
    await sends(stranger, jpeg(colour="red"))
    assert (await client.get("/chat/photos/1")).status_code == 401
    own = await client.get("/chat/photos/1", headers=stranger.headers)
    with Image.open(io.BytesIO(own.content)) as image:
        red = image.convert("RGB").getpixel((5, 5))
    assert isinstance(red, tuple)
    assert red[0] > 200
    for seq in (2, 99):
        assert (await client.get(f"/chat/photos/{seq}", headers=stranger.headers)).status_code == 404


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "media.empty"),
        (b"not a picture at all", 422, "media.unreadable"),
        (jpeg()[:400], 422, "media.unreadable"),
        (b"GIF89a" + b"\xff" * 50, 422, "media.unreadable"),
        (b"\xff" * (20 * 1024 * 1024 + 1), 413, "media.too_large"),
        (b"\xff" * (21 * 1024 * 1024), 413, "body.too_large"),
    ],
    ids=["empty", "words", "cut off", "rubbish", "too large", "far too large"],
)
async def test_what_is_no_picture_is_refused_and_leaves_nothing(
    shop: "Shop", client: httpx.AsyncClient, content: bytes, status: int, code: str
) -> None:
    visitor = await a_visitor(client)
    answer = await sends(visitor, content)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    async with shop.database.begin() as session:
        assert (await session.scalars(select(Message.id))).all() == []


async def test_the_same_photo_sent_twice_at_once_is_one_message(shop: "Shop", client: httpx.AsyncClient) -> None:
    visitor = await a_visitor(client)
    answers = await asyncio.gather(*(sends(visitor, jpeg(), "mine") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 202]
    await shop.idle()
    assert [message["kind"] for message in (await visitor.history())["messages"]].count("shopper") == 1


async def test_a_shopper_without_a_token_or_with_too_many_photos_is_told_so(
    shop: "Shop", client: httpx.AsyncClient
) -> None:
    nobody = Visitor(client, "forged")
    for content in (jpeg(), b"\xff" * (21 * 1024 * 1024)):
        assert (await sends(nobody, content)).status_code == 401
    visitor = await a_visitor(client)
    answers = [await sends(visitor, jpeg(40, 40), client_id=f"photo-{number:04}") for number in range(13)]
    assert [answer.status_code for answer in answers] == [202] * 12 + [429]
    assert answers[-1].headers["retry-after"] == "10"
