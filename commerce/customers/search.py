"""Finding a customer by what they can name: a telephone number, its last four digits, an e-mail, never a name."""

import re
from collections.abc import Sequence

from phonenumbers import PhoneNumberFormat, format_number, is_possible_number, parse
from phonenumbers.phonenumberutil import NumberParseException
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.customers.actions import PHONE, PHONE_LAST4
from commerce.customers.linking import email_index
from commerce.customers.model import Address, Customer
from foundation.encryption import Vault
from foundation.errors import Refused

LAST = 4
_SIGNS = re.compile(r"[\s()./-]")


async def found_by(session: AsyncSession, *, said: str, limit: int = 20) -> Sequence[int]:
    """Ids of the customers, the newest first: by an e-mail they proved, or by a telephone of one of their addresses."""
    vault: Vault = session.info["vault"]
    plain = said.strip()
    if "@" in plain:
        try:
            index = email_index(session, plain)
        except Refused:
            return []
        return list(await session.scalars(select(Customer.id).where(Customer.email_index == index)))
    digits = _SIGNS.sub("", plain)
    if not digits.removeprefix("+").isdecimal() or not digits.isascii():
        return []
    if len(digits) == LAST:
        whose = Address.phone_last4_index == vault.blind(PHONE_LAST4, digits)
    else:
        whose = Address.phone_index == vault.blind(PHONE, _e164(digits))
    found = select(Address.customer_id).where(whose).group_by(Address.customer_id)
    return list(await session.scalars(found.order_by(Address.customer_id.desc()).limit(limit)))


def _e164(digits: str) -> str:
    """As addresses keep it; what is no number stays as it was typed, and is found nowhere."""
    try:
        number = parse(digits, "CN")
    except NumberParseException:
        return digits
    return format_number(number, PhoneNumberFormat.E164) if is_possible_number(number) else digits
