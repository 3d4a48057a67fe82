"""Derives friends' purchase facts, cycles and rungs from their purchases as they now stand, many at a time."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import numpy as np
from sqlalchemy.orm import Session

from segments import cycle_columns, facts_columns, learned_events, purchase_columns, touching
from segments.facts_columns import Columns
from segments.facts_locking import begin
from segments.point_earning import follow_purchases
from segments.rules import rules_of
from segments.taking_in import lesson_of, stand, take_in

BATCH = 1000


def learn_purchases(session: Session, friend_id: int, now: datetime, *, announce: bool = True) -> None:
    """Make one friend's purchase facts, cycles and rungs follow from their purchases as they now stand."""
    learn_purchases_many(session, [friend_id], now, announce=announce)


def learn_purchases_many(
    session: Session, friend_ids: Iterable[int], now: datetime, *, announce: bool = True
) -> None:
    """Do the same for many friends, with a fixed number of queries for each thousand of them.

    With `announce` off (an import of the past) moves are recorded but are no news to scenarios.
    """
    everyone = sorted(set(friend_ids))
    for start in range(0, len(everyone), BATCH):
        learn(session, everyone[start : start + BATCH], now, announce=announce)


def learn(
    session: Session,
    friend_ids: Sequence[int],
    now: datetime,
    *,
    announce: bool = True,
    signals_too: bool = False,
) -> None:
    """Learn of at most a thousand friends by ascending id; with `signals_too` also what purchases do not tell."""
    session.flush()
    # Locked before purchases and rules are read: two purchases recorded at once must both be counted, and what
    # changes afterwards finds friends who are learned to mark them as unlearned.
    kept = _locked(session, friend_ids, now)
    rules = rules_of(session)
    ids = kept["friend_id"]
    if not len(ids):
        return
    known: list[int] = ids.tolist()
    lesson = lesson_of(purchase_columns.load(session, known), rules)
    before = cycle_columns.stored(session, known)
    others = learned_events.signals(session, ids) if signals_too else None
    take_in(session, kept, before, lesson, rules, now, np.full(len(known), announce), others)
    follow_purchases(session, known, now, rules=rules.points, announce=announce)


def look_again(session: Session, friend_ids: Sequence[int], now: datetime) -> None:
    """Judge friends, at most a thousand by ascending id, whom only time may have moved: no purchase is read."""
    if not friend_ids:
        return
    kept = facts_columns.lock(session, friend_ids)
    ids = kept["friend_id"]
    dates = cycle_columns.overall(session, ids)
    changed = stand(session, kept, {}, dates, rules_of(session), now, np.full(len(ids), True))
    touching.touch(session, ids[changed].tolist())


def _locked(session: Session, friend_ids: Sequence[int], now: datetime) -> Columns:
    kept = facts_columns.lock(session, friend_ids)
    if len(kept["friend_id"]) == len(friend_ids):
        return kept
    begin(session, friend_ids, now)
    return facts_columns.lock(session, friend_ids)
