"""Everything of a person, for the visitor it belongs to: the page of the link, and the file behind it."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from bot.web.chat import CHANNEL, AVisitor, shop_of
from bot.web.pages import fill, page, page_language
from bot.web.words import WORDS
from commerce.customers.actions import customer_of
from commerce.persons.exports import fetch_export

LONGEST_TOKEN = 64
FILE = "my-data.json"

router = APIRouter(tags=["web chat"])


@router.get("/my-data/{token}", include_in_schema=False)
async def my_data_page(request: Request, token: str) -> Response:
    """A button that fetches the file. The page itself says nothing of anybody, so it looks the same for each token."""
    shop = shop_of(request)
    language = page_language(request)
    words = WORDS[language]
    body = fill(
        "my_data.html",
        shop=shop.settings.shop_name(language),
        title=words.data_title,
        text=words.data_text,
        gone=words.data_gone,
        label=words.data_get,
        source=f"/chat/exports/{token[:LONGEST_TOKEN]}",
        name=FILE,
        back=words.back_to_chat,
        home=f"/?lang={language}",
    )
    return page(request, title=words.data_title, body=body)


@router.get("/chat/exports/{token}")
async def export(request: Request, visitor: AVisitor, token: str) -> Response:
    """The export behind a link of the chat, for the visitor it was made for, for 24 hours: JSON."""
    shop = shop_of(request)
    async with shop.database.begin() as session:
        customer_id = await customer_of(session, channel=CHANNEL, account=visitor)
        content = await fetch_export(session, token=token[:LONGEST_TOKEN], customer_id=customer_id, now=shop.now())
    headers = {"Content-Disposition": f'attachment; filename="{FILE}"', "Cache-Control": "no-store"}
    return Response(content, media_type="application/json", headers=headers)
