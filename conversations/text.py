"""What people write, made fit for PostgreSQL."""

import math
import re

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
