"""What the console shows of tags: how many carry each, what names it, which segment leads it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.console import condition_form
from scheduler import tag_uses
from segments.condition_leaves import Tagged
from segments.errors import NotFound
from segments.models import Friend, FriendTag, Segment, Tag
from segments.saved import Use

PAGE = 50
NEWEST = 10


@dataclass(frozen=True)
class TagRow:
    """One tag in the list."""

    id: int
    name: str
    friends: int
    leader: Use | None
    """The segment whose rule puts it on and takes it off."""
    uses: Sequence[Use]


@dataclass(frozen=True)
class TagsPage:
    """Tags, and the name after which the next page starts."""

    rows: Sequence[TagRow]
    next_name: str | None


@dataclass(frozen=True)
class TagRecord:
    """One tag with some of who carries it."""

    row: TagRow
    newest: Sequence[Friend]

    @property
    def condition(self) -> str:
        """The condition to carry it, as an address takes it."""
        return condition_form.compact(Tagged(names=[self.row.name]))


def listed(session: Session, words: str = "", after: str = "") -> TagsPage:
    """Return tags by name, those that have `words` in it."""
    fits = (Tag.name.icontains(words, autoescape=True),) if words else ()
    query = select(Tag).where(Tag.name > after, *fits).order_by(Tag.name).limit(PAGE + 1)
    found = session.scalars(query).all()
    shown = found[:PAGE]
    return TagsPage(_rows(session, shown), shown[-1].name if len(found) > PAGE else None)


def _rows(session: Session, shown: Sequence[Tag]) -> list[TagRow]:
    ids = [each.id for each in shown]
    carried = (
        select(FriendTag.tag_id, func.count()).where(FriendTag.tag_id.in_(ids)).group_by(FriendTag.tag_id)
    )
    counts: dict[int, int] = dict(session.execute(carried).all())
    leading = {each.segment_id for each in shown if each.segment_id is not None}
    names = dict(session.execute(select(Segment.id, Segment.name).where(Segment.id.in_(leading))).all())
    uses = tag_uses.everywhere(session)
    return [
        TagRow(
            each.id,
            each.name,
            counts.get(each.id, 0),
            Use("segment", each.segment_id, names[each.segment_id]) if each.segment_id is not None else None,
            uses.get(each.name, []),
        )
        for each in shown
    ]


def load(session: Session, tag_id: int) -> Tag:
    """Return a tag; raises NotFound (tag_unknown)."""
    tag = session.get(Tag, tag_id) if tag_id < 2**63 else None
    if tag is None:
        raise NotFound("tag_unknown", name=tag_id)
    return tag


def record(session: Session, tag_id: int) -> TagRecord:
    """Return one tag's record; raises NotFound (tag_unknown)."""
    tag = load(session, tag_id)
    carried = (
        select(Friend).join(FriendTag, FriendTag.friend_id == Friend.id).where(FriendTag.tag_id == tag_id)
    )
    newest = session.scalars(carried.order_by(FriendTag.set_at.desc(), Friend.id.desc()).limit(NEWEST)).all()
    return TagRecord(_rows(session, [tag])[0], newest)


def segments(session: Session) -> list[tuple[int, str]]:
    """Return what a tag may follow."""
    return [
        (id_, name) for id_, name in session.execute(select(Segment.id, Segment.name).order_by(Segment.name))
    ]
