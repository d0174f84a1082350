"""Customers: met once on each channel, and an address read from one line."""

import asyncio
import json
import time
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import func, select, text

from commerce.customers.actions import (
    PHONE,
    PHONE_LAST4,
    address_of,
    customer_for,
    last_address,
    save_address,
    set_language,
)
from commerce.customers.address import AddressText, masked, parse_address
from commerce.customers.model import Address, ChannelIdentity, Customer
from foundation.database import Database
from foundation.encryption import Vault
from foundation.errors import Refused
from tests.goods import ZHANG, a_customer

HANGZHOU = "浙江省杭州市西湖区文三路90号"
LEEDS = "12 High Street, Leeds LS1 4DY"


async def test_a_shopper_is_the_same_customer_each_time(database: Database, now: datetime) -> None:
    async with database.begin() as session:
        first = await customer_for(session, channel="web", account="v1", language="zh", now=now)
        again = await customer_for(session, channel="web", account="v1", language="en", now=now)
        elsewhere = await customer_for(session, channel="terminal", account="v1", language="en", now=now)
    assert first.id == again.id != elsewhere.id
    assert (first.language, elsewhere.language) == ("zh", "en")


async def test_two_first_contacts_at_once_are_one_customer(database: Database, now: datetime) -> None:
    async def meet() -> int:
        async with database.begin() as session:
            return (await customer_for(session, channel="web", account="v1", language="zh", now=now)).id

    assert len(set(await asyncio.gather(*(meet() for _ in range(8))))) == 1
    async with database.begin() as session:
        assert await session.scalar(select(func.count()).select_from(Customer)) == 1
        assert await session.scalar(select(func.count()).select_from(ChannelIdentity)) == 1


async def test_a_language_is_remembered(database: Database, now: datetime) -> None:
    async with database.begin() as session:
        customer = await a_customer(session, now=now, account="v1")
        await set_language(session, customer_id=customer.id, language="en")
    async with database.begin() as session:
        assert (await a_customer(session, now=now, account="v1")).language == "en"


async def test_an_address_is_sealed_and_found_by_phone_and_its_last_digits(
    database: Database, vault: Vault, now: datetime
) -> None:
    async with database.begin() as session:
        customer = await a_customer(session, now=now)
        address = await save_address(session, customer_id=customer.id, parsed=ZHANG, now=now)
    async with database.begin() as session:
        row = (
            await session.execute(text("SELECT address::text || customer::text FROM address, customer"))
        ).scalar_one()
        for secret in ("张三", "13800138000", "文三路"):
            assert secret not in row
            assert secret.encode().hex() not in row
        for column, value in (
            (Address.phone_index, vault.blind(PHONE, "+8613800138000")),
            (Address.phone_last4_index, vault.blind(PHONE_LAST4, "8000")),
        ):
            assert list(await session.scalars(select(Address.id).where(column == value))) == [address.id]
        found = await last_address(session, customer_id=customer.id)
        assert found is not None
        assert found.text == ZHANG


async def test_the_last_address_is_the_one_given_last_and_only_ones_own(database: Database, now: datetime) -> None:
    async with database.begin() as session:
        customer, other = await a_customer(session, now=now), await a_customer(session, now=now)
        assert await last_address(session, customer_id=customer.id) is None
        await save_address(session, customer_id=customer.id, parsed=ZHANG, now=now)
        newer = AddressText("李娜", "+8613912345678", "上海市浦东新区世纪大道100号")
        address = await save_address(session, customer_id=customer.id, parsed=newer, now=now)
        found = await last_address(session, customer_id=customer.id)
        assert found is not None
        assert found.id == address.id
        assert await address_of(session, address_id=address.id, customer_id=other.id) is None


@pytest.mark.parametrize(
    ("line", "name", "phone", "street"),
    [
        (f"张三 13800138000 {HANGZHOU}", "张三", "+8613800138000", HANGZHOU),
        (f"{HANGZHOU}，１３８００１３８０００，欧阳娜娜", "欧阳娜娜", "+8613800138000", HANGZHOU),
        (f"13800138000 {HANGZHOU} 李雷", "李雷", "+8613800138000", HANGZHOU),
        (f"张三13800138000{HANGZHOU}", "张三", "+8613800138000", HANGZHOU),
        (f"{HANGZHOU}张三13800138000", "张三", "+8613800138000", HANGZHOU),
        (f"张三{HANGZHOU}13800138000", "张三", "+8613800138000", HANGZHOU),
        (f"收货人：张三 电话：138 0013 8000 地址：{HANGZHOU}", "张三", "+8613800138000", HANGZHOU),
        (f"寄到{HANGZHOU} 王女士 +86 138-0013-8000", "王女士", "+8613800138000", HANGZHOU),
        (f"寄给张三，13800138000，{HANGZHOU}", "张三", "+8613800138000", HANGZHOU),
        (f"改成 {HANGZHOU} 收件人还是林小雨 13800138000", "林小雨", "+8613800138000", HANGZHOU),
        (f"名字是林小雨 电话13800138000 地址改成{HANGZHOU}", "林小雨", "+8613800138000", HANGZHOU),
        (
            "its Ann Lee, 12 High Street, Leeds LS1 4DY, +44 20 7946 0958",
            "Ann Lee",
            "+442079460958",
            "12 High Street, Leeds LS1 4DY",
        ),
        (f"张先生 0571-88888888 {HANGZHOU}", "张先生", "+8657188888888", HANGZHOU),
        (f"Zhang San 13800138000 {HANGZHOU}", "Zhang San", "+8613800138000", HANGZHOU),
        (f"买买提·艾力 13800138000 {HANGZHOU}", "买买提·艾力", "+8613800138000", HANGZHOU),
        (f"路遥 13800138000 {HANGZHOU}", "路遥", "+8613800138000", HANGZHOU),
        ("13800138000 浙江 杭州 西湖区 文三路90号 王小明", "王小明", "+8613800138000", "浙江 杭州 西湖区 文三路90号"),
        (f"Ann Lee, +44 20 7946 0958, {LEEDS}", "Ann Lee", "+442079460958", LEEDS),
        (f"{LEEDS}, Ann Lee, +442079460958", "Ann Lee", "+442079460958", LEEDS),
        (f"Ann Lee\n{LEEDS}\n+44 (0)20 7946 0958", "Ann Lee", "+442079460958", LEEDS),
        (f"name: Ann Lee; phone: +44 20 7946 0958; address: {LEEDS}", "Ann Lee", "+442079460958", LEEDS),
        ("Ann Lee +44 20 7946 0958 12 High Street Leeds", "Ann Lee", "+442079460958", "12 High Street Leeds"),
        ("Ann Lee 12 High Street Leeds +44 20 7946 0958", "Ann Lee", "+442079460958", "12 High Street Leeds"),
        (
            "Pat O'Brien, Flat 2, 9 Rue Dupin, Paris, +33 1 42 68 53 00",
            "Pat O'Brien",
            "+33142685300",
            "Flat 2, 9 Rue Dupin, Paris",
        ),
    ],
)
def test_an_address_is_read_from_one_line_in_any_order(line: str, name: str, phone: str, street: str) -> None:
    assert parse_address(line) == AddressText(name, phone, street)


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("", ["name", "phone", "line"]),
        ("hello", ["name", "phone", "line"]),
        ("张三", ["phone", "line"]),
        ("Ann Lee", ["phone", "line"]),
        ("13800138000", ["name", "line"]),
        ("张三 13800138000", ["line"]),
        ("张三 13800138000 杭州", ["line"]),
        (HANGZHOU, ["name", "phone"]),
        (f"张三 {HANGZHOU}", ["phone"]),
        (f"张三 1380013800 {HANGZHOU}", ["phone"]),
        (f"13800138000 {HANGZHOU}", ["name"]),
        (LEEDS, ["name", "phone"]),
        ("张三" * 5000, ["line"]),
    ],
)
def test_what_is_missing_in_an_address_is_named(line: str, missing: list[str]) -> None:
    with pytest.raises(Refused, match=r"address\.incomplete") as refusal:
        parse_address(line)
    assert refusal.value.facts["missing"] == missing


def test_a_masked_address_shows_neither_name_nor_phone_nor_house() -> None:
    assert masked(ZHANG) == "张* 138****8000 浙江省杭州市…"
    assert masked(AddressText("Ann Lee", "+442079460958", LEEDS)) == "A* +44****0958 … Leeds LS1 4DY"


def read(line: str) -> AddressText | Refused:
    try:
        return parse_address(line)
    except Refused as refusal:
        return refusal


@given(some.text(max_size=200))
def test_any_text_is_an_address_or_is_refused(line: str) -> None:
    answer = read(line)
    if isinstance(answer, Refused):
        assert answer.code == "address.incomplete"
        assert answer.facts["missing"]
    else:
        assert answer.name
        assert answer.phone.startswith("+")
        assert answer.line


def bad_strings(shared: Path) -> list[str]:
    strings: list[str] = json.loads((shared / "badinput/blns/blns.json").read_text())
    for file in sorted((shared / "badinput/sqli").rglob("*.txt")):
        strings += file.read_text(errors="replace").splitlines()
    return strings


def test_every_bad_string_is_read_or_refused_at_once(shared: Path) -> None:
    strings = bad_strings(shared)
    assert len(strings) > 1000
    for string in strings:
        for line in (string, f"张三 13800138000 {string}", f"{string}, 13800138000, {HANGZHOU}"):
            began = time.process_time()
            answer = read(line)
            assert isinstance(answer, AddressText) or answer.code == "address.incomplete"
            assert time.process_time() - began < 1


async def test_bad_strings_in_an_address_are_kept_as_they_are(database: Database, shared: Path, now: datetime) -> None:
    async with database.begin() as session:
        customer = await a_customer(session, now=now)
        for string in bad_strings(shared)[::40]:
            parsed = read(f"张三 13800138000 {HANGZHOU} {string}")
            if isinstance(parsed, AddressText):
                address = await save_address(session, customer_id=customer.id, parsed=parsed, now=now)
                found = await address_of(session, address_id=address.id, customer_id=customer.id)
                assert found is not None
                assert found.text == parsed


def test_real_addresses_are_read(shared: Path) -> None:
    """Of real addresses of companies nearly all are understood; the others name only a company or a city."""
    lines = (shared / "address/samples/cn_company_addresses_dev.txt").read_text().splitlines()[:500]
    answers = [read(f"李娜 13912345678 {line}") for line in lines]
    names = [answer.name for answer in answers if isinstance(answer, AddressText)]
    assert names.count("李娜") >= 0.95 * len(lines)


@pytest.mark.parametrize("place", ["浙江省杭州市西湖区文三路 90 号 2 单元 501", "广东省深圳市南山区科苑路 15 号"])
def test_a_long_place_is_no_name(place: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_address(f"{place}\n13800138000")
    assert refused.value.facts["missing"] == ["name"]
    whole = parse_address(f"{place}\n13800138000\n张三")
    assert (whole.name, whole.line) == ("张三", place)
