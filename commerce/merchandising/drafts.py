"""A product begun with a photo: what its caption says is taken over, what is missing is asked for by whoever calls."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.media import Kept
from commerce.catalog.model import Picture, Product, ProductStatus, ProductText, Variant
from commerce.inventory.actions import count_stock
from commerce.inventory.model import StockLevel
from commerce.merchandising.actions import Edit, Text, create_product, edit_product
from commerce.merchandising.captions import Caption
from commerce.merchandising.pictures import add_pictures
from commerce.merchandising.variants import NewPrice, set_prices
from foundation.errors import Refused
from foundation.money import Money


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft as the one who makes it sees it. `price` is None while there is none; `picture` is a media id."""

    product_id: int
    version: int
    title: str
    body: str
    price: Money | None
    stock: int
    picture: int | None
    pictures: int


async def draft_from_photo(
    session: AsyncSession, *, media: Kept, caption: Caption, currency: str, now: datetime
) -> Product:
    """A draft with this picture and what the caption says of it; without a price it costs nothing, and cannot be sold
    before it has one.
    """
    texts = {caption.language: Text(caption.title, caption.body)} if caption.title else {}
    price = caption.price.amount if caption.price else 0
    draft = await create_product(session, texts=texts, currency=currency, price=price, now=now)
    draft = await add_pictures(session, product_id=draft.id, version=draft.version, kept=[media], now=now)
    if caption.stock is not None:
        variant_id = await _variant(session, draft.id)
        await count_stock(session, variant_id=variant_id, counted=caption.stock, reference="chat", now=now)
    return draft


async def add_photo(session: AsyncSession, *, product_id: int, media: Kept, now: datetime) -> None:
    """One more picture of a draft. Refuses product.unknown for what is no draft (any more), picture.too_many."""
    draft = await _draft(session, product_id)
    await add_pictures(session, product_id=draft.id, version=draft.version, kept=[media], now=now)


async def describe_draft(session: AsyncSession, *, product_id: int, caption: Caption, now: datetime) -> None:
    """Take over what the caption says; what it does not say stays. Refuses product.unknown for what is no draft."""
    draft = await _draft(session, product_id)
    if caption.title:
        edit = Edit(texts={caption.language: Text(caption.title, caption.body)})
        draft = await edit_product(session, product_id=draft.id, version=draft.version, edit=edit, now=now)
    if caption.price is not None:
        variant_id = await _variant(session, draft.id)
        price = NewPrice(variant_id=variant_id, amount=caption.price.amount)
        await set_prices(session, product_id=draft.id, version=draft.version, prices=[price], now=now)
    if caption.stock is not None:
        variant_id = await _variant(session, draft.id)
        await count_stock(session, variant_id=variant_id, counted=caption.stock, reference="chat", now=now)


async def draft_view(session: AsyncSession, *, product_id: int) -> DraftView:
    """The draft with what it lacks. Refuses product.unknown for what is no draft (any more)."""
    draft = await _draft(session, product_id)
    text = await session.scalar(select(ProductText).where(ProductText.product_id == draft.id).limit(1))
    variant = await session.get_one(Variant, await _variant(session, draft.id))
    pictures = select(Picture.media_id).where(Picture.product_id == draft.id).order_by(Picture.position, Picture.id)
    shown = (await session.scalars(pictures)).all()
    on_hand = select(func.sum(StockLevel.on_hand)).where(StockLevel.variant_id == variant.id)
    return DraftView(
        product_id=draft.id,
        version=draft.version,
        title=text.title if text else "",
        body=text.body if text else "",
        price=variant.price if variant.price_amount else None,
        stock=int(await session.scalar(on_hand) or 0),
        picture=shown[0] if shown else None,
        pictures=len(shown),
    )


async def _draft(session: AsyncSession, product_id: int) -> Product:
    draft = await session.get(Product, product_id, with_for_update={"key_share": True}, populate_existing=True)
    if draft is None or draft.status != ProductStatus.DRAFT:
        raise Refused("product.unknown")
    return draft


async def _variant(session: AsyncSession, product_id: int) -> int:
    first = select(Variant.id).where(Variant.product_id == product_id).order_by(Variant.position, Variant.id).limit(1)
    return (await session.scalars(first)).one()
