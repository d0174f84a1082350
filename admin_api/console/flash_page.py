"""Flash sales: the list on the left, one of them live on the right: quota, sold, held, left, people in line, clock."""

from collections.abc import Awaitable, Callable, Sequence

from nicegui import ui
from sqlalchemy.ext.asyncio import AsyncSession

from admin_api import flash_desk
from admin_api.console.deal_panes import DealPanes, clock, number, span
from admin_api.console.dialogs import Field, ask
from admin_api.console.flash_dialog import SaleDialog
from admin_api.console.goods_fields import goods_picture
from admin_api.console.location_dialogs import read_locations
from admin_api.console.looks import box, button, chip, set_text, words
from admin_api.console.moment_dialog import MomentDialog
from admin_api.console.price_terms import in_language
from admin_api.console.two_panes import Key
from admin_api.console.visit import Visit
from admin_api.flash_desk import ItemShape, LaterForm, PiecesForm, SaleRow, SaleVersion
from admin_api.order_views import Price
from admin_api.roles import StaffMember
from commerce.flash_sales.model import PLANNED, SaleState
from commerce.flash_sales.queries import Phase

SHELVES = {"planned": "Coming and on", "draft": "Drafts", "ended": "Over"}


def shelf_of(row: SaleRow) -> str:
    """The list in which a sale stands."""
    return "planned" if row.state in PLANNED else row.state.value


class FlashSalesPage(DealPanes[SaleRow, SaleRow]):
    """What comes or is on, drafts, what is over."""

    def __init__(self, visit: Visit) -> None:
        t = visit.t
        self.waiting: dict[int, ui.label] = {}
        super().__init__(
            visit,
            "flash-sale",
            "f",
            here="flash-sales",
            new=t("New flash sale"),
            none=t("No flash sales here"),
            choose=("bolt", t("Choose a flash sale"), t("What is sold, held and left opens here and stays live.")),
            shelves={shelf: t(name) for shelf, name in SHELVES.items()},
        )

    async def read_all(self, session: AsyncSession, staff: StaffMember) -> list[SaleRow]:
        found = await flash_desk.list_flash_sales(self.visit.desk, session, staff)
        return [row for row in found.sales if shelf_of(row) == self.shelf]

    def key_of(self, row: SaleRow) -> Key:
        return row.id

    def draw_row(self, row: SaleRow) -> None:
        t = self.visit.t
        sold, pieces = sum(item.sold for item in row.items), sum(item.pieces for item in row.items)
        with box("deal-row"):
            goods_picture(row.items[0].picture if row.items else None, "product-pic", 96)
            with box("talk-middle"):
                with box("talk-top"):
                    words(in_language(self.visit, row.name), "talk-name")
                    words(t("{sold} of {pieces} sold", sold=sold, pieces=pieces), "talk-time")
                comma = "、" if t.language == "zh" else ", "
                words(comma.join(dict.fromkeys(item.title for item in row.items)), "talk-preview")
                with box("talk-marks"):
                    self._state(row)
                    if row.state is not SaleState.ENDED and any(item.is_dear for item in row.items):
                        chip(t("no cheaper than usual"), "bad")
                    words(span(self.visit, row.starts_at, row.ends_at, days_only=True), "goods-label deal-when")

    def _state(self, row: SaleRow) -> None:
        is_draft = row.state is SaleState.DRAFT
        state = "draft" if is_draft else "over" if row.state is SaleState.ENDED else row.phase.value
        tone = {"draft": "warn", "coming": "accent", "on": "good", "over": "quiet"}[state]
        chip(self.visit.t(f"flash {state}"), tone)

    async def read(self, session: AsyncSession, staff: StaffMember, key: Key) -> SaleRow:
        return await flash_desk.read_sale(self.visit.desk, session, staff, sale_id=int(key))

    def heading(self, found: SaleRow) -> tuple[Key, str]:
        return found.id, in_language(self.visit, found.name)

    def draw(self, found: SaleRow) -> None:
        t, language = self.visit.t, self.visit.t.language
        self.waiting = {}
        with box("deal-card"), box("deal-head"):
            with box("chips"):
                self._state(found)
                words(span(self.visit, found.starts_at, found.ends_at), "goods-label")
                if found.state in PLANNED:
                    words(t("begins in") if found.phase is Phase.COMING else t("ends in"), "goods-label")
                    clock(found.starts_at if found.phase is Phase.COMING else found.ends_at)
            with box("deal-acts"):
                if self.may_manage:
                    self._acts(found)
        if found.state is not SaleState.DRAFT:
            left, held = sum(item.left for item in found.items), sum(item.held for item in found.items)
            with box("deal-numbers"):
                number(t("Taken in"), found.taken.shown(language))
                sold, pieces = sum(item.sold for item in found.items), sum(item.pieces for item in found.items)
                number(t("Sold"), str(sold), t("of {pieces}", pieces=pieces))
                number(t("In checkouts"), str(held))
                number(t("Left"), str(left), tone="risky" if found.phase is Phase.ON and not left else "")
                number(t("To be reminded"), str(found.reminders))
        self._items(found, found.items)

    def _acts(self, found: SaleRow) -> None:
        t, desk, form = self.visit.t, self.visit.desk, SaleVersion(version=found.version)
        if found.state is SaleState.DRAFT:
            button(t("Edit"), "small", "edit").on("click", lambda: self._edit(found))
            schedule = button(t("Schedule it"), "small primary", "event_available")
            schedule.on("click", lambda: self._ask(
                t("Schedule this flash sale?"), t("Its pieces are reserved from stock now; shoppers see it coming."),
                t("Schedule it"), lambda staff: flash_desk.schedule_sale(desk, staff, sale_id=found.id, form=form),
            ))  # fmt: skip
            button(t("Throw away"), "small danger-text", "delete").on("click", lambda: self._throw_away(found))
        elif found.state in PLANNED:
            button(t("Move the end"), "small", "more_time").on("click", lambda: self._extend(found))
            if found.phase is Phase.COMING:
                button(t("Back to a draft"), "small", "undo").on("click", lambda: self._ask(
                    t("Take it back to a draft?"), t("Its pieces go free, and shoppers do not see it any more."),
                    t("Back to a draft"),
                    lambda staff: flash_desk.unschedule_sale(desk, staff, sale_id=found.id, form=form),
                ))  # fmt: skip
            else:
                button(t("End it"), "small danger-text", "stop").on("click", lambda: self._ask(
                    t("End this flash sale now?"),
                    t("Who is in the checkout can still pay. All other pieces go back on the shelf."),
                    t("End it"), lambda staff: flash_desk.end_sale(desk, staff, sale_id=found.id, form=form),
                    danger=True,
                ))  # fmt: skip

    def _items(self, found: SaleRow, items: Sequence[ItemShape]) -> None:
        t, language = self.visit.t, self.visit.t.language
        with box("group-cards"):
            for item in items:
                with box("group-card").props(f"data-item={item.id}"):
                    with box("deal-row"):
                        goods_picture(item.picture, "product-pic", 96)
                        with box("talk-middle"):
                            words(f"{item.title} {item.label}".strip(), "talk-name")
                            with box("offer-line"):
                                words(Price(amount=item.usual, currency=item.taken.currency).shown(language), "was")
                                words(Price(amount=item.amount, currency=item.taken.currency).shown(language), "money")
                                if item.is_dear and found.state is not SaleState.ENDED:
                                    chip(t("no cheaper than usual"), "bad")
                                words(t("{count} for each", count=item.max_per_customer), "goods-label")
                                if item.location is not None:
                                    words(item.location, "goods-label deal-place")
                    if found.state is SaleState.DRAFT:
                        words(t("{count} pieces", count=item.pieces), "goods-label")
                        continue
                    with box("deal-bar"):
                        box("bar-done").style(f"width: {100 * item.sold / item.pieces:.1f}%")
                        box("bar-held").style(f"width: {100 * item.held / item.pieces:.1f}%")
                    with box("flash-counts"):
                        self._count("sold", item.sold)
                        self._count("held", item.held)
                        self._count("left", item.left)
                        self._count("buyers", item.buyers)
                        self.waiting[item.id] = self._count("in line", item.waiting)
                    if self.may_manage and found.state in PLANNED:
                        with box("group-acts"):
                            button(t("Change pieces"), "small", "edit").on(
                                "click", lambda item=item: self._change_pieces(found, item)
                            )

    def _count(self, name: str, count: int) -> ui.label:
        with box("flash-count").props(f'data-count="{name}"'):
            shown = words(str(count), "flash-figure")
            words(self.visit.t(f"flash {name}"), "goods-label")
        return shown

    async def look_again(self) -> None:
        await super().look_again()
        if self.opened is None or self.opened[1].state not in PLANNED:
            return
        for item in (await flash_desk.with_line(self.visit.desk, self.opened[1])).items:
            if item.id in self.waiting:
                set_text(self.waiting[item.id], str(item.waiting))

    async def make(self) -> None:
        await self._edit(None)

    async def _edit(self, row: SaleRow | None) -> None:
        places = {
            place.id: in_language(self.visit, place.name) for place in await read_locations(self.visit) if place.active
        }
        await self._after(await SaleDialog(self.visit, row, places).open())

    async def _extend(self, row: SaleRow) -> None:
        ends_at = await MomentDialog(self.visit, self.visit.t("Move the end"), row.ends_at).open()
        if ends_at is not None:
            desk, form = self.visit.desk, LaterForm(ends_at=ends_at, version=row.version)
            await self._after(
                await self.visit.attempt(lambda staff: flash_desk.extend_sale(desk, staff, sale_id=row.id, form=form))
            )

    async def _change_pieces(self, row: SaleRow, item: ItemShape) -> None:
        t, desk = self.visit.t, self.visit.desk
        answer = await ask(
            self.visit,
            t("Change pieces"),
            text=t("{pieces} now; {taken} of them are sold or held.", pieces=item.pieces, taken=item.sold + item.held),
            fields=[Field("Pieces in all")],
            choices=[("yes", t("Save"))],
        )
        if answer is not None:
            typed = answer[1][0]
            pieces = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 9 else 0

            async def change(staff: StaffMember) -> SaleRow:
                form = PiecesForm(pieces=pieces, version=row.version)
                return await flash_desk.change_pieces(desk, staff, item_id=item.id, form=form)

            await self._after(await self.visit.attempt(change))

    async def _ask(
        self, title: str, text: str, yes: str, act: Callable[[StaffMember], Awaitable[SaleRow]], *, danger: bool = False
    ) -> None:
        if await ask(self.visit, title, text=text, choices=[("yes", yes)], danger=danger):
            await self._after(await self.visit.attempt(act))

    async def _throw_away(self, row: SaleRow) -> None:
        t, desk, form = self.visit.t, self.visit.desk, SaleVersion(version=row.version)
        if await ask(self.visit, t("Throw this draft away?"), choices=[("yes", t("Throw away"))], danger=True):
            gone = await self.visit.attempt(
                lambda staff: flash_desk.delete_sale(desk, staff, sale_id=row.id, form=form)
            )
            if gone is not None:
                with self.visit.client:
                    ui.navigate.to("/flash-sales")

    async def _after(self, row: SaleRow | None) -> None:
        if row is not None:
            await self.show_shelf(shelf_of(row))
            self.put(row)
