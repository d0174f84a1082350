"""Walking through the shop in chat: shelves, lists that turn in place, narrowing them, what is alike, comparing."""

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import func, select, text

from bot.replies import Card, Cards, Choice, Comparison, Reply
from commerce.carts.actions import cart_view
from commerce.catalog.model import Category, Product, Variant
from commerce.catalog.shelves import CategoryView, category_tree
from commerce.search.meaning import Gist, keep_meanings
from commerce.search.model import SearchEntry
from tests.chat import Chat

Kind = TypeVar("Kind", bound=Reply)


def newest(chat: Chat, kind: type[Kind]) -> Kind:
    return next(reply for reply in reversed(chat.shown) if isinstance(reply, kind))


def the_list(chat: Chat) -> Cards:
    return newest(chat, Cards)


def titles(cards: Cards) -> list[str]:
    return [card.title for card in cards.cards]


def labels(reply: Cards | Choice | Card | Comparison) -> list[str]:
    made = reply.options if isinstance(reply, Choice) else reply.buttons
    return [button.label for button in made]


async def in_cart(chat: Chat) -> dict[str, int]:
    """{sku: pieces}"""
    customer_id = (await chat.conversation()).customer_id
    async with chat.scratch.shop.database.begin() as session:
        view = await cart_view(session, customer_id=customer_id, language="en")
        return {(await session.get_one(Variant, line.variant_id)).sku: line.quantity for line in view.lines}


async def shelves(chat: Chat, language: str = "en") -> Sequence[CategoryView]:
    async with chat.scratch.shop.database.begin() as session:
        return await category_tree(session, language=language)


async def searched(chat: Chat) -> list[tuple[str, int]]:
    async with chat.scratch.shop.database.begin() as session:
        rows = await session.scalars(select(SearchEntry).order_by(SearchEntry.id))
        return [(row.text, row.found) for row in rows]


# shelves


async def test_from_look_around_it_is_three_taps_to_a_product(chat: Chat) -> None:
    drinks = (await shelves(chat))[0]
    tea = drinks.inside[0]
    await chat.says("hello", language="en")
    await chat.presses("Look around")
    shown = newest(chat, Choice)
    assert labels(shown)[0] == f"{drinks.name} ({drinks.products})"
    await chat.presses(f"{drinks.name} (")
    await chat.presses(f"{tea.name} (")
    tea_list = the_list(chat)
    assert tea_list.title == f"{tea.name}, {tea.products} in all:"
    assert tea_list.replaces == shown.replaces != ""
    (page,) = await chat.presses("Details")
    assert page.startswith(titles(tea_list)[0])


async def test_a_shelf_is_left_the_way_it_was_entered(chat: Chat) -> None:
    drinks = (await shelves(chat, "zh"))[0]
    await chat.says("有哪些分类")
    top = newest(chat, Choice)
    await chat.presses(f"{drinks.name} (")
    await chat.presses(f"{drinks.inside[0].name} (")
    assert (await chat.presses("返回"))[0].startswith(f"{drinks.name}，想看哪一类")
    await chat.presses("返回")
    back = newest(chat, Choice)
    assert isinstance(top, Choice)
    assert isinstance(back, Choice)
    assert labels(back) == labels(top)
    assert back.replaces == top.replaces


async def test_a_shelf_that_is_named_is_opened_and_everything_of_it_can_be_seen(chat: Chat) -> None:
    drinks = (await shelves(chat, "zh"))[0]
    assert (await chat.says(f"看看{drinks.name}分类"))[0].startswith(f"{drinks.name}，想看哪一类")
    await chat.presses("全部")
    assert the_list(chat).title == f"{drinks.name}，共 {drinks.products} 款："


async def test_a_shop_without_shelves_shows_what_others_like(chat: Chat) -> None:
    async with chat.scratch.shop.database.begin() as session:
        await session.execute(text("UPDATE product SET category_id = NULL"))
        await session.execute(text("DELETE FROM category"))
    assert (await chat.says("show me the categories", language="en"))[0].startswith("Have a look at these:")
    assert "More" in labels(the_list(chat))


async def test_a_single_shelf_around_all_others_is_no_choice_and_empty_ones_are_not_shown(chat: Chat) -> None:
    async with chat.scratch.shop.database.begin() as session:
        everything = Category(handle="all", name={"en": "Everything we sell"})
        session.add_all([everything, Category(handle="empty", name={"en": "Nothing yet"})])
        await session.flush()
        await session.execute(
            text("UPDATE category SET parent_id = :all WHERE parent_id IS NULL AND handle NOT IN ('all', 'empty')"),
            {"all": everything.id},
        )
    (answer,) = await chat.says("show me the categories", language="en")
    assert "Everything we sell" not in answer
    assert "Nothing yet" not in answer
    assert "Drinks" in answer


# pages


async def test_a_list_turns_its_pages_in_place_and_the_second_one_means_what_is_shown(chat: Chat) -> None:
    await chat.says("show me everything under 200", language="en")
    first = the_list(chat)
    await chat.presses("More")
    second = the_list(chat)
    assert second.replaces == first.replaces
    assert second.title.startswith("6 to 10 of ")
    assert not set(titles(first)) & set(titles(second))
    assert (await chat.says("the second one"))[0].startswith(titles(second)[1])
    await chat.presses("Back")
    again = the_list(chat)
    assert (titles(again), again.replaces) == (titles(first), first.replaces)
    assert (await chat.says("the second one"))[0].startswith(titles(first)[1])


async def test_more_that_is_typed_says_a_new_list(chat: Chat) -> None:
    await chat.says("200 以内有什么")
    first = the_list(chat)
    await chat.says("下一页")
    second = the_list(chat)
    assert second.replaces != first.replaces
    assert not set(titles(first)) & set(titles(second))
    await chat.says("更多")  # the very label of a button: typed all the same
    third = the_list(chat)
    assert third.replaces not in (first.replaces, second.replaces)
    assert not set(titles(third)) & {*titles(first), *titles(second)}


async def test_at_the_end_of_a_list_there_is_another_way_on(chat: Chat) -> None:
    await chat.says("充电宝")
    assert (await chat.says("还有吗"))[0].startswith("这一类就这些啦")
    assert (await chat.presses("大家都在买"))[0].startswith("看看这些")


async def test_the_buttons_of_an_older_list_go_on_meaning_that_list(chat: Chat) -> None:
    await chat.says("show me everything under 200", language="en")
    older = the_list(chat)
    more = next(button for button in older.buttons if button.label == "More")
    await chat.says("show me teapots")
    await chat.sends({"kind": "press", "token": more.token, "label": more.label}, more.label)
    shown = the_list(chat)
    assert shown.replaces == older.replaces
    assert shown.title.startswith("6 to 10 of ")


async def test_a_list_of_long_ago_asks_to_search_again(chat: Chat) -> None:
    await chat.says("show me tea", language="en")
    more, cheaper = (
        next(button for button in the_list(chat).buttons if button.label == label) for label in ("More", "Cheaper")
    )
    for wish in ("mugs", "lamps", "teapots", "a keyboard", "a tent", "a scarf"):
        await chat.says(f"show me {wish}")
    for button in (more, cheaper):
        (answer,) = await chat.sends({"kind": "press", "token": button.token, "label": button.label}, button.label)
        assert answer.startswith("I do not have that list any more.")


async def test_what_others_like_has_a_next_page(chat: Chat) -> None:
    await chat.says("hello", language="en")
    await chat.presses("Look around")
    await chat.presses("What others like")
    first = the_list(chat)
    await chat.presses("More")
    assert len(first.cards) == 5
    assert not set(titles(first)) & set(titles(the_list(chat)))


# searching


async def test_many_results_can_be_narrowed_with_a_tap(chat: Chat) -> None:
    await chat.says("show me everything under 200", language="en")
    many = the_list(chat)
    narrowing = [label for label in labels(many) if label not in ("More", "Back", "Cheaper", "Compare")]
    assert 1 <= len(narrowing) <= 3
    await chat.presses(narrowing[0])
    fewer = the_list(chat)
    assert fewer.replaces != many.replaces
    count, total = (int(each.title.split()[-1].rstrip(":")) for each in (fewer, many))
    assert 0 < count < total


async def test_a_mended_word_is_named(chat: Chat) -> None:
    (answer,) = await chat.says("longjin tea", language="en")
    assert answer.startswith("Showing results for “longjing tea”:")
    assert "Longjing" in answer


async def test_a_search_is_logged_once_and_its_pages_are_not(chat: Chat) -> None:
    await chat.says("show me tea", language="en")
    total = int(the_list(chat).title.split()[-1].rstrip(":"))
    await chat.presses("More")
    await chat.says("cheaper")
    await chat.says("do you have pianos")
    entries = await searched(chat)
    assert entries[0] == ("tea", total)
    assert len(entries) == 2


async def test_who_finds_nothing_is_shown_what_others_like_and_the_merchant_reads_of_it(chat: Chat) -> None:
    (answer,) = await chat.says("有没有钢琴")
    assert answer.startswith(("没找到这样的", "没有完全一样的"))
    assert the_list(chat).cards
    async with chat.scratch.shop.database.begin() as session:
        missed = (SearchEntry.found == 0) | SearchEntry.relaxed
        assert await session.scalar(select(func.count()).select_from(SearchEntry).where(missed)) == 1


async def test_where_words_find_nothing_the_meaning_may(chat: Chat) -> None:
    shop = chat.scratch.shop
    understander = await shop.mind.understander()
    (vector,) = understander.encode(["pianos"])
    async with shop.database.begin() as session:
        lamp = await session.scalar(select(Product.id).where(Product.handle == "desk-lamp"))
        assert lamp is not None
        await keep_meanings(session, [Gist(lamp, "a lamp that means a piano")], [vector])
    (answer,) = await chat.says("do you have pianos", language="en")
    assert answer.startswith("I have nothing exactly like that. These come close:")
    assert titles(the_list(chat)) == ["Warm Light Desk Lamp"]


async def test_free_shipping_and_in_stock_are_limits(chat: Chat) -> None:
    await chat.says("帐篷")
    assert any("露营帐篷" in title for title in titles(the_list(chat)))
    await chat.says("包邮的帐篷")
    assert not any("露营帐篷" in title for title in titles(the_list(chat)))


# alike, side by side


async def test_what_is_alike_says_why(chat: Chat) -> None:
    await chat.says("龙井")
    await chat.presses("看看详情")
    await chat.says("有类似的吗")
    alike = the_list(chat)
    assert alike.title == "和“明前龙井 西湖绿茶”类似的："
    assert not any("龙井" in title for title in titles(alike))
    assert all(card.body.startswith("同样是：茶叶") for card in alike.cards[:3])


async def test_two_of_a_list_are_compared_and_what_differs_comes_first(chat: Chat) -> None:
    await chat.says("show me teapots", "show me mugs", language="en")
    await chat.says("compare the Yixing teapot and the stoneware mug")
    side = newest(chat, Comparison)
    assert [column.title for column in side.columns] == ["Yixing Clay Teapot, Xishi", "Longquan Stoneware Mug 350 ml"]
    rows = {row.label: row.values for row in side.rows}
    assert rows["Price"] == ("CN¥268.00 – CN¥368.00", "CN¥79.00 – CN¥89.00")
    assert rows["Shipping"] == ("free", "free")
    assert "—" in {value for values in rows.values() for value in values}
    differs = [row.differs for row in side.rows]
    assert differs == sorted(differs, reverse=True)
    assert (await chat.says("the second one"))[0].startswith("Longquan Stoneware Mug")


async def test_the_first_and_the_third_are_compared_by_place(chat: Chat) -> None:
    await chat.says("有什么茶")
    shown = titles(the_list(chat))
    await chat.says("第一个和第三个哪个好")
    side = newest(chat, Comparison)
    assert [column.title for column in side.columns] == [shown[0], shown[2]]
    assert await chat.says("第一个和第九个有什么区别") == ["刚才一共只有 2 款，您说的是哪一款？"]


async def test_compare_is_a_button_too_and_takes_a_third(chat: Chat) -> None:
    await chat.says("show me tea", language="en")
    shown = titles(the_list(chat))
    assert (await chat.presses("Compare"))[0].startswith("Which one shall I compare?")
    assert (await chat.presses(shown[1]))[0].startswith("With which one?")
    await chat.presses(shown[0])
    await chat.presses("Add another one")
    await chat.presses(shown[3])
    side = newest(chat, Comparison)
    assert [column.title for column in side.columns] == [shown[1], shown[0], shown[3]]
    assert side.buttons == ()


async def test_two_numbers_answer_which_ones_to_compare(chat: Chat) -> None:
    await chat.says("有什么茶")
    shown = titles(the_list(chat))
    await chat.presses("对比")
    await chat.says("2 和 4")
    side = newest(chat, Comparison)
    assert [column.title for column in side.columns] == [shown[1], shown[3]]


async def test_with_nothing_to_compare_it_says_what_to_do(chat: Chat) -> None:
    assert (await chat.says("compare them", language="en"))[0].startswith("I need two things to compare.")


# which one, and putting right what was added


async def test_no_the_black_one_takes_the_place_of_what_was_just_added(chat: Chat) -> None:
    await chat.says("show me mugs", "add the red one", language="en")
    assert await in_cart(chat) == {"MUG-RED": 1}
    (answer,) = await chat.says("no, the black one")
    assert answer.startswith("Changed: Longquan Stoneware Mug 350 ml (Ink black) x1")
    assert await in_cart(chat) == {"MUG-BLK": 1}


async def test_how_many_and_one_more_after_adding_mean_the_same_thing(chat: Chat) -> None:
    await chat.says("加一个红色的马克杯", "来两个")
    assert await in_cart(chat) == {"MUG-RED": 2}
    await chat.says("再来一个")
    assert await in_cart(chat) == {"MUG-RED": 3}
    await chat.says("换成白色的")
    assert await in_cart(chat) == {"MUG-WHT": 3}


async def test_what_is_looked_at_since_is_what_is_meant(chat: Chat) -> None:
    await chat.says("add a red mug", "show me the power bank", language="en")
    await chat.presses("Details")
    assert (await chat.says("two, please"))[0].startswith("Which Slim Power Bank 22.5 W would you like?")
    assert await in_cart(chat) == {"MUG-RED": 1}


async def test_a_measure_leaves_only_the_kinds_it_fits(chat: Chat) -> None:
    await chat.says("加一个随行保温杯")
    narrowed = await chat.says("350毫升的")
    assert narrowed[0] == "符合的有 3 款。"
    assert "500" not in narrowed[1]
    await chat.says("粉色的")
    assert await in_cart(chat) == {"FL-P350": 1}


async def test_a_measure_of_the_only_one_shown_shows_its_kinds(chat: Chat) -> None:
    await chat.says("随行保温杯")
    (page,) = await chat.says("350毫升的")
    assert page.startswith("随行保温杯  ¥119.00")
    assert "500" not in page.splitlines()[2]


async def test_a_colour_answers_which_product_is_meant(chat: Chat) -> None:
    await chat.says("show me a mug or a lantern", language="en")
    async with chat.scratch.shop.database.begin() as session:
        ids = await session.scalars(
            text("SELECT id FROM product WHERE handle IN ('celadon-mug', 'camping-lantern') ORDER BY id")
        )
        results = list(ids)
    await _shown(chat, results)
    assert (await chat.says("add one"))[0].startswith("Which one do you mean?")
    await chat.says("the red one")
    assert await in_cart(chat) == {"MUG-RED": 1}


async def _shown(chat: Chat, product_ids: list[int]) -> None:
    """As if just these had been shown."""
    conversation = await chat.conversation()
    async with chat.scratch.shop.database.begin() as session:
        await session.execute(
            text("UPDATE conversation SET focus = jsonb_build_object('results', CAST(:ids AS jsonb)) WHERE id = :its"),
            {"ids": str(product_ids), "its": conversation.id},
        )


async def test_a_page_names_the_kinds_that_are_sold_out_and_leads_to_those_without_a_button(chat: Chat) -> None:
    (page,) = await chat.says("show me the soy candle", language="en")
    assert "Sold out: Fig" in page
    await chat.says("show me the heavyweight cotton t-shirt")
    await chat.presses("Details")
    assert "Other kinds" in labels(newest(chat, Card))
    await chat.presses("Other kinds")
    assert any("Sage green" in label for label in labels(newest(chat, Choice)))
