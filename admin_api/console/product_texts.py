"""Texts in both languages side by side, and the facts beside the options."""

from collections.abc import Callable
from functools import partial

from nicegui import ui

from admin_api.console.goods_fields import text_field
from admin_api.console.looks import box, button, icon_button, words
from admin_api.console.product_draft import LANGUAGES, FactDraft, TextDraft
from admin_api.console.product_editing import Editing
from commerce.merchandising.actions import LONGEST_BODY, LONGEST_TITLE, MOST_ATTRIBUTES


class TextsPart:
    """Title and description, Chinese beside English."""

    def __init__(self, editing: Editing) -> None:
        self.editing = editing
        with box("part"):
            words(editing.visit.t("Texts"), "part-title")
            self.box = box("two-languages")
        self.shown: dict[str, TextDraft] | None = None
        self.draw()

    def draw(self) -> None:
        """Show the draft, where it is not what stands there already."""
        texts = self.editing.draft.texts
        if self.shown == texts:
            return
        self.shown = {lang: text.model_copy() for lang, text in texts.items()}
        self.box.clear()
        with self.box:
            for lang in LANGUAGES:
                self._language(lang)

    def _language(self, lang: str) -> None:
        t, text = self.editing.visit.t, self.editing.draft.texts[lang]
        language = "zh-CN" if lang == "zh" else "en"
        with box("language").props(f"lang={language} data-lang={lang}"):
            words(t("Chinese") if lang == "zh" else t("English"), "language-name")
            title = text_field(t("Title"), text.title, partial(self._typed, lang, "title"), longest=LONGEST_TITLE)
            body = text_field(
                t("Description"), text.body, partial(self._typed, lang, "body"), long=True, longest=LONGEST_BODY
            )
        if not self.editing.may_edit:
            title.props("readonly")
            body.props("readonly")

    def _typed(self, lang: str, name: str, value: str) -> None:
        setattr(self.editing.draft.texts[lang], name, value)
        if self.shown is not None:
            setattr(self.shown[lang], name, value)
        self.editing.touched()


class FactsPart:
    """Attributes in both languages: rows to add, to move and to take away."""

    def __init__(self, editing: Editing) -> None:
        self.editing = editing
        t = editing.visit.t
        with box("part"):
            words(t("Attributes"), "part-title")
            self.box = box("fact-rows")
            if editing.may_edit:
                button(t("Add an attribute"), "small", "add").on("click", self._add)
        self.shown: list[FactDraft] | None = None
        self.last: ui.input | ui.textarea
        self.draw()

    def draw(self) -> None:
        """Show the draft, where it is not what stands there already."""
        facts = self.editing.draft.facts
        if self.shown == facts:
            return
        self.shown = [fact.model_copy(deep=True) for fact in facts]
        t = self.editing.visit.t
        self.box.clear()
        with self.box:
            if not facts:
                words(t("For example material, origin or size: shoppers ask for them in the chat."), "part-hint")
            for place, fact in enumerate(facts):
                self._row(place, fact)

    def _row(self, place: int, fact: FactDraft) -> None:
        t = self.editing.visit.t
        with box("fact-row"):
            with box("fact-fields"):
                for names, kind in ((fact.name, "Name"), (fact.value, "Value")):
                    for lang in LANGUAGES:
                        label = f"{t('Attribute') if kind == 'Name' else t('Value')} ({t(lang)})"
                        field = text_field(
                            label,
                            names.get(lang, ""),
                            partial(self._typed, place, kind, lang),
                            is_named=False,
                            longest=200,
                            placeholder=label,
                        )
                        if not self.editing.may_edit:
                            field.props("readonly")
                        if kind == "Name" and lang == LANGUAGES[0]:
                            self.last = field
            if self.editing.may_edit:
                row_buttons(self.editing, place, len(self.editing.draft.facts), self._move, self._remove)

    def _typed(self, place: int, kind: str, lang: str, value: str) -> None:
        for facts in (self.editing.draft.facts, self.shown or []):
            fact = facts[place]
            (fact.name if kind == "Name" else fact.value)[lang] = value
        self.editing.touched()

    def _add(self) -> None:
        if len(self.editing.draft.facts) < MOST_ATTRIBUTES:
            self.editing.draft.facts.append(FactDraft())
            self._changed()
            self.last.run_method("focus")

    def _move(self, place: int, by: int) -> None:
        facts = self.editing.draft.facts
        facts.insert(place + by, facts.pop(place))
        self._changed()

    def _remove(self, place: int) -> None:
        self.editing.draft.facts.pop(place)
        self._changed()

    def _changed(self) -> None:
        self.draw()
        self.editing.touched()


def row_buttons(
    editing: Editing, place: int, count: int, move: Callable[[int, int], None], remove: Callable[[int], None]
) -> None:
    """Up, down and away for a row of a list."""
    t = editing.visit.t
    with box("row-buttons"):
        up = icon_button("arrow_upward", t("Move up"), "tiny")
        up.on("click", lambda: move(place, -1))
        down = icon_button("arrow_downward", t("Move down"), "tiny")
        down.on("click", lambda: move(place, 1))
        if place == 0:
            up.props("disabled")
        if place == count - 1:
            down.props("disabled")
        icon_button("delete", t("Remove"), "tiny").on("click", lambda: remove(place))
