"""The shopper asks for a language; from then on the bot stays with it."""

from bot.flow import Turn
from bot.replies import Choice
from bot.skills.small_talk import next_steps

LANGUAGES = ("zh", "en")


async def change_language(turn: Turn) -> None:
    """Switch to the language asked for, or to the other one when none was named."""
    wanted = turn.words.take("language", among=LANGUAGES) if turn.words is not None else None
    other = LANGUAGES[1 - LANGUAGES.index(turn.language)] if turn.language in LANGUAGES else LANGUAGES[0]
    turn.speak(str(wanted or other))
    turn.focus["language_is_fixed"] = True
    turn.say(Choice(turn._("Of course, let us speak English."), await next_steps(turn)))
