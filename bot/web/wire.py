"""Bodies of requests as values: size and shape are checked here, once for every address of this door."""

import json
from collections.abc import Callable, Mapping
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from conversations.text import clean_json
from foundation.errors import Refused

LARGEST_BODY = 64 * 1024

Model = TypeVar("Model", bound=BaseModel)


async def read_body(request: Request, model: type[Model]) -> Model:
    """The JSON body of a request, in characters that can be stored.

    Raises Refused("body.invalid") and names the fields, never what stood in them.
    """
    try:
        return model.model_validate(clean_json(json.loads(await request.body())))
    except ValidationError as error:
        fields = sorted({".".join(str(part) for part in one["loc"])[:60] for one in error.errors(include_input=False)})
        raise Refused("body.invalid", fields=fields[:10]) from None
    except (ValueError, RecursionError):
        raise Refused("body.invalid", fields=[]) from None


class BodyLimit:
    """Reads a body before the app does and answers 413 when it is larger than `LARGEST_BODY`.

    `larger`: paths that take more, and how many bytes, from those whom `knows` lets in (401 for others: nothing of
    theirs is read).
    """

    def __init__(self, app: ASGIApp, *, larger: Mapping[str, int], knows: Callable[[Request], bool]) -> None:
        self.app = app
        self.larger = larger
        self.knows = knows

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self.app(scope, receive, send)
            return
        most = self.larger.get(scope["path"], LARGEST_BODY)
        if most > LARGEST_BODY and not self.knows(Request(scope)):
            await _refuse(send, 401, "visitor.unknown", "Ask POST /chat/visitor for a token.", {})
            return
        body = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > most:
                told = "The body is larger than this door takes."
                await _refuse(send, 413, "body.too_large", told, {"bytes": most})
                return
        await self.app(scope, _replay(bytes(body), receive), send)


def _replay(body: bytes, receive: Receive) -> Receive:
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _refuse(send: Send, status: int, code: str, message: str, facts: dict[str, int]) -> None:
    content = json.dumps({"code": code, "message": message, "facts": facts}).encode()
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
