"""The wire to LINE for all that carries messages: many requests side by side, from one loop in a thread of its own."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import Future
from threading import Lock, Thread
from time import perf_counter
from typing import Any, NamedTuple, TypeVar

from bot.line.calls import CallRecorder
from bot.line.exchange import TOTAL_SECONDS, Exchange, Reply, Request
from bot.line.tokens import TokenSource
from bot.picture_addresses import STORED
from scheduler.gateway import GatewayError, TurnPassed
from segments.clock import Clock

T = TypeVar("T")
CONCURRENCY = 250
"""Requests under way: at LINE's rate and 50 ms an answer a hundred are, at 100 ms two hundred."""
TOGETHER = 10
"""Requests of a batch that start in the same moment; the next ten follow when their time has come."""


class _Lateness(NamedTuple):
    """When the turns of requests pass that began together."""

    began: float
    spacing: float
    patience: float | None
    longest: float | None

    def has_passed(self, place: int, now: float) -> bool:
        """Tell whether the turn of the request at `place` has passed."""
        late = now - self.began - place * self.spacing
        if self.patience is not None and place >= TOGETHER and late > self.patience:
            return True
        return self.longest is not None and late > self.longest


class Wire:
    """A loop thread with one long-lived session (bot.line.exchange); started by the first request."""

    def __init__(
        self,
        base_url: str,
        tokens: TokenSource,
        calls: CallRecorder,
        clock: Clock,
        pictures_at: str = STORED,
    ) -> None:
        """Send to `base_url`; pictures of our own are to be found at `pictures_at` (bot.picture_addresses)."""
        self._tokens = tokens
        self._exchange = Exchange(base_url, tokens, calls, clock, pictures_at, CONCURRENCY)
        self._slots = asyncio.Semaphore(CONCURRENCY)
        self._lock = Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None
        self._closed = False

    def call(self, request: Request) -> Reply:
        """Make one request and wait for what became of it."""
        return self.call_all([request])[0]

    def call_all(
        self,
        requests: list[Request],
        spacing: float = 0.0,
        patience: float | None = None,
        longest: float | None = None,
    ) -> list[Reply]:
        """Make requests side by side, one every `spacing` seconds; the answer at i belongs to `requests[i]`.

        What could not leave within `patience` seconds of its time stays, with TurnPassed for an answer, but for the first
        few: a machine that is always late gets on as well. Those stay too when they had no connection within `longest`
        seconds: whoever sends asks anew whether they may still leave. Raises nothing of LINE's.
        """
        if not requests:
            return []
        # Before the token, whose renewal takes a while: the requests' time runs from now.
        lateness = _Lateness(perf_counter(), spacing, patience, longest)
        try:
            token = self._tokens.token()
        except GatewayError as failure:
            return [Reply(failure)] * len(requests)
        return self._submit(self._all(requests, token, spacing, lateness)).result()

    def close(self) -> None:
        """End the session and the thread; requests under way are waited for."""
        with self._lock:
            self._closed = True
            loop, thread = self._loop, self._thread
        if loop is None or thread is None or not thread.is_alive():
            return
        asyncio.run_coroutine_threadsafe(self._exchange.close(), loop).result(TOTAL_SECONDS)
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

    async def _all(
        self, requests: list[Request], token: str, spacing: float, lateness: _Lateness
    ) -> list[Reply]:
        async def one(place: int, request: Request) -> Reply:
            # The slot comes before the clock starts: waiting for our own turn is not LINE being slow.
            async with self._slots:
                if lateness.has_passed(place, perf_counter()):
                    return Reply(TurnPassed("late"))
                return await self._exchange.make(request, token)

        begun: list[asyncio.Task[Reply]] = []
        for start in range(0, len(requests), TOGETHER):
            if start and spacing:
                await asyncio.sleep(TOGETHER * spacing)
            these = enumerate(requests[start : start + TOGETHER], start)
            begun += [asyncio.create_task(one(place, each)) for place, each in these]
        return [await each for each in begun]
