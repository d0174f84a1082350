"""Money that needs no call: it passes through hands, or it stays inside the shop's own books."""

BY_HAND = frozenset({"cod", "transfer"})
"""Cash on delivery, bank transfers: staff say when the money came and when it went back."""

REFUNDED_BY_HAND = BY_HAND | {"telegram"}
"""Telegram takes cards for the shop and can give nothing back: the staff do, at the card company behind it."""

WHOLE_ONLY = frozenset({"stars"})
"""What goes back all at once or not at all: a part of it becomes store credit."""

TRANSFER = "transfer"
"""By whom money goes that a provider cannot send: it gives back only to what paid."""

CREDIT = "credit"
"""Store credit and gift cards: taken and given back in the transaction of its reason."""
