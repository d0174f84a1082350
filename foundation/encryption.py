"""Personal data at rest: sealed with rotating keys, found by blind indexes; and signatures for links and buttons."""

import base64
import hmac
import json
import os
import secrets
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from foundation.errors import Refused

KEY_BYTES = 32
_NONCE_BYTES = 12


class Vault:
    """Seals and opens with AES-256-GCM. The newest key seals; each opens what it sealed (its number leads the bytes).

    Blind indexes and signatures come from a root key of their own, which does not rotate, so that what was indexed is
    still found and a button of last year still works. Keys are derived from it by HKDF, one for each purpose.
    """

    def __init__(self, keys: dict[int, bytes], root: bytes) -> None:
        if (
            not keys
            or any(len(key) != KEY_BYTES for key in (*keys.values(), root))
            or not all(0 < n < 256 for n in keys)
        ):
            raise Refused("keys.unusable")
        self.root = root
        self._derived: dict[str, bytes] = {}
        self._file: Path | None = None
        self._file_time = 0
        self._take(keys)

    def follow(self, file: Path) -> "Vault":
        """Take over, from now on, each key that is added to this key file: a rotation needs no restart."""
        self._file, self._file_time = file, file.stat().st_mtime_ns
        return self

    def seal(self, text: str) -> bytes:
        """Encrypt a text: key number (1 byte), nonce (12), ciphertext with tag."""
        self._look_again()
        nonce = os.urandom(_NONCE_BYTES)
        return bytes([self._newest]) + nonce + self._ciphers[self._newest].encrypt(nonce, text.encode(), None)

    def open(self, sealed: bytes) -> str:
        """Decrypt what `seal` made. Raises Refused: "keys.missing" for an unknown key, else "keys.tampered"."""
        if sealed and sealed[0] not in self._ciphers:
            self._look_again()
        cipher = self._ciphers.get(sealed[0]) if sealed else None
        if cipher is None:
            raise Refused("keys.missing", number=sealed[0] if sealed else None)
        try:
            return cipher.decrypt(sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :], None).decode()
        except InvalidTag as error:
            raise Refused("keys.tampered") from error

    def is_stale(self, sealed: bytes) -> bool:
        """Whether an older key sealed this: then it should be sealed anew."""
        return sealed[0] != self._newest

    def blind(self, kind: str, text: str) -> bytes:
        """A keyed fingerprint (32 bytes) under which an encrypted value can be found; `kind` keeps columns apart."""
        return self.sign(f"blind:{kind}", text.encode())

    def sign(self, purpose: str, data: bytes) -> bytes:
        """HMAC-SHA256 (32 bytes) of `data` under a key of its own for each purpose."""
        return hmac.digest(self._key_for(purpose), data, "sha256")

    def verify(self, purpose: str, data: bytes, signature: bytes) -> bool:
        """Whether `signature` (whole, or its first bytes, at least 6) is ours, in constant time."""
        return len(signature) >= 6 and hmac.compare_digest(self.sign(purpose, data)[: len(signature)], signature)

    def rotated(self) -> "Vault":
        """The same vault with one more key, which seals from now on."""
        return Vault({**self.keys, self._newest + 1: secrets.token_bytes(KEY_BYTES)}, self.root)

    def to_json(self) -> str:
        """The keys as text, for the key file or the environment. Secret."""
        keys = {str(number): base64.b64encode(key).decode() for number, key in self.keys.items()}
        return json.dumps({"root": base64.b64encode(self.root).decode(), "keys": keys})

    @classmethod
    def from_json(cls, text: str) -> "Vault":
        """Read what `to_json` wrote. Raises Refused("keys.unusable")."""
        try:
            read = json.loads(text)
            keys = {int(number): base64.b64decode(key) for number, key in read["keys"].items()}
            return cls(keys, base64.b64decode(read["root"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Refused("keys.unusable") from error

    @classmethod
    def fresh(cls) -> "Vault":
        """A vault with new random keys."""
        return cls({1: secrets.token_bytes(KEY_BYTES)}, secrets.token_bytes(KEY_BYTES))

    def _take(self, keys: dict[int, bytes]) -> None:
        self.keys = keys
        self._newest = max(keys)
        self._ciphers = {number: AESGCM(key) for number, key in keys.items()}

    def _look_again(self) -> None:
        if self._file is not None and self._file.exists() and self._file.stat().st_mtime_ns != self._file_time:
            self.follow(self._file)
            there = Vault.from_json(self._file.read_text())
            if there.root == self.root:
                self._take({**self.keys, **there.keys})

    def _key_for(self, purpose: str) -> bytes:
        if purpose not in self._derived:
            derive = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose.encode())
            self._derived[purpose] = derive.derive(self.root)
        return self._derived[purpose]


def key_file(data_dir: Path) -> Path:
    """Where the keys of an installation lie when the environment does not give them."""
    return data_dir / "keys.json"


def create_keys(data_dir: Path) -> Vault:
    """Make the key file (mode 0600) of a new shop, or read the one that is there."""
    path = key_file(data_dir)
    if path.exists():
        return read_keys(data_dir, None)
    vault = Vault.fresh()
    write_keys(path, vault)
    return vault


def write_keys(path: Path, vault: Vault) -> None:
    """Write a key file whole or not at all, readable by its owner only."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(vault.to_json())
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def read_keys(data_dir: Path, from_environment: str | None) -> Vault:
    """The vault of this installation. Raises Refused("keys.none"): without keys nothing may start."""
    if from_environment:
        return Vault.from_json(from_environment)
    path = key_file(data_dir)
    if not path.exists():
        raise Refused("keys.none", path=str(path))
    return Vault.from_json(path.read_text()).follow(path)


def fingerprint(text: str) -> str:
    """A short name (16 hex digits of SHA-256) for a value that must not be written out, such as a token in a log."""
    return sha256(text.encode()).hexdigest()[:16]
