"""Returns: what is to be decided, what waits, what lies here; one of them with all about it; the shop's rules."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from admin_api import return_desk
from admin_api.console.looks import box, button, chip, clock_time, words
from admin_api.console.return_card import ReturnCard, return_state
from admin_api.console.return_rules import ReturnRules
from admin_api.console.two_panes import Key, TwoPanes
from admin_api.console.visit import Visit
from admin_api.return_views import ReturnPage, ReturnRow, ReturnWithHistory
from admin_api.roles import StaffMember

SHELVES = {
    "to_decide": "To decide",
    "to_approve": "Above a limit",
    "waiting": "Under way",
    "here": "Here",
    "done": "Finished",
}


class ReturnsPage(TwoPanes[ReturnPage, ReturnRow, ReturnWithHistory]):
    """The returns by what is to be done with them."""

    def __init__(self, visit: Visit) -> None:
        t = visit.t
        choose = t("Choose a return"), t("What the shopper wants, what the rules say and what happened open here.")
        super().__init__(
            visit,
            "return",
            "r",
            title=t("Returns"),
            none=t("No returns here now"),
            choose=("assignment_return", *choose),
            shelves={shelf: t(name) for shelf, name in SHELVES.items()},
        )

    def beside_title(self) -> None:
        button(self.visit.t("Rules"), "small", "gavel").on("click", self.show_rules)

    async def show_rules(self) -> None:
        """The shop's rules for returns on the right."""
        with self.blank(self.visit.t("Rules for returns")):
            rules = ReturnRules(self.visit)
        await rules.start()

    async def read_list(self, session: AsyncSession, staff: StaffMember, cursor: str | None, limit: int) -> ReturnPage:
        return await return_desk.list_returns(session, staff, shelf=self.shelf, cursor=cursor, limit=limit)

    def rows_of(self, part: ReturnPage) -> Sequence[ReturnRow]:
        return part.returns

    def key_of(self, row: ReturnRow) -> Key:
        return row.id

    def draw_row(self, row: ReturnRow) -> None:
        t, desk = self.visit.t, self.visit.desk
        with box("talk-top"):
            words(row.number, "order-number")
            words(clock_time(row.state_at, desk.now(), desk.settings.zone, t), "talk-time")
        with box("talk-top"):
            comma = "、" if t.language == "zh" else ", "
            words(comma.join(f"{line.title} × {line.quantity}" for line in row.lines), "talk-preview")
            if row.offered.amount:
                words(row.offered.shown(t.language), "money")
        with box("talk-marks"):
            return_state(self.visit, row)
            chip(t(f"why {row.why}"), "quiet")
            if row.photos:
                chip(t("{count} photos", count=row.photos), "quiet")

    async def read(self, session: AsyncSession, staff: StaffMember, key: Key) -> ReturnWithHistory:
        return await return_desk.read_return(session, staff, return_id=int(key))

    def heading(self, found: ReturnWithHistory) -> tuple[Key, str]:
        return found.asked.id, found.asked.number

    def draw(self, found: ReturnWithHistory) -> None:
        ReturnCard(self.visit, found, self._after)

    async def _after(self, return_id: int) -> None:
        await self.reload()
        await self.open(return_id)
