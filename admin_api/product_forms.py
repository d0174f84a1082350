"""What the staff sends about products. Every change names the `version` of the product it was made from."""

from typing import Annotated

from pydantic import BaseModel, Field

from admin_api.shapes import LARGEST_ID, Words
from commerce.catalog.model import ProductStatus
from commerce.merchandising.actions import NO_CATEGORY, Edit, Fact, Text
from commerce.merchandising.bulk import Change, PriceChange
from commerce.merchandising.pictures import Placed
from commerce.merchandising.variants import NewPrice, OptionDraft, ValueDraft, VariantDraft

Version = Annotated[int, Field(ge=1, le=LARGEST_ID, description="The product's version as it was read.")]
Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Language = Annotated[Words, Field(min_length=2, max_length=8, pattern=r"^[a-zA-Z]{2,3}(-[a-zA-Z0-9]+)*$")]
Name = dict[Language, Annotated[Words, Field(max_length=200)]]
Amount = Annotated[int, Field(ge=0, le=10**15, description="In minor units (分, cents).")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217.")]
Sku = Annotated[Words, Field(min_length=1, max_length=100)]


class TextForm(BaseModel):
    """Title and description (plain text) in one language; an empty title takes the language away."""

    title: Annotated[Words, Field(max_length=300)]
    body: Annotated[Words, Field(max_length=20_000)] = ""

    def text(self) -> Text:
        """As commerce takes it."""
        return Text(self.title, self.body)


class FactForm(BaseModel):
    """A fact beside the options: name and value in each language."""

    name: Name
    value: Name


class Editing(BaseModel):
    """What to change of a product; what is left out stays. A category of null takes it off its shelf."""

    handle: Annotated[Words, Field(min_length=1, max_length=100)] | None = None
    category_id: Id | None = None
    free_shipping: bool | None = None
    is_digital: Annotated[bool, Field(description="Nothing is sent: a licence, a voucher, a lesson.")] | None = None
    dispatch_days: Annotated[int, Field(ge=0, le=365, description="Days.")] | None = None
    texts: dict[Language, TextForm] | None = None
    facts: Annotated[list[FactForm], Field(max_length=60, description="All of them, in order.")] | None = None

    def edit(self, *, with_texts: bool = True) -> Edit:
        """As commerce takes it."""
        shelf = NO_CATEGORY if "category_id" in self.model_fields_set and self.category_id is None else self.category_id
        return Edit(
            handle=self.handle,
            category_id=shelf,
            free_shipping=self.free_shipping,
            is_digital=self.is_digital,
            dispatch_days=self.dispatch_days,
            texts={lang: one.text() for lang, one in (self.texts or {}).items()} if with_texts else None,
            attributes=None if self.facts is None else [Fact(fact.name, fact.value) for fact in self.facts],
        )


class ProductForm(Editing):
    """A new product: a draft with one variant. Without a price it is 0 and cannot be sold yet."""

    price: Amount = 0
    sku: Sku | None = None


class EditForm(Editing):
    """A change of a product."""

    version: Version


class VersionForm(BaseModel):
    """Which state of the product this is about."""

    version: Version


class ValueForm(BaseModel):
    """An answer to a choice; without an id it is a new one."""

    name: Name
    id: Id | None = None


class OptionForm(BaseModel):
    """A choice with all its answers in order; without an id it is a new one."""

    name: Name
    values: Annotated[list[ValueForm], Field(max_length=100)]
    id: Id | None = None


class VariantForm(BaseModel):
    """A variant; without an id it is a new one. `values`: for each option the place of its answer, from 0."""

    values: Annotated[list[Annotated[int, Field(ge=0, le=99)]], Field(max_length=5)] = []
    price: Amount
    sku: Sku | None = None
    active: bool = True
    id: Id | None = None


class VariantsForm(BaseModel):
    """All options and variants in order. What is left out is taken away, or made inactive where it was ever sold."""

    version: Version
    options: Annotated[list[OptionForm], Field(max_length=5)]
    variants: Annotated[list[VariantForm], Field(max_length=250)]

    def option_drafts(self) -> list[OptionDraft]:
        """As commerce takes them."""
        return [
            OptionDraft(one.name, [ValueDraft(value.name, value.id) for value in one.values], one.id)
            for one in self.options
        ]

    def variant_drafts(self) -> list[VariantDraft]:
        """As commerce takes them."""
        return [VariantDraft(one.values, one.price, one.sku, one.active, one.id) for one in self.variants]


class PriceForm(BaseModel):
    """What a variant costs; in another currency than it is sold in, null takes the price away."""

    variant_id: Id
    amount: Amount | None
    currency: Currency | None = None


class PricesForm(BaseModel):
    """New prices of variants of one product."""

    version: Version
    prices: Annotated[list[PriceForm], Field(min_length=1, max_length=1000)]

    def new_prices(self) -> list[NewPrice]:
        """As commerce takes them."""
        return [NewPrice(one.variant_id, one.amount, one.currency) for one in self.prices]


class PictureForm(BaseModel):
    """A picture of the whole product (`for_all`), of some variants, or of both; `alt` says what it shows."""

    media_id: Id
    for_all: bool = True
    variant_ids: Annotated[list[Id], Field(max_length=250)] = []
    alt: Name = {}


class PicturesForm(BaseModel):
    """All pictures of a product in order; those left out are taken off."""

    version: Version
    pictures: Annotated[list[PictureForm], Field(max_length=50)]

    def placed(self) -> list[Placed]:
        """As commerce takes them."""
        return [Placed(one.media_id, one.for_all, one.variant_ids, one.alt) for one in self.pictures]


Pixels = Annotated[int, Field(ge=0, le=100_000)]


class CropForm(BaseModel):
    """The square to keep, in pixels of the picture as people see it."""

    version: Version
    left: Pixels
    top: Pixels
    side: Pixels


class PriceChangeForm(BaseModel):
    """Either percent (in hundredths: -1250 is 12.5 % less) or an amount in minor units; rounded to whole steps."""

    percent: Annotated[int, Field(gt=-10_000, le=100_000)] | None = None
    amount: Annotated[int, Field(ge=-(10**15), le=10**15)] | None = None
    currency: Currency | None = None
    step: Annotated[int, Field(ge=1, le=10**9, description="Minor units; 100 gives whole yuan.")] = 1


class BulkForm(BaseModel):
    """One change of many products; what is left out stays. A category of null takes them off their shelf.

    `versions`: those of the products as they were read, by id. Name them with every change of prices by percent or
    amount: then the same request sent again is refused (product.changed) and changes nothing.
    """

    ids: Annotated[list[Id], Field(min_length=1, max_length=1000)]
    versions: Annotated[dict[Id, Version], Field(max_length=1000)] | None = None
    category_id: Id | None = None
    price: PriceChangeForm | None = None
    status: ProductStatus | None = None
    free_shipping: bool | None = None
    counted: Annotated[int, Field(ge=0, le=10**9, description="So many lie there of every variant.")] | None = None

    def change(self) -> Change:
        """As commerce takes it."""
        shelf = NO_CATEGORY if "category_id" in self.model_fields_set and self.category_id is None else self.category_id
        asked = self.price
        price = PriceChange(asked.percent, asked.amount, asked.currency, asked.step) if asked else None
        return Change(shelf, price, self.status, self.free_shipping, self.counted)
