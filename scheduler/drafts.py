"""Drafts of broadcasts: what is said to whom, checked before it is stored."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from scheduler import approvals, broadcast_lookup, control_groups, messages
from scheduler.models import Broadcast, BroadcastState, Message, MessageVersion, Purpose, Through
from segments import conditions, links
from segments.errors import Invalid, NotFound
from segments.models import Audience

EDITABLE = (BroadcastState.DRAFT, BroadcastState.AWAITING_APPROVAL, BroadcastState.SCHEDULED)
"""What has not begun to leave may still be changed."""


@dataclass(frozen=True)
class Draft:
    """What an operator composes: a message, given as content or as a version that exists, and an audience."""

    name: str
    content: dict[str, Any] | None = None
    message_version_id: int | None = None
    condition: dict[str, Any] | None = None
    audience_id: int | None = None
    """A list given as a file; either this or `condition`."""
    purpose: Purpose = Purpose.SALES
    expires_at: datetime | None = None
    """After this nothing of it leaves any more."""
    per_minute: int | None = None
    """At most so many friends a minute; None = as fast as LINE takes them."""
    holdout_percent: int | None = None
    """The share of friends who by lot do not get it, to compare with; None leaves it as it was, first 0."""
    by_mail: bool | None = None
    """Whether those whom LINE cannot reach get it by mail; None leaves it as it was, first no."""
    through: Through = Through.NAMED
    """LINE's own broadcast to all friends, if it can be used; it reaches also those whom we do not know."""


def create(session: Session, draft: Draft, *, now: datetime, by: str) -> Broadcast:
    """Store a draft. Raises Invalid with a code for the field that is wrong."""
    broadcast = Broadcast(created_at=now, created_by=by)
    _fill(session, broadcast, draft, now, by)
    session.add(broadcast)
    session.flush()
    return broadcast


def update(session: Session, broadcast_id: int, draft: Draft, *, now: datetime, by: str) -> Broadcast:
    """Change a draft; what it said before stays readable as a version. Raises Conflict once it is sent."""
    broadcast = broadcast_lookup.in_state(session, broadcast_id, EDITABLE)
    _fill(session, broadcast, draft, now, by)
    # What was to go out at a set time, or was approved, has changed: both must be done again knowingly.
    approvals.void(broadcast)
    broadcast.state, broadcast.scheduled_at = BroadcastState.DRAFT, None
    return broadcast


def _fill(session: Session, broadcast: Broadcast, draft: Draft, now: datetime, by: str) -> None:
    _check_audience(session, draft.condition, draft.audience_id)
    broadcast.edited_by = by
    broadcast.name = _checked_name(draft.name)
    broadcast.message_version_id = draft.message_version_id or _write(session, draft, now, by)
    broadcast.condition, broadcast.audience_id = draft.condition, draft.audience_id
    broadcast.expires_at = draft.expires_at
    if draft.per_minute is not None and draft.per_minute < 1:
        raise Invalid("per_minute_invalid", given=draft.per_minute)
    broadcast.per_minute = draft.per_minute
    if draft.holdout_percent is not None:
        if not 0 <= draft.holdout_percent <= control_groups.MOST:
            raise Invalid("holdout_invalid", limit=control_groups.MOST)
        broadcast.holdout_percent = draft.holdout_percent
    if draft.by_mail is not None:
        broadcast.by_mail = draft.by_mail
    broadcast.through, broadcast.through_reason = draft.through, None


def _checked_name(name: str) -> str:
    cleaned = name.strip()
    if not cleaned:
        raise Invalid("name_missing")
    if len(cleaned) > 128:
        raise Invalid("name_too_long", limit=128)
    return cleaned


def _check_audience(session: Session, condition: dict[str, Any] | None, audience_id: int | None) -> None:
    if (condition is None) == (audience_id is None):
        raise Invalid("audience_missing")
    if condition is not None:
        conditions.parse(condition)
    elif session.get(Audience, audience_id) is None:
        raise NotFound("audience_unknown", audience_id=audience_id)


def _write(session: Session, draft: Draft, now: datetime, by: str) -> int:
    if not draft.content:
        raise Invalid("message_missing")
    problems = messages.check(draft.content, known_links=lambda: links.targets(session))
    if problems:
        raise Invalid("message_invalid", problems=problems)
    message = Message(name=draft.name.strip()[:128], purpose=draft.purpose, created_at=now)
    session.add(message)
    session.flush()
    version = MessageVersion(
        message_id=message.id, version=1, content=draft.content, created_at=now, created_by=by
    )
    session.add(version)
    session.flush()
    return version.id
