"""Waits in real time for what other threads and processes do."""

from collections.abc import Callable
from threading import Event

PATIENCE_SECONDS = 60


def wait_until(holds: Callable[[], object]) -> None:
    """Return as soon as it holds; fail when it does not within a minute."""
    pause = Event()
    for _ in range(PATIENCE_SECONDS * 20):
        if holds():
            return
        pause.wait(0.05)
    raise AssertionError("it does not come true")
