"""Coupons in the chat: what the shopper has, taking one, and putting one on the cart."""

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.coupon_terms import coupon_name, coupon_terms
from bot.flow import Turn
from bot.questions import Option, Pick
from bot.replies import Button, Choice
from bot.skills.choosing import Code, choose, chosen, say_code, say_price
from commerce.announcements import announced
from commerce.promotions.coupons import CouponView, OfferView, claim_offer, held_by_code, offers_for, usable_coupons
from foundation.errors import Refused
from foundation.money import Money

MOST_SHOWN = 6
_BEST = re.compile(r"最划算|最优惠|最好|最大|自动|\b(best|cheapest|biggest|automatic\w*)\b", re.IGNORECASE)
_NONE = re.compile(r"不用|不要|别用|取消|\b(no|don'?t|without|remove|none)\b", re.IGNORECASE)


async def show_coupons(turn: Turn) -> None:
    """What the shopper may use, and what they may take."""
    _ = turn._
    coupons = await usable_coupons(turn.session, customer_id=turn.customer_id, now=turn.now)
    offers = await offers_for(turn.session, customer_id=turn.customer_id, now=turn.now)
    buttons = [*_uses(turn, coupons), *_takes(turn, offers)]
    code = turn.wish(_("I have a code"), "claim_coupon", again=1)
    if not coupons and not offers:
        turn.say(Choice(_("You have no coupons at the moment."), (code,)))
        return
    parts = []
    if coupons:
        parts.append("\n".join([_("Your coupons, {count}:").format(count=len(coupons)), *_lines(turn, coupons)]))
    if offers:
        parts.append("\n".join([_("You can claim these:"), *_lines(turn, offers)]))
    turn.say(Choice("\n\n".join(parts), (*buttons, code)))


async def claim_coupon(turn: Turn) -> None:
    """Take a coupon: by its code, or one of those that are offered."""
    _ = turn._
    if "batch" in turn.args:
        await _take(turn, int(turn.args["batch"]))
        return
    said: str | None = None
    if "again" not in turn.args:
        said = await turn.notice("said", Code("", turn.vault))
        if said is None and turn.words is not None and turn.reached and not turn.words.is_statement:
            turn.go_on_with("show_coupons")  # "are there any?" takes none yet
            return
    offers = [] if said or "again" in turn.args else await _offers(turn)
    if offers:
        options = [Option(str(offer.batch_id), coupon_name(turn, offer), offer) for offer in offers]
        offer = await turn.ask("offer", Pick(_("Which coupon would you like?"), options, none="coupons.gone", named=""))
        await _take(turn, offer.batch_id)
        return
    if said is None:
        said = await turn.ask("code", Code(_("What is the code? Letters and digits are enough."), turn.vault))
    await say_code(turn, said, again="claim_coupon")


async def use_coupon(turn: Turn) -> None:
    """Put a coupon on the cart; or the best for the cart, or none."""
    _ = turn._
    words = turn.words.heard.text if turn.words is not None else ""
    wanted = turn.args.get("coupon", "none" if _NONE.search(words) else "best" if _BEST.search(words) else "")
    if wanted == "none":
        say_price(turn, _("All right, no coupon then."), await choose(turn, replace(await chosen(turn), coupon_ids=())))
        return
    if wanted != "best" and (said := await turn.notice("said", Code("", turn.vault))) is not None:
        await _put_on_by_code(turn, said)
        return
    coupons = await usable_coupons(turn.session, customer_id=turn.customer_id, now=turn.now)
    if not coupons:
        raise Refused("coupons.none")
    if wanted == "best":
        say_price(
            turn,
            _("I take the coupon that saves you the most."),
            await choose(turn, replace(await chosen(turn), coupon_ids=None)),
        )
        return
    known = next((coupon for coupon in coupons if str(coupon.coupon_id) == wanted), None)
    if wanted and known is None:
        raise Refused("coupons.not_usable")
    await _put_on(turn, known or await _which(turn, coupons))


async def _which(turn: Turn, coupons: Sequence[CouponView]) -> CouponView:
    options = [Option(str(coupon.coupon_id), coupon_name(turn, coupon), coupon) for coupon in coupons[:MOST_SHOWN]]
    return await turn.ask("coupon", Pick(turn._("Which coupon shall I use?"), options, none="coupons.none", named=""))


async def _put_on_by_code(turn: Turn, code: str) -> None:
    """The coupon that the shopper got by this code before, else the one it gives now."""
    held = await held_by_code(turn.session, code=code, customer_id=turn.customer_id, now=turn.now)
    got = held or await say_code(turn, code, again="claim_coupon")
    if isinstance(got, CouponView):
        for announcement in await announced(turn.session):
            if announcement.facts.get("coupon_id") == got.coupon_id:
                announcement.told_at = turn.now  # that it is used says that it is there
        await _put_on(turn, got)


async def _put_on(turn: Turn, coupon: CouponView) -> None:
    """Together with what can be combined with it; say so when it does nothing for this cart yet."""
    _ = turn._
    before = await chosen(turn)
    coupons = await usable_coupons(turn.session, customer_id=turn.customer_id, now=turn.now)
    stackable = {other.coupon_id for other in coupons if other.stackable}
    beside = [other for other in before.coupon_ids or () if other in stackable] if coupon.stackable else []
    ids = tuple(sorted({coupon.coupon_id, *beside}))
    priced = await choose(turn, replace(before, coupon_ids=ids))
    name = coupon_name(turn, coupon)
    rest = (turn.wish(_("The best for me"), "use_coupon", coupon="best"),)
    steps = priced.trace if priced is not None else ()
    step = next((one for one in steps if one.rule == "coupon" and one.source_id == coupon.coupon_id), None)
    if priced is None or coupon.coupon_id in priced.coupon_ids:
        text = _("I put “{coupon}” on your cart.").format(coupon=name)
    elif step is not None and step.why == "below_amount":
        missing = turn.money(Money(int(step.facts["missing"]), coupon.currency))
        text = _("“{coupon}” counts as soon as there is {money} more in your cart.").format(coupon=name, money=missing)
    else:
        text = _("“{coupon}” takes nothing off this cart.").format(coupon=name)
    say_price(turn, text, priced, rest)


async def _offers(turn: Turn) -> Sequence[OfferView]:
    return (await offers_for(turn.session, customer_id=turn.customer_id, now=turn.now))[:MOST_SHOWN]


async def _take(turn: Turn, batch_id: int) -> None:
    """Its announcement is the reply."""
    await claim_offer(turn.session, batch_id=batch_id, customer_id=turn.customer_id, now=turn.now)


def _uses(turn: Turn, coupons: Sequence[CouponView]) -> list[Button]:
    return [
        turn.wish(
            turn._("Use “{coupon}”").format(coupon=coupon_name(turn, coupon)), "use_coupon", coupon=coupon.coupon_id
        )
        for coupon in coupons[:MOST_SHOWN]
    ]


def _takes(turn: Turn, offers: Sequence[OfferView]) -> list[Button]:
    return [
        turn.wish(
            turn._("Claim “{coupon}”").format(coupon=coupon_name(turn, offer)), "claim_coupon", batch=offer.batch_id
        )
        for offer in offers[:MOST_SHOWN]
    ]


def _lines(turn: Turn, coupons: Sequence[CouponView | OfferView]) -> list[str]:
    line = turn._("• {coupon} ({terms})")
    return [line.format(coupon=coupon_name(turn, each), terms=coupon_terms(turn, each)) for each in coupons]
