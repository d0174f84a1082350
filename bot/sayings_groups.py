"""What happens to groups, told to their members: opened, led by them now, complete, failed, ended, and the nudges."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.group_terms import group_card, group_price, invitation, product_of, stands, title_of
from bot.language import N_, gap
from bot.replies import Button, Choice, Reply
from bot.voice import Voice
from commerce.announcements import Announcement
from commerce.customers.consents import has_consent
from commerce.customers.model import Purpose
from commerce.group_buy.queries import GroupView, campaign_view, group_of_order, group_view
from foundation.errors import Json
from foundation.money import Money

_MOMENTS: Final[Mapping[str, str]] = {
    "one_missing": N_("Only one more is missing in your group!"),
    "half_time": N_("Half of the time of your group is over, and it is not full yet."),
    "two_hours": N_("Your group ends in less than two hours, and it is not full yet."),
    "quarter_hour": N_("Your group ends in a quarter of an hour, and it is not full yet."),
    "by_staff": N_("Your group is still looking for people."),
}


async def _opened(voice: Voice, session: AsyncSession, told: Announcement) -> list[Reply]:
    _ = voice.translate
    group = await _group(voice, session, told)
    text = _("Your group is open! Send this link to friends; whoever opens it can join:")
    return [Choice(f"{text}\n{invitation(voice, group.group_id)}", ()), await group_card(voice, session, group)]


async def _leader(voice: Voice, session: AsyncSession, told: Announcement) -> list[Reply]:
    group = await _group(voice, session, told)
    text = voice.translate("Who started your group has left it. You lead it now; nothing else changes.")
    return [Choice(f"{text}\n{stands(voice, group)}", _buttons(voice, group))]


async def _nudge(voice: Voice, session: AsyncSession, told: Announcement) -> list[Reply]:
    """Nothing any more to who has left since, or when the group is full or over."""
    _ = voice.translate
    group = await _group(voice, session, told)
    if not group.is_joinable or group.order_id is None or not group.missing:
        return []
    moment = str(told.facts["moment"])
    text = _(_MOMENTS[moment])
    return [Choice(f"{text}{gap(text)}{stands(voice, group)}", _buttons(voice, group))]


async def _offer(voice: Voice, session: AsyncSession, told: Announcement) -> list[Reply]:
    """To who is no member: nothing any more when it is full, when they are in it, or when they want no offers."""
    _ = voice.translate
    group = await _group(voice, session, told)
    allowed = await has_consent(session, customer_id=voice.customer_id, purpose=Purpose.MARKETING)
    if not allowed or not group.is_joinable or group.order_id is not None:
        return []
    campaign = await campaign_view(session, campaign_id=group.campaign_id, now=voice.shop.now())
    title = title_of(voice, campaign, await product_of(voice, session, campaign))
    if told.facts["is_invited"]:
        text = _("The group for {title} that you looked at lacks only one more.").format(title=title)
    else:
        text = _("You like {title}: a group for it lacks only one more.").format(title=title)
    join = _("Join for {price}").format(price=group_price(voice, campaign))
    buttons = (
        voice.wish(join, "join_group", group=group.group_id),
        voice.wish(_("Send me no such offers"), "change_consent", about="m", to="no"),
    )
    return [Choice(f"{text}{gap(text)}{stands(voice, group)}", buttons)]


async def _succeeded(voice: Voice, _session: AsyncSession, told: Announcement) -> list[Reply]:
    _ = voice.translate
    reached, size = int(told.facts["reached"]), int(told.facts["size"])
    if reached < size:
        text = _("Your group has {reached} of {size} people, and the shop keeps the group price all the same.")
    else:
        text = _("Your group is complete: {reached} people!")
    text = text.format(reached=reached, size=size)
    text += gap(text) + _("Order {order} is being packed now.").format(order=told.facts["number"])
    if money := _money(told):
        text += gap(text) + _("The price has fallen for everybody: {money} goes back to you.").format(
            money=voice.money(money)
        )
    where = voice.wish(_("Where is my order?"), "order_status", order=told.facts["number"])
    return [Choice(text, (where,))]


async def _failed(voice: Voice, _session: AsyncSession, told: Announcement) -> list[Reply]:
    _ = voice.translate
    text = _("Your group was not full in time: {reached} of {size} people.").format(
        reached=told.facts["reached"], size=told.facts["size"]
    )
    return [Choice(f"{text}{gap(text)}{_back(voice, told)}", _again(voice, told.facts["campaign_id"]))]


async def _cancelled(voice: Voice, _session: AsyncSession, told: Announcement) -> list[Reply]:
    text = voice.translate("The shop has ended this group-buy before your group was full. We are sorry.")
    return [Choice(f"{text}{gap(text)}{_back(voice, told)}", _again(voice, told.facts["campaign_id"]))]


async def _seat_lost(voice: Voice, session: AsyncSession, told: Announcement) -> list[Reply]:
    """Who paid too late: the money goes back, and another group is only joined by their own tap."""
    text = voice.translate("Your payment came after its time, and the seat in the group is gone. We are sorry.")
    group_id = await group_of_order(session, order_id=int(told.facts["order_id"]))
    campaign_id = None
    if group_id is not None:
        group = await group_view(session, group_id=group_id, now=voice.shop.now(), customer_id=None)
        campaign_id = group.campaign_id
    return [Choice(f"{text}{gap(text)}{_back(voice, told)}", _again(voice, campaign_id))]


async def joined(voice: Voice, session: AsyncSession, order_id: int) -> list[Reply]:
    """The group of a seat that was just paid, to who joined it; who started it is told that it is open."""
    group_id = await group_of_order(session, order_id=order_id)
    if group_id is None:
        return []
    group = await group_view(session, group_id=group_id, now=voice.shop.now(), customer_id=voice.customer_id)
    if any(member.is_me and member.is_leader for member in group.members):
        return []
    return [await group_card(voice, session, group)]


def _back(voice: Voice, told: Announcement) -> str:
    text = voice.translate("Order {order} is cancelled, and all of your money ({money}) goes back the way you paid.")
    return text.format(order=told.facts["number"], money=voice.money(_money(told)))


def _again(voice: Voice, campaign_id: Json) -> tuple[Button, ...]:
    _ = voice.translate
    where = {} if campaign_id is None else {"campaign": int(campaign_id)}
    others = voice.wish(_("Join another group"), "join_group", **where)
    return (others, voice.wish(_("Start my own group"), "start_group", **where))


def _buttons(voice: Voice, group: GroupView) -> tuple[Button, ...]:
    _, its = voice.translate, group.group_id
    return (
        voice.wish(_("Invite friends"), "invite_friends", group=its),
        voice.wish(_("How is my group?"), "group_status", group=its),
        voice.wish(_("Leave the group"), "leave_group", group=its),
    )


def _money(told: Announcement) -> Money:
    return Money(int(told.facts.get("amount") or 0), str(told.facts.get("currency") or "CNY"))


async def _group(voice: Voice, session: AsyncSession, told: Announcement) -> GroupView:
    group_id = int(told.facts["group_id"])
    return await group_view(session, group_id=group_id, now=voice.shop.now(), customer_id=voice.customer_id)


SAYINGS: Final[Mapping[str, Callable[[Voice, AsyncSession, Announcement], Awaitable[list[Reply]]]]] = {
    "group_opened": _opened,
    "group_leader": _leader,
    "group_nudge": _nudge,
    "group_offer": _offer,
    "group_succeeded": _succeeded,
    "group_failed": _failed,
    "group_cancelled": _cancelled,
    "group_seat_lost": _seat_lost,
}
