"""Promotions: read for pricing, made and edited by the staff, used by orders under their caps."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.promotions import rules
from commerce.promotions.model import Promotion, PromotionCustomer, PromotionUse
from commerce.promotions.rules import (
    Audience,
    Label,
    Rule,
    Scope,
    Stacking,
    read_rule,
    read_scope,
    rule_json,
    scope_json,
)
from foundation.errors import Refused
from foundation.reading import Read

NEAR = timedelta(days=1)
"""What begins or ended within it is still told of when a price is explained."""
MOST_PROMOTIONS = 200
"""Promotions that are on at once."""
LONGEST_NAME = 200
HIGHEST_PRIORITY = 1000
_NEAR_NOW = Read(
    select(*Promotion.__table__.c, PromotionCustomer.used.label("used_by_customer"))
    .outerjoin(
        PromotionCustomer,
        and_(PromotionCustomer.promotion_id == Promotion.id, PromotionCustomer.customer_id == bindparam("customer_id")),
    )
    .where(
        Promotion.active,
        or_(Promotion.starts_at.is_(None), Promotion.starts_at < bindparam("soon")),
        or_(Promotion.ends_at.is_(None), Promotion.ends_at > bindparam("lately")),
    )
    .order_by(Promotion.id)
)


@dataclass(frozen=True, slots=True)
class PromotionDraft:
    """A promotion as the staff writes it; see the columns of Promotion."""

    name: Label
    rule: Rule
    scope: Scope
    stacking: Stacking = Stacking.BEST_OF
    audience: Audience = Audience.EVERYONE
    priority: int = 0
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    max_uses: int | None = None
    max_per_customer: int | None = None


async def promotions_for(session: AsyncSession, *, customer_id: int, now: datetime) -> tuple[rules.Promotion, ...]:
    """The promotions of now, those that just ended or are about to begin, and what is left of their caps."""
    rows = await _NEAR_NOW.all(session, customer_id=customer_id, soon=now + NEAR, lately=now - NEAR)
    return tuple(_value(row) for row in rows)


async def take_promotions(session: AsyncSession, *, ids: Collection[int], order_id: int, customer_id: int) -> None:
    """Count that an order uses these promotions; again changes nothing.

    Raises Refused("promotion.used_up", promotion=...) when a cap has been reached since the price was made.
    """
    for promotion_id in sorted(set(ids)):
        use = insert(PromotionUse).values(promotion_id=promotion_id, order_id=order_id, customer_id=customer_id)
        if await session.scalar(use.on_conflict_do_nothing().returning(PromotionUse.order_id)) is None:
            continue
        caps = select(Promotion.max_uses, Promotion.max_per_customer).where(Promotion.id == promotion_id)
        max_uses, max_per_customer = (await session.execute(caps)).one()
        if max_uses is not None and not await _count(session, promotion_id):
            raise Refused("promotion.used_up", promotion=promotion_id)
        if max_per_customer is not None and not await _count_for(session, promotion_id, customer_id, max_per_customer):
            raise Refused("promotion.used_up", promotion=promotion_id)


async def lock_promotions_of(session: AsyncSession, order_ids: Collection[int]) -> None:
    """Lock what is counted of these orders, as it is counted one by one: for who takes stock before it gives back."""
    used = select(PromotionUse.promotion_id, PromotionUse.customer_id).where(PromotionUse.order_id.in_(order_ids))
    rows = [tuple(row) for row in await session.execute(used)]
    for promotion_id in sorted({promotion_id for promotion_id, _ in rows}):
        mine = PromotionCustomer.customer_id
        theirs = select(mine).where(PromotionCustomer.promotion_id == promotion_id, mine.in_([who for _, who in rows]))
        for locked in (select(Promotion.id).where(Promotion.id == promotion_id), theirs.order_by(mine)):
            await session.execute(locked.with_for_update(key_share=True))


async def give_back_promotions(session: AsyncSession, *, order_id: int, ids: Collection[int] | None = None) -> None:
    """The order, or what it used these `ids` for, came to nothing: they can be used again. Again changes nothing."""
    gone = delete(PromotionUse).where(PromotionUse.order_id == order_id)
    if ids is not None:
        gone = gone.where(PromotionUse.promotion_id.in_(ids))
    uses = await session.execute(gone.returning(PromotionUse.promotion_id, PromotionUse.customer_id))
    for promotion_id, customer_id in sorted(tuple(row) for row in uses):
        counted = update(Promotion).where(Promotion.id == promotion_id, Promotion.used > 0)
        await session.execute(counted.where(Promotion.max_uses.is_not(None)).values(used=Promotion.used - 1))
        theirs = update(PromotionCustomer).where(
            PromotionCustomer.promotion_id == promotion_id,
            PromotionCustomer.customer_id == customer_id,
            PromotionCustomer.used > 0,
        )
        await session.execute(theirs.values(used=PromotionCustomer.used - 1))


async def list_promotions(session: AsyncSession) -> list[tuple[Promotion, int]]:
    """Every promotion, those that are on first, then the newest; each with how many orders used it."""
    uses = select(func.count()).where(PromotionUse.promotion_id == Promotion.id).scalar_subquery()
    found = select(Promotion, uses).order_by(Promotion.active.desc(), Promotion.id.desc())
    rows = await session.execute(found.execution_options(populate_existing=True))
    return [(promotion, count) for promotion, count in rows]


async def add_promotion(session: AsyncSession, *, draft: PromotionDraft, active: bool, now: datetime) -> Promotion:
    """A new promotion. Raises Refused("promotion.invalid", at=..., why=...) or ("promotion.too_many")."""
    _check(draft)
    await _check_room(session, active)
    promotion = Promotion(active=active, used=0, version=1, created_at=now, updated_at=now)
    _write(promotion, draft)
    session.add(promotion)
    await session.flush()
    return promotion


async def edit_promotion(
    session: AsyncSession, *, promotion_id: int, draft: PromotionDraft, version: int, now: datetime
) -> Promotion:
    """Another wording of a promotion; orders keep the price they were placed at.

    Raises Refused("promotion.unknown"), ("promotion.changed"), ("promotion.invalid") as for a new one, or
    ("promotion.below_uses", used=...) for a cap below what has been used.
    """
    promotion = await locked_promotion(session, promotion_id=promotion_id, version=version)
    _check(draft)
    used = promotion.used
    if draft.max_uses is not None and promotion.max_uses is None:  # until now nobody counted
        used = await session.scalar(select(func.count()).where(PromotionUse.promotion_id == promotion_id)) or 0
    if draft.max_uses is not None and draft.max_uses < used:
        raise Refused("promotion.below_uses", used=used)
    if draft.max_per_customer is not None and promotion.max_per_customer is None:
        await _count_customers(session, promotion_id, draft.max_per_customer)
    promotion.used = used
    _write(promotion, draft)
    promotion.version += 1
    promotion.updated_at = now
    await session.flush()
    return promotion


async def switch_promotion(
    session: AsyncSession, *, promotion_id: int, active: bool, version: int, now: datetime
) -> Promotion:
    """Switch a promotion on or off. Raises Refused("promotion.unknown"), ("promotion.changed"), ("..too_many")."""
    promotion = await locked_promotion(session, promotion_id=promotion_id, version=version)
    if promotion.active != active:
        await _check_room(session, active)
        promotion.active = active
        promotion.version += 1
        promotion.updated_at = now
        await session.flush()
    return promotion


async def locked_promotion(session: AsyncSession, *, promotion_id: int, version: int) -> Promotion:
    """The promotion as it was read, under a lock that waits for orders that are using it.

    Raises Refused("promotion.unknown") or ("promotion.changed").
    """
    mine = select(Promotion).where(Promotion.id == promotion_id).with_for_update()
    promotion = await session.scalar(mine.execution_options(populate_existing=True))
    if promotion is None:
        raise Refused("promotion.unknown", promotion=promotion_id)
    if promotion.version != version:
        raise Refused("promotion.changed", version=promotion.version)
    return promotion


def _check(draft: PromotionDraft) -> None:
    read_rule(rule_json(draft.rule))
    names = [name.strip() for name in draft.name.values()]
    if not any(names) or max(map(len, names)) > LONGEST_NAME:
        raise Refused("name.invalid", longest=LONGEST_NAME)
    if draft.starts_at is not None and draft.ends_at is not None and draft.ends_at <= draft.starts_at:
        raise Refused("promotion.window_invalid")
    if draft.audience is Audience.NAMED:
        raise Refused("promotion.audience_invalid")
    if not 0 <= draft.priority <= HIGHEST_PRIORITY:
        raise Refused("promotion.priority_invalid", most=HIGHEST_PRIORITY)
    if any(cap is not None and cap < 1 for cap in (draft.max_uses, draft.max_per_customer)):
        raise Refused("promotion.cap_invalid")


async def _check_room(session: AsyncSession, active: bool) -> None:
    on = await session.scalar(select(func.count()).where(Promotion.active)) if active else 0
    if (on or 0) >= MOST_PROMOTIONS:
        raise Refused("promotion.too_many", most=MOST_PROMOTIONS)


def _write(promotion: Promotion, draft: PromotionDraft) -> None:
    promotion.name = {language: name.strip() for language, name in draft.name.items() if name.strip()}
    promotion.rule = rule_json(draft.rule)
    promotion.scope = scope_json(draft.scope)
    promotion.stacking = draft.stacking
    promotion.audience = draft.audience
    promotion.priority = draft.priority
    promotion.starts_at = draft.starts_at
    promotion.ends_at = draft.ends_at
    promotion.max_uses = draft.max_uses
    promotion.max_per_customer = draft.max_per_customer


def _value(row: Any) -> rules.Promotion:
    left = [] if row.max_uses is None else [row.max_uses - row.used]
    left += [] if row.max_per_customer is None else [row.max_per_customer - (row.used_by_customer or 0)]
    return rules.Promotion(
        id=row.id,
        label=row.name,
        rule=read_rule(row.rule),
        scope=read_scope(row.scope),
        stacking=row.stacking,
        priority=row.priority,
        audience=row.audience,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        uses_left=max(0, min(left)) if left else None,
    )


async def _count(session: AsyncSession, promotion_id: int) -> bool:
    """One more use, if the cap allows it: the guard is in the statement."""
    guarded = update(Promotion).where(Promotion.id == promotion_id, Promotion.used < Promotion.max_uses)
    return await session.scalar(guarded.values(used=Promotion.used + 1).returning(Promotion.used)) is not None


async def _count_for(session: AsyncSession, promotion_id: int, customer_id: int, most: int) -> bool:
    first = insert(PromotionCustomer).values(promotion_id=promotion_id, customer_id=customer_id, used=1, most=most)
    guarded = first.on_conflict_do_update(
        index_elements=["promotion_id", "customer_id"],
        set_={"used": PromotionCustomer.used + 1, "most": most},
        where=PromotionCustomer.used < most,
    )
    return await session.scalar(guarded.returning(PromotionCustomer.used)) is not None


async def _count_customers(session: AsyncSession, promotion_id: int, most: int) -> None:
    """How often each customer used it while nobody counted; who did so more often than the cap is left alone."""
    await session.execute(delete(PromotionCustomer).where(PromotionCustomer.promotion_id == promotion_id))
    uses = func.count()
    counted = select(PromotionUse.promotion_id, PromotionUse.customer_id, uses, func.greatest(uses, most))
    counted = counted.where(PromotionUse.promotion_id == promotion_id)
    counted = counted.group_by(PromotionUse.promotion_id, PromotionUse.customer_id)
    columns = ["promotion_id", "customer_id", "used", "most"]
    await session.execute(insert(PromotionCustomer).from_select(columns, counted))
