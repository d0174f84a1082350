"""The main road: a shopper's message is heard, a turn reads it and stores the replies, delivery sends them."""

from datetime import datetime
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.announcements import told_in_turn
from bot.dialogue import Outcome, converse
from bot.flow import Handover, Setting
from bot.language import translator
from bot.replies import Text, plain, to_json
from bot.skills.in_groups import IN_GROUPS
from bot.skills.table import SKILLS
from bot.telegram.links import carried_payload, deep_link
from bot.telegram.photos import fetch_photo
from bot.understanding import understand
from bot.words import Heard
from commerce.customers.actions import customer_for, set_language
from conversations.bells import STAFF
from conversations.hear import Heard as Kept
from conversations.hear import Incoming, hear, open_conversation
from conversations.model import MOST_TRIES, Kind, Owner
from conversations.ownership import ask_for_person, shopper_gives_up
from conversations.turns import Locked, Reply, close_turn, lock_for_turn
from foundation.errors import Json

if TYPE_CHECKING:
    from bot.shop import Shop

log = structlog.get_logger(__name__)

TURN_FAILED = "turn_failed"


async def receive(shop: "Shop", incoming: Incoming, *, language: str | None = None) -> Kept:
    """Keep a shopper's message, so that the platform may be told that we have it, and begin to answer it."""
    heard = await keep(shop, incoming, language=language)
    if not heard.repeated:
        shop.soon(answer(shop, heard, incoming))
    return heard


async def keep(shop: "Shop", incoming: Incoming, *, language: str | None = None) -> Kept:
    """Keep a shopper's message; the first of a chat makes its customer and conversation, which begin in `language`.

    Whoever calls this calls `answer` soon; should the process die before, a sweep does the same.
    """
    heard = await hear(shop.database, incoming, now=shop.now())
    if heard is None:
        await meet(shop, incoming, language or shop.settings.default_language)
        heard = await hear(shop.database, incoming, now=shop.now())
        assert heard is not None
    return heard


async def answer(shop: "Shop", kept: Kept, incoming: Incoming) -> None:
    """Understand what was kept, and answer it."""
    heard = await _understand(shop, kept.conversation_id, kept.seq, incoming.body, incoming.text, language=None)
    await take_turns(shop, kept.conversation_id, {kept.seq: heard})


async def take_turns(shop: "Shop", conversation_id: int, understood: dict[int, Heard] | None = None) -> None:
    """Answer all that was said in a conversation, one turn after another; one task of a process at a time does it.

    `understood`: by seq, what this process has understood already; for a task that is at it, a reason to look again.
    """
    at_work = shop.turning.get(conversation_id)
    if at_work is not None:
        at_work.update(understood or {})
        return
    shop.turning[conversation_id] = meanings = dict(understood or {})
    try:
        is_more = True
        while is_more:
            known = set(meanings)
            is_more = await take_turn(shop, conversation_id, meanings) or not known.issuperset(meanings)
    finally:
        del shop.turning[conversation_id]


async def take_turn(shop: "Shop", conversation_id: int, meanings: dict[int, Heard]) -> bool:
    """One turn: lock, talk and store in one transaction, then send. Whether there is more to read.

    `meanings`: by seq, what is understood so far; the rest is understood outside the transaction, for the next try.
    """
    online = await shop.presence.who(STAFF)
    async with shop.database.begin() as session:
        locked = await lock_for_turn(session, conversation_id, now=shop.now(), online=online)
        if locked is None:
            return False
        is_given_up = locked.attempts > MOST_TRIES  # then what cannot be understood must not be waited for
        missing = [] if is_given_up else [said for said in locked.messages if said.seq not in meanings]
        if not missing:
            is_more = await _talk(shop, session, locked, meanings)
    if missing:
        for said in missing:
            meanings[said.seq] = await _understand(
                shop, conversation_id, said.seq, said.body, said.text, language=locked.language
            )
        return True
    for said in locked.messages:
        meanings.pop(said.seq, None)
    await shop.delivery.deliver(conversation_id, locked.channel)
    return is_more


async def meet(shop: "Shop", incoming: Incoming, language: str) -> None:
    """Make the customer and the conversation of a chat, which begin in `language`, unless they are there."""
    async with shop.database.begin() as session:
        customer = await customer_for(
            session,
            channel=incoming.channel,
            account=incoming.account or incoming.chat,
            language=language,
            now=shop.now(),
        )
        await open_conversation(
            session,
            channel=incoming.channel,
            chat=incoming.chat,
            customer_id=customer.id,
            language=customer.language,
            now=shop.now(),
            in_group=incoming.account is not None,
        )


async def _understand(
    shop: "Shop", conversation_id: int, seq: int, body: dict[str, Json], text: str, *, language: str | None
) -> Heard:
    await shop.places.settled()  # an address may be what was said, and there is no transaction here to hold up
    if "file" in body and shop.telegram is not None:
        body = await fetch_photo(shop, shop.telegram, conversation_id=conversation_id, seq=seq, body=body)
    return understand(await shop.mind.understander(), body, text, language=language)


async def _talk(shop: "Shop", session: AsyncSession, locked: Locked, meanings: dict[int, Heard]) -> bool:
    """The talking part of a turn, inside its transaction. Whether more was heard meanwhile."""
    now = shop.now()
    if locked.attempts > MOST_TRIES:
        log.error("turn given up", conversation=locked.conversation_id, attempts=locked.attempts)
        outcome = _given_up(locked)
    else:
        setting = Setting(
            session,
            shop,
            shop.vault,
            locked.customer_id,
            now,
            session.begin_nested,
            note=locked.note_for_bot or "",
            private_link=_private_link(shop, locked),
            channel=locked.channel,
        )
        outcome = await converse(
            setting,
            flows=IN_GROUPS if locked.in_group else SKILLS,
            frames=locked.frames,
            focus=locked.focus,
            language=locked.language,
            heard=[meanings[said.seq] for said in (locked.messages[:1] if locked.in_group else locked.messages)],
            waiting=locked.owner == Owner.WAITING,
            announced=told_in_turn(shop, session, customer_id=locked.customer_id, now=now),
        )
    read = locked.messages[: outcome.read]
    await _change_owner(session, locked, outcome, now=now)
    if outcome.language != locked.language:
        await set_language(session, customer_id=locked.customer_id, language=outcome.language)
    return await close_turn(
        session,
        locked,
        replies=[Reply(Kind(kind), to_json(reply), plain(reply)) for kind, reply in outcome.replies],
        frames=outcome.frames,
        focus=outcome.focus,
        language=outcome.language,
        handled_seq=read[-1].seq,
        now=now,
        traces={said.seq: trace for said in read if (trace := _trace(meanings.get(said.seq))) is not None},
    )


def _private_link(shop: "Shop", locked: Locked) -> str:
    """From a group to the shopper's own chat, where the message is heard once more; of several the first is read."""
    if not locked.in_group or shop.telegram is None:
        return ""
    carried = carried_payload(shop.vault, conversation_id=locked.conversation_id, seq=locked.messages[0].seq)
    return deep_link(shop.telegram.username, carried)


async def _change_owner(session: AsyncSession, locked: Locked, outcome: Outcome, *, now: datetime) -> None:
    if outcome.handover is not None:
        await ask_for_person(
            session,
            conversation_id=locked.conversation_id,
            reason=outcome.handover.reason,
            summary=dict(outcome.handover.known),
            actor="bot" if outcome.handover.reason == TURN_FAILED else "shopper",
            now=now,
        )
    elif outcome.gave_up:
        await shopper_gives_up(session, conversation_id=locked.conversation_id, now=now)


def _given_up(locked: Locked) -> Outcome:
    """The last try failed too: say that nothing was changed, and pass the conversation to a person."""
    _ = translator(locked.language)
    sorry = _("Sorry, something went wrong on our side. Nothing was changed or charged; a colleague will look at it.")
    return Outcome(
        replies=(("answer", Text(sorry)),),
        frames=[],
        focus=locked.focus,
        language=locked.language,
        handover=Handover(TURN_FAILED, {}),
    )


def _trace(heard: Heard | None) -> Json:
    """How a message was understood, for the staff and for training; what was said stays in the message alone."""
    if heard is None or heard.kind != "text":
        return None
    return {
        "intent": heard.intent,
        "confidence": round(heard.confidence, 3),
        "entities": [entity.kind for entity in heard.entities],
        "language": heard.language,
    }
