"""The dialogue alone, without nlu and database: every rule by which a flow may ask, act and say."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.buttons import Wish, read_token, wish_token
from bot.flow import Flow, Turn
from bot.questions import YesNo
from bot.refusals import SENTENCES, ways_on
from bot.replies import Choice
from bot.skills.table import SKILLS
from bot.words import Heard
from foundation.errors import Refused
from tests.flow_shop import Chat, Counter, said

RETURN = said("I want to return something", "file_return")
ORDER = said("order", "order")


@pytest.fixture
def chat() -> Chat:
    return Chat()


async def test_a_straight_road_says_each_line_once(chat: Chat) -> None:
    assert await chat.hears(RETURN) == ["Sorry to hear that.", "Which order?"]
    assert await chat.hears("1") == ["Which item of A1?"]
    assert await chat.hears("tea") == ["What is wrong?"]
    assert await chat.hears("wrong") == ["Return tea of A1, 300 back?"]
    assert await chat.hears("yes") == ["Filed."]
    assert chat.shop.effects == ["return A1 tea 300"]
    assert chat.stack == []


async def test_a_no_does_nothing(chat: Chat) -> None:
    await chat.hears(RETURN, "A1", "tea", "wrong")
    assert await chat.hears("不要") == ["Nothing was filed."]
    assert chat.shop.effects == []


async def test_several_slots_are_filled_from_one_message(chat: Chat) -> None:
    wish = said("return the mug from A1, it is broken", "file_return", order="A1", item="mug", reason="broken")
    assert await chat.hears(wish) == ["Sorry to hear that.", "A photo helps."]
    assert await chat.hears("here it is") == ["Return mug of A1, 500 back?"]


async def test_words_are_used_once(chat: Chat) -> None:
    chat.shop.orders["mug"] = ["mug", "tea"]
    assert await chat.hears(said("return order mug", "file_return", order="mug")) == [
        "Sorry to hear that.",
        "Which item of mug?",
    ]


async def test_words_for_one_question_are_not_read_by_the_next(chat: Chat) -> None:
    await chat.hears(said("tea please", "order", item="tea"))
    assert await chat.hears(said("3", quantity=3)) == ["Noted.", "Another item?"]
    await chat.hears("yes")
    assert await chat.hears(said("mug, 2", item="mug", quantity=2)) == ["Noted.", "Another item?"]


async def test_a_correction_keeps_what_still_holds_and_asks_what_does_not(chat: Chat) -> None:
    await chat.hears(RETURN, "A1", "tea", "wrong")
    assert await chat.hears(said("no, A2", correction=True, order="A2")) == ["Which item of A2?"]
    assert await chat.hears("mug") == ["Return mug of A2, 500 back?"]
    await chat.hears("yes")
    assert chat.shop.effects == ["return A2 mug 500"]


async def test_a_correction_without_its_word_is_tried_before_giving_up(chat: Chat) -> None:
    await chat.hears(RETURN, "A1", "mug")
    assert await chat.hears(said("I mean A2", order="A2")) == ["What is wrong?"]
    assert await chat.hears("wrong") == ["Return mug of A2, 500 back?"]


async def test_a_correction_at_the_confirmation_is_not_taken_for_a_no(chat: Chat) -> None:
    await chat.hears(said("tea, 2", "order", item="tea", quantity=2), "no", "x", "y")
    assert await chat.hears(said("不对，改成三个", "deny", correction=True, quantity=3)) == [
        "Order [('tea', 3)] to y, x for 900?"
    ]


async def test_another_wish_may_be_a_correction_of_the_flow_under_way(chat: Chat) -> None:
    assert await chat.hears(said("add two", "add", quantity=(2, "two"))) == ["Add what?"]
    assert await chat.hears(said("make it three", "track", quantity=(3, "three"))) == ["Add what?"]
    assert await chat.hears("tea") == ["3 tea added."]


async def test_one_that_corrects_nothing_is_the_other_wish(chat: Chat) -> None:
    await chat.hears(said("add two", "add", quantity=(2, "two")))
    assert await chat.hears(said("where is A1", "track", order="A1")) == [
        "A1 is on its way.",
        "Back to this: adding.",
        "Add what?",
    ]


async def test_a_yes_counts_only_for_what_was_shown(chat: Chat) -> None:
    await chat.hears(RETURN, "A1", "tea", "wrong")
    chat.shop.prices["tea"] = 100
    assert await chat.hears("yes") == ["This has changed meanwhile: you get 100 back", "Return tea of A1, 100 back?"]
    assert chat.shop.effects == []
    assert await chat.hears("yes") == ["Filed."]
    assert chat.shop.effects == ["return A1 tea 100"]


async def test_a_yes_is_never_filled_ahead_nor_stored(chat: Chat) -> None:
    assert await chat.hears(said("yes, order it", "order")) == ["What would you like?"]
    await chat.hears(said("mug 9", item="mug", quantity=9), "no", "x", "y", "138")
    await chat.hears("yes")
    assert "yes" not in json.dumps([frame["answers"] for frame in json.loads(chat.frames)])


async def test_an_old_yes_button_does_not_count_for_new_facts(chat: Chat) -> None:
    await chat.hears(RETURN, "A1", "tea", "wrong")
    old = chat.button("Yes")
    chat.shop.prices["tea"] = 100
    await chat.hears("yes")
    assert await chat.hears(Heard(kind="press", token=old.token)) == [
        "That question is settled already.",
        "Return tea of A1, 100 back?",
    ]
    assert chat.shop.effects == []


async def test_a_branch_that_is_gone_takes_no_answer_for_another(chat: Chat) -> None:
    await chat.hears(RETURN, "A1", "tea", "broken")
    chat.shop.photo_wanted = False
    assert await chat.hears("yes") == ["Return tea of A1, 300 back?"]
    assert chat.shop.effects == []
    assert await chat.hears("yes") == ["Filed."]


async def test_when_the_replay_misses_the_question_nothing_is_acted_on(chat: Chat) -> None:
    assert await chat.hears(said("add", "add")) == ["Add what?"]

    async def adds_at_once(turn: Turn) -> None:
        await chat.shop.made_list()
        turn.say("Done.")

    chat.flows["add"] = Flow(adds_at_once, "adding")
    assert await chat.hears("mug") == ["Something has changed since I asked you. Shall I go on?"]
    assert chat.shop.effects == []
    assert await chat.hears("yes") == ["Done."]
    assert chat.shop.effects == ["list made"]


async def test_a_single_option_is_taken_and_named_and_none_is_refused_with_a_next_step(chat: Chat) -> None:
    chat.shop.orders = {"A2": ["mug"]}
    assert await chat.hears(RETURN) == ["Sorry to hear that.", "A2", "mug", "What is wrong?"]
    chat.shop.orders = {}
    other = Chat(chat.shop)
    assert await other.hears(RETURN) == ["You have no order yet. Tell me what you are looking for, and I will find it."]
    assert read_token(other.vault, other.button("Look around").token) == Wish(7, "browse_categories", {})
    assert other.stack == []


async def test_a_loop_a_sub_flow_and_a_price_that_opens_a_question(chat: Chat) -> None:
    assert await chat.hears(said("2 mug", "order", item="mug", quantity=2)) == ["Noted.", "Another item?"]
    assert await chat.hears("yes") == ["What would you like?"]
    assert await chat.hears("tea") == ["How many tea?"]
    assert await chat.hears("1") == ["Noted.", "Another item?"]
    assert await chat.hears("no") == ["Which city?"]
    assert await chat.hears("杭州") == ["Which street in 杭州?"]
    assert await chat.hears("文三路 1") == ["Order [('mug', 2), ('tea', 1)] to 文三路 1, 杭州 for 1300?"]
    chat.shop.prices["mug"] = 2000
    assert await chat.hears("yes") == ["Large order: your phone, please."]
    assert await chat.hears("138") == ["Order [('mug', 2), ('tea', 1)] to 文三路 1, 杭州 for 4300?"]
    chat.shop.prices["mug"] = 500
    assert (await chat.hears("yes"))[-1] == "Order [('mug', 2), ('tea', 1)] to 文三路 1, 杭州 for 1300?"
    assert await chat.hears("yes") == ["Ordered.", "Thank you for your order."]
    assert chat.shop.effects[-1].endswith("1300")


async def test_a_loop_ends_at_twenty_rounds(chat: Chat) -> None:
    await chat.hears(said("tea", "order", item="tea", quantity=1))
    for _ in range(19):
        await chat.hears("yes", said("1 tea", item="tea", quantity=1))
    assert await chat.hears("yes") == ["That is more than I can keep apart: at most 20 at a time."]
    assert chat.stack == []


async def test_a_slot_asked_twice_in_one_run_is_an_error(chat: Chat) -> None:
    with pytest.raises(RuntimeError, match="asks 'one' twice"):
        await chat.hears(said("x", "twice"))


async def test_a_refused_act_is_undone_and_asks_that_slot_again(chat: Chat) -> None:
    await chat.hears(said("9 mug", "order", item="mug", quantity=9), "no", "x", "y", "138")
    assert await chat.hears("yes") == ["We have only 5 of mug left.", "How many mug?"]
    assert chat.shop.effects == []
    assert await chat.hears("3") == ["Order [('mug', 3)] to y, x for 1500?"]
    assert (await chat.hears("yes"))[0] == "Ordered."
    assert chat.shop.effects == ["reserve mug 3", "order [('mug', 3)] y, x 1500"]


def test_a_refusal_shows_the_next_steps_that_it_speaks_of() -> None:
    assert list(ways_on(Refused("group.full", group="A1", campaign=7))) == [
        ("Join another group", "join_group", {"campaign": "7"}),
        ("Start my own group", "start_group", {"campaign": "7"}),
    ]
    assert list(ways_on(Refused("order.shipped"))) == [("Ask a colleague", "ask_human", {})]
    assert [skill for _, skill, _ in ways_on(Refused("returns.none"))] == ["confirm_receipt", "ask_human"]
    assert {skill for code in SENTENCES for _, skill, _ in ways_on(Refused(code))} <= SKILLS.keys()


async def test_a_refusal_without_a_slot_ends_the_flow_and_returns_to_the_one_below(chat: Chat) -> None:
    await chat.hears(RETURN)
    assert await chat.hears(said("?", "closed")) == [
        "Your cart is empty. Tell me what you are looking for, and I will find it.",
        "Back to this: your return.",
        "Which order?",
    ]
    assert chat.shop.effects == []


async def test_a_digression_two_deep_returns_step_by_step(chat: Chat) -> None:
    await chat.hears(RETURN, "A1")
    track = said("where is A2", "track", order="A2")
    back = ["Back to this: your return.", "Which item of A1?"]
    assert await chat.hears(track) == ["A2 is on its way.", *back]
    assert await chat.hears(said("where", "track")) == ["Track which order?"]
    assert await chat.hears(ORDER) == ["What would you like?"]
    assert chat.stack == ["file_return", "track", "order"]
    assert await chat.hears(said("never mind", "stop")) == [
        "All right, I have left this: your order.",
        "Back to this: tracking.",
        "Track which order?",
    ]
    assert await chat.hears("A1") == ["A1 is on its way.", *back]
    assert await chat.hears("mug") == ["What is wrong?"]


async def test_a_question_in_passing_is_let_go_when_the_shopper_turns_to_something_else(chat: Chat) -> None:
    await chat.hears(RETURN, "A1")
    assert await chat.hears(said("how much?", "price")) == ["The price of what?"]
    back = ["Back to this: your return.", "Which item of A1?"]
    assert await chat.hears(said("where is A2", "track", order="A2")) == ["A2 is on its way.", *back]
    await chat.hears(said("how much?", "price"))
    assert await chat.hears("tea") == ["tea: 300.", *back]
    assert chat.stack == ["file_return"]


async def test_who_leaves_a_question_for_the_third_time_is_not_asked_again(chat: Chat) -> None:
    await chat.hears(RETURN)
    track = said("where is A2", "track", order="A2")
    await chat.hears(track)
    assert (await chat.hears(track))[-1] == "Which order?"
    assert await chat.hears(track) == ["All right, I have left this: your return.", "A2 is on its way."]
    assert chat.stack == []


async def test_the_same_wish_for_something_else_starts_it_anew(chat: Chat) -> None:
    await chat.hears(said("2 tea", "order", item="tea", quantity=2))
    assert await chat.hears(said("3 mug", "order", item="mug", quantity=3)) == ["Noted.", "Another item?"]
    await chat.hears("no", "x", "y", "yes")
    assert chat.shop.effects[-1] == "order [('mug', 3)] y, x 1500"


async def test_the_same_wish_said_again_only_repeats_the_question(chat: Chat) -> None:
    await chat.hears(RETURN)
    for _ in range(3):
        assert await chat.hears(RETURN) == ["Which order?"]


@pytest.mark.parametrize("text", ["not A1", "不要A1", "is it A1?"])
async def test_naming_an_option_to_deny_or_to_ask_does_not_choose_it(chat: Chat, text: str) -> None:
    await chat.hears(RETURN)
    assert (await chat.hears(said(text, "add")))[-1] == "Add what?"


async def test_a_line_of_a_run_that_could_not_read_the_message_is_still_said(chat: Chat) -> None:
    stock = ["five", "four"]

    async def pick(turn: Turn) -> None:
        turn.say(f"There are {stock[0]} left.")
        await turn.ask("sure", YesNo("Sure?", yes="Yes", no="No"))

    chat.flows["pick"] = Flow(pick, "picking")
    assert await chat.hears(said("pick", "pick")) == ["There are five left.", "Sure?"]
    stock.pop(0)
    assert (await chat.hears("hm"))[0] == "There are four left."


async def test_an_unsure_cancel_is_no_cancel(chat: Chat) -> None:
    await chat.hears(ORDER, "tea", "1", "no")
    assert await chat.hears(said("Stop Street 5", "stop", sure=0.4)) == ["Which street in Stop Street 5?"]


async def test_an_unsure_wish_does_not_interrupt(chat: Chat) -> None:
    await chat.hears(ORDER, "tea", "1", "no")
    assert await chat.hears(said("track street 5", "track", sure=0.4)) == ["Which street in track street 5?"]


async def test_unclear_once_asks_again_and_twice_offers_a_person(chat: Chat) -> None:
    await chat.hears(RETURN)
    assert await chat.hears("hm") == [
        "Sorry, I did not get that. You can also say “cancel” or “back”.",
        "Which order?",
    ]
    assert await chat.hears("hm") == ["Shall I get a colleague?"]
    assert await chat.hears("A1") == ["Which item of A1?"]
    await chat.hears("hm", "hm")
    assert await chat.hears("好的") == ["A colleague is coming."]
    assert chat.last is not None
    assert chat.last.handover is not None
    assert chat.last.handover.known == {"wants": "a person", "at_work": ["file_return"]}
    assert chat.stack == []


async def test_a_declined_person_brings_the_question_back(chat: Chat) -> None:
    await chat.hears(RETURN, "hm", "hm")
    assert await chat.hears("no") == ["As you like.", "Back to this: your return.", "Which order?"]


async def test_back_drops_the_last_answer_and_starting_over_clears_all(chat: Chat) -> None:
    await chat.hears(RETURN, "A1")
    assert await chat.hears(said("back", "go_back")) == ["Which order?"]
    assert await chat.hears(said("back", "go_back")) == ["That was the first question.", "Which order?"]
    await chat.hears(ORDER)
    assert await chat.hears("重新开始") == ["All right, I have left this: your return, your order."]
    assert chat.stack == []


async def test_what_was_chosen_and_is_gone_is_asked_again_and_only_that(chat: Chat) -> None:
    await chat.hears(RETURN, "A1", "mug")
    del chat.shop.orders["A1"]
    chat.shop.orders["A3"] = ["mug", "tea"]
    assert await chat.hears("wrong") == ["What you chose is not available any more.", "Which order?"]
    assert await chat.hears("A3") == ["What is wrong?"]


async def test_a_number_means_the_list_that_was_seen(chat: Chat) -> None:
    await chat.hears(RETURN)
    chat.shop.orders = {"A0": ["tea", "cup"], **chat.shop.orders}
    assert await chat.hears("1") == ["Which item of A1?"]


async def test_a_number_whose_option_is_gone_is_asked_again(chat: Chat) -> None:
    await chat.hears(RETURN)
    del chat.shop.orders["A1"]
    chat.shop.orders["A3"] = ["tea"]
    assert await chat.hears("1") == ["What you chose is not available any more.", "Which order?"]


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("the second one", 2, "second"),
        ("第二个", 2, "第二个"),
        ("就第二个吧", 2, "第二个"),
        ("最后一个", -1, "最后一个"),
    ],
)
async def test_ordinals_choose_from_the_list(chat: Chat, text: str, place: int, words: str) -> None:
    await chat.hears(RETURN)
    assert await chat.hears(said(text, "track", ordinal=(place, words))) == ["Which item of A2?"]


async def test_a_question_about_the_second_one_is_no_answer(chat: Chat) -> None:
    await chat.hears(RETURN)
    asked = said("where is the second one?", "track", ordinal=(2, "second"))
    assert await chat.hears(asked) == ["Track which order?"]


async def test_a_button_answers_its_question(chat: Chat) -> None:
    await chat.hears(RETURN)
    assert await chat.presses("A2") == ["Which item of A2?"]


async def test_a_button_of_a_question_that_is_settled_tells_the_present_state(chat: Chat) -> None:
    await chat.hears(RETURN)
    old = chat.button("A1")
    await chat.presses("A2")
    assert await chat.hears(Heard(kind="press", token=old.token)) == [
        "That question is settled already.",
        "Which item of A2?",
    ]


async def test_a_button_of_the_question_below_ends_the_digression(chat: Chat) -> None:
    await chat.hears(RETURN)
    button = chat.button("A1")
    await chat.hears(said("where", "track"))
    assert await chat.hears(Heard(kind="press", token=button.token)) == ["Which item of A1?"]
    assert chat.stack == ["file_return"]


@pytest.mark.parametrize("token", ["", "x", "\N{SNOWMAN}", "AAAA", "a" * 300, "=" * 8, "../../etc", "'; DROP TABLE x"])
async def test_a_broken_button_is_answered_politely(chat: Chat, token: str) -> None:
    await chat.hears(RETURN)
    press = Heard(kind="press", token=token)
    assert await chat.hears(press) == [
        "This button is not one of yours. Tell me in words what you need.",
        "Which order?",
    ]


async def test_a_forged_or_foreign_button_does_nothing(chat: Chat) -> None:
    await chat.hears(RETURN)
    token = chat.button("A1").token
    sorry = "This button is not one of yours. Tell me in words what you need."
    flipped = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
    assert await chat.hears(Heard(kind="press", token=flipped)) == [sorry, "Which order?"]
    other = Chat(customer_id=8, vault=chat.vault)
    assert await other.hears(Heard(kind="press", token=token)) == [sorry]
    assert await other.hears(Heard(kind="press", token=wished(chat, customer_id=7))) == [sorry]
    assert other.shop.effects == []


def wished(chat: Chat, customer_id: int = 7, **args: str) -> str:
    return wish_token(chat.vault, customer_id=customer_id, skill="add", args=args)


async def test_a_wish_button_starts_on_top_whenever_it_is_pressed(chat: Chat) -> None:
    await chat.hears(RETURN)
    chat.now += timedelta(hours=3)
    assert await chat.hears(Heard(kind="press", token=wished(chat, item="tea"))) == [
        "1 tea added.",
        "Back to this: your return.",
        "Which order?",
    ]
    chat.now += timedelta(days=300)
    assert (await chat.hears(Heard(kind="press", token=wished(chat, item="mug"))))[-1] == "1 mug added."
    assert chat.shop.effects == ["add tea 1", "add mug 1"]


async def test_a_typed_number_or_label_presses_a_button_of_the_last_reply(chat: Chat) -> None:
    async def offers(turn: Turn) -> None:
        tea, mug = turn.wish("Add tea", "add", item="tea"), turn.wish("Mug", "add", item="mug")
        turn.say(Choice("Anything?", (tea, mug)))

    chat.flows["offer"] = Flow(offers, "offers")
    await chat.hears(said("what is there", "offer"))
    assert await chat.hears("2") == ["1 mug added."]
    await chat.hears(said("what is there", "offer"))
    assert await chat.hears("ADD TEA!") == ["1 tea added."]


async def test_several_messages_are_read_in_order_and_only_the_last_prompt_is_sent(chat: Chat) -> None:
    assert await chat.hears(RETURN, "A1", "tea") == ["Sorry to hear that.", "What is wrong?"]


async def test_after_the_shop_did_something_the_rest_waits_for_the_next_turn(chat: Chat) -> None:
    await chat.hears(said("2 tea", "order", item="tea", quantity=2), "no", "x", "y")
    answers = await chat.hears("yes", said("and a mug", "order", item="mug"), "9")
    assert answers == ["Ordered.", "Thank you for your order."]
    assert chat.last is not None
    assert [kind for kind, _ in chat.last.replies] == ["answer", "fact"]
    assert chat.last.read == 1


async def test_the_wishes_of_one_message_are_done_in_order(chat: Chat) -> None:
    parts = (said("track A1", "track", order="A1"), said("and return it", "file_return"))
    both = Heard("track A1 and return it", "track", 0.9, parts=parts)
    assert await chat.hears(both) == ["A1 is on its way.", "Sorry to hear that.", "Which order?"]


async def test_a_flow_deployed_anew_with_a_question_before_the_one_asked(chat: Chat) -> None:
    await chat.hears(RETURN)
    old = chat.flows["file_return"]

    async def with_one_more(turn: Turn) -> None:
        await turn.ask("first", YesNo("New question?", yes="Yes", no="No"))
        await old.run(turn)

    chat.flows["file_return"] = Flow(with_one_more, "your return")
    assert await chat.hears("A2") == ["New question?"]
    assert (await chat.hears("no"))[-1] == "Which order?"


async def test_another_version_starts_over_and_says_so_and_a_flow_that_is_gone_too(chat: Chat) -> None:
    await chat.hears(RETURN, "A1")
    chat.flows["file_return"] = replace(chat.flows["file_return"], version=2)
    assert await chat.hears("mug") == [
        "This works a little differently now, so let us start again: your return.",
        "Sorry to hear that.",
        "Which order?",
    ]
    del chat.flows["file_return"]
    assert await chat.hears("A2") == ["I cannot go on with this any more: what we were doing."]
    assert chat.stack == []


async def test_frames_written_by_another_time_are_dropped(chat: Chat) -> None:
    chat.frames = json.dumps([{"flow": "file_return", "form": 3}])
    assert await chat.hears("hello") == ["I can find things for you."]


async def test_an_effect_in_the_middle_happens_once_and_survives_the_pause(chat: Chat) -> None:
    assert await chat.hears(said("list", "list")) == ["I made a list.", "What shall I call it?"]
    assert (await chat.hears(said("where is A1", "track", order="A1")))[0] == "A1 is on its way."
    assert await chat.hears("tea things") == ["Saved."]
    assert chat.shop.effects == ["list made"]


async def test_after_a_day_of_silence_the_stack_is_put_away_and_the_shopper_told(chat: Chat) -> None:
    await chat.hears(RETURN, "A1")
    chat.now += timedelta(hours=23)
    assert await chat.hears("mug") == ["What is wrong?"]
    chat.now += timedelta(hours=25)
    assert await chat.hears("wrong") == [
        "It has been a while, so I have put this away: your return. Just ask for it again.",
        "I can find things for you.",
    ]
    assert chat.stack == []


async def test_at_most_five_frames_and_a_flow_once(chat: Chat) -> None:
    async def asks(turn: Turn) -> None:
        await turn.ask("x", YesNo(f"{turn.frame.flow}?", yes="Yes", no="No"))

    for name in "abcdef":
        chat.flows[name] = Flow(asks, name)
        answers = await chat.hears(said(name, name))
    assert answers == ["That is a lot at once; I have left this: a.", "f?"]
    assert chat.stack == list("bcdef")
    assert await chat.hears(said("c", "c")) == ["c?"]
    assert chat.stack == list("bc")


async def test_the_language_follows_the_shopper_but_an_address_does_not_change_it(chat: Chat) -> None:
    await chat.hears(said("来一份 tea", "order", language="zh", item="tea", quantity=(1, "一份")), "no")
    assert chat.language == "zh"
    await chat.hears(said("12 High Street", language="en"))
    assert chat.language == "zh"


async def test_one_latin_word_does_not_change_a_chinese_conversation(chat: Chat) -> None:
    chat.language = "zh"
    await chat.hears(said("macbook", "search_products", language="en"))
    assert chat.language == "zh"
    await chat.hears(said("hello", "greet", language="en"))
    assert chat.language == "en"
    await chat.hears(said("16GB", "show_product", language="zh"))
    assert chat.language == "en"


async def test_while_a_person_is_awaited_only_reading_flows_answer(chat: Chat) -> None:
    await chat.hears(said("a person!", "ask_human"))
    chat.waiting = True
    assert await chat.hears("hello? anybody?") == []
    assert await chat.hears(said("add tea", "add")) == []
    assert await chat.hears(said("where is A1", "track", order="A1")) == ["A1 is on its way."]
    assert await chat.hears(said("never mind", "stop")) == [
        "All right, then it is you and me again. What can I do for you?"
    ]
    assert chat.last is not None
    assert chat.last.gave_up
    assert chat.shop.effects == []


async def test_a_command_or_a_link_is_answered_while_a_person_is_awaited_and_there_is_a_way_out(chat: Chat) -> None:
    chat.waiting = True
    soon = ["A colleague will be with you soon and can do that for you."]
    assert await chat.hears(Heard(text="tea", intent="add", kind="command", starts=("add", {}))) == soon
    assert await chat.hears(Heard(kind="start", starts=("add", {}))) == soon
    assert await chat.presses("No colleague needed") == [
        "All right, then it is you and me again. What can I do for you?"
    ]
    assert chat.last is not None
    assert chat.last.gave_up
    assert chat.shop.effects == []


async def test_the_other_pictures_of_an_album_leave_the_question_about_its_words(chat: Chat) -> None:
    chat.focus = json.dumps({"album": "13"})
    words = said("add it", "add")
    rest = Heard(kind="photo", photo={"album": "13"})
    assert await chat.hears(words, rest, rest) == ["Add what?"]
    assert chat.stack == ["add"]


async def test_pictures_and_empty_messages_get_an_answer(chat: Chat) -> None:
    await chat.hears(RETURN)
    sorry = "I can only read words so far. Tell me in a few words what you need."
    assert await chat.hears(Heard(kind="sticker")) == [sorry, "Which order?"]
    assert await Chat(Counter()).hears("   ") == [sorry]


async def test_a_wish_that_the_bot_has_no_skill_for_is_answered_as_out_of_scope() -> None:
    chat = Chat(Counter())
    wish = said("wrap it as a gift", "wrap_gift")
    assert await chat.hears(wish) == ["I can find things for you."]
    await chat.hears(RETURN)
    assert (await chat.hears(wish))[-1] == "Which order?"
    assert chat.shop.effects == []
