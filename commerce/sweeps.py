"""What must be done when its time has come. Any worker may run any sweep, many at once; tests pass another `now`."""

from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from commerce.favourites.actions import tell_back_in_stock
from commerce.favourites.offers import offer_groups
from commerce.flash_sales.reminders import remind_of_sales
from commerce.flash_sales.sales import begin_sales, end_sales
from commerce.group_buy.campaigns import end_campaigns
from commerce.group_buy.deadlines import close_groups, finish_groups
from commerce.group_buy.nudges import nudge_groups
from commerce.inventory.actions import expire_holds
from commerce.orders.actions import complete_delivered_orders, expire_changes, expire_unpaid_orders
from commerce.persons.exports import forget_exports
from commerce.points.actions import expire_points
from commerce.promotions.coupons import expire_coupons
from commerce.returns.due import close_returns, expire_returns, follow_up_returns, remind_of_returns
from commerce.search.index import renew_index
from commerce.shipping.simulated import move_parcels_along


class Sweep(Protocol):
    """Works on at most `limit` rows that are due in this transaction; returns how many there were."""

    __name__: str

    async def __call__(self, session: AsyncSession, *, now: datetime, limit: int) -> int:
        """Do it."""
        ...


SWEEPS: tuple[Sweep, ...] = (
    expire_unpaid_orders,
    expire_changes,
    expire_holds,
    end_campaigns,
    close_groups,
    finish_groups,
    nudge_groups,
    offer_groups,
    remind_of_sales,
    begin_sales,
    end_sales,
    tell_back_in_stock,
    renew_index,
    expire_coupons,
    expire_points,
    move_parcels_along,
    complete_delivered_orders,
    remind_of_returns,
    expire_returns,
    close_returns,
    follow_up_returns,
    forget_exports,
)
"""Beside these a worker calls what has to leave its transactions: `commerce.payments.actions.reconcile`, and
`gists_due` and `keep_meanings` of commerce.search.meaning, and `settle_group_order` of commerce.orders.groups."""
