"""What this shop allows with orders after they were placed: one row of data, read into a value, else the defaults."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from datetime import timedelta

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.orders.model import ChangeKind, OrderPolicy
from foundation.database import raw
from foundation.errors import Refused

ROW = 1


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules. Amounts are minor units of the shop's currency.

    `kinds`: what may be changed at all. `once`: what may be changed once an order. `final`: after such a change nothing
    more may be, cancelling included. `cancel_reasons`: the only ones that are taken; empty: any. `only_unsent`: no item
    may be changed once a parcel has left. `same_again`: an item may be changed for the same one, at today's price.
    `back_as_chosen`: a lower price goes back where the shopper says, not only to what paid. `cod_confirm_above`: cash
    orders above this wait for a call. `complete_after_days`: how long after the delivery an order is complete by
    itself. `answer_hours`, `pay_minutes`: how long a proposal waits for its yes and its money.
    """

    kinds: frozenset[ChangeKind] = frozenset(ChangeKind)
    once: frozenset[ChangeKind] = frozenset()
    final: frozenset[ChangeKind] = frozenset()
    cancel_reasons: tuple[str, ...] = ()
    only_unsent: bool = False
    same_again: bool = False
    back_as_chosen: bool = False
    cod_confirm_above: int | None = None
    complete_after_days: int = 7
    answer_hours: int = 24
    pay_minutes: int = 30

    @property
    def answer_within(self) -> timedelta:
        """How long a proposal waits for its yes."""
        return timedelta(hours=self.answer_hours)

    @property
    def pay_within(self) -> timedelta:
        """How long a confirmed change waits for its money."""
        return timedelta(minutes=self.pay_minutes)

    @property
    def complete_after(self) -> timedelta:
        """How long after its delivery an order is complete by itself."""
        return timedelta(days=self.complete_after_days)


DEFAULT = Policy()


async def policy_of(session: AsyncSession) -> Policy:
    """The rules of this shop."""
    written = await (await raw(session)).fetchval("SELECT rules FROM order_policy WHERE id = $1", ROW)
    if written is None:
        return DEFAULT
    rules = dict(written)
    for name in ("kinds", "once", "final"):
        if name in rules:
            rules[name] = frozenset(ChangeKind(kind) for kind in rules[name])
    if "cancel_reasons" in rules:
        rules["cancel_reasons"] = tuple(rules["cancel_reasons"])
    return replace(DEFAULT, **rules)


async def set_policy(session: AsyncSession, policy: Policy) -> None:
    """Make these the rules."""
    rules = asdict(policy)
    for name in ("kinds", "once", "final"):
        rules[name] = sorted(rules[name])
    written = insert(OrderPolicy).values(id=ROW, rules=rules)
    await session.execute(written.on_conflict_do_update(index_elements=["id"], set_={"rules": rules}))


def refuse_by_policy(
    policy: Policy, kind: ChangeKind, *, done: Collection[ChangeKind], reason: str, number: str
) -> None:
    """Raise what the rules say no to. `done`: the kinds that were applied to this order before.

    Raises Refused: change.not_allowed, change.once, change.final (each with `kind`), change.reason (`reasons`).
    """
    if kind not in policy.kinds:
        raise Refused("change.not_allowed", number=number, kind=kind.value)
    if kind in policy.once and kind in done:
        raise Refused("change.once", number=number, kind=kind.value)
    if policy.final & set(done):
        raise Refused("change.final", number=number, kind=kind.value)
    is_cancelling = kind in (ChangeKind.CANCEL, ChangeKind.CANCEL_ITEMS)
    if is_cancelling and policy.cancel_reasons and reason not in policy.cancel_reasons:
        raise Refused("change.reason", number=number, reasons=list(policy.cancel_reasons))
