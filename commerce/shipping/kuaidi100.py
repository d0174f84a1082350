"""kuaidi100, which watches the parcels of nearly every carrier in China.

Asked: POST /poll/query.do, form customer, param (JSON), sign = upper(MD5(param + key + customer)).
Watched: POST /poll, form schema=json, param with the key, our address for pushes and a salt. Pushed to us: form param,
sign = upper(MD5(param + salt)). Times are those of China. A push whose status is "abort" ends the watching: after
three days without a word it may be asked for again, after sixty without a change it may not.
"""

import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import md5
from zoneinfo import ZoneInfo

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from commerce.shipping.model import ShipmentState
from commerce.shipping.port import CarrierUnreachable, Followed, Heard
from commerce.shipping.tracking import LONGEST_TEXT, Saying, saying_key
from foundation.errors import Json, Refused

_CHINA = ZoneInfo("Asia/Shanghai")
_MOST_SAYINGS = 300
_ALREADY_WATCHED = "501"
_KNOWS_NOTHING = ("500", "400")
_STATES = {
    **dict.fromkeys(("0", "1", "7", "8", "10", "11", "12", "103", "1001", "1002", "1003"), ShipmentState.IN_TRANSIT),
    **dict.fromkeys(("5", "501"), ShipmentState.OUT_FOR_DELIVERY),
    **dict.fromkeys(("3", "301", "302", "303", "304"), ShipmentState.DELIVERED),
    **dict.fromkeys(("2", "6", "13", "14", "401"), ShipmentState.EXCEPTION),
    **dict.fromkeys(map(str, range(201, 211)), ShipmentState.EXCEPTION),
    "4": ShipmentState.RETURNED_TO_SENDER,
}
"""0 on the road, 1 and 103 collected, 7 forwarded, 8 and 10 to 12 customs, 1001 to 1003 stations; 5 being delivered,
501 in a locker; 3 signed for; 2 a problem (201 to 210 which), 6 on its way back, 13 held by customs, 14 refused,
401 called off; 4 back with its sender. 101 and 102 (ordered, not collected yet) say nothing of the parcel."""


def sign(*parts: str) -> str:
    """Their signature: the MD5 of the parts together, in capitals."""
    return md5("".join(parts).encode(), usedforsecurity=False).hexdigest().upper()


def state_of(code: str) -> ShipmentState | None:
    """What a state of theirs means for a parcel; None for what says nothing, or is not known."""
    return _STATES.get(code)


class _Told(BaseModel):
    model_config = ConfigDict(coerce_numbers_to_str=True)

    context: str = Field(default="", max_length=4000)
    time: str = Field(default="", max_length=40)
    ftime: str = Field(default="", max_length=40)
    status_code: str | None = Field(default=None, alias="statusCode", max_length=8)


class _Result(BaseModel):
    model_config = ConfigDict(coerce_numbers_to_str=True)

    nu: str = Field(default="", max_length=80)
    com: str = Field(default="", max_length=40)
    state: str | None = Field(default=None, max_length=8)
    data: list[_Told] = Field(default_factory=list, max_length=2000)

    @field_validator("data", mode="before")
    @classmethod
    def _nothing_is_empty(cls, data: Json) -> Json:
        return [] if data is None else data


class _Push(BaseModel):
    model_config = ConfigDict(coerce_numbers_to_str=True)

    status: str = Field(max_length=20)
    message: str = Field(default="", max_length=500)
    last_result: _Result = Field(alias="lastResult")


class Kuaidi100:
    """kuaidi100 as a carrier. `callback_url` is where it pushes to; `salt` makes its pushes ours."""

    name = "kuaidi100"

    def __init__(
        self, client: httpx.AsyncClient, *, base_url: str, customer: str, key: str, salt: str, callback_url: str
    ) -> None:
        self._client, self._base_url = client, base_url.rstrip("/")
        self._customer, self._key, self._salt, self._callback_url = customer, key, salt, callback_url

    async def follow(self, parcel: Followed) -> None:
        """Ask to be told of a parcel from now on. Raises Refused("carrier.refused", answer=...) where it never will."""
        parameters = {"callbackurl": self._callback_url, "salt": self._salt, "resultv2": "4"}
        if parcel.phone_last4:
            parameters["phone"] = parcel.phone_last4
        param = {
            "company": parcel.company,
            "number": parcel.tracking_number,
            "key": self._key,
            "parameters": parameters,
        }
        answer = await self._post("/poll", {"schema": "json", "param": json.dumps(param, ensure_ascii=False)})
        code = str(answer.get("returnCode", ""))
        if answer.get("result") is True or code in ("200", _ALREADY_WATCHED):
            return
        if code.startswith("7"):  # the number or the carrier is none they know: asking again does not help
            raise Refused("carrier.refused", answer=code)
        raise CarrierUnreachable(f"kuaidi100: {code[:8]}")

    async def query(self, parcel: Followed) -> list[Saying]:
        """Everything known about a parcel now; nothing where it is not known there yet."""
        asked = {"com": parcel.company, "num": parcel.tracking_number, "phone": parcel.phone_last4, "resultv2": "4"}
        param = json.dumps(asked, ensure_ascii=False)
        form = {"customer": self._customer, "param": param, "sign": sign(param, self._key, self._customer)}
        answer = await self._post("/poll/query.do", form)
        if answer.get("result") is False:
            if str(answer.get("returnCode")) in _KNOWS_NOTHING:
                return []
            raise CarrierUnreachable(f"kuaidi100: {str(answer.get('returnCode'))[:8]}")
        try:
            return _sayings(_Result.model_validate(answer))
        except ValidationError as error:
            raise CarrierUnreachable("kuaidi100: an answer that cannot be read") from error

    def read(self, form: Mapping[str, str]) -> Heard:
        """Read a push. Raises Refused("webhook.forged") when the signature is not theirs, ("webhook.unreadable")."""
        param = form.get("param", "")
        if not hmac.compare_digest(sign(param, self._salt).encode(), form.get("sign", "").upper().encode()):
            raise Refused("webhook.forged")
        try:
            push = _Push.model_validate_json(param)
        except ValidationError as error:
            raise Refused("webhook.unreadable") from error
        result = push.last_result
        ended = push.message or "abort" if push.status == "abort" else ""
        return Heard(result.nu, tuple(_sayings(result)), ended, again=bool(ended) and "60" not in ended)

    async def _post(self, path: str, form: dict[str, str]) -> dict[str, Json]:
        try:
            response = await self._client.post(f"{self._base_url}{path}", data=form)
        except httpx.HTTPError as error:
            raise CarrierUnreachable(f"kuaidi100: {type(error).__name__}") from error
        try:
            answer = response.json()
        except ValueError as error:
            raise CarrierUnreachable(f"kuaidi100: HTTP {response.status_code}") from error
        if response.status_code != 200 or not isinstance(answer, dict):
            raise CarrierUnreachable(f"kuaidi100: HTTP {response.status_code}")
        return answer


def _sayings(result: _Result) -> list[Saying]:
    """Their list, newest first, as sayings. Where single ones carry no state, the newest carries that of the whole."""
    said: list[Saying] = []
    for place, told in enumerate(result.data[:_MOST_SAYINGS]):
        at = _moment(told.ftime or told.time)
        if at is None:
            continue
        code = told.status_code or (result.state if place == 0 else None)
        key = saying_key("kuaidi100", at.isoformat(), code or "", told.context)
        said.append(Saying(key, state_of(code or ""), told.context[:LONGEST_TEXT].replace("\x00", ""), at))
    if said and result.state is not None and all(one.state is None for one in said):
        newest = max(said, key=lambda one: one.at)
        said[said.index(newest)] = Saying(newest.key, state_of(result.state), newest.text, newest.at)
    return said


def _moment(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=_CHINA)
