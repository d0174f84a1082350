"""The deals of a product on its page, and on its card in a shelf."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.language import money_text, time_text
from bot.web.deal_words import DEAL_WORDS
from bot.web.goods_views import Place
from bot.web.group_link import public_path
from bot.web.group_views import clock, milliseconds, missing_text, prices
from bot.web.pages import Html, fill
from commerce.catalog.queries import ProductCard, ProductDetails
from commerce.flash_sales.queries import FlashItemView, Phase, SaleView, flash_offers, sales_for
from commerce.group_buy.queries import CampaignView, GroupView, campaigns_now, group_prices, open_groups
from foundation.encryption import Vault
from foundation.money import Money

MOST_GROUPS = 2


async def deals_html(session: AsyncSession, place: Place, product: ProductDetails, vault: Vault, now: datetime) -> Html:
    """All deals that are on or begin soon, each leading to where it is bought; nothing where there is none."""
    variants = [variant.variant_id for variant in product.variants]
    sales = await sales_for(session, customer_id=None, language=place.language, now=now, variant_ids=variants)
    rows = [_flash(place, sale, item) for sale in sales for item in sale.items if not item.is_sold_out]
    campaigns = [one for one in await campaigns_now(session, now=now, product_id=product.product_id) if one.offers]
    rows += [_campaign(place, campaign) for campaign in campaigns if campaign.left != 0]
    groups = await open_groups(session, now=now, customer_id=None, product_id=product.product_id, limit=MOST_GROUPS)
    rows += [_group(place, group, vault) for group in groups]
    return fill("on_now.html", now=milliseconds(now), rows=Html("".join(rows))) if rows else Html("")


async def deal_tags(
    session: AsyncSession, place: Place, cards: Sequence[ProductCard], now: datetime
) -> Mapping[int, str]:
    """{product id: its lowest deal in a few words} of those that are in one."""
    words, language = DEAL_WORDS[place.language], place.language
    its = [card.product_id for card in cards]
    tags = {
        product_id: words.group_tag.format(price=money_text(Money(one.amount, one.currency), language), size=one.size)
        for product_id, one in (await group_prices(session, its, now=now)).items()
    }
    for product_id, offer in (await flash_offers(session, its, now=now)).items():
        until = time_text(offer.ends_at, language, place.settings.time_zone)
        tags[product_id] = words.flash_tag.format(price=money_text(offer.price, language), time=until)
    return tags


def _flash(place: Place, sale: SaleView, item: FlashItemView) -> Html:
    words, language = DEAL_WORDS[place.language], place.language
    is_on = sale.phase is Phase.ON
    left = words.flash_left if is_on else words.flash_pieces
    note = left.format(left=item.left, pieces=item.pieces)
    return _row(
        tag=words.flash_one,
        price=money_text(item.price, language),
        note=" · ".join(filter(None, (item.variant.label, note))),
        clock=clock(place, sale.counts_to, words.ends_in if is_on else words.begins_in),
        href=place.link(f"/flash/{item.item_id}"),
        go=words.flash_line if is_on else words.flash_early,
    )


def _campaign(place: Place, campaign: CampaignView) -> Html:
    words = DEAL_WORDS[place.language]
    price, alone = prices(campaign, place.language)
    note = [words.group_of.format(size=campaign.size), alone and words.alone.format(price=alone)]
    return _row(
        tag=words.campaigns,
        price=price,
        note=" · ".join(filter(None, note)),
        clock=Html(""),
        href=place.deal("group", campaign.campaign_id),
        go=words.start,
    )


def _group(place: Place, group: GroupView, vault: Vault) -> Html:
    words = DEAL_WORDS[place.language]
    return _row(
        tag=words.group_of.format(size=group.size),
        price=missing_text(words, group),
        note="",
        clock=clock(place, group.deadline, words.ends_in) if group.deadline else Html(""),
        href=place.link(public_path(vault, group.group_id)),
        go=words.look,
    )


def _row(**its: str) -> Html:
    return fill("deal.html", **its)
