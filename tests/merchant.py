"""The merchant at the shelf, and what a shopper sees of it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from commerce.catalog.model import Product, ProductStatus, ProductText, Variant
from commerce.catalog.queries import product_details
from commerce.merchandising.actions import Edit, Text, create_product, edit_product, move_product
from commerce.merchandising.variants import NewPrice, OptionDraft, VariantDraft, set_options_and_variants, set_prices
from commerce.search.actions import Wanted, find
from foundation.database import Database

CUP = {"zh": Text("青瓷茶杯", "手作。"), "en": Text("Celadon tea cup", "Made by hand.")}


class Shelf:
    """The shelf of a shop, each act in a transaction of its own, and what a shopper sees of it in another one."""

    def __init__(self, database: Database, now: datetime) -> None:
        self.database, self.now = database, now

    async def cup(self, *, price: int = 8800, published: bool = True, texts: dict[str, Text] | None = None) -> int:
        async with self.database.begin() as session:
            said = CUP if texts is None else texts
            made = await create_product(session, texts=said, currency="CNY", price=price, now=self.now)
        if published:
            await self.move(made.id, ProductStatus.PUBLISHED)
        return made.id

    async def drafts(self, count: int, *, price: int = 1000) -> list[Product]:
        """Many drafts of one variant each."""
        async with self.database.begin() as session:
            made = [
                Product(handle=f"cup-{number}", created_at=self.now, updated_at=self.now) for number in range(count)
            ]
            session.add_all(made)
            await session.flush()
            session.add_all(ProductText(product_id=one.id, lang="zh", title=f"茶杯 {one.id}") for one in made)
            session.add_all(
                Variant(product_id=one.id, sku=f"CUP-{one.id}", price_amount=price, currency="CNY") for one in made
            )
        return made

    async def version(self, product_id: int) -> int:
        async with self.database.begin() as session:
            return (await session.get_one(Product, product_id)).version

    async def edit(self, product_id: int, edit: Edit, *, version: int | None = None) -> Product:
        version = version or await self.version(product_id)
        async with self.database.begin() as session:
            return await edit_product(session, product_id=product_id, version=version, edit=edit, now=self.now)

    async def move(self, product_id: int, to: ProductStatus) -> None:
        version = await self.version(product_id)
        async with self.database.begin() as session:
            await move_product(session, product_id=product_id, version=version, to=to, now=self.now)

    async def price(self, product_id: int, *prices: NewPrice) -> None:
        version = await self.version(product_id)
        async with self.database.begin() as session:
            await set_prices(session, product_id=product_id, version=version, prices=prices, now=self.now)

    async def vary(
        self, product_id: int, options: Sequence[OptionDraft], variants: Sequence[VariantDraft]
    ) -> list[Variant]:
        version = await self.version(product_id)
        async with self.database.begin() as session:
            await set_options_and_variants(
                session,
                product_id=product_id,
                version=version,
                options=options,
                variants=variants,
                currency="CNY",
                now=self.now,
            )
        return await self.variants(product_id)

    async def variants(self, product_id: int) -> list[Variant]:
        async with self.database.begin() as session:
            mine = select(Variant).where(Variant.product_id == product_id).order_by(Variant.position, Variant.id)
            return list(await session.scalars(mine))

    async def found(self, words: str, language: str = "zh") -> tuple[int, ...]:
        async with self.database.begin() as session:
            return (await find(session, Wanted(words, language))).product_ids

    async def titles(self, product_id: int) -> tuple[str, str] | None:
        async with self.database.begin() as session:
            zh = await product_details(session, product_id, language="zh")
            en = await product_details(session, product_id, language="en")
            return (zh.title, en.title) if zh and en else None
