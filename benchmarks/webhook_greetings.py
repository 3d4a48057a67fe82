"""A rush of follows on the simulator: was everybody greeted while the reply token lived, or is it written down why not?"""

import subprocess
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from threading import Event
from time import monotonic
from typing import Any

from sqlalchemy import func, select

from benchmarks import webhook_figures
from benchmarks.databases import Databases
from benchmarks.webhook_runs import a_free_port, our_web, our_worker
from bot.models import InboundEvent, InboundState
from scheduler.models import Delivery, DeliveryKind, DeliveryState
from segments.db import Database
from segments.models import Friend
from tests.fakes.simulator import SimulatorClient
from tests.processes import ROOT, Installation

STEP_SECONDS = 0.5
PATIENCE_SECONDS = 300


def rush(made: Databases, follows: int, seconds: float) -> dict[str, Any]:
    """Let `follows` people follow within `seconds`; return what became of their greetings."""
    with ExitStack() as stack:
        database, own = stack.enter_context(made.new("rush"))
        port = a_free_port()
        line = stack.enter_context(_simulator(port))
        installation = Installation(database, own, line.url)
        stack.enter_context(our_web(installation, 1, port))
        stack.enter_context(our_worker(installation))
        took = _let_follow(line, follows, seconds)
        _wait_until_worked_off(database, follows)
        figures = _counted(database, line, follows) | {"follow_seconds": round(took, 1)}
    print("greetings:", figures, flush=True)
    return figures


@contextmanager
def _simulator(web_port: int) -> Generator[SimulatorClient]:
    port = a_free_port()
    address = f"http://127.0.0.1:{web_port}/webhook"
    command = [
        sys.executable,
        "-m",
        "bot.simulator",
        "--port",
        str(port),
        "--webhook",
        address,
        "--redelivery",
    ]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    client, pause = SimulatorClient(f"http://127.0.0.1:{port}"), Event()
    try:
        for _ in range(PATIENCE_SECONDS):
            try:
                client.counts(friends=False)
                break
            except OSError:
                pause.wait(0.2)
        yield client
    finally:
        process.terminate()
        process.wait(timeout=30)


def _let_follow(line: SimulatorClient, follows: int, seconds: float) -> float:
    """Let people follow evenly; return the seconds it took."""
    pause, began, done = Event(), monotonic(), 0
    while done < follows:
        due = min(follows, int(follows * (monotonic() - began + STEP_SECONDS) / seconds))
        if due > done:
            line.add_friends(due - done, follow=True)
            done = due
        pause.wait(STEP_SECONDS)
    return monotonic() - began


def _wait_until_worked_off(database: Database, follows: int) -> None:
    pause = Event()
    open_events = select(func.count()).where(InboundEvent.state == InboundState.PENDING)
    came = select(func.count()).select_from(InboundEvent).where(InboundEvent.kind == "follow")
    for _ in range(PATIENCE_SECONDS * 2):
        with database.reading() as session:
            if session.scalar(came) == follows and not session.scalar(open_events):
                break
        pause.wait(0.5)
    # The last replies are under way still.
    pause.wait(3)


def _counted(database: Database, line: SimulatorClient, follows: int) -> dict[str, Any]:
    """Count by the simulator who was greeted, and by our rows why the others were not."""
    got = {each for each, count in line.counts()["friends"].items() if count}
    replies = select(Delivery.state, Delivery.reason, Friend.line_user_id).join(
        Friend, Friend.id == Delivery.friend_id
    )
    with database.reading() as session:
        rows = session.execute(replies.where(Delivery.kind == DeliveryKind.REPLY)).all()
    greeted = {friend for state, _reason, friend in rows if state is DeliveryState.ACCEPTED and friend}
    explained = {
        friend for state, reason, friend in rows if state is not DeliveryState.ACCEPTED and reason and friend
    }
    return webhook_figures.of_greetings(follows, got, greeted, explained)
