"""A whole shop in one test: web over real HTTP, real worker and inbox, the simulator, and a clock that the test moves."""

import hmac
import json
from base64 import b64encode
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from socket import AF_INET, SOCK_STREAM, socket
from threading import Event
from typing import Any

from pydantic import SecretStr
from sqlalchemy import exists, select

from bot import api_keys, ready_made
from bot.app import create_app
from bot.machinery import Machinery
from bot.models import InboundEvent, InboundState
from bot.services import Services
from bot.settings import Settings
from bot.simulator.config import SimulatorConfig
from bot.simulator.server import start as start_simulator
from bot.web_thread import serve_in_thread
from bot.wiring import build_services
from scheduler import engine
from scheduler.chunks import OPEN_CHUNK
from scheduler.jobs import Job
from scheduler.models import (
    Broadcast,
    BroadcastState,
    Chunk,
    Delivery,
    DeliveryState,
    Enrolment,
    EnrolmentState,
)
from segments.db import Database
from segments.models import CustomerEvent, Facts, Friend
from tests.fakes.clock import FakeClock
from tests.fakes.simulator import SimulatorClient
from tests.processes import SECRET, TOKEN

PATIENCE_SECONDS = 60
ROUND = timedelta(seconds=2)


class World:
    """One shop and the people on its LINE."""

    def __init__(self, services: Services, machinery: Machinery, line: SimulatorClient, port: int) -> None:
        self.services, self.machinery, self.line = services, machinery, line
        self.database: Database = services.database
        assert isinstance(services.clock, FakeClock)
        self.clock: FakeClock = services.clock
        self._port = port
        self._pause = Event()
        with self.database.begin() as session:
            self._api_key = api_keys.add(session, f"test at {port}", self.clock.now())

    @property
    def address(self) -> str:
        """Where a browser finds the shop."""
        return f"http://127.0.0.1:{self._port}"

    def buys(self, order_id: str, line_user_id: str, yen: int, *product_codes: str) -> dict[str, Any]:
        """The till reports a purchase through the API."""
        order = {
            "order_id": order_id,
            "line_user_id": line_user_id,
            "bought_at": self.clock.now().isoformat(),
            "amount_yen": yen,
            "items": [{"product_code": code, "quantity": 1} for code in product_codes],
        }
        status, answer = self.call("POST", "/api/v1/purchases", order)
        assert status == 200, answer
        self.settle()
        return answer

    def call(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Call our own API over HTTP with a valid key; return status and JSON."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
        headers = {"Authorization": f"Bearer {self._api_key}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def post_webhook(self, body: bytes, secret: str = SECRET) -> int:
        """Post a body to our webhook as LINE would, signed with `secret`; return the status."""
        signature = b64encode(hmac.new(secret.encode(), body, "sha256").digest()).decode()
        connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            connection.request("POST", "/webhook", body, {"x-line-signature": signature})
            return connection.getresponse().status
        finally:
            connection.close()

    def live_until(self, moment: datetime) -> None:
        """Let time pass, stopping at every moment at which something is due."""
        while (due := self._next_due()) is not None and due <= moment:
            self._set(max(due, self.clock.now()))
            self.settle()
        self._set(max(moment, self.clock.now()))
        self.settle()

    def live(self, **duration: float) -> None:
        """Let so much time pass."""
        self.live_until(self.clock.now() + timedelta(**duration))

    def settle(self) -> None:
        """Return when webhooks, events, steps and sends have come to rest."""
        for _ in range(100):
            assert self.line.flush()
            self._wait_for(self._inbox_is_empty)
            self._tick()
            self._wait_for(self._nothing_is_under_way)
            if self._is_at_rest():
                return
        raise AssertionError("the world does not come to rest")

    def friend(self, line_user_id: str) -> Friend:
        """Return the friend's row."""
        with self.database.reading() as session:
            return session.scalars(select(Friend).where(Friend.line_user_id == line_user_id)).one()

    def facts(self, line_user_id: str) -> Facts:
        """Return the friend's facts."""
        with self.database.reading() as session:
            return session.get_one(Facts, self.friend(line_user_id).id)

    def _set(self, now: datetime) -> None:
        self.clock.set(now)
        self.line.clock(now=now.isoformat(), frozen=True)

    def _tick(self) -> None:
        self._set(self.clock.now() + ROUND)
        job_id = self.machinery.ticker.ring(Job.TICK)
        self._wait_for(lambda: not self.services.queue.unfinished([job_id]))

    def _wait_for(self, holds: Any) -> None:
        for _ in range(PATIENCE_SECONDS * 50):
            if holds():
                return
            self._pause.wait(0.02)
        raise AssertionError(f"{holds.__name__} does not come true")

    def _inbox_is_empty(self) -> bool:
        return not self._any(InboundEvent.state == InboundState.PENDING)

    def _nothing_is_under_way(self) -> bool:
        return not (
            self._any(Broadcast.state == BroadcastState.PLANNING)
            or self._any(Chunk.state.in_(OPEN_CHUNK))
            or self._any(Delivery.state == DeliveryState.SENDING)
        )

    def _is_at_rest(self) -> bool:
        due = self._next_due()
        return (
            self._inbox_is_empty()
            and not self._any(CustomerEvent.read_at.is_(None))
            and (due is None or due > self.clock.now())
        )

    def _any(self, condition: Any) -> bool:
        with self.database.reading() as session:
            return bool(session.scalar(select(exists().where(condition))))

    def _next_due(self) -> datetime | None:
        waiting = (Delivery.state == DeliveryState.QUEUED) & Delivery.chunk_id.is_(None)
        queries = (
            select(Facts.review_at).where(Facts.review_at.is_not(None)).order_by(Facts.review_at),
            select(Enrolment.next_at)
            .where(Enrolment.state == EnrolmentState.ACTIVE, Enrolment.next_at.is_not(None))
            .order_by(Enrolment.next_at),
            select(Delivery.not_before).where(waiting).order_by(Delivery.not_before),
        )
        with self.database.reading() as session:
            found = [session.scalars(query.limit(1)).first() for query in queries]
        return min((moment for moment in found if moment is not None), default=None)


@contextmanager
def a_world(database: Database, clock: FakeClock, folder: Path) -> Generator[World]:
    """Open a shop on an empty database, with a simulator of its own."""
    config = SimulatorConfig(channel_secret=SECRET, channel_access_tokens=(TOKEN,))
    with start_simulator(config) as line, a_world_on(line.url, database, clock, folder) as world:
        yield world


@contextmanager
def a_world_on(
    line_url: str, database: Database, clock: FakeClock, folder: Path, token: str = TOKEN
) -> Generator[World]:
    """Open a shop on `database` and the simulator at `line_url`."""
    line = SimulatorClient(line_url)
    line.clock(now=clock.now().isoformat(), frozen=True)
    listener = socket(AF_INET, SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    port = int(listener.getsockname()[1])
    services = build_services(_settings(folder, line_url, token, port), database, clock)
    engine.migrate(database)
    with database.begin() as session:
        ready_made.install(session, clock.now())
    machinery = Machinery(services)
    with _web(services, listener):
        line.webhook(url=f"http://127.0.0.1:{port}/webhook", secret=SECRET, active=True)
        machinery.start(rings=False, poll_at_most=0.05)
        try:
            yield World(services, machinery, line, port)
        finally:
            machinery.stop()
    services.close()


def _settings(folder: Path, line_url: str, token: str, port: int) -> Settings:
    values: dict[str, Any] = {
        "data": folder,
        "channel_secret": SecretStr(SECRET),
        "channel_access_token": SecretStr(token),
        "line_api_base_url": line_url,
        "port": port,
    }
    return Settings.model_construct(**values)


@contextmanager
def _web(services: Services, listener: socket) -> Generator[None]:
    close = serve_in_thread(create_app(services), threads=8, sockets=[listener])
    try:
        yield
    finally:
        close()
