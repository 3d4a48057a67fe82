"""A lean stand-in for LINE's sending endpoints: takes everything after a latency, remembers when, what and under which key.

It is a process of its own and parses no more than it must, so that what is measured is the sender.
"""

import asyncio
import gc
import json
import multiprocessing
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from time import monotonic
from typing import Any, NamedTuple
from urllib.request import Request, urlopen

import numpy as np

LATENCY_SECONDS = 0.05
HEAD_END = b"\r\n\r\n"
PLATFORM = json.dumps(
    {"type": "none", "totalUsage": 0, "richmenus": [], "sentMessages": [{"id": "461230966842064897"}]}
)


class Call(NamedTuple):
    """One request as it came."""

    kind: str
    at: float
    """Seconds on this machine's monotonic clock, which all its processes share."""
    recipients: tuple[bytes, ...]


class Counts:
    """What has come so far: recipients are counted once a retry key, as LINE does."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.keys: dict[bytes, int] = {}
        self.repeats = 0

    def take(self, kind: str, key: bytes, body: bytes) -> int | None:
        """Remember a request; return the number of the call that came first under its key, None when it is this."""
        first = self.keys.get(key) if key else None
        if first is not None:
            self.repeats += 1
            return first
        self.keys[key] = len(self.calls)
        self.calls.append(Call(kind, monotonic(), _recipients(kind, body)))
        return None

    def told(self) -> dict[str, Any]:
        """Return the figures."""
        got = Counter(each for call in self.calls for each in call.recipients)
        moments = [call.at for call in self.calls]
        kinds = {call.kind for call in self.calls}
        return {
            "calls": len(self.calls),
            "repeats": self.repeats,
            "recipients": len(got),
            "duplicates": sum(count > 1 for count in got.values()),
            "first": min(moments, default=0.0),
            "last": max(moments, default=0.0),
            "most_in_a_second": {kind: self._most(kind) for kind in sorted(kinds)},
        }

    def _most(self, kind: str) -> int:
        """Return the most calls in any second, wherever it begins."""
        moments = np.array([call.at for call in self.calls if call.kind == kind])
        after = np.searchsorted(moments, moments + 1.0, side="left")
        return int((after - np.arange(len(moments))).max(initial=0))


def _recipients(kind: str, body: bytes) -> tuple[bytes, ...]:
    if kind == "push":
        start = body.index(b'"U') + 1
        return (body[start : body.index(b'"', start)],)
    return tuple(each.encode() for each in json.loads(body)["to"]) if kind == "multicast" else ()


class Sink(asyncio.Protocol):
    """One connection: HTTP/1.1 requests with a length, one after another."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._held = b""
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._said = PLATFORM.encode()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where answers go."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take every whole request that has come."""
        self._held += data
        while (end := self._held.find(HEAD_END)) >= 0:
            head = self._held[:end].lower()
            length = int(_header(head, b"content-length") or b"0")
            whole = end + len(HEAD_END) + length
            if len(self._held) < whole:
                return
            body, self._held = self._held[end + len(HEAD_END) : whole], self._held[whole:]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        line = head.split(b"\r\n", 1)[0]
        if b"/counts" in line:
            self._write(_answered(b"200 OK", b"", json.dumps(self._counts.told()).encode()))
            return
        if b"/reset" in line:
            self._counts.__init__()
            self._write(_answered(b"200 OK", b"", PLATFORM.encode()))
            return
        kind = "multicast" if b"/multicast" in line else "push" if b"/push" in line else "other"
        first = self._counts.take(kind, _header(head, b"x-line-retry-key"), body)
        number = len(self._counts.calls) if first is None else first
        extra = b"x-line-request-id: %d\r\n" % number
        status = b"200 OK"
        if first is not None:
            status, extra = b"409 Conflict", extra + b"x-line-accepted-request-id: %d\r\n" % first
        self._loop.call_later(LATENCY_SECONDS, self._write, _answered(status, extra, self._said))

    def _write(self, answer: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(answer)


def _header(head: bytes, name: bytes) -> bytes:
    start = head.find(b"\r\n" + name + b":")
    if start < 0:
        return b""
    start += len(name) + 3
    end = head.find(b"\r\n", start)
    return head[start : end if end >= 0 else len(head)].strip()


def _answered(status: bytes, extra: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s" % (
        status,
        extra,
        len(body),
        body,
    )


class SinkClient:
    """Asks a sink what it saw."""

    def __init__(self, url: str) -> None:
        self.url = url

    def counts(self) -> dict[str, Any]:
        """Return the figures so far."""
        return self._asked("/counts")

    def reset(self) -> None:
        """Forget everything."""
        self._asked("/reset")

    def _asked(self, path: str) -> dict[str, Any]:
        with urlopen(Request(self.url + path)) as answer:  # noqa: S310 — our own process
            return json.load(answer)


@contextmanager
def running_sink() -> Generator[SinkClient]:
    """Run a sink for as long as the block lasts."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield SinkClient(f"http://127.0.0.1:{ours.recv()}")
    finally:
        process.terminate()
        process.join(timeout=10)


def _serve(tell: Connection) -> None:
    # Python's search for rubbish among all calls held us up for a quarter of a second; those who sent meanwhile then
    # seemed to have sent all at once.
    gc.disable()
    asyncio.run(_listen(tell))


async def _listen(tell: Connection) -> None:
    counts = Counts()
    server = await asyncio.get_running_loop().create_server(
        lambda: Sink(counts), "127.0.0.1", 0, backlog=1000
    )
    tell.send(server.sockets[0].getsockname()[1])
    async with server:
        await server.serve_forever()
