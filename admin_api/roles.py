"""Who may do what: the one table of permissions."""

from dataclasses import dataclass
from enum import StrEnum

from admin_api.model import Role
from foundation.errors import Refused


class Permission(StrEnum):
    """One thing a person of the staff may be allowed to do."""

    TALK = "conversations.talk"
    """Read and answer one's own conversations and those nobody holds."""
    READ_ALL_TALKS = "conversations.read_all"
    """Read conversations held by others, and release or close them for them."""
    READ_ORDERS = "orders.read"
    CANCEL_ORDERS = "orders.cancel"
    SHIP_ORDERS = "orders.ship"
    TAKE_MONEY = "orders.mark_paid"
    OPEN_ADDRESSES = "orders.open_address"
    READ_PRODUCTS = "products.read"
    """Products with their stock, also those that are not on sale."""
    MANAGE_PRODUCTS = "products.manage"
    MANAGE_STOCK = "stock.manage"
    READ_SEARCHES = "searches.read"
    """What shoppers searched for."""
    CHANGE_ORDERS = "orders.change"
    """Propose changes of an order to the one who pays."""
    REFUND = "payments.refund"
    """Give money back, up to the limit of the role."""
    REVIEW_TRANSFERS = "payments.review_transfers"
    READ_PROMOTIONS = "promotions.read"
    MANAGE_PROMOTIONS = "promotions.manage"
    """Price lists, promotions, coupons, shipping zones, taxes."""
    ISSUE_CREDIT = "credit.issue"
    """Points, gift cards and store credit, by hand."""
    HANDLE_RETURNS = "returns.handle"
    INSPECT_RETURNS = "returns.inspect"
    READ_CUSTOMERS = "customers.read"
    ERASE_CUSTOMERS = "customers.erase"
    """Export and erase a person's data."""
    READ_CHECKS = "checks.read"
    """What the hourly self-check found."""
    RUN_CHECKS = "checks.run"
    """Ask every rule of the shop now; that reads the whole database."""
    SET_ORDER_RULES = "orders.set_rules"
    """Say what may be changed in orders, and for how long."""
    MANAGE_STAFF_GROUPS = "staff_groups.manage"
    """Link groups in which the staff answers, and unlink accounts of others."""


PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.AGENT: frozenset(
        {
            Permission.TALK,
            Permission.READ_ORDERS,
            Permission.CANCEL_ORDERS,
            Permission.OPEN_ADDRESSES,
            Permission.READ_PRODUCTS,
            Permission.CHANGE_ORDERS,
            Permission.REFUND,
            Permission.READ_PROMOTIONS,
            Permission.HANDLE_RETURNS,
            Permission.READ_CUSTOMERS,
        }
    ),
    Role.SUPERVISOR: frozenset(Permission)
    - {
        Permission.MANAGE_PRODUCTS,
        Permission.MANAGE_STOCK,
        Permission.MANAGE_PROMOTIONS,
        Permission.SET_ORDER_RULES,
        Permission.ERASE_CUSTOMERS,
        Permission.RUN_CHECKS,
        Permission.MANAGE_STAFF_GROUPS,
    },
    Role.MERCHANT: frozenset(
        {
            Permission.READ_ORDERS,
            Permission.CANCEL_ORDERS,
            Permission.SHIP_ORDERS,
            Permission.TAKE_MONEY,
            Permission.OPEN_ADDRESSES,
            Permission.READ_PRODUCTS,
            Permission.MANAGE_PRODUCTS,
            Permission.MANAGE_STOCK,
            Permission.READ_SEARCHES,
            Permission.CHANGE_ORDERS,
            Permission.REFUND,
            Permission.REVIEW_TRANSFERS,
            Permission.READ_PROMOTIONS,
            Permission.MANAGE_PROMOTIONS,
            Permission.ISSUE_CREDIT,
            Permission.HANDLE_RETURNS,
            Permission.INSPECT_RETURNS,
            Permission.READ_CUSTOMERS,
            Permission.READ_CHECKS,
            Permission.SET_ORDER_RULES,
        }
    ),
    Role.ADMINISTRATOR: frozenset(Permission),
}


@dataclass(frozen=True, slots=True)
class StaffMember:
    """The person who asks, as their session knows them."""

    id: int
    name: str
    display_name: str
    role: Role
    language: str

    def may(self, permission: Permission) -> bool:
        """Whether this person's role holds the permission."""
        return permission in PERMISSIONS[self.role]

    def must(self, permission: Permission) -> None:
        """Raises Refused("staff.forbidden") when the role does not hold the permission."""
        if not self.may(permission):
            raise Refused("staff.forbidden", permission=permission.value)
