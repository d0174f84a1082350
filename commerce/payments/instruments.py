"""Cards, wallets and accounts by which money came, or is to go."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.payments.model import Instrument, Intent, Payment
from foundation.errors import Refused

ACCOUNT = "account:"


def instrument_of(account_id: int) -> str:
    """How an intent names the account that paid it."""
    return f"{ACCOUNT}{account_id}"


async def known_instrument(session: AsyncSession, *, instrument_id: int, customer_id: int) -> Instrument:
    """This card or wallet if it is this customer's. Raises Refused("payment.instrument_unknown")."""
    theirs = select(Instrument).where(Instrument.id == instrument_id, Instrument.customer_id == customer_id)
    found = await session.scalar(theirs)
    if found is None:
        raise Refused("payment.instrument_unknown", instrument=instrument_id)
    return found


async def is_paid_with(session: AsyncSession, payment: Payment, instrument_id: int) -> bool:
    """Whether a payment came from this card or wallet: then its provider gives back to it by itself."""
    same = (
        select(Intent.id)
        .join(Instrument, (Instrument.provider == Intent.provider) & (Instrument.token == Intent.instrument))
        .where(Intent.id == payment.intent_id, Instrument.id == instrument_id)
    )
    return await session.scalar(same) is not None
