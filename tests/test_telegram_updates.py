"""What updates of Telegram mean, what links say, and what commands are: without a network or a database."""

from collections.abc import Callable

import pytest

from bot.channels.telegram import Telegram
from bot.skills.in_groups import IN_GROUPS, PUBLIC, between_us
from bot.skills.table import SKILLS
from bot.telegram.budget import Budget
from bot.telegram.commands import MENU, commanded, menus
from bot.telegram.links import (
    Lead,
    Payload,
    carried_payload,
    chat_payload,
    deep_link,
    group_payload,
    product_payload,
    read_payload,
    referral_payload,
)
from bot.telegram.people import first_language
from bot.telegram.reading import KINDS, value_of
from bot.telegram.values import (
    Chat,
    InlineAsked,
    InlineChosen,
    Membership,
    Migrated,
    Paid,
    PaymentAsked,
    Photo,
    Pressed,
    Said,
    Shared,
    ShippingAsked,
    Started,
    User,
)
from commerce.customers.nearby import near
from foundation.encryption import Vault
from foundation.errors import Json

BOT = 123456
ANNA_IS = {"id": 7, "is_bot": False, "first_name": "Anna", "last_name": "Li", "language_code": "zh-Hans"}
ANNA = User(7, "zh-hans")
HERE, THERE = {"id": 7, "type": "private"}, {"id": -100500, "type": "supergroup", "title": "Friends"}
ALONE, GROUP = Chat(7, "private"), Chat(-100500, "supergroup")


def message(chat: dict[str, Json] = HERE, **content: Json) -> dict[str, Json]:
    return {"message_id": 11, "date": 0, "chat": chat, "from": ANNA_IS, **content}


def heard(**update: Json) -> object:
    return value_of({"update_id": 5, **update}, bot_id=BOT)


def test_words_are_said_and_start_leads_somewhere() -> None:
    assert heard(message=message(text="绿茶")) == Said(5, ALONE, ANNA, 11, text="绿茶")
    assert heard(message=message(text="/start")) == Started(5, ALONE, ANNA, 11)
    assert heard(message=message(text="/start abc-_9")) == Started(5, ALONE, ANNA, 11, "abc-_9")
    in_group = heard(message=message(THERE, text="/start abc"))
    assert in_group == Said(5, GROUP, ANNA, 11, text="/start abc"), "a group is no place to arrive at"


def test_a_forwarded_start_arrives_nowhere() -> None:
    """Else somebody could be made to join their account to another's by forwarding a message."""
    forwarded = message(text="/start abc", forward_origin={"type": "hidden_user", "sender_user_name": "x", "date": 1})
    assert heard(message=forwarded) == Said(5, ALONE, ANNA, 11, text="/start abc")


def test_of_a_photo_the_largest_size_counts() -> None:
    sizes = [
        {"file_id": "s", "file_unique_id": "s", "width": 90, "height": 60},
        {"file_id": "L", "file_unique_id": "L", "width": 1280, "height": 853, "file_size": 99},
    ]
    one = heard(message=message(photo=sizes, caption="broken", media_group_id="77"))
    assert one == Said(5, ALONE, ANNA, 11, text="broken", photo=Photo("L", 99), album="77")


@pytest.mark.parametrize(
    ("mime", "is_photo"),
    [
        *(("image/jpeg", True), ("image/png", True), ("image/webp", True)),
        *(("image/gif", False), ("image/heic", False), ("application/pdf", False), (None, False)),
    ],
)
def test_a_picture_that_comes_as_a_file_is_a_photo(mime: str | None, is_photo: bool) -> None:
    file = {"file_id": "F", "file_unique_id": "F", "file_size": 99, "mime_type": mime}
    photo = Photo("F", 99) if is_photo else None
    said = heard(message=message(document=file, caption="broken"))
    assert said == Said(5, ALONE, ANNA, 11, text="broken", photo=photo, other="document")


@pytest.mark.parametrize(
    "kind", ["sticker", "voice", "audio", "video", "video_note", "animation", "document", "poll", "dice"]
)
def test_what_cannot_be_read_is_named(kind: str) -> None:
    assert heard(message=message(**{kind: {"file_id": "x"}})) == Said(5, ALONE, ANNA, 11, other=kind)


@pytest.mark.parametrize(
    "update",
    [
        {},
        {"something_new": {"id": 1}},
        {"channel_post": message(text="news")},
        {"edited_channel_post": message(text="news")},
        {"message_reaction": {"chat": HERE}},
        {"message": message(new_chat_members=[ANNA_IS])},
        {"message": message(pinned_message={})},
        {"message": message(THERE | {"type": "channel"}, text="news")},
        {"message": {**message(text="hi"), "from": {"id": 9, "is_bot": True, "first_name": "other bot"}}},
        {"message": {key: value for key, value in message(text="hi").items() if key != "from"}},
        {"edited_message": message(location={"latitude": 1, "longitude": 2})},
        {"callback_query": {"id": "q", "from": ANNA_IS, "chat_instance": "1", "game_short_name": "g"}},
    ],
)
def test_what_is_not_for_us_is_nothing(update: dict[str, Json]) -> None:
    assert heard(**update) is None


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_update_is_nothing_and_stops_nobody(kind: str) -> None:
    telegram = Telegram("1:a", url="http://telegram.test", budget=Budget(None, "1"))
    broken: tuple[Json, ...] = (None, 1, "x", [], {}, {"from": "Anna", "chat": HERE, "message_id": 1})
    for junk in broken:
        assert telegram.read({"update_id": 5, kind: junk}) is None


def test_a_press_knows_its_message_and_label() -> None:
    keyboard = {
        "inline_keyboard": [[{"text": "Yes", "callback_data": "tok"}, {"text": "No", "callback_data": "other"}]]
    }
    query = {"id": "q1", "from": ANNA_IS, "chat_instance": "1", "data": "tok"}
    on_ours = {"message": {"message_id": 4, "date": 1, "chat": HERE, "reply_markup": keyboard}}
    assert heard(callback_query=query | on_ours) == Pressed(5, "q1", ANNA, "tok", ALONE, 4, "", "Yes")
    too_old = {"message": {"message_id": 4, "date": 0, "chat": THERE}}
    assert heard(callback_query=query | too_old) == Pressed(5, "q1", ANNA, "tok", GROUP, 4)
    shared = heard(callback_query=query | {"inline_message_id": "in-9"})
    assert shared == Pressed(5, "q1", ANNA, "tok", None, None, "in-9")


def test_contacts_and_places() -> None:
    contact = {"phone_number": "8613800138000", "first_name": "Anna", "user_id": 7}
    assert heard(message=message(contact=contact)) == Shared(5, ALONE, ANNA, 11, "8613800138000", "Anna", owner_id=7)
    place = {"latitude": 30.2, "longitude": 120.1}
    assert heard(message=message(location=place)) == Shared(5, ALONE, ANNA, 11, latitude=30.2, longitude=120.1)


def test_everything_written_knows_when() -> None:
    place, contact = {"latitude": 30.2, "longitude": 120.1}, {"phone_number": "86", "first_name": "Anna"}
    for said in ({"text": "绿茶"}, {"text": "/start"}, {"location": place}, {"contact": contact}):
        value = heard(message=message(**said, date=60))
        assert isinstance(value, Said | Started | Shared)
        assert value.sent_at == 60
    changed = heard(edited_message=message(text="two", date=60, edit_date=90))
    assert changed == Said(5, ALONE, ANNA, 11, "two", edited=True, sent_at=90)


def test_replies_to_us_cards_of_ours_and_topics() -> None:
    ours, via = {"message_id": 3, "from": {"id": BOT, "is_bot": True}}, {"id": BOT, "is_bot": True}
    assert heard(message=message(THERE, text="2", reply_to_message=ours)) == Said(5, GROUP, ANNA, 11, "2", to_us=True)
    assert heard(message=message(text="card", via_bot=via)) == Said(5, ALONE, ANNA, 11, "card", via_us=True)
    in_topic = heard(message=message(THERE, text="hi", message_thread_id=33, is_topic_message=True))
    assert in_topic == Said(5, Chat(-100500, "supergroup", 33), ANNA, 11, "hi")
    assert heard(edited_message=message(text="two")) == Said(5, ALONE, ANNA, 11, "two", edited=True)


@pytest.mark.parametrize(
    ("chat", "old", "new", "change"),
    [
        (HERE, "member", "kicked", "blocked"),
        (HERE, "kicked", "member", "unblocked"),
        (THERE, "left", "member", "added"),
        (THERE, "administrator", "left", "removed"),
    ],
)
def test_what_becomes_of_the_bot(chat: dict[str, Json], old: str, new: str, change: str) -> None:
    def changed(old: str, new: str) -> object:
        members = {"old_chat_member": {"status": old}, "new_chat_member": {"status": new}}
        return heard(my_chat_member={"chat": chat, "from": ANNA_IS, "date": 1, **members})

    found = changed(old, new)
    assert isinstance(found, Membership)
    assert found.change == change
    assert changed("member", "administrator") is None


def test_a_group_moves() -> None:
    assert heard(message=message(THERE | {"id": -5}, migrate_to_chat_id=-100500)) == Migrated(5, -5, -100500)
    assert heard(message=message(THERE, migrate_from_chat_id=-5)) == Migrated(5, -5, -100500)


def test_questions_of_inline_mode_and_of_payments() -> None:
    assert heard(inline_query={"id": "i", "from": ANNA_IS, "query": "茶", "offset": "", "chat_type": "group"}) == (
        InlineAsked(5, "i", ANNA, "茶")
    )
    chosen = {"result_id": "r", "from": ANNA_IS, "query": "茶", "inline_message_id": "in"}
    assert heard(chosen_inline_result=chosen) == InlineChosen(5, ANNA, "r", "in")
    address = {
        "country_code": "CN",
        "state": "浙江",
        "city": "杭州",
        "street_line1": "文三路 1",
        "street_line2": "",
        "post_code": "310000",
    }
    asked = {"id": "s", "from": ANNA_IS, "invoice_payload": "A1", "shipping_address": address}
    assert heard(shipping_query=asked) == ShippingAsked(5, "s", ANNA, "A1")
    checkout = {"id": "p", "from": ANNA_IS, "currency": "CNY", "total_amount": 5900, "invoice_payload": "A1"}
    assert heard(pre_checkout_query=checkout) == PaymentAsked(5, "p", ANNA, "A1", "CNY", 5900)
    paid = {
        "currency": "CNY",
        "total_amount": 5900,
        "invoice_payload": "A1",
        "telegram_payment_charge_id": "t1",
        "provider_payment_charge_id": "p1",
    }
    assert heard(message=message(successful_payment=paid)) == Paid(5, ALONE, ANNA, 11, "A1", "CNY", 5900, "t1", "p1")


def test_every_kind_we_ask_for_is_read() -> None:
    assert set(KINDS) == {
        *("message", "edited_message", "callback_query", "inline_query", "chosen_inline_result"),
        *("shipping_query", "pre_checkout_query", "my_chat_member"),
    }


@pytest.mark.parametrize(
    ("code", "language"), [("zh", "zh"), ("zh-hans", "zh"), ("zh-TW", "zh"), ("en", "en"), ("de", "en"), ("", "zh")]
)
def test_the_app_says_the_first_language(code: str, language: str) -> None:
    assert first_language(User(1, code.lower()), default="zh") == language


BIG = 2**62
LINKS: dict[Lead, Callable[[Vault, int, int], str]] = {
    Lead.PRODUCT: lambda vault, one, two: product_payload(vault, product_id=one, sharer_id=two),
    Lead.CARRIED: lambda vault, one, two: carried_payload(vault, conversation_id=one, seq=two),
    Lead.CHAT: lambda vault, one, two: chat_payload(vault, customer_id=one, made_at=two),
    Lead.GROUP: lambda vault, one, two: group_payload(vault, group_id=one, inviter_id=two),
    Lead.REFERRAL: lambda vault, one, _two: referral_payload(vault, customer_id=one),
}


@pytest.mark.parametrize("lead", list(Lead))
def test_a_link_says_what_it_was_made_of_and_shows_nothing_of_it(vault: Vault, lead: Lead) -> None:
    for one, two in ((1, 0), (2, 3), (BIG, BIG)):
        payload = LINKS[lead](vault, one, two)
        assert len(payload) <= 64
        assert payload.replace("-", "").replace("_", "").isalnum()
        assert read_payload(vault, payload) == Payload(lead, one, 0 if lead is Lead.REFERRAL else two)
    near_ids = [LINKS[lead](vault, number, 7) for number in (1, 2)]
    assert sum(a != b for a, b in zip(*near_ids, strict=True)) > 15, "numbers that are close look nothing alike"


def test_nobody_makes_up_a_link(vault: Vault) -> None:
    payload = product_payload(vault, product_id=1)
    swapped = ("B" if payload[-5] == "A" else "A").join((payload[:-5], payload[-4:]))
    stranger = Vault({1: b"x" * 32}, b"y" * 32)
    made_up = (
        swapped,
        payload[:-1],
        payload + "A",
        "",
        "A" * 39,
        "é",
        "=" * 40,
        product_payload(stranger, product_id=1),
    )
    assert [read_payload(vault, one) for one in made_up] == [None] * len(made_up)
    assert deep_link("tea_bot") == "https://t.me/tea_bot"
    assert deep_link("tea_bot", "abc") == "https://t.me/tea_bot?start=abc"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("/cart", ("show_cart", "")),
        ("/CART@Tea_Bot ", ("show_cart", "")),
        ("/search  green tea\nplease", ("search_products", "green tea\nplease")),
        ("/search", ("browse_categories", "")),
        ("/start", ("greet", "")),
        ("/cart@another_bot", None),
        ("/nonsense", None),
        ("cart", None),
        ("/", None),
        ("see /cart", None),
    ],
)
def test_commands(text: str, meant: tuple[str, str] | None) -> None:
    assert commanded(text, "tea_bot") == meant


def test_the_menu_fits_telegram_in_both_languages() -> None:
    told = menus()
    assert set(told) == {"", "zh"}
    for menu in told.values():
        assert [name for name, _ in menu] == list(MENU)
        assert all(name.islower() and 1 <= len(name) <= 32 and 1 <= len(words) <= 256 for name, words in menu)
    assert dict(told["zh"])["cart"] == "我的购物车"
    assert {skill for skill, _ in MENU.values()} <= set(SKILLS)


def test_in_a_group_only_what_is_public_runs() -> None:
    assert set(SKILLS) >= PUBLIC
    for intent in ("show_cart", "checkout", "order_status", "show_account", "return_items", "ask_human", "arrive"):
        assert IN_GROUPS[intent].run is between_us
    for intent in ("search_products", "show_product", "show_group_buys", "open_group", "help"):
        assert IN_GROUPS[intent] is SKILLS[intent]


@pytest.mark.parametrize(
    ("latitude", "longitude", "place"),
    [
        (30.25, 120.16, "浙江省杭州市"),
        (31.20, 121.50, "上海市"),
        (22.55, 114.08, "广东省深圳市"),
        (39.99, 116.48, "北京市"),
        (52.52, 13.40, ""),
        (35.0, 88.0, ""),
        (0.0, 0.0, ""),
    ],
)
def test_a_place_on_the_map_is_near_a_city_or_none(latitude: float, longitude: float, place: str) -> None:
    assert near(latitude, longitude) == place
