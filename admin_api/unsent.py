"""What a person has typed and not sent: kept for each conversation and mode, so that a reload loses nothing."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.model import UnsentText


async def unsent_texts(session: AsyncSession, *, staff_id: int, conversation_id: int) -> dict[str, str]:
    """{mode: text} of what this person has typed for this conversation."""
    typed = select(UnsentText.mode, UnsentText.text).filter_by(staff_id=staff_id, conversation_id=conversation_id)
    return {row.mode: row.text for row in await session.execute(typed)}


async def keep_unsent(
    session: AsyncSession, *, staff_id: int, conversation_id: int, mode: str, text: str, now: datetime
) -> None:
    """Keep the text as it stands now; an empty one is forgotten."""
    place = {"staff_id": staff_id, "conversation_id": conversation_id, "mode": mode}
    if not text.strip():
        await session.execute(delete(UnsentText).filter_by(**place))
        return
    kept = insert(UnsentText).values(**place, text=text, at=now)
    kept = kept.on_conflict_do_update(index_elements=list(place), set_={"text": text, "at": now})
    await session.execute(kept)
