"""Whom the shop knows behind an account of Telegram, and which language they hear."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from bot.telegram.values import User
from commerce.customers.actions import customer_of
from commerce.customers.model import Customer

NOBODY = 0


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in Telegram; `customer_id` is NOBODY for who never wrote to the shop."""

    customer_id: int
    language: str


async def person_of(session: AsyncSession, user: User, *, default: str) -> Person:
    """Who it is; a stranger is spoken to in the language of their app."""
    customer_id = await customer_of(session, channel="telegram", account=str(user.id))
    if customer_id is None:
        return Person(NOBODY, first_language(user, default=default))
    return Person(customer_id, (await session.get_one(Customer, customer_id)).language)


def first_language(user: User, *, default: str) -> str:
    """The language of somebody's app, as far as the shop speaks it; `default` where Telegram does not say."""
    if not user.language_code:
        return default
    return "zh" if user.language_code.startswith("zh") else "en"
