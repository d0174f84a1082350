"""What the staff reads about a conversation in their language: why a person was called, who took it, who gave it."""

from collections.abc import Iterator
from typing import Protocol

from admin_api.talk_views import TalkRow
from conversations.model import Conversation, Owner
from foundation.errors import Json

REASONS = {
    "asked": "the shopper asked",
    "turn_failed": "the bot could not answer",
    "unclear": "the bot did not understand",
    "return_not_well": "a return did not go well",
}
KNOWN = {
    "at_work": "In the middle of",
    "search": "Last search",
    "cart": "Pieces in the cart",
    "order": "Last order",
    "return": "Return",
    "note": "Note of the colleague before",
}


class Says(Protocol):
    """The words of a language (admin_api/console/words.py)."""

    def __call__(self, english: str, **facts: Json) -> str: ...


def handoff_facts(row: TalkRow | Conversation, t: Says) -> Iterator[tuple[str, str]]:
    """Why a person is needed and what the bot knew then, while that matters; and what the next one is to know."""
    handoff = row.handoff if row.owner in (Owner.WAITING, Owner.HUMAN) else None
    if handoff:
        reason = str(handoff.get("reason", ""))
        yield t("Why a person"), t(REASONS.get(reason, reason))
        for key, name in KNOWN.items():
            value = handoff.get(key)
            if isinstance(value, list):
                value = ", ".join(t(f"wish {skill}") for skill in value)
            if value:
                yield t(name), str(value)
    if row.note_for_bot:
        yield t("Note for the bot" if row.owner == Owner.BOT else KNOWN["note"]), row.note_for_bot


def activity_words(body: dict[str, Json], by: str | None, t: Says) -> str:
    """A change of owner in words."""
    to, actor = str(body.get("to", "")), str(body.get("actor", ""))
    if actor == "staff":
        sentences = {
            "human": "{name} took the conversation over",
            "bot": "{name} gave the conversation back to the bot",
            "waiting": "{name} put the conversation back into the queue",
            "closed": "{name} closed the conversation",
        }
        return t(sentences.get(to, to), name=by or "")
    if to == "waiting":
        asked = {"shopper": "The shopper asked for a person", "bot": "The bot asked for a person"}
        return t(asked.get(actor, "The conversation is waiting again"))
    return t("The shopper wrote again" if body.get("reason") == "wrote_again" else "The bot goes on")
