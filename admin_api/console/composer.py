"""Where a person writes: reply or note, with what was typed kept on the server for each mode."""

from collections.abc import Awaitable, Callable

from nicegui import ui
from nicegui.events import GenericEventArguments

from admin_api.console.looks import box, button, set_text, show, words
from admin_api.console.visit import Visit
from admin_api.roles import StaffMember
from admin_api.talk_views import TalkRow
from admin_api.unsent import keep_unsent, unsent_texts
from conversations.model import LONGEST_TEXT, Owner

REPLY, NOTE = "reply", "note"
_TAKE_TEXT = """
  const text = field.value;
  if (!text.trim()) return;
  emit({text, id: Date.now().toString(36) + Math.random().toString(36).slice(2)});
  field.value = '';
  field.dispatchEvent(new Event('input', {bubbles: true}));
"""
# Enter that ends a word of an input method is no wish to send; keyCode 229: Safari, which ends composing first.
_ON_ENTER = f"""(e) => {{
  if (e.key !== 'Enter' || e.shiftKey || e.isComposing || e.keyCode === 229) return;
  e.preventDefault();
  const field = e.target;{_TAKE_TEXT}}}"""
_ON_SEND = f"""(e) => {{
  const field = e.target.closest('.composer').querySelector('textarea');{_TAKE_TEXT}  field.focus();
}}"""
Say = Callable[[str, str, str], Awaitable[bool]]
"""Send text in a mode with the client's id of the message; False when it was refused."""


class Composer:
    """Reply | Note above one text field."""

    def __init__(self, visit: Visit, say: Say) -> None:
        self.visit, self.say = visit, say
        self.mode = REPLY
        self.conversation_id: int | None = None
        self.typed: dict[str, str] = {}
        t = visit.t
        with box("composer") as self.root:
            with box("modes").props("role=tablist"):
                self.modes = {}
                for mode, name in ((REPLY, "Reply"), (NOTE, "Note")):
                    tab = ui.element("button").classes("mode").props("type=button role=tab")
                    tab.on("click", lambda mode=mode: self._choose(mode))
                    with tab:
                        words(t(name))
                    self.modes[mode] = tab
                self.hint = words("", "composer-hint")
            with box("composer-row"):
                self.field = ui.textarea().props(f"borderless autogrow dense maxlength={LONGEST_TEXT}")
                self.field.classes("composer-field")
                self.field.on("keydown", self._sent, js_handler=_ON_ENTER)
                self.field.on("update:value", self._typing, throttle=1.0, leading_events=False)
                with button("", "primary send", "send").props(f'title="{t("Send")}"') as self.button:
                    self.label = words(t("Send"))
                self.button.on("click", self._sent, js_handler=_ON_SEND)
        self.switch(REPLY)

    async def open(self, row: TalkRow) -> None:
        """Get ready for a conversation, with what was typed for it earlier."""
        async with self.visit.desk.database.begin() as session:
            self.typed = await unsent_texts(session, staff_id=self.visit.staff.id, conversation_id=row.id)
        self.conversation_id = row.id
        self.switch(REPLY if row.owner is not Owner.CLOSED else NOTE)
        self.put(row)

    def put(self, row: TalkRow) -> None:
        """Who may write what, as the conversation stands now."""
        may_reply = row.is_mine or row.owner in (Owner.BOT, Owner.WAITING)
        show(self.modes[REPLY], may_reply)
        if not may_reply and self.mode == REPLY:
            self.switch(NOTE)
        set_text(self.hint, self.visit.t(_HINT if may_reply and not row.is_mine else _KEYS))

    def switch(self, mode: str) -> None:
        """Reply or note; each keeps its own text."""
        t = self.visit.t
        self.mode = mode
        for name, tab in self.modes.items():
            tab.classes(add="on" if name == mode else "", remove="" if name == mode else "on")
        is_note = mode == NOTE
        self.root.classes(add="noting" if is_note else "", remove="" if is_note else "noting")
        hint = "Only your colleagues see this." if is_note else _PLACEHOLDER
        self.field.props["placeholder"] = t(hint)
        self.field.props["aria-label"] = t("Note" if is_note else "Reply")
        self.field.update()
        self.field.set_value(self.typed.get(mode, ""))
        set_text(self.label, t("Save" if is_note else "Send"))

    async def _choose(self, mode: str) -> None:
        await self._typing()
        self.switch(mode)

    async def _typing(self) -> None:
        await self._keep(self.mode, self.field.value or "")

    async def _keep(self, mode: str, text: str) -> None:
        conversation_id = self.conversation_id
        if conversation_id is None or self.typed.get(mode, "") == text:
            return
        self.typed[mode] = text

        async def keep(staff: StaffMember) -> None:
            async with self.visit.desk.database.begin() as session:
                await keep_unsent(
                    session,
                    staff_id=staff.id,
                    conversation_id=conversation_id,
                    mode=mode,
                    text=text.replace("\x00", ""),
                    now=self.visit.desk.now(),
                )

        await self.visit.attempt(keep)

    async def _sent(self, event: GenericEventArguments) -> None:
        mode = self.mode
        text, client_msg_id = str(event.args["text"]), str(event.args["id"])[:60]
        if await self.say(mode, text, client_msg_id):
            await self._keep(mode, "")
        elif not self.field.value and self.mode == mode:
            self.field.set_value(text)  # refused: what was typed is not lost


_PLACEHOLDER = "Write to the shopper"
_KEYS = "Enter sends, Shift+Enter begins a new line"
_HINT = "Answering takes the conversation over."
