"""The shelves of the shop as a tree: made, named in both languages, moved, put in order, taken away."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from admin_api import category_desk
from admin_api.category_desk import (
    Categories,
    CategoryForm,
    CategoryRow,
    MoveForm,
    RemoveForm,
    RenameForm,
)
from admin_api.console.dialogs import put_away
from admin_api.console.goods_fields import choice, mark_wrong, text_field
from admin_api.console.goods_frame import GoodsFrame, nothing
from admin_api.console.looks import box, button, chip, icon_button, show, words
from admin_api.console.product_editing import in_words, shelf_names
from admin_api.console.visit import Visit
from admin_api.roles import Permission, StaffMember

NOWHERE = 0
LONGEST_NAME = 200


class ShelvesPage:
    """One row a shelf, each with what may be done to it."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.shelves: list[CategoryRow] = []
        self.may_edit = visit.staff.may(Permission.MANAGE_PRODUCTS)
        t = visit.t
        frame = GoodsFrame(visit, "shelves")
        with frame.actions:
            if self.may_edit:
                button(t("New shelf"), "primary small", "add").on("click", lambda: self._add(None))
        with frame.body:
            self.rows = box("product-rows shelf-rows")
            self.nothing = nothing("category", t("No shelves yet"), t("Shoppers browse the shop by its shelves."))

    async def start(self) -> None:
        """Read the shelves and show them."""
        await self._act(self._read)

    def _draw(self) -> None:
        show(self.nothing, not self.shelves)
        self.rows.clear()
        with self.rows:
            for shelf in self.shelves:
                self._row(shelf)

    def _row(self, shelf: CategoryRow) -> None:
        t = self.visit.t
        beside = self._beside(shelf)
        place = beside.index(shelf)
        with box("shelf-row").props(f"data-shelf={shelf.id}").style(f"--depth: {shelf.depth}"):
            ui.icon("subdirectory_arrow_right" if shelf.depth else "folder_open").classes("shelf-icon")
            with ui.element("a").classes("product-name").props(f"href=/console/products?shelf={shelf.id}"):
                words(in_words(shelf.name, t.language), "product-title")
                other = shelf.name.get("en" if t.language == "zh" else "zh", "")
                if other:
                    words(other, "goods-label")
                else:
                    chip(t("no English name") if t.language == "zh" else t("no Chinese name"), "warn")
            inside = self._with_inside(shelf)
            sold, every = sum(one.published for one in inside), sum(one.products for one in inside)
            words(t("{published} of {count} on sale", published=sold, count=every), "shelf-count")
            if self.may_edit:
                with box("row-buttons"):
                    up = icon_button("arrow_upward", t("Move up"), "tiny")
                    up.on("click", lambda: self._move(shelf, shelf.parent_id, place - 1))
                    down = icon_button("arrow_downward", t("Move down"), "tiny")
                    down.on("click", lambda: self._move(shelf, shelf.parent_id, place + 1))
                    if place == 0:
                        up.props("disabled")
                    if place == len(beside) - 1:
                        down.props("disabled")
                    icon_button("edit", t("Rename"), "tiny").on("click", lambda: self._rename(shelf))
                    icon_button("create_new_folder", t("New shelf inside"), "tiny").on(
                        "click", lambda: self._add(shelf)
                    )
                    icon_button("drive_file_move", t("Move into another shelf"), "tiny").on(
                        "click", lambda: self._move_into(shelf)
                    )
                    icon_button("delete", t("Remove"), "tiny").on("click", lambda: self._remove(shelf))

    def _beside(self, shelf: CategoryRow) -> list[CategoryRow]:
        return [one for one in self.shelves if one.parent_id == shelf.parent_id]

    async def _add(self, parent: CategoryRow | None) -> None:
        t = self.visit.t
        title = t("New shelf inside {name}", name=in_words(parent.name, t.language)) if parent else t("New shelf")
        name = await self._ask_name(title, {})
        if name is not None:
            parent_id = parent.id if parent else None
            await self._act(
                lambda staff: category_desk.add_category(
                    self.visit.desk, staff, form=CategoryForm(name=name, parent_id=parent_id)
                )
            )

    async def _rename(self, shelf: CategoryRow) -> None:
        name = await self._ask_name(self.visit.t("Rename"), shelf.name)
        if name is not None:
            await self._act(
                lambda staff: category_desk.rename_category(
                    self.visit.desk, staff, category_id=shelf.id, form=RenameForm(name=name)
                )
            )

    async def _move(self, shelf: CategoryRow, parent_id: int | None, place: int | None) -> None:
        form = MoveForm(parent_id=parent_id, place=place)
        await self._act(
            lambda staff: category_desk.move_category(self.visit.desk, staff, category_id=shelf.id, form=form)
        )

    async def _move_into(self, shelf: CategoryRow) -> None:
        t = self.visit.t
        places = {NOWHERE: t("None: it stands by itself"), **self._others(shelf)}
        answer = await self._ask_shelf(t("Move into another shelf"), "", places, shelf.parent_id or NOWHERE, t("Move"))
        if answer is not None:
            await self._move(shelf, answer or None, None)

    async def _remove(self, shelf: CategoryRow) -> None:
        t = self.visit.t
        is_filled = shelf.products > 0 or any(one.parent_id == shelf.id for one in self.shelves)
        text = t("What is on it and inside it goes to the shelf chosen here.") if is_filled else t("Nothing is on it.")
        places = self._others(shelf) if is_filled else {}
        title = t("Remove {name}?", name=in_words(shelf.name, t.language))
        answer = await self._ask_shelf(title, text, places, next(iter(places), NOWHERE), t("Remove"))
        if answer is not None:
            form = RemoveForm(into=answer or None)
            await self._act(
                lambda staff: category_desk.remove_category(self.visit.desk, staff, category_id=shelf.id, form=form)
            )

    def _with_inside(self, shelf: CategoryRow) -> list[CategoryRow]:
        inside = {shelf.id}
        for one in self.shelves:  # each is followed by those inside it
            if one.parent_id in inside:
                inside.add(one.id)
        return [one for one in self.shelves if one.id in inside]

    def _others(self, shelf: CategoryRow) -> dict[int, str]:
        """The shelves something of this one can go into: all but itself and those inside it."""
        inside = {one.id for one in self._with_inside(shelf)}
        return {one: name for one, name in shelf_names(self.visit, self.shelves).items() if one not in inside}

    async def _ask_name(self, title: str, name: dict[str, str]) -> dict[str, str] | None:
        t = self.visit.t
        with self.visit.client, ui.dialog() as dialog, box("dialog").props("role=dialog"):
            words(title, "dialog-title")
            zh = text_field(t("Name in Chinese"), name.get("zh", ""), longest=LONGEST_NAME).props("autofocus")
            en = text_field(t("Name in English"), name.get("en", ""), longest=LONGEST_NAME)

            def submit() -> None:
                given = {lang: (field.value or "").strip() for lang, field in (("zh", zh), ("en", en))}
                for field in (zh, en):
                    mark_wrong(field, not any(given.values()))
                if any(given.values()):
                    dialog.submit({lang: one for lang, one in given.items() if one or lang in name})

            for field in (zh, en):
                field.on("keydown.enter", submit)
            with box("dialog-foot"):
                button(t("Cancel"), "plain").on("click", lambda: dialog.submit(None))
                button(t("Save"), "primary").on("click", submit)
        given: dict[str, str] | None = await dialog
        put_away(dialog)
        return given

    async def _ask_shelf(self, title: str, text: str, places: dict[int, str], chosen: int, do: str) -> int | None:
        """The shelf that was chosen, NOWHERE where there is none to choose; None for another thought."""
        t, answer = self.visit.t, chosen

        def pick(value: int) -> None:
            nonlocal answer
            answer = value

        with self.visit.client, ui.dialog() as dialog, box("dialog").props("role=dialog"):
            words(title, "dialog-title")
            if text:
                words(text, "dialog-text")
            if places:
                choice(t("Shelf"), places, chosen, pick)
            with box("dialog-foot"):
                button(t("Cancel"), "plain").on("click", lambda: dialog.submit(False))
                button(do, "primary").on("click", lambda: dialog.submit(True))
        is_meant = bool(await dialog)
        put_away(dialog)
        return answer if is_meant else None

    async def _act(self, act: Callable[[StaffMember], Awaitable[Categories]]) -> None:
        done = await self.visit.attempt(act)
        if done is None:
            done = await self.visit.attempt(self._read)  # perhaps somebody else has changed them
        if done is not None:
            self.shelves = done.categories
            with self.visit.client:
                self._draw()

    async def _read(self, staff: StaffMember) -> Categories:
        async with self.visit.desk.database.begin() as session:
            return await category_desk.list_categories(session, staff)
