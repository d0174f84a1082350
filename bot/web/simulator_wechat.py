"""The payment simulator as WeChat Pay v3: orders by QR code and for phones, closing, refunds; signed both ways.

An order is known by its out_trade_no: asked for again in the same way it is the same order, otherwise it is refused.
"""

import re
import secrets
from datetime import datetime
from typing import Annotated, Literal, TypeVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.web import simulator_books as books
from bot.web.pages import notice_page, page_language
from bot.web.simulator_bank import Bank, bank_of, wallet_session_id
from bot.web.simulator_events import signed_by_wechat
from bot.web.simulator_model import WECHAT, Fault, SimulatorRefund, SimulatorSession, State
from bot.web.simulator_shapes import wire
from bot.web.simulator_wallet_shapes import wechat_order, wechat_refund
from bot.web.wire import read_body
from bot.web.words import WORDS
from commerce.payments.payment_keys import pem_of
from commerce.payments.practice_wallets import MCHID, WECHAT_APP, WECHAT_AT_HOME
from commerce.payments.signatures import is_wechat_authorized
from foundation.errors import Json, Refused
from foundation.money import Money

_NUMBER = re.compile(r"[0-9A-Za-z_\-|*]{6,32}")
Asked = TypeVar("Asked", bound=BaseModel)
NATIVE_URL = "weixin://wxpay/bizpayurl?pr="


class _Loose(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Amount(_Loose):
    total: int = Field(gt=0, lt=10**12)
    currency: Literal["CNY"] = "CNY"


class _H5Info(_Loose):
    type: str


class _Scene(_Loose):
    payer_client_ip: str
    h5_info: _H5Info | None = None


class OrderAsked(_Loose):
    """A shop wants to be paid."""

    appid: str
    mchid: str
    description: str = Field(min_length=1, max_length=127)
    out_trade_no: str = Field(pattern=f"^{_NUMBER.pattern}$")
    notify_url: AnyHttpUrl
    amount: _Amount
    time_expire: datetime | None = None
    scene_info: _Scene | None = None


class _RefundAmount(_Amount):
    refund: int = Field(gt=0, lt=10**12)


class RefundAsked(_Loose):
    """A shop gives money back."""

    out_trade_no: str = Field(pattern=f"^{_NUMBER.pattern}$")
    out_refund_no: str = Field(pattern=r"^[0-9A-Za-z_\-|*@]{1,64}$")
    amount: _RefundAmount


class WechatError(Exception):
    """What WeChat answers to a request it does not take."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


async def signed_bank(request: Request) -> Bank:
    """The bank, for a request that the merchant signed. Raises Refused("simulator.signature")."""
    bank = bank_of(request)
    path = request.url.path.removeprefix(WECHAT_AT_HOME) + (f"?{request.url.query}" if request.url.query else "")
    if bank.wallets is None or not is_wechat_authorized(
        pem_of(bank.wallets.shop.public_key()),
        request.headers.get("authorization", ""),
        mchid=MCHID,
        method=request.method,
        path=path,
        raw=await request.body(),
        now=bank.now(),
    ):
        raise Refused("simulator.signature")
    return bank


SignedBank = Annotated[Bank, Depends(signed_bank)]
router = APIRouter(prefix=WECHAT_AT_HOME, tags=["payment simulator"])


@router.post("/v3/pay/transactions/{kind}")
async def open_order(request: Request, bank: SignedBank, kind: Literal["native", "h5"]) -> Response:
    """Make an order, or give the one of this number."""
    try:
        asked = await _asked(request, OrderAsked)
        if (asked.appid, asked.mchid) != (WECHAT_APP, MCHID):
            raise WechatError(400, "APPID_MCHID_NOT_MATCH", "AppID和mch_id不匹配")
        if kind == "h5" and (asked.scene_info is None or asked.scene_info.h5_info is None):
            raise WechatError(400, "PARAM_ERROR", "输入源“/body/scene_info”映射到必填字段“H5场景信息”，此字段未填写")
        if asked.time_expire is not None and asked.time_expire <= bank.now():
            raise WechatError(400, "PARAM_ERROR", "time_expire时间过短，刷卡至少1分钟，其他5分钟")
        async with bank.database.begin() as session:
            found = await _open(session, bank, asked, kind)
            lost = found.goes_wrong(Fault.TIME_OUT_AFTER_SUCCESS)
    except WechatError as error:
        return _refused(bank, error)
    if kind == "h5":
        answer = {"h5_url": f"{bank.base_url}{WECHAT_AT_HOME}/h5?prepay_id={found.id}"}
    else:
        answer = {"code_url": NATIVE_URL + found.id}
    return _no_answer() if lost else _said(bank, dict(answer))


async def _open(session: AsyncSession, bank: Bank, asked: OrderAsked, kind: str) -> SimulatorSession:
    said: dict[str, Json] = {"kind": kind, "description": asked.description, "notify_url": str(asked.notify_url)}
    try:
        found, is_new = await books.open_session(
            session,
            reference=asked.out_trade_no,
            money=Money(asked.amount.total, asked.amount.currency),
            return_url="",
            notify_url=str(asked.notify_url),
            faults=bank.faults_of(asked.amount.total),
            now=bank.now(),
            protocol=WECHAT,
            session_id=wallet_session_id(bank, WECHAT, asked.out_trade_no),
            payment_ref=f"4200{secrets.randbelow(10**24):024}",
            details=said,
            expires_at=asked.time_expire,
        )
    except Refused as error:
        raise WechatError(400, "INVALID_REQUEST", "201 商户订单号重复") from error
    if is_new:
        bank.faults.clear()
    found = await books.session_of(session, found.id, now=bank.now())
    if found.details != said:
        raise WechatError(400, "INVALID_REQUEST", "201 商户订单号重复")
    if found.state == State.PAID:
        raise WechatError(400, "ORDERPAID", "该订单已支付")
    if found.state == State.CLOSED:
        raise WechatError(400, "ORDER_CLOSED", "该订单已关闭")
    return found


@router.get("/h5", include_in_schema=False)
async def enter_h5(request: Request, prepay_id: str, redirect_url: str = "") -> Response:
    """Where a phone opens WeChat: only from a page of the shop, and it comes back only to such a one."""
    bank = bank_of(request)
    if not request.headers.get("referer", "").startswith(bank.base_url):
        words = WORDS[page_language(request)]
        return notice_page(request, title=words.sim_closed_title, text=words.sim_closed_text, mark="bad", status=403)
    async with bank.database.begin() as session:
        found = await books.session_of(session, prepay_id, now=bank.now(), lock=True)
        if redirect_url.startswith(bank.base_url + "/"):
            found.return_url = redirect_url
    return RedirectResponse(f"/simulator/pay/{found.id}", status_code=303)


@router.get("/v3/pay/transactions/out-trade-no/{number}")
async def read_order(bank: SignedBank, number: str, mchid: str) -> Response:
    """The order as it is now."""
    try:
        async with bank.database.begin() as session:
            if mchid != MCHID:
                raise WechatError(400, "PARAM_ERROR", "商户号不匹配")
            found = await _order(session, bank, number)
            back = await books.given_back(session, found.id)
            answer = wechat_order(found, given_back=back)
    except WechatError as error:
        return _refused(bank, error)
    bank.rung.set()
    return _said(bank, answer)


@router.post("/v3/pay/transactions/out-trade-no/{number}/close")
async def close_order(bank: SignedBank, number: str) -> Response:
    """Let nobody pay it any more."""
    try:
        async with bank.database.begin() as session:
            found = await _order(session, bank, number, lock=True)
            lost = found.goes_wrong(Fault.REFUSE_CLOSE)
            was = found.state
            if not lost:
                found = await books.close_session(session, session_id=found.id, now=bank.now())
                lost = found.goes_wrong(Fault.TIME_OUT_AFTER_SUCCESS)
    except WechatError as error:
        return _refused(bank, error)
    bank.rung.set()
    if lost:
        return _no_answer()
    if was == State.CLOSED:
        return _refused(bank, WechatError(400, "ORDER_CLOSED", "该订单已关闭"))
    if found.state == State.PAID:
        return _refused(bank, WechatError(400, "ORDERPAID", "该订单已支付"))
    return Response(status_code=204, headers=signed_by_wechat(bank, b""))


@router.post("/v3/refund/domestic/refunds")
async def make_refund(request: Request, bank: SignedBank) -> Response:
    """Give money back; the same number is the same refund, also one that was closed."""
    try:
        asked = await _asked(request, RefundAsked)
        async with bank.database.begin() as session:
            paid = await _order(session, bank, asked.out_trade_no, lock=True)
            refund = await _give_back(session, bank, paid, asked)
            answer = wechat_refund(refund, paid)
            lost = paid.goes_wrong(Fault.TIME_OUT_AFTER_SUCCESS)
    except WechatError as error:
        return _refused(bank, error)
    bank.rung.set()
    return _no_answer() if lost else _said(bank, answer)


async def _give_back(session: AsyncSession, bank: Bank, paid: SimulatorSession, asked: RefundAsked) -> SimulatorRefund:
    if asked.amount.total != paid.amount:
        raise WechatError(400, "PARAM_ERROR", "订单金额或退款金额与之前请求不一致，请核实后再试")
    key = f"{WECHAT}:{asked.out_refund_no}"
    known = await session.get(SimulatorRefund, key)
    if known is not None:
        if (known.session_id, known.amount) != (paid.id, asked.amount.refund):
            raise WechatError(400, "PARAM_ERROR", "订单金额或退款金额与之前请求不一致，请核实后再试")
        return known
    try:
        return await books.make_refund(session, paid, key=key, amount=asked.amount.refund, details={}, now=bank.now())
    except Refused as error:
        if error.code == "simulator.not_paid":
            raise WechatError(400, "INVALID_REQUEST", "订单未支付") from error
        raise WechatError(403, "NOT_ENOUGH", "累计退款金额大于支付金额") from error


@router.get("/v3/refund/domestic/refunds/{number}")
async def read_refund(bank: SignedBank, number: str) -> Response:
    """The refund as it is now."""
    try:
        async with bank.database.begin() as session:
            refund = await books.refund_of(session, f"{WECHAT}:{number}", now=bank.now())
            paid = await books.session_of(session, refund.session_id, now=bank.now())
            answer = wechat_refund(refund, paid)
    except Refused:
        return _refused(bank, WechatError(404, "RESOURCE_NOT_EXISTS", "退款单不存在"))
    bank.rung.set()
    return _said(bank, answer)


async def _order(session: AsyncSession, bank: Bank, number: str, *, lock: bool = False) -> SimulatorSession:
    try:
        return await books.session_of(session, wallet_session_id(bank, WECHAT, number), now=bank.now(), lock=lock)
    except Refused as error:
        raise WechatError(404, "ORDER_NOT_EXIST", "订单不存在") from error


async def _asked(request: Request, shape: type[Asked]) -> Asked:
    try:
        return await read_body(request, shape)
    except (Refused, ValidationError) as error:
        raise WechatError(400, "PARAM_ERROR", "参数错误") from error


def _said(bank: Bank, answer: dict[str, Json]) -> Response:
    raw = wire(answer)
    return Response(raw, media_type="application/json", headers=signed_by_wechat(bank, raw))


def _refused(bank: Bank, error: WechatError) -> Response:
    raw = wire({"code": error.code, "message": str(error)})
    return Response(raw, error.status, media_type="application/json", headers=signed_by_wechat(bank, raw))


def _no_answer() -> Response:
    return JSONResponse({"code": "SYSTEM_ERROR", "message": "A practised failure."}, 504)
