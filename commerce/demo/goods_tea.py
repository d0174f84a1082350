"""The teas of the demo shop."""

from commerce.demo import pictures_drinks as drinks
from commerce.demo import pictures_tea as tea
from commerce.demo.canvas import rgb
from commerce.demo.categories import both
from commerce.demo.wares import BREW, CONTENTS, KEEPS, ORIGIN, PACKED, WEIGHT, Goods, Kind, by_colour, grams

YEAR = both("年份", "Harvest")

TEAS = (
    Goods(
        "anxi-tieguanyin",
        "tea",
        both("安溪铁观音 清香型乌龙茶", "Anxi Tieguanyin Light Oolong"),
        both(
            "安溪感德的秋茶，轻发酵、轻烘焙。干茶颗粒紧结，开汤兰花香清高，汤色蜜绿，入口甜润，七泡仍有余香。"
            "铝膜小袋密封后再装罐，收到建议冷藏，三个月内喝完最鲜。",
            "Autumn harvest from Gande in Anxi, lightly oxidised and lightly roasted. Tight jade-green pearls open "
            "into a "
            "clear, honeyed cup with an orchid scent that lasts seven infusions. Packed airtight inside the tin; "
            "keep it cool "
            "and enjoy within three months of opening.",
        ),
        grams(50, 125, 250),
        (Kind("TGY-050", "48", 80, (0,)), Kind("TGY-125", "98", 60, (1,)), Kind("TGY-250", "178", 30, (2,))),
        ((lambda: tea.tieguanyin(rgb("eef1e6"), rgb("d9e4d0")), ()),),
        (
            (ORIGIN, both("福建安溪", "Anxi, Fujian")),
            (BREW, both("95℃，盖碗 7 克，15 秒出汤", "95 °C, 7 g, 15 seconds")),
            (KEEPS, both("18 个月，冷藏；开封后 3 个月", "18 months in the fridge, 3 months once opened")),
        ),
    ),
    Goods(
        "yunnan-golden-buds",
        "tea",
        both("滇红金芽 凤庆红茶", "Yunnan Golden Bud Black Tea"),
        both(
            "凤庆大叶种单芽，满披金毫。蜜糖香里带一点烤红薯的甜，汤色红亮，不苦不涩，配牛奶也压得住。"
            "自封袋装，每天早上一杯正好。",
            "Pure golden buds of the big-leaf trees of Fengqing. Malty and honey-sweet with a hint of baked sweet "
            "potato, "
            "bright red in the cup and never bitter. Strong enough for milk. In a resealable pouch.",
        ),
        grams(50, 100, 250),
        (Kind("DH-050", "39", 90, (0,)), Kind("DH-100", "68", 70, (1,)), Kind("DH-250", "148", 25, (2,))),
        ((lambda: tea.black_tea(rgb("f6ece4"), rgb("f0d9c9")), ()),),
        (
            (ORIGIN, both("云南凤庆", "Fengqing, Yunnan")),
            (BREW, both("90℃，快出汤", "90 °C, short infusions")),
            (KEEPS, both("24 个月，避光密封", "24 months, dark and airtight")),
        ),
    ),
    Goods(
        "west-lake-longjing",
        "tea",
        both("明前龙井 西湖绿茶", "Pre-Qingming Longjing Green Tea"),
        both(
            "清明前头采，手工辉锅。扁平光滑，豆香清雅，汤色嫩绿明亮。玻璃杯里看它一芽一叶慢慢立起来，是春天的事。"
            "今年的量不多，卖完等明年。",
            "First picking before Qingming, pan-finished by hand: flat, smooth leaves with a gentle chestnut "
            "aroma. Brew "
            "it in a tall glass and watch the buds stand up. A small lot; once it is gone, it is gone until next "
            "spring.",
        ),
        grams(50, 100),
        (Kind("LJ-050", "168", 20, (0,)), Kind("LJ-100", "318", 8, (1,))),
        ((lambda: tea.longjing(rgb("eef3e6"), rgb("dbe8c9")), ()),),
        (
            (ORIGIN, both("浙江杭州", "Hangzhou, Zhejiang")),
            (BREW, both("80℃，玻璃杯 3 克", "80 °C, 3 g in a glass")),
            (KEEPS, both("12 个月，冷藏", "12 months in the fridge")),
        ),
    ),
    Goods(
        "ripe-puer-cake",
        "tea",
        both("勐海熟普 七子饼 2019", "Menghai Ripe Pu'er Cake 2019"),
        both(
            "2019 年压制的勐海熟普，棉纸手包。汤色红浓透亮，陈香稳，入口绵滑，煮着喝有枣香。整饼送茶针，"
            "也有撬好的小份先尝。",
            "A ripe pu'er from Menghai, aged since 2019 and wrapped by hand in cotton paper. Deep red, smooth and "
            "woody, with a date-like sweetness when simmered. The whole cake comes with a tea pick; the broken "
            "portion is "
            "for a first taste.",
        ),
        grams(100, 357),
        (Kind("PE-100", "58", 40, (0,)), Kind("PE-357", "188", 18, (1,))),
        ((lambda: tea.puer(rgb("f1ebe1"), rgb("e3d5c1")), ()),),
        (
            (ORIGIN, both("云南勐海", "Menghai, Yunnan")),
            (BREW, both("沸水，可煮", "boiling water; may be simmered")),
            (YEAR, both("2019 年春", "spring 2019")),
            (KEEPS, both("可长期存放，防潮防异味", "for years, kept dry and away from smells")),
        ),
    ),
)

MORE_TEAS = (
    Goods(
        "jasmine-pearls",
        "tea",
        both("横州茉莉龙珠 花茶", "Hengzhou Jasmine Pearls"),
        both(
            "春天的嫩芽揉成小珠，到了七月再拿横州的鲜茉莉来窨，一层花一层茶，窨足五遍，最后把花筛掉，只留香气。一颗"
            "颗丢进杯里，看它慢慢松开，花香先到，茶味随后。夏天冷泡也好：一升水放二十颗，冰箱里过一夜。",
            "Spring buds rolled into little pearls and then scented with fresh jasmine from Hengzhou in July: a "
            "layer of flowers, a layer of leaf, five nights in a row. The flowers are sifted out at the end, so "
            "what stays behind is their scent. Drop six pearls into a cup and watch them open. It also makes a "
            "lovely cold brew: twenty pearls to a litre of water, overnight in the fridge.",
        ),
        grams(50, 100, 200),
        (Kind("JP-050", "64", 46, (0,)), Kind("JP-100", "118", 33, (1,)), Kind("JP-200", "218", 0, (2,))),
        by_colour(drinks.jasmine, (("eef3e8", "dbe6cf"), ())),
        (
            (ORIGIN, both("广西横州", "Hengzhou, Guangxi")),
            (BREW, both("85℃，一杯 6 颗，焖 2 分钟", "85 °C, 6 pearls a cup, 2 minutes")),
            (KEEPS, both("18 个月，避光密封", "18 months, dark and airtight")),
            (PACKED, both("纸罐，内袋可重封", "paper tin with a resealable inner bag")),
        ),
    ),
    Goods(
        "fuding-white-tea",
        "tea",
        both("福鼎老白茶 寿眉饼 2018", "Fuding Aged White Tea Cake 2018"),
        both(
            "2018 年的寿眉，日晒萎凋后压饼，在福鼎当地的干仓放到现在。头几泡是淡淡的枣香和草药香，再往后越来越甜，泡"
            "到没味了还能煮一壶。茶性温和，晚上喝也不太碍睡。小饼一块 100 克，整提五块，自己存着也合适。",
            "Shoumei from the 2018 harvest, withered in the sun, pressed into cakes and kept in a dry store in "
            "Fuding ever since. The first cups taste of dates and dried herbs, the later ones grow sweeter, and "
            "when the leaves seem spent you can still simmer a whole pot from them. Gentle enough for the evening. "
            "A cake weighs 100 g; the stack of five is meant for those who like to put some away.",
        ),
        ((WEIGHT, (both("100 克单饼", "One cake, 100 g"), both("500 克五饼", "Five cakes, 500 g"))),),
        (Kind("WT-100", "89", 38, (0,)), Kind("WT-500", "399", 7, (1,))),
        by_colour(drinks.white_tea, (("f3eee3", "e4dac4"), ())),
        (
            (ORIGIN, both("福建福鼎", "Fuding, Fujian")),
            (BREW, both("沸水，5 克，可煮", "boiling water, 5 g; may be simmered")),
            (YEAR, both("2018 年春末", "late spring 2018")),
            (KEEPS, both("可长期存放，防潮防异味", "for years, kept dry and away from smells")),
        ),
    ),
    Goods(
        "chrysanthemum-buds",
        "tea",
        both("桐乡胎菊 菊花茶", "Tongxiang Chrysanthemum Buds"),
        both(
            "桐乡的杭白菊，趁花苞还没全开的时候采下，蒸过再低温烘干，不熏硫，颜色是自然的淡黄。四五朵就够泡一大杯，"
            "清甜不苦，盯着屏幕一天，下班来一杯很舒服。配几粒枸杞也好。不含咖啡因，老人孩子都能喝。",
            "Chrysanthemum from Tongxiang, picked while the buds are still half closed, steamed and slowly dried. "
            "No sulphur is used, which is why they are a soft, natural yellow. Four or five buds fill a large cup "
            "with a clean, flowery sweetness and no bitterness: just the thing after a day at a screen. Add goji "
            "berries or a lump of rock sugar if you like. Free of caffeine, so the whole family can drink it.",
        ),
        grams(40, 80),
        (Kind("CB-040", "56", 64, (0,)), Kind("CB-080", "98", 41, (1,))),
        by_colour(drinks.chrysanthemum, (("f8f2dc", "f3e4b4"), ())),
        (
            (ORIGIN, both("浙江桐乡", "Tongxiang, Zhejiang")),
            (BREW, both("95℃，4 到 5 朵，焖 3 分钟", "95 °C, 4 to 5 buds, 3 minutes")),
            (CONTENTS, both("胎菊，无添加", "chrysanthemum buds, nothing added")),
            (KEEPS, both("12 个月", "12 months")),
        ),
    ),
)
