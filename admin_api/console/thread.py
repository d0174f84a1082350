"""The messages of one conversation. Each is one element, known by its place; a change rebuilds that element only."""

import re
from collections.abc import Awaitable, Callable, Iterator

from nicegui import ui
from nicegui.element import Element

from admin_api.console.looks import box, button, picture, words
from admin_api.console.visit import Visit
from admin_api.talk_views import MessageView
from admin_api.talk_words import activity_words
from conversations.model import Kind, Status
from foundation.errors import Json

MOST_PICTURES = 6
TICKS = {
    Status.QUEUED: ("schedule", "sending"),
    Status.SENDING: ("schedule", "sending"),
    Status.SENT: ("done", "sent"),
    Status.DELIVERED: ("done_all", "delivered"),
    Status.READ: ("done_all", "read"),
    Status.FAILED: ("error", "failed"),
    Status.UNKNOWN: ("help", "may have arrived"),
}
_NUMBERED = re.compile(r"\d+\. (.*)")
_BRACKETED = re.compile(r"\[([^\]]*)\]")


class Thread:
    """The messages on the page, oldest on top."""

    def __init__(self, visit: Visit, send_draft: Callable[[int], Awaitable[None]]) -> None:
        self.visit, self.send_draft = visit, send_draft
        self.conversation_id = 0
        self.lines: dict[int, tuple[Element, MessageView]] = {}
        self.box = box("lines")

    @property
    def rev(self) -> int:
        """The newest change the page has."""
        return max((message.rev for _, message in self.lines.values()), default=0)

    @property
    def first(self) -> int | None:
        """The place of the oldest message on the page."""
        return min(self.lines, default=None)

    def clear(self, conversation_id: int) -> None:
        """Forget everything; another conversation comes."""
        self.conversation_id = conversation_id
        self.box.clear()
        self.lines.clear()

    def put(self, message: MessageView) -> None:
        """Show a message that is new or has changed, in its place."""
        known = self.lines.get(message.seq)
        if known is not None and known[1].rev >= message.rev:
            return
        if known is not None:
            element = known[0]
            element.clear()
        else:
            with self.box:
                element = box()
            later = sum(1 for seq in self.lines if seq > message.seq)
            if later:
                element.move(target_index=len(self.lines) - later)
        element.classes(replace=f"line {_look(message)}")
        self.lines[message.seq] = (element, message)
        with element:
            self._fill(message)

    def _fill(self, message: MessageView) -> None:
        t = self.visit.t
        if message.kind is Kind.ACTIVITY:
            words(f"{activity_words(message.body, message.by, t)} · {self._time(message)}", "activity-words")
            return
        is_draft = message.status is Status.SUPPRESSED
        with box("bubble"):
            if is_draft:
                words(t("Draft of the bot, not sent"), "bubble-label")
            elif message.kind is Kind.NOTE:
                words(t("Note"), "bubble-label")
            elif message.kind is Kind.FACT:
                words(t("Shop"), "bubble-label")
            self._fill_body(message)
            if is_draft:
                button(t("Send this"), "small", "send").on("click", lambda: self.send_draft(message.seq))
        with box("line-foot"):
            if message.by:
                words(message.by)
            words(self._time(message))
            if message.status in TICKS and message.kind is not Kind.SHOPPER:
                icon, name = TICKS[message.status]
                with box(f"tick {message.status}").props(f'title="{t(name)}"'):
                    ui.icon(icon)
                    if message.status in (Status.FAILED, Status.UNKNOWN):
                        words(t(name))

    def _fill_body(self, message: MessageView) -> None:
        body, t = message.body, self.visit.t
        kind = str(body.get("kind", "text"))
        labels = list(dict.fromkeys(str(part["label"]) for part in _parts(body, "token") if part.get("label")))[:12]
        if message.kind is Kind.SHOPPER and kind not in ("text", "press"):
            words(t(kind), "bubble-label")
        if message.kind is Kind.SHOPPER and kind == "press":
            with box("pressed"):
                ui.icon("touch_app")
                words(message.text)
            return
        if message.kind in (Kind.SHOPPER, Kind.PERSON) and kind == "photo":
            self._fill_photo(message)
        pictures = [part["picture"] for part in _parts(body, "picture") if isinstance(part.get("picture"), int)]
        if pictures:
            with box("pictures"):
                for media_id in list(dict.fromkeys(pictures))[:MOST_PICTURES]:
                    picture(self.visit.desk.settings.base_url, media_id)
        text = _without_options(message.text, labels)
        if kind == "pay_link":
            text, labels = str(body.get("prompt", "")), [f"{body.get('label', '')} {body.get('amount', '')}", *labels]
        if text:
            words(text, "said")
        if labels and message.kind is not Kind.SHOPPER:
            with box("options"):
                for label in labels:
                    words(label, "option")

    def _fill_photo(self, message: MessageView) -> None:
        """A photo of the shopper or of a colleague: small here, whole in a page of its own."""
        address = f"/api/conversations/{self.conversation_id}/photos/{message.seq}"
        link = ui.element("a").classes("pictures").props('target="_blank" rel="noopener"')
        link.props["href"] = address
        with link:
            shown = ui.element("img").classes("pic photo")
            shown.props["src"], shown.props["loading"] = f"{address}?small=true", "lazy"
            shown.props["alt"] = self.visit.t("photo")

    def _time(self, message: MessageView) -> str:
        local = message.at.astimezone(self.visit.desk.settings.zone)
        if local.date() == self.visit.desk.now().astimezone(self.visit.desk.settings.zone).date():
            return local.strftime("%H:%M")
        return self.visit.t.moment(local)


def _look(message: MessageView) -> str:
    if message.status is Status.SUPPRESSED:
        return "from-bot draft"
    looks = {
        Kind.SHOPPER: "from-shopper",
        Kind.ANSWER: "from-bot",
        Kind.FACT: "from-shop",
        Kind.PERSON: "from-person",
        Kind.NOTE: "note",
        Kind.ACTIVITY: "activity",
    }
    failed = " failed" if message.status is Status.FAILED else ""
    return looks[message.kind] + failed


def _parts(body: Json, key: str) -> Iterator[dict[str, Json]]:
    """Every map inside a reply that has this key, in order, whatever kind of reply it is."""
    if isinstance(body, dict):
        if key in body:
            yield body
        for part in body.values():
            yield from _parts(part, key)
    elif isinstance(body, list):
        for part in body:
            yield from _parts(part, key)


def _without_options(text: str, labels: list[str]) -> str:
    """The plain text without its numbered options and the links, which are shown as such."""
    lines = []
    for line in text.splitlines():
        numbered = _NUMBERED.fullmatch(line)
        bracketed = _BRACKETED.findall(line) if line.startswith("[") else []
        if not (numbered and numbered[1] in labels) and not (bracketed and set(bracketed) <= set(labels)):
            lines.append(line)
    return "\n".join(lines).strip()
