"""Which group of the staff a conversation goes to."""

from collections.abc import Sequence

from conversations.staff_chats import StaffGroup, Subject
from conversations.topics import ERASED, Stand

_SHOPPING = {"search_products", "refine_search", "add_to_cart", "change_cart", "checkout"}


def subject_of(stand: Stand) -> Subject:
    """What the shopper was about when a person was called: buying, or an order they have."""
    handoff = stand.handoff or {}
    if _SHOPPING & set(handoff.get("at_work") or ()):
        return Subject.SHOPPING
    return Subject.AFTER_SALES if "order" in handoff or "return" in handoff else Subject.SHOPPING


def group_for(stand: Stand, groups: Sequence[StaffGroup]) -> StaffGroup | None:
    """The group that has the topic already, else the one whose team fits best; any is better than none.

    A group in trouble gets nothing while there is another; what is to be erased is where it is.
    """
    if stand.rev == ERASED:
        return next((group for group in groups if group.id == stand.group_id), None)
    working = [group for group in groups if group.trouble is None] or groups
    home = [group for group in working if stand.is_open and group.id == stand.group_id]
    return next(iter(home), None) or max(working, key=lambda group: _fit(stand, group), default=None)


def _fit(stand: Stand, group: StaffGroup) -> tuple[int, int]:
    wanted = ((group.language, stand.language), (group.subject, subject_of(stand)))
    wrong = sum(mine is not None and mine != its for mine, its in wanted)
    right = sum(mine == its for mine, its in wanted)
    return -wrong, right
