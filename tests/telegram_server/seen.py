"""A message as somebody sees it on their phone."""

from dataclasses import dataclass

from tests.telegram_server.chats import Message
from tests.telegram_server.errors import Obj
from tests.telegram_server.world import World


@dataclass(frozen=True, slots=True)
class Seen:
    """One message at one moment; ask the chat again for what became of it."""

    world: World
    message: Message
    body: Obj

    @property
    def id(self) -> int:
        return int(self.body["message_id"])

    @property
    def text(self) -> str:
        """The text, or the caption of a photo; formatting lies in `entities`."""
        return str(self.body.get("text") or self.body.get("caption") or "")

    @property
    def entities(self) -> list[Obj]:
        return list(self.body.get("entities") or self.body.get("caption_entities") or [])

    @property
    def author(self) -> str:
        return str(self.body["from"]["first_name"])

    @property
    def is_from_bot(self) -> bool:
        return bool(self.body["from"]["is_bot"] or "via_bot" in self.body)

    @property
    def rows(self) -> list[list[Obj]]:
        """The buttons below it."""
        return list(self.body.get("reply_markup", {}).get("inline_keyboard", []))

    @property
    def buttons(self) -> list[str]:
        """Their labels, from left to right and from top to bottom."""
        return [button["text"] for row in self.rows for button in row]

    @property
    def photo(self) -> bytes | None:
        """The picture in it; empty for one that an app would fetch from its address."""
        sizes = self.body.get("photo")
        if not sizes:
            return None
        file = self.world.files.get(sizes[-1]["file_id"])
        return file.content if file else b""

    @property
    def album(self) -> str | None:
        return self.body.get("media_group_id")

    @property
    def is_edited(self) -> bool:
        return "edit_date" in self.body

    @property
    def invoice(self) -> Obj | None:
        return self.body.get("invoice")

    @property
    def thread(self) -> int | None:
        return self.message.thread

    @property
    def reactions(self) -> list[str]:
        return [one.get("emoji", "") for given in self.message.reactions.values() for one in given]

    def button(self, label: str) -> Obj | None:
        """The button of this label; the start of one is enough."""
        buttons = [button for row in self.rows for button in row]
        exact = [button for button in buttons if button["text"] == label]
        return next(iter(exact or [button for button in buttons if button["text"].startswith(label)]), None)


def seen(world: World, message: Message) -> Seen:
    return Seen(world, message, message.body)
