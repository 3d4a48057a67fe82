"""Which segments, scenarios and broadcasts name a tag, and the change of its name in all of them at once."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.matching import IF, condition_of
from scheduler.models import Broadcast, BroadcastState, Scenario, Step
from segments import conditions, saved, tags
from segments.errors import Conflict, NotFound
from segments.models import EventKind, Segment, SegmentVersion
from segments.saved import Use

ENDED = (BroadcastState.DONE, BroadcastState.CANCELLED)
_EFFECTS = ("tag", "untag")
Json = dict[str, Any]


def everywhere(session: Session) -> dict[str, list[Use]]:
    """Return what names each tag, each once, in four queries however many tags there are."""
    found: dict[str, dict[Use, None]] = defaultdict(dict)
    for name, use in _all_uses(session):
        found[name][use] = None
    return {name: list(uses) for name, uses in found.items()}


def of(session: Session, name: str) -> list[Use]:
    """Return what names one tag."""
    return everywhere(session).get(name, [])


def rename(session: Session, name: str, new_name: str, by: str, now: datetime) -> list[Use]:
    """Give a tag another name, in every condition, start and step that names it too; return those.

    Buttons of messages already sent still put on the old name. Raises NotFound("tag_unknown"),
    Invalid("tag_invalid"), Conflict("tag_name_taken").
    """
    uses = of(session, name)
    new = tags.rename(session, name, new_name).name
    if new == name:
        return []
    for segment in session.scalars(select(Segment).order_by(Segment.id)).all():
        written = _renamed(segment.condition, name, new)
        if written != segment.condition:
            condition = conditions.parse(written)
            saved.edit(session, segment.id, segment.version, by, now, condition=condition)
    # It is the same tag: what a segment was before still means it, and is not another condition for its old name.
    for version in session.scalars(select(SegmentVersion)):
        version.condition = _renamed(version.condition, name, new)
    for scenario in session.scalars(select(Scenario).order_by(Scenario.id)):
        scenario.condition = _renamed(scenario.condition, name, new)
        scenario.trigger = _started(scenario.trigger, name, new) or {}
        scenario.goal = _started(scenario.goal, name, new)
        if (goal := condition_of(scenario.goal)) is not None:
            scenario.goal = {IF: _renamed(goal, name, new)}
    for step in session.scalars(select(Step).order_by(Step.id)):
        step.condition = _renamed(step.condition, name, new)
        renamed = {key: new for key in _EFFECTS if step.effects.get(key) == name}
        if renamed:
            step.effects = step.effects | renamed
    for broadcast in session.scalars(select(Broadcast).where(*_waiting()).order_by(Broadcast.id)):
        broadcast.condition = _renamed(broadcast.condition, name, new)
    session.flush()
    return uses


def delete(session: Session, name: str) -> int:
    """Delete a tag that nothing names and no rule leads, and take it off everybody; return off how many.

    Raises NotFound("tag_unknown") or Conflict("tag_used", names=…).
    """
    tag = tags.find(session, name)
    if tag is None:
        raise NotFound("tag_unknown", name=name)
    names = [use.name for use in of(session, tag.name)]
    if tag.segment_id is not None:
        names.append(saved.load(session, tag.segment_id).name)
    if names:
        raise Conflict("tag_used", names="、".join(dict.fromkeys(names)))
    return tags.delete(session, tag)


def _all_uses(session: Session) -> Iterator[tuple[str, Use]]:
    for id_, title, condition in session.execute(select(Segment.id, Segment.name, Segment.condition)):
        yield from ((name, Use("segment", id_, title)) for name in _named(condition))
    asked_by = select(Scenario.id, Scenario.name, Scenario.condition, Scenario.trigger, Scenario.goal)
    for id_, title, condition, trigger, goal in session.execute(asked_by.order_by(Scenario.id)):
        asked = (*_named(condition), *_named(condition_of(goal)))
        for name in (*asked, *_waited_for(trigger), *_waited_for(goal)):
            yield name, Use("scenario", id_, title)
    steps = select(Scenario.id, Scenario.name, Step.condition, Step.effects).join(Step)
    for id_, title, condition, effects in session.execute(steps.where(Step.removed_at.is_(None))):
        put = [str(effects[key]) for key in _EFFECTS if effects.get(key)]
        yield from ((name, Use("scenario", id_, title)) for name in (*_named(condition), *put))
    waiting = select(Broadcast.id, Broadcast.name, Broadcast.condition).where(*_waiting())
    for id_, title, condition in session.execute(waiting.order_by(Broadcast.id)):
        yield from ((name, Use("broadcast", id_, title)) for name in _named(condition))


def _waiting() -> tuple[Any, ...]:
    return (
        Broadcast.state.not_in(ENDED),
        Broadcast.planned_at.is_(None),
        Broadcast.removed_at.is_(None),
        Broadcast.condition.is_not(None),
    )


def _named(condition: Any) -> Iterator[str]:
    """Yield the tags a stored condition names, whether this program understands the rest of it or not."""
    if not isinstance(condition, dict):
        return
    node = cast("Json", condition)
    if node.get("is") == "tag" and isinstance(node.get("names"), list):
        yield from (each for each in cast("list[Any]", node["names"]) if isinstance(each, str))
    below = node.get("of")
    for each in cast("list[Any]", below) if isinstance(below, list) else []:
        yield from _named(each)


def _renamed(condition: Any, name: str, new: str) -> Any:
    if not isinstance(condition, dict):
        return condition
    node = cast("Json", condition)
    changed = dict(node)
    if node.get("is") == "tag" and isinstance(node.get("names"), list):
        changed["names"] = [new if each == name else each for each in node["names"]]
    if isinstance(node.get("of"), list):
        changed["of"] = [_renamed(each, name, new) for each in cast("list[Any]", node["of"])]
    return changed


def _waited_for(start: Mapping[str, Any] | None) -> list[str]:
    where: Any = start.get("where") if start and start.get("event") == EventKind.TAGGED else None
    given = cast("Json", where).get("tag") if isinstance(where, dict) else None
    listed = cast("list[Any]", given) if isinstance(given, list) else [given]
    return [each for each in listed if isinstance(each, str)]


def _started(start: Json | None, name: str, new: str) -> Json | None:
    if start is None or name not in _waited_for(start):
        return start
    given: Any = start["where"]["tag"]
    tag: Any = (
        [new if each == name else each for each in cast("list[Any]", given)]
        if isinstance(given, list)
        else new
    )
    return start | {"where": start["where"] | {"tag": tag}}
