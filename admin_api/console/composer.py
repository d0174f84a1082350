"""Where a person writes: reply or note, with what was typed kept on the server for each mode."""

from collections.abc import Awaitable, Callable
from functools import partial

from nicegui import ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments

from admin_api.console.looks import box, button, set_text, show, words
from admin_api.console.visit import Visit
from admin_api.roles import StaffMember
from admin_api.talk_views import TalkRow
from admin_api.unsent import keep_unsent
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
  const field = [...e.target.closest('.composer').querySelectorAll('textarea')].find((one) => one.offsetParent);
{_TAKE_TEXT}  field.focus();
}}"""
# The browser switches by itself, so that what is typed right after the click goes into the right field.
_ON_MODE = """(e) => {
  e.target.closest('.composer').classList.toggle('noting', %s);
  emit();
}"""
Say = Callable[[str, str, str], Awaitable[bool]]
"""Send text in a mode with the client's id of the message; False when it was refused."""


class Composer:
    """Reply | Note above a text field of each."""

    def __init__(self, visit: Visit, say: Say) -> None:
        self.visit, self.say = visit, say
        self.mode = REPLY
        self.conversation_id: int | None = None
        self.kept: dict[str, str] = {}
        self.tabs: dict[str, Element] = {}
        self.fields: dict[str, ui.textarea] = {}
        t = visit.t
        with box("composer") as self.root:
            with box("modes").props("role=tablist"):
                for mode, name in ((REPLY, "Reply"), (NOTE, "Note")):
                    tab = ui.element("button").classes(f"mode mode-{mode}").props("type=button role=tab")
                    tab.on("click", partial(self.switch, mode), js_handler=_ON_MODE % str(mode == NOTE).lower())
                    with tab:
                        words(t(name))
                    self.tabs[mode] = tab
                self.hint = words("", "composer-hint")
            with box("composer-row"):
                for mode, name, inside in (
                    (REPLY, "Reply", "Write to the shopper"),
                    (NOTE, "Note", "Only your colleagues see this."),
                ):
                    field = ui.textarea(placeholder=t(inside)).classes(f"composer-field field-{mode}")
                    field.props(f"borderless autogrow dense maxlength={LONGEST_TEXT}")
                    field.props["aria-label"] = t(name)
                    field.on("keydown", partial(self._sent, mode), js_handler=_ON_ENTER)
                    field.on("update:value", partial(self._typing, mode), throttle=1.0, leading_events=False)
                    self.fields[mode] = field
                send = button("", "primary send", "send").props(f'title="{t("Send")}"')
                send.on("click", self._button_pressed, js_handler=_ON_SEND)
                with send:
                    words(t("Send"), "send-reply")
                    words(t("Save"), "send-note")

    def open(self, row: TalkRow, typed: dict[str, str]) -> None:
        """Get ready for a conversation, with what was typed for it earlier by mode."""
        self.kept = typed
        self.conversation_id = row.id
        for mode, field in self.fields.items():
            field.set_value(typed.get(mode, ""))
        self.switch(REPLY if row.owner is not Owner.CLOSED else NOTE)
        self.put(row)

    def put(self, row: TalkRow) -> None:
        """Who may write what, as the conversation stands now."""
        may_reply = row.is_mine or row.owner in (Owner.BOT, Owner.WAITING)
        show(self.tabs[REPLY], may_reply)
        if not may_reply and self.mode == REPLY:
            self.switch(NOTE)
        set_text(self.hint, self.visit.t(_HINT if may_reply and not row.is_mine else _KEYS))

    def switch(self, mode: str) -> None:
        """Reply or note; each keeps its own text."""
        self.mode = mode
        self.root.classes(add="noting" if mode == NOTE else "", remove="" if mode == NOTE else "noting")

    async def _typing(self, mode: str) -> None:
        await self._keep(mode, self.fields[mode].value or "")

    async def _keep(self, mode: str, text: str) -> None:
        conversation_id = self.conversation_id
        if conversation_id is None or self.kept.get(mode, "") == text:
            return
        self.kept[mode] = text

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

    async def _button_pressed(self, event: GenericEventArguments) -> None:
        await self._sent(self.mode, event)

    async def _sent(self, mode: str, event: GenericEventArguments) -> None:
        text, client_msg_id = str(event.args["text"]), str(event.args["id"])[:60]
        if await self.say(mode, text, client_msg_id):
            await self._keep(mode, "")
        elif not self.fields[mode].value:
            self.fields[mode].set_value(text)  # refused: what was typed is not lost


_KEYS = "Enter sends, Shift+Enter begins a new line"
_HINT = "Answering takes the conversation over."
