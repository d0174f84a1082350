"""The deals of a product beside its own price: what it costs in a group, and in a flash sale."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.flow import Turn
from bot.group_terms import can_start, group_price
from bot.replies import Button, Card, Row
from commerce.catalog.queries import ProductDetails, VariantView
from commerce.flash_sales.queries import Phase, flash_offers, sales_for
from commerce.group_buy.queries import campaigns_now, group_prices
from foundation.money import Money


async def with_deals(turn: Turn, product: ProductDetails, page: Card) -> Card:
    """The page of a product with the deals that are on, each as a row and a button in front of the others."""
    _ = turn._
    rows: list[Row] = []
    buttons: list[Button] = []
    its = product.product_id
    together = await group_prices(turn.session, [its], now=turn.now)
    for campaign in await campaigns_now(turn.session, now=turn.now, product_id=its) if together else ():
        if campaign.offers and can_start(turn, campaign):
            terms = _("{price} ({size} people)").format(price=group_price(turn, campaign), size=campaign.size)
            rows.append(Row(_("In a group"), terms))
            label = _("In a group {terms}").format(terms=terms)
            buttons.append(turn.wish(label, "start_group", campaign=campaign.campaign_id))
    for sale in await sales_for(
        turn.session,
        customer_id=turn.customer_id,
        language=turn.language,
        now=turn.now,
        variant_ids=[variant.variant_id for variant in product.variants],
    ):
        for item in sale.items:
            cost = turn.money(item.price)
            of = f" ({item.variant.label})" if item.variant.label else ""
            if sale.phase is Phase.ON and not item.is_sold_out:
                until = _("{price}{variant}, until {time}")
                rows.append(Row(_("Flash sale"), until.format(price=cost, variant=of, time=turn.time(sale.ends_at))))
                label = _("Flash sale {price}").format(price=cost) + of
                buttons.append(turn.wish(label, "buy_flash", item=item.item_id))
            elif sale.phase is Phase.COMING:
                later = _("{price}{variant}, from {time} on")
                rows.append(Row(_("Flash sale"), later.format(price=cost, variant=of, time=turn.time(sale.starts_at))))
                if not sale.is_reminded:
                    buttons.append(turn.wish(_("Remind me"), "remind_of_sale", sale=sale.sale_id))
    return replace(page, rows=(*rows, *page.rows), buttons=(*buttons, *page.buttons))


async def left_in_sales(turn: Turn, variants: Sequence[VariantView]) -> tuple[list[str], list[Button]]:
    """What is left of these goods in the sales that are on, a line and a button each: no shelf counts these pieces."""
    _ = turn._
    sales = await sales_for(
        turn.session,
        customer_id=turn.customer_id,
        language=turn.language,
        now=turn.now,
        variant_ids=[variant.variant_id for variant in variants],
    )
    items = [item for sale in sales if sale.phase is Phase.ON for item in sale.items if not item.is_sold_out]
    lines, buttons = [], []
    for item in items:
        offer = _("Flash sale {price}").format(price=turn.money(item.price))
        of = f" ({item.variant.label})" if item.variant.label else ""
        left = _("{left} of {pieces} left").format(left=item.left, pieces=item.pieces)
        lines.append(f"{offer}{of}{_(': ')}{left}")
        buttons.append(turn.wish(f"{offer}{of}", "buy_flash", item=item.item_id))
    return lines, buttons


async def list_with_deals(turn: Turn, cards: Mapping[int, Card]) -> tuple[Card, ...]:
    """Products of a list ({product id: card}), each with the deals that are on as a line and a button."""
    _ = turn._
    together = await group_prices(turn.session, cards.keys(), now=turn.now)
    flash = await flash_offers(turn.session, cards.keys(), now=turn.now)
    shown = []
    for product_id, card in cards.items():
        lines, buttons = [], []
        if (group := together.get(product_id)) is not None:
            price = turn.money(Money(group.amount, group.currency))
            terms = _("{price} ({size} people)").format(price=price, size=group.size)
            lines.append(_("In a group {terms}").format(terms=terms))
            buttons.append(turn.wish(_("Buy together"), "start_group", product=product_id))
        if (offer := flash.get(product_id)) is not None:
            until = _("Flash sale {price}, until {time}")
            lines.append(until.format(price=turn.money(offer.price), time=turn.time(offer.ends_at)))
            buttons.append(turn.wish(_("Flash sale"), "buy_flash", item=offer.item_id))
        body = "\n".join(filter(None, (card.body, *lines)))
        shown.append(replace(card, body=body, buttons=(*card.buttons, *buttons)))
    return tuple(shown)
