"""The shopper's own groups: how they stand, inviting friends, leaving."""

from collections.abc import Callable

from bot.flow import Fact, Turn
from bot.group_terms import ALIVE, COMPLETE, group_card, invitation, product_of, stands, title_of
from bot.language import gap
from bot.questions import Option, Pick
from bot.replies import Choice
from commerce.group_buy.queries import GroupView, campaign_view, my_groups
from commerce.orders.groups import leave_group as leave
from commerce.orders.queries import OrderView, order_view
from foundation.errors import Refused

LATEST = 5


async def group_status(turn: Turn) -> None:
    """How the shopper's group stands: the one that is named, else the newest that is open, else the newest."""
    _ = turn._
    groups = await my_groups(turn.session, now=turn.now, customer_id=turn.customer_id)
    if not groups:
        see = turn.wish(_("What is on in groups?"), "show_group_buys")
        turn.say(Choice(_("You are in no group yet. See what can be bought together:"), (see,)))
        return
    named = int(turn.args.get("group", 0))
    group = next((one for one in groups if one.group_id == named), None)
    group = group or next((one for one in groups if one.state in ALIVE), groups[0])
    turn.focus["group"] = group.group_id
    turn.focus["product"] = group.product_id
    turn.say(await group_card(turn, turn.session, group))
    others = [one for one in groups if one is not group][:LATEST]
    if others and not named:
        buttons = [turn.wish(await _label(turn, one), "group_status", group=one.group_id) for one in others]
        turn.say(Choice(_("Your other groups:"), tuple(buttons)))


async def invite_friends(turn: Turn) -> None:
    """The link to send to friends; its page has a QR code and a picture to share."""
    _ = turn._
    group = await _which(turn, lambda one: one.is_joinable, question=_("Which group would you like to fill?"))
    turn.focus["group"] = group.group_id
    text = _("Send this link to your friends; whoever opens it can join. Its page has a QR code as well:")
    how = turn.wish(_("How is my group?"), "group_status", group=group.group_id)
    turn.say(Choice(f"{stands(turn, group)}\n{text}\n{invitation(turn, group.group_id)}", (how,)))


async def leave_group(turn: Turn) -> None:
    """Leave a group that is still open, after a plain yes to what happens with the money."""
    _ = turn._
    group = await _which(turn, lambda one: one.state in ALIVE, question=_("Which group would you like to leave?"))
    order = await _order(turn, group)
    if group.state in COMPLETE:
        raise Refused("group.complete", group=group.group_id, number=order.number)
    back = turn.money(order.captured)
    text = _("Shall I take you out of the group for {title}?").format(title=await _title(turn, group))
    if order.captured:
        text += gap(text) + _("Order {order} is cancelled then, and you get {money} back the way you paid.").format(
            order=order.number, money=back
        )
    else:
        text += gap(text) + _("Order {order} is cancelled then; nothing was paid for it.").format(order=order.number)
    if order.captured and group.missing and group.paid > 1 and _is_leader(group):
        text += gap(text) + _("The group goes on; who paid first leads it.")
    facts = {"money": Fact([order.number, order.captured.amount], _("you get {money} back").format(money=back))}
    if await turn.confirm("ok", text, facts=facts, yes=_("Leave the group"), no=_("Stay in it")):
        await leave(turn.session, group_id=group.group_id, customer_id=turn.customer_id, now=turn.now)
        turn.focus.pop("group", None)
    else:
        turn.say(_("Good, you stay in the group."))


async def _which(turn: Turn, fits: Callable[[GroupView], bool], *, question: str) -> GroupView:
    """The group on the button, looked at, or the only one that fits. Raises Refused("group.none")."""
    groups = await my_groups(turn.session, now=turn.now, customer_id=turn.customer_id)
    wanted = int(turn.args.get("group", 0))
    if (named := next((one for one in groups if one.group_id == wanted), None)) is not None:
        return named
    options = [Option(str(one.group_id), await _label(turn, one), one) for one in groups if fits(one)][:LATEST]
    if not options and groups and groups[0].state in COMPLETE:
        return groups[0]
    pick = Pick(question, options, none="group.none", named="")
    if str(looked_at := turn.focus.get("group")) in pick.options:
        pick.default = str(looked_at)
    return await turn.ask("group", pick)


async def _order(turn: Turn, group: GroupView) -> OrderView:
    if group.order_id is None:
        raise Refused("group.not_in", group=group.group_id)
    return await order_view(turn.session, group.order_id)


async def _title(turn: Turn, group: GroupView) -> str:
    campaign = await campaign_view(turn.session, campaign_id=group.campaign_id, now=turn.now)
    return title_of(turn, campaign, await product_of(turn, turn.session, campaign))


async def _label(turn: Turn, group: GroupView) -> str:
    return f"{await _title(turn, group)} · {group.paid}/{group.size}"


def _is_leader(group: GroupView) -> bool:
    return any(member.is_me and member.is_leader for member in group.members)
