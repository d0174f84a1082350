"""What Telegram refuses, in its own words."""

from typing import Any

Obj = dict[str, Any]
"""An object of the Bot API as it goes over the wire."""


class ApiError(Exception):
    """A refused call: its HTTP code, its description, and `parameters` such as retry_after."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(f"{code} {description}")
        self.code = code
        self.description = description
        self.parameters = parameters

    @property
    def body(self) -> Obj:
        answer: Obj = {"ok": False, "error_code": self.code, "description": self.description}
        return answer | ({"parameters": self.parameters} if self.parameters else {})


def bad(description: str) -> ApiError:
    return ApiError(400, f"Bad Request: {description}")


def forbidden(description: str) -> ApiError:
    return ApiError(403, f"Forbidden: {description}")


def flooded(retry_after: int) -> ApiError:
    return ApiError(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)


def too_old() -> ApiError:
    return bad("query is too old and response timeout expired or query ID is invalid")
