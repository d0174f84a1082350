"""What the shopper chose for their cart beside the goods: coupons, points, and whether store credit pays."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.carts.actions import cart_of
from commerce.carts.model import Cart, CartChoice, Choice
from foundation.errors import Refused

MOST_COUPONS = 10


async def set_choice(session: AsyncSession, *, customer_id: int, choice: Choice, cart: Cart | None = None) -> None:
    """Remember a choice for the customer's open cart, in place of the one before (`dataclasses.replace` changes one).

    Only remembered here: what it is worth, and whether it may be used, pricing says. `cart`: for this one of theirs, a
    deal's. Raises Refused("cart.choice_invalid").
    """
    if choice.points < 0 or len(choice.coupon_ids or ()) > MOST_COUPONS:
        raise Refused("cart.choice_invalid", most=MOST_COUPONS)
    cart = cart or await cart_of(session, customer_id=customer_id)
    values = {
        "coupon_ids": None if choice.coupon_ids is None else list(choice.coupon_ids),
        "points": choice.points,
        "use_credit": choice.use_credit,
    }
    made = insert(CartChoice).values(cart_id=cart.id, **values)
    await session.execute(made.on_conflict_do_update(index_elements=["cart_id"], set_=values))
