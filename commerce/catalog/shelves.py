"""The shelves of the shop as shoppers see them, in one query."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.model import Category, Product, ProductStatus, in_language

_CATEGORIES = (
    select(
        Category.id,
        Category.parent_id,
        Category.handle,
        Category.name,
        func.count(Product.id).label("products"),
    )
    .outerjoin(Product, and_(Product.category_id == Category.id, Product.status == ProductStatus.PUBLISHED))
    .group_by(Category.id)
    .order_by(Category.position, Category.id)
)


@dataclass(frozen=True, slots=True)
class CategoryView:
    """A shelf with the shelves inside it. `products` counts the published ones on it and inside; none is empty."""

    category_id: int
    handle: str
    name: str
    products: int
    inside: "tuple[CategoryView, ...]" = ()


async def category_tree(session: AsyncSession, *, language: str) -> tuple[CategoryView, ...]:
    """The shelves of the shop in its order, those with nothing on or inside them left out."""
    rows = (await session.execute(_CATEGORIES)).all()
    inside: dict[int | None, list[Any]] = {}
    for row in rows:
        inside.setdefault(row.parent_id, []).append(row)

    def shelves(parent: int | None) -> tuple[CategoryView, ...]:
        return tuple(view for row in inside.get(parent, ()) if (view := shelf(row)).products)

    def shelf(row: Any) -> CategoryView:
        children = shelves(row.id)
        products = row.products + sum(child.products for child in children)
        return CategoryView(row.id, row.handle, in_language(row.name, language) or row.handle, products, children)

    return shelves(None)
