"""Chats, accounts and messages as they lie at Telegram."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tests.telegram_server.errors import Obj

ADMINS = ("creator", "administrator")
PRESENT = (*ADMINS, "member", "restricted")
RIGHTS = (
    "can_be_edited",
    "is_anonymous",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_pin_messages",
    "can_manage_topics",
    "can_send_welcome_messages",
)
SERVICE = (
    *("new_chat_members", "left_chat_member", "new_chat_title", "pinned_message"),
    *("migrate_to_chat_id", "migrate_from_chat_id", "successful_payment", "refunded_payment"),
    *("forum_topic_created", "forum_topic_edited", "forum_topic_closed", "forum_topic_reopened"),
)
"""What messages tell that nobody wrote."""
ANONYMOUS: Obj = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
"""Who seems to write where an administrator stays anonymous."""


@dataclass(eq=False, slots=True)
class Account:
    """Somebody's or a bot's account: `user` as the Bot API shows it."""

    user: Obj
    phone: str = ""
    deactivated: bool = False

    @property
    def id(self) -> int:
        return int(self.user["id"])

    @property
    def name(self) -> str:
        return str(self.user["first_name"])


@dataclass(eq=False, slots=True)
class Message:
    """A message with what only Telegram knows of it: who may edit it, its invoice, its life as an inline message."""

    body: Obj
    author: int
    invoice: Obj | None = None
    inline_id: str | None = None
    versions: list[Obj] = field(default_factory=list)
    reactions: dict[int, list[Obj]] = field(default_factory=dict)
    is_fixed: bool = False
    """Forwarded, or brought keys in place of the phone's own: it cannot be edited."""
    at: float = 0.0
    touched: int = 0
    """Version of the world in which it was posted or last edited."""

    @property
    def id(self) -> int:
        return int(self.body["message_id"])

    @property
    def thread(self) -> int | None:
        """The topic it is in; an answer elsewhere has the number of a thread too, which is none."""
        return self.body.get("message_thread_id") if self.body.get("is_topic_message") else None

    @property
    def is_content(self) -> bool:
        """Whether somebody wrote or sent it: all else are service messages, which every bot gets."""
        return not any(kind in self.body for kind in SERVICE)


@dataclass(eq=False, slots=True)
class Topic:
    """A topic of a forum."""

    id: int
    name: str
    closed: bool = False


@dataclass(eq=False)
class Box:
    """A chat with its messages in order; `chat` as the Bot API shows it."""

    chat: Obj
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    messages: dict[int, Message] = field(default_factory=dict)
    deleted: list[Message] = field(default_factory=list)
    pinned: list[int] = field(default_factory=list)
    keyboard: Obj | None = None
    """The reply keyboard the last bot left below the field for writing."""
    action: tuple[str, float] = ("", 0.0)
    """The last chat action (typing ...) and when it was shown."""

    @property
    def id(self) -> int:
        return int(self.chat["id"])

    def is_heard_by(self, bot: int) -> bool:
        return False


@dataclass(eq=False)
class Private(Box):
    """What one person and one bot (or another person) write to each other."""

    person: int = 0
    other: int = 0
    started: bool = False
    blocked: bool = False

    def is_heard_by(self, bot: int) -> bool:
        return bot == self.other and self.started


@dataclass(eq=False)
class Group(Box):
    """A group or supergroup: user id of each member (bots too) -> status."""

    members: dict[int, str] = field(default_factory=dict)
    topics: dict[int, Topic] = field(default_factory=dict)
    migrated_to: int | None = None
    denied: set[str] = field(default_factory=set)
    """Rights that administrators do not have here, such as can_manage_topics."""

    @property
    def title(self) -> str:
        return str(self.chat["title"])

    @property
    def is_forum(self) -> bool:
        return bool(self.chat.get("is_forum"))

    def is_heard_by(self, bot: int) -> bool:
        return self.members.get(bot) in PRESENT

    def is_admin(self, user: int, right: str = "") -> bool:
        """Whether they are an administrator here, with this right."""
        return self.members.get(user) in ADMINS and right not in self.denied


def membership(account: Account, status: str, denied: Iterable[str] = ()) -> Obj:
    """A ChatMember."""
    member: Obj = {"user": account.user, "status": status}
    if status == "administrator":
        member |= dict.fromkeys(RIGHTS, True) | {"is_anonymous": False, "can_be_edited": False}
        member |= dict.fromkeys(denied, False)
    elif status == "creator":
        member["is_anonymous"] = False
    elif status == "kicked":
        member["until_date"] = 0
    return member
