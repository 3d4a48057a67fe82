"""A database that goes away, or is not there yet: it is waited for, that is said, and work goes on."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, time
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select

from bot.line.raw_events import row_of
from bot.machinery import Machinery
from bot.models import InboundEvent, InboundState
from bot.pulse import pulse_of
from bot.services import Services
from bot.settings import Settings
from bot.simulator.config import SimulatorConfig
from bot.simulator.server import start as start_simulator
from bot.wiring import build_services
from scheduler import broadcast_progress, broadcasts, drafts, engine
from scheduler.drafts import Draft
from scheduler.models import BroadcastState
from segments import shop
from segments.db import Database
from segments.upsert import insert_ignore
from tests.bot.cli.terminal import NOBODY
from tests.bot.line.support import an_event
from tests.builders import a_friend
from tests.databases import PostgresServer
from tests.fakes.simulator import SimulatorClient
from tests.processes import SECRET, TOKEN, Installation
from tests.waiting import wait_until

WAITING = "データベースの応答を待っています: "


@contextmanager
def working(database: Database, folder: Path, line_url: str) -> Generator[Services]:
    """Run a whole worker in real time."""
    values: dict[str, Any] = {
        "data": folder,
        "channel_secret": SecretStr(SECRET),
        "channel_access_token": SecretStr(TOKEN),
        "line_api_base_url": line_url,
    }
    services = build_services(Settings.model_construct(**values), database)
    engine.migrate(database)
    with database.begin() as session:
        always_open = replace(shop.load(session), quiet_from=time(0), quiet_until=time(0))
        shop.save(session, always_open, services.clock.now())
    machinery = Machinery(services)
    machinery.start()
    try:
        yield services
    finally:
        machinery.stop()
        services.close()


def beats_after(services: Services, moment: datetime) -> bool:
    with services.database.reading() as session:
        pulse = pulse_of(session)
    return bool(pulse.tick and pulse.tick > moment and any(at > moment for at in pulse.workers))


def follow(services: Services, line_user_id: str) -> Callable[[], bool]:
    """Store an event as the webhook does; return how to ask whether it was handled."""
    followed = an_event("follow", line_user_id, services.clock.now())
    with services.database.begin() as session:
        insert_ignore(session, InboundEvent, [row_of(followed, services.clock.now())])

    def is_handled() -> bool:
        state = select(InboundEvent.state).where(InboundEvent.webhook_event_id == followed["webhookEventId"])
        with services.database.reading() as session:
            return session.scalars(state).one() is InboundState.DONE

    return is_handled


def broadcast(services: Services, text: str) -> Callable[[], bool]:
    """Start a broadcast to everyone; return how to ask whether it is done."""
    now = services.clock.now()
    with services.database.begin() as session:
        content = {"ja": [{"type": "text", "text": text}]}
        draft = Draft("x", content, condition={"is": "everyone"})
        sale = drafts.create(session, draft, now=now, by="test")
        broadcasts.schedule(session, services.queue, sale.id, None, now)

    def is_done() -> bool:
        with services.database.begin() as session:
            return broadcast_progress.progress(session, sale.id).state is BroadcastState.DONE

    return is_done


def test_a_worker_goes_on_after_its_database_was_restarted(postgres: PostgresServer, tmp_path: Path) -> None:
    config = SimulatorConfig(channel_secret=SECRET, channel_access_tokens=(TOKEN,))
    with start_simulator(config) as running, postgres.copy() as database:
        line = SimulatorClient(running.url)
        friend, newcomer = line.add_friends(2)
        with database.begin() as session:
            a_friend(session, line_user_id=friend)
        with working(database, tmp_path, running.url) as services:
            began = services.clock.now()
            wait_until(lambda: beats_after(services, began))
            with postgres.down():
                fell = services.clock.now()
            wait_until(follow(services, newcomer))
            wait_until(broadcast(services, "また動いています"))
            wait_until(lambda: beats_after(services, fell))
        assert line.texts(friend) == ["また動いています"]


def test_a_command_waits_for_a_database_that_is_down_says_so_and_goes_on(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    log = tmp_path / "db.log"
    with postgres.copy() as database:
        with postgres.down():
            database.dispose()
            command = Installation(database, tmp_path, NOBODY).start("db", "upgrade")
            wait_until(lambda: WAITING in log.read_text(encoding="utf-8"))
            assert command.poll() is None
        assert command.wait(timeout=60) == 0
        assert log.read_text(encoding="utf-8").endswith("データベースは最新です。\n")


def test_a_worker_told_to_stop_while_it_waits_for_its_database_stops(tmp_path: Path) -> None:
    away = Database("postgresql+psycopg://nobody:never-told@127.0.0.1:9/nowhere")
    worker = Installation(away, tmp_path, NOBODY).start("worker")
    log = tmp_path / "worker.log"
    wait_until(lambda: WAITING in log.read_text(encoding="utf-8"))
    worker.terminate()
    assert worker.wait(timeout=30) == 0
    assert "never-told" not in log.read_text(encoding="utf-8")
    away.dispose()
