"""The web on granian: some processes that share one port, each with services of its own."""

from collections.abc import Callable
from multiprocessing.util import Finalize
from socket import AF_INET, AF_INET6, SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, socket
from typing import Any

from flask import Flask
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from bot.app import create_app
from bot.logging import configure
from bot.process_manners import collect_seldom
from bot.settings import Settings
from bot.wiring import build_services, open_database

APPLICATION = "bot.web_server:application"
WAITING = 1024
"""Requests that may wait in one process for a thread."""
LEAVING_SECONDS = 20
"""How long a process that is told to stop may finish what it answers."""
CLOSE_PRIORITY = 10
OUR_LOG: dict[str, Any] = {"_granian": {"handlers": [], "propagate": True}}
"""What granian has to say goes where everything else is logged, in the same form."""


def application() -> Flask:
    """Make the application of one web process, from the environment; granian calls this in each process."""
    configure()
    settings = Settings()  # pyright: ignore[reportCallIssue] — values come from the environment
    services = build_services(settings, open_database(settings))
    # Processes of multiprocessing run no atexit; what is still in memory is written by this.
    Finalize(None, services.close, exitpriority=CLOSE_PRIORITY)
    made = create_app(services)
    collect_seldom()
    return made


def run(settings: Settings, processes: int, threads: int, ready: Callable[[], None]) -> None:
    """Serve until SIGTERM or Ctrl+C; `ready` is called first. Raises OSError when nobody can listen at the address.

    A process that dies is replaced; SIGHUP replaces all of them one by one.
    """
    _try_to_listen(settings.host, settings.port)
    server = Server(
        APPLICATION,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=processes,
        blocking_threads=threads,
        backpressure=WAITING,
        websockets=False,
        factory=True,
        respawn_failed_workers=True,
        workers_kill_timeout=LEAVING_SECONDS,
        log_level=LogLevels.error,
        log_dictconfig={"loggers": OUR_LOG},
    )
    server.on_startup(ready)
    server.serve()


def _try_to_listen(host: str, port: int) -> None:
    """Find out now what granian would only die of."""
    with socket(AF_INET6 if ":" in host else AF_INET, SOCK_STREAM) as probe:
        probe.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        probe.bind((host, port))
