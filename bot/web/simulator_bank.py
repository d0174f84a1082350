"""What the payment simulator is to a shop: its keys, its clock, and what shall go wrong."""

import asyncio
import hmac
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from fastapi import Request

from bot.web.simulator_model import FAULT_OF_AMOUNT, Fault
from commerce.payments.practice_wallets import PracticeKeys, practice_keys
from commerce.payments.setup import STRIPE_AT_HOME, has_practice_wallets, webhook_secrets
from foundation.database import Database

if TYPE_CHECKING:
    from bot.shop import Shop


@dataclass(frozen=True, slots=True)
class Bank:
    """What the simulator needs. `faults`: what goes wrong with the next session; only tests put anything there.

    `stripe_key` is what a shop shows when it takes us for Stripe, `stripe_secret` signs what we tell it then;
    `wallets` are the keys with which it takes us for WeChat Pay and Alipay.
    """

    database: Database
    secret: bytes
    base_url: str
    now: Callable[[], datetime]
    stripe_key: str
    stripe_secret: bytes
    wallets: PracticeKeys | None = None
    may_go_wrong: bool = False
    faults: list[Fault] = field(default_factory=list)
    rung: asyncio.Event = field(default_factory=asyncio.Event)

    def faults_of(self, amount: int, asked: Collection[str] = ()) -> list[str]:
        """What goes wrong with a new session: what was told for the next one, for this one, and for its amount."""
        if not self.may_go_wrong:
            return []
        known = [fault for fault in asked if fault in set(Fault)]
        of_amount = [FAULT_OF_AMOUNT[amount % 10_000]] if amount % 10_000 in FAULT_OF_AMOUNT else []
        return [str(fault) for fault in (*self.faults, *known, *of_amount)]


def bank_of_shop(shop: "Shop") -> Bank:
    """The bank beside a shop. It takes the shop's keys for Stripe only where the shop was told that we are Stripe."""
    settings = shop.settings
    key, secrets = settings.stripe_secret_key, webhook_secrets(settings)
    is_ours = settings.stripe_url.rstrip("/") == settings.base_url + STRIPE_AT_HOME
    return Bank(
        database=shop.database,
        secret=shop.simulator_secret,
        base_url=settings.base_url,
        now=shop.now,
        stripe_key=key.get_secret_value() if key is not None and is_ours else "sk_test_" + shop.simulator_secret.hex(),
        stripe_secret=secrets[0] if secrets and is_ours else b"whsec_" + shop.simulator_secret,
        wallets=practice_keys(settings.data_dir) if has_practice_wallets(settings) else None,
        may_go_wrong=settings.simulator_faults,
    )


def bank_of(request: Request) -> Bank:
    """The bank of this app."""
    bank: Bank = request.app.state.bank
    return bank


def wallet_session_id(bank: Bank, protocol: str, number: str) -> str:
    """The id of a wallet's session, for ever the same for a shop's number of it, and to be guessed by nobody."""
    return hmac.new(bank.secret, f"{protocol}:{number}".encode(), "sha256").hexdigest()[:40]
