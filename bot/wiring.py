"""The composition root: settings become services."""

import secrets
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from bot import migrations, restored
from bot.line.gateway import open_gateway
from bot.mail.wiring import mailer_of, missing
from bot.services import Services
from bot.settings import Settings
from scheduler import engine
from scheduler.dispatcher import Dispatcher
from scheduler.engine import DbosQueue
from scheduler.leadership import SessionLock
from scheduler.mail import MailGateway
from scheduler.pacing import SharedPacer
from segments.clock import Clock, SystemClock
from segments.db import Database
from segments.link_tokens import Tracking

Report = Callable[[str], None]
RETRY_SECONDS = 2.0
LOOK_SECONDS = 0.2
MIGRATING = "kokyaku:migrating"
"""Lock of whoever changes the tables."""


def open_database(settings: Settings) -> Database:
    """Open the database the settings name, making the data folder if it is missing."""
    settings.data.mkdir(parents=True, exist_ok=True)
    return Database(settings.effective_database_url, pool_size=20)


def wait_for(database: Database, say: Report, stop: Event | None = None) -> None:
    """Return when the database answers; until then say so every few seconds."""
    waiting = stop or Event()
    while not waiting.is_set():
        try:
            with database.reading() as session:
                session.execute(text("SELECT 1"))
        except OperationalError as error:
            say(str(error.orig).strip().splitlines()[0])
            waiting.wait(RETRY_SECONDS)
        else:
            return


def migrate(database: Database) -> None:
    """Bring our tables and the job engine's to this program's version; of several that start at once, one by one.

    What PostgreSQL's own tools restored sends nothing before somebody has looked.
    """
    with _alone(database):
        migrations.upgrade(database)
        engine.migrate(database)
        restored.stop_if_restored(database, SystemClock().now())


@contextmanager
def _alone(database: Database) -> Generator[None]:
    """Wait until nobody else changes the tables; an SQLite file has its own lock."""
    lock, pause = SessionLock(database, MIGRATING), Event()
    # Asked again and again: who waits inside PostgreSQL holds up the indexes that the other one builds.
    while not lock.hold():
        pause.wait(LOOK_SECONDS)
    try:
        yield
    finally:
        lock.release()


def build_services(settings: Settings, database: Database, clock: Clock | None = None) -> Services:
    """Wire the services of one process."""
    own_clock = clock or SystemClock()
    gateway, queue = open_gateway(settings, database, own_clock), DbosQueue(database)

    def close() -> None:
        gateway.close()
        queue.close()
        database.dispose()

    return Services(
        settings=settings,
        database=database,
        clock=own_clock,
        gateway=gateway,
        queue=queue,
        close=close,
    )


def dispatcher_of(services: Services) -> Dispatcher:
    """Return what sending takes; its pace is real time's, whatever the clock says."""
    return Dispatcher(
        database=services.database,
        queue=services.queue,
        gateway=services.gateway,
        pacer=SharedPacer(services.database, SystemClock(), rates_of(services.settings)),
        clock=services.clock,
        zone=services.settings.zone,
        tracking=tracking_of(services.settings),
        mailer=_mailer(services),
    )


def _mailer(services: Services) -> MailGateway | None:
    if missing(services.settings) is not None:
        return None
    return mailer_of(services.settings, services.database, services.clock, secret_key(services.settings))


def rates_of(settings: Settings) -> dict[str, float]:
    """Return how many requests a second each of LINE's limits lets through, and how many mails."""
    mails = settings.mails_per_minute / 60
    return {"push": settings.push_rate, "multicast": settings.multicast_rate, "mail": mails}


def executor_id(database: Database) -> str:
    """Return this worker's name: fixed on SQLite, where one process succeeds itself, else unique."""
    return "embedded" if database.is_sqlite else f"{socket.gethostname()}-{uuid4().hex[:12]}"


def tracking_of(settings: Settings) -> Tracking | None:
    """Return what makes links lead through us; None without an address that friends' phones can reach."""
    return Tracking(settings.public_url, secret_key(settings)) if settings.public_url else None


def secret_key(settings: Settings) -> str:
    """Return the key that signs log-ins: from the settings, or made once and kept readable by us alone."""
    given = settings.secret_key.get_secret_value()
    if given:
        return given
    path = settings.data / "secret_key"
    if not path.exists() or not path.stat().st_size:
        _make_secret_key(path)
    return path.read_text(encoding="ascii")


def _make_secret_key(path: Path) -> None:
    """Write the key beside its place and link it there whole: a crash, a full disk or two at once leave no half."""
    fresh = path.with_name(f"{path.name}-{uuid4().hex}")
    try:
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(48), encoding="ascii")
        if path.exists() and not path.stat().st_size:
            path.unlink()
        with suppress(FileExistsError):
            path.hardlink_to(fresh)
    finally:
        fresh.unlink(missing_ok=True)
