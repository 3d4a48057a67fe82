"""Messages that scenarios say of their own, written together with the step that says them."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from scheduler.models import Message, MessageVersion, Purpose


def write(
    session: Session, name: str, purpose: Purpose, content: dict[str, Any], by: str, now: datetime
) -> int:
    """Add a message in its first version, its content already checked; return its id."""
    message = Message(name=name or "…", purpose=purpose, created_at=now)
    session.add(message)
    session.flush()
    version = MessageVersion(message_id=message.id, version=1, content=content, created_at=now, created_by=by)
    session.add(version)
    session.flush()
    return message.id
