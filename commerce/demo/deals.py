"""What the demo shop has beside its goods: a promotion, a coupon that can be claimed, and where returns go."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.model import Category
from commerce.demo.categories import both
from commerce.inventory.locations import main_location
from commerce.inventory.model import Location
from commerce.promotions.actions import PromotionDraft, add_promotion
from commerce.promotions.batches import Terms, make_batch, set_state
from commerce.promotions.coupon_model import BatchState, Benefit, Way
from commerce.promotions.rules import WHOLE, NthOff, Scope
from foundation.money import Money

KIDS = "kids"
RETURN_ADDRESS = both(
    "浙江省杭州市西湖区梧桐里 18 号 2 号库房，店小二退货组（收），0571-5550 0118",
    "Xiaoer Returns, Store 2, 18 Wutong Lane, Xihu District, Hangzhou, Zhejiang, +86 571 5550 0118",
)


async def open_deals(session: AsyncSession, *, currency: str, now: datetime) -> None:
    """Every second toy at half the price, 20 off from 200 for who claims it, and an address for returns."""
    toys = (await session.scalars(select(Category.id).where(Category.handle == KIDS))).one()
    second = PromotionDraft(
        name=both("儿童玩具第二件半价", "Second toy at half price"),
        rule=NthOff(2, WHOLE // 2),
        scope=Scope(category_ids=(toys,)),
    )
    await add_promotion(session, draft=second, active=True, now=now)
    coupon = Terms(
        title=both("满 200 减 20 优惠券", "20 off orders from 200"),
        benefit=Benefit.AMOUNT,
        way=Way.OFFERED,
        currency=currency,
        starts_at=now,
        amount=Money.parse("20", currency).amount,
        threshold=Money.parse("200", currency).amount,
        days=30,
        total=1000,
    )
    batch, _ = await make_batch(session, terms=coupon, now=now)
    await set_state(session, batch_id=batch.id, state=BatchState.ACTIVE)
    here = update(Location).where(Location.id == await main_location(session))
    await session.execute(here.values(address=RETURN_ADDRESS))
