"""The web chat's addresses: a visitor, messages up, a resumable stream down, and what was said before."""

import contextlib
import json
import time
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Annotated, Literal, Self

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.buttons import Answer, read_token
from bot.deal_openings import DEAL
from bot.metrics import HEARD, STREAMS
from bot.replies import buttons_of, from_json
from bot.turn import receive
from bot.web.visitors import new_visitor, visitor_of
from bot.web.wire import read_body
from conversations.bells import conversation_bell
from conversations.hear import Heard, Incoming
from conversations.model import LONGEST_TEXT, Conversation, Owner
from conversations.read import MessageView, conversation_of, last_messages
from conversations.stream import Thread, thread_after
from foundation.encryption import Vault
from foundation.errors import Json, Refused

if TYPE_CHECKING:
    from bot.shop import Shop

CHANNEL = "web"
HEARTBEAT = 15.0
"""Seconds of silence after which a stream says that it is alive."""
LOOK_EVERY = 5.0
"""Seconds after which a stream looks by itself, should a ring have been lost."""
_PAGE = 100
_STREAMS_OF_ONE = 8

router = APIRouter(prefix="/chat", tags=["web chat"])


class Said(BaseModel):
    """Words the shopper typed."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["text"]
    text: str = Field(min_length=1)


class Pressed(BaseModel):
    """A button the shopper pressed: its token, and what stood on it.

    `quiet`: it belongs to a list, which answers by turning in its place; the page then shows no words of the shopper.
    """

    model_config = ConfigDict(extra="forbid")
    kind: Literal["press"]
    token: str = Field(min_length=1, max_length=64)
    label: str = Field(default="", max_length=500)
    quiet: bool = False


class Opened(BaseModel):
    """The shopper came from the page of a product (its handle), of a group (the token of the invitation) or of a deal.

    The label is its title.
    """

    model_config = ConfigDict(extra="forbid")
    kind: Literal["open"]
    product: str = Field(default="", max_length=200)
    group: str = Field(default="", max_length=64)
    deal: str = Field(default="", pattern=f"^({DEAL})?$")
    label: str = Field(default="", max_length=500)

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if sum(map(bool, (self.product, self.group, self.deal))) != 1:
            raise ValueError("either a product, a group or a deal")
        return self


class NewMessage(BaseModel):
    """One message of a shopper. `client_id` is the page's own name for it: sent twice, it is kept once."""

    model_config = ConfigDict(extra="forbid")
    client_id: str = Field(min_length=8, max_length=64, pattern="^[A-Za-z0-9_-]+$")
    body: Annotated[Said | Pressed | Opened, Field(discriminator="kind")]
    language: Literal["zh", "en"] | None = None


def shop_of(request: Request) -> "Shop":
    """The shop this app was made for."""
    shop: Shop = request.app.state.shop
    return shop


async def visitor_here(request: Request) -> str:
    """The visitor of this request. Raises Refused("visitor.unknown")."""
    return visitor_of(request, shop_of(request).vault)


AVisitor = Annotated[str, Depends(visitor_here)]


@router.post("/visitor", status_code=201)
async def new_visitor_token(request: Request) -> Response:
    """A token for a browser that has none yet. The page keeps it and sends it as X-Visitor."""
    shop = shop_of(request)
    await _spend(shop, f"visitors:{_address(request)}", limit=shop.settings.messages_a_minute)
    return JSONResponse({"visitor": new_visitor(shop.vault)}, status_code=201)


@router.post("/messages", status_code=202)
async def new_message(request: Request, visitor: AVisitor) -> Response:
    """Keep a message and acknowledge it; the answer comes down the stream.

    202 with its place (seq); 200 when this client_id was kept before. 429 with Retry-After above the limit of a minute.
    """
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise Refused("files.not_yet")
    shop = shop_of(request)
    message = await read_body(request, NewMessage)
    await spend_messages(request, visitor)
    text = message.body.text if isinstance(message.body, Said) else message.body.label
    if len(text) > LONGEST_TEXT:
        raise Refused("message.too_long", characters=len(text), limit=LONGEST_TEXT)
    heard = await receive(
        shop,
        Incoming(
            channel=CHANNEL,
            chat=visitor,
            external_id=message.client_id,
            body=message.body.model_dump(exclude_defaults=True),
            text=text,
        ),
        language=message.language,
    )
    return await acknowledged(request, visitor, heard)


@router.get("/history")
async def history(
    request: Request,
    visitor: AVisitor,
    before: Annotated[int | None, Query(ge=1, lt=2**62)] = None,
    limit: Annotated[int, Query(ge=1, le=_PAGE)] = 50,
) -> Response:
    """The newest messages, or those before the place `before`, oldest first, and the cursor for the stream."""
    shop = shop_of(request)
    async with shop.database.begin() as session:
        # The conversation first: what is written after it is read comes again in the stream, nothing is missed.
        conversation = await conversation_of(session, channel=CHANNEL, chat=visitor)
        if conversation is None:
            return JSONResponse({"messages": [], "more": False, "cursor": 0, "state": _state(None)})
        messages = await last_messages(
            session, conversation_id=conversation.id, before=before, limit=limit + 1, for_staff=False
        )
    shown = messages[-limit:]
    return JSONResponse(
        {
            "messages": [_message(message, shop.vault) for message in shown],
            "more": len(messages) > limit,
            "cursor": conversation.last_seq,
            "state": _state(conversation),
        }
    )


@router.get("/stream")
async def stream(
    request: Request, visitor: AVisitor, cursor: Annotated[int, Query(ge=0, lt=2**62)] = 0
) -> StreamingResponse:
    """Server-sent events after `cursor`: `message` (id is its rev), `state` (who answers, typing), and a heartbeat.

    A message whose `seq` the page has already takes the place of the earlier one.
    """
    shop = shop_of(request)
    open_streams: Counter[str] = request.app.state.open_streams
    if open_streams[visitor] >= _STREAMS_OF_ONE:
        raise Refused("limit.streams", seconds=10)
    return StreamingResponse(
        _counted(_events(shop, visitor, cursor), visitor, open_streams),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _counted(
    events: AsyncGenerator[str, None], visitor: str, open_streams: Counter[str]
) -> AsyncGenerator[str, None]:
    open_streams[visitor] += 1
    STREAMS.inc()
    try:
        async with contextlib.aclosing(events):
            async for event in events:
                yield event
    finally:
        STREAMS.dec()
        open_streams[visitor] -= 1
        if not open_streams[visitor]:
            del open_streams[visitor]


async def _events(shop: "Shop", visitor: str, cursor: int) -> AsyncGenerator[str, None]:
    """What the stream sends: everything after the cursor, then whatever comes, and signs of life in between."""
    yield ": welcome\n\n"
    thread: Thread | None = None
    async for _ in shop.doorbell.listen(f"visitor:{visitor}", every=LOOK_EVERY):
        thread = await _look(shop, visitor, cursor=cursor, looked=None)
        if thread is not None:
            break
        yield ": waiting\n\n"
    assert thread is not None
    looked: int | None = None
    told_state: dict[str, Json] | None = None
    told_at = time.monotonic()
    async for _ in shop.doorbell.listen(conversation_bell(thread.conversation_id), every=LOOK_EVERY):
        thread = await _look(shop, visitor, cursor=cursor, looked=looked)
        assert thread is not None
        messages, looked = thread.messages, thread.last_seq
        lines = [_event("message", _message(message, shop.vault), rev=message.rev) for message in messages]
        if _state(thread) != told_state:
            told_state = _state(thread)
            lines.append(_event("state", told_state))
        if not lines and time.monotonic() - told_at >= HEARTBEAT:
            lines.append(": alive\n\n")
        if lines:
            told_at = time.monotonic()
            cursor = messages[-1].rev if messages else cursor
            yield "".join(lines)


async def _look(shop: "Shop", visitor: str, *, cursor: int, looked: int | None) -> Thread | None:
    """The conversation with its messages after the cursor, in order of rev; none if nothing changed since `looked`."""
    found: list[MessageView] = []
    while True:
        thread = await thread_after(
            shop.database, channel=CHANNEL, chat=visitor, rev=cursor, looked=looked, limit=_PAGE
        )
        if thread is None:
            return None
        found += thread.messages
        if len(thread.messages) < _PAGE:
            return replace(thread, messages=tuple(found))
        cursor = found[-1].rev


def _state(conversation: Conversation | Thread | None) -> dict[str, Json]:
    """Who answers, and whether the bot is at it: it has heard what it has not dealt with yet."""
    if conversation is None:
        return {"owner": "bot", "typing": False, "name": None}
    is_typing = conversation.owner == Owner.BOT and conversation.heard_seq > conversation.handled_seq
    name = conversation.assignee_name if conversation.owner == Owner.HUMAN else None
    return {"owner": conversation.owner, "typing": is_typing, "name": name}


def _message(message: MessageView, vault: Vault) -> dict[str, Json]:
    """A message as the page shows it. `asks`: its buttons answer a question, and are over once that was answered."""
    tokens = [] if message.kind == "shopper" else [button.token for button in buttons_of(from_json(message.body))]
    return {
        "seq": message.seq,
        "rev": message.rev,
        "kind": message.kind,
        "at": message.created_at.isoformat(),
        "body": message.body,
        "text": message.text,
        "name": message.staff_name,
        "asks": any(isinstance(read_token(vault, token), Answer) for token in tokens),
        "client_id": message.external_id if message.kind == "shopper" else None,
    }


def _event(name: str, data: dict[str, Json], *, rev: int | None = None) -> str:
    number = f"id: {rev}\n" if rev is not None else ""
    return f"event: {name}\n{number}data: {json.dumps(data, ensure_ascii=False)}\n\n"


def _address(request: Request) -> str:
    """Where a request comes from, as limits count it: a household has one IPv4 address, or 64 bits of IPv6."""
    host = request.client.host if request.client else ""
    with contextlib.suppress(ValueError):
        if ip_address(host).version == 6:
            return str(ip_network(f"{host}/64", strict=False))
    return host


async def acknowledged(request: Request, visitor: str, heard: Heard) -> Response:
    """The answer to a message that is kept; the visitor's open pages are rung."""
    shop = shop_of(request)
    HEARD.labels("web").inc()
    if heard.seq == 1:
        await shop.doorbell.ring(f"visitor:{visitor}")
    await shop.doorbell.ring(conversation_bell(heard.conversation_id))
    return JSONResponse({"seq": heard.seq, "repeated": heard.repeated}, status_code=200 if heard.repeated else 202)


async def spend_messages(request: Request, visitor: str) -> None:
    """Count a message against the limits of its visitor and address. Raises Refused("limit.messages")."""
    shop = shop_of(request)
    limit = shop.settings.messages_a_minute
    await _spend(shop, f"visitor:{visitor}", limit=limit)
    await _spend(shop, f"address:{_address(request)}", limit=limit)


async def _spend(shop: "Shop", key: str, *, limit: int) -> None:
    """Count against a limit of a minute. Raises Refused("limit.messages"); `first`: for the first time over it."""
    over = await shop.budget.spend(key, limit=limit, seconds=60)
    if over:
        raise Refused("limit.messages", limit=limit, seconds=10, first=over == 1)
