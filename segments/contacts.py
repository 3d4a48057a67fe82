"""When friends last got a message of ours."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from segments import touching
from segments.models import Facts


def contacted(session: Session, friend_ids: Sequence[int], at: datetime) -> None:
    """Take note that LINE took a message, other than a reply, for each of at most a thousand friends.

    Only forward: what is told late changes nothing.
    """
    earlier = or_(Facts.last_contacted_at.is_(None), Facts.last_contacted_at < at)
    wanted = Facts.friend_id.in_(friend_ids), earlier
    locked = select(Facts.friend_id).where(*wanted).order_by(Facts.friend_id)
    # Locked in the order in which everybody locks facts, so that nobody waits for us in a circle.
    ids = session.scalars(locked.with_for_update(key_share=True)).all()
    if not ids:
        return
    told = update(Facts).where(Facts.friend_id.in_(ids)).values(last_contacted_at=at)
    session.execute(told.execution_options(synchronize_session=False))
    touching.touch(session, ids)
