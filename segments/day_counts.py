"""Counts what happened on each day of the shop's calendar, so that a report reads a row a day and not millions.

Today and the day before are counted anew every few minutes; who followed, every night over all days, because an
import may bring friends of long ago. Friends who were erased since stay in the counts of their days.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, bindparam, delete, func, insert, select
from sqlalchemy.orm import Session

from segments import ladder_growth, shop
from segments.db import Database
from segments.local_times import start_of
from segments.models import CustomerEvent, DayCount, Friend, Setting, StageChange
from segments.models.events import COUNTED_BY_DAY

SETTING = "day_counts"
FOLLOWED = "followed"
"""Who followed for the first time, by route."""
DAY = timedelta(days=1)
HISTORY = timedelta(days=3660)
"""How far back days are counted."""
TOGETHER = 60
"""Days that are written in one transaction."""
Row = tuple[str, date, str, int]


def moves(ladder: str) -> str:
    """Return the figure of moves on a ladder, whose parts are `from>to`."""
    return f"moves:{ladder}"


def standing(ladder: str) -> str:
    """Return the figure of how many stood on each rung when the day ended."""
    return f"standing:{ladder}"


def refresh(database: Database, now: datetime) -> int:
    """Count the days since the last time, today and yesterday among them; return how many days were counted."""
    with database.reading() as session:
        zone = shop.load(session).zone
        days = _due(session, now, zone)
    for some in _batches(days):
        with database.reading() as session:
            rows = [row for day in some for row in _of_day(session, day, zone)]
        with database.begin() as session:
            _replace(session, [*MOVES, *EVENTS, FOLLOWED], some, rows)
            _note(session, some[-1], now)
    _keep_standing(database, now)
    return len(days)


def recount_follows(database: Database, now: datetime) -> None:
    """Count anew who followed on which day, over all days."""
    with database.reading() as session:
        zone = shop.load(session).zone
        first = session.scalar(select(func.min(Friend.followed_at)))
        days = _between(first, now, zone)
    for some in _batches(days):
        with database.reading() as session:
            rows = [row for day in some for row in _follows(session, day, zone)]
        with database.begin() as session:
            _replace(session, [FOLLOWED], some, rows)


def counted_at(session: Session) -> datetime | None:
    """Return when days were last counted; None before the first time."""
    return session.scalar(select(Setting.updated_at).where(Setting.name == SETTING))


def read(
    session: Session, figures: Iterable[str], since: date, until: date
) -> dict[str, dict[date, Counter[str]]]:
    """Return the counts of some figures by day and part, from `since` to `until`, both included."""
    found: dict[str, dict[date, Counter[str]]] = {figure: {} for figure in figures}
    query = select(DayCount.figure, DayCount.day, DayCount.part, DayCount.count).where(
        DayCount.figure.in_(found), DayCount.day >= since, DayCount.day <= until
    )
    for figure, day, part, count in session.execute(query):
        found[figure].setdefault(day, Counter())[part] = count
    return found


def _batches(days: Sequence[date]) -> Iterator[Sequence[date]]:
    return (days[place : place + TOGETHER] for place in range(0, len(days), TOGETHER))


def is_counted_by_day() -> ColumnElement[bool]:
    """Return the condition of the events that an index of their own finds by their moment."""
    # Written out, or SQLite cannot tell that this index is meant.
    kinds = bindparam(None, COUNTED_BY_DAY, CustomerEvent.kind.type, expanding=True, literal_execute=True)
    return CustomerEvent.kind.in_(kinds)


def _due(session: Session, now: datetime, zone: ZoneInfo) -> list[date]:
    kept = session.get(Setting, SETTING)
    if kept is not None:
        first = date.fromisoformat(kept.value["through"]) - DAY
        return _days(first, now.astimezone(zone).date())
    oldest = [session.scalar(select(func.min(column))) for column in (StageChange.at, Friend.followed_at)]
    return _between(min((each for each in oldest if each), default=now), now, zone)


def _between(first: datetime | None, now: datetime, zone: ZoneInfo) -> list[date]:
    begins = max(first or now, now - HISTORY)
    return _days(begins.astimezone(zone).date(), now.astimezone(zone).date())


def _days(first: date, last: date) -> list[date]:
    return [first + place * DAY for place in range((last - first).days + 1)]


def _of_day(session: Session, day: date, zone: ZoneInfo) -> list[Row]:
    return [*_moves(session, day, zone), *_events(session, day, zone), *_follows(session, day, zone)]


def _moves(session: Session, day: date, zone: ZoneInfo) -> Iterator[Row]:
    counted = (
        select(StageChange.ladder, StageChange.from_stage, StageChange.to_stage, func.count())
        .where(*_on(StageChange.at, day, zone))
        .group_by(StageChange.ladder, StageChange.from_stage, StageChange.to_stage)
    )
    for ladder, came_from, went_to, count in session.execute(counted):
        yield moves(ladder), day, f"{came_from or ''}>{went_to}", count


def _events(session: Session, day: date, zone: ZoneInfo) -> Iterator[Row]:
    counted = (
        select(CustomerEvent.kind, func.count())
        .where(is_counted_by_day(), *_on(CustomerEvent.at, day, zone))
        .group_by(CustomerEvent.kind)
    )
    for kind, count in session.execute(counted):
        yield kind.value, day, "", count


def _follows(session: Session, day: date, zone: ZoneInfo) -> Iterator[Row]:
    counted = select(Friend.route, func.count()).where(*_on(Friend.followed_at, day, zone))
    for route, count in session.execute(counted.group_by(Friend.route)):
        yield FOLLOWED, day, route or "", count


def _on(at: Any, day: date, zone: ZoneInfo) -> tuple[ColumnElement[bool], ...]:
    return at >= start_of(day, zone), at < start_of(day + DAY, zone)


def _replace(session: Session, figures: Sequence[str], days: Sequence[date], rows: Iterable[Row]) -> None:
    session.execute(
        delete(DayCount)
        .where(DayCount.figure.in_(figures), DayCount.day >= days[0], DayCount.day <= days[-1])
        .execution_options(synchronize_session=False)
    )
    values: list[dict[str, Any]] = [
        {"figure": figure, "day": day, "part": part, "count": count} for figure, day, part, count in rows
    ]
    if values:
        session.execute(insert(DayCount), values)


def _note(session: Session, through: date, now: datetime) -> None:
    session.merge(Setting(name=SETTING, value={"through": through.isoformat()}, updated_at=now))


def _keep_standing(database: Database, now: datetime) -> None:
    """Keep how many stood where when yesterday ended: from then on that day is known whatever is erased later."""
    with database.reading() as session:
        yesterday = now.astimezone(shop.load(session).zone).date() - DAY
        figures = [standing(ladder) for ladder in ladder_growth.RUNGS]
        known = select(DayCount.figure).where(DayCount.figure.in_(figures), DayCount.day == yesterday)
        if session.scalar(known.limit(1)) is not None:
            return
        rows = [row for ladder in ladder_growth.RUNGS for row in _standing(session, ladder, yesterday, now)]
    with database.begin() as session:
        _replace(session, figures, [yesterday], rows)


def _standing(session: Session, ladder: str, day: date, now: datetime) -> Iterator[Row]:
    for each in ladder_growth.ladder_counts_over_time(session, ladder, day, day, now):
        for rung, count in each.friends.items():
            yield standing(ladder), day, rung, count


MOVES = tuple(moves(ladder) for ladder in ladder_growth.RUNGS)
EVENTS = tuple(kind.value for kind in COUNTED_BY_DAY)
