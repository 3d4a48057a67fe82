"""Whom a broadcast is for, as the form asks it and as the scheduler stores it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from segments.errors import Invalid, NotFound
from segments.models import Audience, Segment, Tag


class Kind(StrEnum):
    """The ways to choose an audience."""

    EVERYONE = "everyone"
    STAGES = "stages"
    TAG = "tag"
    SEGMENT = "segment"
    FILE = "file"
    CONDITION = "condition"
    """Conditions put together in the builder, or made elsewhere (command line)."""


@dataclass(frozen=True)
class Choice:
    """One answer to "to whom?"."""

    kind: Kind = Kind.EVERYONE
    stages: tuple[str, ...] = ()
    tag: str = ""
    segment_id: int | None = None
    audience_id: int | None = None
    stored: dict[str, Any] | None = None


def condition_of(session: Session, choice: Choice) -> dict[str, Any] | None:
    """Return the condition tree of a choice, None for a list of friends.

    Raises Invalid (stage_missing, tag_missing, segment_missing, file_missing) and NotFound.
    """
    match choice.kind:
        case Kind.EVERYONE:
            return {"is": "everyone"}
        case Kind.STAGES:
            return {"is": "stage", "stages": list(_given(choice.stages, "stage_missing"))}
        case Kind.TAG:
            return {"is": "tag", "names": [_given(choice.tag, "tag_missing")]}
        case Kind.SEGMENT:
            return _segment(session, _given(choice.segment_id, "segment_missing")).condition
        case Kind.CONDITION:
            return _given(choice.stored, "audience_missing")
        case Kind.FILE:
            _given(choice.audience_id, "file_missing")
            return None


def _given(value: Any, code: str) -> Any:
    if not value:
        raise Invalid(code)
    return value


def _segment(session: Session, segment_id: int) -> Segment:
    segment = session.get(Segment, segment_id)
    if segment is None:
        raise NotFound("segment_unknown", segment_id=segment_id)
    return segment


def choice_of(session: Session, condition: dict[str, Any] | None, audience_id: int | None) -> Choice:
    """Return the choice that a stored draft was made by."""
    if audience_id is not None and condition is None:
        return Choice(Kind.FILE, audience_id=audience_id)
    match condition:
        case None | {"is": "everyone"}:
            return Choice()
        case {"is": "stage", "stages": [*stages]}:
            return Choice(Kind.STAGES, stages=tuple(map(str, cast("list[object]", stages))))
        case {"is": "tag", "names": [str(tag)]}:
            return Choice(Kind.TAG, tag=tag)
        case _:
            return _same_segment(session, condition)


def _same_segment(session: Session, condition: dict[str, Any]) -> Choice:
    for segment in session.scalars(select(Segment).order_by(Segment.id)):
        if segment.condition == condition:
            return Choice(Kind.SEGMENT, segment_id=segment.id)
    return Choice(Kind.CONDITION, stored=condition)


def tags(session: Session) -> list[str]:
    """Return the names of all tags."""
    return list(session.scalars(select(Tag.name).order_by(Tag.name)))


def segments(session: Session) -> list[tuple[int, str]]:
    """Return all saved segments by name."""
    return [
        (number, name)
        for number, name in session.execute(select(Segment.id, Segment.name).order_by(Segment.name))
    ]


def list_of(session: Session, audience_id: int | None) -> Audience | None:
    """Return the list of friends that was made from a file."""
    return session.get(Audience, audience_id) if audience_id is not None else None
