"""Structured logs on standard error: readable lines on a terminal, JSON otherwise; no personal data in either."""

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any

import structlog

from foundation.errors import Refused

PRIVATE = frozenset(
    {"address", "authorization", "body", "cookie", "email", "line", "name", "password", "phone", "text", "token"}
)
# What a driver adds to its message can hold the values of a row: a statement's parameters, a violated constraint's key.
ROW_VALUES = re.compile(r"(\[parameters: |DETAIL: |invalid input for query argument \$\d+: | exception=).*")

Event = MutableMapping[str, Any]
Raised = tuple[type[BaseException], BaseException, TracebackType | None]


def set_up_logging(as_json: bool | None = None) -> None:
    """Send structlog and the standard library's logging to standard error. `None`: JSON unless it is a terminal."""
    if as_json is None:
        as_json = not sys.stderr.isatty()
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(kind_and_place),
        hide_private,
    ]
    render: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False) if as_json else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render]
        )
    )
    logging.root.handlers = [handler]
    logging.root.setLevel(logging.INFO)
    # An access log holds addresses of people and the tokens of links; the metrics count requests instead.
    for name, level in {
        "uvicorn.access": logging.CRITICAL,
        "uvicorn": logging.WARNING,
        "httpx": logging.WARNING,
    }.items():
        logging.getLogger(name).setLevel(level)


def kind_and_place(exc_info: Raised) -> str:
    """Where an error and those behind it came from. Of their words, which may quote a shopper, only safe ones."""
    return "\n".join(_told(exc_info[1], set()))


def _told(error: BaseException, told: set[int]) -> list[str]:
    told.add(id(error))
    lines = [f"  {at.filename}:{at.lineno} {at.name}" for at in traceback.extract_tb(error.__traceback__)]
    lines.append(f"{type(error).__module__}.{type(error).__qualname__}{_safe_words(error)}")
    behind = [error.__cause__ or (None if error.__suppress_context__ else error.__context__)]
    if isinstance(error, BaseExceptionGroup):
        behind += error.exceptions
    for other in behind:
        if other is not None and id(other) not in told:
            lines += ["which came from", *_told(other, told)]
    return lines


def _safe_words(error: BaseException) -> str:
    """A refusal's code, the number and words the system has for a fault, PostgreSQL's number for one; nothing else."""
    if isinstance(error, Refused):
        return f": {error.code}"
    if isinstance(error, OSError) and error.strerror:
        return f": [Errno {error.errno}] {error.strerror}"
    state = getattr(error, "sqlstate", None)
    return f": SQLSTATE {state}" if isinstance(state, str) else ""


def hide_private(_logger: object, _method: str, event: Event) -> Event:
    """The last guard: fields that would name a person are blanked, and values of rows are cut out of error texts."""
    for field, value in event.items():
        if field in PRIVATE:
            event[field] = "(hidden)"
        elif isinstance(value, str):
            event[field] = ROW_VALUES.sub(r"\1(hidden)", value)
    return event
