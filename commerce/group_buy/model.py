"""Buying together: campaigns with their prices, groups with a clock, members with an order each.

How many seats are held and taken stands in the group's allotment (commerce.inventory), nowhere else.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from commerce.promotions.rules import Audience
from commerce.states import check_move, state_type
from foundation.database import Base, Id, JsonMap


class CampaignState(StrEnum):
    """draft -> running -> ended. Groups of an ended campaign run out, or were ended with it."""

    DRAFT = "draft"
    RUNNING = "running"
    ENDED = "ended"


class BelowSize(StrEnum):
    """What happens to a group that is too small at its deadline: money back, or the price is kept, said openly."""

    REFUND = "refund"
    KEEP = "keep"


class GroupState(StrEnum):
    """opening -> open -> succeeded -> settled; open -> failed; opening or open -> cancelled.

    Nobody sees an opening group but its leader, who has not paid yet. A group with tiers can be joined until it is
    settled; one without is never settled, it ends as succeeded.
    """

    OPENING = "opening"
    OPEN = "open"
    SUCCEEDED = "succeeded"
    SETTLED = "settled"
    FAILED = "failed"
    CANCELLED = "cancelled"


LOST = (GroupState.FAILED, GroupState.CANCELLED)
"""Whose members get their money back."""
GROUP_MOVES: dict[GroupState, frozenset[GroupState]] = {
    GroupState.OPENING: frozenset({GroupState.OPEN, GroupState.CANCELLED}),
    GroupState.OPEN: frozenset({GroupState.SUCCEEDED, GroupState.FAILED, GroupState.CANCELLED}),
    GroupState.SUCCEEDED: frozenset({GroupState.SETTLED}),
    GroupState.SETTLED: frozenset(),
    GroupState.FAILED: frozenset(),
    GroupState.CANCELLED: frozenset(),
}


class MemberState(StrEnum):
    """held -> paid -> succeeded | refunded; held -> expired; held, paid or succeeded -> left; expired -> paid, late."""

    HELD = "held"
    PAID = "paid"
    SUCCEEDED = "succeeded"
    REFUNDED = "refunded"
    EXPIRED = "expired"
    LEFT = "left"


MEMBER_MOVES: dict[MemberState, frozenset[MemberState]] = {
    MemberState.HELD: frozenset({MemberState.PAID, MemberState.EXPIRED, MemberState.LEFT}),
    MemberState.PAID: frozenset({MemberState.SUCCEEDED, MemberState.REFUNDED, MemberState.LEFT}),
    MemberState.SUCCEEDED: frozenset({MemberState.LEFT}),
    MemberState.REFUNDED: frozenset(),
    MemberState.EXPIRED: frozenset({MemberState.PAID}),
    MemberState.LEFT: frozenset(),
}
LIVING = (MemberState.HELD, MemberState.PAID, MemberState.SUCCEEDED)
"""Members who count: for the limit of a customer, and as being in the group."""
_LIVING = text("state IN ('held', 'paid', 'succeeded')")


class GroupCampaign(Base):
    """What can be bought together and on what terms; names and prices stand in GroupOffer and GroupTier.

    Groups may be started from `starts_at` until `ends_at` and then have `window_minutes`. `size` is how many members
    make a group. A customer may be in `max_per_customer` groups, with up to `max_pieces` pieces in each. `strangers`:
    groups are shown to everyone who could join. `quota_id`: the allotment of all pieces together. A seat is kept for
    `hold_minutes` while it is not paid.
    """

    __tablename__ = "group_campaign"
    __table_args__ = (
        CheckConstraint("size >= 2", name="size_of_a_group"),
        CheckConstraint("max_per_customer > 0 AND max_pieces > 0", name="limits_positive"),
        CheckConstraint("hold_minutes > 0 AND window_minutes > hold_minutes", name="window_longer_than_hold"),
        CheckConstraint("ends_at > starts_at", name="time_not_empty"),
    )

    id: Mapped[Id]
    name: Mapped[JsonMap]
    description: Mapped[JsonMap] = mapped_column(default=dict, server_default=text("'{}'"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    state: Mapped[CampaignState] = mapped_column(state_type(CampaignState), default=CampaignState.DRAFT)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    window_minutes: Mapped[int]
    size: Mapped[int]
    max_per_customer: Mapped[int] = mapped_column(default=1)
    max_pieces: Mapped[int] = mapped_column(default=1)
    audience: Mapped[Audience] = mapped_column(state_type(Audience), default=Audience.EVERYONE)
    strangers: Mapped[bool] = mapped_column(default=True)
    quota_id: Mapped[int | None] = mapped_column(ForeignKey("allotment.id"), unique=True)
    below_size: Mapped[BelowSize] = mapped_column(state_type(BelowSize), default=BelowSize.REFUND)
    hold_minutes: Mapped[int] = mapped_column(default=10)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    @property
    def hold(self) -> timedelta:
        """How long a seat is kept that is not paid."""
        return timedelta(minutes=self.hold_minutes)

    @property
    def window(self) -> timedelta:
        """How long a group has, from the moment its leader has paid."""
        return timedelta(minutes=self.window_minutes)


class GroupOffer(Base):
    """What one piece of a variant costs in a group, in minor units; for who starts one `leader_amount`, if any."""

    __tablename__ = "group_offer"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("leader_amount BETWEEN 1 AND amount", name="leader_pays_no_more"),
    )

    campaign_id: Mapped[int] = mapped_column(ForeignKey("group_campaign.id", ondelete="CASCADE"), primary_key=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id"), primary_key=True, index=True)
    amount: Mapped[int]
    leader_amount: Mapped[int | None]


class GroupTier(Base):
    """What one piece costs when a group has become this large; the difference goes back when it is settled."""

    __tablename__ = "group_tier"
    __table_args__ = (CheckConstraint("amount > 0", name="amount_positive"),)

    campaign_id: Mapped[int] = mapped_column(ForeignKey("group_campaign.id", ondelete="CASCADE"), primary_key=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id"), primary_key=True)
    size: Mapped[int] = mapped_column(primary_key=True)
    amount: Mapped[int]


ENDS = text(
    "(buying_group.state = 'open' OR buying_group.state = 'succeeded' AND buying_group.capacity > buying_group.size)"
)
"""Groups that their deadline still decides about."""
DECIDED = text(
    "(buying_group.done_at IS NULL AND (buying_group.state IN ('settled', 'failed', 'cancelled')"
    " OR buying_group.state = 'succeeded' AND buying_group.capacity = buying_group.size))"
)
"""Groups whose members' orders are to be freed or refunded now."""


class BuyingGroup(Base):
    """Some who buy together. `size` members make it succeed; `capacity` is above it where there are tiers.

    `public_id` is its name in links. `reached`: how many had paid when it was decided; below `size` where the merchant
    keeps the price all the same. `done_at`: when every member's order has been freed or refunded. `version` grows with
    everything that changes what a card shows of it, but for seats that are only held.
    """

    __tablename__ = "buying_group"
    __table_args__ = (
        CheckConstraint("size >= 2 AND capacity >= size", name="capacity_holds_the_size"),
        CheckConstraint("state = 'opening' OR state = 'cancelled' OR deadline IS NOT NULL", name="open_has_a_deadline"),
        Index("ix_buying_group_ends", "deadline", postgresql_where=ENDS),
        Index("ix_buying_group_open", "campaign_id", "deadline", postgresql_where=text("state = 'open'")),
        Index("ix_buying_group_decided", "id", postgresql_where=DECIDED),
    )

    id: Mapped[Id]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("group_campaign.id"), index=True)
    leader_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    seats_id: Mapped[int] = mapped_column(ForeignKey("allotment.id"), unique=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True)
    state: Mapped[GroupState] = mapped_column(state_type(GroupState), default=GroupState.OPENING)
    size: Mapped[int]
    capacity: Mapped[int]
    deadline: Mapped[datetime | None]
    reached: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]

    @property
    def has_tiers(self) -> bool:
        """Whether it may grow beyond its size."""
        return self.capacity > self.size

    def move_to(self, state: GroupState) -> None:
        """Change the state, or raise Refused("group.move_refused"). The seats and the row must be locked."""
        check_move(GROUP_MOVES, of="group", before=self.state, after=state, group=self.id)
        self.state = state
        self.version += 1


class GroupMember(Base):
    """One seat of one customer and the order that pays it. `amount` is what a piece cost when it was taken.

    `seq` numbers a customer's living memberships of a campaign from 1 up to `most`, so that two at once cannot pass the
    limit. `is_twin`: their two accounts turned out to be one person, who was in the group with both.
    """

    __tablename__ = "group_member"
    __table_args__ = (
        CheckConstraint("seq BETWEEN 1 AND most", name="seq_within_most"),
        CheckConstraint("quantity > 0 AND amount > 0", name="pieces_and_price"),
        Index(
            "uq_group_member_once",
            "group_id",
            "customer_id",
            unique=True,
            postgresql_where=text("state IN ('held', 'paid', 'succeeded') AND NOT is_twin"),
        ),
        Index("uq_group_member_seq", "campaign_id", "customer_id", "seq", unique=True, postgresql_where=_LIVING),
        Index("ix_group_member_group", "group_id", "id"),
    )

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(ForeignKey("buying_group.id"))
    campaign_id: Mapped[int] = mapped_column(ForeignKey("group_campaign.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    order_id: Mapped[int] = mapped_column(unique=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id"))
    quantity: Mapped[int]
    amount: Mapped[int]
    is_leader: Mapped[bool] = mapped_column(default=False)
    is_twin: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    state: Mapped[MemberState] = mapped_column(state_type(MemberState), default=MemberState.HELD)
    seq: Mapped[int]
    most: Mapped[int]
    created_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    def move_to(self, state: MemberState, *, now: datetime) -> None:
        """Change the state, or raise Refused("member.move_refused"). Its order must be locked."""
        check_move(MEMBER_MOVES, of="member", before=self.state, after=state, member=self.id)
        self.state = state
        if state is MemberState.PAID:
            self.paid_at, self.ended_at = now, None
        else:
            self.ended_at = now


class GroupInterest(Base):
    """That a customer has looked at a group by a link to it, and is not in it."""

    __tablename__ = "group_interest"

    group_id: Mapped[int] = mapped_column(ForeignKey("buying_group.id", ondelete="CASCADE"), primary_key=True)
    customer_id: Mapped[int] = mapped_column(
        ForeignKey("customer.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    created_at: Mapped[datetime]


class GroupNudge(Base):
    """That the members of a group were nudged at this moment of its life: each moment once."""

    __tablename__ = "group_nudge"

    group_id: Mapped[int] = mapped_column(ForeignKey("buying_group.id", ondelete="CASCADE"), primary_key=True)
    moment: Mapped[str] = mapped_column(String(20), primary_key=True)
    at: Mapped[datetime]
