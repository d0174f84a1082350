"""The first rules: what a piece costs in a deal, or by which price list."""

from commerce.pricing.basket import Basket, Line, why_not
from commerce.pricing.values import PriceTable


def use_deals(basket: Basket) -> None:
    """Give goods of a deal its price; no other rule makes them cheaper, points and accounts may still pay."""
    for line in basket.lines:
        deal = basket.inputs.deals.get(line.item.variant_id)
        if deal is not None:
            saved = (line.unit - deal.amount) * line.item.quantity
            line.unit, line.left, line.is_closed = deal.amount, deal.amount * line.item.quantity, True
            basket.note(f"{deal.kind}_price", deal.source_id, deal.label, saved)


def use_price_tables(basket: Basket) -> None:
    """Give each line its price from the lists; those for members come after the others and only make cheaper."""
    usable = []
    for table in sorted(basket.inputs.price_tables, key=lambda table: (table.for_members, -table.priority, table.id)):
        reason = why_not(
            basket.inputs,
            starts_at=table.starts_at,
            ends_at=table.ends_at,
            audience=table.audience,
            is_named=table.is_named,
        )
        if reason:
            basket.pass_by(_rule(table), table.id, table.label, reason)
        else:
            usable.append(table)
    saved: dict[int, int] = {}
    for line in (line for line in basket.lines if not line.is_closed):
        _use_list(line, [table for table in usable if not table.for_members], saved)
        _use_member_price(line, [table for table in usable if table.for_members], saved)
    for table in usable:
        if table.id in saved:
            basket.note(_rule(table), table.id, table.label, saved[table.id])
        else:
            basket.pass_by(_rule(table), table.id, table.label, _why_unused(table, basket.lines))


def _use_list(line: Line, tables: list[PriceTable], saved: dict[int, int]) -> None:
    """The price of the list with the highest priority that has one; the lowest where several stand alike."""
    found = [
        (-table.priority, price, table.id)
        for table in tables
        if (price := _price_in(table, line.item.variant_id, line.item.quantity)) is not None
    ]
    if found:
        _, price, table_id = min(found)
        _reprice(line, price, table_id, saved)


def _use_member_price(line: Line, tables: list[PriceTable], saved: dict[int, int]) -> None:
    found = [
        (price, table.id)
        for table in tables
        if (price := _price_in(table, line.item.variant_id, line.item.quantity)) is not None and price < line.unit
    ]
    if found:
        _reprice(line, *min(found), saved)


def _reprice(line: Line, price: int, table_id: int, saved: dict[int, int]) -> None:
    saved[table_id] = saved.get(table_id, 0) + (line.unit - price) * line.item.quantity
    line.unit = price
    line.left = price * line.item.quantity


def _price_in(table: PriceTable, variant_id: int, quantity: int) -> int | None:
    """The price of the highest quantity that is reached; None where the list says nothing."""
    bands = [band for band in table.prices.get(variant_id, ()) if band[0] <= quantity]
    return max(bands)[1] if bands else None


def _why_unused(table: PriceTable, lines: list[Line]) -> str:
    listed = [line for line in lines if line.item.variant_id in table.prices]
    if not listed:
        return "no_goods"
    if all(line.is_closed for line in listed):
        return "excluded"
    if all(_price_in(table, line.item.variant_id, line.item.quantity) is None for line in listed):
        return "min_quantity"
    return "not_best"


def _rule(table: PriceTable) -> str:
    return "member_price" if table.for_members else "price_list"
