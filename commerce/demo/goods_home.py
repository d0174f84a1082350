"""What the demo shop sells for the bedroom, the sofa and the shelf."""

from commerce.demo import pictures_comfort as comfort
from commerce.demo.categories import both
from commerce.demo.wares import CARE, HEAVY, MATERIAL, MEASURE, ORIGIN, SCENT, SIZE, Goods, Kind, by_colour, colours

BURNS, FILLING, WEAVE = both("燃烧时间", "Burning time"), both("填充", "Filling"), both("织法", "Weave")
OAT, SAGE, NAVY = both("燕麦色", "Oat"), both("灰绿", "Sage"), both("藏青", "Navy")

TEXTILES = (
    Goods(
        "washed-cotton-bedding",
        "textiles",
        both("水洗棉四件套", "Washed Cotton Bedding Set"),
        both(
            "全棉面料先水洗再裁剪，拿到手就是软的，像睡过好几年的那种软，下水几乎不缩。不用熨，皱一点反而好看。被套"
            "内侧六根系带，被子不跑；枕套信封口，没有拉链硌脸。一套是被套、床单各一条，枕套两只。1.2 米的床配一只枕"
            "套。",
            "The cotton is washed before it is cut, so the set feels soft from the first night and hardly shrinks "
            "afterwards. No ironing: a few creases are part of the look. Six ties inside the duvet cover keep the "
            "duvet in place, and the pillowcases close like an envelope, without a zip near your face. A set is one "
            "duvet cover, one flat sheet and two pillowcases; the one for 1.2 m beds has a single pillowcase.",
        ),
        (
            colours(OAT, SAGE, NAVY),
            (MEASURE, (both("1.2 米床", "1.2 m bed"), both("1.5 米床", "1.5 m bed"), both("1.8 米床", "1.8 m bed"))),
        ),
        (
            Kind("BED-O12", "269", 14, (0, 0)),
            Kind("BED-O15", "329", 22, (0, 1)),
            Kind("BED-O18", "359", 19, (0, 2)),
            Kind("BED-S12", "269", 9, (1, 0)),
            Kind("BED-S15", "329", 17, (1, 1)),
            Kind("BED-S18", "359", 0, (1, 2)),
            Kind("BED-N12", "269", 3, (2, 0)),
            Kind("BED-N15", "329", 12, (2, 1)),
            Kind("BED-N18", "359", 8, (2, 2)),
        ),
        by_colour(
            comfort.bedding,
            (
                ("d9cdb8", "f3eee6", "e4d9c8"),
                (
                    "BED-O12",
                    "BED-O15",
                    "BED-O18",
                ),
            ),
            (
                ("a3b09a", "eef1ea", "d9e1d3"),
                (
                    "BED-S12",
                    "BED-S15",
                    "BED-S18",
                ),
            ),
            (
                ("3c4a66", "eceff4", "d5dce8"),
                (
                    "BED-N12",
                    "BED-N15",
                    "BED-N18",
                ),
            ),
        ),
        (
            (MATERIAL, both("100% 棉，水洗工艺", "100% cotton, pre-washed")),
            (
                MEASURE,
                both("被套 150×200 / 200×230 / 220×240 厘米", "duvet cover 150 × 200 / 200 × 230 / 220 × 240 cm"),
            ),
            (WEAVE, both("斜纹 40 支", "twill, 40s yarn")),
            (CARE, both("40℃ 机洗，可低温烘干", "machine wash at 40 °C, tumble dry low")),
        ),
    ),
    Goods(
        "knitted-throw",
        "textiles",
        both("粗针盖毯", "Chunky Knit Throw"),
        both(
            "沙发上午睡、办公室里搭腿，一条就够。粗棒针织的麻花纹，厚实但不压人，四边留着短流苏。棉和腈纶混纺，不掉"
            "毛不扎脖子，机洗不变形。130×170 厘米，一个人从肩膀裹到脚。叠起来搭在床尾，也添一点颜色。",
            "For naps on the sofa and cold knees at the office. A cable pattern on thick needles, warm without "
            "being heavy, with a short fringe on both ends. The blend of cotton and acrylic does not shed, does not "
            "itch and keeps its shape in the machine. At 130 × 170 cm it covers one grown-up from shoulders to "
            "toes. Folded over the end of the bed, it adds a bit of colour as well.",
        ),
        (colours(both("奶油白", "Cream"), both("焦糖棕", "Caramel brown"), both("雾霾蓝", "Dusty blue")),),
        (Kind("TH-CRM", "139", 24, (0,)), Kind("TH-BRN", "139", 21, (1,)), Kind("TH-BLU", "139", 2, (2,))),
        by_colour(
            comfort.throw,
            (("efe6d6", "f2efe9", "e0d8cc"), ("TH-CRM",)),
            (("b9835a", "f4ece4", "ead8c8"), ("TH-BRN",)),
            (("8ea6b8", "edf1f4", "d6e0e7"), ("TH-BLU",)),
        ),
        (
            (MATERIAL, both("60% 棉，40% 腈纶", "60% cotton, 40% acrylic")),
            (MEASURE, both("130×170 厘米", "130 × 170 cm")),
            (HEAVY, both("1.1 公斤", "1.1 kg")),
            (CARE, both("30℃ 装洗衣袋机洗，平铺晾干", "machine wash at 30 °C in a bag, dry flat")),
        ),
    ),
    Goods(
        "linen-cushion",
        "textiles",
        both("亚麻抱枕 含芯", "Linen Cushion with Filling"),
        both(
            "欧洲产的亚麻，织得密，摸着有筋骨，夏天靠着也不闷汗。滚了一圈同色细边，隐形拉链藏在底下，套子拆下来就能"
            "洗。芯子是高弹纤维，压扁了拍两下又鼓起来。45 厘米见方放沙发正好，30×50 的腰枕垫在椅子上，坐久了腰不空。",
            "Densely woven European linen with an honest, dry hand that stays cool in summer. A fine piping of the "
            "same cloth runs around the edge and the zip hides underneath, so the cover comes off for washing. The "
            "filling is springy fibre: pat it twice and it is plump again. The 45 cm square suits a sofa; the 30 × "
            "50 cm one fills the hollow of your back on a long day at the desk.",
        ),
        (
            colours(both("亚麻本色", "Natural"), both("砖红", "Brick"), both("墨绿", "Forest")),
            (MEASURE, (both("45×45 厘米", "45 × 45 cm"), both("30×50 厘米", "30 × 50 cm"))),
        ),
        (
            Kind("CU-N45", "75", 36, (0, 0)),
            Kind("CU-N30", "65", 28, (0, 1)),
            Kind("CU-R45", "75", 19, (1, 0)),
            Kind("CU-R30", "65", 15, (1, 1)),
            Kind("CU-F45", "75", 22, (2, 0)),
            Kind("CU-F30", "65", 0, (2, 1)),
        ),
        by_colour(
            comfort.cushion,
            (
                ("d8c8ac", "f3eee5", "e2d8c6"),
                (
                    "CU-N45",
                    "CU-N30",
                ),
            ),
            (
                ("a85a45", "f5ece7", "ecd6cb"),
                (
                    "CU-R45",
                    "CU-R30",
                ),
            ),
            (
                ("41614f", "edf1ec", "d3dfd4"),
                (
                    "CU-F45",
                    "CU-F30",
                ),
            ),
        ),
        (
            (MATERIAL, both("面料 100% 亚麻", "cover 100% linen")),
            (FILLING, both("高弹聚酯纤维", "springy polyester fibre")),
            (MEASURE, both("45×45 / 30×50 厘米", "45 × 45 / 30 × 50 cm")),
            (CARE, both("外套 30℃ 机洗，反面晾干", "wash the cover at 30 °C, dry inside out")),
        ),
    ),
)

DECOR = (
    Goods(
        "soy-candle",
        "decor",
        both("大豆蜡香薰蜡烛", "Scented Soy Candle"),
        both(
            "大豆蜡混一点蜂蜡，棉芯，烧起来不冒黑烟。三种味道都不腻：雪松像刚削的铅笔，桂花是秋天路过树下的那一阵，"
            "无花果青涩一点，很干净，适合浴室。头一次点满两小时，让表面全化开，以后就不会烧成一个坑。杯子洗净还能当小花器。",
            "Soy wax with a little beeswax and a cotton wick that burns without soot. None of the three scents is "
            "loud: cedar smells of freshly sharpened pencils, osmanthus of one breath under the tree in autumn, and "
            "fig is green and clean enough for a bathroom. Let it burn for two hours the first time, until the whole "
            "surface has melted, and it will never tunnel. The glass makes a small flower holder afterwards.",
        ),
        ((SCENT, (both("雪松", "Cedar"), both("桂花", "Osmanthus"), both("无花果", "Fig"))),),
        (Kind("CND-CED", "69", 33, (0,)), Kind("CND-OSM", "69", 27, (1,)), Kind("CND-FIG", "69", 0, (2,))),
        by_colour(
            comfort.candle,
            (("8a6a4c", "f4eee4", "e6d9c6"), ("CND-CED",)),
            (("d3983a", "f8f0de", "f0debb"), ("CND-OSM",)),
            (("7d8f62", "eff2e6", "dbe3cb"), ("CND-FIG",)),
        ),
        (
            (MATERIAL, both("大豆蜡、蜂蜡，棉芯，玻璃杯", "soy wax, beeswax, cotton wick, glass")),
            (BURNS, both("约 40 小时", "about 40 hours")),
            (HEAVY, both("蜡 180 克", "180 g of wax")),
            (MEASURE, both("直径 8 厘米，高 9 厘米", "8 cm across, 9 cm high")),
        ),
    ),
    Goods(
        "stoneware-vase",
        "decor",
        both("手捏粗陶花瓶", "Hand-Built Stoneware Vase"),
        both(
            "德化的两位年轻陶工手捏成形，瓶身留着指印，素烧后只在里面上釉，外面是砂一样的手感。口小肚大，一枝枯枝、"
            "两根芦苇就站得住，也装水养鲜花，不渗。每只都是下单后再做，阴干、烧两次，七天发货，大小会有几毫米"
            "出入。",
            "Pinched and coiled by two young potters in Dehua, with the marks of their fingers left in the wall. "
            "Only the inside is glazed; the outside feels like fine sand. The neck is narrow and the belly wide, so "
            "one dry branch or two reeds stand by themselves, and it holds water for fresh flowers too. Each is "
            "made after you order, dried slowly and fired twice: please allow seven days and a few "
            "millimetres of difference.",
        ),
        (
            colours(both("米砂", "Sand"), both("炭黑", "Charcoal black")),
            (MEASURE, (both("高 16 厘米", "16 cm high"), both("高 24 厘米", "24 cm high"))),
        ),
        (
            Kind("VA-S16", "98", 12, (0, 0)),
            Kind("VA-S24", "158", 8, (0, 1)),
            Kind("VA-B16", "98", 10, (1, 0)),
            Kind("VA-B24", "158", 3, (1, 1)),
        ),
        by_colour(
            comfort.vase,
            (
                ("cdbfa6", "f2ede6", "e2d7c8"),
                (
                    "VA-S16",
                    "VA-S24",
                ),
            ),
            (
                ("3b3a3c", "eeeceb", "dcd8d6"),
                (
                    "VA-B16",
                    "VA-B24",
                ),
            ),
        ),
        (
            (MATERIAL, both("粗陶，内壁上釉", "stoneware, glazed inside")),
            (ORIGIN, both("福建德化", "Dehua, Fujian")),
            (SIZE, both("0.6 / 1.5 升", "0.6 / 1.5 litres")),
            (MEASURE, both("瓶口内径 2.5 厘米", "mouth 2.5 cm inside")),
        ),
        dispatch_days=7,
    ),
)
