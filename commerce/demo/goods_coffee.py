"""The coffee of the demo shop."""

from commerce.demo import pictures_drinks as drinks
from commerce.demo.categories import both
from commerce.demo.wares import BREW, CONTENTS, KEEPS, ORIGIN, WEIGHT, Goods, Kind, by_colour, grams

GRIND, ROAST, CUPS = both("研磨", "Grind"), both("烘焙", "Roast"), both("数量", "Quantity")

COFFEE = (
    Goods(
        "baoshan-coffee-beans",
        "coffee",
        both("保山小粒咖啡豆 中烘", "Baoshan Arabica Coffee Beans"),
        both(
            "保山潞江坝海拔一千四百米的铁皮卡和卡蒂姆，水洗处理，每周三烘豆，周四发货，袋子上印着烘焙日期。闻着是黑"
            "糖和坚果，喝着有一点柑橘的酸，放凉了还甜。家里没有磨豆机就选磨好的，中细粉，手冲和法压壶都合用。",
            "Typica and Catimor grown at 1,400 metres in the Lujiang valley of Baoshan, washed and dried on raised "
            "beds. We roast every Wednesday and the date is printed on the bag. Expect brown sugar and nuts in the "
            "aroma, a little orange in the cup, and sweetness even when it has gone cold. No grinder at home? Take "
            "it ground: medium fine, right for filter cones and French presses.",
        ),
        ((GRIND, (both("咖啡豆", "Whole beans"), both("中细粉", "Ground"))), grams(227, 454)[0]),
        (
            Kind("CF-B227", "68", 52, (0, 0)),
            Kind("CF-B454", "126", 27, (0, 1)),
            Kind("CF-G227", "68", 35, (1, 0)),
            Kind("CF-G454", "126", 4, (1, 1)),
        ),
        by_colour(drinks.coffee_beans, (("f3ebe2", "e6d5c2"), ())),
        (
            (ORIGIN, both("云南保山", "Baoshan, Yunnan")),
            (ROAST, both("中烘", "medium")),
            (BREW, both("92℃，15 克粉兑 240 毫升水", "92 °C, 15 g to 240 ml of water")),
            (KEEPS, both("烘焙后 6 个月，30 天内最香", "6 months from roasting, best within 30 days")),
        ),
        dispatch_days=3,
    ),
    Goods(
        "drip-coffee-bags",
        "coffee",
        both("挂耳咖啡 三味组合", "Drip Coffee Bags, Three Roasts"),
        both(
            "一盒三种：浅烘的有柠檬的酸香，中烘的偏焦糖，深烘的是巧克力味。每包 11 克，充氮密封，撕开挂在杯口，分三次倒"
            "热水，两分钟就是一杯。出差、加班、宿舍里没有器具的时候最管用。拿不准口味，先来十包装。",
            "Three roasts in one box: the light one is bright like lemon, the medium one leans to caramel, the dark "
            "one tastes of chocolate. Each bag holds 11 g under nitrogen; tear it open, hang it on the rim of a cup "
            "and pour in three goes. Two minutes, no equipment, which makes it handy in hotels, offices and dorm "
            "rooms. Not sure which roast is yours? Start with the box of ten.",
        ),
        ((CUPS, (both("10 包", "10 bags"), both("30 包", "30 bags"))),),
        (Kind("DB-10", "49", 88, (0,)), Kind("DB-30", "129", 45, (1,))),
        by_colour(drinks.drip_bags, (("f1ece4", "dfd2c2"), ())),
        (
            (ORIGIN, both("云南保山、临沧", "Baoshan and Lincang, Yunnan")),
            (CONTENTS, both("现磨咖啡粉，无添加", "ground coffee, nothing added")),
            (WEIGHT, both("每包 11 克", "11 g a bag")),
            (KEEPS, both("12 个月", "12 months")),
        ),
    ),
)
