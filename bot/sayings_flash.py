"""Flash sales as they are told to who asked for it: a sale that begins soon, and whose turn it is."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.replies import Card, Cards, Choice, Reply, Text
from bot.skills.showing import named
from bot.voice import Voice
from commerce.announcements import Announcement
from commerce.catalog.model import in_language
from commerce.flash_sales.queries import FlashItemView, Phase, sale_view, sales_for
from foundation.errors import Refused


async def _flash_sale_soon(voice: Voice, session: AsyncSession, told: Announcement) -> list[Reply]:
    """Nothing, should the sale have been taken back meanwhile or be over."""
    _ = voice.translate
    sale_id, now = int(told.facts["sale_id"]), voice.shop.now()
    try:
        sale = await sale_view(
            session, sale_id=sale_id, customer_id=voice.customer_id, language=voice.language, now=now
        )
    except Refused:
        return []
    if sale.phase is Phase.OVER or not sale.items:
        return []
    if sale.phase is Phase.ON:
        text = _("“{sale}” has begun, until {time}.")
    else:
        text = _("You asked me to remind you: “{sale}” begins at {time}.")
    title = text.format(sale=in_language(sale.name, voice.language), time=voice.time(sale.counts_to))
    return [Cards(title, tuple(_card(voice, item) for item in sale.items)), Text(how_places_are_given(voice))]


async def _flash_turn(voice: Voice, session: AsyncSession, told: Announcement) -> list[Reply]:
    """Nothing, should the sale be over already."""
    _ = voice.translate
    now = voice.shop.now()
    on = await sales_for(session, customer_id=voice.customer_id, language=voice.language, now=now)
    items = [item for sale in on for item in sale.items if item.item_id == int(told.facts["item_id"])]
    if not items:
        return []
    text = _("It is your turn: {title} for {price}. Your turn lasts until {time}, then the next one is let in.")
    until = voice.time(datetime.fromisoformat(told.facts["until"]))
    said = text.format(title=named(items[0].variant), price=voice.money(items[0].price), time=until)
    return [Choice(said, (voice.wish(_("Buy now"), "buy_flash", item=items[0].item_id),))]


def how_places_are_given(voice: Voice) -> str:
    """What a shopper is told of the line (commerce/flash_sales/queue.py), before they stand in it."""
    return voice.translate(
        "When many come, there is a line. Whoever is here before it begins has the same chance: their order is drawn "
        "then. Whoever comes later stands behind them, in the order of arrival. A place never grows."
    )


def _card(voice: Voice, item: FlashItemView) -> Card:
    _ = voice.translate
    facts = _("{price} instead of {regular}; {left} of it, {most} for each customer").format(
        price=voice.money(item.price),
        regular=voice.money(item.variant.price),
        left=item.left,
        most=item.max_per_customer,
    )
    details = voice.wish(_("Details"), "show_product", product=item.variant.product_id)
    return Card(named(item.variant), facts, item.variant.picture, voice.money(item.price), (details,))


SAYINGS: Final[Mapping[str, Callable[[Voice, AsyncSession, Announcement], Awaitable[list[Reply]]]]] = {
    "flash_sale_soon": _flash_sale_soon,
    "flash_turn": _flash_turn,
}
