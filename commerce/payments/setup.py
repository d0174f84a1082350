"""The payment providers of one installation, made from its settings."""

from collections.abc import Callable
from datetime import datetime

import httpx
from pydantic import SecretStr

from commerce.payments.alipay import Alipay, AlipayAccount
from commerce.payments.payment_keys import private_key, public_keys
from commerce.payments.port import Provider
from commerce.payments.practice_wallets import practice_account, practice_keys, practice_merchant
from commerce.payments.simulator import Simulator
from commerce.payments.stripe_checkout import StripeCheckout
from commerce.payments.wechat_pay import CNY, WechatMerchant, WechatPay
from foundation.errors import Refused
from foundation.settings import Settings

STRIPE_AT_HOME = "/simulator/stripe"
"""Where our own simulator speaks Stripe's protocol, after the address of the shop."""


def providers_of(
    settings: Settings, client: httpx.AsyncClient, *, simulator_secret: bytes, now: Callable[[], datetime]
) -> dict[str, Provider]:
    """Name -> provider, for those that the settings name. Raises Refused("setting.unusable")."""
    providers: list[Provider] = []
    if settings.payment_simulator:
        providers.append(Simulator(client, base_url=settings.base_url, secret=simulator_secret, now=now))
    if settings.stripe_secret_key is not None:
        stripe = StripeCheckout(
            client,
            base_url=settings.stripe_url,
            secret_key=settings.stripe_secret_key.get_secret_value(),
            webhook_secrets=webhook_secrets(settings),
            now=now,
        )
        providers.append(stripe)
    shop_name = settings.shop_name("zh")
    merchant, account = wechat_merchant(settings), alipay_account(settings)
    if merchant is not None:
        told = _notify_url(settings, WechatPay.name)
        providers.append(WechatPay(client, merchant, notify_url=told, shop_name=shop_name, now=now))
    if account is not None:
        told = _notify_url(settings, Alipay.name)
        providers.append(Alipay(client, account, notify_url=told, shop_name=shop_name, now=now))
    return {provider.name: provider for provider in providers}


def webhook_secrets(settings: Settings) -> list[bytes]:
    """What Stripe signs its webhooks with; two, apart by a comma, while one is replaced."""
    given = settings.stripe_webhook_secret
    written = given.get_secret_value().split(",") if given is not None else []
    return [secret.strip().encode() for secret in written if secret.strip()]


def has_practice_wallets(settings: Settings) -> bool:
    """Whether the simulator plays WeChat Pay and Alipay, as far as the shop has no account of its own there."""
    return settings.payment_simulator and settings.practice_wallets and settings.currency == CNY


def wechat_merchant(settings: Settings) -> WechatMerchant | None:
    """The shop's account at WeChat Pay, or one at the simulator, or none."""
    if settings.wechat_pay_mchid is None:
        practises = has_practice_wallets(settings)
        return practice_merchant(practice_keys(settings.data_dir), settings.base_url) if practises else None
    api_key = _needed(settings.wechat_pay_api_key, "wechat_pay_api_key").encode()
    if len(api_key) != 32:
        raise Refused("setting.unusable", name="XIAOER_WECHAT_PAY_API_KEY", reason="an APIv3 key has 32 characters")
    platform = _needed(settings.wechat_pay_platform_key, "wechat_pay_platform_key")
    return WechatMerchant(
        url=settings.wechat_pay_url.rstrip("/"),
        app_id=_needed(settings.wechat_pay_app_id, "wechat_pay_app_id"),
        mchid=settings.wechat_pay_mchid,
        serial=_needed(settings.wechat_pay_serial, "wechat_pay_serial"),
        private_key=private_key(
            _needed(settings.wechat_pay_private_key, "wechat_pay_private_key"), setting="wechat_pay_private_key"
        ),
        api_key=api_key,
        platform_keys=public_keys(
            platform, key_id=settings.wechat_pay_platform_key_id, setting="wechat_pay_platform_key"
        ),
        h5=settings.wechat_pay_h5,
    )


def alipay_account(settings: Settings) -> AlipayAccount | None:
    """The shop's account at Alipay, or one at the simulator, or none."""
    if settings.alipay_app_id is None:
        practises = has_practice_wallets(settings)
        return practice_account(practice_keys(settings.data_dir), settings.base_url) if practises else None
    alipays = _needed(settings.alipay_public_key, "alipay_public_key")
    return AlipayAccount(
        url=settings.alipay_url,
        app_id=settings.alipay_app_id,
        private_key=private_key(
            _needed(settings.alipay_private_key, "alipay_private_key"), setting="alipay_private_key"
        ),
        public_key=next(iter(public_keys(alipays, key_id="", setting="alipay_public_key").values())),
        seller_id=settings.alipay_seller_id,
    )


def _needed(given: SecretStr | str | None, setting: str) -> str:
    text = given.get_secret_value() if isinstance(given, SecretStr) else given
    if not text:
        raise Refused("setting.unusable", name=f"XIAOER_{setting.upper()}", reason="it is missing")
    return text


def _notify_url(settings: Settings, provider: str) -> str:
    return f"{settings.base_url}/webhooks/payments/{provider}"
