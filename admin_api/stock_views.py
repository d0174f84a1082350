"""The stock of variants as the staff sees it: at all locations together, and at each."""

from collections.abc import Collection, Sequence

from pydantic import BaseModel
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.inventory.model import Location, StockLevel


class PlaceStock(BaseModel):
    """Pieces of a variant at one location."""

    location_id: int
    on_hand: int
    reserved: int
    free: int


class StockShape(BaseModel):
    """Pieces of a variant: what lies there, what is promised, what may be sold beyond, what can still be promised.

    At all locations together; `places` has those where it lies or lay, the one that is asked first first.
    """

    on_hand: int
    reserved: int
    backorder: int
    free: int
    places: list[PlaceStock]


NO_STOCK = StockShape(on_hand=0, reserved=0, backorder=0, free=0, places=[])


async def stock_shapes(session: AsyncSession, variants: Select[int] | Collection[int]) -> dict[int, StockShape]:
    """The stock of variants, at all locations together and at each; one that never had any is missing."""
    found = (
        select(StockLevel)
        .join(Location, Location.id == StockLevel.location_id)
        .where(StockLevel.variant_id.in_(variants), Location.active)
        .order_by(Location.parcel_cost, Location.position, Location.id)
        .execution_options(populate_existing=True)
    )
    levels: dict[int, list[StockLevel]] = {}
    for level in await session.scalars(found):
        levels.setdefault(level.variant_id, []).append(level)
    return {variant: stock_shape(each) for variant, each in levels.items()}


def stock_shape(levels: Sequence[StockLevel]) -> StockShape:
    """The stock of a variant by its levels."""
    places = [
        PlaceStock(
            location_id=level.location_id,
            on_hand=level.on_hand,
            reserved=level.reserved,
            free=max(level.on_hand + level.backorder - level.reserved, 0),
        )
        for level in levels
    ]
    return StockShape(
        on_hand=sum(place.on_hand for place in places),
        reserved=sum(place.reserved for place in places),
        backorder=sum(level.backorder for level in levels),
        free=sum(place.free for place in places),
        places=places,
    )
