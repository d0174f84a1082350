"""Our keys of refunds as WeChat Pay and Alipay take them: at most 64 letters, digits and underscores."""

import hashlib
import re

_PLAIN = re.compile(r"[a-z0-9_:/]{1,56}")
_WRITTEN = re.compile(r"([a-z0-9_XZ]{1,56})(?:T[0-9])?")
_TO, _BACK = str.maketrans(":/", "XZ"), str.maketrans("XZ", ":/")
MOST_TRIES = 10


def refund_number(key: str, tries: int = 0) -> str:
    """The number of this refund; another one for each try where one that has failed stays failed."""
    if _PLAIN.fullmatch(key):
        written = key.translate(_TO)
    else:
        written = "H" + hashlib.sha256(key.encode()).hexdigest()[:48]
    return f"{written}T{tries}" if tries else written


def refund_key(number: str) -> str | None:
    """The key behind a number, None where it is not to be told."""
    read = _WRITTEN.fullmatch(number)
    return read[1].translate(_BACK) if read else None
