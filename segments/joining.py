"""Has a person of the shop make one friend of two rows: somebody on LINE, and the customer they were imported as."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from segments import rebuilding, touching
from segments.errors import Conflict, NotFound
from segments.merging import merge
from segments.models import Friend, Purchase


def check(session: Session, imported_id: int, into_id: int) -> tuple[Friend, Friend]:
    """Return the imported row and the friend it is to be joined to.

    Raises NotFound (friend_unknown) or Conflict (merge_same, merge_on_line: both have a LINE account of their own;
    merge_numbers: both have a member number).
    """
    if imported_id == into_id:
        raise Conflict("merge_same")
    imported, into = _known(session, imported_id), _known(session, into_id)
    if imported.line_user_id is not None:
        raise Conflict("merge_on_line")
    if imported.member_number and into.member_number:
        raise Conflict("merge_numbers", one=imported.member_number, other=into.member_number)
    return imported, into


def join(session: Session, imported_id: int, into_id: int, now: datetime) -> Friend:
    """Move everything of the imported row to the friend, number and purchases too, and delete the row; as `check`."""
    imported, into = check(session, imported_id, into_id)
    session.refresh(into, with_for_update=True)
    number = imported.member_number
    merge(session, imported, into=into, now=now)
    if number:
        into.member_number = number
    session.flush()
    if number:
        waiting = Purchase.friend_id.is_(None), Purchase.member_number == number
        moved = update(Purchase).where(*waiting).values(friend_id=into.id)
        session.execute(moved.execution_options(synchronize_session="fetch"))
    rebuilding.rebuild(session, into.id, now)
    touching.touch(session, [into.id])
    return into


def purchases_of(session: Session, friend_id: int) -> int:
    """Return how many purchases a friend has."""
    return session.scalars(select(func.count()).where(Purchase.friend_id == friend_id)).one()


def _known(session: Session, friend_id: int) -> Friend:
    friend = session.get(Friend, friend_id) if 0 < friend_id < 2**63 else None
    if friend is None:
        raise NotFound("friend_unknown", friend_id=friend_id)
    return friend
