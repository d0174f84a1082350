"""The whole repertoire: intent -> what the bot does about it."""

from collections.abc import Mapping
from typing import Final

from bot.flow import Flow
from bot.language import N_
from bot.skills import (
    browse,
    cart,
    catalog,
    checkout,
    compare,
    coupons,
    favourites,
    gift_cards,
    handoff,
    keeper,
    language,
    orders,
    points,
    product_questions,
    small_talk,
)

NEVER: Final = 2.0
"""A threshold that nothing reaches: a yes, a no, "never mind" and "back" are answers; only when nothing is open do they
get a reply of their own."""

SKILLS: Final[Mapping[str, Flow]] = {
    "greet": Flow(small_talk.greet, N_("hello")),
    "thank": Flow(small_talk.thank, N_("thanks")),
    "goodbye": Flow(small_talk.goodbye, N_("goodbye")),
    "help": Flow(small_talk.help_, N_("help")),
    "affirm": Flow(small_talk.answer, N_("help"), threshold=NEVER),
    "deny": Flow(small_talk.answer, N_("help"), threshold=NEVER),
    "stop": Flow(small_talk.answer, N_("help"), threshold=NEVER),
    "go_back": Flow(small_talk.answer, N_("help"), threshold=NEVER),
    "out_of_scope": Flow(small_talk.out_of_scope, N_("help")),
    "search_products": Flow(catalog.search_products, N_("the search")),
    "refine_search": Flow(catalog.refine_search, N_("the search")),
    "open_product": Flow(catalog.open_product, N_("the product"), threshold=NEVER),
    "show_product": Flow(catalog.show_product, N_("the product"), is_passing=True),
    "browse_categories": Flow(browse.browse_categories, N_("the shelves")),
    "shelf": Flow(browse.shelf, N_("the shelves"), threshold=NEVER),
    "turn_page": Flow(browse.turn_page, N_("the list"), threshold=NEVER),
    "narrow": Flow(browse.narrow, N_("the list"), threshold=NEVER),
    "similar_products": Flow(browse.similar_products, N_("the search"), is_passing=True),
    "compare_products": Flow(compare.compare_products, N_("the comparison"), is_passing=True),
    "ask_product": Flow(product_questions.ask_product, N_("the product"), threshold=NEVER, is_passing=True),
    "ask_price": Flow(product_questions.ask_price, N_("your question"), is_passing=True),
    "ask_stock": Flow(product_questions.ask_stock, N_("your question"), is_passing=True),
    "ask_size": Flow(product_questions.ask_size, N_("your question"), is_passing=True),
    "ask_material": Flow(product_questions.ask_material, N_("your question"), is_passing=True),
    "ask_delivery": Flow(product_questions.ask_delivery, N_("your question"), is_passing=True),
    "ask_fact": Flow(product_questions.ask_fact, N_("your question"), threshold=NEVER, is_passing=True),
    "add_favourite": Flow(favourites.add_favourite, N_("your favourites"), is_passing=True),
    "show_favourites": Flow(favourites.show_favourites, N_("your favourites")),
    "remove_favourite": Flow(favourites.remove_favourite, N_("your favourites"), is_passing=True),
    "notify_in_stock": Flow(favourites.notify_in_stock, N_("the notice"), is_passing=True),
    "forget_notice": Flow(favourites.forget_notice, N_("the notice"), threshold=NEVER),
    "add_to_cart": Flow(cart.add_to_cart, N_("your choice"), corrected_by=frozenset({"change_cart"})),
    "show_cart": Flow(cart.show_cart, N_("your cart")),
    "change_cart": Flow(cart.change_cart, N_("the change in your cart")),
    "checkout": Flow(checkout.checkout, N_("your order"), corrected_by=frozenset({"pay_order"})),
    "pay_order": Flow(orders.pay_order, N_("the payment")),
    "order_status": Flow(orders.order_status, N_("your orders"), reads_only=True),
    "cancel_order": Flow(orders.cancel_order, N_("the cancellation")),
    "show_coupons": Flow(coupons.show_coupons, N_("your coupons"), reads_only=True),
    "claim_coupon": Flow(coupons.claim_coupon, N_("the coupon")),
    "use_coupon": Flow(coupons.use_coupon, N_("the coupon")),
    "show_points": Flow(points.show_points, N_("your points")),
    "redeem_gift_card": Flow(gift_cards.redeem_gift_card, N_("the gift card")),
    "show_balance": Flow(gift_cards.show_balance, N_("your balance")),
    "ask_human": Flow(handoff.ask_human, N_("the colleague")),
    "photo": Flow(keeper.photo, N_("the picture"), threshold=NEVER),
    "link_chat": Flow(keeper.link, N_("the code")),
    "describe_draft": Flow(keeper.describe, N_("the draft"), threshold=NEVER),
    "publish_draft": Flow(keeper.publish, N_("the draft"), threshold=NEVER),
    "change_language": Flow(language.change_language, N_("the language")),
}
