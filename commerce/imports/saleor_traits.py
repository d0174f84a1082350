"""What a Saleor fixture says in words: names in several languages, rich texts, attributes as facts and as options."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from commerce.catalog.model import Names
from commerce.imports import saleor_file as file
from commerce.imports.goods import NewOption
from commerce.imports.texts import language_code, language_of, one_line, plain_text
from foundation.errors import Json

_DEEPEST_LIST = 5
_TRANSLATIONS: dict[str, tuple[str, Callable[[file.Translation], file.Key | None]]] = {
    "category": ("product.categorytranslation", lambda one: one.category),
    "product": ("product.producttranslation", lambda one: one.product),
    "attribute": ("attribute.attributetranslation", lambda one: one.attribute),
    "value": ("attribute.attributevaluetranslation", lambda one: one.attribute_value),
}


@dataclass(frozen=True, slots=True)
class Named:
    """The translations of a file, by what they translate and its key."""

    known: Mapping[tuple[str, file.Key], Sequence[file.Translation]]

    @classmethod
    def of(cls, fixture: file.Fixture) -> "Named":
        """All translations of a fixture."""
        known: dict[tuple[str, file.Key], list[file.Translation]] = defaultdict(list)
        for what, (table, key) in _TRANSLATIONS.items():
            for one in fixture.table(table, file.Translation).values():
                of = key(one)
                if of is not None:
                    known[what, of].append(one)
        return cls(known)

    def translations(self, what: str, key: file.Key) -> Sequence[file.Translation]:
        """The translations of one record."""
        return self.known.get((what, key), ())

    def of_record(self, what: str, key: file.Key, name: str) -> Names:
        """A name in all languages, the shop's own first."""
        own = one_line(name)
        names = {language_of(own): own}
        for one in self.translations(what, key):
            language, other = language_code(one.language_code), one_line(one.name)
            if language and other:
                names.setdefault(language, other)
        return names


@dataclass(frozen=True, slots=True)
class Choices:
    """The options of a product, and for each of its variants the places of its values."""

    options: tuple[NewOption, ...]
    values: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Traits:
    """The attributes of products and variants: for each, the values it has by attribute."""

    named: Named
    attributes: Mapping[file.Key, file.Attribute]
    of_products: Mapping[file.Key, Mapping[file.Key, Sequence[file.AttributeValue]]]
    of_variants: Mapping[file.Key, Mapping[file.Key, Sequence[file.AttributeValue]]]

    @classmethod
    def of(cls, fixture: file.Fixture, named: Named) -> "Traits":
        """The attributes of a fixture."""
        values = fixture.table("attribute.attributevalue", file.AttributeValue)
        of_products: _Assigned = defaultdict(lambda: defaultdict(list))
        older = fixture.table("attribute.assignedproductattribute", file.ProductAssignment)
        for one in fixture.table("attribute.assignedproductattributevalue", file.AssignedToProduct).values():
            product = one.product
            if product is None and one.assignment in older:
                product = older[one.assignment].product
            if product is not None and one.value in values:
                of_products[product][values[one.value].attribute].append(values[one.value])
        of_variants: _Assigned = defaultdict(lambda: defaultdict(list))
        assignments = fixture.table("attribute.assignedvariantattribute", file.VariantAssignment)
        kinds = fixture.table("attribute.attributevariant", file.VariantAttribute)
        for to in fixture.table("attribute.assignedvariantattributevalue", file.AssignedToVariant).values():
            if to.assignment not in assignments or to.value not in values:
                continue
            assigned = assignments[to.assignment]
            if assigned.assignment not in kinds or kinds[assigned.assignment].variant_selection:
                of_variants[assigned.variant][values[to.value].attribute].append(values[to.value])
        return cls(named, fixture.table("attribute.attribute", file.Attribute), of_products, of_variants)

    def facts(self, product: file.Key) -> Iterator[tuple[Names, Names]]:
        """The facts about a product, several values of one attribute together."""
        for key, values in self.of_products.get(product, {}).items():
            attribute = self.attributes.get(key)
            if attribute is None or not attribute.visible_in_storefront:
                continue
            said = [self._value(value) for value in values]
            languages = dict.fromkeys(language for names in said for language in names)
            joined = {
                language: ", ".join(names.get(language) or next(iter(names.values())) for names in said)
                for language in languages
            }
            yield self.named.of_record("attribute", key, attribute.name), joined

    def choices(self, variants: Sequence[file.Variant]) -> Choices:
        """The options that tell variants apart: their attributes, or their names where attributes do not tell."""
        chosen = [{key: of[0] for key, of in self.of_variants.get(one.pk, {}).items()} for one in variants]
        keys = list(dict.fromkeys(key for choice in chosen for key in choice))
        told_apart = {tuple(choice[key].pk for key in keys) for choice in chosen if len(choice) == len(keys)}
        if len(told_apart) < len(variants):
            return _by_name(variants)
        options: list[NewOption] = []
        places: list[list[int]] = [[] for _ in variants]
        for key in keys:
            values = {choice[key].pk: choice[key] for choice in chosen}.values()
            in_order = sorted(values, key=lambda value: (value.sort_order or 0, value.line))
            name = self.attributes[key].name if key in self.attributes else str(key)
            answers = tuple(self._value(value) for value in in_order)
            options.append(NewOption(self.named.of_record("attribute", key, name), answers))
            for place, choice in zip(places, chosen, strict=True):
                place.append(in_order.index(choice[key]))
        return Choices(tuple(options), tuple(map(tuple, places)))

    def _value(self, value: file.AttributeValue) -> Names:
        if value.boolean is not None:
            return {"en": "Yes", "zh": "是"} if value.boolean else {"en": "No", "zh": "否"}
        if value.rich_text:
            text = " ".join(prose(value.rich_text).split())
            return {language_of(text): text}
        return self.named.of_record("value", value.pk, value.name)


_Assigned = defaultdict[file.Key, defaultdict[file.Key, list[file.AttributeValue]]]


def _by_name(variants: Sequence[file.Variant]) -> Choices:
    if len(variants) == 1:
        return Choices((), ((),))
    names: list[str] = []
    for one in variants:
        name = one_line(one.name) or one_line(one.sku) or str(one.pk)
        names.append(name if name not in names else f"{name} ({one.pk})")
    option = NewOption({"en": "Variant", "zh": "款式"}, tuple({language_of(name): name} for name in names))
    return Choices((option,), tuple((place,) for place in range(len(names))))


def prose(rich_text: Json) -> str:
    """The plain text of what Saleor's editor wrote (EditorJS): a paragraph a block, a bullet an item of a list."""
    if isinstance(rich_text, str):
        try:
            rich_text = json.loads(rich_text)
        except (ValueError, RecursionError):
            return plain_text(rich_text)
    blocks = rich_text.get("blocks") if isinstance(rich_text, dict) else None
    paragraphs = [_block(block.get("data")) for block in blocks or () if isinstance(block, dict)]
    return "\n\n".join(filter(None, paragraphs))


def _block(data: Json) -> str:
    if not isinstance(data, dict):
        return ""
    texts = [data[key] for key in ("text", "caption") if isinstance(data.get(key), str)]
    said = [plain_text(text) for text in texts]
    return "\n".join(filter(None, [*said, *_items(data.get("items"), 0)]))


def _items(items: Json, depth: int) -> Iterator[str]:
    """The items of a list, those of a nested one indented behind theirs."""
    for item in items if isinstance(items, list) and depth < _DEEPEST_LIST else ():
        content = item if isinstance(item, str) else item.get("content") if isinstance(item, dict) else None
        if isinstance(content, str):
            yield f"{'  ' * depth}• {one_line(content)}"
        if isinstance(item, dict):
            yield from _items(item.get("items"), depth + 1)
