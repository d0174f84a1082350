"""Words for the same thing, in both languages, so that a wish meets a product described in other words."""

from commerce.search.vocabulary_things import THINGS
from commerce.search.vocabulary_values import ALONE as ALONE
from commerce.search.vocabulary_values import VALUES

COLOURS: dict[str, tuple[str, ...]] = {
    "red": ("red", "crimson", "scarlet", "cinnabar", "burgundy", "coral", "红", "酒红", "朱", "绯", "枣红"),
    "orange": ("orange", "tangerine", "apricot", "橙", "橘", "橘红"),
    "yellow": ("yellow", "mustard", "lemon", "黄", "姜黄"),
    "green": ("green", "celadon", "mint", "olive", "jade", "sage", "绿", "墨绿", "青色", "青瓷", "豆青", "翠", "薄荷"),
    "blue": ("blue", "navy", "azure", "indigo", "cobalt", "turquoise", "cyan", "teal", "蓝", "靛", "青花", "藏青"),
    "purple": ("purple", "violet", "lilac", "lavender", "紫"),
    "pink": ("pink", "rose", "blush", "粉", "粉红", "樱"),
    "brown": ("brown", "tan", "chestnut", "walnut", "棕", "褐", "咖啡色", "紫泥"),
    "black": ("black", "黑", "墨色"),
    "white": ("white", "ivory", "pearl", "cream", "白", "象牙"),
    "grey": ("grey", "gray", "charcoal", "灰", "银灰"),
    "silver": ("silver", "银"),
    "gold": ("gold", "golden", "金色"),
    "beige": ("beige", "米色", "杏色"),
    "transparent": ("transparent", "clear", "透明"),
}
"""Canonical colour -> the words it goes by in the names of colours. Of several Chinese words the longest one counts."""

SAME: tuple[tuple[str, ...], ...] = (*THINGS, *VALUES)
"""Groups of words that mean the same to someone who is looking for a product."""

KINDS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("杯子", "水杯", "cup"), ("保温杯", "vacuum flask")),
    (("茶具", "茶器", "teaware", "tea set"), ("茶壶", "盖碗", "茶杯", "马克杯", "teapot", "gaiwan", "teacup")),
    (("茶叶",), ("乌龙", "红茶", "绿茶", "普洱", "白茶", "花茶")),
    (("灯", "灯具"), ("台灯", "lamp")),
    (("椅",), ("椅子", "chair")),
    (("鞋", "鞋子", "shoe"), ("sneaker", "boot", "运动鞋")),
    (("厨具", "炊具", "cookware"), ("炒锅", "菜刀", "厨刀", "砧板", "wok", "kitchen knife", "cutting board")),
    (("包", "包包", "bag"), ("双肩包", "斜挎包", "托特包", "backpack", "crossbody", "tote")),
    (("衣服", "clothes", "clothing"), ("t恤", "衬衫", "卫衣", "毛衣", "外套", "shirt", "hoodie", "sweater", "jacket")),
    (("笔", "pen"), ("钢笔", "圆珠笔", "fountain pen", "ballpoint")),
    (("零食", "snack"), ("坚果", "果干", "饼干", "芒果干", "mixed nut", "dried fruit", "biscuit")),
    (("书", "book"), ("绘本", "图画书", "picture book")),
    (("锅", "锅具", "cooking pot"), ("炒锅", "平底锅", "煎锅", "汤锅", "砂锅", "wok", "frying pan", "saucepan")),
    (("玩具", "toy"), ("积木", "拼图", "毛绒玩具", "wooden block", "jigsaw")),
    (("床上用品", "床品", "bedding"), ("四件套", "床单", "枕头", "duvet cover", "pillow")),
    (
        ("木", "木头", "木质", "实木", "wood", "wooden"),
        ("榉木", "橡木", "胡桃木", "松木", "beech", "oak", "walnut", "acacia"),
    ),
    (("陶瓷", "ceramic"), ("白瓷", "青瓷", "粗陶", "porcelain", "stoneware", "celadon")),
    (("家具", "furniture"), ("椅子", "沙发", "桌子", "chair", "sofa", "table")),
)
"""Words -> kinds of it: who asks for a cup also means a flask; who asks for a flask means no cup."""
