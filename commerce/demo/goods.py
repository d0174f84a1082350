"""What the demo shop sells, in Chinese and English."""

from commerce.demo.categories import CATEGORIES
from commerce.demo.goods_care import CARE_SHELF
from commerce.demo.goods_clothing import BAGS, CLOTHES, SHOES
from commerce.demo.goods_coffee import COFFEE
from commerce.demo.goods_electronics import ELECTRONICS
from commerce.demo.goods_food import FOOD
from commerce.demo.goods_gadgets import GADGETS
from commerce.demo.goods_gifts import GIFTS
from commerce.demo.goods_home import DECOR, TEXTILES
from commerce.demo.goods_kids import KIDS
from commerce.demo.goods_kitchen import KITCHEN
from commerce.demo.goods_outdoor import OUTDOOR
from commerce.demo.goods_pets import PETS
from commerce.demo.goods_table import TEAWARE, TO_GO
from commerce.demo.goods_tea import MORE_TEAS, TEAS
from commerce.demo.wares import Draw, Goods, Kind

__all__ = ["CATEGORIES", "GOODS", "Draw", "Goods", "Kind"]

GOODS = (
    *TEAS,
    *TEAWARE,
    *ELECTRONICS,
    *TO_GO,
    *MORE_TEAS,
    *COFFEE,
    *KITCHEN,
    *TEXTILES,
    *DECOR,
    *CARE_SHELF,
    *FOOD,
    *PETS,
    *GADGETS,
    *CLOTHES,
    *SHOES,
    *BAGS,
    *OUTDOOR,
    *GIFTS,
    *KIDS,
)
