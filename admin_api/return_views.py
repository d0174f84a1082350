"""Returns as the staff sees them: shapes, and the queries that give them."""

from datetime import datetime

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.order_views import Price
from commerce.returns.model import (
    OPEN,
    Allowed,
    Disposition,
    Freight,
    Kind,
    RefundTo,
    Replace,
    ReturnPolicy,
    ReturnState,
    Why,
)
from commerce.returns.policy import DEFAULTS, Policy
from commerce.returns.queries import ReturnEventView, ReturnLineView, ReturnView, return_events, return_view
from foundation.errors import Json
from foundation.money import Money

SHELVES: dict[str, tuple[ReturnState, ...]] = {
    "to_decide": (ReturnState.REQUESTED,),
    "waiting": (ReturnState.NEEDS_INFO, ReturnState.AWAITING_GOODS, ReturnState.IN_TRANSIT, ReturnState.QUOTED),
    "here": (
        ReturnState.RECEIVED,
        ReturnState.INSPECTED,
        ReturnState.DIAGNOSING,
        ReturnState.ACCEPTED,
        ReturnState.DECLINED,
        ReturnState.REPAIRING,
        ReturnState.CHECKED,
    ),
    "done": tuple(state for state in ReturnState if state not in OPEN),
}
"""The lists of the page: what waits for whom."""


class ReturnGoods(BaseModel):
    """Pieces of a line. `instead` names the variant wanted; `accepted` is null before the inspection."""

    id: int
    variant_id: int
    title: str
    label: str
    picture: int | None
    quantity: int
    amount: Price
    instead: str
    accepted: int | None
    sellable: int
    disposition: Disposition | None
    note: str


class Held(BaseModel):
    """One rule that was held against a return. One that is not `hard` only means that a person decides."""

    code: str
    ok: bool
    hard: bool
    facts: dict[str, Json]


class WaitingApproval(BaseModel):
    """An agent's yes above their limit."""

    amount: Price
    reason: str
    asked_by: int
    created_at: datetime


class ReturnRow(BaseModel):
    """A return. `offered` was shown to the shopper, `due` is what an exchange costs more; `photos` counts them."""

    id: int
    number: str
    order_number: str
    customer_id: int
    kind: Kind
    state: ReturnState
    why: Why
    note: str
    photos: int
    asked_by: str
    lines: list[ReturnGoods]
    policy: dict[str, Json]
    checks: list[Held]
    refund_to: RefundTo
    offered: Price
    due: Price
    fee: Price
    shipping: Price
    deducted: Price
    refunded: Price
    freight: Freight
    tracking: str
    sent_back: str
    question: str
    reason: str
    quote: Price | None
    quote_note: str
    send_by: datetime | None
    replacement: str | None
    approval: WaitingApproval | None
    created_at: datetime
    state_at: datetime
    settled_at: datetime | None


class ReturnHappening(BaseModel):
    """What happened to a return, and who did it (shopper, staff, system)."""

    kind: str
    by: str
    facts: dict[str, Json]
    at: datetime


class ReturnWithHistory(BaseModel):
    """A return and what happened to it, oldest first."""

    asked: ReturnRow
    history: list[ReturnHappening]


class ReturnPage(BaseModel):
    """A page of returns, newest first; `next` is the cursor of the following page, null at the end."""

    returns: list[ReturnRow]
    next: str | None


class PolicyRow(BaseModel):
    """A rule of the shop, or (without an id) a default that holds for kinds no rule of the shop is about."""

    id: int | None
    version: int
    name: dict[str, str]
    active: bool
    position: int
    kinds: list[Kind]
    window_days: int
    send_within_days: int
    conditions: dict[str, str]
    freight: Freight
    seller_pays_at_fault: bool
    refund_shipping: bool
    restocking_ppm: int
    auto_limit: int | None
    once_per_order: bool
    same_product_only: bool
    refund_to: Allowed
    photo_required: bool
    replace: Replace
    category_ids: list[int]
    product_ids: list[int]
    excluded_category_ids: list[int]
    excluded_product_ids: list[int]


class Policies(BaseModel):
    """The rules in the order in which they are asked; then the defaults that still hold."""

    policies: list[PolicyRow]


async def whole_return(session: AsyncSession, return_id: int, *, language: str) -> ReturnWithHistory:
    """One return with its history. Raises Refused("returns.unknown")."""
    view = await return_view(session, return_id, language=language)
    events = await return_events(session, return_id=return_id)
    return ReturnWithHistory(asked=return_row(view), history=[_happening(event) for event in events])


def return_row(view: ReturnView) -> ReturnRow:
    """A return as the staff sees it."""
    waiting = view.approval
    return ReturnRow(
        id=view.return_id,
        number=view.number,
        order_number=view.order_number,
        customer_id=view.customer_id,
        kind=view.kind,
        state=view.state,
        why=view.why,
        note=view.note,
        photos=len(view.photos),
        asked_by=view.asked_by,
        lines=[_goods(line) for line in view.lines],
        policy=view.policy,
        checks=[Held(**check) for check in view.checks],
        refund_to=view.refund_to,
        offered=price(view.offered),
        due=price(view.due),
        fee=price(view.fee),
        shipping=price(view.shipping),
        deducted=price(view.deducted),
        refunded=price(view.refunded),
        freight=view.freight,
        tracking=f"{view.carrier} {view.tracking_number}".strip(),
        sent_back=view.sent_back,
        question=view.question,
        reason=view.reason,
        quote=None if view.quote is None else price(view.quote),
        quote_note=view.quote_note,
        send_by=view.send_by,
        replacement=view.replacement_number,
        approval=None
        if waiting is None
        else WaitingApproval(
            amount=price(waiting.amount),
            reason=waiting.reason,
            asked_by=waiting.asked_by,
            created_at=waiting.created_at,
        ),
        created_at=view.created_at,
        state_at=view.state_at,
        settled_at=view.settled_at,
    )


def policy_row(policy: ReturnPolicy) -> PolicyRow:
    """A row of the table."""
    return PolicyRow.model_validate(policy, from_attributes=True)


def default_rows(known: set[Kind]) -> list[PolicyRow]:
    """The defaults for kinds that no rule of the shop is about."""
    return [_default(policy) for policy in DEFAULTS if not policy.kinds & known]


def price(money: Money) -> Price:
    """An amount as it is sent."""
    return Price(amount=money.amount, currency=money.currency)


def _default(policy: Policy) -> PolicyRow:
    return PolicyRow(
        id=None,
        version=0,
        name=policy.name,
        active=True,
        position=0,
        kinds=[kind for kind in Kind if kind in policy.kinds],
        window_days=policy.window_days,
        send_within_days=policy.send_within_days,
        conditions=dict(policy.conditions),
        freight=policy.freight,
        seller_pays_at_fault=policy.seller_pays_at_fault,
        refund_shipping=policy.refund_shipping,
        restocking_ppm=policy.restocking_ppm,
        auto_limit=policy.auto_limit,
        once_per_order=policy.once_per_order,
        same_product_only=policy.same_product_only,
        refund_to=policy.refund_to,
        photo_required=policy.photo_required,
        replace=policy.replace,
        category_ids=[],
        product_ids=[],
        excluded_category_ids=[],
        excluded_product_ids=[],
    )


def _goods(line: ReturnLineView) -> ReturnGoods:
    return ReturnGoods(
        id=line.line_id,
        variant_id=line.variant_id,
        title=line.title,
        label=line.label,
        picture=line.picture,
        quantity=line.quantity,
        amount=price(line.amount),
        instead=line.instead,
        accepted=line.accepted,
        sellable=line.sellable,
        disposition=line.disposition,
        note=line.note,
    )


def _happening(event: ReturnEventView) -> ReturnHappening:
    return ReturnHappening(kind=event.kind, by=event.by, facts=dict(event.facts), at=event.at)
