"""A picture of numbers side by side: bars from left to right, a name before each."""

from collections.abc import Mapping, Sequence

from foundation.errors import Json

COLOURS = ("#14938a", "#d98a00")
TEXT_COLOUR, LINE_COLOUR = "#7d8a85", "#8883"
"""Colours that can be read on light and on dark."""
LONGEST_NAME = 16


def bars(names: Sequence[str], series: Mapping[str, Sequence[int]]) -> dict[str, Json]:
    """What ECharts draws; the first name stands at the top. `series`: numbers by what they are."""
    return {
        "animation": False,
        "textStyle": {"fontFamily": "inherit"},
        "grid": {"left": 8, "right": 36, "top": 30, "bottom": 4, "containLabel": True},
        "legend": {"top": 0, "right": 0, "itemWidth": 12, "itemHeight": 12, "textStyle": {"color": TEXT_COLOUR}},
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}, "confine": True},
        "xAxis": {
            "type": "value",
            "minInterval": 1,
            "splitLine": {"lineStyle": {"color": LINE_COLOUR}},
            "axisLabel": {"color": TEXT_COLOUR},
        },
        "yAxis": {
            "type": "category",
            "inverse": True,
            "data": [_short(name) for name in names],
            "axisTick": {"show": False},
            "axisLine": {"lineStyle": {"color": LINE_COLOUR}},
            "axisLabel": {"color": TEXT_COLOUR},
        },
        "series": [
            {
                "type": "bar",
                "name": name,
                "data": list(numbers),
                "barMaxWidth": 12,
                "itemStyle": {"color": colour, "borderRadius": [0, 3, 3, 0]},
                "label": {"show": True, "position": "right", "color": TEXT_COLOUR},
            }
            for (name, numbers), colour in zip(series.items(), COLOURS, strict=False)
        ],
    }


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
