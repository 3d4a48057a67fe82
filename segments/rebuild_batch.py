"""One transaction of a rebuild: everything derived of the friends between two ids, made anew and written."""

from datetime import datetime
from typing import Any

from sqlalchemy import exists, insert, literal, select
from sqlalchemy.orm import Session

from segments import cycle_columns, facts_columns, learned_events, purchase_columns, touching
from segments.db import Database, UtcDateTime
from segments.micros import micros_of
from segments.models import Facts, Friend, StageChange
from segments.rebuild_ahead import Ahead
from segments.rules import rules_of
from segments.taking_in import lesson_of, take_in


def write_ahead(session: Session, ahead: Ahead, now: datetime, *, holds: bool, stands: bool) -> int:
    """Write what another process learned, if that still holds, and as it was drafted, if all else stands as it did.

    Returns how many friends they are.
    """
    if ahead.draft is not None and holds and stands:
        ahead.draft.write(session, now)
        return len(ahead.friend_ids)
    first, last = int(ahead.friend_ids[0]), int(ahead.friend_ids[-1])
    return write(session, first, last, ahead if holds else None, now)


def of_part(database: Database, part: tuple[int, int], now: datetime) -> int:
    """Make anew what is known of the friends beyond an id, up to another, in a transaction; return how many they are."""
    after, last = part
    with database.begin() as session:
        return write(session, after + 1, last, None, now)


def write(session: Session, first: int, last: int, learned: Ahead | None, now: datetime) -> int:
    """Make anew what is known of the friends between two ids; return how many they are.

    `learned` is what was learned ahead and still holds.
    """
    _begin(session, first, last, now)
    kept = facts_columns.lock_range(session, first, last)
    ids = kept["friend_id"]
    if not len(ids):
        return 0
    rules = rules_of(session)
    if learned is not None and learned.friend_ids.tolist() == ids.tolist():
        lesson = learned.lesson
    else:
        lesson = lesson_of(purchase_columns.load_range(session, ids), rules)
    before = cycle_columns.stored_range(session, first, last)
    signals = learned_events.signals(session, ids, whole_range=True)
    told: Any = kept["review_at"] <= (micros_of(now) or 0)
    take_in(session, kept, before, lesson, rules, now, told, signals)
    return len(ids)


def _begin(session: Session, first: int, last: int, now: datetime) -> None:
    """Give friends who have none their facts row, and its entry in the history, as `facts_locking.begin` does."""
    new = select(Friend.id).where(
        Friend.id.between(first, last), ~exists().where(Facts.friend_id == Friend.id)
    )
    if session.scalar(new.limit(1)) is None:
        return
    touching.touch(session, session.scalars(new).all())
    known = new.add_columns(literal("aware"), literal(now, UtcDateTime()), literal("known"))
    session.execute(insert(StageChange).from_select(["friend_id", "to_stage", "at", "reason"], known))
    session.execute(insert(Facts).from_select(["friend_id", "stage", "stage_since", "stage_reason"], known))
