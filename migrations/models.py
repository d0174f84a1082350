"""Every module that declares tables, so that migrations and tests see the whole database."""

from importlib import import_module
from importlib.util import find_spec

from sqlalchemy import MetaData

from foundation.database import Base

MODELS = (
    "foundation.audit",
    "foundation.jobs",
    "foundation.mail",
    "commerce.announcements",
    "commerce.customers.model",
    "commerce.customers.keepers",
    "commerce.customers.divisions",
    "commerce.customers.code_tries",
    "commerce.catalog.model",
    "commerce.catalog.attributes",
    "commerce.imports.model",
    "commerce.search.model",
    "commerce.search.taxonomy",
    "commerce.search.starts",
    "commerce.favourites.model",
    "commerce.inventory.model",
    "commerce.carts.model",
    "commerce.promotions.model",
    "commerce.promotions.coupon_model",
    "commerce.flash_sales.model",
    "commerce.group_buy.model",
    "commerce.pricing.model",
    "commerce.points.model",
    "commerce.credit.model",
    "commerce.orders.model",
    "commerce.payments.model",
    "commerce.payments.transfer_model",
    "commerce.shipping.model",
    "commerce.returns.model",
    "commerce.checks",
    "conversations.model",
    "conversations.staff_chats",
    "bot.telegram.model",
    "bot.telegram.shared_model",
    "bot.web.simulator_model",
    "bot.web.simulator_stripe_model",
    "admin_api.model",
)


def metadata() -> MetaData:
    """The tables of the whole shop."""
    for name in MODELS:
        try:
            found = find_spec(name)
        except ModuleNotFoundError:
            found = None
        if found is not None:  # while the house is being built
            import_module(name)
    return Base.metadata
