"""Signatures of payment providers and carriers over the bytes as they came. Pure: keys, headers and bodies in.

Sources: Stripe "Verify webhook signatures manually"; Alipay open platform "RSA2 notify verification" and "sign a
request"; WeChat Pay APIv3 "sign requests", "verify signatures" and "decrypt callbacks"; EasyPost "webhook HMAC
validation".
"""

import base64
import binascii
import hmac
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

TOLERANCE_SECONDS = 300
WECHAT_SCHEME = "WECHATPAY2-SHA256-RSA2048"
_NOT_SIGNED_BY_ALIPAY = ("sign", "sign_type")
_QUOTED = re.compile(r'(\w+)="([^"]*)"')


def stripe_signature(secret: bytes, timestamp: int, raw: bytes) -> str:
    """The v1 signature: hex HMAC-SHA256(secret, "<timestamp>.<raw body>")."""
    return hmac.new(secret, b"%d." % timestamp + raw, "sha256").hexdigest()


def stripe_header(secret: bytes, timestamp: int, raw: bytes) -> str:
    """The value of Stripe-Signature."""
    return f"t={timestamp},v1={stripe_signature(secret, timestamp, raw)}"


def is_stripe_signed(
    secrets: Sequence[bytes], header: str, raw: bytes, *, now: datetime, tolerance: int = TOLERANCE_SECONDS
) -> bool:
    """Whether one of the header's v1 signatures is by one of `secrets`: while a secret is rotated there are two."""
    fields = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in fields if name == "t"]
    if len(times) != 1 or not is_recent(times[0], now=now, tolerance=tolerance):
        return False
    given = [value.encode() for name, _, value in fields if name == "v1"]
    wanted = [stripe_signature(secret, int(times[0]), raw).encode() for secret in secrets]
    return any(hmac.compare_digest(one, other) for one in given for other in wanted)


def is_recent(timestamp: str, *, now: datetime, tolerance: int = TOLERANCE_SECONDS) -> bool:
    """Whether Unix seconds, written as decimal, are at most `tolerance` from now."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    return abs(int(timestamp) - now.timestamp()) <= tolerance


def alipay_text(params: Mapping[str, str]) -> str:
    """What Alipay signs: all parameters but the signature itself, in order of their names."""
    signed = sorted((name, value) for name, value in params.items() if name not in _NOT_SIGNED_BY_ALIPAY and value)
    return "&".join(f"{name}={value}" for name, value in signed)


def is_alipay_signed(public_key_pem: str, params: Mapping[str, str]) -> bool:
    """Whether the parameters of a notice or a return carry Alipay's signature: RSA2 is RSA PKCS#1 v1.5 with SHA-256."""
    if params.get("sign_type", "RSA2") != "RSA2":
        return False
    charset = params.get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8", "gbk"):
        return False
    return is_rsa_signed(public_key_pem, params.get("sign", ""), alipay_text(params).encode(charset, "replace"))


def sign_for_alipay(key: RSAPrivateKey, params: Mapping[str, str]) -> dict[str, str]:
    """The parameters of a request with our RSA2 signature. A request signs its sign_type, a notice does not."""
    return {**params, "sign": rsa_signature(key, _alipay_request_text(params))}


def is_signed_for_alipay(public_key_pem: str, params: Mapping[str, str]) -> bool:
    """Whether a shop signed the parameters of a request to Alipay."""
    return is_rsa_signed(public_key_pem, params.get("sign", ""), _alipay_request_text(params))


def _alipay_request_text(params: Mapping[str, str]) -> bytes:
    signed = sorted((name, value) for name, value in params.items() if name != "sign" and value)
    return "&".join(f"{name}={value}" for name, value in signed).encode()


def wechat_authorization(
    key: RSAPrivateKey, *, mchid: str, serial: str, method: str, path: str, raw: bytes, timestamp: int, nonce: str
) -> str:
    """The value of Authorization for a request to WeChat Pay v3; `path` with its query."""
    signature = rsa_signature(key, _wechat_request_text(method, path, str(timestamp), nonce, raw))
    return (
        f'{WECHAT_SCHEME} mchid="{mchid}",nonce_str="{nonce}",signature="{signature}",'
        f'timestamp="{timestamp}",serial_no="{serial}"'
    )


def is_wechat_authorized(
    public_key_pem: str, authorization: str, *, mchid: str, method: str, path: str, raw: bytes, now: datetime
) -> bool:
    """Whether this shop signed a request to WeChat Pay v3."""
    scheme, _, written = authorization.partition(" ")
    said = dict(_QUOTED.findall(written))
    timestamp = said.get("timestamp", "")
    if scheme != WECHAT_SCHEME or said.get("mchid") != mchid or not is_recent(timestamp, now=now):
        return False
    text = _wechat_request_text(method, path, timestamp, said.get("nonce_str", ""), raw)
    return is_rsa_signed(public_key_pem, said.get("signature", ""), text)


def _wechat_request_text(method: str, path: str, timestamp: str, nonce: str, raw: bytes) -> bytes:
    return f"{method}\n{path}\n{timestamp}\n{nonce}\n".encode() + raw + b"\n"


def wechat_headers(key: RSAPrivateKey, *, serial: str, raw: bytes, timestamp: int, nonce: str) -> dict[str, str]:
    """How WeChat Pay v3 signs an answer or a notice."""
    return {
        "Wechatpay-Timestamp": str(timestamp),
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": serial,
        "Wechatpay-Signature": rsa_signature(key, f"{timestamp}\n{nonce}\n".encode() + raw + b"\n"),
        "Wechatpay-Signature-Type": WECHAT_SCHEME,
    }


def is_wechat_signed(
    public_key_pem: str, headers: Mapping[str, str], raw: bytes, *, now: datetime, tolerance: int = TOLERANCE_SECONDS
) -> bool:
    """Whether WeChat Pay v3 signed timestamp, nonce and body. The key is theirs: its PEM or a certificate."""
    given = {name.lower(): value for name, value in headers.items()}
    timestamp, nonce = given.get("wechatpay-timestamp", ""), given.get("wechatpay-nonce", "")
    if not is_recent(timestamp, now=now, tolerance=tolerance):
        return False
    text = f"{timestamp}\n{nonce}\n".encode() + raw + b"\n"
    return is_rsa_signed(public_key_pem, given.get("wechatpay-signature", ""), text)


def open_wechat(api_key: bytes, *, nonce: str, associated_data: str, ciphertext: str) -> bytes | None:
    """What a WeChat notice holds: AES-256-GCM under the merchant's key of 32 bytes; None when it is not theirs."""
    try:
        sealed = base64.b64decode(ciphertext, validate=True)
        return AESGCM(api_key).decrypt(nonce.encode(), sealed, associated_data.encode())
    except (InvalidTag, ValueError, binascii.Error):
        return None


def seal_wechat(api_key: bytes, raw: bytes, *, nonce: str, associated_data: str) -> str:
    """What `open_wechat` opens."""
    return base64.b64encode(AESGCM(api_key).encrypt(nonce.encode(), raw, associated_data.encode())).decode()


def is_easypost_signed(secret: str, headers: Mapping[str, str], raw: bytes) -> bool:
    """Whether EasyPost signed the body: "hmac-sha256-hex=<hex>" under the secret in Unicode form NFKD."""
    given = {name.lower(): value for name, value in headers.items()}.get("x-hmac-signature", "")
    key = unicodedata.normalize("NFKD", secret).encode()
    wanted = "hmac-sha256-hex=" + hmac.new(key, raw, "sha256").hexdigest()
    return hmac.compare_digest(wanted.encode(), given.encode())


def rsa_signature(key: RSAPrivateKey, text: bytes) -> str:
    """RSA PKCS#1 v1.5 with SHA-256, in base64."""
    return base64.b64encode(key.sign(text, PKCS1v15(), SHA256())).decode()


def is_rsa_signed(pem: str, signature: str, text: bytes) -> bool:
    """Whether the holder of this key, or of this certificate, signed the text so."""
    try:
        is_certificate = "BEGIN CERTIFICATE" in pem
        key = (
            load_pem_x509_certificate(pem.encode()).public_key()
            if is_certificate
            else load_pem_public_key(pem.encode())
        )
        if not isinstance(key, RSAPublicKey):
            return False
        key.verify(base64.b64decode(signature, validate=True), text, PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True
