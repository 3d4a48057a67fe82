"""The messages that are kept to be used again: written, changed by new versions, copied, put away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import messages, step_changes
from scheduler.models import Message, MessageVersion, Purpose
from segments import links
from segments.errors import Conflict, Invalid, NotFound

NAME_LIMIT = 128


def get(session: Session, message_id: int) -> Message:
    """Return a message; raises NotFound (message_unknown)."""
    message = session.get(Message, message_id)
    if message is None:
        raise NotFound("message_unknown", key=message_id)
    return message


def versions(session: Session, message_id: int) -> Sequence[MessageVersion]:
    """Return all versions of a message, the newest first."""
    query = select(MessageVersion).where(MessageVersion.message_id == message_id)
    return session.scalars(query.order_by(MessageVersion.version.desc())).all()


def version(session: Session, message_id: int, number: int) -> MessageVersion:
    """Return one version by its number; raises NotFound (message_unknown)."""
    query = select(MessageVersion).where(
        MessageVersion.message_id == message_id, MessageVersion.version == number
    )
    found = session.scalars(query).first()
    if found is None:
        raise NotFound("message_unknown", key=message_id)
    return found


@dataclass(frozen=True)
class Written:
    """What an operator wrote: its name, why it goes out, what it says, and the editor's fields it was made in."""

    name: str
    purpose: Purpose
    content: dict[str, Any]
    form: dict[str, Any] | None = None


def create(session: Session, written: Written, by: str, now: datetime) -> MessageVersion:
    """Keep a new message. Raises Invalid: name_missing, name_too_long, message_invalid (problems)."""
    name = _checked(session, written)
    message = Message(name=name, purpose=written.purpose, kept=True, created_at=now)
    session.add(message)
    session.flush()
    return _add(session, message.id, 1, written, by, now)


def change(
    session: Session, base: MessageVersion, written: Written, by: str, now: datetime
) -> MessageVersion:
    """Add a version after `base`, from which it was written; versions that exist never change.

    Broadcasts go on with the version they have; steps say the newest from then on. The same content adds nothing.
    Raises as `create`, and Conflict (message_changed) when somebody was faster.
    """
    message = get(session, base.message_id)
    message.name, message.purpose = _checked(session, written), written.purpose
    if written.content == base.content:
        return base
    if step_changes.newest(session, message.id).version != base.version:
        raise Conflict("message_changed")
    return _add(session, message.id, base.version + 1, written, by, now)


def _checked(session: Session, written: Written) -> str:
    name = written.name.strip()
    if not name:
        raise Invalid("name_missing")
    if len(name) > NAME_LIMIT:
        raise Invalid("name_too_long", limit=NAME_LIMIT)
    problems = messages.check(written.content, known_links=lambda: links.targets(session))
    if problems:
        raise Invalid("message_invalid", problems=problems)
    return name


def _add(
    session: Session, message_id: int, number: int, written: Written, by: str, now: datetime
) -> MessageVersion:
    added = MessageVersion(
        message_id=message_id,
        version=number,
        content=written.content,
        form=written.form,
        created_at=now,
        created_by=by,
    )
    session.add(added)
    session.flush()
    return added


def restore(session: Session, old: MessageVersion, by: str, now: datetime) -> MessageVersion:
    """Say again what an older version said, as a new version; raises as `change`."""
    message, newest = get(session, old.message_id), step_changes.newest(session, old.message_id)
    return change(session, newest, Written(message.name, message.purpose, old.content, old.form), by, now)


def copy(session: Session, message_id: int, name: str, by: str, now: datetime) -> MessageVersion:
    """Keep a copy of a message's newest version under another name."""
    message, newest = get(session, message_id), step_changes.newest(session, message_id)
    return create(session, Written(name, message.purpose, newest.content, newest.form), by, now)


def archive(session: Session, message_id: int, now: datetime) -> None:
    """Put a message away; where it is in use it is said as before."""
    message = get(session, message_id)
    message.archived_at = message.archived_at or now


def take_back(session: Session, message_id: int) -> None:
    """Offer a message again that was put away."""
    message = get(session, message_id)
    message.archived_at, message.kept = None, True
