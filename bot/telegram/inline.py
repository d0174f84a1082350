"""Inline mode: "@bot tea" in any chat offers goods, "@bot group" what is bought together, to put into that chat."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.group_terms import can_start, group_price, product_of, terms_text, title_of
from bot.replies import Card
from bot.skills.showing import price
from bot.telegram.links import deep_link, product_payload, referral_payload
from bot.telegram.people import person_of
from bot.telegram.results import Result
from bot.telegram.screens import Key, screens_of
from bot.telegram.shared_cards import picture_address, shared_group
from bot.telegram.values import InlineAsked
from bot.voice import Voice
from commerce.catalog.queries import ProductCard, product_cards
from commerce.group_buy.queries import CampaignView, campaigns_now, group_view, my_groups
from commerce.search.actions import Wanted, find, suggest_popular

if TYPE_CHECKING:
    from bot.shop import Shop

log = structlog.get_logger(__name__)

PAGE = 20
"""Cards at a time; Telegram takes fifty."""
LARGEST_OFFSET = 1000
MOST_A_MINUTE = 100
"""Questions of one person: each letter they type is one."""
_NUMBER = re.compile(r"[0-9]{1,4}")
_GROUPS = ("拼团", "拼单", "团购", "group", "groups", "deals")
"""First words that ask for what is bought together."""


async def answer_inline(shop: "Shop", asked: InlineAsked) -> None:
    """Offer cards for what somebody types behind our name; nothing where that goes wrong, or to who asks too often."""
    assert shop.telegram is not None
    offset = min(int(asked.offset), LARGEST_OFFSET) if _NUMBER.fullmatch(asked.offset) else 0
    results: Sequence[Result] = ()
    is_more = False
    if not await shop.budget.spend(f"inline:{asked.user.id}", limit=MOST_A_MINUTE, seconds=60):
        try:
            results, is_more = await _offered(shop, asked, offset)
        except Exception:  # the shopper types on, and asks anew with each letter
            log.exception("inline mode has no answer")
    await shop.telegram.answer_inline(asked.query_id, results[:PAGE], more=str(offset + PAGE) if is_more else "")


async def _offered(shop: "Shop", asked: InlineAsked, offset: int) -> tuple[list[Result], bool]:
    """A page of cards for these words, and whether there are more.

    Without words: what is bought together, the shop itself, and goods.
    """
    async with shop.database.begin() as session:
        person = await person_of(session, asked.user, default=shop.settings.default_language)
        voice = Voice(shop, shop.vault, customer_id=person.customer_id, language=person.language)
        first, _, named = asked.query.strip().partition(" ")
        if first and first.casefold() not in _GROUPS:
            return await _goods(voice, session, asked.query, offset=offset)
        now = await campaigns_now(session, now=shop.now(), limit=PAGE)
        on = [one for one in now if one.offers and can_start(voice, one)]
        together = await _together(voice, session, on, named=named.strip())
        deals = {one.product_id for one in on}
        return together + ([] if first else [_shop(voice), *await _popular(voice, session, but=deals)]), False


async def _goods(voice: Voice, session: AsyncSession, query: str, *, offset: int) -> tuple[list[Result], bool]:
    """A page of products for these words, and whether there are more."""
    found = await find(session, Wanted(query, voice.language, offset=offset, limit=PAGE))
    cards = await product_cards(session, found.product_ids, language=voice.language)
    return [_product(voice, card) for card in cards], found.total > offset + PAGE


async def _popular(voice: Voice, session: AsyncSession, *, but: Collection[int]) -> list[Result]:
    ids = [its for its in await suggest_popular(session) if its not in but]
    return [_product(voice, card) for card in await product_cards(session, ids, language=voice.language)]


async def _together(voice: Voice, session: AsyncSession, on: Sequence[CampaignView], *, named: str) -> list[Result]:
    """The asker's own groups that can be joined, that `named` one first; then what one can start a group of."""
    now = voice.shop.now()
    mine = await my_groups(session, now=now, customer_id=voice.customer_id, limit=PAGE)
    mine = [group for group in mine if group.is_joinable]
    mine.sort(key=lambda group: group.public_id != named)
    groups = [await group_view(session, group_id=group.group_id, now=now, customer_id=None) for group in mine]
    shared = [await shared_group(voice, session, group, inviter_id=voice.customer_id) for group in groups]
    return [*(card.result for card in shared), *[await _deal(voice, session, one) for one in on]]


async def _deal(voice: Voice, session: AsyncSession, campaign: CampaignView) -> Result:
    product = await product_of(voice, session, campaign)
    card = Card(
        title=title_of(voice, campaign, product),
        body=terms_text(voice, campaign),
        price=group_price(voice, campaign),
        picture=product.picture if product else None,
    )
    return _of_product(voice, f"d{campaign.campaign_id}", card, campaign.product_id, voice.translate("Buy together"))


def _shop(voice: Voice) -> Result:
    """The shop, for a friend who does not know it; its link says who brought them."""
    _ = voice.translate
    card = Card(
        title=voice.shop.settings.shop_name(voice.language),
        body=_("Look around, buy together, order and follow the parcel: all of it in the chat."),
    )
    return _leading(voice, "s", card, referral_payload(voice.vault, customer_id=voice.customer_id), _("Visit the shop"))


def _product(voice: Voice, product: ProductCard) -> Result:
    _ = voice.translate
    card = Card(
        title=product.title,
        body="" if product.in_stock else _("Sold out at the moment"),
        price=price(voice, product.price_from, product.price_to),
        picture=product.picture,
    )
    return _of_product(voice, f"p{product.product_id}", card, product.product_id, _("See it in the shop"))


def _of_product(voice: Voice, name: str, card: Card, product_id: int, label: str) -> Result:
    payload = product_payload(voice.vault, product_id=product_id, sharer_id=voice.customer_id)
    return _leading(voice, name, card, payload, label)


def _leading(voice: Voice, name: str, card: Card, payload: str, label: str) -> Result:
    """A card with a button that opens what the payload says in the chat with us."""
    assert voice.shop.telegram is not None
    screen = screens_of(replace(card, picture=None), language=voice.language)[0]
    key = Key(label, url=deep_link(voice.shop.telegram.username, payload))
    return Result(
        id=name,
        title=card.title,
        description=" · ".join(filter(None, (card.price, card.body))),
        screen=replace(screen, rows=((key,),)),
        picture=picture_address(voice.shop.settings, card.picture),
    )
