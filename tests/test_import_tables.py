"""Tables of Shopify and WooCommerce shops and plain ones of a merchant, as they come: read without a database."""

from collections.abc import Callable
from pathlib import Path

import pytest

from commerce.catalog.model import ProductStatus
from commerce.imports.generic import read_csv
from commerce.imports.goods import UNLIMITED
from commerce.imports.shelf import Draft, RowProblem, Shelf
from commerce.imports.shopify import read_shopify
from commerce.imports.woocommerce import read_woocommerce
from foundation.errors import Refused


def file(folder: Path, text: str) -> Path:
    path = folder / "products.csv"
    path.write_text(text, encoding="utf-8")
    return path


def sold(draft: Draft) -> list[tuple[str, int, int, int, tuple[str, ...]]]:
    """SKU, price, stock, backorder and the values of each variant, in English or else in Chinese."""
    options = draft.product.options
    return [
        (
            variant.sku,
            variant.price,
            variant.stock,
            variant.backorder,
            tuple(
                next(iter(option.values[place].values())) for option, place in zip(options, variant.values, strict=True)
            ),
        )
        for variant in draft.product.variants
    ]


def facts(draft: Draft) -> dict[str, str]:
    return {next(iter(name.values())): next(iter(value.values())) for name, value in draft.product.attributes}


SHOPIFY = """\ufeffHandle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,\
Option2 Name,Option2 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,Variant Inventory Qty,\
Variant Inventory Policy,Variant Price,Image Src,Image Position,Variant Image,\
Fabric (product.metafields.shopify.fabric),Status
tee,Plain Tee,"<p>Soft &amp; heavy.</p>
<ul><li>Cotton</li></ul>",Loom,Apparel & Accessories > Clothing,Shirts,"basic, summer",true,Color,Red,Size,S,TEE-R-S,\
200,shopify,5,deny,19.90,https://cdn.example/tee.jpg,1,https://cdn.example/red.jpg,cotton; linen,active
tee,,,,,,,,,Red,,M,'TEE-R-M,200,shopify,-2,deny,19.90,https://cdn.example/tee2.jpg,2,,,
tee,,,,,,,,,Blue,,S,,200,,,deny,21,,,,,
tee,,,,,,,,,Blue,,S,TEE-TWICE,200,,,deny,21,,,,,
tee,,,,,,,,,,,,,,,,,,https://cdn.example/tee3.jpg,3,,,
card,Gift Card,,Loom,,,,true,Title,Default Title,,,CARD,0,shopify,3,continue,50,,,,,draft
lost,Lost,,,,,,true,Title,Default Title,,,LOST,,,,,free,,,,,active
"""


def test_a_shopify_export_brings_variants_pictures_and_facts(tmp_path: Path) -> None:
    shelf = read_shopify(file(tmp_path, SHOPIFY), currency="USD")
    tee, card = shelf.products
    assert sold(tee) == [
        ("TEE-R-S", 1990, 5, 0, ("Red", "S")),
        ("TEE-R-M", 1990, 0, 0, ("Red", "M")),
        ("tee-2-1", 2100, 0, UNLIMITED, ("Blue", "S")),
    ]
    assert (tee.product.handle, tee.product.category, tee.product.status) == ("tee", "shirts", ProductStatus.PUBLISHED)
    assert [(text.lang, text.title, text.body) for text in tee.product.texts] == [
        ("en", "Plain Tee", "Soft & heavy.\n\n• Cotton")
    ]
    assert facts(tee) == {"Brand": "Loom", "Fabric": "cotton, linen", "Tags": "basic, summer"}
    assert [(photo.name.rsplit("/", 1)[-1], photo.skus) for photo in tee.photos] == [
        ("tee.jpg", ()),
        ("tee2.jpg", ()),
        ("tee3.jpg", ()),
        ("red.jpg", ("TEE-R-S",)),
    ]
    assert sold(card) == [("CARD", 5000, 3, UNLIMITED, ())]
    assert card.product.status is ProductStatus.DRAFT
    assert list(shelf.refused) == [
        RowProblem(6, "option1 value", "the product has this combination already"),
        RowProblem(9, "variant price", "'free' is no amount in USD"),
        RowProblem(9, "sku", "the product has no variant that can be sold"),
    ]


def test_shopifys_column_names_of_today_are_read_as_well(tmp_path: Path) -> None:
    table = (
        "Title,URL handle,Description,Vendor,Status,SKU,Option1 name,Option1 value,Price,Inventory tracker,"
        "Inventory quantity,Continue selling when out of stock,Product image URL\n"
        "素色茶巾,cha-jin,棉麻茶巾,小店,Active,CJ-1,颜色,米白,12.00,shopify,8,FALSE,https://cdn.example/a.jpg\n"
        ",cha-jin,,,,CJ-2,,靛蓝,12.00,shopify,2,TRUE,\n"
    )
    [cloth] = read_shopify(file(tmp_path, table), currency="CNY").products
    assert sold(cloth) == [("CJ-1", 1200, 8, 0, ("米白",)), ("CJ-2", 1200, 2, UNLIMITED, ("靛蓝",))]
    assert cloth.product.texts[0].lang == "zh"


WOO = """ID,Type,SKU,Name,Published,Short description,Description,"In stock?",Stock,"Backorders allowed?",\
"Weight (kg)","Length (cm)","Width (cm)","Height (cm)","Sale price","Regular price","Date sale price ends",\
Categories,Tags,Images,Parent,"Attribute 1 name","Attribute 1 value(s)","Attribute 2 name","Attribute 2 value(s)"
10,variable,HOOD,Hoodie,1,Warm.,<b>Very</b> warm.\\nReally.,1,,0,,,,,,,,"Clothing > Hoodies, New",warm,\
"https://w.example/a.jpg, https://w.example/b.jpg",,Color,"Blue, Green",Fabric,Cotton
11,variation,HOOD-B,Hoodie - Blue,1,,,1,4,0,,,,,30,45,,,,https://w.example/blue.jpg,HOOD,Color,Blue,,
12,variation,,Hoodie - Green,1,,,0,9,0,,,,,30,45,2026-01-01,,,,id:10,Color,Green,,
13,variation,HOOD-X,Hoodie - any,1,,,1,,0,,,,,,45,,,,,HOOD,Color,,,
14,variation,GONE,Nobody's,1,,,1,,0,,,,,,45,,,,,id:99,Color,Red,,
20,"simple, virtual",BOOK,"E-Book",0,,,1,,1,0.4,10,5,2,,9.5,,Books,,,,,,,
21,external,EXT,Elsewhere,1,,,1,,0,,,,,,5,,,,,,,,,
22,simple,CUP,Hoodie,1,,,1,7.0,0,,,,,,12,,,,,,Made in,"Jingdezhen\\, China",,
"""


def test_a_woocommerce_export_joins_variations_with_their_parents(tmp_path: Path) -> None:
    shelf = read_woocommerce(file(tmp_path, WOO), currency="EUR")
    hoodie, book, cup = shelf.products
    assert sold(hoodie) == [("HOOD-B", 3000, 4, 0, ("Blue",)), ("hoodie-2", 4500, 0, 0, ("Green",))]
    assert hoodie.product.category == "clothing-hoodies"
    assert hoodie.product.texts[0].body == "Warm.\n\nVery warm. Really."
    assert [(photo.name[-8:], photo.skus) for photo in hoodie.photos] == [
        ("le/a.jpg", ()),
        ("le/b.jpg", ()),
        ("blue.jpg", ("HOOD-B",)),
    ]
    assert facts(hoodie) == {"Fabric": "Cotton", "Tags": "warm"}
    assert (book.product.status, sold(book)) == (ProductStatus.DRAFT, [("BOOK", 950, 0, UNLIMITED, ())])
    assert facts(book) == {"Weight": "0.4 kg", "Size": "10 × 5 × 2 cm"}
    assert (cup.product.handle, sold(cup)) == ("hoodie-cup", [("CUP", 1200, 7, 0, ())])
    assert facts(cup) == {"Made in": "Jingdezhen, China"}
    assert [(problem.line, problem.column) for problem in shelf.refused] == [
        (5, "attribute 1 value(s)"),
        (6, "parent"),
        (8, "type"),
    ]
    assert [problem.reason for problem in shelf.warnings] == ["New: a product stands on one shelf, its first"]


def test_pieces_that_woocommerce_counts_for_all_kinds_together_are_sold_once(tmp_path: Path) -> None:
    table = (
        'ID,Type,SKU,Name,Published,"In stock?",Stock,"Backorders allowed?","Regular price",Parent,'
        '"Attribute 1 name","Attribute 1 value(s)"\n'
        '1,variable,TEE,Tee,1,1,5,0,,,Size,"S, M, L"\n'
        "2,variation,TEE-S,Tee - S,1,1,parent,0,10,id:1,Size,S\n"
        "3,variation,TEE-M,Tee - M,1,1,,0,10,id:1,Size,M\n"
        "4,variation,TEE-L,Tee - L,1,1,2,0,10,id:1,Size,L\n"
    )
    shelf = read_woocommerce(file(tmp_path, table), currency="EUR")
    assert [one[:4] for one in sold(shelf.products[0])] == [
        ("TEE-S", 1000, 5, 0),
        ("TEE-M", 1000, 0, 0),
        ("TEE-L", 1000, 2, 0),
    ]
    assert shelf.warnings == (
        RowProblem(2, "stock", "5 pieces are counted for all its kinds together: TEE-S has them"),
    )


def test_a_product_that_is_renamed_in_woocommerce_stays_the_same(tmp_path: Path) -> None:
    before = read_woocommerce(file(tmp_path, WOO), currency="EUR").products
    after = read_woocommerce(file(tmp_path, WOO.replace("E-Book", "Reader")), currency="EUR").products
    assert (
        [draft.product.key for draft in before] == [draft.product.key for draft in after] == ["id:10", "id:20", "id:22"]
    )


def test_a_plain_table_in_two_languages_and_currencies(tmp_path: Path) -> None:
    table = (
        "handle,title_zh,title_en,description_en,category_zh,category_en,option1_name_zh,option1_name_en,"
        "option1_value_zh,option1_value_en,price,price_USD,stock,pictures,attribute1_name,attribute1_value_zh,"
        "free_shipping\n"
        "mug,马克杯,Mug,Holds tea.,家居 > 杯子,Home > Cups,颜色,Colour,红,Red,39,5.50,3,a.jpg|b.jpg,Material,陶,no\n"
        "mug,,,,,,,,蓝,Blue,42,,,c.jpg,,,\n"
        ",花瓶,Vase,,,,,,,,1288,,2,,,,\n"
    )
    shelf = read_csv(file(tmp_path, table), currency="CNY")
    mug, vase = shelf.products
    assert [option.name for option in mug.product.options] == [{"zh": "颜色", "en": "Colour"}]
    assert mug.product.options[0].values == ({"zh": "红", "en": "Red"}, {"zh": "蓝", "en": "Blue"})
    assert [(v.sku, v.price, v.prices, v.stock, v.backorder) for v in mug.product.variants] == [
        ("mug-1", 3900, (("USD", 550),), 3, 0),
        ("mug-2", 4200, (), 0, UNLIMITED),
    ]
    assert [(text.lang, text.title) for text in mug.product.texts] == [("zh", "马克杯"), ("en", "Mug")]
    assert [(shelf.handle, shelf.name) for shelf in shelf.categories] == [
        ("家居", {"zh": "家居", "en": "Home"}),
        ("家居-杯子", {"zh": "杯子", "en": "Cups"}),
    ]
    assert [(photo.name, photo.skus) for photo in mug.photos] == [
        ("a.jpg", ()),
        ("b.jpg", ()),
        ("c.jpg", ("mug-2",)),
    ]
    assert (mug.product.free_shipping, vase.product.free_shipping, vase.product.handle) == (False, None, "vase")


def test_a_chinese_merchants_spreadsheet_is_read_by_its_own_column_names(tmp_path: Path) -> None:
    table = (
        "商品名称,价格,库存,商品分类,规格,货号,状态\n"
        "凤凰单丛,¥128.00,12,茶叶,100克,DC-1,上架\n"
        "凤凰单丛,238,0,,200克,DC-2,\n"
    )
    [tea] = read_csv(file(tmp_path, table), currency="CNY").products
    assert sold(tea) == [("DC-1", 12800, 12, 0, ("100克",)), ("DC-2", 23800, 0, 0, ("200克",))]
    assert [option.name["zh"] for option in tea.product.options] == ["规格"]


def test_a_spreadsheet_in_the_encoding_of_china_is_read_and_that_of_another_land_is_not(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    table = "商品名称,价格,描述\n凤凰单丛,￥128.00,“鸭屎香”，条索紧结，回甘明显。\n白桃乌龙,39,蜜香\n"
    path.write_bytes(table.encode("gbk"))
    first, second = read_csv(path, currency="CNY").products
    assert [text.title for draft in (first, second) for text in draft.product.texts] == ["凤凰单丛", "白桃乌龙"]
    for encoding, text in (
        ("cp1252", "title,price\nGrößter Käse für Öl,3\n"),
        ("shift-jis", "title,price\n抹茶の器と湯呑み,3\n"),
    ):
        path.write_bytes(text.encode(encoding))
        with pytest.raises(Refused) as refused:
            read_csv(path, currency="CNY")
        assert refused.value.code == "import.encoding"


@pytest.mark.parametrize(
    ("table", "missing"),
    [("name,cost\nMug,3\n", ["title", "price"]), ("title\nMug\n", ["price"]), ("商品名称\n杯\n", ["price"])],
)
def test_a_table_without_a_title_or_price_says_what_is_missing(tmp_path: Path, table: str, missing: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        read_csv(file(tmp_path, table), currency="CNY")
    assert (refused.value.code, refused.value.facts["missing"]) == ("import.columns", missing)


@pytest.mark.parametrize("read", [read_csv, read_shopify, read_woocommerce])
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "import.empty"),
        ('title,type,name,regular price,"price\nMug', "import.malformed"),
        ("a\n1\n", "import.columns"),
    ],
    ids=["empty", "cut off", "other columns"],
)
def test_what_is_no_table_of_goods_is_refused_with_a_reason(
    tmp_path: Path, read: Callable[..., Shelf], text: str, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        read(file(tmp_path, text), currency="CNY")
    assert refused.value.code == code
