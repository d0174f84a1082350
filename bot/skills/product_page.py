"""The page of a product in the chat: everything about it, what it promises, and what can be done with it."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from bot.flow import Turn
from bot.language import day_text
from bot.replies import Button, Card, Row
from bot.skills.deals_shown import with_deals
from bot.skills.showing import price, to_order
from bot.skills.variants import meant_variants
from bot.voice import Voice
from commerce.catalog.queries import ProductDetails, VariantView
from foundation.money import Money

_NUMBER = re.compile(r"\d[\d.]*")
MOST_BODY = 400
MOST_VARIANTS = 8
MOST_PICTURES = 10
MOST_ROWS = 12


async def say_page(turn: Turn, product: ProductDetails) -> None:
    """Show a product; when some of its variants were named, with just these. From now on "it" means this."""
    turn.focus["product"] = product.product_id
    for gone in ("added", "variant"):
        turn.focus.pop(gone, None)
    meant = meant_variants(product.variants, turn.words) if turn.words is not None else []
    if len(meant) == 1:
        turn.focus["variant"] = meant[0].variant_id
    shown = replace(product, variants=tuple(meant)) if meant else product
    turn.say(await with_deals(turn, shown, product_page(turn, shown)))


def product_page(turn: Turn, product: ProductDetails) -> Card:
    """Everything about a product; each variant that can be had is a button that puts it in the cart."""
    _ = turn._
    prices = sorted((variant.price for variant in product.variants), key=lambda money: money.amount)
    on_sale = [variant for variant in product.variants if variant.available > 0]
    body = product.body if len(product.body) <= MOST_BODY else product.body[:MOST_BODY].rstrip() + "…"
    gone = [variant.label for variant in product.variants if variant.available <= 0 and variant.label]
    if not on_sale:
        body = f"{body}\n{_('Sold out at the moment')}".strip()
    sold_out = (Row(_("Sold out"), _(", ").join(gone)),) if on_sale and 0 < len(gone) <= MOST_VARIANTS else ()
    leading = product.variants[0].picture if len(product.variants) == 1 else next(iter(product.pictures), None)
    return Card(
        title=product.title,
        body=body,
        picture=leading,
        price=price(turn, prices[0], prices[-1]),
        buttons=(*(_variant_button(turn, v, prices) for v in on_sale[:MOST_VARIANTS]), *_next(turn, product, on_sale)),
        pictures=product.pictures[:MOST_PICTURES],
        rows=(*facts(product)[: MOST_ROWS - 3], *sold_out, *_promises(turn, product, is_on_sale=bool(on_sale))),
    )


def facts(product: ProductDetails) -> tuple[Row, ...]:
    """What is known of a product beside its price: the answers its variants give to its options, and its attributes."""
    labels = [f" / {variant.label} / " for variant in product.variants]
    options = [
        (
            option.name,
            " / ".join(value for value in option.values if any(f" / {value} / " in label for label in labels)),
        )
        for option in product.options
    ]
    known = {name: set(_NUMBER.findall(value)) for name, value in options}
    others = [(name, value) for name, value in product.attributes if not _repeats(value, known.get(name, set()))]
    return tuple(Row(name, value) for name, value in (*options, *others) if name and value)


def _repeats(value: str, numbers: set[str]) -> bool:
    """Whether a value says nothing but measures that the kinds of the product say already."""
    its = set(_NUMBER.findall(value))
    return bool(its) and its <= numbers


def arrival(turn: Turn, dispatch_days: int) -> tuple[date, date]:
    """Between which days something ordered now arrives, in the shop's time zone."""
    settings = turn.shop.settings
    leaves = turn.now.astimezone(settings.zone).date() + timedelta(days=dispatch_days)
    slowest = max(settings.delivery_days_min, settings.delivery_days_max)
    return leaves + timedelta(days=settings.delivery_days_min), leaves + timedelta(days=slowest)


def days_text(voice: Voice, first: date, last: date) -> str:
    """One day, or from one to another."""
    if first == last:
        return day_text(first, voice.language)
    return f"{day_text(first, voice.language)} – {day_text(last, voice.language)}"


def _promises(turn: Turn, product: ProductDetails, *, is_on_sale: bool) -> list[Row]:
    _ = turn._
    if product.is_digital:
        return [Row(_("Delivery"), _("digital: you get it here in the chat"))]
    rows: list[Row] = []
    if is_on_sale:
        between = days_text(turn, *arrival(turn, product.dispatch_days))
        rows.append(Row(_("With you"), between))
    rows.append(Row(_("Shipping"), shipping(turn, product)))
    return rows


def shipping(voice: Voice, product: ProductDetails) -> str:
    """Whether shipping is part of the price."""
    return voice.translate("free") if product.free_shipping else voice.translate("not included")


def _variant_button(turn: Turn, variant: VariantView, prices: Sequence[Money]) -> Button:
    if not variant.label:
        return turn.wish(turn._("Add to cart"), "add_to_cart", variant=variant.variant_id)
    differs = prices[0] != prices[-1]
    label = f"{variant.label}  {turn.money(variant.price)}" if differs else variant.label
    return turn.wish(label, "add_to_cart", variant=variant.variant_id)


def _next(turn: Turn, product: ProductDetails, on_sale: Sequence[VariantView]) -> tuple[Button, ...]:
    _ = turn._
    its = product.product_id
    back = () if on_sale else (turn.wish(_("Tell me when it is back"), "notify_in_stock", product=its),)
    more = (turn.wish(_("Other kinds"), "add_to_cart", product=its),) if len(on_sale) > MOST_VARIANTS else ()
    return (
        *more,
        *(to_order(turn, its) if on_sale else ()),
        *back,
        turn.wish(_("Like"), "add_favourite", product=its),
        turn.wish(_("Similar"), "similar_products", product=its),
        turn.wish(_("Compare"), "compare_products", product=its),
        turn.wish(_("Ask about it"), "ask_product", product=its),
    )
