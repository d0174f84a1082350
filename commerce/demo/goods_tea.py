"""The teas of the demo shop."""

from commerce.demo import pictures_tea as tea
from commerce.demo.canvas import rgb
from commerce.demo.categories import both
from commerce.demo.wares import BREW, ORIGIN, Goods, Kind, grams

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
        ((ORIGIN, both("云南凤庆", "Fengqing, Yunnan")), (BREW, both("90℃，快出汤", "90 °C, short infusions"))),
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
        ((ORIGIN, both("浙江杭州", "Hangzhou, Zhejiang")), (BREW, both("80℃，玻璃杯 3 克", "80 °C, 3 g in a glass"))),
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
        ((ORIGIN, both("云南勐海", "Menghai, Yunnan")), (BREW, both("沸水，可煮", "boiling water; may be simmered"))),
    ),
)
