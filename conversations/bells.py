"""The doorbells that ring when there is something new. A bell only makes things quick: everybody also looks."""

STAFF = "staff"
"""The staff's screens: something changed that the event table tells. Also the staff's group in `Presence`."""
DELIVERY = "delivery"
"""The bot: something is queued for channels with a network, or there are announcements to tell."""


def conversation_bell(conversation_id: int) -> str:
    """The shopper's own stream of one conversation."""
    return f"conversation:{conversation_id}"
