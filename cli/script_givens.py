"""What a written conversation may be given beside orders and stock: wealth, promotions, places, acts of the staff."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.shop import Shop
from commerce.catalog.model import Product, Variant
from commerce.credit.actions import make_cards, pay_in, store_credit_of
from commerce.customers.actions import customer_for
from commerce.inventory.actions import count_stock
from commerce.inventory.locations import LocationDraft, add_location
from commerce.orders.changes import propose_change
from commerce.orders.model import Order, OrderLine
from commerce.orders.steps import Remove
from commerce.payments.transfers import TransferEntry, enter_transfer
from commerce.points.actions import adjust_points
from commerce.pricing.actions import terms_of
from commerce.pricing.places import RateDraft, ZoneDraft, add_zone
from commerce.promotions.actions import PromotionDraft, add_promotion
from commerce.promotions.batches import Terms as BatchTerms
from commerce.promotions.batches import make_batch, set_state
from commerce.promotions.coupon_model import BatchState, Benefit, Way
from commerce.promotions.coupons import give
from commerce.promotions.rules import FreeShipping, Gift, NthOff, PercentOff, Rule, Scope, Tier, Tiers
from commerce.returns import handling, inspecting
from commerce.returns.model import Kind, Return, ReturnLine
from commerce.returns.offers import Terms as ReturnTerms
from commerce.returns.policies import PolicyDraft, add_policy
from commerce.shipping.actions import make_shipment, mark_shipped, pack_shipment, pick_shipment
from foundation.errors import Refused
from foundation.mail import DemoMailbox
from foundation.money import Money

PPM_OF_PERCENT = 10_000
STAFF = 1


async def _promotion(shop: Shop, session: AsyncSession, given: re.Match[str], _customer_id: int) -> None:
    draft = PromotionDraft({"zh": given["name"], "en": given["name"]}, await _rule(session, given["rule"]), Scope())
    await add_promotion(session, draft=draft, active=True, now=shop.now() - timedelta(days=1))


async def _rule(session: AsyncSession, text: str) -> Rule:
    if percent := re.fullmatch(r"(\d+)% off", text):
        return PercentOff(int(percent[1]) * PPM_OF_PERCENT)
    if nth := re.fullmatch(r"(\d+)% off the (\d+)(?:nd|rd|th)", text):
        return NthOff(int(nth[2]), int(nth[1]) * PPM_OF_PERCENT)
    if gift := re.fullmatch(r"gift (\S+) from ([\d.]+)", text):
        return Gift(_fen(gift[2]), await variant_id_of(session, gift[1]))
    if free := re.fullmatch(r"free shipping from ([\d.]+)", text):
        return FreeShipping(_fen(free[1]))
    tiers = [re.fullmatch(r"([\d.]+) off from ([\d.]+)", part.strip()) for part in text.split("+")]
    if None in tiers:
        raise Refused("script.given_unknown", text=text)
    return Tiers(tuple(Tier(_fen(tier[2]), amount=_fen(tier[1])) for tier in tiers if tier))


async def _coupon(shop: Shop, session: AsyncSession, given: re.Match[str], customer_id: int) -> None:
    """Offered to everybody, or behind a code. `held`: the shopper has it; `ended`: yesterday; `all gone`: to others."""
    ended, now = given["ended"] is not None, shop.now()
    terms = BatchTerms(
        title={"zh": given["name"], "en": given["name"]},
        benefit=Benefit.AMOUNT,
        way=Way.SHARED_CODE if given["code"] else Way.OFFERED,
        currency=shop.settings.currency,
        starts_at=now - timedelta(days=9),
        amount=_fen(given["off"]),
        threshold=_fen(given["from"] or "0"),
        code=given["code"] or "",
        ends_at=now - timedelta(days=1) if ended else now + timedelta(days=30),
        total=1 if given["gone"] else None,
    )
    batch, _codes = await make_batch(session, terms=terms, now=now - timedelta(days=10 if ended else 0))
    await set_state(session, batch_id=batch.id, state=BatchState.ACTIVE)
    if given["gone"]:
        other = await customer_for(session, channel="terminal", account="another", language="en", now=now)
        await give(session, batch_id=batch.id, customer_id=other.id, now=now)
    if given["held"]:
        await give(session, batch_id=batch.id, customer_id=customer_id, now=now)
    for announcement in session.info.get("announcements", []):
        announcement.told_at = now


async def _gift_card(shop: Shop, session: AsyncSession, given: re.Match[str], _customer_id: int) -> tuple[str, str]:
    money = Money.parse(given["amount"], shop.settings.currency)
    _batch, codes = await make_cards(
        session, title="script", count=1, amount=money.amount, currency=money.currency, expires_at=None, now=shop.now()
    )
    return given["name"], codes[0]


async def _store_credit(shop: Shop, session: AsyncSession, given: re.Match[str], customer_id: int) -> None:
    account = await store_credit_of(session, customer_id, shop.settings.currency, now=shop.now())
    amount = _fen(given["amount"])
    await pay_in(session, account_id=account.id, amount=amount, reason="script", reference="script", now=shop.now())


async def _points(shop: Shop, session: AsyncSession, given: re.Match[str], customer_id: int) -> None:
    await adjust_points(
        session,
        customer_id=customer_id,
        points=int(given["points"]),
        reason="script",
        reference="script",
        now=shop.now(),
    )


async def _zone(_shop: Shop, session: AsyncSession, given: re.Match[str], _customer_id: int) -> None:
    """Rates of one zone; `everywhere` is the rest of the country."""
    rates = []
    for text in given["rates"].split("+"):
        rate = re.fullmatch(r"(.+?) ([\d.]+)(?: free from ([\d.]+))?", text.strip())
        if rate is None:
            raise Refused("script.given_unknown", text=given[0])
        names = {"zh": rate[1], "en": rate[1]}
        rates.append(RateDraft(names, "flat", _fen(rate[2]), free_from=_fen(rate[3]) if rate[3] else None))
    rest = given["place"] == "everywhere"
    names = {"zh": given["place"], "en": given["place"]}
    provinces = () if rest else tuple(given["place"].split(","))
    draft = ZoneDraft(names, tuple(rates), countries=("CN",), provinces=provinces, position=int(rest))
    await add_zone(session, draft=draft)


async def _counter(shop: Shop, session: AsyncSession, given: re.Match[str], _customer_id: int) -> None:
    """A place where goods are fetched, with pieces of one SKU."""
    names, address = ({"zh": given[part], "en": given[part]} for part in ("name", "address"))
    draft = LocationDraft(names, address, {}, is_pickup=True, position=1)
    place = await add_location(session, code="counter", draft=draft)
    await count_stock(
        session,
        variant_id=await variant_id_of(session, given["sku"]),
        counted=int(given["pieces"]),
        reference="script",
        now=shop.now(),
        location_id=place.id,
    )


async def _digital(_shop: Shop, session: AsyncSession, given: re.Match[str], _customer_id: int) -> None:
    """Nothing is sent of it."""
    variant = await session.get_one(Variant, await variant_id_of(session, given["sku"]))
    (await session.get_one(Product, variant.product_id)).is_digital = True


async def _transfers(shop: Shop, _session: AsyncSession, _given: re.Match[str], _customer_id: int) -> None:
    account = "小二茶铺, 招商银行杭州分行, 6214 8300 0000 0000"
    shop.settings = shop.settings.model_copy(update={"transfer_account": account})


async def _transfer(shop: Shop, session: AsyncSession, given: re.Match[str], _customer_id: int) -> None:
    """Money that came to the shop's account, with what stood on it."""
    entry = TransferEntry(
        bank_reference=f"script-{given['memo']}-{given['amount']}",
        money=Money.parse(given["amount"], shop.settings.currency),
        received_on=shop.now().date(),
        memo=given["memo"],
    )
    await enter_transfer(session, entry=entry, staff_id=STAFF, now=shop.now())


async def _sending(shop: Shop, session: AsyncSession, given: re.Match[str], customer_id: int) -> None:
    """The staff packs an order, or hands it to the carrier."""
    order, now = await _order(session, given["order"], customer_id), shop.now()
    if given["act"] == "shipped":
        await mark_shipped(session, order_id=order.id, tracking_number="SF1029384756", carrier="顺丰速运", now=now)
        return
    parcel = await make_shipment(session, order_id=order.id, now=now)
    await pick_shipment(session, shipment_id=parcel.id, now=now)
    await pack_shipment(session, shipment_id=parcel.id, now=now)


async def _proposal(shop: Shop, session: AsyncSession, given: re.Match[str], customer_id: int) -> None:
    order = await _order(session, given["order"], customer_id)
    variant_id = await variant_id_of(session, given["sku"])
    lines = select(OrderLine.id).where(OrderLine.order_id == order.id, OrderLine.variant_id == variant_id)
    await propose_change(
        session,
        order_id=order.id,
        steps=[Remove((await session.scalars(lines)).one(), int(given["pieces"]))],
        by="staff",
        now=shop.now(),
        reason=given["why"],
        terms=terms_of(shop.settings),
    )


async def _policy(shop: Shop, session: AsyncSession, given: re.Match[str], _customer_id: int) -> None:
    variant = await session.get_one(Variant, await variant_id_of(session, given["sku"]))
    draft = PolicyDraft(
        {"zh": "退换货", "en": "Returns"},
        (Kind.RETURN, Kind.EXCHANGE),
        int(given["days"]),
        excluded_product_ids=(variant.product_id,),
    )
    await add_policy(session, draft=draft, now=shop.now())


async def _returned(shop: Shop, session: AsyncSession, given: re.Match[str], customer_id: int) -> None:
    """What the staff does about the shopper's newest return."""
    mine = select(Return).where(Return.customer_id == customer_id)
    asked = (await session.scalars(mine.order_by(Return.id.desc()).limit(1))).one_or_none()
    if asked is None:
        raise Refused("script.given_unknown", text=given[0])
    now, terms, words = shop.now(), ReturnTerms.of(shop.settings), given["words"] or ""
    of: dict[str, Any] = {"return_id": asked.id, "now": now}
    match given["act"]:
        case "approved":
            await handling.approve(session, **of, staff_id=STAFF, limit=None, reason="", terms=terms)
        case "rejected":
            await handling.reject(session, **of, staff_id=STAFF, reason=words)
        case "asks":
            await handling.ask_info(session, **of, question=words, terms=terms)
        case "received":
            await handling.receive(session, **of)
        case "inspected":
            lines = await session.scalars(select(ReturnLine).where(ReturnLine.return_id == asked.id))
            findings = [inspecting.Finding(line.id, line.quantity, line.quantity) for line in lines]
            await inspecting.inspect(session, **of, findings=findings, terms=terms)
        case "quoted":
            await inspecting.diagnose(session, **of)
            price, _, what = words.partition(" ")
            await inspecting.quote_repair(session, **of, amount=_fen(price), text=what)
        case "repaired":
            await inspecting.start_repair(session, **of)
            await inspecting.check_repair(session, **of)
        case "sent back":
            await inspecting.send_back(session, **of, carrier="顺丰速运", tracking_number=words, terms=terms)


async def _order(session: AsyncSession, number: str, customer_id: int) -> Order:
    order = await session.scalar(select(Order).where(Order.customer_id == customer_id, Order.number == number))
    if order is None:
        raise Refused("script.given_unknown", text=number)
    return order


async def newest_order(session: AsyncSession, customer_id: int) -> str:
    """The number of the shopper's newest order, which a script calls {last}; empty before there is one."""
    mine = select(Order.number).where(Order.customer_id == customer_id).order_by(Order.id.desc()).limit(1)
    return await session.scalar(mine) or ""


async def mailed_code(session: AsyncSession) -> str:
    """The six digits of the newest mail of the demo mailbox; empty where none came."""
    letters = await DemoMailbox().newest(session, limit=1)
    found = re.search(r"(?<!\d)\d{6}(?!\d)", letters[0].text) if letters else None
    return found[0] if found else ""


async def variant_id_of(session: AsyncSession, sku: str) -> int:
    """The variant with this SKU. Raises Refused("script.sku_unknown", sku=...)."""
    variant_id = await session.scalar(select(Variant.id).where(Variant.sku == sku))
    if variant_id is None:
        raise Refused("script.sku_unknown", sku=sku)
    return variant_id


def _fen(text: str) -> int:
    return Money.parse(text, "CNY").amount


Maker = Callable[[Shop, AsyncSession, re.Match[str], int], Awaitable[tuple[str, str] | None]]
GIVENS: Final[tuple[tuple[re.Pattern[str], Maker], ...]] = (
    (re.compile(r"promotion (?P<name>[^:]+): (?P<rule>.+)"), _promotion),
    (
        re.compile(
            r"coupon (?P<name>[^:]+): (?P<off>[\d.]+) off(?: from (?P<from>[\d.]+))?(?:, code (?P<code>[\w-]+))?"
            r"(?P<gone>, all gone)?(?P<held>, held)?(?P<ended>, ended)?"
        ),
        _coupon,
    ),
    (re.compile(r"gift card (?P<name>\w+): (?P<amount>[\d.]+)"), _gift_card),
    (re.compile(r"store credit: (?P<amount>[\d.]+)"), _store_credit),
    (re.compile(r"points: (?P<points>\d+)"), _points),
    (re.compile(r"shipping to (?P<place>[^:]+): (?P<rates>.+)"), _zone),
    (re.compile(r"pick-up at (?P<name>[^:,]+), (?P<address>[^:]+): (?P<sku>\S+) x(?P<pieces>\d+)"), _counter),
    (re.compile(r"digital: (?P<sku>\S+)"), _digital),
    (re.compile(r"transfers are taken"), _transfers),
    (re.compile(r"transfer arrived: (?P<amount>[\d.]+) (?P<memo>.+)"), _transfer),
    (re.compile(r"(?P<order>\S+) is (?P<act>packed|shipped)"), _sending),
    (re.compile(r"proposed for (?P<order>\S+): without (?P<sku>\S+) x(?P<pieces>\d+), (?P<why>.+)"), _proposal),
    (re.compile(r"returns: within (?P<days>\d+) days, not of (?P<sku>\S+)"), _policy),
    (
        re.compile(
            r"return (?P<act>approved|rejected|asks|received|inspected|quoted|repaired|sent back)(?:,? (?P<words>.+))?"
        ),
        _returned,
    ),
)


__all__ = ["GIVENS", "mailed_code", "newest_order", "variant_id_of"]
