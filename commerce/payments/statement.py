"""Bank statements as CSV: the columns that banks write, Chinese and English, read into entries. Pure."""

import csv
import io
import re
from dataclasses import dataclass
from datetime import date, datetime

from commerce.payments.transfers import LONGEST_MEMO, TransferEntry
from foundation.errors import Refused
from foundation.money import Money

LARGEST = 2_000_000
MOST_LINES = 5_000
_COLUMNS = {
    "date": (
        "date",
        "received_on",
        "booking date",
        "value date",
        "交易日期",
        "记账日期",
        "入账日期",
        "交易时间",
        "日期",
        "时间",
    ),
    "amount": ("amount", "credit", "received", "收入金额", "贷方发生额", "贷方金额", "交易金额", "收入", "金额"),
    "bank_reference": (
        "bank_reference",
        "reference",
        "transaction id",
        "id",
        "交易流水号",
        "流水号",
        "交易单号",
        "凭证号",
        "业务流水号",
    ),
    "payer": ("payer", "name", "sender", "counterparty", "对方户名", "对方账户名称", "付款人", "交易对方", "户名"),
    "memo": ("memo", "purpose", "description", "details", "message", "附言", "摘要", "备注", "用途", "商品"),
    "currency": ("currency", "币种", "币别"),
}
_DATES = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y.%m.%d", "%Y年%m月%d日", "%d.%m.%Y")
_CURRENCIES = {"人民币": "CNY", "RMB": "CNY", "美元": "USD", "港币": "HKD", "欧元": "EUR"}
_NOT_IN_AMOUNT = re.compile(r"[,\s¥￥$€+]|元$")


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that cannot be read: its number in the file, from 1, and which column is to blame."""

    line: int
    column: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What stands in a statement. Lines of money that went out are left out."""

    entries: tuple[TransferEntry, ...]
    problems: tuple[Problem, ...]
    outgoing: int


def read_statement(raw: bytes, *, currency: str) -> Statement:
    """The transfers of a CSV file (UTF-8 or GB 18030; comma, semicolon or tab); `currency` where it names none.

    Raises Refused("statement.too_large"), ("statement.unreadable") or ("statement.no_columns", missing=...).
    """
    if len(raw) > LARGEST:
        raise Refused("statement.too_large", most=LARGEST)
    lines = list(csv.reader(io.StringIO(_text(raw)), delimiter=_delimiter(_text(raw))))
    if len(lines) > MOST_LINES:
        raise Refused("statement.too_large", most=MOST_LINES)
    head, columns = _head(lines)
    entries: list[TransferEntry] = []
    problems: list[Problem] = []
    outgoing = 0
    for number, cells in enumerate(lines[head + 1 :], start=head + 2):
        if not any(cell.strip() for cell in cells):
            continue
        row = {name: cells[place].strip() if place < len(cells) else "" for name, place in columns.items()}
        try:
            entry = _entry(row, currency)
        except _Odd as odd:
            problems.append(Problem(number, str(odd)))
            continue
        if entry is None:
            outgoing += 1
        else:
            entries.append(entry)
    return Statement(tuple(entries), tuple(problems), outgoing)


class _Odd(Exception):
    """The name of the column that cannot be read."""


def _text(raw: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding).replace("\0", "")
        except UnicodeDecodeError:
            continue
    raise Refused("statement.unreadable")


def _delimiter(text: str) -> str:
    start = text[:4000]
    return max(",;\t", key=start.count)


def _head(lines: list[list[str]]) -> tuple[int, dict[str, int]]:
    """The line that names the columns, among the first 30 (banks write a preamble), and where each column is."""
    best: dict[str, int] = {}
    for number, cells in enumerate(lines[:30]):
        names = [cell.strip().strip("*").lower() for cell in cells]
        columns = {}
        for column, spellings in _COLUMNS.items():
            place = next((names.index(spelling) for spelling in spellings if spelling in names), None)
            if place is not None:
                columns[column] = place
        if {"date", "amount", "bank_reference"} <= columns.keys():
            return number, columns
        best = max(best, columns, key=len)
    missing = sorted({"date", "amount", "bank_reference"} - best.keys())
    raise Refused("statement.no_columns", missing=missing)


def _entry(row: dict[str, str], currency: str) -> TransferEntry | None:
    """One line; None for money that went out."""
    written = _NOT_IN_AMOUNT.sub("", row["amount"])
    if not written or written.startswith("-") or written.strip("0.") == "":
        return None
    given = row.get("currency", "") or currency
    try:
        money = Money.parse(written, _CURRENCIES.get(given.upper(), given.upper()))
    except Refused as error:
        raise _Odd("currency" if error.code == "money.currency_unknown" else "amount") from error
    if not row["bank_reference"] or len(row["bank_reference"]) > 80:
        raise _Odd("bank_reference")
    return TransferEntry(
        bank_reference=_plain(row["bank_reference"], 80),
        money=money,
        received_on=_date(row["date"]),
        payer=_plain(row.get("payer", ""), 200),
        memo=_plain(row.get("memo", ""), LONGEST_MEMO),
    )


def _date(text: str) -> date:
    day = text.replace("T", " ").partition(" ")[0]
    for form in _DATES:
        try:
            return datetime.strptime(day, form).date()  # noqa: DTZ007 - a day of the bank, no moment
        except ValueError:
            continue
    raise _Odd("date")


def _plain(text: str, most: int) -> str:
    return "".join(character if character.isprintable() else " " for character in text)[:most].strip()
