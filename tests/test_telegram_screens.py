"""What a reply looks like in Telegram: within every limit whatever it holds, with nothing lost, and good to read."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import fields
from functools import reduce
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.strategies import SearchStrategy
from PIL import Image

from bot.channels.telegram_shapes import keyboard
from bot.replies import (
    Button,
    Card,
    Cards,
    Cart,
    Choice,
    Compared,
    Comparison,
    Line,
    Media,
    OrderStatus,
    PayLink,
    Receipt,
    Reply,
    Row,
    Text,
    buttons_of,
)
from bot.telegram.pictures import as_jpeg
from bot.telegram.screens import Key, Screen, photo_screens, screens_of, without_markup
from bot.telegram.sheets import sheet_of
from bot.telegram.units import units
from tests.telegram_server.chats import Private
from tests.telegram_server.entities import cleaned, is_blank, parse_html
from tests.telegram_server.methods_messages import caption_of, keyboard_of, text_of
from tests.telegram_server.params import Params

LETTERS = some.sampled_from(
    [
        *("a", " ", "<", ">", "&", '"', "'", "\n", "\t", "\r", "\x0b", "/cart", "@tea", ".", "茶", "龙井，", "\u3000"),
        *("🫖", "👩‍🌾", "👨‍👩‍👧‍👦", "🇨🇳", "1️⃣", "👍🏿", "𠮷", "e\u0301", "\u0301", "שלום", "مرحبا", "ไทย", "नमस्ते"),
        *("\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\u00a0", "\u2800", "\ufffc", "\u3164", "\u0333", "\u2028"),
        *("</b>", "<a href=x>", "&lt;", "&#60;", "]]>", "https://a.b"),
    ]
)
WORDS = some.builds(
    lambda parts, times: "".join(parts) * times,
    some.lists(LETTERS, max_size=12),
    some.sampled_from([1, 1, 1, 30, 150, 700]),
)
LABELS = some.builds("".join, some.lists(LETTERS, max_size=30))
TOKENS = some.text("abcXYZ019-_", min_size=1, max_size=64) | some.sampled_from(["", "x" * 65, "茶" * 21, "茶" * 22])
BUTTONS = some.lists(some.builds(Button, LABELS, TOKENS), max_size=9).map(tuple)
SHORT = some.sampled_from(["S", "茶", "👨‍👩‍👧‍👦", "Longjing 250 g", "x" * 60])
MANY = some.lists(some.builds(Button, SHORT, some.integers(1, 999).map("t{}".format)), min_size=101, max_size=130)
MANY_BUTTONS = BUTTONS | MANY.map(tuple)
ROWS = some.lists(some.builds(Row, LABELS, WORDS), max_size=4).map(tuple)
LINES = some.lists(some.builds(Line, WORDS, LABELS, some.integers(1, 99), LABELS, LABELS), max_size=4).map(tuple)
PICTURES = (some.integers(0, 25) | some.sampled_from([1, 10, 11])).map(lambda count: tuple(range(7, 7 + count)))
MAYBE = some.none() | some.integers(1, 30)
CARD = some.builds(
    Card,
    title=WORDS,
    body=WORDS,
    picture=MAYBE,
    price=LABELS,
    buttons=BUTTONS,
    pictures=PICTURES,
    rows=ROWS,
    share=some.sampled_from(["", "group 1", "茶" * 30]),
)
URLS = some.sampled_from(
    [
        *("https://shop.test/pay/1", "http://127.0.0.1:8000/pay", "http://localhost/pay", "https://shop/pay"),
        *("http://[::1]/pay", "ftp://shop.test/pay", "shop.test/pay", ""),
    ]
)
FEW = BUTTONS.map(lambda made: made[:3])
IN_LIST = some.builds(Card, title=WORDS, body=LABELS, price=LABELS, buttons=FEW, picture=MAYBE)
CARDS = some.lists(IN_LIST, max_size=6).map(tuple)
COMPARED = some.lists(some.builds(Compared, LABELS, some.tuples(LABELS, LABELS), some.booleans()), max_size=6).map(
    tuple
)
REPLIES: dict[type[Reply], SearchStrategy[Reply]] = {
    Text: some.builds(Text, WORDS, some.sampled_from(["", "contact"])),
    Card: CARD,
    Cards: some.builds(Cards, WORDS, CARDS, BUTTONS),
    Choice: some.builds(Choice, WORDS, MANY_BUTTONS),
    Comparison: some.builds(Comparison, WORDS, some.tuples(IN_LIST, IN_LIST), COMPARED, BUTTONS),
    Cart: some.builds(Cart, WORDS, LINES, some.builds(Row, LABELS, LABELS), BUTTONS, rows=ROWS),
    Receipt: some.builds(Receipt, WORDS, LINES, ROWS, some.builds(Row, LABELS, LABELS), BUTTONS),
    OrderStatus: some.builds(OrderStatus, LABELS, LABELS, ROWS, LINES, BUTTONS),
    PayLink: some.builds(PayLink, WORDS, LABELS, URLS, LABELS),
    Media: some.builds(Media, some.integers(1, 30), WORDS),
}


def seen(text: str) -> str:
    """What of a text leaves a mark on the screen."""
    return "".join(letter for letter in cleaned(text) if letter.isprintable() and not is_blank(letter))


def texts_of(value: object) -> Iterator[str]:
    """Every text that a reply holds, but for what stands on buttons or is meant for the machine."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from texts_of(part)
    elif isinstance(value, Text | Card | Cards | Choice | Comparison | Cart | Receipt | OrderStatus | PayLink | Media):
        named = {"buttons", "options", "replaces", "live", "share", "wants", "url", "label"}
        for field in fields(value):
            if field.name not in named:
                yield from texts_of(getattr(value, field.name))
    elif isinstance(value, Row | Line | Compared):
        for field in fields(value):
            yield from texts_of(getattr(value, field.name))


def read(screens: Sequence[Screen]) -> str:
    """Everything that can be read, in order."""
    return "\n".join(parse_html(screen.text)[0] for screen in screens)


def keys_of(screens: Sequence[Screen]) -> list[Key]:
    return [key for screen in screens for row in screen.rows for key in row]


def check_limits(screens: Sequence[Screen]) -> None:
    """As the fake Telegram checks what is sent, and what it does not."""
    assert screens
    for screen in screens:
        keys = [key for row in screen.rows for key in row]
        told = Params({"text": screen.text, "caption": screen.text, "parse_mode": "HTML"})
        if len(screen.pictures) > 1:
            assert (len(screen.pictures) <= 10, screen.text, keys, screen.asks_contact) == (True, "", [], ())
        else:
            caption_of(told) if screen.pictures else text_of(told)
        assert units(parse_html(screen.text)[0]) <= (1024 if screen.pictures else 4096)
        markup = keyboard(screen)
        keyboard_of(Params({"reply_markup": markup}), Private({}))
        assert not (keys and screen.asks_contact)
        assert all(row for row in screen.rows)
        assert all("\n" not in key.label for key in keys)
        assert all(bool(key.token) + bool(key.url) + bool(key.share) == 1 for key in keys)


def test_there_is_something_of_every_kind_of_reply() -> None:
    assert REPLIES.keys() == set(get_args(Reply))


@pytest.mark.parametrize("kind", REPLIES)
@settings(max_examples=12, deadline=None)
@given(drawn=some.data(), language=some.sampled_from(["zh", "en"]), speaker=LABELS)
def test_any_reply_keeps_to_telegrams_limits_and_nothing_in_it_is_lost(
    kind: type[Reply], drawn: some.DataObject, language: str, speaker: str
) -> None:
    reply = drawn.draw(REPLIES[kind])
    screens = screens_of(reply, language=language, speaker=speaker)
    check_limits(screens)
    shown = seen(read(screens))
    assert [text for text in (speaker, *texts_of(reply)) if seen(text) not in shown] == []
    keys = [key for key in keys_of(screens) if key.token]
    fit = [button for button in buttons_of(reply) if 1 <= len(button.token.encode()) <= 64]
    assert [key.token for key in keys] == [button.token for button in fit]
    labels = dict(zip(map(id, fit), (seen(key.label) for key in keys), strict=True))
    for button in buttons_of(reply):
        whole = seen(button.label)  # cut on the button, whole in the text; named there where there can be no button
        assert whole in labels.get(id(button), "") or whole in shown
    pictures = [picture for screen in screens for picture in screen.pictures]
    if isinstance(reply, Cards | Comparison):  # all on one sheet, where their words fit below it
        listed = reply.cards if isinstance(reply, Cards) else reply.columns
        sheet = tuple(card.picture for card in listed)
        is_long = units(read(screens)) > 1000
        assert pictures == ([sheet] if len(sheet) > 1 else list(sheet)) or is_long or not any(sheet)
        return
    wanted = reply.pictures or (reply.picture,) if isinstance(reply, Card) else (getattr(reply, "picture", None),)
    assert pictures == list(dict.fromkeys(picture for picture in wanted if picture is not None))


@settings(max_examples=30, deadline=None)
@given(WORDS, some.sampled_from(["zh", "en"]), LABELS)
def test_any_photo_with_any_words_keeps_to_them_too(caption: str, language: str, speaker: str) -> None:
    screens = photo_screens("ab" * 32, caption, language=language, speaker=speaker)
    check_limits(screens)
    assert seen(speaker) in seen(read(screens))
    assert seen(caption) in seen(read(screens))


@settings(max_examples=50, deadline=None)
@given(WORDS, WORDS)
def test_words_that_go_on_in_another_message_are_the_same_words(first: str, second: str) -> None:
    whole = first + "\n" + second * 3
    screens = screens_of(Text(whole), language="en")
    assert seen(read(screens)) == (seen(whole) or "…")
    assert len(screens) <= 1 + 2 * units(whole) // 4096


def test_a_long_text_is_cut_between_lines_and_an_emoji_is_never_cut_in_two() -> None:
    lines = [f"Line {n} " + "🫖" * 40 for n in range(100)]
    screens = screens_of(Text("\n".join(lines)), language="en")
    assert len(screens) == 3
    assert [line for screen in screens for line in screen.text.split("\n")] == [line.strip() for line in lines]
    pots = screens_of(Text("🫖" * 3000), language="en")
    assert [len(screen.text) for screen in pots] == [2048, 952]


def test_a_button_that_telegram_cannot_carry_is_named_to_be_typed() -> None:
    [screen] = screens_of(Choice("Which?", (Button("Green", "g"), Button("White", "x" * 65))), language="en")
    assert screen == Screen("Which?\n• White", ((Key("Green", token="g"),),))


def test_more_than_a_hundred_options_go_on_under_a_second_message() -> None:
    options = tuple(Button(f"{n:02}", f"t{n}") for n in range(130))
    first, second = screens_of(Choice("Which?", options), language="zh")
    assert (len(keys_of([first])), len(keys_of([second]))) == (96, 34)
    assert second.text == "更多选项："


def test_short_labels_stand_beside_each_other_and_long_ones_alone() -> None:
    labels = ("是", "不", "改一下", "送到别的地址去吧，谢谢你", "S", "M", "L", "XL", "Add to cart", "Similar")
    [screen] = screens_of(Choice("好吗？", tuple(Button(label, "t") for label in labels)), language="zh")
    assert [[key.label for key in row] for row in screen.rows] == [
        ["是", "不", "改一下"],
        ["送到别的地址去吧，谢谢你"],
        ["S", "M", "L", "XL"],
        ["Add to cart", "Similar"],
    ]


def test_a_product_is_a_photo_with_its_caption_and_its_buttons() -> None:
    card = Card(
        "Longjing <2026>",
        "Spring tea & rain",
        7,
        "¥59.00",
        (Button("Add to cart", "add"), Button("Similar", "like")),
        rows=(Row("Origin", "Hangzhou"), Row("Weight", "250 g")),
    )
    [screen] = screens_of(card, language="en")
    assert screen.text == (
        "<b>Longjing &lt;2026&gt;</b>\n<b>¥59.00</b>\n\nSpring tea &amp; rain\n\nOrigin: Hangzhou\nWeight: 250 g"
    )
    assert screen.pictures == (7,)
    assert screen.rows == ((Key("Add to cart", token="add"), Key("Similar", token="like")),)


def test_several_pictures_are_an_album_above_the_words() -> None:
    card = Card("龙井", pictures=tuple(range(1, 12)), buttons=(Button("加入购物车", "add"),))
    screens = screens_of(card, language="zh")
    assert [screen.pictures for screen in screens] == [(1, 2, 3, 4, 5), (6, 7, 8, 9, 10, 11), ()]
    assert screens[-1] == Screen("<b>龙井</b>", ((Key("加入购物车", token="add"),),))


def test_a_caption_that_is_too_long_goes_on_below_the_photo_with_the_buttons_at_the_end() -> None:
    card = Card("Tea", "\n".join(["leaf " * 50] * 6), 7, buttons=(Button("Add", "add"),))
    photo, rest = screens_of(card, language="en")
    assert (photo.pictures, photo.rows, rest.pictures) == ((7,), (), ())
    assert keys_of([rest]) == [Key("Add", token="add")]


def test_a_list_is_numbered_and_each_product_has_its_row_of_buttons() -> None:
    def card(n: int) -> Card:
        return Card(f"茶{n}", "", n, f"¥{n}", (Button("详情", f"d{n}"), Button("加入购物车", f"a{n}")))

    [screen] = screens_of(Cards("找到 2 件：", (card(1), card(2)), (Button("更多", "m"),)), language="zh")
    assert screen.text == "<b>找到 2 件：</b>\n\n<b>1. 茶1</b>  ¥1\n<b>2. 茶2</b>  ¥2"
    assert screen.pictures == ((1, 2),)
    assert [[key.label for key in row] for row in screen.rows] == [
        ["1. 详情", "加入购物车"],
        ["2. 详情", "加入购物车"],
        ["更多"],
    ]


def test_a_comparison_is_read_fact_by_fact() -> None:
    columns = (Card("Longjing", price="¥59"), Card("Biluochun", price="¥68"))
    rows = (Compared("Weight", ("250 g", "100 g"), True), Compared("Origin", ("China", "China"), False))
    [screen] = screens_of(Comparison("Side by side:", columns, rows), language="en")
    assert without_markup(screen.text) == (
        "Side by side:\n\n1. Longjing  ¥59\n2. Biluochun  ¥68\n\nWeight\n1. 250 g\n2. 100 g\n\nOrigin: China"
    )


@pytest.mark.parametrize("kind", [Cart, Receipt])
def test_a_cart_and_a_receipt_read_like_a_bill(kind: type[Cart | Receipt]) -> None:
    lines = (Line("龙井", "250 g", 2, "¥59.00", "¥118.00"), Line("茶杯", "", 1, "¥20.00", "¥20.00"))
    bill = kind(title="购物车", lines=lines, total=Row("合计", "¥128.00"), rows=(Row("优惠", "-¥10.00"),))
    [screen] = screens_of(bill, language="zh")
    assert screen.text == (
        "<b>购物车</b>\n\n<b>龙井</b> · 250 g\n2 × ¥59.00 = ¥118.00\n\n<b>茶杯</b>\n1 × ¥20.00\n\n"
        "优惠：-¥10.00\n<b>合计：¥128.00</b>"
    )


def test_an_order_has_a_number_that_a_touch_copies() -> None:
    sent = (Line("Mug", "red", 2, "", ""),)
    order = OrderStatus("A17", "on its way", (Row("Total", "¥59.00"),), sent, (Button("Track", "t"),))
    [screen] = screens_of(order, language="en")
    words = "<code>A17</code> · <b>on its way</b>\n\n<b>Mug</b> · red\n× 2\n\nTotal: ¥59.00"
    assert screen == Screen(words, ((Key("Track", token="t"),),))


def test_paying_is_a_button_that_opens_the_page_unless_only_this_machine_has_it() -> None:
    [screen] = screens_of(PayLink("Please pay", "Pay now", "https://shop.test/pay/1", "¥59.00"), language="en")
    assert screen == Screen("Please pay\n<b>¥59.00</b>", ((Key("Pay now", url="https://shop.test/pay/1"),),))
    [screen] = screens_of(PayLink("Please pay", "Pay now", "http://localhost:8000/pay", "¥59.00"), language="en")
    assert screen == Screen("Please pay\n<b>¥59.00</b>\nPay now: http://localhost:8000/pay")


def test_who_speaks_stands_above_what_a_person_says_and_shows() -> None:
    [screen] = screens_of(Text("One moment"), language="en", speaker="Li <Lei>")
    assert screen.text == "<b>Li &lt;Lei&gt;:</b>\nOne moment"
    [photo] = photo_screens("ab" * 32, "看这个", language="zh", speaker="小二")
    assert photo == Screen("<b>小二：</b>\n看这个", pictures=("ab" * 32,))


def test_a_card_that_can_be_shared_begins_an_inline_query_in_a_chat_of_ones_choice() -> None:
    [screen] = screens_of(Card("团", share="g17"), language="zh")
    assert [key.share for key in reduce(lambda a, b: a + b, screen.rows)] == ["g17"]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "LA", "CMYK"])
def test_a_picture_becomes_a_photo_on_white_that_is_no_larger_than_a_phone_shows(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "picture"
    picture = Image.new("RGBA", (3000, 1500), (0, 0, 0, 0 if mode in ("RGBA", "LA") else 255)).convert(mode)
    picture.save(path, "TIFF" if mode == "CMYK" else "PNG")
    with Image.open(io.BytesIO(as_jpeg(path))) as photo:
        assert (photo.format, photo.mode, photo.size) == ("JPEG", "RGB", (1280, 640))
        shade = photo.getpixel((5, 5))
    assert isinstance(shade, tuple)
    assert (min(shade) > 250) == (mode in ("RGBA", "LA"))


@pytest.mark.parametrize("count", range(2, 10))
def test_a_sheet_has_a_tile_for_every_product_also_for_those_without_a_picture(count: int, tmp_path: Path) -> None:
    path = tmp_path / "thumbnail"
    Image.new("RGB", (400, 300), "red").save(path, "WEBP")
    with Image.open(io.BytesIO(sheet_of([path if n % 2 else None for n in range(count)]))) as sheet:
        width, height = sheet.size
    assert width == 900
    assert width / 3 <= height <= width * 1.35
