"""The rules for returns as the staff writes them down."""

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.catalog.model import Product, Variant
from commerce.returns.actions import open_return
from commerce.returns.handling import approve
from commerce.returns.model import Kind, Return, ReturnPolicy, ReturnState
from commerce.returns.offers import Asked, Wish
from commerce.returns.policies import PolicyDraft, add_policy, change_policy
from commerce.returns.policy import Policy, policy_of
from foundation.errors import Refused
from tests.goods import a_product
from tests.returning import TERMS, Sold, a_delivered_order, lines_of_order, refunded

DRAFT = PolicyDraft(
    {"en": " Cups ", "zh": ""},
    (Kind.RETURN, Kind.RETURN),
    30,
    restocking_ppm=100_000,
    conditions={"en": " whole ", "zh": " "},
    product_ids=(7, 3, 7),
)


async def test_a_rule_holds_as_it_was_written_down_and_is_changed_from_the_version_that_was_seen(
    session: AsyncSession, now: datetime
) -> None:
    row = await add_policy(session, draft=DRAFT, now=now)
    rule = Policy(
        {"en": "Cups"},
        frozenset({Kind.RETURN}),
        30,
        id=row.id,
        restocking_ppm=100_000,
        conditions=(("en", "whole"),),
        product_ids=frozenset({3, 7}),
    )
    assert policy_of(row) == rule
    fewer = replace(DRAFT, window_days=15, once_per_order=True)
    await change_policy(session, policy_id=row.id, draft=fewer, version=1, now=now)
    assert policy_of(row) == replace(rule, window_days=15, once_per_order=True)
    with pytest.raises(Refused, match=r"return_policy\.changed"):
        await change_policy(session, policy_id=row.id, draft=DRAFT, version=1, now=now)
    with pytest.raises(Refused, match=r"return_policy\.unknown"):
        await change_policy(session, policy_id=row.id + 1, draft=DRAFT, version=1, now=now)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("window_days", replace(DRAFT, window_days=-1)),
        ("send_within_days", replace(DRAFT, send_within_days=0)),
        ("auto_limit", replace(DRAFT, auto_limit=-1)),
        ("name", replace(DRAFT, name={"en": " "})),
        ("kinds", replace(DRAFT, kinds=())),
        ("conditions", replace(DRAFT, conditions={"en": "x" * 501})),
    ],
)
async def test_a_rule_that_makes_no_sense_is_refused(
    session: AsyncSession, now: datetime, field: str, wrong: PolicyDraft
) -> None:
    with pytest.raises(Refused) as refused:
        await add_policy(session, draft=wrong, now=now)
    assert (refused.value.code, refused.value.facts) == ("return_policy.invalid", {"field": field})


async def test_what_is_digital_is_never_sent_back_or_mended_and_a_person_decides_about_its_money(
    session: AsyncSession, now: datetime
) -> None:
    lesson, tea = await a_product(session, now=now), await a_product(session, now=now)
    (await session.get_one(Product, (await session.get_one(Variant, lesson)).product_id)).is_digital = True
    order = await a_delivered_order(session, [Sold(lesson, 2, 5000), Sold(tea, 1, 3000)], now=now)
    session.add(ReturnPolicy(name={}, kinds=["return", "repair"], window_days=7, auto_limit=99900, updated_at=now))
    await session.flush()
    of_lesson, of_tea = (Asked(line.id, 1) for line in await lines_of_order(session, order))

    async def opened(*lines: Asked, kind: Kind = Kind.RETURN) -> Return:
        theirs, wish = order.customer_id, Wish(kind, lines)
        return await open_return(session, order_id=order.id, customer_id=theirs, wish=wish, terms=TERMS, now=now)

    with pytest.raises(Refused, match=r"returns\.kind_not_offered"):
        await opened(of_lesson, kind=Kind.REPAIR)
    assert (await opened(of_lesson, of_tea)).state is ReturnState.AWAITING_GOODS  # the tea is sent back
    alone = await opened(of_lesson)
    assert alone.state is ReturnState.REQUESTED
    assert [check["code"] for check in alone.checks if not check["ok"]] == ["returns.nothing_back"]
    await approve(session, return_id=alone.id, staff_id=1, limit=5000, reason="", terms=TERMS, now=now)
    assert (alone.state, alone.send_by, await refunded(session, order)) == (ReturnState.REFUND, None, 5000)
