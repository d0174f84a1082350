"""What public pages need of the catalogue: products and shelves by their address, and the list of all for search
engines."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.model import Category, Media, Picture, Product, ProductStatus, Variant

_PUBLISHED = (Product.status == ProductStatus.PUBLISHED) & exists().where(
    Variant.product_id == Product.id, Variant.active
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A product on sale for search engines: its address and when it was changed last."""

    handle: str
    updated_at: datetime


async def product_at(session: AsyncSession, handle: str) -> tuple[int, int] | None:
    """Id and version of the product on sale with this handle."""
    found = await session.execute(select(Product.id, Product.version).where(Product.handle == handle, _PUBLISHED))
    row = found.first()
    return None if row is None else (row.id, row.version)


async def category_at(session: AsyncSession, handle: str) -> int | None:
    """The id of the shelf with this handle."""
    category_id: int | None = await session.scalar(select(Category.id).where(Category.handle == handle))
    return category_id


async def count_listed(session: AsyncSession) -> int:
    """How many products are on sale."""
    return await session.scalar(select(func.count()).select_from(Product).where(_PUBLISHED)) or 0


async def listed(session: AsyncSession, *, offset: int, limit: int) -> Sequence[Listed]:
    """A part of all products on sale, in the order they were made."""
    page = select(Product.handle, Product.updated_at).where(_PUBLISHED).order_by(Product.id)
    rows = await session.execute(page.offset(offset).limit(limit))
    return [Listed(row.handle, row.updated_at) for row in rows]


_IS_SHOWN = exists().where(
    Picture.media_id == Media.id, Picture.product_id == Product.id, Product.published_at.is_not(None)
)


async def public_media(session: AsyncSession, media_id: int) -> Media | None:
    """A picture that a product shows which is on sale or was (chats and orders go on showing it)."""
    media: Media | None = await session.scalar(select(Media).where(Media.id == media_id, _IS_SHOWN))
    return media


async def public_digests(session: AsyncSession, media_ids: Collection[int]) -> dict[int, str]:
    """{media id: digest of its file}, of those among these that `public_media` gives."""
    rows = await session.execute(select(Media.id, Media.digest).where(Media.id.in_(media_ids), _IS_SHOWN))
    return {row.id: row.digest for row in rows}
