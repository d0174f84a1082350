"""Alipay as a payment provider: payments on its own page (computer or phone), refunds, notices; all signed with RSA2.

Nothing is asked to make a payment: the shopper follows an address that we sign, and the trade begins there when they
do. Until then Alipay knows nothing of it, and whoever has the address may still begin it: so our name of a session
holds the time when the address ends, and before it a payment that Alipay does not know counts as open.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

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
from commerce.payments.refund_numbers import refund_key, refund_number
from commerce.payments.signatures import is_alipay_signed, is_rsa_signed, sign_for_alipay
from commerce.payments.wechat_pay import BEIJING, CNY
from foundation.errors import Json, Refused
from foundation.money import Money

WEB, PHONE = ("alipay.trade.page.pay", "FAST_INSTANT_TRADE_PAY"), ("alipay.trade.wap.pay", "QUICK_WAP_WAY")
"""Ways to pay on Alipay's page: what is called, and the product it belongs to."""
UNKNOWN_TRADE = "ACQ.TRADE_NOT_EXIST"
TIMES = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True)
class AlipayAccount:
    """An app at Alipay: `private_key` signs for the shop, `public_key` (PEM) is Alipay's own, not the app's."""

    url: str
    app_id: str
    private_key: RSAPrivateKey
    public_key: str
    seller_id: str | None = None


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")

    code: str
    sub_code: str = ""
    trade_status: str = ""
    total_amount: str = ""
    send_pay_date: str | None = None
    fund_change: str = ""
    refund_status: str = ""


class _Told(BaseModel):
    model_config = ConfigDict(extra="ignore")

    notify_id: str = Field(min_length=1, max_length=120)
    app_id: str
    seller_id: str | None = None
    out_trade_no: str = Field(max_length=64)
    trade_no: str = Field(default="", max_length=64)
    trade_status: str = Field(min_length=1, max_length=60)
    out_biz_no: str | None = Field(default=None, max_length=64)


class Alipay:
    """Alipay as a payment provider."""

    name = "alipay"

    def __init__(
        self,
        client: httpx.AsyncClient,
        account: AlipayAccount,
        *,
        notify_url: str,
        shop_name: str,
        now: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._account = account
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
        """Sign the address of this payment. Raises Refused("payment.amount_unfit")."""
        if money.currency != CNY:
            raise Refused("payment.amount_unfit", amount=money.amount, currency=money.currency)
        until = max(until or opened_at, opened_at + SHORTEST_PAGE)
        method, product = PHONE if payer.on_phone else WEB
        content: dict[str, Json] = {
            "out_trade_no": _number(reference),
            "total_amount": str(money.decimal),
            "subject": order_title(self._shop_name, reference)[:256],
            "product_code": product,
            "time_expire": until.astimezone(BEIJING).strftime(TIMES),
        }
        signed = self._signed(method, content, notify_url=self._notify_url, return_url=return_url)
        ref = f"{_number(reference)}@{int(until.timestamp())}"
        return Session(ref, reference, f"{self._account.url}?{urlencode(signed)}", SessionState.OPEN, money)

    async def query(self, ref: str) -> Session:
        """The payment as it is now."""
        number, _, until = ref.partition("@")
        found = await self._ask("alipay.trade.query", {"out_trade_no": number})
        if found.sub_code == UNKNOWN_TRADE:
            is_over = int(until) <= self._now().timestamp()
            return _session(ref, SessionState.CLOSED if is_over else SessionState.OPEN)
        if found.code != "10000":
            raise ProviderUnreachable(f"alipay: {found.sub_code}")
        return _session(ref, _state(found), _amount(found.total_amount))

    async def close(self, ref: str) -> Session:
        """Let nobody pay it any more; the answer says PAID where that came too late."""
        await self._ask("alipay.trade.close", {"out_trade_no": ref.partition("@")[0]})  # refused: the query says why
        return await self.query(ref)

    async def refund(self, ref: str, *, key: str, money: Money) -> RefundOutcome:
        """Pay back once under this key."""
        asked: dict[str, Json] = {
            "out_trade_no": ref.partition("@")[0],
            "refund_amount": str(money.decimal),
            "out_request_no": refund_number(key),
        }
        answer = await self._ask("alipay.trade.refund", asked)
        if answer.code != "10000":
            return RefundOutcome.FAILED
        if answer.fund_change == "Y":
            return RefundOutcome.SUCCEEDED
        said = await self.query_refund(ref, key=key)  # it was under way already, or takes its time
        return RefundOutcome.PENDING if said is RefundOutcome.UNKNOWN else said

    async def query_refund(self, ref: str, *, key: str) -> RefundOutcome:
        """What became of the refund with this key; UNKNOWN when Alipay did not do it: then it is asked for again."""
        asked: dict[str, Json] = {"out_trade_no": ref.partition("@")[0], "out_request_no": refund_number(key)}
        answer = await self._ask("alipay.trade.fastpay.refund.query", asked)
        return RefundOutcome.SUCCEEDED if answer.refund_status == "REFUND_SUCCESS" else RefundOutcome.UNKNOWN

    def verify(self, headers: Mapping[str, str], raw: bytes) -> list[Notice]:  # noqa: ARG002 - the form is signed
        """Read a notice. Raises Refused("webhook.forged") when the signature is not theirs or meant for another."""
        try:
            params = dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=100))
        except ValueError as error:
            raise Refused("webhook.unreadable") from error
        if not is_alipay_signed(self._account.public_key, params):
            raise Refused("webhook.forged")
        try:
            told = _Told.model_validate(params)
        except ValidationError as error:
            raise Refused("webhook.unreadable") from error
        ours = self._account.seller_id
        if told.app_id != self._account.app_id or (ours is not None and told.seller_id != ours):
            raise Refused("webhook.forged")
        key = refund_key(told.out_biz_no) if told.out_biz_no else None
        return [
            Notice(told.notify_id, told.trade_status, _reference(told.out_trade_no), key, {"trade_no": told.trade_no})
        ]

    def _signed(self, method: str, content: dict[str, Json], **more: str) -> dict[str, str]:
        params = {
            "app_id": self._account.app_id,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": self._now().astimezone(BEIJING).strftime(TIMES),
            "version": "1.0",
            "biz_content": json.dumps(content, ensure_ascii=False),
            **more,
        }
        return sign_for_alipay(self._account.private_key, params)

    async def _ask(self, method: str, content: dict[str, Json]) -> _Answer:
        """A question and its answer, which is done (10000) or refused (40004); everything else is no answer."""
        try:
            answer = await self._client.post(self._account.url, data=self._signed(method, content))
        except httpx.HTTPError as error:
            raise ProviderUnreachable(f"alipay: {type(error).__name__}") from error
        if answer.status_code != 200:
            raise ProviderUnreachable(f"alipay: HTTP {answer.status_code}")
        said = read_answer(answer.text, method, public_key=self._account.public_key)
        if said.code not in ("10000", "40004") or said.sub_code == "ACQ.SYSTEM_ERROR":
            raise ProviderUnreachable(f"alipay: {said.code} {said.sub_code}")
        return said


def read_answer(text: str, method: str, *, public_key: str) -> _Answer:
    """What an answer says: the signature is over its characters as they came. Raises ProviderUnreachable."""
    node = f'"{method.replace(".", "_")}_response"'
    try:
        start = text.index(":", text.index(node) + len(node)) + 1
        start += len(text[start:]) - len(text[start:].lstrip())
        _, end = json.JSONDecoder().raw_decode(text, start)
        if not is_rsa_signed(public_key, str(json.loads(text)["sign"]), text[start:end].encode()):
            raise ProviderUnreachable("alipay: an answer that they did not sign")
        return _Answer.model_validate_json(text[start:end])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ProviderUnreachable("alipay: an answer that cannot be read") from error


def _number(reference: str) -> str:
    """Our reference as Alipay takes it: letters, digits and underscores."""
    return reference.replace("-", "_")


def _reference(number: str) -> str:
    return number.replace("_", "-")


def _session(ref: str, state: SessionState, amount: int = 0) -> Session:
    return Session(ref, _reference(ref.partition("@")[0]), "", state, Money(amount, CNY))


def _state(found: _Answer) -> SessionState:
    if found.trade_status in ("TRADE_SUCCESS", "TRADE_FINISHED"):
        return SessionState.PAID
    if found.trade_status == "TRADE_CLOSED":  # also what was paid and given back whole
        return SessionState.PAID if found.send_pay_date else SessionState.CLOSED
    return SessionState.OPEN


def _amount(written: str) -> int:
    try:
        return Money.parse(written, CNY).amount
    except Refused as error:
        raise ProviderUnreachable("alipay: a payment without an amount") from error
