"""Bank transfers: what settles by itself, what waits for people, what shoppers say, and statements of banks."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from commerce.announcements import Announcement
from commerce.inventory.hold import Holds
from commerce.orders.actions import cancel_order, expire_unpaid_orders, order_view
from commerce.orders.model import Order, PaymentMethod
from commerce.payments.invariants import INVARIANTS
from commerce.payments.model import Intent, Refund, RefundState
from commerce.payments.statement import Problem, read_statement
from commerce.payments.transfer_model import BankTransfer, Finding, TransferReport, TransferState
from commerce.payments.transfers import (
    TransferEntry,
    close_report,
    enter_transfer,
    match_transfer,
    put_aside,
    report_transfer,
    return_transfer,
)
from foundation.database import Database
from foundation.errors import Refused
from foundation.money import Money
from tests.goods import a_customer, a_product, an_order, holds_of

TODAY = date(2026, 11, 22)


@dataclass
class Shop:
    """Ten teas for 68 yuan, sold for a transfer."""

    database: Database
    holds: Holds
    tea: int
    now: datetime
    bank_numbers: int = 0

    async def order(self, pieces: int = 1) -> Order:
        return await an_order(
            self.database, self.holds, {self.tea: pieces}, now=self.now, method=PaymentMethod.TRANSFER
        )

    async def arrives(self, amount: int, memo: str, *, currency: str = "CNY", bank_reference: str = "") -> BankTransfer:
        self.bank_numbers += 1
        entry = TransferEntry(
            bank_reference or f"B{self.bank_numbers}", Money(amount, currency), TODAY, payer="张三", memo=memo
        )
        async with self.database.begin() as session:
            return (await enter_transfer(session, entry=entry, staff_id=7, now=self.now))[0]

    async def match(self, transfer: BankTransfer, order: Order) -> BankTransfer:
        async with self.database.begin() as session:
            return await match_transfer(
                session, transfer_id=transfer.id, number=order.number, staff_id=7, proof="called", now=self.now
            )

    async def stands(self, order: Order) -> tuple[str, str, int, int]:
        async with self.database.begin() as session:
            view = await order_view(session, order.id)
        return view.status, view.payment_state, view.captured.amount, view.refunded.amount

    async def refunds(self) -> list[tuple[int, str, str]]:
        async with self.database.begin() as session:
            found = await session.scalars(select(Refund).order_by(Refund.id))
            return [(refund.amount, refund.reason, refund.state) for refund in found]

    async def told(self) -> list[str]:
        async with self.database.begin() as session:
            return list(await session.scalars(select(Announcement.kind).order_by(Announcement.id)))[1:]

    async def broken(self) -> list[str]:
        async with self.database.begin() as session:
            return [rule for rule, query in INVARIANTS.items() if (await session.execute(text(query))).first()]


@pytest.fixture
async def shop(database: Database, now: datetime) -> AsyncIterator[Shop]:
    async with database.begin() as session:
        tea = await a_product(session, now=now, price=6800, pieces=10)
    async with holds_of(database) as holds:
        yield Shop(database, holds, tea, now)


@pytest.mark.parametrize("memo", ["{number}", "货款{plain}谢谢", "ORDER {spaced} thanks", "{lower} tea"])
async def test_code_and_amount_settle_a_transfer_by_themselves(shop: Shop, memo: str) -> None:
    order = await shop.order()
    number = order.number
    written = memo.format(
        number=number, plain=number.replace("-", ""), spaced=number.replace("-", " "), lower=number.lower()
    )
    transfer = await shop.arrives(6800, written)
    assert (transfer.state, transfer.finding, transfer.decided_by) == ("matched", "exact", None)
    assert await shop.stands(order) == ("placed", "paid", 6800, 0)
    assert await shop.told() == ["payment_received"]
    assert await shop.broken() == []


async def test_what_does_not_fit_waits_for_a_person_and_leaves_the_order_alone(shop: Shop) -> None:
    order, other = await shop.order(), await shop.order()
    found = {
        "nothing": await shop.arrives(6800, "谢谢"),
        "two codes": await shop.arrives(6800, f"{order.number} {other.number}"),
        "less": await shop.arrives(6000, order.number),
        "more": await shop.arrives(7000, order.number),
        "dollars": await shop.arrives(6800, order.number, currency="USD"),
    }
    assert {name: transfer.finding for name, transfer in found.items()} == {
        "nothing": Finding.UNMATCHED,
        "two codes": Finding.UNMATCHED,
        "less": Finding.PARTIAL,
        "more": Finding.OVERPAID,
        "dollars": Finding.OTHER_CURRENCY,
    }
    assert {transfer.state for transfer in found.values()} == {TransferState.REVIEW}
    assert await shop.stands(order) == ("pending", "unpaid", 0, 0)
    with pytest.raises(Refused, match=r"transfer\.other_currency"):
        await shop.match(found["dollars"], order)


async def test_the_same_line_read_twice_at_once_is_money_once(shop: Shop) -> None:
    order = await shop.order()
    entry = TransferEntry("B9", Money(6800, "CNY"), TODAY, memo=order.number)

    async def enter() -> bool:
        async with shop.database.begin() as session:
            return (await enter_transfer(session, entry=entry, staff_id=7, now=shop.now))[1]

    assert sorted(await asyncio.gather(*(enter() for _ in range(5)))) == [False] * 4 + [True]
    assert await shop.stands(order) == ("placed", "paid", 6800, 0)


async def test_a_second_transfer_for_a_paid_order_is_a_duplicate_that_goes_back_by_hand(shop: Shop) -> None:
    order = await shop.order()
    await shop.arrives(6800, order.number)
    again = await shop.arrives(6800, order.number)
    assert (again.state, again.finding) == ("review", "duplicate")
    await shop.match(again, order)
    assert await shop.refunds() == [(6800, "overpaid", RefundState.REQUESTED)]
    async with shop.database.begin() as session:
        assert await session.scalar(text("SELECT count(*) FROM pgqueuer")) == 0  # no bank to call: by hand
    assert await shop.broken() == []


async def test_a_part_is_kept_by_a_person_and_the_rest_settles_by_itself(shop: Shop) -> None:
    order = await shop.order()
    await shop.match(await shop.arrives(6000, order.number), order)
    assert await shop.stands(order) == ("pending", "part_paid", 6000, 0)
    assert (await shop.arrives(800, order.number)).finding is Finding.EXACT
    assert await shop.stands(order) == ("placed", "paid", 6800, 0)
    assert await shop.broken() == []


async def test_what_is_too_much_goes_back_by_hand(shop: Shop) -> None:
    order = await shop.order()
    await shop.match(await shop.arrives(7000, order.number), order)
    assert (await shop.stands(order))[0] == "placed"
    assert await shop.refunds() == [(200, "overpaid", RefundState.REQUESTED)]


async def test_a_transfer_for_an_order_that_waits_for_the_bank_pays_it_and_the_page_is_closed(shop: Shop) -> None:
    order = await an_order(shop.database, shop.holds, {shop.tea: 1}, now=shop.now, method=PaymentMethod.SIMULATOR)
    transfer = await shop.arrives(6800, order.number)
    assert transfer.finding is Finding.ENDED
    await shop.match(transfer, order)
    assert await shop.stands(order) == ("placed", "paid", 6800, 0)
    async with shop.database.begin() as session:
        states = await session.scalars(select(Intent.state).order_by(Intent.id))
        assert list(states) == ["closed", "succeeded"]


async def test_a_late_transfer_takes_the_goods_if_they_are_there_and_goes_back_if_not(shop: Shop) -> None:
    in_time, cancelled = await shop.order(), await shop.order()
    late = shop.now + timedelta(days=3)
    async with shop.database.begin() as session:
        await cancel_order(session, order_id=cancelled.id, by="shopper", reason="no", now=shop.now)
        await expire_unpaid_orders(session, now=late)
    assert (await shop.stands(in_time))[0] == "expired"
    assert (await shop.arrives(6800, in_time.number)).state is TransferState.MATCHED
    assert await shop.stands(in_time) == ("placed", "paid", 6800, 0)
    assert (await shop.arrives(6800, cancelled.number)).state is TransferState.MATCHED
    assert await shop.refunds() == [(6800, "late_payment", RefundState.REQUESTED)]
    assert await shop.broken() == []


async def test_two_people_decide_one_transfer_once(shop: Shop) -> None:
    order, other = await shop.order(), await shop.order()
    transfer = await shop.arrives(6800, "谢谢")
    done = await asyncio.gather(shop.match(transfer, order), shop.match(transfer, other), return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["BankTransfer", "Refused"]
    stands = {(await shop.stands(one))[0] for one in (order, other)}
    assert stands == {"placed", "pending"}


async def test_money_that_is_for_no_order_is_sent_back_or_put_aside_with_proof(shop: Shop) -> None:
    transfer, gift = await shop.arrives(500, "?"), await shop.arrives(100, "gift")
    async with shop.database.begin() as session:
        with pytest.raises(Refused, match=r"transfer\.proof_empty"):
            await return_transfer(session, transfer_id=transfer.id, staff_id=7, proof=" ", now=shop.now)
        back = await return_transfer(session, transfer_id=transfer.id, staff_id=7, proof="slip 12", now=shop.now)
        assert (back.state, back.proof, back.decided_by) == ("returned", "slip 12", 7)
        await put_aside(session, transfer_id=gift.id, staff_id=7, proof="a gift", now=shop.now)
    order = await shop.order()
    with pytest.raises(Refused, match=r"transfer\.move_refused"):
        await shop.match(transfer, order)
    assert (await shop.match(gift, order)).state is TransferState.MATCHED
    assert await shop.stands(order) == ("pending", "part_paid", 100, 0)


async def test_who_paid_and_what_they_wrote_lies_sealed(shop: Shop) -> None:
    await shop.arrives(500, "给小明的礼物")
    async with shop.database.begin() as session:
        row = (await session.execute(text("SELECT bank_transfer::text FROM bank_transfer"))).scalar_one()
    assert "张三" not in row
    assert "小明" not in row


@pytest.mark.parametrize(
    ("field", "entry"),
    [
        ("bank_reference", TransferEntry(" ", Money(1, "CNY"), TODAY)),
        ("bank_reference", TransferEntry("x" * 81, Money(1, "CNY"), TODAY)),
        ("amount", TransferEntry("B", Money(0, "CNY"), TODAY)),
        ("amount", TransferEntry("B", Money(10**16, "CNY"), TODAY)),
        ("memo", TransferEntry("B", Money(1, "CNY"), TODAY, memo="a\0b")),
    ],
)
async def test_an_odd_entry_is_refused_and_leaves_nothing(shop: Shop, field: str, entry: TransferEntry) -> None:
    async with shop.database.begin() as session:
        with pytest.raises(Refused) as refused:
            await enter_transfer(session, entry=entry, staff_id=7, now=shop.now)
        assert (refused.value.code, refused.value.facts) == ("transfer.invalid", {"field": field})
        assert await session.scalar(select(func.count()).select_from(BankTransfer)) == 0


async def test_a_shopper_who_says_it_is_sent_makes_one_entry_that_the_transfer_closes(shop: Shop) -> None:
    order = await shop.order()
    async with shop.database.begin() as session:
        for words, photos in (("", [[1, 4]]), ("流水号 8812", [[1, 4], [1, 6]]), ("流水号 8812", [])):
            report = await report_transfer(
                session, order_id=order.id, customer_id=order.customer_id, words=words, photos=photos, now=shop.now
            )
        assert report.photos == [[1, 4], [1, 6]]
        assert session.info["vault"].open(report.note_sealed) == "流水号 8812"
        stranger = await a_customer(session, now=shop.now)
        with pytest.raises(Refused, match=r"order\.unknown"):
            await report_transfer(
                session, order_id=order.id, customer_id=stranger.id, words="", photos=[], now=shop.now
            )
    await shop.arrives(6800, order.number)
    async with shop.database.begin() as session:
        (row,) = (await session.scalars(select(TransferReport))).all()
        assert row.closed_at == shop.now
        with pytest.raises(Refused, match=r"payment\.done"):
            await report_transfer(
                session, order_id=order.id, customer_id=order.customer_id, words="", photos=[], now=shop.now
            )
        assert (await close_report(session, report_id=row.id, staff_id=7, now=shop.now)).closed_by is None


# Statements


def test_statements_of_chinese_and_english_banks_are_read() -> None:
    chinese = (
        "某某银行账户明细\n账号,6217\n\n交易时间,交易流水号,收入金额,支出金额,对方户名,附言\n"
        '2026-11-22 10:01:02,8812,"1,068.50",,张三,X7K2-94QD\n2026-11-22 10:05:00,8813,,20.00,李四,房租\n'
        "2026-11-22,,5.00,,王五,\nsoon,8815,5.00,,,\n2026-11-22,8816,5.001,,,\n"
    ).encode("gb18030")
    read = read_statement(chinese, currency="CNY")
    assert read.entries == (TransferEntry("8812", Money(106850, "CNY"), TODAY, "张三", "X7K2-94QD"),)
    assert read.outgoing == 1
    assert read.problems == (Problem(7, "bank_reference"), Problem(8, "date"), Problem(9, "amount"))
    english = "\ufeffDate;Amount;Reference;Name;Purpose;Currency\n22.11.2026;-5;R0;x;y;EUR\n"
    english += "2026/11/22;68;R1;Ann;Z;usd\n"
    assert read_statement(english.encode(), currency="CNY").entries == (
        TransferEntry("R1", Money(6800, "USD"), TODAY, "Ann", "Z"),
    )


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "statement.no_columns"),
        (b"a,b\n1,2\n", "statement.no_columns"),
        (b"\xff\xff\xff", "statement.unreadable"),
        (b"x" * 2_000_001, "statement.too_large"),
        (b"date,amount,reference\n" + b"\n" * 5001, "statement.too_large"),
    ],
)
def test_what_is_no_statement_is_refused(raw: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        read_statement(raw, currency="CNY")
    assert refused.value.code == code
