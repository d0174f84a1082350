"""What the shop allows with orders after they were placed, over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends

from admin_api import order_rules_desk
from admin_api.auth import DeskHere, allowed
from admin_api.errors import errors
from admin_api.order_rules_desk import OrderRules, OrderRulesForm
from admin_api.roles import Permission, StaffMember

router = APIRouter(prefix="/api", tags=["orders"])

Reader = Annotated[StaffMember, Depends(allowed(Permission.READ_ORDERS))]
Ruler = Annotated[StaffMember, Depends(allowed(Permission.SET_ORDER_RULES))]


@router.get("/order-rules", summary="Read the rules for orders", responses=errors())
async def read_rules(desk: DeskHere, staff: Reader) -> OrderRules:
    """What may be changed in an order, how often, for how long, and which cash orders want a call."""
    async with desk.database.begin() as session:
        return await order_rules_desk.read_rules(session, staff)


@router.post("/order-rules", summary="Set the rules for orders", responses=errors(409))
async def set_rules(desk: DeskHere, staff: Ruler, form: OrderRulesForm) -> OrderRules:
    """All of them at once; `version` is that of the rules as they were read. They hold for open orders too."""
    return await order_rules_desk.set_rules(desk, staff, form=form)
