"""Flash sales from draft to end: what the staff may change, what shoppers see and pay, and where the pieces are."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.announcements import Announcement
from commerce.catalog.model import Variant
from commerce.checks import RULES
from commerce.flash_sales.claims import flash_price, give_back, join_claims, take
from commerce.flash_sales.model import FlashClaim, FlashItem, FlashSale, SaleState
from commerce.flash_sales.queries import Phase, list_sales, quota_of, sale_view, sales_for, staff_sale
from commerce.flash_sales.reminders import (
    MOST_REMINDERS,
    REMINDED_BEFORE,
    forget_reminder,
    remind_me,
    remind_of_sales,
)
from commerce.flash_sales.sales import (
    ItemDraft,
    SaleDraft,
    add_sale,
    begin_sales,
    change_pieces,
    delete_sale,
    edit_sale,
    end_sale,
    end_sales,
    extend_sale,
    schedule_sale,
    unschedule_sale,
)
from commerce.inventory.allotments import places_of
from commerce.inventory.model import StockLevel
from commerce.merchandising.variants import VariantDraft, set_options_and_variants
from foundation.errors import Json, Refused
from foundation.money import Money
from tests.goods import a_customer, a_product

HOUR = timedelta(hours=1)
INSTANT = timedelta(microseconds=1)


@contextmanager
def refused(code: str) -> Iterator[pytest.ExceptionInfo[Refused]]:
    with pytest.raises(Refused) as refusal:
        yield refusal
    assert refusal.value.code == code


def a_draft(now: datetime, *items: ItemDraft) -> SaleDraft:
    return SaleDraft({"zh": "周末抢购", "en": "Weekend flash sale"}, now + HOUR, now + 2 * HOUR, items)


async def a_sale(session: AsyncSession, now: datetime, *items: ItemDraft) -> tuple[FlashSale, list[FlashItem]]:
    """A scheduled one, on from an hour later until two hours later, and its items."""
    sale = await add_sale(session, draft=a_draft(now, *items), now=now)
    sale = await schedule_sale(session, sale_id=sale.id, version=sale.version, now=now)
    found = await session.scalars(select(FlashItem).where(FlashItem.sale_id == sale.id).order_by(FlashItem.id))
    return sale, list(found)


async def reserved(session: AsyncSession, variant: int) -> int:
    levels = select(StockLevel).where(StockLevel.variant_id == variant).execution_options(populate_existing=True)
    return sum(level.reserved for level in await session.scalars(levels))


async def unbroken(session: AsyncSession) -> None:
    for rule in (name for name in RULES if name.startswith(("flash.", "stock.", "allotment."))):
        assert (await session.execute(text(f"{RULES[rule]} LIMIT 1"))).first() is None, rule


async def test_pieces_are_kept_from_the_schedule_to_the_end_and_what_is_left_goes_back(
    session: AsyncSession, now: datetime
) -> None:
    tea, cup = [await a_product(session, now=now, pieces=pieces) for pieces in (10, 30)]
    sale = await add_sale(session, draft=a_draft(now, ItemDraft(tea, 100, 5)), now=now)
    draft = a_draft(now, ItemDraft(tea, 4800, 6), ItemDraft(cup, 990, 25, 3))
    sale = await edit_sale(session, sale_id=sale.id, draft=draft, version=1, now=now)
    assert (sale.state, sale.version, await reserved(session, tea)) == (SaleState.DRAFT, 2, 0)

    sale = await schedule_sale(session, sale_id=sale.id, version=2, now=now)
    assert (await reserved(session, tea), await reserved(session, cup)) == (6, 25)
    await unbroken(session)
    sale = await unschedule_sale(session, sale_id=sale.id, version=3, now=now)
    assert (await reserved(session, tea), await reserved(session, cup)) == (0, 0)
    await unbroken(session)
    sale = await schedule_sale(session, sale_id=sale.id, version=4, now=now)

    items = {item.variant_id: item for item in await session.scalars(select(FlashItem))}
    sale = await change_pieces(session, item_id=items[tea].id, pieces=9, version=5, now=now)
    sale = await extend_sale(session, sale_id=sale.id, ends_at=now + 3 * HOUR, version=6, now=now)
    assert (await reserved(session, tea), await reserved(session, cup)) == (9, 25)
    await unbroken(session)

    assert await begin_sales(session, now=now + HOUR - INSTANT, limit=10) == 0
    assert await begin_sales(session, now=now + HOUR, limit=10) == 1
    assert await end_sales(session, now=now + 3 * HOUR - INSTANT, limit=10) == 0
    assert await end_sales(session, now=now + 3 * HOUR, limit=10) == 1
    assert await end_sales(session, now=now + 3 * HOUR, limit=10) == 0
    assert (sale.state, await reserved(session, tea), await reserved(session, cup)) == (SaleState.ENDED, 0, 0)
    quota = (await places_of(session, [items[tea].quota_id or 0]))[items[tea].quota_id or 0]
    assert (quota.is_open, quota.capacity) == (False, 9)
    await unbroken(session)


async def test_the_staff_is_told_clearly_what_cannot_be(session: AsyncSession, now: datetime) -> None:
    tea = await a_product(session, now=now, price=6800, pieces=10)
    good = a_draft(now, ItemDraft(tea, 4800, 5))

    async def answer(draft: SaleDraft) -> tuple[str, dict[str, Json]]:
        with pytest.raises(Refused) as refusal:
            await add_sale(session, draft=draft, now=now)
        return refusal.value.code, refusal.value.facts

    def with_item(**changes: int) -> SaleDraft:
        return replace(good, items=(replace(good.items[0], **changes),))

    assert await answer(replace(good, name={"zh": " "})) == ("name.invalid", {"longest": 200})
    assert await answer(replace(good, ends_at=good.starts_at)) == ("flash.window_invalid", {"longest_days": 31})
    assert await answer(replace(good, items=())) == ("flash.items_invalid", {"most": 50})
    assert await answer(replace(good, items=good.items * 2)) == ("flash.items_invalid", {"most": 50})
    assert await answer(with_item(amount=6800)) == ("flash.price_invalid", {"variant": tea, "price": 6800})
    assert await answer(with_item(amount=0)) == ("flash.price_invalid", {"variant": tea, "price": 6800})
    assert await answer(with_item(pieces=0)) == ("flash.item_invalid", {"variant": tea, "why": "pieces"})
    wrong = ("flash.item_invalid", {"variant": tea, "why": "max_per_customer"})
    assert await answer(with_item(max_per_customer=100)) == wrong
    assert await answer(with_item(variant_id=0)) == ("flash.item_invalid", {"variant": 0, "why": "variant"})

    sale = await add_sale(session, draft=with_item(pieces=11), now=now)
    sale_id = sale.id
    facts: dict[str, Json] = {"sale_id": sale_id, "now": now}
    with refused("flash.changed"):
        await schedule_sale(session, version=9, **facts)
    with refused("stock.short") as short:
        async with session.begin_nested():
            await schedule_sale(session, version=1, **facts)
    assert short.value.facts == {"variant": tea, "left": 10}
    assert await reserved(session, tea) == 0
    with refused("flash.window_over"):
        async with session.begin_nested():
            await schedule_sale(session, sale_id=sale_id, version=1, now=now + 2 * HOUR)

    sale = await edit_sale(session, draft=good, version=1, **facts)
    sale = await schedule_sale(session, version=2, **facts)
    for act in (edit_sale(session, draft=good, version=3, **facts), delete_sale(session, sale_id=sale_id, version=3)):
        with refused("flash.not_a_draft"):
            await act
    with refused("flash.not_begun"):
        await end_sale(session, version=3, **facts)
    with refused("flash.begun"):
        await unschedule_sale(session, sale_id=sale_id, version=3, now=now + HOUR)
    with refused("flash.window_invalid"):
        await extend_sale(session, sale_id=sale_id, ends_at=now + HOUR, version=3, now=now)
    sale = await end_sale(session, sale_id=sale_id, version=3, now=now + HOUR + INSTANT)
    assert (sale.state, sale.ends_at, await reserved(session, tea)) == (SaleState.ENDED, now + HOUR + INSTANT, 0)
    with refused("flash.not_planned"):
        await end_sale(session, sale_id=sale_id, version=4, now=now + 2 * HOUR)
    with refused("flash.move_refused"):
        await schedule_sale(session, version=4, **facts)
    with refused("flash.unknown"):
        await delete_sale(session, sale_id=0, version=1)


async def test_goods_of_a_draft_that_are_taken_off_the_shelf_are_refused_when_it_is_scheduled(
    session: AsyncSession, now: datetime
) -> None:
    tea = await a_product(session, now=now, pieces=0)
    sale = await add_sale(session, draft=a_draft(now, ItemDraft(tea, 100, 5)), now=now)
    variant = await session.get_one(Variant, tea)
    new = VariantDraft(values=(), price=900)
    await set_options_and_variants(
        session, product_id=variant.product_id, version=1, options=(), variants=(new,), currency="CNY", now=now
    )
    assert not variant.active
    with refused("flash.item_invalid") as refusal:
        await schedule_sale(session, sale_id=sale.id, version=1, now=now)
    assert refusal.value.facts == {"variant": tea, "why": "variant"}


async def test_the_price_is_for_its_hours_to_the_instant_and_for_as_many_as_one_may_have(
    session: AsyncSession, now: datetime
) -> None:
    tea = await a_product(session, now=now, pieces=10)
    sale, (item,) = await a_sale(session, now, ItemDraft(tea, 4800, 5, 2))
    ann, bob = [(await a_customer(session, now=now)).id for _ in range(2)]
    start, end = sale.starts_at, sale.ends_at

    async def price(at: datetime, pieces: int = 1, customer: int = ann) -> int | str:
        try:
            found = await flash_price(session, item_id=item.id, customer_id=customer, quantity=pieces, now=at)
        except Refused as refused:
            return refused.code
        assert (found.variant_id, found.currency, found.quota_id) == (tea, "CNY", item.quota_id)
        return found.amount

    assert [await price(at) for at in (start - INSTANT, start, end - INSTANT, end)] == [
        "flash.not_yet",
        4800,
        4800,
        "flash.over",
    ]
    assert [await price(start, pieces) for pieces in (2, 3)] == [4800, "flash.limit"]
    await take(session, item_id=item.id, customer_id=ann, order_id=1, quantity=1)
    await take(session, item_id=item.id, customer_id=ann, order_id=1, quantity=1)
    assert [await price(start, pieces) for pieces in (1, 2)] == [4800, "flash.limit"]
    with refused("flash.limit") as refusal:
        await take(session, item_id=item.id, customer_id=ann, order_id=2, quantity=2)
    assert refusal.value.facts == {"item": item.id, "most": 2, "left": 1}
    await take(session, item_id=item.id, customer_id=ann, order_id=2, quantity=1)
    assert await price(start) == "flash.limit"
    await take(session, item_id=item.id, customer_id=bob, order_id=3, quantity=2)
    await give_back(session, order_id=1)
    await give_back(session, order_id=1)
    assert await price(start) == 4800
    await join_claims(session, from_id=bob, to_id=ann)
    claims = await session.execute(
        select(FlashClaim.seq, FlashClaim.most, FlashClaim.order_id).order_by(FlashClaim.seq)
    )
    assert [tuple(row) for row in claims] == [(2, 2, 2), (3, 3, 3), (4, 4, 3)]
    assert await price(start) == "flash.limit"
    with refused("flash.limit"):
        await take(session, item_id=item.id, customer_id=ann, order_id=4, quantity=1)


async def test_shoppers_see_what_is_on_what_comes_and_honest_numbers(session: AsyncSession, now: datetime) -> None:
    tea, cup = [await a_product(session, now=now, title=title, pieces=10) for title in ("龙井茶", "杯子")]
    first, (item,) = await a_sale(session, now, ItemDraft(tea, 4800, 5, 2))
    second, _items = await a_sale(session, now + HOUR, ItemDraft(cup, 990, 3))
    ann = (await a_customer(session, now=now)).id
    await take(session, item_id=item.id, customer_id=ann, order_id=1, quantity=1)
    await session.execute(text("UPDATE allotment SET held = 2, used = 1 WHERE id = :id"), {"id": item.quota_id})

    at = first.starts_at + timedelta(seconds=0.5)
    on, coming = await sales_for(session, customer_id=ann, language="zh", now=at)
    assert [(view.sale_id, view.phase, view.seconds_left(at)) for view in (on, coming)] == [
        (first.id, Phase.ON, 3599),
        (second.id, Phase.COMING, 3599),
    ]
    (view,) = on.items
    assert (view.variant.title, view.price, view.variant.price) == ("龙井茶", Money(4800, "CNY"), Money(6800, "CNY"))
    assert (view.pieces, view.left, view.held, view.sold, view.mine, view.is_sold_out) == (5, 2, 2, 1, 1, False)
    assert [one.sale_id for one in await sales_for(session, customer_id=None, language="en", now=at, variant_ids=[cup])]
    gone = await sale_view(session, sale_id=first.id, customer_id=None, language="en", now=first.ends_at)
    assert (gone.phase, gone.seconds_left(first.ends_at), gone.is_reminded) == (Phase.OVER, 0, False)
    assert (await quota_of(session, item_id=item.id)).left == 2
    draft = await add_sale(session, draft=a_draft(now, ItemDraft(tea, 1, 1)), now=now)
    with refused("flash.unknown"):
        await sale_view(session, sale_id=draft.id, customer_id=None, language="en", now=now)

    live = await staff_sale(session, sale_id=first.id, language="en", now=at)
    assert [(one.buyers, one.taken, one.places and one.places.left) for one in live.items] == [
        (1, Money(4800, "CNY"), 2)
    ]
    listed = await list_sales(session, language="en", now=at)
    assert [(one.sale.id, one.phase) for one in listed][:2] == [(second.id, Phase.COMING), (draft.id, Phase.ON)]


async def test_who_asks_is_reminded_once_some_minutes_before(session: AsyncSession, now: datetime) -> None:
    tea = await a_product(session, now=now, pieces=100)
    sale, _ = await a_sale(session, now, ItemDraft(tea, 4800, 5))
    ann, bob = [(await a_customer(session, now=now)).id for _ in range(2)]
    assert await remind_me(session, sale_id=sale.id, customer_id=ann, now=now)
    assert not await remind_me(session, sale_id=sale.id, customer_id=ann, now=now)
    assert await remind_me(session, sale_id=sale.id, customer_id=bob, now=now)
    assert (await sales_for(session, customer_id=bob, language="en", now=now))[0].is_reminded
    assert await forget_reminder(session, sale_id=sale.id, customer_id=bob)
    assert not await forget_reminder(session, sale_id=sale.id, customer_id=bob)
    with refused("flash.begun"):
        await remind_me(session, sale_id=sale.id, customer_id=bob, now=sale.starts_at)

    soon = sale.starts_at - REMINDED_BEFORE
    assert await remind_of_sales(session, now=soon - INSTANT, limit=10) == 0
    assert await remind_of_sales(session, now=soon, limit=10) == 1
    assert await remind_of_sales(session, now=soon, limit=10) == 0
    told = (await session.scalars(select(Announcement).where(Announcement.kind == "flash_sale_soon"))).all()
    assert [(one.customer_id, one.facts) for one in told] == [(ann, {"sale_id": sale.id})]

    other, _ = await a_sale(session, now, ItemDraft(tea, 4800, 5))
    await remind_me(session, sale_id=other.id, customer_id=bob, now=now)
    assert await remind_of_sales(session, now=other.ends_at, limit=10) == 1, "too late is not told"
    assert len((await session.scalars(select(Announcement).where(Announcement.customer_id == bob))).all()) == 0
    for _ in range(MOST_REMINDERS):
        one, _ = await a_sale(session, now, ItemDraft(tea, 4800, 1))
        await remind_me(session, sale_id=one.id, customer_id=ann, now=now)
    with refused("flash.reminders_enough"):
        await remind_me(session, sale_id=one.id, customer_id=ann, now=now)
