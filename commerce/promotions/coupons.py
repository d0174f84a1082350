"""Coupons in a customer's hands: claiming, reserving for an order, using, returning, expiring."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.announcements import announce
from commerce.customers.code_tries import UNKNOWN
from commerce.promotions.coupon_model import (
    USABLE,
    BatchState,
    Benefit,
    Coupon,
    CouponBatch,
    CouponState,
    Way,
)
from foundation.codes import plain_code
from foundation.encryption import Vault
from foundation.errors import Json, Refused
from foundation.reading import Read

CODE = "coupon"
"""The kind under which coupon codes are blinded."""


@dataclass(frozen=True, slots=True)
class CouponView:
    """A coupon that a customer may use now, with its terms (see CouponBatch). `title` is {"zh", "en"}."""

    coupon_id: int
    batch_id: int
    title: dict[str, Json]
    benefit: Benefit
    ppm: int
    amount: int
    threshold: int
    cap: int | None
    currency: str
    stackable: bool
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class OfferView:
    """A batch of which this customer may take one in the chat. `left` is advice, none without a limit."""

    batch_id: int
    title: dict[str, Json]
    benefit: Benefit
    ppm: int
    amount: int
    threshold: int
    cap: int | None
    currency: str
    ends_at: datetime | None
    left: int | None


async def usable_coupons(session: AsyncSession, *, customer_id: int, now: datetime) -> list[CouponView]:
    """What this customer may use now; those that end first come first."""
    return [CouponView(*row) for row in await _USABLE.all(session, customer_id=customer_id, now=now)]


async def coupon_view(session: AsyncSession, *, coupon_id: int) -> CouponView:
    """One coupon with its terms, whatever its state. Raises Refused("coupon.unknown")."""
    one = select(Coupon, CouponBatch).join(CouponBatch, CouponBatch.id == Coupon.batch_id)
    row = (await session.execute(one.where(Coupon.id == coupon_id))).one_or_none()
    if row is None:
        raise Refused("coupon.unknown", coupon=coupon_id)
    return _view(*row)


async def held_by_code(session: AsyncSession, *, code: str, customer_id: int, now: datetime) -> CouponView | None:
    """The usable coupon that this customer got by a code before; none where there is no such."""
    vault: Vault = session.info["vault"]
    index = vault.blind(CODE, plain_code(code))
    mine = select(Coupon, CouponBatch).join(CouponBatch, CouponBatch.id == Coupon.batch_id)
    mine = mine.where(Coupon.customer_id == customer_id, *_is_usable(now))
    mine = mine.where(or_(Coupon.code_index == index, CouponBatch.code_index == index))
    row = (await session.execute(mine.order_by(Coupon.id).limit(1))).one_or_none()
    return None if row is None else _view(*row)


async def offers_for(session: AsyncSession, *, customer_id: int, now: datetime) -> list[OfferView]:
    """The batches that are offered to everyone and of which this customer has not had their share yet."""
    had = select(func.count(Coupon.id)).where(Coupon.batch_id == CouponBatch.id, Coupon.customer_id == customer_id)
    open_ones = select(CouponBatch).where(
        CouponBatch.way == Way.OFFERED, *_gives(now), had.scalar_subquery() < CouponBatch.per_customer
    )
    batches = await session.scalars(open_ones.order_by(CouponBatch.ends_at.asc().nulls_last(), CouponBatch.id))
    return [
        OfferView(
            batch_id=batch.id,
            title=batch.title,
            benefit=batch.benefit,
            ppm=batch.ppm,
            amount=batch.amount,
            threshold=batch.threshold,
            cap=batch.cap,
            currency=batch.currency,
            ends_at=batch.ends_at,
            left=None if batch.total is None else batch.total - batch.issued,
        )
        for batch in batches
    ]


async def claim(session: AsyncSession, *, batch_code: str, customer_id: int, now: datetime) -> CouponView:
    """Take the coupon that a code stands for, a shared or a single one. Call it through `try_code`, which counts.

    Raises Refused("codes.unknown"), ("coupons.yours_already"), ("coupons.all_gone") or ("coupons.not_now").
    """
    vault: Vault = session.info["vault"]
    index = vault.blind(CODE, plain_code(batch_code))
    single = select(Coupon).where(Coupon.code_index == index).with_for_update()
    coupon = await session.scalar(single.execution_options(populate_existing=True))
    if coupon is not None and coupon.state is not CouponState.OPEN:
        raise Refused("coupons.yours_already" if coupon.customer_id == customer_id else UNKNOWN)
    batch_id = coupon.batch_id if coupon is not None else None
    if batch_id is None:
        batch_id = await session.scalar(select(CouponBatch.id).where(CouponBatch.code_index == index))
    if batch_id is None:
        raise Refused(UNKNOWN)
    return await _issue(session, batch_id=batch_id, customer_id=customer_id, now=now, coupon=coupon)


async def claim_offer(session: AsyncSession, *, batch_id: int, customer_id: int, now: datetime) -> CouponView:
    """Take one of a batch that is offered to all. Raises Refused("coupons.gone") for any other, else as `claim`."""
    offered = select(CouponBatch.id).where(CouponBatch.id == batch_id, CouponBatch.way == Way.OFFERED)
    if await session.scalar(offered) is None:
        raise Refused("coupons.gone")
    return await _issue(session, batch_id=batch_id, customer_id=customer_id, now=now)


async def give(session: AsyncSession, *, batch_id: int, customer_id: int, now: datetime) -> CouponView:
    """The staff gives a customer one of a batch of any kind but single codes; its limits hold. Raises as `claim`."""
    way = await session.scalar(select(CouponBatch.way).where(CouponBatch.id == batch_id))
    if way is None:
        raise Refused("coupon_batch.unknown", batch=batch_id)
    if way is Way.SINGLE_CODES:
        raise Refused("coupon_batch.has_codes", batch=batch_id)
    return await _issue(session, batch_id=batch_id, customer_id=customer_id, now=now)


async def reserve_coupons(
    session: AsyncSession, *, coupon_ids: Collection[int], customer_id: int, order_id: int, now: datetime
) -> None:
    """Bind coupons to an order. Raises Refused("coupons.not_usable") unless each is the customer's and usable now."""
    wanted = sorted(set(coupon_ids))
    if not wanted:
        return
    usable = select(Coupon).join(CouponBatch, CouponBatch.id == Coupon.batch_id)
    usable = usable.where(Coupon.id.in_(wanted), Coupon.customer_id == customer_id, *_is_usable(now))
    coupons = await _locked(session, usable.order_by(Coupon.id).with_for_update(of=Coupon))
    if len(coupons) != len(wanted):
        raise Refused("coupons.not_usable")
    for coupon in coupons:
        coupon.move_to(CouponState.RESERVED, order_id=order_id)
    await session.flush()


async def use_coupons(session: AsyncSession, *, order_id: int, now: datetime) -> None:
    """The order is placed: what it had reserved is used. Again changes nothing."""
    for coupon in await _of_order(session, order_id, (CouponState.RESERVED,)):
        coupon.move_to(CouponState.USED)
        coupon.used_at = now
    await session.flush()


async def return_coupons(session: AsyncSession, *, order_id: int, now: datetime) -> int:
    """The order came to nothing: its coupons go back to the customer; returns how many. Again changes nothing.

    A coupon whose time was over meanwhile goes back and ends.
    """
    coupons = await _of_order(session, order_id, (CouponState.RESERVED, CouponState.USED))
    for coupon in coupons:
        coupon.move_to(CouponState.RETURNED)
        coupon.used_at = None
        if coupon.expires_at is not None and coupon.expires_at <= now:
            coupon.move_to(CouponState.EXPIRED)
    await session.flush()
    return len(coupons)


async def revoke_coupon(session: AsyncSession, *, coupon_id: int) -> Coupon:
    """Take a coupon back that no order is bound to. Raises Refused("coupon.unknown") or ("coupon.move_refused")."""
    coupons = await _locked(session, select(Coupon).where(Coupon.id == coupon_id).with_for_update())
    if not coupons:
        raise Refused("coupon.unknown", coupon=coupon_id)
    coupons[0].move_to(CouponState.REVOKED)
    await session.flush()
    return coupons[0]


async def expire_coupons(session: AsyncSession, *, now: datetime, limit: int) -> int:
    """Expire unused coupons whose time is over. A sweep: returns how many there were."""
    due = select(Coupon).where(Coupon.state.in_((CouponState.OPEN, *USABLE)), Coupon.expires_at <= now)
    coupons = await _locked(session, due.order_by(Coupon.id).limit(limit).with_for_update(skip_locked=True))
    for coupon in coupons:
        coupon.move_to(CouponState.EXPIRED)
    await session.flush()
    return len(coupons)


async def _issue(
    session: AsyncSession, *, batch_id: int, customer_id: int, now: datetime, coupon: Coupon | None = None
) -> CouponView:
    """One more of the batch, whole or not at all: a savepoint takes the count back when the customer had theirs."""
    async with session.begin_nested():
        guarded = update(CouponBatch).where(CouponBatch.id == batch_id, *_gives(now))
        taken = guarded.values(issued=CouponBatch.issued + 1).returning(CouponBatch)
        batch = await session.scalar(taken.execution_options(populate_existing=True))
        if batch is None:
            raise await _why_not(session, batch_id, now)
        # The batch's row is ours now: nobody else adds a coupon of it until we are done.
        count = select(func.count(Coupon.id)).where(Coupon.batch_id == batch_id, Coupon.customer_id == customer_id)
        had = await session.scalar(count) or 0
        if had >= batch.per_customer:
            raise Refused("coupons.yours_already", most=batch.per_customer)
        expires_at = _end_of(batch, now)
        if coupon is None:
            new = insert(Coupon).values(batch_id=batch_id, state=CouponState.ISSUED, customer_id=customer_id)
            new = new.values(seq=had + 1, claimed_at=now, expires_at=expires_at)
            coupon = (await session.scalars(new.returning(Coupon))).one()
        else:
            coupon.move_to(CouponState.ISSUED)
            coupon.customer_id, coupon.seq = customer_id, had + 1
            coupon.claimed_at, coupon.expires_at = now, expires_at
        announce(session, "coupon_received", customer_id=customer_id, now=now, coupon_id=coupon.id)
        await session.flush()
    return _view(coupon, batch)


async def _why_not(session: AsyncSession, batch_id: int, now: datetime) -> Refused:
    batch = await session.get_one(CouponBatch, batch_id, populate_existing=True)
    if batch.total is not None and batch.issued >= batch.total:
        return Refused("coupons.all_gone")
    if batch.state is BatchState.ACTIVE and batch.starts_at > now:
        return Refused("coupons.not_yet", starts=batch.starts_at.isoformat())
    return Refused("coupons.gone")


def _gives(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What must hold of a batch for one more of it to be issued."""
    return (
        CouponBatch.state == BatchState.ACTIVE,
        CouponBatch.starts_at <= now,
        or_(CouponBatch.ends_at.is_(None), CouponBatch.ends_at > now),
        or_(CouponBatch.total.is_(None), CouponBatch.issued < CouponBatch.total),
    )


def _is_usable(now: datetime | BindParameter[datetime]) -> tuple[ColumnElement[bool], ...]:
    """What must hold of a coupon and its batch for it to be used."""
    return (
        Coupon.state.in_(USABLE),
        or_(Coupon.expires_at.is_(None), Coupon.expires_at > now),
        CouponBatch.state != BatchState.REVOKED,
    )


def _end_of(batch: CouponBatch, now: datetime) -> datetime | None:
    ends = [batch.ends_at] if batch.ends_at is not None else []
    if batch.days is not None:
        ends.append(now + timedelta(days=batch.days))
    return min(ends, default=None)


async def _of_order(session: AsyncSession, order_id: int, states: Sequence[CouponState]) -> Sequence[Coupon]:
    theirs = select(Coupon).where(Coupon.order_id == order_id, Coupon.state.in_(states))
    return await _locked(session, theirs.order_by(Coupon.id).with_for_update())


async def _locked(session: AsyncSession, coupons: Select[Coupon]) -> Sequence[Coupon]:
    return (await session.scalars(coupons.execution_options(populate_existing=True))).all()


def _view(coupon: Coupon, batch: CouponBatch) -> CouponView:
    return CouponView(
        coupon_id=coupon.id,
        batch_id=batch.id,
        title=batch.title,
        benefit=batch.benefit,
        ppm=batch.ppm,
        amount=batch.amount,
        threshold=batch.threshold,
        cap=batch.cap,
        currency=batch.currency,
        stackable=batch.stackable,
        expires_at=coupon.expires_at,
    )


async def join_coupons(session: AsyncSession, *, from_id: int, to_id: int) -> None:
    """Two customers turned out to be one person: the coupons of one become the other's. Both are locked by the caller.

    What was used stays used; unused ones beyond what one person may have of a batch are taken back.
    """
    theirs = select(Coupon).where(Coupon.customer_id == from_id).order_by(Coupon.id).with_for_update()
    for coupon in await _locked(session, theirs):
        mine = select(func.count(Coupon.id)).where(Coupon.batch_id == coupon.batch_id, Coupon.customer_id == to_id)
        had = await session.scalar(mine) or 0
        batch = await session.get_one(CouponBatch, coupon.batch_id)
        if had >= batch.per_customer and coupon.state in USABLE:
            coupon.move_to(CouponState.REVOKED)
        coupon.customer_id, coupon.seq = to_id, had + 1
        await session.flush()


_USABLE = Read(
    select(
        Coupon.id,
        Coupon.batch_id,
        CouponBatch.title,
        CouponBatch.benefit,
        CouponBatch.ppm,
        CouponBatch.amount,
        CouponBatch.threshold,
        CouponBatch.cap,
        CouponBatch.currency,
        CouponBatch.stackable,
        Coupon.expires_at,
    )
    .join(CouponBatch, CouponBatch.id == Coupon.batch_id)
    .where(Coupon.customer_id == bindparam("customer_id"), *_is_usable(bindparam("now")))
    .order_by(Coupon.expires_at.asc().nulls_last(), Coupon.id)
)
"""The columns of a CouponView."""
