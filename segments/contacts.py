"""When friends last got a message of ours."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from segments import touching
from segments.models import Facts

_facts: Any = Facts.__table__


def contacted(session: Session, friend_ids: Sequence[int], at: datetime) -> None:
    """Take note that LINE took a message, other than a reply, for each of at most a thousand friends.

    Only forward: what is told late changes nothing.
    """
    columns, connection = _facts.c, session.connection()
    earlier = or_(columns.last_contacted_at.is_(None), columns.last_contacted_at < at)
    wanted = columns.friend_id.in_(friend_ids), earlier
    if connection.dialect.name == "postgresql":
        # Locked in the order in which everybody locks facts, so that nobody waits for us in a circle.
        locked = select(columns.friend_id).where(*wanted).order_by(columns.friend_id)
        connection.execute(locked.with_for_update(key_share=True))
    told = connection.execute(update(_facts).where(*wanted).values(last_contacted_at=at))
    if told.rowcount:
        touching.touch(session, friend_ids)
