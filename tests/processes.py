"""Real processes of Kokyaku beside a simulator: what journeys and crash runs are played through."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from segments.db import Database

ROOT = Path(__file__).parents[1]
SECRET = "simulator-channel-secret"
TOKEN = "simulator-access-token"


@dataclass(frozen=True)
class Installation:
    """Where a shop's processes find their database, their data folder and LINE."""

    database: Database
    folder: Path
    line_url: str

    @property
    def environment(self) -> dict[str, str]:
        """The environment of its processes."""
        own = {
            "KOKYAKU_DATABASE_URL": self.database.url.render_as_string(hide_password=False),
            "KOKYAKU_DATA": str(self.folder),
            "LINE_API_BASE_URL": self.line_url,
            "LINE_CHANNEL_SECRET": SECRET,
            "LINE_CHANNEL_ACCESS_TOKEN": TOKEN,
        }
        return dict(os.environ) | own  # noqa: TID251 — handed on to a process of ours, not read

    def start(self, *command: str, environment: Mapping[str, str] | None = None) -> "subprocess.Popen[bytes]":
        """Start `kokyaku COMMAND`, with more environment if given; its log goes to the data folder."""
        with (self.folder / f"{command[0]}.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 — our own program
                [sys.executable, "-m", "bot", *command],
                cwd=ROOT,
                env=self.environment | dict(environment or {}),
                stdout=log,
                stderr=log,
            )


@contextmanager
def running(
    installation: Installation, *command: str, environment: Mapping[str, str] | None = None
) -> Generator["subprocess.Popen[bytes]"]:
    """Run a process for as long as the block lasts, and end it politely."""
    process = installation.start(*command, environment=environment)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """kill -9: no handler runs, no buffer is flushed."""
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=10)
