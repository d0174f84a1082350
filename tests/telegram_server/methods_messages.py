"""Methods that send, edit, copy and delete messages."""

from collections.abc import Mapping
from typing import Any

from tests.telegram_server.chats import Box, Group, Message, Private
from tests.telegram_server.entities import formatted, is_blank
from tests.telegram_server.errors import ApiError, Obj, bad, forbidden
from tests.telegram_server.limits import CAPTION, DELETABLE_FOR, TEXT, check_inline_keyboard, check_keys, fits
from tests.telegram_server.media import media_of
from tests.telegram_server.params import Params
from tests.telegram_server.world import Bot, World

MEDIA = ("photo", "document", "voice", "audio", "video", "animation", "sticker", "video_note")
WITHOUT_CAPTION = ("sticker", "video_note")
CONTENT = (
    *MEDIA,
    "text",
    "entities",
    "link_preview_options",
    "caption",
    "caption_entities",
    "location",
    "venue",
    "contact",
    "invoice",
    "show_caption_above_media",
    "has_media_spoiler",
)
COPIED = tuple(name for name in CONTENT if name != "invoice")
SAME = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)


def box_of(world: World, bot: Bot, params: Params, name: str = "chat_id") -> Box:
    """The chat a call names, if the bot may act there; 400 or 403 in Telegram's words."""
    given = params.text(name)
    if not given:
        raise bad("chat_id is empty")
    try:
        chat_id = int(given)
    except ValueError:
        raise bad("chat not found") from None
    if chat_id in world.groups:
        return _group_of(bot, world.groups[chat_id])
    account = world.accounts.get(chat_id)
    if account is None:
        raise bad("chat not found")
    box = world.privates.get((chat_id, bot.id))
    if account.deactivated:
        raise forbidden("user is deactivated")
    if box is None or not box.started:
        if chat_id in bot.known:
            raise forbidden("bot can't initiate conversation with a user")
        raise bad("chat not found")
    if box.blocked:
        raise forbidden("bot was blocked by the user")
    return box


def _group_of(bot: Bot, group: Group) -> Group:
    if group.migrated_to is not None:
        raise ApiError(
            400,
            "Bad Request: group chat was upgraded to a supergroup chat",
            migrate_to_chat_id=group.migrated_to,
        )
    kind = "group" if group.chat["type"] == "group" else "supergroup"
    if group.members.get(bot.id) == "kicked":
        raise forbidden(f"bot was kicked from the {kind} chat")
    if not group.is_heard_by(bot.id):
        raise forbidden(f"bot is not a member of the {kind} chat")
    return group


def thread_of(box: Box, bot: Bot, params: Params) -> int | None:
    """The topic a message goes to; None is the general one."""
    thread = params.whole("message_thread_id")
    if not thread:
        return None
    # The general topic, whose number is 1, is not found by it either.
    if not isinstance(box, Group) or thread not in box.topics:
        raise bad("message thread not found")
    if box.topics[thread].closed and not box.is_admin(bot.id, "can_manage_topics"):
        raise bad("TOPIC_CLOSED")
    return thread


def text_of(params: Params) -> Obj:
    if not params.text("text"):
        raise bad("message text is empty")
    text, entities = formatted(params, "text")
    if is_blank(text):
        raise bad("text must be non-empty")
    fits(text, TEXT, "message is too long")
    preview = params.json("link_preview_options")
    body: Obj = {"text": text} | ({"entities": entities} if entities else {})
    return body | ({"link_preview_options": preview} if preview else {})


def caption_of(params: Params) -> Obj:
    text, entities = formatted(params, "caption")
    fits(text, CAPTION, "message caption is too long")
    if not text:
        return {}
    return {"caption": text} | ({"caption_entities": entities} if entities else {})


def keyboard_of(params: Params, box: Box | None = None) -> Obj | None:
    """The reply markup, checked: of a new message in this chat, or of what takes only buttons below it."""
    markup = params.json("reply_markup")
    if markup is None or markup == "":
        return None
    if not isinstance(markup, dict):
        raise bad("object expected as reply markup")
    if "inline_keyboard" in markup:
        check_inline_keyboard(markup["inline_keyboard"])
        if not any(markup["inline_keyboard"]):
            return None
    elif box is None:
        raise bad("inline keyboard expected")
    elif "keyboard" in markup:
        check_keys(markup["keyboard"], is_private=isinstance(box, Private))
    return markup


def replied(box: Box, params: Params) -> Message | None:
    """The message that is answered."""
    reply = params.json("reply_parameters") or {}
    message_id = int(reply.get("message_id") or params.whole("reply_to_message_id"))
    if not message_id:
        return None
    message = box.messages.get(message_id)
    if message is None:
        if reply.get("allow_sending_without_reply") or params.flag("allow_sending_without_reply"):
            return None
        raise bad("message to be replied not found")
    return message


def put(world: World, bot: Bot, params: Params, *contents: Obj, invoice: Obj | None = None) -> tuple[Message, ...]:
    """Check where they go, count them, post them: one message each, all or none."""
    box = box_of(world, bot, params)
    thread = thread_of(box, bot, params)
    keyboard = keyboard_of(params, box)
    reply_to = replied(box, params)
    if isinstance(box, Group) and reply_to and reply_to.thread and not thread:
        thread = reply_to.thread
    bot.flood.take(box.id, len(contents))
    if keyboard and "inline_keyboard" not in keyboard:
        box.keyboard = None if keyboard.get("remove_keyboard") else keyboard
    box.action = ("", 0.0)
    where: dict[str, Any] = {"thread": thread, "reply_to": reply_to, "keyboard": keyboard, "invoice": invoice}
    made = tuple(world.post(box, bot.account, content, **where) for content in contents)
    for message in made:
        message.is_fixed = bool(keyboard and "inline_keyboard" not in keyboard) or "forward_origin" in message.body
    return made


def send_message(world: World, bot: Bot, params: Params) -> Obj:
    box_of(world, bot, params)
    return put(world, bot, params, text_of(params))[0].body


async def send_media(world: World, bot: Bot, params: Params, kind: str) -> Obj:
    box_of(world, bot, params)
    caption = {} if kind in WITHOUT_CAPTION else caption_of(params)
    content = await media_of(world, bot, params, kind, params.file(kind))
    if params.flag("has_spoiler"):
        content["has_media_spoiler"] = True
    return put(world, bot, params, content | caption)[0].body


async def send_media_group(world: World, bot: Bot, params: Params) -> list[Obj]:
    box_of(world, bot, params)
    items = params.json("media")
    if not isinstance(items, list) or not items:
        raise bad("can't parse media JSON object" if items else "there are no messages to send")
    if not 2 <= len(items) <= 10:
        raise bad("wrong number of media in the album: must be from 2 to 10")
    if params.json("reply_markup"):
        raise bad("reply markup can't be used in albums")
    contents = [await item_of(world, bot, params, item) for item in items]
    group = str(13_000_000_000 + world.number())
    album = [content | {"media_group_id": group} for content in contents]
    return [message.body for message in put(world, bot, params, *album)]


async def item_of(world: World, bot: Bot, params: Params, item: Any) -> Obj:
    """The content that an InputMedia makes."""
    if not isinstance(item, dict) or item.get("type") not in MEDIA:
        raise bad("can't parse InputMedia: type must be one of photo, video, document, audio, animation")
    caption = caption_of(Params({key: item.get(key) for key in ("caption", "caption_entities", "parse_mode")}))
    kind = str(item["type"])
    return await media_of(world, bot, params, kind, params.media(item.get("media"))) | caption


def send_location(world: World, bot: Bot, params: Params) -> Obj:
    try:
        location = {name: float(params.text(name)) for name in ("latitude", "longitude")}
    except ValueError:
        raise bad("latitude must be a number") from None
    if not -90 <= location["latitude"] <= 90 or not -180 <= location["longitude"] <= 180:
        raise bad("wrong geographic coordinates specified")
    return put(world, bot, params, {"location": location})[0].body


def send_contact(world: World, bot: Bot, params: Params) -> Obj:
    if not params.text("phone_number"):
        raise bad("PHONE_NUMBER_INVALID")
    contact = {name: params.text(name) for name in ("phone_number", "first_name", "last_name") if name in params}
    return put(world, bot, params, {"contact": contact})[0].body


def copy_message(world: World, bot: Bot, params: Params) -> Obj:
    message = _source(world, bot, params, "message to copy not found")
    content = {key: value for key, value in message.body.items() if key in COPIED}
    if not content:
        raise bad("message can't be copied")
    if "caption" in params.values and "text" not in content:
        content = {key: value for key, value in content.items() if not key.startswith("caption")}
        content |= caption_of(params)
    return {"message_id": put(world, bot, params, content)[0].id}


def forward_message(world: World, bot: Bot, params: Params) -> Obj:
    message = _source(world, bot, params, "message to forward not found")
    content = {key: value for key, value in message.body.items() if key in CONTENT}
    origin = {"type": "user", "sender_user": message.body["from"], "date": message.body["date"]}
    return put(world, bot, params, content | {"forward_origin": origin})[0].body


def _source(world: World, bot: Bot, params: Params, missing: str) -> Message:
    message = box_of(world, bot, params, "from_chat_id").messages.get(params.whole("message_id"))
    if message is None:
        raise bad(missing)
    return message


# -- editing


def edited(world: World, bot: Bot, params: Params) -> tuple[Box, Message]:
    """The message an edit is about, in a chat or shared inline."""
    if "inline_message_id" in params:
        found = world.inline.get(params.text("inline_message_id"))
        if found is None or found[0] is not bot:
            raise bad("MESSAGE_ID_INVALID")
        return found[1], found[2]
    box = box_of(world, bot, params)
    message = box.messages.get(params.whole("message_id"))
    if message is None:
        raise bad("message to edit not found")
    if message.author != bot.id or message.inline_id or message.is_fixed or not message.is_content:
        raise bad("message can't be edited")
    return box, message


def change(world: World, bot: Bot, params: Params, content: Obj | None, replaced: tuple[str, ...]) -> Obj | bool:
    """Replace these parts of a message by the new content and its buttons by the new ones."""
    box, message = edited(world, bot, params)
    keyboard = keyboard_of(params)
    body = {key: value for key, value in message.body.items() if key not in (*replaced, "reply_markup")}
    body |= content or {}
    if keyboard:
        body["reply_markup"] = keyboard
    old = {key: value for key, value in message.body.items() if key != "edit_date"}
    if {key: value for key, value in body.items() if key != "edit_date"} == old:
        raise bad(SAME)
    bot.flood.take(box.id, edit=True)
    world.retell(box, message, body)
    return True if "inline_message_id" in params else message.body


def edit_message_text(world: World, bot: Bot, params: Params) -> Obj | bool:
    message = edited(world, bot, params)[1]
    content = text_of(params)
    if "text" not in message.body:
        raise bad("there is no text in the message to edit")
    return change(world, bot, params, content, ("text", "entities", "link_preview_options"))


def edit_message_caption(world: World, bot: Bot, params: Params) -> Obj | bool:
    message = edited(world, bot, params)[1]
    content = caption_of(params)
    if not any(kind in message.body for kind in MEDIA):
        raise bad("there is no caption in the message to edit")
    return change(world, bot, params, content, ("caption", "caption_entities"))


async def edit_message_media(world: World, bot: Bot, params: Params) -> Obj | bool:
    edited(world, bot, params)
    content = await item_of(world, bot, params, params.json("media"))
    return change(world, bot, params, content, CONTENT)


def edit_message_reply_markup(world: World, bot: Bot, params: Params) -> Obj | bool:
    return change(world, bot, params, None, ())


def delete_message(world: World, bot: Bot, params: Params) -> bool:
    box = box_of(world, bot, params)
    message = box.messages.get(params.whole("message_id"))
    if message is None:
        raise bad("message to delete not found")
    rules = isinstance(box, Group) and box.is_admin(bot.id, "can_delete_messages")
    is_late = world.clock.now() - message.at > DELETABLE_FOR
    if not rules and (is_late or not (message.author == bot.id or isinstance(box, Private))):
        raise bad("message can't be deleted")
    _remove(world, box, message)
    return True


def delete_messages(world: World, bot: Bot, params: Params) -> bool:
    box = box_of(world, bot, params)
    for message_id in params.json("message_ids") or []:
        if message := box.messages.get(int(message_id)):
            _remove(world, box, message)
    return True


def _remove(world: World, box: Box, message: Message) -> None:
    del box.messages[message.id]
    box.deleted.append(message)
    if message.id in box.pinned:
        box.pinned.remove(message.id)
    world.changed()


def _sender(kind: str) -> Any:
    async def send(world: World, bot: Bot, params: Params) -> Obj:
        return await send_media(world, bot, params, kind)

    return send


METHODS: Mapping[str, Any] = {
    "sendMessage": send_message,
    **{f"send{kind.title().replace('_', '')}": _sender(kind) for kind in MEDIA},
    "sendMediaGroup": send_media_group,
    "sendLocation": send_location,
    "sendContact": send_contact,
    "copyMessage": copy_message,
    "forwardMessage": forward_message,
    "editMessageText": edit_message_text,
    "editMessageCaption": edit_message_caption,
    "editMessageMedia": edit_message_media,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "deleteMessage": delete_message,
    "deleteMessages": delete_messages,
}
