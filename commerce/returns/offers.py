"""What a return would mean, exactly, before anybody says yes: which rules hold, what goes back, and where to."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.model import Category, Product, Variant
from commerce.catalog.queries import VariantView, variant_views
from commerce.credit.model import AccountKind, CreditAccount
from commerce.orders.model import Order, OrderLine
from commerce.payments.instruments import known_instrument
from commerce.payments.ledger import balance
from commerce.returns.model import AT_FAULT, GAVE_UP, Freight, Kind, RefundTo, Return, ReturnPolicy, Why
from commerce.returns.policy import (
    DEFAULTS,
    Check,
    Item,
    Policy,
    check_all,
    policy_for,
    policy_of,
    refuse_hard,
    strictest,
)
from commerce.shipping.model import Shipment, ShipmentLine, ShipmentState
from foundation.errors import Refused
from foundation.money import Money, part_of
from foundation.settings import Settings

MOST_PHOTOS = 9
LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class Terms:
    """What the installation says about returns. Limits are minor units."""

    zone: ZoneInfo
    follow_up: timedelta

    @classmethod
    def of(cls, settings: Settings) -> "Terms":
        """From the settings of the shop."""
        return cls(settings.zone, timedelta(days=settings.follow_up_days))


@dataclass(frozen=True, slots=True)
class Asked:
    """So many pieces of an order line; `replacement_id` is the variant wanted instead."""

    line_id: int
    quantity: int
    replacement_id: int | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants: with what, why, and where money goes (or with what a difference is paid)."""

    kind: Kind
    lines: tuple[Asked, ...]
    why: Why = Why.CHANGED_MIND
    refund_to: RefundTo = RefundTo.ORIGINAL
    account_id: int | None = None
    instrument_id: int | None = None
    photos: int = 0


@dataclass(frozen=True, slots=True)
class OfferLine:
    """One line of an offer. `parts` is whose money the pieces carry: (order id, minor units)."""

    line: OrderLine
    item: Item
    policy: Policy
    quantity: int
    parts: tuple[tuple[int, int], ...]
    replacement: VariantView | None = None

    @property
    def amount(self) -> int:
        """What the pieces carry."""
        return sum(amount for _, amount in self.parts)

    @property
    def difference(self) -> int:
        """What the replacements cost more, or less, than these pieces did before discounts."""
        if self.replacement is None:
            return 0
        return (self.replacement.price.amount - self.line.unit_amount) * self.quantity


@dataclass(frozen=True, slots=True)
class Offer:
    """What a yes agrees to, in minor units: `refund` goes back, or `due` is to be paid for a dearer replacement.

    `send_by` is None where nothing comes back.
    """

    order: Order
    wish: Wish
    lines: tuple[OfferLine, ...]
    policy: Policy
    checks: tuple[Check, ...]
    goods: int
    fee: int
    shipping: int
    send_by: datetime | None
    freight: Freight

    @property
    def is_automatic(self) -> bool:
        """Whether the bot may approve it by itself."""
        return all(check.ok for check in self.checks)

    @property
    def difference(self) -> int:
        """Of all replacements together, and the fee."""
        return sum(line.difference for line in self.lines) + self.fee

    @property
    def due(self) -> Money:
        """What the shopper pays for an exchange."""
        return Money(max(self.difference, 0) if self.wish.kind is Kind.EXCHANGE else 0, self.order.currency)

    @property
    def refund(self) -> Money:
        """What the shopper gets back."""
        amount = {
            Kind.RETURN: self.goods - self.fee + self.shipping,
            Kind.CLAIM: self.goods - self.fee + self.shipping,
            Kind.EXCHANGE: min(max(-self.difference, 0), self.goods),
            Kind.REPAIR: 0,
        }[self.wish.kind]
        return Money(amount, self.order.currency)


async def make_offer(
    session: AsyncSession, *, order: Order, wish: Wish, terms: Terms, now: datetime, overrules: bool = False
) -> Offer:
    """What this wish would mean now. With `overrules` (the staff asks) only what is impossible is refused.

    Raises Refused: returns.nothing, returns.quantity (`left`), returns.not_delivered, returns.already_returned,
    returns.kind_not_offered, returns.window_over, returns.excluded, returns.once_per_order, returns.same_thing,
    returns.other_product, returns.replacement_gone, returns.refund_to, returns.account_unknown, returns.credit_short,
    payment.instrument_unknown.
    """
    lines = await _asked_lines(session, order, wish)
    delivered_at = await _delivered(session, order, lines)
    titles = {line.variant_id: line.title for line, _ in lines}
    rules = await rules_for(session, titles, kind=wish.kind, why=wish.why)
    parts = await _parts(session, order, lines)
    made = [
        OfferLine(line, *rules[line.variant_id], asked.quantity, its)
        for (line, asked), its in zip(lines, parts, strict=True)
    ]
    policy = strictest([one.policy for one in made])
    if wish.kind is Kind.EXCHANGE:
        made = await _with_replacements(session, order, wish, made, policy)
    goods = 0 if wish.kind is Kind.REPAIR else sum(one.amount for one in made)
    fee = 0 if wish.kind is Kind.REPAIR else sum(one.policy.fee(one.amount, wish.why) for one in made)
    shipping = await _shipping_back(session, order, wish, policy)
    kept = (await balance(session, order.id)).kept
    own = sum(amount for one in made for order_id, amount in one.parts if order_id == order.id) + shipping
    checks = check_all(
        [(one.item, one.policy) for one in made],
        policy=policy,
        why=wish.why,
        delivered_at=delivered_at,
        earlier=await _earlier(session, order),
        amount=goods - fee + shipping,
        left=goods - fee + shipping + (min(kept - own, 0) if wish.kind in (Kind.RETURN, Kind.CLAIM) else 0),
        photos=wish.photos,
        zone=terms.zone,
        now=now,
    )
    if not overrules:
        refuse_hard(checks, order=order.number)
    comes_back = wish.why is not Why.MISSING and not all(one.item.is_digital for one in made)
    offer = Offer(
        order=order,
        wish=wish,
        lines=tuple(made),
        policy=policy,
        checks=tuple(checks),
        goods=goods,
        fee=fee,
        shipping=shipping,
        send_by=send_by(policy.send_within_days, terms.zone, now) if comes_back else None,
        freight=policy.who_pays_freight(wish.why),
    )
    await _refuse_purse(session, offer)
    return offer


def send_by(days: int, zone: ZoneInfo, now: datetime) -> datetime:
    """The end of the last day on which the goods may be sent, so many days from today."""
    last = now.astimezone(zone) + timedelta(days=days)
    return last.replace(hour=23, minute=59, second=59, microsecond=0)


async def active_policies(session: AsyncSession) -> list[Policy]:
    """The shop's own rules in their order, then the defaults for those kinds that no rule of the shop is about."""
    rows = await session.scalars(
        select(ReturnPolicy).where(ReturnPolicy.active).order_by(ReturnPolicy.position, ReturnPolicy.id)
    )
    own = [policy_of(row) for row in rows]
    known = {kind for policy in own for kind in policy.kinds}
    return own + [default for default in DEFAULTS if not default.kinds & known]


async def rules_for(
    session: AsyncSession, titles: Mapping[int, str], *, kind: Kind, why: Why
) -> dict[int, tuple[Item, Policy]]:
    """{variant id: (what policies know of it, the one that counts)}, of variants with their titles.

    What the shop answers for goes by the rules of claims. Raises Refused("returns.kind_not_offered").
    """
    policies = await active_policies(session)
    counts = Kind.CLAIM if why in AT_FAULT and kind is not Kind.REPAIR else kind
    items = await items_of(session, list(titles), titles=list(titles.values()))
    return {
        variant_id: (item, policy_for(policies, item, counts)) for variant_id, item in zip(titles, items, strict=True)
    }


async def items_of(session: AsyncSession, variant_ids: Sequence[int], *, titles: Sequence[str]) -> list[Item]:
    """What policies must know of these variants, in their order."""
    rows = await session.execute(
        select(Variant.id, Variant.product_id, Product.category_id, Product.is_digital)
        .join(Product, Product.id == Variant.product_id)
        .where(Variant.id.in_(variant_ids))
    )
    of_variant = {variant_id: (product_id, shelf, digital) for variant_id, product_id, shelf, digital in rows}
    around = dict((await session.execute(select(Category.id, Category.parent_id))).all())
    items = []
    for variant_id, title in zip(variant_ids, titles, strict=True):
        product_id, shelf, is_digital = of_variant[variant_id]
        shelves: set[int] = set()
        while shelf is not None and shelf not in shelves:
            shelves.add(shelf)
            shelf = around.get(shelf)
        items.append(Item(product_id, frozenset(shelves), title, is_digital))
    return items


async def carried_to(session: AsyncSession, order_id: int) -> list[tuple[int, int, int]]:
    """Of a replacement order: (position of the line, order that holds the money, minor units)."""
    carried = await session.scalar(select(Return.carried).where(Return.replacement_order_id == order_id))
    return [(int(position), int(holder), int(amount)) for position, holder, amount in carried or ()]


def parts_of(
    line: OrderLine, carried: Collection[tuple[int, int, int]], count: int, *, gone: int
) -> tuple[tuple[int, int], ...]:
    """Whose money the next `count` pieces of a line carry, after `gone`: its own order's, then what it took over."""
    parts = [(line.order_id, line.next_part(count, gone=gone).total)]
    for position, holder, amount in carried:
        if position == line.position:
            parts.append((holder, part_of(amount, line.quantity, before=gone, count=count)))
    return tuple(part for part in parts if part[1])


async def _asked_lines(session: AsyncSession, order: Order, wish: Wish) -> list[tuple[OrderLine, Asked]]:
    ids = [asked.line_id for asked in wish.lines]
    if not ids or len(ids) != len(set(ids)):
        raise Refused("returns.nothing", order=order.number)
    found = await session.scalars(
        select(OrderLine)
        .where(OrderLine.order_id == order.id, OrderLine.id.in_(ids))
        .execution_options(populate_existing=True)
    )
    by_id = {line.id: line for line in found}
    if len(by_id) != len(ids):
        raise Refused("returns.nothing", order=order.number)
    return [(by_id[asked.line_id], asked) for asked in sorted(wish.lines, key=lambda asked: asked.line_id)]


async def _delivered(session: AsyncSession, order: Order, lines: Sequence[tuple[OrderLine, Asked]]) -> datetime:
    """When the last of these came. Refuses what has not come yet, or is not there (any more) to be asked for."""
    came = await pieces_delivered(session, order)
    latest: list[datetime] = []
    for line, asked in lines:
        pieces, at = came.get(line.id, (0, None))
        if pieces == 0 or at is None:
            raise Refused("returns.not_delivered", order=order.number, title=line.title)
        left = pieces - line.returned - line.returning
        if left <= 0:
            raise Refused("returns.already_returned", order=order.number, title=line.title)
        if not 1 <= asked.quantity <= left:
            raise Refused("returns.quantity", order=order.number, title=line.title, left=left)
        latest.append(at)
    return max(latest)


async def pieces_delivered(session: AsyncSession, order: Order) -> dict[int, tuple[int, datetime | None]]:
    """{order line id: (pieces that arrived, when the last of them did)}."""
    if order.delivered_at is not None:
        shipped = await session.execute(select(OrderLine.id, OrderLine.shipped).where(OrderLine.order_id == order.id))
        return {line_id: (pieces, order.delivered_at) for line_id, pieces in shipped}
    arrived = await session.execute(
        select(ShipmentLine.order_line_id, func.sum(ShipmentLine.quantity), func.max(Shipment.delivered_at))
        .join(Shipment, Shipment.id == ShipmentLine.shipment_id)
        .where(Shipment.order_id == order.id, Shipment.state == ShipmentState.DELIVERED)
        .group_by(ShipmentLine.order_line_id)
    )
    return {line_id: (int(pieces), at) for line_id, pieces, at in arrived}


async def _parts(
    session: AsyncSession, order: Order, lines: Sequence[tuple[OrderLine, Asked]]
) -> list[tuple[tuple[int, int], ...]]:
    carried = await carried_to(session, order.id)
    return [
        parts_of(line, carried, asked.quantity, gone=line.cancelled + line.returned + line.returning)
        for line, asked in lines
    ]


async def _with_replacements(
    session: AsyncSession, order: Order, wish: Wish, lines: Sequence[OfferLine], policy: Policy
) -> list[OfferLine]:
    """The offer's lines with what is wanted instead. Pieces of one variant are counted together."""
    wanted = {asked.line_id: asked.replacement_id for asked in wish.lines}
    ids = {variant_id for variant_id in wanted.values() if variant_id is not None}
    views = await variant_views(session, ids, language=order.language)
    products = dict((await session.execute(select(Variant.id, Variant.product_id).where(Variant.id.in_(ids)))).all())
    pieces: dict[int, int] = {}
    made = []
    for one in lines:
        variant_id = wanted[one.line.id]
        view = views.get(variant_id) if variant_id is not None else None
        if view is None or not view.on_sale:
            raise Refused("returns.replacement_gone", title=one.line.title)
        if view.variant_id == one.line.variant_id and wish.why not in AT_FAULT:
            raise Refused("returns.same_thing", title=one.line.title)
        if (policy.same_product_only or one.item.is_digital) and products[view.variant_id] != one.item.product_id:
            raise Refused("returns.other_product", title=one.line.title)
        pieces[view.variant_id] = pieces.get(view.variant_id, 0) + one.quantity
        if view.available < pieces[view.variant_id]:
            raise Refused("returns.replacement_gone", title=view.title, left=view.available)
        made.append(OfferLine(one.line, one.item, one.policy, one.quantity, one.parts, view))
    return made


async def _shipping_back(session: AsyncSession, order: Order, wish: Wish, policy: Policy) -> int:
    """What was paid for the way there, when with this all of the order is back and the policy gives it back."""
    if wish.kind not in (Kind.RETURN, Kind.CLAIM) or not policy.gives_shipping_back(wish.why):
        return 0
    asked = {one.line_id: one.quantity for one in wish.lines}
    lines = (await session.scalars(select(OrderLine).where(OrderLine.order_id == order.id))).all()
    stays = sum(
        line.quantity - line.cancelled - line.returned - line.returning - asked.get(line.id, 0) for line in lines
    )
    if stays:
        return 0
    tax_of_goods = sum(line.next_part(line.quantity - line.cancelled, gone=line.cancelled).tax_added for line in lines)
    return order.shipping_amount + max(order.tax_added - tax_of_goods, 0)


async def _earlier(session: AsyncSession, order: Order) -> int:
    """How many returns this order has had, without those that came to nothing."""
    had = select(func.count()).select_from(Return).where(Return.order_id == order.id, Return.state.not_in(GAVE_UP))
    return int(await session.scalar(had) or 0)


async def _refuse_purse(session: AsyncSession, offer: Offer) -> None:
    """Money can go only where the policy lets it, and a difference must be there where it is to be paid from."""
    wish, order = offer.wish, offer.order
    if wish.kind is Kind.REPAIR:
        return
    if not offer.policy.allows(wish.refund_to):
        raise Refused("returns.refund_to", allowed=offer.policy.refund_to.value)
    if wish.refund_to is RefundTo.ORIGINAL:
        return
    if wish.refund_to is RefundTo.INSTRUMENT:
        await known_instrument(session, instrument_id=wish.instrument_id or 0, customer_id=order.customer_id)
        return
    theirs = select(CreditAccount).where(
        CreditAccount.customer_id == order.customer_id, CreditAccount.currency == order.currency
    )
    if wish.refund_to is RefundTo.ACCOUNT:
        account = await session.scalar(theirs.where(CreditAccount.id == wish.account_id))
        if account is None:
            raise Refused("returns.account_unknown")
    else:
        account = await session.scalar(theirs.where(CreditAccount.kind == AccountKind.STORE_CREDIT))
    there = account.balance if account is not None else 0
    if there < offer.due.amount:
        raise Refused("returns.credit_short", due=offer.due.amount, balance=there, currency=order.currency)
