"""Replies survive being stored, and every kind says its sense as plain text."""

import pytest

from bot.buttons import LARGEST_TOKEN, Answer, Wish, answer_token, fingerprint, read_token, wish_token
from bot.replies import (
    KINDS,
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
    from_json,
    plain,
    to_json,
)
from foundation.encryption import Vault

MORE = Button("More", "t3")
MUG = Card("Mug", "Blue, 300 ml", 4, "¥50.00", (Button("Details", "t1"), Button("Add to cart", "t2")))
LINES = (Line("Mug", "Blue", 2, "¥50.00", "¥100.00", 4), Line("Tea", "", 1, "¥18.00", "¥18.00"))
TOTAL = Row("Total", "¥118.00")
EXAMPLES: list[tuple[Reply, str]] = [
    (Text("Hello"), "Hello"),
    (MUG, "Mug  ¥50.00\nBlue, 300 ml\n1. Details\n2. Add to cart"),
    (Cards("Two mugs", (MUG, Card("Cup")), (MORE,)), "Two mugs\n1. Mug  ¥50.00\n   Blue, 300 ml\n2. Cup\n[More]"),
    (Choice("Which?", (Button("Red", "r"), Button("Blue", "b"))), "Which?\n1. Red\n2. Blue"),
    (
        Comparison(
            "Side by side",
            (MUG, Card("Cup")),
            (Compared("Made of", ("clay", "—"), True), Compared("Colour", ("a", "a"))),
            (MORE,),
        ),
        "Side by side\n1. Mug  ¥50.00\n2. Cup\nMade of: clay | —\nColour: a | a\n[More]",
    ),
    (
        Cart("Your cart", LINES, TOTAL, (Button("Check out", "c"),)),
        "Your cart\n- Mug  (Blue)  x2  ¥100.00\n- Tea  x1  ¥18.00\nTotal: ¥118.00\n1. Check out",
    ),
    (
        Receipt("Order X7K2-94QD", LINES[1:], (Row("Ship to", "A. L., Leeds"),), TOTAL),
        "Order X7K2-94QD\n- Tea  x1  ¥18.00\nShip to: A. L., Leeds\nTotal: ¥118.00",
    ),
    (OrderStatus("X7K2-94QD", "on its way", (Row("Parcel", "SF1"),)), "X7K2-94QD  on its way\nParcel: SF1"),
    (
        PayLink("Please pay", "Pay now", "https://shop/pay/x", "¥118.00"),
        "Please pay  ¥118.00\nPay now: https://shop/pay/x",
    ),
    (Media(4, "Your mug"), "Your mug"),
]


@pytest.mark.parametrize(("reply", "text"), EXAMPLES, ids=[type(reply).__name__ for reply, _ in EXAMPLES])
def test_a_reply_is_the_same_after_it_was_stored_and_has_a_plain_text(reply: Reply, text: str) -> None:
    assert from_json(to_json(reply)) == reply
    assert plain(reply) == text
    assert to_json(reply)["plain"] == text


def test_every_kind_has_an_example() -> None:
    assert {type(reply) for reply, _ in EXAMPLES} == set(KINDS.values())


@pytest.mark.parametrize(
    "body", [{"kind": "hologram", "plain": "A mug"}, {"plain": "A mug"}, {"kind": "card", "plain": "A mug"}]
)
def test_a_kind_that_is_not_known_or_is_broken_becomes_its_plain_text(body: dict[str, object]) -> None:
    assert from_json(body) == Text("A mug")


def test_a_page_of_a_product_says_its_facts_and_keeps_all_its_pictures() -> None:
    page = Card("Mug", "Blue", 4, "¥50.00", pictures=(4, 7), rows=(Row("Made of", "clay"),))
    assert from_json(to_json(page)) == page
    assert plain(page) == "Mug  ¥50.00\nBlue\nMade of: clay"


def test_a_field_that_this_version_does_not_know_is_left_out() -> None:
    assert from_json({"kind": "text", "text": "Hello", "tone": "warm", "plain": "Hello"}) == Text("Hello")


def test_a_wish_keeps_its_skill_and_arguments() -> None:
    vault = Vault.fresh()
    token = wish_token(vault, customer_id=2**40, skill="add_to_cart", args={"variant": 12345})
    assert len(token) <= LARGEST_TOKEN
    assert read_token(vault, token) == Wish(2**40, "add_to_cart", {"variant": "12345"})


def test_an_answer_keeps_its_question_and_option() -> None:
    vault, mark = Vault.fresh(), fingerprint("frame", "slot")
    token = answer_token(vault, customer_id=2**62, mark=mark, key="一个很长很长的选项" * 9)
    assert len(token) <= LARGEST_TOKEN
    assert read_token(vault, token) == Answer(2**62, mark, fingerprint("一个很长很长的选项" * 9))


def test_a_button_of_another_installation_is_not_ours() -> None:
    token = wish_token(Vault.fresh(), customer_id=1, skill="checkout", args={})
    assert read_token(Vault.fresh(), token) is None


@pytest.mark.parametrize("args", [{"text": "a long sentence that no button can hold"}, {"q": "a=b"}, {"q": "a&b"}])
def test_a_wish_that_does_not_fit_is_our_own_mistake(args: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"button|wish"):
        wish_token(Vault.fresh(), customer_id=1, skill="search_products", args=args)
