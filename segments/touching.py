"""Remembers of which friends something changed, so that watched segments look at them again.

While no segment is watched nothing is remembered: one that is watched later is filled from how all friends stand
then. On PostgreSQL whoever changes friends unremembered holds a lock for which `expect` waits: what they change is
committed, and so is seen by the filling, before the first segment is watched. SQLite has one writer anyway.
"""

from collections.abc import Iterable

from sqlalchemy import exists, func, insert, select
from sqlalchemy.orm import Session

from segments import driver_queries
from segments.models import Segment, Touched

_ADD = insert(Touched.__table__)  # pyright: ignore[reportArgumentType] -- a declared table is a Table
_ANY_WATCHED = select(exists().where(Segment.watched))
_LOCK = 0x6B6F6B7A
"""Of PostgreSQL's advisory locks."""
_SHARED = select(func.pg_advisory_xact_lock_shared(_LOCK))
_ALONE = select(func.pg_advisory_xact_lock(_LOCK))
_ASKED = "watched_in"
"""Under which a session keeps the transaction in which it asked whether anything is watched, and the answer."""


def touch(session: Session, friend_ids: Iterable[int]) -> None:
    """Put friends on the list, inside the transaction that changed what is known of them."""
    rows = [{"friend_id": friend_id} for friend_id in friend_ids]
    if rows and _is_any_watched(session):
        session.connection().execute(_ADD, rows)


def ask(session: Session) -> None:
    """Ask for the whole transaction whether anything is watched: to be called before its first savepoint.

    What is asked inside a savepoint does not hold beyond it, and would be asked again by each.
    """
    _is_any_watched(session)


def expect(session: Session) -> None:
    """Have everybody touch from now on: to be called before a segment becomes watched, in that transaction."""
    session.info.pop(_ASKED, None)
    if not _is_sqlite(session):
        session.connection().execute(_ALONE)


def _is_any_watched(session: Session) -> bool:
    connection, transaction = session.connection(), session.get_transaction()
    asked_in, watched = session.info.get(_ASKED, (None, False))
    if asked_in is transaction:
        return watched
    if not _is_sqlite(session):
        # Before the question, in a statement of its own: only then is the answer no older than the lock.
        connection.execute(_SHARED)
    watched = bool(driver_queries.asked(session, _ANY_WATCHED, {})[0][0])
    # A savepoint that is rolled back takes its locks along. Without a lock, friends touched for nothing do no harm.
    if watched or not session.in_nested_transaction():
        session.info[_ASKED] = transaction, watched
    return watched


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
