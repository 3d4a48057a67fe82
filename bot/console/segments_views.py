"""What the console shows of saved segments: the list, and one with its growth, its uses and its history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.actors import actor_name
from bot.console import condition_form, condition_told
from bot.i18n import current_language
from bot.words import explain
from scheduler import segment_uses
from segments import condition_known, condition_words, conditions, saved, segment_moves, segment_sizes, shop
from segments.conditions import AnyOf, Condition, InSegment
from segments.errors import Invalid
from segments.leaves.context import Known
from segments.models import Friend, Segment, SegmentVersion
from segments.saved import Use
from segments.segment_moves import DayMoves
from segments.segment_sizes import Size

PAGE = 30
SPARK = timedelta(days=30)
GROWTH = timedelta(days=90)
VERSIONS = 20
FOUND = 10
"""Friends shown of those whose name fits."""


@dataclass(frozen=True)
class SegmentRow:
    """One line of the list."""

    segment: Segment
    words: str
    problem: str
    """Why it cannot be understood; "" for one that can."""
    sizes: Sequence[Size]
    uses: Sequence[Use]

    @property
    def size(self) -> Size | None:
        """The newest figure."""
        return self.sizes[-1] if self.sizes else None


@dataclass(frozen=True)
class SegmentsPage:
    """Lines of the list, and the name after which the next page starts."""

    rows: Sequence[SegmentRow]
    next_name: str | None


@dataclass(frozen=True)
class Version:
    """A segment as it stood once."""

    version: int
    name: str
    words: str
    at: datetime
    by: str


@dataclass(frozen=True)
class SegmentRecord:
    """Everything the page of one segment shows but who is in it now."""

    segment: Segment
    condition: Condition | None
    words: str
    problem: str
    uses: Sequence[Use]
    sizes: Sequence[Size]
    moves: Sequence[DayMoves]
    versions: Sequence[Version]
    since: date
    today: date

    @property
    def entered(self) -> int:
        """How many came in the period shown."""
        return sum(each.entered for each in self.moves)

    @property
    def left(self) -> int:
        """How many went in the period shown."""
        return sum(each.left for each in self.moves)

    @property
    def where(self) -> str:
        """The condition to be in it, as an address takes it."""
        return condition_form.compact(InSegment(segment_id=self.segment.id))

    @property
    def size_labels(self) -> list[str]:
        """The days that were counted, as below a chart."""
        return [_below(each.day) for each in self.sizes]

    @property
    def move_labels(self) -> list[str]:
        """The days on which somebody came or went, as below a chart."""
        return [_below(each.day) for each in self.moves]

    @property
    def is_led(self) -> bool:
        """Whether it is watched for somebody else's sake: a scenario's start or a tag's rule."""
        return self.segment.watched and not self.segment.kept_by_hand


def _below(day: date) -> str:
    return f"{day.month}/{day.day}"


def listed(session: Session, now: datetime, words: str = "", after: str = "") -> SegmentsPage:
    """Return segments by name, those that have `words` in it; the same few queries for any number of them."""
    query = (
        select(Segment).where(Segment.name.icontains(words, autoescape=True)) if words else select(Segment)
    )
    found = session.scalars(query.where(Segment.name > after).order_by(Segment.name).limit(PAGE + 1)).all()
    shown = found[:PAGE]
    since = shop.load(session).today(now) - SPARK
    sizes = segment_sizes.latest(session, [each.id for each in shown], since)
    uses = segment_uses.everywhere(session)
    told = _told(session, {each.id: each.condition for each in shown})
    rows = [SegmentRow(each, *told[each.id], sizes.get(each.id, []), uses.get(each.id, [])) for each in shown]
    return SegmentsPage(rows, shown[-1].name if len(found) > PAGE else None)


def _told(session: Session, stored: Mapping[int, Mapping[str, Any]]) -> dict[int, tuple[str, str]]:
    """Return the sentence of each condition, or why there is none; names are read once for all."""
    read = {id_: _parsed(data) for id_, data in stored.items()}
    whole = AnyOf(of=[each for each in read.values() if not isinstance(each, Invalid)])
    known = _known(session, whole)
    return {
        id_: ("", explain(each))
        if isinstance(each, Invalid)
        else (condition_words.words(each, current_language(), known), "")
        for id_, each in read.items()
    }


def _known(session: Session, whole: Condition) -> Known:
    """Return what people call everything in these conditions; what a segment inside asks is not needed for words."""
    names = dict(condition_known.with_names(session, whole, Known()).names)
    inside = condition_known.named_segments(whole)
    if inside:
        rows = session.execute(select(Segment.id, Segment.name).where(Segment.id.in_(inside)))
        names |= {("segment", id_): name for id_, name in rows}
    return Known(names=names | condition_told.audience_names(session, whole))


def _parsed(data: Any) -> Condition | Invalid:
    try:
        return conditions.parse(data)
    except Invalid as error:
        return error


def record(session: Session, segment_id: int, now: datetime) -> SegmentRecord:
    """Return one segment's record; raises NotFound (segment_unknown)."""
    segment = saved.load(session, segment_id)
    today = shop.load(session).today(now)
    since = today - GROWTH
    read = _parsed(segment.condition)
    words, problem = _told(session, {segment_id: segment.condition})[segment_id]
    return SegmentRecord(
        segment=segment,
        condition=None if isinstance(read, Invalid) else read,
        words=words,
        problem=problem,
        uses=uses_of(session, segment_id),
        sizes=segment_sizes.sizes(session, segment_id, since, today),
        moves=segment_moves.moves(session, segment_id, since, today),
        versions=versions(session, segment_id),
        since=since,
        today=today,
    )


def uses_of(session: Session, segment_id: int) -> list[Use]:
    """Return everything that would break without a segment."""
    return [*saved.used_by(session, segment_id), *segment_uses.elsewhere(session, segment_id)]


def versions(session: Session, segment_id: int) -> list[Version]:
    """Return how a segment stood, the newest first."""
    found = saved.history(session, segment_id)[:VERSIONS]
    words = _told(session, {each.version: each.condition for each in found})
    names = {
        actor: actor_name(session, actor) if actor else "" for actor in {each.saved_by for each in found}
    }
    return [
        Version(each.version, each.name, "".join(words[each.version]), each.saved_at, names[each.saved_by])
        for each in found
    ]


def compared(session: Session, segment: Segment, kept: SegmentVersion) -> tuple[Version, Version]:
    """Return how a segment stands now, and how it stood in a version."""
    words = _told(session, {segment.version: segment.condition, kept.version: kept.condition})
    now = Version(segment.version, segment.name, "".join(words[segment.version]), segment.updated_at, "")
    by = actor_name(session, kept.saved_by) if kept.saved_by else ""
    return now, Version(kept.version, kept.name, "".join(words[kept.version]), kept.saved_at, by)


def friends_named(session: Session, words: str) -> Sequence[Friend]:
    """Return some friends whose name, reading or member number fits."""
    fits = or_(
        Friend.display_name.icontains(words, autoescape=True),
        Friend.kana.icontains(words, autoescape=True),
        Friend.member_number == words,
    )
    return session.scalars(select(Friend).where(fits).order_by(Friend.id.desc()).limit(FOUND)).all()
