"""What goes wrong at this door: JSON with a stable code for programs, a kind page for people."""

import traceback
from collections.abc import Mapping

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.web.pages import notice_page, page_language
from bot.web.words import WORDS
from foundation.database import DATABASE_AWAY
from foundation.encryption import fingerprint
from foundation.errors import Json, Refused

log = structlog.get_logger(__name__)

API_PREFIXES = (
    "/chat/",
    "/webhooks/",
    "/simulator/v1/",
    "/simulator/stripe/",
    "/simulator/wechat/v3/",
    "/media/",
    "/health",
    "/ready",
    "/metrics",
)

_STATUS = {
    "visitor.unknown": 401,
    "webhook.forged": 401,
    "webhook.unknown_provider": 404,
    "simulator.signature": 401,
    "export.unknown": 404,
    "body.too_large": 413,
    "message.too_long": 413,
    "media.too_large": 413,
    "media.too_many_pixels": 413,
    "media.empty": 422,
    "files.not_yet": 415,
    "limit.messages": 429,
    "limit.streams": 429,
    "limit.suggestions": 429,
}
_SENTENCES = {
    "visitor.unknown": "Ask POST /chat/visitor for a token and send it as the header X-Visitor.",
    "export.unknown": "There is no such export, its time is over, or it is somebody else's. Ask in the chat again.",
    "body.too_large": "The body is larger than this door takes.",
    "body.invalid": "The body is not what this address expects.",
    "message.too_long": "A message may have at most 10000 characters.",
    "files.not_yet": "Messages are JSON; a picture goes to POST /chat/photos. Other files are not taken yet.",
    "media.empty": "The file is empty.",
    "media.too_large": "A picture may have at most 20 MB.",
    "media.too_many_pixels": "The picture has too many pixels (at most 40 million). Send a smaller one.",
    "media.unreadable": "This is no picture that can be read. Send a JPEG, PNG, WebP or GIF.",
    "limit.messages": "Too many messages in a short time. Try again after a moment.",
    "limit.streams": "Too many open windows of one visitor.",
    "limit.suggestions": "Too many suggestions asked for in a short time. Try again after a moment.",
    "flash.unknown": "There is no such flash sale.",
    "flash.not_yet": "The flash sale has not begun yet.",
    "flash.over": "The flash sale is over.",
    "flash.wait": "It is not this visitor's turn yet: ask for the place in line again after some seconds.",
    "flash.limit": "A customer may have no more of it.",
    "address.none": "Nobody knows where to send it: the shopper tells their address in the chat first.",
    "away": "The shop cannot reach its database at the moment. Try again in a few seconds.",
}


def status_of(refusal: Refused) -> int:
    """The HTTP status of a refusal: 404 for what is not there, 409 for a rule of the shop, and a few of their own."""
    if refusal.code in _STATUS:
        return _STATUS[refusal.code]
    if refusal.code.endswith(("unknown", "missing", ".none")):
        return 404
    if refusal.code.endswith(("invalid", "unreadable")):
        return 422
    return 409


def refusal_json(refusal: Refused, *, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """`{"code", "message", "facts"}` with the status that fits."""
    return _json(status_of(refusal), refusal.code, refusal.facts, headers)


def _json(status: int, code: str, facts: Json = None, headers: Mapping[str, str] | None = None) -> JSONResponse:
    message = _SENTENCES.get(code, code)
    body = {"code": code, "message": message, "facts": facts or {}}
    return JSONResponse(body, status_code=status, headers=dict(headers or {}))


def answer_errors(app: FastAPI) -> None:
    """Let `app` answer refusals and unknown paths in the form that the asker can use."""

    async def on_refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        headers = {"Retry-After": str(error.facts["seconds"])} if "seconds" in error.facts else {}
        if for_programs(request):
            return refusal_json(error, headers=headers)
        return _page(request, status_of(error), headers)

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if for_programs(request):
            return _json(error.status_code, f"http.{error.status_code}", headers=error.headers)
        return _page(request, error.status_code, error.headers or {})

    async def on_invalid(request: Request, _error: Exception) -> Response:
        if for_programs(request):
            return _json(422, "body.invalid")
        return _page(request, 404, {})

    app.add_exception_handler(Refused, on_refused)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_invalid)


class AnswerFailures:
    """Answers a fault of ours. The log gets its kind and place, never its words: they may quote a shopper."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        has_begun = False

        async def watched(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            incident = _log(error)
            if scope["type"] != "http" or has_begun:
                return
            request = Request(scope)
            away = isinstance(error, DATABASE_AWAY)
            status, code, headers = (503, "away", {"Retry-After": "2"}) if away else (500, "failed", {})
            if for_programs(request):
                response: Response = _json(status, code, {"incident": incident}, headers)
            else:
                response = _page(request, status, headers)
            await response(scope, receive, send)


def _log(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    where = [f"{'/'.join(frame.filename.rsplit('/', 2)[-2:])}:{frame.lineno} {frame.name}" for frame in frames]
    incident = fingerprint(f"{type(error).__name__}{where}")[:8]
    log.error("request failed", error=type(error).__name__, where=where, incident=incident)
    return incident


def for_programs(request: Request) -> bool:
    """Whether this path is called by programs, which want JSON."""
    return request.url.path.startswith(API_PREFIXES)


def _page(request: Request, status: int, headers: Mapping[str, str]) -> Response:
    words = WORDS[page_language(request)]
    if status == 404:
        return notice_page(request, title=words.missing_title, text=words.missing_text, status=404)
    if status >= 500:
        return notice_page(request, title=words.failed_title, text=words.failed_text, status=status)
    return notice_page(request, title=words.refused_title, text=words.refused_text, status=status, headers=headers)
