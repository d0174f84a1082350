"""Where to: an address in one line, and which of several places of one name is meant."""

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import asdict

from bot import replies
from bot.flow import Turn
from bot.language import N_
from bot.places import Places
from bot.questions import Choice, MakeButton, Option, Question
from bot.replies import Reply
from bot.words import Words, simple
from commerce.customers.address import (
    LONGEST,
    AddressText,
    at_place,
    could_be,
    masked,
    parse_address,
    short_name,
)
from commerce.customers.divisions import Place
from foundation.encryption import Vault
from foundation.errors import Json, Refused

MOST_PLACES = 8
"""So many places of one name are offered as buttons; of more the shopper has to say which city."""
ADDRESS = N_("Where shall it go? Name, phone and address in one line, please.")
LONGEST_HAN_NAME = 4
_FIRST_NAME = re.compile(r"[^\W\d_]{2}[^\d,，+\n]*")
"""The name at the front of what was given before."""
_SHOULD_BE = re.compile(
    r"应该是|应该寄到|改成|改为|换成|\b(?:should (?:be|go to)|(?:make|change) it(?: to)?|(?:send|ship) it to)\b",
    re.IGNORECASE,
)
MORE = N_("I have noted what you sent before.")
EXAMPLE = N_("For example: Ann Lee, +44 20 7946 0958, 12 High Street, Leeds LS1 4DY")


class AddressQuestion(Question[AddressText]):
    """An address in one line, or the one used last. What is stored is sealed: frames hold no personal data.

    `more` is said instead of the prompt once a part of it has come.
    """

    free_text = True

    def __init__(
        self,
        prompt: str,
        *,
        known: AddressText | None,
        vault: Vault,
        more: str = "",
        not_in_it: Sequence[str] = (),
        places: Places | None = None,
    ) -> None:
        super().__init__(prompt)
        self.known, self.vault, self.more = known, vault, more
        self.divisions = places.known if places is not None else None
        self.not_in_it = [simple(phrase) for phrase in not_in_it]
        self.default = "known" if known is not None else None

    def keys(self) -> list[str]:
        return ["known"] if self.known is not None else []

    def exact(self, words: Words, shown: Sequence[str]) -> Json | None:
        if "known" in shown and (words.pressed == "known" or words.whole == "1"):
            return "known"
        text, left = self._without_others(words.rest)
        try:
            return self._seal(parse_address(text, divisions=self.divisions), words, left=left)
        except Refused:
            return None

    def free(self, words: Words) -> Json | None:
        """An address that comes in pieces: what was missing may follow in the next message."""
        so_far = self._so_far()
        text, left = self._without_others(so_far + _without_name(words.rest, so_far))
        try:
            return self._seal(parse_address(text, divisions=self.divisions), words, left=left)
        except Refused as refused:
            missing = set(refused.facts.get("missing", ()))
            is_name = "name" not in missing and (words.rest.istitle() or len(words.rest) <= LONGEST_HAN_NAME)
            if not so_far and {"phone", "line"} <= missing and not is_name:
                return None  # hardly an address
            self.pieces = base64.b64encode(self.vault.seal(text[-LONGEST:])).decode()
            raise

    def spot(self, words: Words) -> Json | None:
        """A whole address said instead of the one given."""
        if not words.correction:
            return None
        text, left = self._without_others(_SHOULD_BE.split(words.rest)[-1])
        try:
            return self._seal(parse_address(text, divisions=self.divisions), words, left=left)
        except Refused:
            return None

    def holds(self, stored: Json) -> bool:
        if stored == "known":
            return self.known is not None
        try:
            self._open(stored)
        except (Refused, ValueError, TypeError):
            return False
        return True

    def value(self, stored: Json) -> AddressText:
        if stored == "known":
            assert self.known is not None
            return self.known
        return self._open(stored)

    def reply(self, button: MakeButton) -> Reply:
        if self.pieces and self.more:  # what is missing was said a moment ago
            return replies.Text(self.more)
        if self.known is None:
            return replies.Text(self.prompt, wants="contact")
        return replies.Choice(self.prompt, (button(masked(self.known), "known"),))

    def _so_far(self) -> str:
        """The pieces given before; those that no key of ours opens any more are asked for again."""
        try:
            return self.vault.open(base64.b64decode(self.pieces)) + "\n" if self.pieces else ""
        except Refused:
            return ""

    def _without_others(self, text: str) -> tuple[str, str]:
        """The text without what answers another question ("..., cash on delivery"), and that."""
        for phrase in self.not_in_it:
            found = re.search(re.escape(phrase), text, re.IGNORECASE)
            if found is not None:
                return text[: found.start()].rstrip(" ,，;；") + text[found.end() :], found.group()
        return text, ""

    def _seal(self, address: AddressText, words: Words, *, left: str = "") -> str:
        words.take_everything(but=left)
        return base64.b64encode(self.vault.seal(json.dumps(asdict(address)))).decode()

    def _open(self, stored: str) -> AddressText:
        return AddressText(**json.loads(self.vault.open(base64.b64decode(stored))))


class PlaceChoice(Choice[Place]):
    """Which of the places of one name is meant. Its name is of one language, whatever the shopper speaks."""

    free_text = True


def _without_name(text: str, so_far: str) -> str:
    """The text without the name that was given before: people begin anew with it."""
    name = _FIRST_NAME.match(so_far)
    return text.removeprefix(name[0].strip()).lstrip(" ,，") if name else text


async def ask_address(turn: Turn, where: AddressQuestion) -> AddressText:
    """The address, as slot "address"; where its line begins with a name that several places share, which one it is."""
    turn.shop.places.begin(turn.shop.database, turn.shop.soon)
    address = await turn.ask("address", where)
    name, places = could_be(address, where.divisions)
    if not places:
        return address
    if len(places) > MOST_PLACES:
        with turn.asks_again("address"):
            raise Refused("address.which_city", name=name)
    towns = [_town(place) for place in places]
    comma = turn._(", ")
    listed = turn._("{places} and {place}").format(places=comma.join(towns[:-1]), place=towns[-1])
    prompt = turn._("There is a {name} in {places}. Which one is it?").format(name=name, places=listed)
    options = [Option(place.code, place.words, place, also=(town,)) for place, town in zip(places, towns, strict=True)]
    # the slot belongs to this very line: another address is asked about anew
    slot = f"place-{turn.vault.blind('place', address.line).hex()[:12]}"
    return at_place(address, await turn.ask(slot, PlaceChoice(prompt, options)))


def _town(place: Place) -> str:
    """What tells the places apart: the city, as people call it."""
    return short_name(place.city or place.province)
