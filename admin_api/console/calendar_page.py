"""The sales calendar: a month with lunar days and festivals, and group-buys and flash sales as bars over its days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from babel.dates import format_date, get_day_names
from nicegui import ui

from admin_api import flash_desk, group_buy_desk
from admin_api.console.deal_panes import DEALS
from admin_api.console.festivals import DAY, FIRST_YEAR, LAST_YEAR, Day, day_of
from admin_api.console.goods_frame import GoodsFrame
from admin_api.console.looks import box, button, icon_button, set_text, words
from admin_api.console.price_terms import in_language
from admin_api.console.visit import Visit
from admin_api.roles import StaffMember
from commerce.flash_sales.model import SaleState
from commerce.group_buy.model import CampaignState

WEEKS = 6
SOON = timedelta(days=60)
MOST_LANES = 6


@dataclass(frozen=True)
class Bar:
    """Something that is on from one day to another, both included. `kind`: its colour."""

    name: str
    first: date
    last: date
    kind: str
    address: str


class CalendarPage:
    """One month, and the festivals to come."""

    def __init__(self, visit: Visit) -> None:
        self.visit, t = visit, visit.t
        self.today = visit.desk.now().astimezone(visit.desk.settings.zone).date()
        self.month = self.today.replace(day=1)
        self.bars: list[Bar] = []
        frame = GoodsFrame(visit, "calendar", DEALS)
        with frame.body:
            with box("month-head"):
                icon_button("chevron_left", t("The month before")).on("click", lambda: self._go(-1))
                self.title = words("", "month-title")
                icon_button("chevron_right", t("The month after")).on("click", lambda: self._go(1))
                button(t("Today"), "small").on("click", lambda: self._go(0))
                with box("month-legend"):
                    for kind, name in (("group", "Group-buys"), ("flash", "Flash sales"), ("draft", "Drafts")):
                        with box("legend-one"):
                            box(f"legend-mark {kind}")
                            words(t(name))
                    with box("legend-one"):
                        words(t("off"), "day-off")
                        words(t("public day"))
                    if t.language != "zh":
                        with box("legend-one"):
                            words(day_of(self.today).lunar(t.language), "day-lunar")
                            words(t("lunar day"))
            self.grid = box("month")
            words(t("Coming days"), "part-title coming-title")
            self.coming = box("coming-days")

    async def start(self) -> None:
        """Read everything anew."""
        found = await self.visit.attempt(self._read)
        if found is not None:
            self.bars = found
            self._draw()
            self._draw_coming()

    async def _read(self, staff: StaffMember) -> list[Bar]:
        desk, zone = self.visit.desk, self.visit.desk.settings.zone
        async with desk.database.begin() as session:
            campaigns = (await group_buy_desk.list_campaigns(desk, session, staff)).campaigns
            sales = (await flash_desk.list_flash_sales(desk, session, staff)).sales
        bars = [
            Bar(
                in_language(self.visit, row.name),
                row.starts_at.astimezone(zone).date(),
                (row.ends_at - timedelta(microseconds=1)).astimezone(zone).date(),
                "draft" if row.state is CampaignState.DRAFT else "group",
                f"/console/group-buys?g={row.id}",
            )
            for row in campaigns
        ]
        bars += [
            Bar(
                f"{row.starts_at.astimezone(zone):%H:%M} {in_language(self.visit, row.name)}",
                row.starts_at.astimezone(zone).date(),
                (row.ends_at - timedelta(microseconds=1)).astimezone(zone).date(),
                "draft" if row.state is SaleState.DRAFT else "flash",
                f"/console/flash-sales?f={row.id}",
            )
            for row in sales
        ]
        return sorted(bars, key=lambda bar: (bar.first, -(bar.last - bar.first).days, bar.name))

    def _go(self, months: int) -> None:
        if months == 0:
            self.month = self.today.replace(day=1)
        else:
            year, month = divmod(self.month.year * 12 + self.month.month - 1 + months, 12)
            if FIRST_YEAR <= year <= LAST_YEAR:
                self.month = date(year, month + 1, 1)
        self._draw()

    def _draw(self) -> None:
        language = self.visit.t.language
        pattern = "y年M月" if language == "zh" else "MMMM y"
        set_text(self.title, format_date(self.month, pattern, locale=language))
        first = self.month - timedelta(days=self.month.weekday())
        weeks = [first + timedelta(weeks=week) for week in range(WEEKS)]
        names = get_day_names("abbreviated", locale=language)
        self.grid.clear()
        with self.grid:
            with box("week-days"):
                for weekday in range(7):
                    words(str(names[weekday]).removeprefix("周"), "week-day" + (" free" if weekday > 4 else ""))
            for monday in weeks:
                if monday.month == self.month.month or (monday + timedelta(days=6)).month == self.month.month:
                    self._week(monday)

    def _week(self, monday: date) -> None:
        sunday = monday + timedelta(days=6)
        lanes = in_lanes([bar for bar in self.bars if bar.first <= sunday and bar.last >= monday])
        with box("week"):
            for weekday in range(7):
                self._day(day_of(monday + timedelta(days=weekday)), weekday + 1, len(lanes[:MOST_LANES]))
            for lane, bars in enumerate(lanes[:MOST_LANES]):
                for bar in bars:
                    self._bar(bar, monday, sunday, lane + 2)

    def _day(self, day: Day, column: int, lanes: int) -> None:
        t = self.visit.t
        classes = "day"
        classes += " today" if day.date == self.today else ""
        classes += " other" if day.date.month != self.month.month else ""
        classes += " free" if day.is_public or column > 5 else ""
        # a day reaches behind the bars that lie over it
        with box(classes).style(f"grid-column: {column}; grid-row: 1 / {lanes + 3}").props(f"data-day={day.date}"):
            with box("day-top"):
                words(str(day.date.day), "day-number")
                if day.is_public:
                    words(t("off"), "day-off")
                words(day.lunar(t.language), "day-lunar")
            named = [t(name) for name in day.names] or ([t(f"term {day.term}")] if day.term else [])
            if named:
                words(
                    " · ".join(dict.fromkeys(named)),
                    "day-name" + (" public" if day.is_public else "" if day.names else " term"),
                )

    def _bar(self, bar: Bar, monday: date, sunday: date, row: int) -> None:
        first, last = max(bar.first, monday), min(bar.last, sunday)
        classes = f"day-bar {bar.kind}" + (" begins" if first == bar.first else "")
        classes += " ends" if last == bar.last else ""
        link = ui.element("a").classes(classes).props(f"href={bar.address}")
        link.props["title"] = bar.name
        link.style(f"grid-column: {first.weekday() + 1} / {last.weekday() + 2}; grid-row: {row}")
        with link:
            words(bar.name)

    def _draw_coming(self) -> None:
        t = self.visit.t
        self.coming.clear()
        told: set[str] = set()
        with self.coming:
            for days in range(SOON.days):
                day = day_of(self.today + days * DAY)
                for name in day.names:
                    if name not in told:
                        told.add(name)
                        with box("coming-day" + (" public" if day.is_public else "")):
                            words(t(name), "coming-name")
                            words(t.date(day.date), "goods-label")
                            words(t("in {days} days", days=days) if days else t("today"), "coming-in")


def in_lanes(bars: Sequence[Bar]) -> list[list[Bar]]:
    """Bars one below the other, so that none lies over another; a lane is used again as soon as it is free."""
    lanes: list[list[Bar]] = []
    for bar in bars:
        lane = next((lane for lane in lanes if lane[-1].last < bar.first), None)
        if lane is None:
            lanes.append([bar])
        else:
            lane.append(bar)
    return lanes
