"""What happened in the shop, told to its customer: in the turn that caused it, else by a worker."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot import sayings_flash, sayings_groups, sayings_persons, sayings_tender
from bot.dialogue import Announced
from bot.language import gap
from bot.replies import Card, Choice, PayLink, Receipt, Reply, Row, Text, plain, to_json
from bot.sayings_orders import ORDER_KINDS, order_said
from bot.sayings_returns import KINDS as RETURN_KINDS
from bot.sayings_returns import return_said
from bot.sayings_shipping import PARCEL_KINDS, parcel_said
from bot.skills.showing import amount_rows, delivery_row, goods, method_name, named, order_reply, pay_link
from bot.voice import Voice
from commerce.announcements import Announcement, announced, mark_told, untold
from commerce.catalog.queries import variant_view
from commerce.orders.model import HoldReason
from commerce.orders.queries import OrderView, order_view
from conversations.reach import conversation_for
from conversations.say import say_fact
from foundation.money import Money

if TYPE_CHECKING:
    from bot.shop import Shop

log = structlog.get_logger(__name__)

AT_ONCE = 20
_ASKING = {
    **sayings_tender.SAYINGS,
    **sayings_persons.SAYINGS,
    **sayings_flash.SAYINGS,
    **sayings_groups.SAYINGS,
}
"""Sayings that look something up."""


def told_in_turn(shop: "Shop", session: AsyncSession, *, customer_id: int, now: datetime) -> Announced:
    """For `converse`: renders what this transaction has announced to the customer it talks with, each once."""

    async def told(language: str) -> Sequence[Reply]:
        replies: list[Reply] = []
        for announcement in await announced(session):
            if announcement.told_at is None and announcement.customer_id == customer_id:
                await mark_told(session, announcement, now=now)
                replies += await render(shop, session, announcement, language=language)
        return replies

    return told


async def tell_announcements(shop: "Shop") -> int:
    """Tell what no turn has told, each in the conversation its customer used last. Returns how many there were.

    One in a transaction: two workers that lock several conversations each could wait for each other. One that cannot
    be told stays for a later sweep, and holds up nobody else's.
    """
    tried = 0
    failed: list[int] = []
    while tried < AT_ONCE and await _tell_next(shop, failed):
        tried += 1
    return tried - len(failed)


async def _tell_next(shop: "Shop", failed: list[int]) -> bool:
    async with shop.database.begin() as session:
        waiting = await untold(session, limit=1, without=failed)
        if not waiting:
            return False
        announcement = waiting[0]
        conversation = await conversation_for(session, customer_id=announcement.customer_id)
        if conversation is None:
            announcement.told_at = shop.now()
            return True
        try:
            lines = await render(shop, session, announcement, language=conversation.language)
        except Exception:  # whatever is wrong with it, the next one is somebody else's
            log.exception("announcement cannot be told", announcement=announcement.id)
            failed.append(announcement.id)
            return True
        announcement.told_at = shop.now()
        for n, reply in enumerate(lines):
            await say_fact(
                session,
                conversation_id=conversation.id,
                key=f"announcement:{announcement.id}:{n}",
                body=to_json(reply),
                text=plain(reply),
                now=shop.now(),
            )
    await shop.delivery.deliver(conversation.id, conversation.channel)
    return True


async def render(shop: "Shop", session: AsyncSession, announcement: Announcement, *, language: str) -> list[Reply]:
    """An announcement in the words of the shopper's language."""
    voice = Voice(shop, shop.vault, customer_id=announcement.customer_id, language=language)
    if announcement.kind == "back_in_stock":
        return await _back_in_stock(voice, session, int(announcement.facts["variant_id"]))
    if (tells := _ASKING.get(announcement.kind)) is not None:
        return await tells(voice, session, announcement)
    if announcement.kind in ORDER_KINDS:
        return await order_said(voice, session, announcement)
    if announcement.kind in RETURN_KINDS:
        return await return_said(voice, session, announcement)
    if announcement.kind in PARCEL_KINDS:
        return await parcel_said(voice, session, announcement)
    says = _SAYINGS.get(announcement.kind)
    if says is None:
        log.error("announcement without words", kind=announcement.kind)
        return []
    order = await order_view(session, int(announcement.facts["order_id"]))
    if announcement.kind == "order_placed" and "exchange" in announcement.facts:
        return _replacement_placed(voice, order)
    money = Money(int(announcement.facts.get("amount", 0)), announcement.facts.get("currency", order.total.currency))
    said = says(voice, order, money)
    if announcement.kind in ("order_placed", "payment_received") and order.hold_reason is HoldReason.GROUP_OPEN:
        said += await sayings_groups.joined(voice, session, order.order_id)
    return said


async def _back_in_stock(voice: Voice, session: AsyncSession, variant_id: int) -> list[Reply]:
    """What a shopper waits for is there. Should it be gone again already, that is said; off sale, nothing."""
    _ = voice.translate
    variant = await variant_view(session, variant_id, language=voice.language)
    if variant is None:
        return []
    details = voice.wish(_("Details"), "show_product", product=variant.product_id)
    title = named(variant)
    if variant.available > 0:
        body, first = _("It is back in stock!"), voice.wish(_("Add to cart"), "add_to_cart", variant=variant_id)
    else:
        body = _("It was back for a moment, and is sold out again.")
        first = voice.wish(_("Tell me when it is back"), "notify_in_stock", variant=variant_id)
    return [Card(title, body, variant.picture, voice.money(variant.price), (first, details))]


def _order_placed(voice: Voice, order: OrderView, _money: Money) -> list[Reply]:
    _ = voice.translate
    return [
        Receipt(
            title=_("Thank you! Your order {order} is placed.").format(order=order.number),
            lines=goods(voice, order.lines),
            rows=(
                *amount_rows(voice, order),
                delivery_row(voice, order),
                Row(_("Payment"), method_name(voice, order.payment_method)),
            ),
            total=Row(_("Total"), voice.money(order.total)),
            buttons=(voice.wish(_("Where is my order?"), "order_status", order=order.number),),
        )
    ]


def _replacement_placed(voice: Voice, order: OrderView) -> list[Reply]:
    """What comes instead of goods that went back: no new purchase, so without what was taken over as money."""
    _ = voice.translate
    return [
        Receipt(
            title=_("We are getting your replacement ready: order {order}.").format(order=order.number),
            lines=goods(voice, order.lines),
            rows=(delivery_row(voice, order),),
            total=Row(_("To pay"), voice.money(order.owed)),
            buttons=(voice.wish(_("Where is my order?"), "order_status", order=order.number),),
        )
    ]


def _order_awaiting_payment(voice: Voice, order: OrderView, _money: Money) -> list[Reply]:
    _ = voice.translate
    if order.intent_id is None or order.hold_until is None:
        return [order_reply(voice, order)]
    if order.hold_reason is HoldReason.GROUP_OPEN:
        until = _("Order {order} and your seat in the group are kept until {time}. We pack it when the group is full.")
    else:
        until = _("Your order {order} is reserved for you until {time}. It is placed as soon as it is paid.")
    link = pay_link(voice, order)
    prompt = until.format(order=order.number, time=voice.time(order.hold_until))
    return [PayLink(prompt=prompt, label=link.label, url=link.url, amount=link.amount)]


def _payment_received(voice: Voice, order: OrderView, money: Money) -> list[Reply]:
    text = voice.translate("Your payment of {money} for order {order} has arrived. Thank you!")
    return [_with_status(voice, order, text.format(money=voice.money(money), order=order.number))]


def _order_cancelled(voice: Voice, order: OrderView, money: Money) -> list[Reply]:
    _ = voice.translate
    text = _("Order {order} is cancelled.").format(order=order.number)
    if money:
        text += gap(text) + _("We are sending {money} back to you.").format(money=voice.money(money))
    return [Text(text)]


def _order_expired(voice: Voice, order: OrderView, _money: Money) -> list[Reply]:
    text = voice.translate("Order {order} was not paid in time, so we have let it go. Nothing was charged.")
    again = voice.wish(voice.translate("Look around"), "browse_categories")
    return [Choice(text.format(order=order.number), (again,))]


def _refund_made(voice: Voice, order: OrderView, money: Money) -> list[Reply]:
    text = voice.translate("We have sent {money} for order {order} back to you.")
    return [Text(text.format(money=voice.money(money), order=order.number))]


def _refund_to_credit(voice: Voice, order: OrderView, money: Money) -> list[Reply]:
    text = voice.translate("{money} for order {order} is back on your gift card or in your store credit.")
    balance = voice.wish(voice.translate("My balance"), "show_balance")
    return [Choice(text.format(money=voice.money(money), order=order.number), (balance,))]


def _late_payment_accepted(voice: Voice, order: OrderView, money: Money) -> list[Reply]:
    text = voice.translate("Your payment of {money} came late, but everything is still there: order {order} is placed.")
    return [_with_status(voice, order, text.format(money=voice.money(money), order=order.number))]


def _late_payment_refunded(voice: Voice, order: OrderView, money: Money) -> list[Reply]:
    text = voice.translate(
        "Your payment of {money} for order {order} came after its time, and the goods are gone. "
        "You get all of it back; we are sorry."
    )
    return [Text(text.format(money=voice.money(money), order=order.number))]


def _paid_twice(voice: Voice, order: OrderView, money: Money) -> list[Reply]:
    text = voice.translate("You have paid order {order} twice. {money} go back to you; a colleague sees to it.")
    return [Text(text.format(money=voice.money(money), order=order.number))]


def _with_status(voice: Voice, order: OrderView, text: str) -> Reply:
    where = voice.wish(voice.translate("Where is my order?"), "order_status", order=order.number)
    return Choice(text, (where,))


_SAYINGS: dict[str, Callable[[Voice, OrderView, Money], list[Reply]]] = {
    "order_placed": _order_placed,
    "order_awaiting_payment": _order_awaiting_payment,
    "payment_received": _payment_received,
    "order_cancelled": _order_cancelled,
    "order_expired": _order_expired,
    "refund_made": _refund_made,
    "refund_to_credit": _refund_to_credit,
    "late_payment_accepted": _late_payment_accepted,
    "late_payment_refunded": _late_payment_refunded,
    "paid_twice": _paid_twice,
}
