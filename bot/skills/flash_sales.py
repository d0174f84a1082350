"""Flash sales in the chat: what is on and what comes, being reminded, buying, and the place in line."""

import math
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from bot.flow import Turn
from bot.group_terms import lasting
from bot.language import gap
from bot.questions import Option, Pick
from bot.replies import Button, Card, Cards, Choice
from bot.sayings_flash import how_places_are_given
from bot.skills.deals_named import deals_named, how_many
from bot.skills.item_names import names_of
from bot.skills.showing import named
from commerce.carts.deals import FlashDeal, deal_cart
from commerce.flash_sales.queries import FlashItemView, Phase, SaleView, quota_of, sale_view, sales_for
from commerce.flash_sales.queue import CALLED_FOR, Stand, Ticket
from commerce.flash_sales.reminders import forget_reminder, remind_me
from commerce.orders.quoting import quote
from commerce.promotions.rules import label_in
from conversations.model import Conversation
from foundation.errors import Refused

MOST_SHOWN = 8


async def show_flash_sales(turn: Turn) -> None:
    """What is sold off now, and what comes: price beside the usual one, what is left, and the clock."""
    _ = turn._
    sales = await _sales(turn)
    if not sales:
        groups = turn.wish(_("What is on in groups?"), "show_group_buys")
        turn.say(Choice(_("There is no flash sale at the moment, and none soon."), (groups,)))
        return
    _show(turn, sales)


async def remind_of_sale(turn: Turn) -> None:
    """Tell the shopper, once, some minutes before a sale begins; or not any more."""
    _ = turn._
    sales = [sale for sale in await _sales(turn) if sale.phase is Phase.COMING]
    if "sale" not in turn.args and not sales:
        on = await _sales(turn)
        raise Refused("flash.begun" if on else "flash.none")
    options = [Option(str(sale.sale_id), _clock(turn, sale), sale) for sale in sales]
    asked = Pick(_("Which one shall I remind you of?"), options, none="flash.none", named="")
    sale = await _sale(turn) if "sale" in turn.args else await turn.ask("sale", asked)
    if turn.args.get("off"):
        await forget_reminder(turn.session, sale_id=sale.sale_id, customer_id=turn.customer_id)
        turn.say(_("All right, I will not remind you of it."))
        return
    await remind_me(turn.session, sale_id=sale.sale_id, customer_id=turn.customer_id, now=turn.now)
    text = _("I will write to you here a few minutes before “{sale}” begins on {time}.")
    off = turn.wish(_("Do not remind me"), "remind_of_sale", sale=sale.sale_id, off=1)
    turn.say(Choice(text.format(sale=_name(turn, sale), time=turn.time(sale.starts_at)), (off,)))


async def buy_flash(turn: Turn) -> None:
    """Buy something of a flash sale, when it is on and one's turn has come; the checkout does the rest."""
    which = await _which_item(turn, buys=True)
    if which is None:
        return
    sale, item = which
    if await _is_answered(turn, sale, item):
        return
    ticket = await _look(turn, item)
    if not ticket.may_buy:
        _say_place(turn, item, ticket)
        return
    pieces = await how_many(turn, most=item.max_per_customer - item.mine, over="flash.limit")
    lines = {item.variant.variant_id: pieces}
    cart = await deal_cart(
        turn.session, customer_id=turn.customer_id, deal=FlashDeal(item.item_id), lines=lines, now=turn.now
    )
    await quote(turn.session, customer_id=turn.customer_id, language=turn.language, now=turn.now, cart_id=cart.id)
    turn.focus["product"] = item.variant.product_id
    turn.go_on_with("checkout", cart=cart.id)


async def flash_line(turn: Turn) -> None:
    """The shopper's place in line, honestly; asking for it keeps it."""
    which = await _which_item(turn)
    if which is not None and not await _is_answered(turn, *which):
        _say_place(turn, which[1], await _look(turn, which[1]))


async def leave_line(turn: Turn, item_id: int) -> None:
    """Whoever has what they came for makes room."""
    quota = await quota_of(turn.session, item_id=item_id)
    await turn.shop.line.leave(item_id, await _member(turn), opens_at=quota.starts_at, left=quota.left, now=turn.now)


async def _sales(turn: Turn) -> list[SaleView]:
    found = await sales_for(turn.session, customer_id=turn.customer_id, language=turn.language, now=turn.now)
    return [sale for sale in found if sale.items]


async def _sale(turn: Turn) -> SaleView:
    return await sale_view(
        turn.session,
        sale_id=int(turn.args["sale"]),
        customer_id=turn.customer_id,
        language=turn.language,
        now=turn.now,
    )


async def _which_item(turn: Turn, *, buys: bool = False) -> tuple[SaleView, FlashItemView] | None:
    """The goods on the button, named, looked at, or the only ones there are.

    None when it `buys` and was told that what is named is not among them.
    """
    sales = await _sales(turn)
    known = [(sale, item) for sale in sales for item in sale.items]
    if "item" in turn.args:
        found = next((pair for pair in known if pair[1].item_id == int(turn.args["item"])), None)
        if found is None:
            raise Refused("flash.over")
        return found
    on = [pair for pair in known if pair[0].phase is Phase.ON] or known
    titles = {item.variant.product_id: item.variant.title for _sale, item in on}
    meant = await deals_named(turn, titles, acts=True)
    if buys and on and meant.else_:
        _show(turn, sales, not_for=meant.else_)
        return None
    names = names_of(titles)
    options = [
        Option(
            str(item.item_id),
            f"{named(item.variant)}  {turn.money(item.price)}",
            (sale, item),
            also=names[item.variant.product_id],
        )
        for sale, item in on
        if not meant.products or item.variant.product_id in meant.products
    ]
    question = Pick(turn._("Which of these would you like?"), options, none="flash.none", named="")
    return await turn.ask("item", question)


def _show(turn: Turn, sales: Sequence[SaleView], *, not_for: str = "") -> None:
    """The sales with what is in them; `not_for` are the words for what is not."""
    if not_for:
        turn.say(turn._("“{thing}” is not in the flash sale. This is:").format(thing=not_for))
    turn.focus["results"] = list(dict.fromkeys(item.variant.product_id for sale in sales for item in sale.items))
    for before in ("product", "variant"):  # "how many are left" is about these goods now
        turn.focus.pop(before, None)
    for sale in sales:
        cards = tuple(_card(turn, sale, item) for item in sale.items[:MOST_SHOWN])
        turn.say(Cards(_clock(turn, sale), cards, _of_the_sale(turn, sale)))


async def _is_answered(turn: Turn, sale: SaleView, item: FlashItemView) -> bool:
    """Say why it cannot be bought now, with what can be done instead; False when it can."""
    _, its = turn._, item.variant.product_id
    alone = turn.wish(
        _("Buy at {price}").format(price=turn.money(item.variant.price)), "add_to_cart", variant=item.variant.variant_id
    )
    title = named(item.variant)
    if sale.phase is Phase.COMING:
        text = _("{title} is sold for {price} from {time} on; that is in {wait}.").format(
            title=title, price=turn.money(item.price), time=turn.time(sale.starts_at), wait=_in(turn, sale.starts_at)
        )
        turn.say(Choice(text, (*_of_the_sale(turn, sale), alone)))
        return True
    if item.mine >= item.max_per_customer:
        raise Refused("flash.limit", most=item.max_per_customer, left=0)
    if item.left:
        return False
    if item.held:
        text = _("All of {title} is in somebody’s checkout. What is not paid in time comes back: {held} of it.")
        again = turn.wish(_("Look again"), "buy_flash", item=item.item_id)
        turn.say(Choice(text.format(title=title, held=item.held), (again, alone)))
    else:
        similar = turn.wish(_("Similar"), "similar_products", product=its)
        turn.say(Choice(_("{title} is sold out in this sale.").format(title=title), (alone, similar)))
    return True


def _say_place(turn: Turn, item: FlashItemView, ticket: Ticket) -> None:
    _ = turn._
    buy = turn.wish(_("Buy now"), "buy_flash", item=item.item_id)
    if ticket.may_buy:
        turn.say(Choice(_("Nobody is ahead of you. You can buy now."), (buy,)))
        return
    if ticket.place is None:
        text = _("You have left the line.") if ticket.stand is Stand.WAITING else how_places_are_given(turn)
    else:
        text = _("You are number {place} of {waiting} in line, and your place only gets better.").format(
            place=ticket.place, waiting=ticket.waiting
        )
        text += gap(text) + _("I call you here when it is your turn.")
    turn.say(Choice(text, (turn.wish(_("My place?"), "flash_line", item=item.item_id),)))


async def _look(turn: Turn, item: FlashItemView) -> Ticket:
    """Where the shopper stands; they are the same one on every page of ours."""
    quota = await quota_of(turn.session, item_id=item.item_id)
    member = await _member(turn)
    return await turn.shop.line.look(
        item.item_id, member, opens_at=quota.starts_at, left=quota.left, now=turn.now, stays=CALLED_FOR
    )


async def _member(turn: Turn) -> str:
    theirs = select(Conversation.channel, Conversation.chat).where(Conversation.customer_id == turn.customer_id)
    row = (await turn.session.execute(theirs.order_by(Conversation.last_message_at.desc()).limit(1))).one()
    return f"{row.channel}:{row.chat}"


def _card(turn: Turn, sale: SaleView, item: FlashItemView) -> Card:
    _ = turn._
    facts = [_("{price} otherwise").format(price=turn.money(item.variant.price))]
    if sale.phase is Phase.ON:
        facts.append(_("sold out") if item.is_sold_out else _("{left} of {pieces} left").format(
            left=item.left, pieces=item.pieces
        ))  # fmt: skip
    else:
        facts.append(_("{count} of it").format(count=item.pieces))
    facts.append(_("{most} for each customer").format(most=item.max_per_customer))
    buttons: list[Button] = []
    if sale.phase is Phase.ON and not item.is_sold_out:
        buttons.append(turn.wish(_("Buy now"), "buy_flash", item=item.item_id))
    buttons.append(turn.wish(_("Details"), "show_product", product=item.variant.product_id))
    return Card(named(item.variant), " · ".join(facts), item.variant.picture, turn.money(item.price), tuple(buttons))


def _of_the_sale(turn: Turn, sale: SaleView) -> tuple[Button, ...]:
    _ = turn._
    if sale.phase is not Phase.COMING:
        return ()
    if sale.is_reminded:
        return (turn.wish(_("Do not remind me"), "remind_of_sale", sale=sale.sale_id, off=1),)
    return (turn.wish(_("Remind me"), "remind_of_sale", sale=sale.sale_id),)


def _clock(turn: Turn, sale: SaleView) -> str:
    """“Evening sale” · on until 20:00 (in 35 minutes)"""
    if sale.phase is Phase.COMING:
        text = turn._("{sale}: begins on {time}, in {wait}")
    else:
        text = turn._("{sale}: on until {time}, {wait} left")
    return text.format(sale=_name(turn, sale), time=turn.time(sale.counts_to), wait=_in(turn, sale.counts_to))


def _name(turn: Turn, sale: SaleView) -> str:
    return label_in(sale.name, turn.language)


def _in(turn: Turn, moment: datetime) -> str:
    """How long until then, in whole minutes, hours or days: never less than a minute."""
    minutes = max(1, math.ceil((moment - turn.now).total_seconds() / 60))
    if minutes > 48 * 60:
        return turn._("{count} days").format(count=minutes // (24 * 60))
    return lasting(turn, minutes if minutes < 120 else minutes // 60 * 60)
