"""Pictures of a product: upload, order, crop to a square, tie to variants. Every change is kept at once."""

from functools import partial

from nicegui import ui
from nicegui.events import GenericEventArguments

from admin_api import product_desk
from admin_api.auth import CSRF_HEADER
from admin_api.console.dialogs import ask, put_away
from admin_api.console.goods_fields import tick
from admin_api.console.looks import box, button, icon_button, words
from admin_api.console.product_editing import Editing
from admin_api.product_forms import CropForm, PictureForm, PicturesForm
from admin_api.product_views import PictureShape, ProductSheet
from admin_api.roles import StaffMember
from foundation.errors import Refused

_UPLOAD = "async (e) => emit(await window.xiaoer.goods.upload(e, '%s'))"
"""The browser posts the files to the HTTP interface itself; what came of it is told here."""


class PicturesPart:
    """The pictures in their order, and a place to drop new ones."""

    def __init__(self, editing: Editing, csrf: str) -> None:
        self.editing = editing
        t = editing.visit.t
        with box("part") as self.root:
            words(t("Pictures"), "part-title")
            self.box = box("picture-list")
            if editing.may_edit:
                self.box.on("sorted", self._sorted, js_handler="(e) => emit(e.detail)")
                with ui.element("label").classes("drop") as self.drop:
                    ui.icon("add_photo_alternate")
                    words(t("Choose pictures or drop them here"))
                    words(t("JPEG, PNG, WebP or GIF, up to 20 MB each"), "goods-label")
                    chosen = ui.element("input").classes("unseen")
                    chosen.props("type=file multiple accept=image/jpeg,image/png,image/webp,image/gif")
                    chosen.props["aria-label"] = t("Choose pictures")
                sending = _UPLOAD % CSRF_HEADER
                chosen.on("change", self._uploaded, js_handler=sending)
                self.drop.on("drop", self._uploaded, js_handler=sending)
                self.drop.on("dragover", js_handler="(e) => { e.preventDefault(); }")
                self.drop.props["data-csrf"] = csrf
        self.shown: list[PictureShape] | None = None
        self.draw()

    def draw(self) -> None:
        """Show the pictures there are."""
        sheet = self.editing.sheet
        if self.editing.may_edit:
            address = f"/api/products/{sheet.id}/pictures?version={sheet.version}"
            if self.drop.props.get("data-to") != address:
                self.drop.props["data-to"] = address
                self.drop.update()
        if self.shown == sheet.pictures:
            return
        self.shown = list(sheet.pictures)
        self.box.clear()
        with self.box:
            for place, picture in enumerate(sheet.pictures):
                self._picture(place, picture)

    def _picture(self, place: int, picture: PictureShape) -> None:
        t, editing = self.editing.visit.t, self.editing
        with box("picture-card").props(f"data-media={picture.media_id}") as card:
            made = ui.element("img")
            made.props["src"] = f"/api/media/{picture.media_id}?size=256"
            made.props["alt"] = t("Picture {number}", number=place + 1)
            labels = {one.id: one.label or one.sku for one in editing.sheet.variants}
            tied = [labels[one] for one in picture.variant_ids if one in labels]
            if tied:
                words("、".join(tied), "picture-of")
            elif place == 0:
                words(t("Cover"), "picture-of")
            if not editing.may_edit:
                return
            card.props("draggable=true")
            with box("picture-buttons"):
                before = icon_button("arrow_back", t("Move to the front"), "tiny")
                before.on("click", lambda: self._move(place, -1))
                after = icon_button("arrow_forward", t("Move to the back"), "tiny")
                after.on("click", lambda: self._move(place, 1))
                if place == 0:
                    before.props("disabled")
                if place == len(editing.sheet.pictures) - 1:
                    after.props("disabled")
                icon_button("crop", t("Crop to a square"), "tiny").on("click", lambda: self._crop(picture))
                if len(editing.sheet.variants) > 1:
                    icon_button("style", t("Of which variants"), "tiny").on("click", lambda: self._tie(picture))
                icon_button("delete", t("Remove"), "tiny").on("click", lambda: self._remove(picture))

    async def _uploaded(self, event: GenericEventArguments) -> None:
        """The browser says what came of an upload: the product as it is now, or a refusal."""
        answer = event.args if isinstance(event.args, dict) else {}
        if "none" in answer:
            return
        error = answer.get("error")

        async def read(_: StaffMember) -> ProductSheet | None:
            if isinstance(error, dict):
                raise Refused(str(error.get("code")), **dict(error.get("facts") or {}))
            return ProductSheet.model_validate(answer)

        if isinstance(error, dict) and error.get("code") == "product.changed":
            await self.editing.tell_stale()
            return
        read_now = await self.editing.visit.attempt(read)
        if read_now is not None and read_now.id == self.editing.sheet.id:
            self.editing.adopt(read_now)

    async def _arrange(self, pictures: list[PictureShape]) -> None:
        desk = self.editing.visit.desk
        rows = [
            PictureForm(media_id=one.media_id, for_all=one.for_all, variant_ids=one.variant_ids, alt=one.alt)
            for one in pictures
        ]
        await self.editing.act(
            lambda staff, product_id, version: product_desk.arrange_pictures(
                desk, staff, product_id=product_id, form=PicturesForm(version=version, pictures=rows)
            )
        )

    async def _move(self, place: int, by: int) -> None:
        pictures = list(self.editing.sheet.pictures)
        if 0 <= place + by < len(pictures):
            pictures.insert(place + by, pictures.pop(place))
            await self._arrange(pictures)

    async def _sorted(self, event: GenericEventArguments) -> None:
        by_id = {str(one.media_id): one for one in self.editing.sheet.pictures}
        order = [str(one) for one in event.args] if isinstance(event.args, list) else []
        if sorted(order) == sorted(by_id) and order != list(by_id):
            self.shown = None  # the browser has moved them already: refused or not, they are drawn anew
            await self._arrange([by_id[one] for one in order])
            self.draw()

    async def _remove(self, picture: PictureShape) -> None:
        answer = await ask(
            self.editing.visit,
            "Remove this picture?",
            text="It is taken off the product at once.",
            choices=[("remove", "Remove")],
            danger=True,
        )
        if answer is not None:
            with self.editing.visit.client:
                await self._arrange([one for one in self.editing.sheet.pictures if one.media_id != picture.media_id])

    async def _tie(self, picture: PictureShape) -> None:
        """Ask of which variants this is a picture."""
        editing, t = self.editing, self.editing.visit.t
        chosen = set(picture.variant_ids)
        is_for_all = picture.for_all

        def pick(variant_id: int, value: bool) -> None:
            (chosen.add if value else chosen.discard)(variant_id)

        with editing.visit.client, ui.dialog() as dialog, box("dialog").props("role=dialog"):
            words(t("Of which variants"), "dialog-title")
            whole = tick(t("Of the whole product"), is_for_all)
            with box("pick-list"):
                for variant in editing.sheet.variants:
                    tick(variant.label or variant.sku, variant.id in chosen, partial(pick, variant.id))
            with box("dialog-foot"):
                button(t("Cancel"), "plain").on("click", lambda: dialog.submit(None))
                button(t("Save"), "primary").on("click", lambda: dialog.submit(True))
        if await dialog:
            for_all = bool(whole.value) or not chosen
            tied = picture.model_copy(update={"for_all": for_all, "variant_ids": sorted(chosen)})
            rows = [tied if one.media_id == picture.media_id else one for one in editing.sheet.pictures]
            with editing.visit.client:
                await self._arrange(rows)
        put_away(dialog)

    async def _crop(self, picture: PictureShape) -> None:
        """Show the picture whole with a square on it that can be moved and sized."""
        editing, t = self.editing, self.editing.visit.t
        with editing.visit.client, ui.dialog() as dialog, box("dialog broad").props("role=dialog"):
            words(t("Crop to a square"), "dialog-title")
            words(t("Drag the square, or use the arrow keys, plus and minus."), "dialog-text")
            with box("crop").props(f"data-width={picture.width} data-height={picture.height}"):
                whole = ui.element("img")
                whole.props["src"], whole.props["alt"] = f"/api/media/{picture.media_id}", ""
                with box("crop-box").props("tabindex=0 role=slider"):
                    box("crop-corner")
            with box("dialog-foot"):
                button(t("Cancel"), "plain").on("click", lambda: dialog.submit(None))
                cut = button(t("Crop"), "primary").props("disabled")  # there is no square before the picture is there
                drawn = "(e) => { window.xiaoer.goods.crop(e.target.parentNode); emit(); }"
                whole.on("load", lambda: cut.props(remove="disabled"), js_handler=drawn)
                cut.on(
                    "click",
                    lambda event: dialog.submit(event.args),
                    js_handler="(e) => emit(window.xiaoer.goods.cropped(e.target.closest('.dialog')))",
                )
        square = await dialog
        put_away(dialog)
        if not isinstance(square, dict):
            return
        desk = editing.visit.desk
        with editing.visit.client:
            await editing.act(
                lambda staff, product_id, version: product_desk.crop_picture(
                    desk,
                    staff,
                    product_id=product_id,
                    media_id=picture.media_id,
                    form=CropForm(
                        version=version, left=int(square["left"]), top=int(square["top"]), side=int(square["side"])
                    ),
                )
            )
