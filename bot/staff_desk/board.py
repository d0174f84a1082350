"""Keeps the topics of the staff's groups in step with the conversations.

Nothing is remembered here that matters: what is untold stands in the database. Whoever is killed between posting and
writing that down has posted once too often, which is better than once too little.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest

import structlog

from bot.delivery import NotSent
from bot.shop import Shop
from bot.staff_desk.desk import GroupClosed, StaffDesk, StaffWire, TopicGone, Unsure
from bot.staff_desk.teams import group_for
from bot.staff_desk.telling import Part, calls_for_card, card_html, parts_of
from bot.telegram.errors import Moved, Rejected
from commerce.catalog.media import MediaFolder
from conversations.bells import STAFF
from conversations.staff_chats import StaffGroup, Trouble, move_group, set_trouble, staff_groups
from conversations.topics import (
    ERASED,
    UNTOLD,
    News,
    Stand,
    forget_topic,
    keep_topic,
    mark_told,
    news_of,
    set_open,
    stand_of,
    topics_behind,
)

log = structlog.get_logger(__name__)

LOOK_EVERY = 2.0
BETWEEN_LOOKS = 0.2
AT_ONCE = 2_000
AFTER_A_FAULT = 2.0


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: lines that come within `quiet` of each other are told together, after `longest` at the latest. A group
    in `trouble` is looked into that often."""

    quiet: float = 1.5
    longest: float = 5.0
    trouble: float = 60.0


@dataclass(slots=True)
class _Watched:
    """Since when a conversation is behind, and when it last changed."""

    since: float
    changed: float
    last_seq: int


@dataclass(slots=True)
class Board:
    """One process runs it at a time. Groups are served beside each other, the topics of one in turn."""

    shop: Shop
    desk: StaffDesk
    wire: StaffWire
    patience: Patience = field(default_factory=Patience)
    _watched: dict[int, _Watched] = field(default_factory=dict)
    _epochs: dict[int, int] = field(default_factory=dict)
    """Conversations whose topic is open, and the ownership that it told last."""
    _serving: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    _paused: dict[int, float] = field(default_factory=dict)
    """Groups, and until when they are left alone."""
    _asked: dict[int, float] = field(default_factory=dict)
    """Groups in trouble, and when to look into them again."""
    _failed: dict[int, float] = field(default_factory=dict)
    """Conversations that something unforeseen happened to, and until when; it holds up no other."""

    async def run(self, stop: asyncio.Event) -> None:
        """Look at each ring, and every few seconds, until `stop` is set."""
        try:
            with self.shop.doorbell.listening(STAFF) as rung:
                while not stop.is_set():
                    rung.clear()
                    pause = await self.look()
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(pause):
                            await rung.wait()
                    await asyncio.sleep(BETWEEN_LOOKS)
        finally:
            for task in self._serving.values():
                task.cancel()
            await asyncio.gather(*self._serving.values(), return_exceptions=True)

    async def look(self) -> float:
        """Start to tell what is untold and has come to rest; in how many seconds to look again."""
        now = asyncio.get_running_loop().time()
        async with self.shop.database.begin() as session:
            groups = await staff_groups(session)
            behind = await topics_behind(session, limit=AT_ONCE) if groups else []
        await self._look_into(groups, now)
        self._failed = {one: until for one, until in self._failed.items() if until > now}
        self._watched = {stand.id: self._watch(stand, now) for stand in behind}
        ready: dict[int, list[Stand]] = {}
        by_id = {group.id: group for group in groups}
        for stand in behind:
            group = group_for(stand, groups)
            if group is None or self._paused.get(group.id, 0) > now or not self._is_ready(stand, now):
                continue
            # Where no topic can be opened, those that are open are told all the same.
            if group.trouble is None or (stand.is_open and group.trouble != Trouble.LEFT):
                ready.setdefault(group.id, []).append(stand)
        for group_id, stands in ready.items():
            if group_id not in self._serving:
                task = asyncio.create_task(self._serve(by_id[group_id], alternating(stands)))
                self._serving[group_id] = task
                task.add_done_callback(partial(self._served, group_id))
        return self.patience.quiet if behind else LOOK_EVERY

    async def _look_into(self, groups: Sequence[StaffGroup], now: float) -> None:
        """Ask every now and then whether a group in trouble works again."""
        for group in groups:
            if group.trouble is None or self._asked.get(group.id, 0) > now:
                continue
            self._asked[group.id] = now + self.patience.trouble
            try:
                _, trouble = await self.wire.group(group.chat_id)
            except Exception as error:  # it is still in trouble, or Telegram is
                log.warning("a group of the staff cannot be looked into", error=type(error).__name__)
                continue
            async with self.shop.database.begin() as session:
                await set_trouble(session, chat_id=group.chat_id, trouble=trouble)

    def _watch(self, stand: Stand, now: float) -> _Watched:
        known = self._watched.get(stand.id)
        if known is None:
            return _Watched(now, now, stand.last_seq)
        if known.last_seq != stand.last_seq:
            known.changed, known.last_seq = now, stand.last_seq
        return known

    def _is_ready(self, stand: Stand, now: float) -> bool:
        """A new owner, and a topic that is to be opened, are told at once; lines when nobody adds one for a moment."""
        seen = self._watched[stand.id]
        if stand.id in self._failed:
            return False
        if stand.rev in (UNTOLD, ERASED) or not stand.is_open or self._epochs.get(stand.id) != stand.epoch:
            return True
        return now - seen.changed >= self.patience.quiet or now - seen.since >= self.patience.longest

    async def _serve(self, group: StaffGroup, ids: list[int]) -> None:
        """Tell these conversations one after another, until the group may take no more for now."""
        for conversation_id in ids:
            pause = await self._tell_or_pause(group, conversation_id)
            if pause is not None:
                self._paused[group.id] = asyncio.get_running_loop().time() + pause
                return

    async def _tell_or_pause(self, group: StaffGroup, conversation_id: int) -> float | None:
        """Tell one conversation; for how many seconds to leave the group alone if that did not work."""
        try:
            await self._tell(group, conversation_id)
        except NotSent as error:
            return error.after.total_seconds()
        except TopicGone:
            async with self.shop.database.begin() as session:
                await forget_topic(session, conversation_id=conversation_id)
        except Moved as moved:
            async with self.shop.database.begin() as session:
                await move_group(session, chat_id=group.chat_id, to=moved.to)
            return 0
        except GroupClosed as closed:
            async with self.shop.database.begin() as session:
                await set_trouble(session, chat_id=group.chat_id, trouble=closed.trouble)
            later = asyncio.get_running_loop().time() + self.patience.trouble
            self._asked[group.id] = self._failed[conversation_id] = later
            return 0
        except Exception as error:  # a later look tries again
            trace = None if isinstance(error, Unsure) else error
            log.warning("a topic could not be told", conversation=conversation_id, exc_info=trace)
            self._failed[conversation_id] = asyncio.get_running_loop().time() + AFTER_A_FAULT
        return None

    async def _tell(self, group: StaffGroup, conversation_id: int) -> None:
        """Bring one topic up to date: opened if it is needed, closed if nobody is to be there any more."""
        self._epochs.pop(conversation_id, None)
        stand = await self._opened(group, conversation_id)
        if stand is not None and stand.rev == ERASED:
            await self._erase(group, stand)
            return
        while stand is not None and stand.thread_id is not None:
            async with self.shop.database.begin() as session:
                news = await news_of(session, stand)
            await self._post(group, stand, news)
            stand = await self._stand(conversation_id)
            if stand is None or not news.more:
                break
        if stand is not None and stand.thread_id is not None:
            if stand.is_attended or stand.rev < stand.last_seq:
                self._epochs[conversation_id] = stand.epoch
            else:
                await self._close(group, stand.thread_id, conversation_id)

    async def _opened(self, group: StaffGroup, conversation_id: int) -> Stand | None:
        """The conversation with its topic in this group, made or opened again if need be; None if it needs none."""
        stand = await self._stand(conversation_id)
        if stand is None or (stand.is_open and stand.group_id == group.id):
            return stand
        if not stand.is_attended:
            return None
        if stand.thread_id is not None and stand.group_id == group.id:
            await self.wire.open_topic(group.chat_id, stand.thread_id, is_open=True)
            async with self.shop.database.begin() as session:
                await set_open(session, conversation_id=conversation_id, is_open=True)
        else:
            card = await self.desk.card(conversation_id, language=group.words)
            thread_id = await self.wire.create_topic(group.chat_id, card.title)
            async with self.shop.database.begin() as session:
                await keep_topic(
                    session,
                    conversation_id=conversation_id,
                    group_id=group.id,
                    thread_id=thread_id,
                    now=self.shop.now(),
                )
        return await self._stand(conversation_id)

    async def _post(self, group: StaffGroup, stand: Stand, news: News) -> None:
        """Post what is new, each part written down before the next leaves."""
        thread_id, is_new = stand.thread_id, stand.rev == UNTOLD
        assert thread_id is not None
        card = ""
        if is_new or calls_for_card(news.messages):
            known = await self.desk.card(stand.id, language=group.words)
            card = card_html(known, language=group.words, is_cut=news.earlier)
        parts = parts_of(
            news.messages,
            card=card,
            written_here="" if is_new else f":{place_key(group.chat_id)}:",
            language=group.words,
            happening=partial(self.desk.happening, language=group.words),
        )
        for part in parts:
            await self._post_part(group.chat_id, thread_id, part)
            await self._mark(stand, thread_id, UNTOLD if is_new else part.tells[-1].rev if part.tells else 0, part)
        await self._mark(stand, thread_id, news.rev, Part("", news.messages))

    async def _post_part(self, chat_id: int, thread_id: int, part: Part) -> None:
        """Post it; what Telegram will never take is left out, so that what comes after it is told."""
        try:
            await self._post_words_or_photo(chat_id, thread_id, part)
        except Rejected as error:
            log.error("Telegram refuses a message of a topic", why=str(error))

    async def _post_words_or_photo(self, chat_id: int, thread_id: int, part: Part) -> None:
        if part.photo is None:
            await self.wire.post(chat_id, thread_id, part.html)
            return
        path = MediaFolder.of(self.shop.settings.data_dir).file(part.photo)
        content = await asyncio.to_thread(lambda: path.read_bytes() if path.is_file() else b"")
        if content:
            await self.wire.post_photo(chat_id, thread_id, content, part.html)
        else:
            await self.wire.post(chat_id, thread_id, part.html)

    async def _mark(self, stand: Stand, thread_id: int, rev: int, part: Part) -> None:
        async with self.shop.database.begin() as session:
            await mark_told(
                session,
                conversation_id=stand.id,
                thread_id=thread_id,
                rev=rev,
                messages=part.tells,
                now=self.shop.now(),
            )

    async def _erase(self, group: StaffGroup, stand: Stand) -> None:
        """Delete the topic of a shopper who was erased; without the right to do so it is tried again later."""
        try:
            await self.wire.delete_topic(group.chat_id, stand.thread_id or 0)
        except GroupClosed as error:
            log.error("a topic of an erased shopper cannot be deleted", conversation=stand.id, trouble=error.trouble)
            self._failed[stand.id] = asyncio.get_running_loop().time() + self.patience.trouble
            return
        except TopicGone:
            pass
        async with self.shop.database.begin() as session:
            await forget_topic(session, conversation_id=stand.id)

    async def _close(self, group: StaffGroup, thread_id: int, conversation_id: int) -> None:
        await self.wire.open_topic(group.chat_id, thread_id, is_open=False)
        async with self.shop.database.begin() as session:
            await set_open(session, conversation_id=conversation_id, is_open=False)

    async def _stand(self, conversation_id: int) -> Stand | None:
        async with self.shop.database.begin() as session:
            return await stand_of(session, conversation_id)

    def _served(self, group_id: int, task: asyncio.Task[None]) -> None:
        self._serving.pop(group_id, None)
        if not task.cancelled() and task.exception() is not None:
            log.error("a group could not be served", exc_info=task.exception())


def alternating(stands: Sequence[Stand]) -> list[int]:
    """The conversations in which order to tell them: those under way and those that are new take turns, so that
    neither a crowd at the door nor the talk inside keeps the others waiting."""
    under_way = [stand.id for stand in stands if stand.is_open]
    new = [stand.id for stand in stands if not stand.is_open]
    return [one for pair in zip_longest(under_way, new) for one in pair if one is not None]


def place_key(chat_id: int) -> str:
    """What the keys of everything written in this chat begin with."""
    return f"telegram:{chat_id}"
