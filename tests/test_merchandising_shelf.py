"""The merchant's pictures, categories, bulk edits and stock."""

import asyncio
import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image
from sqlalchemy import select

from commerce.catalog.crop import crop_square
from commerce.catalog.media import Kept, MediaFolder
from commerce.catalog.model import Category, Picture, Product, ProductStatus
from commerce.catalog.queries import product_cards, product_details
from commerce.imports.statements import ONE_AT_A_TIME_ALL_ALONG
from commerce.inventory.actions import Reason
from commerce.merchandising.actions import NO_CATEGORY, Edit
from commerce.merchandising.bulk import Change, PriceChange, change_many
from commerce.merchandising.categories import add_category, move_category, remove_category, rename_category
from commerce.merchandising.pictures import Placed, add_pictures, arrange_pictures, replace_picture
from commerce.merchandising.stock import adjust_variant, count_variant, low_stock, movements, set_low_mark
from commerce.search.actions import Wanted, find
from commerce.search.index import renew_index
from commerce.search.model import SearchProduct
from foundation.database import Database
from foundation.errors import Refused
from tests.goods import Stock, holds_of, stock_of
from tests.merchant import Shelf


@pytest.fixture
def shelf(database: Database, now: datetime) -> Shelf:
    return Shelf(database, now)


# Pictures


def red_and_blue(form: str = "PNG") -> bytes:
    """300 x 200, the left 100 columns red, the rest blue."""
    image = Image.new("RGB", (300, 200), (0, 0, 255))
    image.paste((255, 0, 0), (0, 0, 100, 200))
    saved = io.BytesIO()
    image.save(saved, form)
    return saved.getvalue()


def kept(number: int) -> Kept:
    return Kept(f"{number:064x}", "image/png", 300, 200)


async def add(shelf: Shelf, product_id: int, *numbers: int) -> None:
    version = await shelf.version(product_id)
    async with shelf.database.begin() as session:
        files = [kept(number) for number in numbers]
        await add_pictures(session, product_id=product_id, version=version, kept=files, now=shelf.now)


async def arrange(shelf: Shelf, product_id: int, *placed: Placed) -> None:
    version = await shelf.version(product_id)
    async with shelf.database.begin() as session:
        await arrange_pictures(session, product_id=product_id, version=version, pictures=placed, now=shelf.now)


async def shown(shelf: Shelf, product_id: int) -> tuple[int, ...]:
    async with shelf.database.begin() as session:
        details = await product_details(session, product_id, language="zh")
        assert details is not None
        return details.pictures


async def test_pictures_are_added_ordered_and_taken_off_and_the_first_one_leads(shelf: Shelf) -> None:
    cup = await shelf.cup()
    await add(shelf, cup, 1, 2, 3)
    await add(shelf, cup, 3, 4)
    first, second, third, _ = await shown(shelf, cup)
    await arrange(shelf, cup, Placed(third), Placed(first))
    assert await shown(shelf, cup) == (third, first)
    async with shelf.database.begin() as session:
        (card,) = await product_cards(session, [cup], language="zh")
    assert card.picture == third
    with pytest.raises(Refused, match=r"picture\.unknown"):
        await arrange(shelf, cup, Placed(second))
    await arrange(shelf, cup)
    assert await shown(shelf, cup) == ()


async def test_a_picture_belongs_to_a_variant_and_says_what_it_shows(shelf: Shelf) -> None:
    cup = await shelf.cup()
    (variant,) = await shelf.variants(cup)
    await add(shelf, cup, 1, 2)
    one, two = await shown(shelf, cup)
    await arrange(shelf, cup, Placed(one), Placed(two, False, [variant.id], {"zh": " 侧面 ", "en": ""}))
    async with shelf.database.begin() as session:
        details = await product_details(session, cup, language="zh")
        assert details is not None
        assert (details.variants[0].picture, details.pictures) == (two, (one, two))
        rows = select(Picture.media_id, Picture.variant_id, Picture.alt).order_by(Picture.position)
        assert [tuple(row) for row in await session.execute(rows)] == [
            (one, None, {}),
            (two, variant.id, {"zh": "侧面"}),
        ]


async def test_a_picture_of_somebody_else_is_not_shown_and_its_variant_neither(shelf: Shelf) -> None:
    mine, other = await shelf.cup(), await shelf.cup()
    await add(shelf, mine, 1)
    await add(shelf, other, 2)
    (ours,), (theirs,) = await shown(shelf, mine), await shown(shelf, other)
    (variant,) = await shelf.variants(other)
    with pytest.raises(Refused, match=r"picture\.unknown"):
        await arrange(shelf, mine, Placed(theirs))
    with pytest.raises(Refused, match=r"variant\.unknown"):
        await arrange(shelf, mine, Placed(ours, True, [variant.id]))
    with pytest.raises(Refused, match=r"picture\.unknown"):
        await arrange(shelf, mine, Placed(ours), Placed(ours))
    assert await shown(shelf, mine) == (ours,)


async def test_a_product_has_fifty_pictures_at_most(shelf: Shelf) -> None:
    cup = await shelf.cup()
    await add(shelf, cup, *range(1, 51))
    with pytest.raises(Refused, match=r"picture\.too_many"):
        await add(shelf, cup, 51)
    assert len(await shown(shelf, cup)) == 50


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_square_is_cut_out_where_it_was_asked_for(tmp_path: Path, form: str) -> None:
    folder = MediaFolder(tmp_path)
    whole = folder.keep(red_and_blue(form))
    left = crop_square(folder, whole, left=0, top=50, side=100)
    right = crop_square(folder, whole, left=150, top=100, side=100)
    assert (left.width, left.height, right.width, right.height) == (100, 100, 100, 100)
    for cut, colour in ((left, (255, 0, 0)), (right, (0, 0, 255))):
        with Image.open(folder.file(cut.digest)) as image:
            pixel = image.convert("RGB").getpixel((50, 50))
        assert isinstance(pixel, tuple)
        assert all(abs(a - b) < 6 for a, b in zip(pixel, colour, strict=True))


@pytest.mark.parametrize(
    ("left", "top", "side"), [(0, 0, 99), (-1, 0, 100), (0, -1, 100), (201, 0, 100), (0, 101, 100), (0, 0, 201)]
)
def test_a_square_outside_the_picture_is_refused(tmp_path: Path, left: int, top: int, side: int) -> None:
    folder = MediaFolder(tmp_path)
    whole = folder.keep(red_and_blue())
    with pytest.raises(Refused, match=r"picture\.box") as refusal:
        crop_square(folder, whole, left=left, top=top, side=side)
    assert refusal.value.facts == {"width": 300, "height": 200, "least": 100}


def test_a_picture_whose_file_is_gone_cannot_be_cut(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"media\.missing"):
        crop_square(MediaFolder(tmp_path), kept(7), left=0, top=0, side=100)


async def test_a_cut_takes_the_place_of_the_whole_picture(shelf: Shelf) -> None:
    cup = await shelf.cup()
    (variant,) = await shelf.variants(cup)
    await add(shelf, cup, 1, 2)
    one, two = await shown(shelf, cup)
    await arrange(shelf, cup, Placed(one, True, [variant.id]), Placed(two))
    version = await shelf.version(cup)
    async with shelf.database.begin() as session:
        await replace_picture(session, product_id=cup, version=version, media_id=one, kept=kept(9), now=shelf.now)
    nine, last = await shown(shelf, cup)
    assert (nine not in (one, two), last) == (True, two)
    async with shelf.database.begin() as session:
        of = select(Picture.variant_id).where(Picture.media_id == nine).order_by(Picture.id)
        assert list(await session.scalars(of)) == [None, variant.id]


# Categories


async def shelve(shelf: Shelf, zh: str, en: str, parent: int | None = None) -> int:
    async with shelf.database.begin() as session:
        return (await add_category(session, name={"zh": zh, "en": en}, parent_id=parent)).id


async def tree(shelf: Shelf, parent: int | None = None) -> list[object]:
    async with shelf.database.begin() as session:
        rows = (await session.scalars(select(Category).order_by(Category.position, Category.id))).all()

    def inside(of: int | None) -> list[object]:
        return [(row.handle, inside(row.id)) if inside(row.id) else row.handle for row in rows if row.parent_id == of]

    return inside(parent)


async def test_categories_are_made_renamed_and_ordered_and_their_products_found_by_them(shelf: Shelf) -> None:
    tea, ware = await shelve(shelf, "凤凰", "Phoenix"), await shelve(shelf, "麒麟", "Kirin")
    cups = await shelve(shelf, "杯子", "Cups", ware)
    cup = await shelf.cup()
    await shelf.edit(cup, Edit(category_id=cups))
    assert await shelf.found("kirin", "en") == await shelf.found("麒麟") == (cup,)
    async with shelf.database.begin() as session:
        await rename_category(session, category_id=ware, name={"zh": "貔貅", "en": ""})
    assert await shelf.found("貔貅") == (cup,)
    assert await shelf.found("kirin", "en") == ()
    async with shelf.database.begin() as session:
        await move_category(session, category_id=ware, parent_id=None, place=0)
        await move_category(session, category_id=cups, parent_id=tea)
    assert await tree(shelf) == ["kirin", ("phoenix", ["cups"])]
    assert await shelf.found("凤凰") == (cup,)
    assert await shelf.found("貔貅") == ()


async def test_a_shelf_does_not_stand_in_itself(shelf: Shelf) -> None:
    one = await shelve(shelf, "一", "One")
    two = await shelve(shelf, "二", "Two", one)
    three = await shelve(shelf, "三", "Three", two)
    for parent in (one, two, three):
        with pytest.raises(Refused, match=r"category\.cycle"):
            async with shelf.database.begin() as session:
                await move_category(session, category_id=one, parent_id=parent)
    assert await tree(shelf) == [("one", [("two", ["three"])])]


async def test_two_shelves_put_into_each_other_at_the_same_moment_do_not_become_a_ring(shelf: Shelf) -> None:
    one, two = await shelve(shelf, "一", "One"), await shelve(shelf, "二", "Two")

    async def move(which: int, into: int) -> None:
        async with shelf.database.begin() as session:
            await move_category(session, category_id=which, parent_id=into)

    for _ in range(3):
        answers = await asyncio.gather(move(one, two), move(two, one), return_exceptions=True)
        assert [one.code for one in answers if isinstance(one, Refused)] == ["category.cycle"]
        assert await tree(shelf) in ([("one", ["two"])], [("two", ["one"])])
        async with shelf.database.begin() as session:
            for which in (one, two):
                (await session.get_one(Category, which)).parent_id = None


async def test_the_twin_that_does_not_take_turns_makes_a_ring(shelf: Shelf) -> None:
    one, two = await shelve(shelf, "一", "One"), await shelve(shelf, "二", "Two")
    both_looked = asyncio.Barrier(2)

    async def move(which: int, into: int) -> None:
        async with shelf.database.begin() as session:
            target = await session.get_one(Category, into)
            assert target.parent_id is None  # no ring as far as this one can see
            await both_looked.wait()
            (await session.get_one(Category, which)).parent_id = into

    await asyncio.gather(move(one, two), move(two, one))
    assert await tree(shelf) == []  # neither is reached from the top any more


async def test_a_shelf_goes_when_it_is_empty_or_its_things_have_another_one(shelf: Shelf) -> None:
    tea, ware = await shelve(shelf, "茶叶", "Tea"), await shelve(shelf, "茶具", "Teaware")
    cups = await shelve(shelf, "杯子", "Cups", ware)
    cup = await shelf.cup()
    await shelf.edit(cup, Edit(category_id=ware))
    version = await shelf.version(cup)
    for into, code in (
        (None, "category.filled"),
        (cups, "category.cycle"),
        (ware, "category.cycle"),
        (99, "category.unknown"),
    ):
        with pytest.raises(Refused) as refusal:
            async with shelf.database.begin() as session:
                await remove_category(session, category_id=ware, into=into, now=shelf.now)
        assert refusal.value.code == code
    async with shelf.database.begin() as session:
        await remove_category(session, category_id=ware, into=tea, now=shelf.now)
        await remove_category(session, category_id=cups, into=None, now=shelf.now)
    assert await tree(shelf) == ["tea"]
    assert await shelf.found("茶叶") == (cup,)
    assert await shelf.version(cup) == version + 1


async def test_a_product_put_on_a_shelf_that_goes_at_this_moment_lands_on_one_that_is_there(shelf: Shelf) -> None:
    for number in range(4):
        old, new = await shelve(shelf, "旧", f"Old {number}"), await shelve(shelf, "新", f"New {number}")
        cup = await shelf.cup()

        async def remove(old: int = old, new: int = new) -> None:
            async with shelf.database.begin() as session:
                await remove_category(session, category_id=old, into=new, now=shelf.now)

        answers = await asyncio.gather(
            shelf.edit(cup, Edit(category_id=old), version=2), remove(), return_exceptions=True
        )
        refused = [answer for answer in answers if isinstance(answer, BaseException)]
        assert [getattr(one, "code", repr(one)) for one in refused] in ([], ["category.unknown"])
        async with shelf.database.begin() as session:
            assert (await session.get_one(Product, cup)).category_id == (None if refused else new)


async def test_of_a_large_shelf_the_sweep_indexes_the_rest(shelf: Shelf) -> None:
    kirin = await shelve(shelf, "麒麟", "Kirin")
    ids = [one.id for one in await shelf.drafts(502)]
    await bulk(shelf, ids, Change(kirin, to=ProductStatus.PUBLISHED))
    async with shelf.database.begin() as session:
        await rename_category(session, category_id=kirin, name={"zh": "貔貅"})
        late = select(SearchProduct.product_id).where(SearchProduct.scheme == 0).order_by(SearchProduct.product_id)
        assert list(await session.scalars(late)) == ids[500:]
    async with shelf.database.begin() as session:
        assert await renew_index(session, now=shelf.now, limit=100) == 2
        found = await find(session, Wanted("貔貅", "zh", limit=200))
        assert (found.total, list(await session.scalars(late))) == (200, [])


async def test_shelves_stand_in_each_other_six_deep_at_most(shelf: Shelf) -> None:
    parent = None
    for number in range(6):
        parent = await shelve(shelf, "层", f"Level {number}", parent)
    with pytest.raises(Refused, match=r"category\.too_deep"):
        await shelve(shelf, "层", "Level 6", parent)


# Many at once


async def bulk(shelf: Shelf, ids: Sequence[int], change: Change) -> None:
    async with shelf.database.begin() as session:
        await change_many(session, ids=ids, change=change, note="spring", now=shelf.now)


async def test_a_thousand_products_change_at_once_and_shoppers_see_it(shelf: Shelf) -> None:
    ware = await shelve(shelf, "清仓", "Clearance")
    made = await shelf.drafts(1000)
    ids = [product.id for product in made]
    change = Change(ware, PriceChange(percent=-1250), ProductStatus.PUBLISHED, free_shipping=False, counted=7)
    await bulk(shelf, ids, change)
    async with shelf.database.begin() as session:
        products = (await session.scalars(select(Product))).all()
        cards = await product_cards(session, ids, language="zh")
    assert {(one.category_id, one.status, one.free_shipping, one.version) for one in products} == {
        (ware, ProductStatus.PUBLISHED, False, 2)
    }
    assert {(card.price_from.amount, card.in_stock) for card in cards} == {(875, True)}
    assert len(cards) == 1000
    assert len(await shelf.found("清仓")) == 5
    await bulk(shelf, ids, Change(to=ProductStatus.ARCHIVED))
    assert await shelf.found("清仓") == ()


async def test_nobody_waits_until_an_import_has_read_its_file(shelf: Shelf) -> None:
    cup = await shelf.cup()
    async with shelf.database.raw() as importing:
        await importing.execute(ONE_AT_A_TIME_ALL_ALONG)
        await asyncio.wait_for(bulk(shelf, [cup], Change(free_shipping=False)), timeout=60)
        await importing.execute("SELECT pg_advisory_unlock_all()")
    assert await shelf.version(cup) == 3


async def test_one_that_cannot_change_keeps_all_as_they_were_and_each_reason_is_told(shelf: Shelf) -> None:
    good, priceless, titleless = await shelf.cup(), await shelf.cup(price=0, published=False), await shelf.cup()
    archived, promised = await shelf.cup(), await shelf.cup()
    (variant,) = await shelf.variants(promised)
    async with shelf.database.begin() as session:
        await count_variant(session, variant_id=variant.id, counted=9, note="", now=shelf.now)
    async with holds_of(shelf.database) as holds:
        await holds.hold("a", {variant.id: 5}, until=shelf.now + timedelta(minutes=5), now=shelf.now)
    await shelf.move(archived, ProductStatus.ARCHIVED)
    ids = [good, priceless, titleless, archived, promised, 999_999]
    with pytest.raises(Refused, match=r"bulk\.refused") as refusal:
        await bulk(shelf, ids, Change(to=ProductStatus.PUBLISHED, price=PriceChange(amount=-8800), counted=4))
    assert refusal.value.facts["count"] == 6
    assert [(one["product"], one["code"]) for one in refusal.value.facts["problems"]] == [
        (good, "variant.price_invalid"),
        (priceless, "product.incomplete"),
        (titleless, "variant.price_invalid"),
        (archived, "product.move_refused"),
        (promised, "variant.price_invalid"),
        (999_999, "product.unknown"),
    ]
    with pytest.raises(Refused) as second:
        await bulk(shelf, [good, promised], Change(counted=4))
    assert second.value.facts["problems"] == [
        {"product": promised, "code": "stock.promised", "facts": {"variant": variant.id, "reserved": 5}}
    ]
    assert await stock_of(shelf.database, variant.id) == Stock(9, 5)
    assert [one.price_amount for one in await shelf.variants(good)] == [8800]
    assert await shelf.version(good) == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (Change(), "bulk.empty"),
        (Change(price=PriceChange()), "price.change_invalid"),
        (Change(price=PriceChange(percent=0)), "price.change_invalid"),
        (Change(price=PriceChange(percent=-10_000)), "price.change_invalid"),
        (Change(price=PriceChange(percent=5, amount=5)), "price.change_invalid"),
        (Change(price=PriceChange(percent=5, step=0)), "price.change_invalid"),
        (Change(category_id=999), "category.unknown"),
        (Change(counted=-1), "stock.quantity"),
        (Change(price=PriceChange(amount=5, currency="EUR")), "bulk.refused"),
    ],
)
async def test_a_change_of_many_that_cannot_be_is_refused(shelf: Shelf, change: Change, code: str) -> None:
    cup = await shelf.cup()
    with pytest.raises(Refused) as refusal:
        await bulk(shelf, [cup], change)
    assert refusal.value.code == code
    assert await shelf.version(cup) == 2


async def test_more_than_a_thousand_or_none_are_refused(shelf: Shelf) -> None:
    for ids, code in (([], "bulk.empty"), (range(1, 1002), "bulk.too_many")):
        with pytest.raises(Refused) as refusal:
            await bulk(shelf, list(ids), Change(free_shipping=True))
        assert refusal.value.code == code


async def test_what_is_already_as_asked_is_no_problem_and_a_shelf_may_be_left(shelf: Shelf) -> None:
    ware = await shelve(shelf, "麒麟", "Kirin")
    cup = await shelf.cup()
    await shelf.edit(cup, Edit(category_id=ware))
    await bulk(shelf, [cup, cup], Change(NO_CATEGORY, to=ProductStatus.PUBLISHED))
    assert await shelf.found("麒麟") == ()
    assert await shelf.titles(cup) == ("青瓷茶杯", "Celadon tea cup")


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        (PriceChange(percent=-1250), 8800, 7700),
        (PriceChange(percent=1000), 5, 6),  # 5.5 goes up
        (PriceChange(percent=1000), 4, 4),  # 4.4 goes down
        (PriceChange(percent=-5000), 3, 2),  # 1.5 goes up
        (PriceChange(percent=333), 99_99, 103_32),
        (PriceChange(amount=-150), 8800, 8650),
        (PriceChange(percent=-1000, step=100), 8888, 8000),  # 79.992 yuan
        (PriceChange(percent=-1000, step=100), 8833, 7900),  # 79.497 yuan
        (PriceChange(amount=50, step=100), 1000, 1100),  # half goes up
    ],
)
def test_prices_are_rounded_once_and_half_up(change: PriceChange, before: int, after: int) -> None:
    assert change.of(before) == after


@given(price=some.integers(0, 10**12), percent=some.integers(-9_999, 100_000), step=some.integers(1, 1000))
def test_a_new_price_is_the_nearest_step_to_the_exact_one(price: int, percent: int, step: int) -> None:
    new = PriceChange(percent=percent, step=step).of(price)
    exact = price * (10_000 + percent)  # in ten-thousandths of a minor unit
    assert new % step == 0
    assert -step * 5_000 < new * 10_000 - exact <= step * 5_000


# Stock


async def test_what_comes_and_goes_is_told_with_what_lay_there_afterwards(shelf: Shelf) -> None:
    cup = await shelf.cup()
    (variant,) = await shelf.variants(cup)

    async def adjust(quantity: int, reason: Reason, was: int | None = None) -> int:
        async with shelf.database.begin() as session:
            level = await adjust_variant(
                session, variant_id=variant.id, quantity=quantity, reason=reason, note="x", now=shelf.now, was=was
            )
            return level.on_hand

    assert [await adjust(20, Reason.RECEIVED), await adjust(2, Reason.DAMAGED), await adjust(1, Reason.FOUND)] == [
        20,
        18,
        19,
    ]
    async with shelf.database.begin() as session:
        await count_variant(session, variant_id=variant.id, counted=15, note="Li", now=shelf.now, was=19)
        told = await movements(session, variant_id=variant.id, limit=3)
        assert [(one.delta, one.reason, one.reference, one.on_hand) for one in told] == [
            (-4, "counted", "Li", 15),
            (1, "found", "x", 19),
            (-2, "damaged", "x", 18),
        ]
        older = await movements(session, variant_id=variant.id, limit=3, before_id=told[-1].id)
        assert [(one.delta, one.reason) for one in older] == [(20, "received")]
    with pytest.raises(Refused, match=r"stock\.changed") as refusal:
        await adjust(5, Reason.RECEIVED, was=19)
    assert refusal.value.facts == {"variant": variant.id, "on_hand": 15}
    with pytest.raises(Refused, match=r"stock\.short") as refusal:
        await adjust(16, Reason.LOST)
    assert refusal.value.facts == {"variant": variant.id, "left": 15}
    assert await stock_of(shelf.database, variant.id) == Stock(15, 0)


async def test_stock_never_falls_below_what_is_promised(shelf: Shelf) -> None:
    cup = await shelf.cup()
    (variant,) = await shelf.variants(cup)
    async with shelf.database.begin() as session:
        await count_variant(session, variant_id=variant.id, counted=10, note="", now=shelf.now)
    async with holds_of(shelf.database) as holds:
        await holds.hold("a", {variant.id: 4}, until=shelf.now + timedelta(minutes=5), now=shelf.now)
    with pytest.raises(Refused, match=r"stock\.promised") as refusal:
        async with shelf.database.begin() as session:
            await adjust_variant(session, variant_id=variant.id, quantity=7, reason=Reason.LOST, note="", now=shelf.now)
    assert refusal.value.facts == {"variant": variant.id, "reserved": 4}
    assert await stock_of(shelf.database, variant.id) == Stock(10, 4)


async def test_a_form_sent_five_times_at_once_is_taken_once(shelf: Shelf) -> None:
    cup = await shelf.cup()
    (variant,) = await shelf.variants(cup)

    async def receive() -> None:
        async with shelf.database.begin() as session:
            await adjust_variant(
                session, variant_id=variant.id, quantity=6, reason=Reason.RECEIVED, note="", now=shelf.now, was=0
            )

    answers = await asyncio.gather(*(receive() for _ in range(5)), return_exceptions=True)
    assert sorted(str(answer)[:13] for answer in answers if answer is not None) == ["stock.changed"] * 4
    assert await stock_of(shelf.database, variant.id) == Stock(6, 0)


async def test_stock_of_nothing_is_refused(shelf: Shelf) -> None:
    with pytest.raises(Refused, match=r"variant\.unknown"):
        async with shelf.database.begin() as session:
            await count_variant(session, variant_id=12345, counted=1, note="", now=shelf.now)


async def test_the_scarcest_on_sale_come_first_and_drafts_not_at_all(shelf: Shelf) -> None:
    counts = [3, 0, 9, 5]
    cups = [await shelf.cup() for _ in counts]
    draft = await shelf.cup(published=False)
    variants = [(await shelf.variants(cup))[0].id for cup in (*cups, draft)]
    async with shelf.database.begin() as session:
        for variant, pieces in zip(variants, counts, strict=False):
            await count_variant(session, variant_id=variant, counted=pieces, note="", now=shelf.now)

        async def low(usual: int = 0, threshold: int | None = None, limit: int = 9, offset: int = 0) -> list[int]:
            found = await low_stock(
                session, usual=usual, now=shelf.now, threshold=threshold, limit=limit, offset=offset
            )
            return [one.variant_id for one in found]

        assert await low(threshold=5) == [variants[1], variants[0], variants[3]]
        assert await low(threshold=5, limit=1, offset=1) == [variants[0]]
        assert await low(threshold=-1) == []
        assert await low(usual=5) == [variants[1], variants[0]]  # below its mark is low, at it not yet
        assert await set_low_mark(session, variant_id=variants[2], mark=10) is None
        assert await set_low_mark(session, variant_id=variants[1], mark=0) is None
        assert await low(usual=5) == [variants[0], variants[2]]
        assert await set_low_mark(session, variant_id=variants[2], mark=None) == 10
