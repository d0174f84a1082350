"""Pictures of a product: which, in what order, of which variants, and what they show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.media import Kept
from commerce.catalog.model import Media, Picture, Product, Variant
from commerce.merchandising.editing import names, product_to_edit, save
from commerce.orders.model import OrderLine
from foundation.errors import Refused

MOST_PICTURES = 50


@dataclass(frozen=True, slots=True)
class Placed:
    """A picture of the whole product, of some variants, or of both; `alt` says what it shows, by language."""

    media_id: int
    for_all: bool = True
    variant_ids: Sequence[int] = ()
    alt: Mapping[str, str] = field(default_factory=dict)


async def add_pictures(
    session: AsyncSession, *, product_id: int, version: int, kept: Sequence[Kept], now: datetime
) -> Product:
    """Put pictures that lie in the media folder behind the others. One the product has already is not added again.

    Refuses picture.too_many (`most`).
    """
    product = await product_to_edit(session, product_id, version=version)
    has = await session.scalars(select(Picture.media_id).where(Picture.product_id == product.id))
    shown = set(has)
    last = await session.scalar(select(func.max(Picture.position)).where(Picture.product_id == product.id))
    place = 0 if last is None else last + 1
    for one in kept:
        media_id = await media_row(session, one)
        if media_id not in shown:
            shown.add(media_id)
            session.add(Picture(product_id=product.id, media_id=media_id, position=place, alt={}))
            place += 1
    if len(shown) > MOST_PICTURES:
        raise Refused("picture.too_many", most=MOST_PICTURES)
    return await save(session, product, now=now)


async def arrange_pictures(
    session: AsyncSession, *, product_id: int, version: int, pictures: Sequence[Placed], now: datetime
) -> Product:
    """These pictures of the product in this order, with these variants; those not named are taken off.

    Refuses picture.unknown for one that is not the product's or is named twice, and variant.unknown.
    """
    product = await product_to_edit(session, product_id, version=version)
    mine = set(await session.scalars(select(Picture.media_id).where(Picture.product_id == product.id)))
    named = [placed.media_id for placed in pictures]
    if set(named) - mine or len(set(named)) < len(named):
        raise Refused("picture.unknown")
    variants = set(await session.scalars(select(Variant.id).where(Variant.product_id == product.id)))
    if {variant for placed in pictures for variant in placed.variant_ids} - variants:
        raise Refused("variant.unknown")
    await session.execute(delete(Picture).where(Picture.product_id == product.id))
    rows = [
        {"product_id": product.id, "media_id": placed.media_id, "variant_id": variant_id, "position": place, "alt": alt}
        for place, placed in enumerate(pictures)
        for alt in [names(placed.alt) if any(placed.alt.values()) else {}]
        for variant_id in _whom(placed)
    ]
    if rows:
        await session.execute(insert(Picture), rows)
    return await save(session, product, now=now)


async def replace_picture(
    session: AsyncSession, *, product_id: int, version: int, media_id: int, kept: Kept, now: datetime
) -> Product:
    """Show another picture (a cut of the old one) in the same place, of the same variants. Refuses picture.unknown."""
    product = await product_to_edit(session, product_id, version=version)
    new_id = await media_row(session, kept)
    if new_id != media_id:
        # The same cut was made before: it is shown once, here.
        await session.execute(delete(Picture).where(Picture.product_id == product.id, Picture.media_id == new_id))
    shown = (
        update(Picture)
        .where(Picture.product_id == product.id, Picture.media_id == media_id)
        .values(media_id=new_id)
        .returning(Picture.id)
        .execution_options(synchronize_session=False)
    )
    if not (await session.scalars(shown)).all():
        raise Refused("picture.unknown")
    return await save(session, product, now=now)


async def picture_of(session: AsyncSession, *, product_id: int, media_id: int) -> Kept:
    """The file of a picture that this product shows. Refuses picture.unknown."""
    shown = select(Media).join(Picture, Picture.media_id == Media.id)
    shown = shown.where(Picture.product_id == product_id, Media.id == media_id).limit(1)
    media = await session.scalar(shown)
    if media is None:
        raise Refused("picture.unknown")
    return Kept(media.digest, media.mime, media.width, media.height)


async def media_row(session: AsyncSession, kept: Kept) -> int:
    """The id of the row of a picture file; made when there is none."""
    row = {"digest": kept.digest, "mime": kept.mime, "width": kept.width, "height": kept.height}
    await session.execute(insert(Media).values(**row).on_conflict_do_nothing())
    return (await session.scalars(select(Media.id).where(Media.digest == kept.digest))).one()


async def forget_media(session: AsyncSession, *, limit: int) -> list[str]:
    """Forget pictures that neither a product nor a line of an order shows any more; the digests of their files."""
    is_shown = exists().where(Picture.media_id == Media.id) | exists().where(OrderLine.picture == Media.id)
    unused = select(Media.id).where(~is_shown).order_by(Media.id).limit(limit).with_for_update(skip_locked=True)
    gone = delete(Media).where(Media.id.in_(unused.scalar_subquery())).returning(Media.digest)
    return list(await session.scalars(gone))


def _whom(placed: Placed) -> list[int | None]:
    """Of whom it is a picture; of nobody in particular is of the whole product."""
    of = list(dict.fromkeys(placed.variant_ids))
    return [None, *of] if placed.for_all or not of else [*of]
