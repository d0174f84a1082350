"""Money that passes through hands: cash on delivery, transfers that staff mark as received. Nobody to call."""

BY_HAND = frozenset({"cod"})
"""Providers of this kind: staff say when the money came and when it went back."""
