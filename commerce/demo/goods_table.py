"""What the demo shop lays on the tea table: cups, pots and a flask."""

from commerce.demo import pictures_home as home
from commerce.demo.categories import both
from commerce.demo.wares import CARE, HEAVY, MATERIAL, MEASURE, ORIGIN, SIZE, Goods, Kind, by_colour, colours

MUG_SIZE = both("350 毫升", "350 ml")
TEAWARE = (
    Goods(
        "celadon-mug",
        "teaware",
        both("龙泉手作马克杯 350ml", "Longquan Stoneware Mug 350 ml"),
        both(
            "龙泉老师傅手拉坯，杯身留着几道轻轻的旋纹，底足露胎。杯口收得薄，喝茶喝咖啡都顺嘴。"
            "可进洗碗机、微波炉。手工上釉，每只颜色略有深浅。",
            "Thrown by hand in Longquan: soft turning lines, a bare clay foot and a thin lip that is kind to tea "
            "and coffee "
            "alike. Safe in dishwasher and microwave. Glazed by hand, so no two cups are quite the same shade.",
        ),
        (
            colours(
                both("豆青绿", "Celadon green"),
                both("月白", "Moon white"),
                both("墨黑", "Ink black"),
                both("珊瑚红", "Coral red"),
            ),
        ),
        (
            Kind("MUG-GRN", "79", 45, (0,)),
            Kind("MUG-WHT", "79", 50, (1,)),
            Kind("MUG-BLK", "79", 38, (2,)),
            Kind("MUG-RED", "89", 24, (3,)),
        ),
        by_colour(
            home.mug,
            (("8fb59b", "f1ede4", "dfe8dc"), ("MUG-GRN",)),
            (("f1efe9", "eceae6", "dcd9d2"), ("MUG-WHT",)),
            (("2f3338", "efeeec", "dcdcda"), ("MUG-BLK",)),
            (("c75a4a", "f5ece6", "f0d8cc"), ("MUG-RED",)),
        ),
        (
            (MATERIAL, both("高温瓷，食品级釉", "stoneware, food-safe glaze")),
            (SIZE, MUG_SIZE),
            (MEASURE, both("口径 8.5 厘米，高 9 厘米", "8.5 cm across, 9 cm high")),
            (CARE, both("可进洗碗机、微波炉", "dishwasher and microwave safe")),
        ),
    ),
    Goods(
        "yixing-teapot",
        "teaware",
        both("宜兴紫砂壶 西施", "Yixing Clay Teapot, Xishi"),
        both(
            "宜兴原矿泥料，全手工西施壶型，九孔出水，断水利落。紫泥宜熟普、老茶，朱泥衬乌龙的香。"
            "新壶用开水烫两遍就能用，越养越润。",
            "Made entirely by hand in Yixing from native clay, in the round Xishi shape, with a nine-hole filter "
            "and a clean "
            "pour. Purple clay suits ripe pu'er and aged tea; red clay lifts an oolong. It grows glossier with "
            "every year.",
        ),
        (
            colours(both("紫泥", "Purple-brown clay"), both("朱泥", "Cinnabar red clay")),
            (SIZE, (both("150 毫升", "150 ml"), both("220 毫升", "220 ml"))),
        ),
        (
            Kind("POT-Z150", "268", 12, (0, 0)),
            Kind("POT-Z220", "298", 10, (0, 1)),
            Kind("POT-H150", "328", 6, (1, 0)),
            Kind("POT-H220", "368", 5, (1, 1)),
        ),
        by_colour(
            home.teapot,
            (("7a4a3c", "f4ece3", "ead9c8"), ("POT-Z150", "POT-Z220")),
            (("b5533c", "f6ebe3", "efd6c6"), ("POT-H150", "POT-H220")),
        ),
        (
            (MATERIAL, both("宜兴紫砂", "Yixing zisha clay")),
            (ORIGIN, both("江苏宜兴", "Yixing, Jiangsu")),
            (SIZE, both("150 / 220 毫升", "150 / 220 ml")),
            (CARE, both("清水冲洗，勿用洗洁精", "rinse with water, no detergent")),
        ),
    ),
    Goods(
        "sancai-gaiwan",
        "teaware",
        both("三才盖碗 120ml", "Sancai Gaiwan, Lidded Bowl 120 ml"),
        both(
            "景德镇薄胎白瓷，碗口外翻，不烫手。天地人三件一套，泡什么茶都干净。青花款的竹子是一笔一笔画上去的。",
            "Thin white porcelain from Jingdezhen with a flared rim that keeps your fingers cool. Lid, bowl and "
            "saucer, right "
            "for every kind of tea. The bamboo on the blue-and-white one is painted by hand.",
        ),
        (colours(both("素白", "Plain white"), both("青花竹", "Blue bamboo")),),
        (Kind("GW-WHT", "88", 36, (0,)), Kind("GW-BLU", "138", 15, (1,))),
        by_colour(
            lambda glaze, painted, ground, disc: home.gaiwan(
                glaze, painted if painted != glaze else None, ground, disc
            ),
            (("f4f3ef", "f4f3ef", "e9efec", "cfdedb"), ("GW-WHT",)),
            (("f2f4f5", "2f5fa8", "e6edf3", "c9d9e8"), ("GW-BLU",)),
        ),
        (
            (MATERIAL, both("景德镇白瓷", "Jingdezhen porcelain")),
            (SIZE, both("120 毫升", "120 ml")),
            (MEASURE, both("口径 9.5 厘米，连盖高 8 厘米", "9.5 cm across, 8 cm high with its lid")),
            (CARE, both("可进洗碗机", "dishwasher safe")),
        ),
    ),
)

TO_GO = (
    Goods(
        "travel-flask",
        "outdoor",
        both("随行保温杯", "Travel Vacuum Flask"),
        both(
            "316 不锈钢内胆，早上装的热水，晚上还烫嘴。杯盖拧下来就是小茶杯，带茶隔，泡一壶带去办公室刚好。"
            "喷塑手感，不沾指纹。",
            "Stainless steel inside, hot from breakfast until evening. The lid is a cup of its own and a tea "
            "strainer comes "
            "with it: brew at home, pour at the office. Powder-coated, so it shows no fingerprints.",
        ),
        (
            colours(both("樱粉", "Blossom pink"), both("松绿", "Pine green"), both("云白", "Cloud white")),
            (SIZE, (both("350 毫升", "350 ml"), both("500 毫升", "500 ml"))),
        ),
        (
            Kind("FL-P350", "119", 30, (0, 0)),
            Kind("FL-P500", "139", 26, (0, 1)),
            Kind("FL-G350", "119", 32, (1, 0)),
            Kind("FL-G500", "139", 28, (1, 1)),
            Kind("FL-W350", "119", 20, (2, 0)),
            Kind("FL-W500", "139", 0, (2, 1)),
        ),
        by_colour(
            home.flask,
            (("e7a9b0", "f6ecec", "f0dadb"), ("FL-P350", "FL-P500")),
            (("3f6b58", "ecf0ea", "d6e2d6"), ("FL-G350", "FL-G500")),
            (("edebe6", "e9ecef", "d5dce2"), ("FL-W350", "FL-W500")),
        ),
        (
            (MATERIAL, both("316 不锈钢", "316 stainless steel")),
            (SIZE, both("350 / 500 毫升", "350 / 500 ml")),
            (HEAVY, both("240 / 300 克", "240 / 300 g")),
            (CARE, both("手洗，杯盖可拆", "wash by hand; the lid comes apart")),
        ),
    ),
)
