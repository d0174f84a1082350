"""One parcel with what may be done to it next, its timeline and its proofs."""

from collections.abc import Awaitable, Callable

from nicegui import ui
from nicegui.events import UploadEventArguments

from admin_api import parcel_desk
from admin_api.console.dialogs import Field, ask
from admin_api.console.goods_fields import goods_picture
from admin_api.console.looks import box, button, chip, words
from admin_api.console.parcel_dialogs import ask_carrier, ask_standing
from admin_api.console.visit import Visit
from admin_api.console.words import Words
from admin_api.parcel_views import ParcelRow, ParcelWithTracking, Proof, Said
from admin_api.roles import Permission, StaffMember
from commerce.catalog.media import MOST_BYTES
from commerce.orders.model import DeliveryMethod
from commerce.shipping.model import GONE_WRONG, LEFT, ProofKind, ShipmentState

TONES = {
    ShipmentState.PENDING: "warn",
    ShipmentState.PICKED: "accent",
    ShipmentState.PACKED: "accent",
    ShipmentState.DELIVERED: "good",
    ShipmentState.EXCEPTION: "bad",
    ShipmentState.LOST: "bad",
    ShipmentState.RETURNED_TO_SENDER: "bad",
    ShipmentState.CANCELLED: "quiet",
}
After = Callable[[int], Awaitable[None]]


def state_name(t: Words, parcel: ParcelRow) -> str:
    """Where a parcel stands, in a word."""
    if parcel.is_digital and parcel.state is ShipmentState.DELIVERED:
        return t("Handed over")
    name = f"pickup {parcel.state}" if parcel.method is DeliveryMethod.PICKUP else f"parcel {parcel.state}"
    shown = t(name)
    return t(f"parcel {parcel.state}") if shown == name else shown


def parcel_state(visit: Visit, parcel: ParcelRow) -> None:
    """Where a parcel stands, as marks."""
    t = visit.t
    chip(state_name(t, parcel), TONES.get(parcel.state, ""))
    if parcel.method is DeliveryMethod.PICKUP:
        chip(t("Pick-up"), "quiet")
    if parcel.resolution is not None:
        chip(t(f"parcel {parcel.resolution}"), "good")


class ParcelCard:
    """A parcel with its actions. After an act `after` is called with the parcel to show then."""

    def __init__(self, visit: Visit, whole: ParcelWithTracking, after: After) -> None:
        self.visit, self.parcel, self.after = visit, whole.parcel, after
        t, parcel = visit.t, whole.parcel
        with box("order-card").props(f"data-parcel-card={parcel.id}"):
            with box("chips"):
                parcel_state(visit, parcel)
            if parcel.state is ShipmentState.EXCEPTION or self._is_to_mend():
                self._what_to_do()
            self._goods()
            self._facts()
            self._actions()
        with box("order-card"):
            words(t("Tracking"), "side-title")
            if parcel.tracking_url.startswith("https://"):
                link = ui.element("a").classes("link").props("target=_blank rel='noopener noreferrer'")
                link.props["href"] = parcel.tracking_url
                with link:
                    words(t("Follow it at the carrier"))
            for said in whole.tracking:
                self._said(said)
            if not whole.tracking:
                words(t("Nothing was said about it yet."), "side-empty")
        if parcel.state in LEFT and not parcel.is_digital:
            self._proofs(whole.proofs)

    def _is_to_mend(self) -> bool:
        return self.parcel.state in GONE_WRONG and self.parcel.resolution is None

    def _what_to_do(self) -> None:
        t = self.visit.t
        with box("parcel-alarm"):
            ui.icon("report")
            with box():
                words(t("What is to be done"), "side-title")
                gone = "The parcel is lost or came back: send the goods again, or give the money back."
                held = "The parcel is held up: see what the carrier says, then say how it stands."
                words(t(gone if self._is_to_mend() else held))

    def _goods(self) -> None:
        for line in self.parcel.lines:
            with box("goods"):
                goods_picture(line.picture)
                with box("goods-middle"):
                    words(line.title, "goods-title")
                    if line.label:
                        words(line.label, "goods-label")
                words(f"× {line.quantity}", "money")

    def _facts(self) -> None:
        t, parcel = self.visit.t, self.parcel
        with box("fact"):
            words(t("Order"), "fact-name")
            link = ui.element("a").classes("link")
            link.props["href"] = f"/console/orders?o={parcel.order_number}"
            with link:
                words(parcel.order_number)
        facts = [(t("Location"), parcel.location)]
        if parcel.tracking_number:
            carrier = t("Practice carrier") if parcel.carrier == "simulator" else parcel.carrier
            facts.append((t("Carrier"), f"{carrier} {parcel.tracking_number}"))
        if parcel.replaces_id is not None:
            facts.append(("", t("This one goes out for parcel {id}.", id=parcel.replaces_id)))
        for name, value in facts:
            if value:
                with box("fact"):
                    words(name, "fact-name")
                    words(value)

    def _actions(self) -> None:
        parcel, t, staff = self.parcel, self.visit.t, self.visit.staff
        state, is_pickup = parcel.state, parcel.method is DeliveryMethod.PICKUP
        may_ship, desk = staff.may(Permission.SHIP_ORDERS), self.visit.desk
        with box("actions"):
            if may_ship and state is ShipmentState.PENDING:
                self._plain("Picked", "check", lambda who: parcel_desk.pick(desk, who, parcel_id=parcel.id))
            if may_ship and state is ShipmentState.PICKED:
                name = "Ready for pick-up" if is_pickup else "Packed"
                self._plain(name, "inventory_2", lambda who: parcel_desk.pack(desk, who, parcel_id=parcel.id))
            if may_ship and state is ShipmentState.PACKED and is_pickup:
                button(t("Hand over"), "small primary", "storefront").on("click", self._hand_over)
                self._plain("Send a new code", "key", lambda who: parcel_desk.new_code(desk, who, parcel_id=parcel.id))
            elif may_ship and state is ShipmentState.PACKED:
                button(t("Hand to carrier"), "small primary", "local_shipping").on("click", self._ship)
            if may_ship and parcel.may_become:
                button(t("Say how it stands"), "small", "edit_note").on("click", self._say)
            if may_ship and self._is_to_mend():
                button(t("Send again"), "small", "replay").on("click", self._reship)
            if staff.may(Permission.REFUND) and self._is_to_mend():
                button(t("Give the money back"), "small", "currency_exchange").on("click", self._refund)
            if may_ship and state is ShipmentState.RETURNED_TO_SENDER:
                button(t("Back on the shelf"), "small", "shelves").on("click", self._unpack)
            has_slip = state is not ShipmentState.CANCELLED and not parcel.is_digital
            if staff.may(Permission.OPEN_ADDRESSES) and has_slip:
                slip = ui.element("a").classes("btn small").props("target=_blank")
                slip.props["href"] = f"/api/parcels/{parcel.id}/slip"
                with slip:
                    ui.icon("print")
                    words(t("Packing slip"))
            if may_ship and state in (ShipmentState.PENDING, ShipmentState.PICKED, ShipmentState.PACKED):
                button(t("Unpack"), "small danger-text", "close").on("click", self._call_off)

    def _plain(self, name: str, icon: str, act: Callable[[StaffMember], Awaitable[ParcelRow]]) -> None:
        button(self.visit.t(name), "small", icon).on("click", lambda: self._try(act))

    def _said(self, said: Said) -> None:
        t = self.visit.t
        with box("movement" + ("" if said.applied else " passed")):
            words(t.moment(said.at.astimezone(self.visit.desk.settings.zone)), "movement-time")
            with box("movement-why"):
                state = t(f"parcel {said.state}") if said.state is not None else ""
                words(" · ".join(part for part in (state, said.text) if part) or t(f"by {said.source}"))
                words(t(f"by {said.source}"), "goods-label")

    def _proofs(self, proofs: list[Proof]) -> None:
        t, staff = self.visit.t, self.visit.staff
        with box("order-card"):
            words(t("Proof of delivery"), "side-title")
            for proof in proofs:
                with box("fact") as row:
                    words(t.moment(proof.at.astimezone(self.visit.desk.settings.zone)), "fact-name")
                    words(t(f"proof {proof.kind}"))
                    if staff.may(Permission.OPEN_ADDRESSES) and proof.kind is not ProofKind.CODE:
                        opener = button(t("Show"), "link").props(
                            f'title="{t("Opening a proof is written into the log.")}"'
                        )
                        opener.on("click", lambda proof=proof, row=row: self._open(proof, row))
            if staff.may(Permission.SHIP_ORDERS) and self.parcel.method is not DeliveryMethod.PICKUP:
                with box("actions"):
                    button(t("Taken by"), "small", "badge").on("click", self._taken_by)
                    photo = ui.upload(on_upload=self._photo, auto_upload=True, max_file_size=MOST_BYTES, max_files=1)
                    photo.classes("unseen").props("accept=image/* tabindex=-1")
                    add = button(t("Add a photo"), "small", "add_a_photo")
                    add.on("click", lambda: photo.run_method("pickFiles"))

    async def _open(self, proof: Proof, row: ui.element) -> None:
        found = await self.visit.attempt(
            lambda staff: parcel_desk.open_proof(self.visit.desk, staff, parcel_id=self.parcel.id, proof_id=proof.id)
        )
        if found is None:
            return
        kind, content = found
        with row:
            if kind is ProofKind.PHOTO:
                shown = ui.element("img").classes("proof-photo")
                shown.props["src"], shown.props["alt"] = f"data:image/*;base64,{content}", self.visit.t("proof photo")
            else:
                words(content)

    async def _photo(self, event: UploadEventArguments) -> None:
        content = await event.file.read()
        await self._try(
            lambda staff: parcel_desk.prove_by_photo(self.visit.desk, staff, parcel_id=self.parcel.id, content=content)
        )

    async def _taken_by(self) -> None:
        answer = await ask(
            self.visit,
            "Who took it?",
            text="Kept sealed; a parcel on its way counts as delivered.",
            fields=[Field("Taken by", longest=80)],
            choices=[("save", "Save")],
        )
        if answer is not None:
            name = answer[1][0].replace("\x00", "")
            await self._try(
                lambda staff: parcel_desk.prove_by_name(self.visit.desk, staff, parcel_id=self.parcel.id, name=name)
            )

    async def _ship(self) -> None:
        given = await ask_carrier(self.visit)
        if given is not None:
            carrier, number = given
            await self._try(
                lambda staff: parcel_desk.ship(
                    self.visit.desk, staff, parcel_id=self.parcel.id, carrier=carrier, tracking_number=number
                )
            )

    async def _say(self) -> None:
        given = await ask_standing(self.visit, self.parcel.may_become)
        if given is not None:
            state, text = given
            await self._try(
                lambda staff: parcel_desk.say(self.visit.desk, staff, parcel_id=self.parcel.id, state=state, text=text)
            )

    async def _hand_over(self) -> None:
        answer = await ask(
            self.visit,
            "Hand over",
            text="Six digits. After five wrong ones the pick-up is locked.",
            fields=[Field("The code the shopper says", longest=20)],
            choices=[("hand over", "Hand over")],
        )
        if answer is not None:
            await self._try(
                lambda staff: parcel_desk.hand_over(self.visit.desk, staff, parcel_id=self.parcel.id, code=answer[1][0])
            )

    async def _reship(self) -> None:
        text = "The goods are taken from the stock once more, and the shopper is told."
        await self._sure(
            "Send again",
            text,
            lambda who: parcel_desk.reship(self.visit.desk, who, parcel_id=self.parcel.id, location_id=None),
        )

    async def _refund(self) -> None:
        text = "What its pieces cost goes back to what the order was paid with."
        await self._sure(
            "Give the money back", text, lambda who: parcel_desk.refund(self.visit.desk, who, parcel_id=self.parcel.id)
        )

    async def _unpack(self) -> None:
        await self._sure(
            "Back on the shelf",
            "The goods can be sold again.",
            lambda who: parcel_desk.unpack(self.visit.desk, who, parcel_id=self.parcel.id, location_id=None),
        )

    async def _call_off(self) -> None:
        await self._sure(
            "Unpack",
            "Its goods may go in another parcel.",
            lambda who: parcel_desk.call_off(self.visit.desk, who, parcel_id=self.parcel.id),
        )

    async def _sure(self, name: str, text: str, act: Callable[[StaffMember], Awaitable[ParcelRow]]) -> None:
        if await ask(self.visit, name, text=text, choices=[("yes", name)]) is not None:
            await self._try(act)

    async def _try(self, act: Callable[[StaffMember], Awaitable[ParcelRow]]) -> None:
        done = await self.visit.attempt(act)
        with self.visit.client:
            if done is not None:
                ui.notify(self.visit.t("Done"), classes="notice", position="top")
            await self.after(self.parcel.id if done is None else done.id)
