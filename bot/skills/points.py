"""Points in the chat: how many there are, what they are worth, and paying with them."""

import re
from dataclasses import replace

from bot.flow import Turn
from bot.language import gap
from bot.replies import Button, Choice
from bot.skills.choosing import choose, chosen, say_price
from commerce.points.actions import points_of
from foundation.errors import Refused
from foundation.money import Money, exponent

_USES = re.compile(
    r"[用花使]掉?.{0,6}积分|积分.{0,4}(抵|付|花|用掉)|抵扣|抵现|\b(use|spend|pay|redeem|apply)\b", re.IGNORECASE
)
_ASKS = re.compile(r"[?？吗]|怎么|多少|能不能|可以|\b(how|what|can|could|when|do|does)\b", re.IGNORECASE)
_NOT = re.compile(r"不用|不要|别用|取消|留着|\b(no|don'?t|without|remove|keep|save)\b", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,9}")


async def show_points(turn: Turn) -> None:
    """The shopper's points; or have them pay a part of the cart."""
    _ = turn._
    points = await points_of(turn.session, turn.customer_id)
    wanted = _wanted(turn, points.available)
    if wanted == 0:
        say_price(
            turn, _("Good, your points stay where they are."), await choose(turn, replace(await chosen(turn), points=0))
        )
        return
    if wanted is not None:
        await _use(turn, min(wanted, points.available), points.available)
        return
    if not points.available and not points.pending:
        turn.say(_("You have no points yet. You earn {count} for each {money} you pay.").format(**_rate(turn)))
        return
    text = _("You have {count} points, worth {money}.").format(
        count=points.available, money=turn.money(_worth(turn, points.available))
    )
    if points.pending:
        text += gap(text) + _("{count} more come when your orders are completed.").format(count=points.pending)
    if points.next_expiry is not None and points.available:
        text += gap(text) + _("The first of them end on {time}.").format(time=turn.time(points.next_expiry))
    turn.say(Choice(text, await _steps(turn, points.available)))


def _wanted(turn: Turn, available: int) -> int | None:
    """How many points the shopper wants to pay with: by a button, or "use my points"; None when they only ask."""
    if "use" in turn.args:
        return int(turn.args["use"])
    words = turn.words.heard.text if turn.words is not None else ""
    if _ASKS.search(words) or not (_USES.search(words) or _NOT.search(words)):
        return None
    if _NOT.search(words):
        return 0
    number = _NUMBER.search(words)
    return int(number.group()) if number else available


async def _use(turn: Turn, points: int, available: int) -> None:
    _ = turn._
    if available <= 0:
        raise Refused("points.none")
    priced = await choose(turn, replace(await chosen(turn), points=points))
    spent = points if priced is None else priced.points_spent
    if priced is not None and spent == 0:
        text = _("Points take nothing off this cart.")
    else:
        text = _("{count} points take {money} off.").format(count=spent, money=turn.money(_worth(turn, spent)))
    say_price(turn, text, priced, (turn.wish(_("Keep my points"), "show_points", use=0),))


async def _steps(turn: Turn, available: int) -> tuple[Button, ...]:
    """To pay with them, or to take that back."""
    if (await chosen(turn)).points:
        return (turn.wish(turn._("Keep my points"), "show_points", use=0),)
    if available:
        return (turn.wish(turn._("Pay with points"), "show_points", use=available),)
    return (turn.wish(turn._("Look around"), "browse_categories"),)


def _worth(turn: Turn, points: int) -> Money:
    settings = turn.shop.settings
    return Money(points * 10 ** exponent(settings.currency) // settings.points_of_unit, settings.currency)


def _rate(turn: Turn) -> dict[str, str]:
    settings = turn.shop.settings
    unit = Money(10 ** exponent(settings.currency), settings.currency)
    return {"count": str(settings.points_for_unit), "money": turn.money(unit)}
