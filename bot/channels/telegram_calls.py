"""The calls of every turn, for aiogram to make: what we tell Telegram, as JSON, and of its answer what we need of it.

The library's own methods check each button, send forms, and read the whole message that comes back: twice the CPU.
"""

from typing import Any, Final

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.methods import Response, TelegramMethod
from aiogram.types import BufferedInputFile, InputFile
from aiohttp import BytesPayload
from pydantic import BaseModel
from pydantic_core import PydanticSerializationError

from foundation.errors import Json

NO_PREVIEW: Final[dict[str, Json]] = {"is_disabled": True}


class Session(AiohttpSession):
    """aiogram's, which sends JSON instead of a form where no file goes along."""

    def build_form_data(self, bot: Bot, method: TelegramMethod[Any]) -> Any:
        """What the body of a request is made of."""
        try:
            said = method.model_dump_json(exclude_none=True, warnings=False)
        except PydanticSerializationError:  # a file is no JSON, nor are the library's defaults
            return super().build_form_data(bot, method)
        return BytesPayload(said.encode(), content_type="application/json")


class _Size(BaseModel):
    file_id: str


class Shown(BaseModel):
    """A message as it stands in a chat now; its photo comes in several sizes, the largest last."""

    message_id: int
    photo: tuple[_Size, ...] = ()

    @property
    def file_id(self) -> str:
        """Telegram's id of the photo in it; empty when there is none."""
        return self.photo[-1].file_id if self.photo else ""


class _Show(TelegramMethod[Shown]):
    __returning__ = Shown

    chat_id: int
    message_thread_id: int | None = None
    reply_parameters: dict[str, Any] | None = None
    reply_markup: dict[str, Any] | None = None
    parse_mode: str | None = "HTML"


class SendMessage(_Show):
    """Words and buttons."""

    __api_method__ = "sendMessage"

    text: str
    link_preview_options: dict[str, Any] = NO_PREVIEW


class SendPhoto(_Show):
    """A picture, words and buttons."""

    __api_method__ = "sendPhoto"

    photo: str | InputFile
    caption: str


class SendAlbum(TelegramMethod[list[Shown]]):
    """Pictures that belong together."""

    __returning__ = list[Shown]
    __api_method__ = "sendMediaGroup"

    chat_id: int
    message_thread_id: int | None = None
    reply_parameters: dict[str, Any] | None = None
    media: list[dict[str, Any]]


class EditMessage(_Show):
    """Other words and buttons."""

    __api_method__ = "editMessageText"

    message_id: int
    text: str
    link_preview_options: dict[str, Any] = NO_PREVIEW


class EditPhoto(_Show):
    """Another picture, words and buttons."""

    __api_method__ = "editMessageMedia"

    message_id: int
    media: dict[str, Any]
    parse_mode: None = None
    """It stands in the media."""


class GetUpdates(TelegramMethod[list[dict[str, Any]]]):
    """Updates as they came: one that the library cannot read holds up no other."""

    __returning__ = list[dict[str, Any]]
    __api_method__ = "getUpdates"

    offset: int | None
    timeout: int
    allowed_updates: list[str]


ANSWERS: Final = tuple(
    Response[answer]  # type: ignore[valid-type]
    for answer in (Shown, list[Shown], bool, list[dict[str, Any]])
)
"""What Telegram answers with. Pydantic forgets such a class when nobody holds it, and makes it anew at every call: a
millisecond each."""


def file_of(picture: str | bytes) -> str | BufferedInputFile:
    """A picture to send: by Telegram's id of it, or a JPEG."""
    return picture if isinstance(picture, str) else BufferedInputFile(picture, filename="picture.jpg")


def photo_of(picture: str | bytes, caption: str = "") -> dict[str, Any]:
    """A picture as part of an album, or to be put in the place of another."""
    photo: dict[str, Any] = {"type": "photo", "media": file_of(picture)}
    return {**photo, "caption": caption, "parse_mode": "HTML"} if caption else photo
