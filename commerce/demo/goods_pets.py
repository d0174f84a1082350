"""What the demo shop sells for cats and dogs."""

from commerce.demo import pictures_pets as pets
from commerce.demo.categories import both
from commerce.demo.wares import CARE, MATERIAL, MEASURE, Goods, Kind, by_colour, colours

FITS, SHAPE = both("适合", "For"), both("款式", "Shape")

PETS = (
    Goods(
        "cat-scratcher",
        "pets",
        both("瓦楞纸猫抓板", "Corrugated Cat Scratcher"),
        both(
            "高密度瓦楞纸竖着粘，抓起来沙沙响，掉的纸屑少。用的是玉米胶，没有味道，猫舔了也没事。贝壳款两头翘，能趴"
            "能睡，很多猫当床用；长条款平放在沙发脚边，专治抓沙发。随板送一小包猫薄荷，撒一点，十分钟内必来。抓烂一"
            "面，翻过来还有一面。",
            "Dense corrugated card, glued upright with corn starch, so it rustles under the claws and drops few "
            "crumbs. There is no smell and a lick does no harm. The shell curves up at both ends and many cats "
            "sleep in it; the long board lies next to the sofa and takes the blows instead. A sachet of catnip "
            "comes with it to make the introduction. When one side is worn, turn it over.",
        ),
        ((SHAPE, (both("贝壳款", "Shell"), both("长条款", "Long board"))),),
        (Kind("SCR-SH", "49", 35, (0,)), Kind("SCR-LB", "25", 54, (1,))),
        (
            *by_colour(
                pets.shell_scratcher,
                (("f3ece3", "e4d6c4"), ("SCR-SH",)),
            ),
            *by_colour(
                pets.board_scratcher,
                (("f1eee6", "dcdccb"), ("SCR-LB",)),
            ),
        ),
        (
            (MATERIAL, both("瓦楞纸，玉米胶", "corrugated card, corn starch glue")),
            (MEASURE, both("贝壳 44×25×12，长条 44×21×4 厘米", "shell 44 × 25 × 12, board 44 × 21 × 4 cm")),
            (FITS, both("8 公斤以内的猫", "cats up to 8 kg")),
        ),
    ),
    Goods(
        "dog-harness",
        "pets",
        both("透气狗狗胸背带", "Breathable Dog Harness"),
        both(
            "软网布内衬，不磨胳肢窝，出汗也干得快。脖子不受力，爱往前冲的狗也不会咳。胸前和背上各有一个金属环，暴冲"
            "就挂前面，散步挂后面。四处可调，反光线一圈，夜里遛弯司机看得见。量一下胸围，比毛多出两指最合适，拿不准"
            "选大一号。",
            "A soft mesh lining that does not rub under the legs and dries fast. Nothing presses on the throat, so "
            "dogs that pull no longer cough. There is a metal ring on the chest and another on the back: clip in "
            "front for the ones that rush ahead, behind for a quiet walk. Four straps adjust, and reflective "
            "stitching shows at night. Measure around the chest and leave room for two fingers; between sizes, take "
            "the larger.",
        ),
        (
            colours(both("湖蓝", "Lake blue"), both("橘色", "Orange"), both("深灰", "Dark grey")),
            (MEASURE, (both("S", "S"), both("M", "M"), both("L", "L"))),
        ),
        (
            Kind("HN-BS", "59", 16, (0, 0)),
            Kind("HN-BM", "65", 21, (0, 1)),
            Kind("HN-BL", "72", 14, (0, 2)),
            Kind("HN-OS", "59", 12, (1, 0)),
            Kind("HN-OM", "65", 18, (1, 1)),
            Kind("HN-OL", "72", 0, (1, 2)),
            Kind("HN-GS", "59", 9, (2, 0)),
            Kind("HN-GM", "65", 15, (2, 1)),
            Kind("HN-GL", "72", 2, (2, 2)),
        ),
        by_colour(
            pets.harness,
            (
                ("4f8aa8", "eaf1f4", "d0e0e8"),
                (
                    "HN-BS",
                    "HN-BM",
                    "HN-BL",
                ),
            ),
            (
                ("e08a45", "f8efe6", "f2dcc6"),
                (
                    "HN-OS",
                    "HN-OM",
                    "HN-OL",
                ),
            ),
            (
                ("5d6166", "eeeff0", "d9dcdf"),
                (
                    "HN-GS",
                    "HN-GM",
                    "HN-GL",
                ),
            ),
        ),
        (
            (MATERIAL, both("尼龙织带，聚酯网布，锌合金扣环", "nylon webbing, polyester mesh, zinc alloy rings")),
            (MEASURE, both("胸围 S 35-48，M 45-62，L 58-80 厘米", "chest S 35-48, M 45-62, L 58-80 cm")),
            (FITS, both("3 到 30 公斤的狗", "dogs of 3 to 30 kg")),
            (CARE, both("冷水手洗，晾干", "wash cold by hand, air dry")),
        ),
    ),
    Goods(
        "pet-bed",
        "pets",
        both("羊羔绒宠物窝", "Fleece Pet Bed"),
        both(
            "一圈矮靠边，猫狗都爱把下巴搁在上面。面是羊羔绒，底是防滑防潮布，冬天瓷砖上也不凉。中间的垫子可以拿出来，"
            "外套拉链拆下整个丢进洗衣机。填充厚，老狗关节不好，趴着也舒服。S 给猫和小狗，M 给柯基、柴犬这样的个头。",
            "A low wall all around to rest a chin on. The top is soft fleece and the bottom a non-slip, damp-proof "
            "cloth, so it stays warm on winter tiles. The pad lifts out, and the cover unzips and goes into the "
            "machine whole. The filling is thick enough for old dogs with stiff joints. S is for cats and small "
            "dogs; M fits a corgi or a shiba.",
        ),
        (
            colours(both("奶咖", "Latte"), both("浅灰", "Light grey")),
            (MEASURE, (both("S 50 厘米", "S, 50 cm"), both("M 70 厘米", "M, 70 cm"))),
        ),
        (
            Kind("PBD-LS", "89", 20, (0, 0)),
            Kind("PBD-LM", "129", 11, (0, 1)),
            Kind("PBD-GS", "89", 17, (1, 0)),
            Kind("PBD-GM", "129", 6, (1, 1)),
        ),
        by_colour(
            pets.pet_bed,
            (
                ("cdb08c", "f4ede4", "e6d8c8"),
                (
                    "PBD-LS",
                    "PBD-LM",
                ),
            ),
            (
                ("c3c6c9", "eff0f1", "dcdfe2"),
                (
                    "PBD-GS",
                    "PBD-GM",
                ),
            ),
        ),
        (
            (MATERIAL, both("羊羔绒（聚酯），PP 棉填充", "polyester fleece, polyester filling")),
            (MEASURE, both("外径 50 / 70 厘米，高 18 厘米", "50 / 70 cm across, 18 cm high")),
            (FITS, both("6 / 14 公斤以内", "up to 6 / 14 kg")),
            (CARE, both("30℃ 机洗", "machine wash at 30 °C")),
        ),
    ),
)
