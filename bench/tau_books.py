"""The shop of tau-bench retail as rows of ours: its users and orders as they are before a conversation, and its rules.

The past is written as rows, for nobody's use case makes a delivered order in one step; `commerce.checks` holds over it.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy.ext.asyncio import AsyncSession

from bench.tau_data import (
    CURRENCY,
    LANGUAGE,
    ORDER_RULES,
    PROVIDERS,
    Books,
    Data,
    Things,
    address_of,
    cents,
    return_rules,
)
from bench.tau_goods import load_goods
from commerce.carts.model import Cart, CartStatus
from commerce.credit.model import AccountKind, CreditAccount, CreditMovement, MovementKind
from commerce.customers.actions import PHONE, PHONE_LAST4
from commerce.customers.address import AddressText
from commerce.customers.linking import EMAIL, plain_email
from commerce.customers.model import Address, Customer
from commerce.inventory.actions import add_pieces
from commerce.orders.model import Order, OrderLine, OrderStatus, PaymentMethod
from commerce.orders.policy import set_policy
from commerce.orders.snapshot import seal_address
from commerce.payments.model import Instrument, Intent, IntentState, Payment, Refund, RefundState
from commerce.shipping.model import Shipment, ShipmentLine, ShipmentState
from foundation.database import Base
from foundation.encryption import Vault

LONG_AGO, LATELY = timedelta(days=10), timedelta(days=2)
_PARCELS = {
    "processed": ShipmentState.SHIPPED,
    "delivered": ShipmentState.DELIVERED,
    "cancelled": ShipmentState.CANCELLED,
}


async def load(session: AsyncSession, data: Data, *, now: datetime) -> Books:
    """Write all of it, and the rules of that shop."""
    loader = _Loader(session, data, now)
    items = await load_goods(session, data, now=now)
    customers = await loader.customers()
    accounts, instruments = await loader.purses(customers)
    books = Books(customers, items, accounts, instruments, now)
    await loader.orders(books)
    await set_policy(session, ORDER_RULES)
    session.add_all(return_rules(now))
    await session.flush()
    return books


class _Loader:
    def __init__(self, session: AsyncSession, data: Data, now: datetime) -> None:
        self.session, self.data, self.now = session, data, now
        self.vault = cast(Vault, session.info["vault"])

    async def _write(self, *rows: Base) -> None:
        self.session.add_all(rows)
        await self.session.flush()

    async def customers(self) -> dict[str, int]:
        """Users, with their e-mail proved."""
        rows = {
            name: Customer(
                language=LANGUAGE,
                name_sealed=self.vault.seal(_full_name(user)),
                email_sealed=self.vault.seal(user["email"]),
                email_index=self.vault.blind(EMAIL, plain_email(user["email"])),
                created_at=self.now - LONG_AGO,
            )
            for name, user in self.data.users.items()
        }
        await self._write(*rows.values())
        return {name: row.id for name, row in rows.items()}

    async def purses(self, customers: Mapping[str, int]) -> tuple[dict[str, int], dict[str, int]]:
        """Gift cards as accounts, with what was drawn from them; cards and wallets as instruments."""
        accounts: dict[str, CreditAccount] = {}
        instruments: dict[str, Instrument] = {}
        before = self.now - LONG_AGO
        for name, user in self.data.users.items():
            for method_id, method in user["payment_methods"].items():
                if method["source"] == "gift_card":
                    accounts[method_id] = CreditAccount(
                        customer_id=customers[name],
                        kind=AccountKind.GIFT_CARD,
                        currency=CURRENCY,
                        balance=cents(method["balance"]),
                        created_at=before,
                    )
                else:
                    instruments[method_id] = Instrument(
                        customer_id=customers[name],
                        provider=PROVIDERS[method["source"]],
                        token=method_id,
                        label=f"{method['brand']} {method['last_four']}" if "brand" in method else "",
                        created_at=before,
                    )
        await self._write(*accounts.values(), *instruments.values())
        drawn: Counter[str] = Counter()
        for order in self.data.orders.values():
            for entry in order["payment_history"]:
                sign = 1 if entry["transaction_type"] == "payment" else -1
                drawn[entry["payment_method_id"]] += sign * cents(entry["amount"])
        self.session.add_all(
            _moved(account.id, MovementKind.PAID_IN, account.balance + drawn[method_id], "opening", before)
            for method_id, account in accounts.items()
            if account.balance + drawn[method_id]
        )
        return (
            {method_id: row.id for method_id, row in accounts.items()},
            {method_id: row.id for method_id, row in instruments.items()},
        )

    async def orders(self, books: Books) -> None:
        """Orders with their lines, money and parcels; the address of a user is the last one that they gave."""
        carts, addresses = {}, {}
        for number, order in self.data.orders.items():
            customer_id = books.customers[order["user_id"]]
            carts[number] = Cart(customer_id=customer_id, status=CartStatus.ORDERED, version=0, updated_at=self.now)
            addresses[number] = self._address(customer_id, self._where(order))
        await self._write(*carts.values(), *addresses.values())
        await self._write(
            *(
                self._address(books.customers[name], address_of(user["address"], _full_name(user)))
                for name, user in self.data.users.items()
            )
        )
        rows = {
            number: self._order(number, order, books, cart_id=carts[number].id, address=addresses[number])
            for number, order in self.data.orders.items()
        }
        await self._write(*rows.values())
        lines = {number: self._lines(order, rows[number].id, books) for number, order in self.data.orders.items()}
        await self._write(*(line for its in lines.values() for line in its))
        for number, order in self.data.orders.items():
            if order["status"] == "pending":
                pieces = {line.variant_id: line.quantity for line in lines[number]}
                await add_pieces(self.session, order_id=rows[number].id, pieces=pieces, key=number, now=self.now)
        await self._parcels(rows, lines)
        await self._money(rows, books)

    def _where(self, order: Things) -> AddressText:
        return address_of(order["address"], _full_name(self.data.users[order["user_id"]]))

    def _address(self, customer_id: int, text: AddressText) -> Address:
        return Address(
            customer_id=customer_id,
            name_sealed=self.vault.seal(text.name),
            phone_sealed=self.vault.seal(text.phone),
            line_sealed=self.vault.seal(text.line),
            phone_index=self.vault.blind(PHONE, text.phone),
            phone_last4_index=self.vault.blind(PHONE_LAST4, text.phone[-4:]),
            created_at=self.now - LONG_AGO,
        )

    def _order(self, number: str, order: Things, books: Books, *, cart_id: int, address: Address) -> Order:
        total = sum(cents(item["price"]) for item in order["items"])
        is_over = order["status"] == "cancelled"
        return Order(
            number=number,
            customer_id=books.customers[order["user_id"]],
            cart_id=cart_id,
            status=OrderStatus.CANCELLED if is_over else OrderStatus.PLACED,
            payment_method=_method(order["payment_history"][0]["payment_method_id"]),
            language=LANGUAGE,
            goods_amount=total,
            total_amount=total,
            currency=CURRENCY,
            address_id=address.id,
            address_sealed=seal_address(self.session, self._where(order)),
            phone_last4_index=address.phone_last4_index,
            created_at=self.now - LONG_AGO,
            placed_at=self.now - LONG_AGO,
            delivered_at=self.now - LATELY if order["status"] == "delivered" else None,
            ended_at=self.now - LATELY if is_over else None,
            version=1,
        )

    def _lines(self, order: Things, order_id: int, books: Books) -> list[OrderLine]:
        counted = Counter(item["item_id"] for item in order["items"])
        things = {item["item_id"]: item for item in order["items"]}
        is_sent = order["status"] in ("processed", "delivered")
        return [
            OrderLine(
                order_id=order_id,
                position=position,
                variant_id=books.items[item],
                title=things[item]["name"],
                label=" / ".join(things[item]["options"].values()),
                quantity=count,
                unit_amount=cents(things[item]["price"]),
                total_amount=cents(things[item]["price"]) * count,
                shipped=count if is_sent else 0,
            )
            for position, (item, count) in enumerate(counted.items(), start=1)
        ]

    async def _parcels(self, rows: Mapping[str, Order], lines: Mapping[str, list[OrderLine]]) -> None:
        sent = self.now - LONG_AGO
        parcels: dict[str, Shipment] = {}
        for number, row in rows.items():
            for fulfilment in self.data.orders[number]["fulfillments"]:
                parcels[number] = Shipment(
                    order_id=row.id,
                    state=_PARCELS[self.data.orders[number]["status"]],
                    tracking_number=fulfilment["tracking_id"][0],
                    created_at=sent,
                    state_at=sent,
                    shipped_at=None if row.status is OrderStatus.CANCELLED else sent,
                    delivered_at=row.delivered_at,
                )
        await self._write(*parcels.values())
        self.session.add_all(
            ShipmentLine(shipment_id=parcel.id, order_line_id=line.id, quantity=line.quantity)
            for number, parcel in parcels.items()
            for line in lines[number]
        )

    async def _money(self, rows: Mapping[str, Order], books: Books) -> None:
        """What was paid, and given back of cancelled orders."""
        when = self.now - LONG_AGO
        intents: dict[str, Intent] = {}
        for number, row in rows.items():
            method_id = self.data.orders[number]["payment_history"][0]["payment_method_id"]
            is_account = method_id in books.accounts
            intents[number] = Intent(
                order_id=row.id,
                provider=row.payment_method,
                reference=f"past-{number}",
                amount=row.total_amount,
                currency=CURRENCY,
                state=IntentState.SUCCEEDED,
                provider_ref=None if is_account else f"past-{number}",
                instrument=f"account:{books.accounts[method_id]}" if is_account else method_id,
                opened_at=None if is_account else when,
                created_at=when,
            )
        await self._write(*intents.values())
        payments = {
            number: Payment(
                intent_id=intent.id,
                order_id=intent.order_id,
                provider=intent.provider,
                captured=intent.amount,
                refunded=intent.amount if rows[number].status is OrderStatus.CANCELLED else 0,
                currency=CURRENCY,
                captured_at=when,
            )
            for number, intent in intents.items()
        }
        await self._write(*payments.values())
        for number, payment in payments.items():
            method_id = self.data.orders[number]["payment_history"][0]["payment_method_id"]
            key = f"refund:cancelled:{payment.id}"
            if rows[number].status is OrderStatus.CANCELLED:
                self.session.add(_refund(payment, key, when))
            if method_id in books.accounts:
                account = books.accounts[method_id]
                self.session.add(
                    _moved(account, MovementKind.DRAWN, -payment.captured, f"order:{payment.order_id}", when)
                )
                if payment.refunded:
                    self.session.add(_moved(account, MovementKind.PAID_IN, payment.refunded, key, when))
        await self.session.flush()


def _full_name(user: Things) -> str:
    return f"{user['name']['first_name']} {user['name']['last_name']}"


def _method(method_id: str) -> PaymentMethod:
    return PROVIDERS.get(method_id.rsplit("_", 1)[0], PaymentMethod.CREDIT)


def _moved(account_id: int, kind: MovementKind, amount: int, reference: str, at: datetime) -> CreditMovement:
    return CreditMovement(account_id=account_id, kind=kind, amount=amount, reason="", reference=reference, at=at)


def _refund(payment: Payment, key: str, at: datetime) -> Refund:
    return Refund(
        key=key,
        payment_id=payment.id,
        order_id=payment.order_id,
        provider=payment.provider,
        amount=payment.captured,
        currency=payment.currency,
        reason="cancelled",
        state=RefundState.SUCCEEDED,
        created_at=at,
        settled_at=at,
    )
