"""Making and editing price lists, shipping zones and tax rates."""

from dataclasses import dataclass

from admin_api import promotion_desk, shipping_desk, variant_names
from admin_api.console.edit_dialog import EditDialog, Save
from admin_api.console.goods_fields import choice, mark_wrong, text_field, tick
from admin_api.console.looks import box, button, icon_button, show
from admin_api.console.price_fields import (
    PPM_OF_PERCENT,
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
    read_part,
    refuse_field,
    typed_in,
)
from admin_api.console.visit import Visit
from admin_api.promotion_desk import BandForm, EditPriceListForm, PriceListForm, PriceListRow, PriceLists
from admin_api.roles import StaffMember
from admin_api.shipping_desk import (
    EditTaxForm,
    EditZoneForm,
    RateForm,
    Taxes,
    TaxForm,
    TaxRow,
    ZoneForm,
    ZoneRow,
    Zones,
)
from commerce.promotions.rules import Audience
from foundation.errors import Refused
from foundation.money import Money

RATE_KINDS = {"flat": "The same for every parcel", "weight": "By weight"}
LIST_AUDIENCES = {
    Audience.EVERYONE: "Everyone",
    Audience.NEW: "Those who never ordered",
    Audience.RETURNING: "Those who ordered before",
    Audience.NAMED: "Customers named below",
}


class PriceListDialog(EditDialog[PriceLists]):
    """One price list; its prices are typed as lines: SKU, price, and perhaps from so many pieces on."""

    def __init__(self, visit: Visit, row: PriceListRow | None, skus: dict[int, str]) -> None:
        self.row, self.skus, self.currency = row, skus, visit.desk.settings.currency
        super().__init__(visit, visit.t("Edit the price list") if row else visit.t("New price list"))

    def draw(self) -> None:
        visit, row, skus, t = self.visit, self.row, self.skus, self.visit.t
        lines = [
            " ".join(filter(None, (skus.get(band.variant_id, "?"), money_text(band.amount, self.currency),
                                   str(band.min_quantity) if band.min_quantity > 1 else "")))
            for band in (row.prices if row else ())
        ]  # fmt: skip
        with box("pair"):
            self.name = name_fields(visit, dict(row.name) if row else {})
        label = t("One price a line: SKU, price, and perhaps from how many pieces on")
        self.prices = text_field(label, "\n".join(lines), long=True, longest=40_000)
        with box("pair"):
            audiences = {key: t(name) for key, name in LIST_AUDIENCES.items()}
            before = row.audience if row else Audience.EVERYONE
            self.audience = choice(t("For whom"), audiences, before, lambda _: self.fit())
            with box() as self.customers_box:
                named = " ".join(map(str, row.customer_ids)) if row else ""
                self.customers = text_field(t("Numbers of the customers"), named, longest=10_000)
        with box("pair"):
            self.starts = moment_field(visit, t("Begins (empty: at once)"), row.starts_at if row else None)
            self.ends = moment_field(visit, t("Ends (empty: never)"), row.ends_at if row else None)
        self.priority = text_field(t("Priority"), str(row.priority) if row else "0", longest=4, number=True)
        self.for_members = tick(t("Member prices: they only make cheaper"), row.for_members if row else False)
        self.active = tick(t("On"), row.active if row else True)

    def fit(self) -> None:
        show(self.customers_box, self.audience.value is Audience.NAMED)

    def saving(self) -> Save[PriceLists]:
        desk, row = self.visit.desk, self.row
        bands = _bands(self.prices, self.currency)
        given = {
            "name": read_name(self.name),
            "audience": self.audience.value,
            "customer_ids": _ids(self.customers) if self.audience.value is Audience.NAMED else [],
            "starts_at": read_moment(self.visit, self.starts),
            "ends_at": read_moment(self.visit, self.ends),
            "priority": read_number(self.priority, most=1000) or 0,
            "for_members": bool(self.for_members.value),
            "active": bool(self.active.value),
        }

        async def save(staff: StaffMember) -> PriceLists:
            async with desk.database.begin() as session:
                found = await variant_names.variants_of(session, staff, skus=list({band.sku for band in bands}))
            prices = [
                BandForm(variant_id=found[band.sku], min_quantity=band.pieces, amount=band.amount) for band in bands
            ]
            if row is None:
                return await promotion_desk.add_price_list(desk, staff, form=PriceListForm(**given, prices=prices))
            form = EditPriceListForm(**given, prices=prices, version=row.version)
            return await promotion_desk.edit_price_list(desk, staff, price_list_id=row.id, form=form)

        return save


class ZoneDialog(EditDialog[Zones]):
    """One shipping zone with its rates."""

    def __init__(self, visit: Visit, row: ZoneRow | None) -> None:
        self.row, self.currency = row, visit.desk.settings.currency
        title = visit.t("Edit the shipping zone") if row else visit.t("New shipping zone")
        hint = visit.t("Where several zones fit, the one that names the place most exactly counts.")
        super().__init__(visit, title, hint)

    def draw(self) -> None:
        visit, row, t = self.visit, self.row, self.visit.t
        with box("pair"):
            self.name = name_fields(visit, dict(row.name) if row else {})
        with box("pair three"):
            countries = " ".join(row.countries) if row else "CN"
            self.countries = text_field(t("Countries, two letters (none: the world)"), countries, longest=800)
            self.provinces = text_field(t("Provinces (none: all)"), " ".join(row.provinces) if row else "")
            self.cities = text_field(t("Cities (none: all)"), " ".join(row.cities) if row else "", longest=3000)
        self.rates: list[_RateRow] = []
        self.rate_rows = box("rate-rows")
        for rate in row.rates if row else [None]:
            self._add_rate(rate)
        button(t("Another way to send"), "small", "add").on("click", lambda: self._add_rate(None))
        self.active = tick(t("On"), row.active if row else True)

    def _add_rate(self, rate: RateForm | None) -> None:
        with self.rate_rows:
            self.rates.append(_RateRow(self, rate))

    def drop(self, rate: "_RateRow") -> None:
        """Take a rate off the form; the last one stays."""
        if len(self.rates) > 1:
            self.rates.remove(rate)
            rate.card.delete()

    def saving(self) -> Save[Zones]:
        desk, row = self.visit.desk, self.row
        given = {
            "name": read_name(self.name),
            "countries": _countries(self.countries),
            "provinces": _places(self.provinces),
            "cities": _places(self.cities),
            "position": row.position if row else 0,
            "active": bool(self.active.value),
            "rates": [rate.form() for rate in self.rates],
        }

        async def save(staff: StaffMember) -> Zones:
            if row is None:
                return await shipping_desk.add_zone(desk, staff, form=ZoneForm(**given))
            form = EditZoneForm(**given, version=row.version)
            return await shipping_desk.edit_zone(desk, staff, zone_id=row.id, form=form)

        return save


class _RateRow:
    """The fields of one way to send."""

    def __init__(self, dialog: ZoneDialog, rate: RateForm | None) -> None:
        self.dialog, self.rate = dialog, rate
        t, currency = dialog.visit.t, dialog.currency
        with box("rate-card") as self.card:
            with box("pair"):
                self.name = name_fields(dialog.visit, dict(rate.name) if rate else {"zh": "快递", "en": "Parcel"})
            with box("pair three"):
                kinds = {key: t(label) for key, label in RATE_KINDS.items()}
                self.kind = choice(t("What it costs"), kinds, rate.kind if rate else "flat", lambda _: self._fit())
                self.amount = self._field(t("Amount"), money_text(rate.amount if rate else None, currency))
                self.free_from = self._field(
                    t("Free from (may be empty)"), money_text(rate.free_from if rate else None, currency)
                )
            with box("pair three") as self.weight_box:
                self.first = self._field(t("Up to so many grams"), str(rate.first_grams) if rate else "1000")
                self.step = self._field(t("Each further grams"), str(rate.step_grams) if rate else "500")
                self.more = self._field(t("cost"), money_text(rate.step_amount if rate else None, currency))
            with box("pair three"):
                self.days_min = self._field(t("Days at least"), _number_text(rate.days_min if rate else None))
                self.days_max = self._field(t("Days at most"), _number_text(rate.days_max if rate else None))
                with box("rate-drop"):
                    gone = icon_button("delete", t("Take this way away"), "tiny")
                    gone.on("click", lambda: dialog.drop(self))
        self._fit()

    def form(self) -> RateForm:
        """What was typed. Raises Wrong."""
        currency = self.dialog.currency
        is_weight = self.kind.value == "weight"
        days_min, days_max = read_number(self.days_min, most=365), read_number(self.days_max, most=365)
        if (days_min is None) != (days_max is None) or (days_min or 0) > (days_max or 0):
            raise refuse_field(self.days_max)
        step = (read_number(self.step, least=1) or 0) if is_weight else 0
        if is_weight and not step:
            raise refuse_field(self.step)
        return RateForm(
            id=self.rate.id if self.rate else None,
            name=read_name(self.name),
            kind="weight" if is_weight else "flat",
            amount=must_amount(self.amount, currency),
            first_grams=(read_number(self.first) or 0) if is_weight else 0,
            step_grams=step,
            step_amount=(read_amount(self.more, currency) or 0) if is_weight else 0,
            free_from=read_amount(self.free_from, currency),
            days_min=days_min,
            days_max=days_max,
        )

    def _field(self, label: str, value: str) -> Typed:
        return text_field(label, value, longest=12, number=True)

    def _fit(self) -> None:
        show(self.weight_box, self.kind.value == "weight")


class TaxDialog(EditDialog[Taxes]):
    """One tax rate."""

    def __init__(self, visit: Visit, row: TaxRow | None) -> None:
        self.row = row
        title = visit.t("Edit the tax rate") if row else visit.t("New tax rate")
        hint = visit.t("An empty field means any. The rate that says most exactly what it is for counts.")
        super().__init__(visit, title, hint)

    def draw(self) -> None:
        visit, row, t = self.visit, self.row, self.visit.t
        with box("pair"):
            self.name = name_fields(visit, dict(row.name) if row else {})
        with box("pair"):
            percent = f"{row.ppm / PPM_OF_PERCENT:.6g}" if row else ""
            self.percent = text_field(t("Percent"), percent, longest=8, number=True)
            self.tax_class = text_field(t("Class of goods"), row.tax_class if row else "", longest=40)
        with box("pair"):
            self.country = text_field(t("Country, two letters"), row.country if row else "", longest=2)
            self.province = text_field(t("Province"), row.province if row else "", longest=80)
        self.active = tick(t("On"), row.active if row else True)

    def saving(self) -> Save[Taxes]:
        desk, row = self.visit.desk, self.row
        typed = typed_in(self.percent)
        ppm = 0 if typed in ("0", "0%") else read_part(typed)
        mark_wrong(self.percent, ppm is None)
        countries = _countries(self.country)
        if ppm is None:
            raise Wrong
        given = {
            "name": read_name(self.name),
            "ppm": ppm,
            "tax_class": typed_in(self.tax_class),
            "country": countries[0] if countries else "",
            "province": typed_in(self.province),
            "active": bool(self.active.value),
        }

        async def save(staff: StaffMember) -> Taxes:
            if row is None:
                return await shipping_desk.add_tax(desk, staff, form=TaxForm(**given))
            form = EditTaxForm(**given, version=row.version)
            return await shipping_desk.edit_tax(desk, staff, tax_id=row.id, form=form)

        return save


@dataclass(frozen=True, slots=True)
class _Typed:
    """A line of a price list as it was typed."""

    sku: str
    amount: int
    pieces: int


def _bands(field: Typed, currency: str) -> list[_Typed]:
    """ "TEA-50 48.00" and "TEA-50 45 10": the last number is from how many pieces on. Raises Wrong."""
    bands: list[_Typed] = []
    for line in typed_in(field).replace("，", ",").splitlines():
        parts = [part for part in line.replace(",", " ").replace("\t", " ").split(" ") if part]
        if not parts:
            continue
        try:
            pieces = parts[2] if len(parts) == 3 else "1"
            if len(parts) not in (2, 3) or not (pieces.isascii() and pieces.isdecimal() and 0 < int(pieces) < 10_001):
                raise refuse_field(field)
            bands.append(_Typed(parts[0], Money.parse(parts[1], currency).amount, int(pieces)))
        except Refused:
            raise refuse_field(field) from None
    keys = {(band.sku, band.pieces) for band in bands}
    if len(keys) < len(bands) or any(band.amount < 0 for band in bands):
        raise refuse_field(field)
    mark_wrong(field, False)
    return bands


def _ids(field: Typed) -> list[int]:
    parts = typed_in(field).replace(",", " ").replace("，", " ").split()
    if not parts or not all(part.isascii() and part.isdecimal() and 0 < len(part) < 19 for part in parts):
        raise refuse_field(field)
    mark_wrong(field, False)
    return [int(part) for part in parts if int(part)]


def _places(field: Typed) -> list[str]:
    return [part for part in typed_in(field).replace(",", " ").replace("，", " ").replace("、", " ").split() if part]


def _countries(field: Typed) -> list[str]:
    codes = [code.upper() for code in _places(field)]
    if not all(len(code) == 2 and code.isascii() and code.isalpha() for code in codes):
        raise refuse_field(field)
    mark_wrong(field, False)
    return codes


def _number_text(number: int | None) -> str:
    return "" if number is None else str(number)
