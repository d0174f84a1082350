"""The self-check for the HTTP interface and the console alike: what it found, and running it now."""

from datetime import datetime

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.desk import Desk
from admin_api.roles import Permission, StaffMember
from commerce.checks import SelfCheck, begin_hour, end_hour, find_breaches, last_checks
from foundation.audit import write_audit
from foundation.errors import Refused


class BreachShape(BaseModel):
    """A row that breaks a rule: ids, numbers and amounts as text, never personal data."""

    rule: str
    row: dict[str, str]


class CheckShape(BaseModel):
    """One hour: how many rules were asked and which rows break one. `finished_at` is null while it runs."""

    hour: datetime
    rules: int
    breaches: list[BreachShape]
    finished_at: datetime | None


class Checks(BaseModel):
    """The latest hours, newest first."""

    checks: list[CheckShape]


async def list_checks(session: AsyncSession, staff: StaffMember, *, limit: int) -> Checks:
    """The latest hours."""
    staff.must(Permission.READ_CHECKS)
    return Checks(checks=[_shape(check) for check in await last_checks(session, limit=limit)])


async def run_check(desk: Desk, staff: StaffMember) -> CheckShape:
    """Ask every rule now, over the whole database. Refuses checks.running."""
    staff.must(Permission.RUN_CHECKS)
    async with desk.database.begin() as session:
        hour = await begin_hour(session, now=desk.now(), again=True)
        if hour is None:
            raise Refused("checks.running")
        subject = f"self_check:{hour:%Y-%m-%dT%H}"
        write_audit(session, staff_id=staff.id, action="checks.run", subject=subject, now=desk.now())
    async with desk.database.session() as session:
        breaches = await find_breaches(session)
    async with desk.database.begin() as session:
        await end_hour(session, hour=hour, breaches=breaches, now=desk.now())
        return _shape(await session.get_one(SelfCheck, hour))


def _shape(check: SelfCheck) -> CheckShape:
    return CheckShape(
        hour=check.hour,
        rules=check.rules,
        breaches=[BreachShape.model_validate(breach) for breach in check.breaches],
        finished_at=check.finished_at,
    )
