"""Caps of promotions where goods are sold otherwise than by the checkout: drafts of the staff, and changes."""

from datetime import datetime

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.model import Product
from commerce.orders.actions import confirm_change, decline_change, make_draft, propose_change, send_draft
from commerce.orders.model import ChangeState, Order, OrderAdjustment, PaymentMethod
from commerce.orders.steps import swap
from commerce.pricing.model import ShippingRate, ShippingZone
from commerce.promotions.actions import PromotionDraft, add_promotion
from commerce.promotions.model import Promotion
from commerce.promotions.rules import FreeShipping, PercentOff, Rule, Scope
from tests.test_order_changes import MINUTES, Desk, a_desk, refused


@pytest.fixture
async def desk(session: AsyncSession, now: datetime) -> Desk:
    return await a_desk(session, now)


async def one_tenth_off_once(desk: Desk) -> Promotion:
    return await once(desk, PercentOff(100_000))


async def once(desk: Desk, rule: Rule) -> Promotion:
    draft = PromotionDraft(name={"zh": "九折"}, rule=rule, scope=Scope(), max_uses=1)
    return await add_promotion(desk.session, draft=draft, active=True, now=desk.now)


async def used(desk: Desk, promotion: Promotion) -> int:
    await desk.session.refresh(promotion)
    return promotion.used


async def drafted(desk: Desk, method: PaymentMethod) -> Order:
    return await make_draft(
        desk.session,
        customer_id=desk.customer,
        pieces={desk.small: 1},
        payment_method=method,
        language="zh",
        now=desk.now,
    )


async def test_a_draft_of_the_staff_counts_under_the_cap_of_its_promotion(desk: Desk) -> None:
    promotion = await one_tenth_off_once(desk)
    first, second = [await drafted(desk, PaymentMethod.COD) for _ in range(2)]
    assert (first.total_amount, second.total_amount) == (6120, 6120)
    await send_draft(desk.session, order_id=first.id, now=desk.now, unpaid_for=15 * MINUTES)
    assert await used(desk, promotion) == 1
    sending = send_draft(desk.session, order_id=second.id, now=desk.now, unpaid_for=15 * MINUTES)
    await refused(desk, "promotion.used_up", sending)


async def test_a_draft_that_is_sent_for_nothing_says_why_and_counts_under_that_cap(desk: Desk) -> None:
    zone = ShippingZone(name={"zh": "浙江"}, countries=["CN"], provinces=["浙江"], cities=[])
    desk.session.add(zone)
    await desk.session.flush()
    desk.session.add(ShippingRate(zone_id=zone.id, name={"zh": "快递"}, kind="flat", amount=1000))
    await desk.session.execute(update(Product).values(free_shipping=False))
    promotion = await once(desk, FreeShipping())
    order = await drafted(desk, PaymentMethod.COD)
    await send_draft(desk.session, order_id=order.id, now=desk.now, unpaid_for=15 * MINUTES)
    assert (order.shipping_amount, await used(desk, promotion)) == (0, 1)
    shares = await desk.session.scalars(select(OrderAdjustment).where(OrderAdjustment.order_id == order.id))
    assert [(share.line_id, share.source_id, share.amount) for share in shares] == [(None, promotion.id, 1000)]


async def test_what_a_change_adds_counts_under_the_cap_until_the_change_is_given_up(desk: Desk) -> None:
    orders = [await desk.paid({desk.small: 1}) for _ in range(2)]
    promotion = await one_tenth_off_once(desk)
    changes = []
    for order in orders:
        (tea,) = await desk.lines(order)
        steps = swap(tea.id, desk.large, 1)
        changes.append(await propose_change(desk.session, order_id=order.id, steps=steps, by="shopper", now=desk.now))
    first, second = changes
    assert [change.preview["pay_now"] for change in changes] == [2020, 2020]
    await confirm_change(desk.session, change_id=first.id, customer_id=desk.customer, now=desk.now)
    assert await used(desk, promotion) == 1
    yes = confirm_change(desk.session, change_id=second.id, customer_id=desk.customer, now=desk.now)
    await refused(desk, "change.stale", yes)
    await decline_change(desk.session, change_id=first.id, by="shopper", customer_id=desk.customer, now=desk.now)
    assert await used(desk, promotion) == 0
    await confirm_change(desk.session, change_id=second.id, customer_id=desk.customer, now=desk.now)
    await desk.pay(orders[1])
    assert (second.state, await used(desk, promotion)) == (ChangeState.APPLIED, 1)
