"""Tries that nobody knows the end of, and that a person had follow by another: how many, and what they cost."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scheduler import bulk
from scheduler.models import LostTry


def counts(session: Session, delivery_ids: Iterable[int]) -> dict[int, int]:
    """Return how often each of these deliveries was sent again; those that never were are left out."""
    these = bulk.among(session, LostTry.delivery_id, delivery_ids)
    rows = session.execute(
        select(LostTry.delivery_id, func.max(LostTry.number)).where(these).group_by(LostTry.delivery_id)
    )
    return dict(rows.all())


def messages_since(session: Session, since: datetime) -> int:
    """Return how many messages LINE may have taken since a moment in tries that were followed by another."""
    tries = select(func.count()).select_from(LostTry).where(LostTry.is_message, LostTry.ended_at >= since)
    return session.scalar(tries) or 0
