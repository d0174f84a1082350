"""What the staff does with the shelves of the shop."""

from typing import Annotated

from pydantic import BaseModel, Field
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.desk import Desk
from admin_api.product_desk import note_down
from admin_api.product_forms import Id, Name
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import Words
from commerce.catalog.model import Category, Names, Product, ProductStatus
from commerce.merchandising import categories
from foundation.errors import Json, Refused


class CategoryForm(BaseModel):
    """A new shelf, in another one or not; its handle is made of its name unless it is given."""

    name: Name
    parent_id: Id | None = None
    handle: Annotated[Words, Field(min_length=1, max_length=100)] | None = None


class RenameForm(BaseModel):
    """Names by language; those left out stay, an empty one goes."""

    name: Name


class MoveForm(BaseModel):
    """Into which shelf (null: none), and at which place among those there (from 0; null: last)."""

    parent_id: Id | None
    place: Annotated[int, Field(ge=0, le=10_000)] | None = None


class RemoveForm(BaseModel):
    """Where what is on and in the shelf goes; null only when there is nothing."""

    into: Id | None = None


class CategoryRow(BaseModel):
    """A shelf. `depth` counts from 0; `products` lie on it itself, not inside, and `published` of them are sold."""

    id: int
    handle: str
    name: Names
    parent_id: int | None
    depth: int
    products: int
    published: int


class Categories(BaseModel):
    """All shelves in the shop's order, each followed by those inside it."""

    categories: list[CategoryRow]


async def list_categories(session: AsyncSession, staff: StaffMember) -> Categories:
    """All shelves."""
    staff.must(Permission.READ_PRODUCTS)
    published = func.count().filter(Product.status == ProductStatus.PUBLISHED)
    counted = select(Product.category_id, func.count(), published).where(Product.category_id.is_not(None))
    counts = {
        shelf: (every, sold) for shelf, every, sold in await session.execute(counted.group_by(Product.category_id))
    }
    inside: dict[int | None, list[Category]] = {}
    in_order = select(Category).order_by(Category.position, Category.id).execution_options(populate_existing=True)
    for shelf in await session.scalars(in_order):
        inside.setdefault(shelf.parent_id, []).append(shelf)

    def rows(parent: int | None, depth: int) -> list[CategoryRow]:
        found = []
        for shelf in inside.get(parent, ()):
            found.append(_row(shelf, depth, *counts.get(shelf.id, (0, 0))))
            found += rows(shelf.id, depth + 1)
        return found

    return Categories(categories=rows(None, 0))


async def add_category(desk: Desk, staff: StaffMember, *, form: CategoryForm) -> Categories:
    """A new shelf. Refuses name.invalid, category.unknown, category.handle_invalid, category.handle_taken."""
    staff.must(Permission.MANAGE_PRODUCTS)
    async with desk.database.begin() as session:
        made = await categories.add_category(session, name=form.name, parent_id=form.parent_id, handle=form.handle)
        note_down(session, desk, staff, "category.added", f"category:{made.id}", after=_facts(made))
        return await list_categories(session, staff)


async def rename_category(desk: Desk, staff: StaffMember, *, category_id: int, form: RenameForm) -> Categories:
    """Another name; products on it are found by it at once. Refuses category.unknown, name.invalid."""
    staff.must(Permission.MANAGE_PRODUCTS)
    async with desk.database.begin() as session:
        before = await _facts_of(session, category_id)
        shelf = await categories.rename_category(session, category_id=category_id, name=form.name)
        facts = {"before": before, "after": _facts(shelf)}
        note_down(session, desk, staff, "category.renamed", f"category:{category_id}", **facts)
        return await list_categories(session, staff)


async def move_category(desk: Desk, staff: StaffMember, *, category_id: int, form: MoveForm) -> Categories:
    """Into another shelf, or to another place. Refuses category.unknown, category.cycle, category.too_deep."""
    staff.must(Permission.MANAGE_PRODUCTS)
    async with desk.database.begin() as session:
        before = await _facts_of(session, category_id)
        shelf = await categories.move_category(
            session, category_id=category_id, parent_id=form.parent_id, place=form.place
        )
        facts = {"before": before, "after": _facts(shelf)}
        note_down(session, desk, staff, "category.moved", f"category:{category_id}", **facts)
        return await list_categories(session, staff)


async def remove_category(desk: Desk, staff: StaffMember, *, category_id: int, form: RemoveForm) -> Categories:
    """Take a shelf away. Refuses category.unknown, category.filled, category.cycle."""
    staff.must(Permission.MANAGE_PRODUCTS)
    async with desk.database.begin() as session:
        before = await _facts_of(session, category_id)
        await categories.remove_category(session, category_id=category_id, into=form.into, now=desk.now())
        facts = {"before": before, "into": form.into}
        note_down(session, desk, staff, "category.removed", f"category:{category_id}", **facts)
        return await list_categories(session, staff)


async def _facts_of(session: AsyncSession, category_id: int) -> dict[str, Json]:
    await categories.take_turns(session)
    shelf = await session.get(Category, category_id)
    if shelf is None:
        raise Refused("category.unknown")
    return _facts(shelf)


def _facts(shelf: Category) -> dict[str, Json]:
    return {"handle": shelf.handle, "name": shelf.name, "parent": shelf.parent_id, "position": shelf.position}


def _row(shelf: Category, depth: int, products: int, published: int) -> CategoryRow:
    return CategoryRow(
        id=shelf.id,
        handle=shelf.handle,
        name=shelf.name,
        parent_id=shelf.parent_id,
        depth=depth,
        products=products,
        published=published,
    )
