"""How many friends entered and left watched segments day by day, counted as it happens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from segments.models import SegmentMoves


@dataclass(frozen=True)
class DayMoves:
    """Who came and who went on a day of the shop's calendar."""

    day: date
    entered: int
    left: int


def tally(session: Session, segment_id: int, day: date, entered: int, left: int) -> None:
    """Add to the figures of a day."""
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    insert: Any = sqlite.insert if on_sqlite else postgresql.insert
    row = insert(SegmentMoves).values(segment_id=segment_id, day=day, entered=entered, left=left)
    more = {
        "entered": SegmentMoves.entered + row.excluded.entered,
        "left": SegmentMoves.left + row.excluded.left,
    }
    session.execute(row.on_conflict_do_update(index_elements=["segment_id", "day"], set_=more))


def moves(session: Session, segment_id: int, since: date, until: date) -> Sequence[DayMoves]:
    """Return the days on which somebody came or went, from `since` to `until`, both included."""
    query = select(SegmentMoves.day, SegmentMoves.entered, SegmentMoves.left).where(
        SegmentMoves.segment_id == segment_id, SegmentMoves.day >= since, SegmentMoves.day <= until
    )
    return [DayMoves(*row) for row in session.execute(query.order_by(SegmentMoves.day))]
