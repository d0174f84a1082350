"""What pages of several parts share: tabs between them, a place for buttons, and a body that scrolls."""

from collections.abc import Mapping

from nicegui import ui
from nicegui.element import Element

from admin_api.console.looks import box, words
from admin_api.console.visit import Visit
from admin_api.roles import Permission

GOODS = {
    "products": ("Products", Permission.READ_PRODUCTS),
    "shelves": ("Shelves", Permission.READ_PRODUCTS),
    "stock": ("Stock", Permission.READ_PRODUCTS),
    "promotions": ("Promotions", Permission.READ_PROMOTIONS),
    "coupons": ("Coupons and credit", Permission.READ_PROMOTIONS),
    "searches": ("Searches", Permission.READ_SEARCHES),
}
STORE = {
    "order-rules": ("Order rules", Permission.READ_ORDERS),
    "telegram": ("Telegram", Permission.TALK),
    "checks": ("Self-check", Permission.READ_CHECKS),
}


class GoodsFrame:
    """Enter `actions` for buttons beside the tabs, `body` for what scrolls below."""

    def __init__(self, visit: Visit, here: str, parts: Mapping[str, tuple[str, Permission]] = GOODS) -> None:
        t = visit.t
        with box("goods-page") as self.root:
            with box("pane-head goods-head"):
                with ui.element("nav").classes("parts"):
                    for part, (name, permission) in parts.items():
                        if visit.staff.may(permission):
                            link = ui.element("a").classes("tab" + (" on" if part == here else ""))
                            link.props["href"] = f"/console/{part}"
                            if part == here:
                                link.props["aria-current"] = "page"
                            with link:
                                words(t(name))
                self.actions = box("head-actions")
            self.body = box("goods-body")
        ui.run_javascript("document.querySelector('.parts .on')?.scrollIntoView({inline: 'center'})")


def nothing(icon: str, title: str, text: str) -> Element:
    """What a page says that has nothing to show."""
    with box("nothing") as made:
        ui.icon(icon)
        words(title, "nothing-title")
        words(text, "nothing-text")
    return made
