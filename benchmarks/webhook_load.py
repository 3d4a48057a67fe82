"""A lean client that posts signed webhook events from a process of its own: at a steady rate, or as fast as it is answered."""

import asyncio
import json
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from time import perf_counter, time_ns
from typing import Any

import numpy as np

from bot.line.signature import sign

CONNECTIONS = 64
HEAD_END = b"\r\n\r\n"
TEXTS = (
    "こんにちは",
    "営業時間を教えてください",
    "新茶はありますか？",
    "ありがとうございます",
    "予約したいです",
)


@dataclass(frozen=True)
class Load:
    """What is posted where: `count` events of friends 1 … `friends`, one in each request."""

    port: int
    secret: str
    count: int
    friends: int
    seed: int


@dataclass(frozen=True)
class Answers:
    """How it was answered: milliseconds of each request from the moment it was due, and how many were not 200."""

    seconds: float
    milliseconds: list[float]
    refused: int

    @property
    def a_second(self) -> float:
        """Requests answered a second."""
        return len(self.milliseconds) / self.seconds

    def percentile(self, share: float) -> float:
        """Return the milliseconds within which `share` per cent were answered."""
        return float(np.percentile(self.milliseconds, share))


def steady(load: Load, rate: float) -> Answers:
    """Post at `rate` a second, whether answers come or not: one that waits for a connection waits on the clock."""
    return _apart(_steady, load, rate)


def flat_out(load: Load, seconds: float, connections: int) -> Answers:
    """Post over `connections` for `seconds`, on each the next as soon as the last is answered."""
    return _apart(_flat_out, load, seconds, connections)


def _apart(work: Callable[..., Any], *arguments: Any) -> Answers:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_worked, args=(theirs, work, arguments), daemon=True)
    process.start()
    try:
        return ours.recv()
    finally:
        process.join(timeout=10)


def _worked(tell: Connection, work: Callable[..., Any], arguments: Sequence[Any]) -> None:
    tell.send(asyncio.run(work(*arguments)))


def requests_of(load: Load) -> list[bytes]:
    """Return the whole HTTP requests, signed before the clock runs."""
    return [_request(load, number) for number in range(load.count)]


def _request(load: Load, number: int) -> bytes:
    friend = (number * 7919 + load.seed) % load.friends + 1
    body = json.dumps({"destination": "U" + "b" * 32, "events": [_event(load, number, friend)]}).encode()
    head = (
        f"POST /webhook HTTP/1.1\r\nHost: 127.0.0.1:{load.port}\r\nContent-Type: application/json; charset=utf-8\r\n"
        f"User-Agent: LineBotWebhook/2.0\r\nx-line-signature: {sign(load.secret, body)}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _event(load: Load, number: int, friend: int) -> dict[str, Any]:
    name = f"{load.seed:06d}{number:020d}"
    return {
        "type": "message",
        "message": {
            "type": "text",
            "id": f"46{name}",
            "quoteToken": f"q3Plxr4AgKd{name}",
            "text": TEXTS[number % len(TEXTS)],
        },
        "webhookEventId": name,
        "deliveryContext": {"isRedelivery": False},
        "timestamp": time_ns() // 1_000_000,
        "source": {"type": "user", "userId": f"U{friend:032x}"},
        "replyToken": f"nHuyWiB7yP5Zw52FIkcQobQuGDXCTA{name}",
        "mode": "active",
    }


class Line(asyncio.Protocol):
    """One kept connection with one request on it at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._held = b""
        self._answered: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where requests go."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Wait for the whole answer."""
        self._held += data
        end = self._held.find(HEAD_END)
        if end < 0 or self._answered is None:
            return
        head = self._held[:end].lower()
        start = head.find(b"content-length:")
        length = int(head[start + 15 :].split(b"\r\n", 1)[0]) if start >= 0 else 0
        if len(self._held) >= end + len(HEAD_END) + length:
            self._held, answered = b"", self._answered
            self._answered = None
            answered.set_result(int(head[9:12]))

    def connection_lost(self, exc: Exception | None) -> None:
        """An answer that does not come any more counts as refused."""
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(0)

    def post(self, request: bytes) -> "asyncio.Future[int]":
        """Send a request; the future tells its status."""
        assert self._transport is not None
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answered


async def _connected(port: int, count: int) -> list[Line]:
    loop = asyncio.get_running_loop()
    return [(await loop.create_connection(Line, "127.0.0.1", port))[1] for _ in range(count)]


async def _steady(load: Load, rate: float) -> Answers:
    requests, free = requests_of(load), asyncio.Queue[Line]()
    for line in await _connected(load.port, CONNECTIONS):
        free.put_nowait(line)
    took: list[float] = []
    statuses: list[int] = []

    async def one(due: float, request: bytes) -> None:
        line = await free.get()
        statuses.append(await line.post(request))
        took.append(1000 * (perf_counter() - due))
        free.put_nowait(line)

    began = perf_counter()
    under_way: list[asyncio.Task[None]] = []
    for number, request in enumerate(requests):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - perf_counter()))
        under_way.append(asyncio.create_task(one(due, request)))
    await asyncio.gather(*under_way)
    return Answers(perf_counter() - began, took, sum(status != 200 for status in statuses))


async def _flat_out(load: Load, seconds: float, connections: int) -> Answers:
    waiting = iter(requests_of(load))
    took: list[float] = []
    statuses: list[int] = []
    lines = await _connected(load.port, connections)
    began = perf_counter()

    async def keep_posting(line: Line, some: Iterator[bytes]) -> None:
        for request in some:
            started = perf_counter()
            if started - began > seconds:
                return
            statuses.append(await line.post(request))
            took.append(1000 * (perf_counter() - started))

    await asyncio.gather(*(keep_posting(line, waiting) for line in lines))
    return Answers(perf_counter() - began, took, sum(status != 200 for status in statuses))
