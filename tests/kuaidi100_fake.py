"""kuaidi100 at the wire: checks signatures as it does, keeps what was asked, pushes what a test says happened."""

import json
from dataclasses import dataclass, field
from hashlib import md5
from urllib.parse import parse_qsl

import httpx

from foundation.errors import Json

KEY, CUSTOMER, SALT = "geheim", "SHOP-1", "salz"


def signed(*parts: str) -> str:
    return md5("".join(parts).encode()).hexdigest().upper()


@dataclass
class Kuaidi100Fake:
    """`scans` are the parcel's, newest first: (time in China, code, text); `state` that of the whole."""

    state: str = "0"
    scans: list[tuple[str, str, str]] = field(default_factory=list)
    answer: dict[str, Json] | None = None
    down: bool = False
    asked: list[tuple[str, dict[str, Json]]] = field(default_factory=list)

    def client(self) -> httpx.AsyncClient:
        """A client whose network is this server."""
        return httpx.AsyncClient(transport=httpx.MockTransport(self._answer))

    def result(self, number: str) -> dict[str, Json]:
        data = [{"ftime": at, "time": at, "context": text, "statusCode": code} for at, code, text in self.scans]
        return {"message": "ok", "status": "200", "state": self.state, "com": "shunfeng", "nu": number, "data": data}

    def push(self, number: str, *, status: str = "polling", message: str = "", salt: str = SALT) -> dict[str, str]:
        """The form of a push about this number."""
        told = {"status": status, "message": message, "lastResult": self.result(number)}
        param = json.dumps(told, ensure_ascii=False)
        return {"param": param, "sign": signed(param, salt)}

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("down")
        form = dict(parse_qsl(request.content.decode()))
        param = json.loads(form["param"])
        self.asked.append((request.url.path, param))
        if self.answer is not None:
            return httpx.Response(200, json=self.answer)
        if request.url.path == "/poll":
            is_ours = form["schema"] == "json" and param["key"] == KEY and param["parameters"]["salt"] == SALT
            return httpx.Response(200, json={"result": is_ours, "returnCode": "200" if is_ours else "600"})
        assert request.url.path == "/poll/query.do"
        if form["customer"] != CUSTOMER or form["sign"] != signed(form["param"], KEY, CUSTOMER):
            return httpx.Response(200, json={"result": False, "returnCode": "503", "message": "sign"})
        return httpx.Response(200, json=self.result(param["num"]))
