"""Two customers turned out to be one person: the accounts of one become the other's."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.credit.model import AccountKind, CreditAccount


async def join_credit(session: AsyncSession, *, from_id: int, to_id: int) -> None:
    """Every account goes over as it is, for payments and refunds know it by its number. Again changes nothing.

    Store credit of a currency in which the other customer has some too becomes a joined account beside it.
    """
    both = select(CreditAccount).where(CreditAccount.customer_id.in_((from_id, to_id)))
    locked = both.order_by(CreditAccount.id).with_for_update().execution_options(populate_existing=True)
    accounts = (await session.scalars(locked)).all()
    has = {one.currency for one in accounts if one.customer_id == to_id and one.kind is AccountKind.STORE_CREDIT}
    for account in accounts:
        if account.customer_id != from_id or from_id == to_id:
            continue
        if account.kind is AccountKind.STORE_CREDIT and account.currency in has:
            account.kind = AccountKind.JOINED
        account.customer_id = to_id
    await session.flush()
