"""Hello, thanks, goodbye, what can you do: short, with the three most useful next steps for this shopper now."""

import re

from bot.flow import Turn
from bot.replies import Button, Choice
from bot.skills.asked_fact import asks_for_facts, names_a_thing
from bot.skills.handoff import UNCLEAR
from bot.skills.just_added import last_added
from bot.skills.listing import Page, Wish, say_list, wanted
from bot.skills.meant import MOST_WORDS, shown_kind
from bot.skills.orders import LATEST
from bot.skills.product_page import say_page
from bot.skills.returning import awaits_parcel
from bot.skills.showing import can_cancel, is_payable
from commerce.carts.actions import is_filled
from commerce.orders.model import OrderStatus
from commerce.orders.queries import order_views, orders_of
from commerce.search.actions import find


async def greet(turn: Turn) -> None:
    """Say hello."""
    name = turn.shop.settings.shop_name(turn.language)
    hello = turn._("Welcome to {shop}! What are you looking for?").format(shop=name)
    turn.say(Choice(hello, await next_steps(turn)))


async def thank(turn: Turn) -> None:
    """Answer thanks."""
    turn.say(turn._("You are welcome!"))


_CANCEL_IT = re.compile(r"\bcancel (it|this|that)\b|取消(掉|了|吧)", re.IGNORECASE)


async def goodbye(turn: Turn) -> None:
    """Say goodbye."""
    turn.say(turn._("Goodbye, and come back soon!"))


async def help_(turn: Turn) -> None:
    """Say what the bot can do."""
    text = turn._(
        "I find things (“a red mug under 100”), compare them and answer questions about them, keep your favourites and "
        "your cart, take your order and tell you where it is. For anything else I get a colleague."
    )
    turn.say(Choice(text, await next_steps(turn)))


async def answer(turn: Turn) -> None:
    """A yes, a no, a "never mind" when nothing is open; "no, 43" means another kind of what was just added."""
    if await _is_another_kind(turn):
        turn.pass_on("add_to_cart")
        return
    if turn.words is not None and _CANCEL_IT.search(turn.words.heard.text) and await _has_an_order(turn):
        turn.pass_on("cancel_order")  # with nothing else open "cancel it" is about an order: the one just spoken of
        return
    turn.say(Choice(turn._("All right. What can I do for you?"), await next_steps(turn)))


async def out_of_scope(turn: Turn) -> None:
    """What was not understood may still put right what was just added ("no, 43"), ask for a fact, or name a product.
    Else help; the second time in a row a person is offered.
    """
    if await _is_another_kind(turn):
        turn.focus["unclear"] = 0
        turn.pass_on("add_to_cart")
        return
    if await awaits_parcel(turn):
        turn.pass_on("send_return")
        return
    if asks_for_facts(turn) and names_a_thing(turn):
        turn.focus["unclear"] = 0
        turn.pass_on("ask_fact")
        return
    kind = await shown_kind(turn, turn.words, turn.words.rest) if turn.words is not None else None
    if kind is not None:
        turn.focus["unclear"] = 0
        await say_page(turn, kind)
        return
    if turn.words is not None and await _found(turn, turn.words.rest):
        turn.focus["unclear"] = 0
        return
    turn.focus["unclear"] = turn.focus.get("unclear", 0) + 1
    if turn.focus["unclear"] > 1:
        turn.focus["unclear"] = 0
        turn.go_on_with("ask_human", offer=UNCLEAR)
        return
    sorry = turn._("Sorry, I did not get that. Tell me what you are looking for, or choose:")
    turn.say(Choice(sorry, await next_steps(turn)))


async def next_steps(turn: Turn) -> tuple[Button, ...]:
    """At most three buttons: an order to pay, a cart to check out, the latest order, looking around, help.

    Where others read along nothing of the shopper's own is told.
    """
    _ = turn._
    if turn.setting.private_link:
        together = turn.wish(_("What is on in groups?"), "show_group_buys")
        return (turn.wish(_("Look around"), "browse_categories"), together, turn.wish(_("What can you do?"), "help"))
    orders = await orders_of(turn.session, customer_id=turn.customer_id, limit=LATEST)
    in_cart = await is_filled(turn.session, customer_id=turn.customer_id)
    steps: list[Button] = []
    if any(order.status == OrderStatus.PENDING for order in orders):
        views = await order_views(turn.session, customer_id=turn.customer_id, limit=LATEST)
        unpaid = next((view.number for view in views if is_payable(view)), None)
        if unpaid is not None:
            steps.append(turn.wish(_("Pay order {order}").format(order=unpaid), "pay_order", order=unpaid))
    if in_cart:
        steps.append(turn.wish(_("Check out"), "checkout"))
    steps.append(turn.wish(_("Look around"), "browse_categories"))
    if orders:
        steps.append(turn.wish(_("My orders"), "order_status"))
    if in_cart:
        steps.append(turn.wish(_("My cart"), "show_cart"))
    steps += [turn.wish(_("What can you do?"), "help"), turn.wish(_("Ask a colleague"), "ask_human")]
    return tuple(steps[:3])


async def _has_an_order(turn: Turn) -> bool:
    orders = await order_views(turn.session, customer_id=turn.customer_id, limit=LATEST)
    return "order" in turn.focus or any(map(can_cancel, orders))


async def _is_another_kind(turn: Turn) -> bool:
    return (await last_added(turn) or {}).get("how") == "instead"


async def _found(turn: Turn, text: str) -> bool:
    wish: Wish = {"text": text[:MOST_WORDS]}
    found = await find(turn.session, wanted(turn, wish)) if text.strip() else None
    if found is None or not found.total or found.relaxed:
        return False
    page = Page(found.product_ids, found.total)
    return await say_list(turn, wish, page, title=turn._("Is it one of these?"))
