"""Cards that people put into chats where the bot is not, and that are to stay true."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base, Id


class SharedCard(Base):
    """A group-buy shown by inline mode somewhere, in `version`; `inviter_id` is the customer who shared it, or 0.

    `failures`: so often in a row has an edit gone wrong, since the card last showed how its group stands. `try_at`:
    when it may be edited next. `done_at`: from then on nobody edits it, as it is gone from its chat, its group cannot
    change any more, or it went wrong for too long.
    """

    __tablename__ = "shared_card"
    __table_args__ = (Index("ix_shared_card_live", "group_id", postgresql_where=text("done_at IS NULL")),)

    id: Mapped[Id]
    inline_message_id: Mapped[str] = mapped_column(unique=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("buying_group.id"))
    version: Mapped[int]
    failures: Mapped[int] = mapped_column(default=0)
    inviter_id: Mapped[int]
    language: Mapped[str] = mapped_column(String(8))
    try_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
