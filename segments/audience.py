"""Who a condition means: counted, looked at, and frozen for a send."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, exists, func, insert, literal, select
from sqlalchemy.orm import Session

from segments import condition_names, shop
from segments.compiler import compile as compile_condition
from segments.compiler import sendable
from segments.conditions import Condition, dump
from segments.models import Audience, AudienceMember, Facts, Friend

BATCH = 1000


def count(session: Session, condition: Condition, now: datetime) -> int:
    """Return to how many friends a send to this condition would be written."""
    query = select(func.count()).select_from(Friend).join(Facts, Facts.friend_id == Friend.id)
    return session.scalars(query.where(sendable(), _matching(session, condition, now))).one()


def preview(session: Session, condition: Condition, now: datetime, limit: int = 20) -> Sequence[Friend]:
    """Return the first friends of a condition, the newest first."""
    query = select(Friend).join(Facts, Facts.friend_id == Friend.id)
    chosen = query.where(sendable(), _matching(session, condition, now))
    return session.scalars(chosen.order_by(Friend.id.desc()).limit(limit)).all()


def matches(session: Session, condition: Condition, friend_id: int, now: datetime) -> bool:
    """Tell whether one friend matches, whether or not a message could reach them."""
    query = select(Friend.id).join(Facts, Facts.friend_id == Friend.id).where(Friend.id == friend_id)
    return bool(session.scalar(select(exists(query.where(_matching(session, condition, now))))))


def freeze(session: Session, condition: Condition, now: datetime) -> Audience:
    """Store who matches at `now` as a list that never changes.

    Friends who blocked us or opted out stay in: why they get nothing is recorded when their delivery is refused.
    """
    chosen = _matching(session, condition, now)
    audience = _begin(session, dump(condition), now)
    _fill(session, audience, chosen)
    return audience


def freeze_list(session: Session, friend_ids: Iterable[int], name: str, now: datetime) -> Audience:
    """Store friends named one by one (a CSV called `name`); who is unknown or not on LINE is left out."""
    audience = _begin(session, {"list": name}, now)
    for ids in _batches(dict.fromkeys(friend_ids)):
        _fill(session, audience, Friend.id.in_(ids))
    return audience


def _matching(session: Session, condition: Condition, now: datetime) -> ColumnElement[bool]:
    condition_names.check(session, condition)
    return compile_condition(condition, now, shop.load(session).zone)


def _begin(session: Session, condition: dict[str, Any], now: datetime) -> Audience:
    audience = Audience(condition=condition, created_at=now, size=0)
    session.add(audience)
    session.flush()
    return audience


def _fill(session: Session, audience: Audience, chosen: ColumnElement[bool]) -> None:
    members = (
        select(literal(audience.id), Friend.id)
        .join(Facts, Facts.friend_id == Friend.id)
        .where(sendable(), chosen)
        .order_by(Friend.id)
    )
    statement = insert(AudienceMember).from_select(["audience_id", "friend_id"], members)
    kept = statement.execution_options(preserve_rowcount=True)
    stored = cast("CursorResult[Any]", session.execute(kept))
    audience.size += stored.rowcount
    session.flush()


def _batches(ids: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(ids)
    while batch := list(islice(rest, BATCH)):
        yield batch
