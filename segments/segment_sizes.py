"""How segments grew: one figure a night for each, kept as counted and never made up afterwards."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import audience, conditions, shop
from segments.condition_refusals import REFUSALS, is_passing
from segments.db import Database
from segments.errors import Invalid
from segments.models import Segment, SegmentSize
from segments.upsert import insert_ignore

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Size:
    """How many friends a segment had on a day of the shop's calendar."""

    day: date
    size: int


def count_all(database: Database, now: datetime) -> int:
    """Count every saved segment for the shop's present day, each in a transaction of its own; return how many.

    What is counted for the day already stays. A segment whose condition makes no sense, or
    is refused by the database, has no figure that day and holds up no other.
    """
    with database.reading() as session:
        today = shop.load(session).today(now)
        counted = select(SegmentSize.segment_id).where(SegmentSize.day == today)
        waiting = session.scalars(
            select(Segment.id).where(Segment.id.not_in(counted)).order_by(Segment.id)
        ).all()
    return sum(_count(database, segment_id, today, now) for segment_id in waiting)


def count_one(database: Database, segment_id: int, now: datetime) -> bool:
    """Count one segment for the shop's present day, if nothing was counted yet; tell whether it was."""
    with database.reading() as session:
        today = shop.load(session).today(now)
    return _count(database, segment_id, today, now) == 1


def latest(session: Session, segment_ids: Collection[int], since: date) -> dict[int, list[Size]]:
    """Return the figures of several segments from `since` on, in the order of the days."""
    query = select(SegmentSize.segment_id, SegmentSize.day, SegmentSize.size).where(
        SegmentSize.segment_id.in_(segment_ids), SegmentSize.day >= since
    )
    found: dict[int, list[Size]] = {}
    for segment_id, day, size in session.execute(query.order_by(SegmentSize.segment_id, SegmentSize.day)):
        found.setdefault(segment_id, []).append(Size(day, size))
    return found


def sizes(session: Session, segment_id: int, since: date, until: date) -> Sequence[Size]:
    """Return the figures of the days from `since` to `until`, both included; days that were not counted are left out."""
    query = select(SegmentSize.day, SegmentSize.size).where(
        SegmentSize.segment_id == segment_id, SegmentSize.day >= since, SegmentSize.day <= until
    )
    return [Size(day, size) for day, size in session.execute(query.order_by(SegmentSize.day))]


def _count(database: Database, segment_id: int, today: date, now: datetime) -> int:
    with database.reading() as session:
        # Counted without holding up who writes.
        segment = session.get(Segment, segment_id)
        if segment is None:
            return 0
        try:
            size = audience.count(session, conditions.parse(segment.condition), now)
        except Invalid as refused:
            log.warning("segment_not_counted", segment=segment_id, code=refused.code, **refused.params)
            return 0
        except REFUSALS as error:
            if is_passing(error):
                raise
            log.error("segment_count_broke", segment=segment_id, kind=type(error).__name__)  # noqa: TRY400
            return 0
    with database.begin() as session:
        if session.get(Segment, segment_id) is None:
            return 0
        return insert_ignore(session, SegmentSize, [{"segment_id": segment_id, "day": today, "size": size}])
