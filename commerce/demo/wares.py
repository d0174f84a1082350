"""How the demo goods are written down, and the words many of them share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from commerce.catalog.model import Names
from commerce.demo.canvas import Canvas, rgb
from commerce.demo.categories import both

Draw = Callable[[], Canvas]
Option = tuple[Names, tuple[Names, ...]]
Drawings = tuple[tuple[Draw, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """One variant: SKU, price in major units, pieces in stock, its answer to each option (by place)."""

    sku: str
    price: str
    stock: int
    values: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Goods:
    """One product. Each drawing belongs to the variants with these SKUs; without SKUs it shows the product.

    `dispatch_days` are days until it leaves the shop: more than one for what is made to order.
    """

    handle: str
    category: str
    title: Names
    body: Names
    options: tuple[Option, ...]
    kinds: tuple[Kind, ...]
    drawings: Drawings
    attributes: tuple[tuple[Names, Names], ...] = ()
    free_shipping: bool = True
    dispatch_days: int = 1


WEIGHT, COLOUR, SIZE = both("规格", "Weight"), both("颜色", "Colour"), both("容量", "Capacity")
MEASURE, FLAVOUR, SCENT = both("尺寸", "Size"), both("口味", "Flavour"), both("香味", "Scent")
ORIGIN, MATERIAL, BREW = both("产地", "Origin"), both("材质", "Material"), both("冲泡", "Brewing")
BATTERY, POWER, CARE = both("续航", "Battery life"), both("功率", "Power"), both("保养", "Care")
KEEPS, CONTENTS, HEAVY = both("保质期", "Best before"), both("配料", "Ingredients"), both("重量", "Net weight")
PACKED = both("包装", "Packing")
BLACK, WHITE = both("曜石黑", "Obsidian black"), both("云白", "Cloud white")


def grams(*weights: int) -> tuple[Option, ...]:
    """A choice of weights."""
    return ((WEIGHT, tuple(both(f"{weight} 克", f"{weight} g") for weight in weights)),)


def colours(*names: Names) -> Option:
    """A choice of colours."""
    return COLOUR, names


def by_colour(draw: Callable[..., Canvas], *looks: tuple[Sequence[str], tuple[str, ...]]) -> Drawings:
    """One drawing for each colour: (codes of the thing's colour, the ground and the disc) and the SKUs it shows."""

    def drawing(codes: Sequence[str]) -> Draw:
        return lambda: draw(*(rgb(code) for code in codes))

    return tuple((drawing(codes), skus) for codes, skus in looks)
