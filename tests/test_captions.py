"""What the merchant writes under a photo of something to sell."""

import pytest

from commerce.merchandising.captions import Caption, read_caption, read_price
from foundation.money import Money


def yuan(amount: str) -> Money:
    return Money.parse(amount, "CNY")


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("手冲壶，129元，库存20", Caption("手冲壶", "", yuan("129"), 20, "zh")),
        ("手冲壶 129元 库存20", Caption("手冲壶", "", yuan("129"), 20, "zh")),
        ("¥49.90 竹编茶席，15张", Caption("竹编茶席", "", yuan("49.90"), 15, "zh")),
        ("粗陶花瓶 售价：88", Caption("粗陶花瓶", "", yuan("88"), None, "zh")),
        ("手工皂 3块装", Caption("手工皂 3块装", "", None, None, "zh")),
        (
            "Pour-over kettle ¥1,299, 12 in stock\nStainless steel.\nHolds 600 ml.",
            Caption("Pour-over kettle", "Stainless steel.\nHolds 600 ml.", yuan("1299"), 12, "en"),
        ),
        (
            "Linen apron\nprice: 168\nstock: 4\nOne size fits most",
            Caption("Linen apron", "One size fits most", yuan("168"), 4, "en"),
        ),
        ("Kettle $49", Caption("Kettle $49", "", None, None, "en")),
        ("两个装马克杯", Caption("两个装马克杯", "", None, None, "zh")),
        ("", Caption("", "", None, None, "en")),
    ],
)
def test_a_caption_says_name_price_stock_and_more(said: str, read: Caption) -> None:
    assert read_caption(said, currency="CNY") == read


@pytest.mark.parametrize(
    ("said", "price"),
    [("129", "129"), ("129.5元", "129.5"), (" ¥ 1,299 ", "1299"), ("$5", None), ("cheap", None), ("", None)],
)
def test_a_price_alone_is_read(said: str, price: str | None) -> None:
    assert read_price(said, currency="CNY") == (yuan(price) if price else None)
