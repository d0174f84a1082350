"""The calls of tau-bench retail as calls of our own use cases, with a payment provider in memory at the wire."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker

from bench.tau_data import LANGUAGE, PROVIDERS, Books, Things, address_of
from commerce.catalog.model import Product, Variant
from commerce.catalog.queries import variant_views
from commerce.credit.actions import accounts_of
from commerce.customers.actions import save_address
from commerce.customers.linking import email_index
from commerce.customers.model import Customer
from commerce.orders.actions import change_order, mark_refunded, order_view, orders_of
from commerce.orders.model import Order, OrderLine, PaymentMethod
from commerce.orders.steps import CancelAll, PayBy, SendTo, Step, swap
from commerce.payments.actions import Till, look_at_intent, look_at_refund, open_payment, pay_token
from commerce.payments.cash import BY_HAND
from commerce.payments.model import PAYABLE, Intent, Payment, Refund, RefundState
from commerce.payments.port import Notice, RefundOutcome, Session, SessionState
from commerce.returns.actions import open_return
from commerce.returns.model import Kind, RefundTo, Why
from commerce.returns.offers import Asked, Terms, Wish
from foundation.database import Database
from foundation.encryption import Vault
from foundation.errors import Refused
from foundation.money import Money

TERMS = Terms(ZoneInfo("America/New_York"), timedelta(days=3))
READS_NOTHING = frozenset({"calculate", "think", "list_all_product_types"})
"""Calls that ask our rows for nothing."""


class OneBook(Database):
    """A database whose every transaction is a savepoint of one that is never committed: a task leaves no trace."""

    def __init__(self, connection: AsyncConnection, vault: Vault) -> None:
        self.vault = vault
        self._sessions = async_sessionmaker(
            connection,
            join_transaction_mode="create_savepoint",
            expire_on_commit=False,
            info={"vault": vault},
        )


@asynccontextmanager
async def clean_books(database: Database) -> AsyncIterator[OneBook]:
    """The books as they were loaded; whatever is done with them is undone at the end."""
    assert database.vault is not None
    async with database.engine.connect() as connection, connection.begin() as everything:
        yield OneBook(connection, database.vault)
        await everything.rollback()


@dataclass
class Wire:
    """A provider that keeps its sessions in memory. `pay` is what the shopper does on its page."""

    name: str
    sessions: dict[str, Session] = field(default_factory=dict)
    refunds: dict[tuple[str, str], int] = field(default_factory=dict)

    async def create(self, *, reference: str, money: Money, return_url: str, **_others: object) -> Session:
        """A session under our own name of it."""
        del return_url
        made = Session(reference, reference, f"https://pay.test/{reference}", SessionState.OPEN, money)
        return self.sessions.setdefault(reference, made)

    async def query(self, ref: str) -> Session:
        """As it is."""
        return self.sessions[ref]

    async def close(self, ref: str) -> Session:
        """Closed, unless it was paid."""
        if self.sessions[ref].state is SessionState.OPEN:
            self.sessions[ref] = replace(self.sessions[ref], state=SessionState.CLOSED)
        return self.sessions[ref]

    async def refund(self, ref: str, *, key: str, money: Money) -> RefundOutcome:
        """Once under a key, and never more than was paid."""
        known = sum(amount for (of, other), amount in self.refunds.items() if of == ref and other != key)
        if known + money.amount > self.sessions[ref].money.amount:
            return RefundOutcome.FAILED
        self.refunds[ref, key] = money.amount
        return RefundOutcome.SUCCEEDED

    async def query_refund(self, ref: str, *, key: str) -> RefundOutcome:
        """Whether it was made."""
        return RefundOutcome.SUCCEEDED if (ref, key) in self.refunds else RefundOutcome.UNKNOWN

    def verify(self, headers: Mapping[str, str], raw: bytes) -> list[Notice]:
        """It sends no webhooks: the shop asks."""
        del headers, raw
        return []

    def pay(self, ref: str, instrument: str) -> None:
        """The shopper pays with this card or wallet."""
        self.sessions[ref] = replace(self.sessions[ref], state=SessionState.PAID, instrument=instrument)


async def past_wires(session: AsyncSession) -> dict[str, Wire]:
    """The providers with what they were paid before."""
    wires = {method.value: Wire(method.value) for method in PROVIDERS.values()}
    for intent in await session.scalars(select(Intent).where(Intent.provider_ref.is_not(None))):
        ref = intent.provider_ref or ""
        wires[intent.provider].sessions[ref] = Session(
            ref, intent.reference, "", SessionState.PAID, intent.money, intent.instrument
        )
    return wires


@dataclass
class Counter:
    """Who takes the calls of one task. `books` says which row is which thing of theirs."""

    database: OneBook
    books: Books
    wires: dict[str, Wire]
    calls: int = 0

    @property
    def now(self) -> datetime:
        """A minute for each call, so that the money of one comes before that of the next."""
        return self.books.now + timedelta(minutes=self.calls)

    @classmethod
    def open(cls, database: OneBook, books: Books, wires: Mapping[str, Wire]) -> "Counter":
        """With providers of its own that remember the past."""
        own = {name: Wire(name, dict(wire.sessions), dict(wire.refunds)) for name, wire in wires.items()}
        return cls(database, books, own)

    async def call(self, name: str, arguments: Things) -> None:
        """Do what their call of this name asks, all of it or nothing. Raises Refused."""
        self.calls += 1
        if name in READS_NOTHING:
            return
        await _CALLS[name](self, **arguments)
        await self._send_refunds()

    async def cancel(self, order_id: str, reason: str) -> None:
        """cancel_pending_order."""
        await self._change(order_id, [CancelAll()], reason=reason)

    async def change_address(self, order_id: str, **their: str) -> None:
        """modify_pending_order_address."""
        async with self.database.begin() as session:
            order = await self._order(session, order_id)
            customer = await session.get_one(Customer, order.customer_id)
            name = self.database.vault.open(customer.name_sealed or b"") if self.database.vault else ""
            parsed = address_of(their, name)
            address = await save_address(session, customer_id=customer.id, parsed=parsed, now=self.now)
        await self._change(order_id, [SendTo(address.id)])

    async def change_payment(self, order_id: str, payment_method_id: str) -> None:
        """modify_pending_order_payment: the new way pays all of it, then the old one gets it back."""
        await self._change(order_id, [self._pay_by(payment_method_id)], paid_with=payment_method_id)

    async def change_items(
        self, order_id: str, item_ids: list[str], new_item_ids: list[str], payment_method_id: str
    ) -> None:
        """modify_pending_order_items: the difference is paid with, or goes back to, what they name."""
        async with self.database.begin() as session:
            lines = await self._lines(session, order_id)
        steps: list[Step] = []
        for item, new in zip(item_ids, new_item_ids, strict=True):
            steps += swap(self._line_of(lines, item), self._item(new), 1)
        way = self._pay_by(payment_method_id)
        await self._change(order_id, steps, pay_with=way, paid_with=payment_method_id)

    async def bring_back(self, order_id: str, item_ids: list[str], payment_method_id: str) -> None:
        """return_delivered_order_items."""
        await self._bring_back(order_id, Kind.RETURN, Why.CHANGED_MIND, item_ids, None, payment_method_id)

    async def exchange(
        self, order_id: str, item_ids: list[str], new_item_ids: list[str], payment_method_id: str
    ) -> None:
        """exchange_delivered_order_items. The same thing once more is what one wants for a faulty one."""
        is_faulty = any(old == new for old, new in zip(item_ids, new_item_ids, strict=True))
        why = Why.DEFECTIVE if is_faulty else Why.CHANGED_MIND
        await self._bring_back(order_id, Kind.EXCHANGE, why, item_ids, new_item_ids, payment_method_id)

    async def change_user(self, user_id: str, **their: str) -> None:
        """modify_user_address."""
        async with self.database.begin() as session:
            customer = await session.get_one(Customer, self.books.customers[user_id])
            name = self.database.vault.open(customer.name_sealed or b"") if self.database.vault else ""
            await save_address(session, customer_id=customer.id, parsed=address_of(their, name), now=self.now)

    async def find_user(self, **by: str) -> None:
        """find_user_id_by_email, by the index. Nobody is found by name and zip code here: names are sealed."""
        if "email" in by:
            async with self.database.begin() as session:
                index = email_index(session, by["email"])
                if await session.scalar(select(Customer.id).where(Customer.email_index == index)) is None:
                    raise Refused("customer.unknown")

    async def user_details(self, user_id: str) -> None:
        """get_user_details: orders and accounts of a customer."""
        async with self.database.begin() as session:
            customer_id = self.books.customers[user_id]
            await orders_of(session, customer_id=customer_id)
            await accounts_of(session, customer_id)

    async def order_details(self, order_id: str) -> None:
        """get_order_details."""
        async with self.database.begin() as session:
            order = await self._order(session, order_id)
            await order_view(session, order.id)

    async def product_details(self, product_id: str) -> None:
        """get_product_details: its kinds, those that are sold out too."""
        async with self.database.begin() as session:
            theirs = select(Variant.id).join(Product, Product.id == Variant.product_id)
            ids = list(await session.scalars(theirs.where(Product.handle == product_id)))
            await variant_views(session, ids, language=LANGUAGE, also_unavailable=True)

    async def call_a_person(self, summary: str = "") -> None:
        """transfer_to_human_agents: nothing of the shop changes."""

    async def _change(
        self,
        number: str,
        steps: list[Step],
        *,
        reason: str = "",
        pay_with: PayBy | None = None,
        paid_with: str = "",
    ) -> None:
        async with self.database.begin() as session:
            order = await self._order(session, number)
            change = await change_order(
                session,
                order_id=order.id,
                customer_id=order.customer_id,
                steps=steps,
                now=self.now,
                reason=reason,
                pay_with=pay_with,
            )
            intent = await session.scalar(
                select(Intent).where(Intent.change_id == change.id, Intent.state.in_(PAYABLE))
            )
        if intent is not None:
            await self._pay(intent, paid_with)

    async def _pay(self, intent: Intent, instrument: str) -> None:
        """The shopper follows the link and pays there; the shop asks how it went."""
        till = self._till
        await open_payment(till, pay_token(till.vault, intent.id))
        self.wires[intent.provider].pay(intent.reference, instrument)
        await look_at_intent(till, intent.id)

    async def _send_refunds(self) -> None:
        """Jobs send what a provider gives back, people what goes by hand."""
        async with self.database.begin() as session:
            waiting = select(Refund.id, Refund.provider).where(Refund.state == RefundState.REQUESTED)
            refunds = (await session.execute(waiting.order_by(Refund.id))).all()
        for refund_id, provider in refunds:
            if provider in BY_HAND:
                async with self.database.begin() as session:
                    await mark_refunded(session, refund_id=refund_id, proof="sent", now=self.now)
            else:
                await look_at_refund(self._till, refund_id)

    async def _bring_back(
        self, number: str, kind: Kind, why: Why, items: list[str], instead: list[str] | None, method_id: str
    ) -> None:
        async with self.database.begin() as session:
            order = await self._order(session, number)
            lines = await self._lines(session, number)
            asked: dict[tuple[int, int | None], int] = {}
            for item, new in zip(items, instead or [""] * len(items), strict=True):
                wanted = self._line_of(lines, item), self._item(new) if new else None
                asked[wanted] = asked.get(wanted, 0) + 1
            to, account_id, instrument_id = await self._purse(session, order, method_id)
            wish = Wish(
                kind=kind,
                lines=tuple(Asked(line, count, new) for (line, new), count in asked.items()),
                why=why,
                refund_to=to,
                account_id=account_id,
                instrument_id=instrument_id,
            )
            await open_return(
                session, order_id=order.id, customer_id=order.customer_id, wish=wish, terms=TERMS, now=self.now
            )

    async def _purse(
        self, session: AsyncSession, order: Order, method_id: str
    ) -> tuple[RefundTo, int | None, int | None]:
        """Where the money of delivered goods goes, in our terms."""
        if method_id in self.books.accounts:
            return RefundTo.ACCOUNT, self.books.accounts[method_id], None
        paid = select(func.count()).select_from(Payment).join(Intent, Intent.id == Payment.intent_id)
        if await session.scalar(paid.where(Payment.order_id == order.id, Intent.instrument == method_id)):
            return RefundTo.ORIGINAL, None, None
        return RefundTo.INSTRUMENT, None, self._instrument(method_id)

    def _pay_by(self, method_id: str) -> PayBy:
        if method_id in self.books.accounts:
            return PayBy(PaymentMethod.CREDIT, self.books.accounts[method_id])
        method = PROVIDERS.get(method_id.rsplit("_", 1)[0], PaymentMethod.SIMULATOR)
        return PayBy(method, instrument_id=self._instrument(method_id))

    def _instrument(self, method_id: str) -> int:
        return self.books.instruments.get(method_id, 0)

    def _item(self, item: str) -> int:
        if item not in self.books.items:
            raise Refused("variant.unknown")
        return self.books.items[item]

    async def _order(self, session: AsyncSession, number: str) -> Order:
        order = await session.scalar(select(Order).where(Order.number == number))
        if order is None:
            raise Refused("order.unknown", number=number)
        return order

    async def _lines(self, session: AsyncSession, number: str) -> list[OrderLine]:
        found = select(OrderLine).join(Order, Order.id == OrderLine.order_id).where(Order.number == number)
        return list(await session.scalars(found.where(OrderLine.cancelled < OrderLine.quantity).order_by(OrderLine.id)))

    def _line_of(self, lines: list[OrderLine], item: str) -> int:
        variant_id = self._item(item)
        found = next((line.id for line in lines if line.variant_id == variant_id), None)
        if found is None:
            raise Refused("change.no_such_line", number="")
        return found

    @property
    def _till(self) -> Till:
        return Till(self.database, self.wires, "https://shop.test", lambda: self.now)


_CALLS: dict[str, Callable[..., Any]] = {
    "cancel_pending_order": Counter.cancel,
    "modify_pending_order_address": Counter.change_address,
    "modify_pending_order_payment": Counter.change_payment,
    "modify_pending_order_items": Counter.change_items,
    "return_delivered_order_items": Counter.bring_back,
    "exchange_delivered_order_items": Counter.exchange,
    "modify_user_address": Counter.change_user,
    "find_user_id_by_email": Counter.find_user,
    "find_user_id_by_name_zip": Counter.find_user,
    "get_user_details": Counter.user_details,
    "get_order_details": Counter.order_details,
    "get_product_details": Counter.product_details,
    "transfer_to_human_agents": Counter.call_a_person,
}
