"""Things to write with, and things to give: notebook, fountain pen, washi tape, gift box."""

from functools import partial

from commerce.demo import pictures_paper as pictures
from commerce.demo.categories import both
from commerce.demo.wares import MATERIAL, MEASURE, Goods, Kind, by_colour, colours

WEIGHS, PAPER = both("重量", "Weight"), both("纸张", "Paper")

GIFTS = (
    Goods(
        "clothbound-notebook",
        "stationery",
        both("布面笔记本 A5", "Clothbound Notebook A5"),
        both(
            "100 克道林纸，钢笔写不洇、不透到背面，翻起来沙沙响。锁线装订，任何一页都能摊平；布面精装，"
            "书角磨了也不散。横线和点阵两种内页，页码印好了，前面留四页目录，写完一本自己就成了书。"
            "附一根书签带，封底有个小纸袋，收票根正好。",
            "Paper of 100 grams that takes a fountain pen without feathering or showing through. The pages are sewn, "
            "so the book lies flat wherever you open it, and the cloth covers wear well at the corners. Choose lines "
            "or dots. The pages are numbered and the first four are left for a table of contents, so a full notebook "
            "becomes a book of its own. One ribbon, and a pocket at the back for tickets.",
        ),
        (
            colours(both("雾蓝", "Mist blue"), both("砖红", "Brick red"), both("姜黄", "Mustard yellow")),
            (both("内页", "Pages"), (both("点阵", "Dotted"), both("横线", "Lined"))),
        ),
        (
            Kind("NB-BLU-D", "45", 33, (0, 0)),
            Kind("NB-BLU-L", "45", 28, (0, 1)),
            Kind("NB-RED-D", "45", 26, (1, 0)),
            Kind("NB-RED-L", "45", 0, (1, 1)),
            Kind("NB-YEL-D", "45", 19, (2, 0)),
            Kind("NB-YEL-L", "45", 4, (2, 1)),
        ),
        by_colour(
            pictures.notebook,
            (("7f9cba", "eaf0f5", "d3e0ec"), ("NB-BLU-D", "NB-BLU-L")),
            (("a6503c", "f6ece4", "f0d6c6"), ("NB-RED-D", "NB-RED-L")),
            (("d3a03f", "f6f0e0", "eedfbc"), ("NB-YEL-D", "NB-YEL-L")),
        ),
        (
            (PAPER, both("100 克道林纸，192 页", "100 g wood-free paper, 192 pages")),
            (MEASURE, both("A5，21 × 14.8 厘米，厚 1.8 厘米", "A5, 21 × 14.8 cm, 1.8 cm thick")),
            (MATERIAL, both("棉布封面，锁线装订", "cotton cloth covers, sewn binding")),
            (WEIGHS, both("360 克", "360 g")),
        ),
    ),
    Goods(
        "fountain-pen",
        "stationery",
        both("活塞上墨钢笔", "Piston Fountain Pen"),
        both(
            "尾旋一拧就能吸墨，一管 1.4 毫升，开一个礼拜的会也够写，透明墨窗随时看余量。德国产钢尖，"
            "出墨稳，EF 适合小格子，F 写起来更顺。树脂笔身握着温润，笔帽是拧的，竖着放包里不漏。"
            "出厂蘸墨试写过，笔尖里留一点水痕属正常。",
            "Turn the end and it drinks 1.4 ml straight from the bottle, enough for a week of meetings; the "
            "clear window shows what is left. The steel nib comes from Germany and flows evenly: EF for small "
            "squares, F for an easier stroke. The resin barrel is warm in the hand, and the cap screws on, so it "
            "travels upright without leaking. Every pen is dipped and tried before it leaves us; a trace of moisture "
            "in the nib is normal.",
        ),
        (
            colours(both("墨黑", "Ink black"), both("松绿", "Pine green"), both("酒红", "Burgundy")),
            (both("笔尖", "Nib"), (both("EF 特细", "EF extra fine"), both("F 细", "F fine"))),
        ),
        (
            Kind("FP-BLK-EF", "168", 14, (0, 0)),
            Kind("FP-BLK-F", "168", 16, (0, 1)),
            Kind("FP-GRN-EF", "168", 9, (1, 0)),
            Kind("FP-GRN-F", "168", 11, (1, 1)),
            Kind("FP-RED-EF", "178", 0, (2, 0)),
            Kind("FP-RED-F", "178", 5, (2, 1)),
        ),
        by_colour(
            pictures.fountain_pen,
            (("33343a", "efeeec", "dcdcda"), ("FP-BLK-EF", "FP-BLK-F")),
            (("2f6350", "ecf0ea", "d6e2d6"), ("FP-GRN-EF", "FP-GRN-F")),
            (("7f2c3c", "f6eaea", "efd3d3"), ("FP-RED-EF", "FP-RED-F")),
        ),
        (
            (MATERIAL, both("树脂笔身，不锈钢笔尖", "resin barrel, stainless steel nib")),
            (MEASURE, both("合盖 13.6 厘米，笔杆直径 1.2 厘米", "13.6 cm capped, barrel 1.2 cm across")),
            (WEIGHS, both("23 克", "23 g")),
            (both("上墨", "Filling"), both("活塞，1.4 毫升；不附墨水", "piston, 1.4 ml; ink is not included")),
        ),
    ),
    Goods(
        "washi-tape",
        "stationery",
        both("和纸胶带 六卷装", "Washi Tape, Set of Six"),
        both(
            "和纸底、水性胶，撕下来不留痕，贴歪了揭起来重贴就好。手撕断口整齐，不用剪刀；纸面能用钢笔、"
            "铅笔写字，做标签也合适。每套六卷，三宽三窄，花色互相配得上。“山野”是草叶和远山，"
            "“海边”是浪和小船，“素色”只有低饱和的颜色，最百搭。",
            "Washi paper with a water-based glue: it peels off cleanly, so a crooked strip is simply laid again. It "
            "tears straight without scissors and takes pen and pencil, which makes it good for labels. Each set has "
            "six rolls, three wide and three narrow, in patterns that go together. Hills has grasses and far "
            "mountains, Seaside has waves and little boats, and Plain is six quiet colours that suit everything.",
        ),
        ((both("花色", "Pattern"), (both("山野", "Hills"), both("海边", "Seaside"), both("素色", "Plain"))),),
        (Kind("WT-HIL", "26", 60, (0,)), Kind("WT-SEA", "26", 44, (1,)), Kind("WT-PLN", "24", 72, (2,))),
        (
            *by_colour(partial(pictures.washi, pictures.HILLS), (("eef2e8", "dbe5d0"), ("WT-HIL",))),
            *by_colour(partial(pictures.washi, pictures.SEA), (("eaf1f5", "d3e2ec"), ("WT-SEA",))),
            *by_colour(partial(pictures.washi, pictures.PLAIN), (("f5eeea", "ebdcd4"), ("WT-PLN",))),
        ),
        (
            (MATERIAL, both("和纸，水性胶", "washi paper, water-based glue")),
            (MEASURE, both("宽 15 毫米三卷、8 毫米三卷，每卷 7 米", "three of 15 mm, three of 8 mm, 7 m each")),
            (WEIGHS, both("整套 95 克", "95 g the set")),
        ),
        free_shipping=False,
    ),
    Goods(
        "gift-box",
        "stationery",
        both("礼物盒 配丝带和手写贺卡", "Gift Box with Ribbon and Handwritten Card"),
        both(
            "送礼不用再找包装。硬卡纸裱特种纸，天地盖，里面垫好拉菲草，配一米半的缎面丝带。"
            "下单后在对话里告诉我们想说的话，五十字以内，由同事手写在贺卡上，因此晚一天发出；不写也行，"
            "卡片留白给您。小号放首饰，中号放一件薄毛衣，大号放得下一双短靴。",
            "The wrapping is taken care of: stiff board covered in textured paper, a lid that fits well, paper straw "
            "inside and a metre and a half of satin ribbon. Tell us in the chat after ordering what you would like "
            "to say, in up to thirty words, and a colleague writes it on the card by hand, which takes us one more "
            "day. If you "
            "would rather write it yourself, we leave the card blank. Small holds jewellery, medium a thin sweater, "
            "large a pair of ankle boots.",
        ),
        (
            colours(both("朱红", "Cinnabar red"), both("墨绿", "Forest green")),
            (both("大小", "Size"), (both("小号", "Small"), both("中号", "Medium"), both("大号", "Large"))),
        ),
        (
            Kind("GB-RS", "19", 50, (0, 0)),
            Kind("GB-RM", "26", 42, (0, 1)),
            Kind("GB-RL", "35", 20, (0, 2)),
            Kind("GB-GS", "19", 38, (1, 0)),
            Kind("GB-GM", "26", 3, (1, 1)),
            Kind("GB-GL", "35", 0, (1, 2)),
        ),
        by_colour(
            pictures.gift_box,
            (("b8402f", "e6c98a", "f6ebe3", "efd6c6"), ("GB-RS", "GB-RM", "GB-RL")),
            (("2f5e4a", "e6c98a", "ecf0ea", "d6e2d6"), ("GB-GS", "GB-GM", "GB-GL")),
        ),
        (
            (
                MEASURE,
                both(
                    "小 16 × 10 × 5、中 26 × 20 × 8、大 35 × 25 × 13 厘米",
                    "S 16 × 10 × 5, M 26 × 20 × 8, L 35 × 25 × 13 cm",
                ),
            ),
            (MATERIAL, both("硬卡纸、特种纸、缎面丝带", "board, textured paper, satin ribbon")),
            (both("包含", "In the box"), both("丝带、拉菲草、贺卡和信封", "ribbon, paper straw, card and envelope")),
        ),
        dispatch_days=2,
    ),
)
