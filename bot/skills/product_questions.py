"""Questions about a product, answered from what the shop knows at this moment. What it does not know, it says so."""

import re
from collections.abc import Sequence
from typing import cast

from bot.flow import Turn
from bot.replies import Button, Card, Choice
from bot.skills.asked_fact import asks_for_facts, kinds_asked, labels_of, named_labels, speaking_of, thing_in
from bot.skills.deals_shown import left_in_sales, list_with_deals
from bot.skills.meant import meant_product
from bot.skills.product_page import arrival, days_text, facts
from bot.skills.showing import named
from bot.skills.variants import meant_variants
from bot.words import simple
from commerce.catalog.queries import ProductDetails, VariantView
from foundation.errors import Json, Refused

FEW = 5
"""Up to so many left it is said how many."""
MOST_LISTED = 10
LONGEST_QUOTE = 160

_SIZES = re.compile(
    r"容量|尺寸|尺码|大小|规格|重量|净重|净含量|长度|宽度|高度|直径|厚度|口径|屏幕"
    r"|\b(size|capacity|volume|weight|dimensions?|length|width|height|depth|diameter|screen)\b",
    re.IGNORECASE,
)
_A_SIZE = re.compile(
    r"\d[\d.,]*\s*(毫升|升|公斤|千克|克|斤|厘米|公分|毫米|米|英寸|寸|(ml|l|kg|g|cm|mm|m|in|inch|inches|oz)\b)",
    re.IGNORECASE,
)
_MATERIALS = re.compile(r"材质|材料|面料|成分|胎质|\b(materials?|fabric|composition|made of)\b", re.IGNORECASE)
_STUFF = (
    "陶|瓷|玻璃|不锈钢|铝|铜|铁|钛|银|紫砂|紫泥|朱泥|竹|木|棉|麻|丝|羊毛|皮|硅胶|塑料|树脂|帆布|尼龙"
    "|stoneware|porcelain|ceramic|clay|glass|steel|alumini?um|copper|brass|iron|titanium|silver|bamboo|wood(?:en)?"
    "|oak|walnut|cotton|linen|silk|wool|leather|silicone|plastic|resin|canvas|nylon"
)
_A_MATERIAL = re.compile(  # what it is made of, not what it goes with: "watch it in a glass"
    rf"(?:采用|选用|使用|由|用)[^，。；]{{0,12}}(?:{_STUFF})|(?:{_STUFF})[^，。；]{{0,3}}(?:材质|面料|制成|制作|打造|胎|烧制)"
    rf"|(?:纯|全|头层|天然)(?:{_STUFF})"
    rf"|\b(?:made|woven|knitted|cut|turned|thrown|cast|sewn) (?:of|from|in|out of)\b[^.;]{{0,40}}\b(?:{_STUFF})\b"
    rf"|\b(?:solid|pure|100 ?%|genuine|full-grain|all)[ -](?:{_STUFF})\b",
    re.IGNORECASE,
)
_PRICE = re.compile(r"钱|价|贵|便宜|\b(price|prices|cost|costs|much is|much are)\b", re.IGNORECASE)
_PARCEL = re.compile(
    r"[送收拿]|到货|能到|发货|快递|包邮|邮费|运费|物流|\b(ship\w*|deliver\w*|arrive\w*|parcel|post)\b", re.IGNORECASE
)
_SHIPPING_PRICE = re.compile(r"[包免]邮|邮费|运费|\bfree\b|\bshipping cost|\bfor shipping\b", re.IGNORECASE)
_TAKES = re.compile(r"how long .*\b(take|takes|arrive|arrives|get here)\b|几天能?到|多久能?到", re.IGNORECASE)
_NARROWER = (  # a question for one measure alone, and what that is called
    (re.compile(r"多重|重量|几斤|几克|\b(weighs?|weight|heavy)\b", re.I), re.compile(r"重量|净重|\bweight\b", re.I)),
    (
        re.compile(r"容量|毫升|几升|多少升|装多少|能装|\b(capacity|volume|hold|litres?|ml)\b", re.I),
        re.compile(r"容量|净含量|\b(capacity|volume)\b", re.I),
    ),
)
_SENTENCE = re.compile(r"(?<=[。！？!?])|(?<=[a-z)]\.)\s+")


async def ask_product(turn: Turn) -> None:
    """What can be asked about a product."""
    _ = turn._
    product = await meant_product(turn)
    turn.focus["product"] = product.product_id
    its = product.product_id
    turn.say(
        Choice(
            _("What would you like to know about {title}?").format(title=product.title),
            (
                turn.wish(_("In stock?"), "ask_stock", product=its),
                turn.wish(_("How big?"), "ask_size", product=its),
                turn.wish(_("Made of what?"), "ask_material", product=its),
                turn.wish(_("When do I get it?"), "ask_delivery", product=its),
                turn.wish(_("Ask a colleague"), "ask_human"),
            ),
        )
    )


async def ask_price(turn: Turn) -> None:
    """What it costs: each variant where they differ, and which is the cheapest."""
    if asks_for_facts(turn, unless=_PRICE):
        turn.pass_on("ask_fact")
        return
    product, meant = await _about(turn)
    variants = meant or product.variants
    prices = {variant.price for variant in variants}
    if len(prices) == 1:
        which = named(variants[0]) if len(variants) == 1 else product.title
        text = turn._("{title} costs {price}.").format(title=which, price=turn.money(variants[0].price))
    else:
        cheapest = min(variants, key=lambda variant: variant.price.amount)
        lines = [f"{variant.label}  {turn.money(variant.price)}" for variant in variants[:MOST_LISTED]]
        best = turn._("The cheapest is {label} at {price}.")
        best = best.format(label=cheapest.label or cheapest.title, price=turn.money(cheapest.price))
        text = "\n".join([turn._("{title}:").format(title=product.title), *lines, best])
    deals = (await list_with_deals(turn, {product.product_id: Card("")}))[0]
    _say(turn, product, "\n".join(filter(None, (text, deals.body))), variants, more=deals.buttons)


async def ask_stock(turn: Turn) -> None:
    """Whether it is there, how many where there are few, and for what is sold out the offer to tell."""
    _ = turn._
    product, meant = await _about(turn)
    variants = meant or product.variants
    if len(variants) == 1:
        title = named(variants[0])
        text = f"{title}{_(': ')}{_left(turn, variants[0])}"
    elif all(variant.available > FEW for variant in variants):
        text = _("{title} is in stock, in every kind.").format(title=product.title)
    elif not any(variant.available > 0 for variant in variants):
        text = _("{title} is sold out at the moment.").format(title=product.title)
    else:
        lines = [f"{variant.label}{_(': ')}{_left(turn, variant)}" for variant in variants[:MOST_LISTED]]
        text = "\n".join([_("{title}:").format(title=product.title), *lines])
    sold_off, buttons = await left_in_sales(turn, variants)
    _say(turn, product, "\n".join([text, *sold_off]), variants, more=buttons)


async def ask_size(turn: Turn) -> None:
    """How big it is, how much goes in, what it weighs; whether it is there in the size that was named."""
    said = _said(turn)
    if _TAKES.search(said):
        turn.pass_on("ask_delivery")
        return
    if asks_for_facts(turn, unless=_SIZES):
        turn.pass_on("ask_fact")
        return
    product, meant = await _about(turn)
    labels = [row.label for row in facts(product)]
    if others := [label for label in named_labels(said, labels) if not _SIZES.search(label)]:
        say_facts(turn, product, others)
        return
    asked = next((names for ask, names in _NARROWER if ask.search(said)), _SIZES)
    _say_fact(turn, product, meant, asked if any(map(asked.search, labels)) else _SIZES, _A_SIZE)


async def ask_material(turn: Turn) -> None:
    """What it is made of."""
    if asks_for_facts(turn, unless=_MATERIALS):
        turn.pass_on("ask_fact")
        return
    said = _said(turn)
    product, meant = await _about(turn)
    labels = [row.label for row in facts(product)]
    if others := [label for label in named_labels(said, labels) if not _MATERIALS.search(label)]:
        say_facts(turn, product, others)
        return
    _say_fact(turn, product, meant, _MATERIALS, _A_MATERIAL)


async def ask_delivery(turn: Turn) -> None:
    """When it arrives and what shipping costs; without a product, how long a parcel takes."""
    if asks_for_facts(turn, unless=_PARCEL):
        turn.pass_on("ask_fact")
        return
    _ = turn._
    settings = turn.shop.settings
    try:
        product, meant = await _about(turn)
    except Refused as refused:
        if refused.code != "catalog.which":
            raise
        text = _("A parcel is {least} to {most} days on its way. Tell me what you would like, and I can name the days.")
        turn.say(text.format(least=settings.delivery_days_min, most=settings.delivery_days_max))
        return
    if product.is_digital:
        text = _("Nothing of it is sent: once it is paid, you get it here in the chat.")
        _say(turn, product, text, meant or product.variants)
        return
    asks_for_price = _SHIPPING_PRICE.search(_said(turn)) is not None
    lines = []
    if any(variant.available > 0 for variant in meant or product.variants):
        text = _("Ordered now, {title} leaves us {leaves} and is with you {between}.")
        between = days_text(turn, *arrival(turn, product.dispatch_days))
        lines.append(text.format(title=product.title, leaves=_leaves(turn, product.dispatch_days), between=between))
    else:
        lines.append(_("{title} is sold out at the moment.").format(title=product.title))
    price = _("Shipping is free.") if product.free_shipping else _("Shipping is not included in the price.")
    lines.insert(0 if asks_for_price else len(lines), price)
    _say(turn, product, "\n".join(lines), meant or product.variants)


async def ask_fact(turn: Turn) -> None:
    """Any other fact: how to wash it, where it is from, how long its battery lasts."""
    kinds = cast(list[str], await turn.once("kinds", lambda: _kinds(turn)))
    thing = thing_in(_said(turn), kinds) if turn.words is not None else None
    product, meant = await _about(turn, thing=thing)
    _say_fact(turn, product, meant, labels_of(kinds), speaking_of(kinds))


async def _kinds(turn: Turn) -> Json:
    return list[Json](kinds_asked(simple(_said(turn))))


def _said(turn: Turn) -> str:
    return turn.words.heard.text if turn.words is not None else ""


async def _about(turn: Turn, *, thing: str | None = None) -> tuple[ProductDetails, Sequence[VariantView]]:
    """The product asked about, and those of its variants that were named."""
    product = await meant_product(turn, thing=thing)
    turn.focus["product"] = product.product_id
    meant = meant_variants(product.variants, turn.words) if turn.words is not None else []
    if len(meant) == 1:
        turn.focus["variant"] = meant[0].variant_id
    return product, meant


def _say(
    turn: Turn, product: ProductDetails, text: str, variants: Sequence[VariantView], *, more: Sequence[Button] = ()
) -> None:
    """An answer, with what can be done about it; the buttons `more` of its deals come first."""
    _ = turn._
    buttons = list(more)
    there = [variant for variant in variants if variant.available > 0]
    gone = [variant for variant in variants if variant.available <= 0]
    if len(there) == 1:
        buttons.append(turn.wish(_("Add to cart"), "add_to_cart", variant=there[0].variant_id))
    elif there:
        buttons.append(turn.wish(_("Add to cart"), "add_to_cart", product=product.product_id))
    if len(gone) == 1:
        buttons.append(turn.wish(_("Tell me when it is back"), "notify_in_stock", variant=gone[0].variant_id))
    elif gone:
        buttons.append(turn.wish(_("Tell me when it is back"), "notify_in_stock", product=product.product_id))
    if not there:
        buttons.append(turn.wish(_("Similar"), "similar_products", product=product.product_id))
    buttons.append(turn.wish(_("Details"), "show_product", product=product.product_id))
    turn.say(Choice(text, tuple(buttons)))


def _say_fact(
    turn: Turn,
    product: ProductDetails,
    meant: Sequence[VariantView],
    names: re.Pattern[str],
    values: re.Pattern[str],
) -> None:
    """A fact by its name, else the sentence of the description that speaks of it; else that it is not known."""
    _ = turn._
    its = [f"{row.label}{_(': ')}{row.value}" for row in facts(product) if names.search(row.label)]
    options = {option.name for option in product.options if names.search(option.name)}
    if len(meant) == 1 and options:
        its = [
            f"{meant[0].label}{_(': ')}{_left(turn, meant[0])}",
            *(line for line in its if line.split(_(": "))[0] not in options),
        ]
    if its:
        _say(turn, product, "\n".join([_("{title}:").format(title=product.title), *its]), meant or product.variants)
        return
    told = (product.title, *_SENTENCE.split(product.body))
    if quote := next((part.strip() for part in told if values.search(part)), ""):
        text = _("The description says: “{words}”").format(words=quote[:LONGEST_QUOTE])
        _say(turn, product, text, meant or product.variants)
        return
    text = _("I do not know that about {title}, and I will not guess. A colleague can find out.")
    person = turn.wish(_("Ask a colleague"), "ask_human")
    details = turn.wish(_("Details"), "show_product", product=product.product_id)
    turn.say(Choice(text.format(title=product.title), (person, details)))


def say_facts(turn: Turn, product: ProductDetails, labels: Sequence[str]) -> None:
    """Facts of a product by the names it keeps them under."""
    _ = turn._
    its = [f"{row.label}{_(': ')}{row.value}" for row in facts(product) if row.label in labels]
    turn.focus["product"] = product.product_id
    _say(turn, product, "\n".join([_("{title}:").format(title=product.title), *its]), product.variants)


def _left(turn: Turn, variant: VariantView) -> str:
    if variant.available <= 0:
        return turn._("sold out")
    if variant.available <= FEW:
        return turn._("only {left} left").format(left=variant.available)
    return turn._("in stock")


def _leaves(turn: Turn, days: int) -> str:
    _ = turn._
    if days == 0:
        return _("today")
    return _("within a day") if days == 1 else _("within {days} days").format(days=days)
