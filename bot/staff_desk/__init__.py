"""The staff's groups in Telegram, free of its library: topics that follow conversations, and what is written there."""
