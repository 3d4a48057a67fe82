"""A running simulator over real HTTP, its controls, LINE's own client and a bot that receives webhooks."""

# line-bot-sdk ships without types for its calls.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportGeneralTypeIssues=false

import http.client
import json
import threading
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from linebot.v3.messaging import ApiClient, Configuration, MessagingApi, MessagingApiBlob

from bot.simulator.config import SimulatorConfig
from bot.simulator.server import RunningSimulator, start
from tests.fakes.simulator import Json, SimulatorClient

TOKEN = "simulator-access-token"
SECRET = "simulator-channel-secret"


@pytest.fixture(scope="module")
def running() -> Generator[RunningSimulator]:
    """One simulator for the tests of a module; `sim` resets it between tests."""
    with start(SimulatorConfig(redelivery_delays=(0.01, 0.02), webhook_timeout=0.5)) as simulator:
        yield simulator


@pytest.fixture
def sim(running: RunningSimulator) -> SimulatorClient:
    """The controls of a simulator that knows nobody yet."""
    client = SimulatorClient(running.url)
    client.reset()
    return client


@pytest.fixture
def line(sim: SimulatorClient) -> Generator[MessagingApi]:
    """LINE's Python client."""
    with ApiClient(Configuration(host=sim.url, access_token=TOKEN)) as client:
        yield MessagingApi(client)


@pytest.fixture
def blob(sim: SimulatorClient) -> Generator[MessagingApiBlob]:
    """LINE's Python client for files."""
    with ApiClient(Configuration(host=sim.url, access_token=TOKEN)) as client:
        yield MessagingApiBlob(client)


@dataclass(frozen=True)
class Answer:
    """A raw HTTP answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Wire:
    """Speaks to LINE's paths without a client library, where tests need the bare bytes."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url)

    def call(
        self,
        method: str,
        path: str,
        body: Json | bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request on a connection of its own; connection faults raise OSError or HTTPException."""
        connection = http.client.HTTPConnection(str(self._address.hostname), self._address.port, timeout=10)
        sent = json.dumps(body).encode() if isinstance(body, dict) else body
        fixed = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, sent, {**fixed, **(headers or {})})
            got = connection.getresponse()
            raw = got.read()
        finally:
            connection.close()
        known = {name.lower(): value for name, value in got.getheaders()}
        return Answer(
            got.status, known, json.loads(raw) if known.get("content-type") == "application/json" else raw
        )

    def push(self, to: str, *messages: Json, key: str | None = None, **extra: Any) -> Answer:
        """POST push."""
        headers = {} if key is None else {"X-Line-Retry-Key": key}
        return self.call(
            "POST", "/v2/bot/message/push", {"to": to, "messages": list(messages), **extra}, headers
        )

    def multicast(self, to: list[str], *messages: Json, key: str | None = None, **extra: Any) -> Answer:
        """POST multicast."""
        headers = {} if key is None else {"X-Line-Retry-Key": key}
        return self.call(
            "POST", "/v2/bot/message/multicast", {"to": to, "messages": list(messages), **extra}, headers
        )


@pytest.fixture
def wire(sim: SimulatorClient) -> Wire:
    """Bare HTTP."""
    return Wire(sim.url)


def text(words: str = "こんにちは") -> Json:
    """A text message object."""
    return {"type": "text", "text": words}


@dataclass
class Bot:
    """A webhook receiver: what came, and what it answers. `statuses` are used up first, then 200."""

    url: str = ""
    bodies: list[bytes] = field(default_factory=list[bytes])
    signatures: list[str] = field(default_factory=list[str])
    statuses: list[int] = field(default_factory=list[int])
    silent: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def events(self) -> list[Json]:
        """All events in order of arrival."""
        return [event for body in self.bodies for event in json.loads(body)["events"]]


@pytest.fixture
def bot(sim: SimulatorClient) -> Generator[Bot]:
    """A bot the simulator sends its webhooks to."""
    received = Bot()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            received.signatures.append(self.headers["x-line-signature"])
            if received.silent.is_set():
                received.released.wait(10)
                return
            self.send_response(received.statuses.pop(0) if received.statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name http.server gives it
            """Keep the test output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    received.url = f"http://127.0.0.1:{server.server_address[1]}/webhook"
    sim.webhook(url=received.url)
    yield received
    received.released.set()
    sim.webhook(active=False)
    server.shutdown()
    thread.join()
    server.server_close()
