"""Cards that stay true: when a group changes, every message that shows it is edited, in whatever chat it stands."""

from dataclasses import dataclass

import structlog
from sqlalchemy import bindparam, text

from bot.group_terms import group_card
from bot.replies import plain, to_json
from bot.shop import Shop
from bot.voice import Voice
from commerce.group_buy.queries import group_view
from conversations.bells import STAFF, conversation_bell
from conversations.say import revise

log = structlog.get_logger(__name__)

AT_ONCE = 50
_STALE = text("""
SELECT m.conversation_id, m.seq, m.body ->> 'live' AS live, c.customer_id, c.language, g.id AS group_id
FROM message m
JOIN conversation c ON c.id = m.conversation_id
JOIN buying_group g ON g.id = NULLIF(split_part(m.body ->> 'live', ':', 2), '')::bigint
WHERE m.body ->> 'live' LIKE 'group:%' AND m.status <> 'suppressed'
  AND g.version > NULLIF(split_part(m.body ->> 'live', ':', 3), '')::bigint
ORDER BY m.id
LIMIT :limit
""").bindparams(bindparam("limit", value=AT_ONCE))


@dataclass(frozen=True, slots=True)
class _Stale:
    """A message that shows a group as it was."""

    conversation_id: int
    seq: int
    live: str
    customer_id: int
    language: str
    group_id: int


async def edit_live_cards(shop: Shop) -> int:
    """Edit what shows a group as it was, each message in a transaction of its own; returns how many were edited.

    However often a group changed meanwhile, a message is edited once, to how it stands now. Any number of workers may
    run: who comes second finds the message edited.
    """
    async with shop.database.begin() as session:
        stale = [_Stale(**row) for row in (await session.execute(_STALE)).mappings()]
    edited = 0
    for card in stale:
        try:
            await _edit(shop, card)
            edited += 1
        except Exception:  # the next round tries again
            log.exception("a live card cannot be edited", conversation=card.conversation_id, seq=card.seq)
    if edited:
        await shop.doorbell.ring(STAFF)
    return edited


async def _edit(shop: Shop, card: _Stale) -> None:
    async with shop.database.begin() as session:
        voice = Voice(shop, shop.vault, customer_id=card.customer_id, language=card.language)
        group = await group_view(session, group_id=card.group_id, now=shop.now(), customer_id=card.customer_id)
        reply = await group_card(voice, session, group)
        await revise(
            session,
            conversation_id=card.conversation_id,
            seq=card.seq,
            live=card.live,
            body=to_json(reply),
            text=plain(reply),
            now=shop.now(),
        )
    await shop.doorbell.ring(conversation_bell(card.conversation_id))
