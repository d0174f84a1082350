"""What the demo shop sells for the stove and the chopping board."""

from functools import partial

from commerce.demo import pictures_kitchen as kitchen
from commerce.demo.categories import both
from commerce.demo.wares import CARE, HEAVY, MATERIAL, MEASURE, Goods, Kind, by_colour

HOB, SET = both("适用炉具", "Works on"), both("数量", "Quantity")
HARDNESS, LID = both("硬度", "Hardness"), both("锅盖", "Lid")

KITCHEN = (
    Goods(
        "santoku-knife",
        "kitchen",
        both("三德厨刀 夹钢锻打", "Forged Santoku Kitchen Knife"),
        both(
            "阳江老厂锻打，刀芯是 10Cr15 高碳钢，两面夹软钢，硬度 60，切番茄不用压，薄片自己落下来。胡桃木柄贴手，重"
            "心正好在食指下面。出厂手工开刃十五度，附一块磨刀石和纸刀套。剁骨头请另外准备砍骨刀。",
            "Forged in Yangjiang with a core of 10Cr15 high-carbon steel between two layers of softer metal. At 60 "
            "HRC it takes a keen edge: a ripe tomato needs no pressure at all. The walnut handle fills the hand and "
            "the balance sits just under your index finger. Sharpened by hand to fifteen degrees; a small whetstone "
            "and a paper sheath are in the box. Please use a cleaver for bones.",
        ),
        ((MEASURE, (both("刀长 14 厘米", "Blade 14 cm"), both("刀长 18 厘米", "Blade 18 cm"))),),
        (Kind("KN-14", "169", 18, (0,)), Kind("KN-18", "219", 13, (1,))),
        by_colour(kitchen.knife, (("eef0f2", "d8dee4"), ())),
        (
            (MATERIAL, both("10Cr15 夹钢，胡桃木柄", "10Cr15 clad steel, walnut handle")),
            (HARDNESS, both("60 HRC", "60 HRC")),
            (HEAVY, both("145 / 185 克", "145 / 185 g")),
            (CARE, both("手洗擦干，勿进洗碗机", "wash by hand and dry; no dishwasher")),
        ),
    ),
    Goods(
        "carbon-steel-wok",
        "kitchen",
        both("章丘手工熟铁炒锅", "Zhangqiu Hand-Hammered Iron Wok"),
        both(
            "章丘师傅一锤一锤敲出来的熟铁锅，没有涂层，越用越黑、越用越不粘。锅底厚两毫米，受热快，颠得动，爆炒有锅"
            "气。收到先按卡片开锅，油温够了煎蛋能滑着走。每口现打，三天内发出；锅重，运费另计。",
            "Hammered stroke by stroke in Zhangqiu from a single sheet of wrought iron. There is no coating: the "
            "wok darkens with use and grows slicker every month. Two millimetres thick, it heats fast, can be "
            "tossed with one hand and gives stir-fries that smoky breath of the wok. Season it once with the card "
            "in the box and eggs will slide. Made after you order, it leaves us within three days. It is "
            "heavy, so shipping is extra.",
        ),
        (
            (MEASURE, (both("30 厘米", "30 cm"), both("32 厘米", "32 cm"))),
            (LID, (both("单锅", "Without lid"), both("配杉木盖", "With fir lid"))),
        ),
        (
            Kind("WOK-30", "239", 9, (0, 0)),
            Kind("WOK-30L", "289", 6, (0, 1)),
            Kind("WOK-32", "269", 11, (1, 0)),
            Kind("WOK-32L", "319", 2, (1, 1)),
        ),
        (
            *by_colour(
                partial(kitchen.wok, False),
                (
                    ("f2eee9", "e0d6cb"),
                    (
                        "WOK-30",
                        "WOK-32",
                    ),
                ),
            ),
            *by_colour(
                partial(kitchen.wok, True),
                (
                    ("f4ede2", "e6d6bd"),
                    (
                        "WOK-30L",
                        "WOK-32L",
                    ),
                ),
            ),
        ),
        (
            (MATERIAL, both("熟铁，无涂层；木柄", "wrought iron, uncoated; wooden handle")),
            (HEAVY, both("1.4 / 1.6 公斤", "1.4 / 1.6 kg")),
            (HOB, both("燃气灶、电陶炉；电磁炉需平底圈", "gas and ceramic hobs; induction with a ring")),
            (CARE, both("热水冲洗，擦干抹油", "rinse hot, dry, wipe with oil")),
        ),
        free_shipping=False,
        dispatch_days=3,
    ),
    Goods(
        "acacia-cutting-board",
        "kitchen",
        both("相思木砧板 整木", "Solid Acacia Cutting Board"),
        both(
            "一整块相思木，不拼接、不上漆，只擦了食品级矿物油。木头密，刀痕浅，也不容易掉屑。一面平，切菜揉面；一面"
            "开了汁槽，切肉切水果不流一桌。边上挖了孔，洗完挂起来晾，比平放干得快。大号连着端上桌当拼盘也好看。",
            "Cut from one piece of acacia, with no glue and no varnish, only food-grade mineral oil. The wood is "
            "dense, so knife marks stay shallow and it does not shed. One side is flat for vegetables and dough; "
            "the other has a juice groove for meat and fruit. Hang it by the hole after washing and it dries "
            "quickly. The large one doubles as a serving board when friends come round.",
        ),
        (
            (
                MEASURE,
                (
                    both("小号 28×20", "Small 28 × 20 cm"),
                    both("中号 36×25", "Medium 36 × 25 cm"),
                    both("大号 44×30", "Large 44 × 30 cm"),
                ),
            ),
        ),
        (Kind("CUT-S", "59", 40, (0,)), Kind("CUT-M", "89", 31, (1,)), Kind("CUT-L", "129", 0, (2,))),
        by_colour(kitchen.board, (("f2efe6", "dfe2cc"), ())),
        (
            (MATERIAL, both("整块相思木，厚 2 厘米", "solid acacia, 2 cm thick")),
            (MEASURE, both("28×20 / 36×25 / 44×30 厘米", "28 × 20 / 36 × 25 / 44 × 30 cm")),
            (HEAVY, both("0.8 / 1.3 / 1.9 公斤", "0.8 / 1.3 / 1.9 kg")),
            (CARE, both("勿浸泡，每月擦一次油", "do not soak; oil once a month")),
        ),
    ),
    Goods(
        "wooden-chopsticks",
        "kitchen",
        both("鸡翅木筷子 家庭装", "Wenge Wood Chopsticks, Family Set"),
        both(
            "鸡翅木的纹理像羽毛，每双都不一样。不打蜡不上漆，用久了手感更润。方头好拿，圆尖夹得住花生米，长度 25 厘"
            "米，涮火锅也不烫手。十双里五种刻纹，一家人各用各的，不会拿错。也有给孩子的短款，18 厘米。",
            "The grain of wenge wood looks like feathers and no two pairs are alike. They are neither waxed nor "
            "lacquered and grow smoother with use. Square at the top so they do not roll, round at the tip so you "
            "can pick up a peanut, and long enough at 25 cm to keep fingers away from the hot pot. Five different "
            "carvings in a set of ten mean everybody finds their own. A short pair for children measures 18 cm.",
        ),
        ((SET, (both("10 双", "10 pairs"), both("儿童 2 双", "2 pairs for children"))),),
        (Kind("CS-10", "45", 70, (0,)), Kind("CS-K2", "19", 48, (1,))),
        by_colour(kitchen.chopsticks, (("f4ece4", "e8d6c4"), ())),
        (
            (MATERIAL, both("鸡翅木，无漆无蜡", "wenge wood, no lacquer, no wax")),
            (MEASURE, both("25 厘米，儿童款 18 厘米", "25 cm, for children 18 cm")),
            (CARE, both("手洗晾干，半年一换更卫生", "wash by hand, dry well, renew now and then")),
        ),
        free_shipping=False,
    ),
)
