"""Making and editing a promotion: what it gives, on which goods, for whom, when, how often."""

from collections.abc import Callable
from itertools import pairwise

from nicegui import ui

from admin_api import promotion_desk, variant_names
from admin_api.console.edit_dialog import EditDialog, Save
from admin_api.console.goods_fields import choice, mark_wrong, text_field
from admin_api.console.looks import box, show
from admin_api.console.price_fields import (
    Typed,
    Wrong,
    many_of,
    moment_field,
    money_text,
    must_amount,
    must_part,
    name_fields,
    read_amount,
    read_moment,
    read_name,
    read_number,
    read_part,
    refuse_field,
    typed_in,
)
from admin_api.console.price_terms import percent_text
from admin_api.console.visit import Visit
from admin_api.promotion_desk import EditPromotionForm, NewPromotionForm, PromotionForm, PromotionRow, Promotions
from admin_api.roles import StaffMember
from commerce.promotions.rules import (
    AmountOff,
    Audience,
    FixedPrice,
    FreeShipping,
    Gift,
    NthOff,
    PercentOff,
    Rule,
    Scope,
    Stacking,
    Tier,
    Tiers,
)
from foundation.errors import Refused
from foundation.money import Money

EVERY = "every"
KINDS = {
    "tiers": "Money off from an amount (满减)",
    EVERY: "Money off every amount (每满减)",
    "gift": "A gift from an amount (满送)",
    "percent": "Percent off each piece",
    "amount": "Money off each piece",
    "price": "A special price",
    "nth": "Percent off the second piece",
    "shipping": "Free shipping from an amount",
}
STACKING = {
    Stacking.BEST_OF: "Only the best of its like",
    Stacking.STACKABLE: "On top of others",
    Stacking.EXCLUSIVE: "Alone: nothing else on these goods",
}
AUDIENCES = {
    Audience.EVERYONE: "Everyone",
    Audience.NEW: "Those who never ordered",
    Audience.RETURNING: "Those who ordered before",
}
FIELDS = {
    "tiers": ("tiers",),
    EVERY: ("from", "off", "most"),
    "gift": ("from", "sku", "pieces"),
    "percent": ("percent", "least"),
    "amount": ("off", "least"),
    "price": ("price", "least"),
    "nth": ("every", "percent"),
    "shipping": ("from",),
}
"""Which fields a kind has."""


class PromotionDialog(EditDialog[Promotions]):
    """One promotion in a dialog; `open` gives the list of all when something was saved."""

    def __init__(self, visit: Visit, row: PromotionRow | None, shelves: dict[int, str], gift: str = "") -> None:
        self.row, self.all_shelves, self.gift, self.currency = row, shelves, gift, visit.desk.settings.currency
        super().__init__(visit, visit.t("Edit the promotion") if row else visit.t("New promotion"))

    def draw(self) -> None:
        visit, row, shelves, t = self.visit, self.row, self.all_shelves, self.visit.t
        scope = row.scope if row is not None else Scope()
        with box("pair"):
            self.name = name_fields(visit, row.name if row else {})
        kind = _kind(row.rule) if row is not None else "tiers"
        with box("pair"):
            kinds = {key: t(label) for key, label in KINDS.items()}
            self.kind = choice(t("What it gives"), kinds, kind, lambda _: self.fit())
            chosen = [shelf for shelf in scope.category_ids if shelf in shelves]
            self.shelves = many_of(t("Only goods on these shelves (none: all)"), shelves, chosen)
        self.boxes: dict[str, ui.element] = {}
        self.fields: dict[str, Typed] = {}
        with box("pair"):
            self._make_fields(row.rule if row is not None else None, self.gift)
        with box("pair"):
            self.starts = moment_field(visit, t("Begins (empty: at once)"), row.starts_at if row else None)
            self.ends = moment_field(visit, t("Ends (empty: never)"), row.ends_at if row else None)
        with box("pair"):
            stacking = {key: t(label) for key, label in STACKING.items()}
            self.stacking = choice(t("With other promotions"), stacking, row.stacking if row else Stacking.BEST_OF)
            audiences = {key: t(label) for key, label in AUDIENCES.items()}
            self.audience = choice(t("For whom"), audiences, row.audience if row else Audience.EVERYONE)
        with box("pair three"):
            self.priority = self._number(t("Priority"), row.priority if row else 0)
            self.max_uses = self._number(t("Orders at most"), row.max_uses if row else None)
            each = row.max_per_customer if row else None
            self.max_each = self._number(t("For one customer at most"), each)

    def _number(self, label: str, number: int | None) -> Typed:
        return text_field(label, "" if number is None else str(number), longest=9, number=True)

    def _make_fields(self, rule: Rule | None, gift: str) -> None:
        t = self.visit.t
        labels = {
            "tiers": t("One tier a line: from, off (100 10 or 100 8%)"),
            "from": t("From this amount on"),
            "off": t("So much off"),
            "most": t("At most so much off (may be empty)"),
            "sku": t("SKU of the gift"),
            "pieces": t("Pieces"),
            "percent": t("How many percent off (10 is 9折)"),
            "price": t("Price of a piece"),
            "least": t("From so many pieces on"),
            "every": t("Which piece: 2 is every second"),
        }
        values = _values(rule, self.currency, gift)
        for key, label in labels.items():
            with box() as self.boxes[key]:
                self.fields[key] = text_field(
                    label, values.get(key, ""), long=key == "tiers", longest=400 if key == "tiers" else 100,
                    number=key not in ("tiers", "sku"),
                )  # fmt: skip

    def fit(self) -> None:
        for key, element in self.boxes.items():
            show(element, key in FIELDS[str(self.kind.value)])

    def saving(self) -> Save[Promotions]:
        desk, row = self.visit.desk, self.row
        try:
            rule, sku = self._rule(), typed_in(self.fields["sku"]) if self.kind.value == "gift" else ""
            form = self._form(rule)
        except Refused:
            raise Wrong from None

        async def save(staff: StaffMember) -> Promotions:
            ready = form
            if sku:
                async with desk.database.begin() as session:
                    found = await variant_names.variants_of(session, staff, skus=[sku])
                assert isinstance(rule, Gift)
                gift = Gift(rule.from_amount, found[sku], rule.quantity)
                ready = form.model_copy(update={"rule": gift})
            if isinstance(ready, EditPromotionForm):
                assert row is not None
                return await promotion_desk.edit_promotion(desk, staff, promotion_id=row.id, form=ready)
            assert isinstance(ready, NewPromotionForm)
            return await promotion_desk.add_promotion(desk, staff, form=ready)

        return save

    def _form(self, rule: Rule) -> PromotionForm:
        row = self.row
        before = row.scope if row is not None else Scope()
        scope = Scope(
            tuple(self.shelves.value or ()), before.product_ids, before.variant_ids, before.except_product_ids
        )
        starts_at, ends_at = read_moment(self.visit, self.starts), read_moment(self.visit, self.ends)
        if starts_at is not None and ends_at is not None and ends_at <= starts_at:
            raise refuse_field(self.ends)
        given = {
            "name": read_name(self.name),
            "rule": rule,
            "scope": scope,
            "stacking": self.stacking.value,
            "audience": self.audience.value,
            "priority": read_number(self.priority, most=1000) or 0,
            "starts_at": starts_at,
            "ends_at": ends_at,
            "max_uses": read_number(self.max_uses, least=1),
            "max_per_customer": read_number(self.max_each, least=1),
        }
        return EditPromotionForm(**given, version=row.version) if row is not None else NewPromotionForm(**given)

    def _rule(self) -> Rule:
        fields, currency = self.fields, self.currency

        def least() -> int:
            return read_number(fields["least"], least=1, most=10_000) or 1

        makers: dict[str, Callable[[], Rule]] = {
            "tiers": lambda: Tiers(_tiers(fields["tiers"], currency)),
            EVERY: self._every,
            "gift": lambda: Gift(
                must_amount(fields["from"], currency), 1, read_number(fields["pieces"], least=1, most=100) or 1
            ),
            "percent": lambda: PercentOff(must_part(fields["percent"]), least()),
            "amount": lambda: AmountOff(must_amount(fields["off"], currency), least()),
            "price": lambda: FixedPrice(must_amount(fields["price"], currency), least()),
            "nth": lambda: NthOff(read_number(fields["every"], least=2, most=100) or 2, must_part(fields["percent"])),
            "shipping": lambda: FreeShipping(read_amount(fields["from"], currency) or 0),
        }
        return makers[str(self.kind.value)]()

    def _every(self) -> Rule:
        whole, off = (must_amount(self.fields[key], self.currency) for key in ("from", "off"))
        if not 0 < off <= whole:
            raise refuse_field(self.fields["off"])
        return Tiers((Tier(whole, off),), repeats=True, most=read_amount(self.fields["most"], self.currency) or None)


def _kind(rule: Rule) -> str:
    return EVERY if isinstance(rule, Tiers) and rule.repeats else rule.kind


def _tiers(field: Typed, currency: str) -> tuple[Tier, ...]:
    """ "100 10" and "200 15%", one a line, lowest first. Raises Wrong."""
    tiers = []
    for line in typed_in(field).replace(",", " ").replace("，", " ").splitlines():
        parts = line.split()
        if not parts:
            continue
        try:
            whole = Money.parse(parts[0], currency).amount
            off = parts[1] if len(parts) == 2 else "?"
            amount = 0 if off.endswith("%") else Money.parse(off, currency).amount
        except Refused:
            raise refuse_field(field) from None
        ppm = (read_part(off) or 0) if off.endswith("%") else 0
        if whole < 1 or not (0 < amount <= whole or ppm):
            raise refuse_field(field)
        tiers.append(Tier(whole, amount, ppm))
    in_order = all(lower.from_amount < higher.from_amount for lower, higher in pairwise(tiers))
    mark_wrong(field, not tiers or not in_order)
    if not tiers or not in_order:
        raise Wrong
    return tuple(tiers)


def _values(rule: Rule | None, currency: str, gift: str) -> dict[str, str]:
    """What stands in the fields for a rule."""

    def money(amount: int | None) -> str:
        return money_text(amount, currency)

    match rule:
        case Tiers(tiers=tiers, repeats=True, most=most):
            return {"from": money(tiers[0].from_amount), "off": money(tiers[0].amount), "most": money(most)}
        case Tiers(tiers=tiers):
            lines = (
                f"{money(tier.from_amount)} {percent_text(tier.ppm) if tier.ppm else money(tier.amount)}"
                for tier in tiers
            )
            return {"tiers": "\n".join(lines)}
        case Gift(from_amount=amount, quantity=quantity):
            return {"from": money(amount), "sku": gift, "pieces": str(quantity)}
        case PercentOff(ppm=ppm, min_quantity=least):
            return {"percent": percent_text(ppm), "least": str(least)}
        case AmountOff(amount=amount, min_quantity=least):
            return {"off": money(amount), "least": str(least)}
        case FixedPrice(amount=amount, min_quantity=least):
            return {"price": money(amount), "least": str(least)}
        case NthOff(every=every, ppm=ppm):
            return {"every": str(every), "percent": percent_text(ppm)}
        case FreeShipping(from_amount=amount):
            return {"from": money(amount)}
        case None:
            return {"least": "1", "pieces": "1", "every": "2"}
