"""The page of a group as markup, and the words for how it stands."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from bot.language import money_text, time_text
from bot.web.deal_words import DEAL_WORDS, DealWords
from bot.web.goods_views import Place, price_text
from bot.web.goods_words import GOODS_WORDS
from bot.web.group_link import SeenGroup, public_path
from bot.web.pages import Html, asset_url, fill
from bot.web.qr import qr_picture
from commerce.catalog.queries import ProductCard, VariantView
from commerce.group_buy.campaigns import Tier
from commerce.group_buy.model import BelowSize, CampaignState, GroupState
from commerce.group_buy.queries import CampaignView, GroupView, MemberView
from commerce.promotions.rules import label_in
from foundation.encryption import Vault
from foundation.money import Money

MOST_SEATS = 10
"""Up to so many seats are all drawn; of more the first, and a bar."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a group stands, in words. `mark`: open while it may change, good or bad when it is over."""

    mark: str
    headline: str
    text: str


def standing(place: Place, seen: SeenGroup) -> Standing:
    """What a page or a card says first of a group."""
    words, group = DEAL_WORDS[place.language], seen.group
    facts = {"paid": group.paid, "size": group.size, "missing": group.missing, "minutes": seen.campaign.hold_minutes}
    match group.state:
        case GroupState.FAILED:
            return Standing("bad", words.failed, words.failed_text)
        case GroupState.CANCELLED:
            return Standing("bad", words.cancelled, words.cancelled_text)
        case GroupState.SUCCEEDED | GroupState.SETTLED:
            tier = _next_tier(seen)
            if tier is not None and seen.is_joinable:
                price = _money(seen.campaign, tier.amount, place.language)
                return Standing(
                    "open", words.grown, words.grown_text.format(paid=group.paid, size=tier.size, price=price)
                )
            reached = group.reached if group.reached is not None else group.paid
            kept = reached < group.size
            return Standing(
                "good", words.succeeded, (words.kept_text if kept else words.succeeded_text).format(**facts)
            )
        case _ if seen.is_joinable:
            headline = words.missing_one if group.missing == 1 else words.missing.format(**facts)
            return Standing("open", headline, words.missing_text.format(**facts))
        case _ if group.left <= 0 or seen.campaign.left == 0:
            return Standing("open", words.full, words.full_text)
        case _:
            return Standing("open", words.closing, words.closing_text.format(**facts))


def group_page_html(
    place: Place,
    seen: SeenGroup,
    variants: dict[int, VariantView],
    token: str,
    vault: Vault,
    now: datetime,
    *,
    telegram: Html,
) -> Html:
    """The whole page of a group; `telegram` is the way into it there."""
    words, language, campaign = DEAL_WORDS[place.language], place.language, seen.campaign
    card, link = seen.card(language), place.absolute(f"/g/{token}")
    title = seen.title(language)
    price, alone = prices(campaign, language)
    return fill(
        "group.html",
        live=place.link(f"/g/{token}/live"),
        now=milliseconds(now),
        picture=_picture(card, title),
        campaign=f"{_name(seen.group, language)} · {words.group_of.format(size=campaign.size)}",
        title=title,
        price=price,
        alone=alone and words.alone.format(price=alone),
        standing=standing_html(place, seen, token, now),
        choices=_choices(place, campaign, variants),
        how=words.how,
        steps=Html("".join(fill("step.html", text=step) for step in _steps(place, campaign))),
        invite=words.invite,
        invite_text=words.invite_text,
        qr=qr_picture(link),
        qr_name=words.qr,
        link=link,
        link_name=words.link,
        copy=words.copy,
        copied=words.copied,
        card=place.link(f"/g/{token}/card.png"),
        file=f"{title[:60]}.png",
        save_card=words.save_card,
        telegram=telegram,
        others=others_html(place, seen, vault),
    )


def standing_html(place: Place, seen: SeenGroup, token: str, now: datetime) -> Html:
    """What changes on the page while somebody looks at it."""
    words, group, language = DEAL_WORDS[place.language], seen.group, place.language
    stands = standing(place, seen)
    is_on = group.state is GroupState.OPEN or seen.is_joinable
    card = seen.card(language)
    can_start = seen.campaign.state is CampaignState.RUNNING and now < seen.campaign.ends_at
    if seen.is_joinable:
        is_one_price = len({one.offer.amount for one in seen.campaign.offers}) == 1
        label = words.join.format(price=prices(seen.campaign, language)[0]) if is_one_price else words.join_any
        href = f"{place.link('/')}&g={token}"
    elif card is None:
        label, href = words.deals, place.link("/deals")
    else:
        label = words.start if can_start and not is_on else words.see
        href = f"{place.link('/')}&p={quote(card.handle)}"
    return fill(
        "standing.html",
        mark=stands.mark,
        headline=stands.headline,
        text=stands.text,
        clock=clock(place, group.deadline, words.ends_in) if is_on and group.deadline else Html(""),
        seats=Html("") if stands.mark == "bad" else _seats(place, group),
        href=href,
        label=label,
    )


def others_html(place: Place, seen: SeenGroup, vault: Vault) -> Html:
    """Other groups that strangers may join; an empty part when there are none."""
    words, language = DEAL_WORDS[place.language], place.language
    tickets = "".join(
        fill(
            "ticket.html",
            href=place.link(public_path(vault, other.group_id)),
            picture=Html(""),
            title=seen.title(language, other),
            price=missing_text(words, other),
            alone="",
            note=words.group_of.format(size=other.size),
            bar=bar(other.paid, other.size),
            clock=clock(place, other.deadline, words.ends_in) if other.deadline else Html(""),
            action=words.look,
        )
        for other in seen.others
    )
    return fill("others.html", title=words.others if tickets else "", tickets=Html(tickets))


def missing_text(words: DealWords, group: GroupView) -> str:
    """How many are missing of a group that can be joined, or that it is on already."""
    return words.other_line.format(missing=group.missing) if group.missing else words.grown


def prices(campaign: CampaignView, language: str) -> tuple[str, str]:
    """What a piece costs in a group, and alone; the second is empty where the group saves nothing."""
    together = [Money(one.offer.amount, one.currency) for one in campaign.offers]
    alone = [Money(one.alone, one.currency) for one in campaign.offers]
    lowest = min(alone, key=lambda money: money.amount)
    saves = lowest.amount > min(money.amount for money in together)
    return price_text(together, language), money_text(lowest, language) if saves else ""


def clock(place: Place, until: datetime, label: str) -> Html:
    """A clock that counts down; without scripts it says until when."""
    words = DEAL_WORDS[place.language]
    text = time_text(until, place.language, place.settings.time_zone)
    return fill("clock.html", label=label, until=milliseconds(until), days=words.days, text=text)


def live_head() -> Html:
    """Style and script of pages with clocks."""
    return fill("live_head.html", css=asset_url("deals.css"), script=asset_url("live.js"))


def milliseconds(moment: datetime) -> str:
    """As scripts count time."""
    return str(round(moment.timestamp() * 1000))


def bar(value: int, most: int) -> Html:
    """How far something has come."""
    return fill("bar.html", most=str(most), value=str(min(value, most)), label=f"{value}/{most}")


def _picture(card: ProductCard | None, title: str) -> Html:
    if card is None or card.picture is None:
        return Html("")
    return fill("shot.html", src=f"/media/{card.picture}", alt=title, loading="eager")


def _seats(place: Place, group: GroupView) -> Html:
    """Who is in, who is paying, and what is free."""
    words = DEAL_WORDS[place.language]
    most = group.capacity if group.paid >= group.size else group.size
    taken, free = group.paid + group.held, max(0, most - group.paid - group.held)
    if group.state in (GroupState.SUCCEEDED, GroupState.SETTLED) and not group.is_joinable:
        free = 0
    is_small = taken + free <= MOST_SEATS
    shown = group.members[: MOST_SEATS if is_small else MOST_SEATS - 2]
    seats = [_seat(place, member) for member in shown]
    if taken > len(shown):
        more = words.more.format(count=taken - len(shown))
        seats.append(fill("seat.html", look="more", letter="…", name=more, note=""))
    gap = fill("seat.html", look="free", letter="", name=words.free, note="")
    seats += [gap] * (free if is_small else min(free, 1))
    return fill(
        "seats.html",
        label=words.members,
        seats=Html("".join(seats)),
        bar=Html("") if is_small else bar(group.paid, most),
    )


def _seat(place: Place, member: MemberView) -> Html:
    words = DEAL_WORDS[place.language]
    note = words.paying if not member.is_paid else words.leader if member.is_leader else ""
    look = "paid" if member.is_paid else "held"
    return fill("seat.html", look=look, letter=member.name[:1], name=member.name or words.member, note=note)


def _steps(place: Place, campaign: CampaignView) -> list[str]:
    words = DEAL_WORDS[place.language]
    fails = words.how_refund if campaign.below_size is BelowSize.REFUND else words.how_keep
    steps = [words.how_seat.format(minutes=campaign.hold_minutes), words.how_full.format(size=campaign.size), fails]
    if tiers := _tiers(campaign):
        each = (
            words.tier.format(size=tier.size, price=_money(campaign, tier.amount, place.language)) for tier in tiers
        )
        steps.append(words.how_tiers.format(tiers=("、" if place.language == "zh" else ", ").join(each)))
    if campaign.max_pieces > 1:
        steps.append(words.how_most.format(most=campaign.max_pieces))
    return steps


def _choices(place: Place, campaign: CampaignView, variants: dict[int, VariantView]) -> Html:
    """The variants with their prices, when there is more than one."""
    if len(campaign.offers) < 2:
        return Html("")
    rows = []
    for one in campaign.offers:
        if variant := variants.get(one.offer.variant_id):
            price = money_text(Money(one.offer.amount, one.currency), place.language)
            is_there = variant.available > 0
            stock = "" if is_there else GOODS_WORDS[place.language].sold_out
            label = variant.label or variant.title
            rows.append(fill("choice.html", label=label, price=price, stock=stock, look="" if is_there else "out"))
    return fill("choices.html", title=DEAL_WORDS[place.language].offers, rows=Html("".join(rows)))


def _tiers(campaign: CampaignView) -> tuple[Tier, ...]:
    """Those of the cheapest offer, which the page shows."""
    return min((one.offer for one in campaign.offers), key=lambda offer: offer.amount).tiers


def _next_tier(seen: SeenGroup) -> Tier | None:
    return next((tier for tier in _tiers(seen.campaign) if tier.size > seen.group.paid), None)


def _money(campaign: CampaignView, amount: int, language: str) -> str:
    return money_text(Money(amount, campaign.offers[0].currency), language)


def _name(group: GroupView, language: str) -> str:
    return label_in(group.name, language)
