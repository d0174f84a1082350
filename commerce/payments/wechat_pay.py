"""WeChat Pay API v3 as a payment provider: native payments (a QR code) and H5 payments (phones), refunds, notices.

Our name of an order there (out_trade_no) is the intent's reference, which for ever means the same order. H5 has a name
of its own, as WeChat takes no order a second time in another way. Every request is signed by the shop, every answer
that counts by WeChat. An order ends by itself at `time_expire`.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TypeVar

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from commerce.payments.port import (
    SHORTEST_PAGE,
    UNSEEN,
    Notice,
    Payer,
    ProviderUnreachable,
    RefundOutcome,
    Session,
    SessionState,
    order_title,
)
from commerce.payments.refund_numbers import MOST_TRIES, refund_key, refund_number
from commerce.payments.signatures import is_wechat_signed, open_wechat, wechat_authorization
from foundation.errors import Json, Refused
from foundation.money import Money

CNY = "CNY"
BEIJING = timezone(timedelta(hours=8))
H5 = "h"
"""What follows our reference in the name of an H5 order; no reference ends with it."""
Shape = TypeVar("Shape", bound=BaseModel)
_STATES = {
    "SUCCESS": SessionState.PAID,
    "REFUND": SessionState.PAID,
    "USERPAYING": SessionState.PROCESSING,
    "CLOSED": SessionState.CLOSED,
    "REVOKED": SessionState.CLOSED,
}
_REFUNDS = {
    "SUCCESS": RefundOutcome.SUCCEEDED,
    "PROCESSING": RefundOutcome.PENDING,
    "CLOSED": RefundOutcome.FAILED,
    "ABNORMAL": RefundOutcome.FAILED,  # the payer's card is gone: people send it by hand, and it is SUCCESS then
}


@dataclass(frozen=True, slots=True)
class WechatMerchant:
    """A merchant account: its own key and certificate number, and WeChat's public keys or certificates by number.

    `api_key` is the APIv3 key of 32 bytes that seals notices. `h5`: the account may take H5 payments.
    """

    url: str
    app_id: str
    mchid: str
    serial: str
    private_key: RSAPrivateKey
    api_key: bytes
    platform_keys: Mapping[str, str]
    h5: bool = False


class _Loose(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Amount(_Loose):
    total: int


class _Order(_Loose):
    trade_state: str
    amount: _Amount | None = None


class _Refund(_Loose):
    status: str


class _Address(_Loose):
    code_url: str | None = None
    h5_url: str | None = None


class _Resource(_Loose):
    ciphertext: str
    nonce: str
    associated_data: str = ""


class _Sealed(_Loose):
    id: str = Field(min_length=1, max_length=120)
    event_type: str = Field(min_length=1, max_length=60)
    resource: _Resource


class _Content(_Loose):
    mchid: str
    appid: str | None = None
    out_trade_no: str = Field(max_length=64)
    out_refund_no: str | None = Field(default=None, max_length=64)
    transaction_id: str | None = Field(default=None, max_length=64)


class WechatPay:
    """WeChat Pay as a payment provider."""

    name = "wechat"

    def __init__(
        self,
        client: httpx.AsyncClient,
        merchant: WechatMerchant,
        *,
        notify_url: str,
        shop_name: str,
        now: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._merchant = merchant
        self._notify_url = notify_url
        self._shop_name = shop_name
        self._now = now

    async def create(
        self,
        *,
        reference: str,
        money: Money,
        return_url: str,
        opened_at: datetime,
        until: datetime | None = None,
        payer: Payer = UNSEEN,
    ) -> Session:
        """Make the order of this reference, or give the one there is. Raises Refused("payment.amount_unfit")."""
        if money.currency != CNY:
            raise Refused("payment.amount_unfit", amount=money.amount, currency=money.currency)
        on_phone = payer.on_phone and self._merchant.h5
        ref = reference + H5 if on_phone else reference
        until = max(until or opened_at, opened_at + SHORTEST_PAGE)
        if until <= self._now():  # it was asked for before, but nobody ever got its address
            return Session(ref, reference, "", SessionState.CLOSED, money)
        asked: dict[str, Json] = {
            "appid": self._merchant.app_id,
            "mchid": self._merchant.mchid,
            "description": order_title(self._shop_name, reference)[:127],
            "out_trade_no": ref,
            "time_expire": until.astimezone(BEIJING).isoformat(timespec="seconds"),
            "notify_url": self._notify_url,
            "amount": {"total": money.amount, "currency": CNY},
        }
        if on_phone:
            asked["scene_info"] = {"payer_client_ip": payer.ip, "h5_info": {"type": "Wap"}}
        answer = await self._call("POST", f"/v3/pay/transactions/{'h5' if on_phone else 'native'}", asked)
        if answer.status_code >= 400:
            known = await self._find(ref)  # it is there but cannot be asked for again: paid, closed, asked otherwise
            if known is None:
                raise ProviderUnreachable(f"wechat: {_code(answer)}")
            return known
        url = _read(_Address, answer)
        if on_phone:
            return Session(ref, reference, _coming_back(url.h5_url or "", return_url), SessionState.OPEN, money)
        return Session(ref, reference, url.code_url or "", SessionState.OPEN, money)

    async def query(self, ref: str) -> Session:
        """The order as it is now."""
        return await self._find(ref) or _session(ref, SessionState.OPEN)

    async def close(self, ref: str) -> Session:
        """Let nobody pay it any more; the answer says PAID where that came too late."""
        await self._call("POST", f"{_path(ref)}/close", {"mchid": self._merchant.mchid})
        return await self._find(ref) or _session(ref, SessionState.CLOSED)

    async def refund(self, ref: str, *, key: str, money: Money) -> RefundOutcome:
        """Pay back once under this key. One that WeChat closed stays closed: another number follows it."""
        paid = await self._find(ref)
        if paid is None or paid.state is not SessionState.PAID or money.currency != CNY:
            return RefundOutcome.FAILED
        tries = await self._tries(key)
        if tries and tries[-1] != "CLOSED":
            return _REFUNDS.get(tries[-1], RefundOutcome.PENDING)
        if len(tries) >= MOST_TRIES:
            return RefundOutcome.FAILED
        body: dict[str, Json] = {
            "out_trade_no": ref,
            "out_refund_no": refund_number(key, len(tries)),
            "notify_url": self._notify_url,
            "amount": {"refund": money.amount, "total": paid.money.amount, "currency": CNY},
        }
        answer = await self._call("POST", "/v3/refund/domestic/refunds", body)
        if answer.status_code >= 400:
            return RefundOutcome.FAILED
        return _REFUNDS.get(_read(_Refund, answer).status, RefundOutcome.PENDING)

    async def query_refund(self, ref: str, *, key: str) -> RefundOutcome:  # noqa: ARG002 - the key is enough here
        """What became of the refund with this key; UNKNOWN when WeChat never heard of it."""
        tries = await self._tries(key)
        return _REFUNDS.get(tries[-1], RefundOutcome.PENDING) if tries else RefundOutcome.UNKNOWN

    def verify(self, headers: Mapping[str, str], raw: bytes) -> list[Notice]:
        """Read a notice. Raises Refused("webhook.forged") when the signature is not theirs or too old."""
        if not self._is_theirs(headers, raw):
            raise Refused("webhook.forged")
        try:
            sealed = _Sealed.model_validate_json(raw)
            opened = open_wechat(
                self._merchant.api_key,
                nonce=sealed.resource.nonce,
                associated_data=sealed.resource.associated_data,
                ciphertext=sealed.resource.ciphertext,
            )
            content = _Content.model_validate_json(opened or b"")
        except ValidationError as error:
            raise Refused("webhook.unreadable") from error
        if content.mchid != self._merchant.mchid or content.appid not in (None, self._merchant.app_id):
            raise Refused("webhook.forged")
        key = refund_key(content.out_refund_no) if content.out_refund_no else None
        payload: dict[str, Json] = {"transaction_id": content.transaction_id}
        return [Notice(sealed.id, sealed.event_type, _reference(content.out_trade_no), key, payload)]

    async def _find(self, ref: str) -> Session | None:
        answer = await self._call("GET", f"{_path(ref)}?mchid={self._merchant.mchid}")
        if answer.status_code == 404:
            return None
        if answer.status_code >= 400:
            raise ProviderUnreachable(f"wechat: {_code(answer)}")
        found = _read(_Order, answer)
        state = _STATES.get(found.trade_state, SessionState.OPEN)
        if found.amount is None and state is SessionState.PAID:
            raise ProviderUnreachable("wechat: a payment without an amount")
        return _session(ref, state, found.amount.total if found.amount else 0)

    async def _tries(self, key: str) -> list[str]:
        """How the tries of a refund stand, oldest first; only one that was closed is followed by another."""
        found: list[str] = []
        while len(found) < MOST_TRIES and (not found or found[-1] == "CLOSED"):
            answer = await self._call("GET", f"/v3/refund/domestic/refunds/{refund_number(key, len(found))}")
            if answer.status_code >= 400:
                break
            found.append(_read(_Refund, answer).status)
        return found

    async def _call(self, method: str, path: str, body: Json | None = None) -> httpx.Response:
        merchant = self._merchant
        raw = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "Wechatpay-Serial": next(iter(merchant.platform_keys)),
            "Authorization": wechat_authorization(
                merchant.private_key,
                mchid=merchant.mchid,
                serial=merchant.serial,
                method=method,
                path=path,
                raw=raw,
                timestamp=int(self._now().timestamp()),
                nonce=secrets.token_hex(16),
            ),
        }
        try:
            answer = await self._client.request(method, merchant.url + path, content=raw, headers=headers)
        except httpx.HTTPError as error:
            raise ProviderUnreachable(f"wechat: {type(error).__name__}") from error
        if answer.status_code not in (200, 202, 204, 400, 403, 404):  # 401: set up; 429 and 5xx: later
            raise ProviderUnreachable(f"wechat: HTTP {answer.status_code} {_code(answer)}")
        if answer.status_code < 300 and not self._is_theirs(answer.headers, answer.content):
            raise ProviderUnreachable("wechat: an answer that they did not sign")
        return answer

    def _is_theirs(self, headers: Mapping[str, str], raw: bytes) -> bool:
        serial = {name.lower(): value for name, value in headers.items()}.get("wechatpay-serial", "")
        key = self._merchant.platform_keys.get(serial.lstrip("0"))  # a certificate's number may be written with zeros
        return key is not None and is_wechat_signed(key, headers, raw, now=self._now())


def _path(ref: str) -> str:
    return f"/v3/pay/transactions/out-trade-no/{ref}"


def _reference(ref: str) -> str:
    return ref.removesuffix(H5)


def _session(ref: str, state: SessionState, amount: int = 0) -> Session:
    return Session(ref, _reference(ref), "", state, Money(amount, CNY))


def _coming_back(h5_url: str, return_url: str) -> str:
    """Where a phone goes, and comes back to after it."""
    return str(httpx.URL(h5_url).copy_merge_params({"redirect_url": return_url})) if h5_url else ""


def _code(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["code"])[:60]
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"


def _read(shape: type[Shape], answer: httpx.Response) -> Shape:
    try:
        return shape.model_validate_json(answer.content)
    except ValidationError as error:
        raise ProviderUnreachable(f"wechat: HTTP {answer.status_code} without {shape.__name__}") from error
