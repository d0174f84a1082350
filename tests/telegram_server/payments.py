"""Paying an invoice: shipping is asked, the bot confirms within ten seconds, money moves, the bot is told."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.telegram_server.chats import Account
from tests.telegram_server.errors import Obj
from tests.telegram_server.limits import ANSWER_IN
from tests.telegram_server.params import Params
from tests.telegram_server.world import Bot, Question, World

ADDRESS: Obj = {
    "country_code": "CN",
    "state": "浙江省",
    "city": "杭州市",
    "street_line1": "西湖区文三路 1 号",
    "street_line2": "",
    "post_code": "310012",
}


@dataclass(frozen=True, slots=True)
class Payment:
    """How it went: a charge, or what the payer was told instead; `finish` lets the money arrive."""

    charge_id: str = ""
    error: str = ""
    options: list[Obj] = field(default_factory=list)
    """The shipping options that were offered."""
    finish: Callable[[], None] = lambda: None
    """Tells the bot of the payment; done already unless it was to come `later`."""

    @property
    def is_paid(self) -> bool:
        return bool(self.charge_id)


async def pay(
    world: World,
    payer: Account,
    bot: Bot,
    invoice: Obj,
    *,
    address: Obj | None = None,
    name: str = "",
    email: str = "shopper@example.com",
    option: str = "",
    later: bool = False,
) -> Payment:
    """Pay; `option` is the id of a shipping option (the first when none is named).

    `later`: the bot agreed and nothing has arrived yet, until `Payment.finish`.
    """
    info: Obj = {}
    if invoice["need_name"]:
        info["name"] = name or payer.name
    if invoice["need_phone_number"]:
        info["phone_number"] = payer.phone.removeprefix("+")
    if invoice["need_email"]:
        info["email"] = email
    if invoice["need_shipping_address"] or invoice["is_flexible"]:
        info["shipping_address"] = ADDRESS | (address or {})
    total = int(invoice["total"])
    common: Obj = {"from": payer.user, "invoice_payload": invoice["payload"]}
    options: list[Obj] = []
    chosen: Obj = {}
    if invoice["is_flexible"]:
        asked = common | {"shipping_address": info["shipping_address"]}
        answer = await _asked(world, bot, "shipping_query", asked, payer.id)
        if answer is None or not answer.flag("ok"):
            return Payment(error=answer.text("error_message") if answer else "timeout")
        options = answer.json("shipping_options")
        chosen = next(one for one in options if option in ("", one["id"]))
        total += sum(one["amount"] for one in chosen["prices"])
    paid: Obj = {
        "currency": invoice["currency"],
        "total_amount": total,
        "invoice_payload": invoice["payload"],
    }
    paid |= {"shipping_option_id": chosen["id"]} if chosen else {}
    paid |= {"order_info": info} if info else {}
    answer = await _asked(world, bot, "pre_checkout_query", common | paid, payer.id)
    if answer is None or not answer.flag("ok"):
        return Payment(error=answer.text("error_message") if answer else "timeout", options=options)
    charge_id = f"tg-charge-{world.number()}"
    paid |= {"telegram_payment_charge_id": charge_id, "provider_payment_charge_id": f"provider-{world.number()}"}
    world.charges[charge_id] = {"user": payer.id, "bot": bot.id, "paid": paid}

    def finish() -> None:
        box = world.private(payer, bot.account)
        box.started = True
        world.tell(box, world.post(box, payer, {"successful_payment": paid}))

    if not later:
        finish()
    return Payment(charge_id, options=options, finish=finish)


async def _asked(world: World, bot: Bot, kind: str, told: Obj, payer: int) -> Params | None:
    """The bot's answer; None when it took too long."""
    question: Question = world.ask("payment", bot)
    bot.updates.push(kind, {"id": question.id} | told, payer)
    try:
        await world.until(lambda: question.answer, world.clock.real(ANSWER_IN["payment"]))
    except TimeoutError:
        return None
    return question.answer
