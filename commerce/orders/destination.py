"""Where an address lies, as far as shipping zones and taxes ask: country, province, city. Pure."""

import re
from typing import Final

import phonenumbers

from commerce.customers.address import NOWHERE, AddressText
from commerce.pricing.zones import Region

_PROVINCE = re.compile(
    "(北京|天津|上海|重庆|河北|山西|内蒙古|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|"
    "湖北|湖南|广东|广西|海南|四川|贵州|云南|西藏|陕西|甘肃|青海|宁夏|新疆|台湾|香港|澳门)"
    "(?:省|市|壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区)?"
)
_NAMED = (
    "北京:beijing,天津:tianjin,上海:shanghai,重庆:chongqing,河北:hebei,山西:shanxi,内蒙古:inner mongolia,"
    "辽宁:liaoning,吉林:jilin,黑龙江:heilongjiang,江苏:jiangsu,浙江:zhejiang,安徽:anhui,福建:fujian,江西:jiangxi,"
    "山东:shandong,河南:henan,湖北:hubei,湖南:hunan,广东:guangdong,广西:guangxi,海南:hainan,四川:sichuan,"
    "贵州:guizhou,云南:yunnan,西藏:tibet,陕西:shaanxi,甘肃:gansu,青海:qinghai,宁夏:ningxia,新疆:xinjiang,"
    "台湾:taiwan,香港:hong kong,澳门:macao"
)
PROVINCES: Final = dict(pair.split(":") for pair in _NAMED.split(","))
"""The provinces by their Chinese names, as they are written in English."""
_IN_ENGLISH = {english: chinese for chinese, english in PROVINCES.items()}
_STREET = r"(?! (?:(?:north|south|east|west|middle) )?(?:road|rd|street|st|avenue|ave|lane)\b)"
_ENGLISH = re.compile(rf"\b({'|'.join(_IN_ENGLISH)})\b{_STREET}", re.IGNORECASE)
_CITY = re.compile(r"[\u3400-\u9fff]{2,8}?(?:市|自治州|地区|盟)")
_HAN = re.compile(r"[\u3400-\u9fff]")
_ITSELF_A_CITY = ("北京", "天津", "上海", "重庆")


def destination_of(address: AddressText) -> Region:
    """The region of an address: what the divisions of China said when it was read, else what its line says by itself.

    What nothing says stays empty. A line in Chinese characters lies in China unless the phone says another country; any
    other where its phone is.
    """
    if address.province:
        return Region(province=address.province, city=address.city)
    line = address.line.strip()
    found = _PROVINCE.match(line.removeprefix("中国"))
    if found is None:
        country = _country_of(address.phone)
        named = _ENGLISH.findall(line) if country in ("", "CN") and not _HAN.search(line) else []
        return _in_english(named[-1]) if named else Region(country=country or "CN")
    province, rest = found[0], line.removeprefix("中国")[found.end() :]
    if found[1] in _ITSELF_A_CITY:
        return Region(province=province, city=f"{found[1]}市")
    city = _CITY.match(rest)
    return Region(province=province, city=city[0] if city else "")


def sent_to(address: AddressText) -> Region | None:
    """The region a parcel goes to; None where nothing is sent."""
    return None if address == NOWHERE else destination_of(address)


def _in_english(name: str) -> Region:
    """The place that an English line ends with, which goes from the house to the country."""
    province = _IN_ENGLISH[name.casefold()]
    return Region(province=province, city=f"{province}市" if province in _ITSELF_A_CITY else "")


def _country_of(phone: str) -> str:
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(phone, None)) or ""
    except phonenumbers.NumberParseException:
        return ""
