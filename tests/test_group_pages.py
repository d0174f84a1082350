"""The page of a group, its card, and the page of all deals, as anybody with the link sees them."""

import asyncio
import io
import os
import re
from datetime import timedelta
from pathlib import Path

import httpx
from PIL import Image
from sqlalchemy import select, update

from bot.web import groups
from bot.web.group_link import group_in
from bot.web.invitation_card import InvitationCard, card_picture
from bot.web.kept import Kept
from bot.web.share import forget_unseen
from cli.scratch import ScratchShop
from commerce.catalog.model import Product, ProductText, Variant
from commerce.group_buy.invitations import invitation_token
from foundation.encryption import Vault
from tests.goods import ZHANG
from tests.grouping import HOUR, GroupShop

EVIL = '</section><img src=x onerror="alert(1)">&\'"'


async def tea_together(scratch: ScratchShop, **wishes: object) -> GroupShop:
    """A campaign of the demo shop for a mug, three members."""
    shop = scratch.shop
    async with shop.database.begin() as session:
        mugs = select(Variant.id, Variant.product_id).join(Product).where(Product.handle == "celadon-mug")
        mug = (await session.execute(mugs.order_by(Variant.id))).first()
    assert mug is not None
    together = GroupShop(shop.database, shop.holds, shop.now(), mug.id, mug.product_id)
    await together.runs(**wishes)
    return together


class Window:
    """Somebody's browser without scripts, on one group."""

    def __init__(self, scratch: ScratchShop, together: GroupShop, group: int) -> None:
        self.scratch, self.together = scratch, together
        self.token = invitation_token(scratch.shop.vault, group_id=group, inviter_id=7)

    async def get(self, path: str = "", **headers: str) -> httpx.Response:
        """Look, as if a second had passed since the last look."""
        self.scratch.app.state.windows = groups.Windows()
        return await self.scratch.client.get(f"/g/{self.token}{path}", headers=headers)

    async def reads(self, path: str = "?lang=en") -> str:
        answer = await self.get(path)
        assert answer.status_code == 200
        return answer.text

    def move(self, by: timedelta) -> None:
        self.scratch.clock.move(by)
        self.together.later(by)


async def test_the_page_of_a_group_follows_it_from_its_first_member_to_its_last(scratch: ScratchShop) -> None:
    together = await tea_together(scratch)
    starting = await together.asks()
    window = Window(scratch, together, await together.group_of(starting))
    assert (await window.get()).status_code == 404  # nobody has paid yet
    await together.pays(starting)

    page = await window.reads()
    assert "2 more to go" in page
    assert "<s>alone £79.00</s>" in page.replace("CN¥", "£").replace("¥", "£")
    assert "49.00" in page
    assert f'href="/?lang=en&amp;g={window.token}"' in page
    assert f'<meta property="og:image" content="{scratch.shop.settings.base_url}/g/{window.token}/card.png?' in page
    assert (page.count('class="seat paid"'), page.count('class="seat free"')) == (1, 2)
    assert "everybody gets all of their money back" in page
    chinese = await window.reads("?lang=zh")
    assert "还差 2 人成团" in chinese
    assert "龙泉手作马克杯" in chinese
    ends = scratch.shop.now() + timedelta(days=1)
    assert f'data-until="{round(ends.timestamp() * 1000)}"' in page

    live = await window.get("/live?lang=en")
    assert live.headers["x-shop-time"] == str(round(scratch.shop.now().timestamp() * 1000))
    same = await window.get("/live?lang=en", **{"If-None-Match": live.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    second = await together.asks(await together.group_of(starting))
    third = await together.asks(await together.group_of(starting))
    full = await window.get("/live?lang=en", **{"If-None-Match": live.headers["etag"]})
    assert full.status_code == 200
    assert "Every seat is taken for the moment" in full.text
    assert f"g={window.token}" not in full.text
    await together.pays(second)
    assert "Every seat is taken" in await window.reads()
    await together.pays(third)
    done = await window.reads()
    assert "The group is complete" in done
    assert "Start a group of your own" in done
    assert 'class="clock"' not in done


async def test_a_group_that_fails_or_is_ended_says_that_the_money_goes_back(scratch: ScratchShop) -> None:
    together = await tea_together(scratch)
    group, _ = await together.begun()
    other, _ = await together.begun()
    window = Window(scratch, together, group)
    page = await window.reads()
    tickets = re.findall(r'class="ticket" href="/g/([\w-]+)\?lang=en"', page)
    assert [group_in(scratch.shop.vault, token) for token in tickets] == [other]
    assert page.count("<title>Longquan Stoneware Mug") == page.count('class="name">Longquan Stoneware Mug') == 1
    window.move(24 * HOUR - timedelta(minutes=5))
    assert "It takes nobody in any more" in await window.reads()
    window.move(timedelta(minutes=6))
    await together.sweeps()
    failed = await window.reads()
    assert "Everybody who paid gets all of it back" in failed
    assert (failed.count('class="seat'), failed.count('class="ticket"')) == (0, 0)
    assert "这次没拼成" in await window.reads("?lang=zh")
    assert (await window.get("/card.png")).status_code == 200


async def test_links_that_nobody_gave_out_lead_to_what_is_on(scratch: ScratchShop) -> None:
    together = await tea_together(scratch)
    group, _ = await together.begun()
    token = invitation_token(scratch.shop.vault, group_id=group, inviter_id=0)
    unknown = invitation_token(scratch.shop.vault, group_id=2**62, inviter_id=0)
    forged = invitation_token(Vault.fresh(), group_id=group, inviter_id=0)
    for bad in (token[:-1], f"{token[:9]}.{token[9:]}", forged, unknown, "x", "%00", "小二", "x" * 5000):
        for path in ("", "/live", "/card.png"):
            answer = await scratch.client.get(f"/g/{bad}{path}?lang=zh")
            assert answer.status_code == 404, (bad, path)
            assert 'href="/deals?lang=zh"' in answer.text
        assert 'group=""' in (await scratch.client.get("/", params={"g": bad})).text
    assert f'group="{token}" group-title="参团：龙泉' in (await scratch.client.get(f"/?lang=zh&g={token}")).text


async def test_what_the_merchant_writes_stays_text_and_names_are_masked(scratch: ScratchShop) -> None:
    together = await tea_together(scratch, name={"en": EVIL}, description={"en": EVIL})
    async with scratch.shop.database.begin() as session:
        await session.execute(update(ProductText).values(title=EVIL, body=EVIL))
    group, _ = await together.begun()
    window = Window(scratch, together, group)
    for page in (await window.reads(), await window.reads("/live"), (await scratch.client.get("/deals")).text):
        assert "<img src=x" not in page
        assert ZHANG.name not in page
    page = await window.reads()
    assert "&lt;img src=x" in page
    assert f"<span>{ZHANG.name[0]}*</span>" in page
    assert (await window.get()).headers["cache-control"] == "no-store"
    assert (await window.get()).headers["x-robots-tag"] == "noindex"


async def test_the_card_is_drawn_once_for_each_state_however_many_look(scratch: ScratchShop, tmp_path: Path) -> None:
    together = await tea_together(scratch)
    group, _ = await together.begun()
    window = Window(scratch, together, group)
    first, again = [await window.get("/card.png?lang=zh") for _ in range(2)]
    assert first.content == again.content
    with Image.open(io.BytesIO(first.content)) as picture:
        assert (picture.format, picture.size) == ("PNG", (1200, 630))
    assert len(first.content) < 600_000
    folder = scratch.shop.settings.data_dir / "cards"
    mine = {path: path.stat().st_mtime_ns for path in folder.glob("*.png")}
    await window.get("/card.png?lang=zh")
    assert {path: path.stat().st_mtime_ns for path in folder.glob("*.png")} == mine
    await together.joins(group)
    later = await window.get("/card.png?lang=zh")
    assert later.content != first.content
    assert len(list(folder.glob("*.png"))) == len(mine)  # the one from before is gone


async def test_many_who_look_at_once_cost_one_read(tmp_path: Path) -> None:
    reads: list[int] = []

    async def read() -> int:
        reads.append(1)
        number = len(reads)
        await asyncio.sleep(0.05)
        return number

    kept: Kept[str, int] = Kept(0.0)
    assert await asyncio.gather(*(kept.of("tea", read) for _ in range(50))) == [1] * 50
    assert (await kept.of("tea", read), len(reads)) == (2, 2)
    stale: Kept[str, int] = Kept(0.0, stale=60.0)
    assert [await stale.of("tea", read) for _ in range(3)] == [3, 3, 3]  # the next is being read meanwhile
    early = asyncio.create_task(stale.again("tea", read))
    await asyncio.sleep(0)
    assert (await stale.again("tea", read), await early) == (6, 5)
    assert await stale.of("tea", read) == 6  # and not what was read before the last change
    stale.forget("tea")
    assert await stale.of("tea", read) == 8
    card = InvitationCard("茶", "店", "¥49.00", "¥68.00", "还差 1 人", "", "扫码", "http://shop/g/x", "zh", None)
    drawn = await asyncio.gather(*(asyncio.to_thread(card_picture, tmp_path, card) for _ in range(3)))
    assert len(set(drawn)) == 1
    assert [path.suffix for path in sorted(await asyncio.to_thread(lambda: list(tmp_path.iterdir())))] == [
        ".png",
        ".lock",
    ]


def test_a_card_that_nobody_looks_at_any_more_is_forgotten(tmp_path: Path) -> None:
    seen, unseen = (
        InvitationCard("茶", "店", "¥49.00", "¥68.00", "", "", "", f"http://shop/g/{token}", "zh", None)
        for token in ("x", "y")
    )
    drawn = [card_picture(tmp_path, card) for card in (seen, unseen)]
    for path in tmp_path.iterdir():
        os.utime(path, (0, 0))
    card_picture(tmp_path, seen)
    assert (forget_unseen(tmp_path, since=1.0), len(list(tmp_path.iterdir()))) == (2, 2)
    assert [card_picture(tmp_path, card) for card in (seen, unseen)] == drawn
