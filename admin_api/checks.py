"""The self-check over HTTP: what it found, and asking every rule now."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from admin_api import check_desk
from admin_api.auth import DeskHere, allowed
from admin_api.check_desk import Checks, CheckShape
from admin_api.errors import errors
from admin_api.roles import Permission, StaffMember

router = APIRouter(prefix="/api", tags=["checks"])

Auditor = Annotated[StaffMember, Depends(allowed(Permission.READ_CHECKS))]
Checker = Annotated[StaffMember, Depends(allowed(Permission.RUN_CHECKS))]


@router.get("/checks", summary="Read what the self-check found", responses=errors())
async def read_checks(desk: DeskHere, staff: Auditor, limit: Annotated[int, Query(ge=1, le=168)] = 24) -> Checks:
    """Every hour all rules of the shop are asked over the whole database; here is what broke one."""
    async with desk.database.begin() as session:
        return await check_desk.list_checks(session, staff, limit=limit)


@router.post("/checks", summary="Run the self-check now", responses=errors(409))
async def run_check(desk: DeskHere, staff: Checker) -> CheckShape:
    """Ask all rules now, which reads the whole database; the answer comes then, and is that of this hour."""
    return await check_desk.run_check(desk, staff)
