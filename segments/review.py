"""Looks at those friends, and only those, whom time alone may have moved: ended offers, lapses, reminders due."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Integer, bindparam, select, tuple_, update
from sqlalchemy.orm import Session

from segments import cycle_rows, cycle_words, events, learning, policies, shop
from segments.cycle import CycleParams
from segments.db import UtcDateTime
from segments.models import Cycle, EventKind, Facts
from segments.purchase_history import EVERYTHING

_NOW = bindparam("now", type_=UtcDateTime())
_MOST = bindparam("most", type_=Integer())
# Built once: asked at every tick, and building them takes longer than asking.
# Locked: their next date, put there in the same transaction, takes them off the list.
_TO_REVIEW = (
    select(Facts.friend_id, Facts.unlearned_since)
    .where(Facts.review_at <= _NOW)
    .order_by(Facts.review_at)
    .limit(_MOST)
    .with_for_update(skip_locked=True, key_share=True)
)
_TO_REMIND = (
    select(Cycle.friend_id, Cycle.category)
    .where(Cycle.remind_at <= _NOW, Cycle.reminded_at.is_(None))
    .order_by(Cycle.remind_at)
    .limit(_MOST)
    .with_for_update(skip_locked=True)
)
_CLAIM = (
    update(Cycle)
    .where(tuple_(Cycle.friend_id, Cycle.category).in_(_TO_REMIND), Cycle.reminded_at.is_(None))
    .values(reminded_at=_NOW)
    .returning(Cycle)
    .execution_options(synchronize_session=False, populate_existing=True)
)


def review_due(session: Session, now: datetime, limit: int = 500) -> int:
    """Judge friends whose review has come and raise CYCLE_DUE where a reminder is due; return how many were handled.

    Call it, a transaction each, until it returns 0. Two processes at once share the work; nothing is told twice.
    """
    return _review_friends(session, now, limit) + _raise_reminders(session, now, limit)


def _review_friends(session: Session, now: datetime, limit: int) -> int:
    found = sorted(session.execute(_TO_REVIEW, {"now": now, "most": limit}).all())
    unlearned = [friend_id for friend_id, since in found if since is not None]
    learning.learn_purchases_many(session, unlearned, now)
    learning.look_again(session, [friend_id for friend_id, since in found if since is None], now)
    return len(found)


def _raise_reminders(session: Session, now: datetime, limit: int) -> int:
    """Raise CYCLE_DUE once for each reminder whose day has come; on days the shop is closed they wait."""
    open_shop = shop.load(session)
    if open_shop.is_closed(open_shop.today(now)):
        return 0
    claimed = _claimed_cycles(session, now, limit)
    params = policies.cycle_params(session)
    overall = _with_overall_reminder(session, [cycle.friend_id for cycle in claimed])
    for cycle in claimed:
        # One reminder is enough: a category is told of only to who buys too often to be reminded over all.
        if cycle.category == EVERYTHING or cycle.friend_id not in overall:
            _tell_due(session, cycle, params, now)
    return len(claimed)


def _claimed_cycles(session: Session, now: datetime, limit: int) -> list[Cycle]:
    claimed = session.scalars(_CLAIM, {"now": now, "most": limit})
    return sorted(claimed, key=lambda cycle: (cycle.friend_id, cycle.category))


def _with_overall_reminder(session: Session, friend_ids: Sequence[int]) -> set[int]:
    query = select(Cycle.friend_id).where(
        Cycle.friend_id.in_(friend_ids), Cycle.category == EVERYTHING, Cycle.remind_at.is_not(None)
    )
    return set(session.scalars(query)) if friend_ids else set()


def _tell_due(session: Session, cycle: Cycle, params: CycleParams, now: datetime) -> None:
    events.append(
        session,
        EventKind.CYCLE_DUE,
        cycle.friend_id,
        now,
        category=cycle.category,
        due_at=cycle.due_at.isoformat() if cycle.due_at else None,
        reason=cycle_words.because(cycle_rows.state_of(cycle), params.of(cycle.category), now),
    )
