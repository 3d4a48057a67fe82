"""The clock port: the only place that reads wall time."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Says what time it is; the whole program asks one clock that it was handed."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 — the one reader of wall time
