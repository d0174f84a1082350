"""Writing and editing a group-buy: goods and prices, how many make a group and how long it has, for whom."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from nicegui import ui

from admin_api import group_buy_desk
from admin_api.console.edit_dialog import EditDialog, Save
from admin_api.console.goods_fields import choice, mark_wrong, text_field, tick
from admin_api.console.goods_picker import GoodsPicker
from admin_api.console.looks import box, button, set_text, show, words
from admin_api.console.price_fields import (
    Typed,
    Wrong,
    moment_field,
    money_text,
    must_amount,
    name_fields,
    read_amount,
    read_moment,
    read_name,
    read_number,
    refuse_field,
    typed_in,
)
from admin_api.console.promotion_dialog import AUDIENCES
from admin_api.console.visit import Visit
from admin_api.group_buy_desk import CampaignForm, EditCampaignForm, OfferForm, TierForm
from admin_api.group_buy_views import CampaignRow, Cockpit, OfferShape
from admin_api.roles import StaffMember
from commerce.group_buy.model import BelowSize, CampaignState
from commerce.promotions.rules import Audience
from foundation.errors import Refused
from foundation.money import Money

BELOW = {BelowSize.REFUND: "Money back", BelowSize.KEEP: "The price is kept, openly"}


@dataclass
class OfferFields:
    """The fields of one variant."""

    variant_id: int
    offered: ui.checkbox
    amount: Typed
    leader: Typed
    tiers: Typed

    def take(self, other: "OfferFields") -> None:
        """The prices of another one."""
        self.amount.value, self.leader.value = other.amount.value, other.leader.value
        self.tiers.value = other.tiers.value


class CampaignDialog(EditDialog[Cockpit]):
    """One group-buy; `open` gives it live when it was saved."""

    def __init__(self, visit: Visit, row: CampaignRow | None) -> None:
        self.row, self.currency = row, row.currency if row else visit.desk.settings.currency
        self.product_id = row.product_id if row else None
        self.offers: list[OfferFields] = []
        self.is_running = row is not None and row.state is CampaignState.RUNNING
        title = visit.t("Edit the group-buy") if row else visit.t("New group-buy")
        fixed = visit.t("It runs: only texts, its end, its quota and who sees its groups can still change.")
        super().__init__(visit, title, fixed if self.is_running else "")

    def draw(self) -> None:
        visit, row, t = self.visit, self.row, self.visit.t
        described = row.description if row else {}
        with box("pair"):
            self.name = name_fields(visit, row.name if row else {})
        with box("pair top"):
            self.description = {
                "zh": text_field(t("Description in Chinese"), described.get("zh", ""), long=True, longest=2000),
                "en": text_field(t("Description in English"), described.get("en", ""), long=True, longest=2000),
            }
        with box("picked-goods"):
            self.goods = words(row.title if row else t("No goods chosen yet"), "product-title")
            self.pick = button(t("Choose goods"), "small", "search")
            self.pick.on("click", self._pick)
            show(self.pick, not self.is_running)
        self.rows = box("offer-fields")
        for offer in row.offers if row else ():
            self._offer(offer.variant_id, offer.label or offer.sku, offer.alone, offer)
        self.alike = button(t("The first one's prices for all"), "link")
        self.alike.on("click", self._same_for_all)
        with box("pair"):
            self.starts = moment_field(visit, t("Begins"), row.starts_at if row else visit.desk.now())
            self.ends = moment_field(visit, t("Ends"), row.ends_at if row else None)
        with box("pair three"):
            self.size = self._number(t("Members of a group"), row.size if row else 2)
            self.window = self._number(t("Hours a group has"), f"{row.window_minutes / 60:g}" if row else 24)
            self.hold = self._number(t("Minutes a seat is kept unpaid"), row.hold_minutes if row else 10)
        with box("pair three"):
            self.each = self._number(t("Groups each customer may be in"), row.max_per_customer if row else 1)
            self.pieces = self._number(t("Pieces a seat"), row.max_pieces if row else 1)
            self.quota = self._number(t("Pieces in all (empty: no limit)"), row.quota if row else None)
        with box("pair"):
            audiences = {key: t(label) for key, label in AUDIENCES.items()}
            self.audience = choice(t("For whom"), audiences, row.audience if row else Audience.EVERYONE)
            below = {key: t(label) for key, label in BELOW.items()}
            self.below = choice(t("When a group stays too small"), below, row.below_size if row else BelowSize.REFUND)
        self.strangers = tick(t("Strangers may see and join groups"), row.strangers if row else True)

    def fit(self) -> None:
        show(self.alike, len(self.offers) > 1 and not self.is_running)
        if self.is_running:
            fixed: list[Any] = [self.starts, self.size, self.window, self.hold, self.each, self.pieces]
            for offer in self.offers:
                fixed += [offer.offered, offer.amount, offer.leader, offer.tiers]
            for field in (*fixed, self.audience, self.below):
                field.disable()

    def _number(self, label: str, value: int | str | None) -> Typed:
        return text_field(label, "" if value is None else str(value), longest=9, number=True)

    def _offer(self, variant_id: int, label: str, alone: int, offer: OfferShape | None) -> None:
        t = self.visit.t
        tiers = (
            " ".join(f"{tier.size}:{money_text(tier.amount, self.currency)}" for tier in offer.tiers) if offer else ""
        )
        with self.rows, box("offer-row").props(f"data-variant={variant_id}"):
            offered = tick(f"{label} · {money_text(alone, self.currency)}", True)
            self.offers.append(
                OfferFields(
                    variant_id,
                    offered,
                    text_field(t("Group price"), money_text(offer.amount, self.currency) if offer else "", number=True),
                    text_field(
                        t("Who starts one pays"),
                        money_text(offer.leader_amount, self.currency) if offer else "",
                        number=True,
                    ),
                    text_field(t("Larger groups (5:45 10:42)"), tiers),
                )
            )

    async def _pick(self) -> None:
        sheet = await GoodsPicker(self.visit).open()
        if sheet is None or sheet.id == self.product_id:
            return  # chosen again, everything that was typed stays
        self.product_id = sheet.id
        self.pick.classes(remove="wanting")
        set_text(self.goods, sheet.title(self.visit.t.language))
        self.rows.clear()
        self.offers = []
        for variant in sheet.variants:
            if variant.active:
                self._offer(variant.id, variant.label or variant.sku, variant.price.amount, None)
        self.fit()

    def _same_for_all(self) -> None:
        first = self.offers[0]
        for offer in self.offers[1:]:
            offer.take(first)

    def saving(self) -> Save[Cockpit]:
        desk, row = self.visit.desk, self.row
        form = self._form()

        async def save(staff: StaffMember) -> Cockpit:
            if row is None:
                return await group_buy_desk.add_campaign(desk, staff, form=CampaignForm(**form))
            edited = EditCampaignForm(**form, version=row.version)
            return await group_buy_desk.edit_campaign(desk, staff, campaign_id=row.id, form=edited)

        return save

    def _form(self) -> dict[str, Any]:
        if self.product_id is None:
            self.pick.classes("wanting")
            raise Wrong
        described = {language: typed_in(field) for language, field in self.description.items()}
        starts_at, ends_at = self._moment(self.starts, "starts_at"), self._moment(self.ends, "ends_at")
        if ends_at <= starts_at:
            raise refuse_field(self.ends)
        return {
            "name": read_name(self.name),
            "description": {language: text for language, text in described.items() if text},
            "product_id": self.product_id,
            "starts_at": starts_at,
            "ends_at": ends_at,
            "offers": self._offers(),
            "size": must_number(self.size, least=2, most=1000),
            "window_minutes": self._window(),
            "hold_minutes": must_number(self.hold, most=60),
            "max_per_customer": must_number(self.each, most=100),
            "max_pieces": must_number(self.pieces, most=99),
            "quota": read_number(self.quota, least=1),
            "audience": self.audience.value,
            "below_size": self.below.value,
            "strangers": bool(self.strangers.value),
        }

    def _moment(self, field: Typed, name: str) -> datetime:
        typed, known = read_moment(self.visit, field), getattr(self.row, name, None)
        if typed is None:
            raise refuse_field(field)
        is_same = known is not None and known.replace(second=0, microsecond=0) == typed
        return known if is_same and known is not None else typed  # the field shows no seconds

    def _window(self) -> int:
        mark_wrong(self.window, False)
        try:
            minutes = Decimal(typed_in(self.window)) * 60
        except InvalidOperation:
            raise refuse_field(self.window) from None
        if not minutes.is_finite() or minutes != int(minutes) or not 1 < minutes <= 7 * 24 * 60:
            raise refuse_field(self.window)
        return int(minutes)

    def _offers(self) -> list[OfferForm]:
        chosen = [offer for offer in self.offers if offer.offered.value]
        if not chosen:
            self.pick.classes("wanting")
            raise Wrong
        return [
            OfferForm(
                variant_id=offer.variant_id,
                amount=must_amount(offer.amount, self.currency),
                leader_amount=read_amount(offer.leader, self.currency),
                tiers=self._tiers(offer.tiers),
            )
            for offer in chosen
        ]

    def _tiers(self, field: Typed) -> list[TierForm]:
        """ "5:45 10:42.50": from so many members on, so much a piece. Raises Wrong."""
        mark_wrong(field, False)
        tiers = []
        for part in typed_in(field).replace("：", ":").replace(",", " ").replace("，", " ").split():
            size, _, amount = part.partition(":")
            if not (size.isascii() and size.isdecimal() and 2 <= int(size[:5]) <= 1000):
                raise refuse_field(field)
            try:
                tiers.append(TierForm(size=int(size), amount=Money.parse(amount, self.currency).amount))
            except Refused:
                raise refuse_field(field) from None
        return tiers


def must_number(field: Typed, *, least: int = 1, most: int) -> int:
    """A whole number that has to be there. Raises Wrong."""
    number = read_number(field, least=least, most=most)
    if number is None:
        raise refuse_field(field)
    return number
