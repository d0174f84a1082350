"""The list of conversations: one element a row, fed rows as values; a change touches its own row only."""

from collections.abc import Awaitable, Callable

from nicegui import ui
from nicegui.element import Element

from admin_api.console.looks import box, chip, clock_time, set_text, show, words
from admin_api.console.visit import Visit
from admin_api.roles import Permission
from admin_api.talk_views import Scope, TalkPage, TalkRow, talk_counts, talk_page
from conversations.model import Owner

TABS = {Scope.MINE: "Mine", Scope.UNASSIGNED: "Unassigned", Scope.BOT: "Bot", Scope.ALL: "All"}
MOST_ROWS = 200
"""Older rows leave the page when this many are shown; scrolling down brings them back."""
PAGE = 40


class Row:
    """One conversation in the list, with the parts that may change."""

    def __init__(self, visit: Visit, row: TalkRow, choose: Callable[[int], Awaitable[None]]) -> None:
        self.visit, self.row = visit, row
        self.root = ui.element("button").classes("talk-row").props(f"type=button data-talk={row.id}")
        self.root.on("click", lambda: choose(row.id))
        t = visit.t
        with self.root:
            with box("talk-avatar"):
                ui.icon("person")
            with box("talk-middle"):
                with box("talk-top"):
                    words(t("Shopper {id}", id=row.customer_id), "talk-name")
                    chip(t(row.channel), "quiet")
                    self.time = words("", "talk-time")
                with box("talk-top"):
                    self.preview = words("", "talk-preview")
                    self.waiting = words("", "waits").props("data-since=")
                with box("talk-marks"):
                    self.owner = chip("")
                    self.language = chip("", "quiet")
                    self.money = chip("", "quiet")
                    self.away = chip(t("cannot be reached"), "bad")
                    self.group = chip(t("in a group"), "quiet")
        self.put(row)

    def put(self, row: TalkRow) -> None:
        """Show the row as it is now."""
        t, desk = self.visit.t, self.visit.desk
        self.row = row
        set_text(self.time, clock_time(row.last_message_at, desk.now(), desk.settings.zone, t))
        set_text(self.preview, row.preview.replace("\n", " ")[:120])
        set_text(self.language, t(row.language))
        order = row.latest_order
        set_text(self.money, f"{order.total.shown(t.language)} {t(order.status)}" if order else "")
        show(self.away, not row.reachable)
        show(self.group, row.in_group)
        mark, tone = owner_mark(row, self.visit)
        set_text(self.owner, mark)
        self.owner.classes(replace=f"chip {tone}")
        since = "" if row.waiting_since is None else str(int(row.waiting_since.timestamp() * 1000))
        if self.waiting.props.get("data-since") != since:
            self.waiting.props["data-since"] = since
            self.waiting.update()
        show(self.waiting, bool(since))


def owner_mark(row: TalkRow, visit: Visit) -> tuple[str, str]:
    """Who has the conversation, as words and a tone."""
    match row.owner:
        case Owner.BOT:
            return visit.t("bot"), "bot"
        case Owner.WAITING:
            return visit.t("waiting"), "warn"
        case Owner.CLOSED:
            return visit.t("closed"), "quiet"
        case Owner.HUMAN:
            if row.is_mine:
                return visit.t("me"), "accent"
            return (row.holder.name if row.holder else ""), "quiet"


class TalkList:
    """Tabs with counts above rows, the latest message first."""

    def __init__(self, visit: Visit, choose: Callable[[int], Awaitable[None]]) -> None:
        self.visit, self.choose = visit, choose
        self.scope = Scope.ALL
        self.rows: dict[int, Row] = {}
        self.chosen: int | None = None
        self.counts: dict[Scope, ui.label] = {}
        self.tabs: dict[Scope, Element] = {}
        self.next: str | None = None
        t = visit.t
        with box("pane list-pane"):
            with box("pane-head"):
                words(t("Inbox"), "pane-title")
                self.live = words(t("live"), "live-chip").props(f'data-offline="{t("offline")}"')
            with box("tabs").props("role=tablist"):
                for scope, name in TABS.items():
                    tab = ui.element("button").classes("tab").props("type=button role=tab")
                    tab.on("click", lambda scope=scope: self.show_scope(scope))
                    with tab:
                        words(t(name))
                        self.counts[scope] = words("", "count")
                    self.tabs[scope] = tab
            with box("rows"):
                self.box = box("rows-inner")
                with box("nothing") as self.nothing:
                    ui.icon("inbox")
                    words(t("Nothing here"), "nothing-title")
                    words(t("New conversations appear here by themselves."), "nothing-text")
                self.more = ui.element("button").classes("btn more").props("type=button")
                self.more.on("click", self.load_more)
                with self.more:
                    words(t("More"))

    async def load(self) -> None:
        """Read the scope anew."""
        page = await self.visit.attempt(lambda _: self._page(None))
        if page is None:
            return
        for row in self.rows.values():
            row.root.delete()
        self.rows.clear()
        self._add(page)
        await self.load_counts()

    async def load_more(self) -> None:
        """Read the next page."""
        page = await self.visit.attempt(lambda _: self._page(self.next))
        if page is not None:
            self._add(page)

    async def load_counts(self) -> None:
        """Read the counts anew."""
        async with self.visit.desk.database.begin() as session:
            counts = await talk_counts(session, staff=self.visit.staff)
        for scope, label in self.counts.items():
            set_text(label, str(counts[scope]) if counts[scope] < 1000 else "999+")
        urgent = counts[Scope.UNASSIGNED]
        ui.page_title((f"({urgent}) " if urgent else "") + self.visit.t("Inbox"))

    async def show_scope(self, scope: Scope) -> None:
        """Switch the tab."""
        self.scope = scope
        await self.load()

    def put(self, row: TalkRow) -> None:
        """A row changed or is new: touch that row only, and bring it up when something was said."""
        if not self._is_shown(row):
            self.drop(row.id)
            return
        known = self.rows.get(row.id)
        if known is None:
            self._make(row, index=0)
            if len(self.rows) > MOST_ROWS:
                oldest = min(self.rows.values(), key=lambda shown: (shown.row.last_message_at, shown.row.id))
                self.drop(oldest.row.id)
        else:
            is_later = row.last_message_at > known.row.last_message_at
            known.put(row)
            if is_later and self.box.default_slot.children[0] is not known.root:
                known.root.move(target_index=0)
        show(self.nothing, not self.rows)

    def drop(self, conversation_id: int) -> None:
        """A row is not in this scope any more, or not ours to see."""
        gone = self.rows.pop(conversation_id, None)
        if gone is not None:
            gone.root.delete()
        show(self.nothing, not self.rows)

    def mark_chosen(self, conversation_id: int | None) -> None:
        """Show which conversation is open."""
        for known_id in (self.chosen, conversation_id):
            if known_id in self.rows:
                chosen = known_id == conversation_id
                self.rows[known_id].root.classes(add="chosen" if chosen else "", remove="" if chosen else "chosen")
        self.chosen = conversation_id

    def _add(self, page: TalkPage) -> None:
        for row in page.conversations:
            if row.id not in self.rows:
                self._make(row)
        self.next = page.next
        show(self.more, page.next is not None)
        show(self.nothing, not self.rows)
        for scope, tab in self.tabs.items():
            is_on = scope is self.scope
            tab.classes(add="on" if is_on else "", remove="" if is_on else "on")
        self.mark_chosen(self.chosen)

    def _make(self, row: TalkRow, index: int = -1) -> None:
        with self.box:
            made = Row(self.visit, row, self.choose)
        if index >= 0:
            made.root.move(target_index=index)
        if row.id == self.chosen:
            made.root.classes("chosen")
        self.rows[row.id] = made

    def _is_shown(self, row: TalkRow) -> bool:
        match self.scope:
            case Scope.MINE:
                return row.is_mine
            case Scope.UNASSIGNED:
                return row.owner is Owner.WAITING
            case Scope.BOT:
                return row.owner is Owner.BOT
            case _:
                return True

    async def _page(self, cursor: str | None) -> TalkPage:
        async with self.visit.desk.database.begin() as session:
            return await talk_page(session, staff=self.visit.staff, scope=self.scope, cursor=cursor, limit=PAGE)


def may_talk(visit: Visit) -> bool:
    """Whether this person works with conversations at all."""
    return visit.staff.may(Permission.TALK)
