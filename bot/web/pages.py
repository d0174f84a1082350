"""Pages of this door: small HTML templates in which every value is escaped, and a strict content policy around them."""

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from bot.telegram.links import deep_link
from bot.web.deal_link import deal_title
from bot.web.deal_words import DEAL_WORDS
from bot.web.group_link import group_in, seen_group
from bot.web.words import WORDS, Words
from commerce.catalog.pages import product_at
from commerce.catalog.queries import product_cards
from conversations.text import clean
from foundation.database import Database

if TYPE_CHECKING:
    from bot.shop import Shop

_HERE = Path(__file__).parent
_ASSET_TYPES = {
    "widget.js": "text/javascript; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "page.css": "text/css; charset=utf-8",
    "goods.css": "text/css; charset=utf-8",
    "deals.css": "text/css; charset=utf-8",
    "line.js": "text/javascript; charset=utf-8",
    "live.js": "text/javascript; charset=utf-8",
    "seal.svg": "image/svg+xml",
    "cup.svg": "image/svg+xml",
}

_WIDGET_PARTS = (
    "words.js",
    "look.css",
    "drawing.js",
    "photos.js",
    "goods.js",
    "lists.js",
    "suggestions.js",
    "chat.js",
)

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

router = APIRouter(include_in_schema=False)


class Html(str):
    """Text that is markup of ours already; everything else is escaped."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of ours in memory, with its fingerprint for caches."""

    content: bytes
    packed: bytes
    etag: str
    type: str


@cache
def asset(name: str) -> Asset | None:
    """The asset of this name, or None. Read once: a new version comes with a new process."""
    if name not in _ASSET_TYPES:
        return None
    content = _widget() if name == "widget.js" else (_HERE / "static" / name).read_bytes()
    return Asset(
        content, gzip.compress(content, mtime=0), f'"{hashlib.sha256(content).hexdigest()[:16]}"', _ASSET_TYPES[name]
    )


def _widget() -> bytes:
    """The web component as one script, which is what other sites load: each part builds on those before it."""
    folder = _HERE / "static" / "widget"
    words, look, *scripts = ((folder / part).read_text(encoding="utf-8") for part in _WIDGET_PARTS)
    return f"(() => {{\n{words}const CSS = {json.dumps(look)}\n{''.join(scripts)}}})()\n".encode()


@cache
def _template(name: str) -> Template:
    return Template((_HERE / "templates" / name).read_text(encoding="utf-8"))


def fill(template: str, /, **values: str) -> Html:
    """The template with its `$blanks` filled; a value that is not Html is escaped."""
    safe = {key: value if isinstance(value, Html) else escape(value) for key, value in values.items()}
    return Html(_template(template).substitute(safe))


def page_language(request: Request) -> str:
    """The shopper's language where it is known, else `?lang`, else the first of Accept-Language that we speak."""
    known: str | None = getattr(request.state, "language", None)
    if known in WORDS:
        return known
    asked = request.query_params.get("lang", "")
    if asked in WORDS:
        return asked
    for wish in request.headers.get("accept-language", "").split(","):
        code = wish.split(";")[0].strip().split("-")[0].lower()
        if code in WORDS:
            return code
    return str(request.app.state.shop.settings.default_language)


def page(
    request: Request,
    *,
    title: str,
    body: Html,
    head: Html | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """A whole page of ours around `body`; `head` is what else stands in its head."""
    language = page_language(request)
    html = fill(
        "frame.html",
        tag=WORDS[language].tag,
        title=title,
        head=head or Html(""),
        body=body,
        css=asset_url("page.css"),
        script=asset_url("page.js"),
        icon=asset_url("seal.svg"),
    )
    return HTMLResponse(html, status_code=status, headers={"Cache-Control": "no-store", **(headers or {})})


def asset_url(name: str) -> str:
    """The address of an asset; it changes with its content, so that caches may keep it for good."""
    known = asset(name)
    assert known is not None, name
    return f"/assets/{name}?v={known.etag[1:9]}"


def notice_page(
    request: Request,
    *,
    title: str,
    text: str,
    status: int = 200,
    mark: str = "plain",
    rows: tuple[tuple[str, str], ...] = (),
    button: tuple[str, str] | None = None,
    refresh: bool = False,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """A page that says one thing kindly: a mark (plain, good, wait, bad), facts as rows, a button, the way to the chat.

    With `refresh` the page looks again by itself every few seconds until its mark changes.
    """
    language = page_language(request)
    words = WORDS[language]
    shop = request.app.state.shop
    body = fill(
        "notice.html",
        shop=shop.settings.shop_name(language),
        title=title,
        text=text,
        mark=mark,
        refresh="3" if refresh else "",
        rows=Html("".join(fill("row.html", name=name, value=value) for name, value in rows)),
        button=fill("button.html", label=button[0], href=button[1]) if button else Html(""),
        back=words.back_to_chat,
        home=f"/?lang={language}",
    )
    return page(request, title=title, body=body, status=status, headers=headers)


@router.get("/")
async def chat_page(request: Request) -> Response:
    """Our own page: the chat at full height, with the shop beside it on wide screens.

    `?p=` opens it on a product, `?g=` on a group, `?d=` on a deal.
    """
    language = page_language(request)
    words = WORDS[language]
    shop: Shop = request.app.state.shop
    shop_name = shop.settings.shop_name(language)
    handle = clean(request.query_params.get("p", ""))[:200]
    token = request.query_params.get("g", "")
    group_title = await _group_title(shop, token, language)
    deal = request.query_params.get("d", "")
    deal_label = await _deal_label(shop, deal, language) if deal else ""
    body = fill(
        "chat.html",
        **_shop_words(words),
        lang=language,
        shop=shop_name,
        points=Html("".join(fill("point.html", name=name, text=text) for name, text in words.points)),
        widget=asset_url("widget.js"),
        seal=asset_url("seal.svg"),
        cup=asset_url("cup.svg"),
        shelves=words.shelves,
        telegram=deep_link(shop.telegram.username) if shop.telegram is not None else "",
        product=handle,
        product_title=await _title_of(shop.database, handle, language) if handle else "",
        group=token if group_title else "",
        group_title=group_title,
        deal=deal if deal_label else "",
        deal_title=deal_label,
    )
    return page(request, title=shop_name, body=body)


def telegram_link(shop: "Shop", label: str, payload: str) -> Html:
    """The way on into Telegram, where the shop is there."""
    if shop.telegram is None:
        return Html("")
    return fill("telegram.html", href=deep_link(shop.telegram.username, payload), label=label)


async def _title_of(database: Database, handle: str, language: str) -> str:
    """The title of a product on sale, empty for what is none: then the chat just opens."""
    async with database.begin() as session:
        found = await product_at(session, handle)
        cards = await product_cards(session, [found[0]], language=language) if found else []
    return cards[0].title if cards else ""


async def _group_title(shop: "Shop", token: str, language: str) -> str:
    """What a shopper says who comes from the page of a group; empty where the token leads to none."""
    group_id = group_in(shop.vault, token)
    if group_id is None:
        return ""
    async with shop.database.begin() as session:
        seen = await seen_group(session, group_id=group_id, now=shop.now())
    return DEAL_WORDS[language].join_label.format(title=seen.title(language)) if seen else ""


async def _deal_label(shop: "Shop", deal: str, language: str) -> str:
    async with shop.database.begin() as session:
        return await deal_title(session, deal, language=language, now=shop.now())


@router.get("/embed.html")
async def embed_page(request: Request) -> Response:
    """A page that stands for somebody else's site with our chat in its corner."""
    language = page_language(request)
    words = WORDS[language]
    base = request.app.state.shop.settings.base_url
    element = f'<xiaoer-chat endpoint="{base}" lang="{language}"></xiaoer-chat>'
    code = f'<script src="{base}/widget.js" async></script>\n{element}'
    body = fill("embed.html", title=words.demo_title, text=words.demo_text, code=code, lang=language)
    return page(request, title=words.demo_title, body=body)


@router.get("/widget.js")
async def widget(request: Request) -> Response:
    """The web component, for any page: asked again at each visit, sent again only when it changed."""
    return _send(request, "widget.js", cache="public, max-age=300, stale-while-revalidate=86400")


@router.get("/assets/{name}")
async def asset_file(request: Request, name: str) -> Response:
    """Our own style, scripts and drawings; addresses with a version may be kept for good."""
    keep = "public, max-age=31536000, immutable" if request.query_params.get("v") else "no-cache"
    return _send(request, name, cache=keep)


@router.get("/robots.txt")
async def robots(request: Request) -> Response:
    """Search engines may read the front page and the goods; pay links are nobody else's business."""
    base = request.app.state.shop.settings.base_url
    rules = ["User-agent: *", "Disallow: /pay/", "Disallow: /chat/", "Disallow: /simulator/"]
    return Response("\n".join([*rules, f"Sitemap: {base}/sitemap.xml", ""]), media_type="text/plain")


def _send(request: Request, name: str, *, cache: str) -> Response:
    known = asset(name)
    if known is None:
        words = WORDS[page_language(request)]
        return notice_page(request, title=words.missing_title, text=words.missing_text, status=404)
    headers = {
        "Cache-Control": cache,
        "ETag": known.etag,
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == known.etag:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(known.packed, media_type=known.type, headers={**headers, "Content-Encoding": "gzip"})
    return Response(known.content, media_type=known.type, headers=headers)


def _shop_words(words: Words) -> dict[str, str]:
    return {
        "tagline": words.tagline,
        "about": words.about,
        "theme": words.theme,
        "hours": words.hours,
        "no_script": words.no_script,
        "other_language": words.other_language,
        "other_code": words.other_code,
    }
