"""How many friends stood on each rung of a ladder, day by day: counted back from today through the recorded moves."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from sqlalchemy import BigInteger, ColumnElement, Integer, cast, func, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, Session

from segments import shop
from segments.errors import NotFound
from segments.models import Facts, StageChange

RUNGS: dict[str, InstrumentedAttribute[str]] = {
    "pyramid": Facts.stage,
    "growth": Facts.growth,
    "class": Facts.customer_class,
    "status": Facts.purchase_status,
}
"""The column that says where a friend stands on each ladder now."""

QUARTER = timedelta(minutes=15)
"""Moves are summed up by the database so finely: in every zone of the world midnight lies on such a border."""


@dataclass(frozen=True)
class Standing:
    """How many friends stood on each rung when a day of the shop's calendar ended; on none of them are left out."""

    day: date
    friends: dict[str, int]


def ladder_counts_over_time(
    session: Session, ladder: str, since: date, until: date, now: datetime
) -> list[Standing]:
    """Return how many friends stood where at the end of each day from `since` to `until`, or at `now` for today.

    Days to come are left out. Friends who were deleted or merged since count on no day. Raises
    NotFound("ladder_unknown").
    """
    rung = RUNGS.get(ladder)
    if rung is None:
        raise NotFound("ladder_unknown", ladder=ladder)
    zone = shop.load(session).zone
    today = now.astimezone(zone).date()
    standing = Counter(dict(session.execute(select(rung, func.count()).group_by(rung)).all()))
    moves = _moves(session, ladder, since, zone)
    found: list[Standing] = []
    day = today
    while day >= since:
        if day <= until:
            found.append(
                Standing(day, {name: count for name, count in sorted(standing.items()) if name and count})
            )
        standing.subtract(moves.get(day, Counter()))
        day -= timedelta(days=1)
    return found[::-1]


def _moves(session: Session, ladder: str, since: date, zone: tzinfo) -> dict[date, Counter[str]]:
    """Return by how many each rung grew on each day since, as the database sums the moves up."""
    start = datetime.combine(since, time(), zone)
    quarter = _quarter(session).label("quarter")
    query = (
        select(quarter, StageChange.from_stage, StageChange.to_stage, func.count())
        .where(StageChange.ladder == ladder, StageChange.at >= start)
        .group_by(quarter, StageChange.from_stage, StageChange.to_stage)
    )
    found: dict[date, Counter[str]] = {}
    for number, came_from, went_to, count in session.execute(query):
        at = datetime.fromtimestamp(number * QUARTER.total_seconds(), zone)
        grown = found.setdefault(at.date(), Counter())
        grown[went_to] += count
        grown[came_from or ""] -= count
    return found


def _quarter(session: Session) -> ColumnElement[int]:
    """Return the expression for the quarters of an hour from 1970 to a move."""
    seconds = int(QUARTER.total_seconds())
    if session.get_bind().dialect.name == "sqlite":
        # Moments are microseconds there, and divided whole.
        return type_coerce(StageChange.at, BigInteger()) // (seconds * 1_000_000)
    return cast(func.floor(func.extract("epoch", StageChange.at) / seconds), Integer)
