"""What the demo shop sells: tea, teaware and small electronics, in Chinese and English."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from commerce.catalog.model import Names
from commerce.demo import pictures_electronics as electronics
from commerce.demo import pictures_home as home
from commerce.demo import pictures_tea as tea
from commerce.demo.canvas import Canvas, rgb
from commerce.imports.goods import NewCategory

Draw = Callable[[], Canvas]


def both(zh: str, en: str) -> Names:
    """A text in both languages."""
    return {"zh": zh, "en": en}


@dataclass(frozen=True, slots=True)
class Kind:
    """One variant: SKU, price in major units, pieces in stock, its answer to each option (by place)."""

    sku: str
    price: str
    stock: int
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Goods:
    """One product. Each drawing belongs to the variants with these SKUs; without SKUs it shows the product."""

    handle: str
    category: str
    title: Names
    body: Names
    options: tuple[tuple[Names, tuple[Names, ...]], ...]
    kinds: tuple[Kind, ...]
    drawings: tuple[tuple[Draw, tuple[str, ...]], ...]
    attributes: tuple[tuple[Names, Names], ...] = ()


CATEGORIES = (
    NewCategory("tea", both("茶叶", "Tea")),
    NewCategory("teaware", both("家居器皿", "Teaware & Home")),
    NewCategory("electronics", both("数码小物", "Small Electronics")),
)

WEIGHT, COLOUR, SIZE = both("规格", "Weight"), both("颜色", "Colour"), both("容量", "Capacity")
ORIGIN, MATERIAL, BREW = both("产地", "Origin"), both("材质", "Material"), both("冲泡", "Brewing")
BATTERY, POWER = both("续航", "Battery life"), both("功率", "Power")
BLACK, WHITE = both("曜石黑", "Obsidian black"), both("云白", "Cloud white")


def _grams(*weights: int) -> tuple[tuple[Names, tuple[Names, ...]], ...]:
    return ((WEIGHT, tuple(both(f"{weight} 克", f"{weight} g") for weight in weights)),)


def _colours(*names: Names) -> tuple[Names, tuple[Names, ...]]:
    return COLOUR, names


def _by_colour(
    draw: Callable[..., Canvas], *looks: tuple[Sequence[str], tuple[str, ...]]
) -> tuple[tuple[Draw, tuple[str, ...]], ...]:
    """One drawing for each colour: (codes of the thing's colour, the ground and the disc) and the SKUs it shows."""

    def drawing(codes: Sequence[str]) -> Draw:
        return lambda: draw(*(rgb(code) for code in codes))

    return tuple((drawing(codes), skus) for codes, skus in looks)


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
        _grams(50, 125, 250),
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
        _grams(50, 100, 250),
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
        _grams(50, 100),
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
        _grams(100, 357),
        (Kind("PE-100", "58", 40, (0,)), Kind("PE-357", "188", 18, (1,))),
        ((lambda: tea.puer(rgb("f1ebe1"), rgb("e3d5c1")), ()),),
        ((ORIGIN, both("云南勐海", "Menghai, Yunnan")), (BREW, both("沸水，可煮", "boiling water; may be simmered"))),
    ),
)

_MUG = both("350 毫升", "350 ml")
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
            _colours(
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
        _by_colour(
            home.mug,
            (("8fb59b", "f1ede4", "dfe8dc"), ("MUG-GRN",)),
            (("f1efe9", "eceae6", "dcd9d2"), ("MUG-WHT",)),
            (("2f3338", "efeeec", "dcdcda"), ("MUG-BLK",)),
            (("c75a4a", "f5ece6", "f0d8cc"), ("MUG-RED",)),
        ),
        ((MATERIAL, both("高温瓷，食品级釉", "stoneware, food-safe glaze")), (SIZE, _MUG)),
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
            _colours(both("紫泥", "Purple-brown clay"), both("朱泥", "Cinnabar red clay")),
            (SIZE, (both("150 毫升", "150 ml"), both("220 毫升", "220 ml"))),
        ),
        (
            Kind("POT-Z150", "268", 12, (0, 0)),
            Kind("POT-Z220", "298", 10, (0, 1)),
            Kind("POT-H150", "328", 6, (1, 0)),
            Kind("POT-H220", "368", 5, (1, 1)),
        ),
        _by_colour(
            home.teapot,
            (("7a4a3c", "f4ece3", "ead9c8"), ("POT-Z150", "POT-Z220")),
            (("b5533c", "f6ebe3", "efd6c6"), ("POT-H150", "POT-H220")),
        ),
        ((MATERIAL, both("宜兴紫砂", "Yixing zisha clay")),),
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
        (_colours(both("素白", "Plain white"), both("青花竹", "Blue bamboo")),),
        (Kind("GW-WHT", "88", 36, (0,)), Kind("GW-BLU", "138", 15, (1,))),
        _by_colour(
            lambda glaze, painted, ground, disc: home.gaiwan(
                glaze, painted if painted != glaze else None, ground, disc
            ),
            (("f4f3ef", "f4f3ef", "e9efec", "cfdedb"), ("GW-WHT",)),
            (("f2f4f5", "2f5fa8", "e6edf3", "c9d9e8"), ("GW-BLU",)),
        ),
        ((MATERIAL, both("景德镇白瓷", "Jingdezhen porcelain")),),
    ),
    Goods(
        "travel-flask",
        "teaware",
        both("随行保温杯", "Travel Vacuum Flask"),
        both(
            "316 不锈钢内胆，早上装的热水，晚上还烫嘴。杯盖拧下来就是小茶杯，带茶隔，泡一壶带去办公室刚好。"
            "喷塑手感，不沾指纹。",
            "Stainless steel inside, hot from breakfast until evening. The lid is a cup of its own and a tea "
            "strainer comes "
            "with it: brew at home, pour at the office. Powder-coated, so it shows no fingerprints.",
        ),
        (
            _colours(both("樱粉", "Blossom pink"), both("松绿", "Pine green"), both("云白", "Cloud white")),
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
        _by_colour(
            home.flask,
            (("e7a9b0", "f6ecec", "f0dadb"), ("FL-P350", "FL-P500")),
            (("3f6b58", "ecf0ea", "d6e2d6"), ("FL-G350", "FL-G500")),
            (("edebe6", "e9ecef", "d5dce2"), ("FL-W350", "FL-W500")),
        ),
        ((MATERIAL, both("316 不锈钢", "316 stainless steel")),),
    ),
)

ELECTRONICS = (
    Goods(
        "wireless-earbuds",
        "electronics",
        both("轻音真无线蓝牙耳机", "Qingyin True Wireless Earbuds"),
        both(
            "单耳 4 克，戴久了也不胀。主动降噪压得住地铁，通话双麦听得清。蓝牙 5.3，安卓苹果都能连。"
            "充电盒 Type-C 口，十分钟听两小时。",
            "Four grams an ear, comfortable all day. Active noise cancelling that quietens the metro, two "
            "microphones for calls, "
            "Bluetooth 5.3 for any phone. Ten minutes in the USB-C case give two hours of music.",
        ),
        (_colours(WHITE, BLACK, both("雾蓝", "Mist blue")),),
        (Kind("EB-WHT", "199", 60, (0,)), Kind("EB-BLK", "199", 55, (1,)), Kind("EB-BLU", "209", 22, (2,))),
        _by_colour(
            electronics.earbuds,
            (("f3f3f1", "eceef2", "d8dee8"), ("EB-WHT",)),
            (("2d3036", "eceef0", "d9dcdf"), ("EB-BLK",)),
            (("8fb0cf", "eaf0f5", "d3e0ec"), ("EB-BLU",)),
        ),
        ((BATTERY, both("单次 7 小时，配盒 30 小时", "7 hours, 30 with the case")),),
    ),
    Goods(
        "power-bank",
        "electronics",
        both("薄片充电宝 22.5W 快充", "Slim Power Bank 22.5 W"),
        both(
            "自带一根 Type-C 线，出门不用再找线。22.5W 快充，半小时给手机充一半。四格电量灯，可以带上飞机。",
            "Comes with its own USB-C cable, so there is nothing to forget. 22.5 W fast charging fills half a "
            "phone in half an "
            "hour; four lights show what is left. Allowed in cabin luggage.",
        ),
        (
            (SIZE, (both("10000 毫安", "10,000 mAh"), both("20000 毫安", "20,000 mAh"))),
            _colours(WHITE, BLACK),
        ),
        (
            Kind("PB-10W", "99", 75, (0, 0)),
            Kind("PB-10B", "99", 70, (0, 1)),
            Kind("PB-20W", "149", 40, (1, 0)),
            Kind("PB-20B", "149", 3, (1, 1)),
        ),
        _by_colour(
            electronics.power_bank,
            (("eeeeec", "e9eff1", "d3e0e4"), ("PB-10W", "PB-20W")),
            (("33363b", "ecedf0", "d7dae0"), ("PB-10B", "PB-20B")),
        ),
        ((POWER, both("22.5W", "22.5 W")),),
    ),
    Goods(
        "desk-lamp",
        "electronics",
        both("暖光护眼台灯", "Warm Light Desk Lamp"),
        both(
            "三档色温，无级调光，看书写字不刺眼。灯臂两节都能转，底座压手不晃。走之前按一下，"
            "它会留半分钟再慢慢暗下去。",
            "Three colours of light, dimmed smoothly and kind to your eyes. Both arms turn, and the heavy foot "
            "stays put. Press "
            "once before you leave and it waits half a minute, then fades.",
        ),
        (_colours(both("米白", "Cream white"), both("鼠尾草绿", "Sage green")),),
        (Kind("DL-WHT", "159", 28, (0,)), Kind("DL-GRN", "159", 25, (1,))),
        _by_colour(
            electronics.lamp,
            (("f2efe8", "efe7dc", "e6d5c0"), ("DL-WHT",)),
            (("5d8a76", "e8efe8", "cfe0d4"), ("DL-GRN",)),
        ),
        ((POWER, both("9W LED", "9 W LED")),),
    ),
    Goods(
        "gooseneck-kettle",
        "electronics",
        both("细嘴控温电水壶 0.8L", "Gooseneck Electric Kettle 0.8 L"),
        both(
            "40 到 100℃ 按度调，绿茶 80、乌龙 95，一目了然。鹅颈细嘴，水流稳，手冲咖啡和盖碗都好使。木柄隔热，"
            "保温一小时。",
            "Set any temperature from 40 to 100 °C: 80 for green tea, 95 for oolong. The gooseneck pours a steady "
            "thin stream "
            "for gaiwan and pour-over coffee, the wooden handle stays cool, and it keeps warm for an hour.",
        ),
        (_colours(BLACK, both("奶白", "Milk white")),),
        (Kind("KT-BLK", "299", 16, (0,)), Kind("KT-WHT", "299", 14, (1,))),
        _by_colour(
            electronics.kettle,
            (("2f3236", "f1ece6", "e4d8ca"), ("KT-BLK",)),
            (("f0ede6", "eee9e2", "e0d3c3"), ("KT-WHT",)),
        ),
        ((POWER, both("1000W", "1000 W")), (MATERIAL, both("304 不锈钢，胡桃木", "304 stainless steel, walnut"))),
    ),
)

GOODS = (*TEAS, *TEAWARE, *ELECTRONICS)
