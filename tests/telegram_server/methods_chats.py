"""Methods about chats: topics, members, pins, reactions, what the bot is doing."""

from collections.abc import Mapping
from typing import Any

from tests.telegram_server.chats import Account, Box, Group, Message, Topic, membership
from tests.telegram_server.entities import cleaned, is_blank
from tests.telegram_server.errors import Obj, bad
from tests.telegram_server.limits import TOPIC_NAME
from tests.telegram_server.methods_messages import box_of, thread_of
from tests.telegram_server.params import Params
from tests.telegram_server.world import Bot, World

ACTIONS = (
    "typing",
    "upload_photo",
    "upload_document",
    "upload_voice",
    "upload_video",
    "record_voice",
    "record_video",
    "choose_sticker",
    "find_location",
)
COLOURS = (7322096, 16766590, 13338331, 9367192, 16749490, 16478047)
GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")


def forum_of(world: World, bot: Bot, params: Params, *, creating: bool = False) -> Group:
    box = box_of(world, bot, params)
    if not isinstance(box, Group) or not box.is_forum:
        raise bad("the chat is not a forum")
    if not box.is_admin(bot.id, "can_manage_topics"):
        raise bad("not enough rights to create a topic" if creating else "not enough rights to manage topics")
    return box


def topic_of(world: World, bot: Bot, params: Params) -> tuple[Group, Topic]:
    group = forum_of(world, bot, params)
    topic = group.topics.get(params.whole("message_thread_id"))
    if topic is None:
        raise bad("TOPIC_ID_INVALID")
    return group, topic


def create_forum_topic(world: World, bot: Bot, params: Params) -> Obj:
    group = forum_of(world, bot, params, creating=True)
    name = _topic_name(params)
    colour = params.whole("icon_color", COLOURS[0])
    if colour not in COLOURS:
        raise bad("TOPIC_ICON_COLOR_INVALID")
    bot.flood.take(group.id)
    shown = {"name": name, "icon_color": colour}
    message = world.post(group, bot.account, {"forum_topic_created": shown})
    message.body |= {"message_thread_id": message.id, "is_topic_message": True}
    group.topics[message.id] = Topic(message.id, name)
    world.changed()
    return shown | {"message_thread_id": message.id}


def _topic_name(params: Params) -> str:
    name = cleaned(params.text("name")).strip()
    if is_blank(name):
        raise bad("TOPIC_TITLE_EMPTY")
    if len(name) > TOPIC_NAME:
        raise bad("TOPIC_TITLE_INVALID")
    return name


def edit_forum_topic(world: World, bot: Bot, params: Params) -> bool:
    group, topic = topic_of(world, bot, params)
    name = _topic_name(params) if "name" in params else topic.name
    if name == topic.name and "icon_custom_emoji_id" not in params.values:
        raise bad("TOPIC_NOT_MODIFIED")
    topic.name = name
    world.post(group, bot.account, {"forum_topic_edited": {"name": name}}, thread=topic.id)
    return True


def close_forum_topic(world: World, bot: Bot, params: Params) -> bool:
    return _set_closed(world, bot, params, True)


def reopen_forum_topic(world: World, bot: Bot, params: Params) -> bool:
    return _set_closed(world, bot, params, False)


def _set_closed(world: World, bot: Bot, params: Params, closed: bool) -> bool:
    group, topic = topic_of(world, bot, params)
    close_topic(world, group, topic, bot.account, closed=closed)
    return True


def close_topic(world: World, group: Group, topic: Topic, by: Account, *, closed: bool) -> Message:
    """Somebody closes a topic or opens it again; what then stands in it."""
    if topic.closed == closed:
        raise bad("TOPIC_NOT_MODIFIED")
    topic.closed = closed
    event = "forum_topic_closed" if closed else "forum_topic_reopened"
    return world.post(group, by, {event: {}}, thread=topic.id)


def delete_forum_topic(world: World, bot: Bot, params: Params) -> bool:
    group, topic = topic_of(world, bot, params)
    if not group.is_admin(bot.id, "can_delete_messages"):
        raise bad("not enough rights to delete the topic")
    remove_topic(world, group, topic)
    return True


def remove_topic(world: World, group: Group, topic: Topic) -> None:
    """The topic and every message in it."""
    del group.topics[topic.id]
    for message in [one for one in group.messages.values() if one.thread == topic.id]:
        del group.messages[message.id]
        group.deleted.append(message)
    world.changed()


def get_chat(world: World, bot: Bot, params: Params) -> Obj:
    box = box_of(world, bot, params)
    full: Obj = box.chat | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(GIFTS, True),
    }
    if box.pinned:
        full["pinned_message"] = box.messages[box.pinned[-1]].body
    if isinstance(box, Group):
        full["permissions"] = {"can_send_messages": True}
    return full


def get_chat_member(world: World, bot: Bot, params: Params) -> Obj:
    box = box_of(world, bot, params)
    account = world.accounts.get(params.whole("user_id"))
    if account is None:
        raise bad("invalid user_id specified")
    if not isinstance(box, Group):
        return membership(account, "member")
    return membership(account, box.members.get(account.id, "left"), box.denied)


def get_chat_administrators(world: World, bot: Bot, params: Params) -> list[Obj]:
    box = box_of(world, bot, params)
    if not isinstance(box, Group):
        raise bad("there are no administrators in the private chat")
    admins = [(world.accounts[user], status) for user, status in box.members.items() if box.is_admin(user)]
    return [membership(account, status, box.denied) for account, status in admins]


def get_chat_member_count(world: World, bot: Bot, params: Params) -> int:
    box = box_of(world, bot, params)
    return len(box.members) if isinstance(box, Group) else 2


def leave_chat(world: World, bot: Bot, params: Params) -> bool:
    box = box_of(world, bot, params)
    if not isinstance(box, Group):
        raise bad("chat member status can't be changed in private chats")
    old, box.members[bot.id] = box.members[bot.id], "left"
    world.membership_changed(box, bot.account, bot.account, old, "left")
    world.tell(box, world.post(box, bot.account, {"left_chat_member": bot.account.user}))
    return True


def send_chat_action(world: World, bot: Bot, params: Params) -> bool:
    box = box_of(world, bot, params)
    thread_of(box, bot, params)
    if params.text("action") not in ACTIONS:
        raise bad("wrong parameter action in request")
    box.action = (params.text("action"), world.clock.now())
    world.changed()
    return True


def _message(box: Box, params: Params, missing: str) -> Message:
    message = box.messages.get(params.whole("message_id"))
    if message is None:
        raise bad(missing)
    return message


def pin_chat_message(world: World, bot: Bot, params: Params) -> bool:
    box = box_of(world, bot, params)
    message = _message(box, params, "message to pin not found")
    if isinstance(box, Group) and not box.is_admin(bot.id, "can_pin_messages"):
        raise bad("not enough rights to manage pinned messages in the chat")
    if message.id not in box.pinned:
        box.pinned.append(message.id)
        pinned = {key: value for key, value in message.body.items() if key != "reply_to_message"}
        world.tell(box, world.post(box, bot.account, {"pinned_message": pinned}))
    return True


def unpin_chat_message(world: World, bot: Bot, params: Params) -> bool:
    box = box_of(world, bot, params)
    if "message_id" in params:
        _message(box, params, "message to unpin not found")
        box.pinned = [one for one in box.pinned if one != params.whole("message_id")]
    else:
        box.pinned = box.pinned[:-1]
    world.changed()
    return True


def set_message_reaction(world: World, bot: Bot, params: Params) -> bool:
    box = box_of(world, bot, params)
    message = _message(box, params, "message to react not found")
    reaction = params.json("reaction") or []
    if len(reaction) > 1:
        raise bad("REACTIONS_TOO_MANY")
    message.reactions[bot.id] = reaction
    world.changed()
    return True


METHODS: Mapping[str, Any] = {
    "createForumTopic": create_forum_topic,
    "editForumTopic": edit_forum_topic,
    "closeForumTopic": close_forum_topic,
    "reopenForumTopic": reopen_forum_topic,
    "deleteForumTopic": delete_forum_topic,
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "getChatAdministrators": get_chat_administrators,
    "getChatMemberCount": get_chat_member_count,
    "leaveChat": leave_chat,
    "sendChatAction": send_chat_action,
    "pinChatMessage": pin_chat_message,
    "unpinChatMessage": unpin_chat_message,
    "setMessageReaction": set_message_reaction,
}
