"""Erases a friend: every table of every floor that knows them, in one transaction (個人情報の消去).

docs/console/data.md lists the tables. What stays: purchases without a person, and in the audit log that it was done.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from bot import exporting, operators
from bot.models import AuditEntry, FormDraft, InboundEvent, InboundState, LineCall
from scheduler import erasing as messages_erasing
from scheduler.models import Delivery
from segments import erasing as people_erasing
from segments.erasing import Traces
from segments.errors import Invalid, NotFound
from segments.folding import folded
from segments.models import (
    ChatMessage,
    CouponGrant,
    Friend,
    FriendNote,
    FriendTag,
    LinkTap,
    PointEntry,
    Purchase,
    SurveyAnswer,
)
from segments.scrubbing import mentions, scrubbed


@dataclass(frozen=True)
class Holdings:
    """What is kept of a friend now, in rows."""

    chat: int
    deliveries: int
    purchases: int
    answers: int
    taps: int
    tags: int
    notes: int
    coupons: int
    points: int


_COUNTED = {
    "chat": ChatMessage.friend_id,
    "deliveries": Delivery.friend_id,
    "purchases": Purchase.friend_id,
    "answers": SurveyAnswer.friend_id,
    "taps": LinkTap.friend_id,
    "tags": FriendTag.friend_id,
    "notes": FriendNote.friend_id,
    "coupons": CouponGrant.friend_id,
    "points": PointEntry.friend_id,
}


def holdings(session: Session, friend_id: int) -> Holdings:
    """Return what is kept of a friend."""
    return Holdings(
        **{
            name: session.scalars(select(func.count()).where(owner == friend_id)).one()
            for name, owner in _COUNTED.items()
        }
    )


def word_to_type(friend: Friend) -> str:
    """Return what has to be typed to erase a friend: their name, or their number when there is none."""
    return friend.display_name.strip() or str(friend.id)


def confirm(session: Session, friend_id: int, typed: str) -> Friend:
    """Return the friend whose name was typed. Raises NotFound (friend_unknown) or Invalid (erase_name_differs)."""
    friend = session.get(Friend, friend_id) if 0 < friend_id < 2**63 else None
    if friend is None:
        raise NotFound("friend_unknown", friend_id=friend_id)
    if folded(typed) != folded(word_to_type(friend)) or not typed.strip():
        raise Invalid("erase_name_differs")
    return friend


def erase(session: Session, friend_id: int, by: str, now: datetime) -> int:
    """Erase a friend for good; return how many purchases stay without a person.

    Raises NotFound (friend_unknown) or Conflict (erase_while_sending, erase_while_importing).
    """
    known = people_erasing.traces(session, friend_id)
    messages_erasing.erase(session, known)
    _empty_events(session, known)
    _scrub_log(session, known)
    for call in session.scalars(
        select(LineCall).where(LineCall.error.is_not(None), mentions(LineCall.error, known.keys))
    ):
        call.error = scrubbed(call.error, known.keys)
    # What somebody began to write may be to or about them; it is a draft and no more.
    session.execute(delete(FormDraft).where(mentions(FormDraft.fields, known.keys)))
    session.flush()
    kept = people_erasing.erase(session, known, now)
    exporting.drop_files(session, now)
    operators.note(session, by, "friend_erased", str(friend_id), now, purchases_kept=kept)
    session.flush()
    return kept


def _empty_events(session: Session, known: Traces) -> None:
    """Keep of webhook events only that they came: one that LINE delivers again must still be known as the same."""
    if known.line_user_id is None:
        return
    theirs = InboundEvent.line_user_id == known.line_user_id
    nothing: dict[str, object] = {"line_user_id": None, "line_message_id": None, "raw": {}, "error": None}
    open_states = [InboundState.PENDING, InboundState.PARKED]
    ended = update(InboundEvent).where(theirs, InboundEvent.state.in_(open_states))
    session.execute(ended.values(state=InboundState.IGNORED))
    session.execute(update(InboundEvent).where(theirs).values(**nothing))


def _scrub_log(session: Session, known: Traces) -> None:
    """Keep of the audit log who did what and when, without what it says of this friend."""
    own = str(known.friend_id)
    about = or_(AuditEntry.subject == own, AuditEntry.subject.startswith(f"{own}:"))
    named = or_(mentions(AuditEntry.subject, known.keys), mentions(AuditEntry.details, known.all))
    for entry in session.scalars(select(AuditEntry).where(or_(about, named))):
        if entry.subject == own or entry.subject.startswith(f"{own}:"):
            entry.subject, entry.details = own, {}
        else:
            entry.subject = scrubbed(entry.subject, known.keys)
            entry.details = scrubbed(entry.details, known.keys, known.names)
