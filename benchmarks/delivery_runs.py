"""The runs of the benchmark of sending: real workers send to a sink, fast, at LINE's pace, halted, to everybody at once."""

import os
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from time import monotonic
from typing import Any

from sqlalchemy import func, select

from benchmarks.delivery_world import Sender
from benchmarks.sink import SinkClient
from scheduler.models import BroadcastState, Heartbeat
from segments.db import Database
from segments.errors import Conflict
from tests.processes import Installation, running

TICKS = os.sysconf("SC_CLK_TCK")
READY_SECONDS = 120
HALT_SECONDS = 5
BRAKE_OFF = {"KOKYAKU_PUSHES_PER_SECOND": "1000000", "KOKYAKU_MULTICASTS_PER_SECOND": "100000"}


@dataclass(frozen=True)
class Run:
    """What one broadcast took."""

    friends: int
    seconds: float
    """From its start to its last outcome written down."""
    plan_seconds: float
    send_seconds: float
    """From the first call that the sink saw to the last."""
    worker_cpu: float
    server_cpu: float
    """Seconds of CPU of all workers, and of the database's server."""
    memory_mb: float
    """Most memory of any worker so far."""
    told: dict[str, Any]
    """What the sink counted."""

    @property
    def a_second(self) -> float:
        """Friends a second over the whole path."""
        return self.friends / self.seconds

    def cpu_words(self) -> str:
        """Say what a friend costs."""
        worker, server = (1e6 * cpu / self.friends for cpu in (self.worker_cpu, self.server_cpu))
        return f"CPU a friend: {worker:.0f} µs worker, {server:.0f} µs database server"


class Workers:
    """Some worker processes of one installation."""

    def __init__(self, processes: list["Popen[bytes]"]) -> None:
        self._pids = [process.pid for process in processes]

    def cpu(self) -> float:
        """Return the CPU seconds they have used."""
        return sum(cpu_of(pid) for pid in self._pids)

    def memory_mb(self) -> float:
        """Return the most memory that any of them has ever held."""
        return max(most_memory_mb(pid) for pid in self._pids)


@contextmanager
def workers(installation: Installation, count: int, *, brake: bool = True) -> Generator[Workers]:
    """Run worker processes, ready before the block begins; without `brake` they go as fast as they can."""
    outside = {} if brake else BRAKE_OFF
    before = _alive(installation.database)
    with ExitStack() as stack:
        started = [
            stack.enter_context(running(installation, "worker", environment=outside)) for _ in range(count)
        ]
        sender = Sender(installation.database)
        stack.callback(sender.close)
        for _ in range(READY_SECONDS * 2):
            if _alive(installation.database) >= before + (1 if installation.database.is_sqlite else count):
                break
            sender.wait_a_little(0.5)
        sender.wait_a_little(2)
        yield Workers(started)
    _forget(installation.database)


def _alive(database: Database) -> int:
    with database.reading() as session:
        return (
            session.scalar(select(func.count()).select_from(Heartbeat).where(Heartbeat.kind == "worker")) or 0
        )


def _forget(database: Database) -> None:
    with database.begin() as session:
        session.query(Heartbeat).delete()


def send(database: Database, sink: SinkClient, some: Workers, content: dict[str, Any], friends: int) -> Run:
    """Send one broadcast to everybody and wait for its end."""
    sender = Sender(database)
    broadcast_id = sender.draft(content)
    sink.reset()
    cpu, server = some.cpu(), server_cpu(database)
    sender.start(broadcast_id)
    done = sender.wait(broadcast_id, BroadcastState.DONE)
    told = sink.counts()
    sender.close()
    assert done.started_at is not None, "it has been sent"
    assert done.planned_at is not None, "it has been planned"
    assert done.ended_at is not None, "it is done"
    return Run(
        friends=friends,
        seconds=(done.ended_at - done.started_at).total_seconds(),
        plan_seconds=(done.planned_at - done.started_at).total_seconds(),
        send_seconds=told["last"] - told["first"],
        worker_cpu=some.cpu() - cpu,
        server_cpu=server_cpu(database) - server,
        memory_mb=some.memory_mb(),
        told=told,
    )


@dataclass(frozen=True)
class Halt:
    """What came of a broadcast that was halted in its middle and went on again."""

    seconds: float
    """From the moment the halt was asked for to the last call that the sink saw before it went on."""
    left: int
    """Friends who had not got it then."""
    duplicates: int
    missing: int


def pause(database: Database, sink: SinkClient, content: dict[str, Any], friends: int) -> Halt:
    """Pause a broadcast in its middle."""
    sender = Sender(database)
    return _halt(sender, sink, content, friends, (sender.pause, sender.resume))


def stop(database: Database, sink: SinkClient, content: dict[str, Any], friends: int) -> Halt:
    """Stop everything by the kill switch in the middle of a broadcast."""
    sender = Sender(database)

    def halt(_broadcast_id: int) -> None:
        sender.stop_everything()

    def go_on(_broadcast_id: int) -> None:
        sender.start_again()

    return _halt(sender, sink, content, friends, (halt, go_on))


def _halt(
    sender: Sender,
    sink: SinkClient,
    content: dict[str, Any],
    friends: int,
    turns: tuple[Callable[[int], None], Callable[[int], None]],
) -> Halt:
    halt, go_on = turns
    broadcast_id = sender.draft(content)
    sink.reset()
    sender.start(broadcast_id)
    while sink.counts()["recipients"] < friends // 4:
        sender.wait_a_little(0.1)
    asked_at, halted = monotonic(), True
    try:
        halt(broadcast_id)
    except Conflict:
        halted = False  # So few friends: it is over already.
    sender.wait_a_little(HALT_SECONDS)
    told = sink.counts()
    if halted:
        go_on(broadcast_id)
    sender.wait(broadcast_id, BroadcastState.DONE)
    after = sink.counts()
    sender.close()
    return Halt(
        seconds=max(0.0, told["last"] - asked_at),
        left=friends - told["recipients"],
        duplicates=after["duplicates"],
        missing=friends - after["recipients"],
    )


def server_cpu(database: Database) -> float:
    """Return the CPU seconds of the PostgreSQL processes that work for this database."""
    name = database.url.database or ""
    total = 0.0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and not database.is_sqlite:
            try:
                if name.encode() in (entry / "cmdline").read_bytes():
                    total += cpu_of(int(entry.name))
            except OSError:
                continue
    return total


def cpu_of(pid: int) -> float:
    """Return the CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def most_memory_mb(pid: int) -> float:
    """Return the most memory that a process has held."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    most = next(line for line in lines if line.startswith("VmHWM"))
    return int(most.split()[1]) / 1024
