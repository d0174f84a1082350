"""What a shopper's open page looks at: one statement, as every page looks at every ring."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from conversations.model import OUTGOING, SEEN, Kind, Owner, Status
from conversations.read import MessageView
from foundation.database import Database
from foundation.errors import Json


def _texts(values: Sequence[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


_THREAD = f"""
SELECT c.id AS conversation_id, c.last_seq, c.heard_seq, c.handled_seq, c.owner, c.assignee_name,
       m.id, m.seq, m.rev, m.kind, m.status, m.body, m.text, m.external_id, m.answers, m.staff_name, m.created_at,
       m.sent_at
  FROM conversation c LEFT JOIN LATERAL (
       SELECT * FROM message
        WHERE conversation_id = c.id AND rev > $3 AND c.last_seq IS DISTINCT FROM $4
          AND (kind = 'shopper' OR (kind IN ({_texts(OUTGOING)}) AND status IN ({_texts(SEEN)})))
        ORDER BY rev LIMIT $5
  ) m ON true
 WHERE c.channel = $1 AND c.chat = $2
 ORDER BY m.rev
"""


@dataclass(frozen=True, slots=True)
class Thread:
    """How a conversation stands for its shopper, and what is new to them, in order of `rev`."""

    conversation_id: int
    last_seq: int
    heard_seq: int
    handled_seq: int
    owner: Owner
    assignee_name: str | None
    messages: tuple[MessageView, ...]


async def thread_after(
    database: Database, *, channel: str, chat: str, rev: int, looked: int | None, limit: int
) -> Thread | None:
    """The conversation of a chat with at most `limit` messages after `rev`; None when there is no such conversation.

    `looked`: the last_seq at the last look; while it stays there is nothing new. The views are a shopper's, without
    what only the staff see.
    """
    async with database.raw() as driver:
        rows = await driver.fetch(_THREAD, channel, chat, rev, looked, limit)
    if not rows:
        return None
    first = rows[0]
    return Thread(
        conversation_id=first["conversation_id"],
        last_seq=first["last_seq"],
        heard_seq=first["heard_seq"],
        handled_seq=first["handled_seq"],
        owner=Owner(first["owner"]),
        assignee_name=first["assignee_name"],
        messages=tuple(_view(row) for row in rows if row["id"] is not None),
    )


def _view(row: Mapping[str, Json]) -> MessageView:
    return MessageView(
        id=row["id"],
        seq=row["seq"],
        rev=row["rev"],
        kind=Kind(row["kind"]),
        status=Status(row["status"]),
        body=row["body"],
        text=row["text"],
        external_id=row["external_id"],
        client_msg_id=None,
        answers=row["answers"],
        staff_id=None,
        staff_name=row["staff_name"],
        trace=None,
        created_at=row["created_at"],
        sent_at=row["sent_at"],
    )
