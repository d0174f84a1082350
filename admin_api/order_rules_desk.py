"""What the shop allows with orders after they were placed, for the HTTP interface and the console alike."""

import json
from dataclasses import asdict
from hashlib import sha256
from typing import Annotated

from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.desk import Desk
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import Words
from commerce.orders.model import ChangeKind, OrderPolicy
from commerce.orders.policy import ROW, Policy, policy_of, set_policy
from foundation.audit import write_audit
from foundation.errors import Refused

Kinds = Annotated[list[ChangeKind], Field(max_length=len(ChangeKind))]
Reason = Annotated[Words, Field(min_length=1, max_length=40)]


class OrderRules(BaseModel):
    """The rules. Amounts are minor units of the shop's currency; `version` becomes another with every change."""

    kinds: Annotated[Kinds, Field(description="What may be changed at all.")]
    once: Annotated[Kinds, Field(description="What may be changed once an order.")]
    final: Annotated[Kinds, Field(description="After such a change no other is allowed, cancelling included.")]
    cancel_reasons: Annotated[
        list[Reason], Field(max_length=8, description="The only reasons to cancel that are taken; empty: any.")
    ]
    only_unsent: Annotated[bool, Field(description="No item may be changed once a parcel has left.")]
    same_again: Annotated[bool, Field(description="An item may be changed for the same one, at today's price.")]
    back_as_chosen: Annotated[bool, Field(description="A lower price goes back where the shopper says.")]
    cod_confirm_above: Annotated[
        int | None, Field(ge=0, le=10**12, description="Cash orders above this wait for a call; null: none does.")
    ]
    complete_after_days: Annotated[int, Field(ge=1, le=365, description="An order is complete so long after delivery.")]
    answer_hours: Annotated[int, Field(ge=1, le=720, description="How long a proposed change waits for its yes.")]
    pay_minutes: Annotated[int, Field(ge=1, le=10_080, description="How long a confirmed change waits for its money.")]
    version: Annotated[str, Field(max_length=64)]


class OrderRulesForm(OrderRules):
    """All rules as they shall be; `version` as it was read."""


async def read_rules(session: AsyncSession, staff: StaffMember) -> OrderRules:
    """The rules as they are."""
    staff.must(Permission.READ_ORDERS)
    return _shape(await policy_of(session))


async def set_rules(desk: Desk, staff: StaffMember, *, form: OrderRulesForm) -> OrderRules:
    """Write the rules anew. Refuses order_rules.changed."""
    staff.must(Permission.SET_ORDER_RULES)
    rules = form.model_dump(exclude={"version"})
    lists = {name: frozenset(rules[name]) for name in ("kinds", "once", "final")}
    reasons = tuple(dict.fromkeys(form.cancel_reasons))
    async with desk.database.begin() as session:
        await session.get(OrderPolicy, ROW, with_for_update=True)
        before = _shape(await policy_of(session))
        if form.version != before.version:
            raise Refused("order_rules.changed")
        await set_policy(session, Policy(**rules | lists | {"cancel_reasons": reasons}))
        after = _shape(await policy_of(session))
        was, now = before.model_dump(mode="json"), after.model_dump(mode="json")
        changed = {name: [was[name], now[name]] for name in rules if was[name] != now[name]}
        write_audit(
            session, staff_id=staff.id, action="order_rules.set", subject="order_policy:1", now=desk.now(), **changed
        )
        return after


def _shape(policy: Policy) -> OrderRules:
    known = asdict(policy).items()
    rules = {name: sorted(value) if isinstance(value, frozenset) else value for name, value in known}
    return OrderRules.model_validate(rules | {"version": sha256(json.dumps(rules).encode()).hexdigest()[:16]})
