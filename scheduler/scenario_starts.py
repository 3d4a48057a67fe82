"""What may start a scenario from segments and tags, and which segments are watched because a scenario asks for them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, cast

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.matching import condition_of
from scheduler.models import Scenario
from scheduler.scenario_settings import read_date_start
from segments import saved, tags, watching
from segments.condition_known import segments_in
from segments.errors import Invalid, NotFound
from segments.models import EventKind, Segment, Tag

log = structlog.get_logger(__name__)

OF_SEGMENTS = (EventKind.SEGMENT_ENTERED, EventKind.SEGMENT_LEFT)


def on_entering(segment_id: int) -> dict[str, Any]:
    """Return the trigger (or goal) that waits for friends to enter a segment."""
    return {"event": EventKind.SEGMENT_ENTERED.value, "where": {"segment_id": segment_id}}


def on_leaving(segment_id: int) -> dict[str, Any]:
    """Return the trigger (or goal) that waits for friends to leave a segment."""
    return {"event": EventKind.SEGMENT_LEFT.value, "where": {"segment_id": segment_id}}


def on_tag(name: str) -> dict[str, Any]:
    """Return the trigger (or goal) that waits for a tag to be newly put on, by whomever."""
    return {"event": EventKind.TAGGED.value, "where": {"tag": name}}


def choose_start(session: Session, scenario_id: int, trigger: dict[str, Any], now: datetime) -> Scenario:
    """Have a scenario start from something else; a segment it names is watched from now on.

    Raises NotFound (scenario_unknown, segment_unknown, tag_unknown) or Invalid (trigger_invalid).
    """
    scenario = session.get(Scenario, scenario_id)
    if scenario is None:
        raise NotFound("scenario_unknown", scenario_id=scenario_id)
    check(session, trigger)
    scenario.trigger = trigger
    session.flush()
    keep_watched(session, now)
    return scenario


def check(session: Session, wanted: Mapping[str, Any]) -> None:
    """Refuse a trigger or goal that nothing could ever meet: an event, a segment or a tag there is none of.

    Raises NotFound (segment_unknown, tag_unknown) or Invalid (trigger_invalid).
    """
    if "date" in wanted:
        read_date_start(wanted)
        return
    kind, where = wanted.get("event"), _where(wanted)
    if not isinstance(kind, str) or kind not in set(EventKind):
        raise Invalid("trigger_invalid", given=str(kind))
    if kind in OF_SEGMENTS:
        for segment_id in _listed(where.get("segment_id")):
            if type(segment_id) is not int:
                raise NotFound("segment_unknown", segment_id=segment_id)
            saved.load(session, segment_id)
    if kind == EventKind.TAGGED:
        for name in _listed(where.get("tag")):
            if not isinstance(name, str) or tags.find(session, name) is None:
                raise NotFound("tag_unknown", name=name)


def keep_watched(session: Session, now: datetime) -> int:
    """Watch the segments that scenarios, tags and operators ask for, and no others; return for how many that changed.

    Derived each time, so that nobody has to remember who used a segment when a scenario is changed or deleted.
    """
    watched = set(session.scalars(select(Segment.id).where(Segment.watched)))
    wanted = _asked_by_scenarios(session) | set(
        session.scalars(select(Tag.segment_id).where(Tag.segment_id.is_not(None)))
    )
    wanted |= set(session.scalars(select(Segment.id).where(Segment.kept_by_hand)))
    known = (
        set(session.scalars(select(Segment.id).where(Segment.id.in_(wanted - watched))))
        if wanted - watched
        else set[int]()
    )
    for segment_id in sorted(known):
        watching.watch(session, segment_id, now)
    for segment_id in sorted(watched - wanted):
        watching.unwatch(session, segment_id)
    if changed := len(known) + len(watched - wanted):
        log.info("segments_watched", more=len(known), fewer=len(watched - wanted))
        return changed
    return 0


def used_by(session: Session, segment_id: int) -> list[saved.Use]:
    """Return the scenarios that start from a segment or end with it."""
    asked_by = select(Scenario.id, Scenario.name, Scenario.trigger, Scenario.goal).order_by(Scenario.id)
    return [
        saved.Use("scenario", id_, name)
        for id_, name, *asked in session.execute(asked_by)
        if segment_id in set(_named_by(asked))
    ]


def all_uses(session: Session) -> Iterator[tuple[int, saved.Use]]:
    """Yield every segment that a scenario starts from or ends with, and the scenario."""
    asked_by = select(Scenario.id, Scenario.name, Scenario.trigger, Scenario.goal).order_by(Scenario.id)
    for id_, name, *asked in session.execute(asked_by):
        yield from ((each, saved.Use("scenario", id_, name)) for each in _named_by(asked))


def _asked_by_scenarios(session: Session) -> set[int]:
    rows = session.execute(select(Scenario.trigger, Scenario.goal))
    return {segment_id for asked in rows for segment_id in _segments_of(asked)}


def _segments_of(asked: Iterable[Mapping[str, Any] | None]) -> Iterator[int]:
    for wanted in asked:
        if wanted is not None and wanted.get("event") in OF_SEGMENTS:
            yield from (each for each in _listed(_where(wanted).get("segment_id")) if type(each) is int)


def _named_by(asked: Iterable[Mapping[str, Any] | None]) -> Iterator[int]:
    """Yield the segments that are waited for, and those that a goal asks about."""
    wanted = [each for each in asked if each is not None]
    yield from _segments_of(wanted)
    for each in wanted:
        yield from segments_in(condition_of(each))


def _where(wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    where = wanted.get("where")
    return cast("Mapping[str, Any]", where) if isinstance(where, Mapping) else {}


def _listed(given: Any) -> list[Any]:
    if given is None:
        return []
    return cast("list[Any]", given) if isinstance(given, list) else [given]
