"""How the simulator tells shops what happened: the body of a webhook by protocol, and the bytes and headers of it.

Bodies are written down when something happens; they are signed, and for WeChat sealed, each time they are sent.
"""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlencode

import httpx

from bot.web.simulator_bank import Bank
from bot.web.simulator_model import SimulatorEvent, SimulatorRefund, SimulatorSession
from bot.web.simulator_shapes import own_event, stripe_event, wire
from bot.web.simulator_wallet_shapes import alipay_event, wechat_event
from commerce.payments.practice_wallets import WALLET_SERIAL
from commerce.payments.signatures import alipay_text, rsa_signature, seal_wechat, stripe_header, wechat_headers
from commerce.payments.simulator import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from foundation.errors import Json

EVENTS: Mapping[
    str,
    Callable[[str, str, SimulatorSession, SimulatorRefund | None, datetime], dict[str, Json] | None],
] = {"own": own_event, "stripe": stripe_event, "wechat": wechat_event, "alipay": alipay_event}
"""What is told in each protocol, None for what is not: (event id, kind, session, refund, now)."""


def letter(bank: Bank, event: SimulatorEvent) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a webhook that is sent now; the fault CORRUPT signs other bytes than it sends."""
    return _WRITERS[event.protocol](bank, event.payload, event.corrupt)


def is_taken(event: SimulatorEvent, answer: httpx.Response) -> bool:
    """Whether the shop has it: Alipay hears nothing but the word."""
    return answer.is_success and (event.protocol != "alipay" or answer.content == b"success")


def _own(bank: Bank, payload: dict[str, Json], corrupt: bool) -> tuple[bytes, dict[str, str]]:
    raw = wire(payload)
    seconds = str(int(bank.now().timestamp()))
    signature = sign(bank.secret, seconds, raw + b" " * corrupt)
    return raw, {"Content-Type": "application/json", TIMESTAMP_HEADER: seconds, SIGNATURE_HEADER: signature}


def _stripe(bank: Bank, payload: dict[str, Json], corrupt: bool) -> tuple[bytes, dict[str, str]]:
    raw = wire(payload)
    header = stripe_header(bank.stripe_secret, int(bank.now().timestamp()), raw + b" " * corrupt)
    return raw, {"Content-Type": "application/json", "Stripe-Signature": header}


def _wechat(bank: Bank, payload: dict[str, Json], corrupt: bool) -> tuple[bytes, dict[str, str]]:
    assert bank.wallets is not None
    is_refund = str(payload["event_type"]).startswith("REFUND")
    nonce, kind = secrets.token_hex(6), "refund" if is_refund else "transaction"
    sealed = seal_wechat(bank.wallets.api_key, wire(payload["resource"]), nonce=nonce, associated_data=kind)
    resource: dict[str, Json] = {
        "original_type": kind,
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": sealed,
        "associated_data": kind,
        "nonce": nonce,
    }
    raw = wire({**payload, "resource": resource})
    return raw, {"Content-Type": "application/json", **signed_by_wechat(bank, raw + b" " * corrupt)}


def signed_by_wechat(bank: Bank, raw: bytes) -> dict[str, str]:
    """The headers with which WeChat Pay signs what it says."""
    assert bank.wallets is not None
    now, nonce = int(bank.now().timestamp()), secrets.token_hex(16)
    return wechat_headers(bank.wallets.wallet, serial=WALLET_SERIAL, raw=raw, timestamp=now, nonce=nonce)


def _alipay(bank: Bank, payload: dict[str, Json], corrupt: bool) -> tuple[bytes, dict[str, str]]:
    assert bank.wallets is not None
    params = {name: str(value) for name, value in payload.items()}
    signature = rsa_signature(bank.wallets.wallet, alipay_text(params).encode() + b" " * corrupt)
    form = urlencode({**params, "sign_type": "RSA2", "sign": signature})
    return form.encode(), {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


_WRITERS: Mapping[str, Callable[[Bank, dict[str, Json], bool], tuple[bytes, dict[str, str]]]] = {
    "own": _own,
    "stripe": _stripe,
    "wechat": _wechat,
    "alipay": _alipay,
}
