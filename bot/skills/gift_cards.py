"""Gift cards and store credit in the chat: redeeming a card, what is there, and whether it pays."""

import re
from dataclasses import replace

from bot.flow import Turn
from bot.language import N_
from bot.replies import Choice
from bot.skills.choosing import Code, choose, chosen, say_code, say_price
from commerce.credit.actions import accounts_of
from commerce.credit.model import AccountKind
from foundation.money import Money

KINDS = {
    AccountKind.GIFT_CARD: N_("Gift card"),
    AccountKind.STORE_CREDIT: N_("Store credit"),
    AccountKind.JOINED: N_("Store credit"),
}
_NOT = re.compile(r"不用|不要|别用|先留|\b(don'?t|do not|without|keep)\b", re.IGNORECASE)
_USES = re.compile(r"(?<!可)用|抵|付|\b(use|pay|spend|apply)\b", re.IGNORECASE)
_ASKS = re.compile(r"[?？吗]|多少|怎么|\b(how|what|which)\b", re.IGNORECASE)


async def redeem_gift_card(turn: Turn) -> None:
    """Make the money of a card the shopper's, by its code."""
    _ = turn._
    prompt = _("What is the code on the card? It has four groups of four letters and digits.")
    code = await turn.ask("code", Code(prompt, turn.vault))
    await say_code(turn, code, again="redeem_gift_card")


async def show_balance(turn: Turn) -> None:
    """What is on the shopper's gift cards and in store credit; or whether it shall pay."""
    _ = turn._
    words = turn.words.heard.text if turn.words is not None else ""
    wanted = turn.args.get("use", _wanted(words))
    accounts = await accounts_of(turn.session, turn.customer_id)
    if wanted == "no" or (wanted and accounts):
        text = _("Good, I leave your balance as it is.") if wanted == "no" else _("I use your balance first.")
        say_price(turn, text, await choose(turn, replace(await chosen(turn), use_credit=wanted == "yes")))
        return
    redeem = turn.wish(_("Redeem a gift card"), "redeem_gift_card")
    if not accounts:
        turn.say(Choice(_("You have no store credit and no gift card yet."), (redeem,)))
        return
    line = _("• {kind}: {money}")
    lines = [line.format(kind=_(KINDS[account.kind]), money=turn.money(account.money)) for account in accounts]
    currencies = sorted({account.currency for account in accounts})
    for currency in currencies:
        total = sum(account.balance for account in accounts if account.currency == currency)
        lines.append(_("Together {money}").format(money=turn.money(Money(total, currency))))
    if (await chosen(turn)).use_credit:
        lines.append(_("It is used first when you check out."))
        switch = turn.wish(_("Not for this order"), "show_balance", use="no")
    else:
        lines.append(_("You asked me not to use it for this order."))
        switch = turn.wish(_("Use it after all"), "show_balance", use="yes")
    turn.say(Choice("\n".join(lines), (switch, redeem)))


def _wanted(words: str) -> str:
    """Whether the balance shall pay ("yes", "no"), or is only asked for ("")."""
    if _ASKS.search(words):
        return ""
    return "no" if _NOT.search(words) else "yes" if _USES.search(words) else ""
