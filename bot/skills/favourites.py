"""What the shopper likes, and being told when something sold out is back."""

import re

from bot.flow import Turn
from bot.replies import Choice
from bot.skills.customers import ask_about_offers
from bot.skills.listing import page_of, say_list
from bot.skills.meant import meant_product
from bot.skills.showing import named
from bot.skills.variants import PickVariant, meant_variants, variant_options
from commerce.catalog.queries import ProductDetails, VariantView, product_details, variant_view
from commerce.favourites.actions import favourites_of, like, unlike, unwatch, watch, watched_by
from commerce.group_buy.queries import group_prices
from foundation.errors import Refused

LIKED = {"of": "liked"}
_PUTS_IN = re.compile(r"(?:please )?(?:save|add|put|keep|like)\b|收藏(?!夹?里)|加入", re.IGNORECASE)
_DENIES = re.compile(r"不用|不要|别|取消|算了|\b(don'?t|do not|stop|cancel|no longer|not)\b", re.IGNORECASE)


async def add_favourite(turn: Turn) -> None:
    """Remember that the shopper likes a product."""
    _ = turn._
    product = await meant_product(turn)
    is_new = await like(turn.session, customer_id=turn.customer_id, product_id=product.product_id, now=turn.now)
    turn.focus["product"] = product.product_id
    text = _("{title} is among your favourites now.") if is_new else _("{title} is among your favourites already.")
    mine = turn.wish(_("My favourites"), "show_favourites")
    back = turn.wish(_("Take it off again"), "remove_favourite", product=product.product_id)
    turn.say(Choice(text.format(title=product.title), (mine, back)))
    if await group_prices(turn.session, [product.product_id], now=turn.now):
        await ask_about_offers(turn)


async def show_favourites(turn: Turn) -> None:
    """Everything the shopper likes; what is not sold any more is left out, with a word."""
    _ = turn._
    liked = await favourites_of(turn.session, customer_id=turn.customer_id)
    if liked.gone:
        turn.say(_("Of your favourites {count} are not sold any more; I have left them out.").format(count=liked.gone))
    page = await page_of(turn, LIKED)
    if not await say_list(turn, LIKED, page, title=_("Your favourites, {count}:").format(count=page.total)):
        around = turn.wish(_("Look around"), "browse_categories")
        turn.say(Choice(_("You have no favourites yet. Press “Like” on what pleases you."), (around,)))


async def remove_favourite(turn: Turn) -> None:
    """Forget that the shopper likes a product."""
    said = turn.words.heard.text if turn.words is not None else ""
    if turn.reached and _PUTS_IN.match(said) and not _DENIES.search(said):
        turn.pass_on("add_favourite")  # the two are said in nearly the same words
        return
    _ = turn._
    product = await meant_product(turn)
    was_there = await unlike(turn.session, customer_id=turn.customer_id, product_id=product.product_id)
    turn.focus["product"] = product.product_id
    text = _("{title} is off your favourites.") if was_there else _("{title} was not among your favourites.")
    again = turn.wish(_("Like it after all"), "add_favourite", product=product.product_id)
    turn.say(Choice(text.format(title=product.title), (again, turn.wish(_("My favourites"), "show_favourites"))))


async def notify_in_stock(turn: Turn) -> None:
    """Tell the shopper, once, when a variant that is sold out can be had again; or not any more."""
    if turn.words is not None and _DENIES.search(turn.words.heard.text):
        await _forget_all(turn)
        return
    product = await _meant(turn)
    sold_out = [variant for variant in product.variants if variant.available <= 0]
    meant = meant_variants(product.variants, turn.words) if turn.words is not None else []
    if not sold_out or (meant and not any(variant in sold_out for variant in meant)):
        _say_it_is_there(turn, product, meant[0] if len(meant) == 1 else None)
        return
    variant = await _which(turn, product, sold_out)
    await watch(turn.session, customer_id=turn.customer_id, variant_id=variant.variant_id, now=turn.now)
    turn.focus["product"] = product.product_id
    text = turn._("I will tell you here, once, as soon as there is some of {title} again.")
    stop = turn.wish(turn._("Do not tell me"), "forget_notice", variant=variant.variant_id)
    similar = turn.wish(turn._("Similar"), "similar_products", product=product.product_id)
    turn.say(Choice(text.format(title=named(variant)), (stop, similar)))


async def forget_notice(turn: Turn) -> None:
    """Take a notice back."""
    variant_id = int(turn.args["variant"])
    await unwatch(turn.session, customer_id=turn.customer_id, variant_id=variant_id)
    turn.say(turn._("All right, I will not tell you about it."))


async def _meant(turn: Turn) -> ProductDetails:
    if "variant" not in turn.args:
        return await meant_product(turn)
    variant = await variant_view(turn.session, int(turn.args["variant"]), language=turn.language)
    product = None
    if variant is not None:
        product = await product_details(turn.session, variant.product_id, language=turn.language)
    if product is None:
        raise Refused("catalog.gone")
    return product


async def _which(turn: Turn, product: ProductDetails, sold_out: list[VariantView]) -> VariantView:
    pressed = int(turn.args.get("variant", 0))
    if (known := next((variant for variant in sold_out if variant.variant_id == pressed), None)) is not None:
        return known
    prompt = turn._("Which {title} are you waiting for?").format(title=product.title)
    return await turn.ask("variant", PickVariant(prompt, variant_options(turn, sold_out), none="stock.none", named=""))


def _say_it_is_there(turn: Turn, product: ProductDetails, variant: VariantView | None) -> None:
    text = turn._("Good news: {title} is in stock.")
    args = {"variant": variant.variant_id} if variant is not None else {"product": product.product_id}
    turn.focus["product"] = product.product_id
    add = turn.wish(turn._("Add to cart"), "add_to_cart", **args)
    turn.say(Choice(text.format(title=named(variant) if variant else product.title), (add,)))


async def _forget_all(turn: Turn) -> None:
    """ "No need to tell me": about the product looked at, else about everything."""
    waited = await watched_by(turn.session, customer_id=turn.customer_id)
    its = turn.focus.get("product")
    product = await product_details(turn.session, int(its), language=turn.language) if its else None
    here = {variant.variant_id for variant in product.variants} if product is not None else set()
    for variant_id in [variant for variant in waited if variant in here] or waited:
        await unwatch(turn.session, customer_id=turn.customer_id, variant_id=variant_id)
    turn.say(turn._("All right, I will not tell you about it."))
