"""What a link into the chat leads to that starts a group, buys in a flash sale, or asks to be reminded of one."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.deal_openings import deal_named
from bot.web.flash_words import FLASH_WORDS
from commerce.catalog.queries import product_cards
from commerce.flash_sales.queries import sale_of_item, sale_view
from commerce.group_buy.queries import campaign_view
from commerce.promotions.rules import label_in
from foundation.errors import Refused


async def deal_title(session: AsyncSession, deal: str, *, language: str, now: datetime) -> str:
    """What a shopper says who comes by such a link; empty where it leads to nothing."""
    words, named = FLASH_WORDS[language], deal_named(deal)
    if named is None:
        return ""
    kind, number = named
    try:
        if kind == "group":
            campaign = await campaign_view(session, campaign_id=number, now=now)
            card = next(iter(await product_cards(session, [campaign.product_id], language=language)), None)
            title = card.title if card is not None else label_in(campaign.name, language)
            return words.group_label.format(title=title)
        sale_id = number if kind == "remind" else await sale_of_item(session, item_id=number)
        sale = await sale_view(session, sale_id=sale_id, customer_id=None, language=language, now=now)
    except Refused:
        return ""
    if kind == "remind":
        return words.remind_label.format(title=label_in(sale.name, language))
    titles = [item.variant.title for item in sale.items if item.item_id == number]
    return words.buy_label.format(title=titles[0]) if titles else ""
