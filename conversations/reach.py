"""Whether anything still reaches a chat, and where it has moved."""

from datetime import datetime

from foundation.database import Database

_SET = """
WITH reached AS (
    UPDATE conversation SET unreachable_at = $3
     WHERE id IN (SELECT id FROM conversation WHERE channel = $1 AND chat = $2
                   UNION ALL
                  SELECT id FROM conversation WHERE channel = $1 AND in_group AND chat LIKE $2 || ':%')
       AND (unreachable_at IS NULL) <> ($3::timestamptz IS NULL)
    RETURNING id
)
INSERT INTO event (kind, ref) SELECT 'conversation', id FROM reached
"""
_MOVE = """
UPDATE conversation SET chat = $3 || substr(chat, length($2) + 1)
 WHERE channel = $1 AND in_group AND chat LIKE $2 || ':%'
   AND NOT EXISTS (SELECT FROM conversation there
                    WHERE there.channel = $1 AND there.chat = $3 || substr(conversation.chat, length($2) + 1))
"""


async def set_reachable(database: Database, *, channel: str, chat: str, reachable: bool, now: datetime) -> None:
    """The platform takes messages for this chat, or takes none any more; of a group, for everybody in it.

    What the shopper says next sets it right by itself.
    """
    async with database.raw() as driver:
        await driver.execute(_SET, channel, chat, None if reachable else now)


async def move_group(database: Database, *, channel: str, chat: str, to: str) -> None:
    """A group has another id since: the conversations in it go on there."""
    async with database.raw() as driver:
        await driver.execute(_MOVE, channel, chat, to)
