"""The packing slip: a page to print, with the address, what is in the parcel, and boxes to tick while packing.

Its QR code opens the parcel in the console, so that whoever holds it need not look for it: to send it, or to hand it
over to somebody who says the pick-up code.
"""

from html import escape

import segno
from fastapi.responses import HTMLResponse

from admin_api.console.words import Words
from admin_api.desk import Desk
from admin_api.parcel_views import ParcelRow, parcel_rows
from admin_api.roles import Permission, StaffMember
from commerce.customers.address import AddressText
from commerce.orders.model import DeliveryMethod
from commerce.orders.queries import order_address
from commerce.shipping.queries import parcel_view
from foundation.audit import write_audit

_STYLE = """
body { font: 14px/1.5 system-ui, "PingFang SC", "Microsoft YaHei", sans-serif; margin: 24px; color: #111;
  max-width: 190mm; background: #fff }
h1 { font-size: 20px; margin: 0 0 12px } svg { float: right; margin: -12px -12px 0 6px }
.to { overflow: hidden; font-size: 17px; white-space: pre-wrap; border: 1.5px solid #111; border-radius: 6px;
  padding: 10px 14px } table { clear: both; width: 100%; border-collapse: collapse; margin: 16px 0 }
th { text-align: left; font-weight: 600 }
td, th { border-bottom: 1px solid #bbb; padding: 7px 6px; vertical-align: top }
td.n, th.n { text-align: right; width: 4em; font-variant-numeric: tabular-nums } td.t { width: 1.6em }
.tick { display: inline-block; width: 13px; height: 13px; border: 1.5px solid #111; border-radius: 2px }
small { color: #555 } @media print { body { margin: 8mm } }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"


async def packing_slip(desk: Desk, staff: StaffMember, *, parcel_id: int, console: str) -> HTMLResponse:
    """The slip in the language of whoever prints it; `console` is its address. Refuses shipment.unknown."""
    staff.must(Permission.OPEN_ADDRESSES)
    async with desk.database.begin() as session:
        view = await parcel_view(session, parcel_id)
        (row,) = await parcel_rows(session, [view], language=staff.language)
        address = await order_address(session, order_id=view.order_id)
        subject = f"order:{view.order_id}"
        write_audit(
            session, staff_id=staff.id, action="order.address_opened", subject=subject, now=desk.now(), slip=parcel_id
        )
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    code = segno.make(f"{console}/parcels?p={parcel_id}", error="m", micro=False).svg_inline(scale=3, border=4)
    return HTMLResponse(_page(row, address, staff.language, code), headers=headers)


def _page(row: ParcelRow, address: AddressText, language: str, code: str) -> str:
    def t(text: str) -> str:
        return escape(Words(language)(text))

    goods = "".join(
        f'<tr><td class="t"><span class="tick"></span></td><td>{escape(line.title)}'
        f'{f" <small>{escape(line.label)}</small>" if line.label else ""}</td><td class="n">{line.quantity}</td></tr>'
        for line in row.lines
    )
    is_pickup = row.method is DeliveryMethod.PICKUP
    to = address.name if is_pickup else f"{address.name}  {address.phone}\n{address.whole}"
    sent = f"<p>{escape(row.carrier)} {escape(row.tracking_number)}</p>" if row.tracking_number else ""
    place = f"<p><small>{t('Location')}: {escape(row.location)}</small></p>" if row.location else ""
    title = f"{t('Packing slip')} {escape(row.order_number)} · {row.id}"
    return (
        f'<!doctype html><html lang="{"zh-CN" if language == "zh" else "en"}"><head><meta charset="utf-8">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body>{code}<h1>{title}</h1>"
        f'<p class="to">{t("Pick-up") + chr(10) if is_pickup else ""}{escape(to)}</p>{sent}'
        f'<table><tr><th></th><th>{t("Goods")}</th><th class="n">{t("Packed pieces")}</th></tr>{goods}</table>{place}'
        "</body></html>"
    )
