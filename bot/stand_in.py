"""Runs the simulator beside us when no LINE channel is named, and points the settings at it."""

import subprocess
import sys
from http.client import HTTPConnection, HTTPException
from threading import Event

from pydantic import SecretStr

from bot.settings import Settings

SECRET = "simulator-channel-secret"  # noqa: S105 — known to everyone: it guards nothing but a simulator
TOKEN = "simulator-access-token"  # noqa: S105
MESSAGES_A_MONTH = 30_000
READY_SECONDS = 60


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
        """Start the simulator and return when it answers; raises RuntimeError when it does not."""
        self._process = subprocess.Popen(self._command(), stdout=subprocess.DEVNULL)  # noqa: S603 — our own program, our own arguments
        waiting = Event()
        for _ in range(READY_SECONDS * 10):
            if self._answers():
                return
            if self._process.poll() is not None:
                break
            waiting.wait(0.1)
        message = f"the simulator does not answer on {self.url}"
        raise RuntimeError(message)

    def _command(self) -> list[str]:
        settings = self._settings
        return [
            *(sys.executable, "-m", "bot.simulator", "--redelivery"),
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
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=10)
