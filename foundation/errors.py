"""What every part may refuse with: a code and facts. The doors turn it into a sentence or into JSON."""

from typing import Any, TypeAlias

Json: TypeAlias = Any
"""What JSON can hold: None, bool, int, float, str, and lists and string-keyed dicts of these."""


class Refused(Exception):
    """A rule of the shop says no. `code` is stable and dotted (`stock.short`); `facts` (JSON) fill the sentence."""

    def __init__(self, code: str, **facts: Json) -> None:
        super().__init__(code)
        self.code = code
        self.facts: dict[str, Json] = facts

    def __str__(self) -> str:
        if not self.facts:
            return self.code
        return f"{self.code} ({', '.join(f'{name}={value}' for name, value in self.facts.items())})"
