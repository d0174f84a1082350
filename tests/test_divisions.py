"""Where in China a line of an address lies."""

from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.customers.divisions import Divisions, Place, keep_divisions, load_divisions, read_divisions
from foundation.errors import Refused

LABELS = Path(__file__).parent / "address_places.tsv"


@pytest.fixture(scope="module")
def divisions(shared: Path) -> Divisions:
    return Divisions(read_divisions(shared / "address/cn-divisions"))


def named(place: Place) -> tuple[str, str, str, str]:
    return place.province, place.city, place.district, place.street


def test_province_city_district_and_street_of_real_addresses_are_right_in_95_of_100(
    divisions: Divisions, shared: Path
) -> None:
    lines = (shared / "address/samples/cn_company_addresses_dev.txt").read_text().splitlines()
    labels = [line.partition("\t") for line in LABELS.read_text().splitlines() if not line.startswith("#")]
    wrong = []
    for number, _, codes in labels:
        found = divisions.place(lines[int(number)])
        if {code for code in codes.split("/") if code} != {place.code for place in found.choices or (found,)} - {""}:
            wrong.append(number)
    assert len(labels) == 551
    assert len(wrong) / len(labels) <= 0.05, wrong


@pytest.mark.parametrize(
    ("line", "expected", "rest"),
    [
        ("浙江省杭州市西湖区文三路90号", ("浙江省", "杭州市", "西湖区", ""), "文三路90号"),
        ("浙江杭州西湖文三路90号", ("浙江省", "杭州市", "西湖区", ""), "文三路90号"),
        ("上海浦东新区世纪大道100号", ("上海市", "上海市", "浦东新区", ""), "世纪大道100号"),
        ("上海市市辖区静安区南京西路", ("上海市", "上海市", "静安区", ""), "南京西路"),
        ("江苏昆山花桥镇绿地大道1号", ("江苏省", "苏州市", "昆山市", "花桥镇"), "绿地大道1号"),
        ("昆山市长江南路666号", ("江苏省", "苏州市", "昆山市", ""), "长江南路666号"),
        ("广东东莞长安镇锦绣路", ("广东省", "东莞市", "", "长安镇"), "锦绣路"),
        ("湖北仙桃市大新路", ("湖北省", "仙桃市", "", ""), "大新路"),
        ("吉林吉林市船营区", ("吉林省", "吉林市", "船营区", ""), ""),
        ("云南省德宏州瑞丽市姐告", ("云南省", "德宏傣族景颇族自治州", "瑞丽市", ""), "姐告"),
        ("成都成都市武侯区横街19号", ("四川省", "成都市", "武侯区", ""), "横街19号"),
        ("北京市密云县鼓楼东大街", ("北京市", "北京市", "密云区", ""), "鼓楼东大街"),
        ("上海市闸北区共和新路", ("上海市", "上海市", "静安区", ""), "共和新路"),
        ("朝阳区望京街道阜通东大街", ("北京市", "北京市", "朝阳区", "望京街道"), "阜通东大街"),
        ("郑州市高新区科学大道", ("河南省", "郑州市", "", ""), "高新区科学大道"),
        ("香港九龙油尖旺区弥敦道", ("香港特别行政区", "九龙", "油尖旺区", ""), "弥敦道"),
        ("南京东路 100 号", ("", "", "", ""), "南京东路 100 号"),
        ("12 High Street, Leeds LS1 4DY", ("", "", "", ""), "12 High Street, Leeds LS1 4DY"),
        ("", ("", "", "", ""), ""),
    ],
)
def test_people_leave_out_shorten_and_repeat(
    divisions: Divisions, line: str, expected: tuple[str, ...], rest: str
) -> None:
    place = divisions.place(line)
    assert (named(place), place.rest) == (expected, rest)


def test_a_name_that_several_places_share_is_left_open(divisions: Divisions) -> None:
    place = divisions.place("西湖区文二路391号")
    assert named(place) == ("", "", "西湖区", "")
    assert {choice.city for choice in place.choices} == {"杭州市", "南昌市"}


def test_the_longest_line_is_read_in_no_time(divisions: Divisions) -> None:
    for line in ("省" * 400, "北京市" * 130, "朝阳区开发区" * 60, "😀" * 400, "中国" * 200):
        assert divisions.place(line).rest is not None


async def test_divisions_are_kept_and_an_import_replaces_the_one_before(session: AsyncSession, shared: Path) -> None:
    read = read_divisions(shared / "address/cn-divisions")
    await keep_divisions(session, read[:20])
    assert await keep_divisions(session, read) == len(read) == 45_114
    loaded = await load_divisions(session)
    assert named(loaded.place("杭州市西湖区文三路")) == ("浙江省", "杭州市", "西湖区", "")


async def test_a_shop_without_divisions_places_nothing(session: AsyncSession) -> None:
    none = await load_divisions(session)
    assert not none
    assert none.place("浙江省杭州市").rest == "浙江省杭州市"


@pytest.mark.parametrize("content", [None, "", "code,name\n", "id,name\n11,北京市\n", "code,name\nxx,北京市\n"])
def test_a_folder_that_holds_no_divisions_says_which_file_is_wrong(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "provinces.csv").write_text(content)
    with pytest.raises(Refused) as refused:
        read_divisions(tmp_path)
    assert (refused.value.code, refused.value.facts) == ("divisions.unreadable", {"file": "provinces.csv"})
