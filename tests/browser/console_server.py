"""A console process for browser tests: uvicorn loads `app` with the environment of the test."""

from fastapi import FastAPI

from admin_api.app import create_app
from foundation.database import Database
from foundation.encryption import read_keys
from foundation.redis import Doorbell, connect
from foundation.settings import Settings


def app() -> FastAPI:
    """The real application on the database that the test filled."""
    settings = Settings()
    assert settings.database_url is not None
    assert settings.encryption_keys is not None
    vault = read_keys(settings.data_dir, settings.encryption_keys.get_secret_value())
    return create_app(
        settings,
        database=Database(settings.database_url, vault),
        vault=vault,
        doorbell=Doorbell(connect(settings.redis_url)),
    )
