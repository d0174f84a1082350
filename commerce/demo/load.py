"""Fill an empty shop with the demo goods, their pictures drawn on the spot, and with a few deals."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from commerce.catalog.media import MediaFolder
from commerce.catalog.model import Product
from commerce.demo.deals import open_deals
from commerce.demo.goods import CATEGORIES, GOODS, Draw, Goods
from commerce.demo.timed_deals import start_timed_deals
from commerce.imports.goods import NewOption, NewPicture, NewProduct, NewText, NewVariant, Progress
from commerce.imports.publish import publish
from foundation.database import Database
from foundation.money import Money

SOURCE = "demo"


async def load_demo_shop(
    database: Database,
    media: MediaFolder,
    *,
    now: datetime,
    currency: str = "CNY",
    goods: Sequence[Goods] = GOODS,
    progress: Progress = lambda _done, _total: None,
    time_zone: ZoneInfo | None = None,
) -> int:
    """Draw, store and publish the demo goods; returns how many products that brought.

    Prices are the same numbers in any currency. With a `time_zone`, that of the shop's evenings, there are deals with a
    clock as well.

    A shop that has them is left alone, whatever became of them since; one that was interrupted is completed. `progress`
    counts pictures.
    """
    async with database.begin() as session:
        known = set(await session.scalars(select(Product.source_key).where(Product.source == SOURCE)))
    missing = [one for one in goods if one.handle not in known]
    total = sum(len(one.drawings) for one in missing)
    products: list[NewProduct] = []
    drawn = 0
    for one in missing:
        pictures: list[NewPicture] = []
        for draw, skus in one.drawings:
            progress(drawn, total)
            pictures.append(await asyncio.to_thread(_draw, media, draw, skus))
            drawn += 1
        products.append(as_imported(one, currency, pictures))
    progress(drawn, total)
    if products:
        async with database.begin() as session:
            await publish(session, source=SOURCE, currency=currency, categories=CATEGORIES, products=products, now=now)
            if not known:
                await open_deals(session, currency=currency, now=now)
                if time_zone is not None:
                    await start_timed_deals(session, currency=currency, time_zone=time_zone, now=now)
    return len(products)


def _draw(media: MediaFolder, draw: Draw, skus: tuple[str, ...]) -> NewPicture:
    return NewPicture(media.keep(draw().jpeg()), skus)


def as_imported(goods: Goods, currency: str, pictures: Sequence[NewPicture]) -> NewProduct:
    """Demo goods as any other import would bring them."""
    variants = (
        NewVariant(kind.sku, Money.parse(kind.price, currency).amount, kind.stock, kind.values) for kind in goods.kinds
    )
    # The first colour also stands for the product as a whole.
    leading = [NewPicture(pictures[0].media)] if pictures and pictures[0].skus else []
    return NewProduct(
        key=goods.handle,
        handle=goods.handle,
        category=goods.category,
        texts=tuple(NewText(lang, goods.title[lang], goods.body[lang]) for lang in ("zh", "en")),
        variants=tuple(variants),
        options=tuple(NewOption(name, values) for name, values in goods.options),
        attributes=goods.attributes,
        pictures=(*leading, *pictures),
        free_shipping=goods.free_shipping,
        dispatch_days=goods.dispatch_days,
    )
