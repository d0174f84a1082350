"""Promotions and prices in words: what a rule gives, what is missing to it, why it did not count."""

from collections.abc import Callable, Mapping

from bot.language import N_
from bot.voice import Voice
from commerce.pricing.values import Step
from commerce.promotions.rules import (
    WHOLE,
    AmountOff,
    FixedPrice,
    FreeShipping,
    Gift,
    Label,
    NthOff,
    PercentOff,
    Promotion,
    Rule,
    Tiers,
    label_in,
)
from foundation.money import Money

_PPM_OF_PERCENT = 10_000
_REASONS: Mapping[str, str] = {
    "not_started": N_("it has not begun yet"),
    "ended": N_("it is over"),
    "other_audience": N_("it is not meant for your account"),
    "used_up": N_("all of it has been used"),
    "not_best": N_("another one saves you more"),
    "excluded": N_("it cannot be combined with the others"),
    "nothing_left": N_("there was nothing left to take off"),
    "gift_sold_out": N_("the gifts are all gone"),
    "not_held": N_("you do not have it any more"),
    "not_enough_points": N_("there are too few points"),
}


def rule_text(voice: Voice, rule: Rule, *, currency: str, titles: Mapping[int, str]) -> str:
    """¥10 off from ¥100, ¥30 off from ¥200. `titles` names the variants that are given."""
    _ = voice.translate

    def money(amount: int) -> str:
        return short_money(voice, Money(amount, currency))

    match rule:
        case PercentOff(ppm=ppm, min_quantity=least):
            text = _("{part} off from {count} pieces on") if least > 1 else _("{part} off")
            return text.format(part=part_text(voice, ppm), count=least)
        case AmountOff(amount=amount, min_quantity=least):
            text = _("{money} off each from {count} pieces on") if least > 1 else _("{money} off each")
            return text.format(money=money(amount), count=least)
        case FixedPrice(amount=amount, min_quantity=least):
            text = _("{money} each from {count} pieces on") if least > 1 else _("only {money} each")
            return text.format(money=money(amount), count=least)
        case NthOff(every=every, ppm=ppm):
            text = (
                _("one of every {every} pieces is free")
                if ppm == WHOLE
                else _("{part} off one of every {every} pieces")
            )
            return text.format(part=part_text(voice, ppm), every=every)
        case Tiers():
            return _tiers_text(voice, rule, money)
        case Gift(from_amount=amount, variant_id=variant, quantity=quantity):
            title = titles.get(variant, _("a gift")) + (f" x{quantity}" if quantity > 1 else "")
            return _("{title} as a gift from {amount}").format(title=title, amount=money(amount))
        case FreeShipping(from_amount=amount):
            return _("free shipping from {amount}").format(amount=money(amount)) if amount else _("free shipping")


def _tiers_text(voice: Voice, rule: Tiers, money: Callable[[int], str]) -> str:
    _ = voice.translate
    if rule.repeats:
        tier = rule.tiers[0]
        text = _("{money} off every {amount}").format(money=money(tier.amount), amount=money(tier.from_amount))
    else:
        text = _(", ").join(
            _("{part} off from {amount}").format(part=part_text(voice, tier.ppm), amount=money(tier.from_amount))
            if tier.ppm
            else _("{money} off from {amount}").format(money=money(tier.amount), amount=money(tier.from_amount))
            for tier in rule.tiers
        )
    return text + (_(", at most {money}").format(money=money(rule.most)) if rule.most is not None else "")


def promotion_line(voice: Voice, promotion: Promotion, *, currency: str, titles: Mapping[int, str]) -> str:
    """Its name, what it gives, until when; the name alone where it says the same."""
    name, text = name_of(voice, promotion.label), rule_text(voice, promotion.rule, currency=currency, titles=titles)
    line = text if not name or _plain(name) == _plain(text) else voice.translate("{name}: {terms}").format(
        name=name, terms=text
    )  # fmt: skip
    if promotion.ends_at is not None:
        line += voice.translate(" (until {time})").format(time=voice.time(promotion.ends_at))
    return line


def next_text(voice: Voice, step: Step, *, currency: str) -> str:
    """What the next tier would give: "¥30 off"."""
    _ = voice.translate
    if "amount_off" in step.facts:
        return _("{money} off").format(money=short_money(voice, Money(int(step.facts["amount_off"]), currency)))
    if "ppm" in step.facts:
        return _("{part} off").format(part=part_text(voice, int(step.facts["ppm"])))
    return name_of(voice, step.label) or (_("free shipping") if step.rule != "gift" else _("a gift"))


def reason_text(voice: Voice, step: Step, *, currency: str) -> str:
    """Why a rule did not count; empty where that is not worth a word."""
    _ = voice.translate
    if step.why == "below_amount":
        missing = Money(int(step.facts["missing"]), currency)
        return _("{money} more is needed").format(money=voice.money(missing))
    if step.why == "min_quantity" and "missing" in step.facts:
        return _("{count} more of these goods are needed").format(count=step.facts["missing"])
    return _(_REASONS[step.why]) if step.why in _REASONS else ""


def name_of(voice: Voice, label: Label) -> str:
    """The name of a rule in the shopper's language."""
    return label_in(label, voice.language)


def part_text(voice: Voice, ppm: int) -> str:
    """A part as a shop says it: 15% in English, in Chinese what is still to be paid, 8.5折."""
    percent = ppm / _PPM_OF_PERCENT
    return f"{(100 - percent) / 10:.3g}折" if voice.language == "zh" else f"{percent:.4g}%"


def short_money(voice: Voice, money: Money) -> str:
    """An amount without empty cents: ¥100, and 100元 in Chinese."""
    if voice.language == "zh" and money.currency == "CNY":
        return f"{money.decimal.normalize():f}元"
    return voice.money(money).removesuffix(".00")


def _plain(text: str) -> str:
    return "".join(text.casefold().replace("元", "").split())
