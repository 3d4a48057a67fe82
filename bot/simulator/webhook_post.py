"""One signed POST to the webhook address, within LINE's two seconds."""

import base64
import hashlib
import hmac
import http.client
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

_HEADERS = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "LineBotWebhook/2.0"}


@dataclass(frozen=True)
class PostResult:
    """How a POST ended: the HTTP status, or None and the error; `ms` is how long it took."""

    status: int | None
    ms: int
    error: str | None = None

    @property
    def ok(self) -> bool:
        """Whether LINE would call the event delivered."""
        return self.status is not None and 200 <= self.status < 300


def signature(secret: str, body: bytes) -> str:
    """base64 of HMAC-SHA256 of the raw body, the value of x-line-signature."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def post(url: str, body: bytes, secret: str, timeout: float) -> PostResult:
    """Send `body`; never raises for what the network does. `timeout` in seconds."""
    began = time.perf_counter()
    try:
        status, error = _exchange(url, body, signature(secret, body), timeout), None
    except TimeoutError:
        status, error = None, "request_timeout"
    except (OSError, http.client.HTTPException, ValueError) as failure:
        status, error = None, f"could_not_connect: {type(failure).__name__}"
    return PostResult(status, round((time.perf_counter() - began) * 1000), error)


def _exchange(url: str, body: bytes, signed: str, timeout: float) -> int:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body, {**_HEADERS, "x-line-signature": signed})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()
