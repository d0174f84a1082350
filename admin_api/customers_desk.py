"""What the staff sees of customers and does for them: finding one, what they have, their data handed out or erased."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.desk import Desk
from admin_api.order_views import Price
from admin_api.product_desk import note_down
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import Words, read_cursor
from commerce.credit.actions import accounts_of
from commerce.customers.actions import addresses_of
from commerce.customers.address import masked
from commerce.customers.consents import consents_of
from commerce.customers.events import events_of, note_event
from commerce.customers.linking import masked_email
from commerce.customers.model import ChannelIdentity, Customer, Purpose
from commerce.customers.search import found_by
from commerce.orders.model import Order, OrderStatus
from commerce.orders.number import spelled
from commerce.persons.erasure import erase_customer, forget_photos_soon, refuse_erasure
from commerce.persons.exports import person_of
from commerce.persons.joining import living
from commerce.points.actions import points_of
from conversations.erase import erase_talks, lock_talks, talks_of
from conversations.model import Conversation
from foundation.encryption import Vault
from foundation.errors import Json, Refused

LATEST = 10
ERASE_WORD = "ERASE"


class SearchForm(BaseModel):
    """What the customer named: a telephone number or its last four digits, an e-mail, an order number, or their own
    number. In the body, since addresses are written into logs."""

    said: Annotated[Words, Field(max_length=200)] = ""
    cursor: Annotated[Words, Field(max_length=20)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 40


class EraseForm(BaseModel):
    """The word ERASE, typed by the person who does it."""

    word: Annotated[Words, Field(max_length=20)]


class CustomerData(BaseModel):
    """Everything the shop has of a person, in the open, by what it is."""

    customer_id: int
    data: dict[str, Json]


class CustomerRow(BaseModel):
    """A customer in a list; name and e-mail as others may see them."""

    id: int
    name: str | None
    email: str | None
    language: str
    channels: list[str]
    orders: int
    created_at: datetime
    erased_at: datetime | None


class Customers(BaseModel):
    """Customers, the newest first; `next` goes on where this page ends."""

    customers: list[CustomerRow]
    next: str | None


class CustomerOrder(BaseModel):
    """One of their orders."""

    number: str
    status: OrderStatus
    total: Price
    created_at: datetime


class ConsentRow(BaseModel):
    """What they said last about a purpose; null where they never said anything, which forbids it."""

    purpose: Purpose
    granted: bool
    source: str | None
    at: datetime | None


class EventRow(BaseModel):
    """Something that happened to the account."""

    kind: str
    facts: dict[str, Json]
    at: datetime


class Talk(BaseModel):
    """A conversation of theirs."""

    id: int
    channel: str
    last_message_at: datetime


class CustomerCard(BaseModel):
    """All about a customer that is no personal data in the open. `keeps` says why their data cannot be erased now."""

    customer: CustomerRow
    addresses: list[str]
    orders: list[CustomerOrder]
    points: int
    points_pending: int
    credit: list[Price]
    consents: list[ConsentRow]
    events: list[EventRow]
    talks: list[Talk]
    joined: list[int]
    keeps: str | None


async def list_customers(session: AsyncSession, staff: StaffMember, *, form: SearchForm) -> Customers:
    """All of them, or who was searched for. Refuses cursor.invalid."""
    staff.must(Permission.READ_CUSTOMERS)
    wanted = select(Customer).where(Customer.merged_into.is_(None)).order_by(Customer.id.desc())
    if form.said.strip():
        wanted = wanted.where(Customer.id.in_(await _named(session, form.said.strip())))
    before = read_cursor(form.cursor)
    if before is not None:
        wanted = wanted.where(Customer.id < before)
    found = (await session.scalars(wanted.limit(form.limit + 1))).all()
    rows = await _rows(session, list(found[: form.limit]))
    return Customers(customers=rows, next=str(rows[-1].id) if len(found) > form.limit else None)


async def read_customer(session: AsyncSession, staff: StaffMember, *, customer_id: int) -> CustomerCard:
    """One customer; of one who turned out to be another, the other. Refuses customer.unknown."""
    staff.must(Permission.READ_CUSTOMERS)
    customer_id = await living(session, customer_id)
    customer = await session.get(Customer, customer_id)
    if customer is None:
        raise Refused("customer.unknown", customer=customer_id)
    [row] = await _rows(session, [customer])
    theirs = select(Order).where(Order.customer_id == customer_id).order_by(Order.id.desc()).limit(LATEST)
    points = await points_of(session, customer_id)
    said = await consents_of(session, customer_id=customer_id)
    kept = [] if customer.erased_at else await addresses_of(session, customer_id=customer_id)
    shown = [masked(address.text) for address in kept]
    talks = select(Conversation).where(Conversation.customer_id == customer_id)
    talks = talks.order_by(Conversation.last_message_at.desc()).limit(LATEST)
    joined = select(Customer.id).where(Customer.merged_into == customer_id).order_by(Customer.id)
    return CustomerCard(
        customer=row,
        addresses=list(dict.fromkeys(shown)),
        orders=[_order(order) for order in await session.scalars(theirs)],
        points=points.available,
        points_pending=points.pending,
        credit=[Price(amount=one.balance, currency=one.currency) for one in await accounts_of(session, customer_id)],
        consents=[
            ConsentRow(purpose=purpose, granted=one.granted, source=one.source, at=one.at)
            if (one := said.get(purpose))
            else ConsentRow(purpose=purpose, granted=False, source=None, at=None)
            for purpose in Purpose
        ],
        events=[
            EventRow(kind=event.kind, facts=event.facts, at=event.at)
            for event in await events_of(session, customer_id=customer_id, limit=LATEST)
        ],
        talks=[
            Talk(id=talk.id, channel=talk.channel, last_message_at=talk.last_message_at)
            for talk in await session.scalars(talks)
        ],
        joined=list(await session.scalars(joined)),
        keeps=await _keeps(session, customer_id),
    )


async def export_customer(desk: Desk, staff: StaffMember, *, customer_id: int) -> CustomerData:
    """Everything of a person in the open, to be handed to them; who did it is written down first."""
    staff.must(Permission.ERASE_CUSTOMERS)
    async with desk.database.begin() as session:
        customer_id = await _must_be_whole(session, customer_id)
        note_down(session, desk, staff, "customer.exported", f"customer:{customer_id}")
        note_event(session, customer_id=customer_id, kind="export_by_staff", now=desk.now())
    async with desk.database.session() as session:
        await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        talks = await talks_of(session, customer_id=customer_id)
        data = await person_of(session, customer_id=customer_id, talks=talks)
    return CustomerData(customer_id=customer_id, data=data)


async def erase(desk: Desk, staff: StaffMember, *, customer_id: int, form: EraseForm) -> CustomerCard:
    """Erase a person who asked for it. Refuses erase.word_invalid, customer.unknown, and while an order, a return or a
    refund is open.
    """
    staff.must(Permission.ERASE_CUSTOMERS)
    if form.word.strip() != ERASE_WORD:
        raise Refused("erase.word_invalid", word=ERASE_WORD)
    async with desk.database.begin() as session:
        customer_id = await living(session, customer_id)
        await lock_talks(session, customer_ids=[customer_id])
        if await erase_customer(session, customer_id=customer_id, by="staff", now=desk.now()):
            await forget_photos_soon(session, await erase_talks(session, customer_id=customer_id))
            note_down(session, desk, staff, "customer.erased", f"customer:{customer_id}")
    async with desk.database.begin() as session:
        return await read_customer(session, staff, customer_id=customer_id)


async def _named(session: AsyncSession, said: str) -> list[int]:
    found = list(await found_by(session, said=said))
    by_order = await session.scalar(select(Order.customer_id).where(Order.number == spelled(said)))
    if by_order is not None:
        found.append(by_order)
    if said.isascii() and said.isdecimal() and len(said) < 19:
        found.append(await living(session, int(said)))
    return found


async def _rows(session: AsyncSession, customers: list[Customer]) -> list[CustomerRow]:
    ids = [customer.id for customer in customers]
    counted = select(Order.customer_id, func.count()).where(Order.customer_id.in_(ids)).group_by(Order.customer_id)
    orders = {row[0]: row[1] for row in await session.execute(counted)}
    known = select(ChannelIdentity.customer_id, ChannelIdentity.channel).where(ChannelIdentity.customer_id.in_(ids))
    channels: dict[int, list[str]] = {}
    for customer_id, channel in await session.execute(known.order_by(ChannelIdentity.channel)):
        channels.setdefault(customer_id, []).append(channel)
    vault: Vault = session.info["vault"]
    return [
        CustomerRow(
            id=one.id,
            name=vault.open(one.name_sealed)[:1] + "*" if one.name_sealed else None,
            email=masked_email(vault.open(one.email_sealed)) if one.email_sealed else None,
            language=one.language,
            channels=list(dict.fromkeys(channels.get(one.id, []))),
            orders=orders.get(one.id, 0),
            created_at=one.created_at,
            erased_at=one.erased_at,
        )
        for one in customers
    ]


def _order(order: Order) -> CustomerOrder:
    total = Price(amount=order.total_amount, currency=order.currency)
    return CustomerOrder(number=order.number, status=order.status, total=total, created_at=order.created_at)


async def _keeps(session: AsyncSession, customer_id: int) -> str | None:
    try:
        await refuse_erasure(session, customer_id=customer_id)
    except Refused as refused:
        return refused.code
    return None


async def _must_be_whole(session: AsyncSession, customer_id: int) -> int:
    customer = await session.get(Customer, await living(session, customer_id))
    if customer is None or customer.erased_at is not None:
        raise Refused("customer.unknown", customer=customer_id)
    return customer.id
