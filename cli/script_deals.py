"""What a written conversation may be given of groups and flash sales, and the facts about them."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.group_terms import INVITED_TO
from bot.shop import Shop
from commerce.carts.deals import FlashDeal, GroupDeal, deal_cart
from commerce.catalog.model import Variant
from commerce.credit.actions import pay_in, store_credit_of
from commerce.customers.actions import customer_for, save_address
from commerce.customers.address import AddressText
from commerce.flash_sales.model import FlashItem
from commerce.flash_sales.sales import ItemDraft, SaleDraft, add_sale, schedule_sale
from commerce.group_buy.campaigns import (
    CampaignDraft,
    Offer,
    Tier,
    add_campaign,
    end_campaign,
    offers_of,
    start_campaign,
)
from commerce.group_buy.invitations import invitation_token
from commerce.group_buy.model import BelowSize, BuyingGroup, GroupCampaign, GroupMember
from commerce.inventory.model import Allotment
from commerce.orders.model import PaymentMethod
from commerce.orders.placing import place_order
from commerce.orders.quoting import quote
from foundation.errors import Refused
from foundation.money import Money

_NAMES = ("王小明", "李雷", "韩梅梅", "Lucy Green", "赵敏", "Tom Hill")
_HOME = "浙江省杭州市西湖区文三路 90 号 2 单元 501"
_SALE_LASTS = timedelta(hours=1)


async def _campaign(shop: Shop, session: AsyncSession, given: re.Match[str], _customer_id: int) -> None:
    """It has run since yesterday and goes on for a week, unless it ends sooner."""
    now = shop.now()
    variant = await _variant(session, given["sku"])
    tiers = tuple(Tier(int(size), _fen(price)) for size, price in re.findall(r", (\d+) for ([\d.]+)", given["tiers"]))
    offer = Offer(variant.id, _fen(given["price"]), _fen(given["leader"]) if given["leader"] else None, tiers)
    draft = CampaignDraft(
        name={"zh": given["name"], "en": given["name"]},
        product_id=variant.product_id,
        starts_at=now - timedelta(days=1),
        ends_at=now + (timedelta(hours=int(given["ends"])) if given["ends"] else timedelta(days=7)),
        size=int(given["size"]),
        offers=(offer,),
        window_minutes=int(given["hours"] or 24) * 60,
        max_per_customer=int(given["times"] or 5),
        max_pieces=int(given["pieces"] or 1),
        strangers=not given["friends"],
        quota=int(given["quota"]) if given["quota"] else None,
        below_size=BelowSize.KEEP if given["kept"] else BelowSize.REFUND,
    )
    made = await add_campaign(session, draft=draft, now=now - timedelta(days=1))
    await start_campaign(session, campaign_id=made.id, version=made.version, now=now)


async def _group(shop: Shop, _session: AsyncSession, given: re.Match[str], _customer_id: int) -> tuple[str, str]:
    """Others have started it and are in; the script calls the link to it by its name."""
    async with shop.database.begin() as session:
        campaign = await _campaign_called(session, given["campaign"])
    group_id, leader_id = await _seat(shop, campaign.id, None, 1)
    for number in range(2, int(given["count"]) + 1):
        await _seat(shop, campaign.id, group_id, number)
    return given["name"], _link(shop, group_id, leader_id)


async def _joins(shop: Shop, session: AsyncSession, given: re.Match[str], customer_id: int) -> None:
    """Others join the newest group of the shopper, or the newest there is."""
    mine = select(GroupMember.group_id).where(GroupMember.customer_id == customer_id)
    newest = select(BuyingGroup).order_by(BuyingGroup.id.desc()).limit(1)
    group = await session.scalar(newest.where(BuyingGroup.id.in_(mine))) or await session.scalar(newest)
    if group is None:
        raise Refused("script.given_unknown", text=given[0])
    for number in range(int(given["count"])):
        await _seat(shop, group.campaign_id, group.id, 10 * group.version + number)


async def _ends(shop: Shop, session: AsyncSession, given: re.Match[str], _customer_id: int) -> None:
    campaign = await _campaign_called(session, given["name"])
    refund = given["refund"] is not None
    await end_campaign(session, campaign_id=campaign.id, version=campaign.version, refund=refund, now=shop.now())


async def _sale(shop: Shop, session: AsyncSession, given: re.Match[str], _customer_id: int) -> None:
    """It is on, or begins in some minutes; for an hour."""
    starts_at = shop.now() + timedelta(minutes=int(given["wait"] or 0))
    lasts = timedelta(minutes=int(given["lasts"])) if given["lasts"] else _SALE_LASTS
    variant = await _variant(session, given["sku"])
    item = ItemDraft(variant.id, _fen(given["price"]), int(given["pieces"]), int(given["each"] or 1))
    names = {"zh": given["name"], "en": given["name"]}
    draft = SaleDraft(names, starts_at, starts_at + lasts, (item,))
    sale = await add_sale(session, draft=draft, now=shop.now())
    await schedule_sale(session, sale_id=sale.id, version=sale.version, now=shop.now())


async def _sold(shop: Shop, session: AsyncSession, given: re.Match[str], _customer_id: int) -> None:
    """Others buy pieces of the newest flash sale, one each."""
    item = (await session.scalars(select(FlashItem).order_by(FlashItem.id.desc()).limit(1))).one()
    for number in range(int(given["count"])):
        customer_id, address_id = await _friend(shop, number + 1)
        await _buy(shop, customer_id, address_id, FlashDeal(item.id), item.variant_id)


async def _seat(shop: Shop, campaign_id: int, group_id: int | None, number: int) -> tuple[int, int]:
    """A seat that somebody else has paid, with store credit: (group, who)."""
    customer_id, address_id = await _friend(shop, number)
    async with shop.database.begin() as session:
        offers = (await offers_of(session, [campaign_id]))[campaign_id]
    order_id = await _buy(shop, customer_id, address_id, GroupDeal(campaign_id, group_id), offers[0].variant_id)
    async with shop.database.begin() as session:
        seat = select(GroupMember.group_id).where(GroupMember.order_id == order_id)
        return (await session.scalars(seat)).one(), customer_id


async def _friend(shop: Shop, number: int) -> tuple[int, int]:
    """Somebody else: their customer and address."""
    now = shop.now()
    async with shop.database.begin() as session:
        friend = await customer_for(session, channel="terminal", account=f"friend-{number}", language="zh", now=now)
        home = AddressText(name=_NAMES[number % len(_NAMES)], phone=f"+86138{number:08}", line=_HOME)
        address = await save_address(session, customer_id=friend.id, parsed=home, now=now)
        account = await store_credit_of(session, friend.id, shop.settings.currency, now=now)
        await pay_in(
            session, account_id=account.id, amount=1_000_000, reason="script", reference=f"{now}{number}", now=now
        )
        return friend.id, address.id


async def _buy(shop: Shop, customer_id: int, address_id: int, deal: GroupDeal | FlashDeal, variant_id: int) -> int:
    now = shop.now()
    async with shop.database.begin() as session:
        cart = await deal_cart(session, customer_id=customer_id, deal=deal, lines={variant_id: 1}, now=now)
        offer = await quote(session, customer_id=customer_id, language="zh", now=now, cart_id=cart.id)
    until = now + timedelta(minutes=5)
    await shop.holds.hold(offer.hold_key, offer.holding, until=until, now=now, allotments=offer.allotments)
    async with shop.database.begin() as session:
        order = await place_order(
            session,
            customer_id=customer_id,
            cart_id=offer.cart_id,
            cart_version=offer.cart_version,
            priced=offer.priced,
            address_id=address_id,
            payment_method=PaymentMethod.CREDIT,
            hold_key=offer.hold_key,
            language="zh",
            now=now,
        )
        return order.id


async def deal_fact(session: AsyncSession, name: str, customer_id: int) -> str:
    """groups.count, last_group.status, last_group.seats ("2/3")."""
    mine = select(GroupMember.group_id).where(GroupMember.customer_id == customer_id)
    groups = (await session.scalars(select(BuyingGroup).where(BuyingGroup.id.in_(mine)).order_by(BuyingGroup.id))).all()
    if name == "groups.count":
        return str(len(groups))
    if not groups:
        return "none"
    seats = await session.get_one(Allotment, groups[-1].seats_id, populate_existing=True)
    known = {"last_group.status": str(groups[-1].state), "last_group.seats": f"{seats.used}/{groups[-1].size}"}
    if name not in known:
        raise Refused("script.fact_unknown", fact=name)
    return known[name]


def _link(shop: Shop, group_id: int, inviter_id: int) -> str:
    token = invitation_token(shop.vault, group_id=group_id, inviter_id=inviter_id)
    return f"{shop.settings.base_url}{INVITED_TO}{token}"


async def _variant(session: AsyncSession, sku: str) -> Variant:
    variant = await session.scalar(select(Variant).where(Variant.sku == sku))
    if variant is None:
        raise Refused("script.sku_unknown", sku=sku)
    return variant


async def _campaign_called(session: AsyncSession, name: str) -> GroupCampaign:
    for campaign in await session.scalars(select(GroupCampaign)):
        if campaign.name["zh"] == name:
            return campaign
    raise Refused("script.given_unknown", text=name)


def _fen(text: str) -> int:
    return Money.parse(text, "CNY").amount


Maker = Callable[[Shop, AsyncSession, re.Match[str], int], Awaitable[tuple[str, str] | None]]
DEAL_GIVENS: Final[tuple[tuple[re.Pattern[str], Maker], ...]] = (
    (
        re.compile(
            r"group-buy (?P<name>[^:]+): (?P<sku>\S+) (?P<price>[\d.]+) for (?P<size>\d+)"
            r"(?P<tiers>(?:, \d+ for [\d.]+)*)"
            r"(?:, leader (?P<leader>[\d.]+))?(?:, within (?P<hours>\d+) hours?)?(?:, ends in (?P<ends>\d+) hours?)?"
            r"(?:, quota (?P<quota>\d+))?(?:, (?P<pieces>\d+) each)?(?:, (?P<times>\d+) times?)?"
            r"(?P<friends>, friends only)?(?P<kept>, kept below size)?"
        ),
        _campaign,
    ),
    (re.compile(r"group (?P<name>\w+) of (?P<campaign>[^:]+): (?P<count>\d+) in"), _group),
    (re.compile(r"(?P<count>\d+) more joins?"), _joins),
    (re.compile(r"group-buy (?P<name>[^:]+) ends(?P<refund> with refunds)?"), _ends),
    (
        re.compile(
            r"flash sale (?P<name>[^:]+): (?P<sku>\S+) (?P<price>[\d.]+) x(?P<pieces>\d+)(?:, (?P<each>\d+) each)?"
            r"(?:, in (?P<wait>\d+) minutes)?(?:, for (?P<lasts>\d+) minutes)?"
        ),
        _sale,
    ),
    (re.compile(r"flash sale: (?P<count>\d+) sold"), _sold),
)
