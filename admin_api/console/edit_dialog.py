"""A form in a dialog, for something that is made or edited."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from nicegui import ui

from admin_api.console.dialogs import put_away
from admin_api.console.looks import box, button, words
from admin_api.console.price_fields import Wrong
from admin_api.console.visit import Visit
from admin_api.roles import StaffMember

Saved = TypeVar("Saved")
Save = Callable[[StaffMember], Awaitable[Saved]]


class EditDialog(ABC, Generic[Saved]):
    """`open` gives what was saved, or None. `done`: the word on the button that saves."""

    def __init__(self, visit: Visit, title: str, text: str = "", *, done: str = "") -> None:
        self.visit, t = visit, visit.t
        with visit.client, ui.dialog() as self.dialog, box("dialog broad").props("role=dialog"):
            words(title, "dialog-title")
            if text:
                words(text, "dialog-text")
            self.draw()
            with box("dialog-foot"):
                button(t("Cancel"), "plain").on("click", lambda: self.dialog.submit(None))
                button(done or t("Save"), "primary").on("click", self._submit)
        self.fit()

    @abstractmethod
    def draw(self) -> None:
        """The fields."""

    @abstractmethod
    def saving(self) -> Save[Saved]:
        """Read the fields; what saves them. Raises Wrong."""

    def fit(self) -> None:
        """Show the fields that go with what is chosen in others."""

    async def open(self) -> Saved | None:
        """Wait for the person."""
        saved: Saved | None = await self.dialog
        put_away(self.dialog)
        return saved

    async def _submit(self) -> None:
        try:
            save = self.saving()
        except Wrong:
            return
        saved = await self.visit.attempt(save)
        if saved is not None:
            self.dialog.submit(saved)
