"""Buying together in words: a group as a card that stays true, the terms of a campaign, and the link to invite with."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.language import gap
from bot.replies import Button, Card, Row
from bot.skills.showing import price
from bot.telegram.links import deep_link
from bot.voice import Voice
from commerce.catalog.queries import ProductCard, product_cards
from commerce.group_buy.invitations import invitation_token
from commerce.group_buy.model import BelowSize, CampaignState, GroupState
from commerce.group_buy.queries import CampaignView, GroupView, MemberView, campaign_view
from commerce.promotions.rules import label_in
from foundation.money import Money

INVITED_TO = "/g/"
"""The address that an invitation leads to; its token comes behind it."""
ALIVE = (GroupState.OPENING, GroupState.OPEN)
COMPLETE = (GroupState.SUCCEEDED, GroupState.SETTLED)
MOST_NAMED = 6


async def group_card(voice: Voice, session: AsyncSession, group: GroupView) -> Card:
    """A group as its viewer sees it. As long as it can change, the message that shows it is edited when it does."""
    _ = voice.translate
    campaign = await campaign_view(session, campaign_id=group.campaign_id, now=voice.shop.now())
    product = await product_of(voice, session, campaign)
    low, _high, alone, currency = _prices(campaign)
    rows = [Row(_("Members"), _members(voice, group)), Row(_("By yourself"), voice.money(Money(alone, currency)))]
    rows += [Row(_("From {size} people").format(size=size), text) for size, text in _tiers(voice, campaign)]
    can_change = group.state in ALIVE or (group.state is GroupState.SUCCEEDED and group.capacity > group.size)
    return Card(
        title=title_of(voice, campaign, product),
        body=stands(voice, group),
        picture=product.picture if product else None,
        price=voice.money(Money(low, currency)),
        buttons=_buttons(voice, group, campaign),
        rows=tuple(rows),
        replaces=f"group:{group.group_id}",
        live=f"group:{group.group_id}:{group.version}" if can_change else "",
        share=" ".join((_("group"), group.public_id)) if group.is_joinable and group.order_id is not None else "",
    )


def stands(voice: Voice, group: GroupView) -> str:
    """Where a group stands, in a sentence or two."""
    _ = voice.translate
    until = voice.time(group.deadline) if group.deadline is not None else ""
    reached = group.reached or group.paid
    match group.state:
        case GroupState.OPENING:
            return _("Your group opens as soon as you have paid.")
        case GroupState.OPEN:
            text = _("{paid} of {size} are in, {missing} more to go. It ends on {time}.")
            return text.format(paid=group.paid, size=group.size, missing=group.missing, time=until)
        case GroupState.SUCCEEDED if group.capacity > group.size:
            text = _("It is complete: {paid} are in. It can still grow until {time}, and the price fall for everybody.")
            return text.format(paid=group.paid, time=until)
        case GroupState.SUCCEEDED | GroupState.SETTLED if reached < group.size:
            return _("{paid} are in. The shop keeps the group price though it is not full.").format(paid=reached)
        case GroupState.SUCCEEDED | GroupState.SETTLED:
            return _("It is complete: {paid} are in.").format(paid=reached)
        case GroupState.FAILED:
            text = _("It was not complete in time: {paid} of {size}. Who paid gets all of it back by itself.")
            return text.format(paid=reached, size=group.size)
        case GroupState.CANCELLED:
            return _("This group has ended. Who paid gets all of it back by itself.")


def invitation(voice: Voice, group_id: int) -> str:
    """The link that a member sends to friends; it is theirs, and opaque. Of a shop in Telegram also the one there."""
    shop, token = voice.shop, invitation_token(voice.vault, group_id=group_id, inviter_id=voice.customer_id)
    link = f"{shop.settings.base_url}{INVITED_TO}{token}"
    if shop.telegram is None:
        return link
    here = voice.translate("In Telegram: {link}").format(link=deep_link(shop.telegram.username, token))
    return f"{link}\n{here}"


def group_price(voice: Voice, campaign: CampaignView) -> str:
    """What a piece costs in a group, or from how much on."""
    low, high, _alone, currency = _prices(campaign)
    return price(voice, Money(low, currency), Money(high, currency))


def terms_text(voice: Voice, campaign: CampaignView) -> str:
    """What a campaign asks for and gives, in a line for lists: "2 people · 68.00 by yourself · 20 left · ends ..."."""
    _ = voice.translate
    _low, _high, alone, currency = _prices(campaign)
    parts = [
        _("{size} people").format(size=campaign.size),
        _("{price} by yourself").format(price=voice.money(Money(alone, currency))),
    ]
    if campaign.open_groups:
        parts.append(_("groups to join: {count}").format(count=campaign.open_groups))
    if campaign.left is not None:
        parts.append(_("{count} left").format(count=campaign.left) if campaign.left else _("all taken"))
    parts.append(_("until {time}").format(time=voice.time(campaign.ends_at)))
    return " · ".join(parts)


def rules_text(voice: Voice, campaign: CampaignView | None) -> str:
    """How buying together works, and what happens when a group is not complete."""
    _ = voice.translate
    size, window = (campaign.size, campaign.window_minutes) if campaign is not None else (None, 0)
    begin = _("Who starts a group pays, and the group is open. The others join and pay as well.")
    if size is not None:
        begin += gap(begin) + _("It takes {size} people within {time}.").format(size=size, time=lasting(voice, window))
    keeps = campaign is not None and campaign.below_size is BelowSize.KEEP
    fails = (
        _("If it is not full in time, the shop keeps the group price all the same and sends your order.")
        if keeps
        else _("If it is not full in time, everybody gets all of their money back, without asking, the way they paid.")
    )
    arrives = _("We send a refund off at once; your bank or wallet may take a few days to show it.")
    leave = _("Until it is full you can leave at any time and get all of it back.")
    after = _("When it is full we pack your order, and it can be cancelled or returned as any other.")
    lines = (begin, fails, arrives, leave, after) if not keeps else (begin, fails, leave, after)
    return "\n".join(f"• {line}" for line in lines)


def lasting(voice: Voice, minutes: int) -> str:
    """24 hours"""
    _ = voice.translate
    if minutes % 60 == 0:
        hours = minutes // 60
        return _("1 hour") if hours == 1 else _("{count} hours").format(count=hours)
    return _("{count} minutes").format(count=minutes)


async def product_of(voice: Voice, session: AsyncSession, campaign: CampaignView) -> ProductCard | None:
    """What is bought together, while it is on the shelf."""
    return next(iter(await product_cards(session, [campaign.product_id], language=voice.language)), None)


def title_of(voice: Voice, campaign: CampaignView, product: ProductCard | None) -> str:
    """The product, else what the campaign is called."""
    return product.title if product is not None else label_in(campaign.name, voice.language)


def can_start(voice: Voice, campaign: CampaignView) -> bool:
    """Whether a new group of it can begin now."""
    is_on = campaign.state is CampaignState.RUNNING and campaign.starts_at <= voice.shop.now() < campaign.ends_at
    return is_on and campaign.left != 0


def _prices(campaign: CampaignView) -> tuple[int, int, int, str]:
    """The lowest and the highest price in a group, the lowest one alone, in minor units of the currency."""
    amounts = [one.offer.amount for one in campaign.offers]
    return min(amounts), max(amounts), min(one.alone for one in campaign.offers), campaign.offers[0].currency


def _tiers(voice: Voice, campaign: CampaignView) -> list[tuple[int, str]]:
    first = campaign.offers[0]
    return [(tier.size, voice.money(Money(tier.amount, first.currency))) for tier in first.offer.tiers]


def _members(voice: Voice, group: GroupView) -> str:
    _ = voice.translate
    shown = [member for member in group.members if member.is_paid or member.is_me]
    names = [_member(voice, member) for member in shown[:MOST_NAMED]]
    if group.paid > MOST_NAMED:
        names.append("…")
    return _(", ").join(names) or "—"


def _member(voice: Voice, member: MemberView) -> str:
    _ = voice.translate
    name = _("you") if member.is_me else member.name or _("a shopper")
    if not member.is_paid:
        return _("{name} (not paid yet)").format(name=name)
    return _("{name} (started it)").format(name=name) if member.is_leader else name


def _buttons(voice: Voice, group: GroupView, campaign: CampaignView) -> tuple[Button, ...]:
    _, its = voice.translate, group.group_id
    is_mine = group.order_id is not None
    made: list[Button] = []
    if is_mine and group.state is GroupState.OPENING:
        made.append(voice.wish(_("Pay now"), "pay_order"))
    elif is_mine and group.is_joinable:
        made.append(voice.wish(_("Invite friends"), "invite_friends", group=its))
    if is_mine and group.state in ALIVE:
        made.append(voice.wish(_("Leave the group"), "leave_group", group=its))
    if is_mine and group.state in COMPLETE:
        made.append(voice.wish(_("Where is my order?"), "order_status"))
    if not is_mine and group.is_joinable:
        low, _high, _alone, currency = _prices(campaign)
        label = _("Join for {price}").format(price=voice.money(Money(low, currency)))
        made.append(voice.wish(label, "join_group", group=its))
    if not (is_mine and group.state in (*ALIVE, *COMPLETE)) and can_start(voice, campaign):
        made.append(voice.wish(_("Start my own group"), "start_group", campaign=group.campaign_id))
    if not is_mine and not group.is_joinable:
        made.append(voice.wish(_("Other groups"), "join_group", campaign=group.campaign_id))
    if group.state in ALIVE:
        made.append(voice.wish(_("What if it is not full?"), "ask_group_rules", campaign=group.campaign_id))
    return tuple(made)
