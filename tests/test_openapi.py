"""The description of the admin API is complete: a program can be written from it alone."""

from collections.abc import Iterator
from typing import Any

import pytest

from admin_api.app import create_app
from foundation.database import Database
from foundation.encryption import Vault
from foundation.redis import Doorbell
from foundation.settings import Settings

METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    app = create_app(
        Settings(),
        database=Database("postgresql+asyncpg://nobody@localhost/none"),
        vault=Vault.fresh(),
        doorbell=Doorbell(None),
        with_console=False,
    )
    return app.openapi()


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in schema["paths"].items():
        for method in METHODS:
            if method in methods:
                yield f"{method.upper()} {path}", methods[method]


def test_every_operation_says_what_it_does_in_words_of_its_own(schema: dict[str, Any]) -> None:
    summaries = [operation["summary"] for _, operation in operations(schema)]
    assert len(summaries) == len(set(summaries)) >= 20
    for name, operation in operations(schema):
        assert operation["description"], name
        assert operation["tags"], name


def test_every_operation_has_a_shape_for_its_answer(schema: dict[str, Any]) -> None:
    plain = {
        "GET /metrics",
        "GET /api/events",
        "GET /api/media/{media_id}",
        "GET /api/conversations/{conversation_id}/photos/{seq}",
        "GET /api/returns/{return_id}/photos/{place}",
    }
    for name, operation in operations(schema):
        content = operation["responses"]["200"]["content"]
        if name in plain:
            continue
        assert content["application/json"]["schema"].get("$ref", "").startswith("#/components/schemas/"), name


def test_every_operation_tells_how_it_is_refused_in_the_one_shape(schema: dict[str, Any]) -> None:
    for name, operation in operations(schema):
        refusals = {status: answer for status, answer in operation["responses"].items() if status.startswith("4")}
        assert refusals, name
        for status, answer in refusals.items():
            shape = answer["content"]["application/json"]["schema"]
            assert shape == {"$ref": "#/components/schemas/ErrorBody"}, (name, status)


def test_every_write_under_a_session_names_its_refusals(schema: dict[str, Any]) -> None:
    for name, operation in operations(schema):
        if name.startswith("POST /api/") and name != "POST /api/sign-in":
            assert {"401", "403", "422", "500"} <= set(operation["responses"]), name


def test_every_shape_and_every_act_is_there(schema: dict[str, Any]) -> None:
    assert {name for name, _ in operations(schema)} == {
        "GET /health",
        "GET /ready",
        "GET /metrics",
        "POST /api/sign-in",
        "POST /api/sign-out",
        "GET /api/payments/transfers",
        "POST /api/payments/transfers",
        "POST /api/payments/transfers/statement",
        "POST /api/payments/transfers/{transfer_id}/decision",
        "GET /api/payments/reports",
        "POST /api/payments/reports/{report_id}/close",
        "GET /api/payments/open",
        "POST /api/payments/intents/{intent_id}/ask",
        "POST /api/payments/refunds/{refund_id}/ask",
        "POST /api/payments/refunds/{refund_id}/by-hand",
        "GET /api/payments/events",
        "GET /api/me",
        "GET /api/conversations",
        "GET /api/conversations/counts",
        "GET /api/conversations/{conversation_id}",
        "GET /api/conversations/{conversation_id}/shopping",
        "POST /api/conversations/{conversation_id}/take",
        "POST /api/conversations/{conversation_id}/messages",
        "POST /api/conversations/{conversation_id}/notes",
        "POST /api/conversations/{conversation_id}/drafts/{seq}/send",
        "POST /api/conversations/{conversation_id}/release",
        "POST /api/conversations/{conversation_id}/close",
        "GET /api/orders",
        "GET /api/orders/{number}",
        "GET /api/orders/{number}/address",
        "POST /api/orders/{number}/cancel",
        "POST /api/orders/{number}/ship",
        "POST /api/orders/{number}/paid",
        "GET /api/events",
        "GET /api/products",
        "GET /api/products/counts",
        "GET /api/products/{product_id}",
        "GET /api/products/{product_id}/history",
        "POST /api/products",
        "POST /api/products/bulk",
        "POST /api/products/{product_id}/edit",
        "POST /api/products/{product_id}/variants",
        "POST /api/products/{product_id}/prices",
        "POST /api/products/{product_id}/publish",
        "POST /api/products/{product_id}/draft",
        "POST /api/products/{product_id}/archive",
        "POST /api/products/{product_id}/pictures",
        "POST /api/products/{product_id}/pictures/arrange",
        "POST /api/products/{product_id}/pictures/{media_id}/crop",
        "GET /api/media/{media_id}",
        "GET /api/stock/low",
        "GET /api/variants/{variant_id}/movements",
        "POST /api/variants/{variant_id}/count",
        "POST /api/variants/{variant_id}/adjust",
        "POST /api/variants/{variant_id}/transfer",
        "POST /api/variants/{variant_id}/low-mark",
        "GET /api/locations",
        "POST /api/locations",
        "POST /api/locations/{location_id}/change",
        "POST /api/locations/{location_id}/close",
        "POST /api/locations/{location_id}/reopen",
        "GET /api/promotions",
        "POST /api/promotions",
        "POST /api/promotions/{promotion_id}",
        "POST /api/promotions/{promotion_id}/switch",
        "GET /api/price-lists",
        "POST /api/price-lists",
        "POST /api/price-lists/{price_list_id}",
        "GET /api/shipping-zones",
        "POST /api/shipping-zones",
        "POST /api/shipping-zones/{zone_id}",
        "GET /api/taxes",
        "POST /api/taxes",
        "POST /api/taxes/{tax_id}",
        "GET /api/weights/missing",
        "POST /api/weights",
        "POST /api/tax-classes",
        "GET /api/categories",
        "POST /api/categories",
        "POST /api/categories/{category_id}/rename",
        "POST /api/categories/{category_id}/move",
        "POST /api/categories/{category_id}/remove",
        "GET /api/searches",
        "GET /api/searches/days",
        "POST /api/me/chats/code",
        "POST /api/me/chats/unlink",
        "GET /api/conversations/{conversation_id}/photos/{seq}",
        "GET /api/returns/{return_id}/photos/{place}",
    }
    for name, shape in schema["components"]["schemas"].items():
        if shape.get("type") == "object":
            assert shape.get("description"), name
