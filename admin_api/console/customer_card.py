"""One customer: who they are, masked; what they have and allow; what happened; their data handed out or erased."""

import json
from collections.abc import Awaitable, Callable

from nicegui import ui

from admin_api import customers_desk
from admin_api.console.dialogs import Field, ask
from admin_api.console.looks import box, button, chip, words
from admin_api.console.visit import Visit
from admin_api.customers_desk import ERASE_WORD, CustomerCard, CustomerData, EraseForm
from admin_api.roles import Permission, StaffMember

After = Callable[[CustomerCard], Awaitable[None]]


class CustomerCardView:
    """A customer with what can be done. After an erasure `after` is called with what is left."""

    def __init__(self, visit: Visit, found: CustomerCard, after: After) -> None:
        self.visit, self.found, self.after = visit, found, after
        with box("order-card").props(f"data-customer-card={found.customer.id}"):
            self._marks()
            self._facts()
            self._actions()
        self._orders()
        self._consents()
        self._history()

    def _marks(self) -> None:
        t, one = self.visit.t, self.found.customer
        with box("chips"):
            for channel in one.channels:
                chip(t(f"channel {channel}"), "accent")
            if one.erased_at is not None:
                chip(t("erased"), "bad")
            for joined in self.found.joined:
                chip(t("was customer {number} too", number=joined), "quiet")

    def _facts(self) -> None:
        t, found, zone = self.visit.t, self.found, self.visit.desk.settings.zone
        one = found.customer
        self._fact("Their name", one.name or "—")
        self._fact("E-mail", one.email or "—")
        for address in found.addresses:
            self._fact("Address", address)
        self._fact("Language", t(one.language))
        self._fact("Customer since", t.moment(one.created_at.astimezone(zone)))
        points = str(found.points)
        if found.points_pending:
            points += " · " + t("{count} to come", count=found.points_pending)
        self._fact("Points", points)
        for credit in found.credit:
            self._fact("Balance", credit.shown(t.language))
        for talk in found.talks:
            last = t.moment(talk.last_message_at.astimezone(zone))
            link = self._fact("Conversation", f"{t(f'channel {talk.channel}')} · {last}")
            if self.visit.staff.may(Permission.TALK) and one.erased_at is None:
                link.props["href"] = f"/console/?c={talk.id}"

    def _fact(self, name: str, value: str) -> ui.element:
        with box("fact"):
            words(self.visit.t(name), "fact-name")
            with ui.element("a").classes("fact-link") as link:
                words(value)
        return link

    def _actions(self) -> None:
        t, found = self.visit.t, self.found
        if not self.visit.staff.may(Permission.ERASE_CUSTOMERS) or found.customer.erased_at is not None:
            return
        with box("customer-actions"):
            button(t("Export their data"), "", "download").on("click", self._export)
            button(t("Erase their data"), "danger", "person_remove").on("click", self._erase)
        if found.keeps is not None:
            words(t(f"keeps {found.keeps}"), "goods-label")

    def _orders(self) -> None:
        t, zone = self.visit.t, self.visit.desk.settings.zone
        with box("order-card"):
            words(t("Orders"), "side-title")
            if not self.found.orders:
                words(t("No orders yet."), "goods-label")
            for order in self.found.orders:
                with ui.element("a").classes("fact fact-link") as row:
                    words(order.number, "order-number")
                    words(t(order.status.value))
                    words(order.total.shown(t.language), "money")
                    words(t.moment(order.created_at.astimezone(zone)), "talk-time")
                row.props["href"] = f"/console/orders?o={order.number}"

    def _consents(self) -> None:
        t, zone = self.visit.t, self.visit.desk.settings.zone
        with box("order-card"):
            words(t("What they allow"), "side-title")
            for consent in self.found.consents:
                with box("fact"):
                    words(t(f"purpose {consent.purpose.value}"), "fact-name")
                    chip(t("allowed") if consent.granted else t("not allowed"), "good" if consent.granted else "quiet")
                    since = t.moment(consent.at.astimezone(zone)) if consent.at else t("never asked")
                    words(since, "talk-time")

    def _history(self) -> None:
        t, zone = self.visit.t, self.visit.desk.settings.zone
        with box("order-card"):
            words(t("History"), "side-title")
            for event in self.found.events:
                with box("fact"):
                    words(t.moment(event.at.astimezone(zone)), "fact-name")
                    words(t(f"customer did {event.kind}"))
            if not self.found.events:
                words(t("Nothing yet"), "goods-label")

    async def _export(self) -> None:
        text = "The file holds everything about this person in the open. Hand it to them alone; it is written down."
        sure = await ask(self.visit, "Export their data", text=text, choices=[("export", "Save the file")])
        if sure is None:
            return
        customer_id = self.found.customer.id

        async def act(staff: StaffMember) -> CustomerData:
            return await customers_desk.export_customer(self.visit.desk, staff, customer_id=customer_id)

        content = await self.visit.attempt(act)
        if content is not None:
            file = json.dumps(content.data, ensure_ascii=False, indent=1).encode()
            with self.visit.client:
                ui.download.content(file, f"customer-{customer_id}.json", "application/json")

    async def _erase(self) -> None:
        text = (
            "Conversations, photos, name, e-mail, addresses, favourites and channels are erased for good. Orders stay "
            "with their sealed address, as the law demands. Only for a person who asked for it."
        )
        field = Field("Type ERASE", placeholder=ERASE_WORD, longest=20)
        choices = [("erase", "Erase for good")]
        answer = await ask(self.visit, "Erase their data", text=text, fields=[field], choices=choices, danger=True)
        if answer is None:
            return
        customer_id, word = self.found.customer.id, answer[1][0]

        async def act(staff: StaffMember) -> CustomerCard:
            form = EraseForm(word=word)
            return await customers_desk.erase(self.visit.desk, staff, customer_id=customer_id, form=form)

        left = await self.visit.attempt(act)
        if left is not None:
            await self.after(left)
