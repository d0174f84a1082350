"""Buying together: what is on, starting a group, joining one by a friend's link or that of strangers, and the rules."""

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.flow import Turn
from bot.group_terms import can_start, group_card, group_price, product_of, rules_text, stands, terms_text, title_of
from bot.questions import MakeButton, Option, Pick
from bot.replies import Button, Card, Cards, Choice
from bot.skills.customers import ask_about_offers
from bot.skills.deals_named import deals_named, how_many
from bot.skills.item_names import names_of
from bot.skills.variants import PickVariant
from bot.words import Words
from commerce.carts.deals import GroupDeal, deal_cart
from commerce.catalog.queries import VariantView, variant_views
from commerce.group_buy.invitations import read_invitation
from commerce.group_buy.nudges import note_interest
from commerce.group_buy.queries import (
    CampaignView,
    GroupView,
    campaign_view,
    campaigns_now,
    group_view,
    my_groups,
    open_groups,
)
from commerce.orders.quoting import quote
from foundation.errors import Json
from foundation.money import Money

MOST_SHOWN = 8
MOST_GROUPS = 5
_ANOTHER = re.compile(r"别的|别人|另外?一|其他|换个|\b(?:other|another|different|else)", re.IGNORECASE)


class PickGroup(Pick[GroupView]):
    """One of the open groups, each shown as a card; "this one" is the one `looked_at` last."""

    cards: Sequence[Card] = ()
    looked_at = ""

    def exact(self, words: Words, shown: Sequence[str]) -> Json | None:
        read = super().exact(words, shown)
        if read is None and self.looked_at in self.options and words.heard.intent in ("join_group", "affirm"):
            words.take_everything()
            read = self.looked_at
        return read

    def reply(self, button: MakeButton) -> Cards:
        made = [button(option.label, key) for key, option in self.options.items()]
        cards = (replace(card, buttons=(join, *card.buttons)) for card, join in zip(self.cards, made, strict=True))
        return Cards(self.prompt, tuple(cards))


async def show_group_buys(turn: Turn) -> None:
    """What can be bought together now, each with its price beside that of one who buys alone."""
    _ = turn._
    on = await _on_now(turn)
    named = await deals_named(turn, await _titles(turn, on), acts=False)
    if not on:
        sales = turn.wish(_("Flash sales"), "show_flash_sales")
        around = turn.wish(_("What else is on?"), "ask_promotions")
        turn.say(Choice(_("Nothing is bought in groups at the moment."), (sales, around)))
        return
    await _say_on(turn, [one for one in on if one.product_id in named.products] or on, not_for=named.else_)


async def start_group(turn: Turn) -> None:
    """Begin a group: which goods, which kind of them, how many; the checkout does the rest."""
    campaign = await _which_campaign(turn)
    if campaign is not None:
        await _to_checkout(turn, campaign, group_id=None)


async def open_group(turn: Turn) -> None:
    """The group that a friend's link leads to, as it stands now, with what can be done about it."""
    group = await _invited(turn)
    turn.focus["group"] = group.group_id
    turn.focus["product"] = group.product_id
    turn.say(await group_card(turn, turn.session, group))
    if group.order_id is None and group.is_joinable:
        await note_interest(turn.session, group_id=group.group_id, customer_id=turn.customer_id, now=turn.now)
        await ask_about_offers(turn)


async def join_group(turn: Turn) -> None:
    """Join the group that is meant: on the button, looked at, else one of strangers, nearest to completion first."""
    group = await _meant_group(turn)
    if group is None:
        return
    turn.focus["group"] = group.group_id
    turn.say(stands(turn, group))
    await _to_checkout(turn, await _campaign(turn, group.campaign_id), group_id=group.group_id)


async def ask_group_rules(turn: Turn) -> None:
    """How it works, and what becomes of the money when a group is not full in time."""
    _ = turn._
    campaign_id = turn.args.get("campaign") or await turn.once("campaign", lambda: _looked_at(turn))
    campaign = await _campaign(turn, int(campaign_id)) if campaign_id else None
    see = turn.wish(_("What is on in groups?"), "show_group_buys")
    mine = turn.wish(_("How is my group?"), "group_status")
    turn.say(Choice(rules_text(turn, campaign), (see, mine)))


async def _say_on(turn: Turn, campaigns: Sequence[CampaignView], *, not_for: str) -> None:
    """The campaigns as cards; `not_for` are the words for what is not among them."""
    _ = turn._
    turn.focus["results"] = [campaign.product_id for campaign in campaigns]
    cards = tuple([await _card_of(turn, campaign) for campaign in campaigns])
    rules = turn.wish(_("What if it is not full?"), "ask_group_rules")
    sales = turn.wish(_("Flash sales"), "show_flash_sales")
    none = _("There is no group-buy for “{thing}” at the moment. This is on:").format(thing=not_for)
    turn.say(Cards(none if not_for else _("Cheaper together:"), cards, (rules, sales)))


async def _card_of(turn: Turn, campaign: CampaignView) -> Card:
    _ = turn._
    product = await product_of(turn, turn.session, campaign)
    buttons: list[Button] = []
    if can_start(turn, campaign):
        label = _("Start a group") if not campaign.open_groups else _("Start my own group")
        buttons.append(turn.wish(label, "start_group", campaign=campaign.campaign_id))
    if campaign.open_groups and campaign.strangers:
        buttons.append(turn.wish(_("Join a group"), "join_group", campaign=campaign.campaign_id))
    buttons.append(turn.wish(_("Details"), "show_product", product=campaign.product_id))
    picture = product.picture if product is not None else None
    title = title_of(turn, campaign, product)
    return Card(title, terms_text(turn, campaign), picture, group_price(turn, campaign), tuple(buttons))


async def _on_now(turn: Turn) -> list[CampaignView]:
    """Those that are on, only of the product on the button, if there is one."""
    on = await campaigns_now(turn.session, now=turn.now, limit=MOST_SHOWN)
    product_id = int(turn.args.get("product", 0))
    return [campaign for campaign in on if campaign.offers and product_id in (0, campaign.product_id)]


async def _titles(turn: Turn, campaigns: Sequence[CampaignView]) -> dict[int, str]:
    """By product."""
    return {
        campaign.product_id: title_of(turn, campaign, await product_of(turn, turn.session, campaign))
        for campaign in campaigns
    }


async def _which_campaign(turn: Turn) -> CampaignView | None:
    """None when it was said that there is none for what is wanted."""
    if "campaign" in turn.args:
        return await _campaign(turn, int(turn.args["campaign"]))
    on = [campaign for campaign in await _on_now(turn) if can_start(turn, campaign)]
    titles = await _titles(turn, on)
    named = await deals_named(turn, titles, acts=True)
    if on and named.else_:
        await _say_on(turn, on, not_for=named.else_)
        return None
    names = names_of(titles)
    options = [
        Option(
            str(campaign.campaign_id),
            f"{titles[campaign.product_id]}  {group_price(turn, campaign)}",
            campaign,
            also=names[campaign.product_id],
        )
        for campaign in [one for one in on if one.product_id in named.products] or on
    ]
    question = Pick(turn._("What would you like to buy in a group?"), options, none="group.nothing_on", named="")
    return await turn.ask("campaign", question)


async def _campaign(turn: Turn, campaign_id: int) -> CampaignView:
    return await campaign_view(turn.session, campaign_id=campaign_id, now=turn.now)


async def _looked_at(turn: Turn) -> Json:
    """The campaign of the shopper's group, or of what they look at; else the only one that is on."""
    if "group" in turn.focus:
        groups = await my_groups(turn.session, now=turn.now, customer_id=turn.customer_id)
        mine = [group.campaign_id for group in groups if group.group_id == turn.focus["group"]]
        if mine:
            return mine[0]
    on = await campaigns_now(turn.session, now=turn.now)
    its = [one.campaign_id for one in on if one.product_id == turn.focus.get("product")]
    return next(iter(its or [one.campaign_id for one in on if len(on) == 1]), None)


async def _invited(turn: Turn) -> GroupView:
    """Raises Refused("group.unknown") for what is no link of ours."""
    if "group" not in turn.args:
        token = turn.words.heard.text.strip() if turn.words is not None else ""
        read = read_invitation(turn.vault, token)
        group_id = await turn.once("group", lambda: _kept(read.group_id if read is not None else 0))
    else:
        group_id = int(turn.args["group"])
    return await group_view(turn.session, group_id=int(group_id), now=turn.now, customer_id=turn.customer_id)


async def _kept(value: int) -> Json:
    return value


async def _meant_group(turn: Turn) -> GroupView | None:
    """The group to join; None when there is none."""
    _ = turn._
    if "group" in turn.args:
        group_id = int(turn.args["group"])
        return await group_view(turn.session, group_id=group_id, now=turn.now, customer_id=turn.customer_id)
    looked_at = await turn.once("group", lambda: _open_group(turn))
    if "campaign" not in turn.args and looked_at:
        group_id = int(looked_at)
        return await group_view(turn.session, group_id=group_id, now=turn.now, customer_id=turn.customer_id)
    campaign_id = int(turn.args["campaign"]) if "campaign" in turn.args else None
    groups = await open_groups(
        turn.session, now=turn.now, customer_id=turn.customer_id, campaign_id=campaign_id, limit=MOST_GROUPS
    )
    if not groups:
        see = turn.wish(_("What is on in groups?"), "show_group_buys")
        start = turn.wish(_("Start my own group"), "start_group", **({"campaign": campaign_id} if campaign_id else {}))
        turn.say(Choice(_("There is no open group to join right now. You could start one."), (start, see)))
        return None
    options = [Option(str(group.group_id), _("Join"), group) for group in groups]
    pick = PickGroup(_("These groups are looking for people, nearest to full first:"), options, none="", named="")
    pick.cards = [await _strangers_card(turn, group) for group in groups]
    pick.looked_at = str(turn.focus.get("group", ""))
    return await turn.ask("which", pick)


async def _open_group(turn: Turn) -> Json:
    """The group looked at last, if one can join it and no other one is wanted."""
    if "group" not in turn.focus or (turn.words is not None and _ANOTHER.search(turn.words.heard.text)):
        return 0
    group_id = int(turn.focus["group"])
    group = await group_view(turn.session, group_id=group_id, now=turn.now, customer_id=turn.customer_id)
    return group_id if group.is_joinable and group.order_id is None else 0


async def _strangers_card(turn: Turn, group: GroupView) -> Card:
    campaign = await _campaign(turn, group.campaign_id)
    product = await product_of(turn, turn.session, campaign)
    look = turn.wish(turn._("Who is in it?"), "open_group", group=group.group_id)
    picture = product.picture if product is not None else None
    price = group_price(turn, campaign)
    return Card(title_of(turn, campaign, product), stands(turn, group), picture, price, (look,))


async def _to_checkout(turn: Turn, campaign: CampaignView, *, group_id: int | None) -> None:
    """Which kind, how many; then the checkout of a cart of its own. Refuses at once what cannot be."""
    variant = await _which_variant(turn, campaign, is_leader=group_id is None)
    pieces = await how_many(turn, most=campaign.max_pieces, over="group.pieces")
    deal = GroupDeal(campaign.campaign_id, group_id)
    customer_id = turn.customer_id
    cart = await deal_cart(
        turn.session, customer_id=customer_id, deal=deal, lines={variant.variant_id: pieces}, now=turn.now
    )
    await quote(turn.session, customer_id=customer_id, language=turn.language, now=turn.now, cart_id=cart.id)
    turn.focus["product"] = campaign.product_id
    turn.go_on_with("checkout", cart=cart.id)


async def _which_variant(turn: Turn, campaign: CampaignView, *, is_leader: bool) -> VariantView:
    """One of those on offer, with what it costs in this group."""
    offers = {one.offer.variant_id: one for one in campaign.offers}
    variants = await variant_views(turn.session, list(offers), language=turn.language)
    if "variant" in turn.args and int(turn.args["variant"]) in variants:
        return variants[int(turn.args["variant"])]
    options = []
    for variant_id, variant in variants.items():
        its = offers[variant_id]
        amount = (its.offer.leader_amount if is_leader else None) or its.offer.amount
        label = f"{variant.label or variant.title}  {turn.money(Money(amount, its.currency))}"
        options.append(Option(str(variant_id), label, variant))
    return await turn.ask("variant", PickVariant(turn._("Which kind?"), options, none="catalog.gone", named=""))
