"""What an order keeps of its address: sealed, so that a later change of address does not move a parcel."""

import json
from dataclasses import asdict

from sqlalchemy.ext.asyncio import AsyncSession

from commerce.customers.address import AddressText
from commerce.orders.model import Order
from foundation.encryption import Vault


def seal_address(session: AsyncSession, address: AddressText) -> bytes:
    """The address as one sealed value."""
    vault: Vault = session.info["vault"]
    return vault.seal(json.dumps(asdict(address), ensure_ascii=False))


def open_address(session: AsyncSession, order: Order) -> AddressText:
    """The address an order goes to."""
    vault: Vault = session.info["vault"]
    return AddressText(**json.loads(vault.open(order.address_sealed)))
