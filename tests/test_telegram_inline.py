"""Telegram end to end: cards for any chat, groups that stay current there, three taps to an order, invoices."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from bot.telegram.budget import Budget, Limit, Limits
from bot.telegram.payments import answer_checkout
from bot.telegram.shared_cards import edit_shared_cards
from bot.telegram.shared_model import SharedCard
from bot.telegram.values import PaymentAsked, User
from cli.scratch import Place
from cli.script_deals import DEAL_GIVENS
from commerce.customers.actions import customer_of
from commerce.customers.arrivals import BROUGHT
from commerce.customers.model import CustomerEvent
from commerce.orders.model import Order, OrderStatus
from commerce.payments.actions import pay_token
from commerce.payments.ledger import refund_amount
from commerce.payments.model import Intent, Payment, Refund, RefundState
from nlu.understand import Understander
from tests.telegram_server import Chat, InlineAnswer, Seen
from tests.telegram_shop import TelegramShop, telegram_shop
from tests.test_telegram_sending import free

AT_HOME = "{name} 1380013800{number} 浙江省杭州市西湖区文三路90号2单元501"
PLENTY = Limit(10_000, 1.0)


@pytest.fixture
async def here(place: Place, demo_shelves: str, understander: Understander) -> AsyncIterator[TelegramShop]:
    async with telegram_shop(
        place,
        understander,
        template=demo_shelves,
        telegram_payment_token="284685063:TEST:1",
        telegram_stars_of_unit=10,
        terms_url="https://shop.test/terms",
    ) as here:
        assert here.shop.telegram is not None
        here.shop.telegram.budget = Budget(None, "test", limits=Limits(PLENTY, PLENTY, PLENTY))
        yield here


async def _done(here: TelegramShop) -> None:
    """Wait until all that was said is answered, and what followed of it is settled."""
    for _round in range(2):
        await here.rest()
        await here.scratch.settle()


async def _says(here: TelegramShop, chat: Chat, *texts: str) -> list[Seen]:
    for words in texts:
        await chat.say(words)
        await _done(here)
    return chat.answers


async def _taps(here: TelegramShop, chat: Chat, label: str) -> list[Seen]:
    """Press the newest button that begins so."""
    await chat.press(label)
    await _done(here)
    return chat.answers


async def _given(here: TelegramShop, deal: str) -> None:
    pattern, make = next((pattern, make) for pattern, make in DEAL_GIVENS if pattern.fullmatch(deal))
    found = pattern.fullmatch(deal)
    assert found is not None
    async with here.shop.database.begin() as session:
        await make(here.shop, session, found, 0)


async def _pauses_until_let_go(here: TelegramShop) -> list[float]:
    """Seconds that a shared card waits after each of the edits at which Telegram fails."""
    pauses: list[float] = []
    here.fake.faults.error("editMessageText", 30)
    while await edit_shared_cards(here.shop) and len(pauses) < 30:
        async with here.shop.database.begin() as session:
            try_at = await session.scalar(select(SharedCard.try_at).where(SharedCard.done_at.is_(None)))
        if try_at is not None:
            pauses.append((try_at - here.shop.now()).total_seconds())
            here.scratch.clock.move(timedelta(seconds=pauses[-1]))
    here.fake.faults.clear()
    return pauses


async def _orders(here: TelegramShop) -> list[Order]:
    async with here.shop.database.begin() as session:
        return list(await session.scalars(select(Order).order_by(Order.id)))


def _card(answer: InlineAnswer, pick: int = 0) -> str:
    return str(answer.results[pick]["input_message_content"]["message_text"])


async def test_a_group_begun_in_private_is_shared_into_a_chat_joined_by_three_and_completed(here: TelegramShop) -> None:
    await _given(here, "group-buy 一起喝茶: POT-H220 299.00 for 4, within 2 hours")
    people = [here.fake.person(name, language_code="zh-hans") for name in ("小安", "阿本", "小卡", "大东")]
    anna, *others = people
    private = anna.open(here.bot)
    await _says(here, private, "开团", AT_HOME.format(name="林小雨", number=0))
    await _taps(here, private, "在 Telegram 里付款")
    (invoice,) = await _taps(here, private, "确认下单")
    assert invoice.invoice is not None
    assert (invoice.invoice["currency"], invoice.invoice["total_amount"]) == ("CNY", 29900)
    assert (await private.pay()).is_paid
    await _done(here)
    (share,) = [button for seen in private.answers if (button := seen.button("转发给 Telegram 好友"))]

    # shared where the bot is not
    query = share["switch_inline_query_chosen_chat"]["query"]
    friends = anna.open(here.fake.group("Friends", people))
    offered = await anna.ask_inline(here.bot, query)
    assert (offered.is_personal, offered.cache_time) == (True, 10)
    assert offered.titles[0] == "宜兴紫砂壶 西施"
    shared = await friends.share(offered)
    assert "●○○○" in shared.text
    assert shared.buttons == ["¥299.00 参团", "看看进度"]
    await _done(here)

    for number, friend in enumerate(others, 1):
        (now_shown,) = [seen for seen in friends.messages if seen.id == shared.id]
        assert "●" * number + "○" * (4 - number) in now_shown.text
        button = now_shown.button("¥299.00 参团")
        assert button is not None
        assert any("开团成功" in seen.text and button["url"] in seen.text for seen in private.messages)
        chat = await friend.follow(button["url"])
        await _done(here)
        await _taps(here, chat, "¥299.00 参团")
        await _says(here, chat, AT_HOME.format(name=friend.name, number=number))
        await _taps(here, chat, "在 Telegram 里付款")
        await _taps(here, chat, "确认下单")
        assert (await chat.pay()).is_paid
        await _done(here)

    (shown,) = [seen for seen in friends.messages if seen.id == shared.id]
    assert "●●●●" in shown.text
    assert "拼成了，一共 4 人" in shown.text
    assert shown.buttons == ["去店里看看"]
    orders = await _orders(here)
    assert [(order.status, order.hold_reason) for order in orders] == [(OrderStatus.PLACED, None)] * 4
    assert any("拼成" in seen.text for seen in private.messages)
    async with here.shop.database.begin() as session:
        card = (await session.scalars(select(SharedCard))).one()
    assert card.done_at is not None


async def test_a_shared_group_stays_current_where_telegram_tells_of_no_choice_and_one_that_is_gone_is_let_be(
    here: TelegramShop,
) -> None:
    await _given(here, "group-buy 一起喝茶: POT-H220 299.00 for 2, within 2 hours")
    here.bot.inline_feedback = False
    people = [here.fake.person(name) for name in ("Anna", "Ben")]
    anna, ben = people
    mei = here.fake.person("美", language_code="zh-hans")
    private = anna.open(here.bot)
    await _says(here, private, "I want to start a group", "Anna Lin, 13800138000, 90 Wensan Road, Hangzhou, Zhejiang")
    await _taps(here, private, "Pay here in Telegram")
    await _taps(here, private, "Place the order")
    await private.pay()
    await _done(here)
    friends = anna.open(here.fake.group("Friends", [*people, mei]))
    shared = await friends.share_inline(here.bot, "group")
    gone = await friends.share_inline(here.bot, "")
    press = await mei.open(friends.box).press("How it stands now", on=shared)  # type: ignore[arg-type]
    assert "还差1人" in (await press.answer()).replace(" ", "")  # the card itself stays in Anna's language
    for card in (shared, gone):
        press = await ben.open(friends.box).press("How it stands now", on=card)  # type: ignore[arg-type]
        assert "1 of 2 are in, 1 more to go" in await press.answer()
    await _done(here)
    del friends.box.messages[gone.id]

    chat = await ben.follow(str((shared.button("Join for") or {})["url"]))
    await _done(here)
    await _taps(here, chat, "Join for")
    await _says(here, chat, "Ben Wu, 13800138001, 90 Wensan Road, Hangzhou, Zhejiang")
    await _taps(here, chat, "Pay here in Telegram")
    await _taps(here, chat, "Place the order")
    here.fake.faults.flood(5, "editMessageText")
    await chat.pay()
    await _done(here)
    (shown,) = [seen for seen in friends.messages if seen.id == shared.id]
    assert "1 of 2 are in" in shown.text  # Telegram wants a pause first
    here.scratch.clock.move(timedelta(seconds=5))
    here.shop.telegram.budget = free()  # type: ignore[union-attr]  # the old one holds cards for 5 real seconds
    assert sum(pauses := await _pauses_until_let_go(here)) > 3600
    assert pauses == [pauses[0] * 2**n for n in range(len(pauses))]
    async with here.shop.database.begin() as session:  # as if it had not been let go
        await session.execute(text("UPDATE shared_card SET done_at = NULL, try_at = created_at"))
    await _done(here)
    (shown,) = [seen for seen in friends.messages if seen.id == shared.id]
    assert "It is complete: 2 are in." in shown.text
    async with here.shop.database.begin() as session:
        cards = (await session.scalars(select(SharedCard).order_by(SharedCard.id))).all()
    assert [(card.language, card.done_at is not None) for card in cards] == [("en", True)] * 2


async def test_goods_are_offered_in_any_chat_page_by_page_and_three_taps_lead_to_an_order(here: TelegramShop) -> None:
    anna = here.fake.person("Anna", language_code="zh-hans")
    private = anna.open(here.bot)
    stranger = await anna.ask_inline(here.bot, "茶")
    assert len(stranger.titles) == 7
    assert "茶" in stranger.titles[0]
    everything = await anna.ask_inline(here.bot, "有什么")
    assert (len(everything.titles), everything.next_offset) == (20, "20")
    rest = await anna.ask_inline(here.bot, "有什么", offset="20")
    assert rest.titles
    assert not set(rest.titles) & set(everything.titles)
    for odd in ("-1", "x", "9" * 60, "99999"):
        await anna.ask_inline(here.bot, "茶", offset=odd)
    assert (await anna.ask_inline(here.bot, "qqqqqq zzzz")).titles == []
    await _says(here, private, "你好")  # from now on a customer, who can have brought somebody
    bare = await anna.ask_inline(here.bot, "")
    assert (len(bare.titles), bare.titles[0]) == (6, "小二的店")  # nobody buys together: the shop, what sells well
    friend = here.fake.person("Ben", language_code="zh-hans")
    await friend.follow(bare.results[0]["reply_markup"]["inline_keyboard"][0][0]["url"])
    await _done(here)
    async with here.shop.database.begin() as session:
        ids = [await customer_of(session, channel="telegram", account=str(each.id)) for each in (friend, anna)]
        brought = (await session.scalars(select(CustomerEvent).where(CustomerEvent.kind == BROUGHT))).one()
        assert [brought.customer_id, brought.facts["by"]] == ids
    await _given(here, "group-buy 一起喝咖啡: MUG-GRN 59.00 for 2, within 2 hours")
    now = (await anna.ask_inline(here.bot, "")).titles
    assert (len(now), len(set(now))) == (6, 6), "the mug that sells well stands there once, as a group-buy"

    # once in words, so that address and way to pay are known
    await _says(here, private, "买一个紫砂壶", "第一个", "结账", AT_HOME.format(name="林小雨", number=0))
    await _taps(here, private, "货到付款")
    await _taps(here, private, "确认下单")
    assert len(await _orders(here)) == 1

    link = next(one for one in stranger.results if "铁观音" in one["title"])["reply_markup"]["inline_keyboard"][0][0]
    page = await anna.follow(link["url"])
    await _done(here)
    taps = len(here.fake.called("answerCallbackQuery"))
    await _taps(here, page, page.last.buttons[0])
    await _taps(here, page, "去结账")
    await _taps(here, page, "确认下单")
    assert len(here.fake.called("answerCallbackQuery")) - taps == 3
    assert [order.status for order in await _orders(here)] == [OrderStatus.PLACED] * 2


async def test_an_invoice_is_paid_once_says_why_not_and_gives_back_what_was_paid_twice(here: TelegramShop) -> None:
    anna = here.fake.person("Anna", language_code="en")
    chat = anna.open(here.bot)
    home = "Anna Lin, 13800138000, 90 Wensan Road, Hangzhou, Zhejiang"
    await _says(here, chat, "a teapot please", "the first one")
    await _taps(here, chat, "Purple-brown clay / 150 ml")
    await _says(here, chat, "check out", home)
    await _taps(here, chat, "Pay here in Telegram")
    await _taps(here, chat, "Place the order")
    invoice = chat.answers[-1].invoice
    assert invoice is not None
    assert (invoice["description"], invoice["start_parameter"]) == (
        "Yixing Clay Teapot, Xishi (Purple-brown clay / 150 ml)",
        "pay",
    )

    # Telegram asks what sending costs only where we let it; the answer is what was agreed on
    payload = here.fake.called("sendInvoice")[-1].params["payload"]
    to = {"country_code": "CN", "state": "", "city": "", "street_line1": "", "street_line2": "", "post_code": ""}
    asked = here.fake.ask("payment", here.bot)
    told = {"id": asked.id, "from": anna.account.user, "invoice_payload": payload, "shipping_address": to}
    here.bot.updates.push("shipping_query", told, anna.id)
    answer = await here.fake.until(lambda: asked.answer)
    assert [one["prices"] for one in answer.json("shipping_options")] == [[{"label": "By parcel", "amount": 0}]]

    # who asks while the order is locked is answered in time all the same
    asked = here.fake.ask("payment", here.bot)
    async with here.shop.database.begin() as session:
        await session.execute(text("SELECT FROM orders FOR UPDATE"))
        question = PaymentAsked(1, asked.id, User(anna.id, "en"), payload, "CNY", 26_800)
        await answer_checkout(here.shop, question, within=0.2)
    assert (await here.fake.until(lambda: asked.answer)).text("error_message").endswith("try again in a minute.")

    one, two = [await chat.pay(later=True) for _ in range(2)]
    assert (one.is_paid, two.is_paid) == (True, True)
    one.finish()
    await _done(here)
    assert chat.answers[-1].text.startswith("Your payment of CN¥268.00 for order")
    two.finish()
    await _done(here)
    assert chat.answers[-1].text.startswith("You have paid order ")
    third = await chat.pay()
    assert third.error.startswith("Order ")
    assert "is paid already" in third.error
    async with here.shop.database.begin() as session:
        assert len((await session.scalars(select(Payment))).all()) == 2
        refund = (await session.scalars(select(Refund))).one()
    (order,) = await _orders(here)
    assert order.status is OrderStatus.PLACED
    assert (refund.reason, refund.provider, refund.amount) == ("overpaid", "telegram", order.total_amount)

    # an old invoice is not paid any more
    await _taps(here, chat, "Cinnabar red clay / 150 ml")
    await _says(here, chat, "check out")
    await _taps(here, chat, "Place the order")
    async with here.shop.database.begin() as session:
        intent = (await session.scalars(select(Intent.id).order_by(Intent.id.desc()))).first()
    elsewhere = await here.scratch.client.get(f"/pay/{pay_token(here.shop.vault, intent or 0)}")
    assert elsewhere.headers["location"] in here.fake.invoice_links
    here.scratch.clock.move(timedelta(minutes=16))
    assert (await chat.pay()).error.startswith("This order is not to be paid any more.")
    said = await _says(here, chat, "/paysupport")
    assert "give money back" in said[-1].text
    assert said[-1].buttons == ["My orders", "My refunds", "Talk to a person"]
    said = await _says(here, chat, "/terms")
    assert said[-1].text.endswith("we answer, not Telegram.\nOur terms: https://shop.test/terms")
    await _taps(here, chat, "What can I send back?")


async def test_digital_goods_are_paid_in_stars_and_nothing_else_is_and_stars_go_back_whole(here: TelegramShop) -> None:
    async with here.shop.database.begin() as session:
        await session.execute(text("UPDATE product SET is_digital = true"))
    anna = here.fake.person("Anna", language_code="en")
    chat = anna.open(here.bot)
    page = await _says(here, chat, "a teapot please", "the first one")
    assert any("digital: you get it here in the chat" in seen.text for seen in page)
    assert "Nothing of it is sent" in (await _says(here, chat, "how long does delivery take"))[0].text
    await _taps(here, chat, "Purple-brown clay / 150 ml")
    shown = await _says(here, chat, "check out")  # and with no address, and one way to pay, nothing is asked for
    assert "Payment: Telegram Stars" in shown[-1].text
    invoice = (await _taps(here, chat, "Place the order"))[-1].invoice
    assert invoice is not None
    assert (invoice["currency"], invoice["total_amount"]) == ("XTR", 2680)
    assert here.fake.called("sendInvoice")[-1].params.get("provider_token", "") == ""
    one, two = [await chat.pay(later=True) for _ in range(2)]
    for payment in (one, two):
        payment.finish()
        await _done(here)
    (order,) = await _orders(here)
    assert (order.status, order.total_amount) == (OrderStatus.PLACED, 26_800)
    (refunded,) = here.fake.called("refundStarPayment")
    assert (refunded.params["user_id"], refunded.error) == (anna.id, "")
    async with here.shop.database.begin() as session:
        refund = (await session.scalars(select(Refund))).one()
        assert (refund.state, refund.amount) == (RefundState.SUCCEEDED, 26_800)
        await refund_amount(
            session, order_id=order.id, amount=800, reason="gift", key="refund:gift:1", now=here.shop.now()
        )
        part = (await session.scalars(select(Refund).where(Refund.reason == "gift"))).one()
        assert (part.provider, part.state) == ("credit", RefundState.SUCCEEDED)
        await session.execute(text("UPDATE product SET is_digital = false"))
    await _taps(here, chat, "Cinnabar red clay / 150 ml")
    home = "Anna Lin, 13800138000, 90 Wensan Road, Hangzhou, Zhejiang"
    ways = await _says(here, chat, "check out", home, "pay with stars")
    assert not any("Stars" in button for seen in ways for button in seen.buttons)
