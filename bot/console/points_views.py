"""What the page of points shows: how many friends hold how many, and what was earned and used lately."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, case, cast, func, select
from sqlalchemy.orm import Session

from bot.actors import actor_name
from segments.models import Facts, PointEntry, Policy
from segments.point_policy import NAME, PointPolicy

LATELY = timedelta(days=30)
VERSIONS = 10


@dataclass(frozen=True)
class Version:
    """One rule the shop had."""

    since: datetime
    by: str
    policy: PointPolicy


@dataclass(frozen=True)
class Standing:
    """How points stand."""

    holders: int
    points: int
    given: int
    """In the last thirty days."""
    taken: int
    versions: list[Version]


def standing(session: Session, now: datetime) -> Standing:
    """Return how points stand now."""
    held = cast(func.coalesce(func.sum(Facts.points), 0), BigInteger)
    holders, points = session.execute(select(func.count(), held).where(Facts.points > 0)).one()
    given = func.sum(case((PointEntry.points > 0, PointEntry.points), else_=0))
    taken = func.sum(case((PointEntry.points < 0, -PointEntry.points), else_=0))
    last = select(PointEntry.id).where(PointEntry.at < now - LATELY).order_by(PointEntry.id.desc()).limit(1)
    # Entries are written in the order of time: the ids of the last thirty days are an end of the key.
    since = session.scalar(last) or 0
    sums = select(cast(func.coalesce(given, 0), BigInteger), cast(func.coalesce(taken, 0), BigInteger))
    earned, used = session.execute(sums.where(PointEntry.id > since)).one()
    return Standing(holders, int(points), int(earned), int(used), _versions(session))


def _versions(session: Session) -> list[Version]:
    rows = session.execute(
        select(Policy.created_at, Policy.created_by, Policy.data)
        .where(Policy.name == NAME)
        .order_by(Policy.id.desc())
        .limit(VERSIONS)
    )
    return [Version(at, actor_name(session, by), PointPolicy.from_json(data)) for at, by, data in rows]
