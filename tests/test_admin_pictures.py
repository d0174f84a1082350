"""Pictures of products at the staff's door: uploaded, ordered, cut, and seen before they are on sale."""

import io
from collections.abc import AsyncIterator
from datetime import datetime

import httpx
import pytest
from PIL import Image
from sqlalchemy import select

from admin_api.errors import LARGEST_UPLOAD
from commerce.catalog.media import MOST_BYTES, MediaFolder
from commerce.catalog.model import Media, Picture
from foundation.audit import AuditEntry
from foundation.database import Database
from foundation.encryption import Vault
from tests.admin import Browser, Console, open_console, refusal

BOUNDARY = "simple"


@pytest.fixture
async def console(database: Database, vault: Vault, now: datetime) -> AsyncIterator[Console]:
    async with open_console(database, vault, now) as console:
        yield console


@pytest.fixture
async def wang(console: Console) -> Browser:
    return await console.at_work("wang", "merchant")


@pytest.fixture
async def cup(wang: Browser) -> int:
    answer = await wang.post("/api/products", {"texts": {"en": {"title": "Cup"}}, "price": 100})
    return int(answer.json()["id"])


def photo(colour: str = "teal", size: tuple[int, int] = (300, 200), form: str = "JPEG") -> bytes:
    saved = io.BytesIO()
    Image.new("RGB", size, colour).save(saved, form)
    return saved.getvalue()


async def upload(who: Browser, product: int, *files: bytes, version: int = 1) -> httpx.Response:
    sent = [("files", (f"{place}.jpg", file, "image/jpeg")) for place, file in enumerate(files)]
    return await who.http.post(f"/api/products/{product}/pictures", params={"version": version}, files=sent)


async def nothing_is_left(console: Console) -> bool:
    async with console.database.begin() as session:
        return await session.scalar(select(Picture.id).limit(1)) is None


async def test_several_are_uploaded_seen_ordered_and_taken_off(console: Console, wang: Browser, cup: int) -> None:
    answer = await upload(wang, cup, photo("teal"), photo("red"), photo("gold"))
    assert answer.status_code == 200, answer.text
    sheet = answer.json()
    shown = [one["media_id"] for one in sheet["pictures"]]
    assert [(one["width"], one["height"], one["for_all"]) for one in sheet["pictures"]] == [(300, 200, True)] * 3
    file = await wang.get(f"/api/media/{shown[0]}")
    assert (file.status_code, file.headers["content-type"]) == (200, "image/jpeg")
    assert Image.open(io.BytesIO(file.content)).size == (300, 200)
    assert (await wang.get(f"/api/media/{shown[0]}", size=100)).headers["content-type"] == "image/webp"
    variant = sheet["variants"][0]["id"]
    pictures = [
        {"media_id": shown[2], "alt": {"zh": "正面", "en": "Front"}},
        {"media_id": shown[0], "for_all": False, "variant_ids": [variant]},
    ]
    arranged = await wang.post(f"/api/products/{cup}/pictures/arrange", {"version": 2, "pictures": pictures})
    assert [
        (one["media_id"], one["for_all"], one["variant_ids"], one["alt"]) for one in arranged.json()["pictures"]
    ] == [(shown[2], True, [], {"zh": "正面", "en": "Front"}), (shown[0], False, [variant], {})]
    assert (await wang.get("/api/products")).json()["products"][0]["picture"] == shown[2]
    async with console.database.begin() as session:
        lines = (await session.scalars(select(AuditEntry).where(AuditEntry.action.startswith("product.pic")))).all()
    assert [(line.action, line.facts["after"]["pictures"]) for line in lines] == [
        ("product.pictures_added", [[media_id, None, {}] for media_id in shown]),
        (
            "product.pictures_arranged",
            [[shown[2], None, {"zh": "正面", "en": "Front"}], [shown[0], variant, {}]],
        ),
    ]


async def test_the_same_picture_again_is_shown_once(wang: Browser, cup: int) -> None:
    first = (await upload(wang, cup, photo())).json()
    second = (await upload(wang, cup, photo(), photo(), version=2)).json()
    assert second["pictures"] == first["pictures"]


async def test_a_square_is_cut_and_the_whole_picture_stays_where_others_show_it(wang: Browser, cup: int) -> None:
    other = int((await wang.post("/api/products", {"texts": {"en": {"title": "Bowl"}}})).json()["id"])
    (whole,) = (await upload(wang, cup, photo())).json()["pictures"]
    assert (await upload(wang, other, photo())).json()["pictures"] == [whole]
    box = {"version": 2, "left": 100, "top": 50, "side": 150}
    cut = (await wang.post(f"/api/products/{cup}/pictures/{whole['media_id']}/crop", box)).json()["pictures"]
    assert [(one["width"], one["height"]) for one in cut] == [(150, 150)]
    assert (await wang.get(f"/api/products/{other}")).json()["pictures"] == [whole]
    again = await wang.post(f"/api/products/{cup}/pictures/{whole['media_id']}/crop", {**box, "version": 3})
    assert refusal(again) == (404, "picture.unknown")
    outside = {"version": 3, "left": 100, "top": 100, "side": 100}
    refused = await wang.post(f"/api/products/{cup}/pictures/{cut[0]['media_id']}/crop", outside)
    assert refusal(refused) == (422, "picture.box")
    assert refused.json()["error"]["facts"] == {"width": 150, "height": 150, "least": 100}


async def test_a_photo_is_turned_upright_and_forgets_where_it_was_taken(
    console: Console, wang: Browser, cup: int
) -> None:
    saved, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    exif.get_ifd(0x8825)[2] = (31.0, 14.0, 0.0)  # a latitude
    Image.new("RGB", (300, 200), "teal").save(saved, "JPEG", exif=exif)
    (one,) = (await upload(wang, cup, saved.getvalue())).json()["pictures"]
    assert (one["width"], one["height"]) == (200, 300)
    async with console.database.begin() as session:
        media = await session.get_one(Media, one["media_id"])
    with Image.open(MediaFolder.of(console.settings.data_dir).file(media.digest)) as kept:
        assert kept.getexif() == {}


async def test_one_bad_file_keeps_all_of_them_out_and_is_named(console: Console, wang: Browser, cup: int) -> None:
    for bad, code, status in (
        (b"no picture", "media.unreadable", 422),
        (b"", "media.empty", 422),
        (photo()[:400], "media.unreadable", 422),
        (b"<svg onload=alert(1)>", "media.unreadable", 422),
        (photo() + bytes(MOST_BYTES), "media.too_large", 413),
    ):
        refused = await upload(wang, cup, photo("red"), bad)
        assert refusal(refused) == (status, code)
        assert refused.json()["error"]["facts"]["file"] == 2
    assert await nothing_is_left(console)


async def test_too_many_too_large_and_none_at_all_are_refused(console: Console, wang: Browser, cup: int) -> None:
    assert refusal(await upload(wang, cup, *[photo()] * 11)) == (422, "picture.too_many_at_once")
    assert refusal(await upload(wang, cup, *[b"x"] * 60)) == (400, "request.unreadable")
    address = f"/api/products/{cup}/pictures?version=1"
    assert refusal(await wang.post(address, {})) == (422, "media.empty")
    text = await wang.http.post(address, files=[("files", (None, b"not a file"))])
    assert refusal(text) == (422, "media.empty")
    told = await wang.http.post(address, content=b"", headers={"Content-Length": str(LARGEST_UPLOAD + 1)})
    assert refusal(told) == (413, "request.too_large")
    assert refusal(await wang.http.post(address, content=_endless(), headers=_MULTIPART)) == (413, "request.too_large")
    broken = await wang.http.post(address, content=b"--simple\r\nrubbish", headers=_MULTIPART)
    assert refusal(broken) in [(400, "request.unreadable"), (422, "media.empty")]
    assert await nothing_is_left(console)


_MULTIPART = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


async def _endless() -> AsyncIterator[bytes]:
    """A file that does not tell its length and goes on for ever."""
    yield f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n'.encode()
    while True:
        yield bytes(1_000_000)


async def test_other_addresses_take_no_large_bodies(wang: Browser, cup: int) -> None:
    for address in (f"/api/products/{cup}/pictures/arrange", f"/api/products/{cup}/edit", "/api/products/x/pictures"):
        answer = await wang.http.post(address, content=bytes(300_000))
        assert refusal(answer) == (413, "request.too_large")


async def test_nobody_uploads_whose_role_or_version_is_not_right(console: Console, wang: Browser, cup: int) -> None:
    mei, stranger = await console.at_work("mei"), console.browser()
    assert refusal(await upload(stranger, cup, photo())) == (401, "staff.session")
    assert refusal(await upload(mei, cup, photo())) == (403, "staff.forbidden")
    assert refusal(await upload(wang, cup, photo(), version=7)) == (409, "product.changed")
    assert refusal(await upload(wang, 4711, photo())) == (404, "product.unknown")
    assert await nothing_is_left(console)
    (one,) = (await upload(wang, cup, photo())).json()["pictures"]
    assert (await mei.get(f"/api/media/{one['media_id']}")).status_code == 200
    assert refusal(await stranger.get(f"/api/media/{one['media_id']}")) == (401, "staff.session")
    assert refusal(await mei.get("/api/media/4711")) == (404, "media.unknown")
