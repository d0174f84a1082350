"""Keys of payment providers as an operator hands them over: PEM, the name of a file, or the bare base64 of Alipay."""

import base64
import binascii
import re
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)
from cryptography.x509 import load_pem_x509_certificate

from foundation.errors import Refused

_LONGEST_NAME = 250
"""Whatever is longer and no PEM is a bare key; the name of a file is shorter than any of them."""
_PEM = re.compile(r"-----BEGIN (CERTIFICATE|PUBLIC KEY)-----.*?-----END \1-----", re.DOTALL)
_UNREADABLE = (ValueError, TypeError, OSError, UnsupportedAlgorithm, binascii.Error)


def private_key(given: str, *, setting: str) -> RSAPrivateKey:
    """The RSA key that signs for the shop. Raises Refused("setting.unusable")."""
    try:
        text = _text_of(given)
        key = (
            load_pem_private_key(text.encode(), None)
            if "-----BEGIN" in text
            else load_der_private_key(base64.b64decode(text), None)
        )
    except _UNREADABLE as error:
        raise _unusable(setting) from error
    if not isinstance(key, RSAPrivateKey):
        raise _unusable(setting)
    return key


def public_keys(given: str, *, key_id: str, setting: str) -> dict[str, str]:
    """PEM by serial number, of all that are given; `key_id` names what is no certificate and has no number.

    Raises Refused("setting.unusable").
    """
    found: dict[str, str] = {}
    try:
        text = _text_of(given)
        for block in _PEM.finditer(text):
            if block[1] == "CERTIFICATE":
                found[f"{load_pem_x509_certificate(block[0].encode()).serial_number:X}"] = block[0]
            else:
                found[key_id] = pem_of(load_pem_public_key(block[0].encode()))
        if not found:
            found[key_id] = pem_of(load_der_public_key(base64.b64decode(text)))
    except _UNREADABLE as error:
        raise _unusable(setting) from error
    return found


def pem_of(key: object) -> str:
    """A public RSA key as PEM. Raises ValueError for another kind."""
    if not isinstance(key, RSAPublicKey):
        raise ValueError("no RSA key")
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _text_of(given: str) -> str:
    is_name = len(given) < _LONGEST_NAME and "-----" not in given
    return (Path(given).read_text() if is_name else given).strip()


def _unusable(setting: str) -> Refused:
    name = f"XIAOER_{setting.upper()}"
    return Refused("setting.unusable", name=name, reason="it is no RSA key, nor the name of a file with one")
