"""Read a table from a CSV file of strangers: byte-order marks, padded cells, line breaks inside quotes, broken ends."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from commerce.imports.shelf import RowProblem
from foundation.errors import Refused

MOST_BYTES = 256 * 1024 * 1024
LONGEST_CELL = 1_000_000
_DELIMITERS = (",", ";", "\t")
_END = "\x00end"
_EVERYDAY = re.compile(rb"(?:[\xa1-\xa3\xb0-\xd7][\xa1-\xfe])*")
"""Signs and the common characters in GB 2312, its first level."""
_NEARLY_ALL = 0.9
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: the line it starts on and its cells by column name, without the spaces around them."""

    line: int
    cells: Mapping[str, str]

    def renamed(self, names: Mapping[str, str]) -> "TableRow":
        """The row with other names for its columns; those not in `names` keep theirs."""
        return TableRow(self.line, {names.get(name, name): cell for name, cell in self.cells.items()})


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a file, and those that do not have the heading's number of cells."""

    rows: list[TableRow]
    problems: list[RowProblem]


def read_table(path: Path, *, required: Sequence[str]) -> Table:
    """All rows of a CSV file that has at least the `required` columns.

    Raises Refused with one reason: import.no_file, import.empty, import.too_large, import.binary, import.encoding,
    import.columns (missing=[...]), import.no_rows, import.malformed (line=...: an open quote, a file cut off).
    """
    text = read_text(path)
    records = _records(text)
    heading = [cell.lower() for cell in next(records, (1, []))[1]]
    missing = [name for name in required if name.lower() not in heading]
    if missing:
        raise Refused("import.columns", missing=missing, found=[name[:40] for name in heading[:20]])
    rows: list[TableRow] = []
    problems: list[RowProblem] = []
    cut_off: int | None = None
    for line, cells in records:
        if not any(cells):
            continue
        cut_off = line if len(cells) < len(heading) else None
        if len(cells) != len(heading):
            problems.append(RowProblem(line, "", f"{len(cells)} cells where the heading has {len(heading)}"))
        else:
            rows.append(TableRow(line, dict(zip(heading, cells, strict=True))))
    if cut_off is not None and not text.endswith(("\n", "\r")):
        raise Refused("import.malformed", line=cut_off)
    if not rows:
        raise Refused("import.no_rows")
    return Table(rows, problems)


def read_text(path: Path) -> str:
    """A whole text file: UTF-8, UTF-16 with its mark, or Chinese as spreadsheets in China write it (GB 18030).

    Raises Refused: import.no_file, .empty, .too_large, .binary, .encoding (position in bytes).
    """
    if not path.is_file():
        raise Refused("import.no_file", path=str(path))
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise Refused("import.too_large", bytes=size, most=MOST_BYTES)
    content = path.read_bytes()
    if not content.strip():
        raise Refused("import.empty")
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    if encoding == "utf-8-sig" and b"\x00" in content:
        raise Refused("import.binary")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        chinese = _chinese(content)
        if chinese is None:
            raise Refused("import.encoding", position=error.start) from error
        return chinese


def _chinese(content: bytes) -> str | None:
    """The text, if its bytes are GB 18030: then nearly all that is not ASCII are characters of everyday Chinese.

    Bytes of another encoding would come out as rare ones.
    """
    try:
        text = content.decode("gb18030")
    except UnicodeDecodeError:
        return None
    beyond = [letter for letter in text if not letter.isascii()]
    everyday = sum(bool(_EVERYDAY.fullmatch(letter.encode("gb18030"))) for letter in beyond)
    return text if everyday >= len(beyond) * _NEARLY_ALL else None


def _delimiter(text: str) -> str:
    """What stands between the cells of the heading: some spreadsheets write semicolons or tabs."""
    heading = text.lstrip().split("\n", 1)[0]
    return max(_DELIMITERS, key=heading.count)


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """The line each record starts on and its stripped cells. A quote that never closes swallows our end mark."""
    csv.field_size_limit(LONGEST_CELL)
    # Not `strict`: tables padded for the eye have spaces behind a closing quote.
    lines = chain(io.StringIO(text, newline=""), ["\r\n", _END])
    reader = csv.reader(lines, delimiter=_delimiter(text))
    line = 1
    try:
        for cells in reader:
            if cells == [_END]:
                return
            yield line, [_CONTROL.sub("", cell).strip() for cell in cells]
            started, line = line, reader.line_num + 1
    except csv.Error as error:
        raise Refused("import.malformed", line=line) from error
    raise Refused("import.malformed", line=started)
