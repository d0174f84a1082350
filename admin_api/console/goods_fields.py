"""Fields of the merchant's forms: each has a name above it (or only for screen readers) and tells what was typed."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from nicegui import ui

from admin_api.console.looks import box, words

Key = TypeVar("Key")


def text_field(
    label: str,
    value: str,
    changed: Callable[[str], None] | None = None,
    *,
    is_named: bool = True,
    long: bool = False,
    longest: int = 300,
    placeholder: str = "",
    number: bool = False,
) -> ui.input | ui.textarea:
    """A field for text. `is_named` False: the label is only for screen readers. `number`: a keyboard of digits."""
    with ui.element("label").classes("field"):
        if is_named:
            words(label, "field-label")
        made = ui.textarea(value=value) if long else ui.input(value=value)
        made.without_auto_validation()  # what is wrong is marked by `mark_wrong` and stays marked
    made.props(f"outlined dense maxlength={longest}")
    if long:
        made.props("autogrow")
    if number:
        made.props("inputmode=decimal")
    made.props["placeholder"], made.props["aria-label"] = placeholder, label
    if changed is not None:
        made.on_value_change(lambda event: changed(event.value or ""))
    return made


def choice(
    label: str,
    options: Mapping[Key, str],
    value: Key | None,
    changed: Callable[[Key], None] | None = None,
    *,
    is_named: bool = True,
) -> ui.select:
    """One of several; the keys are what `changed` is told."""
    with ui.element("label").classes("field"):
        if is_named:
            words(label, "field-label")
        made = ui.select(dict(options), value=value if value in options else None)
    made.props("outlined dense options-dense")
    made.props["aria-label"] = label
    if changed is not None:
        made.on_value_change(lambda event: changed(event.value))
    return made


def tick(
    label: str, value: bool, changed: Callable[[bool], None] | None = None, *, is_named: bool = True
) -> ui.checkbox:
    """Yes or no."""
    made = ui.checkbox(label if is_named else "", value=value).props("dense").classes("tick-box")
    made.props["aria-label"] = label
    if changed is not None:
        made.on_value_change(lambda event: changed(bool(event.value)))
    return made


def mark_wrong(field: ui.input | ui.textarea, is_wrong: bool) -> None:
    """Show that what stands in a field cannot be used, or that it can again."""
    field.props(add="error" if is_wrong else "", remove="" if is_wrong else "error")


def goods_picture(media_id: int | None, classes: str = "goods-pic", size: int = 256) -> None:
    """A picture of a product, on sale or not; a sign where there is none."""
    if media_id is None:
        with box(f"{classes} none"):
            ui.icon("image")
        return
    made = ui.element("img").classes(classes)
    made.props["src"], made.props["loading"], made.props["alt"] = f"/api/media/{media_id}?size={size}", "lazy", ""
