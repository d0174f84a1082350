"""The description of the admin API is complete: a program can be written from it alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from admin_api.app import create_app
from foundation.database import Database
from foundation.encryption import Vault
from foundation.redis import Doorbell
from foundation.settings import Settings

OPERATIONS = Path(__file__).with_name("openapi_operations.txt")
"""Programs are written against these: none goes away unseen, and a new one is written down here."""
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
        "GET /api/parcels/{parcel_id}/slip",
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
    assert sorted(name for name, _ in operations(schema)) == OPERATIONS.read_text().splitlines()
    for name, shape in schema["components"]["schemas"].items():
        if shape.get("type") == "object":
            assert shape.get("description"), name
