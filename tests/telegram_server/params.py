"""The parameters of a call, however they came: query, form, multipart with attach://, JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.telegram_server.errors import ApiError, bad


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with the call."""

    name: str
    content: bytes


class Params:
    """Typed access to what was sent; what cannot be read is refused as Telegram does."""

    def __init__(self, values: Mapping[str, Any], files: Mapping[str, Upload] | None = None) -> None:
        self.values = dict(values)
        self.files = dict(files or {})

    def __repr__(self) -> str:
        return f"Params({self.values})"

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) not in (None, "")

    def text(self, name: str) -> str:
        value = self.values.get(name)
        return "" if value is None else str(value)

    def whole(self, name: str, default: int = 0) -> int:
        try:
            return int(self.text(name) or default)
        except ValueError:
            return default

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in ("true", "1", "yes")

    def json(self, name: str) -> Any:
        """The object under this name; None when there is none."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise bad(f"can't parse {name.replace('_', ' ')} JSON object") from None

    def media(self, value: Any) -> Upload | str | None:
        """A file sent along, or the file id or address that stands in its place."""
        if isinstance(value, str) and value.startswith("attach://"):
            return self.files.get(value.removeprefix("attach://"))
        return value or None

    def file(self, name: str) -> Upload | str | None:
        return self.files.get(name) or self.media(self.values.get(name))


async def read(request: web.Request) -> Params:
    """What this request says; 400 when its JSON cannot be read."""
    values: dict[str, Any] = dict(request.query)
    files: dict[str, Upload] = {}
    if request.content_type == "application/json":
        try:
            values |= await request.json()
        except (ValueError, TypeError):
            raise ApiError(400, "Bad Request: can't parse JSON object") from None
    elif request.method == "POST" and request.can_read_body:
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                files[name] = Upload(value.filename, value.file.read())
            else:
                values[name] = value
    return Params(values, files)
