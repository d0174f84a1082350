"""The pages of the console and what is around them: who may open them, navigation, language, light and dark."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol, TypeVar

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from nicegui import app as nicegui_app
from nicegui import ui
from sqlalchemy import update

from admin_api.auth import COOKIE, CSRF_HEADER, SignedIn, signed_in
from admin_api.console.calendar_page import CalendarPage
from admin_api.console.checks_page import ChecksPage
from admin_api.console.customers_page import CustomersPage
from admin_api.console.flash_page import FlashSalesPage
from admin_api.console.group_buys_page import GroupBuysPage
from admin_api.console.inbox_page import InboxPage
from admin_api.console.looks import box, icon_button, words
from admin_api.console.order_rules_page import OrderRulesPage
from admin_api.console.orders_page import OrdersPage
from admin_api.console.parcels_page import ParcelsPage
from admin_api.console.payments_page import PaymentsPage
from admin_api.console.product_page import ProductPage
from admin_api.console.products_page import ProductsPage
from admin_api.console.promotions_page import PromotionsPage
from admin_api.console.returns_page import ReturnsPage
from admin_api.console.searches_page import SearchesPage
from admin_api.console.shelves_page import ShelvesPage
from admin_api.console.sign_in_page import SignInPage
from admin_api.console.stock_page import StockPage
from admin_api.console.talk_list import may_talk
from admin_api.console.telegram_page import StaffTelegramPage
from admin_api.console.tender_page import TenderPage
from admin_api.console.two_panes import TwoPanes
from admin_api.console.visit import Visit
from admin_api.console.words import LANGUAGES, Words
from admin_api.desk import Desk
from admin_api.model import Staff
from admin_api.roles import Permission, StaffMember
from foundation.errors import Refused

STATIC = Path(__file__).parent / "static"
Page = TypeVar("Page")


class Listed(Protocol):
    """A page that reads what it shows when it is opened."""

    async def start(self) -> None:
        """Read everything anew."""


TITLES = {
    "inbox": "Inbox",
    "orders": "Orders",
    "parcels": "Parcels",
    "returns": "Returns",
    "payments": "Payments",
    "customers": "Customers",
    "goods": "Goods",
    "deals": "Deals",
    "store": "Store",
}
THEME_COOKIE = "xiaoer_theme"
_SIGN_OUT = """async () => {
  await fetch('/api/sign-out', {method: 'POST', headers: {'%s': '%s'}});
  location.href = '/console/sign-in';
}"""


def application(desk: Desk) -> FastAPI:
    """The console as an application of its own, to be mounted. NiceGUI keeps its pages once a process."""
    console = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    nicegui_app.add_static_files("/static", STATIC)
    _declare_pages(desk)
    ui.run_with(
        console,
        title="Xiaoer",
        favicon="🫖",
        dark=None,
        language="zh-CN",
        reconnect_timeout=10,
        show_welcome_message=False,
    )
    return console


def _declare_pages(desk: Desk) -> None:
    @ui.page("/", response_timeout=15)
    async def inbox(request: Request, c: str = "") -> Response | None:
        asking = await _whoever_opens(desk, request)
        if asking is None:
            return RedirectResponse(f"{_root(request)}/sign-in")
        visit = Visit(desk, request.cookies[COOKIE], asking, ui.context.client)
        if not may_talk(visit):
            return RedirectResponse(f"{_root(request)}/orders")
        page = _frame(visit, request, "inbox", InboxPage)
        await page.start(int(c) if c.isascii() and c.isdecimal() and len(c) < 19 else None)
        return None

    _declare_panes(desk, "orders", Permission.READ_ORDERS, OrdersPage)
    _declare_panes(desk, "parcels", Permission.READ_ORDERS, ParcelsPage)
    _declare_panes(desk, "returns", Permission.HANDLE_RETURNS, ReturnsPage)
    _declare_panes(desk, "customers", Permission.READ_CUSTOMERS, CustomersPage)
    _declare_panes(desk, "group-buys", Permission.READ_PROMOTIONS, GroupBuysPage, here="deals")
    _declare_panes(desk, "flash-sales", Permission.READ_PROMOTIONS, FlashSalesPage, here="deals")
    _declare_list(desk, "/calendar", Permission.READ_PROMOTIONS, CalendarPage, here="deals")
    _declare_goods_pages(desk)

    @ui.page("/sign-in")
    def sign_in(request: Request, lang: str = "") -> None:
        language = lang if lang in LANGUAGES else _preferred(request, desk)
        _head(request, Words(language))
        ui.page_title(Words(language)("Sign in"))
        SignInPage(desk, language)


def _declare_panes(
    desk: Desk,
    name: str,
    permission: Permission,
    page: Callable[[Visit], TwoPanes[Any, Any, Any]],
    *,
    here: str = "",
) -> None:
    @ui.page(f"/{name}", response_timeout=15)
    async def panes(request: Request) -> Response | None:
        visit = await _visit(desk, request, permission)
        if isinstance(visit, Response):
            return visit
        made = _frame(visit, request, here or name, page)
        await made.start(request.query_params.get(made.param, ""))
        return None


def _declare_goods_pages(desk: Desk) -> None:
    @ui.page("/products", response_timeout=15)
    async def products(request: Request, p: str = "") -> Response | None:
        visit = await _visit(desk, request, Permission.READ_PRODUCTS)
        if isinstance(visit, Response):
            return visit
        if p:
            one = _frame(visit, request, "goods", ProductPage)
            await one.start(int(p) if p.isascii() and p.isdecimal() and len(p) < 19 else 0)
        else:
            await _frame(visit, request, "goods", ProductsPage).start(dict(request.query_params))
        return None

    _declare_list(desk, "/payments", Permission.REFUND, PaymentsPage, here="payments")
    _declare_list(desk, "/shelves", Permission.READ_PRODUCTS, ShelvesPage)
    _declare_list(desk, "/stock", Permission.READ_PRODUCTS, StockPage)
    _declare_list(desk, "/searches", Permission.READ_SEARCHES, SearchesPage)
    _declare_list(desk, "/promotions", Permission.READ_PROMOTIONS, PromotionsPage)
    _declare_list(desk, "/coupons", Permission.READ_PROMOTIONS, TenderPage)
    _declare_list(desk, "/order-rules", Permission.READ_ORDERS, OrderRulesPage, here="store")
    _declare_list(desk, "/telegram", Permission.TALK, StaffTelegramPage, here="store")
    _declare_list(desk, "/checks", Permission.READ_CHECKS, ChecksPage, here="store")


def _declare_list(
    desk: Desk, path: str, permission: Permission, page: Callable[[Visit], Listed], *, here: str = "goods"
) -> None:
    @ui.page(path, response_timeout=15)
    async def listed(request: Request) -> Response | None:
        visit = await _visit(desk, request, permission)
        if isinstance(visit, Response):
            return visit
        await _frame(visit, request, here, page).start()
        return None


async def _visit(desk: Desk, request: Request, permission: Permission) -> Visit | Response:
    """The visit of somebody who may see the page, else where to go instead."""
    asking = await _whoever_opens(desk, request)
    if asking is None:
        return RedirectResponse(f"{_root(request)}/sign-in")
    if not asking.staff.may(permission):
        return RedirectResponse(f"{_root(request)}/")
    return Visit(desk, request.cookies[COOKIE], asking, ui.context.client)


def _frame(visit: Visit, request: Request, here: str, page: Callable[[Visit], Page]) -> Page:
    """A page with the navigation beside it."""
    t, desk = visit.t, visit.desk
    _head(request, t)
    ui.page_title(t(TITLES[here]))
    with box(f"desk {t.language}"):
        with ui.element("nav").classes("nav"):
            words("二", "brand-mark")
            if may_talk(visit):
                _link(f"{_root(request)}/", "forum", t("Inbox"), here == "inbox")
            if visit.staff.may(Permission.READ_ORDERS):
                _link(f"{_root(request)}/orders", "receipt_long", t("Orders"), here == "orders")
                _link(f"{_root(request)}/parcels", "local_shipping", t("Parcels"), here == "parcels")
            if visit.staff.may(Permission.HANDLE_RETURNS):
                _link(f"{_root(request)}/returns", "assignment_return", t("Returns"), here == "returns")
            if visit.staff.may(Permission.REFUND):
                _link(f"{_root(request)}/payments", "payments", t("Payments"), here == "payments")
            if visit.staff.may(Permission.READ_CUSTOMERS):
                _link(f"{_root(request)}/customers", "group", t("Customers"), here == "customers")
            if visit.staff.may(Permission.READ_PRODUCTS):
                _link(f"{_root(request)}/products", "inventory_2", t("Goods"), here == "goods")
            if visit.staff.may(Permission.READ_PROMOTIONS):
                _link(f"{_root(request)}/group-buys", "campaign", t("Deals"), here == "deals")
            if visit.staff.may(Permission.READ_ORDERS):
                _link(f"{_root(request)}/order-rules", "storefront", t("Store"), here == "store")
            box("nav-space")
            icon_button("contrast", t("Light or dark")).on("click", js_handler="() => window.xiaoer.toggleTheme()")
            icon_button("translate", t("Language")).on("click", lambda: _other_language(visit))
            leaving = _SIGN_OUT % (CSRF_HEADER, visit.asking.csrf)
            icon_button("logout", f"{t('Sign out')} ({visit.staff.display_name})").on("click", js_handler=leaving)
        made = page(visit)
    ui.run_javascript(f"window.xiaoer.clock({int(desk.now().timestamp() * 1000)})")
    return made


def _link(address: str, icon: str, name: str, is_here: bool) -> None:
    link = ui.element("a").classes("nav-link" + (" on" if is_here else ""))
    link.props["href"] = address
    with link:
        ui.icon(icon)
        words(name)


async def _other_language(visit: Visit) -> None:
    """Switch between Chinese and English; it is remembered with the person."""

    async def switch(staff: StaffMember) -> None:
        other = "en" if staff.language == "zh" else "zh"
        async with visit.desk.database.begin() as session:
            await session.execute(update(Staff).where(Staff.id == staff.id).values(language=other))

    await visit.attempt(switch)
    ui.navigate.reload()


async def _whoever_opens(desk: Desk, request: Request) -> SignedIn | None:
    try:
        async with desk.database.begin() as session:
            return await signed_in(session, token=request.cookies.get(COOKIE), now=desk.now())
    except Refused:
        return None


def _root(request: Request) -> str:
    return str(request.scope.get("root_path", "")).rstrip("/")


def _preferred(request: Request, desk: Desk) -> str:
    """The first of our languages that the browser asks for."""
    for wanted in request.headers.get("accept-language", "").split(","):
        if wanted.strip()[:2].lower() in LANGUAGES:
            return wanted.strip()[:2].lower()
    return desk.settings.default_language


def _head(request: Request, t: Words) -> None:
    """Style, script, and light or dark as this browser was told last, else as the system is."""
    chosen = {"light": False, "dark": True}.get(request.cookies.get(THEME_COOKIE, ""))
    ui.dark_mode(chosen)
    for name in (
        "desk.css",
        "goods.css",
        "tender.css",
        "prices.css",
        "money.css",
        "parcels.css",
        "returns.css",
        "customers.css",
        "store.css",
        "deals.css",
        "desk.js",
        "goods.js",
    ):
        version = sha256((STATIC / name).read_bytes()).hexdigest()[:12]
        address = f"{_root(request)}/static/{name}?v={version}"
        tag = (
            f'<link rel="stylesheet" href="{address}">'
            if name.endswith("css")
            else f'<script src="{address}"></script>'
        )
        ui.add_head_html(tag)
    ui.run_javascript(f"document.documentElement.lang = '{'zh-CN' if t.language == 'zh' else 'en'}'")
