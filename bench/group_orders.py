"""Groups and their joiners for benches, made by the shop's own use cases; a join is promise, order and payment."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from bench.shoppers_ready import HOME, TOGETHER, Ready, say_yes
from commerce.carts.deals import GroupDeal, deal_cart
from commerce.catalog.model import Variant
from commerce.customers.actions import customer_for, save_address
from commerce.group_buy.campaigns import CampaignDraft, Offer, add_campaign, start_campaign
from commerce.group_buy.model import BuyingGroup, GroupMember
from commerce.inventory.hold import Holds
from commerce.orders.actions import quote
from commerce.orders.model import Order, PaymentMethod
from commerce.orders.settlement import settle
from commerce.payments.model import Intent
from commerce.payments.port import Session, SessionState
from foundation.database import Database
from foundation.money import Money

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Groups:
    """A campaign that is on, the goods it offers, and where orders for it are made."""

    database: Database
    holds: Holds
    variant_id: int
    campaign_id: int

    @classmethod
    async def of(
        cls, database: Database, holds: Holds, variant_id: int, *, size: int, quota: int | None = None
    ) -> "Groups":
        """A new campaign: half the price for so many together, for a day."""
        now = datetime.now(UTC)
        async with database.begin() as session:
            variant = await session.get_one(Variant, variant_id)
            draft = CampaignDraft(
                name={"zh": "拼团", "en": "Together"},
                product_id=variant.product_id,
                starts_at=now,
                ends_at=now + timedelta(days=1),
                size=size,
                offers=(Offer(variant_id, variant.price_amount // 2),),
                quota=quota,
            )
            campaign = await add_campaign(session, draft=draft, now=now)
            await start_campaign(session, campaign_id=campaign.id, version=campaign.version, now=now)
        return cls(database, holds, variant_id, campaign.id)

    async def ready(self, asked: Sequence[int | None]) -> list[Ready]:
        """New shoppers, each with everything done but the yes to a seat of one of these groups; None begins one."""
        now = datetime.now(UTC)
        ready: list[Ready] = []
        while len(ready) < len(asked):
            async with self.database.begin() as session:
                for group_id in asked[len(ready) : len(ready) + TOGETHER]:
                    account = f"together-{next(_numbers)}"
                    customer = await customer_for(session, channel="web", account=account, language="zh", now=now)
                    address = await save_address(session, customer_id=customer.id, parsed=HOME, now=now)
                    cart = await deal_cart(
                        session,
                        customer_id=customer.id,
                        deal=GroupDeal(self.campaign_id, group_id),
                        lines={self.variant_id: 1},
                        now=now,
                    )
                    offer = await quote(session, customer_id=customer.id, language="zh", now=now, cart_id=cart.id)
                    ready.append(Ready(customer.id, address.id, offer))
        return ready

    async def begin(self, count: int) -> list[int]:
        """So many groups whose leaders have paid; their ids."""
        orders = [(await self.join(one)).id for one in await self.ready([None] * count)]
        async with self.database.begin() as session:
            theirs = select(GroupMember.group_id).where(GroupMember.order_id.in_(orders))
            return list(await session.scalars(theirs.order_by(GroupMember.group_id)))

    async def join(self, shopper: Ready) -> Order:
        """Say yes and pay, as a shopper does. Raises what `hold` and `place_order` refuse."""
        ordered = await self.order(shopper)
        await self.pay(ordered)
        return ordered

    async def order(self, shopper: Ready) -> Order:
        """Say yes, and pay later."""
        return await say_yes(self.database, self.holds, shopper, PaymentMethod.SIMULATOR, now=datetime.now(UTC))

    async def pay(self, ordered: Order) -> None:
        """The bank says that it is paid."""
        async with self.database.begin() as session:
            intent = (await session.scalars(select(Intent).where(Intent.order_id == ordered.id))).one()
            paid = Session(
                f"bench-{intent.id}", intent.reference, "", SessionState.PAID, Money(intent.amount, intent.currency)
            )
            await settle(session, intent_id=intent.id, answer=paid, now=datetime.now(UTC))

    async def seats(self) -> list[int]:
        """The allotments of the seats of all its groups."""
        async with self.database.begin() as session:
            theirs = select(BuyingGroup.seats_id).where(BuyingGroup.campaign_id == self.campaign_id)
            return list(await session.scalars(theirs))
