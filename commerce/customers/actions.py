"""Meeting a customer on a channel, their language, and their addresses (sealed at rest)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.customers.address import AddressText
from commerce.customers.model import Address, ChannelIdentity, Customer
from foundation.encryption import Vault

PHONE = "phone"
PHONE_LAST4 = "phone_last4"
_THEIR_ADDRESS = select(Address).where(
    Address.id == bindparam("address_id"), Address.customer_id == bindparam("customer_id")
)


async def customer_for(session: AsyncSession, *, channel: str, account: str, language: str, now: datetime) -> Customer:
    """The customer behind an account of a channel; on the first contact a new one, who speaks `language`.

    Of two first contacts at once one waits for the other and finds its customer.
    """
    known = (
        select(Customer)
        .join(ChannelIdentity, ChannelIdentity.customer_id == Customer.id)
        .where(ChannelIdentity.channel == channel, ChannelIdentity.account == account)
    )
    customer = await session.scalar(known)
    if customer is not None:
        return customer
    newcomer = Customer(language=language, created_at=now)
    session.add(newcomer)
    await session.flush()
    taken = await session.scalar(
        insert(ChannelIdentity)
        .values(channel=channel, account=account, customer_id=newcomer.id, created_at=now)
        .on_conflict_do_nothing()
        .returning(ChannelIdentity.customer_id)
    )
    if taken is not None:
        return newcomer
    await session.delete(newcomer)
    await session.flush()
    return (await session.scalars(known)).one()


async def customer_of(session: AsyncSession, *, channel: str, account: str) -> int | None:
    """The id of the customer behind an account of a channel; none for who never wrote, or was erased."""
    known = select(ChannelIdentity.customer_id)
    return await session.scalar(known.where(ChannelIdentity.channel == channel, ChannelIdentity.account == account))


async def set_language(session: AsyncSession, *, customer_id: int, language: str) -> None:
    """Remember the language this customer wants to be spoken to in."""
    customer = await session.get_one(Customer, customer_id)
    customer.language = language


async def save_address(session: AsyncSession, *, customer_id: int, parsed: AddressText, now: datetime) -> Address:
    """Keep an address as the customer's last one; also remember the name if none is known yet."""
    vault = _vault(session)
    address = Address(
        customer_id=customer_id,
        name_sealed=vault.seal(parsed.name),
        phone_sealed=vault.seal(parsed.phone),
        line_sealed=vault.seal(parsed.line),
        street_sealed=vault.seal(parsed.street) if parsed.street else None,
        province=parsed.province,
        city=parsed.city,
        district=parsed.district,
        phone_index=vault.blind(PHONE, parsed.phone),
        phone_last4_index=vault.blind(PHONE_LAST4, parsed.phone[-4:]),
        created_at=now,
    )
    session.add(address)
    customer = await session.get_one(Customer, customer_id)
    if customer.name_sealed is None:
        customer.name_sealed = vault.seal(parsed.name)
    await session.flush()
    return address


async def last_address(session: AsyncSession, *, customer_id: int) -> Address | None:
    """The address this customer gave last."""
    return await session.scalar(
        select(Address).where(Address.customer_id == customer_id).order_by(Address.id.desc()).limit(1)
    )


async def addresses_of(session: AsyncSession, *, customer_id: int, limit: int = 20) -> Sequence[Address]:
    """The addresses of a customer, the newest first."""
    theirs = select(Address).where(Address.customer_id == customer_id).order_by(Address.id.desc())
    return (await session.scalars(theirs.limit(limit))).all()


async def address_of(session: AsyncSession, *, address_id: int, customer_id: int) -> Address | None:
    """This address if it is this customer's."""
    return await session.scalar(_THEIR_ADDRESS, {"address_id": address_id, "customer_id": customer_id})


async def address_text(session: AsyncSession, address: Address) -> AddressText:
    """The opened address."""
    vault = _vault(session)
    return AddressText(
        name=vault.open(address.name_sealed),
        phone=vault.open(address.phone_sealed),
        line=vault.open(address.line_sealed),
        province=address.province,
        city=address.city,
        district=address.district,
        street=vault.open(address.street_sealed) if address.street_sealed else "",
    )


def _vault(session: AsyncSession) -> Vault:
    vault: Vault = session.info["vault"]
    return vault
