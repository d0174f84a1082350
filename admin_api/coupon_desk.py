"""What the staff does with coupons: batches with their codes, how they do, one for a customer."""

from datetime import date, datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.desk import Desk
from admin_api.product_desk import note_down
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import LARGEST_ID, Words, read_cursor
from commerce.customers.model import Customer
from commerce.promotions import batches
from commerce.promotions.batches import LONGEST_CODE, LONGEST_TITLE, Progress, Terms
from commerce.promotions.coupon_model import BatchState, Benefit, CouponState, Way
from commerce.promotions.coupons import give, revoke_coupon
from foundation.errors import Refused
from foundation.money import LARGEST

Amount = Annotated[int, Field(ge=0, le=LARGEST, description="In minor units of the shop's currency.")]
Title = Annotated[Words, Field(max_length=LONGEST_TITLE)]


class BatchForm(BaseModel):
    """The terms of a new batch. For `percent` give `ppm` (100000 is 10 % off), for `amount` an amount."""

    title_zh: Title = ""
    title_en: Title = ""
    benefit: Benefit
    way: Way
    ppm: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    amount: Amount = 0
    threshold: Amount = 0
    cap: Annotated[int, Field(ge=1, le=LARGEST)] | None = None
    stackable: bool = False
    code: Annotated[Words, Field(max_length=LONGEST_CODE * 2)] = ""
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    days: Annotated[int, Field(ge=1, le=3660)] | None = None
    total: Annotated[int, Field(ge=1, le=LARGEST)] | None = None
    per_customer: Annotated[int, Field(ge=1, le=100)] = 1


class StateForm(BaseModel):
    """What a batch shall be."""

    state: BatchState


class GiveForm(BaseModel):
    """Who gets a coupon."""

    customer_id: Annotated[int, Field(ge=1, le=LARGEST_ID)]


class BatchRow(BaseModel):
    """A batch and how it does. `code` is the shared one, for those who may manage promotions."""

    id: int
    title_zh: str
    title_en: str
    benefit: Benefit
    way: Way
    ppm: int
    amount: int
    threshold: int
    cap: int | None
    currency: str
    stackable: bool
    code: str | None
    starts_at: datetime
    ends_at: datetime | None
    days: int | None
    total: int | None
    per_customer: int
    state: BatchState
    issued: int
    used: int
    reserved: int
    expired: int


class Batches(BaseModel):
    """Batches, the newest first; `next` is the cursor of the following page."""

    batches: list[BatchRow]
    next: str | None


class NewBatch(BaseModel):
    """A batch just made. `codes` are those of single coupons; they are shown now and never again."""

    batch: BatchRow
    codes: list[str]


class CouponDayRow(BaseModel):
    """Coupons claimed and used on one day of the shop."""

    day: date
    claimed: int
    used: int


class CouponDays(BaseModel):
    """The last days, today last."""

    days: list[CouponDayRow]


class GivenCoupon(BaseModel):
    """The coupon that a customer got."""

    coupon_id: int
    expires_at: datetime | None


async def list_batches(
    session: AsyncSession, staff: StaffMember, *, cursor: str | None = None, limit: int = 50
) -> Batches:
    """All batches with how they do. Refuses cursor.invalid."""
    staff.must(Permission.READ_PROMOTIONS)
    found = await batches.progress(session, limit=limit + 1, before_id=read_cursor(cursor))
    rows = [_row(session, staff, one) for one in found[:limit]]
    return Batches(batches=rows, next=str(rows[-1].id) if len(found) > limit else None)


async def count_days(session: AsyncSession, staff: StaffMember, desk: Desk, *, days: int) -> CouponDays:
    """What was claimed and used lately."""
    staff.must(Permission.READ_PROMOTIONS)
    found = await batches.coupon_days(session, now=desk.now(), zone=desk.settings.zone, days=days)
    return CouponDays(days=[CouponDayRow(day=one.day, claimed=one.claimed, used=one.used) for one in found])


async def make_batch(desk: Desk, staff: StaffMember, *, form: BatchForm) -> NewBatch:
    """A new draft. Refuses coupon_batch.terms_invalid, coupon_batch.code_taken."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    told = form.model_dump(exclude={"title_zh", "title_en", "starts_at"})
    terms = Terms(
        **told,
        title={"zh": form.title_zh, "en": form.title_en},
        currency=desk.settings.currency,
        starts_at=form.starts_at or desk.now(),
    )
    async with desk.database.begin() as session:
        batch, codes = await batches.make_batch(session, terms=terms, now=desk.now())
        note_down(
            session,
            desk,
            staff,
            "coupons.made",
            f"coupon_batch:{batch.id}",
            benefit=batch.benefit,
            way=batch.way,
            total=batch.total,
            codes=len(codes),
        )
        row = await _one(session, staff, batch.id)
    return NewBatch(batch=row, codes=list(codes))


async def set_batch_state(desk: Desk, staff: StaffMember, *, batch_id: int, form: StateForm) -> BatchRow:
    """Start, pause, end or revoke. Refuses coupon_batch.unknown, coupon_batch.move_refused."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with desk.database.begin() as session:
        await batches.set_state(session, batch_id=batch_id, state=form.state)
        note_down(session, desk, staff, f"coupons.{form.state.value}", f"coupon_batch:{batch_id}")
        return await _one(session, staff, batch_id)


async def give_coupon(desk: Desk, staff: StaffMember, *, batch_id: int, form: GiveForm) -> GivenCoupon:
    """One for a customer, who is told. Refuses customer.unknown, coupon_batch.unknown, and what its limits refuse."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with desk.database.begin() as session:
        await must_be_there(session, form.customer_id)
        given = await give(session, batch_id=batch_id, customer_id=form.customer_id, now=desk.now())
        subject = f"customer:{form.customer_id}"
        note_down(session, desk, staff, "coupons.given", subject, batch=batch_id, coupon=given.coupon_id)
        return GivenCoupon(coupon_id=given.coupon_id, expires_at=given.expires_at)


async def revoke(desk: Desk, staff: StaffMember, *, coupon_id: int) -> None:
    """Take back one that no order is bound to. Refuses coupon.unknown, coupon.move_refused."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with desk.database.begin() as session:
        coupon = await revoke_coupon(session, coupon_id=coupon_id)
        subject = f"customer:{coupon.customer_id}" if coupon.customer_id else f"coupon_batch:{coupon.batch_id}"
        note_down(session, desk, staff, "coupons.revoked", subject, coupon=coupon_id)


async def must_be_there(session: AsyncSession, customer_id: int) -> None:
    """Raises Refused("customer.unknown")."""
    if await session.scalar(select(Customer.id).where(Customer.id == customer_id)) is None:
        raise Refused("customer.unknown", customer=customer_id)


async def _one(session: AsyncSession, staff: StaffMember, batch_id: int) -> BatchRow:
    [found] = await batches.progress(session, limit=1, batch_id=batch_id)
    return _row(session, staff, found)


def _row(session: AsyncSession, staff: StaffMember, found: Progress) -> BatchRow:
    batch, counts = found.batch, found.counts
    code = None
    if batch.code_sealed is not None and staff.may(Permission.MANAGE_PROMOTIONS):
        code = str(session.info["vault"].open(batch.code_sealed))
    return BatchRow(
        id=batch.id,
        title_zh=batch.title.get("zh", ""),
        title_en=batch.title.get("en", ""),
        benefit=batch.benefit,
        way=batch.way,
        ppm=batch.ppm,
        amount=batch.amount,
        threshold=batch.threshold,
        cap=batch.cap,
        currency=batch.currency,
        stackable=batch.stackable,
        code=code,
        starts_at=batch.starts_at,
        ends_at=batch.ends_at,
        days=batch.days,
        total=batch.total,
        per_customer=batch.per_customer,
        state=batch.state,
        issued=found.issued,
        used=found.used,
        reserved=counts.get(CouponState.RESERVED, 0),
        expired=counts.get(CouponState.EXPIRED, 0),
    )
