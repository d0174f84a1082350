"""Parcels: partly sent, packed, tracked, fetched with a code; what is late, repeated or wrong moves nothing back."""

import random
import re
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.announcements import Announcement
from commerce.inventory.hold import Holds
from commerce.inventory.promises import release_pieces
from commerce.orders.actions import cancel_order, mark_paid, mark_shipped, order_view
from commerce.orders.locks import Actor
from commerce.orders.model import DeliveryMethod, FulfilmentState, Order, OrderLine
from commerce.shipping.actions import (
    cancel_shipment,
    make_shipment,
    pack_shipment,
    pick_shipment,
    pieces_to_pack,
    ship_shipment,
    take_out_of_parcels,
)
from commerce.shipping.invariants import INVARIANTS
from commerce.shipping.mending import refund_parcel, reship, take_parcel_back
from commerce.shipping.model import (
    MOVES,
    PROGRESS,
    DeliveryProof,
    ProofKind,
    Shipment,
    ShipmentState,
    TrackingEvent,
    follows,
)
from commerce.shipping.pickup import ShownCode, hand_over, pickup_code, pickup_token, renew_code, shown_code
from commerce.shipping.queries import parcels_of, parcels_to_send, tracking_of
from commerce.shipping.receipt import confirm_receipt
from commerce.shipping.simulated import SIMULATED, move_parcels_along
from commerce.shipping.tracking import Saying, prove_delivery, record_tracking, say
from foundation.database import Database
from foundation.errors import Refused
from tests.goods import Stock, a_product, an_order, holds_of, stock_of

HOUR = timedelta(hours=1)


@pytest.fixture
async def holds(database: Database) -> AsyncIterator[Holds]:
    async with holds_of(database) as holds:
        yield holds


@pytest.fixture
async def tea(database: Database, now: datetime) -> int:
    async with database.begin() as session:
        return await a_product(session, now=now, title="龙井茶", price=6800, pieces=10)


def refused(code: str) -> AbstractContextManager[object]:
    """That the block is refused with this code."""
    return pytest.raises(Refused, match=rf"^{re.escape(code)}\b")


async def packed(session: AsyncSession, shipment: Shipment, *, now: datetime) -> None:
    await pick_shipment(session, shipment_id=shipment.id, now=now)
    await pack_shipment(session, shipment_id=shipment.id, now=now)


async def sent(session: AsyncSession, shipment: Shipment, *, now: datetime, carrier: str = "顺丰") -> None:
    await packed(session, shipment, now=now)
    await ship_shipment(session, shipment_id=shipment.id, carrier=carrier, tracking_number="SF1", now=now)


async def told(session: AsyncSession) -> list[str]:
    return list(await session.scalars(select(Announcement.kind).order_by(Announcement.id)))


async def the_line(session: AsyncSession, order: Order) -> OrderLine:
    found = select(OrderLine).where(OrderLine.order_id == order.id).execution_options(populate_existing=True)
    return (await session.scalars(found)).one()


async def state_of(session: AsyncSession, shipment_id: int) -> ShipmentState:
    return (await session.get_one(Shipment, shipment_id, populate_existing=True)).state


async def fulfilment(session: AsyncSession, order: Order) -> FulfilmentState:
    return (await order_view(session, order.id)).fulfilment_state


async def test_an_order_leaves_in_two_parcels_and_is_delivered_with_the_second(
    database: Database, holds: Holds, tea: int, now: datetime
) -> None:
    order = await an_order(database, holds, {tea: 5}, now=now)
    async with database.begin() as session:
        line = await the_line(session, order)
        first = await make_shipment(session, order_id=order.id, lines={line.id: 2}, now=now)
        with refused("shipment.too_many"):
            await make_shipment(session, order_id=order.id, lines={line.id: 4}, now=now)
        with refused("shipment.no_such_line"):
            await make_shipment(session, order_id=order.id, lines={line.id + 1: 1}, now=now)
        assert await fulfilment(session, order) is FulfilmentState.NONE
        await sent(session, first, now=now)
        assert await fulfilment(session, order) is FulfilmentState.PARTIAL
        second = await make_shipment(session, order_id=order.id, now=now)
        with refused("shipment.nothing_to_send"):
            await make_shipment(session, order_id=order.id, now=now)
        assert [one.shipment_id for one in await parcels_to_send(session)] == [second.id]
        await sent(session, second, now=now)
        assert await fulfilment(session, order) is FulfilmentState.SHIPPED
        assert (await the_line(session, order)).shipped == 5
        for shipment in (first, second):
            arrival = Saying("there", ShipmentState.DELIVERED, "已签收", now + HOUR)
            await record_tracking(
                session, shipment_id=shipment.id, sayings=[arrival], source="carrier", now=now + 2 * HOUR
            )
        fresh = await session.get_one(Order, order.id, populate_existing=True)
        assert fresh.delivered_at == now + HOUR
        assert await fulfilment(session, order) is FulfilmentState.DELIVERED
        assert await told(session) == [
            "order_placed",
            *["parcel_picked", "order_shipped"] * 2,
            *["parcel_delivered"] * 2,
        ]
    assert await stock_of(database, tea) == Stock(5, 0)


async def test_late_repeated_and_reordered_sayings_are_kept_and_move_nothing_back(
    database: Database, holds: Holds, tea: int, now: datetime
) -> None:
    order = await an_order(database, holds, {tea: 1}, now=now)
    async with database.begin() as session:
        shipment = await make_shipment(session, order_id=order.id, now=now)
        early = Saying("0", ShipmentState.IN_TRANSIT, "已揽收", now)
        await record_tracking(session, shipment_id=shipment.id, sayings=[early], source="carrier", now=now)
        assert shipment.state is ShipmentState.PENDING  # what has not left cannot be on the road
        await sent(session, shipment, now=now)
        day = [
            Saying("1", ShipmentState.IN_TRANSIT, "到达杭州", now + HOUR),
            Saying("2", None, "称重", now + 2 * HOUR),
            Saying("3", ShipmentState.EXCEPTION, "电话无人接听", now + 3 * HOUR),
            Saying("4", ShipmentState.OUT_FOR_DELIVERY, "派件中", now + 4 * HOUR),
        ]
        moved = await record_tracking(
            session, shipment_id=shipment.id, sayings=day[::-1], source="carrier", now=now + 4 * HOUR
        )
        assert [one.key for one in moved] == ["1", "3", "4"]
        assert await state_of(session, shipment.id) is ShipmentState.OUT_FOR_DELIVERY
        late = [Saying("5", ShipmentState.EXCEPTION, "破损", now + HOUR), *day]
        assert await record_tracking(session, shipment_id=shipment.id, sayings=late, source="carrier", now=now) == []
        assert await state_of(session, shipment.id) is ShipmentState.OUT_FOR_DELIVERY
        timeline = await tracking_of(session, shipment.id)
        assert [(one.text, one.applied) for one in timeline] == [
            ("派件中", True),
            ("电话无人接听", True),
            ("称重", False),
            ("破损", False),
            ("到达杭州", True),
            ("已揽收", False),
        ]
        # Several stages told at once are one message, the last.
        assert await told(session) == ["order_placed", "parcel_picked", "order_shipped", "parcel_out_for_delivery"]
        sealed = await session.scalars(select(TrackingEvent.text_sealed))
        assert all("派件".encode() not in text for text in sealed)


SAID = st.sampled_from([None, *ShipmentState])
TIMES = st.integers(-5, 50)


@given(st.lists(st.tuples(SAID, TIMES), max_size=30), st.randoms(use_true_random=False))
def test_no_order_of_sayings_moves_a_parcel_back(
    said: list[tuple[ShipmentState | None, int]], chance: random.Random
) -> None:
    start = datetime.fromisoformat("2026-11-22T02:00:00+00:00")

    def run(sayings: list[tuple[ShipmentState | None, int]]) -> ShipmentState:
        state, tracked = ShipmentState.SHIPPED, None
        for stage, hour in sayings:
            at = start + timedelta(hours=hour)
            if not follows(state, tracked, said=stage, at=at):
                continue
            assert stage in MOVES[state]
            assert stage is not None
            if state in PROGRESS and stage in PROGRESS:
                assert PROGRESS.index(stage) > PROGRESS.index(state)
            else:
                assert tracked is None or at > tracked
            assert stage not in (ShipmentState.CANCELLED, ShipmentState.PENDING, ShipmentState.PICKED)
            state, tracked = stage, max(at, tracked or at)
        return state

    run(said)
    road = [one for one in said if one[0] is None or one[0] in PROGRESS]
    shuffled = road[:]
    chance.shuffle(shuffled)
    assert run(road) == run(shuffled)  # on the main road the order of arrival does not matter at all


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["make", "pick", "pack", "ship", "call off", "cancel items", "say", "receipt"]),
        st.integers(0, 7),
    ),
    min_size=5,
    max_size=25,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ACTS)
async def test_whatever_is_done_with_an_order_its_pieces_stay_right(
    database: Database, holds: Holds, tea: int, now: datetime, acts: list[tuple[str, int]]
) -> None:
    async with database.begin() as session:
        cup = await a_product(session, now=now, title="杯", price=3900, pieces=8)
    order = await an_order(database, holds, {cup: 4}, now=now)
    async with database.session() as session, session.begin():
        line = await the_line(session, order)
        for step, (act, n) in enumerate(acts):
            then = now + step * HOUR
            parcels = list(await session.scalars(select(Shipment).where(Shipment.order_id == order.id)))
            one = parcels[n % len(parcels)].id if parcels else 0
            try:
                async with session.begin_nested():
                    await _do(session, act, order=order, line=line.id, one=one, n=n, now=then)
            except Refused as no:
                if no.code.split(".")[0] not in ("shipment", "order", "stock"):
                    raise
            assert await broken(session) == {}
        await session.rollback()


async def _do(session: AsyncSession, act: str, *, order: Order, line: int, one: int, n: int, now: datetime) -> None:
    match act:
        case "make":
            await make_shipment(session, order_id=order.id, lines={line: n}, now=now)
        case "pick":
            await pick_shipment(session, shipment_id=one, now=now)
        case "pack":
            await pack_shipment(session, shipment_id=one, now=now)
        case "ship":
            await ship_shipment(session, shipment_id=one, carrier="顺丰", tracking_number="1", now=now)
        case "call off":
            await cancel_shipment(session, shipment_id=one, now=now)
        case "cancel items":
            by: Actor = "shopper" if n % 2 else "staff"
            await take_out_of_parcels(session, order_id=order.id, pieces={line: n}, by=by, now=now)
            ordered = await the_line(session, order)
            if n > ordered.open:
                raise Refused("order.too_many")
            ordered.cancelled += n
            await release_pieces(session, order_id=order.id, pieces={ordered.variant_id: n})
        case "say":
            await say(session, shipment_id=one, state=list(ShipmentState)[n + 3], text="", now=now)
        case "receipt":
            await confirm_receipt(session, order_id=order.id, customer_id=order.customer_id, now=now)
    await session.flush()


async def broken(session: AsyncSession) -> dict[str, list[tuple[object, ...]]]:
    """Every rule of shipping that a row breaks."""
    found = {name: [tuple(row) for row in await session.execute(text(sql))] for name, sql in INVARIANTS.items()}
    return {name: rows for name, rows in found.items() if rows}


async def test_what_is_cancelled_comes_out_of_waiting_parcels_and_never_out_of_packed_ones(
    database: Database, holds: Holds, tea: int, now: datetime
) -> None:
    order = await an_order(database, holds, {tea: 5}, now=now)
    async with database.begin() as session:
        line = await the_line(session, order)
        boxed = await make_shipment(session, order_id=order.id, lines={line.id: 2}, now=now)
        await pick_shipment(session, shipment_id=boxed.id, now=now)
        waiting = await make_shipment(session, order_id=order.id, lines={line.id: 2}, now=now)
        await take_out_of_parcels(session, order_id=order.id, pieces={line.id: 2}, by="shopper", now=now)
        (_, second) = (await parcels_of(session, [order.id]))[order.id]
        assert [one.quantity for one in second.lines] == [1]  # one lay loose, one came out
        assert await pieces_to_pack(session, order.id) == {line.id: 2}
        with refused("order.being_packed"):
            await take_out_of_parcels(session, order_id=order.id, pieces={line.id: 4}, by="shopper", now=now)
        with refused("order.being_packed"):
            await cancel_order(session, order_id=order.id, by="shopper", reason="x", now=now)
    async with database.begin() as session:
        await cancel_order(session, order_id=order.id, by="staff", reason="x", now=now)
        states = await session.scalars(select(Shipment.state).order_by(Shipment.id))
        assert set(states) == {ShipmentState.CANCELLED}
        assert await broken(session) == {}
    assert waiting.id != boxed.id
    assert await stock_of(database, tea) == Stock(10, 0)


async def test_a_pick_up_is_handed_over_for_its_code_and_guessing_ends_after_five(
    database: Database, holds: Holds, tea: int, now: datetime
) -> None:
    order = await an_order(database, holds, {tea: 2}, now=now)
    async with database.begin() as session:
        mine = await session.get_one(Order, order.id)
        mine.delivery_method = DeliveryMethod.PICKUP
    async with database.begin() as session:
        shipment = await make_shipment(session, order_id=order.id, now=now)
        with refused("pickup.not_ready"):
            await pickup_code(session, shipment_id=shipment.id, customer_id=order.customer_id)
        await packed(session, shipment, now=now)
        with refused("shipment.is_pickup"):
            await ship_shipment(session, shipment_id=shipment.id, carrier="顺丰", tracking_number="1", now=now)
        code = await pickup_code(session, shipment_id=shipment.id, customer_id=order.customer_id)
        assert len(code) == 6
        assert code.isdecimal()
        assert code.encode() not in (shipment.pickup_code_index or b"") + (shipment.pickup_code_sealed or b"")
        with refused("shipment.unknown"):
            await pickup_code(session, shipment_id=shipment.id, customer_id=order.customer_id + 1)
        link = pickup_token(session.info["vault"], shipment.id)
        assert await shown_code(session, token=link) == ShownCode(mine.number, code, shipment.location_id)
        assert [await shown_code(session, token=link[:-2] + end) for end in ("xx", "", "é")] == [None] * 3
        wrong = f"{(int(code) + 1) % 10**6:06d}"
        tries = [await hand_over(session, shipment_id=shipment.id, code=wrong, now=now) for _ in range(5)]
        assert [one.tries_left for one in tries] == [4, 3, 2, 1, 0]
        assert not any(one.done for one in tries)
        with refused("pickup.locked"):
            await hand_over(session, shipment_id=shipment.id, code=code, now=now)  # even the right one
        await renew_code(session, shipment_id=shipment.id, now=now)
        fresh = await pickup_code(session, shipment_id=shipment.id, customer_id=order.customer_id)
        spoken = f" {fresh[:3]}-{fresh[3:]} "
        assert (await hand_over(session, shipment_id=shipment.id, code=spoken, now=now)).done
        assert (await the_line(session, order)).shipped == 2
        assert await fulfilment(session, order) is FulfilmentState.DELIVERED
        assert shipment.pickup_code_sealed is None
        assert await shown_code(session, token=link) is None
        assert await told(session) == ["order_placed", "pickup_ready", "pickup_ready", "picked_up"]
        assert await broken(session) == {}
    assert await stock_of(database, tea) == Stock(8, 0)


async def test_a_lost_parcel_is_sent_again_or_its_money_goes_back_never_both(
    database: Database, holds: Holds, tea: int, now: datetime
) -> None:
    order = await an_order(database, holds, {tea: 3}, now=now)
    async with database.begin() as session:
        await mark_paid(session, order_id=order.id, proof="1", now=now)
        await mark_shipped(session, order_id=order.id, tracking_number="SF1", carrier="顺丰", now=now)
        first = (await session.scalars(select(Shipment))).one()
        with refused("shipment.not_to_mend"):
            await reship(session, shipment_id=first.id, now=now)
        await say(session, shipment_id=first.id, state=ShipmentState.LOST, text="找不到了", now=now + HOUR)
        again = await reship(session, shipment_id=first.id, now=now)
        with refused("shipment.not_to_mend"):
            await refund_parcel(session, shipment_id=first.id, now=now)
        await cancel_shipment(session, shipment_id=again.id, now=now)  # a change of mind: neither has happened
        again = await reship(session, shipment_id=first.id, now=now)
        await sent(session, again, now=now + 2 * HOUR)
        assert (await the_line(session, order)).shipped == 3
        turned_up = Saying("x", ShipmentState.DELIVERED, "", now + 3 * HOUR)
        assert not await record_tracking(
            session, shipment_id=first.id, sayings=[turned_up], source="carrier", now=now + 3 * HOUR
        )
        back = ShipmentState.RETURNED_TO_SENDER
        await say(session, shipment_id=again.id, state=back, text="", now=now + 4 * HOUR)
        assert await take_parcel_back(session, shipment_id=again.id, location_id=None, now=now) == 3
        with refused("shipment.not_back"):
            await take_parcel_back(session, shipment_id=again.id, location_id=None, now=now)
        assert await refund_parcel(session, shipment_id=again.id, now=now) == 3 * 6800
        view = await order_view(session, order.id)
        assert view.fulfilment_state is FulfilmentState.RETURNED
        assert (view.going_back + view.refunded).amount == 3 * 6800
        assert await broken(session) == {}
    assert await stock_of(database, tea) == Stock(7, 0)  # the first three are lost


async def test_the_simulated_carrier_brings_a_parcel_by_the_clock_of_the_shop(
    database: Database, holds: Holds, tea: int, now: datetime
) -> None:
    order = await an_order(database, holds, {tea: 1}, now=now)
    async with database.begin() as session:
        shipment = await make_shipment(session, order_id=order.id, now=now)
        await sent(session, shipment, now=now, carrier=SIMULATED)
        assert await move_parcels_along(session, now=now + timedelta(minutes=1)) == 0
        assert await move_parcels_along(session, now=now + timedelta(minutes=11)) == 1
        assert shipment.state is ShipmentState.IN_TRANSIT
        assert await move_parcels_along(session, now=now + timedelta(minutes=46)) == 1
        assert await move_parcels_along(session, now=now + timedelta(days=1)) == 1
        assert await move_parcels_along(session, now=now + timedelta(days=2)) == 0
        assert (shipment.state, shipment.delivered_at) == (ShipmentState.DELIVERED, now + HOUR)
        assert len(await tracking_of(session, shipment.id)) == 5
        assert (await told(session))[2:] == ["order_shipped", "parcel_out_for_delivery", "parcel_delivered"]


async def test_receipt_is_confirmed_by_its_shopper_once_and_proofs_are_sealed(
    database: Database, holds: Holds, tea: int, now: datetime
) -> None:
    order = await an_order(database, holds, {tea: 2}, now=now)
    async with database.begin() as session:
        confirm = partial(confirm_receipt, session, order_id=order.id, now=now + HOUR)
        with refused("shipment.nothing_sent"):
            await confirm(customer_id=order.customer_id)
        await mark_shipped(session, order_id=order.id, tracking_number="SF1", carrier="顺丰", now=now)
        with refused("order.unknown"):
            await confirm(customer_id=order.customer_id + 1)
        for _ in range(2):
            confirmed = await confirm(customer_id=order.customer_id)
        assert confirmed.delivered_at == now + HOUR
        assert await told(session) == ["order_placed", "order_shipped", "receipt_confirmed"]
        shipment = (await session.scalars(select(Shipment))).one()
        await prove_delivery(session, shipment_id=shipment.id, kind=ProofKind.NAME, content="王小明", now=now)
        sealed = (await session.scalars(select(DeliveryProof.content_sealed))).one()
        assert "王小明".encode() not in sealed
