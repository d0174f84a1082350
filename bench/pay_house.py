"""A shop whose only business is to be paid: the real use cases, the real simulator over ASGI, a clock that is moved.

What benches and tests of payments share. Goods whose prices end in 66.61 to 66.71 bring a fault of the bank with them.
"""

import contextlib
import itertools
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import cast

import httpx
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bench.shoppers_ready import Ready, say_yes
from bot.web.simulator import send_webhooks
from bot.web.simulator_bank import Bank
from bot.web.simulator_books import session_by_reference
from bot.web.simulator_model import FAULT_OF_AMOUNT, Fault, SimulatorRefund, SimulatorSession
from cli.scratch import BASE_URL, EMPTY, Place, ScratchShop, scratch_shop
from commerce.carts.actions import add_line
from commerce.catalog.model import Product, ProductStatus, ProductText, Variant
from commerce.customers.actions import customer_for, save_address
from commerce.customers.address import AddressText
from commerce.inventory.actions import receive_stock
from commerce.orders.actions import expire_unpaid_orders, quote
from commerce.orders.model import Order, PaymentMethod
from commerce.payments.actions import Till, open_payment, pay_token, reconcile
from commerce.payments.jobs import JOBS
from commerce.payments.methods import waits_for
from commerce.payments.model import Intent, Payment, Refund, RefundState
from commerce.payments.port import ProviderUnreachable
from commerce.payments.practice_wallets import ALIPAY_AT_HOME
from commerce.payments.setup import STRIPE_AT_HOME
from foundation.jobs import run_due_jobs
from nlu.understand import Understander

SOUND = 6800
"""The price of what brings no fault, in minor units."""
SOMEWHERE = AddressText("张三", "+8613800138000", "浙江省杭州市西湖区文三路90号")
STOCK = 1_000_000
MINUTE = timedelta(minutes=1)
PAGED = (PaymentMethod.SIMULATOR, PaymentMethod.STRIPE, PaymentMethod.WECHAT, PaymentMethod.ALIPAY)
"""The ways to pay on a bank's page."""


@dataclass
class PayHouse:
    """The shop. `goods` is {price in minor units: variant id}."""

    scratch: ScratchShop
    goods: dict[int, int]
    _numbers: "itertools.count[int]"

    @property
    def till(self) -> Till:
        """Till of the shop."""
        return self.scratch.shop.till

    @property
    def bank(self) -> Bank:
        """The simulator."""
        return cast(Bank, self.scratch.app.state.bank)

    async def order(self, method: PaymentMethod, *, price: int = SOUND, pieces: int = 1) -> Order:
        """A new shopper orders so many of what costs so much, and has still to pay."""
        shop, now, variant = self.scratch.shop, self.scratch.clock(), self.goods[price]
        async with shop.database.begin() as session:
            account = f"payer-{next(self._numbers)}"
            customer = await customer_for(session, channel="web", account=account, language="zh", now=now)
            await add_line(session, customer_id=customer.id, variant_id=variant, quantity=pieces, now=now)
            address = await save_address(session, customer_id=customer.id, parsed=SOMEWHERE, now=now)
            offer = await quote(session, customer_id=customer.id, language="zh", now=now)
        ready = Ready(customer.id, address.id, offer)
        unpaid_for = waits_for(shop.settings, method)
        return await say_yes(shop.database, shop.holds, ready, method, now=now, unpaid_for=unpaid_for)

    async def intent(self, order: Order) -> Intent:
        """The latest intent of an order."""
        async with self.till.database.begin() as session:
            latest = select(Intent).where(Intent.order_id == order.id).order_by(Intent.id.desc()).limit(1)
            return (await session.scalars(latest)).one()

    async def open(self, order: Order, *, faults: Collection[Fault] = ()) -> Intent:
        """The shopper follows the pay link, again while the bank does not answer; then `faults` are told to it."""
        token = pay_token(self.till.vault, (await self.intent(order)).id)
        for _ in range(5):
            with contextlib.suppress(ProviderUnreachable):
                url = await open_payment(self.till, token)
                if not url.startswith(BASE_URL + ALIPAY_AT_HOME):
                    break
                if (await self.scratch.client.get(url)).status_code == httpx.codes.SEE_OTHER:
                    break
        intent = await self.intent(order)
        if faults:
            await self.tell(intent, faults)
        return intent

    async def tell(self, intent: Intent, faults: Collection[Fault]) -> None:
        """Let things go wrong with the session of an intent."""
        async with self.till.database.begin() as session:
            found = await session_by_reference(session, _there(intent))
            found.faults = [str(fault) for fault in faults]

    async def press(self, intent: Intent, choice: str = "pay") -> None:
        """The shopper presses a button on the bank's page: "pay" or "decline"."""
        async with self.till.database.begin() as session:
            session_id = (await session_by_reference(session, _there(intent))).id
        answer = await self.scratch.client.post(f"/simulator/pay/{session_id}", data={"choice": choice})
        assert answer.status_code == httpx.codes.SEE_OTHER, answer.text

    async def hear(self) -> int:
        """Deliver the webhooks that are due."""
        return await send_webhooks(self.bank, self.scratch.client)

    async def work(self) -> None:
        """Do the jobs that are due; one whose bank does not answer is tried a few times, as the worker would."""
        for _ in range(8):
            with contextlib.suppress(ProviderUnreachable):
                await run_due_jobs(self.till.database, {name: partial(job, self.till) for name, job in JOBS.items()})
                return

    async def reconcile(self, *, limit: int = 500) -> int:
        """One round of questions to the banks."""
        return await reconcile(self.till, limit=limit)

    async def expire(self, *, limit: int = 1000) -> int:
        """End what was not paid in time."""
        async with self.till.database.begin() as session:
            return await expire_unpaid_orders(session, now=self.scratch.clock(), limit=limit)

    def later(self, by: timedelta) -> None:
        """Let time pass."""
        self.scratch.clock.move(by)

    async def books(self) -> dict[str, dict[str, int]]:
        """Money taken and given back as the banks have it and as our ledger has it, by provider, in minor units."""
        async with self.till.database.begin() as session:
            return {str(method): await _books_of(session, method) for method in PAGED}


def _there(intent: Intent) -> str:
    """The name of a payment at its bank."""
    return intent.reference.replace("-", "_") if intent.provider == PaymentMethod.ALIPAY else intent.reference


async def _books_of(session: AsyncSession, provider: PaymentMethod) -> dict[str, int]:
    its = SimulatorSession.protocol == ("own" if provider is PaymentMethod.SIMULATOR else provider)
    taken = select(func.sum(SimulatorSession.amount)).where(its, SimulatorSession.state == "paid")
    given = (
        select(func.sum(SimulatorRefund.amount))
        .join(SimulatorSession, SimulatorSession.id == SimulatorRefund.session_id)
        .where(its, SimulatorRefund.state != "failed")
    )
    ours = select(func.sum(Payment.captured)).where(Payment.provider == provider)
    back = select(func.sum(Refund.amount)).where(Refund.provider == provider, Refund.state == RefundState.SUCCEEDED)
    return {
        "bank_taken": int(await session.scalar(taken) or 0),
        "bank_given_back": int(await session.scalar(given) or 0),
        "ledger_captured": int(await session.scalar(ours) or 0),
        "ledger_refunded": int(await session.scalar(back) or 0),
    }


@asynccontextmanager
async def pay_house(
    place: Place, *, prices: Collection[int] = (SOUND, *FAULT_OF_AMOUNT), **settings: object
) -> AsyncIterator[PayHouse]:
    """Open it on a fresh database, with Stripe, WeChat Pay and Alipay played by our own simulator."""
    at_home = {
        "stripe_secret_key": "sk_test_of_this_house",
        "stripe_webhook_secret": "whsec_of_this_house",
        "stripe_url": BASE_URL + STRIPE_AT_HOME,
        "transfer_account": "小店 · 中国银行 · 6217 0000 0000 0000",
    }
    async with scratch_shop(place, template=EMPTY, load=_nobody, **{**at_home, **settings}) as scratch:
        goods: dict[int, int] = {}
        async with scratch.shop.database.begin() as session:
            for price in prices:
                goods[price] = await _a_product(session, price, scratch)
        yield PayHouse(scratch, goods, itertools.count(1))


async def _a_product(session: AsyncSession, price: int, scratch: ScratchShop) -> int:
    now = scratch.clock()
    product = Product(handle=f"goods-{price}", status=ProductStatus.PUBLISHED, created_at=now, updated_at=now)
    session.add(product)
    await session.flush()
    session.add(ProductText(product_id=product.id, lang="zh", title=f"商品 {price}", body=""))
    variant = Variant(
        product_id=product.id, sku=f"G-{price}", price_amount=price, currency="CNY", position=0, active=True
    )
    session.add(variant)
    await session.flush()
    await receive_stock(session, variant_id=variant.id, quantity=STOCK, reference="opening", now=now)
    return variant.id


def _nobody() -> Understander:
    """Nothing is said here, so nothing needs to be understood."""
    return cast(Understander, None)
