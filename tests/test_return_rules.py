"""The rules for returns as the staff writes them down."""

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.returns.model import Kind
from commerce.returns.policies import PolicyDraft, add_policy, change_policy
from commerce.returns.policy import Policy, policy_of
from foundation.errors import Refused

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
