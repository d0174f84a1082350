"""Which of the goods of deals a message means (by place in the list, a short name, as looked at), and how many."""

from collections.abc import Mapping, Sequence

from bot.flow import Turn
from bot.questions import Number
from bot.skills.item_names import short_names
from bot.words import Words, simple
from foundation.errors import Json, Refused

MOST_PIECES = 99
MOST_BUTTONS = 5
LONGEST = 20


class Pieces(Number):
    """How many; also in a few words that sound like a wish of their own: "two of them", 来两个."""

    def exact(self, words: Words, shown: Sequence[str]) -> Json | None:
        read = super().exact(words, shown)
        is_short = words.is_statement and len(words.whole) <= LONGEST
        return self.spot(words) if read is None and is_short else read


async def deals_named(turn: Turn, titles: Mapping[int, str], *, looked_at: bool) -> list[int]:
    """The products (id -> title) that are meant; none when nothing was said of any. Read once in a flow.

    `looked_at`: what the shopper has before them counts, when nothing else is named.
    """
    return list(await turn.once("named", lambda: _read(turn, titles, looked_at)))


async def how_many(turn: Turn, *, most: int, over: str) -> int:
    """How many pieces, asked only where it may be more than one. Says `over` (a refusal) to more, and asks again."""
    slot = "quantity"
    if most == 1:
        pieces = await turn.notice(slot, Number("", most=MOST_PIECES)) or 1
    else:
        options = range(1, min(most, MOST_BUTTONS) + 1)
        pieces = await turn.ask(slot, Pieces(turn._("How many would you like?"), most=MOST_PIECES, options=options))
    if pieces > most:
        with turn.asks_again(slot):
            raise Refused(over, most=most, left=most)
    return pieces


async def _read(turn: Turn, titles: Mapping[int, str], looked_at: bool) -> Json:
    if turn.words is None:
        return []
    results = turn.focus.get("results", [])
    place = turn.words.take("ordinal") if results else None
    if place is not None and -1 <= int(place) <= len(results) and int(place):
        its = results[int(place) - 1 if int(place) > 0 else -1]
        return [its] if its in titles else []
    said = simple(turn.words.heard.text)
    names = dict(zip(titles, short_names(list(titles.values())), strict=True))
    called = [its for its, words in names.items() if any(word in said for word in words)]
    seen = turn.focus.get("product")
    return called or ([seen] if looked_at and seen in titles else [])
