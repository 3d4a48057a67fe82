"""Runs the simulator beside us when no LINE channel is named, and points the settings at it.

It ends with us, after kill -9 too: it reads a pipe whose other end dies with this process.
"""

import subprocess
import sys
from http.client import HTTPConnection, HTTPException
from socket import AF_INET, SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, socket
from threading import Event

from pydantic import SecretStr

from bot.settings import Settings

SECRET = "simulator-channel-secret"  # noqa: S105 — known to everyone: it guards nothing but a simulator
TOKEN = "simulator-access-token"  # noqa: S105
MESSAGES_A_MONTH = 30_000
READY_SECONDS = 60
LEAVING_SECONDS = 5
"""How long the simulator of a process that was just killed may take to go."""


class SimulatorNotStarted(Exception):
    """The simulator cannot be had on its port."""


class StandIn:
    """The simulator as a process of its own, as LINE is one."""

    def __init__(self, settings: Settings) -> None:
        """Prepare; nothing runs before `start`."""
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._settings.simulator_port}"

    def settings(self) -> Settings:
        """Return the settings with the simulated channel in LINE's place."""
        return self._settings.model_copy(
            update={
                "channel_secret": SecretStr(SECRET),
                "channel_access_token": SecretStr(TOKEN),
                "line_api_base_url": self.url,
            }
        )

    def start(self) -> None:
        """Start the simulator and return when it answers; raises SimulatorNotStarted when it does not."""
        self._wait_for_the_port()
        self._process = subprocess.Popen(  # noqa: S603 — our own program, our own arguments
            self._command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            # Ctrl+C is for us: our last sends still want a LINE to go to.
            start_new_session=True,
        )
        waiting = Event()
        for _ in range(READY_SECONDS * 10):
            if self._process.poll() is not None:
                break
            if self._answers():
                return
            waiting.wait(0.1)
        raise SimulatorNotStarted(self.url)

    def _wait_for_the_port(self) -> None:
        """Never take whoever answers there for ours: it may be going, or belong to another shop."""
        waiting = Event()
        for _ in range(LEAVING_SECONDS * 10):
            if _is_free(self._settings.simulator_port):
                return
            waiting.wait(0.1)
        raise SimulatorNotStarted(self.url)

    def _command(self) -> list[str]:
        settings = self._settings
        return [
            *(sys.executable, "-m", "bot.simulator", "--redelivery", "--while-stdin-is-open"),
            *("--port", str(settings.simulator_port)),
            *("--data", str(settings.data / "simulator.sqlite")),
            *("--webhook", f"http://127.0.0.1:{settings.port}/webhook"),
            *("--secret", SECRET),
            *("--token", TOKEN),
            *("--quota", str(MESSAGES_A_MONTH)),
        ]

    def _answers(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self._settings.simulator_port, timeout=1)
        try:
            connection.request("GET", "/sim/counts?friends=0")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def stop(self) -> None:
        """End the process that `start` started."""
        if self._process is None:
            return
        self._process.terminate()
        self._process.wait(timeout=10)
        if self._process.stdin is not None:
            self._process.stdin.close()


def _is_free(port: int) -> bool:
    with socket(AF_INET, SOCK_STREAM) as probe:
        # As servers do: what a closed connection leaves behind for a minute is no neighbour.
        probe.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
