"""Keys of a shop: they rotate, what they sealed stays readable, and what was found by an index is still found."""

import stat
from pathlib import Path

import pytest

from foundation.encryption import Vault, create_keys, key_file, read_keys
from foundation.errors import Refused


def test_a_new_key_seals_from_now_on_and_the_old_one_still_opens() -> None:
    old = Vault.fresh()
    sealed = old.seal("张三 13800138000")
    new = old.rotated()
    assert new.open(sealed) == "张三 13800138000"
    assert new.is_stale(sealed)
    anew = new.seal("张三 13800138000")
    assert not new.is_stale(anew)
    with pytest.raises(Refused, match=r"keys\.missing"):
        old.open(anew)


def test_an_index_and_a_signature_survive_the_rotation() -> None:
    old = Vault.fresh()
    new = old.rotated()
    assert new.blind("phone", "+8613800138000") == old.blind("phone", "+8613800138000")
    assert new.blind("phone", "1") != new.blind("email", "1")
    assert new.verify("pay", b"17", old.sign("pay", b"17"))
    assert not new.verify("button", b"17", old.sign("pay", b"17"))


def test_the_same_text_is_never_sealed_alike_and_a_changed_byte_is_noticed() -> None:
    vault = Vault.fresh()
    sealed = vault.seal("secret")
    assert sealed != vault.seal("secret")
    with pytest.raises(Refused, match=r"keys\.tampered"):
        vault.open(sealed[:-1] + bytes([sealed[-1] ^ 1]))


def test_keys_lie_in_a_file_only_the_owner_reads_and_rotated_ones_are_read_back(tmp_path: Path) -> None:
    vault = create_keys(tmp_path)
    assert stat.S_IMODE(key_file(tmp_path).stat().st_mode) == 0o600
    assert create_keys(tmp_path).to_json() == vault.to_json()
    rotated = vault.rotated()
    assert read_keys(tmp_path, rotated.to_json()).open(vault.seal("x")) == "x"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"root": "AA==", "keys": {"1": "AA=="}}', '{"root": 1, "keys": 2}'])
def test_keys_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(Refused, match=r"keys\.unusable"):
        Vault.from_json(text)


def test_without_keys_nothing_starts(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"keys\.none"):
        read_keys(tmp_path, None)
