"""Methods about the bot itself: its updates, commands, names, menu, files."""

import json
import re
from collections.abc import Mapping
from typing import Any

from tests.telegram_server.entities import is_blank
from tests.telegram_server.errors import ApiError, Obj, bad
from tests.telegram_server.limits import fits
from tests.telegram_server.media import downloadable
from tests.telegram_server.methods_messages import box_of
from tests.telegram_server.params import Params
from tests.telegram_server.world import Bot, World

COMMAND = re.compile(r"/?[a-z0-9_]{1,32}")
TEXTS = {"name": ("Name", 64), "description": ("Description", 512), "short_description": ("ShortDescription", 120)}
SCOPES = (
    "default",
    "all_private_chats",
    "all_group_chats",
    "all_chat_administrators",
    "chat",
    "chat_administrators",
    "chat_member",
)


def get_me(world: World, bot: Bot, params: Params) -> Obj:
    return bot.account.user | {
        "can_join_groups": True,
        "can_read_all_group_messages": bot.reads_groups,
        "supports_inline_queries": True,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": False,
        "allows_users_to_create_topics": False,
    }


async def get_updates(world: World, bot: Bot, params: Params) -> list[Obj]:
    return await bot.updates.fetch(params)


def set_webhook(world: World, bot: Bot, params: Params) -> bool:
    bot.updates.set_webhook(params)
    return True


def delete_webhook(world: World, bot: Bot, params: Params) -> bool:
    bot.updates.set_webhook(Params({"drop_pending_updates": params.text("drop_pending_updates")}))
    return True


def get_webhook_info(world: World, bot: Bot, params: Params) -> Obj:
    return bot.updates.info()


def refuse(world: World, bot: Bot, params: Params) -> Obj:
    """logOut and close are for who moves to a server of their own."""
    raise ApiError(429, "Too Many Requests: retry after 600", retry_after=600)


def _scope(world: World, bot: Bot, params: Params) -> tuple[str, str]:
    scope = params.json("scope") or {"type": "default"}
    if scope.get("type") not in SCOPES:
        raise bad("can't parse BotCommandScope: unsupported type specified")
    if scope["type"].startswith("chat"):
        box_of(world, bot, Params(scope))
    language = params.text("language_code")
    if language and not re.fullmatch("[a-z]{2}", language):
        raise bad("invalid language code specified")
    return json.dumps(scope, sort_keys=True), language


def set_my_commands(world: World, bot: Bot, params: Params) -> bool:
    key = _scope(world, bot, params)
    commands = params.json("commands")
    if not isinstance(commands, list):
        raise bad("can't parse commands JSON object")
    if len(commands) > 100:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not COMMAND.fullmatch(str(command.get("command", ""))):
            raise bad("BOT_COMMAND_INVALID")
        if is_blank(str(command.get("description", ""))) or len(str(command["description"])) > 256:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    bot.commands[key] = [{"command": one["command"].lstrip("/"), "description": one["description"]} for one in commands]
    world.changed()
    return True


def get_my_commands(world: World, bot: Bot, params: Params) -> list[Obj]:
    return bot.commands.get(_scope(world, bot, params), [])


def delete_my_commands(world: World, bot: Bot, params: Params) -> bool:
    bot.commands.pop(_scope(world, bot, params), None)
    return True


def commands_for(bot: Bot, language: str, *, private: bool) -> list[Obj]:
    """The commands somebody of this language sees: the narrowest scope that has any, their language first."""
    for scope in ("all_private_chats" if private else "all_group_chats", "default"):
        for code in (language[:2], ""):
            if found := bot.commands.get((json.dumps({"type": scope}), code)):
                return found
    return []


def set_chat_menu_button(world: World, bot: Bot, params: Params) -> bool:
    button = params.json("menu_button") or {"type": "default"}
    if button.get("type") not in ("commands", "web_app", "default"):
        raise bad("can't parse menu button: unsupported type specified")
    bot.menu[params.whole("chat_id")] = button
    return True


def get_chat_menu_button(world: World, bot: Bot, params: Params) -> Obj:
    return bot.menu.get(params.whole("chat_id")) or bot.menu.get(0) or {"type": "default"}


def get_file(world: World, bot: Bot, params: Params) -> Obj:
    file = downloadable(world, bot, params.text("file_id"))
    shown = {"file_id": file.id, "file_unique_id": "u" + file.id[-8:], "file_size": len(file.content)}
    return shown | {"file_path": file.path}


def _setter(name: str, limit: int) -> Any:
    def set_text(world: World, bot: Bot, params: Params) -> bool:
        fits(params.text(name), limit, f"bot {name.replace('_', ' ')} is too long")
        bot.texts[name, params.text("language_code")] = params.text(name)
        return True

    return set_text


def _getter(name: str) -> Any:
    def get_text(world: World, bot: Bot, params: Params) -> Obj:
        fallback = bot.account.name if name == "name" else ""
        default = bot.texts.get((name, ""), fallback)
        return {name: bot.texts.get((name, params.text("language_code")), default)}

    return get_text


METHODS: Mapping[str, Any] = {
    "getMe": get_me,
    "getUpdates": get_updates,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
    "logOut": refuse,
    "close": refuse,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "setChatMenuButton": set_chat_menu_button,
    "getChatMenuButton": get_chat_menu_button,
    "getFile": get_file,
    **{f"setMy{name}": _setter(key, limit) for key, (name, limit) in TEXTS.items()},
    **{f"getMy{name}": _getter(key) for key, (name, _) in TEXTS.items()},
}
