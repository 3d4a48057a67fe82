"""From the form of a step to the database: LINE is asked in between, with no transaction open."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot import operators
from scheduler import step_changes
from scheduler.models import MessageVersion
from scheduler.step_changes import Timing


@dataclass(frozen=True)
class Change:
    """What becomes of a step; `content` is None where it has no message."""

    step_id: int
    timing: Timing
    version: MessageVersion | None
    content: dict[str, Any] | None


def save(session: Session, change: Change, by: str, now: datetime) -> None:
    """Store timing and message; raises Invalid, and Conflict (message_changed) when somebody was faster."""
    if step_changes.retime(session, change.step_id, change.timing):
        operators.note(session, by, "step_retimed", str(change.step_id), now)
    if change.version is None or change.content is None:
        return
    version = step_changes.reword(session, change.version, change.content, by, now)
    if version.id != change.version.id:
        details = {"message": version.message_id, "version": version.version}
        operators.note(session, by, "message_reworded", str(change.step_id), now, **details)


def outcome_words(*, confirmed: bool) -> tuple[str, str]:
    """Return what is told after saving, and how loudly."""
    if confirmed:
        return _("ステップを保存しました。"), "success"
    return _(
        "ステップを保存しました。LINEに接続できなかったため、文面をLINEで確かめることはできませんでした。"
    ), "warning"
