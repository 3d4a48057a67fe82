"""The courier's shelf: which events go next, in what order and when."""

import threading
import time
from collections import deque
from dataclasses import dataclass, field, replace

from bot.simulator.faults import Faults
from bot.simulator.json_types import JsonObject

# An event picked out for disorder waits for its follower, but not for ever.
_HOLD_SECONDS = 1.0
_CLEAR_SECONDS = 5.0


@dataclass(frozen=True)
class Parcel:
    """One event on its way; `due` is on the monotonic clock."""

    no: int
    event: JsonObject
    attempts: int = 0
    due: float = field(default_factory=time.monotonic)

    def redelivered(self) -> "Parcel":
        """The same event, marked as LINE marks a redelivery."""
        event = {**self.event, "deliveryContext": {"isRedelivery": True}}
        return replace(self, event=event, attempts=self.attempts + 1)


class Shelf:
    """Fresh events in order, redeliveries by their time."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._changed = threading.Condition()
        self._fresh: deque[Parcel] = deque()
        self._later: list[Parcel] = []
        self._carrying = False
        self._hurrying = 0
        self._closed = False

    def put(self, parcel: Parcel) -> None:
        """Add a fresh event at the end; a disordering fault lets it overtake its predecessor or wait for its follower."""
        delayed = replace(parcel, due=parcel.due + self._faults.plan.late_webhooks_ms / 1000)
        with self._changed:
            if self._faults.strikes("reorder_webhooks"):
                self._put_out_of_order(delayed)
            else:
                self._fresh.append(delayed)
            self._changed.notify_all()

    def put_later(self, parcel: Parcel, delay: float) -> None:
        """Add a redelivery `delay` seconds from now."""
        with self._changed:
            self._later.append(replace(parcel, due=time.monotonic() + delay))
            self._changed.notify_all()

    def take(self) -> list[Parcel]:
        """The next events to go in one POST; blocks until there are some. Empty when closed."""
        with self._changed:
            while not self._closed:
                ready = self._ready()
                if ready:
                    self._carrying = True
                    return ready
                self._changed.wait(self._patience())
            return []

    def done(self) -> None:
        """What was taken has been dealt with."""
        with self._changed:
            self._carrying = False
            self._changed.notify_all()

    def hurry(self, timeout: float) -> bool:
        """Make everything due at once and wait until all is gone; False after `timeout` seconds."""
        with self._changed:
            self._hurrying += 1
            self._changed.notify_all()
            try:
                return self._changed.wait_for(self._idle, timeout)
            finally:
                self._hurrying -= 1

    def clear(self) -> None:
        """Drop everything that has not gone yet, and wait for what is on its way."""
        with self._changed:
            self._fresh.clear()
            self._later.clear()
            self._changed.notify_all()
            self._changed.wait_for(self._idle, _CLEAR_SECONDS)
            self._later.clear()

    def close(self) -> None:
        """Give nothing out any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _idle(self) -> bool:
        return self._closed or not (self._fresh or self._later or self._carrying)

    def _put_out_of_order(self, parcel: Parcel) -> None:
        if self._fresh:
            self._fresh.appendleft(parcel)
        else:
            self._later.append(replace(parcel, due=parcel.due + _HOLD_SECONDS))

    def _ready(self) -> list[Parcel]:
        now = time.monotonic()
        if self._fresh and (self._hurrying or self._fresh[0].due <= now):
            size = min(self._faults.plan.batch_webhooks, len(self._fresh))
            return [self._fresh.popleft() for _ in range(size)]
        soonest = min(self._later, key=lambda parcel: parcel.due, default=None)
        if soonest is None or not (self._hurrying or soonest.due <= now):
            return []
        self._later.remove(soonest)
        return [soonest]

    def _patience(self) -> float | None:
        dues = [self._fresh[0].due] if self._fresh else []
        dues += [parcel.due for parcel in self._later]
        return max(0.0, min(dues) - time.monotonic()) if dues else None
