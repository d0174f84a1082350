"""Questions before something is done: one form of dialog, with fields that must be filled in or not."""

from collections.abc import Sequence
from dataclasses import dataclass

from nicegui import ui

from admin_api.console.looks import box, button, words
from admin_api.console.visit import Visit


@dataclass(frozen=True, slots=True)
class Field:
    """A text to be typed. `long`: several lines."""

    label: str
    placeholder: str = ""
    long: bool = False
    needed: bool = True
    longest: int = 500


async def ask(
    visit: Visit,
    title: str,
    *,
    text: str = "",
    fields: Sequence[Field] = (),
    choices: Sequence[tuple[str, str]],
    danger: bool = False,
    keep: str = "Cancel",
) -> tuple[str, list[str]] | None:
    """Ask and wait: (the choice, the texts), or None when the person thought better of it.

    `choices` are (value, English label), the first one stands out.
    """
    t = visit.t
    with visit.client, ui.dialog() as dialog, box("dialog").props("role=dialog"):
        words(t(title), "dialog-title")
        if text:
            words(t(text), "dialog-text")
        inputs: list[ui.input | ui.textarea] = []
        for field in fields:
            with ui.element("label").classes("field"):
                words(t(field.label), "field-label")
                made = ui.textarea() if field.long else ui.input()
                made.props(f"outlined dense maxlength={field.longest} {'autogrow' if field.long else ''}")
                made.props["placeholder"] = t(field.placeholder)
                made.props["aria-label"] = t(field.label)
            inputs.append(made)

        def choose(value: str) -> None:
            given = [(made.value or "").strip() for made in inputs]
            for made, field, typed in zip(inputs, fields, given, strict=True):
                made.props(add="error" if field.needed and not typed else "", remove="" if not typed else "error")
            if all(typed or not field.needed for field, typed in zip(fields, given, strict=True)):
                dialog.submit((value, given))

        with box("dialog-foot"):
            button(t(keep), "plain").on("click", lambda: dialog.submit(None))
            for number, (value, label) in reversed(list(enumerate(choices))):
                look = ("danger" if danger else "primary") if number == 0 else ""
                button(t(label), look).on("click", lambda value=value: choose(value))
    answer: tuple[str, list[str]] | None = await dialog
    put_away(dialog)
    return answer


def put_away(dialog: ui.dialog) -> None:
    """Take a dialog off the page, unless the page itself has gone while it was open."""
    if not dialog.client.is_deleted:
        dialog.delete()
