"""What the staff does with promotions and price lists."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api.desk import Desk
from admin_api.product_desk import note_down
from admin_api.product_forms import Amount, Id, Name, Version
from admin_api.roles import Permission, StaffMember
from commerce.pricing import lists
from commerce.pricing.lists import Band, ListDraft, ListView
from commerce.promotions import actions
from commerce.promotions.actions import PromotionDraft
from commerce.promotions.model import Promotion
from commerce.promotions.rules import Audience, Rule, Scope, Stacking, read_rule, read_scope, rule_json, scope_json
from foundation.errors import Json

Priority = Annotated[int, Field(ge=0, le=actions.HIGHEST_PRIORITY, description="Higher ones are tried first.")]
Cap = Annotated[int, Field(ge=1, le=10**9)]


class PromotionForm(BaseModel):
    """A promotion: what it gives, on which goods, for whom, when. Times need a zone."""

    name: Name
    rule: Annotated[Rule, Field(discriminator="kind")]
    scope: Scope = Scope()
    stacking: Stacking = Stacking.BEST_OF
    audience: Audience = Audience.EVERYONE
    priority: Priority = 0
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    max_uses: Cap | None = None
    max_per_customer: Cap | None = None

    def draft(self) -> PromotionDraft:
        """As commerce takes it."""
        return PromotionDraft(
            name=dict(self.name),
            rule=self.rule,
            scope=self.scope,
            stacking=self.stacking,
            audience=self.audience,
            priority=self.priority,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            max_uses=self.max_uses,
            max_per_customer=self.max_per_customer,
        )


class NewPromotionForm(PromotionForm):
    """A new promotion, on at once or not."""

    active: bool = True


class EditPromotionForm(PromotionForm):
    """The whole promotion anew."""

    version: Version


class SwitchForm(BaseModel):
    """On or off."""

    active: bool
    version: Version


class PromotionRow(BaseModel):
    """A promotion as it stands. `uses`: orders that used it and did not come to nothing."""

    id: int
    name: dict[str, str]
    rule: Annotated[Rule, Field(discriminator="kind")]
    scope: Scope
    stacking: Stacking
    audience: Audience
    priority: int
    starts_at: datetime | None
    ends_at: datetime | None
    active: bool
    max_uses: int | None
    max_per_customer: int | None
    uses: int
    version: int


class Promotions(BaseModel):
    """Every promotion, those that are on first, then the newest."""

    promotions: list[PromotionRow]


class BandForm(BaseModel):
    """What one piece of a variant costs from so many pieces on."""

    variant_id: Id
    min_quantity: Annotated[int, Field(ge=1, le=10_000)] = 1
    amount: Amount


class PriceListForm(BaseModel):
    """A price list with all its prices. `customer_ids` are for the audience named."""

    name: Name
    prices: Annotated[list[BandForm], Field(max_length=lists.MOST_PRICES)]
    for_members: bool = False
    audience: Audience = Audience.EVERYONE
    customer_ids: Annotated[list[Id], Field(max_length=lists.MOST_CUSTOMERS)] = []
    priority: Priority = 0
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    active: bool = True

    def draft(self) -> ListDraft:
        """As commerce takes it."""
        return ListDraft(
            name=dict(self.name),
            bands=[Band(band.variant_id, band.min_quantity, band.amount) for band in self.prices],
            for_members=self.for_members,
            audience=self.audience,
            customer_ids=self.customer_ids,
            priority=self.priority,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            active=self.active,
        )


class EditPriceListForm(PriceListForm):
    """The whole list anew."""

    version: Version


class PriceListRow(PriceListForm):
    """A price list as it stands."""

    id: int
    version: int


class PriceLists(BaseModel):
    """Every price list, those that are on first, then the newest."""

    price_lists: list[PriceListRow]


async def list_promotions(session: AsyncSession, staff: StaffMember) -> Promotions:
    """Every promotion."""
    staff.must(Permission.READ_PROMOTIONS)
    rows = await actions.list_promotions(session)
    return Promotions(promotions=[_promotion(promotion, uses) for promotion, uses in rows])


async def add_promotion(desk: Desk, staff: StaffMember, *, form: NewPromotionForm) -> Promotions:
    """A new one. Refuses name.invalid, promotion.rule_invalid, promotion.window_invalid, promotion.too_many."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with desk.database.begin() as session:
        made = await actions.add_promotion(session, draft=form.draft(), active=form.active, now=desk.now())
        note_down(session, desk, staff, "promotion.added", f"promotion:{made.id}", after=_facts(made))
        return await list_promotions(session, staff)


async def edit_promotion(desk: Desk, staff: StaffMember, *, promotion_id: int, form: EditPromotionForm) -> Promotions:
    """Another wording; orders keep their price. Refuses promotion.unknown, promotion.changed, and as a new one."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with desk.database.begin() as session:
        now = desk.now()
        locked = await actions.locked_promotion(session, promotion_id=promotion_id, version=form.version)
        before = _facts(locked)
        after = await actions.edit_promotion(
            session, promotion_id=promotion_id, draft=form.draft(), version=form.version, now=now
        )
        facts = {"before": before, "after": _facts(after)}
        note_down(session, desk, staff, "promotion.edited", f"promotion:{promotion_id}", **facts)
        return await list_promotions(session, staff)


async def switch_promotion(desk: Desk, staff: StaffMember, *, promotion_id: int, form: SwitchForm) -> Promotions:
    """On or off. Refuses promotion.unknown, promotion.changed, promotion.too_many."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with desk.database.begin() as session:
        await actions.switch_promotion(
            session, promotion_id=promotion_id, active=form.active, version=form.version, now=desk.now()
        )
        note_down(session, desk, staff, "promotion.switched", f"promotion:{promotion_id}", active=form.active)
        return await list_promotions(session, staff)


async def list_price_lists(session: AsyncSession, staff: StaffMember) -> PriceLists:
    """Every price list."""
    staff.must(Permission.READ_PROMOTIONS)
    return PriceLists(price_lists=[_price_list(view) for view in await lists.list_price_lists(session)])


async def add_price_list(desk: Desk, staff: StaffMember, *, form: PriceListForm) -> PriceLists:
    """A new one. Refuses name.invalid, price_list.prices_invalid, variant.unknown, customer.unknown."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with desk.database.begin() as session:
        made = await lists.add_price_list(session, draft=form.draft(), now=desk.now())
        note_down(session, desk, staff, "price_list.added", f"price_list:{made.row.id}", after=_list_facts(made))
        return await list_price_lists(session, staff)


async def edit_price_list(desk: Desk, staff: StaffMember, *, price_list_id: int, form: EditPriceListForm) -> PriceLists:
    """The whole list anew. Refuses price_list.unknown, price_list.changed, and as a new one."""
    staff.must(Permission.MANAGE_PROMOTIONS)
    async with desk.database.begin() as session:
        before = _list_facts(await lists.price_list(session, price_list_id=price_list_id))
        after = await lists.edit_price_list(
            session, price_list_id=price_list_id, draft=form.draft(), version=form.version, now=desk.now()
        )
        facts = {"before": before, "after": _list_facts(after)}
        note_down(session, desk, staff, "price_list.edited", f"price_list:{price_list_id}", **facts)
        return await list_price_lists(session, staff)


def _promotion(row: Promotion, uses: int) -> PromotionRow:
    return PromotionRow(
        id=row.id,
        name=row.name,
        rule=read_rule(row.rule),
        scope=read_scope(row.scope),
        stacking=row.stacking,
        audience=row.audience,
        priority=row.priority,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        active=row.active,
        max_uses=row.max_uses,
        max_per_customer=row.max_per_customer,
        uses=uses,
        version=row.version,
    )


def _facts(row: Promotion) -> dict[str, Json]:
    shown = _promotion(row, 0)
    facts = shown.model_dump(mode="json", exclude={"id", "uses", "version", "rule", "scope"})
    return {**facts, "rule": rule_json(shown.rule), "scope": scope_json(shown.scope)}


def _price_list(view: ListView) -> PriceListRow:
    row = view.row
    return PriceListRow(
        id=row.id,
        name=row.name,
        prices=[
            BandForm(variant_id=band.variant_id, min_quantity=band.min_quantity, amount=band.amount)
            for band in view.bands
        ],
        for_members=row.for_members,
        audience=row.audience,
        customer_ids=list(view.customer_ids),
        priority=row.priority,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        active=row.active,
        version=row.version,
    )


def _list_facts(view: ListView) -> dict[str, Json]:
    """Customers are only counted here: who they are is no matter of the log."""
    facts = _price_list(view).model_dump(mode="json", exclude={"id", "version", "customer_ids"})
    return {**facts, "customers": len(view.customer_ids)}
