"""What the shop allows with orders after they were placed: read by all who read orders, changed by who may."""

from collections.abc import Callable

from nicegui import ui

from admin_api import order_rules_desk
from admin_api.console.goods_fields import text_field, tick
from admin_api.console.goods_frame import STORE, GoodsFrame
from admin_api.console.looks import box, button, words
from admin_api.console.price_fields import Typed, Wrong, money_text, read_amount, read_number, refuse_field, typed_in
from admin_api.console.visit import Visit
from admin_api.order_rules_desk import OrderRules, OrderRulesForm
from admin_api.roles import Permission, StaffMember
from commerce.orders.model import ChangeKind

COLUMNS = {"kinds": "can be changed", "once": "once an order", "final": "last change"}
SWITCHES = {
    "only_unsent": "No item may be changed once a parcel has left",
    "same_again": "An item may be changed for the same one, at today's price",
    "back_as_chosen": "A lower price goes back where the shopper says",
}
NUMBERS = {
    "complete_after_days": ("Days after delivery until an order is complete", 365),
    "answer_hours": ("Hours a proposed change waits for its yes", 720),
    "pay_minutes": ("Minutes a confirmed change waits for its money", 10_080),
}
MOST_REASONS, LONGEST_REASON = 8, 40


class OrderRulesPage:
    """One form; who may not change it reads it."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.may_change = visit.staff.may(Permission.SET_ORDER_RULES)
        frame = GoodsFrame(visit, "order-rules", STORE)
        with frame.actions:
            if self.may_change:
                button(visit.t("Save"), "primary", "save").on("click", self._save)
        with frame.body:
            self.box = box("order-rules")

    async def start(self) -> None:
        """Read everything anew."""
        rules = await self.visit.attempt(self._read)
        if rules is not None:
            self.box.clear()
            with self.box:
                self._draw(rules)

    def _draw(self, rules: OrderRules) -> None:
        t, currency = self.visit.t, self.visit.desk.settings.currency
        self.version = rules.version
        self.chosen: dict[str, set[ChangeKind]] = {name: set(getattr(rules, name)) for name in COLUMNS}
        with box("part"):
            words(t("What may be changed after an order is placed"), "part-title")
            words(t("Shoppers and staff are held to it alike; open orders too."), "part-hint")
            self._kinds()
            self.switches = {name: self._tick(t(label), getattr(rules, name)) for name, label in SWITCHES.items()}
        with box("part"):
            words(t("Reasons to cancel"), "part-title")
            words(t("One a line; the shopper chooses one. Empty: any reason is taken."), "part-hint")
            longest = MOST_REASONS * (LONGEST_REASON + 1)
            lines = "\n".join(rules.cancel_reasons)
            self.reasons = self._field(t("Reasons to cancel"), lines, is_named=False, long=True, longest=longest)
        with box("part"):
            words(t("Times and amounts"), "part-title")
            with box("rule-numbers"):
                label = t("Cash orders above this wait for a call ({currency})", currency=currency)
                amount = money_text(rules.cod_confirm_above, currency)
                self.cash = self._field(label, amount, number=True, longest=12, placeholder=t("Empty: none waits."))
                self.numbers = {
                    name: self._field(t(label), str(getattr(rules, name)), number=True, longest=5)
                    for name, (label, _) in NUMBERS.items()
                }

    def _kinds(self) -> None:
        t = self.visit.t
        with box("rule-kinds"):
            words("")
            for label in COLUMNS.values():
                words(t(label), "field-label")
            for kind in ChangeKind:
                words(t(f"change {kind.value}"))
                for name, label in COLUMNS.items():
                    full = f"{t(f'change {kind.value}')}: {t(label)}"
                    self._tick(full, kind in self.chosen[name], self._choosing(name, kind), is_named=False)

    def _choosing(self, name: str, kind: ChangeKind) -> Callable[[bool], None]:
        return lambda value: (self.chosen[name].add if value else self.chosen[name].discard)(kind)

    def _tick(
        self, label: str, value: bool, changed: Callable[[bool], None] | None = None, *, is_named: bool = True
    ) -> ui.checkbox:
        return tick(label, value, changed, is_named=is_named).props("" if self.may_change else "disable")

    def _field(self, label: str, value: str, **how: object) -> Typed:
        return text_field(label, value, **how).props("" if self.may_change else "readonly")  # type: ignore[arg-type]

    async def _save(self) -> None:
        try:
            form = self._form()
        except Wrong:
            return
        saved = await self.visit.attempt(lambda staff: order_rules_desk.set_rules(self.visit.desk, staff, form=form))
        if saved is not None:
            with self.visit.client:
                ui.notify(self.visit.t("Saved"), classes="notice", position="top", timeout=1500)
                await self.start()

    def _form(self) -> OrderRulesForm:
        """What was typed. Raises Wrong."""
        reasons = [line.strip() for line in typed_in(self.reasons).splitlines() if line.strip()]
        if len(reasons) > MOST_REASONS or any(len(reason) > LONGEST_REASON for reason in reasons):
            raise refuse_field(self.reasons)
        given = {name: self._number(name) for name in NUMBERS}
        return OrderRulesForm.model_validate(
            given
            | {name: sorted(kinds) for name, kinds in self.chosen.items()}
            | {name: bool(switch.value) for name, switch in self.switches.items()}
            | {
                "cancel_reasons": reasons,
                "cod_confirm_above": read_amount(self.cash, self.visit.desk.settings.currency),
                "version": self.version,
            }
        )

    def _number(self, name: str) -> int:
        number = read_number(self.numbers[name], least=1, most=NUMBERS[name][1])
        if number is None:
            raise refuse_field(self.numbers[name])
        return number

    async def _read(self, staff: StaffMember) -> OrderRules:
        async with self.visit.desk.database.begin() as session:
            return await order_rules_desk.read_rules(session, staff)
