"""Keys of payment providers as operators hand them over, and the accounts that are made of them."""

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec_key
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from commerce.orders.model import PaymentMethod
from commerce.payments.methods import offered_methods
from commerce.payments.payment_keys import pem_of, private_key, public_keys
from commerce.payments.practice_wallets import practice_keys
from commerce.payments.refund_numbers import refund_key, refund_number
from commerce.payments.setup import providers_of
from foundation.errors import Refused
from foundation.settings import Settings


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def bare(key: RSAPrivateKey, form: PrivateFormat) -> str:
    return base64.b64encode(key.private_bytes(Encoding.DER, form, NoEncryption())).decode()


def certificate(key: RSAPrivateKey, number: int) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenpay.com")])
    made = x509.CertificateBuilder(name, name, key.public_key(), number)
    lasting = made.not_valid_before(datetime(2026, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2031, 1, 1, tzinfo=UTC))
    return lasting.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


def test_a_private_key_comes_as_pem_as_a_file_or_as_the_bare_text_of_alipays_tool(
    key: RSAPrivateKey, tmp_path: Path
) -> None:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    file = tmp_path / "merchant.pem"
    file.write_text(pem)
    for given in (pem, str(file), bare(key, PrivateFormat.PKCS8), bare(key, PrivateFormat.TraditionalOpenSSL)):
        assert private_key(given, setting="x").private_numbers() == key.private_numbers()
    elliptic = generate_ec_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    for odd in ("", "no such file", str(tmp_path), "-----BEGIN x", pem[:200], elliptic, "A" * 400, "é" * 400):
        with pytest.raises(Refused, match=r"setting\.unusable") as refused:
            private_key(odd, setting="alipay_private_key")
        assert refused.value.facts["name"] == "XIAOER_ALIPAY_PRIVATE_KEY"
        assert not odd or odd not in str(refused.value.facts)


def test_public_keys_and_certificates_stand_one_after_another_under_their_numbers(key: RSAPrivateKey) -> None:
    pem = pem_of(key.public_key())
    old, new = certificate(key, 0x5157F09EFDC096DE), certificate(key, 0xAB)
    found = public_keys(f"{old}\n{pem}\n{new}", key_id="PUB_KEY_ID_1", setting="x")
    assert found.keys() == {"5157F09EFDC096DE", "PUB_KEY_ID_1", "AB"}
    assert found["PUB_KEY_ID_1"] == pem
    text = base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    assert public_keys(text, key_id="", setting="x") == {"": pem}
    for odd in ("", "no such file", "A" * 400):
        with pytest.raises(Refused, match=r"setting\.unusable"):
            public_keys(odd, key_id="", setting="x")


def test_accounts_are_offered_when_every_setting_of_them_is_there(key: RSAPrivateKey, tmp_path: Path) -> None:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = pem_of(key.public_key())
    whole = {
        "wechat_pay_mchid": "1900000109",
        "wechat_pay_app_id": "wxd678efh567hg6787",
        "wechat_pay_api_key": "a" * 32,
        "wechat_pay_private_key": pem,
        "wechat_pay_serial": "444F4864EA9B34415",
        "wechat_pay_platform_key": public,
        "wechat_pay_platform_key_id": "PUB_KEY_ID_1",
        "alipay_app_id": "2021000000000001",
        "alipay_private_key": bare(key, PrivateFormat.PKCS8),
        "alipay_public_key": public,
        "payment_simulator": False,
    }

    def providers(given: dict[str, object]) -> list[str]:
        settings = Settings.model_validate({"data_dir": tmp_path, **given})
        made = providers_of(settings, httpx.AsyncClient(), simulator_secret=b"x", now=lambda: datetime.now(UTC))
        offered = offered_methods(settings, made)
        assert [one.unpaid_for for one in offered[1:]] == [timedelta(minutes=15)] * len(made)
        assert [one.method for one in offered] == [PaymentMethod.COD, *made]
        return list(made)

    assert providers(whole) == ["wechat", "alipay"]
    for name in whole.keys() - {"wechat_pay_mchid", "alipay_app_id", "wechat_pay_platform_key_id", "payment_simulator"}:
        for odd in ("", "x"):
            if odd and name in ("wechat_pay_app_id", "wechat_pay_serial"):
                continue
            with pytest.raises(Refused, match=r"setting\.unusable") as refused:
                providers({**whole, name: odd})
            assert refused.value.facts["name"] == f"XIAOER_{name.upper()}"
    assert not (tmp_path / "practice_wallets.pem").exists()
    shown = repr(Settings.model_validate({"data_dir": tmp_path, **whole}))
    assert "BEGIN PRIVATE" not in shown
    assert bare(key, PrivateFormat.PKCS8) not in shown
    assert "a" * 32 not in shown


def test_practice_keys_are_made_once_and_read_by_nobody_else(tmp_path: Path) -> None:
    first = practice_keys(tmp_path)
    practice_keys.cache_clear()
    again = practice_keys(tmp_path)
    assert first.shop.private_numbers() == again.shop.private_numbers()
    assert first.wallet.private_numbers() == again.wallet.private_numbers()
    assert first.shop.private_numbers() != first.wallet.private_numbers()
    assert (first.api_key, len(first.api_key)) == (again.api_key, 32)
    assert [file.stat().st_mode & 0o777 for file in tmp_path.iterdir()] == [0o600]


@pytest.mark.parametrize(
    "key", ["refund:cancelled:12", "refund:return:12/1:7", "refund:late_payment:3", "a", "refund:staff:" + "9" * 43]
)
def test_the_number_of_a_refund_leads_back_to_its_key(key: str) -> None:
    for tries in range(3):
        number = refund_number(key, tries)
        assert number.isascii()
        assert number.replace("_", "").isalnum()
        assert len(number) <= 64
        assert refund_key(number) == key
    assert len({refund_number(key, tries) for tries in range(10)}) == 10


@pytest.mark.parametrize("key", ["", "Refund:1", "refund:组:1", "x" * 57, "a b"])
def test_a_key_that_cannot_be_written_gets_a_number_that_leads_nowhere(key: str) -> None:
    assert refund_key(refund_number(key)) is None
    assert len(refund_number(key, 9)) <= 64
    assert refund_number(key) != refund_number(key + "1")
