"""Keeping the shop's rules for returns: rows of `return_policy`, edited by the staff."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commerce.returns.model import ReturnPolicy
from commerce.returns.policy import FOR_WHAT, Rules
from foundation.errors import Refused

LONGEST_NAME = 120
LONGEST_CONDITION = 500


@dataclass(frozen=True, slots=True)
class PolicyDraft(Rules):
    """What the staff writes down."""

    active: bool = True
    position: int = 0
    conditions: dict[str, str] | None = None
    category_ids: tuple[int, ...] = ()
    product_ids: tuple[int, ...] = ()
    excluded_category_ids: tuple[int, ...] = ()
    excluded_product_ids: tuple[int, ...] = ()


async def return_policies(session: AsyncSession) -> Sequence[ReturnPolicy]:
    """All rows, also those that are off, in the order in which they are asked."""
    found = select(ReturnPolicy).order_by(ReturnPolicy.position, ReturnPolicy.id)
    return (await session.scalars(found)).all()


async def add_policy(session: AsyncSession, *, draft: PolicyDraft, now: datetime) -> ReturnPolicy:
    """One more rule. From the first about a kind on, the default of that kind counts no more.

    Raises Refused("return_policy.invalid", field=...).
    """
    row = ReturnPolicy(**_columns(draft), version=1, updated_at=now)
    session.add(row)
    await session.flush()
    return row


async def change_policy(
    session: AsyncSession, *, policy_id: int, draft: PolicyDraft, version: int, now: datetime
) -> ReturnPolicy:
    """Write a rule anew, from the `version` that was seen. Returns that are open keep the one they were opened under.

    Raises Refused: return_policy.unknown, return_policy.changed, return_policy.invalid (`field`).
    """
    row = await session.get(ReturnPolicy, policy_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise Refused("return_policy.unknown", policy=policy_id)
    if row.version != version:
        raise Refused("return_policy.changed", policy=policy_id)
    for name, value in _columns(draft).items():
        setattr(row, name, value)
    row.version += 1
    row.updated_at = now
    await session.flush()
    return row


def _columns(draft: PolicyDraft) -> dict[str, object]:
    _refuse(draft)
    columns = asdict(draft)
    columns["kinds"] = [kind.value for kind in dict.fromkeys(draft.kinds)]
    columns["name"] = {language: text.strip() for language, text in draft.name.items() if text.strip()}
    columns["conditions"] = {code: text.strip() for code, text in (draft.conditions or {}).items() if text.strip()}
    for ids in FOR_WHAT:
        columns[ids] = sorted(set(columns[ids]))
    return columns


def _refuse(draft: PolicyDraft) -> None:
    limits = {
        "window_days": (draft.window_days, 0, 3650),
        "send_within_days": (draft.send_within_days, 1, 365),
        "restocking_ppm": (draft.restocking_ppm, 0, 1_000_000),
        "auto_limit": (draft.auto_limit or 0, 0, 10**12),
        "position": (draft.position, 0, 10_000),
    }
    wrong = [name for name, (value, least, most) in limits.items() if not least <= value <= most]
    names = [text for text in draft.name.values() if text.strip()]
    if not names or any(len(text) > LONGEST_NAME for text in names):
        wrong.append("name")
    if not draft.kinds:
        wrong.append("kinds")
    if any(len(text) > LONGEST_CONDITION for text in (draft.conditions or {}).values()):
        wrong.append("conditions")
    if wrong:
        raise Refused("return_policy.invalid", field=wrong[0])
