"""Telegram for shoppers, free of the library that speaks to it (bot/channels/telegram.py)."""
