"""Small electronics for the desk and the road: speaker, keyboard, mouse, phone stand, adapter."""

from commerce.demo import pictures_gadgets as pictures
from commerce.demo.categories import both
from commerce.demo.wares import BATTERY, BLACK, COLOUR, MATERIAL, MEASURE, POWER, WHITE, Goods, Kind, by_colour, colours

WEIGHS, CONNECTS, WARRANTY = both("重量", "Weight"), both("连接方式", "Connection"), both("质保", "Warranty")
PROOF, SWITCH = both("防水", "Water resistance"), both("轴体", "Switches")
ONE_YEAR = both("一年，只换不修", "one year; we replace, we do not repair")

GADGETS = (
    Goods(
        "pebble-speaker",
        "devices",
        both("卵石便携蓝牙音箱", "Pebble Portable Bluetooth Speaker"),
        both(
            "像一块被水磨圆的石头，一只手就能握住。织物网罩后面是一颗全频喇叭和一片被动振膜，人声清楚，"
            "低音比个头要足，摆在餐桌上听刚好，别指望它撑起一场派对。IPX7 防水，浴室、溪边都能带；"
            "两只可以配成左右声道。中等音量放 12 小时，Type-C 充满约两个半小时。",
            "Round as a river stone and small enough to hold in one hand. Behind the woven front sit one full-range "
            "driver and a passive radiator: voices stay clear and the bass is fuller than the size suggests, though "
            "it will not carry a garden party. It is waterproof to IPX7, so take it into the bathroom or down to the "
            "river, and two of them pair as left and right. About twelve hours at medium volume; a full charge over "
            "USB-C takes two and a half.",
        ),
        (colours(both("雾灰", "Mist grey"), both("陶土橙", "Terracotta orange"), both("松绿", "Pine green")),),
        (Kind("SPK-GRY", "169", 34, (0,)), Kind("SPK-ORG", "169", 2, (1,)), Kind("SPK-GRN", "169", 21, (2,))),
        by_colour(
            pictures.speaker,
            (("8b929a", "eceef0", "d9dde2"), ("SPK-GRY",)),
            (("c4754f", "f6ece4", "f0d6c6"), ("SPK-ORG",)),
            (("3f6b58", "ecf0ea", "d6e2d6"), ("SPK-GRN",)),
        ),
        (
            (BATTERY, both("中等音量 12 小时", "12 hours at medium volume")),
            (CONNECTS, both("蓝牙 5.3", "Bluetooth 5.3")),
            (PROOF, both("IPX7，水下 1 米 30 分钟", "IPX7: 30 minutes in 1 m of water")),
            (MEASURE, both("直径 10.5 × 高 7 厘米", "10.5 cm across, 7 cm high")),
            (WEIGHS, both("320 克", "320 g")),
            (MATERIAL, both("涤纶网布，硅胶底", "polyester weave, silicone base")),
        ),
    ),
    Goods(
        "mechanical-keyboard",
        "devices",
        both("云端 75 三模机械键盘", "Cloud 75 Wireless Mechanical Keyboard"),
        both(
            "75% 配列，方向键和 F 区一个不少，桌面却宽敞许多。蓝牙、2.4G、Type-C 有线三种接法，"
            "最多记住四台设备，一个组合键来回切。静音线性轴适合办公室；段落轴手感清脆，隔壁工位听得见，"
            "买前想好。PBT 键帽不容易打油，轴座支持热插拔，以后想换轴不用焊。",
            "A 75 percent layout keeps the arrow keys and the whole function row and still leaves room for your "
            "elbows. It connects by Bluetooth, 2.4 GHz or a USB-C cable, remembers four devices and moves between "
            "them with one shortcut. Pick silent linear switches for a shared office, or tactile ones for a crisp "
            "bump that your neighbour will hear too. The PBT keycaps resist shine and the sockets are hot-swappable, "
            "so trying other switches later needs no soldering.",
        ),
        (
            colours(WHITE, BLACK),
            (SWITCH, (both("静音线性轴", "Silent linear"), both("段落轴", "Tactile"))),
        ),
        (
            Kind("KB-WL", "379", 18, (0, 0)),
            Kind("KB-WT", "359", 12, (0, 1)),
            Kind("KB-BL", "379", 20, (1, 0)),
            Kind("KB-BT", "359", 0, (1, 1)),
        ),
        by_colour(
            pictures.keyboard,
            (("e9e6e0", "f6f4f0", "eef0f2", "dbe1e6"), ("KB-WL", "KB-WT")),
            (("34373d", "474b53", "efeeec", "dcdcda"), ("KB-BL", "KB-BT")),
        ),
        (
            (CONNECTS, both("蓝牙 5.1 / 2.4G / Type-C 有线", "Bluetooth 5.1, 2.4 GHz, USB-C cable")),
            (BATTERY, both("关灯约 200 小时，开灯约 30 小时", "about 200 hours unlit, 30 with the lights on")),
            (MEASURE, both("31.5 × 13 × 3.8 厘米", "31.5 × 13 × 3.8 cm")),
            (WEIGHS, both("820 克", "820 g")),
            (MATERIAL, both("PBT 键帽，ABS 外壳", "PBT keycaps, ABS case")),
            (both("适用系统", "Works with"), both("Windows、macOS、安卓、iPadOS", "Windows, macOS, Android, iPadOS")),
            (WARRANTY, ONE_YEAR),
        ),
    ),
    Goods(
        "quiet-mouse",
        "devices",
        both("静音无线鼠标", "Quiet Wireless Mouse"),
        both(
            "左右键都用静音微动，深夜赶稿、图书馆自习，都不会招来旁边的目光。弧度照着中等手型做，"
            "手掌有地方搭；左右对称，左撇子也顺手。蓝牙和 2.4G 双模，拨一下底部开关就换到另一台电脑。"
            "指针三档速度，一节五号电池用半年左右，接收器收在机身里，不容易丢。",
            "Both buttons have silent switches, so late nights and library tables stay peaceful. The shape suits a "
            "medium hand, gives the palm somewhere to rest and is the same on both sides, so left-handers are "
            "welcome. It speaks Bluetooth and 2.4 GHz; a switch underneath takes it from one computer to the other. "
            "Three pointer speeds, about half a year on one AA battery, and the receiver has a slot of its own in "
            "the body, where it does not get lost.",
        ),
        (colours(both("奶白", "Milk white"), both("雾蓝", "Mist blue"), both("樱粉", "Blossom pink")),),
        (Kind("MS-WHT", "89", 48, (0,)), Kind("MS-BLU", "89", 27, (1,)), Kind("MS-PNK", "89", 0, (2,))),
        by_colour(
            pictures.mouse,
            (("f0ede6", "eeeae4", "dfd8cd"), ("MS-WHT",)),
            (("8fb0cf", "eaf0f5", "d3e0ec"), ("MS-BLU",)),
            (("e7a9b0", "f6ecec", "f0dadb"), ("MS-PNK",)),
        ),
        (
            (CONNECTS, both("蓝牙 5.0 / 2.4G 接收器", "Bluetooth 5.0, 2.4 GHz receiver")),
            (BATTERY, both("一节五号电池约半年（随盒送一节）", "half a year on one AA battery, included")),
            (MEASURE, both("11 × 6.2 × 3.6 厘米", "11 × 6.2 × 3.6 cm")),
            (WEIGHS, both("78 克（不含电池）", "78 g without the battery")),
            (WARRANTY, ONE_YEAR),
        ),
    ),
    Goods(
        "phone-stand",
        "phone",
        both("铝合金折叠手机支架", "Folding Aluminium Phone Stand"),
        both(
            "整块铝板折弯、打磨、喷砂，底座够沉，点屏幕时不跟着晃。两段转轴，高低和角度都能调，横竖都能放，"
            "七寸以内的手机、不带厚壳的小平板都架得住。接触手机的地方贴了硅胶，不刮；底部留了走线孔，"
            "边充边看也不别扭。合起来一指厚，出差塞包里就走。",
            "Bent from one sheet of aluminium, then brushed and blasted, with a foot heavy enough that nothing "
            "wobbles when you tap the screen. Two hinges set height and angle, upright or sideways, for phones up to "
            "seven inches and small tablets without a thick case. Silicone pads keep your phone free of scratches, "
            "and a hole in the foot lets the cable through, so you can watch while it charges. Folded, it is as thin "
            "as a finger and travels in any bag.",
        ),
        (colours(both("银色", "Silver"), both("石墨灰", "Graphite grey")),),
        (Kind("PS-SIL", "59", 65, (0,)), Kind("PS-GRY", "59", 52, (1,))),
        by_colour(
            pictures.phone_stand,
            (("c9ccd1", "ecf0f3", "d6dfe6"), ("PS-SIL",)),
            (("5b6067", "efeeec", "dcdcda"), ("PS-GRY",)),
        ),
        (
            (MATERIAL, both("6063 铝合金，硅胶垫", "6063 aluminium, silicone pads")),
            (MEASURE, both("底座 9 × 8 厘米，展开高 14 厘米", "foot 9 × 8 cm, 14 cm high when open")),
            (WEIGHS, both("245 克", "245 g")),
            (both("适用", "Fits"), both("4 到 7 寸手机，8 寸小平板", "phones of 4 to 7 inches, tablets up to 8")),
        ),
    ),
    Goods(
        "travel-adapter",
        "phone",
        both("全球通旅行转换插头", "World Travel Adapter"),
        both(
            "英标、欧标、美标、澳标四种插脚，推出来哪种就是哪种，去一百五十多个国家和地区不用另外买。"
            "两个 Type-C 加一个 USB-A：65W 款能带轻薄本，35W 款给手机、平板够用。只转换插头、不变压，"
            "吹风机、直发器这类大功率电器请别接。有安全门，盒里另备一枚保险丝。",
            "Slide out the pins you need: British, European, American or Australian, good for some 150 countries and "
            "regions. Two USB-C ports and one USB-A; the 65 W model runs a thin laptop, the 35 W model is plenty for "
            "phones and tablets. It changes the plug and not the voltage, so please leave hair dryers and "
            "straighteners at home. The sockets have safety shutters, and a spare fuse comes in the box.",
        ),
        ((POWER, (both("35W", "35 W"), both("65W", "65 W"))),),
        (Kind("TA-35", "99", 40, (0,)), Kind("TA-65", "159", 26, (1,))),
        by_colour(pictures.adapter, (("f1f0ec", "eaf0ef", "d2e2e0"), ())),
        (
            (both("插脚", "Plugs"), both("英标、欧标、美标、澳标", "UK, EU, US, AU")),
            (both("电压", "Voltage"), both("100–240V，不变压", "100–240 V, not converted")),
            (MEASURE, both("6.8 × 5.2 × 5.5 厘米", "6.8 × 5.2 × 5.5 cm")),
            (WEIGHS, both("150 克", "150 g")),
            (COLOUR, both("云白", "Cloud white")),
            (WARRANTY, ONE_YEAR),
        ),
    ),
)
