"""Our rows in the shape of tau-bench retail: what a customer and their orders look like in its three files."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from bench.tau_data import Books, Things
from bench.tau_goods import Goods
from commerce.credit.model import CreditAccount, CreditMovement
from commerce.customers.model import Address, Customer
from commerce.orders.model import ChangeKind, ChangeState, Order, OrderChange, OrderLine, OrderStatus
from commerce.orders.snapshot import open_address
from commerce.payments.model import Instrument, Intent, Payment, Refund
from commerce.returns.model import GAVE_UP, Kind, RefundTo, Return, ReturnLine
from commerce.shipping.model import Shipment, ShipmentLine
from foundation.encryption import Vault

Row = TypeVar("Row", OrderLine, OrderChange, Return)
_SOURCES: dict[str, tuple[str, ...]] = {"credit_card": ("brand", "last_four"), "paypal": ()}


async def state_of(session: AsyncSession, user_id: str, books: Books, goods: Mapping[int, Goods]) -> Things:
    """{"user": ..., "orders": {number: ...}} of a customer. Amounts are minor units."""
    reader = _Reader(session, books, goods, books.customers[user_id])
    orders = await reader.orders()
    for order in orders.values():
        order["user_id"] = user_id
    return {"user": await reader.user(list(orders)), "orders": orders}


class _Reader:
    def __init__(self, session: AsyncSession, books: Books, goods: Mapping[int, Goods], customer_id: int) -> None:
        self.session, self.goods, self.customer_id = session, goods, customer_id
        self.vault: Vault = session.info["vault"]
        self.ways = {f"account:{row}": name for name, row in books.accounts.items()}
        self.accounts = {row: name for name, row in books.accounts.items()}
        self.instruments = {row: name for name, row in books.instruments.items()}

    async def user(self, orders: list[str]) -> Things:
        """The profile. An address that was given for one order only is not the customer's own."""
        customer = await self.session.get_one(Customer, self.customer_id)
        first, _, last = self.vault.open(customer.name_sealed or b"").partition(" ")
        for_one_order = await self.session.scalars(
            select(OrderChange.actions)
            .join(Order, Order.id == OrderChange.order_id)
            .where(Order.customer_id == self.customer_id, OrderChange.kind == ChangeKind.ADDRESS)
        )
        others = {int(step["address_id"]) for steps in for_one_order for step in steps}
        own = select(Address).where(Address.customer_id == self.customer_id, Address.id.not_in(others))
        address = (await self.session.scalars(own.order_by(Address.id.desc()).limit(1))).one()
        return {
            "name": {"first_name": first, "last_name": last},
            "address": _address(self.vault.open(address.line_sealed)),
            "email": self.vault.open(customer.email_sealed or b""),
            "payment_methods": await self._methods(),
            "orders": sorted(orders),
        }

    async def _methods(self) -> Things:
        methods: Things = {}
        cards = select(Instrument).where(Instrument.customer_id == self.customer_id)
        for card in await self.session.scalars(cards):
            source = card.token.rsplit("_", 1)[0]
            methods[card.token] = {"source": source, "id": card.token}
            methods[card.token] |= dict(zip(_SOURCES[source], card.label.split(), strict=True))
        accounts = select(CreditAccount).where(CreditAccount.customer_id == self.customer_id)
        for account in await self.session.scalars(accounts.execution_options(populate_existing=True)):
            name = self.accounts[account.id]
            methods[name] = {"source": "gift_card", "balance": account.balance, "id": name}
        return methods

    async def orders(self) -> Things:
        """All of their orders; the draft of a replacement is none yet."""
        found = select(Order).where(Order.customer_id == self.customer_id, Order.status != OrderStatus.DRAFT)
        rows = list(await self.session.scalars(found.order_by(Order.id).execution_options(populate_existing=True)))
        self.ids = [row.id for row in rows]
        lines = await self._by_order(select(OrderLine).where(OrderLine.order_id.in_(self.ids)).order_by(OrderLine.id))
        changes = await self._by_order(
            select(OrderChange)
            .where(OrderChange.order_id.in_(self.ids), OrderChange.state == ChangeState.APPLIED)
            .order_by(OrderChange.id)
        )
        returns = await self._by_order(
            select(Return).where(Return.order_id.in_(self.ids), Return.state.not_in(GAVE_UP)).order_by(Return.id)
        )
        money, parcels = await self._money(changes), await self._parcels()
        return {
            row.number: {
                "order_id": row.number,
                "address": _address(open_address(self.session, row).line),
                "items": self._items(lines[row.id]),
                "fulfillments": parcels[row.id],
                "status": _status(row, lines[row.id], changes[row.id], returns[row.id]),
                "payment_history": money[row.id],
                **_cancelled(changes[row.id]),
                **await self._brought_back(row, returns[row.id]),
            }
            for row in rows
        }

    async def _by_order(self, found: Select[Row]) -> dict[int, list[Row]]:
        rows: dict[int, list[Row]] = defaultdict(list)
        for row in await self.session.scalars(found.execution_options(populate_existing=True)):
            rows[row.order_id].append(row)
        return rows

    def _items(self, lines: Iterable[OrderLine]) -> list[Things]:
        """One for each piece that is still wanted."""
        return [
            self.goods[line.variant_id].at(line.unit_amount)
            for line in lines
            for _piece in range(line.quantity - line.cancelled)
        ]

    async def _parcels(self) -> dict[int, list[Things]]:
        found = (
            select(Shipment, OrderLine.variant_id, ShipmentLine.quantity)
            .join(ShipmentLine, ShipmentLine.shipment_id == Shipment.id)
            .join(OrderLine, OrderLine.id == ShipmentLine.order_line_id)
            .where(Shipment.order_id.in_(self.ids))
            .order_by(Shipment.id)
        )
        inside: dict[int, list[str]] = defaultdict(list)
        parcels: dict[int, Shipment] = {}
        for parcel, variant_id, quantity in await self.session.execute(found):
            parcels[parcel.id] = parcel
            inside[parcel.id] += [self.goods[variant_id].item] * quantity
        made: dict[int, list[Things]] = defaultdict(list)
        for parcel in parcels.values():
            made[parcel.order_id].append({"tracking_id": [parcel.tracking_number], "item_ids": inside[parcel.id]})
        return made

    async def _money(self, changes: Mapping[int, list[OrderChange]]) -> dict[int, list[Things]]:
        """Payments and refunds in the order of time. A change that cost nothing is a refund of nothing to them."""
        entries: list[tuple[datetime, int, int, int, Things]] = []
        paid = select(Payment, Intent.instrument).join(Intent, Intent.id == Payment.intent_id)
        way_of: dict[int, str] = {}
        for payment, instrument in await self.session.execute(paid.where(Payment.order_id.in_(self.ids))):
            way_of[payment.id] = self.ways.get(instrument or "", instrument or "")
            entry = _entry("payment", payment.captured, way_of[payment.id])
            entries.append((payment.captured_at, 0, payment.id, payment.order_id, entry))
        back = (
            select(Refund, CreditMovement.account_id)
            .outerjoin(CreditMovement, CreditMovement.reference == Refund.key)
            .where(Refund.order_id.in_(self.ids))
        )
        for refund, account_id in await self.session.execute(back):
            way = self.accounts.get(account_id, way_of[refund.payment_id])
            if refund.instrument_id is not None:
                way = self.instruments[refund.instrument_id]
            entries.append((refund.created_at, 1, refund.id, refund.order_id, _entry("refund", refund.amount, way)))
        for order_id, its in changes.items():
            for change in its:
                given = change.preview.get("pay_with")
                if change.kind is ChangeKind.ITEMS and change.preview["difference"] == 0 and given:
                    way = self.accounts.get(given["account_id"]) or self.instruments[given["instrument_id"]]
                    entries.append((change.created_at, 1, 0, order_id, _entry("refund", 0, way)))
        made: dict[int, list[Things]] = defaultdict(list)
        for _at, _kind, _id, order_id, entry in sorted(entries, key=lambda entry: entry[:3]):
            made[order_id].append(entry)
        return made

    async def _brought_back(self, order: Order, returns: list[Return]) -> Things:
        """What is asked of delivered goods, with what money, by the names of the kind."""
        made: Things = {}
        for asked in returns:
            of_line = OrderLine.id == ReturnLine.order_line_id
            found = select(ReturnLine, OrderLine.variant_id).join(OrderLine, of_line)
            lines = (await self.session.execute(found.where(ReturnLine.return_id == asked.id))).all()
            items = [self.goods[variant].item for line, variant in lines for _piece in range(line.quantity)]
            way = await self._purse(order, asked)
            if asked.kind is Kind.RETURN:
                made |= {"return_items": sorted(items), "return_payment_method_id": way}
                continue
            news = [
                self.goods[line.replacement_id or 0].item for line, _old in lines for _piece in range(line.quantity)
            ]
            made |= {
                "exchange_items": sorted(items),
                "exchange_new_items": sorted(news),
                "exchange_payment_method_id": way,
                "exchange_price_difference": asked.difference,
            }
        return made

    async def _purse(self, order: Order, asked: Return) -> str:
        if asked.refund_to is RefundTo.ACCOUNT:
            return self.accounts[asked.account_id or 0]
        if asked.refund_to is RefundTo.INSTRUMENT:
            return self.instruments[asked.instrument_id or 0]
        paid = select(Intent.instrument).join(Payment, Payment.intent_id == Intent.id)
        instrument = await self.session.scalar(paid.where(Payment.order_id == order.id).order_by(Payment.id).limit(1))
        return self.ways.get(instrument or "", instrument or "")


def _status(order: Order, lines: list[OrderLine], changes: list[OrderChange], returns: list[Return]) -> str:
    if order.status is OrderStatus.CANCELLED:
        return "cancelled"
    if returns:
        return "return requested" if returns[-1].kind is Kind.RETURN else "exchange requested"
    if order.delivered_at is not None:
        return "delivered"
    if any(line.shipped for line in lines):
        return "processed"
    is_changed = any(change.kind is ChangeKind.ITEMS for change in changes)
    return "pending (item modified)" if is_changed else "pending"


def _cancelled(changes: list[OrderChange]) -> Things:
    reasons = [change.reason for change in changes if change.kind is ChangeKind.CANCEL]
    return {"cancel_reason": reasons[0]} if reasons else {}


def _entry(kind: str, amount: int, way: str) -> Things:
    return {"transaction_type": kind, "amount": amount, "payment_method_id": way}


def _address(line: str) -> dict[str, str]:
    first, second, city, state, country = line.rsplit(", ", 4)
    name, _, code = state.rpartition(" ")
    return {"address1": first, "address2": second, "city": city, "country": country, "state": name, "zip": code}
