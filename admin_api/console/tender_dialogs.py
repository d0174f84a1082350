"""Making coupons and gift cards, their codes shown once, and one customer's purse."""

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime, time
from secrets import token_hex

from nicegui import ui
from nicegui.element import Element

from admin_api import coupon_desk, credit_desk
from admin_api.console.dialogs import Field, ask, put_away
from admin_api.console.edit_dialog import EditDialog, Save
from admin_api.console.goods_fields import choice, mark_wrong, text_field, tick
from admin_api.console.looks import box, button, show, words
from admin_api.console.price_fields import PPM_OF_PERCENT, Typed, Wrong
from admin_api.console.visit import Visit
from admin_api.coupon_desk import BatchForm, BatchRow, GiveForm, GivenCoupon, NewBatch
from admin_api.credit_desk import CardsForm, CreditForm, NewCards, PointsForm, Purse
from admin_api.order_views import Price
from admin_api.roles import Permission, StaffMember
from commerce.credit.model import MOST_CARDS
from commerce.points.model import MOST_POINTS
from commerce.promotions.batches import LONGEST_CODE, LONGEST_TITLE
from commerce.promotions.coupon_model import MOST_CODES, Benefit, Way
from foundation.errors import Refused
from foundation.money import Money

BENEFITS = {
    Benefit.AMOUNT: "An amount off",
    Benefit.PERCENT: "Percent off",
    Benefit.FREE_SHIPPING: "Free shipping",
}
WAYS = {
    Way.OFFERED: "Anyone may take one in the chat",
    Way.SHARED_CODE: "One code for everybody",
    Way.SINGLE_CODES: "A code for each coupon",
    Way.GIVEN: "Only the staff gives them",
}


class Reading:
    """Reads the fields of a form and marks each that cannot be used; `is_wrong` says whether any was."""

    def __init__(self, visit: Visit) -> None:
        self.currency, self.zone = visit.desk.settings.currency, visit.desk.settings.zone
        self.is_wrong = False

    def number(self, field: Typed, *, most: int, needed: bool = True) -> int | None:
        """A whole number above zero; none for an empty field, which is wrong when it is needed."""
        typed = (field.value or "").strip()
        fits = typed.isascii() and typed.isdecimal() and 0 < int(typed) <= most
        self._mark(field, not fits and (needed or bool(typed)))
        return int(typed) if fits else None

    def amount(self, field: Typed, *, needed: bool = True) -> int | None:
        """An amount above zero in minor units; none for an empty field, which is wrong when it is needed."""
        typed = (field.value or "").strip()
        amount = 0
        if typed:
            try:
                amount = Money.parse(typed, self.currency).amount
            except Refused:
                amount = -1
        self._mark(field, amount < 0 or (needed and amount == 0))
        return amount or None

    def last_day(self, field: Typed) -> datetime | None:
        """The end of a day of the shop; none for an empty field."""
        typed = (field.value or "").strip()
        try:
            day = date.fromisoformat(typed) if typed else None
        except ValueError:
            day = None
        self._mark(field, bool(typed) and day is None)
        return None if day is None else datetime.combine(day, time(23, 59, 59), self.zone)

    def words(self, *fields: Typed) -> list[str]:
        """What stands in these fields; at least one of them must be filled."""
        typed = [(field.value or "").strip() for field in fields]
        self._mark(fields[0], not any(typed))
        return typed

    def _mark(self, field: Typed, is_wrong: bool) -> None:
        mark_wrong(field, is_wrong)
        self.is_wrong = self.is_wrong or is_wrong


class NewBatchDialog(EditDialog[NewBatch]):
    """The terms of a new batch."""

    def __init__(self, visit: Visit) -> None:
        hint = visit.t("They begin as a draft: nobody gets one before you start them.")
        super().__init__(visit, visit.t("New coupons"), hint, done=visit.t("Make the draft"))

    def draw(self) -> None:
        t = self.visit.t
        with box("pair"):
            self.zh = text_field(t("Name in Chinese"), "", longest=LONGEST_TITLE).props("autofocus")
            self.en = text_field(t("Name in English"), "", longest=LONGEST_TITLE)
        with box("pair"):
            benefits = {key: t(name) for key, name in BENEFITS.items()}
            self.benefit = choice(t("What it takes off"), benefits, Benefit.AMOUNT, lambda _: self.fit())
            with box() as self.worth_box:
                self.worth = text_field(t("How much"), "", longest=12, number=True)
        with box("pair"):
            self.threshold = text_field(t("From this price of the goods on (may be empty)"), "", number=True)
            with box() as self.cap_box:
                self.cap = text_field(t("At most so much off (may be empty)"), "", number=True)
        with box("pair"):
            ways = {key: t(name) for key, name in WAYS.items()}
            self.way = choice(t("How customers get one"), ways, Way.OFFERED, lambda _: self.fit())
            with box() as self.code_box:
                self.code = text_field(t("The code"), "", longest=LONGEST_CODE)
        with box("pair"):
            self.total = text_field(t("How many there are (empty: no limit)"), "", longest=9, number=True)
            self.per_customer = text_field(t("How many one customer may have"), "1", longest=3, number=True)
        with box("pair"):
            self.ends = text_field(t("Last day (may be empty)"), "").props("type=date")
            self.days = text_field(t("Days it is good for, once taken (may be empty)"), "", longest=4, number=True)
        self.stackable = tick(t("May be used together with another coupon"), False)

    def fit(self) -> None:
        show(self.worth_box, self.benefit.value is not Benefit.FREE_SHIPPING)
        show(self.cap_box, self.benefit.value is Benefit.PERCENT)
        show(self.code_box, self.way.value is Way.SHARED_CODE)

    def saving(self) -> Save[NewBatch]:
        desk, form = self.visit.desk, self._form()
        return lambda staff: coupon_desk.make_batch(desk, staff, form=form)

    def _form(self) -> BatchForm:
        read = Reading(self.visit)
        benefit, way = Benefit(self.benefit.value), Way(self.way.value)
        is_percent, is_single = benefit is Benefit.PERCENT, way is Way.SINGLE_CODES
        zh, en = read.words(self.zh, self.en)
        ppm = (read.number(self.worth, most=100) or 0) * PPM_OF_PERCENT if is_percent else 0
        amount = read.amount(self.worth) if benefit is Benefit.AMOUNT else None
        [code] = read.words(self.code) if way is Way.SHARED_CODE else [""]
        threshold = read.amount(self.threshold, needed=False)
        cap = read.amount(self.cap, needed=False) if is_percent else None
        total = read.number(self.total, most=MOST_CODES if is_single else 10**9, needed=is_single)
        per_customer = read.number(self.per_customer, most=100)
        ends_at, days = read.last_day(self.ends), read.number(self.days, most=3660, needed=False)
        if read.is_wrong:
            raise Wrong
        return BatchForm(
            title_zh=zh,
            title_en=en,
            benefit=benefit,
            way=way,
            ppm=ppm,
            amount=amount or 0,
            threshold=threshold or 0,
            cap=cap,
            stackable=bool(self.stackable.value),
            code=code,
            ends_at=ends_at,
            days=days,
            total=total,
            per_customer=per_customer or 1,
        )


async def new_cards(visit: Visit) -> NewCards | None:
    """Ask how many cards and what each is worth, and make them."""
    t = visit.t
    with visit.client, ui.dialog() as dialog, box("dialog").props("role=dialog"):
        words(t("New gift cards"), "dialog-title")
        words(t("Their codes are shown once. Whoever says one in the chat has the money."), "dialog-text")
        title = text_field(t("What they are for (may be empty)"), "", longest=200)
        with box("pair"):
            count = text_field(t("How many cards"), "10", longest=4, number=True)
            worth = text_field(t("What each is worth"), "", longest=12, number=True)
        ends = text_field(t("Last day to redeem them (may be empty)"), "").props("type=date")

        async def submit() -> None:
            read = Reading(visit)
            cards, amount = read.number(count, most=MOST_CARDS), read.amount(worth)
            expires_at = read.last_day(ends)
            if read.is_wrong or cards is None or amount is None:
                return
            form = CardsForm(title=(title.value or "").strip(), count=cards, amount=amount, expires_at=expires_at)
            made = await visit.attempt(lambda staff: credit_desk.make_gift_cards(visit.desk, staff, form=form))
            if made is not None:
                dialog.submit(made)

        with box("dialog-foot"):
            button(t("Cancel"), "plain").on("click", lambda: dialog.submit(None))
            button(t("Make the cards"), "primary").on("click", submit)
    made: NewCards | None = await dialog
    put_away(dialog)
    return made


async def show_codes(visit: Visit, codes: Sequence[str], *, name: str) -> None:
    """The codes, this once: to copy, or as a file."""
    t = visit.t
    with visit.client, ui.dialog().props("persistent") as dialog, box("dialog").props("role=dialog"):
        words(t("{count} codes", count=len(codes)), "dialog-title")
        words(t("Keep them now: they are not shown again."), "dialog-text")
        with box("code-list"):
            for code in codes:
                words(code, "code-line")
        with box("dialog-foot"):
            button(t("I have kept them"), "plain").on("click", lambda: dialog.submit(None))
            table = _csv(codes)
            download = button(t("Save as a file"), "primary", "download")
            download.on("click", lambda: ui.download.content(table, f"{name}.csv", "text/csv"))
    await dialog
    put_away(dialog)


async def give_one(visit: Visit, batch: BatchRow) -> bool:
    """Give a customer one of a batch; whether one was given."""
    who = await _whose(visit, "Give a coupon", choices=[("give", "Give it")])
    if who is None:
        return False

    async def act(staff: StaffMember) -> GivenCoupon:
        return await coupon_desk.give_coupon(visit.desk, staff, batch_id=batch.id, form=GiveForm(customer_id=who))

    if await visit.attempt(act) is None:
        return False
    with visit.client:
        ui.notify(visit.t("The customer has it and is told."), classes="notice", position="top", timeout=2500)
    return True


async def open_purse(visit: Visit) -> None:
    """Ask whose, then show points, credit and coupons, with a place to give and take."""
    who = await _whose(visit, "A customer's purse", choices=[("open", "Open")])
    if who is not None:
        await PurseDialog(visit, who).open()


class PurseDialog:
    """What one customer has; points and store credit are given and taken with a reason."""

    def __init__(self, visit: Visit, customer_id: int) -> None:
        self.visit, self.customer_id = visit, customer_id
        self.key = token_hex(8)
        t = visit.t
        with visit.client, ui.dialog() as self.dialog, box("dialog broad").props("role=dialog"):
            words(t("Purse of customer {number}", number=customer_id), "dialog-title")
            self.shown = box("purse")
            if visit.staff.may(Permission.ISSUE_CREDIT):
                words(t("Give or take"), "part-title")
                with box("pair"):
                    kinds = {"points": t("Points"), "credit": t("Store credit")}
                    self.kind = choice(t("Of what"), kinds, "points", is_named=False)
                    self.amount = text_field(t("How much; with a minus to take"), "", is_named=False, longest=12)
                    self.amount.props["placeholder"] = t("How much; with a minus to take")
                self.reason = text_field(t("Why"), "", longest=300)
            with box("dialog-foot"):
                button(t("Close this"), "plain").on("click", lambda: self.dialog.submit(None))
                if visit.staff.may(Permission.ISSUE_CREDIT):
                    button(t("Write it down"), "primary").on("click", self._submit)

    async def open(self) -> None:
        """Show it until the person closes it."""
        purse = await self.visit.attempt(self._read)
        if purse is None:
            put_away(self.dialog)
            return
        self._put(purse)
        await self.dialog
        put_away(self.dialog)

    async def _read(self, staff: StaffMember) -> Purse:
        async with self.visit.desk.database.begin() as session:
            return await credit_desk.read_purse(session, staff, self.visit.desk, customer_id=self.customer_id)

    async def _submit(self) -> None:
        form = self._form()
        if form is None:
            return

        async def act(staff: StaffMember) -> Purse:
            desk, customer = self.visit.desk, self.customer_id
            if isinstance(form, PointsForm):
                return await credit_desk.change_points(desk, staff, customer_id=customer, form=form)
            return await credit_desk.change_credit(desk, staff, customer_id=customer, form=form)

        purse = await self.visit.attempt(act)
        if purse is not None:
            self.key = token_hex(8)  # pressed again, the same form would be another act
            self.amount.set_value("")
            self.reason.set_value("")
            self._put(purse)

    def _form(self) -> PointsForm | CreditForm | None:
        read = Reading(self.visit)
        typed = (self.amount.value or "").strip().replace("−", "-")
        sign, digits = (-1, typed[1:]) if typed.startswith("-") else (1, typed.removeprefix("+"))
        self.amount.set_value(digits)
        is_points = self.kind.value == "points"
        number = read.number(self.amount, most=MOST_POINTS) if is_points else read.amount(self.amount)
        self.amount.set_value(typed)
        [reason] = read.words(self.reason)
        if read.is_wrong or number is None:
            return None
        if is_points:
            return PointsForm(points=sign * number, reason=reason, key=self.key)
        return CreditForm(amount=sign * number, reason=reason, key=self.key)

    def _put(self, purse: Purse) -> None:
        t, zone = self.visit.t, self.visit.desk.settings.zone
        self.shown.clear()
        with self.shown:
            with box("chart-numbers flat"):
                _figure(str(purse.points), t("points"))
                _figure(str(purse.points_pending), t("points to come"))
                for account in purse.accounts:
                    _figure(account.balance.shown(t.language), t(account.kind.value))
            for coupon in purse.coupons:
                names = (coupon.title_zh, coupon.title_en) if t.language == "zh" else (coupon.title_en, coupon.title_zh)
                with box("movement"):
                    words(t("Coupon"), "movement-time")
                    words(next(filter(None, names), ""), "movement-why")
                    if coupon.expires_at is not None:
                        until = f"{coupon.expires_at.astimezone(zone):%Y-%m-%d}"
                        words(t("until {time}", time=until), "movement-left")
            for moved in purse.movements[:6]:
                with box("movement"):
                    words(t.moment(moved.at.astimezone(zone)), "movement-time")
                    shown = Price(amount=moved.amount, currency=self.visit.desk.settings.currency)
                    words(shown.shown(t.language), "movement-money" + (" down" if moved.amount < 0 else ""))
                    words(t(moved.reason or moved.reference), "movement-why")


async def _whose(visit: Visit, title: str, *, choices: Sequence[tuple[str, str]]) -> int | None:
    field = Field("Number of the customer, or of one of their orders", longest=20)
    answer = await ask(visit, title, fields=[field], choices=choices)
    if answer is None:
        return None

    async def find(staff: StaffMember) -> int:
        async with visit.desk.database.begin() as session:
            return await credit_desk.find_customer(session, staff, text=answer[1][0])

    return await visit.attempt(find)


def _figure(number: str, name: str) -> Element:
    with box("chart-number") as made:
        words(number, "big-number")
        words(name, "goods-label")
    return made


def _csv(codes: Sequence[str]) -> bytes:
    table = io.StringIO()
    csv.writer(table).writerows([["code"], *([code] for code in codes)])
    return table.getvalue().encode()
