"""The shelves of the demo shop, two levels deep; those of one level alone hold goods themselves."""

from commerce.catalog.model import Names
from commerce.imports.goods import NewCategory


def both(zh: str, en: str) -> Names:
    """A text in both languages."""
    return {"zh": zh, "en": en}


CATEGORIES = (
    NewCategory("drinks", both("饮品", "Drinks")),
    NewCategory("tea", both("茶叶", "Tea"), "drinks"),
    NewCategory("coffee", both("咖啡手冲", "Coffee & Brewing"), "drinks"),
    NewCategory("dining", both("厨房餐桌", "Kitchen & Table")),
    NewCategory("teaware", both("杯壶器皿", "Teaware"), "dining"),
    NewCategory("kitchen", both("厨具", "Cookware & Tools"), "dining"),
    NewCategory("home", both("居家生活", "Home & Living")),
    NewCategory("textiles", both("家纺", "Home Textiles"), "home"),
    NewCategory("decor", both("灯饰摆件", "Lighting & Decor"), "home"),
    NewCategory("care", both("个人护理", "Personal Care"), "home"),
    NewCategory("electronics", both("数码小物", "Small Electronics")),
    NewCategory("devices", both("影音外设", "Sound & Computer"), "electronics"),
    NewCategory("phone", both("手机配件", "Phone & Power"), "electronics"),
    NewCategory("fashion", both("服饰箱包", "Clothing & Bags")),
    NewCategory("clothing", both("服装", "Clothing"), "fashion"),
    NewCategory("shoes", both("鞋", "Shoes"), "fashion"),
    NewCategory("bags", both("箱包", "Bags"), "fashion"),
    NewCategory("outdoor", both("户外运动", "Outdoor & Sport")),
    NewCategory("stationery", both("文具礼品", "Stationery & Gifts")),
    NewCategory("food", both("零食杂粮", "Food & Snacks")),
    NewCategory("kids", both("儿童玩具", "Kids & Toys")),
    NewCategory("pets", both("宠物用品", "Pets")),
)
