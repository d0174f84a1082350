"""Payment work that calls the outside, as jobs. Each is idempotent: it looks at the row and asks with the same key."""

from collections.abc import Awaitable, Callable

from commerce.payments.actions import LOOK_AT_EVENT, Till, look_at_event, look_at_intent, look_at_refund
from commerce.payments.ledger import CLOSE_INTENT, SUBMIT_REFUND
from foundation.database import JsonMap


async def close_intent(till: Till, payload: JsonMap) -> None:
    """Close a payment session at the provider, and take the late payment if that came first."""
    await look_at_intent(till, int(payload["intent_id"]))


async def submit_refund(till: Till, payload: JsonMap) -> None:
    """Send a refund to the provider."""
    await look_at_refund(till, int(payload["refund_id"]))


async def follow_event(till: Till, payload: JsonMap) -> None:
    """Look at what a webhook hinted at."""
    await look_at_event(till, int(payload["event_id"]))


JOBS: dict[str, Callable[[Till, JsonMap], Awaitable[None]]] = {
    CLOSE_INTENT: close_intent,
    SUBMIT_REFUND: submit_refund,
    LOOK_AT_EVENT: follow_event,
}
