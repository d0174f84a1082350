"""Names for addresses, made of titles."""

import re
import unicodedata


def handle_of(text: str, *, longest: int = 100) -> str:
    """A name for addresses: letters and digits of any script in lower case, hyphens between; may be empty."""
    plain = unicodedata.normalize("NFKC", text).lower()
    return re.sub(r"[\W_]+", "-", plain).strip("-")[:longest].strip("-")
