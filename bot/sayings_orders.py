"""What happens to orders by proposals, parts of payments and refunds of the staff, in words."""

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncSession

from bot.language import gap
from bot.order_terms import change_text
from bot.replies import Choice, PayLink, Reply, Text
from bot.skills.showing import is_payable, order_reply, pay_link
from bot.voice import Voice
from commerce.announcements import Announcement
from commerce.orders.model import OrderChange
from commerce.orders.queries import OrderView, order_view
from foundation.money import Money


async def _changed(voice: Voice, _session: AsyncSession, order: OrderView, told: Announcement) -> list[Reply]:
    _ = voice.translate
    text = _("Done: order {order} is changed.").format(order=order.number)
    if back := _money(order, told):
        text += gap(text) + _("We are sending {money} back to you.").format(money=voice.money(back))
    return [Text(text), order_reply(voice, order)]


async def _proposed(voice: Voice, session: AsyncSession, order: OrderView, told: Announcement) -> list[Reply]:
    _ = voice.translate
    change = await session.get_one(OrderChange, int(told.facts["change_id"]))
    what = change_text(voice, order, change.actions)
    text = _("We propose to change order {order}: {what}").format(order=order.number, what=what)
    if change.reason:
        text += "\n" + _("Why: {reason}").format(reason=change.reason)
    after = Money(int(change.preview["after"]), order.total.currency)
    text += "\n" + _("The new total would be {money}.").format(money=voice.money(after))
    for name, sentence in (("pay_now", _("You would pay {money} now.")), ("back", _("You would get {money} back."))):
        if amount := int(change.preview[name]):
            text += "\n" + sentence.format(money=voice.money(Money(amount, order.total.currency)))
    yes = voice.wish(_("Look at it and agree"), "answer_change", change=change.id)
    no = voice.wish(_("Decline"), "answer_change", change=change.id, say="no")
    return [Choice(text, (yes, no))]


async def _awaiting(voice: Voice, _session: AsyncSession, order: OrderView, told: Announcement) -> list[Reply]:
    _ = voice.translate
    if order.change is None or not is_payable(order):
        return [order_reply(voice, order)]
    link = pay_link(voice, order)
    prompt = _("The change of order {order} is made as soon as {money} more is paid, until {time}.").format(
        order=order.number, money=voice.money(_money(order, told)), time=voice.time(order.change.expires_at)
    )
    return [PayLink(prompt=prompt, label=link.label, url=link.url, amount=link.amount)]


async def _failed(voice: Voice, _session: AsyncSession, order: OrderView, _told: Announcement) -> list[Reply]:
    text = voice.translate(
        "Order {order} has moved on meanwhile, so the change could not be made. What you paid for it goes back to you."
    )
    return [Text(text.format(order=order.number))]


async def _expired(voice: Voice, _session: AsyncSession, order: OrderView, _told: Announcement) -> list[Reply]:
    text = voice.translate("The change of order {order} was not confirmed in time; the order stays as it is.")
    again = voice.wish(voice.translate("Change the order"), "change_order", order=order.number)
    return [Choice(text.format(order=order.number), (again,))]


async def _withdrawn(voice: Voice, _session: AsyncSession, order: OrderView, _told: Announcement) -> list[Reply]:
    text = voice.translate("We have taken our proposal for order {order} back; the order stays as it is.")
    return [Text(text.format(order=order.number))]


async def _part_paid(voice: Voice, _session: AsyncSession, order: OrderView, told: Announcement) -> list[Reply]:
    _ = voice.translate
    text = _("{money} for order {order} has arrived; {rest} is still to be paid.").format(
        money=voice.money(_money(order, told)), order=order.number, rest=voice.money(order.owed)
    )
    if not is_payable(order):
        return [Text(text)]
    link = pay_link(voice, order)
    return [PayLink(prompt=text, label=link.label, url=link.url, amount=link.amount)]


async def _refund_promised(voice: Voice, _session: AsyncSession, order: OrderView, told: Announcement) -> list[Reply]:
    text = voice.translate("We are sending {money} for order {order} back to you.")
    return [Text(text.format(money=voice.money(_money(order, told)), order=order.number))]


def _money(order: OrderView, told: Announcement) -> Money:
    return Money(int(told.facts.get("amount") or 0), order.total.currency)


_SAYINGS: dict[str, Callable[[Voice, AsyncSession, OrderView, Announcement], Awaitable[list[Reply]]]] = {
    "order_changed": _changed,
    "change_proposed": _proposed,
    "change_awaiting_payment": _awaiting,
    "change_failed": _failed,
    "change_expired": _expired,
    "change_withdrawn": _withdrawn,
    "part_payment_received": _part_paid,
    "refund_promised": _refund_promised,
}
ORDER_KINDS = frozenset(_SAYINGS)


async def order_said(voice: Voice, session: AsyncSession, told: Announcement) -> list[Reply]:
    """One of ORDER_KINDS in words."""
    order = await order_view(session, int(told.facts["order_id"]))
    return await _SAYINGS[told.kind](voice, session, order, told)
