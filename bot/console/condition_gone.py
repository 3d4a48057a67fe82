"""Notes beside its field what a condition names and the shop has no more: it is told by name and never dropped."""

from collections.abc import Mapping

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot.console.condition_fields import Field, fields_of
from bot.console.condition_parts import Path, name_of
from segments import condition_names
from segments.conditions import AnyOf, Condition, InSegment
from segments.errors import Invalid
from segments.leaves.node import Leaf, Named


def note(
    session: Session, leaves: Mapping[Path, Condition], prefix: str, errors: dict[str, list[str]]
) -> None:
    """Add to `errors` what is named by these conditions, or inside of a segment they name, and is not there."""
    if not leaves:
        return
    try:
        gone = set(condition_names.missing(session, AnyOf(of=list(leaves.values()))))
    except Invalid:
        return  # a segment inside makes no sense itself: counting tells
    told: set[Named] = set()
    for path, leaf in leaves.items():
        for named in _named(leaf):
            if named in gone:
                told.add(named)
                place = f"{name_of(prefix, path)}.{_field(leaf, named).name}"
                errors.setdefault(place, []).append(
                    _("「%(name)s」が見つかりません。削除されたか、名前が変わっています。", name=named.key)
                )
    for named in gone - told:
        words = _("選んだセグメントの条件にある「%(name)s」が見つかりません。", name=named.key)
        errors.setdefault(prefix, []).append(words)


def _named(leaf: Condition) -> list[Named]:
    if isinstance(leaf, InSegment):
        return [Named("segment", leaf.segment_id)]
    return list(leaf.named()) if isinstance(leaf, Leaf) else []


def _field(leaf: Condition, named: Named) -> Field:
    return next(each for each in fields_of(leaf.kind) if each.source and each.source.value == named.kind)
