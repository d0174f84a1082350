"""What the staff's bot says of itself: commands, help, and what is missing."""

from collections.abc import Mapping
from typing import Final

from bot.language import N_
from conversations.staff_chats import Trouble

COMMANDS: Final[Mapping[str, str]] = {
    "take": N_("take this conversation over"),
    "note": N_("write a note that only the staff sees"),
    "release": N_("give it back to the bot, with a note for it"),
    "close": N_("end this conversation"),
    "refund": N_("give money back: amount, order, reason"),
    "help": N_("what can be done here"),
}
"""What is understood in a topic, with what it does."""
HELP: Final = N_(
    "Just write here to answer the shopper; text and pictures are sent to them, and the conversation is yours.\n"
    "Change a message of yours and the shopper sees the change; deleting one takes nothing back.\n\n"
    "/take – take this conversation over\n"
    "/note words – a note that only the staff sees\n"
    "/release words – give it back to the bot, with a note for it\n"
    "/release queue words – put it back into the queue\n"
    "/refund 25 ORDER reason – give money back; above your limit it waits for somebody who may\n"
    "/close – end this conversation"
)
HELP_PRIVATE: Final = N_(
    "Here you answer the shoppers of {shop} in the staff's groups.\n"
    "1. In the console, open Store → Telegram and make a code for yourself.\n"
    "2. Say /link CODE here.\n"
    "To link a group, add this bot to it as an administrator that may manage topics, and say /desk CODE there."
)
NOTHING_SENT: Final = N_("Nothing was sent to the shopper.")
NOT_SENT: Final = N_("Something went wrong, this was not sent. Please send it again.")
MAYBE_DONE: Final = N_("Something went wrong. See in the console whether this was done before you say it again.")
NO_CONVERSATION: Final = N_("This topic is no conversation; nothing was sent.")
NOT_LINKED: Final = N_(
    "Nothing was sent: your account is not linked, or you write anonymously. In the console, open Store → Telegram, "
    "make a code and say /link CODE to @{bot} in a private chat."
)
TROUBLES: Final[Mapping[Trouble, str]] = {
    Trouble.LEFT: N_("I am no member of this group."),
    Trouble.NO_TOPICS: N_("Topics are off in this group. Switch them on in its settings and say /desk CODE again."),
    Trouble.NO_RIGHTS: N_(
        "I may not manage topics here. Make me an administrator with the right to manage topics and say /desk CODE "
        "again."
    ),
}
