"""What every part of the staff's door needs, made once by `app.create_app` and handed on."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from admin_api.hub import Hub
from commerce.flash_sales.queue import Line
from foundation.database import Database
from foundation.encryption import Vault
from foundation.redis import Doorbell, Presence
from foundation.settings import Settings


@dataclass(frozen=True, slots=True)
class Desk:
    """The staff's side of one shop. `now` is the door's clock; tests hand in another."""

    settings: Settings
    database: Database
    vault: Vault
    doorbell: Doorbell
    hub: Hub
    presence: Presence
    line: Line
    now: Callable[[], datetime]
