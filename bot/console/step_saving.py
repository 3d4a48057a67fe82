"""From the form of a step to the database: LINE is asked in between, with no transaction open."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot import operators
from scheduler import messages, step_changes
from scheduler.gateway import GatewayError, MessageGateway, RefusedByLine
from scheduler.models import MessageVersion
from scheduler.reasons import reason_words
from scheduler.sample_facts import sample_facts
from scheduler.step_changes import Timing
from segments.errors import Invalid
from segments.shop import Shop


@dataclass(frozen=True)
class Change:
    """What becomes of a step; `content` is None where it has no message."""

    step_id: int
    timing: Timing
    version: MessageVersion | None
    content: dict[str, Any] | None


def ask_line(gateway: MessageGateway, content: dict[str, Any], settings: Shop, now: datetime) -> bool:
    """Have LINE check what a made-up friend would get in each language; False when LINE could not be asked.

    Raises Invalid: message_not_renderable(reason), line_refused(details).
    """
    for language in content:
        try:
            said = messages.render(content, language, sample_facts(settings, language, now))
            gateway.validate("push", said)
        except messages.RenderError as error:
            raise Invalid("message_not_renderable", reason=reason_words(error.reason, language)) from error
        except RefusedByLine as error:
            details = "; ".join(f"{place}: {problem}" for place, problem in error.details) or str(error)
            raise Invalid("line_refused", details=details[:500]) from error
        except GatewayError:
            return False
    return True


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
