"""The form of a segment: its name and its condition, read, checked and saved without overwriting anybody."""

from dataclasses import dataclass, field
from datetime import datetime

from flask import request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot import operators
from bot.console import condition_form, segment_starts
from bot.console.condition_form import Draft
from bot.words import explain
from segments import saved
from segments.errors import KokyakuError
from segments.models import Segment

PREFIX = "c"
OF_NAME = frozenset({"name_missing", "name_too_long", "name_invalid", "segment_name_taken"})
"""Refusals that are told beside the name."""


@dataclass
class SegmentForm:
    """What stands in the form, and what is wrong with it."""

    name: str
    draft: Draft
    version: int = 0
    """The version that was opened; of a new segment 0."""
    errors: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """By the name of the field; under "" it is told at the top."""
    is_overtaken: bool = False
    """Whether somebody else saved the segment meanwhile."""

    @property
    def is_ready(self) -> bool:
        """Whether it may be saved as it stands."""
        return not self.draft.pressed and self.draft.tree is not None and not self.draft.errors

    def refuse(self, error: KokyakuError) -> None:
        """Note a refusal beside what it is about."""
        if error.code == "segment_changed":
            self.is_overtaken = True
        else:
            self.errors.setdefault("name" if error.code in OF_NAME else "", []).append(explain(error))


def fresh(session: Session) -> SegmentForm:
    """Return the form of a new segment: empty, begun from a start, like another one or like a filter."""
    start = segment_starts.start_of(request.args.get("start", ""))
    if start is not None:
        return SegmentForm(start.title, condition_form.of(start.condition, PREFIX))
    copied = request.args.get("copy", 0, type=int)
    if copied:
        other = saved.load(session, copied)
        return SegmentForm(
            _("%(name)sのコピー", name=other.name[:100]), condition_form.of(other.condition, PREFIX)
        )
    return SegmentForm("", condition_form.of_text(request.args.get("where", ""), PREFIX))


def stored(segment: Segment) -> SegmentForm:
    """Return the form of a saved segment."""
    return SegmentForm(segment.name, condition_form.of(segment.condition, PREFIX), segment.version)


def sent() -> SegmentForm:
    """Return the form of this request."""
    version = request.form.get("version", "")
    number = int(version) if version.isascii() and version.isdecimal() and len(version) < 10 else 0
    return SegmentForm(
        request.form.get("name", "").strip(), condition_form.read(request.form, PREFIX), number
    )


def save(session: Session, form: SegmentForm, segment_id: int | None, by: str, now: datetime) -> int:
    """Save a form that is ready; return the segment's number. Raises as saved.create and saved.edit do."""
    if segment_id is None:
        made = saved.create(session, form.name, _tree(form), by, now)
        operators.note(session, by, "segment_created", str(made.id), now, name=made.name)
        return made.id
    changed = saved.edit(session, segment_id, form.version, by, now, name=form.name, condition=_tree(form))
    operators.note(
        session, by, "segment_changed", str(segment_id), now, name=changed.name, version=changed.version
    )
    return segment_id


def _tree(form: SegmentForm) -> condition_form.Condition:
    if form.draft.tree is None:
        raise AssertionError("only a form that is ready is saved")
    return form.draft.tree
