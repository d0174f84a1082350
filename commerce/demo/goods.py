"""What the demo shop sells, in Chinese and English."""

from commerce.demo.categories import CATEGORIES
from commerce.demo.goods_electronics import ELECTRONICS
from commerce.demo.goods_table import TEAWARE, TO_GO
from commerce.demo.goods_tea import TEAS
from commerce.demo.wares import Draw, Goods, Kind

__all__ = ["CATEGORIES", "GOODS", "Draw", "Goods", "Kind"]

GOODS = (
    *TEAS,
    *TEAWARE,
    *ELECTRONICS,
    *TO_GO,
)
