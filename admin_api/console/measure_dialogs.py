"""What shipping and taxes need to know of goods: their weights and their tax classes, typed by SKU."""

from admin_api import shipping_desk
from admin_api.console.dialogs import Field, ask
from admin_api.console.visit import Visit
from admin_api.roles import StaffMember
from admin_api.shipping_desk import ClassForm, Measured, WeighForm
from commerce.pricing.measures import HEAVIEST
from foundation.errors import Refused


async def weigh_goods(visit: Visit) -> Measured | None:
    """Ask for weights, a SKU and grams a line, and write them down."""
    field = Field("One a line: SKU and grams of one piece", long=True, longest=60_000)
    answer = await ask(visit, "Weigh goods", fields=[field], choices=[("save", "Save")])
    if answer is None:
        return None
    lines = [line.replace(",", " ").replace("，", " ").split() for line in answer[1][0].splitlines() if line.strip()]

    async def save(staff: StaffMember) -> Measured:
        if not all(len(line) == 2 and line[1].isascii() and line[1].isdecimal() for line in lines):
            raise Refused("variant.weight_invalid", most=HEAVIEST)
        form = WeighForm(weights={sku: int(grams) for sku, grams in lines})
        return await shipping_desk.weigh(visit.desk, staff, form=form)

    return await visit.attempt(save)


async def class_goods(visit: Visit) -> Measured | None:
    """Ask which goods come into which tax class, and write it down."""
    fields = [
        Field("Class of goods (empty: the usual one)", needed=False, longest=40),
        Field("SKUs, one a line", long=True, longest=60_000),
    ]
    answer = await ask(visit, "Tax class of goods", fields=fields, choices=[("save", "Save")])
    if answer is None:
        return None
    tax_class, skus = answer[1]

    async def save(staff: StaffMember) -> Measured:
        form = ClassForm(skus=skus.replace(",", " ").replace("，", " ").split(), tax_class=tax_class)
        return await shipping_desk.classify(visit.desk, staff, form=form)

    return await visit.attempt(save)
