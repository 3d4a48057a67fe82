"""What is known of each friend, kept inside the transaction that learns it."""

from datetime import datetime

from sqlalchemy.orm import Session

from segments import cycle_rows, policies, stage_keeping
from segments.facts_locking import Locked, lock_one
from segments.ladder_facts import NO_DATES
from segments.learning import learn_purchases, learn_purchases_many
from segments.rebuilding import rebuild

__all__ = ["learn_purchases", "learn_purchases_many", "note", "rebuild", "refresh"]


def refresh(session: Session, friend_id: int, now: datetime) -> None:
    """Judge one friend anew from the facts already known."""
    _refresh(session, lock_one(session, friend_id), now)


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
    locked = lock_one(session, friend_id)
    facts = locked.facts
    facts.free_item_claimed_at = _first(facts.free_item_claimed_at, free_item_claimed_at)
    facts.inquired_at = _first(facts.inquired_at, inquired_at)
    facts.trial_offered_at = _last(facts.trial_offered_at, trial_offered_at)
    facts.trial_offer_ends_at = _last(facts.trial_offer_ends_at, trial_offer_ends_at)
    facts.satisfied_at = _last(facts.satisfied_at, satisfied_at)
    facts.dissatisfied_at = _last(facts.dissatisfied_at, dissatisfied_at)
    _refresh(session, locked, now)


def _refresh(session: Session, locked: Locked, now: datetime) -> None:
    bought = bool(locked.facts.purchase_count)
    dates = cycle_rows.dates_of(session, locked.facts.friend_id) if bought else NO_DATES
    stage_keeping.look_at(session, locked, policies.ladder_policies(session), now, dates=dates)
    session.flush()


def _first(known: datetime | None, given: datetime | None) -> datetime | None:
    return min((moment for moment in (known, given) if moment), default=None)


def _last(known: datetime | None, given: datetime | None) -> datetime | None:
    return max((moment for moment in (known, given) if moment), default=None)
