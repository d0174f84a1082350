"""GET /api/events: what changes, as server-sent events. An event means: read this row again."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.auth import COOKIE, Asking, DeskHere, signed_in
from admin_api.desk import Desk
from admin_api.errors import errors_beside
from admin_api.hub import DATABASE_AWAY
from admin_api.roles import Permission, StaffMember
from admin_api.talk_views import talk_rows
from conversations.bells import STAFF
from conversations.events import Batch, EventReader, RowChanged
from foundation.errors import Json, Refused

router = APIRouter(prefix="/api", tags=["events"])

SIGN_OF_LIFE = 15.0
"""Seconds between two comments on a quiet stream, so that nobody in between closes it."""
_ABOUT = """Server-sent events. `hello` comes first; then `change` with `{"id", "kind", "ref", "gone"}`: read the
`conversation` or `order` with this id again, or drop it when `gone`; `resync`: read everything again. The SSE id goes
back in `Last-Event-ID` after a break; some changes may then come twice, with the same `id`."""

_ANSWERS: dict[int | str, dict[str, object]] = {
    200: {"description": "The stream", "content": {"text/event-stream": {"schema": {"type": "string"}}}},
    **errors_beside(401, 403, 422, 500),
}


class EventStream(StreamingResponse):
    """The media type of the answer, for OpenAPI."""

    media_type = "text/event-stream"


@router.get("/events", summary="What changes", description=_ABOUT, responses=_ANSWERS, response_class=EventStream)
async def events(
    request: Request,
    desk: DeskHere,
    asking: Asking,
    last_event_id: Annotated[str | None, Header(max_length=100)] = None,
) -> EventStream:
    """The stream of one console."""
    token = request.cookies.get(COOKIE)
    stream = _stream(desk, asking.staff, token, last_event_id)
    return EventStream(stream, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


async def visible_changes(
    session: AsyncSession, staff: StaffMember, changes: Iterable[RowChanged]
) -> list[dict[str, Json]]:
    """Those of these changes that concern this person; conversations they may not (or no longer) see are `gone`."""
    told = list(changes)
    seen: set[int] = set()
    if staff.may(Permission.TALK):
        ids = {change.ref for change in told if change.kind == "conversation"}
        seen = set(await talk_rows(session, staff=staff, ids=ids)) if ids else set()
    concerns = {"conversation": staff.may(Permission.TALK), "order": staff.may(Permission.READ_ORDERS)}
    return [
        {
            "id": change.id,
            "kind": change.kind,
            "ref": change.ref,
            "gone": change.kind == "conversation" and change.ref not in seen,
        }
        for change in told
        if concerns.get(change.kind, False)
    ]


async def _stream(desk: Desk, staff: StaffMember, token: str | None, last: str | None) -> AsyncIterator[str]:
    reader = EventReader(desk.database, last)
    with desk.hub.watch() as queue:
        yield _event("hello", await reader.start(), {})
        batch: Batch | None = await reader.read() if last is not None else None
        caught_up = frozenset(change.id for change in batch.events) if batch is not None else frozenset[int]()
        had = frozenset[int]()
        while True:
            await desk.presence.seen(STAFF, staff.id)
            if batch is not None:
                try:
                    lines = await _lines(desk, token, batch, had)
                except Refused:
                    return  # signed out meanwhile: the browser comes back and is told so
                except DATABASE_AWAY:
                    await asyncio.sleep(1)
                    lines = [_event("resync", batch.cursor, {})]
                had = caught_up
                yield "".join(lines)
            try:
                async with asyncio.timeout(SIGN_OF_LIFE):
                    batch = await queue.get()
            except TimeoutError:
                batch = None
                yield ": still here\n\n"


async def _lines(desk: Desk, token: str | None, batch: Batch, had: frozenset[int]) -> list[str]:
    if batch.resync:
        return [_event("resync", batch.cursor, {})]
    async with desk.database.begin() as session:
        asking = await signed_in(session, token=token, now=desk.now())
        fresh = [change for change in batch.events if change.id not in had]
        changes = await visible_changes(session, asking.staff, fresh)
    return [_event("change", batch.cursor, change) for change in changes]


def _event(name: str, cursor: str, data: dict[str, Json]) -> str:
    return f"id: {cursor}\nevent: {name}\ndata: {json.dumps(data)}\n\n"
