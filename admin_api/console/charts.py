"""Pictures of numbers for ECharts: bars from left to right with a name before each, and columns day by day."""

from collections.abc import Mapping, Sequence

from admin_api.console.looks import box, words
from foundation.errors import Json

GREEN, ORANGE, BLUE = "#14938a", "#d98a00", "#7d8fd8"
TEXT_COLOUR, LINE_COLOUR = "#7d8a85", "#8883"
"""Colours that can be read on light and on dark."""
LONGEST_NAME = 16
WIDE, NARROW = 22, 14
Series = Mapping[str, tuple[str, Sequence[int]]]
"""(colour, numbers) by what they are."""


def bars(names: Sequence[str], series: Series) -> dict[str, Json]:
    """The first name stands at the top."""
    right: Json = {"borderRadius": [0, 3, 3, 0]}
    label: Json = {"show": True, "position": "right", "color": TEXT_COLOUR}
    return _chart(
        grid={"left": 8, "right": 36, "top": 30, "bottom": 4, "containLabel": True},
        tooltip={"trigger": "axis", "axisPointer": {"type": "shadow"}, "confine": True},
        xAxis=_numbers(),
        yAxis=_names([_short(name) for name in names]) | {"inverse": True},
        series=[
            _series(name, numbers, 12) | {"itemStyle": {"color": colour, **right}, "label": label}
            for name, (colour, numbers) in series.items()
        ],
    )


def columns(days: Sequence[str], series: Series, *, stacked: bool = False) -> dict[str, Json]:
    """A column a day for each of the series, side by side or `stacked`, the first at the bottom."""
    return _chart(
        grid={"left": 34, "right": 6, "top": 30, "bottom": 24},
        tooltip={"trigger": "axis"},
        xAxis=_names(days),
        yAxis=_numbers(),
        series=[
            _series(name, numbers, WIDE if stacked else NARROW)
            | {"itemStyle": {"color": colour}}
            | ({"stack": "all"} if stacked else {})
            for name, (colour, numbers) in series.items()
        ],
    )


def sums(numbers: Mapping[str, int]) -> None:
    """Large numbers beside a picture, by what they are."""
    with box("chart-numbers"):
        for name, number in numbers.items():
            with box("chart-number"):
                words(str(number), "big-number")
                words(name, "goods-label")


def _chart(**options: Json) -> dict[str, Json]:
    legend: Json = {"top": 0, "right": 0, "itemWidth": 12, "itemHeight": 12, "textStyle": {"color": TEXT_COLOUR}}
    return {"animation": False, "textStyle": {"fontFamily": "inherit"}, "legend": legend, **options}


def _numbers() -> dict[str, Json]:
    lines: Json = {"lineStyle": {"color": LINE_COLOUR}}
    return {"type": "value", "minInterval": 1, "splitLine": lines, "axisLabel": {"color": TEXT_COLOUR}}


def _names(names: Sequence[str]) -> dict[str, Json]:
    return {
        "type": "category",
        "data": list(names),
        "axisTick": {"show": False},
        "axisLine": {"lineStyle": {"color": LINE_COLOUR}},
        "axisLabel": {"color": TEXT_COLOUR},
    }


def _series(name: str, numbers: Sequence[int], widest: int) -> dict[str, Json]:
    return {"type": "bar", "name": name, "data": list(numbers), "barMaxWidth": widest}


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
