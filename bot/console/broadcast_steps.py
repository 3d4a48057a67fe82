"""The steps a broadcast is composed in: which come when, which fields belong to each, what is kept of each meanwhile."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import CombinedMultiDict, MultiDict

from bot.console import audience_choice, broadcasts_views, form_drafts
from bot.console.access import current_operator
from bot.console.audience_choice import Kind
from bot.console.broadcast_form import READY, WRITE, ComposeForm, filled
from bot.console.broadcasts_views import Draft
from bot.console.composing import Author
from bot.console.page import current_zone
from bot.services import current_services
from scheduler.models import Purpose
from segments.errors import KokyakuError


class Part(StrEnum):
    """A step with fields."""

    CONTENT = "content"
    AUDIENCE = "audience"


OF_AUDIENCE = frozenset({"audience", "stages", "tag", "segment", "audience_id", "holdout", "by_mail"})
BLANK = {"audience": Kind.EVERYONE.value, "purpose": Purpose.SALES.value, "source": WRITE}


@dataclass(frozen=True)
class StepLink:
    """One step as the line above each page shows it; no address while it cannot be gone to."""

    name: str
    label: str
    address: str


def way(broadcast_id: int | None) -> list[StepLink]:
    """Return the steps in order."""
    named = (
        ("edit", _("内容")),
        ("audience", _("配信先")),
        ("price", _("人数と料金")),
        ("look", _("見本とテスト")),
        ("confirm", _("確認と送信")),
    )
    return [
        StepLink(
            name, label, url_for(f"{_owner(name)}.{name}", broadcast_id=broadcast_id) if broadcast_id else ""
        )
        for name, label in named
    ]


def _owner(name: str) -> str:
    return "broadcasts" if name in ("edit", "audience") else "leaving"


def after(part: Part) -> str:
    """Return the endpoint of the step after a step with fields."""
    return "broadcasts.audience" if part is Part.CONTENT else "leaving.price"


def author() -> Author:
    """Return who works here now."""
    return Author(current_operator().actor, current_services().clock.now(), current_zone())


def place(part: Part, stored: Draft | None) -> str:
    """Return where what is typed into a step is kept meanwhile."""
    return f"broadcast:{stored.id if stored else 'new'}:{part.value}"


def address(kept_at: str) -> str:
    """Return the page whose form is kept at a place."""
    number, _colon, part = kept_at.removeprefix("broadcast:").partition(":")
    if not number.isdecimal():
        return url_for("broadcasts.new")
    step = "broadcasts.audience" if part == Part.AUDIENCE.value else "broadcasts.edit"
    return url_for(step, broadcast_id=int(number))


def kept(session: Session, part: Part, stored: Draft | None) -> MultiDict[str, str] | None:
    """Return the fields of a step that saved themselves and were never saved."""
    draft = form_drafts.find(session, current_operator().id, place(part, stored))
    return MultiDict(draft.fields) if draft else None


def form_of(
    session: Session, part: Part, stored: Draft | None, fields: MultiDict[str, str] | None
) -> ComposeForm:
    """Return the form with the fields of this step as typed, and those of the other step as stored."""
    known: dict[str, Any] = filled(stored, current_zone()) if stored else dict(BLANK)
    if stored is None and (message_id := request.args.get("message", type=int)):
        known |= {"source": READY, "ready": broadcasts_views.newest_version(session, message_id)}
    if stored is None and (segment_id := request.args.get("segment", type=int)):
        known |= {"audience": Kind.SEGMENT.value, "segment": str(segment_id)}
    form = ComposeForm(formdata=None, data=known) if fields is None else _typed(known, part, fields)
    form.offer(session, broadcasts_views.ready_messages(session, stored))
    return form


def whom(session: Session, form: ComposeForm, stored: Draft | None) -> str:
    """Return whom the broadcast is for, in words; "" while nobody chose, or when the choice is no longer understood."""
    if stored is None:
        names = {str(number): name for number, name in audience_choice.segments(session)}
        chosen = names.get(str(form.segment.data)) if form.audience.data == Kind.SEGMENT.value else None
        return _("セグメント「%(name)s」", name=chosen) if chosen else ""
    try:
        return broadcasts_views.audience_words(session, stored)
    except KokyakuError:
        return ""


def _typed(known: dict[str, Any], part: Part, fields: MultiDict[str, str]) -> ComposeForm:
    typed: MultiDict[str, str] = MultiDict(fields)
    # A step sends its own fields; where all are sent at once, all are taken.
    others = OF_AUDIENCE if part is Part.CONTENT else known.keys() - OF_AUDIENCE
    marker = "audience" if part is Part.CONTENT else "name"
    for name in others if marker not in fields else ():
        value = known.get(name)
        if value not in (None, "", False):
            typed.setlist(name, [str(each) for each in value] if isinstance(value, list) else [str(value)])  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return ComposeForm(formdata=CombinedMultiDict([request.files, typed]))  # pyright: ignore[reportArgumentType] — files are fields of the form
