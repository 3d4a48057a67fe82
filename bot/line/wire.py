"""The wire to LINE for all that carries messages: raw JSON through aiohttp in one thread of its own."""

import asyncio
import json
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Lock, Thread
from time import perf_counter
from typing import Any, TypeVar

import aiohttp
from yarl import URL

from bot.line.calls import Call, CallRecorder
from bot.line.tokens import TokenSource
from bot.line.verdicts import verdict
from bot.picture_addresses import STORED
from scheduler.gateway import (
    Accepted,
    GatewayError,
    TemporaryGatewayError,
    TokenInvalid,
    TurnPassed,
    UncertainGatewayError,
)
from segments.clock import Clock

T = TypeVar("T")
CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 20.0
"""From start to end of an answer. One limit: a second one, from byte to byte, would cost two timers a push."""
KEEP_ALIVE_SECONDS = 4.0
"""Short: a connection that the other side closes just as we send makes a send uncertain."""
CONCURRENCY = 250
"""Requests under way: at LINE's rate and 50 ms an answer a hundred are, at 100 ms two hundred."""
ADDRESSES_KEPT = 50
TOGETHER = 10
"""Requests of a batch that start in the same moment; the next ten follow when their time has come."""
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


class Wire:
    """A loop thread with one long-lived session; started by the first request."""

    def __init__(
        self,
        base_url: str,
        tokens: TokenSource,
        calls: CallRecorder,
        clock: Clock,
        pictures_at: str = STORED,
    ) -> None:
        """Send to `base_url`; pictures of our own are to be found at `pictures_at` (bot.picture_addresses)."""
        self._base_url = base_url.rstrip("/")
        self._pictures_at = pictures_at.encode()
        self._tokens = tokens
        self._calls = calls
        self._clock = clock
        self._lock = Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None
        self._session: aiohttp.ClientSession | None = None
        self._slots: asyncio.Semaphore | None = None
        self._closed = False
        self._addresses: dict[str, URL] = {}

    def call(self, request: Request) -> Reply:
        """Make one request and wait for what became of it."""
        return self.call_all([request])[0]

    def call_all(
        self, requests: list[Request], spacing: float = 0.0, patience: float | None = None
    ) -> list[Reply]:
        """Make requests side by side, one every `spacing` seconds; the answer at i belongs to `requests[i]`.

        What could not leave within `patience` seconds of its time stays, with TurnPassed for an answer, but for the first
        few: a machine that is always late gets on as well. Raises nothing of LINE's.
        """
        if not requests:
            return []
        # Before the token, whose renewal takes a while: the requests' time runs from now.
        latest = None if patience is None else perf_counter() + patience
        try:
            token = self._tokens.token()
        except GatewayError as failure:
            return [Reply(failure)] * len(requests)
        return self._submit(self._all(requests, token, spacing, latest)).result()

    def close(self) -> None:
        """End the session and the thread; requests under way are waited for."""
        with self._lock:
            self._closed = True
            loop, thread = self._loop, self._thread
        if loop is None or thread is None or not thread.is_alive():
            return
        asyncio.run_coroutine_threadsafe(self._close_session(), loop).result(TOTAL_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=TOTAL_SECONDS)

    def _submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        with self._lock:
            if self._closed:
                work.close()
                message = "the gateway is closed"
                raise RuntimeError(message)
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = Thread(target=self._run, args=(self._loop,), name="line-wire", daemon=True)
                self._thread.start()
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        loop.run_forever()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    async def _close_session(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> tuple[aiohttp.ClientSession, asyncio.Semaphore]:
        if self._session is None or self._slots is None:
            connector = aiohttp.TCPConnector(limit=CONCURRENCY, keepalive_timeout=KEEP_ALIVE_SECONDS)
            timeout = aiohttp.ClientTimeout(total=TOTAL_SECONDS, sock_connect=CONNECT_SECONDS)
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=timeout,
                # LINE sets no cookies and packs nothing; looking for either takes a tenth of a push's time.
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("Accept", "Accept-Encoding"),
            )
            self._slots = asyncio.Semaphore(CONCURRENCY)
        return self._session, self._slots

    def _address(self, path: str) -> URL:
        """Return an address; those of messages are few and need be parsed but once."""
        known = self._addresses.get(path)
        if known is None:
            known = URL(self._base_url + path, encoded=True)
            if len(self._addresses) < ADDRESSES_KEPT:
                self._addresses[path] = known
        return known

    async def _all(
        self, requests: list[Request], token: str, spacing: float, latest: float | None
    ) -> list[Reply]:
        session, slots = self._opened()

        async def one(place: int, request: Request) -> Reply:
            # The slot comes before the clock starts: waiting for our own turn is not LINE being slow.
            async with slots:
                if latest is not None and place >= TOGETHER and perf_counter() > latest + place * spacing:
                    return Reply(TurnPassed("late"))
                return await self._one(session, request, token)

        begun: list[asyncio.Task[Reply]] = []
        for start in range(0, len(requests), TOGETHER):
            if start and spacing:
                await asyncio.sleep(TOGETHER * spacing)
            these = enumerate(requests[start : start + TOGETHER], start)
            begun += [asyncio.create_task(one(place, each)) for place, each in these]
        return [await each for each in begun]

    async def _one(self, session: aiohttp.ClientSession, request: Request, token: str) -> Reply:
        reply = await self._attempt(session, request, token)
        if not isinstance(reply.verdict, TokenInvalid) or reply.verdict.status != 401:
            return reply
        # 401 means that nothing was taken, so the same key and body may go again under a fresh token.
        try:
            fresh = await asyncio.to_thread(self._tokens.renewed, token)
        except GatewayError as failure:
            return Reply(failure)
        return await self._attempt(session, request, fresh) if fresh else reply

    async def _attempt(self, session: aiohttp.ClientSession, request: Request, token: str) -> Reply:
        at, began = self._clock.now(), perf_counter()
        reply, status, request_id = await self._answered(session, request, token)
        error = str(reply.verdict) if isinstance(reply.verdict, GatewayError) else None
        spent = round((perf_counter() - began) * 1000)
        self._calls.add(Call(at, request.endpoint, status, request_id, spent, error))
        return reply

    def _written(self, body: Mapping[str, Any] | bytes | None) -> bytes | None:
        encoded = _encoded(body)
        return encoded.replace(_STORED, self._pictures_at) if encoded else encoded

    async def _answered(
        self, session: aiohttp.ClientSession, request: Request, token: str
    ) -> tuple[Reply, int | None, str | None]:
        try:
            async with session.request(
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


def _network_failure(failure: Exception) -> GatewayError:
    words = type(failure).__name__
    # No connection, nothing sent; any later failure leaves open whether LINE took it.
    if isinstance(
        failure, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError | aiohttp.InvalidURL
    ):
        return TemporaryGatewayError(words)
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
