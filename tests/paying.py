"""A shop with a bank at the wire and a clock that only the test moves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select

from commerce.announcements import Announcement
from commerce.inventory.hold import Holds
from commerce.orders.actions import cancel_order, expire_unpaid_orders, order_view
from commerce.orders.model import Order, PaymentMethod
from commerce.orders.queries import OrderView
from commerce.payments.actions import Till, look_at_intent, open_payment, pay_token
from commerce.payments.jobs import JOBS
from commerce.payments.model import Intent, Refund
from commerce.payments.simulator import Simulator
from foundation.database import Database
from foundation.jobs import run_due_jobs
from tests.crowd import copied
from tests.goods import a_product, an_order, holds_of
from tests.simulator_fake import SECRET, Bank


@dataclass
class Shop:
    """Teas for 68 yuan, and everything a shopper, a worker or the bank does."""

    database: Database
    holds: Holds
    bank: Bank
    till: Till
    tea: int

    @property
    def now(self) -> datetime:
        return self.bank.now

    def later(self, by: timedelta) -> None:
        self.bank.now += by

    async def order(self, pieces: int = 3) -> Order:
        """An order that waits for its money."""
        return await an_order(
            self.database, self.holds, {self.tea: pieces}, now=self.now, method=PaymentMethod.SIMULATOR
        )

    async def opened(self, pieces: int = 3) -> tuple[Order, Intent]:
        """An order whose pay page the shopper has opened."""
        order = await self.order(pieces)
        await open_payment(self.till, await self.token(order))
        return order, await self.intent(order)

    async def opened_by_many(self, count: int) -> list[tuple[Order, Intent]]:
        """So many orders of one piece, each with its own pay page at the bank."""
        order, intent = await self.opened(1)
        orders = await copied(self.database, order, count)
        first = self.bank.sessions[intent.provider_ref or ""]
        ids = [one.id for one in orders]
        async with self.database.begin() as session:
            found = select(Intent).where(Intent.order_id.in_(ids)).order_by(Intent.order_id)
            intents = list(await session.scalars(found))
        for one in intents:
            self.bank.sessions[one.provider_ref or ""] = {**first, "id": one.provider_ref, "reference": one.reference}
        return list(zip(orders, intents, strict=True))

    async def paid(self, pieces: int = 3) -> tuple[Order, Intent]:
        """An order that was paid, and the shop knows."""
        order, intent = await self.opened(pieces)
        self.bank.pay(intent.reference)
        await look_at_intent(self.till, intent.id)
        return order, await self.intent(order)

    async def token(self, order: Order) -> str:
        return pay_token(self.till.vault, (await self.intent(order)).id)

    async def intent(self, order: Order) -> Intent:
        async with self.database.begin() as session:
            return (await session.scalars(select(Intent).where(Intent.order_id == order.id))).one()

    async def view(self, order: Order) -> OrderView:
        async with self.database.begin() as session:
            return await order_view(session, order.id)

    async def told(self) -> list[str]:
        """What customers were told, after the order itself."""
        async with self.database.begin() as session:
            return list(await session.scalars(select(Announcement.kind).order_by(Announcement.id)))[1:]

    async def work(self) -> int:
        """Run the jobs that are due."""
        return await run_due_jobs(self.database, {name: partial(job, self.till) for name, job in JOBS.items()})

    async def expire(self) -> int:
        async with self.database.begin() as session:
            return await expire_unpaid_orders(session, now=self.now)

    async def cancel(self, order: Order) -> None:
        async with self.database.begin() as session:
            await cancel_order(session, order_id=order.id, by="shopper", reason="changed my mind", now=self.now)

    async def refund(self) -> Refund:
        async with self.database.begin() as session:
            return (await session.scalars(select(Refund))).one()


@asynccontextmanager
async def paying_shop(database: Database, now: datetime, *, teas: int = 10) -> AsyncIterator[Shop]:
    """Open it on this database."""
    bank = Bank(now)
    async with database.begin() as session:
        tea = await a_product(session, now=now, price=6800, pieces=teas)
    async with bank.client() as client, holds_of(database) as holds:
        simulator = Simulator(client, base_url="https://shop.example", secret=SECRET, now=lambda: bank.now)
        till = Till(database, {"simulator": simulator}, "https://shop.example", lambda: bank.now)
        yield Shop(database, holds, bank, till, tea)
