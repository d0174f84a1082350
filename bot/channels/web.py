"""The web chat as a channel: the shopper's page reads the database, so what is stored as sent has been delivered."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WebChannel:
    """Streams of `bot/web/chat.py` send what is sent in the database; there is no network of ours in between."""

    name: str = "web"
    in_database: bool = True
