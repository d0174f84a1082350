"""A conversation as the tests of this part need it: heard, answered and read without a bot."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from conversations.hear import Heard, Incoming, hear, open_conversation
from conversations.model import Agent, Conversation, Kind, Message
from conversations.ownership import agent_says
from conversations.read import conversation_by_id
from conversations.turns import Reply, close_turn, lock_for_turn
from foundation.database import Database

LI = Agent(7, "Li Lei")
HAN = Agent(8, "Han Meimei")


@dataclass(slots=True)
class Talk:
    """One conversation on `channel`; every step is a transaction of its own, at the time `now`."""

    database: Database
    id: int
    now: datetime
    channel: str = "web"
    chat: str = "visitor-1"
    said: int = 0

    async def shopper(self, text: str, *, external_id: str | None = None) -> Heard:
        """The shopper says something."""
        self.said += 1
        incoming = Incoming(
            self.channel, self.chat, external_id or f"e{self.said}", {"kind": "text", "text": text}, text
        )
        heard = await hear(self.database, incoming, now=self.now)
        assert heard is not None
        return heard

    async def bot(self, *answers: str, kind: Kind = Kind.ANSWER) -> bool | None:
        """The bot's turn with these replies: whether more was heard, None when there was nothing for the bot to do."""
        async with self.database.begin() as session:
            locked = await lock_for_turn(session, self.id, now=self.now)
            if locked is None:
                return None
            return await close_turn(
                session,
                locked,
                replies=[Reply(kind, {"kind": "text", "text": text}, text) for text in answers],
                frames=locked.frames,
                focus=locked.focus,
                language=locked.language,
                handled_seq=locked.last_read,
                now=self.now,
            )

    async def agent(self, text: str, *, agent: Agent = LI, client_msg_id: str | None = None) -> Message:
        """An agent answers."""
        async with self.database.begin() as session:
            return await agent_says(
                session,
                conversation_id=self.id,
                agent=agent,
                body={"kind": "text", "text": text},
                text=text,
                client_msg_id=client_msg_id or text,
                now=self.now,
            )

    async def row(self) -> Conversation:
        """The conversation as it stands."""
        async with self.database.session() as session:
            return await conversation_by_id(session, self.id)

    async def statuses(self) -> list[tuple[str, str]]:
        """Text and status of everything but activity lines, in order."""
        wanted = select(Message.text, Message.status).where(
            Message.conversation_id == self.id, Message.kind != Kind.ACTIVITY
        )
        async with self.database.session() as session:
            return [(text, str(status)) for text, status in await session.execute(wanted.order_by(Message.seq))]


async def begin_talk(database: Database, now: datetime, *, channel: str = "web", chat: str = "visitor-1") -> Talk:
    """A new conversation with the bot."""
    async with database.begin() as session:
        conversation_id = await open_conversation(
            session, channel=channel, chat=chat, customer_id=1, language="en", now=now
        )
    return Talk(database, conversation_id, now, channel, chat)
