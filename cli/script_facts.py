"""Facts of the shop that a written conversation may check, and what it may start from."""

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, InvalidOperation

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.shop import Shop
from bot.web.simulator_model import Fault
from cli.scratch import ScratchShop
from cli.script_deals import DEAL_GIVENS, deal_fact
from cli.script_givens import GIVENS, newest_order, variant_id_of
from commerce.carts.actions import add_line, cart_view
from commerce.credit.actions import accounts_of
from commerce.customers.actions import customer_for, save_address
from commerce.customers.address import AddressText
from commerce.inventory.actions import count_stock
from commerce.orders.actions import mark_paid, mark_shipped
from commerce.orders.model import Order, PaymentMethod
from commerce.orders.placing import place_order
from commerce.orders.queries import order_address, order_view
from commerce.orders.quoting import quote
from commerce.payments.model import Refund
from commerce.points.actions import points_of
from commerce.promotions.coupon_model import Coupon, CouponState
from commerce.returns.queries import returns_of
from commerce.shipping.model import ShipmentState
from commerce.shipping.queries import parcels_of
from commerce.shipping.simulated import SIMULATED
from commerce.shipping.tracking import Saying, record_tracking
from conversations.model import Conversation
from foundation.errors import Refused
from foundation.money import Money

_ORDER = re.compile(
    r"order (?P<name>\w+)(?P<other> of another)?:\s*(?P<lines>\S+ x\d+(?:\s*(?:,|\+)\s*\S+ x\d+)*)"
    r"(?:,\s*(?P<state>placed|shipped|sent|delivered)(?:\s+(?P<ago>\d+) (?P<unit>day|hour|minute)s? ago)?)?"
    r"(?:,\s*paid(?P<paid> [\d.]+ [A-Z]{3})?)?"
)
_STOCK = re.compile(r"stock (\S+):\s*(\d+)")
_BANK = re.compile(r"bank: *(\w+(?:, *\w+)*)")
USABLE = (CouponState.ISSUED, CouponState.RETURNED)
_AGENT = re.compile(r"agent online(?:\s+\w+)?")


@dataclass(frozen=True, slots=True)
class FactValue:
    """A fact as text, and as a number where it is one (pieces, money in major units)."""

    text: str
    number: Decimal | None = None


async def fact(session: AsyncSession, name: str, *, conversation: Conversation) -> FactValue:
    """One fact about the shopper of this conversation. Raises Refused("script.fact_unknown", fact=name)."""
    customer_id = conversation.customer_id
    if name == "orders.count":
        return _count(await _orders(session, customer_id))
    if name.startswith("last_order."):
        return await _last_order(session, name.removeprefix("last_order."), customer_id)
    if name in ("cart.items", "cart.total"):
        cart = await cart_view(session, customer_id=customer_id, language=str(conversation.language))
        if name == "cart.total":
            return _money(cart.total)
        items = [(line.title, line.label, line.quantity) for line in cart.lines]
        return _goods(items)
    if name == "conversation.owner":
        return FactValue(str(conversation.owner))
    if name == "conversation.language":
        return FactValue(conversation.language)
    if name == "conversation.flow":
        return FactValue(str(conversation.frames[-1]["flow"]) if conversation.frames else "none")
    if name == "refunds.total":
        refunds = select(func.sum(Refund.amount), func.max(Refund.currency)).join(Order, Order.id == Refund.order_id)
        amount, currency = (await session.execute(refunds.where(Order.customer_id == customer_id))).one()
        return _money(Money(int(amount or 0), currency or "CNY"))
    if name in ("coupons.count", "points", "credit.total", "returns.count") or name.startswith("last_return."):
        return await _wealth(session, name, customer_id)
    if name == "groups.count" or name.startswith("last_group."):
        text = await deal_fact(session, name, customer_id)
        return FactValue(text, _number(text))
    raise Refused("script.fact_unknown", fact=name)


def holds(value: FactValue, operator: str, wanted: str) -> bool:
    """Whether a fact compares so; as numbers where both are, else as texts."""
    number = _number(wanted)
    if operator == "contains":
        return wanted.casefold() in value.text.casefold()
    if value.number is not None and number is not None:
        return {
            "=": value.number == number,
            "!=": value.number != number,
            ">=": value.number >= number,
            "<=": value.number <= number,
        }[operator]
    if operator in (">=", "<="):
        return False
    return (value.text.casefold() == wanted.casefold()) is (operator == "=")


async def give(
    scratch: ScratchShop, session: AsyncSession, text: str, *, customer_id: int, language: str
) -> tuple[str, str] | None:
    """Make something true before the talk begins; an order gives its name in the script and its number.

    Raises Refused("script.given_unknown") for a line that is none of ours.
    """
    shop = scratch.shop
    if stock := _STOCK.fullmatch(text):
        variant_id = await variant_id_of(session, stock[1])
        await count_stock(session, variant_id=variant_id, counted=int(stock[2]), reference="script", now=shop.now())
        return None
    if _AGENT.fullmatch(text):
        await shop.presence.seen("staff", 1, seconds=365 * 86_400)
        return None
    if bank := _BANK.fullmatch(text):
        known = {str(fault): fault for fault in Fault}
        faults = [known.get(name) for name in re.split(r", *", bank[1])]
        if None in faults:
            raise Refused("script.given_unknown", text=text)
        scratch.app.state.bank.faults[:] = faults
        return None
    if order := _ORDER.fullmatch(text):
        if order["other"]:
            customer_id = (
                await customer_for(session, channel="terminal", account="another", language="en", now=shop.now())
            ).id
        number = await _give_order(shop, session, order, customer_id=customer_id, language=language)
        return order["name"], number
    if "{last}" in text:
        text = text.replace("{last}", await newest_order(session, customer_id))
    for pattern, make in (*GIVENS, *DEAL_GIVENS):
        if given := pattern.fullmatch(text):
            return await make(shop, session, given, customer_id)
    raise Refused("script.given_unknown", text=text)


async def _give_order(
    shop: Shop, session: AsyncSession, given: re.Match[str], *, customer_id: int, language: str
) -> str:
    """An order with cash on delivery, as old as the script says; `paid` marks it paid."""
    ago = timedelta(**{f"{given['unit']}s": int(given["ago"])}) if given["ago"] else timedelta(0)
    then = shop.now() - ago
    lines: dict[int, int] = {}
    for item in re.split(r"\s*[,+]\s*", given["lines"]):
        sku, _, pieces = item.rpartition(" x")
        variant_id = await variant_id_of(session, sku)
        lines[variant_id] = int(pieces)
        await add_line(session, customer_id=customer_id, variant_id=variant_id, quantity=int(pieces), now=then)
    offer = await quote(session, customer_id=customer_id, language=language, now=then)
    home = AddressText(name="林小雨", phone="+8613800138000", line="浙江省杭州市西湖区文三路 90 号 2 单元 501")
    address = await save_address(session, customer_id=customer_id, parsed=home, now=then)
    key = f"script:{offer.cart_id}"
    await shop.holds.hold(key, offer.holding, until=shop.now() + timedelta(hours=1), now=shop.now())
    order = await place_order(
        session,
        customer_id=customer_id,
        cart_id=offer.cart_id,
        cart_version=offer.cart_version,
        priced=offer.priced,
        address_id=address.id,
        payment_method=PaymentMethod.COD,
        hold_key=key,
        language=language,
        now=then,
    )
    if given["state"] in ("shipped", "delivered"):
        await mark_shipped(session, order_id=order.id, tracking_number="SF1029384756", carrier="顺丰速运", now=then)
    if given["state"] == "sent":
        await mark_shipped(session, order_id=order.id, tracking_number="XE0000000001", carrier=SIMULATED, now=then)
    if given["state"] == "delivered":
        for parcel in (await parcels_of(session, [order.id]))[order.id]:
            arrival = [Saying("script", ShipmentState.DELIVERED, "已签收", then)]
            await record_tracking(session, shipment_id=parcel.shipment_id, sayings=arrival, source="carrier", now=then)
    if ", paid" in given[0]:
        if given["paid"]:
            _check_total(order, given["paid"].split())
        await mark_paid(session, order_id=order.id, proof="script", now=then)
    for announcement in session.info.get("announcements", []):
        announcement.told_at = then  # what happened before the talk was told before it
    return order.number


def _check_total(order: Order, paid: list[str]) -> None:
    if Money.parse(paid[0], paid[1]) != order.total:
        raise Refused("script.given_total", total=str(order.total.decimal), currency=order.currency)


async def _orders(session: AsyncSession, customer_id: int) -> int:
    counted = select(func.count()).select_from(Order).where(Order.customer_id == customer_id)
    return await session.scalar(counted) or 0


async def _last_order(session: AsyncSession, name: str, customer_id: int) -> FactValue:
    newest = select(Order.id).where(Order.customer_id == customer_id).order_by(Order.id.desc()).limit(1)
    order_id = await session.scalar(newest)
    if order_id is None:
        return FactValue("none")
    order = await order_view(session, order_id)
    match name:
        case "status":
            return FactValue(order.status)
        case "payment":
            return FactValue(order.payment_state)
        case "fulfilment":
            return FactValue(order.fulfilment_state)
        case "total":
            return _money(order.total)
        case "items":
            return _goods(
                [(line.title, line.label, left) for line in order.lines if (left := line.quantity - line.cancelled)]
            )
        case "address":
            address = await order_address(session, order_id=order_id)
            return FactValue(f"{address.name} {address.phone} {address.line}")
    raise Refused("script.fact_unknown", fact=f"last_order.{name}")


async def _wealth(session: AsyncSession, name: str, customer_id: int) -> FactValue:
    """What the shopper has: coupons to use, points to spend, gift cards and store credit; and their returns."""
    if name == "coupons.count":
        held = select(func.count()).where(Coupon.customer_id == customer_id, Coupon.state.in_(USABLE))
        return _count(await session.scalar(held) or 0)
    if name == "points":
        return _count((await points_of(session, customer_id)).available)
    if name == "credit.total":
        accounts = await accounts_of(session, customer_id)
        return _money(Money(sum(one.balance for one in accounts), accounts[0].currency if accounts else "CNY"))
    theirs = await returns_of(session, customer_id=customer_id, language="zh", limit=100)
    if name == "returns.count":
        return _count(len(theirs))
    if not theirs:
        return FactValue("none")
    match name.removeprefix("last_return."):
        case "status":
            return FactValue(theirs[0].state)
        case "kind":
            return FactValue(theirs[0].kind)
        case "refund":
            return _money(theirs[0].offered)
    raise Refused("script.fact_unknown", fact=name)


def _goods(items: list[tuple[str, str, int]]) -> FactValue:
    """Pieces as the number; as text "title (variant) x2; ..."."""
    text = "; ".join(f"{title}{f' ({label})' if label else ''} x{quantity}" for title, label, quantity in items)
    return FactValue(text, Decimal(sum(quantity for _, _, quantity in items)))


def _money(money: Money) -> FactValue:
    return FactValue(f"{money.decimal} {money.currency}", money.decimal)


def _count(number: int) -> FactValue:
    return FactValue(str(number), Decimal(number))


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text.split()[0]) if text.split() else None
    except InvalidOperation:
        return None


__all__ = ["FactValue", "fact", "give", "holds"]
