"""Makes a friend's facts anew from purchases and the timeline: the proof that nothing is kept that cannot be derived."""

from datetime import datetime

from sqlalchemy.orm import Session

from segments.facts_locking import lock_one
from segments.learning import learn
from segments.models import Facts


def rebuild(session: Session, friend_id: int, now: datetime) -> Facts:
    """Derive every fact of one friend again and return the row; a row that was kept well comes out the same.

    Raises NotFound("friend_unknown").
    """
    kept = lock_one(session, friend_id).facts
    learn(session, [friend_id], now, signals_too=True)
    return kept
