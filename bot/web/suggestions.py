"""What somebody who is typing may mean: shelves, searches of others and products, for the lines over the input."""

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from bot.web.chat import AVisitor, shop_of
from commerce.catalog.queries import ProductCard, product_cards
from commerce.search.suggest import LONGEST_TYPED, Suggestion, suggest
from conversations.text import clean
from foundation.errors import Json, Refused

if TYPE_CHECKING:
    from bot.shop import Shop

MOST_SUGGESTIONS = 6
SUGGESTIONS_A_MINUTE = 120
"""For one visitor; somebody who types fast pauses about once a second."""

router = APIRouter(prefix="/chat/suggestions", tags=["web chat"])


@router.get("")
async def suggestions(
    request: Request,
    visitor: AVisitor,
    q: Annotated[str, Query(max_length=LONGEST_TYPED, description="What was typed so far")] = "",
    lang: Literal["zh", "en"] | None = None,
) -> Response:
    """At most six things that the typed words begin: `{"suggestions": [{"kind", "text", "product", "picture"}]}`.

    `kind` is product, category, search or word; a product has its handle (`product`) and perhaps a `picture` (a media
    id). Nothing typed, nothing suggested. 429 with Retry-After above a limit of its own.
    """
    shop = shop_of(request)
    over = await shop.budget.spend(f"suggestions:{visitor}", limit=SUGGESTIONS_A_MINUTE, seconds=60)
    if over:
        raise Refused("limit.suggestions", limit=SUGGESTIONS_A_MINUTE, seconds=10)
    typed = clean(q).strip()
    found = await _suggested(shop, typed, lang or shop.settings.default_language) if typed else []
    return JSONResponse({"suggestions": found}, headers={"Cache-Control": "private, max-age=30", "Vary": "X-Visitor"})


async def _suggested(shop: "Shop", typed: str, language: str) -> list[dict[str, Json]]:
    async with shop.database.begin() as session:
        found = await suggest(session, typed, language=language, limit=MOST_SUGGESTIONS)
        products = [each.product_id for each in found if each.product_id is not None]
        cards = await product_cards(session, products, language=language) if products else []
    known = {card.product_id: card for card in cards}
    return [
        _line(each, known.get(each.product_id or 0))
        for each in found
        if not each.product_id or each.product_id in known
    ]


def _line(suggestion: Suggestion, card: ProductCard | None) -> dict[str, Json]:
    return {
        "kind": suggestion.kind,
        "text": suggestion.text,
        "product": card.handle if card else None,
        "picture": card.picture if card else None,
    }
