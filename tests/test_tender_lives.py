"""Random lives of coupons, points and accounts: whatever happens, and in whatever order, the rules hold."""

from collections import Counter
from collections.abc import Awaitable, Mapping
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.credit import invariants as credit_rules
from commerce.credit.actions import adjust_credit, draw, pay_in, store_credit_of
from commerce.credit.model import CreditAccount, CreditMovement
from commerce.points import invariants as points_rules
from commerce.points.actions import (
    adjust_points,
    earn,
    expire_points,
    give_back,
    points_of,
    release_pending,
    reverse,
    set_points_policy,
    spend,
)
from commerce.points.model import EntryKind, PointsEntry
from commerce.promotions import invariants as coupon_rules
from commerce.promotions.batches import set_state
from commerce.promotions.coupon_model import COUPON_MOVES, BatchState, Coupon, CouponBatch, CouponState
from commerce.promotions.coupons import (
    claim_offer,
    expire_coupons,
    reserve_coupons,
    return_coupons,
    revoke_coupon,
    usable_coupons,
    use_coupons,
)
from foundation.errors import Refused
from tests.goods import a_customer
from tests.test_coupons import a_batch

ON_ONE_DATABASE = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ORDERS = 3
_first_order = iter(range(1, 10**9, ORDERS))

small = st.integers(0, 2)
coupon_event = st.tuples(
    st.sampled_from(["claim", "reserve", "use", "return", "revoke", "expire", "wait", "pause", "go on", "end"]),
    small,
    small,
)
points_event = st.tuples(
    st.sampled_from(["earn", "release", "spend", "give back", "reverse", "adjust", "expire", "wait"]),
    small,
    st.integers(-60, 120),
)
credit_event = st.tuples(st.sampled_from(["draw", "pay in", "adjust"]), small, st.integers(-60, 120))


async def tried(session: AsyncSession, act: Awaitable[object]) -> str | None:
    """Do it as a turn does: a refusal is undone. Its code, or None."""
    try:
        async with session.begin_nested():
            await act
    except Refused as refusal:
        return refusal.code
    return None


async def breaks_none(session: AsyncSession, rules: Mapping[str, str]) -> None:
    """The self-check finds nothing wrong. Orders are only numbers here, so rules about orders are left out."""
    for rule, query in rules.items():
        if "orders" not in query:
            assert (await session.execute(text(query))).all() == [], rule


def may_become(before: CouponState, after: CouponState) -> bool:
    """Whether the table of moves leads there in at most two steps (returned, and ended at once)."""
    one = COUPON_MOVES[before]
    return after == before or after in one or any(after in COUPON_MOVES[between] for between in one)


@ON_ONE_DATABASE
@given(events=st.lists(coupon_event, min_size=5, max_size=20))
async def test_coupons_keep_their_caps_and_their_moves(
    session: AsyncSession, now: datetime, events: list[tuple[str, int, int]]
) -> None:
    customers = [(await a_customer(session, now=now)).id for _ in range(3)]
    orders = [next(_first_order) + place for place in range(ORDERS)]
    batch_id = (await a_batch(session, now=now, total=4, per_customer=2, days=2)).id
    states: dict[int, CouponState] = {}
    for what, first, second in events:
        customer, order, at = customers[first], orders[second], now
        mine = [view.coupon_id for view in await usable_coupons(session, customer_id=customer, now=at)]
        issued = list(states)
        match what:
            case "claim":
                await tried(session, claim_offer(session, batch_id=batch_id, customer_id=customer, now=at))
            case "reserve":
                some = issued[second : second + 1] or mine[:1]
                code = await tried(
                    session,
                    reserve_coupons(session, coupon_ids=some, customer_id=customer, order_id=order, now=at),
                )
                assert (code is None) == (set(some) <= set(mine))
            case "use":
                await use_coupons(session, order_id=order, now=at)
            case "return":
                await return_coupons(session, order_id=order, now=at)
            case "revoke" if issued:
                await tried(session, revoke_coupon(session, coupon_id=issued[second % len(issued)]))
            case "expire":
                await expire_coupons(session, now=at, limit=100)
            case "wait":
                now += second * 12 * HOUR
            case "pause" | "go on" | "end":
                to = {"pause": BatchState.PAUSED, "go on": BatchState.ACTIVE, "end": BatchState.ENDED}[what]
                if what != "end" or second == 0:
                    await tried(session, set_state(session, batch_id=batch_id, state=to))
        session.expire_all()
        coupons = (await session.scalars(select(Coupon).where(Coupon.batch_id == batch_id))).all()
        batch = await session.get_one(CouponBatch, batch_id)
        assert batch.issued == len(coupons) <= 4
        assert max(Counter(coupon.customer_id for coupon in coupons).values(), default=0) <= 2
        assert all(may_become(states.get(coupon.id, CouponState.ISSUED), coupon.state) for coupon in coupons)
        for coupon in coupons:
            assert (coupon.order_id is not None) == (coupon.state in (CouponState.RESERVED, CouponState.USED))
        states = {coupon.id: coupon.state for coupon in coupons}
    await breaks_none(session, coupon_rules.INVARIANTS)


@ON_ONE_DATABASE
@given(events=st.lists(points_event, min_size=5, max_size=25), valid_days=st.sampled_from([None, 1, 3]))
async def test_points_are_never_below_zero_and_no_order_gives_back_more_than_it_took(
    session: AsyncSession, now: datetime, events: list[tuple[str, int, int]], valid_days: int | None
) -> None:
    me = (await a_customer(session, now=now)).id
    first = next(_first_order)
    await set_points_policy(session, valid_days=valid_days, now=now)
    for place, (what, which, amount) in enumerate(events):
        order, key = first + which, f"{first}:{place}"
        before = await points_of(session, me)
        gone = min(max(amount, 1), 100)
        match what:
            case "earn":
                await earn(session, customer_id=me, order_id=order, points=amount, now=now)
            case "release":
                released = await release_pending(session, order_id=order, now=now)
                assert (await points_of(session, me)).available == before.available + released
            case "spend":
                code = await tried(
                    session, spend(session, customer_id=me, points=amount, order_id=order, now=now, reference=key)
                )
                assert (code is None) == (amount <= before.available)
            case "give back":
                await give_back(session, order_id=order, now=now, gone=gone, of=100, reference=key)
            case "reverse":
                await reverse(session, order_id=order, now=now, gone=gone, of=100, reference=key)
            case "adjust":
                code = await tried(
                    session,
                    adjust_points(session, customer_id=me, points=amount, reason="why", reference=key, now=now),
                )
                assert (code is None) == (amount != 0 and before.available + amount >= 0)
            case "expire":
                await expire_points(session, now=now, limit=100)
            case "wait":
                now += which * DAY
        await points_hold(session, me)
    for order in range(first, first + ORDERS):  # in the end everything goes back
        await give_back(session, order_id=order, now=now, reference=f"end:{order}")
    entries = await booked(session, me)
    assert sum(row[2] for row in entries if row[0] in (EntryKind.SPENT, EntryKind.GIVEN_BACK)) == 0
    await breaks_none(session, points_rules.INVARIANTS)


async def booked(session: AsyncSession, customer: int) -> list[tuple[EntryKind, int | None, int, int]]:
    """(kind, order, available, pending) of every entry."""
    found = select(PointsEntry.kind, PointsEntry.order_id, PointsEntry.available, PointsEntry.pending)
    rows = await session.execute(found.where(PointsEntry.customer_id == customer))
    return [(row.kind, row.order_id, row.available, row.pending) for row in rows]


async def points_hold(session: AsyncSession, customer: int) -> None:
    points, entries = await points_of(session, customer), await booked(session, customer)
    assert (points.available, points.pending) == (sum(row[2] for row in entries), sum(row[3] for row in entries))
    assert points.available >= 0
    assert points.pending >= 0
    of: Counter[tuple[EntryKind, int | None]] = Counter()
    for kind, order, available, pending in entries:
        of[kind, order] += available + pending
    for order in {order for _kind, order in of if order is not None}:
        assert 0 <= -of[EntryKind.REVERSED, order] <= of[EntryKind.EARNED, order]
        assert 0 <= of[EntryKind.GIVEN_BACK, order] <= -of[EntryKind.SPENT, order]


@ON_ONE_DATABASE
@given(events=st.lists(credit_event, min_size=5, max_size=25))
async def test_an_account_holds_exactly_what_came_in_less_what_was_drawn(
    session: AsyncSession, now: datetime, events: list[tuple[str, int, int]]
) -> None:
    me = (await a_customer(session, now=now)).id
    account = (await store_credit_of(session, me, "CNY", now=now)).id
    known: dict[tuple[bool, str], int] = {}
    for what, which, amount in events:
        key = f"key:{which}"
        comes = what == "pay in" or (what == "adjust" and amount > 0)
        size = abs(amount) if what == "adjust" else amount
        balance = sum(known.values())
        match what:
            case "draw":
                act = draw(session, account_id=account, customer_id=me, amount=amount, reference=key, now=now)
            case "pay in":
                act = pay_in(session, account_id=account, amount=amount, reason="why", reference=key, now=now)
            case _:
                act = adjust_credit(
                    session, customer_id=me, amount=amount, currency="CNY", reason="why", reference=key, now=now
                )
        code = await tried(session, act)
        fits = size > 0 and (comes or size <= balance or (comes, key) in known)
        assert (code is None) == fits
        if fits:
            known.setdefault((comes, key), size if comes else -size)
        now_there = select(CreditAccount.balance).where(CreditAccount.id == account)
        moved = select(func.coalesce(func.sum(CreditMovement.amount), 0)).where(CreditMovement.account_id == account)
        assert await session.scalar(now_there) == await session.scalar(moved) == sum(known.values())
    await breaks_none(session, credit_rules.INVARIANTS)
