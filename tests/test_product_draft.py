"""What is typed in the editor of a product: told apart from what was read, put over what others saved, priced."""

import pytest

from admin_api.console.bulk_dialog import Wish, bulk_form
from admin_api.console.product_draft import (
    Draft,
    FactDraft,
    OptionDraft,
    TextDraft,
    ValueDraft,
    VariantDraft,
    edit_form,
    merged,
    missing_combinations,
    price_of,
    variants_form,
)
from foundation.errors import Refused


def draft() -> Draft:
    return Draft(
        handle="mug",
        category_id=0,
        free_shipping=False,
        is_digital=False,
        dispatch_days="1",
        texts={"zh": TextDraft(title="杯子"), "en": TextDraft(title="Mug", body="For tea.")},
        facts=[FactDraft(name={"en": "Height"}, value={"en": "9 cm"})],
        options=[OptionDraft(id=1, name={"en": "Colour"}, values=[ValueDraft(id=1, name={"en": "Red"})])],
        variants=[
            VariantDraft(id=7, sku="M-1", price="68.00", values=[0]),
            VariantDraft(id=8, sku="M-2", price="70.00", active=False, values=[None]),
        ],
    )


def test_what_was_typed_lies_over_what_others_saved_and_the_rest_is_theirs() -> None:
    mine, theirs = draft(), draft()
    mine.texts["en"].title = "Big mug"
    mine.variants[0].price = "72"
    theirs.texts["en"].body = "For coffee."
    theirs.variants[0].sku = "M-1-NEW"
    theirs.category_id = 3
    both = merged(draft(), mine, theirs)
    assert both.texts["en"] == TextDraft(title="Big mug", body="For coffee.")
    assert both.variants[0] == VariantDraft(id=7, sku="M-1-NEW", price="72", values=[0])
    assert both.category_id == 3


def test_rows_that_somebody_added_stay_and_what_both_changed_is_mine() -> None:
    mine, theirs = draft(), draft()
    mine.facts.append(FactDraft(name={"en": "Weight"}, value={"en": "300 g"}))
    mine.handle, theirs.handle = "big-mug", "large-mug"
    theirs.variants.append(VariantDraft(id=9, sku="M-3", price="80.00", values=[0]))
    both = merged(draft(), mine, theirs)
    assert [fact.name["en"] for fact in both.facts] == ["Height", "Weight"]
    assert [variant.id for variant in both.variants] == [7, 8, 9]
    assert both.handle == "big-mug"


def test_only_what_was_changed_is_sent() -> None:
    mine = draft()
    assert edit_form(draft(), mine, version=4) is None
    assert variants_form(draft(), mine, version=4, currency="CNY") is None
    mine.texts["zh"].title = "大杯子"
    mine.facts.append(FactDraft(name={"en": " "}))
    form = edit_form(draft(), mine, version=4)
    assert form is not None
    assert form.model_dump(exclude_unset=True) == {
        "version": 4,
        "texts": {"zh": {"title": "大杯子", "body": ""}},
        "facts": [{"name": {"en": "Height"}, "value": {"en": "9 cm"}}],
    }


def test_an_attribute_needs_a_name_and_a_value() -> None:
    mine = draft()
    mine.facts.append(FactDraft(name={"zh": "产地"}))
    with pytest.raises(Refused) as refusal:
        edit_form(draft(), mine, version=4)
    assert refusal.value.code == "product.fact_half"


def test_a_variant_that_lost_its_value_is_left_as_it_is_until_it_shall_be_sold_again() -> None:
    mine = draft()
    mine.variants[0].price = "72"
    form = variants_form(draft(), mine, version=4, currency="CNY")
    assert form is not None
    assert [(one.id, one.price, one.values) for one in form.variants] == [(7, 7200, [0])]
    mine.variants[1].active = True
    with pytest.raises(Refused) as refusal:
        variants_form(draft(), mine, version=4, currency="CNY")
    assert refusal.value.code == "variant.values_invalid"


@pytest.mark.parametrize(
    ("typed", "currency", "amount"),
    [("68", "CNY", 6800), (" ¥1,068.5 ", "CNY", 106850), ("￥9", "CNY", 900), ("500", "JPY", 500), ("0", "CNY", 0)],
)
def test_prices_are_read_as_people_write_them(typed: str, currency: str, amount: int) -> None:
    assert price_of(typed, currency) == amount


@pytest.mark.parametrize("typed", ["", "9x", "-1", "1.005", "1e9", "∞", "1 000"])
def test_what_is_no_price_is_refused(typed: str) -> None:
    with pytest.raises(Refused) as refusal:
        price_of(typed, "CNY")
    assert refusal.value.code == "variant.price_invalid"


def test_combinations_that_no_variant_has_are_found() -> None:
    two = draft()
    two.options = [OptionDraft(values=[ValueDraft(), ValueDraft()]), OptionDraft(values=[ValueDraft(), ValueDraft()])]
    two.variants = [VariantDraft(values=[0, 1]), VariantDraft(values=[1, 0])]
    assert missing_combinations(two) == [[0, 0], [1, 1]]


def test_a_change_of_many_is_read_from_the_dialog() -> None:
    form = bulk_form(Wish(price="percent", by="-12.5%", whole=True, shelf="0", counted="8"), {3: 1, 4: 7}, "CNY")
    assert form.model_dump(exclude_unset=True) == {
        "ids": [3, 4],
        "versions": {3: 1, 4: 7},
        "category_id": None,
        "price": {"percent": -1250, "step": 100},
        "counted": 8,
    }


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (Wish(), "bulk.empty"),
        (Wish(price="percent", by="-100"), "price.change_invalid"),
        (Wish(price="amount", by="ten"), "price.change_invalid"),
        (Wish(counted="-1"), "stock.quantity"),
        (Wish(counted="9" * 12), "request.invalid"),
    ],
)
def test_a_change_of_many_that_says_nothing_usable_is_refused(wish: Wish, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        bulk_form(wish, {3: 1}, "CNY")
    assert refusal.value.code == code
