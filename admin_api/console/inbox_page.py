"""The inbox: list, thread, and the shopper's orders and cart beside it."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from admin_api import inbox, order_desk
from admin_api.console.composer import NOTE, Composer
from admin_api.console.dialogs import Field, ask
from admin_api.console.looks import box, button, chip, icon_button, restyle, set_text, show, words
from admin_api.console.order_card import OrderCard, goods, total_line
from admin_api.console.talk_list import TalkList, owner_mark
from admin_api.console.thread import Thread
from admin_api.console.visit import Changes, Visit
from admin_api.order_views import Shopping
from admin_api.roles import Permission, StaffMember
from admin_api.talk_views import Talk, TalkRow, talk, talk_rows
from admin_api.talk_words import handoff_facts
from admin_api.unsent import unsent_texts
from conversations.model import Owner

LATEST = 60
"""Messages that an opened conversation shows at first."""


class InboxPage:
    """Three panes; on a narrow screen one at a time."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.row: TalkRow | None = None
        self.shopping: Shopping | None = None
        t = visit.t
        with box("panes show-list") as self.root:
            self.list = TalkList(visit, self.open)
            with box("pane thread-pane"):
                with box("nothing big") as self.nothing:
                    ui.icon("forum")
                    words(t("Choose a conversation"), "nothing-title")
                    words(t("The thread, the shopper's orders and their cart open beside the list."), "nothing-text")
                with box("thread") as self.thread_box:
                    self._head()
                    self.handoff = box("handoff")
                    with box("scroll"), box("scroll-inner"):
                        self.earlier = button(t("Earlier messages"), "more")
                        self.earlier.on("click", self._load_earlier)
                        self.thread = Thread(visit, self._send_draft)
                    with box("banner") as self.banner:
                        self.banner_words = words("")
                        self.banner_button = button(t("Take over"), "primary small")
                        self.banner_button.on("click", self._take)
                    self.composer = Composer(visit, self._say)
            with box("pane side-pane"):
                with box("pane-head"):
                    icon_button("arrow_back", t("Back"), "narrow-only").on("click", lambda: self._show("thread"))
                    words(t("Orders"), "pane-title")
                self.side = box("side")
        show(self.thread_box, False)

    async def start(self, conversation_id: int | None) -> None:
        """Fill the list, and open a conversation if the address names one."""
        await self.list.load()
        if conversation_id is not None:
            await self.open(conversation_id)
        self.visit.follow(self._apply, self._tick)

    async def open(self, conversation_id: int) -> None:
        """Open a conversation in the middle."""
        found = await self.visit.attempt(lambda staff: self._read_to_open(staff, conversation_id))
        if found is None:
            return
        opened, typed = found
        self.thread.clear(conversation_id)
        self.row = opened.conversation
        show(self.nothing, False)
        show(self.thread_box, True)
        self.list.mark_chosen(conversation_id)
        for message in opened.messages:
            self.thread.put(message)
        show(self.earlier, opened.has_earlier)
        self._put(opened.conversation)
        self._show("thread")
        self.composer.open(opened.conversation, typed)  # no wait in between: who is quick types already
        await self._load_side()
        ui.run_javascript(f"history.replaceState(null, '', '?c={int(conversation_id)}')")

    def _head(self) -> None:
        t = self.visit.t
        with box("pane-head"):
            icon_button("arrow_back", t("Back"), "narrow-only").on("click", lambda: self._show("list"))
            with box("head-middle"):
                self.name = words("", "pane-title")
                self.channel = chip("", "quiet")
                self.owner = chip("")
            with box("head-actions"):
                self.release_button = button(t("Give back"), "small", "reply")
                self.release_button.on("click", self._release)
                self.close_button = button(t("Close"), "small", "check")
                self.close_button.on("click", self._close)
                icon_button("receipt_long", t("Show orders and cart"), "side-toggle").on(
                    "click", lambda: self._show("side")
                )

    def _put(self, row: TalkRow) -> None:
        """Show who has the conversation and what may be done."""
        t = self.visit.t
        self.row = row
        set_text(self.name, t("Shopper {id}", id=row.customer_id))
        marks = [t(row.channel), t(row.language)]
        marks += [t("in a group")] if row.in_group else []
        marks += [t("cannot be reached")] if not row.reachable else []
        set_text(self.channel, " · ".join(marks))
        mark, tone = owner_mark(row, self.visit)
        set_text(self.owner, mark)
        self.owner.classes(replace=f"chip {tone}")
        may_end = row.is_mine or (row.owner is Owner.HUMAN and self.visit.staff.may(Permission.READ_ALL_TALKS))
        show(self.release_button, may_end)
        show(self.close_button, may_end or row.owner is Owner.WAITING)
        sentence = {
            Owner.BOT: "The bot is handling this.",
            Owner.WAITING: "The shopper is waiting for a person.",
            Owner.HUMAN: "{name} is handling this.",
            Owner.CLOSED: "This conversation is closed. The shopper's next message opens it again.",
        }[row.owner]
        set_text(self.banner_words, t(sentence, name=row.holder.name if row.holder else ""))
        restyle(self.banner, f"banner {row.owner}")
        show(self.banner, not row.is_mine)
        show(self.banner_button, row.owner in (Owner.BOT, Owner.WAITING))
        self._put_handoff(row)

    def _put_handoff(self, row: TalkRow) -> None:
        """Why a person is needed and what the bot knows, while that matters."""
        facts = list(handoff_facts(row, self.visit.t))
        self.handoff.clear()
        show(self.handoff, bool(facts))
        with self.handoff:
            for name, value in facts:
                _fact(name, value)

    async def _apply(self, changes: Changes) -> None:
        """Bring up to date what changed, and only that."""
        if changes.everything:
            await self.list.load()
        asked = changes.conversations | changes.gone
        if asked:
            async with self.visit.desk.database.begin() as session:
                rows = await talk_rows(session, staff=self.visit.staff, ids=asked)
            for row in sorted(rows.values(), key=lambda row: row.last_message_at):
                self.list.put(row)
            for gone in asked - rows.keys():
                self.list.drop(gone)
            await self.list.load_counts()
        if self.row is None:
            return
        if self.row.id in changes.gone:
            self._lost()
        elif self.row.id in changes.conversations or changes.everything:
            await self._catch_up()
        if changes.orders or self.row.id in changes.conversations or changes.everything:
            await self._load_side()

    async def _catch_up(self) -> None:
        """Read what is new in the open conversation."""
        if self.row is None:
            return
        conversation_id, rev = self.row.id, self.thread.rev
        news = await self.visit.attempt(lambda staff: self._read(staff, conversation_id, since=rev))
        if news is None or self.row.id != conversation_id:
            return
        for message in news.messages:
            self.thread.put(message)
        self._put(news.conversation)
        self.composer.put(news.conversation)

    def _lost(self) -> None:
        """Somebody else has it now, and it is not for this person to see."""
        show(self.banner, True)
        show(self.banner_button, False)
        show(self.release_button, False)
        show(self.close_button, False)
        set_text(self.banner_words, self.visit.t("This conversation is not yours to see any more."))

    def _tick(self) -> None:
        behind = int(self.visit.desk.hub.seconds_behind)
        t = self.visit.t
        set_text(self.list.live, t("{seconds} s behind", seconds=behind) if behind else t("live"))
        self.list.live.classes(add="late" if behind else "", remove="" if behind else "late")

    def _show(self, pane: str) -> None:
        self.root.classes(replace=f"panes show-{pane}")

    async def _load_earlier(self) -> None:
        if self.row is None:
            return
        conversation_id, first = self.row.id, self.thread.first
        found = await self.visit.attempt(lambda staff: self._read(staff, conversation_id, before=first))
        if found is not None and self.row.id == conversation_id:
            for message in reversed(found.messages):
                self.thread.put(message)
            show(self.earlier, found.has_earlier)

    async def _load_side(self) -> None:
        """Orders first, then the cart; drawn anew only when something in them is another."""
        if self.row is None or not self.visit.staff.may(Permission.READ_ORDERS):
            return
        conversation_id = self.row.id
        found = await self.visit.attempt(lambda staff: self._read_shopping(staff, conversation_id))
        if found is None or self.row.id != conversation_id or found == self.shopping:
            return
        self.shopping = found
        t = self.visit.t
        self.side.clear()
        with self.side:
            if not found.orders:
                words(t("No orders yet."), "side-empty")
            for number, order in enumerate(found.orders):
                OrderCard(self.visit, order, self._load_side, is_open=number < 2)
            words(t("Cart"), "side-title")
            if found.cart_total is None:
                words(t("The cart is empty."), "side-empty")
            else:
                with box("order-card"):
                    goods(self.visit, found.cart)
                    total_line(self.visit, found.cart_total)

    async def _take(self) -> None:
        await self._act(lambda staff, talk_id: inbox.take(self.visit.desk, staff, conversation_id=talk_id))

    async def _say(self, mode: str, text: str, client_msg_id: str) -> bool:
        act = inbox.write_note if mode == NOTE else inbox.reply
        return await self._act(
            lambda staff, talk_id: act(
                self.visit.desk, staff, conversation_id=talk_id, text=text, client_msg_id=client_msg_id
            )
        )

    async def _send_draft(self, seq: int) -> None:
        await self._act(
            lambda staff, talk_id: inbox.send_draft(self.visit.desk, staff, conversation_id=talk_id, seq=seq)
        )

    async def _release(self) -> None:
        answer = await ask(
            self.visit,
            "Give the conversation back",
            fields=[
                Field(
                    "A note for the bot or the next person",
                    "What was promised, what is still to do",
                    long=True,
                    needed=False,
                    longest=2000,
                )
            ],
            choices=[("bot", "To the bot"), ("queue", "To the queue")],
        )
        if answer is None:
            return
        to, note = answer[0], answer[1][0]
        await self._act(
            lambda staff, talk_id: inbox.release(
                self.visit.desk, staff, conversation_id=talk_id, to="bot" if to == "bot" else "queue", note=note
            )
        )

    async def _close(self) -> None:
        answer = await ask(
            self.visit,
            "Close this conversation?",
            text="The shopper can write again at any time.",
            choices=[("close", "Close")],
        )
        if answer is not None:
            await self._act(lambda staff, talk_id: inbox.close(self.visit.desk, staff, conversation_id=talk_id))

    async def _act(self, act: Callable[[StaffMember, int], Awaitable[object]]) -> bool:
        """Do something with the open conversation and show at once what came of it."""
        if self.row is None:
            return False
        conversation_id = self.row.id
        done = await self.visit.attempt(lambda staff: act(staff, conversation_id))
        await self._catch_up()
        return done is not None

    async def _read_to_open(self, staff: StaffMember, conversation_id: int) -> tuple[Talk, dict[str, str]]:
        async with self.visit.desk.database.begin() as session:
            opened = await talk(session, staff=staff, conversation_id=conversation_id, limit=LATEST)
            return opened, await unsent_texts(session, staff_id=staff.id, conversation_id=conversation_id)

    async def _read(
        self, staff: StaffMember, conversation_id: int, *, since: int | None = None, before: int | None = None
    ) -> Talk:
        async with self.visit.desk.database.begin() as session:
            return await talk(
                session,
                staff=staff,
                conversation_id=conversation_id,
                since=since,
                before=before,
                limit=LATEST if since is None else 500,
            )

    async def _read_shopping(self, staff: StaffMember, conversation_id: int) -> Shopping:
        async with self.visit.desk.database.begin() as session:
            return await order_desk.shopping(session, staff, conversation_id=conversation_id)


def _fact(name: str, value: str) -> None:
    with box("fact"):
        words(name, "fact-name")
        words(value)
