"""Puts a tag on, or takes it off, all friends of a choice: a page at a time, so that it can be stopped, and undone."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.orm import Session

from segments import friend_choice, tag_rows, tags, touching
from segments.errors import Conflict, Invalid, NotFound
from segments.friend_choice import FriendChoice
from segments.models import (
    Facts,
    Friend,
    FriendTag,
    SegmentMember,
    Tag,
    Tagging,
    TaggingFriend,
    TaggingState,
)

PAGE = 500
"""Friends looked at in one transaction."""
UNDO_WITHIN = timedelta(days=7)
_OPEN = (TaggingState.RUNNING, TaggingState.UNDOING)


def begin(
    session: Session, choice: FriendChoice, name: str, by: str, now: datetime, *, adds: bool
) -> Tagging:
    """Write down what is to be done; `go_on` does it.

    Raises Invalid (tag_invalid, tag_unknown to take off, nobody_chosen, and for what a condition names and is gone).
    """
    if adds:
        tag: Tag | None = tags.ensure(session, name, now)
    else:
        tag = tags.find(session, name)
    if tag is None:
        raise Invalid("tag_unknown", tag=name.strip())
    expected = friend_choice.count(session, choice, now)
    if not expected:
        raise Invalid("nobody_chosen")
    made = Tagging(
        tag_id=tag.id,
        name=tag.name,
        adds=adds,
        choice=choice.to_json(),
        expected=expected,
        made_at=now,
        made_by=by,
    )
    session.add(made)
    session.flush()
    return made


def load(session: Session, tagging_id: int) -> Tagging:
    """Return a tagging; raises NotFound("tagging_unknown")."""
    found = session.get(Tagging, tagging_id) if 0 < tagging_id < 2**63 else None
    if found is None:
        raise NotFound("tagging_unknown", tagging_id=tagging_id)
    return found


def go_on(session: Session, tagging_id: int, now: datetime, limit: int = PAGE) -> bool:
    """Do the next page of a tagging, or of undoing it; tell whether there may be more. A transaction each."""
    run = session.get(Tagging, tagging_id, with_for_update=True)
    if run is None or run.state not in _OPEN:
        return False
    more = (
        _undo_page(session, run, limit)
        if run.state is TaggingState.UNDOING
        else _page(session, run, now, limit)
    )
    if not more:
        run.state = TaggingState.UNDONE if run.state is TaggingState.UNDOING else TaggingState.DONE
        run.ended_at = now
    session.flush()
    return more


def stop(session: Session, tagging_id: int, now: datetime) -> None:
    """Stop it where it is; Conflict("tagging_over") when there is nothing to stop."""
    load(session, tagging_id)
    running = Tagging.id == tagging_id, Tagging.state == TaggingState.RUNNING
    stopped = update(Tagging).where(*running).values(state=TaggingState.STOPPED, ended_at=now)
    if session.scalar(stopped.returning(Tagging.id)) is None:
        raise Conflict("tagging_over")


def undo(session: Session, tagging_id: int, now: datetime) -> None:
    """Have it undone; `go_on` does it. Raises Conflict (tagging_running, tagging_undone, tagging_too_old)."""
    run = load(session, tagging_id)
    session.refresh(run, with_for_update=True)
    if run.state is TaggingState.RUNNING:
        raise Conflict("tagging_running")
    if run.state in {TaggingState.UNDOING, TaggingState.UNDONE}:
        raise Conflict("tagging_undone")
    if not can_undo(run, now):
        raise Conflict("tagging_too_old", days=UNDO_WITHIN.days)
    run.state, run.ended_at = TaggingState.UNDOING, None
    session.flush()


def can_undo(run: Tagging, now: datetime) -> bool:
    """Tell whether it is over and still remembered, and changed anybody."""
    over = run.state in {TaggingState.DONE, TaggingState.STOPPED}
    return over and run.changed > 0 and now - run.made_at <= UNDO_WITHIN


def forget(session: Session, now: datetime) -> int:
    """Delete the lists of friends of taggings that can be undone no more; return how many taggings."""
    old = session.scalars(
        select(Tagging.id).where(
            Tagging.made_at < now - UNDO_WITHIN, exists().where(TaggingFriend.tagging_id == Tagging.id)
        )
    ).all()
    session.execute(delete(TaggingFriend).where(TaggingFriend.tagging_id.in_(old)))
    return len(old)


def lately(session: Session, limit: int = 10) -> Sequence[Tagging]:
    """Return the newest taggings."""
    return session.scalars(select(Tagging).order_by(Tagging.id.desc()).limit(limit)).all()


def _page(session: Session, run: Tagging, now: datetime, limit: int) -> bool:
    tag = session.get(Tag, run.tag_id) if run.tag_id is not None else None
    if tag is None:
        return False
    fits = friend_choice.chosen(session, friend_choice.read(run.choice), now)
    query = select(Friend.id).join(Facts, Facts.friend_id == Friend.id).where(Friend.id > run.through, fits)
    ids = session.scalars(query.order_by(Friend.id).limit(limit)).all()
    if not ids:
        return False
    changed = _put(session, run, tag, ids, now) if run.adds else _take(session, run, tag, ids)
    run.through, run.looked_at, run.changed = ids[-1], run.looked_at + len(ids), run.changed + changed
    return len(ids) == limit


def _put(session: Session, run: Tagging, tag: Tag, ids: Sequence[int], now: datetime) -> int:
    keys = [(friend_id, tag.id) for friend_id in ids]
    new = tag_rows.put(session, keys, {tag.id: tag.name}, now, run.made_by, announce=True)
    _remember(session, run, [{"friend_id": friend_id} for friend_id, _ in new])
    return len(new)


def _take(session: Session, run: Tagging, tag: Tag, ids: Sequence[int]) -> int:
    """Take the tag off, but from nobody on whom a rule keeps it."""
    kept = exists().where(
        SegmentMember.segment_id == tag.segment_id, SegmentMember.friend_id == FriendTag.friend_id
    )
    theirs = [FriendTag.tag_id == tag.id, FriendTag.friend_id.in_(ids)]
    if tag.segment_id is not None:
        theirs.append(~kept)
    gone = session.execute(
        delete(FriendTag)
        .where(*theirs)
        .returning(FriendTag.friend_id, FriendTag.set_at, FriendTag.set_by)
        .execution_options(synchronize_session=False)
    ).all()
    _remember(session, run, [{"friend_id": one, "set_at": at, "set_by": by} for one, at, by in gone])
    touching.touch(session, sorted(one for one, _, _ in gone))
    return len(gone)


def _remember(session: Session, run: Tagging, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        session.execute(insert(TaggingFriend), [{"tagging_id": run.id} | row for row in rows])


def _undo_page(session: Session, run: Tagging, limit: int) -> bool:
    mine = select(TaggingFriend).where(TaggingFriend.tagging_id == run.id)
    changed = session.scalars(mine.order_by(TaggingFriend.friend_id).limit(limit)).all()
    if not changed or run.tag_id is None:
        return False
    ids = [each.friend_id for each in changed]
    if run.adds:
        # Only what this put on: somebody may have taken it off and put it on again since.
        own = FriendTag.tag_id == run.tag_id, FriendTag.friend_id.in_(ids), FriendTag.set_by == run.made_by
        session.execute(delete(FriendTag).where(*own).execution_options(synchronize_session=False))
        touching.touch(session, ids)
    else:
        _put_back(session, run.tag_id, changed)
    session.execute(
        delete(TaggingFriend)
        .where(TaggingFriend.tagging_id == run.id, TaggingFriend.friend_id.in_(ids))
        .execution_options(synchronize_session=False)
    )
    return len(changed) == limit


def _put_back(session: Session, tag_id: int, changed: Sequence[TaggingFriend]) -> None:
    """Put tags back as they were: who had set them and when; no news, for it is not new."""
    for each in changed:
        assert each.set_at is not None
        tag_rows.put(
            session,
            [(each.friend_id, tag_id)],
            {},
            each.set_at,
            each.set_by or "",
            announce=False,
        )
