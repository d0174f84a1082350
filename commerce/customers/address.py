"""An address from one line a shopper types: name, phone and the rest, in any order, in Chinese or English. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from phonenumbers import (
    Leniency,
    PhoneNumberFormat,
    PhoneNumberMatcher,
    format_number,
    is_possible_number,
    is_valid_number,
    parse,
)
from phonenumbers.phonenumberutil import NumberParseException

from commerce.customers.divisions import Divisions, Place
from foundation.errors import Refused

LONGEST = 400
"""Characters; nobody lives at a longer address."""

# Labels become marks, so that "收货人: 张三" says by itself which part is the name.
_NAME_MARK, _LINE_MARK, _CUT = "\x01", "\x02", "\n"
_IS = r"\s*(?:[:=]|(?:还|就)?是|写|改[成为]|\bis\b)\s*"
_LABELS = (
    (
        re.compile(rf"(?:收货人|收件人|联系人|姓名|名字|\b(?:my |full )?(?:name|recipient|attn)){_IS}", re.I),
        _NAME_MARK,
    ),
    (
        re.compile(rf"(?:收货地址|详细地址|所在地区|地址|\b(?:my |shipping )?(?:address|addr)){_IS}", re.I),
        _LINE_MARK,
    ),
    (
        re.compile(
            r"^\s*(?:那?就?改[成为到]|那?就?换[成到]|应该是|(?:it['’]?s|it is|change it to)\b)[\s:,]*", re.I | re.M
        ),
        _CUT,
    ),
    (re.compile(r"请?(?:邮寄|寄|送|发)给\s*|\b(?:ship|send) (?:it )?to\s*[:]\s*", re.I), _NAME_MARK),
    (re.compile(r"请?(?:邮寄|寄|送|发)[到往至]\s*|\bdeliver (?:it )?to\s*", re.I), _LINE_MARK),
    (
        re.compile(
            r"(?:手机号码|手机号|联系电话|电话号码|电话|手机|\b(?:telephone|phone|mobile|tel))\s*[:=.]?\s*", re.I
        ),
        _CUT,
    ),
)
_CHINESE_MOBILE = re.compile(r"(?<![\d+])(?:\+?86[- ]?)?(1[3-9]\d[- ]?\d{4}[- ]?\d{4})(?!\d)")
_INTERNATIONAL = re.compile(r"\+\d[\d ()./-]{6,20}\d")

_HAN = r"\u3400-\u9fff"
_HAS_HAN = re.compile(f"[{_HAN}]")
_HAN_NAME = re.compile(f"[{_HAN}]{{2,4}}|[{_HAN}]{{1,8}}[·•][{_HAN}]{{1,8}}")
_LATIN_NAME = re.compile(r"[^\W\d_][\w.'’-]*(?: [^\W\d_][\w.'’-]*){0,3}")
_PLACE_END = tuple("省市区县镇乡村路街道巷弄号楼栋幢座室层园苑城厦")
_STREET_ZH = re.compile("[路街道巷弄号村镇乡楼栋幢座室苑园城厦里坊胡同]|[区县].{3}")
_STREET_EN = re.compile(
    r"\b(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|court|way|square|place|house|flat|apt|suite|unit|floor|box|"
    r"city|county|state|usa|uk|china)\b",
    re.I,
)
_PROVINCES = (
    *(
        "北京",
        "天津",
        "上海",
        "重庆",
        "河北",
        "山西",
        "辽宁",
        "吉林",
        "黑龙江",
        "江苏",
        "浙江",
        "安徽",
        "福建",
        "江西",
        "山东",
    ),
    *(
        "河南",
        "湖北",
        "湖南",
        "广东",
        "海南",
        "四川",
        "贵州",
        "云南",
        "陕西",
        "甘肃",
        "青海",
        "台湾",
        "内蒙古",
        "广西",
        "西藏",
    ),
    *("宁夏", "新疆", "香港", "澳门"),
)
_NO_NAMES = frozenset(("单元", "小区", "公寓", "大厦", "宿舍", "花园", "广场", "号院", "村民组"))
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范"
    "金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤常温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂"
    "章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾"
)
_GLUED_FRONT = re.compile(f"([{_HAN}]{{2,4}}?)(?=(?:{'|'.join(_PROVINCES)}))")
_GLUED_END = re.compile(f"(?<=[号室楼栋幢座元层厦苑园\\d])((?![号室楼栋幢座单元层弄巷路村])[{_HAN}]{{2,4}})$")
_DIVISION_END = re.compile("(?:特别行政区|(?:[壮回]族|维吾尔)?自治区|自治[州县旗]|地区|[省市区县旗盟])$")
_LATIN_THEN_NUMBER = re.compile(r"([^\W\d_][\w.'’-]*(?: [^\W\d_][\w.'’-]*){0,2}) (?=\d)")


@dataclass(frozen=True, slots=True)
class AddressText:
    """An address in the open. `phone` is E.164 ("+8613800138000"), `line` what was said of the place, as it was said.

    Where it lies in China is known where the divisions were imported; empty where the line does not say.
    """

    name: str
    phone: str
    line: str
    province: str = ""
    city: str = ""
    district: str = ""
    street: str = ""

    @property
    def region(self) -> str:
        """The divisions in a row, none twice: 浙江省杭州市西湖区."""
        return "".join(dict.fromkeys(name for name in (self.province, self.city, self.district) if name))

    @property
    def whole(self) -> str:
        """The line with the divisions that were left out of it put before it, as a carrier needs it."""
        left_out = [name for name in dict.fromkeys((self.province, self.city, self.district)) if not self._says(name)]
        return "".join((*left_out, self.line))

    def _says(self, name: str) -> bool:
        return not name or short_name(name) in self.line


NOWHERE = AddressText("", "", "")
"""Where an order goes of which nothing is sent."""


def short_name(name: str) -> str:
    """A division as people shorten it: 浙江, 杭州, 内蒙古. One of two characters stays whole."""
    short = _DIVISION_END.sub("", name)
    return short if len(short) > 1 else name


def parse_address(text: str, *, region: str = "CN", divisions: Divisions | None = None) -> AddressText:
    """Read "张三 13800138000 浙江省杭州市西湖区文三路 90 号" or "Ann Lee, +44 20 7946 0958, 12 High Street, Leeds".

    `region` is the country of a phone without a country code; `divisions` tell where a Chinese line lies. Raises
    Refused("address.incomplete", missing=[...]) with "name", "phone", "line" for what was not found, in this order.
    """
    plain = "".join(
        character
        for character in unicodedata.normalize("NFKC", text)
        if character in "\n\t" or unicodedata.category(character)[0] not in "CM"
    )
    if len(plain) > LONGEST:
        raise Refused("address.incomplete", missing=["line"], most=LONGEST)
    for label, mark in _LABELS:
        plain = label.sub(f"{_CUT}{mark}", plain)
    phone, rest = _without_phone(plain, region)
    name, rest = _without_name(rest)
    line = _tidy(rest)
    missing = [part for part, found in (("name", name), ("phone", phone), ("line", _is_street(line))) if not found]
    if missing:
        raise Refused("address.incomplete", missing=missing)
    return placed(AddressText(name=name, phone=phone, line=line), divisions)


def placed(address: AddressText, divisions: Divisions | None) -> AddressText:
    """The address with the divisions that its line names, where they are known. Foreign ones stay as they are."""
    if not divisions or not _HAS_HAN.search(address.line):
        return address
    return at_place(address, divisions.place(address.line))


def at_place(address: AddressText, place: Place) -> AddressText:
    """The address lies there."""
    return replace(address, province=place.province, city=place.city, district=place.district, street=place.street)


def could_be(address: AddressText, divisions: Divisions | None) -> tuple[str, Sequence[Place]]:
    """The name that several places share and these places, when nothing in the line says which of them is meant."""
    if not divisions or not _HAS_HAN.search(address.line):
        return "", ()
    place = divisions.place(address.line)
    if not place.choices or at_place(address, place) != address:
        return "", ()
    first = place.choices[0]
    names = (place.street, place.district, place.city, first.street, first.district, first.city)
    return next(filter(None, names), ""), place.choices


def beside_address(text: str) -> str:
    """The words around a name, a phone and a place; the text itself where no place is in it."""
    plain = text
    for label, _ in _LABELS:
        plain = label.sub(_CUT, plain)
    pieces = [piece.strip() for piece in re.split(f"[\\n,，;；、|/]+|(?<=[{_HAN}])\\s+|\\s+(?=[{_HAN}])", plain)]
    if not any(map(_is_place, pieces)):
        return text
    return " ".join(piece for piece in pieces if not _is_place(piece) and not _is_name(piece))


def masked(address: AddressText) -> str:
    """The address as others may see it: "张* 138****8000 浙江省杭州市…" or "A* +44****0958 … Leeds LS1 4DY".

    Empty for NOWHERE.
    """
    if address == NOWHERE:
        return ""
    national = address.phone.removeprefix("+86")
    shown = f"{national[:3]}****{national[-4:]}"
    if address.region:
        town = address.region + "…"
    elif _HAS_HAN.search(address.line):
        town = address.line[:6] + "…"
    else:
        town = "… " + address.line.partition(", ")[2].rpartition(", ")[2]
    return f"{address.name[:1]}* {shown} {town}"


def _without_phone(text: str, region: str) -> tuple[str, str]:
    """The first phone as E.164 (empty when there is none) and the text with a cut in its place."""
    if mobile := _CHINESE_MOBILE.search(text):
        digits = re.sub(r"\D", "", mobile[1])
        return f"+86{digits}", text[: mobile.start()] + _CUT + text[mobile.end() :]
    for match in PhoneNumberMatcher(text, region, leniency=Leniency.VALID, max_tries=50):
        return format_number(match.number, PhoneNumberFormat.E164), text[: match.start] + _CUT + text[match.end :]
    for written in _INTERNATIONAL.finditer(text):
        e164, length = _leading_number(written[0])
        if e164:
            return e164, text[: written.start()] + _CUT + text[written.start() + length :]
    return "", text


def _leading_number(written: str) -> tuple[str, int]:
    """The phone these digit groups begin with, as E.164, and its length: "+44 20 7946 0958 12" ends before the 12."""
    ends = [gap.start() for gap in re.finditer(r"(?<=\d)(?!\d)", written)]
    for fits in (is_valid_number, is_possible_number):
        for end in reversed(ends):
            try:
                number = parse(written[:end])
            except NumberParseException:
                continue
            if fits(number):
                return format_number(number, PhoneNumberFormat.E164), end
    return "", 0


def _without_name(text: str) -> tuple[str, str]:
    """The likeliest name (empty when none is likely) and the text without it."""
    if labelled := re.search(f"{_NAME_MARK}[ \\t]*([^\\n,;{_NAME_MARK}{_LINE_MARK}]{{1,40}})", text):
        candidate = labelled[1].strip()
        name = candidate.split(" ")[0] if _HAS_HAN.search(candidate) else candidate
        start = labelled.start(1) + labelled[1].index(name) if name else 0
        return name, text[:start] + _CUT + text[start + len(name) :]
    parts = [(m.start(), m.end()) for m in re.finditer(r"[^\n,;、|/\x01\x02]+", text)]
    pieces = [piece for start, end in parts for piece in _pieces(text, start, end)]
    pieces = [(start, end) for start, end in pieces if text[start:end].strip()]
    best, best_score = None, 0
    for place, (start, end) in enumerate(pieces):
        piece = text[start:end].strip()
        score = likeness = _likeness(piece)
        if likeness and place == 0:
            score += 3
        if likeness and place == len(pieces) - 1:
            score += 2
        if score > best_score and (len(pieces) > 1 or likeness > 1):
            best, best_score = (start, end), score
    if best is None:
        return _unglued(text, pieces)
    return text[best[0] : best[1]].strip(), text[: best[0]] + _CUT + text[best[1] :]


def _pieces(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """A part between commas: where it has Chinese characters, spaces beside them separate as well."""
    part = text[start:end]
    if not _HAS_HAN.search(part):
        return [(start, end)]
    spaces = re.finditer(f"(?<=[{_HAN}])\\s+|\\s+(?=[{_HAN}])", part)
    edges = [0, *(edge for space in spaces for edge in (space.start(), space.end())), len(part)]
    return [(start + edges[i], start + edges[i + 1]) for i in range(0, len(edges), 2)]


def _likeness(piece: str) -> int:
    """How much a piece looks like a person's name; 0 is not at all."""
    if piece in _NO_NAMES:
        return 0
    if _HAN_NAME.fullmatch(piece):
        if piece in _PROVINCES or (piece.endswith(_PLACE_END) and not (len(piece) <= 3 and piece[0] in _SURNAMES)):
            return 0
        if piece.endswith(_PLACE_END):
            return 1
        return 4 if piece[0] in _SURNAMES else 2
    is_place = _STREET_EN.search(piece) or _STREET_ZH.search(piece) or piece.startswith(_PROVINCES)
    if _LATIN_NAME.fullmatch(piece) and not is_place:
        return 3 if " " in piece else 1
    return 0


def _is_place(piece: str) -> bool:
    is_part = re.search(r"\d", piece) or piece.endswith(_PLACE_END) or _STREET_EN.search(piece)
    return bool(is_part) or piece.startswith(_PROVINCES)


def _is_name(piece: str) -> bool:
    return bool(_HAN_NAME.fullmatch(piece)) or (piece.istitle() and _likeness(piece) > 0)


def _unglued(text: str, pieces: list[tuple[int, int]]) -> tuple[str, str]:
    """A name written without a gap before the province or after the room, or before an English house number."""
    for start, end in pieces:
        piece = text[start:end]
        front = _GLUED_FRONT.match(piece)
        found = front if front and _likeness(front[1]) else _GLUED_END.search(piece) or _LATIN_THEN_NUMBER.match(piece)
        if found and _likeness(found[1]):
            begin, stop = start + found.start(1), start + found.end(1)
            return found[1], text[:begin] + _CUT + text[stop:]
    return "", text


def _tidy(text: str) -> str:
    """What is left, on one line, without marks and doubled separators."""
    parts = re.split(r"[\n;\x01\x02]+", text)
    tidied = [re.sub(r"\s+", " ", part).strip(" ,.:、|/-") for part in parts]
    whole = [part for part in tidied if part]
    return (" " if any(_HAS_HAN.search(part) for part in whole) else ", ").join(whole)


def _is_street(line: str) -> bool:
    """Whether a parcel could find it: more than a city."""
    if _HAS_HAN.search(line):
        return len(line) >= 5 and bool(_STREET_ZH.search(line) or re.search(r"\d", line))
    words = re.findall(r"[^\W\d_]{2,}", line)
    return len(words) >= 2 and (bool(re.search(r"\d", line)) or len(words) >= 4)
