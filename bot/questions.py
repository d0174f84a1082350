"""What a flow can ask. Questions are pure values: they know their prompt, read an answer, and resolve a stored one.

A question reads in three ways. `exact`: a button, a number of the list, the very words of an option. `free`: any other
answer to this question. `spot`: said in passing, before it was asked, so only what cannot mean anything else. Each
gives a plain value that is stored; `holds` says whether it still counts, `value` what it stands for.
"""

# ruff: noqa: ARG002 - a question may need less than what all of them are handed

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from bot import replies
from bot.frames import Frame
from bot.replies import Button, Reply
from bot.words import Words, simple
from foundation.errors import Json, Refused

T = TypeVar("T")
MakeButton: TypeAlias = Callable[[str, str], Button]
"""(label, key of the option) -> the button of that option."""

_YES_ZH = (
    "好",
    "好的",
    "好呀",
    "好啊",
    "好嘞",
    "行",
    "可以",
    "是",
    "是的",
    "对",
    "对的",
    "嗯",
    "嗯嗯",
    "要",
    "确认",
    "确定",
    "没问题",
)
_YES = frozenset((*_YES_ZH, "yes", "y", "yeah", "yep", "ok", "okay", "sure", "confirm", "yes please"))
_NO_ZH = ("不", "不要", "不用", "不行", "否", "不是", "别", "不了", "先不", "先不要")
_FILLING = re.compile(r"^(?:那?就)?(?:这么|这样)?(?=[^吧了啦呀啊])|[吧了啦呀啊]+$| (?:it|that|please|now)$")
_KEEPS = re.compile(
    r"(?:(?:算了|等等|等一下|那个|再想想|我再想想)[,，\s]*)?(?:那|还是)?(?:先|就)?(?:(?:不|别|不用|不要)(?:改|换|加|退|修|买|寄|下单|取消)(?:了|吧|啦)*|留着吧?)"
    r"|还?没(?:有|呢|到|收到)*|(?:no[, ]+)?(?:just )?(?:leave|keep) it(?: as it is)?|(?:i )?changed my mind"
)
_DOES_IT = re.compile(r"(?:(?:那|就|好的?|行|嗯)+[,，\s]*)*([改换加退修买])(?:它|这个|了|掉)*[吧啦]+")
_DONE_BY = {
    "change_order": "改换加",
    "add_to_order": "加",
    "change_address": "改换",
    "exchange_items": "换",
    "return_items": "退",
    "repair_items": "修",
    "checkout": "买",
}
"""What a wish is called when it is said once more: "那就换吧"."""
_NOT_WANTED = re.compile(r"\b(?:don['’]?t|do not) want\b|\bchanged my mind\b|不想要|不喜欢", re.IGNORECASE)
_TOO_DEAR = re.compile(r"太贵|不值|\btoo (?:much|expensive|dear|pricey)\b|\bnot worth\b")
_CANCELS = "cancel"  # so the names of the wishes begin that call something off
_NO = frozenset((*_NO_ZH, "no", "n", "nope", "nah", "no thanks"))
_CLAUSE = re.compile(r"[\s,，.。!！;；]+")
_NUMBER = re.compile(r"\d{1,6}")


class Question(Generic[T]):
    """The base of all questions; by itself it reads nothing."""

    free_text = False
    """Whether any text is an answer: then what is written in it says nothing about the language of the conversation."""
    takes_photos = False
    """Whether a picture is an answer."""
    default: Json | None = None
    """Taken without asking, while the shopper has not been asked. The flow names it (or `named` does)."""
    named = ""
    """A sentence that names the default when it is taken."""
    pieces: Json | None = None
    """What was said of an answer that comes in pieces; kept while the question stands."""

    def __init__(self, prompt: str) -> None:
        self.prompt = prompt

    def keys(self) -> list[str]:
        """The keys of the options shown, in order."""
        return []

    def exact(self, words: Words, shown: Sequence[str]) -> Json | None:
        """A clear answer; `shown` are the keys the shopper saw when asked."""
        return None

    def free(self, words: Words) -> Json | None:
        """An answer in other words, read when the message does not clearly wish for something else."""
        return self.spot(words)

    def spot(self, words: Words) -> Json | None:
        """The answer said in passing."""
        return None

    def holds(self, stored: Json) -> bool:
        """Whether a stored answer still counts."""
        return True

    def value(self, stored: Json) -> T:
        """What a stored answer stands for."""
        raise NotImplementedError

    def reply(self, button: MakeButton) -> Reply:
        """The prompt as it is shown."""
        return replies.Text(self.prompt)


@dataclass(frozen=True, slots=True)
class Option(Generic[T]):
    """Something to choose. `key` is stored (an id, or a code).

    `entity` is what nlu would call it (kind, value); `also` are further words it goes by.
    """

    key: str
    label: str
    value: T
    entity: tuple[str, Json] | None = None
    also: tuple[str, ...] = ()


class Choice(Question[T]):
    """One of a few fixed options."""

    def __init__(self, prompt: str, options: Sequence[Option[T]], *, default: str | None = None) -> None:
        super().__init__(prompt)
        self.options = {option.key: option for option in options}
        self.default = default if default in self.options else None

    def keys(self) -> list[str]:
        return list(self.options)

    def exact(self, words: Words, shown: Sequence[str]) -> Json | None:
        if words.pressed is not None:
            return words.pressed
        place = words.ordinal()
        if place is not None and (0 < place <= len(shown) or (place == -1 and shown)):
            words.take_everything()
            return shown[place - 1 if place > 0 else -1]
        said = words.whole
        same = [option.key for option in self.options.values() if said and simple(option.label) == said]
        if len(same) == 1:
            words.take_everything()
            return same[0]
        return self.spot(words) if words.is_statement and not words.heard.is_correction else None

    def spot(self, words: Words) -> Json | None:
        for option in self.options.values():
            if option.entity is not None and words.take(option.entity[0], among=[option.entity[1]]) is not None:
                return option.key
        return words.take_named({option.key: (option.label, *option.also) for option in self.options.values()})

    def holds(self, stored: Json) -> bool:
        return stored in self.options

    def value(self, stored: Json) -> T:
        return self.options[stored].value

    def reply(self, button: MakeButton) -> Reply:
        return replies.Choice(self.prompt, tuple(button(option.label, option.key) for option in self.options.values()))


class Pick(Choice[T]):
    """One of the things a flow has loaded. A single one is taken and named, not asked for.

    With nothing to pick from it refuses with `none`, the code of a refusal that knows a next step. `named` is the
    sentence that names a single one, with the blank {option}.
    """

    def __init__(self, prompt: str, options: Sequence[Option[T]], *, none: str, named: str = "{option}") -> None:
        if not options:
            raise Refused(none)
        super().__init__(prompt, options, default=options[0].key if len(options) == 1 else None)
        self.named = named.replace("{option}", options[0].label)


class YesNo(Choice[bool]):
    """A yes or no that is an answer like any other, and is stored. Before an act use `Turn.confirm`."""

    def __init__(self, prompt: str, *, yes: str, no: str) -> None:
        super().__init__(prompt, [Option("yes", yes, True), Option("no", no, False)])

    def exact(self, words: Words, shown: Sequence[str]) -> Json | None:
        return super().exact(words, shown) or self._plain(words)

    def free(self, words: Words) -> Json | None:
        intent = {"affirm": "yes", "deny": "no"}.get(words.heard.intent)
        if intent is not None and words.whole and not words.correction:
            words.take_everything()
            return intent
        return None

    def spot(self, words: Words) -> Json | None:
        return None

    def _plain(self, words: Words) -> str | None:
        key = "yes" if words.whole in _YES else "no" if words.whole in _NO else None
        if key is not None:
            words.take_everything()
        return key


class Number(Question[int]):
    """How many. Numbers outside the limits are no answer."""

    def __init__(self, prompt: str, *, least: int = 1, most: int = 99, options: Sequence[int] = ()) -> None:
        super().__init__(prompt)
        self.least, self.most, self.options = least, most, options

    def keys(self) -> list[str]:
        return [str(number) for number in self.options]

    def exact(self, words: Words, shown: Sequence[str]) -> Json | None:
        said = words.pressed or words.whole
        if _NUMBER.fullmatch(said) and self.least <= int(said) <= self.most:
            words.take_everything()
            return int(said)
        return None

    def spot(self, words: Words) -> Json | None:
        return words.take("quantity", among=range(self.least, self.most + 1))

    def holds(self, stored: Json) -> bool:
        return isinstance(stored, int) and self.least <= stored <= self.most

    def value(self, stored: Json) -> int:
        return int(stored)

    def reply(self, button: MakeButton) -> Reply:
        if not self.options:
            return super().reply(button)
        return replies.Choice(self.prompt, tuple(button(str(number), str(number)) for number in self.options))


class Text(Question[str]):
    """Any words, at most `longest` characters. They are stored in the frame: not for personal data."""

    free_text = True

    def __init__(self, prompt: str, *, longest: int = 500) -> None:
        super().__init__(prompt)
        self.longest = longest

    def free(self, words: Words) -> Json | None:
        return words.take_everything()[: self.longest] or None

    def value(self, stored: Json) -> str:
        return str(stored)


class Photos(Question[bool]):
    """One picture or more; `have` are those sent so far (`Turn.photos`). With `without`, a button for who has none.

    True when there is any. More of them may follow while the next questions stand.
    """

    takes_photos = True

    def __init__(self, prompt: str, *, have: int, without: str = "") -> None:
        super().__init__(prompt)
        self.have, self.without = have, without
        self.default = "given" if have else None

    def keys(self) -> list[str]:
        return ["none"] if self.without else []

    def exact(self, words: Words, shown: Sequence[str]) -> Json | None:
        if words.heard.photo is not None and self.have:
            return "given"
        said = words.whole
        is_none = (
            words.pressed == "none" or said in _NO or (said and said in (simple(self.without), "1", "没有", "none"))
        )
        if not (self.without and is_none):
            return None
        words.take_everything()
        return "none"

    def free(self, words: Words) -> Json | None:
        if not self.without or words.heard.intent != "deny":
            return None
        words.take_everything()
        return "none"

    def holds(self, stored: Json) -> bool:
        return bool(self.have) if stored == "given" else stored == "none" and bool(self.without)

    def value(self, stored: Json) -> bool:
        return self.have > 0

    def reply(self, button: MakeButton) -> Reply:
        if not self.without:
            return super().reply(button)
        return replies.Choice(self.prompt, (button(self.without, "none"),))


def answer_of(options: Mapping[str, str], words: Words, shown: Sequence[str], *, wish: str) -> str | None:
    """Read one of these options (key -> label) or a plain yes or no, for `Turn.confirm`.

    A yes may say once more what it is a yes to: "yes, cancel it" (`wish` is the intent of that).
    """
    asked = Choice("", [Option(key, label, key) for key, label in options.items()])
    read = asked.exact(words, shown)
    if read is None:
        plain = YesNo("", yes="yes", no="no")
        read = plain._plain(words) or plain.free(words) or _no_to(wish, words)
        read = read or _yes_to(wish, words) or _part_of_label(options, words)
    return read if read is None or read in options else None


def _part_of_label(options: Mapping[str, str], words: Words) -> str | None:
    """The one option whose label holds all that was said: "下单" for "确认下单", and "下单吧", "place it"."""
    said = _FILLING.sub("", words.whole)
    if len(said) < (4 if said.isascii() else 2):
        return None
    chosen = [key for key, label in options.items() if said in simple(label)]
    if len(chosen) != 1:
        return None
    words.take_everything()
    return chosen[0]


def calls_off(frame: Frame, text: str) -> bool:
    """Whether it answers if something is called off, though it sounds like a stop: "对，取消", "还是不取消了"."""
    first, *more = _CLAUSE.split(simple(text), maxsplit=1)
    is_yes = first in _YES and bool(more)
    if frame.flow in ("return_items", "exchange_items"):  # there it is a reason, no wish to stop
        return _NOT_WANTED.search(text) is not None
    is_asked = frame.flow.startswith(_CANCELS) and frame.asking is not None and bool(frame.asking.facts)
    return is_asked and (is_yes or _KEEPS.fullmatch(simple(text)) is not None)


def _no_to(wish: str, words: Words) -> str | None:
    """A no in other words: "先不换了", "leave it". What is not ordered yet cannot be cancelled either."""
    is_unplaced = wish == "checkout" and words.heard.intent == "cancel_order" and not words.heard.entities
    is_too_dear = wish == "answer_quote" and _TOO_DEAR.search(words.whole)
    if not is_unplaced and not is_too_dear and not _KEEPS.fullmatch(words.whole):
        return None
    words.take_everything()
    return "no"


def _yes_to(wish: str, words: Words) -> str | None:
    first, *more = _CLAUSE.split(words.whole, maxsplit=1)
    is_yes = first in _YES and more and words.is_statement and not words.heard.entities
    is_same = words.heard.intent in ((wish, "stop") if wish.startswith(_CANCELS) else (wish,))
    does_it = _DOES_IT.fullmatch(words.whole)
    if not (is_yes and is_same) and not (does_it and does_it[1] in _DONE_BY.get(wish, "")):
        return None
    words.take_everything()
    return "yes"
