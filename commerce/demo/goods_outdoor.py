"""For the park, the mountain and the living-room floor: yoga mat, lantern, tent, skipping rope."""

from commerce.demo import pictures_outdoor as pictures
from commerce.demo.categories import both
from commerce.demo.wares import BATTERY, CARE, MATERIAL, MEASURE, POWER, Goods, Kind, by_colour, colours

WEIGHS, PROOF = both("重量", "Weight"), both("防水", "Water resistance")

OUTDOOR = (
    Goods(
        "yoga-mat",
        "outdoor",
        both("双面防滑瑜伽垫", "Non-Slip Yoga Mat"),
        both(
            "TPE 发泡，两面纹路不同：细纹抓手，粗纹抓地，出汗了下犬式也不打滑。6 毫米站得稳，适合流瑜伽；"
            "8 毫米更软，膝盖怕硬、跟着视频做力量的选它。正面压了一条淡淡的中线，方便对齐。"
            "新垫子有一点材料味，摊开晾两天就散。附一根绑带，卷起来像一截画筒。",
            "Foamed TPE with two textures: the fine side grips your hands, the coarse side grips the floor, and a "
            "downward dog holds even when you sweat. Six millimetres stand firm for flowing sequences; eight are "
            "kinder to sore knees and better for strength work. A faint line down the middle helps you line up. It "
            "smells a little when new, so lay it out for two days. A carrying strap is included.",
        ),
        (
            colours(both("藕粉", "Dusty pink"), both("雾紫", "Lilac purple"), both("深绿", "Deep green")),
            (both("厚度", "Thickness"), (both("6 毫米", "6 mm"), both("8 毫米", "8 mm"))),
        ),
        (
            Kind("YM-P6", "99", 25, (0, 0)),
            Kind("YM-P8", "119", 18, (0, 1)),
            Kind("YM-V6", "99", 22, (1, 0)),
            Kind("YM-V8", "119", 0, (1, 1)),
            Kind("YM-G6", "99", 19, (2, 0)),
            Kind("YM-G8", "119", 3, (2, 1)),
        ),
        by_colour(
            pictures.yoga_mat,
            (("c99aa0", "f6ecec", "f0dadb"), ("YM-P6", "YM-P8")),
            (("a493c4", "f0edf5", "ded7ea"), ("YM-V6", "YM-V8")),
            (("4f7a66", "ecf0ea", "d6e2d6"), ("YM-G6", "YM-G8")),
        ),
        (
            (MATERIAL, both("TPE，不含乳胶", "TPE, free of latex")),
            (MEASURE, both("183 × 61 厘米", "183 × 61 cm")),
            (WEIGHS, both("6 毫米 870 克，8 毫米 1.1 公斤", "870 g at 6 mm, 1.1 kg at 8 mm")),
            (CARE, both("湿布擦净，阴干，勿暴晒", "wipe with a damp cloth, dry in the shade")),
        ),
    ),
    Goods(
        "camping-lantern",
        "outdoor",
        both("复古露营灯", "Retro Camping Lantern"),
        both(
            "马灯的样子，里面是暖光 LED，拧旋钮就能从烛光一路调到照亮整张餐桌。提手可以挂在绳子或者树枝上，"
            "放着也稳。最亮撑 8 小时，最暗能亮三个晚上；没电时从 Type-C 口充，也能反过来给手机救急。"
            "防雨溅，别整个泡水里。停电的夜里，家里也用得上。",
            "It looks like a hurricane lantern, but inside is a warm LED that turns up from candlelight to bright "
            "enough for a whole picnic table. Hang it from a line or a branch, or let it stand. Eight "
            "hours at its brightest, three evenings at its dimmest; it charges over USB-C and can lend your phone "
            "some of its power. Rain does it no harm, but do not drop it in the lake. Good to have at home when the "
            "lights go out, too.",
        ),
        (colours(both("军绿", "Olive green"), both("奶白", "Milk white")),),
        (Kind("LTN-GRN", "139", 20, (0,)), Kind("LTN-WHT", "139", 13, (1,))),
        by_colour(
            pictures.lantern,
            (("6f7a4a", "eff0e6", "dde0c8"), ("LTN-GRN",)),
            (("efe9dc", "eee8de", "e2d7c6"), ("LTN-WHT",)),
        ),
        (
            (BATTERY, both("最亮 8 小时，最暗 72 小时（5000 毫安）", "8 hours bright, 72 dim (5,000 mAh)")),
            (POWER, both("5W，10–350 流明", "5 W, 10–350 lumens")),
            (PROOF, both("IPX4 防溅", "IPX4, splash-proof")),
            (MATERIAL, both("铁质机身，PC 灯罩", "steel body, polycarbonate glass")),
            (MEASURE, both("直径 12.5 × 高 24 厘米", "12.5 cm across, 24 cm high")),
            (WEIGHS, both("640 克", "640 g")),
        ),
    ),
    Goods(
        "ridge-tent",
        "outdoor",
        both("防雨露营帐篷", "Rainproof Camping Tent"),
        both(
            "先撑内帐再套外帐，两个人练一次，之后十分钟搭好。双层不闷，前后都有纱门；外帐接缝压了胶，"
            "一夜中雨没问题，台风天还是住店。铝杆比玻纤轻，也不容易折。双人款两个人加一只背包正好，"
            "三人款带孩子宽裕。地钉、风绳、修补贴都在袋里。又大又沉，单独一个包裹发出。",
            "Raise the inner tent, throw the outer one over it: after one practice, two people need ten minutes. The "
            "double wall stays airy, with mesh doors front and back, and the taped seams take a night of steady "
            "rain; in a typhoon, please take a hotel. Aluminium poles are lighter than fibreglass and harder to "
            "break. The small one sleeps two and a pack, the large one gives a family of three some room. Pegs, guy "
            "lines and repair patches are in the bag. It is bulky and travels in a parcel of its own.",
        ),
        (
            (both("人数", "Sleeps"), (both("双人", "2 people"), both("三人", "3 people"))),
            colours(both("草绿", "Meadow green"), both("沙米色", "Sand beige")),
        ),
        (
            Kind("TNT-2G", "399", 9, (0, 0)),
            Kind("TNT-2S", "399", 7, (0, 1)),
            Kind("TNT-3G", "529", 5, (1, 0)),
            Kind("TNT-3S", "529", 0, (1, 1)),
        ),
        by_colour(
            pictures.tent,
            (("8aa86a", "eef2e8", "dbe5d0"), ("TNT-2G", "TNT-3G")),
            (("d8c19a", "f4efe6", "e8dcc8"), ("TNT-2S", "TNT-3S")),
        ),
        (
            (MATERIAL, both("外帐 210T 涤纶，7001 铝杆", "210T polyester, 7001 aluminium poles")),
            (PROOF, both("外帐 3000 毫米，底 5000 毫米", "fly 3,000 mm, floor 5,000 mm")),
            (MEASURE, both("双人 210 × 140 厘米，三人 210 × 190 厘米", "210 × 140 cm for two, 210 × 190 cm for three")),
            (WEIGHS, both("双人 2.4 公斤，三人 3.1 公斤", "2.4 kg for two, 3.1 kg for three")),
        ),
        free_shipping=False,
    ),
    Goods(
        "skipping-rope",
        "outdoor",
        both("轴承跳绳 可调长度", "Ball-Bearing Skipping Rope"),
        both(
            "手柄里有滚珠轴承，绳子转得顺，不打结、不拧劲。钢丝外面包一层 PVC，甩得快也不飘；"
            "长度从 3 米往下剪，剪短了接不回去，量好再动手：踩住绳子中间，手柄到腋下刚好。"
            "手柄包了软胶，出汗不滑。怕吵到楼下，就找块软一点的地面跳。",
            "Ball bearings in the handles let the rope spin without twisting or tangling. The steel core has a PVC "
            "coat, so it stays on course at speed. You cut it to length from three metres; it cannot be joined "
            "again, so measure first: stand on the middle, and the handles should reach your armpits. The grips are "
            "soft and do not slip when you sweat. If somebody lives below you, look for softer ground.",
        ),
        (colours(both("黑色", "Black"), both("柠檬黄", "Lemon yellow"), both("湖蓝", "Lake blue")),),
        (Kind("SKR-BLK", "29", 80, (0,)), Kind("SKR-YEL", "29", 46, (1,)), Kind("SKR-BLU", "29", 38, (2,))),
        by_colour(
            pictures.rope,
            (("33363b", "efeeec", "dcdcda"), ("SKR-BLK",)),
            (("e3c23a", "f5f1e0", "ece2bf"), ("SKR-YEL",)),
            (("3a8fb0", "e9f1f4", "d0e2ea"), ("SKR-BLU",)),
        ),
        (
            (MATERIAL, both("PVC 包钢丝，ABS 手柄", "PVC over steel wire, ABS handles")),
            (MEASURE, both("绳长 3 米，可剪短；手柄 16 厘米", "3 m of rope, to be cut; handles 16 cm")),
            (WEIGHS, both("165 克", "165 g")),
        ),
        free_shipping=False,
    ),
)
