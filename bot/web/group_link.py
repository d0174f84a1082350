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
    """A group as its page shows it to anybody. `cards`: its product by language, none when that is not sold any more.

    `digest` is that of the product's picture.
    """

    group: GroupView
    campaign: CampaignView
    cards: Mapping[str, ProductCard]
    digest: str | None
    others: tuple[GroupView, ...]

    @property
    def is_joinable(self) -> bool:
        """Whether who opens it now may take a seat."""
        return self.group.is_joinable and self.campaign.left != 0

    def title(self, language: str) -> str:
        """The product, else the campaign."""
        card = self.cards.get(language)
        return card.title if card else label_in(self.group.name, language)


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
    cards = {
        language: card
        for language in LANGUAGES
        for card in await product_cards(session, [group.product_id], language=language)
    }
    picture = next((card.picture for card in cards.values()), None)
    media = await session.get(Media, picture) if picture is not None else None
    others = await open_groups(session, now=now, customer_id=None, limit=OTHERS + 1) if campaign.strangers else []
    near = tuple(other for other in others if other.group_id != group_id)[:OTHERS]
    return SeenGroup(group, campaign, cards, media.digest if media else None, near)
