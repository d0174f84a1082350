"""What shoppers searched for, what the shop did not have first."""

from urllib.parse import urlencode

from nicegui import ui

from admin_api import search_desk
from admin_api.console.charts import GREEN, ORANGE, columns, sums
from admin_api.console.goods_fields import choice
from admin_api.console.goods_frame import GoodsFrame, nothing
from admin_api.console.looks import box, button, chip, clock_time, show, words
from admin_api.console.visit import Visit
from admin_api.roles import StaffMember
from admin_api.search_desk import SearchDays, SearchPage, SearchRow

PAGE = 50
SPANS = (7, 30, 90)


class SearchesPage:
    """A chart of the days above the wishes."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.only_empty, self.days = True, 30
        self.next: str | None = None
        t = visit.t
        frame = GoodsFrame(visit, "searches")
        with frame.body:
            with box("filters one"):
                with box("tabs status-tabs").props("role=tablist"):
                    self.tabs = {}
                    for only_empty, name in ((True, "Not found"), (False, "All searches")):
                        tab = ui.element("button").classes("tab").props("type=button role=tab")
                        tab.on("click", lambda only_empty=only_empty: self._set_tab(only_empty))
                        with tab:
                            words(t(name))
                        self.tabs[only_empty] = tab
                spans = {days: t("Last {days} days", days=days) for days in SPANS}
                choice(t("How far back"), spans, self.days, self._set_days, is_named=False)
            self.chart = box("chart part")
            self.rows = box("product-rows search-rows")
            self.nothing = nothing("search", t("No searches here"), t("Shoppers' searches in the chat appear here."))
            self.more = button(t("More"), "more")
            self.more.on("click", self._load_more)

    async def start(self) -> None:
        """Read everything anew."""
        found = await self.visit.attempt(self._read)
        if found is None:
            return
        page, days = found
        for only_empty, tab in self.tabs.items():
            is_on = only_empty is self.only_empty
            tab.classes(add="on" if is_on else "", remove="" if is_on else "on")
            tab.props(f"aria-selected={str(is_on).lower()}")
        self._draw_chart(days)
        self.rows.clear()
        show(self.nothing, not page.searches)
        self._add(page)

    def _draw_chart(self, found: SearchDays) -> None:
        t = self.visit.t
        self.chart.clear()
        show(self.chart, any(day.times for day in found.days))
        with self.chart:
            times, empty = sum(day.times for day in found.days), sum(day.empty for day in found.days)
            sums({t("searches"): times, t("found nothing quite right"): empty})
            series = {
                t("Found"): (GREEN, [day.times - day.empty for day in found.days]),
                t("Not found"): (ORANGE, [day.empty for day in found.days]),
            }
            ui.echart(columns([t.date(day.day) for day in found.days], series, stacked=True)).classes("echart")

    def _add(self, page: SearchPage) -> None:
        with self.rows:
            for row in page.searches:
                self._row(row)
        self.next = page.next
        show(self.more, page.next is not None)

    def _row(self, row: SearchRow) -> None:
        t, desk = self.visit.t, self.visit.desk
        with box("search-row").props("data-search"):
            with box("search-words"):
                words(row.text, "product-title")
                chip(t(row.language), "quiet")
            words(t("{count} times", count=row.times), "search-times")
            with box("search-empty"):
                if row.empty:
                    chip(t("{count} times not found", count=row.empty), "bad" if row.empty > row.near else "warn")
                if row.near:
                    words(t("{count} times something near", count=row.near), "goods-label")
            words(clock_time(row.last_at, desk.now(), desk.settings.zone, t), "search-time")
            link = ui.element("a").classes("btn small")
            link.props["href"] = "/console/products?" + urlencode({"q": row.text})
            link.props["title"] = t("Look for it among all products")
            with link:
                ui.icon("search")
                words(t("Look for it"))

    async def _set_tab(self, only_empty: bool) -> None:
        self.only_empty = only_empty
        await self.start()

    def _set_days(self, days: int) -> None:
        self.days = days
        ui.timer(0, self.start, once=True)

    async def _load_more(self) -> None:
        page = await self.visit.attempt(lambda staff: self._page(staff, self.next))
        if page is not None:
            self._add(page)

    async def _read(self, staff: StaffMember) -> tuple[SearchPage, SearchDays]:
        desk = self.visit.desk
        page = await self._page(staff, None)
        async with desk.database.begin() as session:
            return page, await search_desk.count_searches(
                session, staff, now=desk.now(), zone=desk.settings.zone, days=self.days
            )

    async def _page(self, staff: StaffMember, cursor: str | None) -> SearchPage:
        desk = self.visit.desk
        async with desk.database.begin() as session:
            return await search_desk.list_searches(
                session,
                staff,
                now=desk.now(),
                days=self.days,
                only_empty=self.only_empty,
                cursor=cursor,
                limit=PAGE,
            )
