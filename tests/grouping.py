"""A shop where tea is bought together, with a clock that only the test moves; the bank's answers are said outright."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.announcements import Announcement
from commerce.carts.deals import GroupDeal, deal_cart
from commerce.catalog.model import Variant
from commerce.customers.actions import save_address
from commerce.group_buy.campaigns import CampaignDraft, Offer, add_campaign, start_campaign
from commerce.group_buy.deadlines import close_groups, finish_groups, orders_to_settle
from commerce.group_buy.model import BuyingGroup, GroupMember
from commerce.group_buy.queries import GroupView, group_view
from commerce.inventory.hold import Holds
from commerce.orders.actions import Quote, expire_unpaid_orders, place_order, quote
from commerce.orders.groups import leave_group, settle_group_order
from commerce.orders.model import Order, PaymentMethod
from commerce.orders.settlement import settle
from commerce.payments.model import Intent, IntentState, Refund
from commerce.payments.port import Session, SessionState
from foundation.database import Database
from foundation.errors import Refused
from foundation.money import Money
from tests.goods import ZHANG, a_customer, a_product, holds_of

PRICE, GROUP_PRICE, LEADER_PRICE = 6800, 4900, 3900
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass
class GroupShop:
    """Tea for 68 yuan, in a group for 49, for who starts one 39."""

    database: Database
    holds: Holds
    now: datetime
    tea: int
    product: int
    campaign: int = 0
    addresses: dict[int, int] = field(default_factory=dict)

    def later(self, by: timedelta) -> None:
        self.now += by

    def draft(self, **wishes: object) -> CampaignDraft:
        """A campaign of three members within a day."""
        known: dict[str, object] = {
            "name": {"zh": "拼茶", "en": "Tea together"},
            "product_id": self.product,
            "starts_at": self.now,
            "ends_at": self.now + timedelta(days=7),
            "size": 3,
            "offers": (Offer(self.tea, GROUP_PRICE, LEADER_PRICE),),
        }
        return CampaignDraft(**{**known, **wishes})  # type: ignore[arg-type]

    async def runs(self, **wishes: object) -> int:
        """A campaign that is on; also the one meant from here on."""
        async with self.database.begin() as session:
            made = await add_campaign(session, draft=self.draft(**wishes), now=self.now)
            await start_campaign(session, campaign_id=made.id, version=made.version, now=self.now)
            self.campaign = made.id
        return self.campaign

    async def customer(self) -> int:
        async with self.database.begin() as session:
            customer = await a_customer(session, now=self.now)
            address = await save_address(session, customer_id=customer.id, parsed=ZHANG, now=self.now)
            self.addresses[customer.id] = address.id
            return customer.id

    async def quoted(self, customer: int, group: int | None = None, pieces: int = 1) -> Quote:
        """What somebody is about to confirm who starts a group, or joins this one."""
        async with self.database.begin() as session:
            deal = GroupDeal(self.campaign, group)
            cart = await deal_cart(session, customer_id=customer, deal=deal, lines={self.tea: pieces}, now=self.now)
            return await quote(session, customer_id=customer, language="zh", now=self.now, cart_id=cart.id)

    async def hold(self, offer: Quote) -> None:
        await self.holds.hold(
            offer.hold_key,
            offer.holding,
            until=self.now + 15 * MINUTE,
            now=self.now,
            allotments=offer.allotments,
        )

    async def place(self, customer: int, offer: Quote, session: AsyncSession | None = None) -> Order:
        """In a transaction of its own, if not in this one."""
        async with self.database.begin() if session is None else nullcontext(session) as own:
            return await place_order(
                own,
                customer_id=customer,
                cart_id=offer.cart_id,
                cart_version=offer.cart_version,
                priced=offer.priced,
                address_id=self.addresses[customer],
                payment_method=PaymentMethod.SIMULATOR,
                hold_key=offer.hold_key,
                language="zh",
                now=self.now,
            )

    async def asks(self, group: int | None = None, *, customer: int | None = None, pieces: int = 1) -> Order:
        """The order of a seat, not paid yet."""
        customer = customer or await self.customer()
        offer = await self.quoted(customer, group, pieces)
        await self.hold(offer)
        return await self.place(customer, offer)

    async def pays(self, order: Order, state: SessionState = SessionState.PAID) -> IntentState:
        """The bank says that this order is paid, or what else became of it; again it says the same."""
        async with self.database.begin() as session:
            intent = (await session.scalars(select(Intent).where(Intent.order_id == order.id))).one()
            money = Money(intent.amount, intent.currency)
            answer = Session(f"ses-{intent.id}", intent.reference, "", state, money)
            return await settle(session, intent_id=intent.id, answer=answer, now=self.now)

    async def joins(self, group: int | None = None, *, customer: int | None = None, pieces: int = 1) -> Order:
        """A member who has paid."""
        order = await self.asks(group, customer=customer, pieces=pieces)
        await self.pays(order)
        return order

    async def begun(self) -> tuple[int, Order]:
        """A group whose leader has paid, and the leader's order."""
        order = await self.joins()
        return await self.group_of(order), order

    async def leaves(self, order: Order) -> None:
        async with self.database.begin() as session:
            group = (await self.member(order)).group_id
            await leave_group(session, group_id=group, customer_id=order.customer_id, now=self.now)

    async def member(self, order: Order) -> GroupMember:
        async with self.database.begin() as session:
            return (await session.scalars(select(GroupMember).where(GroupMember.order_id == order.id))).one()

    async def group_of(self, order: Order) -> int:
        return (await self.member(order)).group_id

    async def view(self, group: int, customer: int | None = None) -> GroupView:
        async with self.database.begin() as session:
            return await group_view(session, group_id=group, now=self.now, customer_id=customer)

    async def order(self, order: Order) -> Order:
        """As it is now."""
        async with self.database.begin() as session:
            return await session.get_one(Order, order.id)

    async def told(self, order: Order, *, also: int = 0) -> list[str]:
        """What the customer of an order heard, after the first announcement about it."""
        async with self.database.begin() as session:
            mine = select(Announcement.kind).where(Announcement.customer_id == order.customer_id)
            return list(await session.scalars(mine.order_by(Announcement.id)))[1:]

    async def refunds(self, order: Order) -> list[tuple[str, int]]:
        """What goes back of an order: (key, minor units)."""
        async with self.database.begin() as session:
            mine = select(Refund).where(Refund.order_id == order.id).order_by(Refund.id)
            return [(refund.key, refund.amount) for refund in await session.scalars(mine)]

    async def opens(self, order: Order) -> None:
        """The pay page has been opened: from now on only the bank can close it."""
        async with self.database.begin() as session:
            await session.execute(update(Intent).where(Intent.order_id == order.id).values(opened_at=self.now))

    async def sweeps(self) -> int:
        """What the worker does about groups, once: deadlines, then order by order what follows of them."""
        async with self.database.begin() as session:
            await expire_unpaid_orders(session, now=self.now)
        async with self.database.begin() as session:
            closed = await close_groups(session, now=self.now)
        await self.settles()
        async with self.database.begin() as session:
            await finish_groups(session, now=self.now)
        return closed

    async def settles(self, most: int = 1000) -> int:
        async with self.database.begin() as session:
            due = await orders_to_settle(session, limit=most)
        done = 0
        for order_id in due:
            async with self.database.begin() as session:
                done += await settle_group_order(session, order_id=order_id, now=self.now)
        return done

    async def row(self, group: int) -> BuyingGroup:
        async with self.database.begin() as session:
            return await session.get_one(BuyingGroup, group)


@asynccontextmanager
async def group_shop(database: Database, now: datetime, *, pieces: int = 1000) -> AsyncIterator[GroupShop]:
    """Open it on this database, with a campaign that is on."""
    async with database.begin() as session:
        tea = await a_product(session, now=now, price=PRICE, pieces=pieces)
        product = (await session.get_one(Variant, tea)).product_id
    async with holds_of(database) as holds:
        shop = GroupShop(database, holds, now, tea, product)
        await shop.runs()
        yield shop


async def refusal_of(act: object) -> str:
    """The code an act is refused with; "" where it is not."""
    try:
        await act  # type: ignore[misc]
    except Refused as refused:
        return refused.code
    return ""
