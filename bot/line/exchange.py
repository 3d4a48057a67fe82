"""One request to LINE and what became of it: raw JSON through aiohttp, a fresh token when the old one is refused."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import aiohttp
from yarl import URL

from bot.line.calls import Call, CallRecorder
from bot.line.tokens import TokenSource
from bot.line.verdicts import verdict
from bot.picture_addresses import STORED
from scheduler.gateway import (
    Accepted,
    GatewayError,
    NotTaken,
    TokenInvalid,
    UncertainGatewayError,
)
from segments.clock import Clock

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 20.0
"""From start to end of an answer. One limit: a second one, from byte to byte, would cost two timers a push."""
KEEP_ALIVE_SECONDS = 4.0
"""Short: a connection that the other side closes just as we send makes a send uncertain."""
ADDRESSES_KEPT = 50
_STORED = STORED.encode()


@dataclass(frozen=True)
class Request:
    """One request: `endpoint` as documented, with `path` the address it stands for."""

    method: str
    endpoint: str
    path: str
    body: Mapping[str, Any] | bytes | None = None
    """What to send as JSON, or JSON that is encoded already."""
    retry_key: str | None = None


@dataclass(frozen=True)
class Reply:
    """LINE's verdict, and the JSON that came with it."""

    verdict: Accepted | GatewayError
    body: str = ""


class Exchange:
    """One long-lived session; lives in the loop of its first request."""

    def __init__(
        self,
        base_url: str,
        tokens: TokenSource,
        calls: CallRecorder,
        clock: Clock,
        pictures_at: str,
        connections: int,
    ) -> None:
        """Send to `base_url` over so many `connections`; pictures of our own are to be found at `pictures_at`."""
        self._base_url = base_url.rstrip("/")
        self._pictures_at = pictures_at.encode()
        self._tokens = tokens
        self._calls = calls
        self._clock = clock
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None
        self._addresses: dict[str, URL] = {}

    async def make(self, request: Request, token: str) -> Reply:
        """Make one request; raises nothing of LINE's."""
        reply = await self._attempt(request, token)
        if not isinstance(reply.verdict, TokenInvalid) or reply.verdict.status != 401:
            return reply
        # 401 means that nothing was taken, so the same key and body may go again under a fresh token.
        try:
            fresh = await asyncio.to_thread(self._tokens.renewed, token)
        except GatewayError as failure:
            return Reply(failure)
        return await self._attempt(request, fresh) if fresh else reply

    async def close(self) -> None:
        """End the session."""
        if self._session is not None:
            await self._session.close()

    async def _attempt(self, request: Request, token: str) -> Reply:
        at, began = self._clock.now(), perf_counter()
        reply, status, request_id = await self._answered(request, token)
        error = str(reply.verdict) if isinstance(reply.verdict, GatewayError) else None
        spent = round((perf_counter() - began) * 1000)
        self._calls.add(Call(at, request.endpoint, status, request_id, spent, error))
        return reply

    def _written(self, body: Mapping[str, Any] | bytes | None) -> bytes | None:
        encoded = _encoded(body)
        return encoded.replace(_STORED, self._pictures_at) if encoded else encoded

    async def _answered(self, request: Request, token: str) -> tuple[Reply, int | None, str | None]:
        try:
            async with self._opened().request(
                request.method,
                self._address(request.path),
                data=self._written(request.body),
                headers=_headers(request, token),
                allow_redirects=False,
            ) as answer:
                body = (await answer.read()).decode("utf-8", "replace")
                reply = Reply(verdict(answer.status, answer.headers, body), body)
                return reply, answer.status, answer.headers.get("x-line-request-id")
        except (aiohttp.ClientError, OSError, TimeoutError) as failure:
            return Reply(_network_failure(failure)), None, None

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=KEEP_ALIVE_SECONDS)
            timeout = aiohttp.ClientTimeout(total=TOTAL_SECONDS, sock_connect=CONNECT_SECONDS)
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=timeout,
                # LINE sets no cookies and packs nothing; looking for either takes a tenth of a push's time.
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("Accept", "Accept-Encoding"),
            )
        return self._session

    def _address(self, path: str) -> URL:
        """Return an address; those of messages are few and need be parsed but once."""
        known = self._addresses.get(path)
        if known is None:
            known = URL(self._base_url + path, encoded=True)
            if len(self._addresses) < ADDRESSES_KEPT:
                self._addresses[path] = known
        return known


def _network_failure(failure: Exception) -> GatewayError:
    words = type(failure).__name__
    # No connection, nothing sent; any later failure leaves open whether LINE took it.
    if isinstance(
        failure, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError | aiohttp.InvalidURL
    ):
        return NotTaken(words)
    return UncertainGatewayError(words)


def _encoded(body: Mapping[str, Any] | bytes | None) -> bytes | None:
    if body is None or isinstance(body, bytes):
        return body
    # Sorted: a body read back from the database must come out as the same bytes under the same retry key.
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.encode("utf-8", "replace")


def _headers(request: Request, token: str) -> dict[str, str]:
    headers = {"Authorization": f"Bearer {token}"}
    if request.body is not None:
        headers["Content-Type"] = "application/json"
    if request.retry_key is not None:
        headers["X-Line-Retry-Key"] = request.retry_key
    return headers
