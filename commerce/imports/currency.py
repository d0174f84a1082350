"""Take the prices of a file, number for number, for prices in another currency."""

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from commerce.imports.goods import NewProduct, NewVariant
from commerce.imports.shelf import Shelf
from foundation.money import Money, exponent


def in_currency(shelf: Shelf, written: str, wanted: str) -> Shelf:
    """The shelf with its selling prices, in `written`, taken for `wanted`: 12.50 USD becomes 12.50 CNY.

    No rate of exchange is applied. What was written is kept among the other prices. A currency without cents gets whole
    units, rounded half up.
    """
    if written == wanted:
        return shelf
    drafts = tuple(replace(draft, product=_product(draft.product, written, wanted)) for draft in shelf.products)
    return replace(shelf, products=drafts)


def _product(product: NewProduct, written: str, wanted: str) -> NewProduct:
    return replace(product, variants=tuple(_variant(variant, written, wanted) for variant in product.variants))


def _variant(variant: NewVariant, written: str, wanted: str) -> NewVariant:
    if not variant.priced:
        return variant
    scaled = Money(variant.price, written).decimal.scaleb(exponent(wanted))
    price = int(scaled.quantize(Decimal(1), ROUND_HALF_UP))
    others = {currency: amount for currency, amount in variant.prices if currency != wanted}
    return replace(variant, price=price, prices=tuple(sorted((others | {written: variant.price}).items())))
