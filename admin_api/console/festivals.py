"""Days that a shop plans for: public days of China, lunar festivals, solar terms, and days that are kept elsewhere.

Lunar days and solar terms are those of cnlunar. Public days follow the State Council's rules on holidays of 2024; which
weekdays are worked for them is announced year by year and not known here.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

import cnlunar

FIRST_YEAR, LAST_YEAR = 2001, 2099
"""What can be shown; the tables behind it reach from 1901 to 2100."""
DAY = timedelta(days=1)
PUBLIC = {
    (1, 1): "New Year's Day",
    (5, 1): "Labour Day",
    (5, 2): "Labour Day",
    (10, 1): "National Day",
    (10, 2): "National Day",
    (10, 3): "National Day",
}
PUBLIC_LUNAR = {
    (1, 1): "Spring Festival",
    (1, 2): "Spring Festival",
    (1, 3): "Spring Festival",
    (5, 5): "Dragon Boat Festival",
    (8, 15): "Mid-Autumn Festival",
}
LUNAR = {
    (1, 15): "Lantern Festival",
    (2, 2): "Dragon Raises Its Head",
    (7, 7): "Qixi",
    (7, 15): "Zhongyuan",
    (9, 9): "Double Ninth Festival",
    (12, 8): "Laba Festival",
    (12, 23): "Little New Year",
}
SOLAR = {
    (2, 14): "Valentine's Day",
    (3, 8): "Women's Day",
    (5, 20): "520",
    (6, 1): "Children's Day",
    (6, 18): "618",
    (9, 10): "Teachers' Day",
    (10, 31): "Halloween",
    (11, 11): "Double 11",
    (12, 12): "Double 12",
    (12, 24): "Christmas Eve",
    (12, 25): "Christmas",
}
WEEKDAYS = {(5, 6, 2): "Mother's Day", (6, 6, 3): "Father's Day", (11, 3, 4): "Thanksgiving"}
"""By month, day of the week from Monday 0 on, and the how manieth it is."""


@dataclass(frozen=True, slots=True)
class Day:
    """What is known of a day. `month` and `number` are lunar; `term`: the solar term that begins, in Chinese, or "".

    `names`: what is kept on it, the most important first; `is_public`: nobody works.
    """

    date: date
    month: int
    number: int
    is_leap: bool
    term: str
    names: tuple[str, ...]
    is_public: bool

    def lunar(self, language: str) -> str:
        """The lunar day as a calendar shows it: the month on its first day, else the day; in figures for others."""
        if language != "zh":
            return f"{self.month}/{self.number}"
        if self.number == 1:
            return ("闰" if self.is_leap else "") + _MONTHS[self.month - 1] + "月"
        if self.number in (10, 20, 30):
            return {10: "初十", 20: "二十", 30: "三十"}[self.number]
        return "初十廿"[self.number // 10] + _FIGURES[self.number % 10 - 1]


_MONTHS = ("正", "二", "三", "四", "五", "六", "七", "八", "九", "十", "冬", "腊")
_FIGURES = "一二三四五六七八九"


@lru_cache(maxsize=1000)
def day_of(day: date) -> Day:
    """A day of FIRST_YEAR to LAST_YEAR."""
    month, number, is_leap, term = _lunar(day)
    lunar = (0, 0) if is_leap else (month, number)
    public = [PUBLIC.get((day.month, day.day)), PUBLIC_LUNAR.get(lunar), "Qingming" if term == "清明" else None]
    if _lunar(day + DAY)[:3] == (1, 1, False):
        public.append("New Year's Eve")
    others = [LUNAR.get(lunar), SOLAR.get((day.month, day.day)), _by_weekday(day)]
    names = tuple(name for name in (*public, *others) if name)
    return Day(day, month, number, is_leap, term, names, any(public))


def _lunar(day: date) -> tuple[int, int, bool, str]:
    found = cnlunar.Lunar(datetime.combine(day, time(12)))
    term = "" if found.todaySolarTerms == "无" else str(found.todaySolarTerms)
    return int(found.lunarMonth), int(found.lunarDay), bool(found.isLunarLeapMonth), term


def _by_weekday(day: date) -> str | None:
    before = day - DAY  # the day after Thanksgiving
    if WEEKDAYS.get((before.month, before.weekday(), (before.day + 6) // 7)) == "Thanksgiving":
        return "Black Friday"
    return WEEKDAYS.get((day.month, day.weekday(), (day.day + 6) // 7))
