"""The dialog for a new product: titles and a price make a draft, everything else is asked in the editor."""

from nicegui import ui
from pydantic import ValidationError

from admin_api import product_desk
from admin_api.console.dialogs import put_away
from admin_api.console.goods_fields import mark_wrong, text_field
from admin_api.console.looks import box, button, words
from admin_api.console.product_draft import price_of
from admin_api.console.visit import Visit
from admin_api.product_forms import ProductForm, TextForm
from admin_api.roles import StaffMember
from foundation.errors import Refused


async def new_product(visit: Visit) -> None:
    """Ask for titles and a price, make a draft of them and open it."""
    t, currency = visit.t, visit.desk.settings.currency
    with visit.client, ui.dialog() as dialog, box("dialog").props("role=dialog"):
        words(t("New product"), "dialog-title")
        words(t("It begins as a draft: shoppers see it once you put it on sale."), "dialog-text")
        zh = text_field(t("Title in Chinese"), "").props("autofocus")
        en = text_field(t("Title in English"), "")
        price = text_field(f"{t('Price')} ({currency})", "", longest=20, number=True, placeholder="0.00")

        async def submit() -> None:
            titles = {"zh": (zh.value or "").strip(), "en": (en.value or "").strip()}
            mark_wrong(zh, not any(titles.values()))
            mark_wrong(en, not any(titles.values()))
            if any(titles.values()):
                typed = (price.value or "").strip()
                made = await visit.attempt(lambda staff: _make(visit, staff, titles, typed))
                if made is not None:
                    dialog.submit(made)

        price.on("keydown.enter", submit)
        with box("dialog-foot"):
            button(t("Cancel"), "plain").on("click", lambda: dialog.submit(None))
            button(t("Make the draft"), "primary").on("click", submit)
    made: int | None = await dialog
    put_away(dialog)
    if made is not None:
        with visit.client:
            ui.navigate.to(f"/products?p={made}")


async def _make(visit: Visit, staff: StaffMember, titles: dict[str, str], price: str) -> int:
    try:
        form = ProductForm(
            texts={lang: TextForm(title=title) for lang, title in titles.items() if title},
            price=price_of(price, visit.desk.settings.currency) if price else 0,
        )
    except ValidationError as error:
        raise Refused("request.invalid") from error
    return (await product_desk.create_product(visit.desk, staff, form=form)).id
