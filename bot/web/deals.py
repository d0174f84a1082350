"""The page of what is on: flash sales with their clocks, campaigns, and groups that strangers may join."""

from dataclasses import dataclass
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from bot.language import money_text
from bot.web.chat import shop_of
from bot.web.deal_words import DEAL_WORDS
from bot.web.goods import goods_page
from bot.web.goods_views import Page, Place
from bot.web.group_link import public_path
from bot.web.group_views import bar, clock, live_head, milliseconds, missing_text, prices
from bot.web.groups import parts
from bot.web.kept import Kept
from bot.web.pages import Html, fill, page_language
from commerce.catalog.queries import ProductCard, product_cards
from commerce.flash_sales.queries import FlashItemView, Phase, SaleView, sales_for
from commerce.group_buy.queries import CampaignView, GroupView, campaigns_now, open_groups
from commerce.promotions.rules import label_in
from foundation.encryption import Vault

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Deals:
    """All that is on, for everybody alike."""

    sales: list[SaleView]
    campaigns: list[CampaignView]
    groups: list[GroupView]
    cards: dict[int, ProductCard]


@router.api_route("/deals", methods=["GET", "HEAD"])
async def deals_page(request: Request) -> Response:
    """What is on now and what comes, with clocks that run."""
    shop, language = shop_of(request), page_language(request)
    deals = await _deals(request, language)
    place, words = Place(shop.settings, language, "/deals"), DEAL_WORDS[language]
    picture = place.absolute("/c/share.jpg", lang=language)
    main = fill(
        "deals.html",
        title=words.deals,
        live=place.link("/deals/live"),
        now=milliseconds(shop.now()),
        on=_on_html(place, deals, shop.vault),
    )
    facts = Page(words.deals, words.deals_about, picture, "website", [])
    return goods_page(request, place, facts, main, head=live_head(), headers={"Cache-Control": "no-store"})


@router.get("/deals/live")
async def deals_live(request: Request) -> Response:
    """What changes of the page."""
    shop, language = shop_of(request), page_language(request)
    deals = await _deals(request, language)
    place = Place(shop.settings, language, "/deals")
    return parts(request, _on_html(place, deals, shop.vault), shop.now())


async def _deals(request: Request, language: str) -> Deals:
    shop = shop_of(request)

    async def read() -> Deals:
        now = shop.now()
        async with shop.database.begin() as session:
            sales = await sales_for(session, customer_id=None, language=language, now=now)
            campaigns = [one for one in await campaigns_now(session, now=now) if one.offers]
            groups = await open_groups(session, now=now, customer_id=None, limit=6)
            its = {one.product_id for one in campaigns} | {one.product_id for one in groups}
            its |= {item.variant.product_id for sale in sales for item in sale.items}
            cards = await product_cards(session, sorted(its), language=language)
        return Deals(sales, campaigns, groups, {card.product_id: card for card in cards})

    kept: Kept[str, Deals] = request.app.state.deals
    return await kept.of(language, read)


def _on_html(place: Place, deals: Deals, vault: Vault) -> Html:
    words = DEAL_WORDS[place.language]
    sections = [_sale(place, sale, deals) for sale in deals.sales]
    sections.append(_section(words.others_deals, [_group(place, one, deals, vault) for one in deals.groups]))
    sections.append(_section(words.campaigns, [_campaign(place, one, deals) for one in deals.campaigns]))
    if not any(sections):
        sections = [_section(words.nothing, [fill("link.html", href=place.link("/c"), text=words.nothing_text)])]
    return fill("deals_on.html", sections=Html("".join(sections)))


def _section(title: str, tickets: list[Html], its_clock: Html | None = None) -> Html:
    if not tickets:
        return Html("")
    return fill("deal_section.html", title=title, clock=its_clock or Html(""), tickets=Html("".join(tickets)))


def _sale(place: Place, sale: SaleView, deals: Deals) -> Html:
    words, language = DEAL_WORDS[place.language], place.language
    label = words.begins_in if sale.phase is Phase.COMING else words.ends_in
    tickets = [flash_ticket(place, item, sale.phase, deals.cards) for item in sale.items]
    title = f"{words.flash} · {label_in(sale.name, language)}"
    return _section(title, tickets, clock(place, sale.counts_to, label))


def flash_ticket(place: Place, item: FlashItemView, phase: Phase, cards: dict[int, ProductCard]) -> Html:
    """An item of a sale at a glance; it leads to its page."""
    words, language, variant = DEAL_WORDS[place.language], place.language, item.variant
    if phase is Phase.COMING:
        note = words.flash_pieces.format(pieces=item.pieces)
    elif item.left:
        note = words.flash_left.format(left=item.left, pieces=item.pieces)
    else:
        note = words.flash_held.format(held=item.held) if item.held else words.flash_gone
    title = f"{variant.title} {variant.label}".strip()
    return _ticket(
        place,
        cards.get(variant.product_id),
        href=place.link(f"/flash/{item.item_id}"),
        title=title,
        price=money_text(item.price, language),
        alone=money_text(variant.price, language) if variant.price.amount > item.price.amount else "",
        note=f"{note} · {words.flash_most.format(most=item.max_per_customer)}",
        bar=bar(item.left, item.pieces) if phase is Phase.ON else Html(""),
        action=words.flash_early if phase is Phase.COMING else words.flash_line if item.left else words.see,
    )


def _group(place: Place, group: GroupView, deals: Deals, vault: Vault) -> Html:
    words, language = DEAL_WORDS[place.language], place.language
    card = deals.cards.get(group.product_id)
    return _ticket(
        place,
        card,
        href=place.link(public_path(vault, group.group_id)),
        title=card.title if card else label_in(group.name, language),
        price=missing_text(words, group),
        note=words.group_of.format(size=group.size),
        bar=bar(group.paid, group.size),
        clock=clock(place, group.deadline, words.ends_in) if group.deadline else Html(""),
        action=words.look,
    )


def _campaign(place: Place, campaign: CampaignView, deals: Deals) -> Html:
    words, language = DEAL_WORDS[place.language], place.language
    card = deals.cards.get(campaign.product_id)
    price, alone = prices(campaign, language)
    notes = [words.group_of.format(size=campaign.size)]
    if campaign.open_groups and campaign.strangers:
        is_one = campaign.open_groups == 1
        notes.append(words.one_group_open if is_one else words.groups_open.format(count=campaign.open_groups))
    if campaign.left is not None:
        notes.append(words.pieces_left.format(left=campaign.left))
    return _ticket(
        place,
        card,
        title=card.title if card else label_in(campaign.name, language),
        price=price,
        alone=alone,
        note=" · ".join(notes),
        clock=clock(place, campaign.ends_at, words.ends_in),
        href=place.deal("group", campaign.campaign_id),
        action=words.start,
    )


def _ticket(place: Place, card: ProductCard | None, *, href: str = "", alone: str = "", **its: str) -> Html:
    """A deal at a glance; it leads into the chat on its product unless told otherwise."""
    if not href:
        href = f"{place.link('/')}&p={quote(card.handle)}" if card else place.link("/")
    picture = Html("")
    if card is not None and card.picture is not None:
        picture = fill("shot.html", src=f"/media/{card.picture}?size=400", alt="", loading="lazy")
    return fill(
        "ticket.html",
        **{"bar": Html(""), "clock": Html(""), **its, "href": href, "alone": alone, "picture": picture},
    )
