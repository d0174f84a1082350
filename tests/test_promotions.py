"""Promotions, price lists, zones and taxes as rows: what a cart costs by them, and caps that hold under races."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.carts.actions import add_line, cart_of
from commerce.carts.model import CartStatus
from commerce.catalog.model import Category, Product, Variant
from commerce.pricing.actions import quote_cart
from commerce.pricing.model import PriceList, PriceListPrice, ShippingRate, ShippingZone, TaxRate
from commerce.pricing.values import Choices, Priced, Terms
from commerce.pricing.zones import Region
from commerce.promotions.actions import (
    PromotionDraft,
    add_promotion,
    edit_promotion,
    give_back_promotions,
    promotions_for,
    switch_promotion,
    take_promotions,
)
from commerce.promotions.invariants import INVARIANTS
from commerce.promotions.model import Promotion, PromotionCustomer, PromotionUse
from commerce.promotions.rules import (
    Audience,
    Gift,
    PercentOff,
    Rule,
    Scope,
    Tier,
    Tiers,
)
from foundation.database import Database
from foundation.errors import Json, Refused
from tests.goods import a_customer, a_product

OFF_10 = Tiers((Tier(10_000, amount=1000),))
HANGZHOU = Region("CN", "浙江省", "杭州市")


def draft(rule: Rule = OFF_10, scope: Scope = Scope(), **rest: Json) -> PromotionDraft:
    return PromotionDraft(name={"zh": "满100减10", "en": "10 off 100"}, rule=rule, scope=scope, **rest)


async def a_promotion(session: AsyncSession, now: datetime, rule: Rule = OFF_10, **rest: Json) -> Promotion:
    return await add_promotion(session, draft=draft(rule, **rest), active=True, now=now)


async def quoted(
    session: AsyncSession,
    customer_id: int,
    lines: dict[int, int],
    now: datetime,
    *,
    destination: Region | None = None,
    choices: Choices = Choices(),
    terms: Terms = Terms(),
) -> Priced:
    return await quote_cart(
        session,
        customer_id=customer_id,
        lines=list(lines.items()),
        language="zh",
        now=now,
        destination=destination,
        choices=choices,
        terms=terms,
    )


async def test_a_shop_without_rules_asks_for_what_its_goods_cost(session: AsyncSession, now: datetime) -> None:
    tea, cup = await a_product(session, now=now), await a_product(session, now=now, price=3900)
    customer = await a_customer(session, now=now)
    priced = await quoted(session, customer.id, {tea: 2, cup: 1}, now, destination=HANGZHOU)
    assert (priced.goods, priced.discount, priced.shipping, priced.tax, priced.total, priced.trace) == (
        17_500, 0, 0, 0, 17_500, ()
    )  # fmt: skip
    with pytest.raises(Refused, match=r"cart\.empty"):
        await quoted(session, customer.id, {}, now)
    with pytest.raises(Refused, match=r"variant\.unknown"):
        await quoted(session, customer.id, {tea: 1, 10**9: 1}, now)


async def test_a_price_list_a_tier_a_gift_and_a_shelf_above_price_a_cart(session: AsyncSession, now: datetime) -> None:
    tea, cup = await a_product(session, now=now), await a_product(session, now=now, price=3900)
    beads = await a_product(session, now=now, price=800, pieces=1)
    top = Category(handle="top", name={"zh": "茶"})
    session.add(top)
    await session.flush()
    inside = Category(handle="inside", name={"zh": "绿茶"}, parent_id=top.id)
    session.add(inside)
    await session.flush()
    await session.execute(update(Product).where(Product.id == Variant.product_id, Variant.id == tea).values(
        category_id=inside.id))  # fmt: skip
    sale = PriceList(name={"zh": "周年价"}, priority=1, created_at=now, updated_at=now)
    session.add(sale)
    await session.flush()
    session.add(PriceListPrice(price_list_id=sale.id, variant_id=tea, min_quantity=2, amount=6000))
    shelf = Scope(category_ids=(top.id,))
    tenth = await a_promotion(session, now, PercentOff(100_000), scope=shelf)
    gift = await a_promotion(session, now, Gift(10_000, variant_id=beads))
    customer = await a_customer(session, now=now)
    priced = await quoted(session, customer.id, {tea: 2, cup: 1}, now)
    assert [(line.variant_id, line.unit, line.discount, line.total) for line in priced.lines] == [
        (tea, 6000, 1200, 10_800),
        (cup, 3900, 0, 3900),
        (beads, 800, 800, 0),
    ]
    assert priced.promotion_ids == (tenth.id, gift.id)
    with_beads = await quoted(session, customer.id, {tea: 2, beads: 1}, now)
    assert [step.why for step in with_beads.trace if step.rule == "gift"] == ["gift_sold_out"]


async def test_shipping_and_tax_are_those_of_the_place_and_the_kind_of_goods(
    session: AsyncSession, now: datetime
) -> None:
    book, cup = await a_product(session, now=now, price=5000), await a_product(session, now=now, price=1000)
    await session.execute(update(Variant).where(Variant.id == book).values(weight_grams=900))
    await session.execute(update(Product).where(Product.id == Variant.product_id, Variant.id == book).values(
        free_shipping=False, tax_class="book"))  # fmt: skip
    near = ShippingZone(name={"zh": "江浙沪"}, countries=["CN"], provinces=["浙江", "江苏", "上海"])
    session.add(near)
    await session.flush()
    session.add(ShippingRate(zone_id=near.id, name={"zh": "快递"}, kind="weight", amount=600, first_grams=500,
                             step_grams=500, step_amount=150))  # fmt: skip
    session.add(TaxRate(name={"zh": "增值税"}, ppm=130_000))
    session.add(TaxRate(name={"zh": "图书"}, ppm=90_000, tax_class="book", country="CN"))
    await session.flush()
    customer = await a_customer(session, now=now)
    lines = {book: 1, cup: 1}
    priced = await quoted(session, customer.id, lines, now, destination=HANGZHOU)
    assert (priced.shipping, priced.total, priced.tax, priced.tax_added) == (750, 6750, 413 + 115, 0)
    on_top = await quoted(session, customer.id, lines, now, destination=HANGZHOU, terms=Terms(prices_include_tax=False))
    assert (on_top.tax_added, on_top.total) == (450 + 130, 6000 + 580 + 750)
    assert (await quoted(session, customer.id, lines, now)).shipping_known is False
    far = await quoted(session, customer.id, lines, now, destination=Region("CN", "西藏自治区"))
    assert (far.ships_there, far.shipping) == (False, 0)
    pickup = await quoted(session, customer.id, lines, now, destination=HANGZHOU, choices=Choices(pickup_location_id=1))
    assert pickup.total == 6000
    only_free = await quoted(session, customer.id, {cup: 1}, now, destination=HANGZHOU)
    assert only_free.shipping == 0


async def test_a_welcome_price_is_for_those_who_never_ordered(session: AsyncSession, now: datetime) -> None:
    tea = await a_product(session, now=now)
    await a_promotion(session, now, PercentOff(500_000), audience=Audience.NEW)
    customer = await a_customer(session, now=now)
    assert (await quoted(session, customer.id, {tea: 1}, now)).total == 3400
    await add_line(session, customer_id=customer.id, variant_id=tea, quantity=1, now=now)
    (await cart_of(session, customer_id=customer.id)).status = CartStatus.ORDERED
    await session.flush()
    assert (await quoted(session, customer.id, {tea: 1}, now)).total == 6800


async def test_promotions_that_are_off_or_long_over_are_not_read_and_one_that_just_ended_is_told(
    session: AsyncSession, now: datetime
) -> None:
    tea = await a_product(session, now=now, price=10_000)
    off = await a_promotion(session, now)
    await switch_promotion(session, promotion_id=off.id, active=False, version=1, now=now)
    await a_promotion(session, now, ends_at=now - timedelta(days=2))
    await a_promotion(session, now, ends_at=now - timedelta(hours=2))
    customer = await a_customer(session, now=now)
    priced = await quoted(session, customer.id, {tea: 1}, now)
    assert (priced.total, [step.why for step in priced.trace]) == (10_000, ["ended"])


async def test_what_the_staff_writes_is_checked_and_nothing_half_is_left(session: AsyncSession, now: datetime) -> None:
    for wrong, code in (
        ({"max_uses": 0}, "promotion.cap_invalid"),
        ({"audience": Audience.NAMED}, "promotion.audience_invalid"),
        ({"priority": -1}, "promotion.priority_invalid"),
        ({"starts_at": now, "ends_at": now}, "promotion.window_invalid"),
    ):
        with pytest.raises(Refused) as refusal:
            await add_promotion(session, draft=draft(**wrong), active=True, now=now)
        assert refusal.value.code == code
    assert await session.scalar(select(func.count()).select_from(Promotion)) == 0
    promotion = await a_promotion(session, now)
    await edit_promotion(session, promotion_id=promotion.id, draft=draft(max_uses=3), version=1, now=now)
    with pytest.raises(Refused, match=r"promotion\.changed"):
        await edit_promotion(session, promotion_id=promotion.id, draft=draft(), version=1, now=now)
    with pytest.raises(Refused, match=r"promotion\.unknown"):
        await switch_promotion(session, promotion_id=10**9, active=False, version=1, now=now)


async def test_a_use_is_counted_once_an_order_and_given_back_once(session: AsyncSession, now: datetime) -> None:
    capped = await a_promotion(session, now, max_uses=2, max_per_customer=1)
    free = await a_promotion(session, now)
    customer, other = await a_customer(session, now=now), await a_customer(session, now=now)

    async def left(customer_id: int) -> list[int | None]:
        return [one.uses_left for one in await promotions_for(session, customer_id=customer_id, now=now)]

    for _again in range(2):
        await take_promotions(session, ids=(free.id, capped.id), order_id=71, customer_id=customer.id)
    assert (await left(customer.id), await left(other.id)) == ([0, None], [1, None])
    with pytest.raises(Refused, match=r"promotion\.used_up"):
        async with session.begin_nested():
            await take_promotions(session, ids=(free.id, capped.id), order_id=72, customer_id=customer.id)
    uses = select(func.count()).select_from(PromotionUse)
    assert await session.scalar(uses) == 2
    for _again in range(2):
        await give_back_promotions(session, order_id=71)
    assert (await left(customer.id), await session.scalar(uses)) == ([1, None], 0)
    await take_promotions(session, ids=(free.id,), order_id=73, customer_id=customer.id)
    with pytest.raises(Refused, match=r"promotion\.cap_invalid"):
        await edit_promotion(session, promotion_id=free.id, draft=draft(max_uses=0), version=1, now=now)
    await take_promotions(session, ids=(free.id,), order_id=74, customer_id=other.id)
    with pytest.raises(Refused, match=r"promotion\.below_uses"):
        await edit_promotion(session, promotion_id=free.id, draft=draft(max_uses=1), version=1, now=now)
    await edit_promotion(session, promotion_id=free.id, draft=draft(max_uses=5), version=1, now=now)
    assert await left(customer.id) == [1, 3]


async def test_caps_set_later_count_what_was_used_before_and_the_self_check_agrees(
    session: AsyncSession, now: datetime
) -> None:
    promotion = await a_promotion(session, now)
    often, never = await a_customer(session, now=now), await a_customer(session, now=now)

    async def left(customer_id: int) -> int | None:
        (one,) = await promotions_for(session, customer_id=customer_id, now=now)
        return one.uses_left

    async def edited(version: int, **caps: Json) -> None:
        await edit_promotion(session, promotion_id=promotion.id, draft=draft(**caps), version=version, now=now)
        for rule, query in INVARIANTS.items():
            assert (await session.execute(text(query))).all() == [], rule

    for order_id in (71, 72, 73):
        await take_promotions(session, ids=(promotion.id,), order_id=order_id, customer_id=often.id)
    await edited(1)
    await edited(2, max_uses=9, max_per_customer=2)
    assert (await left(often.id), await left(never.id)) == (0, 2)
    await give_back_promotions(session, order_id=71)
    await give_back_promotions(session, order_id=72)
    assert (await left(often.id), await left(never.id)) == (1, 2)
    await edited(3)
    await take_promotions(session, ids=(promotion.id,), order_id=74, customer_id=often.id)
    await edited(4, max_per_customer=3)
    assert (await left(often.id), await left(never.id)) == (1, 3)


ORDERS, CAP = 48, 5


async def race(database: Database, promotion_id: int, customers: list[int], *, is_guarded: bool) -> int:
    """Everybody's order uses the promotion at once; how many did."""
    looked = asyncio.Barrier(8)

    async def use(order_id: int, customer_id: int) -> bool:
        async with database.begin() as session:
            if is_guarded:
                await take_promotions(session, ids=(promotion_id,), order_id=order_id, customer_id=customer_id)
                return True
            used = await session.scalar(select(Promotion.used).where(Promotion.id == promotion_id))
            if order_id < looked.parties:
                await looked.wait()
            if (used or 0) >= CAP:
                raise Refused("promotion.used_up")
            await session.execute(text("UPDATE promotion SET used = used + 1"))
            return True

    tries = (use(order_id, customers[order_id % len(customers)]) for order_id in range(ORDERS))
    ended = await asyncio.gather(*tries, return_exceptions=True)
    assert all(end is True or isinstance(end, Refused) for end in ended), ended
    return ended.count(True)


async def test_a_cap_of_five_holds_when_many_orders_come_at_once_and_its_twin_does_not(
    database: Database, now: datetime
) -> None:
    async with database.begin() as session:
        customers = [(await a_customer(session, now=now)).id for _ in range(4)]
        capped = await a_promotion(session, now, max_uses=CAP)
        per_customer = await a_promotion(session, now, max_per_customer=1)
    assert await race(database, capped.id, customers, is_guarded=True) == CAP
    assert await race(database, per_customer.id, customers, is_guarded=True) == len(customers)
    async with database.begin() as session:
        assert await session.scalar(select(Promotion.used).where(Promotion.id == capped.id)) == CAP
        used = await session.scalars(select(PromotionCustomer.used))
        assert used.all() == [1] * len(customers)
        await session.execute(text("ALTER TABLE promotion DROP CONSTRAINT ck_promotion_used_within_max"))
        await session.execute(text("UPDATE promotion SET used = 0"))
    assert await race(database, capped.id, customers, is_guarded=False) > CAP
