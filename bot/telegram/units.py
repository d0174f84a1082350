"""How long Telegram takes a text for: in UTF-16 units, of which an emoji has two."""


def units(text: str) -> int:
    """The length of a text in units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, most: int) -> str:
    """The beginning of a text that has at most so many units; never half a character."""
    return text.encode("utf-16-le", "surrogatepass")[: 2 * most].decode("utf-16-le", "ignore")
