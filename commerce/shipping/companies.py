"""The carriers of China as shops write them, and where anybody can follow a parcel. Pure."""

from urllib.parse import quote

COMPANIES = {
    "shunfeng": ("顺丰速运", "顺丰快递", "顺丰", "sf express", "sf"),
    "zhongtong": ("中通快递", "中通", "zto"),
    "yuantong": ("圆通速递", "圆通快递", "圆通", "yto"),
    "yunda": ("韵达快递", "韵达速递", "韵达", "yunda"),
    "shentong": ("申通快递", "申通", "sto"),
    "jtexpress": ("极兔速递", "极兔快递", "极兔", "j&t", "j&t express"),
    "jd": ("京东快递", "京东物流", "京东", "jd", "jd express"),
    "ems": ("EMS", "邮政EMS", "中国邮政EMS"),
    "youzhengguonei": ("邮政快递包裹", "中国邮政", "邮政", "china post"),
    "debangkuaidi": ("德邦快递", "德邦", "deppon"),
    "danniao": ("丹鸟", "菜鸟速递", "菜鸟", "cainiao"),
}
"""{code that kuaidi100 knows it by: its names, the one to show first}."""
ASKS_FOR_PHONE = ("shunfeng", "zhongtong")
"""These tell about a parcel only to somebody who knows the last four digits of a phone number on it."""
_BY_NAME = {name.casefold(): code for code, names in COMPANIES.items() for name in (code, *names)}


def company_of(carrier: str) -> str | None:
    """The code of a carrier as somebody wrote it, "顺丰" or "SF Express"; None for one that is not known here."""
    return _BY_NAME.get(" ".join(carrier.split()).casefold())


def public_link(carrier: str, tracking_number: str) -> str:
    """Where anybody can follow a parcel without an account; empty for a carrier that is not known."""
    company = company_of(carrier)
    if company is None or not tracking_number:
        return ""
    return f"https://www.kuaidi100.com/chaxun?com={company}&nu={quote(tracking_number, safe='')}"
