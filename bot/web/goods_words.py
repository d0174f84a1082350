"""The sentences of the public product pages, both languages side by side."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GoodsWords:
    """All sentences of the product pages in one language. Blanks are filled by `str.format`."""

    shelves: str
    all_goods: str
    ask: str
    ask_note: str
    choices: str
    facts: str
    from_price: str
    in_stock: str
    few_left: str
    sold_out: str
    free_shipping: str
    arrives: str
    one_product: str
    products: str
    earlier: str
    later: str
    page: str
    gone_title: str
    gone_text: str
    empty: str
    picture: str
    nothing: str


GOODS_WORDS = {
    "en": GoodsWords(
        shelves="Shelves",
        all_goods="Everything we have",
        ask="Ask and order in the chat",
        ask_note="The attendant knows this product, its stock and its price of this minute.",
        choices="To choose from",
        facts="Details",
        from_price="from {price}",
        in_stock="In stock",
        few_left="{count} left",
        sold_out="Sold out at the moment",
        free_shipping="Free shipping",
        arrives="With you in {least} to {most} days",
        one_product="1 product",
        products="{count} products",
        earlier="Back",
        later="More",
        page="Page {number} of {last}",
        gone_title="We do not have this any more",
        gone_text="This page has moved on with its product. The attendant will gladly look for something like it.",
        empty="Nothing stands on this shelf yet.",
        picture="Picture {number} of {title}",
        nothing="The shelves are still empty.",
    ),
    "zh": GoodsWords(
        shelves="商品分类",
        all_goods="全部商品",
        ask="找店小二聊聊这款",
        ask_note="价格、库存实时更新，有问题直接问，看中了当场下单。",
        choices="可选规格",
        facts="商品信息",
        from_price="{price} 起",
        in_stock="有货",
        few_left="仅剩 {count} 件",
        sold_out="暂时缺货",
        free_shipping="包邮",
        arrives="预计 {least}～{most} 天送到",
        one_product="1 件商品",
        products="{count} 件商品",
        earlier="上一页",
        later="下一页",
        page="第 {number} 页，共 {last} 页",
        gone_title="这件商品已经下架了",
        gone_text="想找类似的，跟店小二说一声就行。",
        empty="这个分类下暂时没有商品。",
        picture="{title} 图片 {number}",
        nothing="店里还没有商品，请稍后再来。",
    ),
}
