"""The condition in the form of a scenario or a step: the shared builder beside what else was typed."""

from datetime import datetime
from typing import Any

from flask import request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot.console import condition_counting, condition_form
from bot.console.condition_counting import Counted
from bot.console.condition_form import Draft
from bot.console.typed import Typed
from bot.services import current_services
from segments.conditions import dump

PREFIX = "whom"


def stored(condition: dict[str, Any] | None) -> Draft:
    """Return the draft of a stored condition; of everybody when there is none."""
    return condition_form.of(condition, PREFIX)


def sent(form: Typed) -> Draft:
    """Return the draft that was sent; what must be mended in it is noted in the form, unless one is at it still."""
    draft = condition_form.read(request.form, PREFIX)
    with current_services().database.reading() as session:
        condition_form.shown(session, draft)
    if not draft.pressed and (draft.tree is None or draft.errors):
        form.add(PREFIX, _("条件に足りないところがあります。赤い文字のところをご確認ください。"))
    return draft


def condition_of(draft: Draft) -> dict[str, Any] | None:
    """Return what is to be stored of a draft that makes sense; None for everybody."""
    return None if draft.is_empty or draft.tree is None else dump(draft.tree)


def counted(session: Session, draft: Draft, now: datetime) -> Counted | None:
    """Return how many friends it means, when the button which counts was pressed without scripts."""
    return condition_counting.count(session, draft, now) if draft.counting else None
