"""What the processes of bench/telegram_lives.py begin with."""

import bot.channels.telegram
import bot.telegram.channel  # noqa: F401 - loaded is all they are to be
from bench.telegram_lives import model

model()
