"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

A_SATURDAY = datetime(2026, 11, 21, 5, 30, tzinfo=UTC)
"""2026年11月21日（土） 14:30 in Tokyo."""


class FakeClock:
    """Implements segments.clock.Clock."""

    def __init__(self, now: datetime = A_SATURDAY) -> None:
        self._now = now

    def now(self) -> datetime:
        """Return the moment last set."""
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Move forward and return the new moment."""
        self._now += by
        return self._now

    def set(self, now: datetime) -> None:
        """Jump to `now`."""
        self._now = now


class FailingClock(FakeClock):
    """Breaks whoever asks it for the n-th time, as a kill would: every step of a run asks it."""

    def __init__(self, asked: int) -> None:
        super().__init__()
        self.left = asked

    def now(self) -> datetime:
        """Return the moment, so many times."""
        self.left -= 1
        if self.left == 0:
            raise ConnectionError
        return super().now()
