"""What an import left on the shelf, counted in the database."""

from collections.abc import Mapping

from sqlalchemy import text

from foundation.database import Database

_COUNTS = {
    "products": "SELECT count(*) FROM product",
    "variants": "SELECT count(*) FROM variant",
    "prices": "SELECT (SELECT count(*) FROM variant WHERE active) + (SELECT count(*) FROM variant_price)",
    "pictures": "SELECT count(DISTINCT media_id) FROM picture",
    "texts": "SELECT count(*) FROM product_text",
    "categories": "SELECT count(*) FROM category",
    "stock": "SELECT coalesce(sum(on_hand), 0) FROM stock_level",
    "unlimited": "SELECT count(*) FROM stock_level WHERE backorder > 0",
    "found": "SELECT count(*) FROM search_product",
}


async def on_the_shelf(database: Database) -> Mapping[str, int]:
    """Counts by name; `stock` is the pieces that lie there, `unlimited` the variants sold beyond them."""
    async with database.session() as session:
        return {name: int(await session.scalar(text(count)) or 0) for name, count in _COUNTS.items()}


async def amounts(database: Database) -> Mapping[str, int]:
    """The sum of all prices in minor units, by currency."""
    union = (
        "SELECT currency, sum(amount) AS total FROM ("
        " SELECT currency, price_amount AS amount FROM variant WHERE active"
        " UNION ALL SELECT currency, amount FROM variant_price) AS price GROUP BY currency"
    )
    async with database.session() as session:
        return {row.currency: int(row.total) for row in await session.execute(text(union))}
