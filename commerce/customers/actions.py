"""Meeting a customer on a channel, their language, and their addresses (sealed at rest)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.customers.address import NOWHERE, AddressText
from commerce.customers.model import Address, ChannelIdentity, Customer
from foundation.encryption import Vault
from foundation.reading import Read

PHONE = "phone"
PHONE_LAST4 = "phone_last4"
ADDRESS = (
    Address.id.label("address_id"),
    Address.name_sealed,
    Address.phone_sealed,
    Address.line_sealed,
    Address.street_sealed,
    Address.province,
    Address.city,
    Address.district,
)
"""What `opened_address` takes."""
_THEIRS = select(*ADDRESS).where(Address.customer_id == bindparam("customer_id"))
_ONE_OF_THEIRS = Read(_THEIRS.where(Address.id == bindparam("address_id")))
_LATEST = Read(_THEIRS.where(Address.phone_index != b"").order_by(Address.id.desc()).limit(bindparam("most")))


@dataclass(frozen=True, slots=True)
class SavedAddress:
    """An address that a customer gave, opened."""

    id: int
    text: AddressText


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


async def nowhere(session: AsyncSession, *, customer_id: int, now: datetime) -> int:
    """The id of a customer's empty address, for orders of which nothing is sent. It is none of `addresses_of`."""
    vault = _vault(session)
    theirs = select(Address).where(Address.customer_id == customer_id, Address.phone_index == b"")
    for row in await session.scalars(theirs):
        if row.line_sealed and not vault.open(row.line_sealed):
            return row.id
    address = Address(
        customer_id=customer_id,
        name_sealed=vault.seal(NOWHERE.name),
        phone_sealed=vault.seal(NOWHERE.phone),
        line_sealed=vault.seal(NOWHERE.line),
        phone_index=b"",
        phone_last4_index=b"",
        created_at=now,
    )
    session.add(address)
    await session.flush()
    return address.id


async def last_address(session: AsyncSession, *, customer_id: int) -> SavedAddress | None:
    """The address this customer gave last."""
    return next(iter(await addresses_of(session, customer_id=customer_id, limit=1)), None)


async def addresses_of(session: AsyncSession, *, customer_id: int, limit: int = 20) -> list[SavedAddress]:
    """The addresses of a customer, the newest first."""
    return [opened_address(session, row) for row in await _LATEST.all(session, customer_id=customer_id, most=limit)]


async def address_of(session: AsyncSession, *, address_id: int, customer_id: int) -> SavedAddress | None:
    """This address if it is this customer's."""
    row = await _ONE_OF_THEIRS.first(session, address_id=address_id, customer_id=customer_id)
    return None if row is None else opened_address(session, row)


def opened_address(session: AsyncSession, row: Any) -> SavedAddress:
    """An address from a row with the columns of ADDRESS."""
    vault = _vault(session)
    text = AddressText(
        name=vault.open(row.name_sealed),
        phone=vault.open(row.phone_sealed),
        line=vault.open(row.line_sealed),
        province=row.province,
        city=row.city,
        district=row.district,
        street=vault.open(row.street_sealed) if row.street_sealed else "",
    )
    return SavedAddress(row.address_id, text)


def _vault(session: AsyncSession) -> Vault:
    vault: Vault = session.info["vault"]
    return vault
