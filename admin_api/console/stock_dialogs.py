"""Counting a variant, or saying what came and went; and the list of what did."""

from nicegui import ui

from admin_api import stock_desk
from admin_api.console.dialogs import put_away
from admin_api.console.goods_fields import choice, mark_wrong, text_field
from admin_api.console.location_dialogs import read_locations, stock_at, told
from admin_api.console.looks import box, button, show, words
from admin_api.console.product_editing import in_words
from admin_api.console.visit import Visit
from admin_api.product_views import MovementShape
from admin_api.roles import StaffMember
from admin_api.stock_desk import AdjustForm, CountForm, StockMovementRow, VariantStock
from admin_api.stock_views import PlaceStock, StockShape
from commerce.inventory.actions import MOST_PIECES, Reason

COUNTED = "counted"
WAYS = {
    COUNTED: "Counted: so many lie there",
    Reason.RECEIVED.value: "Goods came in",
    Reason.RETURNED.value: "Came back from a shopper",
    Reason.FOUND.value: "Found again",
    Reason.DAMAGED.value: "Damaged, thrown away",
    Reason.LOST.value: "Lost",
}


async def change_stock(
    visit: Visit, *, variant_id: int, name: str, stock: StockShape, location_id: int | None = None
) -> bool:
    """Ask what happened and where, and write it down; whether something was."""
    t = visit.t
    places = [place for place in await read_locations(visit) if place.active]
    if not places:
        return False
    first = location_id or next(place.id for place in places if place.is_main)
    with visit.client, ui.dialog() as dialog, box("dialog").props("role=dialog"):
        words(t("Stock of {name}", name=name), "dialog-title")
        words(
            t("{on_hand} here, {reserved} promised to orders", on_hand=stock.on_hand, reserved=stock.reserved),
            "dialog-text",
        )
        if len(places) > 1:
            where = choice(t("Location"), {place.id: told(visit, place, stock) for place in places}, first)
        how = choice(t("What happened"), {way: t(label) for way, label in WAYS.items()}, COUNTED)
        pieces = text_field(t("Pieces"), "", longest=9, number=True).props("autofocus")
        note = text_field(t("A note for later (may be empty)"), "", longest=200)

        async def submit() -> None:
            typed = (pieces.value or "").strip()
            way = str(how.value)
            is_number = typed.isdecimal() and (way == COUNTED or int(typed) > 0) and int(typed) <= MOST_PIECES
            mark_wrong(pieces, not is_number)
            place = stock_at(stock, where.value if len(places) > 1 else first)
            if is_number and await _write(visit, variant_id, way, int(typed), (note.value or "").strip(), place):
                dialog.submit(True)

        pieces.on("keydown.enter", submit)
        with box("dialog-foot"):
            button(t("Cancel"), "plain").on("click", lambda: dialog.submit(False))
            button(t("Write down"), "primary").on("click", submit)
    done = bool(await dialog)
    put_away(dialog)
    return done


async def _write(visit: Visit, variant_id: int, way: str, pieces: int, note: str, place: PlaceStock) -> bool:
    desk = visit.desk
    note = note.replace("\x00", "")

    async def act(staff: StaffMember) -> VariantStock:
        if way == COUNTED:
            counted = CountForm(counted=pieces, note=note, was=place.on_hand, location_id=place.location_id)
            return await stock_desk.count_stock(desk, staff, variant_id=variant_id, form=counted)
        adjusted = AdjustForm(
            quantity=pieces, reason=Reason(way), note=note, was=place.on_hand, location_id=place.location_id
        )
        return await stock_desk.adjust_stock(desk, staff, variant_id=variant_id, form=adjusted)

    return await visit.attempt(act) is not None


async def show_movements(visit: Visit, *, variant_id: int, name: str) -> None:
    """What came and went of a variant, newest first, more on demand."""
    t = visit.t
    cursor: str | None = None
    places = {place.id: in_words(place.name, t.language) for place in await read_locations(visit)}
    with visit.client, ui.dialog() as dialog, box("dialog broad").props("role=dialog"):
        words(t("Movements of {name}", name=name), "dialog-title")
        with box("movements"):
            rows = box()
            more = button(t("More"), "more")

        async def load() -> None:
            nonlocal cursor
            page = await visit.attempt(lambda staff: _page(visit, staff, variant_id, cursor))
            if page is None:
                return
            with rows:
                for row in page.movements:
                    place = places.get(row.location_id, "") if len(places) > 1 else ""
                    movement_row(visit, row, name=place, left=row.on_hand)
                if not page.movements and cursor is None:
                    words(t("Nothing came or went yet."), "side-empty")
            cursor = page.next
            show(more, cursor is not None)

        more.on("click", load)
        with box("dialog-foot"):
            button(t("Close this"), "plain").on("click", lambda: dialog.submit(None))
    await load()
    await dialog
    put_away(dialog)


def movement_row(
    visit: Visit, row: StockMovementRow | MovementShape, *, name: str = "", left: int | None = None
) -> None:
    """One line: when, how many, why, and how many lay there afterwards."""
    t = visit.t
    with box("movement"):
        words(t.moment(row.at.astimezone(visit.desk.settings.zone)), "movement-time")
        words(f"{row.delta:+d}", "movement-delta" + (" down" if row.delta < 0 else ""))
        with box("movement-why"):
            reason = t(f"stock {row.reason}")
            words(reason if not reason.startswith("stock ") else row.reason)
            told = " · ".join(part for part in (name, row.note) if part)
            if told:
                words(told, "goods-label")
        if left is not None:
            words(t("{count} left", count=left), "movement-left")


async def _page(visit: Visit, staff: StaffMember, variant_id: int, cursor: str | None) -> stock_desk.Movements:
    async with visit.desk.database.begin() as session:
        return await stock_desk.list_movements(session, staff, variant_id=variant_id, cursor=cursor, limit=20)
