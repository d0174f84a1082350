"""An address from one line a shopper types: name, phone and the rest, in any order, in Chinese or English. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AddressText:
    """An address in the open. `phone` is E.164 ("+8613800138000")."""

    name: str
    phone: str
    line: str


def parse_address(text: str, *, region: str = "CN") -> AddressText:
    """Read "张三 13800138000 浙江省杭州市西湖区文三路 90 号" or "Ann Lee, +44 20 7946 0958, 12 High Street, Leeds".


    `region` is the country of a phone without a country code. Raises Refused("address.incomplete", missing=[...]) with
    "name", "phone", "line" for what was not found, in this order.
    """
    raise NotImplementedError


def masked(address: AddressText) -> str:
    """The address for a screen others may see: "张* · 138****8000 · 浙江省杭州市…"."""
    raise NotImplementedError
