"""What the staff does with points, gift cards and store credit: for a customer, by hand, with a reason."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.coupon_desk import must_be_there
from admin_api.desk import Desk
from admin_api.order_views import Price
from admin_api.product_desk import note_down
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import Words, read_cursor
from commerce.credit.actions import accounts_of, adjust_credit, make_cards, void_cards
from commerce.credit.model import MOST_CARDS, AccountKind, CardState
from commerce.credit.queries import CardProgress, card_progress, latest_movements, owed
from commerce.orders.model import Order
from commerce.points.actions import adjust_points, points_of, points_policy, set_points_policy
from commerce.points.model import MOST_POINTS
from commerce.promotions.coupons import usable_coupons
from foundation.errors import Refused
from foundation.money import LARGEST

LATEST = 20
Reason = Annotated[Words, Field(min_length=1, max_length=300, description="Why; kept beside the change.")]
Key = Annotated[
    Words,
    Field(min_length=8, max_length=100, description="Made up by the sender for this act: sent twice, it is done once."),
]


class CardsForm(BaseModel):
    """Gift cards to be made: how many, what each is worth in minor units, until when they can be redeemed."""

    title: Annotated[Words, Field(max_length=200)] = ""
    count: Annotated[int, Field(ge=1, le=MOST_CARDS)]
    amount: Annotated[int, Field(ge=1, le=LARGEST)]
    expires_at: AwareDatetime | None = None


class PointsForm(BaseModel):
    """Points that a customer gets (above 0) or loses."""

    points: Annotated[int, Field(ge=-MOST_POINTS, le=MOST_POINTS)]
    reason: Reason
    key: Key


class CreditForm(BaseModel):
    """Store credit that a customer gets (above 0) or loses, in minor units of the shop's currency."""

    amount: Annotated[int, Field(ge=-LARGEST, le=LARGEST)]
    reason: Reason
    key: Key


class PolicyForm(BaseModel):
    """After how many days new points end; null: never."""

    valid_days: Annotated[int, Field(ge=1, le=36500)] | None


class CardBatchRow(BaseModel):
    """Cards that were made together. `left` is what is still on those redeemed."""

    id: int
    title: str
    worth: Price
    expires_at: datetime | None
    created_at: datetime
    issued: int
    redeemed: int
    void: int
    left: Price


class CardBatches(BaseModel):
    """Batches of gift cards, the newest first; `next` is the cursor of the following page."""

    batches: list[CardBatchRow]
    next: str | None


class NewCards(BaseModel):
    """Cards just made. The codes are shown now and never again."""

    batch_id: int
    codes: list[str]


class OwedRow(BaseModel):
    """What the shop owes its customers in one currency."""

    store_credit: Price
    gift_cards: Price


class CreditBook(BaseModel):
    """What is owed in all, and how long points last."""

    owed: list[OwedRow]
    points_valid_days: int | None


class AccountRow(BaseModel):
    """An account that a customer pays with."""

    id: int
    kind: AccountKind
    balance: Price


class MovementRow(BaseModel):
    """Money that came into an account (above 0) or left it."""

    amount: int
    reason: str
    reference: str
    at: datetime


class CouponRow(BaseModel):
    """A coupon that a customer can use now."""

    id: int
    title_zh: str
    title_en: str
    expires_at: datetime | None


class Purse(BaseModel):
    """All that makes it cheaper for one customer."""

    customer_id: int
    points: int
    points_pending: int
    accounts: list[AccountRow]
    coupons: list[CouponRow]
    movements: list[MovementRow]


async def read_book(session: AsyncSession, staff: StaffMember) -> CreditBook:
    """What is owed and how long points last."""
    staff.must(Permission.READ_PROMOTIONS)
    rows = [
        OwedRow(
            store_credit=Price(amount=one.store_credit, currency=one.currency),
            gift_cards=Price(amount=one.gift_cards, currency=one.currency),
        )
        for one in await owed(session)
    ]
    return CreditBook(owed=rows, points_valid_days=await points_policy(session))


async def read_purse(session: AsyncSession, staff: StaffMember, desk: Desk, *, customer_id: int) -> Purse:
    """What a customer has. Refuses customer.unknown."""
    staff.must(Permission.READ_PROMOTIONS)
    await must_be_there(session, customer_id)
    points = await points_of(session, customer_id)
    coupons = await usable_coupons(session, customer_id=customer_id, now=desk.now())
    return Purse(
        customer_id=customer_id,
        points=points.available,
        points_pending=points.pending,
        accounts=[
            AccountRow(id=one.account_id, kind=one.kind, balance=Price(amount=one.balance, currency=one.currency))
            for one in await accounts_of(session, customer_id)
        ],
        coupons=[
            CouponRow(
                id=one.coupon_id,
                title_zh=one.title.get("zh", ""),
                title_en=one.title.get("en", ""),
                expires_at=one.expires_at,
            )
            for one in coupons
        ],
        movements=[
            MovementRow(amount=one.amount, reason=one.reason, reference=one.reference, at=one.at)
            for one in await latest_movements(session, customer_id=customer_id, limit=LATEST)
        ],
    )


async def find_customer(session: AsyncSession, staff: StaffMember, *, text: str) -> int:
    """The customer with this number, or who placed the order with this number. Refuses customer.unknown."""
    staff.must(Permission.READ_PROMOTIONS)
    said = text.strip().upper()
    found = await session.scalar(select(Order.customer_id).where(Order.number == said))
    if found is None and said.isascii() and said.isdecimal() and len(said) < 19:
        found = int(said)
        await must_be_there(session, found)
    if found is None:
        raise Refused("customer.unknown")
    return found


async def change_points(desk: Desk, staff: StaffMember, *, customer_id: int, form: PointsForm) -> Purse:
    """Give or take points. Refuses customer.unknown, points.short, points.invalid."""
    staff.must(Permission.ISSUE_CREDIT)
    async with desk.database.begin() as session:
        await must_be_there(session, customer_id)
        is_new = await adjust_points(
            session,
            customer_id=customer_id,
            points=form.points,
            reason=form.reason,
            reference=f"staff:{staff.id}:{customer_id}:{form.key}",
            now=desk.now(),
        )
        if is_new:
            facts = {"points": form.points, "reason": form.reason}
            note_down(session, desk, staff, "points.adjusted", f"customer:{customer_id}", **facts)
        return await read_purse(session, staff, desk, customer_id=customer_id)


async def change_credit(desk: Desk, staff: StaffMember, *, customer_id: int, form: CreditForm) -> Purse:
    """Give or take store credit. Refuses customer.unknown, credit.short, credit.invalid."""
    staff.must(Permission.ISSUE_CREDIT)
    async with desk.database.begin() as session:
        await must_be_there(session, customer_id)
        is_new = await adjust_credit(
            session,
            customer_id=customer_id,
            amount=form.amount,
            currency=desk.settings.currency,
            reason=form.reason,
            reference=f"staff:{staff.id}:{customer_id}:{form.key}",
            now=desk.now(),
        )
        if is_new:
            facts = {"amount": form.amount, "currency": desk.settings.currency, "reason": form.reason}
            note_down(session, desk, staff, "credit.adjusted", f"customer:{customer_id}", **facts)
        return await read_purse(session, staff, desk, customer_id=customer_id)


async def set_policy(desk: Desk, staff: StaffMember, *, form: PolicyForm) -> CreditBook:
    """How long new points last."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with desk.database.begin() as session:
        await set_points_policy(session, valid_days=form.valid_days, now=desk.now())
        note_down(session, desk, staff, "points.policy_set", "points_policy:1", valid_days=form.valid_days)
        return await read_book(session, staff)


async def list_cards(
    session: AsyncSession, staff: StaffMember, *, cursor: str | None = None, limit: int = 50
) -> CardBatches:
    """All batches of gift cards. Refuses cursor.invalid."""
    staff.must(Permission.READ_PROMOTIONS)
    found = await card_progress(session, limit=limit + 1, before_id=read_cursor(cursor))
    rows = [_card_row(one) for one in found[:limit]]
    return CardBatches(batches=rows, next=str(rows[-1].id) if len(found) > limit else None)


async def make_gift_cards(desk: Desk, staff: StaffMember, *, form: CardsForm) -> NewCards:
    """Make cards and show their codes, this once. Refuses gift_cards.expires_invalid."""
    staff.must(Permission.ISSUE_CREDIT)
    async with desk.database.begin() as session:
        batch, codes = await make_cards(
            session,
            title=form.title,
            count=form.count,
            amount=form.amount,
            currency=desk.settings.currency,
            expires_at=form.expires_at,
            now=desk.now(),
        )
        facts = {"cards": form.count, "amount": form.amount, "currency": batch.currency}
        note_down(session, desk, staff, "gift_cards.made", f"gift_card_batch:{batch.id}", **facts)
    return NewCards(batch_id=batch.id, codes=list(codes))


async def void_gift_cards(desk: Desk, staff: StaffMember, *, batch_id: int) -> CardBatches:
    """What nobody has redeemed yet is worth nothing from now on. Refuses gift_card_batch.unknown."""
    staff.must(Permission.ISSUE_CREDIT)
    async with desk.database.begin() as session:
        voided = await void_cards(session, batch_id=batch_id)
        note_down(session, desk, staff, "gift_cards.voided", f"gift_card_batch:{batch_id}", cards=voided)
        return await list_cards(session, staff)


def _card_row(found: CardProgress) -> CardBatchRow:
    batch = found.batch
    return CardBatchRow(
        id=batch.id,
        title=batch.title,
        worth=Price(amount=batch.amount, currency=batch.currency),
        expires_at=batch.expires_at,
        created_at=batch.created_at,
        issued=sum(found.counts.values()),
        redeemed=found.counts.get(CardState.REDEEMED, 0),
        void=found.counts.get(CardState.VOID, 0),
        left=Price(amount=found.left, currency=batch.currency),
    )
