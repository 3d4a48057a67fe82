"""The words of a new message step: a ready message or what was typed, checked by us, by LINE and on a sample of friends."""

from typing import Any

from sqlalchemy.orm import Session

from bot.console import inserts, trying
from bot.console.access import current_operator
from bot.console.page import current_shop
from bot.console.typed import Typed
from bot.services import current_services
from bot.words import explain, problem_words
from scheduler import message_checks, scenario_messages, step_changes
from scheduler.message_asking import ask_line
from scheduler.models import Purpose, StepKind
from segments.errors import Invalid


def message_of(session: Session, form: Typed, kind: StepKind) -> int | None:
    """Return the message that a new step says: a ready one, or a new one of what was typed."""
    if kind is not StepKind.MESSAGE:
        return None
    if (chosen := _chosen(form)) is not None:
        return chosen
    content = _typed(form)
    if "ja" not in content:
        raise Invalid("message_missing")
    for problem in message_checks.check(content):
        form.add(f"text_{problem.path[:2]}", problem_words(problem.code, problem.params))
    if form.errors:
        return None
    purpose = Purpose(form.text("purpose")) if form.text("purpose") in set(Purpose) else Purpose.CARE
    by, now = current_operator().actor, current_services().clock.now()
    return scenario_messages.write(session, form.text("name"), purpose, content, by, now)


def asked_line(form: Typed, kind: StepKind) -> bool:
    """Have LINE check what was typed, its refusals beside the text; False when LINE could not be asked."""
    content = _typed(form)
    if kind is not StepKind.MESSAGE or _chosen(form) is not None or message_checks.check(content):
        return True
    services = current_services()
    try:
        return ask_line(services.gateway, content, current_shop(), services.clock.now())
    except Invalid as error:
        form.add(f"text_{error.params['language']}", explain(error))
        return True


def warn_of(form: Typed, kind: StepKind) -> None:
    """Tell for whom of a sample of friends a new step's message cannot be made."""
    if kind is not StepKind.MESSAGE:
        return
    content, chosen = _typed(form), _chosen(form)
    if chosen is not None:
        with current_services().database.reading() as session:
            content = step_changes.newest(session, chosen).content
    trying.warn(content)


def _chosen(form: Typed) -> int | None:
    chosen = form.text("message")
    return int(chosen) if chosen.isdecimal() and len(chosen) < 19 else None


def _typed(form: Typed) -> dict[str, Any]:
    return inserts.content(form.text("text_ja"), form.text("text_en"))
