"""Small pieces that every page is built from. Words of shoppers go into labels only, never into markup."""

from datetime import datetime
from zoneinfo import ZoneInfo

from nicegui import ui
from nicegui.element import Element

from admin_api.console.words import Words


def box(classes: str = "") -> Element:
    """A plain block."""
    return ui.element("div").classes(classes)


def words(text: str, classes: str = "") -> ui.label:
    """Text, shown exactly as it is."""
    return ui.label(text).classes(classes)


def button(text: str, classes: str = "", icon: str = "") -> Element:
    """A native button with words and perhaps an icon; `.on("click", ...)` says what it does."""
    made = ui.element("button").classes(f"btn {classes}").props("type=button")
    if icon and text:
        made.props["title"] = text  # on a narrow screen only the icon is left
    with made:
        if icon:
            ui.icon(icon)
        if text:
            ui.label(text)
    return made


def icon_button(icon: str, title: str, classes: str = "") -> Element:
    """A button that is only an icon; `title` is its name for screen readers and on hover."""
    made = button("", f"icon-btn {classes}", icon)
    made.props["title"] = made.props["aria-label"] = title
    return made


def chip(text: str, tone: str = "") -> ui.label:
    """A small mark: tone is good, warn, bad, accent or nothing."""
    return ui.label(text).classes(f"chip {tone}")


def picture(base_url: str, media_id: int, classes: str = "pic") -> Element:
    """A picture of the shop, by its media id."""
    made = ui.element("img").classes(classes)
    made.props["src"], made.props["loading"], made.props["alt"] = f"{base_url}/media/{media_id}", "lazy", ""
    return made


def show(element: Element, visible: bool) -> None:
    """Show or hide an element without a needless update."""
    if element.visible != visible:
        element.set_visibility(visible)


def restyle(element: Element, classes: str) -> None:
    """Give an element these classes instead of its own; one that is hidden stays hidden."""
    element.classes(replace=classes if element.visible else f"{classes} hidden")


def set_text(label: ui.label, text: str) -> None:
    """Change a label only if its text is another one."""
    if label.text != text:
        label.set_text(text)


def clock_time(moment: datetime, now: datetime, zone: ZoneInfo, t: Words) -> str:
    """A moment as a list shows it: today's as a time of day, others as a date, in the shop's zone."""
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today:
        return local.strftime("%H:%M")
    if (today - local.date()).days == 1:
        return t("yesterday")
    return t.date(local)
