"""Pictures that shoppers sent. Never public: their conversation sees them, and the staff who may read it."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base, Id


class Upload(Base):
    """A picture file by the SHA-256 digest (hex) of its content; width and height in pixels."""

    __tablename__ = "upload"

    id: Mapped[Id]
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    mime: Mapped[str] = mapped_column(String(60))
    width: Mapped[int]
    height: Mapped[int]
    created_at: Mapped[datetime]
