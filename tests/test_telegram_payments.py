"""Paying in Telegram: asked before, told after, each charge booked once; and what the invoice says."""

import asyncio
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.delivery import NotSent
from bot.telegram.errors import Rejected
from bot.telegram.invoices import Invoice, TelegramInvoices, as_counted, as_money, invoice_for
from bot.telegram.payments import book_once
from bot.telegram.values import Chat, Paid, User
from commerce.orders.actions import cancel_order, expire_unpaid_orders, mark_refunded, order_view
from commerce.orders.model import Order, OrderStatus, PaymentMethod
from commerce.orders.queries import OrderView
from commerce.payments.actions import Till, pay_token
from commerce.payments.invoices import PAYING_TAKES, allow_payment
from commerce.payments.ledger import capture, capture_unasked
from commerce.payments.model import Intent, IntentState, Payment, ProviderEvent, Refund, RefundState
from commerce.payments.review import open_refunds
from foundation.database import Database
from foundation.errors import Refused
from foundation.money import Money
from tests.crowd import CONNECTIONS, at_once, broken
from tests.goods import a_product, an_order, holds_of
from tests.grouping import refusal_of
from tests.telegram_server.methods_queries import invoice_of
from tests.telegram_server.params import Params

MINUTES = timedelta(minutes=1)
ANNA = User(7, "en")


@dataclass
class Counter:
    """Tea for 10.00, ordered to be paid in Telegram."""

    database: Database
    order: Order
    intent: Intent
    now: datetime

    async def asks(self, *, amount: int = 1000, currency: str = "CNY", reference: str = "") -> str:
        """Telegram asks whether this may be paid; "" for yes, else the code of the refusal."""
        async with self.database.begin() as session:
            name, asked = TelegramInvoices.name, reference or self.intent.reference

            def fits(owed: Money) -> bool:
                return owed == Money(amount, currency)

            return await refusal_of(allow_payment(session, provider=name, reference=asked, fits=fits, now=self.now))

    def paid(self, charge: str, *, amount: int = 1000, currency: str = "CNY", reference: str = "") -> Paid:
        """What Telegram tells after a payment."""
        return Paid(
            update_id=1,
            chat=Chat(7, "private"),
            user=ANNA,
            message_id=1,
            payload=reference or self.intent.reference,
            currency=currency,
            amount=amount,
            charge_id=charge,
            provider_charge_id=f"bank-{charge}",
        )

    async def pays(self, charge: str, **details: str | int) -> bool:
        async with self.database.begin() as session:
            return await book_once(session, self.paid(charge, **details), now=self.now)  # type: ignore[arg-type]

    async def view(self) -> OrderView:
        async with self.database.begin() as session:
            return await order_view(session, self.order.id)

    async def refunds(self) -> list[tuple[str, int, RefundState]]:
        async with self.database.begin() as session:
            found = await session.scalars(select(Refund).order_by(Refund.id))
            return [(refund.reason, refund.amount, refund.state) for refund in found]

    async def results(self) -> list[str | None]:
        """What came of all that was told."""
        async with self.database.begin() as session:
            return list(await session.scalars(select(ProviderEvent.result).order_by(ProviderEvent.id)))


@pytest.fixture
async def counter(crowd: Database, now: datetime) -> Counter:
    async with crowd.begin() as session:
        tea = await a_product(session, now=now, price=1000, pieces=10)
    async with holds_of(crowd) as holds:
        order = await an_order(crowd, holds, {tea: 1}, now=now, method=PaymentMethod.TELEGRAM)
    async with crowd.begin() as session:
        intent = (await session.scalars(select(Intent).where(Intent.order_id == order.id))).one()
    return Counter(crowd, order, intent, now)


async def test_a_payment_is_let_through_for_exactly_what_is_owed_and_keeps_the_goods_meanwhile(
    counter: Counter,
) -> None:
    assert await counter.asks(amount=999) == "payment.changed"
    assert await counter.asks(currency="XTR") == "payment.changed"  # Stars are for digital goods only
    assert await counter.asks(reference="K3-NOT-OURS") == "payment.unknown"
    counter.now += 14 * MINUTES
    assert await counter.asks() == ""
    async with counter.database.begin() as session:
        assert (await session.get_one(Order, counter.order.id)).hold_until == counter.now + PAYING_TAKES
    for _try in range(8):
        counter.now += 9 * MINUTES
        last = await counter.asks()
    assert last == "payment.closed"  # one cannot keep goods for ever by beginning to pay
    counter.now = counter.order.created_at + 59 * MINUTES
    async with counter.database.begin() as session:
        assert await expire_unpaid_orders(session, now=counter.now) == 0
    assert await counter.pays("tg-1")
    assert (await counter.view()).status is OrderStatus.PLACED
    assert await counter.asks() == "payment.done"
    assert await broken(counter.database) == []


async def test_an_order_past_its_time_is_not_paid_and_a_charge_that_came_through_all_the_same_places_it(
    counter: Counter,
) -> None:
    counter.now += 15 * MINUTES
    assert await counter.asks() == "payment.closed"
    async with counter.database.begin() as session:
        assert await expire_unpaid_orders(session, now=counter.now) == 1
    assert (await counter.view()).status is OrderStatus.EXPIRED
    assert await counter.asks() == "payment.closed"
    assert await counter.pays("tg-1")
    assert ((await counter.view()).status, await counter.refunds()) == (OrderStatus.PLACED, [])
    assert await broken(counter.database) == []


async def test_money_for_a_cancelled_order_goes_back_by_the_hands_of_the_staff(counter: Counter) -> None:
    async with counter.database.begin() as session:
        await cancel_order(session, order_id=counter.order.id, by="shopper", reason="no", now=counter.now)
    assert await counter.pays("tg-1")
    assert await counter.refunds() == [("late_payment", 1000, RefundState.REQUESTED)]
    async with counter.database.begin() as session:
        assert await session.scalar(text("SELECT count(*) FROM pgqueuer")) == 0  # Telegram cannot pay a card back
        (waiting,) = await open_refunds(session)
        assert (waiting.provider, waiting.by_hand) == ("telegram", True)
        await mark_refunded(session, refund_id=waiting.id, proof="card company, bank-tg-1", now=counter.now)
    assert await counter.refunds() == [("late_payment", 1000, RefundState.SUCCEEDED)]


async def test_an_old_invoice_that_is_paid_twice_is_booked_twice_and_the_second_goes_back(counter: Counter) -> None:
    assert [await counter.pays(charge) for charge in ("tg-1", "tg-1", "tg-2", "tg-1", "tg-2")] == [
        *(True, False, True, False, False)
    ]
    async with counter.database.begin() as session:
        payments = (await session.scalars(select(Payment).order_by(Payment.id))).all()
        assert [(payment.proof, payment.captured, payment.left) for payment in payments] == [
            ("bank-tg-1", 1000, 1000),
            ("bank-tg-2", 1000, 0),
        ]
    assert await counter.refunds() == [("overpaid", 1000, RefundState.REQUESTED)]
    assert (await counter.view()).payment_state == "overpaid"
    assert await broken(counter.database) == []


async def test_what_cannot_be_booked_is_kept_with_the_reason(counter: Counter) -> None:
    assert await counter.pays("tg-1", reference="K3-NOT-OURS")
    assert await counter.pays("x" * 400, currency="XTR", amount=50)
    assert not await counter.pays("x" * 400, currency="XTR", amount=50)
    assert await counter.results() == ["not booked: payment.unknown"] * 2  # this invoice is none in Stars
    assert (await counter.view()).status is OrderStatus.PENDING


class Wire:
    """What Telegram says to the bot about invoices."""

    answer: Exception | str = "https://t.me/$invoice"

    async def create_invoice_link(self, invoice: Invoice) -> str:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def refund_stars(self, user_id: int, charge_id: str) -> None:
        """Never asked here."""


async def test_an_invoice_names_the_goods_or_one_sum_and_is_drawn_up_only_for_what_is_to_be_paid_here(
    counter: Counter,
) -> None:
    wire = Wire()
    invoices = TelegramInvoices(wire, shop_name="小二的店", currency="CNY")
    till = Till(counter.database, {invoices.name: invoices}, "https://shop.example", lambda: counter.now)
    link = f"https://shop.example/pay/{pay_token(till.vault, counter.intent.id)}"

    async def drawn() -> tuple[tuple[str, int], ...] | None:
        invoice = await invoice_for(till, link, language="zh")
        return None if invoice is None else invoice.parts

    wire.answer = OSError("no network")
    with pytest.raises(NotSent):
        await drawn()
    wire.answer = Rejected("CURRENCY_TOTAL_AMOUNT_INVALID")
    assert await drawn() is None
    wire.answer = "https://t.me/$invoice"
    assert await drawn() == (("龙井茶 × 1", 1000),)
    async with counter.database.begin() as session:
        await session.execute(text("UPDATE order_line SET title = repeat('🫖', 200)"))
    long = await invoice_for(till, link, language="zh")
    assert long is not None
    prices = [{"label": label, "amount": amount} for label, amount in long.parts]
    invoice_of(Params({**asdict(long), "prices": prices, "provider_token": "p"}))  # Telegram takes it
    async with counter.database.begin() as session:
        await session.execute(text("UPDATE payment_intent SET amount = 700"))  # a gift card pays the rest
    assert await drawn() == ((f"订单 {counter.order.number}", 700),)
    assert await invoice_for(till, "https://shop.example/pay/nonsense", language="zh") is None
    assert await counter.pays("tg-1", amount=700)
    assert await drawn() is None


# Everybody at once


async def test_one_charge_told_by_sixty_four_at_once_is_booked_once(counter: Counter) -> None:
    told = [lambda session: book_once(session, counter.paid("tg-1"), now=counter.now)] * CONNECTIONS
    assert await at_once(counter.database, told) == ["done"] * CONNECTIONS
    async with counter.database.begin() as session:
        assert await session.scalar(text("SELECT count(*) FROM payment")) == 1
    assert await counter.results() == ["booked"]
    assert await broken(counter.database) == []


async def test_the_twin_that_looks_whether_a_charge_is_known_before_it_books_does_so_each_time(
    counter: Counter,
) -> None:
    everybody_looked = asyncio.Barrier(CONNECTIONS)

    async def tell(session: AsyncSession) -> None:
        known = await session.scalar(select(ProviderEvent.id).where(ProviderEvent.event_id == "tg-1"))
        await everybody_looked.wait()
        if known is None:
            await capture_unasked(
                session,
                order_id=counter.order.id,
                number=counter.order.number,
                provider=TelegramInvoices.name,
                money=Money(1000, "CNY"),
                instrument=None,
                now=counter.now,
            )

    await at_once(counter.database, [tell] * CONNECTIONS)
    async with counter.database.begin() as session:
        assert await session.scalar(text("SELECT count(*) FROM payment")) == CONNECTIONS


async def test_of_sixteen_payments_of_one_invoice_at_once_fifteen_go_back(counter: Counter) -> None:
    def paying(number: int):  # type: ignore[no-untyped-def]
        return lambda session: book_once(session, counter.paid(f"tg-{number}"), now=counter.now)

    assert await at_once(counter.database, [paying(number) for number in range(16)]) == ["done"] * 16
    assert await counter.refunds() == [("overpaid", 1000, RefundState.REQUESTED)] * 15
    assert (await counter.view()).status is OrderStatus.PLACED
    assert await broken(counter.database) == []


async def test_the_twin_that_looks_at_the_invoice_without_a_lock_keeps_the_money_of_all(counter: Counter) -> None:
    async with counter.database.begin() as session:
        await session.execute(text("ALTER TABLE payment DROP CONSTRAINT uq_payment_intent_id"))
    everybody_looked = asyncio.Barrier(16)

    async def pay(session: AsyncSession) -> None:
        intent = await session.get_one(Intent, counter.intent.id)
        await everybody_looked.wait()
        if intent.state is not IntentState.SUCCEEDED:
            await capture(session, intent, amount=1000, proof=None, now=counter.now)

    await at_once(counter.database, [pay] * 16)
    async with counter.database.begin() as session:
        assert await session.scalar(text("SELECT sum(captured) FROM payment")) == 16_000
    assert await counter.refunds() == []


def test_sums_are_counted_as_telegram_counts_them() -> None:
    assert [as_counted(Money(1250, one)) for one in ("CNY", "JPY", "LBP")] == [1250, 1250, 125_000]
    for money in (Money(1250, "CNY"), Money(300, "JPY"), Money(90_000, "LBP")):
        assert as_money(as_counted(money), money.currency) == money
    with pytest.raises(Refused, match=r"payment\.changed"):
        as_money(125_050, "LBP")
