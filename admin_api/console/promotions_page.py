"""Promotions and where prices come from: promotions, price lists, shipping zones, taxes; made, edited, switched off."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from nicegui.element import Element

from admin_api import category_desk, promotion_desk, shipping_desk, variant_names
from admin_api.console.goods_frame import GoodsFrame, nothing
from admin_api.console.looks import box, button, chip, show, words
from admin_api.console.measure_dialogs import class_goods, weigh_goods
from admin_api.console.price_dialogs import PriceListDialog, TaxDialog, ZoneDialog
from admin_api.console.price_terms import (
    in_language,
    percent_text,
    places_line,
    promotion_state,
    rate_line,
    rule_line,
    scope_line,
    tax_line,
    when_line,
)
from admin_api.console.promotion_dialog import AUDIENCES, STACKING, PromotionDialog
from admin_api.console.visit import Visit
from admin_api.promotion_desk import PriceListRow, PriceLists, PromotionRow, Promotions, SwitchForm
from admin_api.roles import Permission, StaffMember
from admin_api.shipping_desk import Measured, Taxes, TaxRow, ZoneRow, Zones
from commerce.promotions.rules import Audience, Gift

Row = TypeVar("Row")
TONES = {"on": "good", "planned": "accent", "over": "quiet", "off": "quiet"}


class PromotionsPage:
    """Four lists one below the other, each with a button for a new one."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.shelves: dict[int, str] = {}
        self.skus: dict[int, str] = {}
        self.may_manage = visit.staff.may(Permission.MANAGE_PROMOTIONS)
        t = visit.t
        frame = GoodsFrame(visit, "promotions")
        with frame.actions:
            if self.may_manage:
                button(t("New promotion"), "primary small", "add").on("click", lambda: self._edit_promotion(None))
        with frame.body:
            self.promotions = box("product-rows price-rows")
            self.no_promotions = nothing(
                "sell", t("No promotions yet"), t("Shoppers see what is on in their cart and ask for it in the chat.")
            )
            self.lists = self._section("Price lists", "New price list", lambda: self._edit_list(None))
            weigh = ("Weigh goods", lambda: self._measure(weigh_goods))
            self.zones = self._section("Shipping zones", "New shipping zone", lambda: self._edit_zone(None), weigh)
            classes = ("Tax class of goods", lambda: self._measure(class_goods))
            self.taxes = self._section("Taxes", "New tax rate", lambda: self._edit_tax(None), classes)

    async def start(self) -> None:
        """Read everything anew."""
        found = await self.visit.attempt(self._read)
        if found is not None:
            promotions, lists, zones, taxes, measured = found
            self._put_promotions(promotions)
            self._put_lists(lists)
            self._put_zones(zones, measured)
            self._put_taxes(taxes)

    async def _read(self, staff: StaffMember) -> tuple[Promotions, PriceLists, Zones, Taxes, Measured]:
        desk = self.visit.desk
        async with desk.database.begin() as session:
            if staff.may(Permission.READ_PRODUCTS):
                shelves = await category_desk.list_categories(session, staff)
                self.shelves = {shelf.id: in_language(self.visit, shelf.name) for shelf in shelves.categories}
            promotions = await promotion_desk.list_promotions(session, staff)
            lists = await promotion_desk.list_price_lists(session, staff)
            await self._learn_skus(staff, promotions, lists)
            return (
                promotions,
                lists,
                await shipping_desk.list_zones(session, staff),
                await shipping_desk.list_taxes(desk, session, staff),
                await shipping_desk.count_unweighed(session, staff),
            )

    async def _learn_skus(self, staff: StaffMember, promotions: Promotions, lists: PriceLists) -> None:
        ids = {row.rule.variant_id for row in promotions.promotions if isinstance(row.rule, Gift)}
        ids |= {band.variant_id for row in lists.price_lists for band in row.prices}
        async with self.visit.desk.database.begin() as session:
            self.skus = await variant_names.skus_of(session, staff, ids=ids)

    def _section(
        self,
        title: str,
        new: str,
        make: Callable[[], Awaitable[None]],
        beside: tuple[str, Callable[[], Awaitable[None]]] | None = None,
    ) -> Element:
        t = self.visit.t
        with box("price-head"):
            words(t(title), "part-title")
            if self.may_manage:
                with box("price-acts"):
                    if beside is not None:
                        button(t(beside[0]), "small").on("click", beside[1])
                    button(t(new), "small", "add").on("click", make)
        return box("product-rows price-rows")

    def _put_promotions(self, found: Promotions) -> None:
        self.promotions.clear()
        show(self.promotions, bool(found.promotions))
        show(self.no_promotions, not found.promotions)
        with self.promotions:
            now = self.visit.desk.now()
            for row in sorted(found.promotions, key=lambda row: list(TONES).index(promotion_state(row, now))):
                self._promotion_line(row)

    def _promotion_line(self, row: PromotionRow) -> None:
        t, visit = self.visit.t, self.visit
        state = promotion_state(row, visit.desk.now())
        gift = self.skus.get(row.rule.variant_id, "?") if isinstance(row.rule, Gift) else ""
        told = [scope_line(visit, row.scope, self.shelves), when_line(visit, row.starts_at, row.ends_at)]
        if row.audience is not Audience.EVERYONE:
            told.append(t(AUDIENCES[row.audience]))
        told.append(t(STACKING[row.stacking]))
        with box("stock-row price-row").props(f"data-promotion={row.id}"):
            with box("product-name"):
                with box("price-name"):
                    words(in_language(visit, row.name), "product-title")
                    chip(t(f"promotion {state}"), TONES[state])
                words(rule_line(visit, row.rule, gift=gift), "price-terms")
                words(" · ".join(filter(None, told)), "goods-label")
            used = t("{count} of {most} orders", count=row.uses, most=row.max_uses) if row.max_uses else ""
            words(used or t("{count} orders", count=row.uses), "price-used")
            with box("tender-acts"):
                if self.may_manage:
                    button(t("Switch off") if row.active else t("Switch on"), "small").on(
                        "click", lambda: self._switch(row)
                    )
                    button(t("Edit"), "small").on("click", lambda: self._edit_promotion(row))

    def _put_lists(self, found: PriceLists) -> None:
        t = self.visit.t
        lines = []
        for row in found.price_lists:
            state = promotion_state(row, self.visit.desk.now())
            is_named = row.audience is Audience.NAMED
            named = t("{count} named customers", count=len(row.customer_ids))
            audience = named if is_named else t(AUDIENCES[row.audience])
            told = [t("Member prices") if row.for_members else "", audience]
            told.append(when_line(self.visit, row.starts_at, row.ends_at))
            goods = len({band.variant_id for band in row.prices})
            lines.append((row, state, " · ".join(filter(None, told)), t("{count} variants", count=goods)))
        self.lists.clear()
        show(self.lists, bool(lines))
        with self.lists:
            for row, state, about, count in lines:
                edit = self._editing(self._edit_list, row)
                self._line(
                    f"data-price-list={row.id}", in_language(self.visit, dict(row.name)), state, (about,), count, edit
                )

    def _put_zones(self, found: Zones, measured: Measured) -> None:
        self.zones.clear()
        by_weight = any(rate.kind == "weight" for zone in found.zones for rate in zone.rates)
        if by_weight and measured.unweighed:
            with self.zones:
                hint = self.visit.t("{count} variants on sale were never weighed.", count=measured.unweighed)
                words(hint, "price-empty")
        if not found.zones:
            with self.zones:
                words(self.visit.t("Without a zone every parcel is free."), "price-empty")
        with self.zones:
            for zone in found.zones:
                told = [places_line(self.visit, zone), *(rate_line(self.visit, rate) for rate in zone.rates)]
                state = "on" if zone.active else "off"
                name = in_language(self.visit, dict(zone.name))
                self._line(f"data-zone={zone.id}", name, state, told, "", self._editing(self._edit_zone, zone))

    def _put_taxes(self, found: Taxes) -> None:
        t = self.visit.t
        self.taxes.clear()
        with self.taxes:
            hint = t("Prices of this shop include tax.") if found.included else t("Tax comes on top of prices.")
            words(hint, "price-empty")
            for tax in found.taxes:
                state = "on" if tax.active else "off"
                name, edit = in_language(self.visit, dict(tax.name)), self._editing(self._edit_tax, tax)
                told = (tax_line(self.visit, tax),)
                self._line(f"data-tax={tax.id}", name, state, told, percent_text(tax.ppm), edit)

    def _line(
        self, props: str, name: str, state: str, about: Sequence[str], count: str, edit: Callable[[], Awaitable[None]]
    ) -> None:
        t = self.visit.t
        with box("stock-row price-row").props(props):
            with box("product-name"):
                with box("price-name"):
                    words(name, "product-title")
                    chip(t(f"promotion {state}"), TONES[state])
                for line in about:
                    words(line, "goods-label")
            words(count, "price-used")
            with box("tender-acts"):
                if self.may_manage:
                    button(t("Edit"), "small").on("click", edit)

    def _editing(self, edit: Callable[[Row], Awaitable[None]], row: Row) -> Callable[[], Awaitable[None]]:
        return lambda: edit(row)

    async def _edit_promotion(self, row: PromotionRow | None) -> None:
        gift = self.skus.get(row.rule.variant_id, "") if row and isinstance(row.rule, Gift) else ""
        await self._after(await PromotionDialog(self.visit, row, self.shelves, gift).open())

    async def _edit_list(self, row: PriceListRow | None) -> None:
        await self._after(await PriceListDialog(self.visit, row, self.skus).open())

    async def _edit_zone(self, row: ZoneRow | None) -> None:
        await self._after(await ZoneDialog(self.visit, row).open())

    async def _edit_tax(self, row: TaxRow | None) -> None:
        await self._after(await TaxDialog(self.visit, row).open())

    async def _switch(self, row: PromotionRow) -> None:
        desk, form = self.visit.desk, SwitchForm(active=not row.active, version=row.version)
        await self._after(
            await self.visit.attempt(
                lambda staff: promotion_desk.switch_promotion(desk, staff, promotion_id=row.id, form=form)
            )
        )

    async def _measure(self, act: Callable[[Visit], Awaitable[Measured | None]]) -> None:
        await self._after(await act(self.visit))

    async def _after(self, saved: object | None) -> None:
        if saved is not None:
            with self.visit.client:
                await self.start()
