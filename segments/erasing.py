"""Takes a friend out of this floor's tables for good; what the books need stays, without a person.

Whatever points at the friend with ON DELETE CASCADE goes with their row. Here is the rest: what only knows them by a
number or a text, and the facts of others that counted them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from segments import rebuilding, touching
from segments.errors import Conflict, NotFound
from segments.models import (
    Friend,
    MemberLinkCode,
    Purchase,
    Referral,
    RefusedLine,
    Tagging,
    TaggingState,
    Upload,
    UploadPart,
    UploadState,
)
from segments.scrubbing import mentions, scrubbed


@dataclass(frozen=True)
class Traces:
    """By what a friend may be known elsewhere than in their own row."""

    friend_id: int
    names: tuple[str, ...]
    """Texts that a person wrote: names, readings."""
    keys: tuple[str, ...]
    """What means them and nobody else: LINE user id, member number, address, referral code."""
    line_user_id: str | None
    member_number: str | None

    @property
    def all(self) -> tuple[str, ...]:
        """Every text that must be found nowhere afterwards."""
        return (*self.keys, *self.names)


def traces(session: Session, friend_id: int) -> Traces:
    """Return a friend's traces, their row locked. Raises NotFound("friend_unknown")."""
    friend = session.get(Friend, friend_id, with_for_update=True) if 0 < friend_id < 2**63 else None
    if friend is None:
        raise NotFound("friend_unknown", friend_id=friend_id)
    keys = (friend.line_user_id, friend.member_number, friend.email, friend.referral_code)
    own = [value for value in friend.fields.values() if isinstance(value, str) and len(value) > 1]
    return Traces(
        friend_id=friend_id,
        names=tuple(dict.fromkeys(each for each in (friend.display_name, friend.kana, *own) if each)),
        keys=tuple(each for each in keys if each),
        line_user_id=friend.line_user_id,
        member_number=friend.member_number,
    )


def erase(session: Session, known: Traces, now: datetime) -> int:
    """Delete the friend; return how many purchases stay without a person.

    What other floors keep has to be gone before: their rows may point at rows that go here. Raises
    Conflict("erase_while_importing") while a file is being read in that may name them.
    """
    _drop_uploads(session)
    related = _related(session, known.friend_id)
    kept = _free_purchases(session, known)
    _forget_codes(session, known)
    _scrub_refusals(session, known)
    _scrub_taggings(session, known)
    gone = delete(Friend).where(Friend.id == known.friend_id).execution_options(synchronize_session=False)
    session.execute(gone)
    session.expire_all()
    for friend_id in sorted(related):
        rebuilding.rebuild(session, friend_id, now)
    touching.touch(session, sorted(related))
    return kept


def _related(session: Session, friend_id: int) -> Collection[int]:
    """Return those whose facts count this friend: who brought them in, and whom they brought."""
    mine = or_(Referral.referrer_id == friend_id, Referral.newcomer_id == friend_id)
    pairs = session.execute(select(Referral.referrer_id, Referral.newcomer_id).where(mine))
    return {one for pair in pairs for one in pair} - {friend_id}


def _free_purchases(session: Session, known: Traces) -> int:
    theirs = Purchase.friend_id == known.friend_id
    if known.member_number:
        theirs = or_(theirs, Purchase.member_number == known.member_number)
    freed = update(Purchase).where(theirs).values(friend_id=None, member_number=None)
    return len(
        session.scalars(freed.returning(Purchase.id).execution_options(synchronize_session=False)).all()
    )


def _forget_codes(session: Session, known: Traces) -> None:
    codes = MemberLinkCode.used_by_id == known.friend_id
    if known.member_number:
        codes = or_(codes, MemberLinkCode.member_number == known.member_number)
    session.execute(delete(MemberLinkCode).where(codes))


def _drop_uploads(session: Session) -> None:
    """Throw away files that were handed in and not imported: nobody knows whom they name."""
    at_work = select(Upload.id).where(Upload.state.in_([UploadState.WAITING, UploadState.RUNNING]))
    if session.scalar(at_work.limit(1)) is not None:
        raise Conflict("erase_while_importing")
    session.execute(delete(UploadPart))
    waiting = update(Upload).where(Upload.state == UploadState.CHOOSING)
    session.execute(waiting.values(state=UploadState.CANCELLED))


def _scrub_refusals(session: Session, known: Traces) -> None:
    rows: Sequence[RefusedLine] = session.scalars(
        select(RefusedLine).where(mentions(RefusedLine.params, known.all))
    ).all()
    for row in rows:
        row.params = scrubbed(row.params, known.keys, known.names)


def _scrub_taggings(session: Session, known: Traces) -> None:
    # Words of a search may be spelt in many ways, so every one is looked at; there are few.
    for run in session.scalars(select(Tagging).where(Tagging.state.not_in([TaggingState.RUNNING]))):
        run.choice = scrubbed(run.choice, known.keys, known.names)
