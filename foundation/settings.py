"""The settings of one installation, read once from the environment and passed on; nothing imports them as a global."""

from functools import cache
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from foundation.errors import Refused
from foundation.money import exponent


class Settings(BaseSettings):
    """Everything an operator may choose, as XIAOER_<NAME>; DATABASE_URL and REDIS_URL have no prefix."""

    model_config = SettingsConfigDict(env_prefix="XIAOER_", frozen=True, extra="ignore")

    database_url: str | None = Field(default=None, validation_alias=AliasChoices("database_url", "DATABASE_URL"))
    redis_url: str | None = Field(default=None, validation_alias=AliasChoices("redis_url", "REDIS_URL"))
    data_dir: Path = Path("data")
    encryption_keys: SecretStr | None = None

    shop_name_zh: str = "小二的店"
    shop_name_en: str = "Xiaoer's shop"
    terms_url: str = ""
    """Where the terms of sale stand, for who asks for them (/terms in Telegram)."""
    currency: str = "CNY"
    time_zone: str = "Asia/Shanghai"
    default_language: Literal["zh", "en"] = "zh"

    web_host: str = "127.0.0.1"
    web_port: int = Field(default=8000, ge=1, le=65535)
    console_port: int = Field(default=8001, ge=1, le=65535)
    public_url: str | None = None
    console_url: str | None = None
    """Where the staff reaches the console, for links in their groups."""
    allowed_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ("127.0.0.1",)

    hold_minutes: int = Field(default=15, ge=1, le=24 * 60)
    delivery_days_min: int = Field(default=2, ge=0, le=365)
    delivery_days_max: int = Field(default=5, ge=0, le=365)
    messages_a_minute: int = Field(default=20, ge=1)
    prices_include_tax: bool = True
    points_for_unit: int = Field(default=1, ge=0, le=1000)
    """Points earned for each whole unit of the currency that was paid."""
    points_of_unit: int = Field(default=100, ge=1, le=100_000)
    """Points that are worth one unit of the currency when they are spent."""
    points_share_percent: int = Field(default=50, ge=0, le=100)
    """The most of the goods' price that points may pay."""
    low_stock: int = Field(default=5, ge=0, le=10**6)
    """Pieces below which a variant is reported, where it has no mark of its own."""
    cash_on_delivery: bool = True
    transfer_account: str | None = None
    """What a shopper must know to send a bank transfer: holder, bank, number. None: transfers are not offered."""
    transfer_qr: Path | None = None
    """A picture of the shop's static QR code (收款码), shown beside the account."""
    transfer_hours: int = Field(default=48, ge=1, le=24 * 14)
    stripe_secret_key: SecretStr | None = None
    stripe_webhook_secret: SecretStr | None = None
    stripe_url: str = "https://api.stripe.com"
    wechat_pay_mchid: str | None = None
    """The merchant number at WeChat Pay; the settings after it belong to it. Keys are PEM or the name of a file."""
    wechat_pay_app_id: str | None = None
    wechat_pay_api_key: SecretStr | None = None
    """The APIv3 key."""
    wechat_pay_private_key: SecretStr | None = None
    wechat_pay_serial: str | None = None
    """The serial number of the merchant's certificate."""
    wechat_pay_platform_key: str | None = None
    """WeChat's public key, its certificate, or several of both one after another while they change."""
    wechat_pay_platform_key_id: str = ""
    """The number of that public key, PUB_KEY_ID_...; a certificate has its own."""
    wechat_pay_h5: bool = False
    """The account may take H5 payments: phones go to WeChat instead of being shown a QR code."""
    wechat_pay_url: str = "https://api.mch.weixin.qq.com"
    alipay_app_id: str | None = None
    """The app at Alipay; the settings after it belong to it. Keys are PEM, bare base64 or the name of a file."""
    alipay_private_key: SecretStr | None = None
    alipay_public_key: str | None = None
    """Alipay's own public key, not the app's."""
    alipay_seller_id: str | None = None
    alipay_url: str = "https://openapi.alipay.com/gateway.do"
    kuaidi100_customer: str | None = None
    kuaidi100_key: SecretStr | None = None
    kuaidi100_salt: SecretStr | None = None
    kuaidi100_url: str = "https://poll.kuaidi100.com"
    carrier_simulator: bool = True
    follow_up_days: int = Field(default=3, ge=1, le=60)
    """Days after a return is settled when the shopper is asked whether all is well."""
    refund_limit_agent: int = Field(default=200, ge=0)
    """The most an agent may give back by themselves, in whole units of the currency; a supervisor has the next."""
    refund_limit_supervisor: int = Field(default=2000, ge=0)
    payment_simulator: bool = True
    practice_wallets: bool = True
    """The payment simulator plays WeChat Pay and Alipay too."""
    simulator_secret: SecretStr | None = None
    simulator_faults: bool = False
    telegram_token: SecretStr | None = None
    """The shoppers' bot as BotFather gave it; without it the shop is not in Telegram."""
    telegram_staff_token: SecretStr | None = None
    """Another bot, for the supergroups in which the staff answers."""
    telegram_webhook: bool = False
    """Telegram brings updates to the public address; else they are fetched by long polling."""
    telegram_payment_token: SecretStr | None = None
    """Of the payment provider behind Telegram's own invoices. Stars, for digital goods, need none."""
    telegram_stars_of_unit: int = Field(default=0, ge=0, le=100_000)
    """Telegram Stars for one unit of the currency, in which digital goods are paid there; 0: Stars are not taken."""
    telegram_url: str = "https://api.telegram.org"
    """Where the Bot API is; another server of it, or the fake one of the tests."""
    log_json: bool | None = None

    @field_validator("currency")
    @classmethod
    def _is_currency(cls, value: str) -> str:
        try:
            exponent(value.upper())
        except Refused as error:
            raise ValueError(f"{value!r} is no ISO 4217 currency code such as CNY or EUR") from error
        return value.upper()

    @field_validator("time_zone")
    @classmethod
    def _is_time_zone(cls, value: str) -> str:
        if value not in _time_zones():
            raise ValueError(f"{value!r} is no IANA time zone such as Asia/Shanghai")
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The shop's time zone; day rules are computed in it."""
        return ZoneInfo(self.time_zone)

    @property
    def base_url(self) -> str:
        """Where shoppers reach this shop: no slash at the end."""
        return (self.public_url or f"http://{self.web_host}:{self.web_port}").rstrip("/")

    @property
    def console_base_url(self) -> str:
        """Where the staff reaches the console: no slash at the end."""
        return (self.console_url or f"http://{self.web_host}:{self.console_port}").rstrip("/")

    def shop_name(self, language: str) -> str:
        """The shop's name as shoppers of this language read it."""
        return self.shop_name_zh if language == "zh" else self.shop_name_en


@cache
def _time_zones() -> set[str]:
    """Read from several hundred files, in as many milliseconds as all the rest of the settings."""
    return available_timezones()
