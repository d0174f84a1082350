"""What a journey left behind in the database, as values that a test can compare."""

from dataclasses import dataclass

from sqlalchemy import func, select

from commerce.catalog.model import Variant
from commerce.inventory.model import Hold, StockLevel
from commerce.orders.model import Order, OrderLine
from commerce.payments.model import Intent, Payment
from conversations.model import OUTGOING, Conversation, Kind, Message, Owner, OwnershipEvent, Status
from foundation.database import Database


@dataclass(frozen=True, slots=True)
class Books:
    """Orders (status, way to pay, total), their lines (title, variant, pieces, unit, total), and what follows.

    `reserved`: by sku, pieces promised; `holds`: state and pieces; `paid`: state of the intent and what arrived of how
    much. Money in minor units.
    """

    orders: list[tuple[str, str, int]]
    lines: list[tuple[str, str, int, int, int]]
    reserved: dict[str, int]
    holds: list[tuple[str, int]]
    paid: list[tuple[str, int, int]]


async def books_of(database: Database) -> Books:
    """The shop's books as they are now."""
    async with database.begin() as session:
        orders = await session.scalars(select(Order).order_by(Order.id))
        lines = await session.scalars(select(OrderLine).order_by(OrderLine.order_id, OrderLine.position))
        levels = await session.execute(
            select(Variant.sku, func.sum(StockLevel.reserved).label("reserved"))
            .join(StockLevel)
            .where(StockLevel.reserved > 0)
            .group_by(Variant.sku)
        )
        holds = await session.scalars(select(Hold).order_by(Hold.id))
        paid = await session.execute(
            select(Intent.state, Intent.amount, Payment.captured)
            .outerjoin(Payment, Payment.intent_id == Intent.id)
            .order_by(Intent.id)
        )
        return Books(
            orders=[(order.status, order.payment_method, order.total_amount) for order in orders],
            lines=[(line.title, line.label, line.quantity, line.unit_amount, line.total_amount) for line in lines],
            reserved={level.sku: level.reserved for level in levels},
            holds=[(hold.state, sum(hold.lines.values())) for hold in holds],
            paid=[(state, captured or 0, amount) for state, amount, captured in paid],
        )


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation and all that was said in it, in order."""

    conversation: Conversation
    messages: list[Message]
    changes: list[OwnershipEvent]

    def of(self, kind: Kind) -> list[str]:
        """What was said in this way."""
        return [message.text for message in self.messages if message.kind == kind]

    @property
    def owners(self) -> list[tuple[str, str, str]]:
        """Every change of owner: before, after, who did it."""
        return [(change.owner_before, change.owner_after, change.actor) for change in self.changes]

    @property
    def under_a_person(self) -> list[str]:
        """The kinds of what was said from each take-over to the end of it."""
        return [message.kind for message, held in self._said() if held]

    @property
    def is_settled(self) -> bool:
        """Whether everything heard was dealt with and everything to be said has left."""
        unsent = [message for message in self.messages if message.kind in OUTGOING and message.status != Status.SENT]
        return self.conversation.handled_seq == self.conversation.heard_seq and not unsent

    @property
    def not_answered_once(self) -> list[str]:
        """What the bot did not answer right away in one turn, and what it answered though a person was there."""
        said = self._said()
        wrong: list[str] = []
        for place, (message, held) in enumerate(said):
            if message.kind == Kind.SHOPPER:
                replies = [at for at, (reply, _) in enumerate(said) if reply.answers == message.seq]
                in_a_row = list(range(place + 1, place + 1 + len(replies)))
                if held == bool(replies) or replies != in_a_row:
                    wrong.append(message.text)
        return wrong

    def _said(self) -> list[tuple[Message, bool]]:
        """Everything said, each with whether a person had the conversation then."""
        said: list[tuple[Message, bool]] = []
        held = False
        for message in self.messages:
            if message.kind == Kind.ACTIVITY:
                held = message.body["to"] == Owner.HUMAN
            else:
                said.append((message, held))
        return said


async def talks_of(database: Database) -> list[Talk]:
    """Every conversation, the first one first."""
    async with database.begin() as session:
        return [
            Talk(
                talk,
                list(await session.scalars(select(Message).filter_by(conversation_id=talk.id).order_by(Message.seq))),
                list(
                    await session.scalars(
                        select(OwnershipEvent).filter_by(conversation_id=talk.id).order_by(OwnershipEvent.epoch)
                    )
                ),
            )
            for talk in await session.scalars(select(Conversation).order_by(Conversation.id))
        ]
