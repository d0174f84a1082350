"""Linking one's own chat, where a photo with a caption becomes a draft product."""

from nicegui import ui

from admin_api.console.dialogs import put_away
from admin_api.console.looks import box, button, words
from admin_api.console.visit import Visit
from admin_api.keepers import new_chat_code, unlink_my_chats


async def link_my_chat(visit: Visit) -> None:
    """Show a code to say in one's chat, and where; or take the link away."""
    t, desk = visit.t, visit.desk
    code = await visit.attempt(lambda staff: new_chat_code(desk, staff))
    if code is None:
        return

    async def unlink() -> None:
        chats = await visit.attempt(lambda staff: unlink_my_chats(desk, staff))
        if chats is not None:
            with visit.client:
                ui.notify(t("{count} chats unlinked", count=chats), classes="notice", position="top")
            dialog.submit(None)

    with visit.client, ui.dialog() as dialog, box("dialog").props("role=dialog"):
        words(t("Link my chat"), "dialog-title")
        words(t("A photo with a caption, sent in that chat, becomes a draft product."), "dialog-text")
        words(t("1. Open the shop's chat on your phone"), "step")
        address = ui.element("a").classes("chat-address").props("target=_blank rel=noopener")
        address.props["href"] = code.address
        with address:
            words(code.address)
        words(t("2. Say this there"), "step")
        with box("chat-code"):
            words(code.say, "code-words")
            copy = button(t("Copy"), "small", "content_copy")
            copy.on("click", js_handler="(e) => window.xiaoer.goods.copy(e)")
        until = code.until.astimezone(desk.settings.zone)
        words(t("Good until {time}, for one chat.", time=until.strftime("%H:%M")), "goods-label")
        with box("dialog-foot"):
            button(t("Unlink my chats"), "plain danger-text").on("click", unlink)
            button(t("Finish"), "primary").on("click", lambda: dialog.submit(None))
    await dialog
    put_away(dialog)
