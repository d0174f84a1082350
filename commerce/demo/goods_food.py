"""What the demo shop sells for the larder and the snack drawer."""

from commerce.demo import pictures_food as food
from commerce.demo.categories import both
from commerce.demo.wares import CONTENTS, FLAVOUR, KEEPS, ORIGIN, PACKED, WEIGHT, Goods, Kind, by_colour, grams

SET, COOK, ALLERGENS = both("数量", "Quantity"), both("煮法", "Cooking"), both("过敏原", "Allergens")

FOOD = (
    Goods(
        "daily-mixed-nuts",
        "food",
        both("每日坚果 原味烘烤", "Daily Mixed Nuts, Plain Roasted"),
        both(
            "腰果、核桃、巴旦木、榛子，再加蔓越莓干和蓝莓干，低温慢烤，不加油不加盐。一小袋 25 克，刚好一天的量，放"
            "进书包或者办公桌抽屉都行。每批烤好三天内充氮装袋，吃起来是脆的，没有哈喇味。对坚果过敏的朋友请别买。",
            "Cashews, walnuts, almonds and hazelnuts with dried cranberries and blueberries, roasted slowly without "
            "oil or salt. A sachet holds 25 g, about what is good for one day, and fits a school bag or a desk "
            "drawer. Every batch is sealed under nitrogen within three days of roasting, so the nuts crunch and "
            "never taste stale. Not for anybody with a nut allergy.",
        ),
        ((SET, (both("7 袋", "7 sachets"), both("30 袋", "30 sachets"))),),
        (Kind("NUT-07", "36", 66, (0,)), Kind("NUT-30", "129", 34, (1,))),
        by_colour(food.nuts, (("f5ede2", "ead9c2"), ())),
        (
            (
                CONTENTS,
                both(
                    "腰果、核桃、巴旦木、榛子、蔓越莓干、蓝莓干",
                    "cashews, walnuts, almonds, hazelnuts, cranberries, blueberries",
                ),
            ),
            (WEIGHT, both("每袋 25 克", "25 g a sachet")),
            (ALLERGENS, both("含坚果", "contains nuts")),
            (KEEPS, both("8 个月", "8 months")),
        ),
    ),
    Goods(
        "qinling-honey",
        "food",
        both("秦岭土蜂蜜", "Qinling Wild Blossom Honey"),
        both(
            "中华小蜜蜂采的百花蜜，一年只割一次，九月开箱。没有浓缩，没有兑糖，天冷了会结晶成猪油一样的细沙，那是正"
            "常的，隔温水化开就好。香气杂，有一点药草味。冲水别超过六十度，抹面包、拌酸奶更好吃。一岁以下的宝宝不要"
            "吃蜂蜜。",
            "From the small native bees of the Qinling mountains, which visit whatever is in bloom. The hives are "
            "opened only once a year, in September. Nothing is boiled down or added, so it sets into a fine, pale "
            "cream when the weather turns cold; stand the jar in warm water and it runs again. The taste is deep, "
            "with a hint of herbs. Stir it into water below 60 °C, or eat it on bread and yoghurt. Not for babies "
            "under one year.",
        ),
        grams(250, 500),
        (Kind("HON-250", "58", 31, (0,)), Kind("HON-500", "99", 4, (1,))),
        by_colour(food.honey, (("fbf1dc", "f6dfae"), ())),
        (
            (ORIGIN, both("陕西宁陕", "Ningshan, Shaanxi")),
            (CONTENTS, both("100% 蜂蜜", "100% honey")),
            (PACKED, both("玻璃瓶，配木搅棒", "glass jar with a wooden dipper")),
            (KEEPS, both("24 个月，可能结晶", "24 months; may set")),
        ),
    ),
    Goods(
        "dried-mango",
        "food",
        both("百色芒果干", "Baise Dried Mango"),
        both(
            "百色的桂七芒，熟透了才切，六斤鲜果烘出一斤干。软而不粘牙，酸甜是果子自己的。原味只放一点点糖，甘梅味撒"
            "了梅子粉，辣味是广西人的吃法，先甜后辣，越嚼越有味。拉链袋，开封后放冰箱，两周内吃完最好。",
            "Guiqi mangoes from Baise, sliced only when fully ripe: six kilos of fruit make one of these. Soft, "
            "never sticky, with the sweet and sour of the fruit itself. The original has just a little sugar, the "
            "plum one is dusted with salted plum, and the chilli one is how people in Guangxi like it, sweet first "
            "and hot afterwards. In a zip bag; keep it in the fridge once opened and finish it within two weeks.",
        ),
        (
            (FLAVOUR, (both("原味", "Original"), both("甘梅", "Plum"), both("香辣", "Chilli"))),
            grams(100, 300)[0],
        ),
        (
            Kind("MG-O100", "22", 75, (0, 0)),
            Kind("MG-O300", "59", 40, (0, 1)),
            Kind("MG-P100", "22", 62, (1, 0)),
            Kind("MG-P300", "59", 33, (1, 1)),
            Kind("MG-C100", "22", 3, (2, 0)),
            Kind("MG-C300", "59", 0, (2, 1)),
        ),
        by_colour(
            food.mango,
            (
                ("e39a2e", "f6d38a", "fdf2dc", "f8dfae"),
                (
                    "MG-O100",
                    "MG-O300",
                ),
            ),
            (
                ("7d5a86", "e3cfe6", "f3edf4", "e4d6e7"),
                (
                    "MG-P100",
                    "MG-P300",
                ),
            ),
            (
                ("c2452f", "b3301f", "faece6", "f2d2c6"),
                (
                    "MG-C100",
                    "MG-C300",
                ),
            ),
        ),
        (
            (ORIGIN, both("广西百色", "Baise, Guangxi")),
            (CONTENTS, both("芒果，白砂糖", "mango, sugar")),
            (KEEPS, both("10 个月，开封后冷藏", "10 months; refrigerate once opened")),
        ),
    ),
    Goods(
        "buckwheat-noodles",
        "food",
        both("荞麦挂面", "Buckwheat Noodles"),
        both(
            "陕北的苦荞磨粉，六成荞麦四成小麦，没有荞麦的苦，倒有一股麦香。滚水煮五分钟，过一遍凉水更弹，夏天拌黄瓜"
            "丝和芝麻酱，冬天下在羊肉汤里。一把一百克，是一个人的量，扎好了纸条，不用称。面便宜，运费另计，多买几包"
            "合算。",
            "Six parts buckwheat from northern Shaanxi to four parts wheat, which keeps the nutty taste and leaves "
            "the bitterness behind. Boil for five minutes and rinse under cold water for more bite. In summer we "
            "eat them cold with cucumber and sesame paste, in winter in lamb broth. Each bundle weighs 100 g, one "
            "helping, so there is nothing to measure. Noodles are cheap and shipping is extra: a few packs at once "
            "are better value.",
        ),
        ((SET, (both("5 把", "5 bundles"), both("10 把", "10 bundles"))),),
        (Kind("NDL-05", "16", 84, (0,)), Kind("NDL-10", "29", 57, (1,))),
        by_colour(food.noodles, (("f1ece4", "e0d6c8"), ())),
        (
            (CONTENTS, both("荞麦粉 60%，小麦粉，盐", "60% buckwheat flour, wheat flour, salt")),
            (COOK, both("沸水煮 5 分钟", "boil for 5 minutes")),
            (WEIGHT, both("每把 100 克", "100 g a bundle")),
            (ALLERGENS, both("含麸质", "contains gluten")),
        ),
        free_shipping=False,
    ),
)
