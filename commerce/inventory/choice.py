"""Which location gives the goods: a pure rule, the same for a hold, a late payment and what is added to an order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Level(NamedTuple):
    """A stock level as it was when it was locked; `free` pieces can still be promised from it."""

    id: int
    variant_id: int
    location_id: int
    free: int


@dataclass(frozen=True, slots=True)
class Short:
    """That there is not enough: of which variant, and how many are left."""

    variant_id: int
    left: int


class Shelves:
    """What can still be promised, level by level, best location first; `take` promises some of it."""

    def __init__(self, levels: Sequence[Level]) -> None:
        """`levels` in the order in which their locations are to be asked."""
        self._levels: dict[int, list[Level]] = {}
        self._free: dict[int, int] = {}
        for level in levels:
            self._levels.setdefault(level.variant_id, []).append(level)
            self._free[level.id] = level.free

    def take(self, lines: Mapping[int, int], location_id: int | None = None) -> dict[int, int] | Short:
        """Promise {variant id: pieces}, all or nothing: {level id: pieces}, or what there is not enough of.

        From one location where one has everything, else as few pieces as need be from the next one. With `location_id`
        from there or not at all.
        """
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
