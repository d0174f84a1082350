"""Clothes, shoes and bags, in few colours and honest sizes."""

from collections.abc import Sequence

from commerce.demo import pictures_bags as bags
from commerce.demo import pictures_wear as wear
from commerce.demo.categories import both
from commerce.demo.wares import CARE, COLOUR, MATERIAL, MEASURE, Goods, Kind, by_colour, colours

FIT, WASHING, GUIDE = both("尺码", "Size"), both("洗涤", "Washing"), both("尺码参考", "Size guide")
WEIGHS, HOLDS, SOLE = both("重量", "Weight"), both("容量", "Capacity"), both("鞋底", "Sole")
S_TO_XL = (FIT, tuple(both(size, size) for size in ("S", "M", "L", "XL")))


def rack(
    sku: str, price: str, shades: Sequence[str], sizes: Sequence[str], stock: Sequence[Sequence[int]]
) -> tuple[Kind, ...]:
    """Every colour in every size at one price; `stock` has a row for each colour."""
    return tuple(
        Kind(f"{sku}-{shade}-{size}", price, stock[row][column], (row, column))
        for row, shade in enumerate(shades)
        for column, size in enumerate(sizes)
    )


def sizes(sku: str, endings: Sequence[str]) -> tuple[str, ...]:
    """The SKUs of one colour."""
    return tuple(f"{sku}-{ending}" for ending in endings)


LETTERS, SPANS = ("S", "M", "L", "XL"), ("36", "38", "40", "42")

CLOTHES = (
    Goods(
        "cotton-tee",
        "clothing",
        both("重磅纯棉圆领 T恤", "Heavyweight Cotton T-Shirt"),
        both(
            "230 克精梳棉，有分量却不闷，白色单穿也不透。领口双针加固，洗多少次都不容易松成荷叶边；"
            "肩缝包了条，不容易变形。版型略宽，平时穿 M 就选 M，喜欢松一点再加一码。出厂前做过预缩，"
            "机洗后长度变化在 3% 以内。深色头两次请单独洗。",
            "Combed cotton of 230 grams: substantial without being stuffy, and even the white one does not show "
            "through. The collar is double-stitched so that it keeps its shape, and the shoulder seams are taped so "
            "that they stay where they belong. The cut is slightly relaxed: take your usual size, or one up if you "
            "like it loose. Pre-shrunk, so it loses less than three percent in the machine. Wash the dark ones "
            "separately the first two times.",
        ),
        (
            colours(both("本白", "Off-white"), both("墨黑", "Ink black"), both("鼠尾草绿", "Sage green")),
            S_TO_XL,
        ),
        rack("TEE", "99", ("WHT", "BLK", "GRN"), LETTERS, ((24, 36, 30, 14), (26, 40, 33, 2), (12, 18, 0, 8))),
        by_colour(
            wear.tee,
            (("f2efe8", "ecebe6", "dddad2"), sizes("TEE-WHT", LETTERS)),
            (("2f3338", "efeeec", "dcdcda"), sizes("TEE-BLK", LETTERS)),
            (("93a98d", "eaefe6", "d5e0d0"), sizes("TEE-GRN", LETTERS)),
        ),
        (
            (MATERIAL, both("100% 精梳棉，230 克/平方米", "100% combed cotton, 230 g/m²")),
            (
                GUIDE,
                both(
                    "胸围 S 104、M 108、L 112、XL 118 厘米；衣长 67 到 73 厘米",
                    "chest S 104, M 108, L 112, XL 118 cm; length 67 to 73 cm",
                ),
            ),
            (WASHING, both("30℃ 机洗，低温熨烫，勿烘干", "machine wash at 30 °C, cool iron, do not tumble dry")),
        ),
    ),
    Goods(
        "linen-shirt",
        "clothing",
        both("亚麻长袖衬衫", "Long-Sleeved Linen Shirt"),
        both(
            "法国产亚麻纱，在绍兴织成布，成衣再水洗一遍，上身第一天就是软的。夏天当衬衫穿透气，"
            "早晚凉的时候敞开当外套也行。亚麻会皱，这是它的脾气，挂起来喷点水，明早就平了。"
            "贝壳扣，袖口两颗可以收紧，备用扣缝在内侧。",
            "Flax from France, woven in Shaoxing and washed once more after sewing, so it is soft from the first "
            "day. It breathes in summer and doubles as a light jacket when the evening turns cool. Linen creases; "
            "that is "
            "its nature. Hang it up, spray a little water on it, and by morning it is presentable again. Shell "
            "buttons, two of them on each cuff, with a spare sewn inside.",
        ),
        (colours(both("米白", "Cream white"), both("雾蓝", "Mist blue")), S_TO_XL),
        rack("LIN", "199", ("WHT", "BLU"), LETTERS, ((10, 16, 15, 7), (8, 14, 11, 0))),
        by_colour(
            wear.shirt,
            (("efe9dc", "eee8de", "e2d7c6"), sizes("LIN-WHT", LETTERS)),
            (("9db6cc", "eaf0f5", "d3e0ec"), sizes("LIN-BLU", LETTERS)),
        ),
        (
            (MATERIAL, both("100% 亚麻", "100% linen")),
            (
                GUIDE,
                both(
                    "胸围 S 106、M 110、L 114、XL 120 厘米；衣长 70 到 76 厘米",
                    "chest S 106, M 110, L 114, XL 120 cm; length 70 to 76 cm",
                ),
            ),
            (WASHING, both("30℃ 轻柔机洗或手洗，阴干", "gentle machine wash or by hand at 30 °C, dry in the shade")),
        ),
    ),
    Goods(
        "fleece-hoodie",
        "clothing",
        both("加绒连帽卫衣", "Fleece-Lined Hoodie"),
        both(
            "外面是 380 克的棉，里面一层短绒，不臃肿，零度上下配件外套就够。帽子双层，撑得起来；"
            "前面一个大口袋，两手插进去刚好碰到。袖口和下摆的罗纹加了氨纶，不容易撑大。"
            "新衣服头两次会掉一点浮绒，翻过来洗就好。版型正常，按平时的码选。",
            "Cotton of 380 grams outside and a short fleece within: warm enough for freezing point under a coat, and "
            "not bulky. The hood is double and stands up properly; the pocket in front is wide enough for two cold "
            "hands to meet. Ribbed cuffs and hem with a little elastane keep their grip. It sheds some fluff in the "
            "first two washes, so turn it inside out. Regular fit; take your usual size.",
        ),
        (colours(both("燕麦米色", "Oatmeal beige"), both("藏青", "Navy blue")), S_TO_XL),
        rack("HOD", "229", ("OAT", "NVY"), LETTERS, ((14, 20, 16, 3), (15, 24, 19, 10))),
        by_colour(
            wear.hoodie,
            (("d9c7a8", "f2ece2", "e6dac6"), sizes("HOD-OAT", LETTERS)),
            (("35425f", "eaedf3", "d3d9e6"), sizes("HOD-NVY", LETTERS)),
        ),
        (
            (MATERIAL, both("80% 棉、20% 聚酯纤维，罗纹含氨纶", "80% cotton, 20% polyester; elastane in the ribs")),
            (
                GUIDE,
                both(
                    "胸围 S 110、M 114、L 118、XL 124 厘米；衣长 66 到 72 厘米",
                    "chest S 110, M 114, L 118, XL 124 cm; length 66 to 72 cm",
                ),
            ),
            (WASHING, both("翻面 30℃ 机洗，自然晾干", "machine wash inside out at 30 °C, line dry")),
        ),
    ),
    Goods(
        "wool-scarf",
        "clothing",
        both("羊毛格纹围巾", "Checked Wool Scarf"),
        both(
            "内蒙古绵羊毛，织得松一点，绕两圈也不勒。两面都能看的大格子，配大衣、羽绒服都不抢戏。"
            "两头手打的流苏，一条有一条的长短。刚上脖子略有羊毛的抓感，怕扎的话里面垫一层领子。"
            "不用常洗，挂在通风处散一夜就清爽。",
            "Wool from Inner Mongolia, woven loosely enough to go round twice without strangling you. The large "
            "check is the same on both sides and sits quietly with a coat or a down jacket. The fringes are knotted "
            "by hand, so no two are quite equal. It has a slight woolly bite at first; wear it over a collar if your "
            "skin is sensitive. It hardly needs washing: hang it in fresh air overnight instead.",
        ),
        (
            colours(
                both("焦糖棕格", "Caramel brown check"), both("灰格", "Grey check"), both("酒红格", "Burgundy check")
            ),
        ),
        (Kind("SCF-BRN", "159", 22, (0,)), Kind("SCF-GRY", "159", 17, (1,)), Kind("SCF-RED", "159", 9, (2,))),
        by_colour(
            wear.scarf,
            (("b97d4c", "f5ece2", "ecdac6"), ("SCF-BRN",)),
            (("82888f", "eceef0", "d9dde2"), ("SCF-GRY",)),
            (("8e2f3a", "f6eaea", "efd3d3"), ("SCF-RED",)),
        ),
        (
            (MATERIAL, both("100% 绵羊毛", "100% sheep's wool")),
            (MEASURE, both("190 × 35 厘米，流苏另计 8 厘米", "190 × 35 cm plus 8 cm of fringe")),
            (WEIGHS, both("210 克", "210 g")),
            (WASHING, both("冷水手洗或干洗，平铺晾干", "cold hand wash or dry clean, dry flat")),
        ),
    ),
)

SHOES = (
    Goods(
        "canvas-sneakers",
        "shoes",
        both("硫化底帆布鞋", "Canvas Sneakers"),
        both(
            "12 安棉帆布，硫化橡胶底，走一天不觉得硬。鞋垫可以抽出来洗，鞋头里有一层薄衬，不容易顶出大脚趾的印子。"
            "新鞋前两天略紧，穿开就合脚；平时穿 38 就选 38，脚宽或者脚背高的建议大一码。"
            "别丢洗衣机，用软刷蘸肥皂水刷，阴干不发黄。",
            "Twelve-ounce cotton canvas on a vulcanised rubber sole that stays kind through a long day of walking. "
            "The insoles come out for washing, and a thin lining in the toe keeps your big toe from printing "
            "through. They are snug for the first two days and then settle. True to size; if your feet are broad or "
            "your instep is high, take one size up. Keep them out of the washing machine: a soft brush, soapy water "
            "and shade keep them from yellowing.",
        ),
        ((FIT, tuple(both(str(size), str(size)) for size in range(36, 45))),),
        tuple(
            Kind(f"SNK-{size}", "149", pieces, (place,))
            for place, (size, pieces) in enumerate(zip(range(36, 45), (6, 9, 14, 15, 12, 11, 10, 4, 0), strict=True))
        ),
        by_colour(bags.sneakers, (("efe9dc", "3f6b58", "ecf0ea", "d6e2d6"), ())),
        (
            (MATERIAL, both("棉帆布鞋面，棉质内里", "cotton canvas, cotton lining")),
            (SOLE, both("硫化橡胶，厚 2.5 厘米", "vulcanised rubber, 2.5 cm thick")),
            (COLOUR, both("米白，松绿后跟", "cream white with a pine green heel")),
            (
                GUIDE,
                both("36 码脚长 23 厘米，每大一码加 0.5 厘米", "36 is a 23 cm foot, half a centimetre more per size"),
            ),
            (WASHING, both("软刷手洗，阴干", "brush by hand, dry in the shade")),
        ),
    ),
    Goods(
        "house-slippers",
        "shoes",
        both("棉麻居家拖鞋", "Cotton and Linen House Slippers"),
        both(
            "鞋面棉麻混纺，光脚穿不闷汗；鞋底是 1.8 厘米的 EVA，踩在木地板上几乎没有声音，夜里起来不吵人。"
            "底纹防滑，浴室积水的地方还是别穿。一双卷起来能塞进行李箱的角落，出差也带着。"
            "两个码做一档，卡在中间就选大的。",
            "The uppers are a blend of cotton and linen that keeps bare feet dry. The 1.8 cm EVA soles make next to "
            "no sound on wooden floors, so nobody wakes when you get up at night. They grip well, but please do not "
            "wear them on a wet bathroom floor. A pair rolls up into the corner of a suitcase. Each size covers two "
            "numbers; if you are in between, take the larger one.",
        ),
        (
            colours(both("豆沙粉", "Dusty pink"), both("雾灰", "Mist grey"), both("墨绿", "Forest green")),
            (FIT, tuple(both(size, size) for size in ("36–37", "38–39", "40–41", "42–44"))),
        ),
        rack(
            "SLP",
            "49",
            ("PNK", "GRY", "GRN"),
            SPANS,
            ((20, 26, 9, 0), (18, 30, 28, 22), (7, 15, 16, 3)),
        ),
        by_colour(
            bags.slippers,
            (("c9969a", "f6ecec", "f0dadb"), sizes("SLP-PNK", SPANS)),
            (("9aa0a6", "eceef0", "d9dde2"), sizes("SLP-GRY", SPANS)),
            (("4c6b58", "ecf0ea", "d6e2d6"), sizes("SLP-GRN", SPANS)),
        ),
        (
            (MATERIAL, both("鞋面 55% 棉、45% 亚麻", "uppers 55% cotton, 45% linen")),
            (SOLE, both("EVA，厚 1.8 厘米", "EVA, 1.8 cm thick")),
            (
                GUIDE,
                both("36–37 脚长 23–23.5 厘米，往后每档加 1 厘米", "36–37 is 23–23.5 cm; each step is 1 cm longer"),
            ),
            (WASHING, both("手洗或装袋轻柔机洗", "by hand, or gently in a laundry bag")),
        ),
    ),
)

BAGS = (
    Goods(
        "canvas-tote",
        "bags",
        both("厚帆布托特包", "Heavy Canvas Tote Bag"),
        both(
            "16 安厚帆布，空着也能自己站住。提手接缝处打了十字加固，装满一周的菜也撑得住；提手够长，"
            "冬天穿着大衣照样能挎上肩。里面一个拉链袋放钥匙，一个插袋放手机，A4 文件和 14 寸电脑都放得下。"
            "帆布没做涂层，会越用越软，第一次水洗略缩。",
            "Sixteen-ounce canvas that stands up by itself even when it is empty. The handles are cross-stitched for "
            "a full week of groceries, and long enough to go over the shoulder of a winter coat. Inside are a zipped "
            "pocket for keys and an open one for your phone; there is room for A4 folders and a 14-inch computer. "
            "The cloth is uncoated: it softens with use and shrinks a little in its first wash.",
        ),
        (colours(both("本白", "Natural white"), both("藏青", "Navy blue")),),
        (Kind("TOT-WHT", "79", 42, (0,)), Kind("TOT-NVY", "79", 31, (1,))),
        by_colour(
            bags.tote, (("ece3d0", "f1ede4", "e2d9c8"), ("TOT-WHT",)), (("35425f", "eaedf3", "d3d9e6"), ("TOT-NVY",))
        ),
        (
            (MATERIAL, both("16 安纯棉帆布", "16 oz cotton canvas")),
            (MEASURE, both("宽 38 × 高 34 × 厚 12 厘米，提手高 26 厘米", "38 × 34 × 12 cm, handle drop 26 cm")),
            (HOLDS, both("约 15 升", "about 15 litres")),
            (WEIGHS, both("480 克", "480 g")),
            (WASHING, both("冷水手洗，平铺晾干", "cold hand wash, dry flat")),
        ),
    ),
    Goods(
        "commuter-backpack",
        "bags",
        both("通勤双肩包 20L", "Commuter Backpack 20 L"),
        both(
            "早高峰挤地铁，包要薄、要稳、好拿东西。电脑仓贴着后背，悬空两厘米，放下时不磕；侧面有条暗拉链，"
            "不卸包就能掏出交通卡。面料防泼水，下小雨不用慌，大雨请套上底部藏着的雨罩。"
            "背板有导气槽，肩带厚而不硬，满载五公斤走半小时不勒。",
            "For a crowded train a bag should be slim, steady and quick to reach into. The computer sleeve lies "
            "against your back and hangs two centimetres above the floor; a hidden zip at the side gives you your "
            "travel card without taking the bag off. The fabric shrugs off drizzle, and a rain cover is tucked into "
            "the base for worse. Channels in the back let air through, and the straps carry five kilos for half an "
            "hour without biting.",
        ),
        (colours(both("石墨灰", "Graphite grey"), both("墨绿", "Forest green"), both("姜黄", "Mustard yellow")),),
        (Kind("BPK-GRY", "259", 24, (0,)), Kind("BPK-GRN", "259", 16, (1,)), Kind("BPK-YEL", "259", 3, (2,))),
        by_colour(
            bags.backpack,
            (("5b6168", "eceef0", "d9dde2"), ("BPK-GRY",)),
            (("3f5f50", "ecf0ea", "d6e2d6"), ("BPK-GRN",)),
            (("d3a03f", "f6f0e0", "eedfbc"), ("BPK-YEL",)),
        ),
        (
            (MATERIAL, both("600D 再生涤纶，防泼水涂层", "600D recycled polyester, water-repellent")),
            (MEASURE, both("44 × 29 × 15 厘米，放得下 15.6 寸电脑", "44 × 29 × 15 cm, fits a 15.6-inch computer")),
            (HOLDS, both("20 升", "20 litres")),
            (WEIGHS, both("890 克", "890 g")),
        ),
    ),
    Goods(
        "leather-crossbody",
        "bags",
        both("头层牛皮斜挎包", "Leather Crossbody Bag"),
        both(
            "下单后开料，一位师傅从头缝到尾，大约五天发出。植鞣头层牛皮，新的时候略硬，"
            "背上两三个月会变软、颜色变深，划痕用手指揉一揉就淡。双股蜡线，边缘打磨封了蜡。"
            "装得下手机、短钱包、钥匙和一支口红，再多就不好看了。肩带 95 到 125 厘米可调。",
            "Cut after you order and sewn from first stitch to last by one person; it leaves the workshop in about "
            "five days. The full-grain leather is vegetable-tanned: a little stiff when new, softer and "
            "darker after two or three months, and light scratches rub out with a finger. Waxed double thread, edges "
            "burnished by hand. It holds a phone, a short wallet, keys and a lipstick; more than that would spoil "
            "its shape.",
        ),
        (colours(both("焦糖棕", "Caramel brown"), both("黑色", "Black")),),
        (Kind("XBD-BRN", "329", 6, (0,)), Kind("XBD-BLK", "329", 4, (1,))),
        by_colour(
            bags.crossbody,
            (("a9683a", "f5ece2", "ecdac6"), ("XBD-BRN",)),
            (("33302f", "efeeec", "dcdcda"), ("XBD-BLK",)),
        ),
        (
            (MATERIAL, both("植鞣头层牛皮，黄铜扣", "vegetable-tanned full-grain leather, brass buckle")),
            (MEASURE, both("22 × 15 × 6 厘米，肩带 95–125 厘米", "22 × 15 × 6 cm, strap 95–125 cm")),
            (WEIGHS, both("420 克", "420 g")),
            (CARE, both("避水，半年擦一次貂油", "keep dry, leather balm twice a year")),
        ),
        dispatch_days=5,
    ),
)
