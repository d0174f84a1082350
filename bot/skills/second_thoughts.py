"""At the summary of the checkout: which part of it the shopper wants otherwise: "换个快递", "another coupon".

A new answer that is named is taken by the question itself; here is what only says which question to ask again.
"""

import re
from collections.abc import Mapping
from typing import Final

from bot.flow import Again, Turn
from bot.questions import Choice
from bot.skills.showing import method_name, payment_options
from bot.words import Words, simple
from commerce.orders.model import PaymentMethod

_ASKING_ZH = r"(?:那就?|就|还是|要不|算了|我想?要?|想|请|帮我|麻烦|给我|可以|能不能)*[,，\s]*"
_VERB_ZH = (
    r"(?:重新|再|不)?(?:换|改|用|选|走|发|寄)*(?:成|为|用|到|回|一?[个种张家]|别的|其[他它]的?|另外?一?[个种张家]?)*"
)
_AFTER_ZH = r"(?:(?:换|改|用)(?:一?[个种张家下]|别的|成?另一?[个种张家])?)?(?:吧|了|啦|可以吗|行吗)*"
_BEFORE_EN = (
    r"(?:(?:please|can i|could (?:i|you)|i'd (?:like|rather)|i want|let me|rather|actually|no|make it|change|switch|use"
    r"|choose|pick|pay|send it|ship it|have|get|try|to|by|with|via|in|the|an?|my|another|other|different|new),?\s+)*"
)
_AFTER_EN = r"(?:,?\s+(?:instead|please|then|rather|method|option))*"
_THINGS: Final[Mapping[str, tuple[str, str]]] = {
    "method": (
        r"(?:货到付款|到付|现金|(?:银行)?(?:转账|汇款)|(?:在线|网上)(?:支付|付款?)?|微信(?:支付|付款?)?|支付宝|刷卡|信用卡"
        r"|(?:付款|支付|付钱)(?:方式|方法)?)",
        r"(?:cash(?: on delivery)?|cod|(?:bank )?transfer|online(?: payment)?|pay online|payment|way to pay"
        r"|(?:credit )?card|wechat(?: pay)?|alipay|paypal)",
    ),
    "delivery": (
        r"(?:快递|物流|(?:配送|发货|运输)(?:方式)?|顺丰|圆通|中通|申通|韵达|邮政|ems|京东|德邦|极兔|自提|自取)(?:公司|快递)?",
        r"(?:courier|carrier|delivery|shipping|express|pick[- ]?up|dhl|ups|fedex|post)",
    ),
    "coupon": (r"(?:优惠券|券|优惠码)", r"(?:coupon|voucher)"),
    "address": (r"(?:(?:收货|送货|快递)?地址|地方)", r"(?:(?:delivery |shipping )?address|place)"),
}
_SPOKEN_OF = {
    slot: re.compile(f"{_ASKING_ZH}{_VERB_ZH}{chinese}{_AFTER_ZH}|{_BEFORE_EN}{english}{_AFTER_EN}")
    for slot, (chinese, english) in _THINGS.items()
}


def spoken_of(turn: Turn) -> str | None:
    """The part of the summary (its slot) that the message is about, when the yes to it is asked for."""
    words = turn.words
    if words is None or turn.frame.asking is None or turn.frame.asking.slot != "ok":
        return None
    slot = next((slot for slot, pattern in _SPOKEN_OF.items() if pattern.fullmatch(simple(words.heard.text))), None)
    words.correction = words.correction or slot is not None
    return slot


def ask_anew(
    turn: Turn, slot: str, buttons: Mapping[str, str], how: Choice[PaymentMethod], method: PaymentMethod
) -> None:
    """Ask that question again where there is another answer to it (`buttons`), else say why there is none."""
    _ = turn._
    assert turn.words is not None
    words, turn.words = Words(turn.words.heard), None
    if slot == "method":
        others = [each for each in PaymentMethod if str(each) not in how.options]
        not_here = Choice("", payment_options(turn, others)).spot(words)
        if method is PaymentMethod.CREDIT:
            turn.lead.append(_("Your balance covers all of it, so nothing else needs to be paid."))
        elif not_here is not None:
            text = _("We do not take this here: {method}.")
            turn.lead.append(text.format(method=method_name(turn, PaymentMethod(not_here))))
        elif how.spot(words) == method:
            return  # as it is: the summary says so
    elif slot == "delivery" and slot not in buttons:
        turn.lead.append(_("This is the only way we can send it there."))
    elif slot == "coupon" and slot not in buttons:
        turn.lead.append(_("You have no coupon to choose from."))
    if slot in buttons:
        turn.frame.reopen(slot)
        raise Again
