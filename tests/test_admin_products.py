"""Products at the staff's door: who may do what, what shoppers then see, and what is written down about it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import nullcontext
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from admin_api.auth import CSRF_HEADER
from admin_api.console.product_editing import Editing
from admin_api.desk import Desk
from admin_api.errors import LARGEST_BODY
from admin_api.model import Role
from admin_api.product_desk import read_product
from admin_api.roles import StaffMember
from commerce.carts.actions import add_line, cart_view
from commerce.catalog.model import VariantPrice
from commerce.favourites.model import Favourite
from commerce.search.log import log_search
from foundation.audit import AuditEntry
from foundation.database import Database
from foundation.encryption import Vault
from foundation.errors import Refused
from foundation.money import Money
from tests.admin import Browser, Console, open_console, refusal
from tests.goods import a_customer
from tests.merchant import Shelf

CUP = {
    "texts": {"zh": {"title": "青瓷茶杯", "body": "手作。"}, "en": {"title": "Celadon tea cup"}},
    "price": 8800,
    "sku": "CUP-C",
}


@pytest.fixture
async def console(database: Database, vault: Vault, now: datetime) -> AsyncIterator[Console]:
    async with open_console(database, vault, now) as console:
        yield console


@pytest.fixture
async def shelf(database: Database, now: datetime) -> Shelf:
    return Shelf(database, now)


@pytest.fixture
async def wang(console: Console) -> Browser:
    return await console.at_work("wang", "merchant")


async def made(wang: Browser, form: dict[str, Any] | None = None) -> dict[str, Any]:
    answer = await wang.post("/api/products", form or CUP)
    assert answer.status_code == 200, answer.text
    sheet: dict[str, Any] = answer.json()
    return sheet


async def act(wang: Browser, sheet: dict[str, Any], what: str, **form: object) -> dict[str, Any]:
    """An act on the product as it was last seen; the sheet after it."""
    answer = await wang.post(f"/api/products/{sheet['id']}/{what}", {"version": sheet["version"], **form})
    assert answer.status_code == 200, answer.text
    after: dict[str, Any] = answer.json()
    return after


async def audit(console: Console) -> list[tuple[str, str, dict[str, Any]]]:
    """What was done with the shelf."""
    async with console.database.begin() as session:
        found = await session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(line.action, line.subject, line.facts) for line in found if not line.action.startswith("staff.")]


# One product


async def test_a_product_is_made_published_and_found_and_each_step_written_down(
    console: Console, wang: Browser, shelf: Shelf
) -> None:
    cup = await made(wang)
    assert (cup["status"], cup["handle"], cup["lacking"], cup["moves"]) == (
        "draft",
        "celadon-tea-cup",
        [],
        ["archived", "published"],
    )
    assert await shelf.found("茶杯") == ()
    sold = await act(wang, cup, "publish")
    assert (sold["status"], sold["version"], sold["published_at"][:19]) == ("published", 2, "2026-11-22T02:00:00")
    assert await shelf.found("茶杯") == await shelf.found("CUP-C") == (cup["id"],)
    variant = cup["variants"][0]["id"]
    assert await audit(console) == [
        (
            "product.created",
            f"product:{cup['id']}",
            {
                "before": dict.fromkeys(
                    ["handle", "status", "free_shipping", "dispatch_days", "text.en", "text.zh", f"variant.{variant}"]
                ),
                "after": {
                    "handle": "celadon-tea-cup",
                    "status": "draft",
                    "free_shipping": True,
                    "dispatch_days": 1,
                    "text.zh": ["青瓷茶杯", "手作。"],
                    "text.en": ["Celadon tea cup", ""],
                    f"variant.{variant}": {"sku": "CUP-C", "price": 8800, "currency": "CNY", "active": True},
                },
            },
        ),
        (
            "product.published",
            f"product:{cup['id']}",
            {"before": {"status": "draft"}, "after": {"status": "published"}},
        ),
    ]


async def test_an_edit_changes_what_it_names_and_shoppers_see_it_at_once(
    console: Console, wang: Browser, shelf: Shelf
) -> None:
    cup = await act(wang, await made(wang), "publish")
    texts = {"en": {"title": "Celadon bowl", "body": "Wide."}}
    facts = [{"name": {"zh": "产地", "en": "Origin"}, "value": {"zh": "龙泉", "en": "Longquan"}}]
    after = await act(wang, cup, "edit", texts=texts, dispatch_days=4, facts=facts)
    assert after["texts"] == {
        "en": {"title": "Celadon bowl", "body": "Wide."},
        "zh": {"title": "青瓷茶杯", "body": "手作。"},
    }
    assert (after["dispatch_days"], after["handle"], after["facts"]) == (4, "celadon-tea-cup", facts)
    assert await shelf.titles(cup["id"]) == ("青瓷茶杯", "Celadon bowl")
    assert await shelf.found("bowl", "en") == await shelf.found("龙泉") == (cup["id"],)
    assert (await audit(console))[-1] == (
        "product.edited",
        f"product:{cup['id']}",
        {
            "before": {"dispatch_days": 1, "text.en": ["Celadon tea cup", ""], "facts": None},
            "after": {
                "dispatch_days": 4,
                "text.en": ["Celadon bowl", "Wide."],
                "facts": [[{"zh": "产地", "en": "Origin"}, {"zh": "龙泉", "en": "Longquan"}]],
            },
        },
    )


async def test_its_history_says_who_did_what_newest_first(console: Console, wang: Browser) -> None:
    boss = await console.at_work("boss", "administrator")
    cup = await act(wang, await made(wang), "publish")
    await act(boss, cup, "edit", dispatch_days=6)
    first = (await wang.get(f"/api/products/{cup['id']}/history", limit=2)).json()
    assert [(one["action"], one["by"], one["facts"]) for one in first["lines"]] == [
        ("product.edited", "Boss", {"before": {"dispatch_days": 1}, "after": {"dispatch_days": 6}}),
        ("product.published", "Wang", {"before": {"status": "draft"}, "after": {"status": "published"}}),
    ]
    rest = (await wang.get(f"/api/products/{cup['id']}/history", cursor=first["next"])).json()
    assert ([one["action"] for one in rest["lines"]], rest["next"]) == (["product.created"], None)
    assert refusal(await wang.get("/api/products/4711/history")) == (404, "product.unknown")


async def test_two_people_save_the_same_page_and_one_of_them_is_told(console: Console, wang: Browser) -> None:
    boss = await console.at_work("boss", "administrator")
    cup = await made(wang)
    form = {"version": cup["version"], "dispatch_days": 3}
    answers = await asyncio.gather(
        *(person.post(f"/api/products/{cup['id']}/edit", form) for person in (wang, boss, wang, boss))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    lost = next(answer for answer in answers if answer.status_code == 409)
    assert (lost.json()["error"]["code"], lost.json()["error"]["facts"]) == ("product.changed", {"version": 2})
    assert [action for action, _, _ in await audit(console)] == ["product.created", "product.edited"]
    again = await boss.post(f"/api/products/{cup['id']}/edit", {"version": 2, "dispatch_days": 5})
    assert again.json()["dispatch_days"] == 5


async def test_the_editor_saves_texts_and_variants_together_or_nothing(console: Console, wang: Browser) -> None:
    await made(wang)
    bowl = await made(wang, {**CUP, "sku": "BOWL"})
    desk: Desk = console.app.state.desk
    boss = StaffMember(await console.hire("boss", "merchant"), "boss", "Boss", Role.MERCHANT, "en")

    async def attempt(act: Callable[[StaffMember], Awaitable[object]]) -> object:
        return await act(boss)

    visit: Any = SimpleNamespace(desk=desk, staff=boss, attempt=attempt, client=nullcontext())
    async with console.database.begin() as session:
        sheet = await read_product(session, boss, product_id=bowl["id"])
    editing = Editing(visit, sheet, [], 0)
    editing.draft.texts["en"].title, editing.draft.variants[0].sku = "Bowl", "CUP-C"
    with pytest.raises(Refused, match=r"variant\.sku_taken"):
        await editing.save()
    assert (await wang.get(f"/api/products/{bowl['id']}")).json() == bowl


async def test_variants_are_set_and_come_back_as_the_form_had_them(wang: Browser, shelf: Shelf) -> None:
    cup = await act(wang, await made(wang), "publish")
    glazes = [{"name": {"en": "Celadon"}}, {"name": {"en": "White"}}]
    options = [{"name": {"zh": "釉色", "en": "Glaze"}, "values": glazes}]
    variants = [
        {"id": cup["variants"][0]["id"], "values": [0], "price": 8800},
        {"values": [1], "price": 9800, "sku": "CUP-W"},
    ]
    after = await act(wang, cup, "variants", options=options, variants=variants)
    assert [(one["sku"], one["label"], one["values"], one["price"]["amount"]) for one in after["variants"]] == [
        ("CUP-C", "Celadon", [0], 8800),
        ("CUP-W", "White", [1], 9800),
    ]
    back = [{"id": one["id"], "values": one["values"], "price": one["price"]["amount"]} for one in after["variants"]]
    same = await act(wang, after, "variants", options=after["options"], variants=back)
    assert same["variants"] == after["variants"]
    assert same["options"] == after["options"]
    assert await shelf.found("CUP-W") == (cup["id"],)
    one_left = await act(wang, same, "variants", options=same["options"], variants=back[:1])
    assert [one["sku"] for one in one_left["variants"]] == ["CUP-C"]


async def test_prices_are_set_also_in_other_currencies_and_a_cart_shows_them(
    console: Console, wang: Browser, now: datetime
) -> None:
    cup = await act(wang, await made(wang), "publish")
    variant = cup["variants"][0]["id"]
    async with console.database.begin() as session:
        customer = (await a_customer(session, now=now)).id
        await add_line(session, customer_id=customer, variant_id=variant, quantity=2, now=now)
    prices = [{"variant_id": variant, "amount": 7900}, {"variant_id": variant, "amount": 1090, "currency": "EUR"}]
    after = await act(wang, cup, "prices", prices=prices)
    assert (after["variants"][0]["price"], after["variants"][0]["other_prices"]) == (
        {"amount": 7900, "currency": "CNY"},
        [{"amount": 1090, "currency": "EUR"}],
    )
    async with console.database.begin() as session:
        assert (await cart_view(session, customer_id=customer, language="zh")).total == Money(15800, "CNY")
        assert list(await session.scalars(select(VariantPrice.amount))) == [1090]
    assert (await audit(console))[-1][2] == {
        "before": {f"variant.{variant}": {"sku": "CUP-C", "price": 8800, "currency": "CNY", "active": True}},
        "after": {
            f"variant.{variant}": {
                "sku": "CUP-C",
                "price": 7900,
                "currency": "CNY",
                "active": True,
                "price.EUR": 1090,
            }
        },
    }


async def test_a_product_is_archived_and_brought_back_and_no_other_way(
    console: Console, wang: Browser, shelf: Shelf
) -> None:
    cup = await act(wang, await made(wang), "publish")
    away = await act(wang, cup, "archive")
    assert (away["status"], await shelf.found("茶杯")) == ("archived", ())
    refused = await wang.post(f"/api/products/{cup['id']}/publish", {"version": away["version"]})
    assert refusal(refused) == (409, "product.move_refused")
    back = await act(wang, away, "draft")
    assert (await act(wang, back, "publish"))["status"] == "published"
    assert [action for action, _, _ in await audit(console)] == [
        "product.created",
        "product.published",
        "product.archived",
        "product.made_draft",
        "product.published",
    ]


async def test_what_cannot_be_sold_says_what_it_lacks(wang: Browser) -> None:
    cup = await made(wang, {"texts": {}})
    assert (cup["lacking"], cup["handle"]) == (["title", "price"], "product")
    refused = await wang.post(f"/api/products/{cup['id']}/publish", {"version": 1})
    assert refusal(refused) == (422, "product.incomplete")
    assert refused.json()["error"]["facts"] == {"missing": ["title", "price"]}
    assert refused.json()["error"]["message"] == "To be sold, the product still needs: title, price."


async def test_the_sheet_knows_favourites_stock_and_what_came(console: Console, wang: Browser, now: datetime) -> None:
    cup = await made(wang)
    variant = cup["variants"][0]["id"]
    await wang.post(f"/api/variants/{variant}/adjust", {"quantity": 12, "reason": "received", "note": "from Longquan"})
    async with console.database.begin() as session:
        for _ in range(2):
            customer = (await a_customer(session, now=now)).id
            session.add(Favourite(customer_id=customer, product_id=cup["id"], created_at=now))
    sheet = (await wang.get(f"/api/products/{cup['id']}")).json()
    assert (sheet["favourites"], sheet["waiting"]) == (2, 0)
    stock = sheet["variants"][0]["stock"]
    places = stock.pop("places")
    assert stock == {"on_hand": 12, "reserved": 0, "backorder": 0, "free": 12}
    assert [(place["on_hand"], place["free"]) for place in places] == [(12, 12)]
    assert [(one["variant_id"], one["delta"], one["reason"], one["note"]) for one in sheet["movements"]] == [
        (variant, 12, "received", "from Longquan")
    ]


# The list


async def test_the_list_shows_drafts_too_and_is_searched_by_title_sku_and_wish(
    console: Console, wang: Browser, shelf: Shelf
) -> None:
    sold = await act(wang, await made(wang), "publish")
    draft = await made(wang, {"texts": {"zh": {"title": "白瓷茶杯_100%"}}, "sku": "DRAFT-9"})
    away = await act(wang, await made(wang, {"texts": {"zh": {"title": "青花茶杯"}}, "price": 1}), "archive")

    async def listed(**asked: object) -> list[int]:
        return [one["id"] for one in (await wang.get("/api/products", **asked)).json()["products"]]

    assert await listed() == [away["id"], draft["id"], sold["id"]]
    assert await listed(status="draft") == [draft["id"]]
    assert set(await listed(words="茶杯")) == {away["id"], draft["id"], sold["id"]}
    assert await listed(words="draft-9") == [draft["id"]]
    assert await listed(words="celadon-tea") == [sold["id"]]
    assert await listed(words="_100%") == [draft["id"]]
    assert await listed(words="茶杯", status="archived") == [away["id"]]
    assert (await wang.get("/api/products/counts")).json() == {"draft": 1, "published": 1, "archived": 1}
    row = (await wang.get("/api/products", status="published")).json()["products"][0]
    assert (row["title"], row["variants"], row["price_from"], row["free"], row["category"], row["picture"]) == (
        "青瓷茶杯",
        1,
        {"amount": 8800, "currency": "CNY"},
        0,
        None,
        None,
    )


@pytest.mark.parametrize("words", ["", "茶杯"])
async def test_the_list_goes_page_by_page_and_every_product_comes_once(wang: Browser, shelf: Shelf, words: str) -> None:
    products = await shelf.drafts(7)
    seen: list[int] = []
    cursor: dict[str, object] = {}
    for _ in range(4):
        page = (await wang.get("/api/products", limit=3, words=words, **cursor)).json()
        seen += [one["id"] for one in page["products"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert sorted(seen) == sorted(one.id for one in products)
    assert len(seen) == 7


async def test_the_list_is_narrowed_to_a_shelf_with_those_inside_and_to_what_runs_low(wang: Browser) -> None:
    shelves = (await wang.post("/api/categories", {"name": {"zh": "茶具", "en": "Teaware"}})).json()["categories"]
    ware = shelves[0]["id"]
    inner = {"name": {"zh": "杯", "en": "Cups"}, "parent_id": ware}
    cups = (await wang.post("/api/categories", inner)).json()["categories"][1]["id"]
    plenty = await made(wang, {**CUP, "category_id": cups})
    scarce = await made(wang, {**CUP, "sku": "CUP-2", "category_id": ware})
    other = await made(wang, {**CUP, "sku": "CUP-3"})
    variant = plenty["variants"][0]["id"]
    assert (await wang.post(f"/api/variants/{variant}/count", {"counted": 50})).status_code == 200

    async def listed(**asked: object) -> list[int]:
        return [one["id"] for one in (await wang.get("/api/products", **asked)).json()["products"]]

    assert await listed(category_id=ware) == [scarce["id"], plenty["id"]]
    assert await listed(category_id=cups) == [plenty["id"]]
    assert await listed(low_stock=5) == [other["id"], scarce["id"]]
    assert await listed(low_stock=5, category_id=ware) == [scarce["id"]]
    rows = (await wang.get("/api/products", category_id=cups)).json()["products"]
    assert (rows[0]["category"], rows[0]["free"], rows[0]["scarcest"]) == ("杯", 50, 50)


# Categories


async def test_shelves_are_kept_and_every_change_is_written_down(console: Console, wang: Browser, shelf: Shelf) -> None:
    await wang.post("/api/categories", {"name": {"zh": "麒麟", "en": "Kirin"}})
    (first,) = (await wang.get("/api/categories")).json()["categories"]
    cup = await act(wang, await made(wang, {**CUP, "category_id": first["id"]}), "publish")
    kirin = f"/api/categories/{first['id']}"
    renamed = await wang.post(f"{kirin}/rename", {"name": {"zh": "貔貅"}})
    assert renamed.json()["categories"][0]["name"] == {"zh": "貔貅", "en": "Kirin"}
    assert await shelf.found("貔貅") == (cup["id"],)
    second = (await wang.post("/api/categories", {"name": {"zh": "凤凰"}, "handle": "phoenix"})).json()["categories"][1]
    moved = await wang.post(f"{kirin}/move", {"parent_id": second["id"]})
    assert [(one["handle"], one["depth"], one["products"], one["published"]) for one in moved.json()["categories"]] == [
        ("phoenix", 0, 0, 0),
        ("kirin", 1, 1, 1),
    ]
    assert refusal(await wang.post(f"{kirin}/remove", {})) == (409, "category.filled")
    assert refusal(await wang.post(f"/api/categories/{second['id']}/move", {"parent_id": first["id"]})) == (
        409,
        "category.cycle",
    )
    gone = await wang.post(f"{kirin}/remove", {"into": second["id"]})
    assert [(one["handle"], one["products"]) for one in gone.json()["categories"]] == [("phoenix", 1)]
    assert await shelf.found("凤凰") == (cup["id"],)
    kirin_before = {"handle": "kirin", "name": {"zh": "麒麟", "en": "Kirin"}, "parent": None, "position": 0}
    kirin_after = {**kirin_before, "name": {"zh": "貔貅", "en": "Kirin"}}
    told = [line for line in await audit(console) if line[0].startswith("category.")]
    subject = f"category:{first['id']}"
    assert told == [
        ("category.added", subject, {"after": kirin_before}),
        ("category.renamed", subject, {"before": kirin_before, "after": kirin_after}),
        (
            "category.added",
            f"category:{second['id']}",
            {"after": {"handle": "phoenix", "name": {"zh": "凤凰"}, "parent": None, "position": 1}},
        ),
        ("category.moved", subject, {"before": kirin_after, "after": {**kirin_after, "parent": second["id"]}}),
        ("category.removed", subject, {"before": {**kirin_after, "parent": second["id"]}, "into": second["id"]}),
    ]


# Many at once


async def test_a_change_of_prices_that_is_sent_twice_is_made_once(
    console: Console, wang: Browser, shelf: Shelf
) -> None:
    drafts = await shelf.drafts(2)
    versions = {str(one.id): one.version for one in drafts}
    form = {"ids": [one.id for one in drafts], "versions": versions, "price": {"percent": 1000}}
    assert (await wang.post("/api/products/bulk", form)).json() == {"done": True}
    again = await wang.post("/api/products/bulk", form)
    assert refusal(again) == (409, "bulk.refused")
    assert [one["code"] for one in again.json()["error"]["facts"]["problems"]] == ["product.changed"] * 2
    rows = (await wang.get("/api/products")).json()["products"]
    assert {one["price_from"]["amount"] for one in rows} == {1100}


async def test_many_products_change_together_with_a_line_for_each(
    console: Console, wang: Browser, shelf: Shelf
) -> None:
    drafts = await shelf.drafts(3)
    ids = [one.id for one in drafts]
    form = {"ids": ids, "price": {"percent": 1000}, "status": "published", "counted": 3}
    assert (await wang.post("/api/products/bulk", form)).json() == {"done": True}
    rows = (await wang.get("/api/products")).json()["products"]
    assert {(one["status"], one["price_from"]["amount"], one["free"]) for one in rows} == {("published", 1100, 3)}
    assert len(await shelf.found("茶杯")) == 3
    lines = await audit(console)
    assert [(action, subject) for action, subject, _ in lines] == [
        ("product.bulk_changed", f"product:{product_id}") for product_id in ids
    ]
    (variant,) = await shelf.variants(ids[0])
    facts = {"sku": f"CUP-{ids[0]}", "currency": "CNY", "active": True}
    assert lines[0][2] == {
        "before": {"status": "draft", f"variant.{variant.id}": {**facts, "price": 1000}},
        "after": {"status": "published", f"variant.{variant.id}": {**facts, "price": 1100}},
        "counted": 3,
    }


async def test_one_that_cannot_change_keeps_all_and_the_reasons_are_told(
    console: Console, wang: Browser, shelf: Shelf
) -> None:
    good, poor = await made(wang), await made(wang, {"texts": {"zh": {"title": "无价"}}})
    refused = await wang.post("/api/products/bulk", {"ids": [good["id"], poor["id"], 77], "status": "published"})
    assert refusal(refused) == (409, "bulk.refused")
    assert refused.json()["error"]["facts"] == {
        "count": 2,
        "problems": [
            {"product": poor["id"], "code": "product.incomplete", "facts": {"missing": ["price"]}},
            {"product": 77, "code": "product.unknown", "facts": {}},
        ],
    }
    assert [one["status"] for one in (await wang.get("/api/products")).json()["products"]] == ["draft", "draft"]
    assert [action for action, _, _ in await audit(console)] == ["product.created"] * 2


async def test_a_shelf_is_left_by_null_and_kept_by_saying_nothing(console: Console, wang: Browser) -> None:
    shelves = (await wang.post("/api/categories", {"name": {"zh": "茶具"}})).json()["categories"]
    cup = await made(wang, {**CUP, "category_id": shelves[0]["id"]})
    kept = await act(wang, cup, "edit", free_shipping=False)
    assert kept["category_id"] == shelves[0]["id"]
    assert (await act(wang, kept, "edit", category_id=None))["category_id"] is None


# Stock


async def test_goods_are_carried_to_another_location_which_closes_when_it_is_empty(
    console: Console, wang: Browser
) -> None:
    cup = await act(wang, await made(wang), "publish")
    variant = cup["variants"][0]["id"]
    await wang.post(f"/api/variants/{variant}/count", {"counted": 10})
    store = {"code": "west-lake", "name": {"zh": "西湖店", "en": "West Lake store"}, "is_pickup": True}
    places = (await wang.post("/api/locations", store)).json()["locations"]
    assert [(place["code"], place["pieces"], place["is_main"]) for place in places] == [
        ("main", 10, True),
        ("west-lake", 0, False),
    ]
    main, west = (place["id"] for place in places)
    assert refusal(await wang.post("/api/locations", store)) == (409, "location.code_taken")
    move = {"quantity": 7, "from_id": main, "to_id": west, "was": 10, "note": "补货"}
    moved = (await wang.post(f"/api/variants/{variant}/transfer", move)).json()["stock"]
    assert (moved["on_hand"], [(one["location_id"], one["on_hand"]) for one in moved["places"]]) == (
        10,
        [(main, 3), (west, 7)],
    )
    assert refusal(await wang.post(f"/api/variants/{variant}/transfer", move)) == (409, "stock.changed")
    assert refusal(await wang.post(f"/api/locations/{west}/close")) == (409, "location.filled")
    assert refusal(await wang.post(f"/api/locations/{main}/close")) == (409, "location.main")
    low = (await wang.get("/api/stock/low", location_id=main)).json()["variants"]
    assert [(one["stock"]["free"], one["mark"], one["own_mark"], one["sold"]) for one in low] == [(10, 5, None, 0)]
    assert (await wang.get("/api/stock/low")).json()["variants"] == []
    await wang.post(f"/api/variants/{variant}/low-mark", {"mark": 11})
    low = (await wang.get("/api/stock/low")).json()["variants"]
    assert [(one["mark"], one["own_mark"]) for one in low] == [(11, 11)]
    await wang.post(f"/api/variants/{variant}/count", {"counted": 0, "location_id": west})
    renamed = {"name": {"zh": "西湖门店"}, "address": {"zh": "文三路90号"}, "is_pickup": True}
    places = (await wang.post(f"/api/locations/{west}/change", renamed)).json()["locations"]
    assert [place["name"] for place in places] == [{"zh": "总仓", "en": "Main stock"}, {"zh": "西湖门店"}]
    places = (await wang.post(f"/api/locations/{west}/close")).json()["locations"]
    assert [place["active"] for place in places] == [True, False]
    again = await wang.post(f"/api/variants/{variant}/count", {"counted": 1, "location_id": west})
    assert refusal(again) == (409, "location.closed")
    assert [(action, subject) for action, subject, _ in (await audit(console))[3:]] == [
        ("location.made", f"location:{west}"),
        ("stock.transferred", f"variant:{variant}"),
        ("stock.low_mark", f"variant:{variant}"),
        ("stock.counted", f"variant:{variant}"),
        ("location.changed", f"location:{west}"),
        ("location.closed", f"location:{west}"),
    ]


async def test_stock_is_counted_and_adjusted_and_written_down(console: Console, wang: Browser) -> None:
    cup = await act(wang, await made(wang), "publish")
    variant = cup["variants"][0]["id"]
    counted = await wang.post(f"/api/variants/{variant}/count", {"counted": 10, "note": "盘点", "was": 0})
    stock = counted.json()["stock"]
    places = stock.pop("places")
    assert stock == {"on_hand": 10, "reserved": 0, "backorder": 0, "free": 10}
    assert [(place["on_hand"], place["free"]) for place in places] == [(10, 10)]
    main = places[0]["location_id"]
    lost = await wang.post(f"/api/variants/{variant}/adjust", {"quantity": 3, "reason": "damaged", "was": 10})
    assert lost.json()["stock"]["on_hand"] == 7
    again = await wang.post(f"/api/variants/{variant}/adjust", {"quantity": 3, "reason": "damaged", "was": 10})
    assert refusal(again) == (409, "stock.changed")
    assert again.json()["error"]["message"] == "Meanwhile the stock is 7. Look again and repeat."
    page = (await wang.get(f"/api/variants/{variant}/movements", limit=1)).json()
    assert [(one["delta"], one["reason"], one["on_hand"]) for one in page["movements"]] == [(-3, "damaged", 7)]
    older = (await wang.get(f"/api/variants/{variant}/movements", cursor=page["next"])).json()
    assert [(one["delta"], one["note"]) for one in older["movements"]] == [(10, "盘点")]
    assert older["next"] is None
    low = (await wang.get("/api/stock/low", threshold=7)).json()
    assert [(one["sku"], one["title"], one["stock"]["free"]) for one in low["variants"]] == [("CUP-C", "青瓷茶杯", 7)]
    assert (await wang.get("/api/stock/low", threshold=6)).json() == {"variants": [], "next": None}
    assert (await audit(console))[2:] == [
        (
            "stock.counted",
            f"variant:{variant}",
            {"location": main, "before": {"on_hand": 0}, "after": {"on_hand": 10}},
        ),
        (
            "stock.adjusted",
            f"variant:{variant}",
            {"reason": "damaged", "quantity": 3, "location": main, "before": {"on_hand": 10}, "after": {"on_hand": 7}},
        ),
    ]


# The log of searches


async def test_what_shoppers_searched_for_is_listed_with_what_found_nothing(
    console: Console, wang: Browser, now: datetime
) -> None:
    async with console.database.begin() as session:
        for text, found in (("抹茶", 0), ("抹茶", 0), ("茶杯", 3), ("茶杯", 3), ("茶杯", 3)):
            await log_search(session, text=text, language="zh", found=found, relaxed=False, now=now)
    everything = (await wang.get("/api/searches")).json()
    assert [(one["text"], one["times"], one["empty"]) for one in everything["searches"]] == [
        ("茶杯", 3, 0),
        ("抹茶", 2, 2),
    ]
    empty = (await wang.get("/api/searches", only_empty=True)).json()
    assert [one["text"] for one in empty["searches"]] == ["抹茶"]
    first = (await wang.get("/api/searches", limit=1)).json()
    second = (await wang.get("/api/searches", cursor=first["next"])).json()
    assert [one["text"] for one in second["searches"]] == ["抹茶"]
    console.clock.pass_(days=31)
    fresh = await console.at_work("li", "merchant")
    assert (await fresh.get("/api/searches")).json()["searches"] == []


# Who may, and what is malformed


READS = ("/api/products", "/api/products/counts", "/api/products/{id}", "/api/stock/low", "/api/categories")
WRITES: dict[str, dict[str, Any]] = {
    "/api/products": CUP,
    "/api/products/bulk": {"ids": [1], "free_shipping": False},
    "/api/products/{id}/edit": {"version": 1, "dispatch_days": 9},
    "/api/products/{id}/variants": {"version": 1, "options": [], "variants": []},
    "/api/products/{id}/prices": {"version": 1, "prices": [{"variant_id": 1, "amount": 1}]},
    "/api/products/{id}/publish": {"version": 1},
    "/api/products/{id}/draft": {"version": 1},
    "/api/products/{id}/archive": {"version": 1},
    "/api/products/{id}/pictures/arrange": {"version": 1, "pictures": []},
    "/api/products/{id}/pictures/1/crop": {"version": 1, "left": 0, "top": 0, "side": 100},
    "/api/products/{id}/pictures?version=1": {},
    "/api/categories": {"name": {"en": "Tea"}},
    "/api/categories/1/rename": {"name": {"en": "Tea"}},
    "/api/categories/1/move": {"parent_id": None},
    "/api/categories/1/remove": {},
    "/api/variants/{variant}/count": {"counted": 1},
    "/api/variants/{variant}/adjust": {"quantity": 1, "reason": "received"},
}


@pytest.mark.parametrize("role", ["agent", "supervisor"])
async def test_agents_and_supervisors_read_the_shelf_and_change_nothing(
    console: Console, wang: Browser, role: str
) -> None:
    cup = await made(wang)
    person = await console.at_work("mei", role)
    parts = {"id": cup["id"], "variant": cup["variants"][0]["id"]}
    for address in (*READS, "/api/variants/{variant}/movements"):
        assert (await person.get(address.format(**parts))).status_code == 200, address
    for address, form in WRITES.items():
        assert refusal(await person.post(address.format(**parts), form)) == (403, "staff.forbidden"), address
    assert (await person.get("/api/searches")).status_code == (403 if role == "agent" else 200)
    assert (await wang.get(f"/api/products/{cup['id']}")).json() == cup
    assert [action for action, _, _ in await audit(console)] == ["product.created"]


async def test_no_write_without_the_token_of_the_session(console: Console, wang: Browser) -> None:
    cup = await made(wang)
    parts = {"id": cup["id"], "variant": cup["variants"][0]["id"]}
    stranger = console.browser()
    del wang.http.headers[CSRF_HEADER]
    for address, form in WRITES.items():
        assert refusal(await stranger.post(address.format(**parts), form)) == (401, "staff.session"), address
        assert refusal(await wang.post(address.format(**parts), form)) == (403, "staff.csrf"), address
    assert (await wang.get(f"/api/products/{cup['id']}")).json() == cup


async def test_what_is_not_there_is_unknown(wang: Browser) -> None:
    for address, form in WRITES.items():
        if "{" in address or "categories/" in address:
            answer = await wang.post(address.format(id=4711, variant=4711), form)
            assert answer.status_code in (404, 422), (address, answer.text)
            assert answer.json()["error"]["code"].endswith((".unknown", "media.empty")), answer.text
    assert refusal(await wang.get("/api/products/4711")) == (404, "product.unknown")
    assert refusal(await wang.get("/api/variants/4711/movements")) == (404, "variant.unknown")


HUGE = "x" * LARGEST_BODY


MALFORMED: list[tuple[str, object, int]] = [
    ("edit", {}, 422),
    ("edit", {"version": 0}, 422),
    ("edit", {"version": 2**63}, 422),
    ("edit", {"version": "x"}, 422),
    ("edit", [], 422),
    ("edit", {"version": 1, "texts": {"en": {"title": "nul \x00"}}}, 422),
    ("edit", {"version": 1, "texts": {"en": {"title": "x" * 301}}}, 422),
    ("edit", {"version": 1, "texts": {"../../etc": {"title": "x"}}}, 422),
    ("edit", {"version": 1, "texts": {"en": {"title": "x", "body": HUGE}}}, 413),
    ("edit", {"version": 1, "handle": "Not A Handle"}, 422),
    ("edit", {"version": 1, "category_id": 999}, 404),
    ("edit", {"version": 1, "dispatch_days": 400}, 422),
    ("prices", {"version": 1, "prices": []}, 422),
    ("prices", {"version": 1, "prices": [{"variant_id": 1, "amount": -1}]}, 422),
    ("prices", {"version": 1, "prices": [{"variant_id": 1, "amount": 1.5}]}, 422),
    ("prices", {"version": 1, "prices": [{"variant_id": 1, "amount": 1, "currency": "¥"}]}, 422),
    ("prices", {"version": 1, "prices": [{"variant_id": 999, "amount": 1}]}, 404),
    ("variants", {"version": 1, "options": [], "variants": [{"price": 1, "values": [0]}]}, 422),
    ("variants", {"version": 1, "options": [], "variants": [{"price": 1}, {"price": 2}]}, 409),
    ("variants", {"version": 1, "options": [{"name": {}, "values": []}], "variants": []}, 422),
    ("variants", {"version": 1, "options": [], "variants": [{"price": 1}] * 251}, 422),
    ("publish", {"version": 7}, 409),
    ("pictures/arrange", {"version": 1, "pictures": [{"media_id": 5}]}, 404),
    ("pictures/5/crop", {"version": 1, "left": -1, "top": 0, "side": 5}, 422),
]
MALFORMED_BULK: list[tuple[object, int]] = [
    ({"ids": [], "status": "draft"}, 422),
    ({"ids": list(range(1, 1002)), "status": "draft"}, 422),
    ({"ids": [1]}, 422),
    ({"ids": [1], "price": {"percent": 5, "amount": 5}}, 422),
    ({"ids": [1], "price": {"percent": -10_000}}, 422),
    ({"ids": [0], "status": "draft"}, 422),
    ({"ids": [1], "status": "sold"}, 422),
]


async def test_malformed_changes_change_nothing(console: Console, wang: Browser) -> None:
    cup = await made(wang)
    for what, form, status in MALFORMED:
        answer = await wang.post(f"/api/products/{cup['id']}/{what}", form)
        assert answer.status_code == status, (what, form, answer.text)
        assert set(answer.json()["error"]) == {"code", "message", "facts"}
    for form, status in MALFORMED_BULK:
        answer = await wang.post("/api/products/bulk", form)
        assert answer.status_code == status, (form, answer.text)
    assert (await wang.get(f"/api/products/{cup['id']}")).json() == cup
    assert [action for action, _, _ in await audit(console)] == ["product.created"]


async def test_every_read_of_the_list_with_bad_filters_is_refused(wang: Browser) -> None:
    for query in ("status=sold", "category_id=0", "low_stock=-1", "cursor=x", "limit=0", "limit=101", "words=%00"):
        answer: httpx.Response = await wang.http.get(f"/api/products?{query}")
        assert answer.status_code == 422, (query, answer.text)
