"""What may not leave for now: everything while the shop is stopped, a broadcast while it is paused."""

from collections.abc import Callable
from datetime import timedelta
from threading import Lock
from time import monotonic

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import kill_switch
from scheduler.models import Broadcast, BroadcastState
from segments.db import Database

LOOK_AGAIN = timedelta(milliseconds=400)
"""How old the answer may be that sending goes by between two slices of a chunk."""
_UNDER_WAY = (BroadcastState.PLANNING, BroadcastState.SENDING)


def is_held(session: Session, broadcast_id: int | None) -> bool:
    """Tell whether what belongs to a broadcast, or to none, has to wait; nothing of it is lost meanwhile."""
    if kill_switch.is_stopped(session):
        return True
    if broadcast_id is None:
        return False
    state = session.scalar(select(Broadcast.state).where(Broadcast.id == broadcast_id))
    return state is BroadcastState.PAUSED


class Watch:
    """Tells many threads, many times a second, whether to go on; asks the database a few times a second."""

    def __init__(
        self,
        database: Database,
        look_again: timedelta = LOOK_AGAIN,
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        """Ask again when the last answer is older than `look_again`."""
        self._database = database
        self._patience = look_again.total_seconds()
        self._seconds = seconds
        self._lock = Lock()
        self._looked_at = float("-inf")
        self._stopped = False
        self._open: dict[int, BroadcastState] = {}

    def stops(self, broadcast_id: int | None, *, is_resend: bool = False) -> bool:
        """Tell whether a message of a broadcast, or of none, has to stay.

        What LINE may have taken before is resolved also after the broadcast was cancelled: only a pause holds it.
        """
        with self._lock:
            if self._seconds() - self._looked_at >= self._patience:
                self._look()
            if self._stopped or broadcast_id is None:
                return self._stopped
            state = self._open.get(broadcast_id)
            return state is BroadcastState.PAUSED if is_resend else state not in _UNDER_WAY

    def _look(self) -> None:
        at = self._seconds()
        with self._database.reading() as session:
            self._stopped = kill_switch.is_stopped(session)
            states = (*_UNDER_WAY, BroadcastState.PAUSED)
            found = session.execute(select(Broadcast.id, Broadcast.state).where(Broadcast.state.in_(states)))
            self._open = dict(found.all())
        self._looked_at = at
