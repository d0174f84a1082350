"""For children: wooden blocks and a picture book."""

from commerce.demo import pictures_kids as pictures
from commerce.demo.categories import both
from commerce.demo.wares import MATERIAL, MEASURE, Goods, Kind, by_colour

WEIGHS, AGE = both("重量", "Weight"), both("适合年龄", "Age")

KIDS = (
    Goods(
        "wooden-blocks",
        "kids",
        both("榉木积木", "Beech Wooden Blocks"),
        both(
            "榉木做的，比松木重，搭得高、倒下来的声音也好听。每块倒了圆角、磨了四遍，三分之一上了植物染料的颜色，"
            "其余留木头本色，咬一口也不怕掉漆。尺寸成倍数，两块短的正好等于一块长的，搭着搭着就懂了分数。"
            "最小的一块也有四厘米，吞不下去。用棉布袋装，收拾起来快。",
            "Made of beech, which is heavier than pine: towers grow taller and fall with a better sound. Every block "
            "has rounded edges and is sanded four times. A third of them are coloured with plant dyes and the rest "
            "are left as they grew, so there is no paint to chip when somebody takes a bite. The sizes are "
            "multiples, two short ones to a long one, which teaches fractions without saying so. Even the smallest "
            "is four centimetres, too big to swallow. A cotton bag makes tidying quick.",
        ),
        ((both("块数", "Pieces"), (both("40 块", "40 pieces"), both("80 块", "80 pieces"))),),
        (Kind("BLK-40", "129", 18, (0,)), Kind("BLK-80", "229", 7, (1,))),
        by_colour(pictures.blocks, (("f5efe4", "ecdfca"), ())),
        (
            (MATERIAL, both("榉木，植物染料，无漆", "beech, plant dyes, unvarnished")),
            (MEASURE, both("最小 4 × 4 × 2 厘米，最长 16 厘米", "smallest 4 × 4 × 2 cm, longest 16 cm")),
            (WEIGHS, both("40 块 1.6 公斤，80 块 3.2 公斤", "1.6 kg for 40, 3.2 kg for 80")),
            (AGE, both("1 岁半以上", "from 18 months")),
        ),
    ),
    Goods(
        "moon-picture-book",
        "kids",
        both("绘本《月亮掉进了菜园》", "Picture Book: The Moon in the Vegetable Patch"),
        both(
            "一天夜里，月亮脚一滑，掉进了外婆的菜园。小满和刺猬想尽办法要把它送回天上：梯子不够高，南瓜太重，"
            "最后是一群萤火虫出的主意。全书 40 页，水彩画的，每页字不多，中英对照，睡前读一遍十分钟。"
            "精装书页厚、书角圆，耐翻；平装轻，适合带出门。",
            "One night the moon slips and falls into Grandma's vegetable patch. Xiaoman and a hedgehog try "
            "everything to send it home again: the ladder is too short and the pumpkin too heavy, until some "
            "fireflies have an idea. Forty pages of watercolours with few words on each, in Chinese and English side "
            "by side; about ten minutes at bedtime. The hardback has thick pages and round corners for small hands, "
            "the paperback is light enough to take along.",
        ),
        ((both("装帧", "Binding"), (both("精装", "Hardback"), both("平装", "Paperback"))),),
        (Kind("PBK-H", "58", 23, (0,)), Kind("PBK-P", "36", 40, (1,))),
        by_colour(pictures.picture_book, (("eef0f5", "dbe0ea"), ())),
        (
            (MEASURE, both("24 × 24 厘米，40 页", "24 × 24 cm, 40 pages")),
            (both("语言", "Language"), both("中英对照", "Chinese and English")),
            (MATERIAL, both("157 克哑粉纸，环保油墨", "157 g matt paper, eco-friendly ink")),
            (WEIGHS, both("精装 520 克，平装 260 克", "hardback 520 g, paperback 260 g")),
            (AGE, both("3 到 7 岁", "3 to 7 years")),
        ),
    ),
)
