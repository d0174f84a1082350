"""The names of the doorbells that ring when something is new."""


def conversation_bell(conversation_id: int) -> str:
    """Rings when a conversation has something new to read."""
    return f"conversation:{conversation_id}"
