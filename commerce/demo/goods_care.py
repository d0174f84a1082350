"""What the demo shop sells for the bathroom shelf."""

from commerce.demo import pictures_care as care
from commerce.demo.categories import both
from commerce.demo.wares import COLOUR, CONTENTS, HEAVY, KEEPS, MATERIAL, MEASURE, SCENT, SIZE, Goods, Kind, by_colour

SET, SKIN = both("数量", "Quantity"), both("适合肤质", "Skin type")

CARE_SHELF = (
    Goods(
        "hand-cream",
        "care",
        both("乳木果护手霜", "Shea Butter Hand Cream"),
        both(
            "两成乳木果油，抹开是霜，半分钟就吃进去，不粘键盘。冬天洗完碗、擦完黑板、量完面粉，随手来一点。铝管用到"
            "最后能卷干净，不浪费。橙花是清甜的，洋甘菊偏草本，无香的一款什么味道都不加，孕妈和敏感的手可以先试它。",
            "One fifth shea butter. It spreads like cream and is gone in half a minute, so it will not stick to "
            "your keyboard. Good after dishes, chalk and flour, all winter long. The aluminium tube rolls up to the "
            "last drop. Orange blossom is fresh and sweet, chamomile is herbal, and the unscented one has no "
            "perfume at all: try that first if your hands are sensitive.",
        ),
        (
            (SCENT, (both("橙花", "Orange blossom"), both("洋甘菊", "Chamomile"), both("无香", "Unscented"))),
            (SIZE, (both("30 毫升", "30 ml"), both("75 毫升", "75 ml"))),
        ),
        (
            Kind("HC-O30", "28", 60, (0, 0)),
            Kind("HC-O75", "52", 44, (0, 1)),
            Kind("HC-C30", "28", 51, (1, 0)),
            Kind("HC-C75", "52", 0, (1, 1)),
            Kind("HC-U30", "28", 37, (2, 0)),
            Kind("HC-U75", "52", 29, (2, 1)),
        ),
        by_colour(
            care.hand_cream,
            (
                ("e3a988", "fbf3ea", "f8ece4", "f1d9ca"),
                (
                    "HC-O30",
                    "HC-O75",
                ),
            ),
            (
                ("a9bf93", "fbf8ee", "f0f3e9", "dce5d0"),
                (
                    "HC-C30",
                    "HC-C75",
                ),
            ),
            (
                ("c9cfd2", "f6f6f2", "f0f1f1", "dfe3e4"),
                (
                    "HC-U30",
                    "HC-U75",
                ),
            ),
        ),
        (
            (CONTENTS, both("乳木果油 20%，甘油，甜杏仁油", "20% shea butter, glycerine, sweet almond oil")),
            (SIZE, both("30 / 75 毫升", "30 / 75 ml")),
            (SKIN, both("干性、敏感手部", "dry and sensitive hands")),
            (KEEPS, both("3 年，开封后 12 个月", "3 years, 12 months once opened")),
        ),
    ),
    Goods(
        "cold-process-soap",
        "care",
        both("冷制手工皂", "Cold Process Handmade Soap"),
        both(
            "橄榄油、椰子油、乳木果油冷制，切块以后晾足六周，皂化时生出来的甘油都留着，洗完脸上不紧。泡沫细，洗脸洗"
            "澡都行。艾草的有一点清苦，燕麦的有细颗粒，能轻轻去角质，竹炭的适合爱出油的人。用完放在沥水的皂托上，能"
            "用一个多月。",
            "Olive, coconut and shea oils, stirred cold, cut by hand and cured for six weeks. The glycerine that "
            "forms stays in the bar, which is why your face does not feel tight. The lather is fine enough for face "
            "and body. Mugwort smells green and slightly bitter, oatmeal holds soft grains that polish gently, "
            "bamboo charcoal suits oily skin. Keep it on a draining dish and one bar lasts well over a month.",
        ),
        ((SCENT, (both("艾草", "Mugwort"), both("燕麦", "Oatmeal"), both("竹炭", "Bamboo charcoal"))),),
        (Kind("SP-ART", "32", 42, (0,)), Kind("SP-OAT", "32", 39, (1,)), Kind("SP-CHA", "32", 5, (2,))),
        by_colour(
            care.soap,
            (("b7c29a", "6a7a4a", "eef1e6", "dbe2cc"), ("SP-ART",)),
            (("e3d2b0", "a8814e", "f5efe3", "eaddc6"), ("SP-OAT",)),
            (("4a4c4e", "85888a", "eeeeec", "dadad8"), ("SP-CHA",)),
        ),
        (
            (CONTENTS, both("橄榄油、椰子油、乳木果油，无色素", "olive, coconut and shea oils, no dyes")),
            (HEAVY, both("100 克", "100 g")),
            (MEASURE, both("8×5.5×2.5 厘米", "8 × 5.5 × 2.5 cm")),
            (KEEPS, both("2 年", "2 years")),
        ),
    ),
    Goods(
        "bamboo-toothbrush",
        "care",
        both("竹柄软毛牙刷", "Bamboo Toothbrush, Soft"),
        both(
            "刷柄是安吉的毛竹，打磨得很光，擦了一层薄薄的植物蜡，拿着不滑。刷毛细软，牙龈爱出血的人也能用。尾部一圈"
            "颜色，一家四口各认各的。刷头小，够得到最里面的牙。用完掰掉刷头，竹柄可以埋进花盆。单价低，运费另计，凑"
            "着别的一起买更划算。",
            "The handle is moso bamboo from Anji, sanded smooth and rubbed with a thin coat of plant wax so it does "
            "not slip. Fine, soft bristles are kind to gums, and the small head reaches the very last tooth. A "
            "coloured ring at the end tells four people whose is whose. When it is worn, snap off the head and bury "
            "the handle in a flower pot. It costs so little that shipping is extra; add it to something else.",
        ),
        ((SET, (both("单支", "One"), both("四支家庭装", "Family set of four"))),),
        (Kind("TB-1", "12", 90, (0,)), Kind("TB-4", "39", 58, (1,))),
        by_colour(care.toothbrushes, (("eaf1f2", "d2e2e5"), ())),
        (
            (MATERIAL, both("毛竹柄，尼龙软毛", "moso bamboo, soft nylon bristles")),
            (MEASURE, both("长 18.5 厘米", "18.5 cm long")),
            (COLOUR, both("四支装为蓝、绿、黄、粉圈", "the four have a blue, green, yellow and pink ring")),
        ),
        free_shipping=False,
    ),
)
