"""The staff in Telegram: one's own account, groups with their teams, and who else is linked."""

from nicegui import ui

from admin_api import staff_chat_desk
from admin_api.console.dialogs import ask, put_away
from admin_api.console.goods_fields import choice
from admin_api.console.goods_frame import STORE, GoodsFrame
from admin_api.console.looks import box, button, chip, words
from admin_api.console.visit import Visit
from admin_api.roles import Permission
from admin_api.staff_chat_desk import GroupRow, PersonRow, StaffChats, TeamForm
from conversations.staff_chats import CodeFor, Subject

ANY = ""
"""What stands for null in a choice."""


class StaffTelegramPage:
    """Everybody sees who is linked and links themselves; administrators manage groups and the accounts of others."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.may_manage = visit.staff.may(Permission.MANAGE_STAFF_GROUPS)
        with GoodsFrame(visit, "telegram", STORE).body:
            self.box = box("order-rules")

    async def start(self) -> None:
        """Read everything anew."""
        found = await self.visit.attempt(lambda staff: staff_chat_desk.list_staff_chats(self.visit.desk, staff))
        if found is None:
            return
        self.box.clear()
        with self.box:
            self._mine(found)
            self._groups(found.groups)
            self._people(found.people)

    def _mine(self, found: StaffChats) -> None:
        t = self.visit.t
        mine = next((person for person in found.people if person.id == self.visit.staff.id), None)
        with box("part"):
            words(t("Answer shoppers in Telegram"), "part-title")
            words(t("A conversation that needs a person becomes a topic in a group of the staff."), "part-hint")
            if not found.is_set_up:
                with box("chips"):
                    chip(t("Telegram is not set up"), "warn")
                token = "Make a bot with @BotFather and put its token into XIAOER_TELEGRAM_STAFF_TOKEN."
                words(t(token), "part-hint")
            with box("linked-row").props("data-mine"):
                words(t("My account"), "movement-why")
                if mine is None:
                    chip(t("Not linked yet"))
                else:
                    chip(self._since(mine), "good")
                button(t("Link my account"), "small primary", "link").on("click", lambda: self._code(CodeFor.PERSON))

    def _groups(self, groups: list[GroupRow]) -> None:
        t = self.visit.t
        with box("part"):
            words(t("Groups of the staff"), "part-title")
            if not groups:
                words(t("No group is linked yet"), "part-hint")
            for group in groups:
                self._group(group)
            if self.may_manage:
                button(t("Link a group"), "small", "group_add").on("click", lambda: self._code(CodeFor.GROUP))

    def _group(self, group: GroupRow) -> None:
        t = self.visit.t
        with box("linked-group").props(f'data-group="{group.id}"'):
            with box("linked-row"):
                words(group.title, "movement-why linked-name")
                chip(t("{count} open topics", count=group.topics), "quiet")
                if group.trouble is None:
                    chip(t("works"), "good")
                else:
                    chip(t(group.trouble.value), "bad")
                if self.may_manage:
                    button(t("Unlink"), "small plain danger-text").on("click", lambda: self._unlink_group(group))
            languages = {ANY: t("any language"), "zh": t("zh"), "en": t("en")}
            subjects = {ANY: t("anything")} | {subject.value: t(subject.value) for subject in Subject}
            with box("rule-numbers"):
                language = choice(t("Conversations in"), languages, group.language or ANY)
                subject = choice(t("Conversations about"), subjects, group.subject or ANY)
            for made in (language, subject):
                if self.may_manage:
                    made.on_value_change(lambda: self._set_team(group, str(language.value), str(subject.value)))
                else:
                    made.props("readonly")

    def _people(self, people: list[PersonRow]) -> None:
        t = self.visit.t
        with box("part"):
            words(t("People"), "part-title")
            if not people:
                words(t("Nobody has linked an account yet"), "part-hint")
            for person in people:
                with box("linked-row").props(f'data-person="{person.id}"'):
                    words(person.name, "movement-why linked-name")
                    if person.is_active:
                        chip(self._since(person), "quiet")
                    else:
                        chip(t("works here no more"), "warn")
                    if self.may_manage or person.id == self.visit.staff.id:
                        unlink = button(t("Unlink"), "small plain danger-text")
                        unlink.on("click", lambda person=person: self._unlink_person(person))

    async def _code(self, kind: CodeFor) -> None:
        """Make a code and show it until it was used."""
        t, desk = self.visit.t, self.visit.desk
        code = await self.visit.attempt(lambda staff: staff_chat_desk.new_link_code(desk, staff, kind=kind))
        if code is None:
            return
        where = {
            CodeFor.PERSON: t("Say this to the bot of the staff in a private chat"),
            CodeFor.GROUP: t("Say this in the group, once the bot is an administrator that may manage topics"),
        }[kind]
        with self.visit.client, ui.dialog() as dialog, box("dialog").props("role=dialog"):
            words(t("Link my account" if kind is CodeFor.PERSON else "Link a group"), "dialog-title")
            words(where, "dialog-text")
            with box("chat-code"):
                words(code.say, "code-words")
                copy = button(t("Copy"), "small", "content_copy")
                copy.on("click", js_handler="(e) => window.xiaoer.goods.copy(e)")
            until = code.until.astimezone(desk.settings.zone)
            words(t("Good until {time}, once.", time=until.strftime("%H:%M")), "goods-label")
            with box("dialog-foot"):
                button(t("Finish"), "primary").on("click", lambda: dialog.submit(None))
        await dialog
        put_away(dialog)
        with self.visit.client:
            await self.start()

    async def _set_team(self, group: GroupRow, language: str, subject: str) -> None:
        form = TeamForm.model_validate({"language": language or None, "subject": subject or None})
        desk = self.visit.desk
        await self.visit.attempt(lambda staff: staff_chat_desk.set_team(desk, staff, group_id=group.id, form=form))
        with self.visit.client:
            ui.notify(self.visit.t("Saved"), classes="notice", position="top", timeout=1500)

    async def _unlink_group(self, group: GroupRow) -> None:
        text = "Its topics stay where they are, but nothing is told or heard in them any more."
        answer = await ask(self.visit, "Unlink this group?", text=text, choices=[("unlink", "Unlink")], danger=True)
        if answer is not None:
            desk = self.visit.desk
            await self.visit.attempt(lambda staff: staff_chat_desk.unlink_group(desk, staff, group_id=group.id))
            with self.visit.client:
                await self.start()

    async def _unlink_person(self, person: PersonRow) -> None:
        t = self.visit.t
        text = t("{name} can answer no shopper in Telegram until a new code is used.", name=person.name)
        answer = await ask(self.visit, "Unlink this account?", text=text, choices=[("unlink", "Unlink")], danger=True)
        if answer is not None:
            desk = self.visit.desk
            await self.visit.attempt(lambda staff: staff_chat_desk.unlink_person(desk, staff, staff_id=person.id))
            with self.visit.client:
                await self.start()

    def _since(self, person: PersonRow) -> str:
        t = self.visit.t
        return t("Linked since {time}", time=t.moment(person.linked_at.astimezone(self.visit.desk.settings.zone)))
