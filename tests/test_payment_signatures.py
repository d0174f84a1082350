"""Signatures: real vectors of providers, and Stripe's own library as the judge of what we sign and read."""

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import stripe
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from commerce.payments.port import ProviderUnreachable, SessionState
from commerce.payments.signatures import (
    is_alipay_signed,
    is_easypost_signed,
    is_stripe_signed,
    is_wechat_signed,
    open_wechat,
    stripe_header,
    stripe_signature,
)
from commerce.payments.stripe_checkout import (
    StripeRefund,
    StripeSession,
    exactly,
    from_stripe,
    read_event,
    read_session,
)
from foundation.errors import Json, Refused
from foundation.money import Money

SECRET, RAW = b"whsec_test", '{"id": "evt_1", "object": "event", "shop": "小店"}'.encode()
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())


@pytest.fixture(scope="module")
def vectors(shared: Path) -> dict[str, dict[str, Json]]:
    read = json.loads((shared / "payloads/signature_vectors_dev.json").read_text())
    return {vector["name"]: vector for vector in read}


# Real vectors


def test_every_vector_is_known_to_a_test(vectors: dict[str, dict[str, Json]]) -> None:
    assert vectors.keys() == {"alipay_page_return_rsa2", "easypost_webhook_hmac"}


def test_what_alipay_signed_is_alipays_until_one_character_changes(vectors: dict[str, dict[str, Json]]) -> None:
    vector = vectors["alipay_page_return_rsa2"]
    params: dict[str, str] = vector["params"]
    assert is_alipay_signed(vector["public_key_pem"], params)
    for name in params.keys() - {"sign_type"}:
        assert not is_alipay_signed(vector["public_key_pem"], params | {name: params[name] + "1"})
        assert not is_alipay_signed(vector["public_key_pem"], {key: params[key] for key in params.keys() - {name}})
    assert not is_alipay_signed(vector["public_key_pem"], params | {"sign_type": "RSA"})


def test_what_easypost_signed_is_easyposts_until_one_byte_changes(vectors: dict[str, dict[str, Json]]) -> None:
    vector = vectors["easypost_webhook_hmac"]
    raw = vector["body"].encode()
    headers = {vector["header"]: vector["value"]}
    assert is_easypost_signed(vector["secret"], headers, raw)
    assert not is_easypost_signed(vector["secret"], headers, raw + b" ")
    assert not is_easypost_signed("secret", headers, raw)
    assert not is_easypost_signed(vector["secret"], {}, raw)


# WeChat Pay v3, signed and sealed as its documents say


@pytest.fixture(scope="module")
def wechat_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def test_a_wechat_notice_is_verified_and_opened(wechat_key: rsa.RSAPrivateKey) -> None:
    public = wechat_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    text = f"{SECONDS}\nnonce-1\n".encode() + RAW + b"\n"
    signature = base64.b64encode(wechat_key.sign(text, PKCS1v15(), SHA256())).decode()
    headers = {
        "Wechatpay-Timestamp": str(SECONDS),
        "Wechatpay-Nonce": "nonce-1",
        "Wechatpay-Signature": signature,
    }
    assert is_wechat_signed(public, headers, RAW, now=NOW)
    assert not is_wechat_signed(public, headers, RAW + b" ", now=NOW)
    assert not is_wechat_signed(public, headers | {"Wechatpay-Nonce": "nonce-2"}, RAW, now=NOW)
    assert not is_wechat_signed(public, headers, RAW, now=NOW + timedelta(seconds=301))
    assert not is_wechat_signed("no key", headers, RAW, now=NOW)
    sealed = base64.b64encode(AESGCM(b"k" * 32).encrypt(b"123456789012", RAW, b"transaction")).decode()
    opened = open_wechat(b"k" * 32, nonce="123456789012", associated_data="transaction", ciphertext=sealed)
    assert opened == RAW
    assert open_wechat(b"k" * 32, nonce="123456789012", associated_data="refund", ciphertext=sealed) is None
    assert open_wechat(b"x" * 32, nonce="123456789012", associated_data="transaction", ciphertext="%%%") is None


# Stripe


def test_stripes_library_verifies_what_we_sign_and_we_what_it_signs() -> None:
    seconds = int(time.time())
    now = datetime.fromtimestamp(seconds, tz=UTC)
    ours = stripe_header(SECRET, seconds, RAW)
    event = stripe.Webhook.construct_event(RAW, ours, SECRET.decode())
    assert event["id"] == "evt_1"
    theirs = stripe.WebhookSignature._compute_signature(f"{seconds}.{RAW.decode()}", SECRET.decode())
    assert is_stripe_signed([SECRET], f"t={seconds},v1={theirs}", RAW, now=now)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(RAW + b" ", ours, SECRET.decode())


GOOD, OLD = stripe_signature(SECRET, SECONDS, RAW), stripe_signature(b"whsec_old", SECONDS, RAW)


@pytest.mark.parametrize(
    ("header", "is_theirs"),
    [
        (f"t={SECONDS},v1={GOOD}", True),
        (f"t={SECONDS},v1={'0' * 64},v1={GOOD},v0=x", True),
        (f"t={SECONDS}, v1={OLD}", True),
        (f"t={SECONDS},v0={GOOD}", False),
        (f"t={SECONDS + 1},v1={GOOD}", False),
        (f"t={SECONDS},t={SECONDS},v1={GOOD}", False),
        (f"v1={GOOD}", False),
        (f"t=²,v1={GOOD}", False),
        (f"t={SECONDS}", False),
        ("", False),
        ("é" * 5000, False),
    ],
)
def test_one_right_signature_of_a_known_secret_is_enough_and_nothing_else_is(header: str, is_theirs: bool) -> None:
    assert is_stripe_signed([SECRET, b"whsec_old"], header, RAW, now=NOW) is is_theirs


@pytest.mark.parametrize(("late", "is_taken"), [(0, True), (300, True), (301, False), (-300, True), (-301, False)])
def test_a_webhook_is_taken_within_five_minutes(late: int, is_taken: bool) -> None:
    header = stripe_header(SECRET, SECONDS, RAW)
    assert is_stripe_signed([SECRET], header, RAW, now=NOW + timedelta(seconds=late)) is is_taken


@pytest.mark.parametrize(
    ("money", "there"),
    [
        (Money(20400, "CNY"), 20400),
        (Money(1500, "JPY"), 1500),
        (Money(12340, "KWD"), 12340),
        (Money(12345, "KWD"), None),
        (Money(500, "ISK"), 50000),
        (Money(500, "UGX"), 50000),
        (Money(99, "USD"), 99),
    ],
)
def test_amounts_are_written_as_stripe_counts(money: Money, there: int | None) -> None:
    assert exactly(money) == there
    if there is not None:
        assert from_stripe(there, money.currency.lower()) == money


def test_stripes_own_example_objects_are_read(shared: Path) -> None:
    examples = json.loads((shared / "payloads/stripe/fixtures3.json").read_text())["resources"]
    found = StripeSession.model_validate(examples["checkout.session"])
    with pytest.raises(ProviderUnreachable):
        read_session(found)  # this example has no amount
    whole = {
        **examples["checkout.session"],
        "amount_total": 3000,
        "currency": "usd",
        "client_reference_id": "A1",
        "payment_status": "paid",
        "status": "complete",
        "payment_intent": {**examples["payment_intent"], "latest_charge": examples["charge"]},
    }
    session = read_session(StripeSession.model_validate(whole))
    assert (session.reference, session.state, session.money) == ("A1", SessionState.PAID, Money(3000, "USD"))
    assert StripeRefund.model_validate(examples["refund"]).amount == examples["refund"]["amount"]
    notice = read_event(json.dumps(examples["event"]).encode())
    assert (notice.event_id, notice.type, notice.reference) == (examples["event"]["id"], "plan.created", "")


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"\xff", b'{"id": 1, "type": "x", "data": {}}', b"{" * 10_000])
def test_what_is_no_event_is_refused(raw: bytes) -> None:
    with pytest.raises(Refused, match=r"webhook\.unreadable"):
        read_event(raw)
