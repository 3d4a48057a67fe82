"""The clock of a rehearsal: it stands still until the rehearsal jumps to the next moment."""

from datetime import UTC, datetime


class JumpingClock:
    """Implements segments.clock.Clock."""

    def __init__(self, now: datetime) -> None:
        self._now = now.astimezone(UTC)

    def now(self) -> datetime:
        """Return the moment last jumped to."""
        return self._now

    def jump(self, to: datetime) -> None:
        """Move forward to `to`; never back."""
        self._now = max(self._now, to.astimezone(UTC))
