"""Makes a friend's facts anew from purchases and the timeline: the proof that nothing is kept that cannot be derived."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from segments.facts_locking import lock_one
from segments.learning import learn_purchases
from segments.models import CustomerEvent, EventKind, Facts, Referral

REACTIONS = (EventKind.WROTE, EventKind.TAPPED)


def rebuild(session: Session, friend_id: int, now: datetime) -> Facts:
    """Derive every fact of one friend again and return the row; a row that was kept well comes out the same."""
    kept = lock_one(session, friend_id).facts
    told = session.scalars(select(CustomerEvent).where(CustomerEvent.friend_id == friend_id)).all()
    kept.free_item_claimed_at = _moment(told, min, EventKind.FREE_ITEM_CLAIMED)
    kept.inquired_at = _moment(told, min, EventKind.ASKED)
    kept.trial_offered_at = _moment(told, max, EventKind.TRIAL_OFFERED)
    kept.trial_offer_ends_at = _latest_end(told)
    kept.satisfied_at = _moment(told, max, EventKind.SATISFIED)
    kept.dissatisfied_at = _moment(told, max, EventKind.DISSATISFIED)
    kept.message_count = _number(told, EventKind.WROTE)
    kept.tap_count = _number(told, EventKind.TAPPED)
    kept.last_reaction_at = _moment(told, max, *REACTIONS)
    brought = select(func.count()).where(Referral.referrer_id == friend_id)
    kept.referral_count = session.scalars(brought).one()
    learn_purchases(session, friend_id, now)
    return kept


def _moment(
    told: Sequence[CustomerEvent], choose: Callable[..., datetime | None], *kinds: EventKind
) -> datetime | None:
    return choose((event.at for event in told if event.kind in kinds), default=None)


def _number(told: Sequence[CustomerEvent], kind: EventKind) -> int:
    return sum(event.kind == kind for event in told)


def _latest_end(told: Sequence[CustomerEvent]) -> datetime | None:
    ends = (event.payload["ends_at"] for event in told if event.kind == EventKind.TRIAL_OFFERED)
    return max((datetime.fromisoformat(end) for end in ends), default=None)
