"""The shop's own lines: facts, which reach the shopper whoever owns the conversation, and lines that stay true."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from conversations.edits import EDIT_DUE
from conversations.text import clean, json_text
from foundation.database import raw
from foundation.errors import Json

_SAY_FACT = """
WITH place AS (
    UPDATE conversation SET last_seq = last_seq + 1, last_message_at = $5, preview = left($4, 200)
     WHERE id = $1 AND NOT EXISTS (SELECT FROM message WHERE conversation_id = $1 AND client_msg_id = $2)
    RETURNING id, last_seq, epoch
), told AS (
    INSERT INTO event (kind, ref) SELECT 'conversation', id FROM place
)
INSERT INTO message (conversation_id, seq, rev, kind, status, body, text, client_msg_id, epoch, created_at)
SELECT id, last_seq, last_seq, 'fact', 'queued', $3, $4, $2, epoch, $5 FROM place
    ON CONFLICT (conversation_id, client_msg_id) WHERE client_msg_id IS NOT NULL DO NOTHING
RETURNING seq
"""


async def say_fact(
    session: AsyncSession, *, conversation_id: int, key: str, body: dict[str, Json], text: str, now: datetime
) -> bool:
    """Queue a fact (receipt, payment, shipment) behind everything said before; nothing suppresses it.

    `key` names the fact, such as "announcement:17": said once in a conversation, false the second time.
    """
    await session.flush()
    driver = await raw(session)
    said = (json_text(body), clean(text))
    return await driver.fetchval(_SAY_FACT, conversation_id, f"fact:{key}", *said, now) is not None


_REVISE = f"""
WITH place AS (
    UPDATE conversation SET last_seq = last_seq + 1 WHERE id = $1 RETURNING id, last_seq
), told AS (
    INSERT INTO event (kind, ref) SELECT 'conversation', id FROM place
)
UPDATE message m SET rev = place.last_seq, body = $4, text = $5, edit_due_at = {EDIT_DUE.format(now="$6::timestamptz")}
  FROM place
 WHERE m.conversation_id = place.id AND m.seq = $2 AND m.body ->> 'live' = $3
RETURNING m.seq
"""


async def revise(
    session: AsyncSession,
    *,
    conversation_id: int,
    seq: int,
    live: str,
    body: dict[str, Json],
    text: str,
    now: datetime,
) -> bool:
    """Make a message that shows something `live` say how that stands now: the same place, the next `rev`.

    False when it shows something else by now. Streams and open pages put it where it was; a platform is told by
    delivery.
    """
    await session.flush()
    driver = await raw(session)
    said = (json_text(body), clean(text))
    return await driver.fetchval(_REVISE, conversation_id, seq, live, *said, now) is not None
