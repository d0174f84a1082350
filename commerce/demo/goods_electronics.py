"""The small electronics of the demo shop."""

from commerce.demo import pictures_electronics as electronics
from commerce.demo.categories import both
from commerce.demo.wares import (
    BATTERY,
    BLACK,
    HEAVY,
    MATERIAL,
    MEASURE,
    POWER,
    SIZE,
    WHITE,
    Goods,
    Kind,
    by_colour,
    colours,
)

LINK, LIGHT = both("连接", "Connection"), both("色温", "Colour of light")

ELECTRONICS = (
    Goods(
        "wireless-earbuds",
        "devices",
        both("轻音真无线蓝牙耳机", "Qingyin True Wireless Earbuds"),
        both(
            "单耳 4 克，戴久了也不胀。主动降噪压得住地铁，通话双麦听得清。蓝牙 5.3，安卓苹果都能连。"
            "充电盒 Type-C 口，十分钟听两小时。",
            "Four grams an ear, comfortable all day. Active noise cancelling that quietens the metro, two "
            "microphones for calls, "
            "Bluetooth 5.3 for any phone. Ten minutes in the USB-C case give two hours of music.",
        ),
        (colours(WHITE, BLACK, both("雾蓝", "Mist blue")),),
        (Kind("EB-WHT", "199", 60, (0,)), Kind("EB-BLK", "199", 55, (1,)), Kind("EB-BLU", "209", 22, (2,))),
        by_colour(
            electronics.earbuds,
            (("f3f3f1", "eceef2", "d8dee8"), ("EB-WHT",)),
            (("2d3036", "eceef0", "d9dcdf"), ("EB-BLK",)),
            (("8fb0cf", "eaf0f5", "d3e0ec"), ("EB-BLU",)),
        ),
        (
            (BATTERY, both("单次 7 小时，配盒 30 小时", "7 hours, 30 with the case")),
            (HEAVY, both("单耳 4 克，连盒 42 克", "4 g an ear, 42 g with the case")),
            (LINK, both("蓝牙 5.3，Type-C 充电", "Bluetooth 5.3, charges by USB-C")),
        ),
    ),
    Goods(
        "power-bank",
        "phone",
        both("薄片充电宝 22.5W 快充", "Slim Power Bank 22.5 W"),
        both(
            "自带一根 Type-C 线，出门不用再找线。22.5W 快充，半小时给手机充一半。四格电量灯，可以带上飞机。",
            "Comes with its own USB-C cable, so there is nothing to forget. 22.5 W fast charging fills half a "
            "phone in half an "
            "hour; four lights show what is left. Allowed in cabin luggage.",
        ),
        (
            (SIZE, (both("10000 毫安", "10,000 mAh"), both("20000 毫安", "20,000 mAh"))),
            colours(WHITE, BLACK),
        ),
        (
            Kind("PB-10W", "99", 75, (0, 0)),
            Kind("PB-10B", "99", 70, (0, 1)),
            Kind("PB-20W", "149", 40, (1, 0)),
            Kind("PB-20B", "149", 3, (1, 1)),
        ),
        by_colour(
            electronics.power_bank,
            (("eeeeec", "e9eff1", "d3e0e4"), ("PB-10W", "PB-20W")),
            (("33363b", "ecedf0", "d7dae0"), ("PB-10B", "PB-20B")),
        ),
        (
            (POWER, both("22.5W", "22.5 W")),
            (SIZE, both("10000 / 20000 毫安", "10,000 / 20,000 mAh")),
            (HEAVY, both("190 / 340 克", "190 / 340 g")),
            (LINK, both("Type-C 双向，USB-A 输出", "USB-C in and out, USB-A out")),
        ),
    ),
    Goods(
        "desk-lamp",
        "decor",
        both("暖光护眼台灯", "Warm Light Desk Lamp"),
        both(
            "三档色温，无级调光，看书写字不刺眼。灯臂两节都能转，底座压手不晃。走之前按一下，"
            "它会留半分钟再慢慢暗下去。",
            "Three colours of light, dimmed smoothly and kind to your eyes. Both arms turn, and the heavy foot "
            "stays put. Press "
            "once before you leave and it waits half a minute, then fades.",
        ),
        (colours(both("米白", "Cream white"), both("鼠尾草绿", "Sage green")),),
        (Kind("DL-WHT", "159", 28, (0,)), Kind("DL-GRN", "159", 25, (1,))),
        by_colour(
            electronics.lamp,
            (("f2efe8", "efe7dc", "e6d5c0"), ("DL-WHT",)),
            (("5d8a76", "e8efe8", "cfe0d4"), ("DL-GRN",)),
        ),
        (
            (POWER, both("9W LED", "9 W LED")),
            (LIGHT, both("2700 / 4000 / 5000K", "2700 / 4000 / 5000 K")),
            (MATERIAL, both("铝合金灯臂，铸铁底座", "aluminium arms, cast iron foot")),
            (MEASURE, both("展开高 62 厘米", "62 cm high, arms stretched")),
        ),
    ),
    Goods(
        "gooseneck-kettle",
        "coffee",
        both("细嘴控温电水壶 0.8L", "Gooseneck Electric Kettle 0.8 L"),
        both(
            "40 到 100℃ 按度调，绿茶 80、乌龙 95，一目了然。鹅颈细嘴，水流稳，手冲咖啡和盖碗都好使。木柄隔热，"
            "保温一小时。",
            "Set any temperature from 40 to 100 °C: 80 for green tea, 95 for oolong. The gooseneck pours a steady "
            "thin stream "
            "for gaiwan and pour-over coffee, the wooden handle stays cool, and it keeps warm for an hour.",
        ),
        (colours(BLACK, both("奶白", "Milk white")),),
        (Kind("KT-BLK", "299", 16, (0,)), Kind("KT-WHT", "299", 14, (1,))),
        by_colour(
            electronics.kettle,
            (("2f3236", "f1ece6", "e4d8ca"), ("KT-BLK",)),
            (("f0ede6", "eee9e2", "e0d3c3"), ("KT-WHT",)),
        ),
        (
            (POWER, both("1000W", "1000 W")),
            (SIZE, both("0.8 升", "0.8 litres")),
            (MATERIAL, both("304 不锈钢，胡桃木", "304 stainless steel, walnut")),
        ),
    ),
)
