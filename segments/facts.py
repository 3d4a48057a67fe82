"""What is known of each friend, kept inside the transaction that learns it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from segments import policies, stage_keeping, touching
from segments.facts_locking import lock_one
from segments.learning import learn_purchases, learn_purchases_many
from segments.rebuilding import rebuild

__all__ = ["learn_purchases", "learn_purchases_many", "note", "rebuild", "refresh", "refresh_many"]


def refresh(session: Session, friend_id: int, now: datetime) -> None:
    """Judge one friend anew from the facts already known."""
    lock_one(session, friend_id)
    stage_keeping.look_at(session, [friend_id], policies.ladder_policies(session), now)


def refresh_many(session: Session, friend_ids: Sequence[int], now: datetime) -> None:
    """Judge friends, given by ascending id, anew from the facts already known."""
    if friend_ids:
        stage_keeping.look_at(session, friend_ids, policies.ladder_policies(session), now)


def note(
    session: Session,
    friend_id: int,
    now: datetime,
    *,
    free_item_claimed_at: datetime | None = None,
    inquired_at: datetime | None = None,
    trial_offered_at: datetime | None = None,
    trial_offer_ends_at: datetime | None = None,
    satisfied_at: datetime | None = None,
    dissatisfied_at: datetime | None = None,
) -> None:
    """Take note of something a friend did or was offered, and judge them anew.

    The first claim and the first inquiry stay; of offers and of answers the latest counts.
    """
    facts = lock_one(session, friend_id).facts
    facts.free_item_claimed_at = _first(facts.free_item_claimed_at, free_item_claimed_at)
    facts.inquired_at = _first(facts.inquired_at, inquired_at)
    facts.trial_offered_at = _last(facts.trial_offered_at, trial_offered_at)
    facts.trial_offer_ends_at = _last(facts.trial_offer_ends_at, trial_offer_ends_at)
    facts.satisfied_at = _last(facts.satisfied_at, satisfied_at)
    facts.dissatisfied_at = _last(facts.dissatisfied_at, dissatisfied_at)
    touching.touch(session, [friend_id])
    stage_keeping.look_at(session, [friend_id], policies.ladder_policies(session), now)


def _first(known: datetime | None, given: datetime | None) -> datetime | None:
    return min((moment for moment in (known, given) if moment), default=None)


def _last(known: datetime | None, given: datetime | None) -> datetime | None:
    return max((moment for moment in (known, given) if moment), default=None)
