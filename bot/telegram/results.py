"""What inline mode offers: cards to put into any chat."""

from dataclasses import dataclass

from bot.telegram.screens import Screen


@dataclass(frozen=True, slots=True)
class Result:
    """One card. `id` (at most 64 bytes) comes back when it was put into a chat; what stands there then is `screen`.

    `picture` is an address that everybody reaches, or empty: it stands small in the list and above the words.
    """

    id: str
    title: str
    description: str
    screen: Screen
    picture: str = ""
