"""Saved segments: made, changed under a version, kept in every version, and deleted only when nothing uses them."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete as delete_rows
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from segments import condition_known, condition_names, rule_tags
from segments.conditions import Condition, dump, parse
from segments.errors import Conflict, Invalid, NotFound
from segments.leaves.node import BIGGEST_ID
from segments.models import Segment, SegmentVersion, Tag
from segments.upsert import insert_ignore

LONGEST_NAME = 128
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Use(NamedTuple):
    """Something that would break without the segment."""

    kind: str
    """`tag` or `segment`; callers add their own, e.g. `scenario`."""
    id: int
    name: str


def load(session: Session, segment_id: int) -> Segment:
    """Return a segment; raises NotFound("segment_unknown")."""
    segment = session.get(Segment, segment_id) if 0 < segment_id <= BIGGEST_ID else None
    if segment is None:
        raise NotFound("segment_unknown", segment_id=segment_id)
    return segment


def all_of(session: Session) -> Sequence[Segment]:
    """Return every segment in the order they were made."""
    return session.scalars(select(Segment).order_by(Segment.id)).all()


def create(session: Session, name: str, condition: Condition, by: str, now: datetime) -> Segment:
    """Save a condition under a name; `by` says who, e.g. `operator:3`.

    Raises Invalid (name_missing, name_too_long, name_invalid, and as condition_names.check) or Conflict("segment_name_taken").
    """
    title = _title(name)
    _check(session, condition)
    row = {
        "name": title,
        "condition": dump(condition),
        "version": 1,
        "watched": False,
        "created_at": now,
        "updated_at": now,
    }
    if not insert_ignore(session, Segment, [row]):
        raise Conflict("segment_name_taken", name=title)
    made = session.scalars(select(Segment).where(Segment.name == title)).one()
    _keep(session, made, by, now)
    return made


def edit(
    session: Session,
    segment_id: int,
    version: int,
    by: str,
    now: datetime,
    *,
    name: str | None = None,
    condition: Condition | None = None,
) -> Segment:
    """Change a segment that still stands in `version`, its name, its condition or both; return it in the next one.

    Raises NotFound, Conflict("segment_changed", version=…) when somebody was faster, Conflict("segment_name_taken"),
    and Invalid as `create` does, or condition_segment_circle for a segment that would contain itself.
    """
    before = load(session, segment_id)
    title = before.name if name is None else _title(name)
    if condition is not None:
        _check(session, condition)
        condition_known.refuse_circle(session, segment_id, title, condition)
    if title != before.name and session.scalar(select(Segment.id).where(Segment.name == title)):
        raise Conflict("segment_name_taken", name=title)
    # Segments that came ready-made have no history yet: what they were must not be lost.
    _keep(session, before, "", before.updated_at)
    changed: dict[str, Any] = {"name": title, "version": version + 1, "updated_at": now}
    if condition is not None:
        changed["condition"] = dump(condition)
    claim = update(Segment).where(Segment.id == segment_id, Segment.version == version).values(changed)
    claim = claim.returning(Segment.id).execution_options(synchronize_session=False)
    try:
        # Rolled back alone when the name went to somebody else since it was looked up.
        with session.begin_nested():
            claimed = session.scalar(claim)
    except IntegrityError as error:
        raise Conflict("segment_name_taken", name=title) from error
    session.refresh(before)
    if claimed is None:
        raise Conflict("segment_changed", version=before.version)
    rule_tags.refuse_circles(session)
    _keep(session, before, by, now)
    return before


def rename(session: Session, segment_id: int, version: int, name: str, by: str, now: datetime) -> Segment:
    """Give a segment another name; raises as `edit` does."""
    return edit(session, segment_id, version, by, now, name=name)


def history(session: Session, segment_id: int) -> Sequence[SegmentVersion]:
    """Return a segment's versions, the newest first."""
    kept = select(SegmentVersion).where(SegmentVersion.segment_id == segment_id)
    return session.scalars(kept.order_by(SegmentVersion.version.desc())).all()


def version_of(session: Session, segment_id: int, version: int) -> SegmentVersion:
    """Return how a segment stood in one version; raises NotFound("version_unknown")."""
    is_number = 0 < segment_id <= BIGGEST_ID and 0 < version <= BIGGEST_ID
    kept = session.get(SegmentVersion, (segment_id, version)) if is_number else None
    if kept is None:
        raise NotFound("version_unknown")
    return kept


def restore(session: Session, segment_id: int, version: int, of: int, by: str, now: datetime) -> Segment:
    """Put a segment that stands in `version` back to its name and condition of version `of`, as a new version.

    Raises NotFound("version_unknown"), and as `edit` does: what the condition names may be gone by now.
    """
    kept = version_of(session, segment_id, of)
    return edit(session, segment_id, version, by, now, name=kept.name, condition=parse(kept.condition))


def used_by(session: Session, segment_id: int) -> list[Use]:
    """Return what on this floor would break without the segment: tags by its rule, and segments that name it."""
    tags = session.execute(select(Tag.id, Tag.name).where(Tag.segment_id == segment_id))
    others = [
        each
        for each in all_of(session)
        if each.id != segment_id and segment_id in condition_known.segments_in(each.condition)
    ]
    return [
        *(Use("tag", id_, name) for id_, name in tags),
        *(Use("segment", other.id, other.name) for other in others),
    ]


def delete(session: Session, segment_id: int, elsewhere: Iterable[Use] = ()) -> None:
    """Delete a segment; raises NotFound, or Conflict("segment_used", names=…) while it is used here or `elsewhere`."""
    load(session, segment_id)
    uses = [*used_by(session, segment_id), *elsewhere]
    if uses:
        raise Conflict("segment_used", names="、".join(use.name for use in uses))
    session.execute(delete_rows(Segment).where(Segment.id == segment_id))


def _check(session: Session, condition: Condition) -> None:
    condition_names.check(session, condition)
    condition_known.load(session, condition)


def _title(name: str) -> str:
    title = name.strip()
    if not title:
        raise Invalid("name_missing")
    if len(title) > LONGEST_NAME:
        raise Invalid("name_too_long", limit=LONGEST_NAME)
    if _CONTROL.search(title):
        raise Invalid("name_invalid")
    return title


def _keep(session: Session, segment: Segment, by: str, now: datetime) -> None:
    row = {
        "segment_id": segment.id,
        "version": segment.version,
        "name": segment.name,
        "condition": segment.condition,
        "saved_at": now,
        "saved_by": by,
    }
    insert_ignore(session, SegmentVersion, [row])
