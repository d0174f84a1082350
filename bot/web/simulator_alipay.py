"""The payment simulator as Alipay: one gateway for everything, requests and answers signed with RSA2.

A browser that comes with a signed payment begins a trade and is shown the pay page; programs post their questions.
"""

import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.web import simulator_books as books
from bot.web.pages import notice_page, page_language
from bot.web.simulator import no_answer
from bot.web.simulator_bank import Bank, bank_of, wallet_session_id
from bot.web.simulator_model import ALIPAY, Fault, SimulatorRefund, SimulatorSession, State
from bot.web.simulator_wallet_shapes import beijing, trade_status, yuan
from bot.web.words import WORDS
from commerce.payments.alipay import PHONE, TIMES, UNKNOWN_TRADE, WEB
from commerce.payments.payment_keys import pem_of
from commerce.payments.practice_wallets import ALIPAY_APP, ALIPAY_AT_HOME
from commerce.payments.signatures import is_signed_for_alipay, rsa_signature
from commerce.payments.wechat_pay import BEIJING, CNY
from conversations.text import clean_json
from foundation.errors import Json, Refused
from foundation.money import Money

_NUMBER = r"^[0-9A-Za-z_]{1,64}$"
_MONEY = r"^[0-9]{1,9}(\.[0-9]{1,2})?$"
router = APIRouter(tags=["payment simulator"])


class _Loose(BaseModel):
    model_config = ConfigDict(extra="ignore")


class TradeAsked(_Loose):
    """A payment that a shop asks for."""

    out_trade_no: str = Field(pattern=_NUMBER)
    total_amount: str = Field(pattern=_MONEY)
    subject: str = Field(min_length=1, max_length=256)
    product_code: str
    time_expire: str | None = None


class NumberAsked(_Loose):
    """A payment that is meant."""

    out_trade_no: str = Field(pattern=_NUMBER)


class RefundAsked(NumberAsked):
    """Money that a shop gives back."""

    refund_amount: str = Field(pattern=_MONEY)
    out_request_no: str = Field(pattern=_NUMBER)


class RefundMeant(NumberAsked):
    """A refund that is meant."""

    out_request_no: str = Field(pattern=_NUMBER)


class AlipayError(Exception):
    """What Alipay answers to a request it does not take; `sub_code` says why."""

    def __init__(self, sub_code: str, message: str, *, code: str = "40004") -> None:
        super().__init__(message)
        self.sub_code, self.code = sub_code, code


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered; `lost` on its way."""

    said: dict[str, Json]
    lost: bool = False


@router.get(ALIPAY_AT_HOME, include_in_schema=False)
async def begin(request: Request) -> Response:
    """A browser brings a payment that a shop signed."""
    bank, params = bank_of(request), dict(request.query_params)
    try:
        _check(bank, params)
        if params.get("method") not in (WEB[0], PHONE[0]):
            raise AlipayError("isv.invalid-method", "no payment")
        asked = TradeAsked.model_validate(_content(params))
        return_url = str(TypeAdapter(AnyHttpUrl).validate_python(params.get("return_url", bank.base_url)))
        async with bank.database.begin() as session:
            found = await _begin(session, bank, asked, notify_url=params["notify_url"], return_url=return_url)
            lost = found.goes_wrong(Fault.TIME_OUT_AFTER_SUCCESS)
    except (AlipayError, ValidationError, KeyError):
        words = WORDS[page_language(request)]
        return notice_page(request, title=words.sim_closed_title, text=words.sim_closed_text, mark="bad", status=400)
    return no_answer() if lost else RedirectResponse(f"/simulator/pay/{found.id}", status_code=303)


async def _begin(
    session: AsyncSession, bank: Bank, asked: TradeAsked, *, notify_url: str, return_url: str
) -> SimulatorSession:
    until = datetime.strptime(asked.time_expire, TIMES).replace(tzinfo=BEIJING) if asked.time_expire else None
    session_id = wallet_session_id(bank, ALIPAY, asked.out_trade_no)
    if until is not None and until <= bank.now() and await session.get(SimulatorSession, session_id) is None:
        raise AlipayError("ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
    money = Money.parse(asked.total_amount, CNY)
    try:
        found, is_new = await books.open_session(
            session,
            reference=asked.out_trade_no,
            money=money,
            return_url=return_url,
            notify_url=notify_url,
            faults=bank.faults_of(money.amount),
            now=bank.now(),
            protocol=ALIPAY,
            session_id=session_id,
            payment_ref=f"{bank.now():%Y%m%d}22{secrets.randbelow(10**18):018}",
            details={"subject": asked.subject},
            expires_at=until,
        )
    except Refused as error:
        raise AlipayError("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改") from error
    if is_new:
        bank.faults.clear()
    return found


@router.post(ALIPAY_AT_HOME)
async def gateway(request: Request) -> Response:
    """A program of the shop asks."""
    bank = bank_of(request)
    form = await request.form()
    params = {name: str(value) for name, value in form.items()}
    method = params.get("method", "")
    try:
        _check(bank, params)
        if method not in _METHODS:
            raise AlipayError("isv.invalid-method", "不存在的方法名", code="40002")
        async with bank.database.begin() as session:
            answer = await _METHODS[method](session, bank, _content(params))
    except ValidationError:
        answer = Answer(_refusal(AlipayError("ACQ.INVALID_PARAMETER", "参数无效")))
    except AlipayError as error:
        answer = Answer(_refusal(error))
    bank.rung.set()
    return no_answer() if answer.lost else _signed(bank, method, answer.said)


async def _query(session: AsyncSession, bank: Bank, content: Json) -> Answer:
    found = await _trade(session, bank, NumberAsked.model_validate(content).out_trade_no)
    given_back = await books.given_back(session, found.id)
    said: dict[str, Json] = {
        **_named(found),
        "buyer_logon_id": "138****0000",
        "trade_status": trade_status(found, given_back=given_back),
        "total_amount": str(found.money.decimal),
    }
    if found.state == State.PAID:
        said["send_pay_date"] = beijing(found.created_at)
    return Answer(said)


async def _close(session: AsyncSession, bank: Bank, content: Json) -> Answer:
    found = await _trade(session, bank, NumberAsked.model_validate(content).out_trade_no, lock=True)
    if found.goes_wrong(Fault.REFUSE_CLOSE):
        return Answer({}, lost=True)
    was_open = found.state == State.OPEN
    found = await books.close_session(session, session_id=found.id, now=bank.now())
    lost = found.goes_wrong(Fault.TIME_OUT_AFTER_SUCCESS)
    if lost or (was_open and found.state == State.CLOSED):
        return Answer(_named(found), lost)
    return Answer(_refusal(AlipayError("ACQ.REASON_TRADE_STATUS_INVALID", "交易状态不合法")))


async def _refund(session: AsyncSession, bank: Bank, content: Json) -> Answer:
    asked = RefundAsked.model_validate(content)
    paid = await _trade(session, bank, asked.out_trade_no, lock=True)
    key = f"{ALIPAY}:{asked.out_request_no}"
    known = await session.get(SimulatorRefund, key)
    was = known.state if known is not None else None
    amount = Money.parse(asked.refund_amount, CNY).amount
    try:
        refund = await books.give_back(session, session_id=paid.id, key=key, amount=amount, now=bank.now())
    except Refused as error:
        codes = {"simulator.not_paid": "ACQ.TRADE_STATUS_ERROR", "simulator.too_much": "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"}
        raise AlipayError(codes.get(error.code, "ACQ.REASON_TRADE_REFUND_FEE_ERR"), "退款失败") from error
    lost = paid.goes_wrong(Fault.TIME_OUT_AFTER_SUCCESS)
    if refund.state == "failed":
        return Answer(_refusal(AlipayError("ACQ.SELLER_BALANCE_NOT_ENOUGH", "商户余额不足")), lost)
    moved = refund.state == "succeeded" and was != "succeeded"
    total = await books.given_back(session, paid.id)
    return Answer({**_named(paid), "fund_change": "Y" if moved else "N", "refund_fee": yuan(total)}, lost)


async def _query_refund(session: AsyncSession, bank: Bank, content: Json) -> Answer:
    asked = RefundMeant.model_validate(content)
    paid = await _trade(session, bank, asked.out_trade_no)
    try:
        refund = await books.refund_of(session, f"{ALIPAY}:{asked.out_request_no}", now=bank.now())
    except Refused:
        return Answer({})  # what was not done has an answer without a refund
    if refund.state != "succeeded":
        return Answer({})
    return Answer(
        {
            **_named(paid),
            "out_request_no": asked.out_request_no,
            "refund_amount": yuan(refund.amount),
            "refund_status": "REFUND_SUCCESS",
            "total_amount": str(paid.money.decimal),
        }
    )


_METHODS: Mapping[str, Callable[[AsyncSession, Bank, Json], Awaitable[Answer]]] = {
    "alipay.trade.query": _query,
    "alipay.trade.close": _close,
    "alipay.trade.refund": _refund,
    "alipay.trade.fastpay.refund.query": _query_refund,
}


async def _trade(session: AsyncSession, bank: Bank, number: str, *, lock: bool = False) -> SimulatorSession:
    try:
        return await books.session_of(session, wallet_session_id(bank, ALIPAY, number), now=bank.now(), lock=lock)
    except Refused as error:
        raise AlipayError(UNKNOWN_TRADE, "交易不存在") from error


def _check(bank: Bank, params: dict[str, str]) -> None:
    if params.get("app_id") != ALIPAY_APP:
        raise AlipayError("isv.invalid-app-id", "无效的AppID参数", code="40002")
    is_ours = bank.wallets is not None and is_signed_for_alipay(pem_of(bank.wallets.shop.public_key()), params)
    if not is_ours or params.get("sign_type") != "RSA2":
        raise AlipayError("isv.invalid-signature", "验签出错", code="40002")


def _content(params: dict[str, str]) -> Json:
    try:
        return clean_json(json.loads(params.get("biz_content", "")))
    except (ValueError, RecursionError) as error:
        raise AlipayError("ACQ.INVALID_PARAMETER", "参数无效") from error


def _named(found: SimulatorSession) -> dict[str, Json]:
    return {"out_trade_no": found.reference, "trade_no": found.payment_ref}


def _refusal(error: AlipayError) -> dict[str, Json]:
    message = "Business Failed" if error.code == "40004" else "Invalid Arguments"
    return {"code": error.code, "msg": message, "sub_code": error.sub_code, "sub_msg": str(error)}


def _signed(bank: Bank, method: str, said: dict[str, Json]) -> Response:
    """The answer and a signature over its characters."""
    assert bank.wallets is not None
    node = json.dumps({"code": "10000", "msg": "Success", **said}, ensure_ascii=False, separators=(",", ":"))
    name = f"{method.replace('.', '_') or 'error'}_response"
    signature = rsa_signature(bank.wallets.wallet, node.encode())
    body = f'{{{json.dumps(name)}:{node},"sign":"{signature}"}}'
    return Response(body.encode(), media_type="text/html;charset=utf-8")
