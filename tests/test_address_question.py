"""An address that comes in pieces, over the life of a shop's keys."""

import base64

import pytest

from bot.skills.checkout import AddressQuestion
from bot.words import Heard, Words
from foundation.encryption import Vault
from foundation.errors import Refused

PIECE, REST = "张三 13800138000", "浙江省杭州市西湖区文三路90号"


def read(question: AddressQuestion, text: str) -> object:
    return question.free(Words(Heard(text)))


def test_what_was_missing_is_read_with_the_pieces_before() -> None:
    question = AddressQuestion("", known=None, vault=Vault.fresh())
    with pytest.raises(Refused, match=r"address\.incomplete"):
        read(question, PIECE)
    address = question.value(read(question, REST))
    assert (address.name, address.phone, address.line) == ("张三", "+8613800138000", REST)


def test_pieces_that_no_key_opens_any_more_are_asked_for_again() -> None:
    question = AddressQuestion("", known=None, vault=Vault.fresh())
    question.pieces = base64.b64encode(Vault.fresh().seal(PIECE)).decode()
    address = question.value(read(question, f"{PIECE} {REST}"))
    assert (address.name, address.phone, address.line) == ("张三", "+8613800138000", REST)
