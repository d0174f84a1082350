"""Whoever waits in a chat for their turn in a flash sale is called when it has come."""

from datetime import timedelta
from typing import TYPE_CHECKING

from commerce.announcements import announce
from commerce.customers.actions import customer_of
from commerce.flash_sales.queries import quotas_on
from commerce.flash_sales.queue import TIME_TO_BUY

if TYPE_CHECKING:
    from bot.shop import Shop


async def call_in_line(shop: "Shop") -> int:
    """Move the lines of all sales that are on, though no page asks. Returns how many were called."""
    now, called = shop.now(), 0
    async with shop.database.begin() as session:
        on = await quotas_on(session, now=now)
    for quota in on:
        members = await shop.line.calls(quota.item_id, opens_at=quota.starts_at, left=quota.left, now=now)
        async with shop.database.begin() as session:
            for member in members:
                channel, _, account = member.partition(":")
                customer_id = await customer_of(session, channel=channel, account=account)
                if customer_id is not None:
                    until = (now + timedelta(seconds=TIME_TO_BUY)).isoformat()
                    facts = {"item_id": quota.item_id, "until": until}
                    announce(session, "flash_turn", customer_id=customer_id, now=now, **facts)
        called += len(members)
    return called
