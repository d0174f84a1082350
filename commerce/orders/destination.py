"""Where an address lies, as far as shipping zones and taxes ask: country, province, city. Pure."""

import re

import phonenumbers

from commerce.customers.address import AddressText
from commerce.pricing.zones import Region

_PROVINCE = re.compile(
    "(北京|天津|上海|重庆|河北|山西|内蒙古|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|"
    "湖北|湖南|广东|广西|海南|四川|贵州|云南|西藏|陕西|甘肃|青海|宁夏|新疆|台湾|香港|澳门)"
    "(?:省|市|壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区)?"
)
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
    country = _country_of(address.phone)
    if not _HAN.search(line):
        return Region(country=country or "CN")
    found = _PROVINCE.match(line.removeprefix("中国"))
    if found is None:
        return Region(country=country or "CN")
    province, rest = found[0], line.removeprefix("中国")[found.end() :]
    if found[1] in _ITSELF_A_CITY:
        return Region(province=province, city=f"{found[1]}市")
    city = _CITY.match(rest)
    return Region(province=province, city=city[0] if city else "")


def _country_of(phone: str) -> str:
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(phone, None)) or ""
    except phonenumbers.NumberParseException:
        return ""
