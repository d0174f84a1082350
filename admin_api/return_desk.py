"""What the staff does with returns, for the HTTP interface and the console alike: each act one transaction, written
down in the audit log, told to other screens."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.bells import ring_after
from admin_api.desk import Desk
from admin_api.order_change_desk import refund_limit
from admin_api.return_views import (
    SHELVES,
    Policies,
    PolicyRow,
    ReturnPage,
    ReturnWithHistory,
    default_rows,
    policy_row,
    return_row,
    whole_return,
)
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import read_cursor
from commerce.catalog.media import MediaFolder
from commerce.orders.queries import order_view
from commerce.returns import actions, handling, inspecting, policies
from commerce.returns.inspecting import Finding
from commerce.returns.model import Kind, Return
from commerce.returns.offers import Terms, Wish
from commerce.returns.policies import PolicyDraft
from commerce.returns.queries import recent_returns, return_view
from conversations.events import tell_staff
from foundation.audit import write_audit
from foundation.errors import Json, Refused

TO_APPROVE = "to_approve"
STEPS: dict[str, Callable[..., Awaitable[Return]]] = {
    "receive": handling.receive,
    "diagnose": inspecting.diagnose,
    "start_repair": inspecting.start_repair,
    "check_repair": inspecting.check_repair,
    "cannot_mend": inspecting.cannot_mend,
}
"""Steps that need no more than the return itself."""


async def list_returns(
    session: AsyncSession, staff: StaffMember, *, shelf: str, cursor: str | None, limit: int
) -> ReturnPage:
    """Returns of one list, such as to_decide. Refuses returns.shelf_unknown, cursor.invalid."""
    staff.must(Permission.HANDLE_RETURNS)
    if shelf not in SHELVES and shelf != TO_APPROVE:
        raise Refused("returns.shelf_unknown")
    found = await recent_returns(
        session,
        language=staff.language,
        states=SHELVES.get(shelf),
        waiting_approval=shelf == TO_APPROVE,
        before_id=read_cursor(cursor),
        limit=limit + 1,
    )
    page = [return_row(view) for view in found[:limit]]
    return ReturnPage(returns=page, next=str(page[-1].id) if len(found) > limit else None)


async def read_return(session: AsyncSession, staff: StaffMember, *, return_id: int) -> ReturnWithHistory:
    """One return with its history. Refuses returns.unknown."""
    staff.must(Permission.HANDLE_RETURNS)
    return await whole_return(session, return_id, language=staff.language)


async def photo_file(desk: Desk, staff: StaffMember, *, return_id: int, place: int, small: bool) -> tuple[Path, str]:
    """The file of a shopper's photo, and its kind. Refuses returns.unknown, photo.unknown."""
    staff.must(Permission.HANDLE_RETURNS)
    async with desk.database.begin() as session:
        photos = (await return_view(session, return_id, language=staff.language)).photos
    if not 1 <= place <= len(photos):
        raise Refused("photo.unknown")
    digest, mime = str(photos[place - 1]["digest"]), str(photos[place - 1]["mime"])
    folder = MediaFolder.of(desk.settings.data_dir)
    path = folder.thumbnail(digest) if small else folder.file(digest)
    if not path.is_file():
        raise Refused("photo.unknown")
    return path, "image/webp" if small else mime


async def open_return(desk: Desk, staff: StaffMember, *, number: str, wish: Wish, note: str) -> ReturnWithHistory:
    """Open a return for a shopper, also outside the rules; it still has to be approved. Refuses as the shopper's."""
    staff.must(Permission.HANDLE_RETURNS)
    async with ring_after(desk.database, desk.doorbell, with_jobs=True), desk.database.begin() as session:
        order = await order_view(session, number)
        asked = await actions.open_return(
            session,
            order_id=order.order_id,
            customer_id=order.customer_id,
            wish=wish,
            terms=Terms.of(desk.settings),
            now=desk.now(),
            note_text=note,
            by="staff",
        )
        return await _done(session, desk, staff, "return.opened", asked.id, order=order.number)


async def approve(desk: Desk, staff: StaffMember, *, return_id: int, reason: str) -> ReturnWithHistory:
    """Say yes; above the limit of the role it waits for somebody who may. Refuses returns.decided, stock.short."""
    async with _act(desk, staff, Permission.HANDLE_RETURNS) as session:
        await handling.approve(
            session,
            return_id=return_id,
            staff_id=staff.id,
            limit=await _limit(session, desk, staff, return_id),
            reason=reason,
            terms=Terms.of(desk.settings),
            now=desk.now(),
        )
        return await _done(session, desk, staff, "return.approved", return_id, reason=reason)


async def refuse_approval(desk: Desk, staff: StaffMember, *, return_id: int, reason: str) -> ReturnWithHistory:
    """Do not let an agent's yes pass. Refuses returns.no_approval, returns.above_limit."""
    async with _act(desk, staff, Permission.HANDLE_RETURNS) as session:
        limit = await _limit(session, desk, staff, return_id)
        await handling.refuse_approval(
            session, return_id=return_id, staff_id=staff.id, limit=limit, reason=reason, now=desk.now()
        )
        return await _done(session, desk, staff, "return.approval_refused", return_id, reason=reason)


async def reject(desk: Desk, staff: StaffMember, *, return_id: int, reason: str) -> ReturnWithHistory:
    """Say no, with the reason the shopper reads. Refuses returns.decided."""
    async with _act(desk, staff, Permission.HANDLE_RETURNS) as session:
        await handling.reject(session, return_id=return_id, staff_id=staff.id, reason=reason, now=desk.now())
        return await _done(session, desk, staff, "return.rejected", return_id, reason=reason)


async def ask_info(desk: Desk, staff: StaffMember, *, return_id: int, question: str) -> ReturnWithHistory:
    """Ask the shopper something first. Refuses returns.move_refused."""
    async with _act(desk, staff, Permission.HANDLE_RETURNS) as session:
        await handling.ask_info(
            session, return_id=return_id, question=question, terms=Terms.of(desk.settings), now=desk.now()
        )
        return await _done(session, desk, staff, "return.asked", return_id)


async def cancel(desk: Desk, staff: StaffMember, *, return_id: int) -> ReturnWithHistory:
    """The shopper keeps the goods after all. Refuses returns.move_refused."""
    async with _act(desk, staff, Permission.HANDLE_RETURNS) as session:
        await actions.cancel_return(session, return_id=return_id, customer_id=None, by="staff", now=desk.now())
        return await _done(session, desk, staff, "return.cancelled", return_id)


async def give_tracking(
    desk: Desk, staff: StaffMember, *, return_id: int, carrier: str, tracking_number: str
) -> ReturnWithHistory:
    """The shopper told somebody the number of the parcel. Refuses returns.tracking, returns.move_refused."""
    async with _act(desk, staff, Permission.HANDLE_RETURNS) as session:
        await actions.give_tracking(
            session,
            return_id=return_id,
            customer_id=None,
            tracking_number=tracking_number,
            carrier=carrier,
            by="staff",
            now=desk.now(),
        )
        return await _done(session, desk, staff, "return.in_transit", return_id)


async def step(desk: Desk, staff: StaffMember, *, return_id: int, name: str) -> ReturnWithHistory:
    """One of STEPS. Refuses returns.move_refused, returns.not_a_repair."""
    async with _act(desk, staff, Permission.INSPECT_RETURNS) as session:
        await STEPS[name](session, return_id=return_id, now=desk.now())
        return await _done(session, desk, staff, f"return.{name}", return_id)


async def inspect(
    desk: Desk, staff: StaffMember, *, return_id: int, findings: Sequence[Finding], deducted: int
) -> ReturnWithHistory:
    """What was found in the parcel. Refuses returns.findings, returns.deducted, and what settling does."""
    async with _act(desk, staff, Permission.INSPECT_RETURNS) as session:
        await inspecting.inspect(
            session,
            return_id=return_id,
            findings=findings,
            deducted=deducted,
            terms=Terms.of(desk.settings),
            now=desk.now(),
        )
        return await _done(session, desk, staff, "return.inspected", return_id, deducted=deducted)


async def settle(desk: Desk, staff: StaffMember, *, return_id: int) -> ReturnWithHistory:
    """Settle with the pieces that were accepted. Refuses returns.above_limit, returns.not_inspected."""
    async with _act(desk, staff, Permission.REFUND) as session:
        asked = await inspecting.settle_return(
            session,
            return_id=return_id,
            limit=await _limit(session, desk, staff, return_id),
            terms=Terms.of(desk.settings),
            now=desk.now(),
        )
        return await _done(session, desk, staff, "return.settled", return_id, amount=asked.refunded)


async def quote_repair(desk: Desk, staff: StaffMember, *, return_id: int, amount: int, text: str) -> ReturnWithHistory:
    """What mending costs; nothing: it is mended at once. Refuses returns.quote, returns.move_refused."""
    async with _act(desk, staff, Permission.INSPECT_RETURNS) as session:
        await inspecting.quote_repair(session, return_id=return_id, amount=amount, text=text, now=desk.now())
        return await _done(session, desk, staff, "return.quoted", return_id, amount=amount)


async def send_back(
    desk: Desk, staff: StaffMember, *, return_id: int, carrier: str, tracking_number: str
) -> ReturnWithHistory:
    """The goods go back to the shopper. Refuses returns.tracking, returns.move_refused."""
    async with _act(desk, staff, Permission.INSPECT_RETURNS) as session:
        await inspecting.send_back(
            session,
            return_id=return_id,
            carrier=carrier,
            tracking_number=tracking_number,
            terms=Terms.of(desk.settings),
            now=desk.now(),
        )
        return await _done(session, desk, staff, "return.sent_back", return_id)


async def list_policies(session: AsyncSession, staff: StaffMember) -> Policies:
    """The shop's rules, then the defaults that still hold."""
    staff.must(Permission.HANDLE_RETURNS)
    rows = await policies.return_policies(session)
    known = {Kind(kind) for row in rows if row.active for kind in row.kinds}
    return Policies(policies=[*map(policy_row, rows), *default_rows(known)])


async def add_policy(desk: Desk, staff: StaffMember, *, draft: PolicyDraft) -> PolicyRow:
    """One more rule. Refuses return_policy.invalid."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with desk.database.begin() as session:
        row = await policies.add_policy(session, draft=draft, now=desk.now())
        _note_down(session, desk, staff, "return_policy.added", f"return_policy:{row.id}", name=row.name)
        return policy_row(row)


async def change_policy(
    desk: Desk, staff: StaffMember, *, policy_id: int, draft: PolicyDraft, version: int
) -> PolicyRow:
    """Write a rule anew. Refuses return_policy.unknown, return_policy.changed, return_policy.invalid."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with desk.database.begin() as session:
        row = await policies.change_policy(session, policy_id=policy_id, draft=draft, version=version, now=desk.now())
        _note_down(session, desk, staff, "return_policy.changed", f"return_policy:{row.id}", name=row.name)
        return policy_row(row)


@asynccontextmanager
async def _act(desk: Desk, staff: StaffMember, permission: Permission) -> AsyncIterator[AsyncSession]:
    staff.must(permission)
    async with ring_after(desk.database, desk.doorbell, with_jobs=True), desk.database.begin() as session:
        yield session


async def _limit(session: AsyncSession, desk: Desk, staff: StaffMember, return_id: int) -> int | None:
    view = await return_view(session, return_id, language=staff.language)
    return refund_limit(desk.settings, staff.role, view.offered.currency)


async def _done(
    session: AsyncSession, desk: Desk, staff: StaffMember, action: str, return_id: int, **facts: Json
) -> ReturnWithHistory:
    _note_down(session, desk, staff, action, f"return:{return_id}", **facts)
    await session.flush()
    whole = await whole_return(session, return_id, language=staff.language)
    view = await return_view(session, return_id, language=staff.language)
    await tell_staff(session, "order", view.order_id)
    return whole


def _note_down(session: AsyncSession, desk: Desk, staff: StaffMember, action: str, subject: str, **facts: Json) -> None:
    write_audit(session, staff_id=staff.id, action=action, subject=subject, now=desk.now(), **facts)
