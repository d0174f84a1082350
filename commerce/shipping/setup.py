"""The carriers of one installation, made from its settings."""

import httpx

from commerce.shipping.kuaidi100 import Kuaidi100
from commerce.shipping.port import Carrier
from foundation.encryption import Vault
from foundation.settings import Settings

PUSHES_TO = "/webhooks/carriers"
"""Under this address of the shop, with the carrier's name after it, carriers push what they know."""


def carriers_of(settings: Settings, client: httpx.AsyncClient, vault: Vault) -> dict[str, Carrier]:
    """Who tells this shop about its parcels; nobody without an account, then numbers and links are all there is."""
    if not settings.kuaidi100_customer or settings.kuaidi100_key is None:
        return {}
    salt = settings.kuaidi100_salt
    watcher = Kuaidi100(
        client,
        base_url=settings.kuaidi100_url,
        customer=settings.kuaidi100_customer,
        key=settings.kuaidi100_key.get_secret_value(),
        salt=salt.get_secret_value() if salt else vault.sign("kuaidi100", b"salt")[:16].hex(),
        callback_url=f"{settings.base_url}{PUSHES_TO}/{Kuaidi100.name}",
    )
    return {watcher.name: watcher}
