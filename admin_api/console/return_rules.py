"""The shop's rules for returns: what holds, in the order in which it is asked, and changing it."""

from nicegui import ui
from sqlalchemy import select

from admin_api import return_desk
from admin_api.console.looks import box, button, chip, words
from admin_api.console.return_dialogs import ask_policy
from admin_api.console.visit import Visit
from admin_api.return_views import Policies, PolicyRow
from admin_api.roles import Permission, StaffMember
from commerce.catalog.model import Category, ProductText, in_language

MOST_PRODUCTS = 2000


class ReturnRules:
    """The list of rules; those who may change them get a button on each."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.may_change = visit.staff.may(Permission.MANAGE_PROMOTIONS)
        self.shelves: dict[int, str] = {}
        self.products: dict[int, str] = {}
        self.box = box("return-rules")

    async def start(self) -> None:
        """Read them anew."""
        found = await self.visit.attempt(self._read)
        if found is None:
            return
        self.box.clear()
        with self.box:
            for row in found.policies:
                self._card(row)
            if self.may_change:
                empty = found.policies[-1].model_copy(update={"id": None, "name": {}, "kinds": []})
                button(self.visit.t("New rule"), "small", "add").on("click", lambda: self._edit(empty))

    def _card(self, row: PolicyRow) -> None:
        t = self.visit.t
        with box("order-card").props(f"data-policy={row.id or 0}"):
            with box("order-head"):
                words(in_language(row.name, t.language), "goods-title")
                if row.id is None:
                    chip(t("Default"), "quiet")
                elif not row.active:
                    chip(t("Off"), "warn")
            with box("chips"):
                for kind in row.kinds:
                    chip(t(f"return kind {kind}"), "accent")
            facts = [
                t("{days} days after delivery", days=row.window_days),
                in_language(row.conditions, t.language),
                f"{t('Parcel back')}: {t(f'freight {row.freight}')}",
                t("Where we are at fault, we pay the parcel") if row.seller_pays_at_fault else "",
                t("Fee of {percent}%", percent=f"{row.restocking_ppm / 10_000:g}") if row.restocking_ppm else "",
                t("A photo is needed") if row.photo_required else "",
                t("Once an order") if row.once_per_order else "",
            ]
            for fact in facts:
                if fact:
                    words(fact, "goods-label")
            if self.may_change:
                with box("actions"):
                    button(t("Change"), "small", "edit").on("click", lambda: self._edit(row))

    async def _edit(self, row: PolicyRow) -> None:
        draft = await ask_policy(self.visit, row, shelves=self.shelves, products=self.products)
        if draft is None:
            return

        async def save(staff: StaffMember) -> PolicyRow:
            if row.id is None:
                return await return_desk.add_policy(self.visit.desk, staff, draft=draft)
            return await return_desk.change_policy(
                self.visit.desk, staff, policy_id=row.id, draft=draft, version=row.version
            )

        if await self.visit.attempt(save) is not None:
            with self.visit.client:
                ui.notify(self.visit.t("Saved"), classes="notice", position="top", timeout=1500)
                await self.start()

    async def _read(self, staff: StaffMember) -> Policies:
        language = staff.language
        async with self.visit.desk.database.begin() as session:
            shelves = await session.execute(select(Category.id, Category.name).order_by(Category.position, Category.id))
            self.shelves = {key: in_language(name, language) or str(key) for key, name in shelves}
            titles = select(ProductText.product_id, ProductText.title).where(ProductText.lang == language)
            products = await session.execute(titles.order_by(ProductText.title).limit(MOST_PRODUCTS))
            self.products = {key: title for key, title in products}  # noqa: C416 - rows are no pairs for dict()
            return await return_desk.list_policies(session, staff)
