"""What the hourly self-check found: whether every rule holds, which rows break one, and how the hours before were."""

from itertools import groupby

from nicegui import ui

from admin_api import check_desk
from admin_api.check_desk import BreachShape, Checks, CheckShape
from admin_api.console.goods_frame import STORE, GoodsFrame, nothing
from admin_api.console.looks import box, button, chip, show, words
from admin_api.console.visit import Visit
from admin_api.roles import Permission, StaffMember

HOURS = 24


class ChecksPage:
    """How things are, above; the rows that break a rule; the hours."""

    def __init__(self, visit: Visit) -> None:
        self.visit, t = visit, visit.t
        frame = GoodsFrame(visit, "checks", STORE)
        with frame.actions:
            if visit.staff.may(Permission.RUN_CHECKS):
                self.run = button(t("Run now"), "primary", "fact_check")
                self.run.on("click", self._run)
        with frame.body:
            self.nothing = nothing("fact_check", t("Not asked yet"), t("A worker asks every hour."))
            self.box = box("checks")

    async def start(self) -> None:
        """Read everything anew."""
        found = await self.visit.attempt(self._read)
        if found is None:
            return
        show(self.nothing, not found.checks)
        self.box.clear()
        with self.box:
            if found.checks:
                self._newest(found.checks[0])
                self._hours(found.checks)

    def _newest(self, check: CheckShape) -> None:
        t, zone, count = self.visit.t, self.visit.desk.settings.zone, len(check.breaches)
        asked = check.finished_at
        with box("part check-head" + (" broken" if count else "")):
            ui.icon("error" if count else "verified")
            with box():
                whole = t("{count} rows break a rule", count=count) if count else self._all_hold(check)
                words(whole, "part-title")
                when = (
                    t("Last asked {time}", time=t.moment(asked.astimezone(zone))) if asked else t("It is running now")
                )
                words(when, "part-hint")
                words(t("Every hour the whole shop is held against its rules."), "part-hint")
        for rule, breaches in groupby(check.breaches, key=lambda breach: breach.rule):
            self._broken(rule, list(breaches))

    def _all_hold(self, check: CheckShape) -> str:
        return self.visit.t("All {count} rules hold", count=check.rules)

    def _broken(self, rule: str, breaches: list[BreachShape]) -> None:
        with box("part").props(f'data-rule="{rule}"'):
            with box("check-rule"):
                words(self.visit.t(f"holds {rule}"), "part-title")
                chip(str(len(breaches)), "bad")
            words(rule, "part-hint check-code")
            for breach in breaches:
                with box("chips"):
                    number = breach.row.get("number")
                    if number is not None:
                        with ui.element("a").props(f'href="/console/orders?o={number}"'):
                            chip(number, "accent")
                    for name, value in breach.row.items():
                        if name != "number":
                            chip(f"{name} {value}", "quiet")

    def _hours(self, checks: list[CheckShape]) -> None:
        t, zone = self.visit.t, self.visit.desk.settings.zone
        with box("part"):
            words(t("Earlier hours"), "part-title")
            with box("check-hours"):
                for check in checks:
                    with box("movement").props("data-hour"):
                        words(t.moment(check.hour.astimezone(zone)), "movement-time")
                        words(t("{count} rules", count=check.rules), "movement-why")
                        if check.finished_at is None:
                            chip(t("not finished"), "warn")
                        elif check.breaches:
                            chip(t("{count} broken", count=len(check.breaches)), "bad")
                        else:
                            chip(t("all right"), "good")

    async def _run(self) -> None:
        self.run.props("disabled")
        ui.notify(self.visit.t("Asking every rule"), classes="notice", position="top", timeout=1500)
        await self.visit.attempt(lambda staff: check_desk.run_check(self.visit.desk, staff))
        with self.visit.client:
            self.run.props(remove="disabled")
            await self.start()

    async def _read(self, staff: StaffMember) -> Checks:
        async with self.visit.desk.database.begin() as session:
            return await check_desk.list_checks(session, staff, limit=HOURS)
