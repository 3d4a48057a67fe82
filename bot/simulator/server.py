"""Runs the simulator over HTTP/1.1: in the foreground until a signal, or in a thread for tests."""

import signal
import socket
import threading
from collections.abc import Callable
from socketserver import TCPServer, ThreadingMixIn
from types import FrameType, TracebackType
from typing import Any

from bot.simulator.app import create_simulator
from bot.simulator.config import SimulatorConfig
from bot.simulator.http_handler import Handler
from bot.simulator.platform import EXTENSION, Platform


class SimulatorServer(ThreadingMixIn, TCPServer):
    """A thread for each connection: a slow answer holds up nobody else, as at LINE."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 1024

    def __init__(self, address: tuple[str, int], handler: type[Handler]) -> None:
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Note the connection, so that it can be ended."""
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close one connection; the polite goodbye would spoil a reset, so it is left out."""
        with self._guard:
            self._open.discard(request)
        self.close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""

    def hang_up(self) -> None:
        """End all connections."""
        with self._guard:
            for connection in self._open:
                _shut(connection)


class RunningSimulator:
    """A simulator that serves from a thread; leave the context, or call stop(), to end it."""

    def __init__(self, config: SimulatorConfig, host: str, port: int) -> None:
        self.app = create_simulator(config)
        self.platform: Platform = self.app.extensions[EXTENSION]
        handler = type("BoundHandler", (Handler,), {"application": staticmethod(self.app.wsgi_app)})
        self._server = SimulatorServer((host, port), handler)
        self.port = int(self._server.server_address[1])
        self.url = f"http://{host}:{self.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="simulator", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End connections, webhooks and the state file."""
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()
        self.platform.close()

    def __enter__(self) -> "RunningSimulator":
        """Already running."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()


def start(config: SimulatorConfig, host: str = "127.0.0.1", port: int = 0) -> RunningSimulator:
    """Serve from a thread; port 0 takes a free one, see `.port` and `.url`."""
    return RunningSimulator(config, host, port)


def serve(
    config: SimulatorConfig,
    host: str = "127.0.0.1",
    port: int = 8100,
    *,
    ready: Callable[[RunningSimulator], None] | None = None,
    ended: threading.Event | None = None,
) -> None:
    """Serve until SIGTERM, SIGINT or `ended`; `ready` is called once connections are taken."""
    ended = ended or threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with start(config, host, port) as running:
            if ready is not None:
                ready(running)
            ended.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
