"""Writes what the pyramid says of a friend into their facts, with every change and its news."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from segments import events
from segments.facts_locking import Locked
from segments.models import EventKind, Facts, StageChange
from segments.stages import RULES, StageFacts, StagePolicy, Verdict, stage_of

OFFER_ENDED = "trial_offer_ended"


def look_at(
    session: Session,
    locked: Locked,
    policy: StagePolicy,
    now: datetime,
    *,
    lapse_at: datetime | None,
    announce: bool = True,
) -> None:
    """Judge a friend anew; a change of stage is recorded, and told as news unless `announce` is off."""
    facts = locked.facts
    verdict = stage_of(_seen(facts, locked.followed, lapse_at), policy, now)
    if announce:
        _tell(session, facts, verdict, now)
    if verdict.stage != facts.stage:
        session.add(_change(facts, verdict, now))
        facts.stage, facts.stage_since = verdict.stage.value, now
    facts.stage_reason = verdict.reason
    facts.review_at = verdict.review_at
    facts.suppressed_at = (facts.suppressed_at or now) if verdict.suppressed else None


def reason_params(facts: Facts, policy: StagePolicy) -> dict[str, Any]:
    """Return what the words of a friend's present reason speak of; it follows from the facts and is not stored."""
    params = next((rule.params for rule in RULES if rule.reason == facts.stage_reason), None)
    return params(_seen(facts, followed=True, lapse_at=None), policy) if params else {}


def _seen(facts: Facts, followed: bool, lapse_at: datetime | None) -> StageFacts:
    return StageFacts(
        followed=followed,
        free_item_claimed_at=facts.free_item_claimed_at,
        inquired_at=facts.inquired_at,
        trial_offer_ends_at=facts.trial_offer_ends_at,
        satisfied_at=facts.satisfied_at,
        dissatisfied_at=facts.dissatisfied_at,
        purchase_count=facts.purchase_count,
        full_price_count=facts.full_price_count,
        last_purchase_at=facts.last_purchase_at,
        regular_until=facts.regular_until,
        cycle_lapse_at=lapse_at,
    )


def _change(facts: Facts, verdict: Verdict, now: datetime) -> StageChange:
    return StageChange(
        friend_id=facts.friend_id,
        from_stage=facts.stage,
        to_stage=verdict.stage.value,
        reason=verdict.reason,
        reason_params=verdict.params,
        at=now,
    )


def _tell(session: Session, facts: Facts, verdict: Verdict, now: datetime) -> None:
    if verdict.reason == OFFER_ENDED != facts.stage_reason:
        events.append(session, EventKind.TRIAL_OFFER_ENDED, facts.friend_id, now, **verdict.params)
    if verdict.stage != facts.stage:
        moved = {"from": facts.stage, "to": verdict.stage.value, "reason": verdict.reason}
        events.append(session, EventKind.STAGE_CHANGED, facts.friend_id, now, **moved)
