"""What is on in the demo shop for a while: two group-buys, a flash sale for its first days, and evening sales to come.

They are made by the same acts as the merchant's own, and nobody is in them but who came. Only a shop that somebody
opens gets them: written conversations and tests play on days of their own, and start the deals they tell of themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.model import Variant
from commerce.demo.categories import both
from commerce.flash_sales.sales import ItemDraft, SaleDraft, add_sale, schedule_sale
from commerce.group_buy.campaigns import CampaignDraft, Offer, Tier, add_campaign, start_campaign
from commerce.promotions.rules import Label
from foundation.money import Money

CAMPAIGNS_LAST = timedelta(days=60)
FIRST_DAYS = timedelta(days=3)
EVENING, EVENING_LASTS = time(20), timedelta(hours=2)
EVERY = timedelta(days=4)
"""Between two evening sales."""


@dataclass(frozen=True, slots=True)
class _Together:
    """A group-buy. `offers`: {SKU: price in a group}; `tiers`: {people: price}; `leader`: what its starter pays."""

    name: Label
    description: Label
    size: int
    hours: int
    pieces: int
    offers: Mapping[str, str]
    leader: str | None = None
    tiers: Mapping[int, str] | None = None


GROUP_BUYS = (
    _Together(
        both("双人同行马克杯", "A mug for two"),
        both("约一位朋友，两人都省 20 元。", "Ask one friend, and both of you pay 20 less."),
        size=2,
        hours=24,
        pieces=2,
        offers={"MUG-GRN": "59", "MUG-WHT": "59", "MUG-BLK": "59", "MUG-RED": "69"},
    ),
    _Together(
        both("三人挂耳咖啡团", "Coffee for three"),
        both(
            "三人成团 39 元，满五人每人只要 35 元，差价退回；团长再减 4 元。",
            "Three pay 39 each; with five it is 35, and the difference comes back. Whoever starts it pays 4 less.",
        ),
        size=3,
        hours=48,
        pieces=1,
        offers={"DB-10": "39"},
        leader="35",
        tiers={5: "35"},
    ),
)
FIRST_SALE = both("新店开张", "Opening days"), {"MS-WHT": ("69", 12), "CND-CED": ("49", 8)}
EVENING_SALE = both("晚八点场", "Eight in the evening")
EVENINGS = (
    {"EB-WHT": ("149", 6), "TGY-125": ("69", 10)},
    {"KT-BLK": ("239", 4), "SCF-GRY": ("119", 5)},
    {"PB-10W": ("69", 8), "DH-100": ("49", 10)},
    {"FL-P350": ("89", 6), "NUT-30": ("99", 8)},
    {"SPK-GRY": ("129", 6), "HC-O75": ("36", 10)},
    {"DL-WHT": ("119", 5), "CB-080": ("69", 8)},
    {"BPK-GRY": ("199", 5), "YM-P6": ("69", 6)},
)
"""{SKU: price and pieces}, one evening after the other."""


async def start_timed_deals(session: AsyncSession, *, currency: str, time_zone: ZoneInfo, now: datetime) -> None:
    """Start the group-buys and plan four weeks of flash sales; the first of them is on at once."""
    for together in GROUP_BUYS:
        draft = await _campaign(session, together, currency, now)
        campaign = await add_campaign(session, draft=draft, now=now)
        await start_campaign(session, campaign_id=campaign.id, version=campaign.version, now=now)
    await _sale(session, *FIRST_SALE, currency, now, now, now + FIRST_DAYS)
    evening = datetime.combine(now.astimezone(time_zone), EVENING, time_zone)
    if evening <= now:
        evening += timedelta(days=1)
    for number, items in enumerate(EVENINGS):
        starts_at = evening + number * EVERY
        await _sale(session, EVENING_SALE, items, currency, now, starts_at, starts_at + EVENING_LASTS)


async def _campaign(session: AsyncSession, together: _Together, currency: str, now: datetime) -> CampaignDraft:
    variants = await _variants(session, together.offers)
    tiers = tuple(Tier(size, _minor(price, currency)) for size, price in (together.tiers or {}).items())
    leader = _minor(together.leader, currency) if together.leader else None
    return CampaignDraft(
        name=together.name,
        description=together.description,
        product_id=next(iter(variants.values())).product_id,
        starts_at=now,
        ends_at=now + CAMPAIGNS_LAST,
        size=together.size,
        offers=tuple(
            Offer(variants[sku].id, _minor(price, currency), leader, tiers) for sku, price in together.offers.items()
        ),
        window_minutes=together.hours * 60,
        max_per_customer=3,
        max_pieces=together.pieces,
    )


async def _sale(
    session: AsyncSession,
    name: Label,
    items: Mapping[str, tuple[str, int]],
    currency: str,
    now: datetime,
    starts_at: datetime,
    ends_at: datetime,
) -> None:
    variants = await _variants(session, items)
    drafts = tuple(
        ItemDraft(variants[sku].id, _minor(price, currency), pieces) for sku, (price, pieces) in items.items()
    )
    sale = await add_sale(session, draft=SaleDraft(name, starts_at, ends_at, drafts), now=now)
    await schedule_sale(session, sale_id=sale.id, version=sale.version, now=now)


async def _variants(session: AsyncSession, skus: Mapping[str, object]) -> dict[str, Variant]:
    found = await session.scalars(select(Variant).where(Variant.sku.in_(skus)))
    return {variant.sku: variant for variant in found}


def _minor(price: str, currency: str) -> int:
    return Money.parse(price, currency).amount
