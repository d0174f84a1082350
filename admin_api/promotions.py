"""Promotions, price lists, shipping zones and tax rates over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends

from admin_api import promotion_desk, shipping_desk
from admin_api.auth import DeskHere, allowed
from admin_api.errors import errors
from admin_api.promotion_desk import (
    EditPriceListForm,
    EditPromotionForm,
    NewPromotionForm,
    PriceListForm,
    PriceLists,
    Promotions,
    SwitchForm,
)
from admin_api.roles import Permission, StaffMember
from admin_api.shapes import RowId
from admin_api.shipping_desk import (
    ClassForm,
    EditTaxForm,
    EditZoneForm,
    Measured,
    Taxes,
    TaxForm,
    WeighForm,
    ZoneForm,
    Zones,
)

router = APIRouter(prefix="/api")

Reader = Annotated[StaffMember, Depends(allowed(Permission.READ_PROMOTIONS))]
Merchant = Annotated[StaffMember, Depends(allowed(Permission.MANAGE_PROMOTIONS))]


@router.get("/promotions", summary="List promotions", tags=["promotions"], responses=errors())
async def list_promotions(desk: DeskHere, staff: Reader) -> Promotions:
    """Those that are on first, then the newest, each with how many orders used it."""
    async with desk.database.begin() as session:
        return await promotion_desk.list_promotions(session, staff)


@router.post("/promotions", summary="Make a promotion", tags=["promotions"], responses=errors(409))
async def add_promotion(desk: DeskHere, staff: Merchant, form: NewPromotionForm) -> Promotions:
    """It counts from the next cart on."""
    return await promotion_desk.add_promotion(desk, staff, form=form)


@router.post("/promotions/{promotion_id}", summary="Edit a promotion", tags=["promotions"], responses=errors(404, 409))
async def edit_promotion(desk: DeskHere, staff: Merchant, promotion_id: RowId, form: EditPromotionForm) -> Promotions:
    """The whole of it anew; placed orders keep their price."""
    return await promotion_desk.edit_promotion(desk, staff, promotion_id=promotion_id, form=form)


@router.post(
    "/promotions/{promotion_id}/switch",
    summary="Switch a promotion on or off",
    tags=["promotions"],
    responses=errors(404, 409),
)
async def switch_promotion(desk: DeskHere, staff: Merchant, promotion_id: RowId, form: SwitchForm) -> Promotions:
    """What was ordered with it stays as it is."""
    return await promotion_desk.switch_promotion(desk, staff, promotion_id=promotion_id, form=form)


@router.get("/price-lists", summary="List price lists", tags=["promotions"], responses=errors())
async def list_price_lists(desk: DeskHere, staff: Reader) -> PriceLists:
    """Those that are on first, then the newest, with all their prices."""
    async with desk.database.begin() as session:
        return await promotion_desk.list_price_lists(session, staff)


@router.post("/price-lists", summary="Make a price list", tags=["promotions"], responses=errors(404, 409))
async def add_price_list(desk: DeskHere, staff: Merchant, form: PriceListForm) -> PriceLists:
    """It counts from the next cart on."""
    return await promotion_desk.add_price_list(desk, staff, form=form)


@router.post(
    "/price-lists/{price_list_id}", summary="Edit a price list", tags=["promotions"], responses=errors(404, 409)
)
async def edit_price_list(desk: DeskHere, staff: Merchant, price_list_id: RowId, form: EditPriceListForm) -> PriceLists:
    """The whole of it anew, with all its prices."""
    return await promotion_desk.edit_price_list(desk, staff, price_list_id=price_list_id, form=form)


@router.get("/shipping-zones", summary="List shipping zones", tags=["shipping"], responses=errors())
async def list_zones(desk: DeskHere, staff: Reader) -> Zones:
    """In the shop's order. Without any active one the shop charges nothing for shipping."""
    async with desk.database.begin() as session:
        return await shipping_desk.list_zones(session, staff)


@router.post("/shipping-zones", summary="Make a shipping zone", tags=["shipping"], responses=errors(409))
async def add_zone(desk: DeskHere, staff: Merchant, form: ZoneForm) -> Zones:
    """From the first active one on the shop sends only to places in a zone."""
    return await shipping_desk.add_zone(desk, staff, form=form)


@router.post("/shipping-zones/{zone_id}", summary="Edit a shipping zone", tags=["shipping"], responses=errors(404, 409))
async def edit_zone(desk: DeskHere, staff: Merchant, zone_id: RowId, form: EditZoneForm) -> Zones:
    """The whole of it anew, with all its rates."""
    return await shipping_desk.edit_zone(desk, staff, zone_id=zone_id, form=form)


@router.get("/taxes", summary="List tax rates", tags=["taxes"], responses=errors())
async def list_taxes(desk: DeskHere, staff: Reader) -> Taxes:
    """Those that are on first."""
    async with desk.database.begin() as session:
        return await shipping_desk.list_taxes(desk, session, staff)


@router.post("/taxes", summary="Make a tax rate", tags=["taxes"], responses=errors(409))
async def add_tax(desk: DeskHere, staff: Merchant, form: TaxForm) -> Taxes:
    """Of several the one that names place and class most exactly counts."""
    return await shipping_desk.add_tax(desk, staff, form=form)


@router.post("/taxes/{tax_id}", summary="Edit a tax rate", tags=["taxes"], responses=errors(404, 409))
async def edit_tax(desk: DeskHere, staff: Merchant, tax_id: RowId, form: EditTaxForm) -> Taxes:
    """The whole of it anew; orders keep the tax they were placed with."""
    return await shipping_desk.edit_tax(desk, staff, tax_id=tax_id, form=form)


@router.get("/weights/missing", summary="Count what was never weighed", tags=["shipping"], responses=errors())
async def count_unweighed(desk: DeskHere, staff: Reader) -> Measured:
    """Variants on sale that do not ship free: in rates by weight they count as nothing."""
    async with desk.database.begin() as session:
        return await shipping_desk.count_unweighed(session, staff)


@router.post("/weights", summary="Write down weights", tags=["shipping"], responses=errors(404, 409))
async def weigh(desk: DeskHere, staff: Merchant, form: WeighForm) -> Measured:
    """By SKU, in grams of one piece as it is sent."""
    return await shipping_desk.weigh(desk, staff, form=form)


@router.post("/tax-classes", summary="Put goods into a tax class", tags=["taxes"], responses=errors(404, 409))
async def classify(desk: DeskHere, staff: Merchant, form: ClassForm) -> Measured:
    """By SKU; the class is that of the whole product."""
    return await shipping_desk.classify(desk, staff, form=form)
