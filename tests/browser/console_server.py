"""Console processes for browser tests.

The first imports the console, which takes seconds, and is never served: each line on its input is an environment as
JSON, for which it forks a console and prints its process id.
"""

import json
import os
import signal
import sys

import uvicorn
from fastapi import FastAPI

import admin_api.console.pages  # noqa: F401 - what a console loads while its first page is open
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


def serve(environment: dict[str, str]) -> None:
    """Be a console until we are ended. What it logs goes to the standard error: our output holds process ids."""
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.update(environment)
    port = int(environment["XIAOER_CONSOLE_PORT"])
    uvicorn.run(app(), port=port, log_level="warning", timeout_graceful_shutdown=1)


def main() -> None:
    """Fork a console for each line, until the input ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            serve(json.loads(line))
            os._exit(0)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
