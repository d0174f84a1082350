"""Tables of Telegram's own: what only this door needs to remember."""

from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base


class TelegramFile(Base):
    """What one bot calls a picture that Telegram keeps.

    `name` is the SHA-256 digest of the file as the shop keeps it, or says which pictures a sheet shows.
    """

    __tablename__ = "telegram_file"

    bot_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(primary_key=True)
    file_id: Mapped[str]
