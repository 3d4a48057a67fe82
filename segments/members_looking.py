"""Looks again at friends of whom something changed: are they in each watched segment still, are they now?"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from segments import members_kept, members_sound, watching
from segments.models import Touched

FRIENDS = 500
"""Touches taken in one transaction."""
UNWATCHED = 20_000
"""Touches forgotten in one transaction while no segment is watched."""

_ANY = select(Touched.id).limit(1)


def look_again(session: Session, now: datetime, limit: int = FRIENDS) -> int:
    """Bring the members of watched segments in line for friends of at most `limit` touches; return how many touches.

    Call it, a transaction each, until it returns 0, which also means that another process is at it.
    """
    if session.scalar(_ANY) is None or not watching.take_turn(session):
        return 0
    segments = members_sound.watched(session)
    touches = _claimed(session, limit if segments else UNWATCHED)
    if segments and touches:
        sound = members_sound.sound(session, segments, now)
        members_kept.compare(session, sound, touches, now)
    return len(touches)


def _claimed(session: Session, limit: int) -> Sequence[int]:
    # Taken away in the transaction that looks: whoever commits a change later leaves a touch of their own.
    oldest = select(Touched.id).order_by(Touched.id).limit(limit).with_for_update(skip_locked=True)
    claim = delete(Touched).where(Touched.id.in_(oldest.scalar_subquery())).returning(Touched.friend_id)
    return session.scalars(claim.execution_options(synchronize_session=False)).all()
