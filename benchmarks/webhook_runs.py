"""The web processes that the benchmark of the webhook measures: ours and a bare one, on the same server."""

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from socket import AF_INET, SOCK_STREAM, socket
from subprocess import Popen
from threading import Event

from benchmarks.delivery_runs import cpu_of, workers
from tests.processes import ROOT, Installation, running

THREADS = 16
READY_SECONDS = 180


@dataclass(frozen=True)
class Web:
    """Some web processes behind one port."""

    port: int
    process: "Popen[bytes]"

    def cpu(self) -> float:
        """Return the CPU seconds used so far, children included."""
        return sum(cpu_of(pid) for pid in _family(self.process.pid))


def a_free_port() -> int:
    """Return a port that nobody listens on."""
    with socket(AF_INET, SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def our_web(installation: Installation, processes: int, port: int = 0) -> Generator[Web]:
    """Run `kokyaku web`."""
    port = port or a_free_port()
    command = ("web", "--processes", str(processes), "--threads", str(THREADS))
    with running(installation, *command, environment={"KOKYAKU_PORT": str(port)}) as process:
        yield _ready(Web(port, process), "/healthz", installation.folder / "web.log")


@contextmanager
def bare_web(processes: int) -> Generator[Web]:
    """Run the bare view on granian with the settings of `kokyaku web`."""
    port = a_free_port()
    options = {
        "--interface": "wsgi",
        "--host": "127.0.0.1",
        "--port": str(port),
        "--workers": str(processes),
        "--blocking-threads": str(THREADS),
        "--backpressure": "1024",
        "--log-level": "error",
    }
    command = [sys.executable, "-m", "granian", "--factory", "--no-ws", "benchmarks.webhook_bare:application"]
    process = subprocess.Popen([*command, *(part for pair in options.items() for part in pair)], cwd=ROOT)
    try:
        yield _ready(Web(port, process), "/")
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def our_worker(installation: Installation) -> Generator[None]:
    """Run one worker at LINE's pace, ready before the block begins."""
    with workers(installation, 1):
        yield


def _ready(web: Web, path: str, log: Path | None = None) -> Web:
    pause = Event()
    for _ in range(READY_SECONDS * 5):
        if _answers(web.port, path):
            return web
        assert web.process.poll() is None, (
            log.read_text(encoding="utf-8") if log else "the web ended by itself"
        )
        pause.wait(0.2)
    raise TimeoutError(path)


def _answers(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        connection.getresponse().read()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
    return True


def _family(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text(encoding="ascii").split():
            found += _family(int(child))
    return found
