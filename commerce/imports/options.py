"""Options of a product, gathered from rows that each name one combination; shared by tables that are written so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from commerce.catalog.model import Names
from commerce.imports.goods import NewOption, NewVariant
from commerce.imports.shelf import Unreadable
from commerce.imports.texts import language_of


@dataclass(slots=True)
class Choices:
    """The options of one product by name, their values in the order of their first appearance.

    `names`: how an option or value is called in each language, where a table says so.
    """

    options: tuple[str, ...]
    values: list[list[str]] = field(default_factory=list)
    names: dict[str, Names] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.values = [[] for _ in self.options]

    def places(self, said: Mapping[str, str], before: Sequence[NewVariant], *, column: str) -> tuple[int, ...]:
        """The places of a row's values, new ones added. Raises Unreadable for a gap, and for a combination again."""
        for name in self.options:
            if not said.get(name):
                raise Unreadable(column, f"the variant says nothing about {name[:60]}")
        found = [(known, said[name]) for name, known in zip(self.options, self.values, strict=True)]
        places = tuple(known.index(value) if value in known else len(known) for known, value in found)
        if any(variant.values == places for variant in before):
            raise Unreadable(column, "the product has this combination already")
        return places

    def keep(self, said: Mapping[str, str]) -> None:
        """Take the values of a row that is taken over."""
        for name, known in zip(self.options, self.values, strict=True):
            if said[name] not in known:
                known.append(said[name])

    def as_options(self) -> tuple[NewOption, ...]:
        """The options as the shelf knows them."""
        return tuple(
            NewOption(self._named(name), tuple(self._named(value) for value in values))
            for name, values in zip(self.options, self.values, strict=True)
        )

    def _named(self, text: str) -> Names:
        return self.names.get(text) or {language_of(text): text}
