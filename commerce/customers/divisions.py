"""China's divisions down to the street (街道, 镇, 乡), and where in them a line of an address lies.

The divisions come by `xiaoer import divisions FOLDER`. A line is walked from its front: province, city, district,
street, each by its full name or as people shorten it, any of them left out. What several places share stays open
until something after it decides; what nothing decides is given as choices.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import String, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from commerce.customers.renamed import RENAMED
from foundation.database import Base
from foundation.errors import Refused

PROVINCE, CITY, DISTRICT, STREET = 2, 4, 6, 9
"""Levels, as the length of their code (GB/T 2260; streets as the statistics office counts on)."""
FILES = {"provinces.csv": PROVINCE, "cities.csv": CITY, "areas.csv": DISTRICT, "streets.csv": STREET}
ELSEWHERE = {"香港特别行政区": "81", "澳门特别行政区": "82", "台湾省": "71"}
AT_ONCE = 5000
_NO_CITY = re.compile(r"市辖区|县|(?:省|自治区)直辖县级行政区划")
_PEOPLES = (
    "土家族|苗族|侗族|布依族|彝族|藏族|羌族|傣族|景颇族|白族|哈尼族|壮族|回族|蒙古族|蒙古|朝鲜族|哈萨克|柯尔克孜|维吾尔|满族|"
    "黎族|瑶族|畲族|仡佬族|水族|土族|撒拉族|东乡族|保安族|裕固族|傈僳族|拉祜族|佤族|布朗族|纳西族|普米族|怒族|独龙族|毛南族|"
    "仫佬族|锡伯|塔吉克|各族|达斡尔族|鄂温克族|鄂伦春"
)
_ENDS = {
    PROVINCE: re.compile(rf"(?:省|市|(?:{_PEOPLES})*自治区|特别行政区)$"),
    CITY: re.compile(rf"(?:市|地区|盟|(?:{_PEOPLES})*自治州)$"),
    DISTRICT: re.compile(rf"(?:新区|林区|特区|矿区|区|(?:{_PEOPLES})*自治县|县|市|(?:{_PEOPLES})*自治旗|旗)$"),
    STREET: re.compile(
        rf"(?:街道办事处|街道|地区办事处|地区|办事处|(?:{_PEOPLES})*民族乡|(?:{_PEOPLES})+乡|镇|乡|苏木)$"
    ),
}
_OTHER_END_ALONE = {
    CITY: re.compile(r"州"),
    DISTRICT: re.compile(r"区|县|市|旗"),
    STREET: re.compile(r"街道办事处|街道办|街道|地区办事处|办事处|镇|乡"),
}
_OTHER_END = _OTHER_END_ALONE | {
    STREET: re.compile(_OTHER_END_ALONE[STREET].pattern + r"|街(?![\d０-９一二三四五六七八九十甲乙丙])|区")
}
"""What else people say for the last word of a name; inside a district or a city some more are clear."""
_IS_ROAD = re.compile(
    r"[东南西北中前后上下内外新老]{0,2}[一二三四五六七八九十]{0,2}(?:路|街(?!道)|大道|大街|道(?!县|外|里)|巷|里(?=\d)|胡同|"
    r"高速|国道|桥|门|站|地铁|机场|大厦|广场|宾馆|酒店|大酒店|饭店|公路|大学|学院|医院|银行|国际|中心|花园|新村|小区|山庄)"
)
_ANOTHER_KIND = re.compile(r"省|市|区|县|旗|州|镇|乡|街道|盟")
_GAP = re.compile(r"(?:[\s\ufeff,，.。:：;；、·/\\|()（）\[\]【】-]|中华人民共和国|中国|市辖区|总部|地址)+")
_TOWN = re.compile(r"[\u3400-\u9fff]{2,7}?[省市](?=[\u3400-\u9fff])")
_ZONE = re.compile(
    r"[\u3400-\u9fff]{0,6}?(?:国家级?)?(?:经济技术开发区|经济技术开发新区|经济开发区|高新技术产业开发区|高新技术产业园区|"
    r"高新技术开发区|高新技术产业区|高新开发区|高新区|经开区|开发区|工业园区|保税港区|保税区|出口加工区|综合实验区|示范区|新区|度假区)"
)


class DivisionRow(Base):
    """One division, as imported."""

    __tablename__ = "division"

    code: Mapped[str] = mapped_column(String(9), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))


@dataclass(frozen=True, slots=True)
class Division:
    """A place with a code; the codes of what it lies in are the beginnings of its own."""

    code: str
    name: str

    @property
    def level(self) -> int:
        """PROVINCE, CITY, DISTRICT or STREET."""
        return len(self.code)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line lies; empty where it does not say. `rest` is what follows: road, number, room.

    A municipality is its own city; a county-level city under no other city is a city without district.
    `choices` are the places it could be when several share the name.
    """

    province: str = ""
    city: str = ""
    district: str = ""
    street: str = ""
    code: str = ""
    rest: str = ""
    choices: tuple["Place", ...] = ()

    @property
    def words(self) -> str:
        """The divisions in a row, none twice: 江苏省苏州市昆山市."""
        return "".join(dict.fromkeys(name for name in (self.province, self.city, self.district, self.street) if name))


class Divisions:
    """All divisions, to be asked for a line. Empty where none were imported: then no line lies anywhere."""

    def __init__(self, divisions: Iterable[Division]) -> None:
        self.by_code = {division.code: division for division in divisions}
        self._full: dict[str, list[Division]] = {}
        self._short: dict[str, list[Division]] = {}
        for division in self.by_code.values():
            if _NO_CITY.fullmatch(division.name):
                continue
            self._full.setdefault(division.name, []).append(division)
            short = _ENDS[division.level].sub("", division.name)
            if len(short) > 1:
                self._short.setdefault(short, []).append(division)
        self._longest = max((len(name) for name in self._full), default=0)

    def __bool__(self) -> bool:
        return bool(self.by_code)

    def place(self, line: str) -> Place:
        """Where the line lies. Nothing recognised is a place of empty names with the whole line as its rest."""
        found, at = self._walk(line, _gap(line, 0))
        if not found and (town := _TOWN.search(line)):
            found, at = self._walk(line, town.start())
        if not found:
            return Place(rest=line.strip())
        rest = line[at:].strip()
        places = tuple(self._named(division, rest) for division in found)
        return places[0] if len(places) == 1 else self._shared(places, rest)

    def _walk(self, line: str, at: int) -> tuple[list[Division], int]:
        """The divisions the line names in a row from this place on, and where it goes on after them."""
        found: list[Division] = []
        while True:
            step = self._step(line, at, found)
            if step is None and found and (zone := _ZONE.match(line, at)):
                step = self._step(line, _gap(line, zone.end()), found, only_whole=True)
            if step is None:
                return found, at
            found, at = step
            at = _gap(line, at)

    def _step(
        self, line: str, at: int, inside: Sequence[Division], *, only_whole: bool = False
    ) -> tuple[list[Division], int] | None:
        """The divisions the line names at this place and where it goes on; they lie in one of `inside`."""
        for length in range(min(self._longest, len(line) - at), 1, -1):
            word = line[at : at + length]
            matches = (
                self._exact(word, inside),
                self._renamed(word, inside),
                ([], 0) if only_whole else self._short_for(word, line, at + length, inside),
            )
            for matched, more in matches:
                if matched:
                    return matched, at + length + more
            if any(word in (one.name, _ENDS[one.level].sub("", one.name)) for one in self._around(inside)):
                return list(inside), at + length  # said twice
        return None

    def _exact(self, word: str, inside: Sequence[Division]) -> tuple[list[Division], int]:
        found = _within(self._full.get(word, ()), inside)
        if not inside:  # an estate or a zone of that name may lie anywhere
            found = [one for one in found if one.level != STREET or _ENDS[STREET].search(one.name)]
        return _highest(found), 0

    def _renamed(self, word: str, inside: Sequence[Division]) -> tuple[list[Division], int]:
        now = (self.by_code.get(code) for code in RENAMED.get(word, ()))
        return _within([division for division in now if division is not None], inside), 0

    def _short_for(self, word: str, line: str, end: int, inside: Sequence[Division]) -> tuple[list[Division], int]:
        """Without its last word ("浙江", "昆山"), or with another one ("密云县" is 密云区 now)."""
        short = _within(self._short.get(word, ()), inside)
        ends = _OTHER_END if inside else _OTHER_END_ALONE
        other = [
            (division, len(kind[0]))
            for division in short
            if division.level in ends and (kind := ends[division.level].match(line, end))
        ]
        if other:
            level = min(division.level for division, _ in other)
            same = [(division, more) for division, more in other if division.level == level]
            return [division for division, _ in same], same[0][1]
        if _IS_ROAD.match(line, end):
            return [], 0
        if _ANOTHER_KIND.match(line, end) and not (short and self._step(line, end, short, only_whole=True)):
            return [], 0
        plain = [d for d in short if _is_said_short(d, word, alone=not inside)]
        return _highest(plain), 0

    def _around(self, inside: Sequence[Division]) -> Iterator[Division]:
        """The divisions in question and what they lie in."""
        for division in inside:
            for level in (PROVINCE, CITY, DISTRICT):
                around = self.by_code.get(division.code[:level])
                if around is not None and level <= division.level:
                    yield around

    def _named(self, division: Division, rest: str) -> Place:
        names = {level: self._name(division, level) for level in (PROVINCE, CITY, DISTRICT, STREET)}
        province, city, district = names[PROVINCE], names[CITY], names[DISTRICT]
        if division.level > PROVINCE and _NO_CITY.fullmatch(city):
            is_municipality = province.endswith("市")
            city, district = (province, district) if is_municipality else (district, "")
        elif division.level == PROVINCE and province.endswith("市"):
            city = province
        return Place(province, city, "" if district == city else district, names[STREET], division.code, rest)

    def _name(self, division: Division, level: int) -> str:
        above = self.by_code.get(division.code[:level]) if division.level >= level else None
        return above.name if above is not None else ""

    def _shared(self, places: tuple[Place, ...], rest: str) -> Place:
        """What all the choices agree on."""
        same: dict[str, str] = {}
        for part in ("province", "city", "district", "street"):
            values = {getattr(place, part) for place in places}
            same[part] = values.pop() if len(values) == 1 else ""
        return Place(**same, rest=rest, choices=places)


def _within(divisions: Iterable[Division], inside: Sequence[Division]) -> list[Division]:
    """Those that lie in one of `inside`; all of them when that is the whole country."""
    if not inside:
        return list(divisions)
    return [
        division
        for division in divisions
        if any(division.code.startswith(outer.code) and division.code != outer.code for outer in inside)
    ]


def _is_said_short(division: Division, word: str, *, alone: bool) -> bool:
    """Whether people say just this word for it: 浙江, 昆山, in 深圳 also 南山; of streets only 东区 (in 中山)."""
    if division.level == STREET:
        return not alone and word.endswith("区")
    return not alone or division.level <= CITY or division.name.endswith("市")


def _highest(divisions: Sequence[Division]) -> list[Division]:
    """Of places of one name the larger ones: 吉林 is the province before it is the city."""
    level = min((division.level for division in divisions), default=0)
    return [division for division in divisions if division.level == level]


def _gap(line: str, at: int) -> int:
    gap = _GAP.match(line, at)
    return gap.end() if gap else at


def read_divisions(folder: Path) -> list[Division]:
    """The divisions of a folder with provinces.csv, cities.csv, areas.csv, streets.csv and, if it is there, a JSON of
    Hong Kong, Macao and Taiwan. Raises Refused("divisions.unreadable", file=...)."""
    found = []
    for name, level in FILES.items():
        try:
            with (folder / name).open(encoding="utf-8-sig", newline="") as file:
                rows = [Division(row["code"], row["name"]) for row in csv.DictReader(file)]
        except (OSError, KeyError, UnicodeDecodeError, csv.Error) as error:
            raise Refused("divisions.unreadable", file=name) from error
        if not rows or any(len(row.code) != level or not row.code.isdigit() or not row.name for row in rows):
            raise Refused("divisions.unreadable", file=name)
        found += rows
    elsewhere = folder / "HK-MO-TW.json"
    if elsewhere.is_file():
        found += _elsewhere(json.loads(elsewhere.read_text(encoding="utf-8")))
    return found


def _elsewhere(regions: Mapping[str, Mapping[str, Sequence[str]]]) -> Iterator[Division]:
    """These have no codes in the table: theirs are counted in the order of the file."""
    for name, cities in regions.items():
        province = ELSEWHERE[name]
        yield Division(province, name)
        for i, (city, districts) in enumerate(cities.items(), start=1):
            yield Division(f"{province}{i:02}", city)
            for j, district in enumerate(districts, start=1):
                yield Division(f"{province}{i:02}{j:02}", district)


async def keep_divisions(session: AsyncSession, divisions: Sequence[Division]) -> int:
    """Put these in the place of those of an earlier import; returns how many."""
    await session.execute(delete(DivisionRow))
    rows = [{"code": division.code, "name": division.name} for division in divisions]
    for start in range(0, len(rows), AT_ONCE):
        await session.execute(insert(DivisionRow), rows[start : start + AT_ONCE])
    return len(rows)


async def load_divisions(session: AsyncSession) -> Divisions:
    """The imported divisions: some 45,000 rows, to be kept by the process."""
    return Divisions(await read_all(session))


async def read_all(session: AsyncSession) -> list[Division]:
    """The imported divisions as they lie there."""
    rows = await session.execute(select(DivisionRow.code, DivisionRow.name).order_by(DivisionRow.code))
    return [Division(code, name) for code, name in rows]
