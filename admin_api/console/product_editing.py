"""A product while somebody edits it: what was read, what was typed over it, and how the two become one again."""

from collections.abc import Awaitable, Callable
from functools import partial

from nicegui import ui

from admin_api import product_desk
from admin_api.category_desk import CategoryRow, list_categories
from admin_api.console.dialogs import ask
from admin_api.console.product_draft import Draft, draft_of, edit_form, merged, variants_form
from admin_api.console.visit import Visit
from admin_api.dear_deals import dear_deals
from admin_api.product_history import ProductChange, changes_since, newest_entry
from admin_api.product_views import ProductSheet
from admin_api.roles import Permission, StaffMember
from commerce.catalog.model import ProductStatus
from foundation.errors import Refused

PARTS_OF_PRODUCT = {
    "handle": "handle",
    "status": "status",
    "category": "shelf",
    "free_shipping": "free shipping",
    "is_digital": "digital goods",
    "dispatch_days": "dispatch days",
    "text": "texts",
    "facts": "attributes",
    "option": "options",
    "variant": "variants and prices",
    "pictures": "pictures",
}
"""Facts of the audit log by their first word, as people say them."""


class Editing:
    """The state of one open editor. `watchers` are told after every change of it: with True, when it was read anew."""

    def __init__(self, visit: Visit, sheet: ProductSheet, shelves: list[CategoryRow], seen: int) -> None:
        self.visit, self.sheet, self.shelves, self.seen = visit, sheet, shelves, seen
        self.base = draft_of(sheet)
        self.draft: Draft = self.base.model_copy(deep=True)
        self.watchers: list[Callable[[bool], None]] = []
        self.may_edit = visit.staff.may(Permission.MANAGE_PRODUCTS)
        self.may_count = visit.staff.may(Permission.MANAGE_STOCK)

    @property
    def is_changed(self) -> bool:
        """Whether something was typed that is not saved."""
        return self.draft != self.base

    @property
    def currency(self) -> str:
        """What the product is sold in."""
        return self.sheet.variants[0].price.currency if self.sheet.variants else self.visit.desk.settings.currency

    def touched(self) -> None:
        """Something was typed."""
        self._tell(was_read=False)

    def adopt(self, sheet: ProductSheet, *, over: Draft | None = None) -> None:
        """Go on from what was read now; what was typed since `over` (the last reading) stays."""
        read = draft_of(sheet)
        self.draft = merged(over or self.base, self.draft, read)
        self.sheet, self.base = sheet, read
        self._tell(was_read=True)

    async def act(self, act: Callable[[StaffMember, int, int], Awaitable[ProductSheet]]) -> bool:
        """Do something at once with (staff, product, version); what was typed stays typed."""
        product_id, version = self.sheet.id, self.sheet.version
        done = await self._guarded(lambda staff: act(staff, product_id, version))
        if done is None:
            return False
        self.adopt(done)
        await self._remember()
        return True

    async def save(self) -> bool:
        """Save what was typed; whether all of it was."""
        typed = self.draft.model_copy(deep=True)
        saved = await self._guarded(partial(self._save, typed))
        if saved is None:
            return False
        self.adopt(saved, over=typed)
        await self._remember()
        return True

    async def move(self, to: ProductStatus) -> bool:
        """Put it on sale, take it off, put it away; what was typed is saved before."""
        if self.is_changed and not await self.save():
            return False
        desk = self.visit.desk
        return await self.act(
            lambda staff, product_id, version: product_desk.move_product(
                desk, staff, product_id=product_id, version=version, to=to
            )
        )

    async def read_again(self, *, keep_typed: bool) -> None:
        """Read the product anew, with or without what was typed."""
        read = await self.visit.attempt(lambda staff: read_to_edit(self.visit, staff, self.sheet.id))
        if read is None:
            return
        sheet, self.shelves, self.seen = read
        if not keep_typed:
            self.draft = self.base.model_copy(deep=True)
        self.adopt(sheet)

    async def refresh_stock(self) -> None:
        """Show what lies there now. When somebody saved the product meanwhile, the next save will say so."""
        read = await self.visit.attempt(lambda staff: read_to_edit(self.visit, staff, self.sheet.id))
        if read is not None:
            fresh = read[0]
            stocks = {variant.id: variant.stock for variant in fresh.variants}
            for variant in self.sheet.variants:
                variant.stock = stocks.get(variant.id, variant.stock)
            self.sheet.movements = fresh.movements
            self._tell(was_read=True)

    def _tell(self, *, was_read: bool) -> None:
        with self.visit.client:  # what was clicked may be gone already, and with it the place where it stood
            for watcher in self.watchers:
                watcher(was_read)

    async def _save(self, typed: Draft, staff: StaffMember) -> ProductSheet:
        edit = edit_form(self.base, typed, version=self.sheet.version)
        offers = variants_form(self.base, typed, version=self.sheet.version, currency=self.currency)
        return await product_desk.save_product(
            self.visit.desk, staff, product_id=self.sheet.id, edit=edit, offers=offers
        )

    async def _guarded(self, act: Callable[[StaffMember], Awaitable[ProductSheet]]) -> ProductSheet | None:
        """The act; where somebody else saved first, the person is told and asked how to go on."""
        is_stale = False

        async def trying(staff: StaffMember) -> ProductSheet | None:
            nonlocal is_stale
            try:
                return await act(staff)
            except Refused as refusal:
                if refusal.code != "product.changed":
                    raise
                is_stale = True
                return None

        done = await self.visit.attempt(trying)
        if is_stale:
            await self.tell_stale()
        return done

    async def tell_stale(self) -> None:
        """Say who changed what meanwhile, and offer to go on from there."""
        t, zone = self.visit.t, self.visit.desk.settings.zone
        changes = await self.visit.attempt(self._changes) or []
        lines = [
            t(
                "{time} {who}: {what}",
                time=t.moment(change.at.astimezone(zone)),
                who=change.who or t("The shop itself"),
                what=self._told(change),
            )
            for change in changes
        ] or [t("An import or the shop itself changed it.")]
        answer = await ask(
            self.visit,
            "Somebody else has saved this product",
            text="\n".join(lines),
            choices=[("keep", "Load anew, keep what I typed"), ("drop", "Load anew without mine")],
        )
        if answer is not None:
            with self.visit.client:
                await self.read_again(keep_typed=answer[0] == "keep")

    def _told(self, change: ProductChange) -> str:
        names = dict.fromkeys(PARTS_OF_PRODUCT.get(fact.split(".")[0], fact) for fact in change.facts)
        comma = "、" if self.visit.t.language == "zh" else ", "
        return comma.join(self.visit.t(name) for name in names)

    async def _changes(self, staff: StaffMember) -> list[ProductChange]:
        async with self.visit.desk.database.begin() as session:
            return await changes_since(session, staff, product_id=self.sheet.id, after=self.seen)

    async def _remember(self) -> None:
        async with self.visit.desk.database.begin() as session:
            self.seen = await newest_entry(session, product_id=self.sheet.id)
            dear = await dear_deals(
                session, product_id=self.sheet.id, language=self.visit.t.language, now=self.visit.desk.now()
            )
        t = self.visit.t
        with self.visit.client:
            ui.notify(t("Saved"), classes="notice", position="top", timeout=1500)
            if dear:
                names = ("、" if t.language == "zh" else ", ").join(dear)
                text = t("The price is now no higher than in: {names}. Change or end these deals.", names=names)
                ui.notify(text, classes="notice warn", position="top", timeout=15_000, close_button=t("Close this"))


async def read_to_edit(
    visit: Visit, staff: StaffMember, product_id: int
) -> tuple[ProductSheet, list[CategoryRow], int]:
    """A product, the shelves there are, and the last line of the log about the product."""
    async with visit.desk.database.begin() as session:
        sheet = await product_desk.read_product(session, staff, product_id=product_id)
        shelves = (await list_categories(session, staff)).categories
        return sheet, shelves, await newest_entry(session, product_id=product_id)


def shelf_names(visit: Visit, shelves: list[CategoryRow]) -> dict[int, str]:
    """Shelves by id for a list to choose from, those inside another one set in."""
    return {shelf.id: "　" * shelf.depth + in_words(shelf.name, visit.t.language) for shelf in shelves}


def in_words(names: dict[str, str], language: str) -> str:
    """A name in this language, else in another."""
    return names.get(language) or names.get("en") or next(iter(names.values()), "")
