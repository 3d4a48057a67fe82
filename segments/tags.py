"""Tags on friends, by name; a name comes into being when it is first used."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from unicodedata import category

from sqlalchemy import delete as delete_rows
from sqlalchemy import exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from segments import tag_rows, touching
from segments.errors import Conflict, Invalid, NotFound
from segments.models import FriendTag, Segment, SegmentMember, Tag
from segments.upsert import insert_ignore

LONGEST = 64


@dataclass(frozen=True)
class FriendsTag:
    """A tag on a friend: who or what put it there, and when."""

    name: str
    set_by: str
    """`operator:3`, `import:7`, `step:12`, `api:2`, `tap`, `rule`."""
    set_at: datetime
    kept_by: str | None
    """The segment whose rule keeps it on this friend; None when it may be taken off by hand."""

    @property
    def by_rule(self) -> bool:
        """Whether a rule put it on, and not somebody."""
        return self.set_by == tag_rows.RULE


@dataclass(frozen=True)
class TagInUse:
    """A tag with the segment it follows, if one, and how many friends carry it."""

    name: str
    segment_id: int | None
    segment_name: str | None
    friends: int


def tag(
    session: Session, friend_id: int, name: str, now: datetime, by: str, *, announce: bool = True
) -> bool:
    """Put a tag on a friend; `by` says who, e.g. `operator:3`. Tell whether it was not there before.

    Raises Invalid("tag_invalid", name=…) for an empty or overlong name.
    """
    return tag_many(session, [friend_id], name, now, by, announce=announce) == 1


def tag_many(
    session: Session, friend_ids: Iterable[int], name: str, now: datetime, by: str, *, announce: bool = True
) -> int:
    """Put a tag on many friends; return on how many it was not there before, which is news unless `announce` is off."""
    made = ensure(session, name, now)
    keys = ((friend_id, made.id) for friend_id in friend_ids)
    return len(tag_rows.put(session, keys, {made.id: made.name}, now, by, announce=announce))


def untag(session: Session, friend_id: int, name: str) -> bool:
    """Take a tag off a friend; tell whether it was there.

    Raises Conflict("tag_kept_by_rule", tag=…, segment=…, segment_id=…) while the friend is in the segment the tag follows.
    """
    known = find(session, name)
    if known is None:
        return False
    _refuse_what_a_rule_keeps(session, known, friend_id)
    gone = delete_rows(FriendTag).where(FriendTag.friend_id == friend_id, FriendTag.tag_id == known.id)
    if session.scalar(gone.returning(FriendTag.tag_id)) is None:
        return False
    touching.touch(session, [friend_id])
    return True


def find(session: Session, name: str) -> Tag | None:
    """Return the tag of this name; None when there is none, or cannot be."""
    wanted = name.strip()
    return session.scalar(select(Tag).where(Tag.name == wanted)) if _can_be_a_name(wanted) else None


def ensure(session: Session, name: str, now: datetime) -> Tag:
    """Return the tag of this name, made now if need be. Raises Invalid("tag_invalid", name=…)."""
    wanted = name.strip()
    if not _can_be_a_name(wanted):
        raise Invalid("tag_invalid", name=name)
    known = session.scalar(select(Tag).where(Tag.name == wanted))
    if known is not None:
        return known
    insert_ignore(session, Tag, [{"name": wanted, "created_at": now}])
    return session.scalars(select(Tag).where(Tag.name == wanted)).one()


def rename(session: Session, name: str, new_name: str) -> Tag:
    """Give a tag another name; conditions that name it are the caller's to change (scheduler.tag_uses.rename).

    Raises NotFound("tag_unknown"), Invalid("tag_invalid") or Conflict("tag_name_taken").
    """
    tag, wanted = find(session, name), new_name.strip()
    if tag is None:
        raise NotFound("tag_unknown", name=name)
    if not _can_be_a_name(wanted):
        raise Invalid("tag_invalid", name=new_name)
    taken = Conflict("tag_name_taken", name=wanted)
    if wanted != tag.name and find(session, wanted) is not None:
        raise taken
    try:
        with session.begin_nested():
            tag.name = wanted
            session.flush()
    except IntegrityError as error:
        raise taken from error
    return tag


def delete(session: Session, gone: Tag) -> int:
    """Delete a tag and take it off everybody; return off how many."""
    carried = delete_rows(FriendTag).where(FriendTag.tag_id == gone.id).returning(FriendTag.friend_id)
    friends = session.scalars(carried.execution_options(synchronize_session=False)).all()
    session.execute(delete_rows(Tag).where(Tag.id == gone.id))
    touching.touch(session, friends)
    return len(friends)


def names_of(session: Session, friend_id: int) -> Sequence[str]:
    """Return the names of a friend's tags in alphabetical order."""
    return [each.name for each in of_friend(session, friend_id)]


def of_friend(session: Session, friend_id: int) -> list[FriendsTag]:
    """Return a friend's tags in alphabetical order, each with who or what put it on and when."""
    is_kept = (SegmentMember.segment_id == Tag.segment_id) & (SegmentMember.friend_id == friend_id)
    query = (
        select(Tag.name, FriendTag.set_by, FriendTag.set_at, Segment.name)
        .join(FriendTag, FriendTag.tag_id == Tag.id)
        .outerjoin(SegmentMember, is_kept)
        .outerjoin(Segment, Segment.id == SegmentMember.segment_id)
        .where(FriendTag.friend_id == friend_id)
        .order_by(Tag.name)
    )
    return [FriendsTag(*row) for row in session.execute(query)]


def everything(session: Session) -> list[TagInUse]:
    """Return all tags in alphabetical order."""
    query = (
        select(Tag.name, Tag.segment_id, Segment.name, func.count(FriendTag.friend_id))
        .outerjoin(Segment, Segment.id == Tag.segment_id)
        .outerjoin(FriendTag, FriendTag.tag_id == Tag.id)
        .group_by(Tag.id, Tag.name, Tag.segment_id, Segment.name)
        .order_by(Tag.name)
    )
    return [TagInUse(*row) for row in session.execute(query)]


def is_name(wanted: str) -> bool:
    """Tell whether a tag can be called so."""
    return _can_be_a_name(wanted.strip())


def _can_be_a_name(wanted: str) -> bool:
    # Control letters, and halves of letters: PostgreSQL stores no NUL, and no database half a letter.
    return 0 < len(wanted) <= LONGEST and all(category(letter) not in {"Cc", "Cs"} for letter in wanted)


def _refuse_what_a_rule_keeps(session: Session, tag: Tag, friend_id: int) -> None:
    if tag.segment_id is None:
        return
    member = exists().where(SegmentMember.segment_id == tag.segment_id, SegmentMember.friend_id == friend_id)
    if session.scalar(select(member)):
        segment = session.get_one(Segment, tag.segment_id)
        raise Conflict("tag_kept_by_rule", tag=tag.name, segment=segment.name, segment_id=segment.id)
