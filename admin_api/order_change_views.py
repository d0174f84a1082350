"""Changes, prices and refunds of orders as the staff sees them: shapes, and how they are made of the rooms' values."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.shapes import Words
from commerce.orders.drawing_up import Drawn
from commerce.orders.model import ChangeKind, ChangeState, Order, PaymentMethod, RefundAsk, RefundAskState
from commerce.orders.queries import ChangeView, order_shares
from commerce.orders.refund_asks import RefundAskView, refund_asks
from commerce.orders.steps import Add, CancelAll, PayBy, Remove, SendTo, Step
from foundation.errors import Json

Pieces = Annotated[int, Field(ge=1, le=99)]
RowNumber = Annotated[int, Field(ge=1, le=2**62)]
Minor = Annotated[int, Field(ge=1, le=10**15, description="Minor units of the order's currency.")]


class RemovePieces(BaseModel):
    """So many open pieces of a line are taken out."""

    do: Literal["remove"]
    line_id: RowNumber
    quantity: Pieces


class AddPieces(BaseModel):
    """So many pieces of a variant are added at today's price; `instead_of` names the line whose pieces they replace."""

    do: Literal["add"]
    variant_id: RowNumber
    quantity: Pieces
    instead_of: RowNumber | None = None


class SendElsewhere(BaseModel):
    """Another address of the customer."""

    do: Literal["send_to"]
    address_id: RowNumber


class PayOtherwise(BaseModel):
    """Another way to pay."""

    do: Literal["pay_by"]
    method: PaymentMethod
    account_id: RowNumber | None = None


class CancelEverything(BaseModel):
    """The whole order."""

    do: Literal["cancel"]


StepBody = Annotated[
    RemovePieces | AddPieces | SendElsewhere | PayOtherwise | CancelEverything, Field(discriminator="do")
]


class Proposing(BaseModel):
    """What shall be different, all steps of one kind; the reason is told to the shopper."""

    steps: Annotated[list[StepBody], Field(min_length=1, max_length=50)]
    reason: Annotated[Words, Field(max_length=500)] = ""


class ChangePreview(BaseModel):
    """The money of an order before and after a change, in minor units."""

    kind: ChangeKind
    before: int
    after: int
    pay_now: int
    back: int
    currency: str


class ChangeRow(BaseModel):
    """A proposal that waits for its yes or its money."""

    id: int
    kind: ChangeKind
    state: ChangeState
    proposed_by: str
    reason: str
    steps: list[dict[str, Json]]
    before: int
    after: int
    pay_now: int
    back: int
    expires_at: datetime


class LineChoices(BaseModel):
    """A line that can still be changed, and the other variants of its product that are there: {variant id: name}."""

    line_id: int
    variant_id: int
    title: str
    label: str
    open: int
    others: dict[int, str]


class ShareRow(BaseModel):
    """How much less an order costs for one reason. `label` {"zh", "en"}."""

    kind: str
    label: dict[str, str]
    amount: int


class TraceRow(BaseModel):
    """A rule of the price that was tried, whether it was applied, and why."""

    rule: str
    label: dict[str, str]
    amount: int
    applied: bool
    why: str


class RefundAskRow(BaseModel):
    """Money the staff wants to give back; waiting ones need somebody whose limit is higher."""

    id: int
    number: str
    amount: int
    currency: str
    reason: str
    to_credit: bool
    state: RefundAskState
    asked_by: int
    decided_by: int | None
    created_at: datetime


class RefundAskPage(BaseModel):
    """Refunds that wait for somebody who may."""

    asks: list[RefundAskRow]


class OrderMoney(BaseModel):
    """How an order's price came about, and what the staff gave back of it."""

    shares: list[ShareRow]
    trace: list[TraceRow]
    asks: list[RefundAskRow]


def step_of(body: StepBody) -> Step:
    """The step as the rooms know it."""
    match body:
        case RemovePieces():
            return Remove(body.line_id, body.quantity)
        case AddPieces():
            return Add(body.variant_id, body.quantity, body.instead_of)
        case SendElsewhere():
            return SendTo(body.address_id)
        case PayOtherwise():
            return PayBy(body.method, body.account_id)
        case CancelEverything():
            return CancelAll()


def preview_row(drawn: Drawn) -> ChangePreview:
    """The money of a change that was worked out."""
    money = drawn.preview
    return ChangePreview(
        kind=drawn.kind,
        before=money.before,
        after=money.after,
        pay_now=money.pay_now,
        back=money.back,
        currency=money.currency,
    )


def change_row(view: ChangeView) -> ChangeRow:
    """A proposal of an order."""
    money = {name: int(view.preview[name]) for name in ("before", "after", "pay_now", "back")}
    return ChangeRow(
        id=view.change_id,
        kind=view.kind,
        state=view.state,
        proposed_by=view.proposed_by,
        reason=view.reason,
        steps=view.actions,
        expires_at=view.expires_at,
        **money,
    )


def ask_row(view: RefundAskView) -> RefundAskRow:
    """A refund that was asked for."""
    return RefundAskRow(
        id=view.ask_id,
        number=view.number,
        amount=view.amount.amount,
        currency=view.amount.currency,
        reason=view.reason,
        to_credit=view.to_credit,
        state=view.state,
        asked_by=view.asked_by,
        decided_by=view.decided_by,
        created_at=view.created_at,
    )


async def asked(session: AsyncSession, ask: RefundAsk) -> RefundAskRow:
    """The row of one ask."""
    views = await refund_asks(session, order_id=ask.order_id)
    return next(ask_row(view) for view in views if view.ask_id == ask.id)


async def money_of(session: AsyncSession, order_id: int) -> OrderMoney:
    """How the price of an order came about."""
    order = await session.get_one(Order, order_id)
    shares = await order_shares(session, order_id=order_id)
    known = ("rule", "label", "amount", "applied", "why")
    return OrderMoney(
        shares=[ShareRow(kind=one.kind, label=one.label, amount=one.amount.amount) for one in shares],
        trace=[TraceRow(**{name: step[name] for name in known}) for step in order.trace],
        asks=[ask_row(view) for view in await refund_asks(session, order_id=order_id)],
    )
