"""Questions about parcels: which carrier, how one stands, what goes into a new one."""

from nicegui import ui

from admin_api import parcel_desk
from admin_api.console.dialogs import put_away
from admin_api.console.goods_fields import choice, mark_wrong, text_field
from admin_api.console.looks import box, button, show, words
from admin_api.console.visit import Visit
from admin_api.parcel_views import LooseLine, OrderParcels, place_names
from admin_api.roles import StaffMember
from commerce.shipping.companies import COMPANIES
from commerce.shipping.model import ShipmentState
from commerce.shipping.simulated import SIMULATED

OTHER = "other"
FEWEST = 0


async def ask_carrier(visit: Visit) -> tuple[str, str] | None:
    """(carrier, tracking number), or None when the person thought better of it."""
    t = visit.t
    names = {names[0]: names[0] for names in COMPANIES.values()}
    carriers = ({SIMULATED: t("Practice carrier")} if visit.desk.settings.carrier_simulator else {}) | names
    with visit.client, ui.dialog() as dialog, box("dialog").props("role=dialog"):
        words(t("Hand to carrier"), "dialog-title")
        words(t("The shopper is told the carrier and the number."), "dialog-text")
        which = choice(t("Carrier"), carriers | {OTHER: t("Another carrier")}, next(iter(carriers)))
        with box() as other_box:
            other = text_field(t("Which carrier"), "", longest=80)
        hint = t("Empty: the practice carrier makes one") if SIMULATED in carriers else ""
        number = text_field(t("Tracking number"), "", longest=80, placeholder=hint)
        show(other_box, False)
        which.on_value_change(lambda event: show(other_box, event.value == OTHER))

        def submit() -> None:
            typed = (number.value or "").strip()
            carrier = (other.value or "").strip() if which.value == OTHER else str(which.value)
            mark_wrong(other, not carrier)
            mark_wrong(number, not typed and carrier != SIMULATED)
            if carrier and (typed or carrier == SIMULATED):
                dialog.submit((carrier.replace("\x00", ""), typed.replace("\x00", "")))

        number.on("keydown.enter", submit)
        with box("dialog-foot"):
            button(t("Cancel"), "plain").on("click", lambda: dialog.submit(None))
            button(t("Hand to carrier"), "primary").on("click", submit)
    answer: tuple[str, str] | None = await dialog
    put_away(dialog)
    return answer


async def ask_standing(visit: Visit, may_become: list[ShipmentState]) -> tuple[ShipmentState, str] | None:
    """(state, a word about it), or None."""
    t = visit.t
    with visit.client, ui.dialog() as dialog, box("dialog").props("role=dialog"):
        words(t("How does it stand?"), "dialog-title")
        words(t("The shopper is told."), "dialog-text")
        states = {state.value: t(f"parcel {state}") for state in may_become}
        which = choice(t("State"), states, may_become[0].value)
        text = text_field(t("A word about it (shown to the shopper, may be empty)"), "", longest=300)

        def submit() -> None:
            dialog.submit((ShipmentState(str(which.value)), (text.value or "").strip().replace("\x00", "")))

        with box("dialog-foot"):
            button(t("Cancel"), "plain").on("click", lambda: dialog.submit(None))
            button(t("Save"), "primary").on("click", submit)
    answer: tuple[ShipmentState, str] | None = await dialog
    put_away(dialog)
    return answer


async def make_parcel(visit: Visit, number: str, loose: list[LooseLine]) -> OrderParcels | None:
    """Ask what goes into a parcel and from where, and put it together."""
    t = visit.t
    async with visit.desk.database.begin() as session:
        places = await place_names(session, language=t.language)
    with visit.client, ui.dialog() as dialog, box("dialog broad").props("role=dialog"):
        words(t("Put a parcel together"), "dialog-title")
        fields = []
        for line in loose:
            with box("goods parcel-line"):
                with box("goods-middle"):
                    words(line.title, "goods-title")
                    words(" · ".join(filter(None, (line.label, t("Of {count}", count=line.quantity)))), "goods-label")
                field = text_field(line.title, str(line.quantity), is_named=False, longest=6, number=True)
            fields.append((line, field))
        where = choice(t("Sent from"), {FEWEST: t("As few parcels as can be"), **places}, FEWEST)

        def submit() -> None:
            pieces = {}
            for line, field in fields:
                typed = (field.value or "").strip() or "0"
                is_right = typed.isdecimal() and int(typed) <= line.quantity
                mark_wrong(field, not is_right)
                if not is_right:
                    return
                if int(typed):
                    pieces[line.line_id] = int(typed)
            if pieces:
                dialog.submit((pieces, where.value or None))

        with box("dialog-foot"):
            button(t("Cancel"), "plain").on("click", lambda: dialog.submit(None))
            button(t("Put a parcel together"), "primary").on("click", submit)
    answer: tuple[dict[int, int], int | None] | None = await dialog
    put_away(dialog)
    if answer is None:
        return None
    pieces, location = answer

    async def act(staff: StaffMember) -> OrderParcels:
        return await parcel_desk.make(visit.desk, staff, number=number, lines=pieces, location_id=location)

    return await visit.attempt(act)
