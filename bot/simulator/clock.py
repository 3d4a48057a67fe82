"""The simulator's own time: wall time plus an offset, freezable; the only reader of wall time here."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

JST = timezone(timedelta(hours=9), "JST")
_HOUR_MS = 3600 * 1000


class SimulatorClock:
    """Time in whole milliseconds since 1970 (UTC), as LINE's timestamps are."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:  # noqa: TID251 - this is the clock
        self._wall = wall
        self._offset_ms = 0
        self._frozen_at: int | None = None

    def now_ms(self) -> int:
        """The simulated instant."""
        return self.flowing_ms() if self._frozen_at is None else self._frozen_at

    def flowing_ms(self) -> int:
        """The simulated instant as if nothing were frozen: rate windows must go on while a test stands still."""
        return int(self._wall() * 1000) + self._offset_ms

    def shift(self, offset: timedelta) -> None:
        """Run at wall time plus `offset`."""
        self._frozen_at = None
        self._offset_ms = _ms(offset)

    def move_to(self, instant: datetime) -> None:
        """Make it `instant` now; a frozen clock stays frozen there."""
        target = _ms(instant - datetime(1970, 1, 1, tzinfo=UTC))
        self._offset_ms += target - self.flowing_ms()
        if self._frozen_at is not None:
            self._frozen_at = target

    def advance(self, span: timedelta) -> None:
        """Move on by `span`, frozen or not."""
        self._offset_ms += _ms(span)
        if self._frozen_at is not None:
            self._frozen_at += _ms(span)

    def freeze(self, frozen: bool) -> None:
        """Stop at the present instant, or go on from it."""
        if frozen:
            self._frozen_at = self.now_ms()
        elif self._frozen_at is not None:
            self._offset_ms += self._frozen_at - self.flowing_ms()
            self._frozen_at = None

    def reset(self) -> None:
        """Back to wall time."""
        self._offset_ms, self._frozen_at = 0, None

    def describe(self) -> dict[str, object]:
        """Now, the offset in seconds and whether it stands still."""
        now = self.now_ms()
        return {
            "now": iso(now),
            "now_ms": now,
            "offset_seconds": self._offset_ms / 1000,
            "frozen": self._frozen_at is not None,
        }


def _ms(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)


def iso(instant_ms: int) -> str:
    """UTC with milliseconds and Z, the form LINE's API uses."""
    text = datetime.fromtimestamp(instant_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def in_japan(instant_ms: int) -> datetime:
    """The instant on a Japanese wall clock: LINE counts months and days there."""
    return datetime.fromtimestamp(instant_ms / 1000, JST)


def month_of(instant_ms: int) -> str:
    """The quota month, as 2026-07."""
    day = day_of(instant_ms)
    return f"{day[:4]}-{day[4:6]}"


def day_of(instant_ms: int) -> str:
    """The statistics day in Japan, as 20260731."""
    return _day_text((instant_ms + 9 * _HOUR_MS) // (24 * _HOUR_MS))


@lru_cache(maxsize=16)
def _day_text(days_since_1970: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=days_since_1970)).strftime("%Y%m%d")


def pause(seconds: float) -> None:
    """Hold the calling thread, for simulated latency."""
    threading.Event().wait(seconds)
