"""Coupon batches for the staff: making them with their codes, starting and stopping them, how they do."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.promotions.coupon_model import (
    MOST_A_CUSTOMER,
    MOST_CODES,
    BatchState,
    Benefit,
    Coupon,
    CouponBatch,
    CouponState,
    Way,
)
from commerce.promotions.coupons import CODE
from foundation.codes import new_code, plain_code
from foundation.encryption import Vault
from foundation.errors import Refused
from foundation.money import LARGEST

SINGLE_CODE_GROUPS = 3
"""60 bits."""
SHORTEST_CODE, LONGEST_CODE, LONGEST_TITLE = 4, 32, 60
LONGEST_DAYS = 3660
WHOLE = 1_000_000


@dataclass(frozen=True, slots=True)
class Terms:
    """What a new batch promises; the fields are those of CouponBatch. `code` is the shared one."""

    title: dict[str, str]
    benefit: Benefit
    way: Way
    currency: str
    starts_at: datetime
    ppm: int = 0
    amount: int = 0
    threshold: int = 0
    cap: int | None = None
    stackable: bool = False
    code: str = ""
    ends_at: datetime | None = None
    days: int | None = None
    total: int | None = None
    per_customer: int = 1


@dataclass(frozen=True, slots=True)
class Progress:
    """A batch and how many of its coupons are in each state now."""

    batch: CouponBatch
    counts: dict[CouponState, int]

    @property
    def issued(self) -> int:
        """That customers got, whatever became of them."""
        return self.batch.issued

    @property
    def used(self) -> int:
        """That an order was placed with."""
        return self.counts.get(CouponState.USED, 0)


@dataclass(frozen=True, slots=True)
class CouponDay:
    """How many coupons were claimed and used on one day of the shop."""

    day: date
    claimed: int = 0
    used: int = 0


async def make_batch(session: AsyncSession, *, terms: Terms, now: datetime) -> tuple[CouponBatch, Sequence[str]]:
    """A new batch, as a draft that gives nothing yet; with it, for single codes, the codes, never to be had again.

    Raises Refused("coupon_batch.terms_invalid", field=...) or ("coupon_batch.code_taken").
    """
    _check(terms, now)
    vault: Vault = session.info["vault"]
    shared = terms.code.strip() if terms.way is Way.SHARED_CODE else ""
    index = vault.blind(CODE, plain_code(shared)) if shared else None
    if index is not None:
        taken = select(CouponBatch.id).where(CouponBatch.code_index == index)
        single = select(Coupon.id).where(Coupon.code_index == index)
        if await session.scalar(taken) is not None or await session.scalar(single) is not None:
            raise Refused("coupon_batch.code_taken")
    batch = CouponBatch(
        title={language: title.strip() for language, title in terms.title.items() if title.strip()},
        benefit=terms.benefit,
        ppm=terms.ppm,
        amount=terms.amount,
        threshold=terms.threshold,
        cap=terms.cap,
        currency=terms.currency,
        stackable=terms.stackable,
        way=terms.way,
        code_index=index,
        code_sealed=vault.seal(shared) if shared else None,
        starts_at=terms.starts_at,
        ends_at=terms.ends_at,
        days=terms.days,
        total=terms.total,
        per_customer=terms.per_customer,
        state=BatchState.DRAFT,
        created_at=now,
    )
    session.add(batch)
    await session.flush()
    codes = [new_code(SINGLE_CODE_GROUPS) for _ in range(terms.total or 0)] if terms.way is Way.SINGLE_CODES else []
    if codes:
        rows = [
            {
                "batch_id": batch.id,
                "state": CouponState.OPEN,
                "code_index": vault.blind(CODE, plain_code(code)),
                "code_sealed": vault.seal(code),
                "expires_at": terms.ends_at,
            }
            for code in codes
        ]
        await session.execute(insert(Coupon), rows)
    return batch, codes


async def set_state(session: AsyncSession, *, batch_id: int, state: BatchState) -> CouponBatch:
    """Start, pause, end or revoke a batch. Raises ("coupon_batch.unknown") or ("coupon_batch.move_refused")."""
    locked = select(CouponBatch).where(CouponBatch.id == batch_id).with_for_update()
    batch = await session.scalar(locked.execution_options(populate_existing=True))
    if batch is None:
        raise Refused("coupon_batch.unknown", batch=batch_id)
    batch.move_to(state)
    await session.flush()
    return batch


async def progress(
    session: AsyncSession, *, limit: int, before_id: int | None = None, batch_id: int | None = None
) -> list[Progress]:
    """Batches, the newest first, with how they do; or only one of them."""
    wanted = select(CouponBatch).order_by(CouponBatch.id.desc()).limit(limit)
    if before_id is not None:
        wanted = wanted.where(CouponBatch.id < before_id)
    if batch_id is not None:
        wanted = wanted.where(CouponBatch.id == batch_id)
    batches = (await session.scalars(wanted.execution_options(populate_existing=True))).all()
    counted = select(Coupon.batch_id, Coupon.state, func.count(Coupon.id).label("coupons"))
    counted = counted.where(Coupon.batch_id.in_([batch.id for batch in batches]))
    counts: dict[int, dict[CouponState, int]] = {}
    for row in await session.execute(counted.group_by(Coupon.batch_id, Coupon.state)):
        counts.setdefault(row.batch_id, {})[row.state] = row.coupons
    return [Progress(batch, counts.get(batch.id, {})) for batch in batches]


async def coupon_days(session: AsyncSession, *, now: datetime, zone: ZoneInfo, days: int) -> list[CouponDay]:
    """What was claimed and used on each of the last days of the shop, today last."""
    today = now.astimezone(zone).date()
    since = today - timedelta(days=days - 1)
    found: dict[date, dict[str, int]] = {}
    for name, moment in (("claimed", Coupon.claimed_at), ("used", Coupon.used_at)):
        day = func.date(func.timezone(zone.key, moment))
        counted = select(day.label("day"), func.count(Coupon.id).label("coupons"))
        for row in await session.execute(counted.where(day >= since, day <= today).group_by(day)):
            found.setdefault(row.day, {})[name] = row.coupons
    spans = (since + timedelta(days=place) for place in range(days))
    return [CouponDay(day, **found.get(day, {})) for day in spans]


@dataclass(slots=True)
class _Wrong:
    """The first field that cannot be used."""

    field: str = field(default="")

    def unless(self, fits: bool, name: str) -> None:
        self.field = self.field or ("" if fits else name)


def _check(terms: Terms, now: datetime) -> None:
    wrong = _Wrong()
    titles = [title.strip() for title in terms.title.values()]
    wrong.unless(any(titles) and all(len(title) <= LONGEST_TITLE for title in titles), "title")
    wrong.unless((terms.benefit is Benefit.PERCENT) == (0 < terms.ppm <= WHOLE), "ppm")
    wrong.unless((terms.benefit is Benefit.AMOUNT) == (0 < terms.amount <= LARGEST), "amount")
    wrong.unless(0 <= terms.threshold <= LARGEST, "threshold")
    wrong.unless(terms.cap is None or 0 < terms.cap <= LARGEST, "cap")
    wrong.unless(terms.ends_at is None or terms.ends_at > max(terms.starts_at, now), "ends_at")
    wrong.unless(terms.days is None or 1 <= terms.days <= LONGEST_DAYS, "days")
    wrong.unless(1 <= terms.per_customer <= MOST_A_CUSTOMER, "per_customer")
    most = MOST_CODES if terms.way is Way.SINGLE_CODES else LARGEST
    wrong.unless(1 <= terms.total <= most if terms.total is not None else terms.way is not Way.SINGLE_CODES, "total")
    length = len(plain_code(terms.code))
    wrong.unless((SHORTEST_CODE <= length <= LONGEST_CODE) or terms.way is not Way.SHARED_CODE, "code")
    if wrong.field:
        raise Refused("coupon_batch.terms_invalid", field=wrong.field)
