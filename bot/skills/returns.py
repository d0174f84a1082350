"""Goods that come back: a return, an exchange, a repair, what arrived wrong; with the money before the yes."""

import re
from collections.abc import Sequence

from bot.flow import Fact, Turn
from bot.language import N_
from bot.questions import Choice, Number, Option, Photos, Pick
from bot.replies import Line, Receipt, Row
from bot.return_terms import PURSES, WHYS, freight_text
from bot.skills.item_names import short_names
from bot.skills.just_added import last_added
from bot.skills.returning import Purse, Said, awaits_parcel, chosen_variants, purse_options
from bot.skills.showing import can_change
from bot.words import SURE, Words
from commerce.orders.actions import order_of
from commerce.orders.queries import order_views
from commerce.returns.actions import open_return, quote_return
from commerce.returns.model import AT_FAULT, OPEN, Kind, RefundTo, Why
from commerce.returns.offers import Asked, Offer, Terms, Wish, items_of, rules_for
from commerce.returns.policy import strictest
from commerce.returns.queries import ReturnableLine, ReturnableOrder, returnable_orders, returns_of
from foundation.errors import Json, Refused
from foundation.money import Money

LATEST = 5
MOST_ITEMS = 10
_ALL = "all"
_CALLS_OFF = re.compile(r"取消|撤销|撤回|不[退换修]了|\b(cancel|call off|withdraw)\b", re.IGNORECASE)
_EVERYTHING = ("everything", "全部", "都要", "整单")
_ENOUGH = ("nothing else", "no", "没有了", "就这些", "不用", "没了")
_FOR = {
    Kind.RETURN: (Why.CHANGED_MIND, Why.DOES_NOT_FIT, Why.NOT_AS_DESCRIBED, Why.DAMAGED, Why.DEFECTIVE, Why.WRONG_ITEM),
    Kind.EXCHANGE: (Why.DOES_NOT_FIT, Why.CHANGED_MIND, Why.DAMAGED, Why.DEFECTIVE, Why.WRONG_ITEM),
    Kind.CLAIM: (Why.DAMAGED, Why.DEFECTIVE, Why.MISSING, Why.WRONG_ITEM, Why.NOT_AS_DESCRIBED),
}
_WHICH = {
    Kind.RETURN: N_("Which item would you like to return?"),
    Kind.EXCHANGE: N_("Which item would you like to exchange?"),
    Kind.REPAIR: N_("Which item needs repair?"),
    Kind.CLAIM: N_("Which item is it about?"),
}
_REMEDIES = {"return_items": "money", "exchange_items": "new", "repair_items": "repair"}
_SHALL = {
    Kind.RETURN: N_("Shall I open this return?"),
    Kind.EXCHANGE: N_("Shall I open this exchange?"),
    Kind.REPAIR: N_("Shall I open this repair?"),
    Kind.CLAIM: N_("Shall I report this?"),
}


async def return_items(turn: Turn) -> None:
    """Send goods back for the money."""
    await _bring_back(turn, Kind.RETURN)


async def exchange_items(turn: Turn) -> None:
    """Have goods replaced by another variant of the same product, or by the same where ours was at fault.

    Right after something was put in the cart "the 43 instead" is about that; before anything has arrived it is about
    an order that can still be changed.
    """
    if turn.reached and (await last_added(turn) or {}).get("how") == "instead":
        turn.pass_on("add_to_cart")
        return
    if turn.reached and not turn.args and await _has_only_what_can_be_changed(turn):
        turn.pass_on("change_order")
        return
    await _bring_back(turn, Kind.EXCHANGE)


async def _has_only_what_can_be_changed(turn: Turn) -> bool:
    """Whether nothing has arrived yet that could be exchanged, and an order that has not left could be changed."""
    if await returnable_orders(turn.session, customer_id=turn.customer_id):
        return False
    orders = await order_views(turn.session, customer_id=turn.customer_id, limit=LATEST)
    return any(can_change(order) for order in orders)


async def repair_items(turn: Turn) -> None:
    """Have goods mended."""
    await _bring_back(turn, Kind.REPAIR)


async def report_problem(turn: Turn) -> None:
    """Something arrived broken, is missing or is another thing: money, a replacement or a repair."""
    await _bring_back(turn, Kind.CLAIM)


async def _bring_back(turn: Turn, kind: Kind) -> None:
    if turn.reached and await awaits_parcel(turn):
        turn.pass_on("send_return")
        return
    if turn.reached and turn.words is not None and await _calls_off(turn, turn.words.heard.text):
        turn.pass_on("cancel_return")
        return
    order = await _order(turn)
    turn.focus["order"] = order.number
    said = await turn.notice("said", _reasons(turn, kind))
    picked = await _items(turn, order, kind)
    if said is None and kind in (Kind.RETURN, Kind.EXCHANGE):
        await _say_excluded(turn, picked, kind)
    why = await _why(turn, kind, said)
    if kind is Kind.CLAIM:
        kind = await _remedy(turn, why, picked)
    if why in AT_FAULT and kind is not Kind.REPAIR:
        await turn.ask("photo", _photos(turn))
    note = (
        await turn.ask("what", Said(turn._("What is broken? A few words are enough."))) if kind is Kind.REPAIR else ""
    )
    instead = await chosen_variants(turn, order, picked, why) if kind is Kind.EXCHANGE else {}
    purses = [] if kind is Kind.REPAIR else await _purses(turn, picked, kind, why)
    purse, account_id = await _purse(turn, purses)
    wish = Wish(
        kind=kind,
        lines=tuple(Asked(line.line_id, count, instead.get(line.line_id)) for line, count in picked),
        why=why,
        refund_to=purse,
        account_id=account_id,
        photos=len(turn.photos),
    )
    terms = Terms.of(turn.shop.settings)
    offer = await quote_return(
        turn.session, order_id=order.order_id, customer_id=turn.customer_id, wish=wish, terms=terms, now=turn.now
    )
    if not await _sure(turn, order, offer, is_other_purse=len(purses) > 1):
        turn.say(turn._("Good, everything stays as it is."))
        return
    await open_return(
        turn.session,
        order_id=order.order_id,
        customer_id=turn.customer_id,
        wish=wish,
        terms=terms,
        now=turn.now,
        note_text=note,
        photos=[dict(photo) for photo in turn.photos],
    )


async def _calls_off(turn: Turn, said: str) -> bool:
    """Whether an open return is meant to be called off: "退货不退了", "cancel the return"."""
    if _CALLS_OFF.search(said) is None:
        return False
    return bool(await returns_of(turn.session, customer_id=turn.customer_id, language="zh", states=OPEN, limit=1))


async def _order(turn: Turn) -> ReturnableOrder:
    """The order that is named, on the button or the only one something can come back of; else it is asked."""
    orders = await returnable_orders(turn.session, customer_id=turn.customer_id)
    number = turn.args.get("order") or str(await turn.once("number", lambda: _read_number(turn)))
    if number:
        mine = await order_of(turn.session, number=number, customer_id=turn.customer_id)
        found = next((order for order in orders if order.order_id == mine.id), None)
        if found is None:
            code = "returns.not_delivered" if mine.delivered_at is None else "returns.already_returned"
            raise Refused(code, order=mine.number, title=mine.number)
        return found
    options = [Option(o.number, _label(turn, o), o, ("order_number", o.number), _titles(o)) for o in orders[:LATEST]]
    question = turn._("Which order is it about?")
    return await turn.ask("order", Pick(question, options, none="returns.none", named=""))


async def _read_number(turn: Turn) -> str:
    return str(turn.words.take("order_number") or "") if turn.words is not None else ""


async def _items(turn: Turn, order: ReturnableOrder, kind: Kind) -> list[tuple[ReturnableLine, int]]:
    """Lines of the order with how many of each: the one that was named, else what is chosen, until that is all."""
    _ = turn._
    picked: list[tuple[ReturnableLine, int]] = []
    left = list(order.lines)
    if len(left) > 1 and (named := await turn.notice("named", Choice("", _options(left)))) is not None:
        return [(named, await _how_many(turn, named))]
    while left and len(picked) < MOST_ITEMS:
        nth = len(picked) + 1
        options = _options(left)
        chosen: ReturnableLine | None
        if picked:
            options.insert(0, Option("done", _("That is all"), None, also=_ENOUGH))
            chosen = await turn.ask(f"item:{nth}", _More(_("Anything else from this order?"), options))
        elif len(left) > 1:
            options.append(Option(_ALL, _("All of it"), None, also=_EVERYTHING))
            chosen = await turn.ask(f"item:{nth}", Choice(_(_WHICH[kind]), options))
            if chosen is None:
                return [(line, line.left) for line in left]
        else:
            chosen = left[0]
        if chosen is None:
            break
        left.remove(chosen)
        picked.append((chosen, await _how_many(turn, chosen)))
    return picked


def _options(lines: Sequence[ReturnableLine]) -> list[Option[ReturnableLine | None]]:
    """What can come back, by its title or what shoppers call it."""
    return [
        Option(str(line.line_id), _named(line), line, also=(line.title, *short))
        for line, short in zip(lines, short_names([line.title for line in lines]), strict=True)
    ]


class _More(Choice[ReturnableLine | None]):
    """Whether there is more; who goes on with the reason has said that there is not."""

    def exact(self, words: Words, shown: Sequence[str]) -> Json | None:
        read = super().exact(words, shown)
        text = words.rest.casefold()
        is_reason = any(name in text for _, names in WHYS.values() for name in names)
        return "done" if read is None and is_reason else read


async def _how_many(turn: Turn, line: ReturnableLine) -> int:
    if line.left == 1:
        return 1
    question = turn._("How many of {title}? You have {left}.").format(title=_named(line), left=line.left)
    options = tuple(range(1, line.left + 1)) if line.left <= LATEST else ()
    return await turn.ask(f"pieces-{line.line_id}", Number(question, most=line.left, options=options))


def _reasons(turn: Turn, kind: Kind, *, said: Why | None = None) -> Choice[Why]:
    options = [Option(why.value, turn._(WHYS[why][0]), why, also=WHYS[why][1]) for why in _FOR.get(kind, ())]
    return Choice(turn._("What is the reason?"), options, default=said and said.value)


async def _why(turn: Turn, kind: Kind, said: Why | None) -> Why:
    """The reason, which may have been said at the very beginning: "the mug is broken"."""
    return Why.DEFECTIVE if kind is Kind.REPAIR else await turn.ask("why", _reasons(turn, kind, said=said))


async def _say_excluded(turn: Turn, picked: Sequence[tuple[ReturnableLine, int]], kind: Kind) -> None:
    """Before a reason is asked: what only comes back when something is wrong with it."""
    titles = {line.variant_id: line.title for line, _ in picked}
    for item, policy in (await rules_for(turn.session, titles, kind=kind, why=Why.CHANGED_MIND)).values():
        if policy.excludes(item):
            text = turn._("{title} cannot come back just because you do not want it. Is something wrong with it?")
            turn.say(text.format(title=item.title))


async def _remedy(turn: Turn, why: Why, picked: Sequence[tuple[ReturnableLine, int]]) -> Kind:
    _ = turn._
    items = await items_of(
        turn.session, [line.variant_id for line, _ in picked], titles=[one.title for one, _ in picked]
    )
    options = [
        Option("money", _("My money back"), Kind.CLAIM, also=("refund", "money", "退款", "退钱")),
        Option("new", _("A replacement"), Kind.EXCHANGE, also=("replacement", "exchange", "another", "换", "补发")),
    ]
    if why in (Why.DAMAGED, Why.DEFECTIVE) and not any(item.is_digital for item in items):
        options.append(Option("repair", _("A repair"), Kind.REPAIR, also=("repair", "fix", "修", "维修")))
    return await turn.ask("remedy", _Remedy(_("I am sorry about that. What would you like?"), options))


class _Remedy(Choice[Kind]):
    """What would make it good; a wish for one of them is the answer: "no refund, just send me a new one"."""

    def exact(self, words: Words, shown: Sequence[str]) -> Json | None:
        key = _REMEDIES.get(words.heard.intent) if words.heard.confidence >= SURE else None
        if key in self.options and not words.pressed:
            words.take_everything()
            return key
        return super().exact(words, shown)


def _photos(turn: Turn) -> Photos:
    _ = turn._
    prompt = _("Please send me a photo or a screenshot of it. It helps to decide sooner.")
    return Photos(prompt, have=len(turn.photos), without=_("I have no photo"))


async def _purses(
    turn: Turn, picked: Sequence[tuple[ReturnableLine, int]], kind: Kind, why: Why
) -> list[Option[Purse]]:
    """Where the policy of these goods lets money go."""
    titles = {line.variant_id: line.title for line, _ in picked}
    rules = await rules_for(turn.session, titles, kind=kind, why=why)
    policy = strictest([policy for _, policy in rules.values()])
    return [option for option in await purse_options(turn) if policy.allows(option.value[0])]


async def _purse(turn: Turn, purses: Sequence[Option[Purse]]) -> Purse:
    """Where the money goes: as it was paid where it may, unless the shopper said otherwise."""
    if not purses:
        return RefundTo.ORIGINAL, None
    return await turn.ask("purse", Choice(turn._("Where shall the money go?"), purses, default=purses[0].key))


async def _sure(turn: Turn, order: ReturnableOrder, offer: Offer, *, is_other_purse: bool) -> bool:
    _ = turn._
    kind, refund, due = offer.wish.kind, turn.money(offer.refund), turn.money(offer.due)
    shown = Receipt(_(_SHALL[kind]), _lines(turn, offer), tuple(_rows(turn, offer)), _total(turn, offer))
    facts = {
        "lines": Fact(
            [[one.line.id, one.quantity, one.replacement and one.replacement.variant_id] for one in offer.lines],
            _("what goes back"),
        ),
        "refund": Fact(offer.refund.amount, _("you get {money} back").format(money=refund)),
        "due": Fact(offer.due.amount, _("you pay {money}").format(money=due)),
        "purse": Fact([offer.wish.refund_to.value, offer.wish.account_id], _("where the money goes")),
        "order": Fact(order.number, order.number),
    }
    changes = {}
    if (offer.refund or offer.due) and is_other_purse:
        changes["purse"] = _("Another way to refund it") if offer.refund else _("Pay another way")
    return await turn.confirm("ok", shown, facts=facts, yes=_("Yes, open it"), no=_("No, leave it"), changes=changes)


def _lines(turn: Turn, offer: Offer) -> tuple[Line, ...]:
    return tuple(
        Line(
            title=one.line.title,
            label=_kinds(one.line.label, one.replacement.label or one.replacement.title if one.replacement else ""),
            quantity=one.quantity,
            unit="",
            total=turn.money(Money(one.amount, offer.order.currency)),
            picture=one.line.picture,
        )
        for one in offer.lines
    )


def _kinds(before: str, after: str) -> str:
    """The kind that goes back, and the other one that comes instead."""
    return " → ".join(part for part in (before, after if after != before else "") if part)


def _rows(turn: Turn, offer: Offer) -> Sequence[Row]:
    _ = turn._
    wish, currency = offer.wish, offer.order.currency
    rows = [Row(_("Order"), offer.order.number), Row(_("Reason"), _(WHYS[wish.why][0]))]
    if offer.fee:
        rows.append(Row(_("We keep"), turn.money(Money(offer.fee, currency))))
    if offer.shipping and wish.kind is not Kind.EXCHANGE:
        rows.append(Row(_("Shipping back to you"), turn.money(Money(offer.shipping, currency))))
    if offer.send_by is not None:
        rows.append(Row(_("Return shipping"), freight_text(turn, offer.freight)))
        rows.append(Row(_("Send it by"), turn.time(offer.send_by)))
    if offer.refund:
        rows.append(Row(_("The money goes to"), _(PURSES[wish.refund_to])))
    if offer.due:
        rows.append(Row(_("Paid with"), _(PURSES[wish.refund_to])))
    if not offer.is_automatic:
        rows.append(Row(_("Note"), _("a colleague looks at it first")))
    return rows


def _total(turn: Turn, offer: Offer) -> Row:
    _ = turn._
    if offer.wish.kind is Kind.REPAIR:
        return Row(_("Costs"), _("you are told before anything is repaired"))
    if offer.wish.kind is Kind.EXCHANGE and not offer.due and not offer.refund:
        return Row(_("Price difference"), _("none"))
    if offer.due:
        return Row(_("You pay"), turn.money(offer.due))
    return Row(_("You get back"), turn.money(offer.refund))


def _label(turn: Turn, order: ReturnableOrder) -> str:
    return f"{order.number}  {turn._(', ').join(line.title for line in order.lines)}"[:60]


def _titles(order: ReturnableOrder) -> tuple[str, ...]:
    return tuple(line.title for line in order.lines)


def _named(line: ReturnableLine) -> str:
    return f"{line.title} ({line.label})" if line.label else line.title
