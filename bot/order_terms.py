"""A change of an order in words: what goes, what comes, where to, how it is paid."""

from collections.abc import Mapping, Sequence

from bot.skills.showing import method_name
from bot.voice import Voice
from commerce.orders.model import ChangeKind, PaymentMethod
from commerce.orders.queries import OrderView
from foundation.errors import Json


def change_text(voice: Voice, order: OrderView, actions: Sequence[Mapping[str, Json]]) -> str:
    """without Gaiwan × 1; with Gaiwan (large) × 1"""
    _ = voice.translate
    lines = {line.line_id: line for line in order.lines}
    parts = []
    for action in actions:
        if action["do"] == "remove":
            line = lines[int(action["line_id"])]
            parts.append(_("without {item}").format(item=_item(line.title, line.label, action["quantity"])))
        elif action["do"] == "add":
            new = action["line"]
            parts.append(_("with {item}").format(item=_item(new["title"], new["label"], action["quantity"])))
        elif action["do"] == "send_to":
            parts.append(_("another address"))
        elif action["do"] == "pay_by":
            parts.append(method_name(voice, PaymentMethod(action["method"])))
        else:
            parts.append(_("cancel all of it"))
    return _("; ").join(parts)


def kind_name(voice: Voice, kind: ChangeKind) -> str:
    """What a change is about."""
    _ = voice.translate
    names = {
        ChangeKind.ITEMS: _("what is in the order"),
        ChangeKind.CANCEL_ITEMS: _("what is in the order"),
        ChangeKind.CANCEL: _("the whole order"),
        ChangeKind.ADDRESS: _("the address"),
        ChangeKind.PAYMENT: _("the way to pay"),
    }
    return names[kind]


def _item(title: str, label: str, quantity: Json) -> str:
    return f"{title} ({label}) × {quantity}" if label else f"{title} × {quantity}"
