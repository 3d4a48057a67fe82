"""Finds a broadcast by its number, locked and in a state that allows what is to be done with it."""

from collections.abc import Collection

from sqlalchemy.orm import Session

from scheduler.models import Broadcast, BroadcastState
from segments.errors import Conflict, NotFound


def get(session: Session, broadcast_id: int, *, lock: bool = False) -> Broadcast:
    """Return a broadcast; raises NotFound("broadcast_unknown")."""
    # FOR NO KEY UPDATE: rows that merely point at it (a chunk being added) do not wait, nor we for them.
    broadcast = session.get(Broadcast, broadcast_id, with_for_update={"key_share": True} if lock else None)
    if broadcast is None:
        raise NotFound("broadcast_unknown", broadcast_id=broadcast_id)
    return broadcast


def in_state(session: Session, broadcast_id: int, allowed: Collection[BroadcastState]) -> Broadcast:
    """Return a broadcast, locked; raises Conflict("broadcast_state", state) when its state is not among `allowed`.

    A draft that was thrown away is in no state at all until it is taken back.
    """
    broadcast = get(session, broadcast_id, lock=True)
    if broadcast.state not in allowed or broadcast.removed_at is not None:
        raise Conflict("broadcast_state", state=broadcast.state.value)
    return broadcast
