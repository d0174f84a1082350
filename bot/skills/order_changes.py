"""Changing an order that was placed: its items, its address, the way it is paid. Each with the money, and a yes."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.flow import Fact, Turn
from bot.order_terms import change_text, kind_name
from bot.questions import Choice, Number, Option, Pick
from bot.replies import Receipt, Row
from bot.skills.addressing import ADDRESS, EXAMPLE, MORE, AddressQuestion, ask_address
from bot.skills.item_names import short_names
from bot.skills.orders import cancel_reason, which_order
from bot.skills.showing import can_cancel, can_change, method_name, payment_options, status_name, ways_to_pay
from bot.skills.variants import PickVariant, meant_variants, variant_options
from bot.words import Words
from commerce.catalog.queries import VariantView, product_cards, product_details, variant_view, variant_views
from commerce.credit.actions import accounts_of
from commerce.customers.actions import save_address
from commerce.customers.address import AddressText, masked
from commerce.orders.actions import change_order as change
from commerce.orders.actions import confirm_change, decline_change, preview_change
from commerce.orders.changes import locked_change
from commerce.orders.model import ChangeState, PaymentMethod
from commerce.orders.queries import OrderLineView, OrderView, order_view
from commerce.orders.steps import Add, PayBy, Preview, Remove, SendTo, Step
from commerce.payments.methods import waits_for
from commerce.pricing.actions import terms_of
from commerce.search.actions import Wanted, find
from foundation.errors import Json, Refused
from foundation.money import Money

_LESS = re.compile(r"少|\b(?:less|fewer)\b", re.IGNORECASE)
MOST_LINES = 10
MOST_FITTING = 200
_ADDS = re.compile(
    r"[再想添能里]加(?!到?[0-9一二两三四五六七八九十])|再[来买要拿]|多[来买要拿加]|加[一二两三四五六七八九十0-9]?[个件盒包双套条只份瓶样些点]|添|[往给].{0,6}加"
    r"|\b(?:add|put|include|throw)\b|\b(?:one|two|three|\d+) more\b|\bforgot\b",
    re.IGNORECASE,
)
"""Said when something more is wanted in an order."""


async def change_order(turn: Turn) -> None:
    """Another kind or another number of something ordered, something more, or one of the other changes."""
    _ = turn._
    if turn.words is not None and turn.frame.asking is None and _ADDS.search(turn.words.heard.text):
        turn.pass_on("add_to_order")
        return
    order = await order_to_change(turn, can_change, _("Which order would you like to change?"))
    items = _items(order, _("What would you like to change?"), more=_("Add something"))
    item = await _ask_item(turn, order, items)
    if item is None:
        turn.pass_on("add_to_order", order=order.number)
        return
    product = await _siblings(turn, item)
    others = [one for one in product if one.variant_id != item.variant_id and one.available > 0]
    what = await turn.ask("what", _what(turn, item, others))
    if what == "add":
        turn.pass_on("add_to_order", order=order.number)
    elif what == "remove":
        await make_change(turn, order, item.removed(item.open), what="what")
    elif what == "quantity":
        number = await turn.ask("quantity", Number(_("How many shall it be?"), most=99))
        if number == item.open:
            turn.say(_("It is {number} already.").format(number=number))
            return
        more = number - item.open
        left = next((one.available for one in product if one.variant_id == item.variant_id), 0)
        if more > left:
            with turn.asks_again("quantity"):
                raise Refused("stock.short", title=str(item.lines[0].title), left=item.open + left)
        await make_change(
            turn, order, [Add(item.variant_id, more)] if more > 0 else item.removed(-more), what="quantity"
        )
    else:
        question = PickVariant(
            _("Which one instead?"), variant_options(turn, others), none="change.no_others", named=""
        )
        question.sold_out = [one for one in product if one.variant_id != item.variant_id and one.available <= 0]
        new = await turn.ask("variant", question)
        pieces = await _pieces(turn, item)
        steps = [*item.removed(pieces), Add(new.variant_id, pieces, instead_of=item.lines[0].line_id)]
        await make_change(turn, order, steps, what="variant")


async def cancel_items(turn: Turn) -> None:
    """Some of an order is not wanted any more."""
    _ = turn._
    order = await order_to_change(turn, can_change, _("Which order is it about?"))
    item = await _ask_item(turn, order, _items(order, _("What do you not want any more?")))
    assert item is not None  # only where something can be added there is more to choose than the items
    pieces = await _pieces(turn, item)
    reason = await cancel_reason(turn)
    await make_change(turn, order, item.removed(pieces), what="pieces", reason=reason)


async def change_address(turn: Turn) -> None:
    """An order goes to another address, as long as it has not left."""
    _ = turn._
    order = await order_to_change(turn, can_cancel, _("Which order shall go to another address?"))
    if not order.address_line:
        raise Refused("change.nothing_sent", number=order.number)
    prompt = f"{_(ADDRESS)}\n{_(EXAMPLE)}"
    where = AddressQuestion(prompt, known=None, vault=turn.vault, more=_(MORE), places=turn.shop.places)
    parsed = await ask_address(turn, where)
    await make_change(turn, order, parsed, what="address", rows=(Row(_("Ship to"), masked(parsed)),))


async def change_payment(turn: Turn) -> None:
    """An order is paid another way; what was paid goes back the way it came."""
    _ = turn._
    order = await order_to_change(turn, can_cancel, _("Which order shall be paid another way?"))
    ways = await _ways(turn, order)
    method = await turn.ask(
        "method", Pick(_("How would you like to pay?"), ways, none="change.no_other_payment", named="")
    )
    name = method_name(turn, method.method)
    await make_change(turn, order, [method], what="method", rows=(Row(_("Payment"), name),))


async def answer_change(turn: Turn) -> None:
    """What the staff proposed: the shopper looks at it and says yes or no."""
    _ = turn._
    _order_row, row = await locked_change(turn.session, int(turn.args["change"]), customer_id=turn.customer_id)
    order = await order_view(turn.session, row.order_id)
    turn.focus["order"] = order.number
    if row.state is not ChangeState.PROPOSED or row.expires_at <= turn.now:
        raise Refused("change.over", number=order.number)
    preview = Preview.from_json(row.preview)
    said = turn.args.get("say")
    if said == "no":
        await _decline(turn, row.id)
        return
    sure = await turn.confirm(
        "ok",
        Receipt(
            _("We propose to change order {order}: {what}").format(
                order=order.number, what=change_text(turn, order, row.actions)
            ),
            (),
            tuple(_money_rows(turn, preview)),
            Row(_("New total"), turn.money(Money(preview.after, preview.currency))),
        ),
        facts={"change": Fact([row.id, preview.after], _("the proposal"))},
        yes=_("Agree"),
        no=_("Decline"),
    )
    if sure:
        await confirm_change(turn.session, change_id=row.id, customer_id=turn.customer_id, now=turn.now)
    else:
        await _decline(turn, row.id)


async def make_change(
    turn: Turn,
    order: OrderView,
    wish: Sequence[Step] | AddressText,
    *,
    what: str,
    rows: Sequence[Row] = (),
    reason: str = "asked in the chat",
) -> None:
    """Show what a change does to the money, and make it at a yes. A refusal asks the slot `what` again."""
    _ = turn._
    settings, terms = turn.shop.settings, terms_of(turn.shop.settings)
    pay_with = await _pay_with(turn, order, wish)
    with turn.asks_again(what):
        async with turn.session.begin_nested() as looking:  # an address is only kept when the change is made
            drawn = await preview_change(
                turn.session,
                order_id=order.order_id,
                steps=await _steps(turn, wish),
                now=turn.now,
                reason=reason,
                pay_with=pay_with,
                terms=terms,
            )
            await looking.rollback()
    preview = drawn.preview
    receipt = Receipt(
        title=_("Change order {order}: {what}?").format(
            order=order.number, what=change_text(turn, order, drawn.actions)
        ),
        lines=(),
        rows=(*rows, *_money_rows(turn, preview)),
        total=Row(_("New total"), turn.money(Money(preview.after, preview.currency))),
    )
    said = turn.vault.blind("shown", masked(wish) + wish.line).hex() if isinstance(wish, AddressText) else None
    facts = {
        "change": Fact([order.order_id, order.version, said or list(drawn.actions)], kind_name(turn, drawn.kind)),
        "money": Fact([preview.after, preview.pay_now, preview.back], _("the money")),
    }
    if not await turn.confirm("ok", receipt, facts=facts, yes=_("Yes, change it"), no=_("Leave it")):
        turn.say(_("Good, the order stays as it is."))
        return
    steps = await _steps(turn, wish)
    new = next((step for step in steps if isinstance(step, PayBy)), None)
    await change(
        turn.session,
        order_id=order.order_id,
        customer_id=turn.customer_id,
        steps=steps,
        now=turn.now,
        reason=reason,
        pay_with=pay_with,
        terms=terms,
        unpaid_for=waits_for(settings, new.method) if new else None,
    )  # its announcement is the reply


async def _steps(turn: Turn, wish: Sequence[Step] | AddressText) -> Sequence[Step]:
    """The steps of a change; a new address becomes a row of the customer's."""
    if not isinstance(wish, AddressText):
        return wish
    saved = await save_address(turn.session, customer_id=turn.customer_id, parsed=wish, now=turn.now)
    return [SendTo(saved.id)]


def _money_rows(turn: Turn, preview: Preview) -> list[Row]:
    _ = turn._

    def money(amount: int) -> str:
        return turn.money(Money(amount, preview.currency))

    rows = [Row(_("Total before"), money(preview.before))] if preview.difference else []
    if preview.pay_now:
        rows.append(Row(_("You pay now"), money(preview.pay_now)))
    if preview.back:
        rows.append(Row(_("You get back"), money(preview.back)))
    return rows


async def _pay_with(turn: Turn, order: OrderView, wish: Sequence[Step] | AddressText) -> PayBy | None:
    """How a difference is paid where an order was covered by credit: by the shop's first online way."""
    adds = not isinstance(wish, AddressText) and any(isinstance(step, Add) for step in wish)
    if order.payment_method is not PaymentMethod.CREDIT or not adds:
        return None
    online = [way for way in await _offered(turn, order) if way is not PaymentMethod.COD]
    return PayBy(online[0]) if online else None


async def _offered(turn: Turn, order: OrderView) -> list[PaymentMethod]:
    ids = {line.variant_id for line in order.lines}
    goods = await variant_views(turn.session, ids, language=turn.language, also_unavailable=True)
    return [one.method for one in ways_to_pay(turn, goods.values())]


async def _decline(turn: Turn, change_id: int) -> None:
    await decline_change(turn.session, change_id=change_id, by="shopper", customer_id=turn.customer_id, now=turn.now)
    turn.say(turn._("Good, the order stays as it is."))


async def order_to_change(
    turn: Turn, fits: Callable[[OrderView], bool], question: str, *, usual: str | None = None
) -> OrderView:
    """The order that is meant, which is the `usual` one unless another is named; refuses one that cannot be changed."""
    order = await which_order(turn, fits, question=question, none="change.none", usual=usual)
    turn.focus["order"] = order.number
    if not fits(order):
        raise Refused("change.too_late", order=order.number, status=status_name(turn, order))
    return order


@dataclass(frozen=True, slots=True)
class _Item:
    """What can still be changed of one variant in an order, in one line or in several."""

    lines: tuple[OrderLineView, ...]

    @property
    def variant_id(self) -> int:
        return self.lines[0].variant_id

    @property
    def open(self) -> int:
        return sum(line.open for line in self.lines)

    def removed(self, pieces: int) -> list[Step]:
        """Steps that take so many pieces away, what came last first."""
        steps: list[Step] = []
        for line in reversed(self.lines):
            taken = min(line.open, pieces)
            if taken:
                steps.append(Remove(line.line_id, taken))
            pieces -= taken
        return steps

    def __str__(self) -> str:
        first = self.lines[0]
        return f"{first.title} ({first.label}) × {self.open}" if first.label else f"{first.title} × {self.open}"


def _items(order: OrderView, question: str, *, more: str = "") -> Pick[_Item | None]:
    """The items that have not left yet; a product that is named chooses its item. Beside several, `more` is none."""
    found: dict[int, list[OrderLineView]] = {}
    for line in order.lines:
        if line.open and not line.is_gift:
            found.setdefault(line.variant_id, []).append(line)
    options: list[Option[_Item | None]] = []
    shown = list(found.items())[:MOST_LINES]
    for (variant_id, lines), short in zip(shown, short_names([lines[0].title for _, lines in shown]), strict=True):
        item = _Item(tuple(lines))
        names = (lines[0].title, lines[0].label) if lines[0].label else (lines[0].title,)
        options.append(Option(str(variant_id), str(item), item, also=(*names, *short)))
    if more and len(options) > 1:
        options.append(Option("add", more, None))
    return Pick(question, options, none="change.none", named="")


async def _ask_item(turn: Turn, order: OrderView, items: Pick[_Item | None]) -> _Item | None:
    """Which item it is; that something else was named, which is not in the order, is said."""
    missing = await turn.once("missing", lambda: _named_but_missing(turn, order))
    if missing:
        turn.say(turn._("{title} is not in order {order}.").format(title=missing, order=order.number))
        items.default = None
    return await turn.ask("line", items)


async def _named_but_missing(turn: Turn, order: OrderView) -> str:
    """The title of what a message names when no item of the order can be it; else nothing."""
    queries = [str(each.value) for each in turn.words.heard.entities if each.kind == "query"] if turn.words else []
    if not queries or turn.words is None or _items(order, "").spot(Words(turn.words.heard)) is not None:
        return ""
    found = await find(turn.session, Wanted(" ".join(queries), turn.language, limit=MOST_FITTING))
    cards = await product_cards(turn.session, found.product_ids, language=turn.language) if not found.relaxed else []
    titles = {line.title for line in order.lines}
    return "" if not cards or any(card.title in titles for card in cards) else cards[0].title


async def _pieces(turn: Turn, item: _Item) -> int:
    """How many of them it is about; not asked for one."""
    if item.open == 1:
        return 1
    return await turn.ask("pieces", Number(turn._("How many of them?"), most=item.open, options=(1, item.open)))


async def _siblings(turn: Turn, item: _Item) -> Sequence[VariantView]:
    variant = await variant_view(turn.session, item.variant_id, language=turn.language)
    product = await product_details(turn.session, variant.product_id, language=turn.language) if variant else None
    return product.variants if product else ()


class _What(Choice[str]):
    """What to change of an item. A number, or another kind of it, says it too: "just one", "the 250 g one"."""

    others: Sequence[VariantView] = ()

    def spot(self, words: Words) -> Json | None:
        if (read := super().spot(words)) is not None:
            return read
        if meant_variants(self.others, words):
            return "variant"
        is_number = any(entity.kind == "quantity" for entity in words.heard.entities)
        return "quantity" if is_number and not _LESS.search(words.heard.text) else None


def _what(turn: Turn, item: _Item, others: Sequence[VariantView]) -> _What:
    _ = turn._
    options = [
        Option("quantity", _("Another quantity"), "quantity", also=("数量", "quantity", "number")),
        Option("remove", _("Take it out"), "remove", also=("不要", "去掉", "remove", "take out")),
        Option("add", _("Add something"), "add", also=("加", "add")),
    ]
    if others:
        other = ("换", "另一款", "颜色", "尺码", "规格", "another", "colour", "color", "size")
        options.insert(0, Option("variant", _("Another kind of it"), "variant", also=other))
    question = _What(_("{title}: what shall I change?").format(title=item), options)
    question.others = others
    return question


async def _ways(turn: Turn, order: OrderView) -> list[Option[PayBy]]:
    offered = await _offered(turn, order)
    options = [
        Option(option.key, option.label, PayBy(option.value), also=option.also)
        for option in payment_options(turn, [way for way in offered if way is not order.payment_method])
    ]
    for account in await accounts_of(turn.session, turn.customer_id):
        if account.currency == order.total.currency and account.balance >= order.total.amount:
            money = turn.money(Money(account.balance, account.currency))
            label = turn._("Gift card or store credit ({money})").format(money=money)
            way = PayBy(PaymentMethod.CREDIT, account.account_id)
            options.append(
                Option(f"account-{account.account_id}", label, way, also=("余额", "礼品卡", "credit", "gift card"))
            )
    return options
