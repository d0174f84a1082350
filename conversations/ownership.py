"""Who answers now: taking a conversation, giving it back, closing it. Every change is one transaction of the caller.

Each locks the row, checks the move, counts `epoch` up, writes it down and stops the bot's answers that have not left.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from conversations.events import tell_staff
from conversations.model import (
    LONGEST_TEXT,
    REOPENS_WITHIN,
    Agent,
    Conversation,
    Kind,
    Message,
    Owner,
    OwnershipEvent,
    Status,
)
from conversations.text import clean, clean_json
from foundation.database import raw
from foundation.errors import Json, Refused

_SUPPRESS = """
WITH stopped AS (
    SELECT id, row_number() OVER (ORDER BY seq) AS n
      FROM message WHERE conversation_id = $1 AND kind = 'answer' AND status = 'queued'
)
UPDATE message m SET status = 'suppressed', rev = $2 + stopped.n, lease_until = NULL
  FROM stopped WHERE m.id = stopped.id
RETURNING m.seq
"""


async def ask_for_person(
    session: AsyncSession,
    *,
    conversation_id: int,
    reason: str,
    summary: dict[str, Json],
    actor: Literal["bot", "shopper"],
    now: datetime,
) -> bool:
    """Put the conversation into the queue. False when it waits already or a person has it.

    `reason` is a code such as "asked" or "turn_failed"; `summary` is what the agent sees on the handoff card.
    """
    conversation = await _hold(session, conversation_id)
    if conversation.owner in (Owner.WAITING, Owner.HUMAN):
        return False
    conversation.handoff = {"reason": reason, **clean_json(summary)}
    await _change_owner(session, conversation, Owner.WAITING, actor=actor, reason=reason, now=now)
    return True


async def shopper_gives_up(session: AsyncSession, *, conversation_id: int, now: datetime) -> bool:
    """The shopper does not want to wait any longer. False when nobody was being waited for."""
    return await _stop_waiting(session, conversation_id, actor="shopper", reason="gave_up", now=now)


async def nobody_comes(session: AsyncSession, *, conversation_id: int, now: datetime) -> bool:
    """Nobody is online, so the bot goes on. False when nobody was being waited for."""
    return await _stop_waiting(session, conversation_id, actor="shop", reason="nobody_online", now=now)


async def take(
    session: AsyncSession, *, conversation_id: int, agent: Agent, now: datetime, key: str | None = None
) -> Conversation:
    """An agent takes the conversation; once more by the same agent changes nothing.

    `key` names the act, here and below: what was done under it once is not done again, whatever happened since.
    Raises Refused("conversation.held", holder=name) when another agent has it, "conversation.move" when it is closed.
    """
    conversation = await _hold(session, conversation_id)
    if not await _done_before(session, conversation_id, key):
        await _take(session, conversation, agent, reason="taken", now=now, key=key)
    return conversation


async def agent_says(
    session: AsyncSession,
    *,
    conversation_id: int,
    agent: Agent,
    body: dict[str, Json],
    text: str,
    client_msg_id: str,
    now: datetime,
) -> Message:
    """Queue a message of an agent to the shopper; while the bot has the conversation or it waits, that takes it over.

    The same `client_msg_id` again gives the message it made the first time. Raises Refused("conversation.held",
    holder=name), "conversation.move" when it is closed, "message.empty" or "message.too_long".
    """
    conversation = await _hold(session, conversation_id)
    said_before = await _said_before(session, conversation_id, client_msg_id)
    if said_before is not None:
        if said_before.staff_id != agent.id:
            _check_holder(conversation, agent)  # what a colleague said here may not be for this agent's eyes
        return said_before
    _check_length(text)
    await _take(session, conversation, agent, reason="answered", now=now)
    message = _add(conversation, Kind.PERSON, body, text, now=now, agent=agent, client_msg_id=client_msg_id)
    message.status = Status.QUEUED
    conversation.handled_seq = conversation.heard_seq
    conversation.last_message_at = now
    conversation.preview = message.text[:200]
    await _save(session, conversation, message)
    return message


async def agent_edits(
    session: AsyncSession, *, conversation_id: int, agent: Agent, client_msg_id: str, text: str, now: datetime
) -> Message | None:
    """Put other words into a message this agent sent: the same place, the next `rev`. None when there is none such.

    Raises Refused("conversation.held", holder=name) when another agent has it by now, "message.empty" unless it has a
    photo, "message.too_long".
    """
    conversation = await _hold(session, conversation_id)
    message = await _said_before(session, conversation_id, client_msg_id)
    if message is None or message.kind != Kind.PERSON or message.staff_id != agent.id:
        return None
    if text or "digest" not in message.body:
        _check_length(text)
    if clean(text) == message.body.get("text"):
        return message
    _check_holder(conversation, agent)  # what the former holder writes reaches the shopper no more
    conversation.last_seq += 1
    message.rev = conversation.last_seq
    message.body = {**message.body, "text": clean(text), "plain": clean(text)}
    message.text = clean(text)
    if message.status == Status.SENDING or message.external_id is not None:
        message.edit_due_at = message.edit_due_at or now
    conversation.last_message_at = now
    await _save(session, conversation, message)
    return message


async def add_note(
    session: AsyncSession, *, conversation_id: int, agent: Agent, text: str, client_msg_id: str, now: datetime
) -> Message:
    """Write a note for the staff; it never reaches the shopper and changes no owner. Idempotent like `agent_says`."""
    conversation = await _hold(session, conversation_id)
    said_before = await _said_before(session, conversation_id, client_msg_id)
    if said_before is not None:
        return said_before
    _check_length(text)
    body = {"kind": "text", "text": text}
    message = _add(conversation, Kind.NOTE, body, text, now=now, agent=agent, client_msg_id=client_msg_id)
    await _save(session, conversation, message)
    return message


async def release(
    session: AsyncSession,
    *,
    conversation_id: int,
    agent: Agent | None,
    to: Literal["bot", "queue"],
    note: str,
    now: datetime,
    by: Agent | None = None,
    key: str | None = None,
) -> Conversation:
    """Give the conversation back to the bot, which gets the note, or to the queue. Nobody answers the backlog again.

    `by` does it in place of the agent. `agent` None: the shop itself does it, because the agent vanished. Raises
    Refused("conversation.held", holder=name) when another agent has it, "conversation.move" when nobody has.
    """
    conversation = await _hold(session, conversation_id)
    if await _done_before(session, conversation_id, key):
        return conversation
    _check_holder(conversation, agent)
    owner = Owner.BOT if to == "bot" else Owner.WAITING
    if conversation.owner != Owner.HUMAN:  # a queue that a shopper waits in is left by `shopper_gives_up`
        raise Refused("conversation.move", owner=str(conversation.owner), to=str(owner))
    _leave_backlog(conversation)
    conversation.note_for_bot = clean(note) or None
    conversation.assignee_id = conversation.assignee_name = None
    actor = "shop" if agent is None else "staff"
    await _change_owner(
        session, conversation, owner, actor=actor, agent=by or agent, reason="released", note=note, now=now, key=key
    )
    return conversation


async def close(
    session: AsyncSession,
    *,
    conversation_id: int,
    agent: Agent,
    now: datetime,
    by: Agent | None = None,
    key: str | None = None,
) -> Conversation:
    """An agent ends the conversation, their own or one that waits; whatever the shopper writes next opens it again.

    `by` does it in place of the agent, to whom it comes back.
    Raises Refused("conversation.held", holder=name) when another agent has it, "conversation.move" when the bot has it
    or it is closed.
    """
    conversation = await _hold(session, conversation_id)
    if await _done_before(session, conversation_id, key):
        return conversation
    _check_holder(conversation, agent)
    conversation.check_move(Owner.CLOSED)
    _leave_backlog(conversation)
    conversation.assignee_id, conversation.assignee_name = agent.id, agent.name
    conversation.note_for_bot = None
    await _change_owner(
        session, conversation, Owner.CLOSED, actor="staff", agent=by or agent, reason="closed", now=now, key=key
    )
    return conversation


async def reopen(session: AsyncSession, *, conversation_id: int, online: Collection[int], now: datetime) -> Owner:
    """The shopper wrote into a closed conversation: back to the agent who closed it, if it is at most REOPENS_WITHIN
    ago and that agent is `online` (staff ids), else to the bot. Returns who has it now."""
    conversation = await _hold(session, conversation_id)
    if conversation.owner != Owner.CLOSED:
        return Owner(conversation.owner)
    agent, closed_at = conversation.assignee, conversation.closed_at
    is_fresh = closed_at is not None and now - closed_at <= REOPENS_WITHIN
    if agent is not None and agent.id in online and is_fresh:
        conversation.work_at = None
        conversation.attempts = 0
        await _change_owner(session, conversation, Owner.HUMAN, actor="shopper", reason="wrote_again", now=now)
    else:
        conversation.assignee_id = conversation.assignee_name = None
        await _change_owner(session, conversation, Owner.BOT, actor="shopper", reason="wrote_again", now=now)
    return Owner(conversation.owner)


async def _hold(session: AsyncSession, conversation_id: int) -> Conversation:
    """The conversation, its row locked until the commit. Raises Refused("conversation.unknown")."""
    conversation = await session.get(
        Conversation, conversation_id, with_for_update={"key_share": True}, populate_existing=True
    )
    if conversation is None:
        raise Refused("conversation.unknown", conversation=conversation_id)
    return conversation


async def _take(
    session: AsyncSession,
    conversation: Conversation,
    agent: Agent,
    *,
    reason: str,
    now: datetime,
    key: str | None = None,
) -> None:
    _check_holder(conversation, agent)
    if conversation.owner == Owner.HUMAN:
        return
    if conversation.owner == Owner.CLOSED:
        # Only the shopper opens it again; see the table of moves.
        raise Refused("conversation.move", owner=str(conversation.owner), to=str(Owner.HUMAN))
    conversation.assignee_id, conversation.assignee_name = agent.id, agent.name
    conversation.work_at = None
    conversation.attempts = 0
    await _change_owner(session, conversation, Owner.HUMAN, actor="staff", agent=agent, reason=reason, now=now, key=key)


async def _stop_waiting(session: AsyncSession, conversation_id: int, *, actor: str, reason: str, now: datetime) -> bool:
    conversation = await _hold(session, conversation_id)
    if conversation.owner != Owner.WAITING:
        return False
    await _change_owner(session, conversation, Owner.BOT, actor=actor, reason=reason, now=now)
    return True


async def _change_owner(
    session: AsyncSession,
    conversation: Conversation,
    owner: Owner,
    *,
    actor: str,
    reason: str,
    now: datetime,
    agent: Agent | None = None,
    note: str | None = None,
    key: str | None = None,
) -> None:
    """Everything that belongs to a change of owner, in the one place where it happens."""
    before = str(conversation.owner)
    conversation.move_to(owner)
    conversation.waiting_since = now if owner == Owner.WAITING else None
    conversation.closed_at = now if owner == Owner.CLOSED else None
    stopped = await (await raw(session)).fetch(_SUPPRESS, conversation.id, conversation.last_seq)
    conversation.last_seq += len(stopped)
    change = {"from": before, "to": str(owner), "actor": actor, "reason": reason}
    session.add(
        OwnershipEvent(
            conversation_id=conversation.id,
            epoch=conversation.epoch,
            owner_before=before,
            owner_after=owner,
            actor=actor,
            staff_id=None if agent is None else agent.id,
            reason=reason,
            note=None if note is None else clean(note),
            created_at=now,
        )
    )
    line = _add(conversation, Kind.ACTIVITY, {"kind": "owner", **change}, "", now=now, agent=agent, client_msg_id=key)
    await _save(session, conversation, line)


def _add(
    conversation: Conversation,
    kind: Kind,
    body: dict[str, Json],
    text: str,
    *,
    now: datetime,
    agent: Agent | None,
    client_msg_id: str | None = None,
) -> Message:
    """A message in the next place of a conversation whose row is held."""
    conversation.last_seq += 1
    return Message(
        conversation_id=conversation.id,
        seq=conversation.last_seq,
        rev=conversation.last_seq,
        kind=kind,
        status=Status.RECEIVED,
        body=clean_json(body),
        text=clean(text),
        client_msg_id=None if client_msg_id is None else clean(client_msg_id),
        epoch=conversation.epoch,
        staff_id=None if agent is None else agent.id,
        staff_name=None if agent is None else agent.name,
        created_at=now,
    )


async def _save(session: AsyncSession, conversation: Conversation, message: Message) -> None:
    """Write now: the hot statements of a turn go past the session and must find the row as it is."""
    session.add(message)
    await session.flush()
    await tell_staff(session, "conversation", conversation.id)


async def _said_before(session: AsyncSession, conversation_id: int, client_msg_id: str) -> Message | None:
    same = select(Message).filter_by(conversation_id=conversation_id, client_msg_id=clean(client_msg_id))
    return (await session.scalars(same)).one_or_none()


async def _done_before(session: AsyncSession, conversation_id: int, key: str | None) -> bool:
    return key is not None and await _said_before(session, conversation_id, key) is not None


def _check_holder(conversation: Conversation, agent: Agent | None) -> None:
    if agent is not None and conversation.owner == Owner.HUMAN and conversation.assignee_id != agent.id:
        raise Refused("conversation.held", holder=conversation.assignee_name)


def _check_length(text: str) -> None:
    if not text.strip():
        raise Refused("message.empty")
    if len(text) > LONGEST_TEXT:
        raise Refused("message.too_long", limit=LONGEST_TEXT)


def _leave_backlog(conversation: Conversation) -> None:
    """What was said until now counts as dealt with: the bot must not answer what a person already did."""
    conversation.handled_seq = conversation.heard_seq
    conversation.work_at = None
    conversation.attempts = 0


__all__ = [
    "add_note",
    "agent_edits",
    "agent_says",
    "ask_for_person",
    "close",
    "nobody_comes",
    "release",
    "reopen",
    "shopper_gives_up",
    "take",
]
