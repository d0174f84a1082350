"""What the hourly self-check found, over HTTP."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from admin_api.auth import DeskHere, allowed
from admin_api.errors import errors
from admin_api.roles import Permission, StaffMember
from commerce.checks import last_checks

router = APIRouter(prefix="/api", tags=["checks"])

Auditor = Annotated[StaffMember, Depends(allowed(Permission.READ_CHECKS))]


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


@router.get("/checks", summary="Read what the self-check found", responses=errors())
async def read_checks(desk: DeskHere, staff: Auditor, limit: Annotated[int, Query(ge=1, le=168)] = 24) -> Checks:
    """Every hour all rules of the shop are asked over the whole database; here is what broke one."""
    staff.must(Permission.READ_CHECKS)
    async with desk.database.begin() as session:
        found = await last_checks(session, limit=limit)
    return Checks(
        checks=[
            CheckShape(
                hour=check.hour,
                rules=check.rules,
                breaches=[BreachShape.model_validate(breach) for breach in check.breaches],
                finished_at=check.finished_at,
            )
            for check in found
        ]
    )
