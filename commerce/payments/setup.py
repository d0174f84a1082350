"""The payment providers of one installation, made from its settings."""

from collections.abc import Callable
from datetime import datetime

import httpx

from commerce.payments.port import Provider
from commerce.payments.simulator import Simulator
from commerce.payments.stripe_checkout import StripeCheckout
from foundation.settings import Settings

STRIPE_AT_HOME = "/simulator/stripe"
"""Where our own simulator speaks Stripe's protocol, after the address of the shop."""


def providers_of(
    settings: Settings, client: httpx.AsyncClient, *, simulator_secret: bytes, now: Callable[[], datetime]
) -> dict[str, Provider]:
    """Name -> provider, for those that the settings name."""
    providers: dict[str, Provider] = {}
    if settings.payment_simulator:
        simulator = Simulator(client, base_url=settings.base_url, secret=simulator_secret, now=now)
        providers[simulator.name] = simulator
    if settings.stripe_secret_key is not None:
        stripe = StripeCheckout(
            client,
            base_url=settings.stripe_url,
            secret_key=settings.stripe_secret_key.get_secret_value(),
            webhook_secrets=webhook_secrets(settings),
            now=now,
        )
        providers[stripe.name] = stripe
    return providers


def webhook_secrets(settings: Settings) -> list[bytes]:
    """What Stripe signs its webhooks with; two, apart by a comma, while one is replaced."""
    given = settings.stripe_webhook_secret
    written = given.get_secret_value().split(",") if given is not None else []
    return [secret.strip().encode() for secret in written if secret.strip()]
