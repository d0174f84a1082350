"""What may become of something sent to Telegram beside `Undeliverable` and `NotSent` (bot/delivery.py)."""


class Rejected(Exception):
    """Telegram will never take it as it is: `str` of this is what Telegram says about it."""


class Gone(Exception):
    """The message to edit is not there any more, or is of a kind that cannot become what it should."""


class Moved(Exception):
    """The group has become a supergroup, whose id is `to`: send it there."""

    def __init__(self, to: int) -> None:
        super().__init__(to)
        self.to = to
