"""What the staff does with products, for the HTTP interface and the console alike.

Each act is one transaction: who may, the act itself, and its line in the audit log with what changed. Pictures are
decoded before it begins.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.desk import Desk
from admin_api.product_facts import changes, facts_of
from admin_api.product_forms import (
    BulkForm,
    CropForm,
    EditForm,
    PicturesForm,
    PricesForm,
    ProductForm,
    VariantsForm,
)
from admin_api.product_rows import (
    ProductCounts,
    ProductPage,
    found_by_words,
    matching,
    product_counts,
    product_rows,
)
from admin_api.product_views import ProductHistory, ProductSheet, product_history, product_sheet
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import Done, read_cursor
from commerce.catalog.crop import crop_square
from commerce.catalog.media import Kept, MediaFolder, tidied
from commerce.catalog.model import Product, ProductStatus
from commerce.merchandising import actions, bulk, pictures, variants
from foundation.audit import write_audit
from foundation.errors import Json, Refused

_MOVED = {
    ProductStatus.PUBLISHED: "product.published",
    ProductStatus.DRAFT: "product.made_draft",
    ProductStatus.ARCHIVED: "product.archived",
}


async def list_products(
    session: AsyncSession,
    staff: StaffMember,
    *,
    words: str | None = None,
    status: ProductStatus | None = None,
    category_id: int | None = None,
    low_stock: int | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> ProductPage:
    """Products, newest first; with `words` those they find, best first. Refuses cursor.invalid.

    `low_stock`: those with a variant of which at most so many can still be promised.
    """
    staff.must(Permission.READ_PRODUCTS)
    from_ = read_cursor(cursor)
    conditions = matching(status=status, category_id=category_id, low_stock=low_stock)
    if words and words.strip():
        found = await found_by_words(session, words, language=staff.language)
        fitting = set(await session.scalars(select(Product.id).where(Product.id.in_(found), *conditions)))
        start = from_ or 0
        left = [product_id for product_id in found if product_id in fitting][start:]
        following = str(start + limit) if len(left) > limit else None
    else:
        page = select(Product.id).where(*conditions).order_by(Product.id.desc()).limit(limit + 1)
        left = list(await session.scalars(page if from_ is None else page.where(Product.id < from_)))
        following = str(left[limit - 1]) if len(left) > limit else None
    return ProductPage(products=await product_rows(session, left[:limit], language=staff.language), next=following)


async def count_products(session: AsyncSession, staff: StaffMember) -> ProductCounts:
    """How many there are in each status."""
    staff.must(Permission.READ_PRODUCTS)
    return await product_counts(session)


async def read_product(session: AsyncSession, staff: StaffMember, *, product_id: int) -> ProductSheet:
    """Everything about one product. Refuses product.unknown."""
    staff.must(Permission.READ_PRODUCTS)
    return await product_sheet(session, product_id=product_id, language=staff.language)


async def read_history(
    session: AsyncSession, staff: StaffMember, *, product_id: int, cursor: str | None = None, limit: int = 50
) -> ProductHistory:
    """Who changed what of a product, newest first. Refuses product.unknown, cursor.invalid."""
    staff.must(Permission.READ_PRODUCTS)
    return await product_history(session, product_id=product_id, before_id=read_cursor(cursor), limit=limit)


async def create_product(desk: Desk, staff: StaffMember, *, form: ProductForm) -> ProductSheet:
    """A draft with one variant. Refuses what `commerce.merchandising.actions.create_product` refuses."""
    staff.must(Permission.MANAGE_PRODUCTS)
    async with desk.database.begin() as session:
        made = await actions.create_product(
            session,
            texts={lang: text.text() for lang, text in (form.texts or {}).items()},
            currency=desk.settings.currency,
            price=form.price,
            sku=form.sku,
            edit=form.edit(with_texts=False),
            now=desk.now(),
        )
        after = await facts_of(session, [made.id])
        note_down(session, desk, staff, "product.created", f"product:{made.id}", **changes({}, after[made.id]))
        return await product_sheet(session, product_id=made.id, language=staff.language)


async def save_product(
    desk: Desk,
    staff: StaffMember,
    *,
    product_id: int,
    edit: EditForm | None = None,
    offers: VariantsForm | None = None,
) -> ProductSheet:
    """Change texts, handle, shelf, shipping, facts, and bring options and variants to what is given; all or nothing.

    Refuses product.changed when somebody saved in between, and what `edit_product` and `set_options_and_variants` do.
    """
    async with desk.database.begin() as session:
        edited: Product | None = None
        if edit is not None:
            async with _written(session, desk, staff, "product.edited", product_id):
                edited = await actions.edit_product(
                    session, product_id=product_id, version=edit.version, edit=edit.edit(), now=desk.now()
                )
        if offers is not None:
            async with _written(session, desk, staff, "product.variants_set", product_id):
                await variants.set_options_and_variants(
                    session,
                    product_id=product_id,
                    version=offers.version if edited is None else edited.version,
                    options=offers.option_drafts(),
                    variants=offers.variant_drafts(),
                    currency=desk.settings.currency,
                    now=desk.now(),
                )
        return await product_sheet(session, product_id=product_id, language=staff.language)


async def move_product(
    desk: Desk, staff: StaffMember, *, product_id: int, version: int, to: ProductStatus
) -> ProductSheet:
    """Put it on sale, make it a draft (again), or archive it. Refuses product.move_refused, product.incomplete."""
    async with _act(desk, staff, _MOVED[to], product_id) as session:
        await actions.move_product(session, product_id=product_id, version=version, to=to, now=desk.now())
        return await product_sheet(session, product_id=product_id, language=staff.language)


async def set_prices(desk: Desk, staff: StaffMember, *, product_id: int, form: PricesForm) -> ProductSheet:
    """New prices of its variants. Carts show them at once, orders keep what was agreed."""
    async with _act(desk, staff, "product.prices_set", product_id) as session:
        await variants.set_prices(
            session, product_id=product_id, version=form.version, prices=form.new_prices(), now=desk.now()
        )
        return await product_sheet(session, product_id=product_id, language=staff.language)


async def add_pictures(
    desk: Desk, staff: StaffMember, *, product_id: int, version: int, uploads: Sequence[bytes]
) -> ProductSheet:
    """Put uploaded pictures behind the others; all or none.

    Refuses media.empty, media.too_large, media.too_many_pixels, media.unreadable (with `file`, the place of the bad one
    from 1), picture.too_many, product.changed.
    """
    staff.must(Permission.MANAGE_PRODUCTS)
    if not uploads:
        raise Refused("media.empty", file=1)
    kept = [await _keep(desk, content, place) for place, content in enumerate(uploads, start=1)]
    async with _act(desk, staff, "product.pictures_added", product_id) as session:
        await pictures.add_pictures(session, product_id=product_id, version=version, kept=kept, now=desk.now())
        return await product_sheet(session, product_id=product_id, language=staff.language)


async def arrange_pictures(desk: Desk, staff: StaffMember, *, product_id: int, form: PicturesForm) -> ProductSheet:
    """Order of pictures, of which variants they are, what they show; those not named are taken off."""
    async with _act(desk, staff, "product.pictures_arranged", product_id) as session:
        await pictures.arrange_pictures(
            session, product_id=product_id, version=form.version, pictures=form.placed(), now=desk.now()
        )
        return await product_sheet(session, product_id=product_id, language=staff.language)


async def crop_picture(
    desk: Desk, staff: StaffMember, *, product_id: int, media_id: int, form: CropForm
) -> ProductSheet:
    """Show only a square of a picture. Refuses picture.unknown, picture.box, media.missing."""
    staff.must(Permission.MANAGE_PRODUCTS)
    folder = MediaFolder.of(desk.settings.data_dir)
    async with desk.database.begin() as session:
        whole = await pictures.picture_of(session, product_id=product_id, media_id=media_id)
    cut = await asyncio.to_thread(crop_square, folder, whole, left=form.left, top=form.top, side=form.side)
    async with _act(desk, staff, "product.picture_cropped", product_id) as session:
        await pictures.replace_picture(
            session, product_id=product_id, version=form.version, media_id=media_id, kept=cut, now=desk.now()
        )
        return await product_sheet(session, product_id=product_id, language=staff.language)


async def change_many(desk: Desk, staff: StaffMember, *, form: BulkForm) -> Done:
    """One change of up to 1,000 products, all or nothing; a line in the audit log for each.

    Refuses bulk.refused with the reason for each product that cannot. Counting needs the permission for stock too.
    """
    staff.must(Permission.MANAGE_PRODUCTS)
    if form.counted is not None:
        staff.must(Permission.MANAGE_STOCK)
    async with desk.database.begin() as session:
        locked = await bulk.lock_for(session, ids=form.ids, change=form.change())
        before = await facts_of(session, [product.id for product in locked])
        await bulk.change_many(
            session, ids=form.ids, change=form.change(), note="bulk edit", now=desk.now(), versions=form.versions
        )
        after = await facts_of(session, list(before))
        for product_id in sorted(before):
            facts = changes(before[product_id], after[product_id])
            counted: dict[str, Json] = {} if form.counted is None else {"counted": form.counted}
            note_down(session, desk, staff, "product.bulk_changed", f"product:{product_id}", **facts, **counted)
    return Done()


def note_down(session: AsyncSession, desk: Desk, staff: StaffMember, action: str, subject: str, **facts: Json) -> None:
    """A line in the audit log, in the transaction of what it tells."""
    write_audit(session, staff_id=staff.id, action=action, subject=subject, now=desk.now(), **facts)


@asynccontextmanager
async def _act(desk: Desk, staff: StaffMember, action: str, product_id: int) -> AsyncIterator[AsyncSession]:
    """A transaction in which a product changes; what changed is written down at its end."""
    async with desk.database.begin() as session, _written(session, desk, staff, action, product_id):
        yield session


@asynccontextmanager
async def _written(
    session: AsyncSession, desk: Desk, staff: StaffMember, action: str, product_id: int
) -> AsyncIterator[None]:
    """A change of a product, by who may; what changed is written down at its end."""
    staff.must(Permission.MANAGE_PRODUCTS)
    before = await facts_of(session, [product_id])
    yield
    after = await facts_of(session, [product_id])
    note_down(session, desk, staff, action, f"product:{product_id}", **changes(before[product_id], after[product_id]))


async def _keep(desk: Desk, content: bytes, place: int) -> Kept:
    """Look at an uploaded picture and store it upright, without the place where it was taken."""
    folder = MediaFolder.of(desk.settings.data_dir)
    try:
        return await asyncio.to_thread(lambda: folder.keep(tidied(content)))
    except Refused as refusal:
        raise Refused(refusal.code, **refusal.facts, file=place) from refusal
