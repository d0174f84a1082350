"""The updates of one bot: fetched by getUpdates or brought to its webhook, as the real server does it."""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from urllib.parse import SplitResult, urlsplit

import aiohttp

from tests.telegram_server.clock import Clock
from tests.telegram_server.errors import ApiError, Obj, bad
from tests.telegram_server.faults import Faults
from tests.telegram_server.limits import LIVES, MESSAGE_LIFE
from tests.telegram_server.params import Params

NOT_UNLESS_ASKED = ("chat_member", "message_reaction")
ALWAYS = (
    *("message", "edited_message", "inline_query", "chosen_inline_result", "callback_query"),
    *("shipping_query", "pre_checkout_query", "my_chat_member"),
)
QUEUES = {
    "inline_query": 1,
    "chosen_inline_result": 2,
    "callback_query": 3,
    "shipping_query": 4,
    "pre_checkout_query": 4,
}
"""Only updates of one queue keep their order: messages queue by chat, these by user, apart from the messages."""
NOT_IN_AN_ANSWER = re.compile(r"get|setwebhook|deletewebhook|close|logout", re.IGNORECASE)
GONE_FOR = 23 * 3600
HOOK_PORTS = (80, 88, 443, 8443)

Execute = Callable[[str, Params], Awaitable[tuple[int, Obj]]]


@dataclass(eq=False, slots=True)
class Pending:
    """An update that waits: its JSON as of the moment it happened, its queue, when it is dropped, when it is due."""

    id: int
    body: bytes
    queue: int
    expires: float
    due: float = 0.0
    failures: int = 0
    delivered: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where updates are brought."""

    url: str
    secret: str
    max_connections: int


class Updates:
    """The queue of one bot. Faults of the delivery (duplicates, reordering) are drawn when an update comes in."""

    def __init__(self, clock: Clock, faults: Faults, execute: Execute, first_id: int) -> None:
        self.webhook: Webhook | None = None
        self.waiting: list[Pending] = []
        self.last_error: tuple[int, str] | None = None
        self._gone_since: float | None = None
        self._clock, self._faults, self._execute = clock, faults, execute
        self._next_id = first_id
        self._allowed: list[str] = []
        self._wake = asyncio.Event()
        self._poll = 0
        self._busy: set[int] = set()
        self._pump: asyncio.Task[None] | None = None
        self._deliveries: set[asyncio.Task[None]] = set()
        self._chance = Random(first_id)

    def push(self, kind: str, content: Obj, owner: int) -> None:
        """One update; `owner` is the chat or, for what has a queue of its own, the user."""
        if kind not in self._allowed if self._allowed else kind in NOT_UNLESS_ASKED:
            return
        life = LIVES.get(kind, MESSAGE_LIFE)
        update = {"update_id": self._next_id, kind: content}
        queue = owner + (QUEUES.get(kind, 0) << 33)
        body = json.dumps(update, ensure_ascii=False).encode()
        pending = Pending(self._next_id, body, queue, self._clock.now() + life)
        self._next_id += 1
        at = len(self.waiting)
        if self._faults.reordered and self._faults.lot.random() < self._faults.reordered:
            at = max(0, at - self._faults.lot.randint(1, 5))
        pending.again = bool(self._faults.duplicates) and self._faults.lot.random() < self._faults.duplicates
        self.waiting.insert(at, pending)
        self._wake.set()

    def allow(self, kinds: object) -> None:
        """Which kinds the bot wants from now on; none that there is means all but those one has to ask for."""
        if isinstance(kinds, list):
            self._allowed = [str(kind) for kind in kinds if kind in (*ALWAYS, *NOT_UNLESS_ASKED)]

    async def fetch(self, params: Params) -> list[Obj]:
        """getUpdates: what waits, confirmed by the offset of the next call."""
        if self.webhook:
            raise ApiError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        self.allow(params.json("allowed_updates"))
        self._poll += 1
        mine = self._poll
        self._wake.set()
        self._confirm(params.whole("offset"))
        limit = min(100, max(1, params.whole("limit", 100)))
        until = asyncio.get_running_loop().time() + min(params.whole("timeout"), 50)
        while True:
            self._wake.clear()
            self._expire()
            if found := self.waiting[:limit]:
                return [json.loads(pending.body) for pending in self._handed_over(found)]
            left = until - asyncio.get_running_loop().time()
            if left <= 0:
                return []
            try:
                async with asyncio.timeout(left):
                    await self._wake.wait()
            except TimeoutError:
                pass
            if self._poll != mine:
                why = "setWebhook request" if self.webhook else "other getUpdates request"
                hint = "" if self.webhook else "; make sure that only one bot instance is running"
                raise ApiError(409, f"Conflict: terminated by {why}{hint}")

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            self.waiting = self.waiting[offset:]
        else:  # what was overtaken has not been seen yet and stays, unlike at the real server
            self.waiting = [one for one in self.waiting if one.id >= offset or not one.delivered]

    def _handed_over(self, found: list[Pending]) -> list[Pending]:
        handed = []
        for pending in found:
            handed += [pending, pending] if pending.again else [pending]
            pending.delivered, pending.again = True, False
        return handed

    def _expire(self) -> None:
        now = self._clock.now()
        if any(one.expires <= now for one in self.waiting):
            self.waiting = [one for one in self.waiting if one.expires > now]

    def set_webhook(self, params: Params) -> None:
        """setWebhook; an empty address removes it."""
        url = params.text("url")
        secret = params.text("secret_token")
        if url:
            _check_hook(urlsplit(url))
        if len(secret) > 256:
            raise bad("secret token is too long")
        if not re.fullmatch(r"[A-Za-z0-9_-]*", secret):
            raise bad("secret token contains unallowed characters")
        self.allow(params.json("allowed_updates"))
        if params.flag("drop_pending_updates"):
            self.waiting.clear()
        self.close()
        self.webhook = None
        if url:
            connections = min(100, max(1, params.whole("max_connections", 40)))
            self.webhook = Webhook(url, secret, connections)
            self._poll += 1
            self._wake.set()
            self._pump = asyncio.create_task(self._bring())

    def info(self) -> Obj:
        """getWebhookInfo."""
        info: Obj = {
            "url": self.webhook.url if self.webhook else "",
            "has_custom_certificate": False,
            "pending_update_count": len(self.waiting),
        }
        if self.webhook:
            info["max_connections"] = self.webhook.max_connections
        if self._allowed:
            info["allowed_updates"] = self._allowed
        if self.last_error:
            info["last_error_date"], info["last_error_message"] = self.last_error
        return info

    def close(self) -> None:
        """Bring nothing any more."""
        for task in (self._pump, *self._deliveries):
            if task and task is not asyncio.current_task():
                task.cancel()
        self._pump = None

    async def _bring(self) -> None:
        """First of each queue, queues side by side, at most max_connections at once; failures wait and are retried."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(60)) as http:
            while (hook := self.webhook) is not None:
                self._wake.clear()
                self._expire()
                now = self._clock.now()
                firsts: dict[int, Pending] = {}
                for pending in self.waiting:
                    firsts.setdefault(pending.queue, pending)
                free = [one for queue, one in firsts.items() if queue not in self._busy]
                for pending in [one for one in free if one.due <= now][: hook.max_connections - len(self._busy)]:
                    self._busy.add(pending.queue)
                    task = asyncio.create_task(self._deliver(http, hook, pending))
                    self._deliveries.add(task)
                    task.add_done_callback(self._deliveries.discard)
                later = min((one.due for one in free if one.due > now), default=now + 60)
                try:
                    async with asyncio.timeout(self._clock.real(later - now)):
                        await self._wake.wait()
                except TimeoutError:
                    pass

    async def _deliver(self, http: aiohttp.ClientSession, hook: Webhook, pending: Pending) -> None:
        headers = {"Content-Type": "application/json"}
        if hook.secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = hook.secret
        try:
            async with http.post(hook.url, data=pending.body, headers=headers) as answer:
                if 200 <= answer.status < 300:
                    self._brought(pending)
                    if answer.content_type == "application/json":
                        await self._do(await answer.json())
                else:
                    after = answer.headers.get("Retry-After", "")
                    self._failed(
                        pending,
                        f"Wrong response from the webhook: {answer.status} {answer.reason}",
                        min(3600, int(after)) if after.isdigit() else 0,
                        is_gone=answer.status == 410,
                    )
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            self._failed(pending, f"Connection failed: {type(error).__name__}", 0)
        finally:
            self._busy.discard(pending.queue)
            self._wake.set()

    def _brought(self, pending: Pending) -> None:
        self._gone_since = None
        if pending.again:
            pending.again = False
        elif pending in self.waiting:
            self.waiting.remove(pending)

    async def _do(self, answer: object) -> None:
        """A method in the body of the webhook's answer is done; what came of it nobody learns."""
        if isinstance(answer, dict) and answer.get("method") and not NOT_IN_AN_ANSWER.match(answer["method"]):
            await self._execute(str(answer.pop("method")), Params(answer))

    def _failed(self, pending: Pending, why: str, retry_after: int, *, is_gone: bool = False) -> None:
        """Again at once, then after 2, 4, 8 ... s, at most a minute or two, unless nobody wants it any more by then.

        A hook that says for 23 hours that it is gone is removed.
        """
        now = self._clock.now()
        self.last_error = (int(time.time()), why)
        self._gone_since = (now if self._gone_since is None else self._gone_since) if is_gone else None
        pause = min(2.0**pending.failures, self._chance.uniform(60, 120)) if pending.failures else 0.0
        pending.failures += 1
        pending.due = now + (retry_after or pause)
        if pending.due > pending.expires and pending in self.waiting:
            self.waiting.remove(pending)
        if self._gone_since is not None and now - self._gone_since > GONE_FOR:
            self.webhook = None


def _check_hook(url: SplitResult) -> None:
    """Where Telegram brings updates; who runs a Bot API server of their own may take them on the own machine."""
    is_near = url.scheme == "http" and url.hostname in ("127.0.0.1", "localhost")
    if url.scheme != "https" and not is_near:
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    if not is_near and (url.port or 443) not in HOOK_PORTS:
        raise bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
