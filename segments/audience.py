"""Who a condition means: counted, looked at, and frozen for a send."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, Select, exists, func, insert, literal, not_, or_, select
from sqlalchemy.orm import Session

from segments import condition_known, condition_names, mail_consent, shop
from segments.compiler import expression, sendable
from segments.conditions import Condition, dump
from segments.leaves.context import Context
from segments.models import Audience, AudienceMember, Facts, Friend

BATCH = 1000


def matching(
    session: Session, condition: Condition, now: datetime, *, wide: bool = True
) -> ColumnElement[bool]:
    """Return the expression of a condition over Friend joined with Facts, after checking all that it names.

    `wide` says whether nearly everybody is looked at, or few friends by name. Raises Invalid as condition_names.check.
    """
    condition_names.check(session, condition)
    known = condition_known.load(session, condition)
    return expression(condition, Context(now, shop.load(session).zone, known, wide))


def count(session: Session, condition: Condition, now: datetime) -> int:
    """Return to how many friends a send to this condition would be written."""
    query = select(func.count()).select_from(Friend).join(Facts, Facts.friend_id == Friend.id)
    # Left to itself SQLite fetches half the shop row by row through an index on a date or a stage, six times slower
    # than reading it in order; from the few whom a list, a tag or a purchase names it may still go on by their ids.
    for table in (Friend, Facts):
        query = query.with_hint(table, "NOT INDEXED", "sqlite")
    return session.scalars(query.where(sendable(), matching(session, condition, now))).one()


def preview(session: Session, condition: Condition, now: datetime, limit: int = 20) -> Sequence[Friend]:
    """Return the first friends of a condition, the newest first."""
    return session.scalars(_friends(session, condition, now).order_by(Friend.id.desc()).limit(limit)).all()


def page(
    session: Session, condition: Condition, now: datetime, after: int = 0, limit: int = 100
) -> Sequence[Friend]:
    """Return the friends of a condition with an id above `after`, by id: pass the last one's id to read on."""
    beyond = _friends(session, condition, now).where(Friend.id > after)
    return session.scalars(beyond.order_by(Friend.id).limit(limit)).all()


def matches(session: Session, condition: Condition, friend_id: int, now: datetime) -> bool:
    """Tell whether one friend matches, whether or not a message could reach them."""
    query = select(Friend.id).join(Facts, Facts.friend_id == Friend.id).where(Friend.id == friend_id)
    return bool(session.scalar(select(exists(query.where(matching(session, condition, now, wide=False))))))


def freeze(session: Session, condition: Condition, now: datetime, *, by_mail: bool = False) -> Audience:
    """Store who matches at `now` as a list that never changes, inside the database alone.

    Friends who blocked us or opted out stay in: why they get nothing is recorded when their delivery is refused.
    `by_mail`: those who are not on LINE at all but agreed to mail are in it too.
    """
    chosen = matching(session, condition, now)
    audience = _begin(session, dump(condition), now)
    _fill(session, audience, chosen, by_mail=by_mail)
    return audience


def freeze_list(
    session: Session, friend_ids: Iterable[int], name: str, now: datetime, *, by_mail: bool = False
) -> Audience:
    """Store friends named one by one (a CSV called `name`), a thousand at a time; who is unknown is left out."""
    audience = _begin(session, {"list": name}, now)
    already = exists().where(AudienceMember.audience_id == audience.id, AudienceMember.friend_id == Friend.id)
    for ids in _batches(friend_ids):
        _fill(session, audience, Friend.id.in_(set(ids)) & not_(already), by_mail=by_mail)
    return audience


def members(session: Session, audience_id: int, after: int = 0, limit: int = BATCH) -> Sequence[int]:
    """Return ids of friends in a frozen list above `after`, by id: pass the last one to read on."""
    beyond = select(AudienceMember.friend_id).where(
        AudienceMember.audience_id == audience_id, AudienceMember.friend_id > after
    )
    return session.scalars(beyond.order_by(AudienceMember.friend_id).limit(limit)).all()


def _friends(session: Session, condition: Condition, now: datetime) -> Select[Friend]:
    query = select(Friend).join(Facts, Facts.friend_id == Friend.id)
    return query.where(sendable(), matching(session, condition, now))


def _begin(session: Session, condition: dict[str, Any], now: datetime) -> Audience:
    audience = Audience(condition=condition, created_at=now, size=0)
    session.add(audience)
    session.flush()
    return audience


def _fill(session: Session, audience: Audience, chosen: ColumnElement[bool], *, by_mail: bool) -> None:
    within_reach = or_(sendable(), mail_consent.reachable()) if by_mail else sendable()
    rows = (
        select(literal(audience.id), Friend.id)
        .join(Facts, Facts.friend_id == Friend.id)
        .where(within_reach, chosen)
        .order_by(Friend.id)
    )
    statement = insert(AudienceMember).from_select(["audience_id", "friend_id"], rows)
    kept = statement.execution_options(preserve_rowcount=True)
    stored = cast("CursorResult[Any]", session.execute(kept))
    audience.size += stored.rowcount
    session.flush()


def _batches(ids: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(ids)
    while batch := list(islice(rest, BATCH)):
        yield batch
