"""The staff's door for those who answer in Telegram: the same acts as in the console, by the account somebody linked.

The person is looked up at every act, so whoever was deactivated or unlinked a moment ago can do nothing any more.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api import inbox, order_change_desk
from admin_api.console.words import Words
from admin_api.desk import Desk
from admin_api.hub import Hub
from admin_api.model import Role, Staff
from admin_api.order_change_desk import refund_limit
from admin_api.order_views import GoodsLine, Price, Shopping, shopping_of
from admin_api.roles import Permission, StaffMember
from admin_api.talk_views import talk_row
from admin_api.talk_words import activity_words, handoff_facts
from commerce.flash_sales.queue import Line
from commerce.orders.model import RefundAskState
from commerce.orders.queries import order_of, order_view, order_views
from commerce.orders.refund_asks import refund_asks
from conversations.model import Conversation, Kind, Message, Owner
from conversations.staff_chats import CodeFor, Colleague, StaffChat, link_group, link_staff_chat, use_staff_code
from foundation.audit import write_audit
from foundation.database import Database
from foundation.encryption import Vault
from foundation.errors import Json, Refused
from foundation.money import Money
from foundation.redis import Doorbell, Presence
from foundation.settings import Settings

TELLS_NOTHING = ("ask_human", "out_of_scope")
"""Wishes of a shopper that say nothing of what it is about."""
MOST_NAMED = 5
"""So many goods of a cart, and people who may decide, are named."""


@dataclass(frozen=True, slots=True)
class CaseCard:
    """What the staff should know at once about a conversation."""

    title: str
    facts: tuple[tuple[str, str], ...]
    link: str


class TelegramDesk:
    """What people of the staff do by their account in Telegram; `user_id` is its number there."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def colleague(self, user_id: int) -> Colleague | None:
        """Whose account this is; None for strangers, people who left and those whose role does not talk."""
        async with self.desk.database.begin() as session:
            member = await _member(session, user_id)
        if member is None or not member.may(Permission.TALK):
            return None
        return Colleague(member.id, member.display_name, member.language)

    async def link(self, user_id: int, *, code: str) -> Colleague:
        """Make the account that of the person who got the code. Refuses staff_code.wrong, staff.forbidden."""
        now = self.desk.now()
        async with self.desk.database.begin() as session:
            staff_id = await use_staff_code(session, code=code, kind=CodeFor.PERSON, now=now)
            await link_staff_chat(session, user_id=user_id, staff_id=staff_id, now=now)
            member = await _must_talk(session, user_id)
            write_audit(session, staff_id=staff_id, action="telegram.linked", subject=f"staff:{staff_id}", now=now)
        return Colleague(member.id, member.display_name, member.language)

    async def link_group(self, chat_id: int, *, title: str, code: str) -> Colleague:
        """Make a group one of the staff's. Refuses staff_code.wrong for a code of somebody who left."""
        now = self.desk.now()
        async with self.desk.database.begin() as session:
            staff_id = await use_staff_code(session, code=code, kind=CodeFor.GROUP, now=now)
            person = await session.scalar(select(Staff).where(Staff.id == staff_id, Staff.active))
            if person is None:
                raise Refused("staff_code.wrong")
            _as_member(person).must(Permission.MANAGE_STAFF_GROUPS)
            group = await link_group(
                session, chat_id=chat_id, title=title, staff_id=staff_id, words=person.language, now=now
            )
            subject = f"staff_group:{group.id}"
            write_audit(session, staff_id=staff_id, action="telegram.group_linked", subject=subject, now=now)
        return Colleague(person.id, person.display_name, person.language)

    async def take(self, user_id: int, *, conversation_id: int, key: str) -> None:
        """Take the conversation over. Refuses conversation.held."""
        staff = await self._staff(user_id)
        await inbox.take(self.desk, staff, conversation_id=conversation_id, key=key)

    async def reply(self, user_id: int, *, conversation_id: int, text: str, key: str) -> None:
        """Answer the shopper. Refuses conversation.held, conversation.move, message.too_long."""
        staff = await self._staff(user_id)
        await inbox.reply(self.desk, staff, conversation_id=conversation_id, text=text, client_msg_id=key)

    async def send_photo(self, user_id: int, *, conversation_id: int, content: bytes, text: str, key: str) -> None:
        """Answer with a photo. Refuses media.* too."""
        staff = await self._staff(user_id)
        await inbox.send_photo(
            self.desk, staff, conversation_id=conversation_id, content=content, text=text, client_msg_id=key
        )

    async def edit(self, user_id: int, *, conversation_id: int, text: str, key: str) -> bool:
        """Put other words into what was said; False when nothing was said under this key."""
        staff = await self._staff(user_id)
        return await inbox.edit(self.desk, staff, conversation_id=conversation_id, text=text, client_msg_id=key)

    async def note(self, user_id: int, *, conversation_id: int, text: str, key: str) -> None:
        """Write a note for the staff."""
        staff = await self._staff(user_id)
        await inbox.write_note(self.desk, staff, conversation_id=conversation_id, text=text, client_msg_id=key)

    async def release(
        self, user_id: int, *, conversation_id: int, to: Literal["bot", "queue"], note: str, key: str
    ) -> None:
        """Give the conversation back. Refuses conversation.held, conversation.move."""
        staff = await self._staff(user_id)
        await inbox.release(self.desk, staff, conversation_id=conversation_id, to=to, note=note, key=key)

    async def close(self, user_id: int, *, conversation_id: int, key: str) -> None:
        """End the conversation. Refuses conversation.held, conversation.move."""
        staff = await self._staff(user_id)
        await inbox.close(self.desk, staff, conversation_id=conversation_id, key=key)

    async def refund(
        self, user_id: int, *, conversation_id: int, amount: str, number: str, reason: str, key: str
    ) -> str:
        """Give money back on an order of this shopper, or ask those who may; what came of it, for this person.

        Refuses staff_desk.refund_form, staff_desk.not_their_order, refund.too_much, staff.forbidden.
        """
        staff = await self._staff(user_id)
        if not amount:
            raise Refused("staff_desk.refund_form")
        async with self.desk.database.begin() as session:
            number, currency = await _order_of(session, staff, conversation_id, number)
        money = Money.parse(amount, currency)
        ask = await order_change_desk.refund(
            self.desk,
            staff,
            number=number,
            amount=money.amount,
            reason=reason[:500] or "Telegram",
            to_credit=False,
            key=key,
        )
        t = Words(staff.language)
        told = Price(amount=ask.amount, currency=ask.currency).shown(staff.language)
        if ask.state is RefundAskState.GIVEN:
            return t("{amount} of order {number} goes back to the shopper.", amount=told, number=number)
        async with self.desk.database.begin() as session:
            names = await self._who_may(session, number, money)
        limit = refund_limit(self.desk.settings, staff.role, currency) or 0
        return t(
            "Your limit for one order is {limit}. The refund of {amount} on order {number} waits for: {names}.",
            limit=Price(amount=limit, currency=currency).shown(staff.language),
            amount=told,
            number=number,
            names=", ".join(names) or t("an administrator"),
        )

    async def card(self, conversation_id: int, *, language: str) -> CaseCard:
        """The hand-over card, with the same facts as in the console and what lies beside it there."""
        t = Words(language)
        async with self.desk.database.begin() as session:
            row = await session.get_one(Conversation, conversation_id, populate_existing=True)
            shopping = await shopping_of(session, customer_id=row.customer_id, language=language)
            understood = await _last_understood(session, conversation_id, t)
        facts = [*handoff_facts(row, t)]
        if understood:
            facts.append((t("Understood"), understood))
        facts += _shopping_facts(shopping, t)
        title = f"{t('Shopper {id}', id=row.customer_id)} · {t(row.channel)} · {t(row.language)}"
        if row.in_group:  # others read along
            title += f" · {t('in a group')}"
        link = f"{self.desk.settings.console_base_url}/console/?c={conversation_id}"
        return CaseCard(title, tuple(facts), link)

    def happening(self, body: dict[str, Json], by: str | None, *, language: str) -> str:
        """A change of owner in words."""
        return activity_words(body, by, Words(language))

    def sentence(self, code: str, facts: dict[str, Json], *, language: str) -> str:
        """A refusal in words."""
        if code == "conversation.move" and facts.get("owner") == Owner.CLOSED:
            code = "staff_desk.closed"
        return Words(language).refusal(code, facts)

    async def _staff(self, user_id: int) -> StaffMember:
        async with self.desk.database.begin() as session:
            return await _must_talk(session, user_id)

    async def _who_may(self, session: AsyncSession, number: str, money: Money) -> list[str]:
        """Who works here and may give so much of this order back."""
        view = await order_view(session, number)
        asks = await refund_asks(session, order_id=view.order_id)
        whole = money.amount + sum(ask.amount.amount for ask in asks if ask.state is RefundAskState.GIVEN)
        names = list[str]()
        for person in await session.scalars(select(Staff).where(Staff.active).order_by(Staff.id)):
            limit = refund_limit(self.desk.settings, Role(person.role), money.currency)
            if _as_member(person).may(Permission.REFUND) and (limit is None or limit >= whole):
                names.append(person.display_name)
        return names[:MOST_NAMED]


def telegram_desk(
    settings: Settings,
    *,
    database: Database,
    vault: Vault,
    doorbell: Doorbell,
    presence: Presence,
    line: Line,
    now: Callable[[], datetime],
) -> TelegramDesk:
    """The staff's door of a process that has no console."""
    return TelegramDesk(Desk(settings, database, vault, doorbell, Hub(database, doorbell), presence, line, now))


async def _order_of(session: AsyncSession, staff: StaffMember, conversation_id: int, number: str) -> tuple[str, str]:
    """Number and currency of an order of the shopper of a conversation this person may see; the newest by default."""
    row = await talk_row(session, staff=staff, conversation_id=conversation_id)
    if number:
        try:
            order = await order_of(session, number=number, customer_id=row.customer_id)
        except Refused as refusal:
            raise Refused("staff_desk.not_their_order", number=number[:20]) from refusal
        return order.number, order.currency
    newest = await order_views(session, customer_id=row.customer_id, limit=1)
    if not newest:
        raise Refused("staff_desk.no_order")
    return newest[0].number, newest[0].total.currency


async def _last_understood(session: AsyncSession, conversation_id: int, t: Words) -> str:
    """What the bot understood last of what it is about, and how sure it was."""
    intent = Message.trace["intent"].astext
    trace = await session.scalar(
        select(Message.trace)
        .where(Message.conversation_id == conversation_id, Message.kind == Kind.SHOPPER, intent.not_in(TELLS_NOTHING))
        .order_by(Message.seq.desc())
        .limit(1)
    )
    if not trace:
        return ""
    return t(f"wish {trace['intent']}") + f" · {round(100 * float(trace.get('confidence') or 0))} %"


def _shopping_facts(shopping: Shopping, t: Words) -> Iterator[tuple[str, str]]:
    if shopping.cart_total is not None:
        yield t("Cart"), f"{_goods(shopping.cart)} = {shopping.cart_total.shown(t.language)}"
    for order in shopping.orders[:2]:
        about = f"{order.number} · {t(order.status)} · {t(order.payment_state)} · {order.total.shown(t.language)}"
        yield t("Order"), f"{about} · {_goods(order.lines)}"


def _goods(lines: list[GoodsLine]) -> str:
    named = [f"{line.title} ×{line.quantity}" for line in lines[:MOST_NAMED]]
    return ", ".join(named) + (" …" if len(lines) > MOST_NAMED else "")


async def _member(session: AsyncSession, user_id: int) -> StaffMember | None:
    found = select(Staff).join(StaffChat, StaffChat.staff_id == Staff.id)
    person = await session.scalar(found.where(StaffChat.user_id == user_id, Staff.active))
    return None if person is None else _as_member(person)


async def _must_talk(session: AsyncSession, user_id: int) -> StaffMember:
    member = await _member(session, user_id)
    if member is None:
        raise Refused("staff_desk.not_linked")
    member.must(Permission.TALK)
    return member


def _as_member(person: Staff) -> StaffMember:
    return StaffMember(person.id, person.name, person.display_name, Role(person.role), person.language)
