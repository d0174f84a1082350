"""Dialogs about transfers: entering one, and what came of a statement."""

from datetime import date

from nicegui import ui

from admin_api import payment_desk
from admin_api.console.dialogs import put_away
from admin_api.console.goods_fields import mark_wrong, text_field
from admin_api.console.looks import box, button, words
from admin_api.console.visit import Visit
from admin_api.payment_desk import EntryForm, StatementRead
from admin_api.roles import StaffMember


async def enter_transfer(visit: Visit) -> bool:
    """Ask for one line of a statement and write it down; whether that was done."""
    t = visit.t
    today = visit.desk.now().astimezone(visit.desk.settings.zone).date().isoformat()
    with visit.client, ui.dialog() as dialog, box("dialog").props("role=dialog"):
        words(t("Enter a transfer"), "dialog-title")
        words(t("It settles by itself where the code and the amount are right."), "dialog-text")
        amount = text_field(
            t("Amount ({currency})", currency=visit.desk.settings.currency), "", number=True, longest=24
        )
        reference = text_field(t("The bank's number of it"), "", longest=80)
        memo = text_field(t("What the payer wrote"), "", longest=500)
        payer = text_field(t("Payer (may be empty)"), "", longest=200)
        day = text_field(t("Day (2026-11-22)"), today, longest=10)

        async def submit() -> None:
            needed = (amount, reference, day)
            for field in needed:
                mark_wrong(field, not (field.value or "").strip())
            received = _day(day.value or "")
            mark_wrong(day, received is None)
            if received is None or not all((field.value or "").strip() for field in needed):
                return

            async def act(staff: StaffMember) -> object:
                form = EntryForm(
                    bank_reference=(reference.value or "").strip(),
                    amount=(amount.value or "").strip().replace(",", ""),
                    received_on=received,
                    payer=payer.value or "",
                    memo=memo.value or "",
                )
                return await payment_desk.enter(visit.desk, staff, form)

            if await visit.attempt(act) is not None:
                dialog.submit(True)

        with box("dialog-foot"):
            button(t("Cancel"), "plain").on("click", lambda: dialog.submit(False))
            button(t("Write down"), "primary").on("click", submit)
    done = bool(await dialog)
    put_away(dialog)
    return done


async def tell_of_statement(visit: Visit, read: StatementRead) -> None:
    """What came of a statement, with the lines that cannot be read."""
    t = visit.t
    with visit.client, ui.dialog() as dialog, box("dialog").props("role=dialog"):
        words(t("The statement was read"), "dialog-title")
        words(
            t(
                "{new} new, {settled} of them settled by themselves; {known} were known, {outgoing} went out.",
                new=read.new,
                settled=read.settled,
                known=read.known,
                outgoing=read.outgoing,
            ),
            "dialog-text",
        )
        if read.problems:
            words(t("Lines that cannot be read:"), "field-label")
            for problem in read.problems[:20]:
                words(problem, "goods-label")
        with box("dialog-foot"):
            button(t("Close this"), "primary").on("click", lambda: dialog.submit(None))
    await dialog
    put_away(dialog)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None
