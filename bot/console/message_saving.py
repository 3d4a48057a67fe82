"""From the editor to a version of a message: LINE is asked in between, with no transaction open."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot import operators
from bot.console import form_drafts, picture_fields
from bot.console.message_form import MessageForm
from bot.services import Services
from bot.words import explain
from scheduler import message_library
from scheduler.message_asking import ask_line
from scheduler.message_library import Written
from scheduler.message_uses import Use
from scheduler.models import MessageVersion
from segments import links
from segments.errors import KokyakuError
from segments.shop import Shop

UPDATE, COPY = "update", "copy"
NEW = "new"


@dataclass(frozen=True)
class Editing:
    """Who edits which message, begun from which version; no message for a new one."""

    operator_id: int
    actor: str
    now: datetime
    message_id: int | None = None
    base: int = 0
    uses: tuple[Use, ...] = ()

    @property
    def place(self) -> str:
        """Where what is typed is kept meanwhile."""
        return f"message:{self.message_id or NEW}"

    @property
    def running(self) -> tuple[Use, ...]:
        """The running steps whose words would change."""
        return tuple(use for use in self.uses if use.step_id is not None and use.is_running)


def ready(services: Services, form: MessageForm, editing: Editing) -> dict[str, Any] | None:
    """Return the content if it may be saved; what hinders it is noted in the form."""
    form.ask_name()
    with services.database.reading() as session:
        known = set(links.targets(session))
        content = form.content(lambda: known)
        picture_fields.check(session, form.pictures, content, services.settings)
    if editing.running and form.values.get("how") not in (UPDATE, COPY):
        form.noted.add("how", _("どちらにするかを選んでください。"))
    return None if form.errors else content


def save(
    services: Services, form: MessageForm, content: dict[str, Any], editing: Editing, settings: Shop
) -> tuple[MessageVersion, bool] | None:
    """Save a version and return it with whether LINE confirmed it; None when something must be mended."""
    try:
        confirmed = ask_line(services.gateway, content, settings, editing.now)
        with services.database.begin() as session:
            written = Written(form.values.get("name", ""), form.purpose, content, form.kept())
            version = _write(session, written, form, editing)
            form_drafts.drop(session, editing.operator_id, editing.place)
            details = {"version": version.version}
            operators.note(
                session, editing.actor, "message_saved", str(version.message_id), editing.now, **details
            )
            session.expunge(version)
    except KokyakuError as error:
        form.noted.add("", explain(error))
        return None
    return version, confirmed


def _write(session: Session, written: Written, form: MessageForm, editing: Editing) -> MessageVersion:
    if editing.message_id is None or form.values.get("how") == COPY:
        return message_library.create(session, written, editing.actor, editing.now)
    base = message_library.version(session, editing.message_id, editing.base)
    return message_library.change(session, base, written, editing.actor, editing.now)
