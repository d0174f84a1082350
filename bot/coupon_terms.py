"""A coupon in words: its name, what it takes off, from how much on, until when."""

from bot.voice import Voice
from commerce.promotions.coupon_model import Benefit
from commerce.promotions.coupons import CouponView, OfferView
from foundation.money import Money

_PPM_OF_PERCENT = 10_000


def coupon_name(voice: Voice, coupon: CouponView | OfferView) -> str:
    """The name in the shopper's language, else in the other one, else what it takes off."""
    title = coupon.title
    return str(title.get(voice.language) or title.get("zh") or title.get("en") or _benefit(voice, coupon))


def coupon_terms(voice: Voice, coupon: CouponView | OfferView) -> str:
    """10% off · at most ¥50.00 · from ¥100.00 · until 3 December 10:00"""
    _ = voice.translate
    parts = [_benefit(voice, coupon)]
    if coupon.cap is not None:
        parts.append(_("at most {money}").format(money=voice.money(Money(coupon.cap, coupon.currency))))
    if coupon.threshold:
        parts.append(_("from {money}").format(money=voice.money(Money(coupon.threshold, coupon.currency))))
    ends = coupon.expires_at if isinstance(coupon, CouponView) else coupon.ends_at
    if ends is not None:
        parts.append(_("until {time}").format(time=voice.time(ends)))
    return " · ".join(parts)


def _benefit(voice: Voice, coupon: CouponView | OfferView) -> str:
    _ = voice.translate
    if coupon.benefit is Benefit.FREE_SHIPPING:
        return _("free shipping")
    if coupon.benefit is Benefit.AMOUNT:
        return _("{money} off").format(money=voice.money(Money(coupon.amount, coupon.currency)))
    percent = coupon.ppm / _PPM_OF_PERCENT
    # A Chinese shop names what is still to be paid: 8.5折 is 15% off.
    part = f"{(100 - percent) / 10:g}折" if voice.language == "zh" else f"{percent:g}%"
    return _("{part} off").format(part=part)
