"""What the payment simulator writes as WeChat Pay v3 and as Alipay: orders, refunds, notices, not yet signed."""

from datetime import datetime

from bot.web.simulator_model import SimulatorRefund, SimulatorSession
from commerce.payments.alipay import TIMES
from commerce.payments.practice_wallets import ALIPAY_APP, MCHID, SELLER, WECHAT_APP
from commerce.payments.wechat_pay import BEIJING
from foundation.errors import Json

_WECHAT_KINDS = {
    "payment.succeeded": "TRANSACTION.SUCCESS",
    "payment.succeeded_late": "TRANSACTION.SUCCESS",
    "refund.succeeded": "REFUND.SUCCESS",
    "refund.failed": "REFUND.CLOSED",
}
_TRADE_STATES = {"open": "NOTPAY", "processing": "USERPAYING", "paid": "SUCCESS", "closed": "CLOSED"}
_TOLD_BY_ALIPAY = frozenset({"payment.succeeded", "payment.succeeded_late", "refund.succeeded", "session.closed"})
_REFUND_STATES = {"pending": "PROCESSING", "succeeded": "SUCCESS", "failed": "CLOSED"}


def wechat_event(
    event_id: str, kind: str, about: SimulatorSession, refund: SimulatorRefund | None, now: datetime
) -> dict[str, Json] | None:
    """A notice with its `resource` still open; it is sealed anew each time it is sent. None for what is not told."""
    if kind not in _WECHAT_KINDS:
        return None
    content = wechat_order(about) if refund is None else _told_refund(refund, about)
    return {
        "id": event_id,
        "create_time": _moment(now),
        "event_type": _WECHAT_KINDS[kind],
        "resource_type": "encrypt-resource",
        "resource": content,
        "summary": "支付成功" if refund is None else "退款通知",
    }


def wechat_order(about: SimulatorSession, *, given_back: int = 0) -> dict[str, Json]:
    """An order; what is known only of a paid one is missing before."""
    order: dict[str, Json] = {
        "appid": WECHAT_APP,
        "mchid": MCHID,
        "out_trade_no": about.reference,
        "trade_state": "REFUND" if given_back else _TRADE_STATES[about.state],
        "trade_state_desc": _TRADE_STATES[about.state],
        "attach": "",
        "amount": {"total": about.amount, "currency": about.currency},
    }
    if about.state != "paid":
        return order
    return order | {
        "transaction_id": about.payment_ref,
        "trade_type": "MWEB" if about.details.get("kind") == "h5" else "NATIVE",
        "bank_type": "OTHERS",
        "success_time": _moment(about.created_at),
        "payer": {"openid": "o-practise-shopper"},
        "amount": {
            "total": about.amount,
            "payer_total": about.amount,
            "currency": about.currency,
            "payer_currency": about.currency,
        },
    }


def wechat_refund(refund: SimulatorRefund, about: SimulatorSession) -> dict[str, Json]:
    """A refund, as the answer to its request and to a question about it."""
    number = refund.key.partition(":")[2]
    return {
        "refund_id": f"5030{about.payment_ref}"[:32],
        "out_refund_no": number,
        "transaction_id": about.payment_ref,
        "out_trade_no": about.reference,
        "channel": "ORIGINAL",
        "user_received_account": "支付用户零钱",
        "create_time": _moment(refund.created_at),
        "status": _REFUND_STATES[refund.state],
        "funds_account": "AVAILABLE",
        "amount": {
            "total": about.amount,
            "refund": refund.amount,
            "payer_total": about.amount,
            "payer_refund": refund.amount,
            "settlement_total": about.amount,
            "settlement_refund": refund.amount,
            "discount_refund": 0,
            "currency": about.currency,
        },
    }


def _told_refund(refund: SimulatorRefund, about: SimulatorSession) -> dict[str, Json]:
    whole = wechat_refund(refund, about)
    told = {name: whole[name] for name in ("out_trade_no", "transaction_id", "out_refund_no", "refund_id")}
    amount = {"total": about.amount, "refund": refund.amount, "payer_total": about.amount}
    return told | {
        "mchid": MCHID,
        "refund_status": _REFUND_STATES[refund.state],
        "user_received_account": "支付用户零钱",
        "amount": amount | {"payer_refund": refund.amount},
    }


def alipay_event(
    event_id: str, kind: str, about: SimulatorSession, refund: SimulatorRefund | None, now: datetime
) -> dict[str, Json] | None:
    """The parameters of a notice without its signature; None for what Alipay does not tell."""
    if kind not in _TOLD_BY_ALIPAY:
        return None
    given_back = refund.amount if refund is not None else 0
    told: dict[str, Json] = {
        "notify_id": event_id,
        "notify_type": "trade_status_sync",
        "notify_time": beijing(now),
        "app_id": ALIPAY_APP,
        "charset": "utf-8",
        "version": "1.0",
        "seller_id": SELLER,
        "trade_no": about.payment_ref,
        "out_trade_no": about.reference,
        "subject": str(about.details.get("subject", "")),
        "trade_status": trade_status(about, given_back=given_back),
        "total_amount": str(about.money.decimal),
        "gmt_create": beijing(about.created_at),
    }
    if refund is None:
        return told
    return told | {
        "refund_fee": yuan(refund.amount),
        "gmt_refund": beijing(now),
        "out_biz_no": refund.key.partition(":")[2],
    }


def trade_status(about: SimulatorSession, *, given_back: int) -> str:
    """How a trade stands at Alipay: what was given back whole is closed as well."""
    if about.state == "paid":
        return "TRADE_CLOSED" if given_back >= about.amount else "TRADE_SUCCESS"
    return "TRADE_CLOSED" if about.state == "closed" else "WAIT_BUYER_PAY"


def yuan(amount: int) -> str:
    """12345 as 123.45."""
    return f"{amount // 100}.{amount % 100:02}"


def beijing(at: datetime) -> str:
    """A moment as Alipay writes it."""
    return at.astimezone(BEIJING).strftime(TIMES)


def _moment(at: datetime) -> str:
    return at.astimezone(BEIJING).isoformat(timespec="seconds")
