"""What a link to a group leads to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.model import Media
from commerce.catalog.queries import ProductCard, product_cards
from commerce.group_buy.invitations import invitation_token, read_invitation
from commerce.group_buy.model import GroupState
from commerce.group_buy.queries import CampaignView, GroupView, campaign_view, group_view, open_groups
from commerce.promotions.rules import label_in
from foundation.encryption import Vault
from foundation.errors import Refused

NOBODY = 0
"""The inviter of a link that the shop itself shows to strangers."""
LANGUAGES = ("zh", "en")
OTHERS = 3
"""Groups of strangers shown beside one."""


@dataclass(frozen=True, slots=True)
class SeenGroup:
    """A group as its page shows it to anybody. `digest` is that of its product's picture.

    `cards`: {language: {product id: card}}, of its product and those of the others, as far as they are sold.
    """

    group: GroupView
    campaign: CampaignView
    cards: Mapping[str, Mapping[int, ProductCard]]
    digest: str | None
    others: tuple[GroupView, ...]

    @property
    def is_joinable(self) -> bool:
        """Whether who opens it now may take a seat."""
        return self.group.is_joinable and self.campaign.left != 0

    def card(self, language: str) -> ProductCard | None:
        """Its product, if that is still sold."""
        return self.cards[language].get(self.group.product_id)

    def title(self, language: str, other: GroupView | None = None) -> str:
        """The product of this group, or of another one, else the campaign."""
        group = other or self.group
        card = self.cards[language].get(group.product_id)
        return card.title if card else label_in(group.name, language)


def group_in(vault: Vault, token: str) -> int | None:
    """The group of this link; None unless it is letter for letter a token of ours."""
    found = read_invitation(vault, token)
    if found is None or token != invitation_token(vault, group_id=found.group_id, inviter_id=found.inviter_id):
        return None
    return found.group_id


def public_path(vault: Vault, group_id: int) -> str:
    """The page of a group that strangers may join."""
    return f"/g/{invitation_token(vault, group_id=group_id, inviter_id=NOBODY)}"


async def seen_group(session: AsyncSession, *, group_id: int, now: datetime) -> SeenGroup | None:
    """The group as it stands, with others like it; None before its leader has paid, or when there is none."""
    try:
        group = await group_view(session, group_id=group_id, now=now, customer_id=None)
    except Refused:
        return None
    if group.state is GroupState.OPENING:
        return None
    campaign = await campaign_view(session, campaign_id=group.campaign_id, now=now)
    others = await open_groups(session, now=now, customer_id=None, limit=OTHERS + 1) if campaign.strangers else []
    near = tuple(other for other in others if other.group_id != group_id)[:OTHERS]
    shown = list({group.product_id, *(other.product_id for other in near)})
    cards = {
        language: {card.product_id: card for card in await product_cards(session, shown, language=language)}
        for language in LANGUAGES
    }
    its = cards[LANGUAGES[0]].get(group.product_id)
    media = await session.get(Media, its.picture) if its is not None and its.picture is not None else None
    return SeenGroup(group, campaign, cards, media.digest if media else None, near)
