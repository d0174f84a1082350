"""The shopper's account in the chat, in both languages: linking, looking, allowing, getting and erasing everything."""

import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from bot.worker import catch_up
from cli.scratch import ScratchShop
from commerce.catalog.media import MediaFolder
from commerce.customers.consents import consents_of
from commerce.customers.invariants import INVARIANTS
from commerce.customers.model import Customer, Purpose
from foundation.mail import DemoMailbox, Mail
from tests.chat import Chat
from tests.test_keeper_chat import photo
from tests.web_door import a_visitor

EMAIL = "ann@example.com"
WORD = "type the word ERASE"


async def mailed(scratch: ScratchShop) -> Mail:
    """The newest mail, once every job is done."""
    await catch_up(scratch.shop)
    async with scratch.shop.database.begin() as session:
        return (await DemoMailbox().newest(session, limit=1))[0]


async def code_in_mail(scratch: ScratchShop) -> str:
    found = re.search(r"\d{6}", (await mailed(scratch)).text)
    assert found is not None
    return found.group()


async def test_an_account_is_linked_over_two_chats_looked_at_and_erased(scratch: ScratchShop) -> None:
    en, zh = Chat(scratch), Chat(scratch)
    await en.says("link my account", language="en")
    [sent] = await en.says(EMAIL)
    assert sent.startswith("I have sent a code of six digits to a***@example.com.")
    assert (await mailed(scratch)).to == EMAIL
    code = await code_in_mail(scratch)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    assert (await en.says(wrong))[0].endswith("Tries left: 4.")
    assert "a***@example.com is yours" in (await en.says(f"my code is {code}"))[0]

    await zh.says("绑定账号", language="zh")
    [sent] = await zh.says(EMAIL)
    assert sent == "已向 a***@example.com 发送 6 位验证码，15 分钟内有效。请把验证码发给我。\n1. 重新发送验证码"
    first = await code_in_mail(scratch)
    await zh.presses("重新发送验证码")
    second = await code_in_mail(scratch)
    if first != second:  # once in a million
        assert "还可以试 4 次" in (await zh.says(first))[0]
    assert (await zh.says(second)) == ["验证成功。您之前用 a***@example.com 来过，我正在把账号合并到一起。"]
    await catch_up(scratch.shop)
    async with scratch.shop.database.begin() as session:
        merged = dict((await session.execute(select(Customer.id, Customer.merged_into))).all())
        kept = min(merged)
        assert list(merged.values()) == [None, kept]

    assert "邮箱：a***@example.com" in (await zh.says("我的账户"))[-1]
    assert "已关闭" in (await zh.says("别再给我发优惠信息"))[-1]
    assert "Offers and news: no, since" in (await en.says("stop sending me offers"))[-1]
    assert "Offers and news: yes, since" in (await en.presses("Offers and news: on"))[-1]
    async with scratch.shop.database.begin() as session:
        said = await consents_of(session, customer_id=kept)
        assert {purpose: one.granted for purpose, one in said.items()} == {Purpose.MARKETING: True}
        assert await session.scalar(text("SELECT count(*) FROM consent")) == 2, "said twice, written once"

    assert WORD in (await en.says("erase my data"))[-1]
    assert WORD in (await en.says("yes"))[-1], "a yes is not the word"
    assert "for good?" in (await en.says("erase"))[-1]
    assert "nothing was erased" in (await en.presses("Keep everything"))[-1]
    shown = photo(scratch)
    await zh.sends(shown)
    file = MediaFolder.of(scratch.shop.settings.data_dir).file(str(shown["digest"]))
    await zh.says("删除我的数据", "删除", "是")
    file.rename(away := file.with_suffix(".away"))
    file.mkdir()
    with pytest.raises(
        (IsADirectoryError, PermissionError)
    ):  # the disk fails once: the job that deletes the file stays
        await catch_up(scratch.shop)
    file.rmdir()
    away.rename(file)
    await catch_up(scratch.shop)
    assert not file.exists()
    async with scratch.shop.database.begin() as session:
        customer = await session.get_one(Customer, kept)
        assert customer.erased_at is not None
        assert await session.scalar(text("SELECT count(*) FROM message")) == 0
        assert await session.scalar(text("SELECT count(*) FROM demo_mail")) == 0
        for query in INVARIANTS.values():
            assert (await session.execute(text(query))).all() == []
    zh.seen = 0
    assert len(await zh.says("你好")) == 1, "a new customer in an empty chat"


async def test_export_comes_as_a_link_that_only_its_visitor_can_open(scratch: ScratchShop) -> None:
    mine, other = await a_visitor(scratch.client), await a_visitor(scratch.client)
    for visitor, said in ((mine, "导出我的数据"), (other, "你好")):
        assert (await visitor.sends(said)).status_code < 300
        await scratch.shop.idle()
    await catch_up(scratch.shop)
    told = json.dumps(await mine.history(), ensure_ascii=False)
    link = re.search(r"/my-data/[\w-]+", told)
    assert link is not None, told
    page = await scratch.client.get(link.group(), params={"lang": "zh"})
    assert "您的数据" in page.text
    source = link.group().replace("/my-data/", "/chat/exports/")
    answer = await scratch.client.get(source, headers=mine.headers)
    assert answer.status_code == 200
    assert answer.json()["messages"][0]["text"] == "导出我的数据"
    for headers, status in ((other.headers, 404), ({}, 401)):
        assert (await scratch.client.get(source, headers=headers)).status_code == status
    assert (await scratch.client.get(source[:-3] + "abc", headers=mine.headers)).status_code == 404
    scratch.clock.move(timedelta(hours=25))
    assert (await scratch.client.get(source, headers=mine.headers)).status_code == 404
