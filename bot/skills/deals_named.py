"""Which of the goods of deals a message means (by place in the list, a short name, as looked at), and how many."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.flow import Turn
from bot.questions import Number
from bot.skills.item_names import names_of
from bot.words import Words, simple
from commerce.search.actions import Wanted, find
from foundation.errors import Json, Refused
from nlu.query import query_of
from nlu.text import fold

MOST_PIECES = 99
MOST_BUTTONS = 5
LONGEST = 20
LIKE_IT = 50
"""So many of what a word means in the catalogue are looked through for goods on offer."""
_DEAL_WORDS = re.compile(
    "拼团|拼单|团购|成团|开团|参团|团长|发起|组团|建团|[开起组建发]一?个?新?(?=.*团)|新?团|一起|拼|自己|新|限时|抢购|秒杀|特价|抢|秒"
    r"|马上|立即|立刻|现在|赶[快紧]|快[点帮]|手快|速速?"
    r"|\b(?:(?:group|team)(?:[ -]?(?:buys?|buying|purchases?|orders?|deals?))?s?|together|start(?:s|ing|ed)?|begin|open"
    r"|create|launch|set(?: up)?|make|own|new|(?:my |some )?friends?|lead(?:er)?|join\w*|be(?:come)?|first|person"
    r"|people|myself|buy(?:ing)?|another|someone|else|not|up|flash|lightning|limited|sales?|deals?|offers?"
    r"|snatch|snap|grab|secure|quick(?:ly)?|hurry|fast|now|one|two|three|four|five|both|pieces?|cheap|price)\b"
)
"""What is said of any deal; what a message says beside it names goods."""


class Pieces(Number):
    """How many; also in a few words that sound like a wish of their own: "two of them", 来两个."""

    def exact(self, words: Words, shown: Sequence[str]) -> Json | None:
        read = super().exact(words, shown)
        is_short = words.is_statement and len(words.whole) <= LONGEST
        return self.spot(words) if read is None and is_short else read


@dataclass(frozen=True, slots=True)
class Named:
    """The products that are meant, none when nothing was said of any; or the words for something `else_`."""

    products: Sequence[int]
    else_: str


async def deals_named(turn: Turn, titles: Mapping[int, str], *, acts: bool) -> Named:
    """What of these goods ({product id: title}) a message means. Read once in a flow.

    `acts`: something is to be bought. Then what the shopper has before them counts when nothing else is named, and
    words for what the shop has never heard of count as something else.
    """
    read = await turn.once("named", lambda: _read(turn, titles, acts))
    return Named(read["products"], read["else"])


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


async def _read(turn: Turn, titles: Mapping[int, str], acts: bool) -> Json:
    products = _by_name(turn, titles)
    if products:
        return {"products": products, "else": ""}
    thing = _thing(turn)
    found = await find(turn.session, Wanted(thing, turn.language, limit=LIKE_IT)) if thing else None
    known = () if found is None or found.relaxed else found.product_ids
    if among := [its for its in titles if its in known]:
        return {"products": among, "else": ""}
    seen = turn.focus.get("product")
    if known or (acts and thing and seen not in titles):
        return {"products": [], "else": thing}
    return {"products": [seen] if acts and seen in titles else [], "else": ""}


def _by_name(turn: Turn, titles: Mapping[int, str]) -> list[int]:
    if turn.words is None:
        return []
    results = turn.focus.get("results", [])
    place = turn.words.take("ordinal") if results else None
    if place is not None and -1 <= int(place) <= len(results) and int(place):
        its = results[int(place) - 1 if int(place) > 0 else -1]
        return [its] if its in titles else []
    said = simple(turn.words.heard.text)
    names = names_of(titles)
    return [its for its, words in names.items() if any(word in said for word in words)]


def _thing(turn: Turn) -> str:
    """The goods that a wish about deals names beside them; a single Chinese character names nothing."""
    if turn.words is None:
        return ""
    said = fold(turn.words.heard.text)
    taken = [(entity.start, entity.end) for entity in turn.words.heard.entities if entity.kind != "query"]
    left = query_of(said, [*taken, *(match.span() for match in _DEAL_WORDS.finditer(said))])
    return left[0] if left is not None and len(left[0]) > 1 else ""
