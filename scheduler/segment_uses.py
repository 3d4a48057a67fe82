"""Which scenarios and broadcasts would break without a saved segment."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from scheduler import scenario_starts
from scheduler.models import Broadcast, BroadcastState, Scenario, Step
from segments.condition_known import segments_in
from segments.models import Segment, Tag
from segments.saved import Use

_Conditions = Select[int, str, dict[str, Any] | None]
"""Number, name and condition."""
ENDED = (BroadcastState.DONE, BroadcastState.CANCELLED)


def everywhere(session: Session) -> dict[int, list[Use]]:
    """Return what uses each segment on both floors, in seven queries however many segments there are."""
    found: dict[int, dict[Use, None]] = defaultdict(dict)
    for segment_id, use in _all_uses(session):
        found[segment_id][use] = None
    return {segment_id: list(uses) for segment_id, uses in found.items()}


def _all_uses(session: Session) -> Iterator[tuple[int, Use]]:
    tags = select(Tag.segment_id, Tag.id, Tag.name).where(Tag.segment_id.is_not(None)).order_by(Tag.name)
    for segment_id, id_, name in session.execute(tags):
        if segment_id is not None:
            yield segment_id, Use("tag", id_, name)
    for id_, name, condition in session.execute(select(Segment.id, Segment.name, Segment.condition)):
        yield from ((each, Use("segment", id_, name)) for each in segments_in(condition) if each != id_)
    yield from scenario_starts.all_uses(session)
    for kind, conditions in (
        ("scenario", _asking()),
        ("scenario", _by_step()),
        ("broadcast", _all_waiting()),
    ):
        for id_, name, condition in session.execute(conditions):
            yield from ((each, Use(kind, id_, name)) for each in segments_in(condition))


def elsewhere(session: Session, segment_id: int) -> list[Use]:
    """Return what uses a segment on this floor, each once: scenarios first, then broadcasts still to be planned."""
    scenarios = [
        *scenario_starts.used_by(session, segment_id),
        *_naming(session, "scenario", _asking(), segment_id),
        *_naming(session, "scenario", _by_step(), segment_id),
    ]
    return [*dict.fromkeys(scenarios), *_naming(session, "broadcast", _all_waiting(), segment_id)]


def _asking() -> _Conditions:
    return (
        select(Scenario.id, Scenario.name, Scenario.condition)
        .where(Scenario.condition.is_not(None))
        .order_by(Scenario.id)
    )


def _by_step() -> _Conditions:
    return (
        select(Scenario.id, Scenario.name, Step.condition)
        .join(Step)
        .where(Step.condition.is_not(None), Step.removed_at.is_(None))
        .order_by(Scenario.id)
    )


def _all_waiting() -> _Conditions:
    """Select broadcasts that do not have their whole audience yet; afterwards it stands in their deliveries."""
    return (
        select(Broadcast.id, Broadcast.name, Broadcast.condition)
        .where(
            Broadcast.state.not_in(ENDED),
            Broadcast.planned_at.is_(None),
            Broadcast.removed_at.is_(None),
            Broadcast.condition.is_not(None),
        )
        .order_by(Broadcast.id)
    )


def _naming(session: Session, kind: str, conditions: _Conditions, segment_id: int) -> list[Use]:
    rows = session.execute(conditions)
    return [Use(kind, id_, name) for id_, name, condition in rows if segment_id in segments_in(condition)]
