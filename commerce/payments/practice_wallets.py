"""WeChat Pay and Alipay as our simulator plays them: real keys of this shop alone, and accounts that are nobody's."""

import contextlib
import hashlib
import os
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from commerce.payments.alipay import AlipayAccount
from commerce.payments.payment_keys import pem_of, private_key
from commerce.payments.wechat_pay import WechatMerchant

WECHAT_AT_HOME, ALIPAY_AT_HOME = "/simulator/wechat", "/simulator/alipay/gateway.do"
"""Where our own simulator speaks their protocols, after the address of the shop."""
MCHID, WECHAT_APP, SERIAL, WALLET_SERIAL = "1900000001", "wx0000000000practise", "0A", "PUB_KEY_ID_PRACTICE"
ALIPAY_APP, SELLER = "9021000000000001", "2088000000000001"
_FILE = "practice_wallets.pem"
_END = "-----END PRIVATE KEY-----\n"


@dataclass(frozen=True, slots=True)
class PracticeKeys:
    """What the shop signs with and what the wallets sign with; WeChat's notices are sealed under `api_key`."""

    shop: RSAPrivateKey
    wallet: RSAPrivateKey

    @property
    def api_key(self) -> bytes:
        """32 characters, as an APIv3 key has."""
        return hashlib.sha256(_pem(self.shop)).hexdigest()[:32].encode()


@cache
def practice_keys(folder: Path) -> PracticeKeys:
    """The keys of this shop, made when they are not there. Of many processes that make them at once, one's stay."""
    path = folder / _FILE
    if not path.exists():
        made = b"".join(_pem(generate_private_key(public_exponent=65537, key_size=2048)) for _ in range(2))
        handle, name = tempfile.mkstemp(dir=folder)
        with os.fdopen(handle, "wb") as file:
            file.write(made)
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
        os.unlink(name)
    first, second, _ = path.read_text().split(_END)
    setting = "data_dir"
    return PracticeKeys(private_key(first + _END, setting=setting), private_key(second + _END, setting=setting))


def practice_merchant(keys: PracticeKeys, base_url: str) -> WechatMerchant:
    """The account at the simulator's WeChat Pay."""
    return WechatMerchant(
        url=base_url + WECHAT_AT_HOME,
        app_id=WECHAT_APP,
        mchid=MCHID,
        serial=SERIAL,
        private_key=keys.shop,
        api_key=keys.api_key,
        platform_keys={WALLET_SERIAL: pem_of(keys.wallet.public_key())},
        h5=True,
    )


def practice_account(keys: PracticeKeys, base_url: str) -> AlipayAccount:
    """The account at the simulator's Alipay."""
    return AlipayAccount(
        url=base_url + ALIPAY_AT_HOME,
        app_id=ALIPAY_APP,
        private_key=keys.shop,
        public_key=pem_of(keys.wallet.public_key()),
        seller_id=SELLER,
    )


def _pem(key: RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
