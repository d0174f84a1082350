"""What carriers push to us about parcels."""

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from commerce.shipping.mailroom import receive_push
from commerce.shipping.setup import PUSHES_TO
from foundation.errors import Refused

if TYPE_CHECKING:
    from bot.shop import Shop

log = structlog.get_logger(__name__)
router = APIRouter(tags=["shipping"])

KUAIDI100 = f"{PUSHES_TO}/kuaidi100"
LARGEST_PUSH = 256 * 1024
"""In bytes: all that was ever said about a parcel comes with each push, a Chinese character as nine bytes."""
_MOST_FIELDS = 20


@router.post(PUSHES_TO + "/{carrier}")
async def push(request: Request, carrier: str) -> Response:
    """A carrier tells us of a parcel. 404 for a carrier we do not have, 401 unsigned; answered as kuaidi100 wants."""
    shop: Shop = request.app.state.shop
    raw = await request.body()
    try:
        form = dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
        parcels = await receive_push(shop.mailroom, carrier, form)
    except ValueError as error:
        raise Refused("webhook.unreadable") from error
    except Refused as refused:
        log.warning("push refused", carrier=carrier[:24], code=refused.code)
        raise
    log.info("push", carrier=carrier[:24], parcels=parcels)
    return JSONResponse({"result": True, "returnCode": "200", "message": "success"})
