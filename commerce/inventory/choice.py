"""What is promised from where: a pure rule, the same for a hold, a late payment and what is added to an order."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from foundation.errors import Refused

NOTHING: Mapping[int, int] = MappingProxyType({})


class Level(NamedTuple):
    """A stock level as it was when it was locked; `free` pieces can still be promised from it."""

    id: int
    variant_id: int
    location_id: int
    free: int


class Places(NamedTuple):
    """An allotment as it was when it was locked or read. With a stock level it brings pieces of its own."""

    id: int
    capacity: int
    held: int
    used: int
    is_open: bool
    opens_at: datetime | None
    closes_at: datetime | None
    stock_level_id: int | None

    @property
    def left(self) -> int:
        """How many nobody has taken."""
        return self.capacity - self.held - self.used


@dataclass(frozen=True, slots=True)
class Short:
    """That there is not enough: of which variant, and how many are left."""

    variant_id: int
    left: int

    def refusal(self) -> Refused:
        """How the shop says it."""
        return Refused("stock.short", variant=self.variant_id, left=self.left)


@dataclass(frozen=True, slots=True)
class NoPlace:
    """That an allotment has only `left` places, or gives none (None): closed, not now, or not for these pieces."""

    allotment_id: int
    left: int | None

    def refusal(self) -> Refused:
        """How the shop says it."""
        if self.left is None:
            return Refused("allotment.closed", allotment=self.allotment_id)
        return Refused("allotment.full", allotment=self.allotment_id, left=self.left)


class Taken(NamedTuple):
    """{level id: pieces}: `reserved` anew, and `own`, which allotments had reserved there before."""

    reserved: Mapping[int, int]
    own: Mapping[int, int] = NOTHING

    @property
    def levels(self) -> Mapping[int, int]:
        """Where all of the pieces lie."""
        return {**self.reserved, **self.own} if self.own else self.reserved


class Shelves:
    """What can still be promised, level by level, best location first, and what places; `take` promises some of it."""

    def __init__(self, levels: Sequence[Level], allotments: Collection[Places] = ()) -> None:
        """`levels` in the order in which their locations are to be asked."""
        self._levels: dict[int, list[Level]] = {}
        self._free: dict[int, int] = {}
        for level in levels:
            self._levels.setdefault(level.variant_id, []).append(level)
            self._free[level.id] = level.free
        self._allotments = {places.id: places for places in allotments}
        self._left = {places.id: places.left for places in allotments}

    def take(
        self,
        lines: Mapping[int, int],
        location_id: int | None = None,
        *,
        allotments: Mapping[int, int] = NOTHING,
        now: datetime | None = None,
    ) -> Taken | Short | NoPlace:
        """Promise {variant id: pieces} and {allotment id: places}, all or nothing: where from, or what lacks.

        From one location where one has everything, else as few pieces as need be from the next one. With `location_id`
        from there or not at all. A variant of which an allotment brings pieces comes from that one only, so from where
        they lie. Without `now` an allotment is not asked for its window, only whether it is open and has room.
        """
        if not allotments:
            reserved = self._from_shelves(lines, location_id)
            return reserved if isinstance(reserved, Short) else Taken(reserved)
        own = self._brought(allotments, lines, now)
        if isinstance(own, NoPlace):
            return own
        lying = [level for levels in self._levels.values() for level in levels if level.id in own]
        for level in lying:
            if location_id not in (None, level.location_id):
                return Short(level.variant_id, 0)
        brought = {level.variant_id for level in lying}
        rest = {variant: pieces for variant, pieces in lines.items() if variant not in brought}
        reserved = self._from_shelves(rest, location_id) if rest else {}
        if isinstance(reserved, Short):
            return reserved
        for allotment, places in allotments.items():
            self._left[allotment] -= places
        return Taken(reserved, own)

    def _from_shelves(self, lines: Mapping[int, int], location_id: int | None) -> dict[int, int] | Short:
        asked = {variant: self._of(variant, location_id) for variant in lines}
        for variant, pieces in lines.items():
            left = sum(self._free[level.id] for level in asked[variant])
            if left < pieces:
                return Short(variant, max(left, 0))
        whole = next((place for place in self._places(asked) if self._has_all(asked, lines, place)), None)
        taken: dict[int, int] = {}
        for variant, pieces in lines.items():
            for level in asked[variant]:
                if whole is None or level.location_id == whole:
                    part = min(pieces, self._free[level.id])
                    if part > 0:
                        taken[level.id] = part
                        self._free[level.id] -= part
                        pieces -= part
        return taken

    def _brought(
        self, allotments: Mapping[int, int], lines: Mapping[int, int], now: datetime | None
    ) -> dict[int, int] | NoPlace:
        """{level id: pieces} that allotments bring if all of them have room: the pieces of whole lines."""
        own = {}
        for allotment, places in allotments.items():
            asked = self._allotments.get(allotment)
            if asked is None or not asked.is_open or (now is not None and not _in_window(asked, now)):
                return NoPlace(allotment, None)
            if self._left[allotment] < places:
                return NoPlace(allotment, self._left[allotment])
            if asked.stock_level_id is not None:
                if lines.get(self._variant_of(asked.stock_level_id)) != places:
                    return NoPlace(allotment, None)
                own[asked.stock_level_id] = places
        return own

    def _variant_of(self, level_id: int) -> int:
        levels = (level for levels in self._levels.values() for level in levels)
        return next((level.variant_id for level in levels if level.id == level_id), 0)

    def _of(self, variant: int, location_id: int | None) -> list[Level]:
        levels = self._levels.get(variant, [])
        return levels if location_id is None else [level for level in levels if level.location_id == location_id]

    def _places(self, asked: Mapping[int, list[Level]]) -> list[int]:
        return [level.location_id for level in next(iter(asked.values()))]

    def _has_all(self, asked: Mapping[int, list[Level]], lines: Mapping[int, int], place: int) -> bool:
        return all(
            any(level.location_id == place and self._free[level.id] >= pieces for level in asked[variant])
            for variant, pieces in lines.items()
        )


def _in_window(places: Places, now: datetime) -> bool:
    opened = places.opens_at is None or places.opens_at <= now
    return opened and (places.closes_at is None or now < places.closes_at)
