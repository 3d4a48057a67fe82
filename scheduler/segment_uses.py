"""Which scenarios and broadcasts would break without a saved segment."""

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from scheduler import scenario_starts
from scheduler.models import Broadcast, BroadcastState, Scenario, Step
from segments.condition_known import segments_in
from segments.saved import Use

_Conditions = Select[int, str, dict[str, Any] | None]
"""Number, name and condition."""
ENDED = (BroadcastState.DONE, BroadcastState.CANCELLED)


def elsewhere(session: Session, segment_id: int) -> list[Use]:
    """Return what uses a segment on this floor, each once: scenarios first, then broadcasts still to be planned."""
    asking = (
        select(Scenario.id, Scenario.name, Scenario.condition)
        .where(Scenario.condition.is_not(None))
        .order_by(Scenario.id)
    )
    by_step = (
        select(Scenario.id, Scenario.name, Step.condition)
        .join(Step)
        .where(Step.condition.is_not(None), Step.removed_at.is_(None))
        .order_by(Scenario.id)
    )
    scenarios = [
        *scenario_starts.used_by(session, segment_id),
        *_naming(session, "scenario", asking, segment_id),
        *_naming(session, "scenario", by_step, segment_id),
    ]
    return [*dict.fromkeys(scenarios), *_naming(session, "broadcast", _waiting(segment_id), segment_id)]


def _waiting(segment_id: int) -> _Conditions:
    """Select broadcasts that do not have their whole audience yet; afterwards it stands in their deliveries."""
    return (
        select(Broadcast.id, Broadcast.name, Broadcast.condition)
        .where(
            Broadcast.state.not_in(ENDED), Broadcast.planned_at.is_(None), Broadcast.condition.is_not(None)
        )
        .order_by(Broadcast.id)
    )


def _naming(session: Session, kind: str, conditions: _Conditions, segment_id: int) -> list[Use]:
    rows = session.execute(conditions)
    return [Use(kind, id_, name) for id_, name, condition in rows if segment_id in segments_in(condition)]
