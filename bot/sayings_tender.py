"""Coupons, points, gift cards and store credit as they are told to their owner."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.coupon_terms import coupon_name, coupon_terms
from bot.replies import Choice, Reply
from bot.voice import Voice
from commerce.announcements import Announcement
from commerce.points.actions import points_of
from commerce.promotions.coupons import coupon_view
from foundation.money import Money


async def _coupon_received(voice: Voice, session: AsyncSession, told: Announcement) -> list[Reply]:
    _ = voice.translate
    coupon = await coupon_view(session, coupon_id=int(told.facts["coupon_id"]))
    text = _("You have a new coupon: {coupon} ({terms}).")
    use = voice.wish(_("Use it now"), "use_coupon", coupon=coupon.coupon_id)
    mine = voice.wish(_("My coupons"), "show_coupons")
    said = text.format(coupon=coupon_name(voice, coupon), terms=coupon_terms(voice, coupon))
    return [Choice(said, (use, mine))]


async def _points_earned(voice: Voice, session: AsyncSession, told: Announcement) -> list[Reply]:
    _ = voice.translate
    points = await points_of(session, voice.customer_id)
    text = _("{points} points from your order are yours now; you have {all}.")
    mine = voice.wish(_("My points"), "show_points")
    return [Choice(text.format(points=told.facts["points"], all=points.available), (mine,))]


async def _gift_card_redeemed(voice: Voice, _session: AsyncSession, told: Announcement) -> list[Reply]:
    _ = voice.translate
    money = voice.money(Money(int(told.facts["amount"]), told.facts["currency"]))
    text = _("Your gift card is redeemed: {money} is now in your balance, which is used first when you check out.")
    return [Choice(text.format(money=money), (voice.wish(_("My balance"), "show_balance"),))]


async def _credit_received(voice: Voice, _session: AsyncSession, told: Announcement) -> list[Reply]:
    _ = voice.translate
    money = voice.money(Money(int(told.facts["amount"]), told.facts["currency"]))
    text = _("We have put {money} of store credit into your account. It is used first when you check out.")
    return [Choice(text.format(money=money), (voice.wish(_("My balance"), "show_balance"),))]


SAYINGS: Final[Mapping[str, Callable[[Voice, AsyncSession, Announcement], Awaitable[list[Reply]]]]] = {
    "coupon_received": _coupon_received,
    "points_earned": _points_earned,
    "gift_card_redeemed": _gift_card_redeemed,
    "credit_received": _credit_received,
}
