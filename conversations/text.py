"""What people write, made fit for PostgreSQL."""

import json
import math
import re

from pydantic_core import PydanticSerializationError, to_json

from foundation.errors import Json

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean(text: str) -> str:
    """The text with NUL characters and lone surrogates replaced by U+FFFD: PostgreSQL's text and jsonb take neither."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def clean_json(value: Json) -> Json:
    """A JSON value with every string in it, keys too, cleaned like `clean`; numbers that JSON lacks become null."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {clean(key): clean_json(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [clean_json(inner) for inner in value]
    return value


def json_text(value: Json) -> str:
    """What `clean_json` leaves of a value, as the text of it."""
    try:
        text = to_json(value, inf_nan_mode="null").decode()
    except PydanticSerializationError:  # a lone surrogate
        return json.dumps(clean_json(value))
    return json.dumps(clean_json(value)) if "\\u0000" in text else text
