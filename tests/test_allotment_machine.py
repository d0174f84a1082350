"""Allotments driven by random events beside a model of them: whatever happens in whatever order, both say the same."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.inventory import actions as stock
from commerce.inventory.allotments import change_capacity, close_allotment, make_allotment, places_of, set_window
from commerce.inventory.hold import Holds
from commerce.inventory.model import StockLevel
from foundation.database import Database
from foundation.errors import Refused
from tests.goods import a_product, holds_of
from tests.test_locations import breaches

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
SEATS, FLASH = "seats", "flash"
KINDS = (("tea", SEATS), ("cup", FLASH), ("tea", SEATS), ("cup", FLASH), ("tea", ""), ("cup", ""))
"""What can be promised: goods, and the allotment a place is taken from."""
SHELF = 6
"""Pieces of each at first."""
LIVE = ("held", "adopted", "committed")
_numbers = itertools.count(1)


@dataclass
class Promise:
    """What a shopper was promised. A seat is one place; places of the flash sale are pieces of the cup."""

    goods: str
    allotment: str
    asked: int
    pieces: int = 0
    places: int = 0
    gone: int = 0
    """Places that what was shipped has used."""
    state: str = "new"
    number: int = field(default_factory=lambda: next(_numbers))

    @property
    def asked_places(self) -> int:
        return {SEATS: 1, FLASH: self.asked, "": 0}[self.allotment]

    def begin(self, state: str) -> None:
        self.pieces, self.places, self.state = self.asked, self.asked_places, state

    def end(self) -> None:
        self.pieces, self.places, self.state = 0, 0, "ended"

    def lose_one(self, *, shipped: bool) -> None:
        """A piece leaves: in a parcel, with the place, or back to the shelf, the seat last of all."""
        self.pieces -= 1
        moving = 1 if self.allotment == FLASH else self.places if shipped or not self.pieces else 0
        self.places -= moving
        self.gone += moving if shipped else 0
        self.state = self.state if self.pieces else "ended"


@dataclass
class Model:
    """What should be so, in the plainest words. What it refuses it answers with the code."""

    lying: dict[str, int] = field(default_factory=lambda: {"tea": SHELF, "cup": SHELF})
    capacity: dict[str, int] = field(default_factory=lambda: {SEATS: 3, FLASH: 4})
    is_open: dict[str, bool] = field(default_factory=lambda: {SEATS: True, FLASH: True})
    promises: list[Promise] = field(default_factory=list)

    def held(self, allotment: str) -> int:
        return self._places(allotment, "held", "adopted")

    def used(self, allotment: str) -> int:
        return self._places(allotment, "committed") + sum(p.gone for p in self.promises if p.allotment == allotment)

    def left(self, allotment: str) -> int:
        return self.capacity[allotment] - self.held(allotment) - self.used(allotment)

    def reserved(self, goods: str) -> int:
        kept = sum(p.pieces for p in self.promises if p.goods == goods and p.state in LIVE)
        return kept + (self.left(FLASH) if goods == "cup" and self.is_open[FLASH] else 0)

    def begin(self, promise: Promise, state: str) -> str | None:
        allotment = promise.allotment
        if allotment and not self.is_open[allotment]:
            return "allotment.closed"
        if allotment and self.left(allotment) < promise.asked_places:
            return "allotment.full"
        if allotment != FLASH and self._free(promise.goods) < promise.asked:
            return "stock.short"
        promise.begin(state)
        return None

    def move(self, promise: Promise, *, of: str, to: str, code: str | None) -> str | None:
        if promise.state != of:
            return code
        promise.state = to
        return None

    def lose_one(self, promise: Promise, *, shipped: bool) -> str | None:
        if shipped and promise.state != "committed":
            return "stock.not_committed"
        if promise.state not in ("adopted", "committed"):
            return "stock.not_held"
        promise.lose_one(shipped=shipped)
        self.lying[promise.goods] -= shipped
        return None

    def end(self, promises: list[Promise], *states: str) -> str | None:
        for promise in promises:
            if promise.state in states:
                promise.end()
        return None

    def open(self, allotment: str, is_open: bool) -> str | None:
        opens = is_open and not self.is_open[allotment]
        if opens and allotment == FLASH and self._free("cup") < self.left(FLASH):
            return "stock.short"
        self.is_open[allotment] = is_open
        return None

    def resize(self, allotment: str, capacity: int) -> str | None:
        more = capacity - self.capacity[allotment]
        if more > 0 and allotment == FLASH and self.is_open[FLASH] and self._free("cup") < more:
            return "stock.short"
        if -more > self.left(allotment):
            return "allotment.in_use"
        self.capacity[allotment] = capacity
        return None

    def _free(self, goods: str) -> int:
        return self.lying[goods] - self.reserved(goods)

    def _places(self, allotment: str, *states: str) -> int:
        return sum(p.places for p in self.promises if p.allotment == allotment and p.state in states)


FITTING = {
    "hold": (),
    "adopt": ("held",),
    "pay": ("adopted",),
    "cancel": ("adopted", "committed"),
    "give back": ("adopted", "committed"),
    "ship": ("committed",),
    "pay late": ("ended",),
}
"""What may happen to a promise, and the states in which it is not refused."""
KINDS_OF_EVENT = (*FITTING, *FITTING, *FITTING, "hold", "hold", "adopt", "expire", "open", "resize")
EVENTS = some.tuples(some.sampled_from(KINDS_OF_EVENT), some.integers(0, 11), some.integers(0, 5))


@dataclass
class Play:
    """A shop with two goods, seats of a group and a flash sale, and the model beside it."""

    database: Database
    holds: Holds
    ids: dict[str, int]
    model: Model = field(default_factory=Model)

    async def happen(self, what: str, which: int, number: int) -> None:
        """One event; both must refuse it for the same reason, or neither."""
        promise = self._one_for(what, which, number)
        if promise is None:
            return
        allotment = (SEATS, FLASH)[which % 2]
        expected = self._foreseen(what, promise, allotment, number)
        refused = None
        try:
            if what == "hold":
                lines, places = self._asked(promise)
                await self.holds.hold(f"k{promise.number}", lines, until=NOW, now=NOW, allotments=places)
            else:
                async with self.database.begin() as session:
                    await self._act(session, what, promise, self.ids[allotment], number)
        except Refused as refusal:
            refused = refusal.code
        assert refused == expected

    def _one_for(self, what: str, which: int, number: int) -> Promise | None:
        """A new promise, or one that this can happen to; now and then any."""
        promises = self.model.promises
        if what == "hold":
            promises.append(Promise(*KINDS[which % 6], asked=1 + number % 3))
            return promises[-1]
        able = [p for p in promises if p.state in FITTING.get(what, ()) and not (what == "pay late" and p.gone)]
        if what != "pay late" and (which > 9 or not able):
            able = [p for p in promises if p.state != "new"]
        return able[which % len(able)] if able else None

    def _foreseen(self, what: str, promise: Promise, allotment: str, number: int) -> str | None:
        model = self.model
        match what:
            case "hold":
                return model.begin(promise, "held")
            case "adopt":
                to = "committed" if number % 2 else "adopted"
                return model.move(promise, of="held", to=to, code="stock.hold_gone")
            case "pay":
                return model.move(promise, of="adopted", to="committed", code=None)
            case "cancel":
                return model.end([promise], "adopted", "committed")
            case "give back" | "ship":
                return model.lose_one(promise, shipped=what == "ship")
            case "pay late":
                return model.begin(promise, "committed") and "stock.short"
            case "expire":
                return model.end(model.promises, "held")
            case "open":
                return model.open(allotment, number % 3 > 0)
            case _:
                return model.resize(allotment, number)

    async def _act(self, session: AsyncSession, what: str, promise: Promise, allotment: int, number: int) -> None:
        order, one = promise.number, {self.ids[promise.goods]: 1}
        lines, places = self._asked(promise)
        match what:
            case "adopt":
                paid = number % 2 == 1
                await stock.adopt(
                    session, key=f"k{order}", order_id=order, lines=lines, committed=paid, allotments=places
                )
            case "pay":
                await stock.commit_holds(session, order_id=order)
            case "cancel":
                await stock.release_holds(session, order_id=order)
            case "give back":
                await stock.release_pieces(session, order_id=order, pieces=one)
            case "ship":
                await stock.ship_pieces(session, order_id=order, pieces=one, reference="", now=NOW)
            case "pay late":
                key = f"late{next(_numbers)}"
                if not await stock.reserve_again(
                    session, key=key, order_id=order, lines=lines, now=NOW, allotments=places
                ):
                    raise Refused("stock.short")
            case "expire":
                await stock.expire_holds(session, now=NOW)
            case "open" if number % 3 > 0:
                await set_window(session, allotment, is_open=True)
            case "open":
                await close_allotment(session, allotment)
            case "resize":
                await change_capacity(session, allotment, capacity=number)

    def _asked(self, promise: Promise) -> tuple[dict[int, int], dict[int, int]]:
        lines = {self.ids[promise.goods]: promise.asked}
        return lines, {self.ids[promise.allotment]: promise.asked_places} if promise.allotment else {}

    async def compare(self) -> None:
        """The books and the model say the same."""
        async with self.database.begin() as session:
            found = await places_of(session, [self.ids[SEATS], self.ids[FLASH]])
            levels = select(StockLevel.on_hand, StockLevel.reserved).order_by(StockLevel.variant_id)
            goods = list(await session.execute(levels.where(StockLevel.variant_id.in_(self.ids.values()))))
        for name in (SEATS, FLASH):
            places = found[self.ids[name]]
            assert (places.held, places.used) == (self.model.held(name), self.model.used(name))
            assert places.held + places.used <= places.capacity
        assert goods == [(self.model.lying[name], self.model.reserved(name)) for name in ("tea", "cup")]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=some.lists(EVENTS, min_size=30, max_size=60))
async def test_whatever_happens_no_allotment_is_over_full_and_nothing_is_lost(
    database: Database, events: list[tuple[str, int, int]]
) -> None:
    async with database.begin() as session:
        tea, cup = [await a_product(session, now=NOW, pieces=SHELF) for _ in range(2)]
        seats = (await make_allotment(session, capacity=3)).id
        flash = (await make_allotment(session, capacity=4, reserve=(cup, None))).id
    async with holds_of(database) as holds:
        play = Play(database, holds, {"tea": tea, "cup": cup, SEATS: seats, FLASH: flash})
        for event in events:
            await play.happen(*event)
            await play.compare()
    async with database.begin() as session:
        assert await breaches(session) == []
