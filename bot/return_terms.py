"""Returns in words: reasons, states, rules and what a return looks like in the chat."""

from collections.abc import Sequence
from typing import Final

from bot.language import N_, gap
from bot.replies import Button, Line, OrderStatus, Row
from bot.voice import Voice
from commerce.returns.model import OPEN, Freight, Kind, RefundTo, ReturnState, Why
from commerce.returns.policy import Policy
from commerce.returns.queries import ReturnView

WHYS: Final[dict[Why, tuple[str, tuple[str, ...]]]] = {
    Why.CHANGED_MIND: (
        N_("I do not want it any more"),
        ("changed my mind", "don't want", "do not want", "不想要", "不喜欢", "买多", "不要了"),
    ),
    Why.DOES_NOT_FIT: (
        N_("It does not fit"),
        (
            "too small",
            "too big",
            "doesn't fit",
            "尺码",
            "不合适",
            "不合身",
            "太紧",
            "太松",
            "太大",
            "太小",
            "小了",
            "大了",
            "紧了",
            "短了",
            "长了",
            "大小不合适",
        ),
    ),
    Why.NOT_AS_DESCRIBED: (N_("It is not as described"), ("not as described", "描述不符", "和图片不一样", "货不对板")),
    Why.DAMAGED: (N_("It arrived damaged"), ("damaged", "broken", "cracked", "破损", "碎", "摔坏", "压坏", "裂")),
    Why.DEFECTIVE: (
        N_("It does not work"),
        ("defective", "does not work", "doesn't work", "坏了", "用不了", "开不了机", "故障"),
    ),
    Why.MISSING: (N_("Something is missing"), ("missing", "少发", "漏发", "少了", "缺")),
    Why.WRONG_ITEM: (N_("I got the wrong item"), ("wrong item", "wrong one", "发错", "错发", "寄错")),
}
"""For each reason what the button says, and words that mean it."""
KINDS: Final[dict[Kind, str]] = {
    Kind.RETURN: N_("return"),
    Kind.EXCHANGE: N_("exchange"),
    Kind.REPAIR: N_("repair"),
    Kind.CLAIM: N_("claim"),
}
STATES: Final[dict[ReturnState, str]] = {
    ReturnState.REQUESTED: N_("a colleague is looking at it"),
    ReturnState.NEEDS_INFO: N_("waiting for your answer"),
    ReturnState.APPROVED: N_("approved"),
    ReturnState.REJECTED: N_("not accepted"),
    ReturnState.AWAITING_GOODS: N_("waiting for you to send it"),
    ReturnState.IN_TRANSIT: N_("on its way to us"),
    ReturnState.RECEIVED: N_("with us, being looked at"),
    ReturnState.INSPECTED: N_("looked at"),
    ReturnState.DIAGNOSING: N_("we are finding out what is broken"),
    ReturnState.QUOTED: N_("waiting for your yes to the price"),
    ReturnState.ACCEPTED: N_("about to be repaired"),
    ReturnState.DECLINED: N_("going back to you unrepaired"),
    ReturnState.REPAIRING: N_("being repaired"),
    ReturnState.CHECKED: N_("repaired and checked"),
    ReturnState.REFUND: N_("refunded"),
    ReturnState.STORE_CREDIT: N_("paid into your credit"),
    ReturnState.EXCHANGE: N_("the replacement is on order"),
    ReturnState.SENT_BACK: N_("on its way back to you"),
    ReturnState.CLOSED: N_("done"),
    ReturnState.CANCELLED: N_("cancelled by you"),
    ReturnState.EXPIRED: N_("ended, as nothing was sent in time"),
}
PURSES: Final[dict[RefundTo, str]] = {
    RefundTo.ORIGINAL: N_("the way you paid"),
    RefundTo.CREDIT: N_("your store credit"),
    RefundTo.ACCOUNT: N_("your gift card"),
    RefundTo.INSTRUMENT: N_("your other card"),
}


def kind_name(voice: Voice, kind: Kind) -> str:
    """What it is, in a word."""
    return voice.translate(KINDS[kind])


def state_name(voice: Voice, asked: ReturnView) -> str:
    """Where it stands, in a few words."""
    return voice.translate(STATES[asked.state])


def freight_text(voice: Voice, freight: Freight) -> str:
    """Who pays the parcel back."""
    _ = voice.translate
    return _("we pay") if freight is Freight.SELLER else _("you pay")


def terms_of(voice: Voice, policy: Policy) -> str:
    """A policy in one or two sentences."""
    _ = voice.translate
    kinds = _(", ").join(kind_name(voice, kind) for kind in Kind if kind in policy.kinds)
    text = _("• {name} ({kinds}): within {days} days of delivery.").format(
        name=policy.name.get(voice.language) or next(iter(policy.name.values()), ""),
        kinds=kinds,
        days=policy.window_days,
    )
    conditions = dict(policy.conditions).get(voice.language, "")
    if conditions:
        text += gap(text) + _("Condition: {condition}.").format(condition=conditions)
    text += gap(text) + _("Return shipping: {who}.").format(who=freight_text(voice, policy.freight))
    if policy.freight is Freight.SHOPPER and policy.seller_pays_at_fault:
        text += gap(text) + _("If it is our fault, we pay.")
    if policy.restocking_ppm:
        text += gap(text) + _("We keep {percent}% of the price.").format(percent=f"{policy.restocking_ppm / 10_000:g}")
    if policy.photo_required:
        text += gap(text) + _("Please have a photo ready.")
    return text


def return_reply(voice: Voice, asked: ReturnView) -> OrderStatus:
    """One return: where it stands, what is in it, what can be done."""
    _ = voice.translate
    rows = [Row(_("Kind"), kind_name(voice, asked.kind)), Row(_("Order"), asked.order_number)]
    if asked.kind in (Kind.RETURN, Kind.CLAIM) and asked.settled_at is None:
        rows.append(Row(_("You get back"), voice.money(asked.offered)))
    elif asked.refunded:
        rows.append(Row(_("You got back"), voice.money(asked.refunded)))
    if asked.due:
        rows.append(Row(_("You pay"), voice.money(asked.due)))
    if asked.quote is not None and asked.quote:
        rows.append(Row(_("The repair costs"), voice.money(asked.quote)))
    if asked.replacement_number is not None:
        rows.append(Row(_("Replacement"), asked.replacement_number))
    if asked.state is ReturnState.AWAITING_GOODS and asked.send_by is not None:
        rows.append(Row(_("Send it by"), voice.time(asked.send_by)))
        rows.append(Row(_("Return shipping"), freight_text(voice, asked.freight)))
    if asked.tracking_number:
        rows.append(Row(_("Parcel"), f"{asked.carrier} {asked.tracking_number}".strip()))
    if asked.sent_back:
        rows.append(Row(_("Parcel to you"), asked.sent_back))
    if asked.reason and asked.state is ReturnState.REJECTED:
        rows.append(Row(_("Reason"), asked.reason))
    steps = tuple(next_steps(voice, asked))
    return OrderStatus(asked.number, state_name(voice, asked), tuple(rows), _lines(voice, asked), steps)


def next_steps(voice: Voice, asked: ReturnView) -> Sequence[Button]:
    """What the shopper can do about a return now."""
    _ = voice.translate
    steps = []
    if asked.state is ReturnState.AWAITING_GOODS:
        steps.append(voice.wish(_("I have sent it"), "send_return", returning=asked.return_id))
    if asked.state is ReturnState.NEEDS_INFO:
        steps.append(voice.wish(_("Answer"), "answer_return", returning=asked.return_id))
    if asked.state is ReturnState.QUOTED:
        steps.append(voice.wish(_("Decide about the repair"), "answer_quote", returning=asked.return_id))
    if asked.state in (ReturnState.REQUESTED, ReturnState.NEEDS_INFO, ReturnState.AWAITING_GOODS):
        steps.append(voice.wish(_("Cancel it"), "cancel_return", returning=asked.return_id))
    if asked.state not in OPEN or asked.state is ReturnState.REQUESTED:
        steps.append(voice.wish(_("Ask a colleague"), "ask_human"))
    return steps


def _lines(voice: Voice, asked: ReturnView) -> tuple[Line, ...]:
    return tuple(
        Line(
            title=line.title,
            label=" → ".join(dict.fromkeys(part for part in (line.label, line.instead) if part)),
            quantity=line.quantity,
            unit="",
            total=voice.money(line.amount),
            picture=line.picture,
        )
        for line in asked.lines
    )
